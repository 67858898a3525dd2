//! What survives a restart, by path: retained values, settings set since, alarm states.

use core::time::Duration;

use super::Plant;
use crate::publish::{Keep, Restore};
use crate::quantity::Grams;
use crate::reason::{Reason, Reasons};
use crate::tag::Row;

impl Plant {
    /// Hands out each retained value and alarm state with its row, for the journal.
    pub fn keep(&mut self, keep: impl FnMut(&Row, f64)) {
        let Plant { units, catalogue, alarms, .. } = self;
        units.visit(&mut Keep::new(&catalogue.rows, alarms, keep));
    }

    /// Takes up what was kept, by row, before the first scan; how many settings no longer fit their range. `age` is how long
    /// ago it was kept, unknown when the clock cannot say: then nothing starts by itself.
    pub fn restore(
        &mut self,
        kept: impl FnMut(&Row) -> Option<f64>,
        age: Option<Duration>,
    ) -> usize {
        let Plant { units, catalogue, alarms, .. } = self;
        let mut restore = Restore::new(&catalogue.rows, alarms, kept, age);
        units.visit(&mut restore);
        let refused = restore.refused;
        let coagulant = &units.coagulation.retained;
        let chlorine = &units.disinfection.retained;
        let sound = |mass: Grams| mass.within(Grams(0.0), Grams(1e6));
        let system = &units.system.retained;
        // Which of its caps a guard had reached is not kept: the shorter one names it.
        let stopped = |latched| Reasons::NONE.and_if(latched, Reason::HourlyCapReached);
        self.coagulant_guard.restore(
            sound(coagulant.mass_hour),
            sound(coagulant.mass_day),
            stopped(system.coagulant_cap_latched),
        );
        self.chlorine_guard.restore(
            sound(chlorine.mass_hour),
            sound(chlorine.mass_day),
            stopped(system.chlorine_cap_latched),
        );
        self.causes.restore(
            Reasons::NONE
                .and_if(system.wet_well_latched, Reason::WetWellEmptyTooOften)
                .and_if(system.turbidity_latched, Reason::FilteredWaterTurbid)
                .and_if(system.chlorine_latched, Reason::ChlorineDangerous)
                .and_if(system.outlet_latched, Reason::OutletNotProvenClosed),
        );
        units.disinfection.restored(age);
        units.system.restored(age);
        units.tank.iter_mut().for_each(|tank| tank.restored(age));
        refused
    }

    /// Writes down the latches of this scan, for the next start.
    pub(super) fn remember_latches(&mut self) {
        let latched = self.causes.latched();
        let retained = &mut self.units.system.retained;
        retained.wet_well_latched = latched.has(Reason::WetWellEmptyTooOften);
        retained.turbidity_latched = latched.has(Reason::FilteredWaterTurbid);
        retained.chlorine_latched = latched.has(Reason::ChlorineDangerous);
        retained.outlet_latched = latched.has(Reason::OutletNotProvenClosed);
        retained.coagulant_cap_latched = self.coagulant_guard.has_stopped();
        retained.chlorine_cap_latched = self.chlorine_guard.has_stopped();
    }
}
