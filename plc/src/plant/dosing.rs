//! The dosing guards, last before the outputs.

use core::time::Duration;

use super::Plant;
use crate::guard;
use crate::quantity::{Grams, GramsPerLitre, Millilitres};

/// Dosing guard: PAC below 0.8 m³/h of 5 (INV-6), hypochlorite below 0.3 (INV-7) never.
const RAW_FLOW_MIN: f64 = 0.16;
const FILTERED_FLOW_MIN: f64 = 0.06;
/// Stock that the guard believes at least: the recipes of `docs/spec/plant.md` 2.4 and 2.7.1. Who mixes weaker is reckoned
/// stronger; who says weaker gets no more through.
const PAC_STOCK: GramsPerLitre = GramsPerLitre(50.0);
const CHLORINE_STOCK: GramsPerLitre = GramsPerLitre(10.0);
/// Volume of a stroke that the guard believes at least: the pumps of `docs/spec/plant.md` 1.3, at 5 m³/h.
const PAC_STROKE: Millilitres = Millilitres(0.93);
const CHLORINE_STROKE: Millilitres = Millilitres(0.46);
/// Most within a mixing time, at 5 m³/h. PAC: twice the highest dose, 60 mg/l, at full flow. Chlorine: 2 g raise the 1 m³ of the
/// inlet compartment by 2 mg/l, half of what is dangerous; a priming at the recipe's strength takes 0.8 g.
const PAC_DOSE: Grams = Grams(10.0);
const CHLORINE_DOSE: Grams = Grams(2.0);

impl Plant {
    /// The dosing guards: nothing gets past them.
    pub(super) fn guard(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        // Caps are written for 5 m³/h and scale with the site's nominal flow (`docs/spec/contracts.md`), and so do pumps.
        let scale = nominal.0 / 5.0;
        let storage_ok = self.units.system.inputs.storage_ok.closed();
        let reset = self.asked.reset;
        let flow = self.units.intake.status.raw_flow;
        // The stronger of what people set and what was mixed.
        let told = self.units.chemicals.coagulant.told(self.units.coagulation.settings.stock);
        let unit = &mut self.units.coagulation;
        let limits = guard::Limits {
            stock: unit.settings.stock.or_more(told.strength),
            stock_least: PAC_STOCK,
            stroke: unit.settings.stroke,
            stroke_least: PAC_STROKE * scale,
            dose_cap: PAC_DOSE * scale,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * RAW_FLOW_MIN,
        };
        let proof = guard::Proof { flow, priming: false, storage_ok, reset };
        unit.guard.hold(&mut unit.doser, &limits, &proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = unit.guard.masses();

        let flow = self.units.filtration.status.filtered_flow;
        let told = self.units.chemicals.chlorine.told(self.units.disinfection.settings.stock);
        let unit = &mut self.units.disinfection;
        let limits = guard::Limits {
            stock: unit.settings.stock.or_more(told.strength),
            stock_least: CHLORINE_STOCK,
            stroke: unit.settings.stroke,
            stroke_least: CHLORINE_STROKE * scale,
            dose_cap: CHLORINE_DOSE * scale,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * FILTERED_FLOW_MIN,
        };
        let priming = unit.primes_still_water();
        let proof = guard::Proof { flow, priming, storage_ok, reset };
        unit.guard.hold(&mut unit.doser, &limits, &proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = unit.guard.masses();
    }
}
