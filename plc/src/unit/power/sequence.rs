//! The mains as a sequence: good, lost, back, or too often lost.

use core::time::Duration;

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    pub in_state: Duration,
    /// The mains are away.
    pub absent: bool,
    /// They have been good for long enough.
    pub stable: bool,
    /// They went too often within an hour.
    pub often: bool,
}

/// The loss of the mains comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the mains.
#[derive(Default)]
pub struct Sequence;

/// Too many outages: nothing starts for so long (R-2.10-07).
pub const BROWN_OUT_WAIT: Duration = Duration::from_secs(1800);

states! { State { Stabilising, Good, Lost, BrownOut } }

#[state_machine(
    initial = "State::stabilising()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "present")]
    fn stabilising(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.often => Transition(State::brown_out()),
            Event::Scan(scan) if scan.stable => Transition(State::good()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "present")]
    fn good(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state]
    fn lost(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.absent => Transition(State::stabilising()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[state(superstate = "present")]
    fn brown_out(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.in_state >= BROWN_OUT_WAIT && scan.stable => {
                Transition(State::good())
            }
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn present(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::lost()),
            Event::Scan(_) => Handled,
        }
    }
}
