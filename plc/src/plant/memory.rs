//! What survives a restart, by path: retained values, settings set since, alarm states.

use core::time::Duration;

use super::Plant;
use crate::publish::{Keep, Restore};
use crate::quantity::Grams;
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
        let mut restore = Restore::new(&catalogue.rows, alarms, kept);
        units.visit(&mut restore);
        let refused = restore.refused;
        let coagulant = &units.coagulation.retained;
        let chlorine = &units.disinfection.retained;
        let sound = |mass: Grams| mass.within(Grams(0.0), Grams(1e6));
        self.coagulant_guard.restore(sound(coagulant.mass_hour), sound(coagulant.mass_day));
        self.chlorine_guard.restore(sound(chlorine.mass_hour), sound(chlorine.mass_day));
        units.system.restored(age);
        refused
    }
}
