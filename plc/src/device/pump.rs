//! Motors: on a drive with a speed, or on a contactor.
//!
//! ```text
//! Off -> Starting -> Running -> Stopping -> Locked -> Off        any --(no feedback, tripped, welded)--> Fault
//!                                              ^-----(the voltage that stopped it is back for good)-------+
//! ```
//! Run feedback must come within 5 s and go within 10 s (`docs/spec/plant.md` 2.0). Nothing overrides the minimum time off but
//! a changeover on fault; neither it nor the starts that were used up are given back by a restart. The minimum time on is its
//! unit's to ask for: a motor that is not asked stops.

mod ask;
mod life;
mod stagger;

use core::time::Duration;

pub use ask::Ask;
pub use life::{Failure, Limits};
pub use stagger::{Held, Stagger};

use crate::alarm::{Condition, Priority};
use crate::block::Candidate;
use crate::declare::{
    alarm, alarms, contact, inputs, kept, measured, outputs, parts, retained, shown, states,
    status, switched, up_to,
};
use crate::output::Output;
use crate::quantity::{Count, Hertz, KiloWatts, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

use super::{Handling, Mode};
use life::{FAULTS, Feedback, Life, RESTS};

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
    /// Wear, and a failure.
    pub struct MotorRetained {
        /// Time run since new.
        pub run_time: Duration = kept().within(0.0..=1e9),
        /// Time since it last ran for five minutes.
        pub stood: Duration = kept().within(0.0..=1e9),
        /// What it failed by, until reset: whoever forgets it tries a broken motor again after each power cut.
        pub failure: Failure = kept().else_is(NO_RUN_FEEDBACK),
    }
}

retained! {
    /// Wear, a failure, and the starts that count against the budget: a restart gives none back.
    pub struct DriveRetained {
        /// Time run since new.
        pub run_time: Duration = kept().within(0.0..=1e9),
        /// Time since it last ran for five minutes.
        pub stood: Duration = kept().within(0.0..=1e9),
        /// What it failed by, until reset: whoever forgets it tries a broken motor again after each power cut.
        pub failure: Failure = kept().else_is(NO_RUN_FEEDBACK),
        /// Time left of its minimum time off; while it runs, all of it.
        pub off_left: Duration = kept().within(0.0..=3600.0).else_is(360.0),
        /// Starts of the last hour: a byte each, age in quarter minutes and one, 0 for none.
        pub hour_starts: Count = kept().within(0.0..=PACKED).else_is(HOUR_FULL),
        /// Starts of the last day: four bits for every two hours, the latest lowest.
        pub day_starts: Count = kept().within(0.0..=PACKED).else_is(DAY_FULL),
        /// Time since the latest of these two hours began.
        pub day_time: Duration = kept().within(0.0..=7200.0),
    }
}

/// More than any of the packed numbers, and exact: 2 to the 53rd.
const PACKED: f64 = 9_007_199_254_740_992.0;

/// Number of [`Failure::NoRunFeedback`]: it is tried no more before somebody has looked.
const NO_RUN_FEEDBACK: f64 = 2.0;
/// Six starts in this minute, and sixty in these hours.
const HOUR_FULL: f64 = 1_103_823_438_081.0;
const DAY_FULL: f64 = 65_535.0;

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

alarms! {
    /// What every drive calls people for; that it does not run when asked is told by its unit.
    pub struct DriveAlarms {
        /// Motor runs by itself.
        pub runs_unasked: Condition = alarm(924, Priority::P2).latching(),
    }
}

alarms! {
    /// What a motor on a contactor calls people for.
    pub struct MotorAlarms {
        /// Motor runs by itself.
        pub runs_unasked: Condition = alarm(924, Priority::P2).latching(),
        /// Motor does not obey.
        pub failed: Condition = alarm(925, Priority::P3).delays_s(2.0, 0.0),
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

macro_rules! motor {
    ($(#[$doc:meta])* $name:ident, $inputs:ident, $retained:ident, $outputs:ident, $alarms:ident) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name {
            pub inputs: $inputs,
            pub status: Status,
            pub handling: Handling,
            pub retained: $retained,
            pub outputs: $outputs,
            pub alarms: $alarms,
            life: Life,
        }
        parts! { $name { inputs, status, handling, retained, outputs, alarms; one: ; many: ; maybe: ; life } }

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

            /// A restart forgives no fault.
            fn recall(&mut self) {
                if self.life.recall(self.retained.failure) {
                    self.status.state = State::Fault;
                }
            }

            /// Forgets a fault; the minimum time off begins.
            pub fn reset(&mut self) {
                if self.is_faulty() {
                    self.status.state = State::Locked;
                    self.life.begin();
                }
            }

            /// The standby of a failed pump may ignore its minimum time off once.
            pub fn hurry(&mut self) {
                self.life.hurry();
            }

            fn live(&mut self, feedback: Feedback, ask: Ask, why: Reasons, limits: Limits, stagger: &mut Stagger, elapsed: Duration) -> bool {
                let before = self.status.state;
                let (state, blocked) = self.life.next(before, feedback, ask, limits, stagger, elapsed);
                let wait_left = self.life.wait_left(state, blocked, limits, stagger);
                self.status = Status { state, blocked: blocked.and(why), wait_left };
                // Where somebody has their hands in it they run it as they need (R-2.1-04).
                let locked_out = self.handling.mode() == Mode::Maintenance;
                self.alarms.runs_unasked =
                    Condition::when(blocked.has(Reason::RunsUnasked)).unless(locked_out);
                let kept = &mut self.retained;
                kept.failure = self.life.failure(state);
                kept.stood = kept.stood.saturating_add(elapsed);
                if self.life.ran_for(feedback, elapsed) >= EXERCISE {
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
    Drive, DriveInputs, DriveRetained, DriveOutputs, DriveAlarms
}
motor! {
    /// A motor on a contactor.
    Motor, MotorInputs, MotorRetained, MotorOutputs, MotorAlarms
}

impl Drive {
    /// What the choice of a duty knows of it, `fit` as its unit judges it.
    #[must_use]
    pub fn as_candidate(&self, fit: bool) -> Candidate {
        let DriveRetained { run_time, stood, .. } = self.retained;
        Candidate { available: fit, run_time, stood }
    }

    /// Left of its minimum time on: none but in AUTO and proven running (R-2.15-02).
    #[must_use]
    pub fn on_left(&self) -> Duration {
        if self.handling.is_auto() && self.is_running() {
            self.life.on_left()
        } else {
            Duration::ZERO
        }
    }

    /// The same, or the time until it could start again where that is longer.
    #[must_use]
    pub fn run_left(&self, limits: Limits) -> Duration {
        let runs = self.handling.is_auto() && self.is_running();
        if runs { self.life.on_left().max(self.life.start_left(limits)) } else { Duration::ZERO }
    }

    /// The controller was away for so long, or nobody knows how long: then no time has passed. What ran when it went stands
    /// still since, and its minimum time off is not over.
    pub fn restored(&mut self, age: Option<Duration>) {
        if self.life.restored(&self.retained, age.unwrap_or(Duration::ZERO)) {
            self.status.state = State::Locked;
        }
        self.recall();
    }

    /// One scan. A drive that does not answer counts as standing still: the bus's cause holds it off.
    pub fn scan(&mut self, ask: Ask, limits: Limits, stagger: &mut Stagger, elapsed: Duration) {
        let feedback = Feedback {
            running: self.inputs.running.closed(),
            tripped: self.inputs.tripped.closed(),
        };
        let (ask, why) = ask.under(&self.handling, self.is_on());
        let on = self.live(feedback, ask, why, limits, stagger, elapsed);
        self.life.keep(&mut self.retained);
        let speed = if on { ask.speed } else { Percent::ZERO };
        self.handling.elapse(speed, elapsed);
        self.outputs = DriveOutputs {
            run: Output::want(on),
            speed: Output::want(speed.within(Percent(0.0), Percent(100.0))),
        };
    }
}

impl Motor {
    /// Goes on from what is retained. Its starts are given back: its minimum time off is 10 s, and a restart takes longer.
    pub fn restored(&mut self) {
        self.recall();
    }

    /// Its budget has one more start for it (R-2.15-02).
    #[must_use]
    pub fn may_start(&self, limits: Limits) -> bool {
        self.life.start_left(limits).is_zero()
    }

    /// One scan.
    pub fn scan(&mut self, ask: Ask, limits: Limits, stagger: &mut Stagger, elapsed: Duration) {
        let feedback = Feedback { running: self.inputs.running.closed(), tripped: false };
        let (ask, why) = ask.under(&self.handling, self.is_on());
        let on = self.live(feedback, ask, why, limits, stagger, elapsed);
        // One that runs by itself has its own alarm.
        let failed = self.is_faulty() && !self.status.blocked.has(Reason::RunsUnasked);
        let locked_out = self.handling.mode() == Mode::Maintenance;
        self.alarms.failed = Condition::when(failed).unless(locked_out);
        self.handling.elapse(Percent(if on { 100.0 } else { 0.0 }), elapsed);
        self.outputs = MotorOutputs { run: Output::want(on) };
    }
}

#[cfg(test)]
mod tests;
