//! The valves of a filter: the chart of `docs/spec/plant.md` 2.6.1, and which valve waits for which.

use core::time::Duration;

use super::sequence::State;
use super::{Around, Filter};
use crate::device::{Asked, MotorValve, ReturnValve, ValveState};
use crate::reason::{Reason, Reasons};

/// Which valves a state has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    inlet: bool,
    outlet: bool,
    wash_inlet: bool,
    waste: bool,
    to_waste: bool,
    air: bool,
    drain: bool,
}

const CLOSED: Row = Row {
    inlet: false,
    outlet: false,
    wash_inlet: false,
    waste: false,
    to_waste: false,
    air: false,
    drain: false,
};

/// The way of wash water: up through the bed and out to the waste tank.
const UPFLOW: Row = Row { wash_inlet: true, waste: true, ..CLOSED };

/// Wash water and air shut, the way out as it is: the waste tank is full.
const PAUSED: Row = Row { waste: true, ..CLOSED };

/// What flows up through the bed, as far as the valves are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upflow {
    /// P-351 runs, or runs down.
    Flows,
    /// P-351 stands still.
    Stopped,
    /// The wash is paused (A4).
    Paused,
}

/// Valve chart. After the last wash step the way stays open until the pump has run down.
pub fn chart(state: State, upflow: Upflow) -> Row {
    let paused = upflow == Upflow::Paused;
    match state {
        State::Standby {} | State::Fault {} => CLOSED,
        State::Ripening {} => Row { inlet: true, to_waste: true, ..CLOSED },
        State::Filtering {} | State::WashQueued {} => Row { inlet: true, outlet: true, ..CLOSED },
        State::Draining {} if paused => CLOSED,
        State::Draining {} => Row { drain: true, ..CLOSED },
        State::AirScour {} | State::AirWater {} | State::HighWash {} | State::SubfluidWash {}
            if paused =>
        {
            PAUSED
        }
        State::AirScour {} => Row { waste: true, air: true, ..CLOSED },
        State::AirWater {} => Row { air: true, ..UPFLOW },
        State::HighWash {} | State::SubfluidWash {} => UPFLOW,
        State::Settling {} => match upflow {
            Upflow::Flows => UPFLOW,
            Upflow::Stopped => CLOSED,
            Upflow::Paused => PAUSED,
        },
    }
}

/// What both kinds of valves can tell.
trait Place {
    fn opens_or_is_open(&self) -> bool;
}

impl Place for MotorValve {
    fn opens_or_is_open(&self) -> bool {
        matches!(self.status.state, ValveState::Opening | ValveState::Open)
    }
}

impl Place for ReturnValve {
    fn opens_or_is_open(&self) -> bool {
        matches!(self.status.state, ValveState::Opening | ValveState::Open)
    }
}

/// Opens once `clear` holds: the valves that exclude it are proven closed. A valve on its way or open stays so: whether it
/// may is the sequence's business.
fn open_once(clear: bool, wanted: bool, valve: &impl Place) -> Asked {
    let may = clear || valve.opens_or_is_open();
    Asked::open(wanted, Reasons::NONE.and_if(!may, Reason::OtherValveNotInPlace))
}

impl Filter {
    /// Moves the valves towards the chart, each only when those that exclude it are proven closed (INV-10). Outlet and
    /// filter-to-waste change over together: both carry water of this bed, and the feed must not run against closed valves.
    pub(super) fn move_valves(&mut self, row: Row, elapsed: Duration) {
        let air_closed = self.air.as_ref().is_none_or(ReturnValve::is_closed);
        let (inlet, outlet) = (self.inlet.is_closed(), self.outlet.is_closed());
        let (wash_inlet, waste) = (self.wash_inlet.is_closed(), self.waste.is_closed());
        let (to_waste, drain) = (self.to_waste.is_closed(), self.drain.is_closed());
        let raw_side = inlet && outlet && to_waste;
        let wash_side = wash_inlet && waste && air_closed && drain;
        // A dirty filter never opens its outlet, whatever the sequence says (INV-9).
        let clean = !self.retained.dirty;
        // By hand the outlet opens only on water that is proven (INV-14, INV-36), and never together with the inlet: nobody
        // doses or judges what a filter delivers beside its sequence (INV-2, INV-7).
        let proven = row.outlet || self.memory.proven;
        let beside = !row.outlet && !inlet;
        let unfit = Reasons::NONE
            .and_if(!clean, Reason::FilterDirty)
            .and_if(!proven, Reason::WaterNotProven)
            .and_if(beside, Reason::OtherValveNotInPlace);
        let wash_way = raw_side && drain && self.waste.is_open();
        let drain_way = raw_side && wash_inlet && waste && air_closed;
        let open = [
            open_once(wash_side, self.inlet.wants(row.inlet), &self.inlet),
            open_once(wash_side, self.outlet.wants(row.outlet), &self.outlet).unless(unfit),
            open_once(wash_way, self.wash_inlet.wants(row.wash_inlet), &self.wash_inlet),
            open_once(raw_side && drain, self.waste.wants(row.waste), &self.waste),
            open_once(wash_side && outlet, self.to_waste.wants(row.to_waste), &self.to_waste),
            open_once(drain_way, self.drain.wants(row.drain), &self.drain),
        ];
        let [inlet, outlet, wash_inlet, waste, to_waste, drain] = open;
        self.inlet.scan(inlet, elapsed);
        self.outlet.scan(outlet, elapsed);
        self.wash_inlet.scan(wash_inlet, elapsed);
        self.waste.scan(waste, elapsed);
        self.to_waste.scan(to_waste, elapsed);
        self.drain.scan(drain, elapsed);
        if let Some(valve) = &mut self.air {
            let wanted = valve.wants(row.air);
            let asked = open_once(wash_way, wanted, valve);
            valve.scan(asked, elapsed);
        }
    }

    /// What flows up through the bed.
    pub(super) fn flows(&self, around: &Around) -> Upflow {
        if around.train.stopped && self.sequence.state() == (State::Settling {}) {
            Upflow::Stopped
        } else if self.is_paused(self.sequence.state(), around) {
            Upflow::Paused
        } else if around.train.stopped {
            Upflow::Stopped
        } else {
            Upflow::Flows
        }
    }

    /// Who holds it: the filter itself, or one of its valves, out of AUTO.
    pub(super) fn handled(&self) -> Reasons {
        self.handling
            .why()
            .and(self.inlet.handling.why())
            .and(self.outlet.handling.why())
            .and(self.wash_inlet.handling.why())
            .and(self.waste.handling.why())
            .and(self.to_waste.handling.why())
            .and(self.drain.handling.why())
            .and(self.air.as_ref().map_or(Reasons::NONE, |air| air.handling.why()))
    }

    /// Every valve is proven where the chart has it.
    pub(super) fn in_place(&self, row: Row) -> bool {
        let motor = |valve: &MotorValve, open: bool| {
            if open { valve.is_open() } else { valve.is_closed() }
        };
        let springs = |valve: &ReturnValve, open: bool| {
            if open { valve.is_open() } else { valve.is_closed() }
        };
        motor(&self.inlet, row.inlet)
            && springs(&self.outlet, row.outlet)
            && springs(&self.wash_inlet, row.wash_inlet)
            && motor(&self.waste, row.waste)
            && motor(&self.to_waste, row.to_waste)
            && motor(&self.drain, row.drain)
            && self.air.as_ref().is_none_or(|valve| springs(valve, row.air))
    }

    /// Some valve failed.
    pub(super) fn valve_failed(&self) -> bool {
        self.inlet.is_faulty()
            || self.outlet.is_faulty()
            || self.wash_inlet.is_faulty()
            || self.waste.is_faulty()
            || self.to_waste.is_faulty()
            || self.drain.is_faulty()
            || self.air.as_ref().is_some_and(ReturnValve::is_faulty)
    }

    /// Forgets the faults of the valves.
    pub(super) fn reset_valves(&mut self) {
        self.inlet.reset();
        self.outlet.reset();
        self.wash_inlet.reset();
        self.waste.reset();
        self.to_waste.reset();
        self.drain.reset();
        if let Some(air) = &mut self.air {
            air.reset();
        }
    }

    /// Wash water can go up through the bed and nowhere else.
    pub(super) fn water_way(&self) -> bool {
        self.wash_inlet.is_open()
            && self.waste.is_open()
            && self.outlet.is_closed()
            && self.inlet.is_closed()
            && self.to_waste.is_closed()
            && self.drain.is_closed()
    }

    /// Air can go up through the bed, and out (INV-25).
    pub(super) fn air_way(&self) -> bool {
        self.air.as_ref().is_some_and(ReturnValve::is_open)
            && self.waste.is_open()
            && self.outlet.is_closed()
            && self.inlet.is_closed()
            && self.to_waste.is_closed()
            && self.drain.is_closed()
    }

    /// The way of feed water to waste, whatever the state.
    pub(super) fn to_waste_way(&self) -> bool {
        self.inlet.is_open()
            && self.to_waste.is_open()
            && self.outlet.is_closed()
            && self.wash_inlet.is_closed()
            && self.waste.is_closed()
            && self.drain.is_closed()
    }

    /// The drain stood open as long as a wash has it, and no water has come in since.
    pub(super) fn is_drained(&self) -> bool {
        self.memory.drained_for >= self.settings.drain_time
    }

    /// How long it has been draining since water last could come in.
    pub(super) fn watch_drain(&mut self, elapsed: Duration) {
        if !(self.inlet.is_closed() && self.wash_inlet.is_closed()) {
            self.memory.drained_for = Duration::ZERO;
        } else if self.drain.is_open() {
            self.memory.drained_for = self.memory.drained_for.saturating_add(elapsed);
        }
    }

    /// Feed water can go through, and may in this state: the feed pump may run. While filter-to-waste and outlet change over, one of them is open
    /// enough for the valves' own time limit.
    pub(super) fn feed_way(&self, state: State) -> bool {
        let takes_water = state == State::Ripening {} || state.is_filtering();
        let changes_over = self.memory.changes_over
            && self.outlet.status.state == ValveState::Opening
            && !self.to_waste.is_faulty();
        let out = self.outlet.is_open() || self.to_waste.is_open() || changes_over;
        takes_water && self.inlet.is_open() && out
    }
}
