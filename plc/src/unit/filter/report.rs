//! What a filter tells the plant and filtration.

use super::sequence::State;
use super::{Around, Filter, Report, Water, valves};
use crate::device::ReturnValve;

impl Report {
    /// Stands with every way closed.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        self.state == State::Standby {} || self.state == State::Fault {}
    }
}

impl Filter {
    /// Delivers into the clear well: the outlet is proven open.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.sequence.state().is_filtering() && self.outlet.is_open()
    }

    /// Can be brought to filter without a person.
    #[must_use]
    pub fn is_available(&self) -> bool {
        let waits = self.retained.dirty && self.memory.aborted;
        self.sequence.state() != State::Fault {} && !waits && self.handled().is_empty()
    }

    /// Turbidity asks for a wash, and none is given: the cause lies upstream (R-2.6.4-01).
    #[must_use]
    pub fn washes_stopped(&self) -> bool {
        self.memory.washes_stopped
    }

    /// It was stopped for its water, or did not ripen, and has not delivered since.
    #[must_use]
    pub fn is_cloudy(&self) -> bool {
        self.memory.cloudy
    }

    /// The cause "n2 not proven closed in a wash" (A6).
    #[must_use]
    pub fn outlet_not_proven_closed(&self) -> bool {
        self.memory.crossed
    }

    /// What filtration needs to know.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report
    }

    pub(super) fn tell(&self, state: State, around: &Around) -> Report {
        let water_way = self.water_way();
        let air_closed = self.air.as_ref().is_none_or(ReturnValve::is_closed);
        let water = match state {
            State::AirWater {} => Water::Combined,
            State::HighWash {} if air_closed => Water::High,
            // Until the air valve is closed the bed is not fluidised.
            State::HighWash {} => Water::Combined,
            State::SubfluidWash {} => Water::Subfluid,
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Draining {}
            | State::AirScour {}
            | State::Settling {}
            | State::Fault {} => Water::None,
        };
        let blows = state == State::AirScour {} || state == State::AirWater {};
        Report {
            state,
            wants_wash: self.memory.trigger,
            ordered: self.memory.ordered,
            ready: state == State::Standby {} && self.is_fit(around),
            in_place: self.in_place(valves::chart(state, self.flows(around))),
            feed_way: self.feed_way(state),
            delivers: self.delivers(),
            area: self.settings.area,
            flow: self.inputs.flow,
            turbidity: self.inputs.turbidity,
            head_loss: self.status.head_loss_normal,
            steps: self.wash_steps(),
            washed: self.memory.washed,
            water_way,
            water: if water_way { water } else { Water::None },
            air: blows && self.air_way(),
            to_waste_way: state == State::Standby {} && self.to_waste_way(),
            air_way: self.air_way() && self.is_drained(),
        }
    }
}
