//! The feed as a sequence.

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan that the sequence decides on.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    /// Water is wanted, and settled water is there.
    pub run: bool,
    /// Some filter lets it through.
    pub way_open: bool,
    /// No filter has let it through for too long.
    pub way_lost: bool,
    /// The only filter is washed.
    pub pause: bool,
    pub pump_left: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the feed.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Opening, Feeding, Paused, Fault } }

#[state_machine(initial = "State::off()", state(derive(Clone, Copy, Debug, PartialEq)))]
impl Sequence {
    #[state(superstate = "in_service")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.pause => Transition(State::paused()),
            Event::Scan(scan) if scan.run => Transition(State::opening()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn opening(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.pause => Transition(State::paused()),
            Event::Scan(scan) if scan.way_open => Transition(State::feeding()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn feeding(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.pause => Transition(State::paused()),
            Event::Scan(scan) if scan.way_lost => Transition(State::opening()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn paused(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if !scan.pause => Transition(State::opening()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.pump_left => Transition(State::off()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[superstate]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::off()),
            Event::Scan(scan) if !scan.pump_left => Transition(State::fault()),
            Event::Scan(_) => Handled,
        }
    }
}
