//! What distribution does, as a sequence.

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    /// The plant is on.
    pub run: bool,
    /// The village, or its tank, asks for water.
    pub demand: bool,
    /// Nothing holds P-501.
    pub free: bool,
    /// The clear well is contaminated.
    pub contaminated: bool,
    /// The clear well is too low.
    pub dry: bool,
    /// The elevated tank's level is not known by its own transmitter.
    pub tank_lost: bool,
    /// Every pump has failed.
    pub failed: bool,
    /// A second pump is wanted and allowed.
    pub lag: bool,
}

/// A trip comes first and alone.
pub enum Event {
    /// Something holds P-501.
    Trip(Scan),
    Scan(Scan),
}

/// The sequence of the distribution.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Ready, Filling, FillingWithLag, QualityHold, DryHold, TankCommLost, Fault } }

impl State {
    /// P-501 is asked to run, and by how many pumps at most. In TankCommLost the fallback says when.
    #[must_use]
    pub fn pumps(self, scan: &Scan) -> usize {
        match self {
            State::Filling {} => 1,
            State::FillingWithLag {} => 2,
            State::TankCommLost {} => usize::from(scan.demand && scan.free),
            State::Off {}
            | State::Ready {}
            | State::QualityHold {}
            | State::DryHold {}
            | State::Fault {} => 0,
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
            Event::Scan(scan) if scan.run => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn ready(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.free && scan.demand && !scan.tank_lost => {
                Transition(State::filling())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn filling(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.demand => Transition(State::ready()),
            Event::Scan(scan) if scan.lag && !scan.tank_lost => {
                Transition(State::filling_with_lag())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn filling_with_lag(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.demand => Transition(State::ready()),
            Event::Scan(scan) if !scan.lag => Transition(State::filling()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn quality_hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.contaminated => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn dry_hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.dry => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn tank_comm_lost(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.tank_lost => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.failed => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    /// Contaminated outranks failed, failed outranks dry, dry outranks a tank that does not answer, and that every other
    /// hold. What has stopped waits in Ready.
    #[superstate]
    fn any(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(scan) | Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Trip(scan) | Event::Scan(scan) if scan.contaminated => {
                Transition(State::quality_hold())
            }
            Event::Trip(scan) | Event::Scan(scan) if scan.failed => Transition(State::fault()),
            Event::Trip(scan) | Event::Scan(scan) if scan.dry => Transition(State::dry_hold()),
            Event::Trip(scan) | Event::Scan(scan) if scan.tank_lost => {
                Transition(State::tank_comm_lost())
            }
            Event::Trip(_) => Transition(State::ready()),
            Event::Scan(_) => Handled,
        }
    }
}
