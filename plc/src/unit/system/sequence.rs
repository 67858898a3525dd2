//! The life of the plant as a sequence. What each state asks of the units is in `system.rs`.

use core::time::Duration;

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan that the sequence decides on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    pub in_state: Duration,
    /// Self-test passed, motors have waited long enough, K0 is in.
    pub booted: bool,
    /// Something of the self-test has not passed in its time.
    pub test_failed: bool,
    /// Everything of the self-test passes, though it did not in its time.
    pub test_mended: bool,
    /// The self-test was passed once since power-up.
    pub self_tested: bool,
    /// People want water made.
    pub wanted: bool,
    /// P1 to P9 hold.
    pub may_start: bool,
    /// A start step has taken too long.
    pub step_late: bool,
    /// Water is made, though not by every filter: what is late does not stop it.
    pub makes_water: bool,
    /// The start sequence is through.
    pub started: bool,
    /// A degraded reason stands.
    pub degraded: bool,
    /// None has stood for long enough.
    pub sound: bool,
    /// The clear well has been full for long enough.
    pub full: bool,
    /// Water is needed again.
    pub needed: bool,
    pub too_muddy: bool,
    /// What makes water impossible stands.
    pub lost: bool,
    /// The orderly stop is through.
    pub finished: bool,
    pub reset: bool,
    /// What trips the plant stands.
    pub tripped: bool,
    pub emergency: bool,
    pub mains_good: bool,
    pub failed_too_often: bool,
}

/// Why everything stops at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    Emergency,
    Mains,
    StopAll,
    Local,
    Fault,
}

/// A trip comes first and alone.
pub enum Event {
    Trip(Trip),
    Scan(Scan),
}

/// The sequence of the plant.
#[derive(Default)]
pub struct Sequence;

// The numbers of the states stay what they were in histories: a new one comes last.
states! { State { Boot, Stopped, Starting, Producing, Standby, Stopping, Fault, EmergencyStop, PowerWait, Degraded } }

impl State {
    /// Raw water is taken.
    #[must_use]
    pub fn takes_water(self) -> bool {
        match self {
            State::Starting {} | State::Producing {} | State::Degraded {} => true,
            State::Boot {}
            | State::Stopped {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => false,
        }
    }

    /// Every unit works.
    #[must_use]
    pub fn produces(self) -> bool {
        self == State::Producing {} || self == State::Degraded {}
    }
}

#[state_machine(
    initial = "State::boot()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "powered")]
    fn boot(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.booted => Transition(State::stopped()),
            Event::Scan(scan) if scan.test_failed => Transition(State::fault()),
            Event::Trip(Trip::Fault | Trip::StopAll | Trip::Local | Trip::Mains) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn stopped(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.wanted && scan.may_start && !scan.tripped => {
                Transition(State::starting())
            }
            Event::Trip(Trip::Fault | Trip::StopAll | Trip::Local) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn starting(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.wanted || scan.lost => Transition(State::stopping()),
            Event::Scan(scan) if scan.step_late && scan.makes_water => {
                Transition(State::degraded())
            }
            Event::Scan(scan) if scan.step_late => Transition(State::stopping()),
            Event::Scan(scan) if scan.full || scan.too_muddy => Transition(State::standby()),
            Event::Scan(scan) if scan.started && scan.degraded => Transition(State::degraded()),
            Event::Scan(scan) if scan.started => Transition(State::producing()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "making")]
    fn producing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.goes_on() && scan.degraded => Transition(State::degraded()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "making")]
    fn degraded(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.goes_on() && scan.sound => Transition(State::producing()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[superstate(superstate = "powered")]
    fn making(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.wanted || scan.lost => Transition(State::stopping()),
            Event::Scan(scan) if scan.full || scan.too_muddy => Transition(State::standby()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn standby(event: &Event) -> Outcome<State> {
        match event {
            // Nothing runs that would have to be stopped in order.
            Event::Scan(scan) if !scan.wanted => Transition(State::stopped()),
            Event::Scan(scan) if scan.needed && !scan.too_muddy && scan.may_start => {
                Transition(State::starting())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn stopping(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.failed_too_often => Transition(State::fault()),
            Event::Scan(scan) if scan.finished => Transition(State::stopped()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    /// Power that goes and comes resets nothing.
    #[state(superstate = "powered")]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            // Nothing has run yet, so nothing is to be looked after: the self-test goes on by itself.
            Event::Scan(scan) if !scan.self_tested && (scan.test_mended || scan.reset) => {
                Transition(State::boot())
            }
            Event::Scan(scan) if scan.self_tested && scan.reset && !scan.tripped => {
                Transition(State::stopped())
            }
            Event::Trip(Trip::Fault | Trip::StopAll | Trip::Local | Trip::Mains) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state]
    fn emergency_stop(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.emergency && scan.self_tested => {
                Transition(State::stopped())
            }
            // Pressed at power-up: the self-test and the set-up are still to be passed.
            Event::Scan(scan) if !scan.emergency => Transition(State::boot()),
            Event::Scan(_) | Event::Trip(_) => Handled,
        }
    }

    #[state]
    fn power_wait(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(Trip::Emergency) => Transition(State::emergency_stop()),
            Event::Scan(scan) if scan.mains_good => Transition(State::stopped()),
            Event::Scan(_) | Event::Trip(_) => Handled,
        }
    }

    #[superstate]
    fn powered(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(Trip::Emergency) => Transition(State::emergency_stop()),
            Event::Trip(Trip::Mains) => Transition(State::power_wait()),
            Event::Trip(Trip::Fault) => Transition(State::fault()),
            Event::Trip(Trip::StopAll | Trip::Local) => Transition(State::stopped()),
            Event::Scan(_) => Handled,
        }
    }
}

impl Scan {
    /// Nothing ends the making of water.
    fn goes_on(&self) -> bool {
        self.wanted && !self.lost && !self.full && !self.too_muddy
    }
}
