//! What filtration shows, and which alarms speak.

use super::sequence::State;
use super::{Alarms, Around, Demand, Filtration, Status};
use crate::alarm::Condition;
use crate::interlock::turbidity_limit;
use crate::quantity::{Count, CubicMetresPerHour, Ntu};
use crate::reason::Reason;
use crate::unit::filter::Washed;

/// Deadband of alarm 304 (`docs/spec/plant.md` 4); its limit is that of the table.
const NOT_SAFE_DEADBAND: Ntu = Ntu(0.2);
/// Alarm 311: washes in a row for which the blower did not do its part (A5).
const WATER_ONLY_MAX: Count = Count(2.0);

impl Filtration {
    pub(super) fn show(&mut self, state: State, around: &Around, duty: Option<usize>) {
        let memory = &self.memory;
        let token = memory.token;
        let on = state == State::Feeding {};
        let blocked = around
            .holds
            .feed
            .and(self.status.failed_by)
            .and_if(around.demand == Demand::Idle, Reason::NoDemand)
            .and_if(around.settled_level.usable().is_none(), Reason::LevelUnknown)
            .and_if(!memory.tank_ready, Reason::SettledTankLow)
            .and_if(duty.is_none(), Reason::NoPumpAvailable)
            .and_if(state == State::Opening {}, Reason::NoPathOpen)
            .and_if(state == State::Paused {}, Reason::Washing)
            .and(self.handling.why());
        let next = token.or_else(|| self.most_urgent(around));
        let wash_blocked =
            next.and_then(|index| memory.wash_blocked.get(index)).copied().unwrap_or_default();
        self.status = Status {
            state,
            blocked,
            setpoint: if on {
                CubicMetresPerHour(self.setpoint.value())
            } else {
                CubicMetresPerHour::ZERO
            },
            filtering: Count(self.count(|report| report.delivers) as f64),
            wash_token: Count(token.map_or(0.0, |index| index as f64 + 1.0)),
            wash_blocked,
            wash_rate: self.wash_train.rate(),
            wash_failed_by: self.wash_train.failed_by(),
            wash_volume: self.wash_train.volume(),
            ..self.status
        };
    }

    pub(super) fn raise(&mut self, around: &Around) {
        let failed = self.pumps.failed(&self.pump);
        let causes = around.holds.feed;
        // Suppression: s4 power lost, s5 bus A lost. In a calibration hold of AIT-330 (s3) the filters' own analysers are
        // what is judged: water that is not safe is said all the same.
        let explained = causes.has(Reason::MainsLost) || causes.has(Reason::BusALost);
        self.alarms = Alarms {
            pump_fault: Condition::when(failed > 0).unless(explained),
            pumps_failed: Condition::when(failed == self.pump.len()).unless(explained),
            water_not_safe: self
                .status
                .filtered_turbidity
                .above(turbidity_limit(around.relaxed), NOT_SAFE_DEADBAND),
            wash_flow_low: self.wash_train.flow_low(&self.wash_pump),
            air_wrong: self.wash_train.air_wrong(&self.inputs, self.blower.as_ref()),
            water_only: Condition::when(self.retained.water_only_washes >= WATER_ONLY_MAX),
        };
    }

    /// Counts the washes in a row for which the blower did not do its part.
    pub(super) fn count_washes(&mut self) {
        let washed = self.reports().iter().find_map(|report| report.washed);
        self.retained.water_only_washes = match washed {
            Some(Washed::WithWaterOnly) => Count(self.retained.water_only_washes.0 + 1.0),
            Some(Washed::WithAir | Washed::WithoutBlower) => Count(0.0),
            None => self.retained.water_only_washes,
        };
    }
}
