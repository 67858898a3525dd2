//! Clear well with its inlet compartment, chlorine demand and decay: `plant.md` 6.8 and 6.9.

use super::hydraulics::{Basin, Pace};
use super::parameters::TwinParameters;
use super::water::{FINE_SOLIDS, Water};

/// Share of the dose that reacts at once.
const INSTANT: f64 = 0.25;
/// At once used: mg/l per mg/l of organic carbon, and per NTU above the third.
const PER_CARBON: f64 = 0.10;
const PER_NTU: f64 = 0.1;
const CLEAR_NTU: f64 = 0.3;
/// mg of chlorine that a mg of ammonia nitrogen binds before any is free: one and a half Cl₂ to an N, by mass. `plant.md` 6.9.
const BREAKPOINT: f64 = 7.6;
/// Slow decay, 1/h per mg/l of organic carbon at 20 °C, and its growth per °C.
const DECAY: f64 = 0.020;
const DECAY_GROWTH: f64 = 1.07;
/// Decay in the elevated tank against that in the clear well.
pub const ELEVATED_DECAY: f64 = 0.8;

/// k_s, 1/h.
#[must_use]
pub fn decay_rate(organic_carbon: f64, temperature: f64) -> f64 {
    DECAY * organic_carbon * libm::pow(DECAY_GROWTH, temperature - 20.0)
}

/// Inlet compartment and main volume, the main one as equal compartments in series.
#[derive(Clone, Debug, PartialEq)]
pub struct ClearWell {
    pub inlet: Water,
    pub inlet_volume: f64,
    pub basin: Basin,
    pub compartments: Box<[Water]>,
    /// g that reacted at once or decayed since the start.
    pub used: f64,
    /// Dose of the water that enters now, mg/l.
    pub dose: f64,
    /// What else in the water eats chlorine at once, mg/l: a spill, ammonia, a weak batch.
    pub spoiled: f64,
    /// Ammonia of the water, mg/l as N.
    pub ammonia: f64,
}

impl ClearWell {
    #[must_use]
    pub fn new(parameters: &TwinParameters, water: Water) -> ClearWell {
        let count = parameters.clear_well_compartments.max(1);
        ClearWell {
            inlet: water,
            inlet_volume: parameters.inlet_volume,
            basin: Basin::new(
                parameters.clear_well_area,
                parameters.clear_well_brim,
                parameters.start_clear_well,
            ),
            compartments: vec![water; count].into_boxed_slice(),
            used: 0.0,
            dose: 0.0,
            spoiled: 0.0,
            ammonia: parameters.ammonia,
        }
    }

    /// `filtered` m³ with `hypochlorite` g of chlorine come in. Answers the m³ that ran over, at the outlet's quality.
    pub fn take_in(
        &mut self,
        filtered: f64,
        water: &Water,
        hypochlorite: f64,
        organic_carbon: f64,
    ) -> f64 {
        self.dose = if filtered > 1.0e-9 { hypochlorite / filtered } else { 0.0 };
        // What stands in the compartment mixes with what comes; then the dose reacts.
        let water = Water { chlorine: 0.0, ..*water };
        let whole = self.inlet_volume + filtered;
        let had = self.inlet.chlorine * self.inlet_volume;
        self.inlet.take_in(self.inlet_volume, filtered, &water);
        let instant = INSTANT * hypochlorite
            + filtered
                * (PER_CARBON * organic_carbon
                    + PER_NTU * (water.turbidity - CLEAR_NTU).max(0.0)
                    + BREAKPOINT * self.ammonia
                    + self.spoiled);
        let used = instant.min(had + hypochlorite);
        self.inlet.chlorine = (had + hypochlorite - used) / whole;
        self.used += used;
        if filtered <= 0.0 {
            return 0.0;
        }
        self.pass(filtered, 0.0);
        self.basin.pour(filtered)
    }

    /// Takes at most `wanted` m³ from the outlet end; answers what there was, at the outlet's quality after it.
    pub fn draw(&mut self, wanted: f64) -> f64 {
        let drawn = wanted.clamp(0.0, self.basin.volume);
        if drawn > 0.0 {
            self.pass(0.0, drawn);
            self.basin.draw(drawn);
        }
        drawn
    }

    /// Moves water from compartment to compartment so that all keep equal volumes.
    fn pass(&mut self, incoming: f64, outgoing: f64) {
        let count = self.compartments.len() as f64;
        let held = self.basin.volume / count;
        let grows = (incoming - outgoing) / count;
        let mut through = incoming;
        let mut upstream = self.inlet;
        for compartment in &mut self.compartments {
            compartment.take_in(held, through, &upstream);
            upstream = *compartment;
            through -= grows;
        }
    }

    /// A step of slow decay at this rate, 1/h.
    pub fn decay(&mut self, pace: &Pace, rate: f64) {
        // Over one step the exponential is its first terms: kΔt stays below 1e-4.
        let x = rate * pace.hours;
        let lost = x - 0.5 * x * x;
        let mut used = self.inlet.chlorine * self.inlet_volume * lost;
        self.inlet.chlorine -= self.inlet.chlorine * lost;
        let held = self.basin.volume / self.compartments.len() as f64;
        for compartment in &mut self.compartments {
            used += compartment.chlorine * held * lost;
            compartment.chlorine -= compartment.chlorine * lost;
        }
        self.used += used;
    }

    /// Water at the suction of P-501, where AIT-403 samples.
    #[must_use]
    pub fn outlet(&self) -> &Water {
        self.compartments.last().unwrap_or(&self.inlet)
    }

    /// g of free chlorine in it.
    #[must_use]
    pub fn chlorine_held(&self) -> f64 {
        let held = self.basin.volume / self.compartments.len() as f64;
        let main: f64 = self.compartments.iter().map(|water| water.chlorine * held).sum();
        main + self.inlet.chlorine * self.inlet_volume
    }

    /// g of dry matter in it.
    #[must_use]
    pub fn solids_held(&self) -> f64 {
        let held = self.basin.volume / self.compartments.len() as f64;
        let main: f64 = self.compartments.iter().map(|water| water.turbidity * held).sum();
        FINE_SOLIDS * (main + self.inlet.turbidity * self.inlet_volume)
    }

    /// m³ of water in it.
    #[must_use]
    pub fn held(&self) -> f64 {
        self.inlet_volume + self.basin.volume
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well(compartments: usize) -> ClearWell {
        let parameters =
            TwinParameters { clear_well_compartments: compartments, ..TwinParameters::default() };
        ClearWell::new(&parameters, Water::default())
    }

    /// V-6.15-09: a tenth of a tracer has left after this share of the mean residence time.
    #[test]
    fn compartments_in_series_hold_water_back_as_published() {
        for (count, share) in [
            (1, 0.105),
            (2, 0.266),
            (3, 0.367),
            (4, 0.436),
            (5, 0.487),
            (6, 0.525),
            (8, 0.582),
            (10, 0.622),
            (15, 0.687),
            (20, 0.726),
            (30, 0.774),
        ] {
            let mut well = well(count);
            let traced = Water { alkalinity: 1.0, ..Water::default() };
            well.inlet = traced;
            let volume = well.basin.volume;
            let step = volume / 40_000.0;
            let mut through = 0.0;
            while well.outlet().alkalinity < 0.1 {
                well.inlet = traced;
                well.draw(step);
                well.take_in(step, &traced, 0.0, 0.0);
                through += step;
            }
            let found = through / volume;
            assert!((found - share).abs() < 0.003, "{count} compartments: {found}");
        }
    }

    /// V-6.15-11: points of the EPA equation for coagulated water: dose 1.5 mg/l, organic carbon 2 mg/l, 20 °C.
    #[test]
    fn chlorine_falls_as_the_epa_model_says() {
        let mut well = well(1);
        let pace = Pace::new(1.0);
        let after_dosing = 1.5 - INSTANT * 1.5 - PER_CARBON * 2.0;
        well.inlet.chlorine = after_dosing;
        let mut hours = 0.0;
        for (at, published) in
            [(0.25, 1.01), (0.5, 0.97), (1.0, 0.92), (2.0, 0.84), (4.0, 0.72), (8.0, 0.57)]
        {
            while hours < at {
                well.decay(&pace, decay_rate(2.0, 20.0));
                hours += pace.hours;
            }
            let found = well.inlet.chlorine;
            assert!((found / published - 1.0).abs() < 0.25, "{at} h: {found} mg/l");
        }
    }

    /// 6.9: below the breakpoint nothing is free; beyond it only what is beyond.
    #[test]
    fn ammonia_takes_its_chlorine_before_any_is_free() {
        let free = |ammonia, dose: f64| {
            let mut well = ClearWell::new(
                &TwinParameters { ammonia, start_chlorine: 0.0, ..TwinParameters::default() },
                Water::default(),
            );
            well.inlet_volume = 1.0e-9;
            well.take_in(1.0, &Water::default(), dose, 2.0);
            (well.inlet.chlorine, well.used)
        };
        let (without, with) = (free(0.0, 3.0), free(0.1, 3.0));
        assert!((without.0 - with.0 - 0.76).abs() < 1.0e-6, "{without:?} {with:?}");
        let bound = free(0.5, 3.0);
        assert!(bound.0 < 1.0e-6 && (bound.1 - 3.0).abs() < 1.0e-6, "{bound:?}");
    }

    #[test]
    fn every_gram_of_chlorine_is_accounted_for() {
        let mut well = well(3);
        let pace = Pace::new(1.0);
        let (began, mut dosed, mut let_out) = (well.chlorine_held(), 0.0, 0.0);
        for second in 0..20_000 {
            let filtered = if second % 7_000 < 5_000 { pace.volume(5.0) } else { 0.0 };
            let water = Water { turbidity: 0.5, ..Water::default() };
            let over = well.take_in(filtered, &water, filtered * 1.5, 2.0);
            dosed += filtered * 1.5;
            let_out += over * well.outlet().chlorine;
            let drawn = well.draw(if second % 3_000 < 2_000 { pace.volume(6.0) } else { 0.0 });
            let_out += drawn * well.outlet().chlorine;
            well.decay(&pace, 0.05);
        }
        assert!(dosed > 20.0 && let_out > 1.0);
        let missing = well.chlorine_held() - began - (dosed - well.used - let_out);
        assert!(missing.abs() < 1.0e-9 * dosed, "{missing} g");
    }
}
