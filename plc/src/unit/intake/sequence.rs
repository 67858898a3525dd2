//! What the intake does, as a sequence.

use core::time::Duration;

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan that the sequence decides on.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    pub in_state: Duration,
    /// The plant wants raw water, and the unit is in AUTO.
    pub run: bool,
    /// Nothing holds P-101.
    pub free: bool,
    /// XV-101 and a sedimentation tank are proven open.
    pub ready: bool,
    /// The pump that has the duty is proven running.
    pub duty_runs: bool,
    /// The duty has gone from a failed pump to another one in this scan.
    pub handed_over: bool,
    /// Every pump or XV-101 has failed until a reset, or the way does not open.
    pub failed: bool,
}

impl Scan {
    /// The pump on duty runs already, and nothing speaks against it.
    fn goes_on(&self) -> bool {
        self.duty_runs && self.run && self.free && self.ready && !self.failed
    }
}

/// A trip comes first and alone.
pub enum Event {
    /// Something holds P-101.
    Trip(Scan),
    Scan(Scan),
}

/// The sequence of the intake.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Checking, Running, Changeover, Hold, Fault } }

impl State {
    /// P-101 is asked to run.
    #[must_use]
    pub fn runs(self) -> bool {
        match self {
            State::Running {} | State::Changeover {} => true,
            State::Off {} | State::Checking {} | State::Hold {} | State::Fault {} => false,
        }
    }
}

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "any")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            // One that a person has run, and gives back, goes on (R-2.1-08).
            Event::Scan(scan) if scan.goes_on() => Transition(State::running()),
            Event::Scan(scan) if scan.run && scan.free && !scan.failed => {
                Transition(State::checking())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn checking(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.ready && !scan.failed => {
                Transition(State::running())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn running(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.handed_over && !scan.failed => {
                Transition(State::changeover())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn changeover(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.duty_runs && !scan.failed => {
                Transition(State::running())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.free && !scan.failed => {
                Transition(State::checking())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    /// A person's reset, a way that opens after all, or the end of demand.
    #[state(superstate = "any")]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.failed => Transition(State::off()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    /// No demand outranks a failure, and that every hold.
    #[superstate]
    fn any(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(scan) | Event::Scan(scan) if !scan.run && !scan.failed => {
                Transition(State::off())
            }
            Event::Trip(scan) | Event::Scan(scan) if scan.failed => Transition(State::fault()),
            Event::Trip(_) => Transition(State::hold()),
            Event::Scan(_) => Handled,
        }
    }
}
