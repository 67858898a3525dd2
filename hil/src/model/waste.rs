//! Waste tank T-601: washings, filter-to-waste, sludge and drains; P-601 decants the clear part. `plant.md` 2.9 and 6.6.

use super::hydraulics::{Basin, Pace};
use super::parameters::TwinParameters;
use super::water::FINE_SOLIDS;

/// P-601 hangs from a float and takes the upper water, m³/h of the reference plant, down to this fill.
const DECANT: (f64, f64) = (3.0, 0.25);
/// What was washed off falls to the floor with this velocity, m/h. Chosen: half of fresh floc, it was torn by pump and air.
const SETTLING: f64 = 4.0;

/// The tank with what stands in its water and what lies on its floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WasteTank {
    pub basin: Basin,
    /// g of dry matter in its water.
    pub suspended: f64,
    /// g of dry matter on its floor.
    pub settled: f64,
    depth_m: f64,
    decant: f64,
}

impl WasteTank {
    #[must_use]
    pub fn new(parameters: &TwinParameters) -> WasteTank {
        let fill = parameters.start_waste_percent / 100.0;
        WasteTank {
            basin: Basin::new(parameters.waste_volume, 1.0, fill),
            suspended: 0.0,
            settled: 0.0,
            depth_m: parameters.waste_depth,
            decant: DECANT.0 * parameters.scale(),
        }
    }

    /// 0 to 1.
    #[must_use]
    pub fn fill(&self) -> f64 {
        self.basin.fill()
    }

    /// Of its water, NTU.
    #[must_use]
    pub fn turbidity(&self) -> f64 {
        if self.basin.volume > 0.0 { self.suspended / self.basin.volume / FINE_SOLIDS } else { 0.0 }
    }

    /// g of dry matter in it.
    #[must_use]
    pub fn solids(&self) -> f64 {
        self.suspended + self.settled
    }

    /// `volume` m³ with so many g of dry matter come in. Answers the m³ and g that ran over.
    pub fn take_in(&mut self, volume: f64, solids: f64) -> (f64, f64) {
        self.suspended += solids;
        let whole = self.basin.volume + volume;
        let over = self.basin.pour(volume);
        (over, self.carry_off(over, whole))
    }

    /// P-601: the m³ and g it takes.
    pub fn run_off(&mut self, pace: &Pace) -> (f64, f64) {
        let above = self.basin.volume - DECANT.1 * self.basin.area_m2 * self.basin.brim_m;
        let whole = self.basin.volume;
        let out = self.basin.draw(pace.volume(self.decant).min(above.max(0.0)));
        (out, self.carry_off(out, whole))
    }

    fn carry_off(&mut self, out: f64, whole: f64) -> f64 {
        if out <= 0.0 {
            return 0.0;
        }
        let taken = self.suspended * out / whole;
        self.suspended -= taken;
        taken
    }

    /// A minute of settling.
    pub fn settle(&mut self) {
        let depth = (self.depth_m * self.fill()).max(0.1);
        let fallen = self.suspended * (SETTLING / 60.0 / depth).min(1.0);
        self.suspended -= fallen;
        self.settled += fallen;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn washings_are_mud_at_first_and_clear_enough_to_decant_within_the_hour() {
        let mut tank = WasteTank::new(&TwinParameters::default());
        // Half a kilogram on half a square metre of sand, in three cubic metres.
        tank.take_in(3.0, 250.0);
        let fresh = tank.turbidity();
        assert!((30.0..60.0).contains(&fresh), "{fresh} NTU");
        for _ in 0..60 {
            tank.settle();
        }
        assert!(tank.turbidity() < 0.1 * fresh, "{} NTU", tank.turbidity());
        let (pace, mut out) = (Pace::new(1.0), 0.0);
        for _ in 0..7_200 {
            out += tank.run_off(&pace).1;
        }
        assert!((tank.fill() - 0.25).abs() < 1.0e-9);
        assert!((tank.solids() + out - 250.0).abs() < 1.0e-9);
    }
}
