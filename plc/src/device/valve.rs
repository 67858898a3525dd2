//! Motor valves: two relays and two limit switches, or one relay and a capacitor that closes them.
//!
//! ```text
//! Between -> Opening -> Open -> Closing -> Closed -> Opening ...      any --(both ends, or no end in time)--> Fault
//! ```
//! A valve is open or closed only when its limit switch says so beyond doubt.

use core::time::Duration;

use crate::declare::{
    between, contact, inputs, outputs, parts, settings, shown, states, status, switched,
};
use crate::output::Output;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

use super::{Handling, Mode};

/// Everything a valve itself knows to keep it where it is; its unit adds what else its opening waits for.
const BLOCKED: Reasons = Reasons::all(&[
    Reason::ValveFault,
    Reason::ValveStands,
    Reason::ValveHalfway,
    Reason::WireOrContact,
    Reason::OtherValveNotInPlace,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]);

inputs! {
    /// Limit switches.
    pub struct Inputs {
        /// ZSO-@, fully open.
        pub opened: Signal<bool> = contact(),
        /// ZSC-@, fully closed.
        pub closed: Signal<bool> = contact(),
    }
}

settings! {
    /// Times of a valve.
    pub struct Settings {
        /// Nominal time from end to end.
        pub travel_time: Duration = between(1.0..=120.0, 15.0),
    }
}

status! {
    /// Where it stands.
    pub struct Status {
        /// State of the valve.
        pub state: State = shown(),
        /// What became of it, while it is a fault.
        pub failed_by: Reasons = shown(),
        /// What keeps it from going where it is wanted.
        pub blocked: Reasons = shown().among(BLOCKED),
    }
}

outputs! {
    /// Relays of a valve that keeps its place without power.
    pub struct MotorOutputs {
        /// Relay towards open.
        pub open: Output<bool> = switched(),
        /// Relay towards closed.
        pub close: Output<bool> = switched(),
    }
}

outputs! {
    /// Relay of a valve that closes by itself.
    pub struct ReturnOutputs {
        /// Relay; without it the capacitor closes the valve.
        pub open: Output<bool> = switched(),
    }
}

/// Where a valve stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No end reached, nothing asked.
    Between,
    Closed,
    Opening,
    Open,
    Closing,
    /// Both ends at once, or no end reached in time; until reset.
    Fault,
}
states! { State { Between, Closed, Opening, Open, Closing, Fault } }

/// What is asked of a valve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    Open,
    Close,
    /// As it is.
    Stay,
}

impl Travel {
    /// Open while `open` holds, else closed.
    #[must_use]
    pub fn when(open: bool) -> Travel {
        if open { Travel::Open } else { Travel::Close }
    }
}

/// What is asked of a valve, and why it is not asked to open although it is wanted open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub travel: Travel,
    pub waits_for: Reasons,
}

impl From<Travel> for Asked {
    fn from(travel: Travel) -> Asked {
        Asked { travel, waits_for: Reasons::NONE }
    }
}

impl Asked {
    /// Open while it is wanted and nothing stands against it; what does is told only while it is wanted.
    #[must_use]
    pub fn open(wanted: bool, against: Reasons) -> Asked {
        let travel = Travel::when(wanted && against.is_empty());
        Asked { travel, waits_for: if wanted { against } else { Reasons::NONE } }
    }

    /// Not while this stands against it either.
    #[must_use]
    pub fn unless(self, against: Reasons) -> Asked {
        let wanted = self.travel == Travel::Open || !self.waits_for.is_empty();
        Asked::open(wanted, self.waits_for.and(against))
    }
}

/// Travel may take half as long again as its nominal time (`docs/spec/plant.md` 2.0).
fn patience(travel_time: Duration) -> Duration {
    travel_time + travel_time / 2
}

/// Watches the ends and the time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Watch {
    travelled: Duration,
    asked: Travel,
    /// Its relay is held off, or its ends cannot be read: that it does not arrive is no fault of the valve.
    excused: bool,
    /// Not in a safety path: when it does not open it is closed and opened once more (R-2.0-07).
    tries_twice: bool,
    tried: bool,
    /// Time left of the closing between two tries.
    closes_for: Duration,
    /// What became of it, while it is a fault.
    failed_by: Reasons,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            travelled: Duration::ZERO,
            asked: Travel::Stay,
            excused: false,
            tries_twice: false,
            tried: false,
            closes_for: Duration::ZERO,
            failed_by: Reasons::NONE,
        }
    }
}

impl Watch {
    /// What a valve shows of itself.
    fn shows(
        &mut self,
        before: State,
        state: State,
        inputs: &Inputs,
        handling: &Handling,
        waits_for: Reasons,
    ) -> Status {
        let failed_by = self.named(before, state, inputs);
        let blocked = failed_by
            .and_if(state == State::Fault, Reason::ValveFault)
            .and(handling.why())
            .and(waits_for);
        Status { state, failed_by, blocked }
    }

    /// What became of a valve that is a fault.
    fn named(&mut self, before: State, state: State, inputs: &Inputs) -> Reasons {
        if state != State::Fault {
            self.failed_by = Reasons::NONE;
        } else if before != State::Fault {
            let why = match (inputs.opened.usable(), inputs.closed.usable()) {
                (Some(true), Some(true)) | (None, _) | (_, None) => Reason::WireOrContact,
                (Some(true), Some(false)) | (Some(false), Some(true)) => Reason::ValveStands,
                (Some(false), Some(false)) => Reason::ValveHalfway,
            };
            self.failed_by = Reasons::only(why);
        }
        self.failed_by
    }

    fn next(
        &mut self,
        before: State,
        inputs: &Inputs,
        settings: &Settings,
        asked: Travel,
        elapsed: Duration,
    ) -> State {
        if asked != self.asked || self.excused {
            self.asked = asked;
            self.travelled = Duration::ZERO;
            self.tried = false;
            self.closes_for = Duration::ZERO;
        }
        let both = inputs.opened.closed() && inputs.closed.closed();
        let at_open = inputs.opened.closed() && !inputs.closed.closed();
        let at_closed = inputs.closed.closed() && !inputs.opened.closed();
        let there = match asked {
            Travel::Open => at_open,
            Travel::Close => at_closed,
            Travel::Stay => true,
        };
        self.travelled =
            if there { Duration::ZERO } else { self.travelled.saturating_add(elapsed) };
        self.tried &= !there;
        let late = !there && self.travelled > patience(settings.travel_time);
        if late && asked == Travel::Open && self.tries_twice && !self.tried && !both {
            self.tried = true;
            self.closes_for = settings.travel_time;
        }
        if before != State::Fault && !both && !self.closes_for.is_zero() {
            self.closes_for =
                if at_closed { Duration::ZERO } else { self.closes_for.saturating_sub(elapsed) };
            self.travelled = Duration::ZERO;
            return State::Closing;
        }
        match before {
            State::Fault => State::Fault,
            State::Between | State::Closed | State::Opening | State::Open | State::Closing => {
                if both || late {
                    State::Fault
                } else if at_open && asked != Travel::Close {
                    State::Open
                } else if at_closed && asked != Travel::Open {
                    State::Closed
                } else {
                    match asked {
                        Travel::Open => State::Opening,
                        Travel::Close => State::Closing,
                        Travel::Stay => State::Between,
                    }
                }
            }
        }
    }
}

macro_rules! valve {
    ($(#[$doc:meta])* $name:ident, $outputs:ident) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name {
            pub inputs: Inputs,
            pub settings: Settings,
            pub status: Status,
            pub handling: Handling,
            pub outputs: $outputs,
            watch: Watch,
        }
        parts! { $name { inputs, settings, status, handling, outputs; one: ; many: ; maybe: ; watch } }

        impl $name {
            /// Proven open.
            #[must_use]
            pub fn is_open(&self) -> bool {
                self.inputs.opened.closed() && self.inputs.closed.open()
            }

            /// Proven closed.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.inputs.closed.closed() && self.inputs.opened.open()
            }

            /// Where it is to go: the sequence's word in AUTO, a person's in MANUAL. The unit asks before it weighs which
            /// valves exclude each other, so that a person passes no exclusion either.
            #[must_use]
            pub fn wants(&self, auto: bool) -> bool {
                self.handling.wants(auto)
            }

            /// Fit to be asked by a sequence: no fault, and in AUTO.
            #[must_use]
            pub fn is_available(&self) -> bool {
                !self.is_faulty() && self.handling.is_auto()
            }

            /// Shown to the person who takes over: 100 % is open. Halfway it stays until they say where it is to go.
            fn place(&self) -> Option<Percent> {
                match self.status.state {
                    State::Opening | State::Open => Some(Percent(100.0)),
                    State::Closing | State::Closed => Some(Percent::ZERO),
                    State::Between | State::Fault => None,
                }
            }

            /// Its limit switches can be read and do not contradict each other, or it is locked out.
            #[must_use]
            pub fn is_referenced(&self) -> bool {
                let ends = (self.inputs.opened.usable(), self.inputs.closed.usable());
                self.handling.mode() == Mode::Maintenance
                    || matches!(ends, (Some(opened), Some(closed)) if !(opened && closed))
            }

            /// Failed, until reset.
            #[must_use]
            pub fn is_faulty(&self) -> bool {
                self.status.state == State::Fault
            }

            /// Forgets a fault; it comes back if its cause is still there.
            pub fn reset(&mut self) {
                if self.is_faulty() {
                    self.status.state = State::Between;
                    let tries_twice = self.watch.tries_twice;
                    self.watch = Watch { tries_twice, ..Watch::default() };
                }
            }
        }
    };
}

valve! {
    /// A valve that keeps its place without power. Its relays are on only while it travels.
    MotorValve, MotorOutputs
}
valve! {
    /// A valve that closes without power.
    ReturnValve, ReturnOutputs
}

impl MotorValve {
    /// One that is slower, or faster, than most.
    #[must_use]
    pub fn taking(travel_time: Duration) -> MotorValve {
        MotorValve { settings: Settings { travel_time }, ..MotorValve::default() }
    }

    /// One that lies in no safety path: it gets a second try, and where a person's wish has ended it stays as it is.
    #[must_use]
    pub fn trying_twice() -> MotorValve {
        let watch = Watch { tries_twice: true, ..Watch::default() };
        MotorValve { watch, ..MotorValve::default() }
    }

    /// One scan.
    pub fn scan(&mut self, asked: impl Into<Asked>, elapsed: Duration) {
        let Asked { travel, waits_for } = asked.into();
        // Switched off or locked out it keeps its place, and its relays stay dead.
        let stays = self.handling.is_off() || (self.watch.tries_twice && self.handling.has_ended());
        let asked = if stays { Travel::Stay } else { travel };
        let before = self.status.state;
        // What the table held off in the last scan.
        self.watch.excused = !self.outputs.open.held().and(self.outputs.close.held()).is_empty();
        let state = self.watch.next(before, &self.inputs, &self.settings, asked, elapsed);
        self.status = self.watch.shows(before, state, &self.inputs, &self.handling, waits_for);
        self.outputs = MotorOutputs {
            open: Output::want(state == State::Opening),
            close: Output::want(state == State::Closing),
        };
        self.handling.elapse_at(self.place(), elapsed);
    }
}

impl ReturnValve {
    /// One scan. `Stay` means closed: without power it closes.
    pub fn scan(&mut self, asked: impl Into<Asked>, elapsed: Duration) {
        let Asked { travel, waits_for } = asked.into();
        let asked = Travel::when(travel == Travel::Open && !self.handling.is_off());
        let before = self.status.state;
        // Held off it must still prove that it closes, unless its limit switches are away with their bus.
        let held = self.outputs.open.held();
        self.watch.excused =
            held.has(Reason::BusDLost) || (asked == Travel::Open && !held.is_empty());
        let state = self.watch.next(before, &self.inputs, &self.settings, asked, elapsed);
        self.status = self.watch.shows(before, state, &self.inputs, &self.handling, waits_for);
        self.outputs =
            ReturnOutputs { open: Output::want(matches!(state, State::Opening | State::Open)) };
        self.handling.elapse_at(self.place(), elapsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ends(opened: bool, closed: bool) -> Inputs {
        Inputs { opened: Signal::Good(opened), closed: Signal::Good(closed) }
    }

    /// R-2.0-07: outside a safety path a valve that does not open is closed and opened once more, then it is a fault.
    #[test]
    fn a_valve_outside_a_safety_path_gets_a_second_try() {
        let mut valve = MotorValve { inputs: ends(false, false), ..MotorValve::trying_twice() };
        let mut seen = std::vec::Vec::new();
        let mut lasted = std::vec::Vec::new();
        for second in 0..80 {
            valve.scan(Travel::Open, SECOND);
            if seen.last() != Some(&valve.status.state) {
                seen.push(valve.status.state);
                lasted.push(second);
            }
        }
        assert_eq!(seen, [State::Opening, State::Closing, State::Opening, State::Fault]);
        assert_eq!(lasted, [0, 22, 37, 59]);
        valve.reset();
        valve.inputs = ends(false, true);
        for _ in 0..23 {
            valve.scan(Travel::Open, SECOND);
        }
        assert!(!valve.is_faulty(), "closed already, it is opened again at once");
        valve.inputs = ends(true, false);
        valve.scan(Travel::Open, SECOND);
        assert!(valve.is_open());
    }

    /// R-2.1-02: outside a safety path an ended wish moves nothing; elsewhere its unit says what that means.
    #[test]
    fn a_valve_whose_time_by_hand_is_over_stays_where_it_is() {
        for (valve, expected) in
            [(MotorValve::trying_twice(), State::Open), (MotorValve::default(), State::Closing)]
        {
            let mut valve = MotorValve { inputs: ends(true, false), ..valve };
            valve.scan(Travel::Stay, SECOND);
            valve.handling.change(Mode::Manual, 7);
            assert!(valve.handling.ask(Percent(100.0), 10 * SECOND, 8).is_ok());
            let asked = |valve: &MotorValve| Travel::when(valve.wants(false));
            for _ in 0..30 {
                valve.scan(asked(&valve), SECOND);
            }
            assert_eq!(valve.status.state, expected);
        }
    }

    /// R-2.1-08: nobody knows where it stands, so nobody moves it before they say where to.
    #[test]
    fn a_person_takes_a_valve_over_halfway_and_it_stays_there() {
        let mut valve = MotorValve { inputs: ends(false, false), ..MotorValve::trying_twice() };
        valve.scan(Travel::Stay, SECOND);
        valve.handling.change(Mode::Manual, 7);
        valve.scan(Travel::when(valve.wants(false)), SECOND);
        assert!(!valve.outputs.close.value() && !valve.outputs.open.value());
    }

    /// R-2.0-07: driven to its end and no further.
    #[test]
    fn a_valve_is_driven_only_until_its_end_is_reached() {
        let mut valve = MotorValve { inputs: ends(false, true), ..MotorValve::default() };
        valve.scan(Travel::Open, SECOND);
        assert!(valve.outputs.open.value() && !valve.outputs.close.value());
        valve.inputs = ends(false, false);
        valve.scan(Travel::Open, SECOND);
        assert!(valve.outputs.open.value() && !valve.is_open());
        valve.inputs = ends(true, false);
        valve.scan(Travel::Open, SECOND);
        assert!(!valve.outputs.open.value() && valve.is_open());
    }

    /// R-2.0-07: each fault has its name, until reset.
    #[test]
    fn a_valve_that_fails_says_what_became_of_it() {
        for (inputs, expected) in [
            (ends(false, false), Reason::ValveHalfway),
            (ends(false, true), Reason::ValveStands),
            (ends(true, true), Reason::WireOrContact),
            (Inputs::default(), Reason::WireOrContact),
        ] {
            let mut valve = ReturnValve { inputs, ..ReturnValve::default() };
            for _ in 0..25 {
                valve.scan(Travel::Open, SECOND);
            }
            assert_eq!(valve.status.failed_by, Reasons::only(expected), "{inputs:?}");
            valve.inputs = ends(true, false);
            valve.scan(Travel::Open, SECOND);
            assert_eq!(valve.status.failed_by, Reasons::only(expected), "{inputs:?}");
            valve.reset();
            valve.scan(Travel::Open, SECOND);
            assert_eq!(valve.status.failed_by, Reasons::NONE);
        }
    }

    /// R-2.0-07, INV-36: what keeps a valve where it is can be read at the valve.
    #[test]
    fn a_valve_says_what_keeps_it_where_it_is() {
        let mut spring = ReturnValve { inputs: ends(false, true), ..ReturnValve::default() };
        let mut motor = MotorValve { inputs: ends(false, true), ..MotorValve::default() };
        for second in 0..22 {
            motor.scan(Travel::Open, SECOND);
            spring.scan(Travel::Open, SECOND);
            assert_eq!(motor.status.blocked, Reasons::NONE, "{second} s");
            assert_eq!(spring.status.blocked, Reasons::NONE, "{second} s");
        }
        motor.scan(Travel::Open, SECOND);
        spring.scan(Travel::Open, SECOND);
        let failed = Reasons::all(&[Reason::ValveFault, Reason::ValveStands]);
        assert_eq!((motor.status.blocked, spring.status.blocked), (failed, failed));
        motor.handling.change(Mode::Maintenance, 7);
        spring.handling.change(Mode::Off, 7);
        motor.scan(Travel::Open, SECOND);
        spring.scan(Travel::Open, SECOND);
        assert_eq!(motor.status.blocked, failed.with(Reason::InMaintenance));
        assert_eq!(spring.status.blocked, failed.with(Reason::SwitchedOff));
        motor.reset();
        motor.handling.change(Mode::Auto, 7);
        motor.scan(Travel::Open, SECOND);
        assert_eq!(motor.status.blocked, Reasons::NONE);
    }

    /// R-2.0-07: no end, or both ends, for 1.5 times the travel is a fault; in a safety path at once.
    #[test]
    fn a_valve_that_does_not_arrive_in_time_is_a_fault_until_reset() {
        for inputs in [ends(false, false), ends(false, true), ends(true, true), Inputs::default()] {
            let mut valve = ReturnValve { inputs, ..ReturnValve::default() };
            for _ in 0..25 {
                valve.scan(Travel::Open, SECOND);
            }
            assert!(valve.is_faulty() && !valve.outputs.open.value(), "{inputs:?}");
            valve.inputs = ends(true, false);
            valve.scan(Travel::Open, SECOND);
            assert!(valve.is_faulty());
            valve.reset();
            valve.scan(Travel::Open, SECOND);
            assert_eq!(valve.status.state, State::Open);
        }
    }

    #[test]
    fn a_valve_held_off_by_a_cause_is_not_blamed_for_standing_still() {
        let held = Reasons::only(Reason::EmergencyStop);
        let mut valve = MotorValve { inputs: ends(true, false), ..MotorValve::default() };
        let mut spring = ReturnValve { inputs: ends(true, false), ..ReturnValve::default() };
        for _ in 0..60 {
            valve.scan(Travel::Close, SECOND);
            valve.outputs.close.hold_off(held);
            spring.scan(Travel::Close, SECOND);
            spring.outputs.open.hold_off(held);
        }
        assert!(!valve.is_faulty());
        // Without its relay it closes by itself; that it does not is a fault.
        assert!(spring.is_faulty());
        for _ in 0..25 {
            valve.scan(Travel::Close, SECOND);
        }
        assert!(valve.is_faulty());
    }

    #[test]
    fn a_limit_switch_that_is_not_known_proves_nothing() {
        let valve = MotorValve::default();
        assert!(!valve.is_open() && !valve.is_closed());
    }
}
