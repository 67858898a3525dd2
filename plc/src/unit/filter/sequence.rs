//! The life of a filter as a sequence. Which valves are open in which state is the chart in `valves.rs`.

use statig::prelude::*;

use crate::declare::states;

/// The facts of a scan that the sequence decides on.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    /// The step of now has had its time.
    pub done: bool,
    /// Water is wanted through this filter, it is fit for it, and the feed is lowered.
    pub join: bool,
    /// Its water was proven good not long ago: it need not ripen.
    pub proven: bool,
    /// No water is wanted, and the feed pump stands still.
    pub pause: bool,
    /// Its water is proven good.
    pub ripe: bool,
    /// It did not ripen in time.
    pub unripe: bool,
    /// Its water may not go to the clear well any longer.
    pub stop: bool,
    /// Clogged, it has waited too long for its wash.
    pub rest: bool,
    /// It asks for a wash.
    pub wash_wanted: bool,
    /// It has the token, and everything is ready.
    pub wash: bool,
    /// Air can be had.
    pub air: bool,
    /// Air and water together, and the wash below fluidisation, are set.
    pub air_water: bool,
    pub subfluid: bool,
    /// Air was blown before a short power cut: the wash goes on without it.
    pub resume: bool,
    /// Wash water does not flow as it should, or the waste tank stays full.
    pub give_up: bool,
    /// A person ends the wash.
    pub abort: bool,
    /// Something stands that only a reset clears.
    pub failed: bool,
}

/// What the sequence is told; a trip or a fault comes first and alone.
pub enum Event {
    /// A cause holds what this state needs.
    Trip,
    /// A valve, a second failure, a way from wash water to the clear well.
    Fault,
    Scan(Scan),
}

/// The sequence of a filter.
#[derive(Default)]
pub struct Sequence;

states! { State {
    Standby, Ripening, Filtering, WashQueued, Draining, AirScour, AirWater, HighWash, SubfluidWash, Settling, Fault
} }

impl State {
    /// From DRAIN to SETTLE: at most one filter of a plant (INV-11).
    #[must_use]
    pub fn is_wash(self) -> bool {
        match self {
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => true,
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Fault {} => false,
        }
    }

    /// Filters into the clear well.
    #[must_use]
    pub fn is_filtering(self) -> bool {
        self == State::Filtering {} || self == State::WashQueued {}
    }
}

#[state_machine(initial = "State::standby()", state(derive(Clone, Copy, Debug, PartialEq)))]
impl Sequence {
    #[state(superstate = "in_service")]
    fn standby(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.wash && scan.wash_wanted && scan.resume => {
                Transition(State::high_wash())
            }
            Event::Scan(scan) if scan.wash && scan.wash_wanted => Transition(State::draining()),
            Event::Scan(scan) if scan.join && scan.proven => Transition(State::filtering()),
            Event::Scan(scan) if scan.join => Transition(State::ripening()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn ripening(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.pause || scan.unripe => Transition(State::standby()),
            Event::Scan(scan) if scan.ripe => Transition(State::filtering()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn filtering(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.stop || scan.pause => Transition(State::standby()),
            Event::Scan(scan) if scan.wash_wanted => Transition(State::wash_queued()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn wash_queued(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.stop || scan.rest => Transition(State::standby()),
            Event::Scan(scan) if scan.wash => Transition(State::draining()),
            Event::Scan(scan) if scan.pause => Transition(State::standby()),
            Event::Scan(scan) if !scan.wash_wanted => Transition(State::filtering()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "washing")]
    fn draining(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.done && scan.air => Transition(State::air_scour()),
            Event::Scan(scan) if scan.done => Transition(State::high_wash()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "washing")]
    fn air_scour(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.air => Transition(State::high_wash()),
            Event::Scan(scan) if scan.done && scan.air_water => Transition(State::air_water()),
            Event::Scan(scan) if scan.done => Transition(State::high_wash()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "washing")]
    fn air_water(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.air || scan.done => Transition(State::high_wash()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "washing")]
    fn high_wash(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.done && scan.subfluid => Transition(State::subfluid_wash()),
            Event::Scan(scan) if scan.done => Transition(State::settling()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "washing")]
    fn subfluid_wash(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.done => Transition(State::settling()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn settling(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.done => Transition(State::standby()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[state]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.failed => Transition(State::standby()),
            Event::Scan(_) | Event::Trip | Event::Fault => Handled,
        }
    }

    /// Steps with the vessel open to wash water or air.
    #[superstate(superstate = "in_service")]
    fn washing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.give_up => Transition(State::standby()),
            Event::Scan(scan) if scan.abort => Transition(State::settling()),
            Event::Scan(_) | Event::Trip | Event::Fault => Super,
        }
    }

    #[superstate]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::standby()),
            Event::Fault => Transition(State::fault()),
            Event::Scan(_) => Handled,
        }
    }
}
