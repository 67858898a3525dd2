//! The dosing guards, last before the outputs.

use core::time::Duration;

use super::Plant;
use crate::guard;

/// Dosing guard: PAC below 0.8 m³/h of 5 (INV-6), hypochlorite below 0.3 (INV-7) never.
const RAW_FLOW_MIN: f64 = 0.16;
const FILTERED_FLOW_MIN: f64 = 0.06;

impl Plant {
    /// The dosing guards: nothing gets past them.
    pub(super) fn guard(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        // Caps are written for 5 m³/h and scale with the site's nominal flow (`docs/spec/contracts.md`).
        let scale = nominal.0 / 5.0;
        let storage_ok = self.units.system.inputs.storage_ok.closed();
        let reset = self.asked.reset;
        let flow = self.units.intake.status.raw_flow;
        let unit = &mut self.units.coagulation;
        let limits = guard::Limits {
            stock: unit.settings.stock,
            stroke: unit.settings.stroke,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * RAW_FLOW_MIN,
        };
        let proof = guard::Proof { flow, priming: false, storage_ok, reset };
        self.coagulant_guard.hold(&mut unit.doser, limits, proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = self.coagulant_guard.masses();

        let flow = self.units.filtration.status.filtered_flow;
        let unit = &mut self.units.disinfection;
        let limits = guard::Limits {
            stock: unit.settings.stock,
            stroke: unit.settings.stroke,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * FILTERED_FLOW_MIN,
        };
        let priming = unit.primes_still_water();
        let proof = guard::Proof { flow, priming, storage_ok, reset };
        self.chlorine_guard.hold(&mut unit.doser, limits, proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = self.chlorine_guard.masses();
    }
}
