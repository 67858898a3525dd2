//! When PAC is dosed, as a sequence.

use core::time::Duration;

use statig::prelude::*;

use crate::declare::states;

/// Flow must be seen this long before dosing (R-2.4-08).
const FLOW_PROOF: Duration = Duration::from_secs(10);

/// The facts of a scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    pub in_state: Duration,
    pub free: bool,
    pub flow_starts: bool,
    pub flow_stays: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the doser.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Proving, Dosing } }

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "in_service")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.free && scan.flow_starts => Transition(State::proving()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn proving(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.flow_starts => Transition(State::off()),
            Event::Scan(scan) if scan.in_state >= FLOW_PROOF => Transition(State::dosing()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn dosing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.flow_stays => Transition(State::off()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::off()),
            Event::Scan(_) => Handled,
        }
    }
}
