//! Motors: on a drive with a speed, or on a contactor.
//!
//! ```text
//! Off -> Starting -> Running -> Stopping -> Locked -> Off        any --(no feedback, tripped, welded)--> Fault
//! ```
//! Run feedback must come within 5 s and go within 10 s (`docs/spec/plant.md` 2.0). A stop demanded by safety overrides the
//! minimum time on; nothing overrides the minimum time off but a changeover on fault.

use core::time::Duration;

use crate::block::{Candidate, StartBudget};
use crate::declare::{
    contact, inputs, kept, measured, outputs, parts, retained, shown, states, status, switched,
    up_to,
};
use crate::output::Output;
use crate::quantity::{Hertz, KiloWatts, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

use super::Handling;

inputs! {
    /// What a drive reports.
    pub struct DriveInputs {
        /// YS-@, motor runs.
        pub running: Signal<bool> = contact().every_s(1.0),
        /// YA-@, drive has tripped.
        pub tripped: Signal<bool> = contact().every_s(1.0),
        /// SI-@, frequency put out.
        pub frequency: Signal<Hertz> = measured(0.0..=60.0).every_s(1.0),
        /// JI-@, power taken.
        pub power: Signal<KiloWatts> = measured(0.0..=5.0).every_s(1.0),
    }
}

inputs! {
    /// What a contactor reports.
    pub struct MotorInputs {
        /// YS-@, contactor is closed.
        pub running: Signal<bool> = contact(),
    }
}

status! {
    /// What the motor does, and why it does not.
    pub struct Status {
        /// State of the motor.
        pub state: State = shown(),
        /// What keeps it from running.
        pub blocked: Reasons = shown().among(RESTS.and(FAULTS)),
        /// Time left until it may start again.
        pub wait_left: Duration = shown(),
    }
}

retained! {
    /// Wear.
    pub struct Retained {
        /// Time run since new.
        pub run_time: Duration = kept().within(0.0..=1e9),
        /// Time since it last ran for five minutes.
        pub stood: Duration = kept().within(0.0..=1e9),
    }
}

/// A run of this length has moved everything that could seize (R-2.15-04).
const EXERCISE: Duration = Duration::from_secs(300);

outputs! {
    /// What a drive is told.
    pub struct DriveOutputs {
        /// Run command.
        pub run: Output<bool> = switched(),
        /// SC-@, speed; 100 % is 50 Hz.
        pub speed: Output<Percent> = up_to(100.0),
    }
}

outputs! {
    /// What a contactor is told.
    pub struct MotorOutputs {
        /// Contactor.
        pub run: Output<bool> = switched(),
    }
}

/// What a motor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Off,
    Starting,
    Running,
    Stopping,
    /// Off for its minimum time.
    Locked,
    /// Until reset.
    Fault,
}
states! { State { Off, Starting, Running, Stopping, Locked, Fault } }

/// What is asked of a motor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    pub run: bool,
    /// For a drive.
    pub speed: Percent,
    /// What holds it in MANUAL too; `None`: its unit does not let it be run by hand.
    by_hand: Option<Reasons>,
}

impl Ask {
    /// Stand still.
    pub const OFF: Ask = Ask { run: false, speed: Percent::ZERO, by_hand: None };

    /// Run at this speed.
    #[must_use]
    pub fn at(speed: Percent) -> Ask {
        Ask { run: true, speed, by_hand: None }
    }

    /// Run while `run` holds.
    #[must_use]
    pub fn when(run: bool) -> Ask {
        Ask { run, speed: Percent(if run { 100.0 } else { 0.0 }), by_hand: None }
    }

    /// A person may run it by hand while none of these protections stands.
    #[must_use]
    pub fn or_by_hand(mut self, protections: Reasons) -> Ask {
        self.by_hand = Some(protections);
        self
    }

    /// What is asked of it in its mode, and why nothing is.
    fn under(self, handling: &Handling, is_on: bool) -> (Ask, Reasons) {
        let Some(wish) = handling.wish() else {
            let started = self.run && (is_on || !handling.is_fresh());
            return (Ask { run: started, ..self }, Reasons::NONE);
        };
        let wished = wish > Percent::ZERO && (is_on || !handling.is_fresh());
        let held = self.by_hand.unwrap_or(Reasons::only(Reason::NotByHand));
        let why = if wish > Percent::ZERO { handling.why().and(held) } else { handling.why() };
        let run = wished && held.is_empty();
        (Ask { run, speed: if run { wish } else { Percent::ZERO }, by_hand: self.by_hand }, why)
    }
}

/// Limits of a motor, from its unit's settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Standing time between runs.
    pub minimum_off: Duration,
    /// Counted against the budget of starts an hour.
    pub counts_starts: bool,
    /// Starts in any 24 h.
    pub starts_per_day: u32,
}

impl Limits {
    /// A surface pump (R-2.15-02): six starts an hour, all day long, as a network without a tank may ask for.
    pub const SURFACE: Limits = Limits {
        minimum_off: Duration::from_secs(180),
        counts_starts: true,
        starts_per_day: u32::MAX,
    };
    /// A submersible pump (R-2.15-02).
    pub const SUBMERSIBLE: Limits =
        Limits { minimum_off: Duration::from_secs(360), counts_starts: true, starts_per_day: 60 };
    /// A small motor on a contactor that works in short strokes: mixer, sludge pump, decant pump, blower.
    pub const SMALL: Limits = Limits {
        minimum_off: Duration::from_secs(10),
        counts_starts: false,
        starts_per_day: u32::MAX,
    };
}

/// What passes by itself, and nobody's failure.
const RESTS: Reasons = Reasons::all(&[
    Reason::MinimumOffTime,
    Reason::StartsUsedUp,
    Reason::StartStaggered,
    Reason::VoltageLow,
    Reason::PowerBudget,
    Reason::PowerLimited,
]);

/// Feedback must appear within this, and vanish within twice this (`docs/spec/plant.md` 2.0).
const FEEDBACK_TIME: Duration = Duration::from_secs(5);
/// A running motor may lose its feedback this long: one missed poll of a drive.
const FEEDBACK_GAP: Duration = Duration::from_secs(2);

/// Keeps motors from starting together: one start at a time, plant-wide (INV-23).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagger {
    since: Duration,
    spacing: Duration,
    held: Held,
}

/// What holds the start of motors, plant-wide.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Each motor.
    pub all: Reasons,
    /// Those that count their starts: pumps.
    pub large: Reasons,
}

impl Default for Stagger {
    fn default() -> Stagger {
        Stagger { since: Duration::ZERO, spacing: Duration::from_secs(10), held: Held::default() }
    }
}

impl Stagger {
    /// Time passes; `spacing` until the next start is allowed.
    pub fn elapse(&mut self, spacing: Duration, elapsed: Duration) {
        self.spacing = spacing;
        self.since = self.since.saturating_add(elapsed);
    }

    /// No motor starts while this holds.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// Until the next start is free.
    fn left(&self) -> Duration {
        self.spacing.saturating_sub(self.since)
    }

    fn held(&self, limits: Limits) -> Reasons {
        if limits.counts_starts { self.held.large } else { self.held.all }
    }

    /// Takes the next start, if it is free.
    fn take(&mut self) -> bool {
        let free = self.since >= self.spacing;
        if free {
            self.since = Duration::ZERO;
        }
        free
    }
}

/// Time and starts of a motor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Life {
    in_state: Duration,
    gap: Duration,
    starts: StartBudget,
    hurried: bool,
    ran_for: Duration,
    /// What became of it, while it is a fault.
    failed_by: Reasons,
}

impl Life {
    fn next(
        &mut self,
        before: State,
        feedback: Feedback,
        ask: Ask,
        limits: Limits,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) -> (State, Reasons) {
        self.in_state = self.in_state.saturating_add(elapsed);
        self.starts.elapse(elapsed);
        self.gap = if feedback.running { Duration::ZERO } else { self.gap.saturating_add(elapsed) };
        let mut why = Reasons::NONE;
        let state = match before {
            State::Fault => State::Fault,
            State::Off | State::Starting | State::Running | State::Stopping | State::Locked
                if feedback.tripped =>
            {
                State::Fault
            }
            State::Off if ask.run => {
                if feedback.running {
                    // Runs although nobody asked: a welded contactor, or a drive in local.
                    State::Fault
                } else if limits.counts_starts && !self.starts.allows(limits.starts_per_day) {
                    why = why.with(Reason::StartsUsedUp);
                    State::Off
                } else if !stagger.held(limits).is_empty() {
                    why = why.and(stagger.held(limits));
                    State::Off
                } else if stagger.take() {
                    self.starts.count();
                    State::Starting
                } else {
                    why = why.with(Reason::StartStaggered);
                    State::Off
                }
            }
            State::Off => State::Off,
            State::Starting if !ask.run => State::Stopping,
            State::Starting if feedback.running => State::Running,
            State::Starting if self.in_state > FEEDBACK_TIME => State::Fault,
            State::Starting => State::Starting,
            State::Running if !ask.run => State::Stopping,
            State::Running if self.gap > FEEDBACK_GAP => State::Fault,
            State::Running => State::Running,
            State::Stopping if !feedback.running => State::Locked,
            State::Stopping if self.in_state > FEEDBACK_TIME * 2 => State::Fault,
            State::Stopping => State::Stopping,
            State::Locked if self.in_state >= limits.minimum_off || self.hurried => State::Off,
            State::Locked => {
                why = why.and_if(ask.run, Reason::MinimumOffTime);
                State::Locked
            }
        };
        if state != before {
            self.in_state = Duration::ZERO;
            self.hurried = false;
        }
        if state != State::Fault {
            self.failed_by = Reasons::NONE;
        } else if before != State::Fault {
            self.failed_by = Reasons::only(named(before, feedback));
        }
        (state, why.and_if(state == State::Fault, Reason::PumpFault).and(self.failed_by))
    }
}

impl Life {
    /// How long what rests it will last, as far as that is known.
    fn wait_left(&self, state: State, why: Reasons, limits: Limits, stagger: &Stagger) -> Duration {
        if state == State::Locked {
            limits.minimum_off.saturating_sub(self.in_state)
        } else if why.has(Reason::StartsUsedUp) {
            self.starts.left(limits.starts_per_day)
        } else if why.has(Reason::StartStaggered) {
            stagger.left()
        } else {
            Duration::ZERO
        }
    }
}

/// What a motor that fails in this state has.
fn named(before: State, feedback: Feedback) -> Reason {
    match before {
        _ if feedback.tripped => Reason::DriveTripped,
        State::Off | State::Stopping => Reason::RunsUnasked,
        State::Starting | State::Running | State::Locked | State::Fault => Reason::NoRunFeedback,
    }
}

/// What a motor in FAULT may have.
const FAULTS: Reasons = Reasons::all(&[
    Reason::PumpFault,
    Reason::DriveTripped,
    Reason::NoRunFeedback,
    Reason::RunsUnasked,
]);

#[derive(Clone, Copy)]
struct Feedback {
    running: bool,
    tripped: bool,
}

macro_rules! motor {
    ($(#[$doc:meta])* $name:ident, $inputs:ident, $outputs:ident) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name {
            pub inputs: $inputs,
            pub status: Status,
            pub handling: Handling,
            pub retained: Retained,
            pub outputs: $outputs,
            life: Life,
        }
        parts! { $name { inputs, status, handling, retained, outputs; one: ; many: ; maybe: ; life } }

        impl $name {
            /// Proven running.
            #[must_use]
            pub fn is_running(&self) -> bool {
                self.status.state == State::Running && self.inputs.running.closed()
            }

            /// Asked to run, or still running.
            #[must_use]
            pub fn is_on(&self) -> bool {
                matches!(self.status.state, State::Starting | State::Running | State::Stopping)
            }

            /// Stands still beyond doubt.
            #[must_use]
            pub fn is_still(&self) -> bool {
                !self.is_on() && self.inputs.running.open()
            }

            /// Fit to be asked by a sequence: no fault, and in AUTO.
            #[must_use]
            pub fn is_available(&self) -> bool {
                self.status.state != State::Fault && self.handling.is_auto()
            }

            /// It is asked to run, and has to stand still for a while yet: nobody's failure.
            #[must_use]
            pub fn rests(&self) -> bool {
                !self.status.blocked.of(RESTS).is_empty()
            }

            /// Failed, until reset.
            #[must_use]
            pub fn is_faulty(&self) -> bool {
                self.status.state == State::Fault
            }

            /// Runs although it is not asked to, for longer than a stop takes.
            #[must_use]
            pub fn is_welded(&self) -> bool {
                self.is_faulty() && self.inputs.running.closed()
            }

            /// Forgets a fault; the minimum time off begins.
            pub fn reset(&mut self) {
                if self.is_faulty() {
                    self.status.state = State::Locked;
                    self.life.in_state = Duration::ZERO;
                }
            }

            /// The standby of a failed pump may ignore its minimum time off once.
            pub fn hurry(&mut self) {
                self.life.hurried = true;
            }

            fn live(&mut self, feedback: Feedback, ask: Ask, why: Reasons, limits: Limits, stagger: &mut Stagger, elapsed: Duration) -> bool {
                let before = self.status.state;
                let (state, blocked) = self.life.next(before, feedback, ask, limits, stagger, elapsed);
                let wait_left = self.life.wait_left(state, blocked, limits, stagger);
                self.status = Status { state, blocked: blocked.and(why), wait_left };
                let kept = &mut self.retained;
                kept.stood = kept.stood.saturating_add(elapsed);
                self.life.ran_for = if feedback.running { self.life.ran_for.saturating_add(elapsed) } else { Duration::ZERO };
                if self.life.ran_for >= EXERCISE {
                    kept.stood = Duration::ZERO;
                }
                if feedback.running {
                    kept.run_time = kept.run_time.saturating_add(elapsed);
                }
                matches!(state, State::Starting | State::Running)
            }
        }
    };
}

motor! {
    /// A pump on a variable-frequency drive.
    Drive, DriveInputs, DriveOutputs
}
motor! {
    /// A motor on a contactor.
    Motor, MotorInputs, MotorOutputs
}

impl Drive {
    /// What the choice of a duty knows of it, `fit` as its unit judges it.
    #[must_use]
    pub fn as_candidate(&self, fit: bool) -> Candidate {
        let Retained { run_time, stood } = self.retained;
        Candidate { available: fit, run_time, stood }
    }

    /// One scan. A drive that does not answer counts as standing still: the bus's cause holds it off.
    pub fn scan(&mut self, ask: Ask, limits: Limits, stagger: &mut Stagger, elapsed: Duration) {
        let feedback = Feedback {
            running: self.inputs.running.closed(),
            tripped: self.inputs.tripped.closed(),
        };
        let (ask, why) = ask.under(&self.handling, self.is_on());
        let on = self.live(feedback, ask, why, limits, stagger, elapsed);
        let speed = if on { ask.speed } else { Percent::ZERO };
        self.handling.elapse(speed, elapsed);
        self.outputs = DriveOutputs {
            run: Output::want(on),
            speed: Output::want(speed.within(Percent(0.0), Percent(100.0))),
        };
    }
}

impl Motor {
    /// One scan.
    pub fn scan(&mut self, ask: Ask, limits: Limits, stagger: &mut Stagger, elapsed: Duration) {
        let feedback = Feedback { running: self.inputs.running.closed(), tripped: false };
        let (ask, why) = ask.under(&self.handling, self.is_on());
        let on = self.live(feedback, ask, why, limits, stagger, elapsed);
        self.handling.elapse(Percent(if on { 100.0 } else { 0.0 }), elapsed);
        self.outputs = MotorOutputs { run: Output::want(on) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Mode;

    const SECOND: Duration = Duration::from_secs(1);

    /// A drive whose feedback follows its command, for `seconds`; its last state.
    fn run_s(drive: &mut Drive, seconds: u32, ask: Ask, answers: bool) -> State {
        let mut stagger = Stagger::default();
        for _ in 0..seconds {
            stagger.elapse(Duration::ZERO, SECOND);
            drive.scan(ask, Limits::SURFACE, &mut stagger, SECOND);
            drive.inputs.running = Signal::Good(answers && drive.outputs.run.value());
            drive.inputs.tripped = Signal::Good(false);
        }
        drive.status.state
    }

    /// R-2.0-08: Off, Starting, Running, Stopping, Locked, Off.
    #[test]
    fn a_pump_starts_runs_stops_and_rests() {
        let mut drive = Drive::default();
        assert_eq!(run_s(&mut drive, 3, Ask::at(Percent(80.0)), true), State::Running);
        assert_eq!(drive.outputs.speed.value(), Percent(80.0));
        assert_eq!(run_s(&mut drive, 2, Ask::OFF, true), State::Locked);
        assert_eq!(run_s(&mut drive, 60, Ask::at(Percent(80.0)), true), State::Locked);
        assert!(drive.status.blocked.has(Reason::MinimumOffTime));
        assert_eq!(run_s(&mut drive, 125, Ask::at(Percent(80.0)), true), State::Running);
    }

    /// R-2.0-08: each fault has its name, until reset.
    #[test]
    fn a_motor_that_fails_says_what_became_of_it() {
        for (running, tripped, expected) in [
            (false, false, Reason::NoRunFeedback),
            (false, true, Reason::DriveTripped),
            (true, true, Reason::DriveTripped),
            (true, false, Reason::RunsUnasked),
        ] {
            let mut drive = Drive::default();
            let mut stagger = Stagger::default();
            let mut told = |drive: &mut Drive, running, tripped, ask| {
                drive.inputs.running = Signal::Good(running);
                drive.inputs.tripped = Signal::Good(tripped);
                for _ in 0..12 {
                    stagger.elapse(Duration::ZERO, SECOND);
                    drive.scan(ask, Limits::SURFACE, &mut stagger, SECOND);
                }
                drive.status.blocked
            };
            let blocked = told(&mut drive, running, tripped, Ask::at(Percent(80.0)));
            assert!(blocked.has(Reason::PumpFault) && blocked.has(expected), "{expected:?}");
            drive.reset();
            let blocked = told(&mut drive, false, false, Ask::OFF);
            assert_eq!(blocked, Reasons::NONE, "{expected:?} after a reset");
        }
    }

    /// R-2.0-08: feedback within 5 s, or a fault until reset.
    #[test]
    fn a_pump_that_does_not_answer_is_a_fault_until_reset() {
        let mut drive = Drive::default();
        assert_eq!(run_s(&mut drive, 10, Ask::at(Percent(80.0)), false), State::Fault);
        assert!(!drive.outputs.run.value());
        assert_eq!(run_s(&mut drive, 10, Ask::at(Percent(80.0)), true), State::Fault);
        drive.reset();
        assert_eq!(run_s(&mut drive, 200, Ask::at(Percent(80.0)), true), State::Running);
    }

    /// R-2.1-02, R-2.1-08: a person's wish replaces the demand, never a protection, and a change of mode starts nothing.
    #[test]
    fn a_person_runs_a_pump_by_hand_within_its_protections() {
        let mut drive = Drive::default();
        let free = Ask::OFF.or_by_hand(Reasons::NONE);
        drive.handling.change(Mode::Manual, 7);
        assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_ok());
        assert_eq!(run_s(&mut drive, 1, free, true), State::Off, "in the scan of the change");
        assert_eq!(run_s(&mut drive, 5, free, true), State::Running);
        assert_eq!(drive.outputs.speed.value(), Percent(70.0));
        assert!(!drive.is_available());
        let held = Ask::OFF.or_by_hand(Reasons::only(Reason::ClearWellEmpty));
        assert_ne!(run_s(&mut drive, 1, held, true), State::Running);
        assert!(drive.status.blocked.has(Reason::ClearWellEmpty));
        assert!(drive.status.blocked.has(Reason::InManual));
        // A unit that says nothing of manual runs lets none.
        let mut drive = Drive::default();
        drive.handling.change(Mode::Manual, 7);
        assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_ok());
        assert_eq!(run_s(&mut drive, 9, Ask::at(Percent(90.0)), true), State::Off);
    }

    /// INV-43: a device in MAINTENANCE is never commanded on.
    #[test]
    fn a_pump_locked_out_for_maintenance_never_runs() {
        let mut drive = Drive::default();
        assert_eq!(run_s(&mut drive, 3, Ask::at(Percent(80.0)), true), State::Running);
        drive.handling.change(Mode::Maintenance, 7);
        assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_err());
        for _ in 0..2000 {
            run_s(&mut drive, 1, Ask::at(Percent(80.0)).or_by_hand(Reasons::NONE), true);
            assert!(!drive.outputs.run.value() && !drive.is_available());
        }
        assert!(drive.status.blocked.has(Reason::InMaintenance));
    }

    /// R-2.0-08: feedback without command.
    #[test]
    fn a_pump_that_runs_unasked_is_welded() {
        let mut drive = Drive::default();
        drive.inputs.running = Signal::Good(true);
        let mut stagger = Stagger::default();
        stagger.elapse(Duration::ZERO, SECOND);
        drive.scan(Ask::at(Percent(50.0)), Limits::SURFACE, &mut stagger, SECOND);
        assert!(drive.is_welded() && !drive.outputs.run.value());
    }

    /// INV-23: one start at a time, plant-wide.
    #[test]
    fn two_motors_never_start_together() {
        let (mut one, mut other) = (Motor::default(), Motor::default());
        let mut stagger = Stagger::default();
        stagger.elapse(Duration::from_secs(5), Duration::from_secs(60));
        one.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
        other.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
        assert!(one.outputs.run.value() && !other.outputs.run.value());
        assert!(other.status.blocked.has(Reason::StartStaggered));
        stagger.elapse(Duration::from_secs(5), Duration::from_secs(5));
        other.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
        assert!(other.outputs.run.value());
    }
}
