//! Static mixer and flocculation: `plant.md` 6.4.

use super::water::Water;

/// Width of the dose window, below and above the optimum, in ln of the ratio.
const WINDOW: (f64, f64) = (0.70, 1.10);
/// The weakest flow that still mixes, m³/h for the reference plant, and what is lost below it.
const MIXING: (f64, f64) = (1.5, 0.9);
/// Aluminium behind any dose, mg/l, and what each mg/l of an overdose leaves, 6.4.
const ALUMINIUM: f64 = 0.05;
const ALUMINIUM_PER_DOSE: f64 = 0.01;
/// Water above the weir runs off with this time constant, s. Chosen: a weir as wide as the tank.
const WEIR_S: f64 = 20.0;
/// The tank spills at this, of its volume.
const BRIM: f64 = 1.15;

/// D_opt, mg/l of PAC, at this turbidity (NTU), temperature (°C) and pH.
#[must_use]
pub fn optimal_dose(turbidity: f64, temperature: f64, ph: f64) -> f64 {
    let cold = 1.0 + 0.02 * (15.0 - temperature).max(0.0);
    let acidity = 1.0 + 0.35 * (libm::fabs(ph - 7.0) - 0.8).max(0.0);
    (3.2 + 1.24 * libm::sqrt(turbidity.max(0.0))) * cold * acidity
}

/// η_c: how much of what the best dose would do this dose does, 0 to 1.
#[must_use]
pub fn effectiveness(dose: f64, optimal: f64) -> f64 {
    if dose <= 0.0 || dose.is_nan() {
        return 0.0;
    }
    let distance = libm::log(dose / optimal);
    let width = if distance < 0.0 { WINDOW.0 } else { WINDOW.1 };
    libm::exp(-distance * distance / (2.0 * width * width))
}

/// A proxy of the aluminium that stays dissolved, mg/l, 6.4: more where more than half too much is dosed.
#[must_use]
pub fn residual_aluminium(dose: f64, optimal: f64) -> f64 {
    ALUMINIUM + ALUMINIUM_PER_DOSE * (dose / optimal - 1.5).max(0.0) * dose
}

/// Two cells in series behind the mixer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flocculation {
    pub nominal: f64,
    /// Both cells, m³.
    pub volume: f64,
    pub cells: [Water; 2],
    /// Dose of the water that enters now, mg/l; zero without flow.
    pub dose: f64,
    /// η_c of the water that enters now.
    pub effectiveness: f64,
    /// Aluminium that stays dissolved of the water that enters now, mg/l.
    pub aluminium: f64,
    /// m³ over the brim since the start.
    pub overflowed: f64,
}

impl Flocculation {
    #[must_use]
    pub fn new(nominal: f64, water: Water) -> Flocculation {
        Flocculation {
            nominal,
            volume: nominal,
            cells: [water; 2],
            dose: 0.0,
            effectiveness: 0.0,
            aluminium: ALUMINIUM,
            overflowed: 0.0,
        }
    }

    /// `raw` m³ of river water and `coagulant` g of PAC come in; answers what spilled. `demand` is the site's factor on
    /// D_opt, `flow` in m³/h, `scale` that of the plant.
    pub fn take_in(
        &mut self,
        raw: f64,
        river: &Water,
        coagulant: f64,
        conditions: &Conditions,
    ) -> f64 {
        let half = 0.5 * self.volume;
        // Less than a drop: the dose has no water to be counted in, it goes to the first cell.
        let flows = raw > 1.0e-9;
        self.dose = if flows { coagulant / raw } else { 0.0 };
        let mut water = *river;
        if flows {
            let optimal = optimal_dose(river.turbidity, conditions.temperature, conditions.ph);
            let optimal = optimal * conditions.demand;
            self.effectiveness = effectiveness(self.dose, optimal);
            self.aluminium = residual_aluminium(self.dose, optimal);
            if conditions.flow < MIXING.0 * conditions.scale {
                self.effectiveness *= MIXING.1;
            }
            water.add_coagulant(self.dose);
            water.coagulated = self.effectiveness;
        } else if coagulant > 0.0 && half > 0.0 {
            self.cells[0].add_coagulant(coagulant / half);
        }
        // The cells stay equal: half of what comes in goes on.
        let [first, second] = &mut self.cells;
        first.take_in(half, raw, &water);
        second.take_in(half, 0.5 * raw, first);
        self.volume += raw;
        let over = (self.volume - BRIM * self.nominal).max(0.0);
        self.pass(over);
        self.overflowed += over;
        over
    }

    /// So much leaves by the second cell, and half of it follows from the first.
    fn pass(&mut self, out: f64) {
        let [first, second] = &mut self.cells;
        second.take_in(0.5 * self.volume, 0.5 * out, first);
        self.volume -= out;
    }

    /// m³ that run over the weir in this time while an outlet is open.
    pub fn run_off(&mut self, seconds: f64) -> f64 {
        let above = (self.volume - self.nominal).max(0.0);
        let off = above * (seconds / WEIR_S).min(1.0);
        self.pass(off);
        off
    }

    /// g of dry matter in it.
    #[must_use]
    pub fn solids(&self) -> f64 {
        0.5 * self.volume * (self.cells[0].raw_solids() + self.cells[1].raw_solids())
    }

    /// Water at the outlet.
    #[must_use]
    pub fn outlet(&self) -> &Water {
        &self.cells[1]
    }
}

/// What coagulation depends on beside the dose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// °C.
    pub temperature: f64,
    pub ph: f64,
    /// m³/h.
    pub flow: f64,
    /// The site's factor on D_opt.
    pub demand: f64,
    /// Size of the plant against the reference.
    pub scale: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dose_table_is_near_the_optimum_in_warm_neutral_water() {
        for (turbidity, table) in [
            (5.0, 6.0),
            (10.0, 7.0),
            (20.0, 9.0),
            (50.0, 12.0),
            (100.0, 16.0),
            (500.0, 31.0),
            (1_000.0, 42.0),
        ] {
            let optimal = optimal_dose(turbidity, 25.0, 7.4);
            assert!((table / optimal - 1.0).abs() < 0.05, "{turbidity} NTU: {optimal}");
        }
        assert!(optimal_dose(10.0, 10.0, 7.4) > optimal_dose(10.0, 20.0, 7.4));
        assert!(optimal_dose(10.0, 20.0, 8.4) > optimal_dose(10.0, 20.0, 7.4));
    }

    #[test]
    fn too_little_hurts_more_than_too_much_and_nothing_does_nothing() {
        assert_eq!(effectiveness(0.0, 9.0), 0.0);
        assert_eq!(effectiveness(9.0, 9.0), 1.0);
        assert!(effectiveness(4.5, 9.0) < effectiveness(18.0, 9.0));
        assert!(effectiveness(f64::NAN, 9.0) == 0.0);
    }

    /// 6.4: 0.05 mg/l up to one and a half times the best dose; the guideline of 0.2 mg/l is passed beyond twice.
    #[test]
    fn aluminium_stays_in_the_water_of_an_overdose() {
        assert_eq!(residual_aluminium(10.0, 10.0), 0.05);
        assert_eq!(residual_aluminium(15.0, 10.0), 0.05);
        assert!((residual_aluminium(20.0, 10.0) - 0.15).abs() < 1.0e-12);
        assert!(residual_aluminium(25.0, 10.0) > 0.2);
    }
}
