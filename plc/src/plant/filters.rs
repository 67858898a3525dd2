//! Filters and their wash train: what passes between them.

use core::time::Duration;

use super::{Plant, Settling};
use crate::interlock::Column;
use crate::quantity::Metres;
use crate::reason::Reason;
use crate::unit::filter;
use crate::unit::filtration::{self, Demand, FILTERS_MAX};
use crate::unit::system;

/// With less in the elevated tank delivery does not wait for a wash's water (`docs/spec/plant.md` 2.10, 4: elevated need).
const ELEVATED_LOW: Metres = Metres(1.2);
/// Before a storm the elevated tank is filled again this far below its stop level (R-2.8-02).
const TOPPED_UP_BAND: Metres = Metres(0.2);

impl Plant {
    /// The village's store before a storm goes before the wash, which takes from it (R-2.14-04). Where nobody knows of one, or
    /// there is none, the wash waits for nothing.
    fn tank_is_topped_up(&self) -> bool {
        let delivery = &self.units.distribution;
        let full = delivery.settings.fill_stop - TOPPED_UP_BAND;
        delivery.status.tank_level.usable().is_none_or(|level| level >= full)
    }

    /// Filters and their wash train: filters first, then filtration with what they report.
    pub(super) fn run_filters(&mut self, elapsed: Duration) {
        let prepares = self.prepares();
        let wash_early = prepares && self.tank_is_topped_up();
        let units = &mut self.units;
        let demand = if units.system.reached(5) {
            Demand::Run
        } else if units.system.draws_down() {
            Demand::Drain
        } else {
            Demand::Idle
        };
        let nominal = self.shape.nominal_flow;
        let water_temperature = units.disinfection.inputs.temperature;
        let wash_volume = units.filtration.wash_volume(nominal, water_temperature);
        let tank_level = units.distribution.status.tank_level.usable();
        let chlorine = &units.disinfection.inputs;
        let around = filtration::Around {
            nominal,
            demand,
            raw_setpoint: match self.shape.settling {
                Settling::Continuous => units.intake.status.setpoint,
                // P-101 runs while a batch is filled; the feed is averaged around what batches give in the long run.
                Settling::Batch => self.shape.nominal_flow * system::MINIMUM,
            },
            settled_level: units.sedimentation.settled_level(),
            settled_turbidity: units.sedimentation.inputs.settled_turbidity,
            relaxed: units.system.emergency_profile.relaxed(),
            water_temperature,
            wash_water: units.distribution.can_spare(wash_volume),
            wash_water_last: units.distribution.can_spare_last(wash_volume),
            chlorine_known: chlorine.chlorine.usable().is_some()
                || chlorine.outlet_chlorine.usable().is_some(),
            lift_stopped: !units.distribution.is_on(),
            // A tank that is being filled is filled first; before a storm it always is (R-2.14-03).
            lift_may_rest: tank_level.is_some_and(|level| level > ELEVATED_LOW)
                && !units.distribution.is_on()
                && !prepares,
            waste_level: units.waste.inputs.level,
            power_stable: units.power.is_stable(),
            holds: filtration::Holds {
                feed: self.holds.on(Column::FeedPump).and_if(self.lift_turn, Reason::LiftPumpFirst),
                wash: self.holds.on(Column::Wash),
                outlet: self.holds.on(Column::FilterOutlet),
                wash_inlet: self.holds.on(Column::WashInlet),
            },
            ripen_first: units.system.ripens_first(),
            run_time_max: units
                .hydrology
                .as_ref()
                .filter(|_| wash_early)
                .map(|hydrology| hydrology.settings.wash_after),
            reset: self.asked.reset,
            supervisor_reset: self.asked.supervisor_reset,
        };
        let mut reports = [filter::Report::default(); FILTERS_MAX];
        for (index, (filter, report)) in units.filter.iter_mut().zip(&mut reports).enumerate() {
            filter.scan(units.filtration.around_filter(index, &around), elapsed);
            *report = filter.report();
        }
        let reports = &reports[..units.filter.len().min(FILTERS_MAX)];
        units.filtration.scan(&around, reports, &mut self.stagger, elapsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::Shape;
    use crate::signal::{Fault, Signal};

    /// R-2.14-03, R-2.14-04: the elevated tank is topped up before a filter is washed for the storm; one of which nothing is
    /// known is not waited for.
    #[test]
    fn before_a_storm_the_elevated_tank_goes_before_the_wash() {
        for (level, full) in [
            (Signal::Good(Metres(2.05)), false),
            (Signal::Good(Metres(f64::NAN)), false),
            (Signal::Good(Metres(2.15)), true),
            (Signal::Bad(Fault::Stale), true),
        ] {
            let mut plant = Plant::new(&Shape::default());
            plant.units.distribution.status.tank_level = level;
            assert_eq!(plant.tank_is_topped_up(), full, "{level:?}");
        }
    }
}
