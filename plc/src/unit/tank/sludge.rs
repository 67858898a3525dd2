//! How much sludge lies in the hopper: an estimate from what settles and what is drawn (R-2.5-04).

use core::time::Duration;

use crate::quantity::{CubicMetresPerHour, Kilograms, MilligramsPerLitre, Ntu};
use crate::signal::Signal;

/// Suspended solids in raw water, mg/l per NTU (`docs/spec/plant.md` 6.1).
const SOLIDS_PER_NTU: f64 = 1.6;
/// Solids that a mg of PAC makes (`docs/spec/plant.md` 6.5).
const SOLIDS_PER_COAGULANT: f64 = 0.3;
/// Dry solids in a m³ of sludge, kg: 1.5 % by mass (`docs/spec/plant.md` 6.5).
const SLUDGE_STRENGTH: f64 = 15.0;
/// Through the open valve with P-205, m³/h of a reference tank (`docs/spec/plant.md` 6.5).
const DRAWN_FLOW: f64 = 3.0;
/// What a sludge pipe leaves behind, kg of a reference tank (`docs/spec/plant.md` 6.5).
const HEEL: f64 = 0.3;
/// More than this no hopper holds, kg of a reference tank (chosen; 0.6 m³ of it are 9 kg).
const MOST: f64 = 60.0;
/// The estimate moves this often (class C, R-2.0-01).
const STEP: Duration = Duration::from_secs(1);
/// Settled water that nobody measures counts as this, NTU: none of the solids leave with it to speak of (chosen).
const SETTLED_UNKNOWN: Ntu = Ntu(1.0);

/// What flows into a tank, and what it carries.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The tank's share of the raw water.
    pub flow: CubicMetresPerHour,
    /// What the dose is decided on.
    pub raw: Signal<Ntu>,
    pub settled: Signal<Ntu>,
    pub dose: MilligramsPerLitre,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            flow: CubicMetresPerHour::ZERO,
            raw: Signal::default(),
            settled: Signal::default(),
            dose: MilligramsPerLitre::ZERO,
        }
    }
}

impl Load {
    /// Dry solids that stay in the tank, g/m³. Nothing is known of them without the raw turbidity.
    fn solids(&self) -> f64 {
        let Some(raw) = self.raw.shown() else { return 0.0 };
        let settled = self.settled.usable().unwrap_or(SETTLED_UNKNOWN).or_less(raw);
        SOLIDS_PER_NTU * (raw.0 - settled.0) + SOLIDS_PER_COAGULANT * self.dose.0
    }
}

/// The estimate's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sludge {
    since_step: Duration,
    drawing: Duration,
    /// Drawn in this step, kg: what goes to the waste tank.
    pub drawn: Kilograms,
}

impl Sludge {
    /// The mass in a tank of this scale after this scan. It is drawn only while the valve is proven open and P-205 runs.
    pub fn estimate(
        &mut self,
        mass: Kilograms,
        load: &Load,
        drawing: bool,
        scale: f64,
        elapsed: Duration,
    ) -> Kilograms {
        self.drawn = Kilograms::ZERO;
        self.since_step = self.since_step.saturating_add(elapsed);
        if drawing {
            self.drawing = self.drawing.saturating_add(elapsed);
        }
        if self.since_step < STEP {
            return mass;
        }
        let hours = self.since_step.as_secs_f64() / 3600.0;
        let gained = load.flow.0 * hours * load.solids() / 1000.0;
        let drawn = DRAWN_FLOW * scale * SLUDGE_STRENGTH * self.drawing.as_secs_f64() / 3600.0;
        self.since_step = Duration::ZERO;
        self.drawing = Duration::ZERO;
        let full = if gained >= 0.0 { Kilograms(mass.0 + gained) } else { mass };
        let heel = Kilograms(HEEL * scale).or_less(full);
        let left = Kilograms(full.0 - drawn).within(heel, Kilograms(MOST * scale));
        self.drawn = Kilograms(full.0 - left.0).within(Kilograms::ZERO, Kilograms(drawn));
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after_h(mut mass: Kilograms, hours: f64, load: Load, drawing: bool, scale: f64) -> f64 {
        let mut sludge = Sludge::default();
        for _ in 0..(hours * 3600.0) as u32 {
            mass = sludge.estimate(mass, &load, drawing, scale, SECOND);
        }
        mass.0
    }

    /// R-2.5-04: 2.5 m³/h of 500 NTU with 31 mg/l are two kilograms an hour; P-205 draws 45 kg/h of thick sludge; what is
    /// not known adds nothing, and no reading makes it less.
    #[test]
    fn sludge_grows_with_what_settles_and_goes_with_what_is_drawn() {
        let load = Load {
            flow: CubicMetresPerHour(2.5),
            raw: Signal::Good(Ntu(500.0)),
            settled: Signal::Good(Ntu(4.0)),
            dose: MilligramsPerLitre(31.0),
        };
        let empty = Kilograms::ZERO;
        let grown = after_h(empty, 3.0, load, false, 1.0);
        assert!((grown - 3.0 * 2.5 * (1.6 * 496.0 + 9.3) / 1000.0).abs() < 0.01, "{grown}");
        let still = Load { flow: CubicMetresPerHour::ZERO, ..load };
        let drawn = after_h(Kilograms(6.0), 1.0 / 60.0, still, true, 1.0);
        assert!((drawn - (6.0 - 0.75)).abs() < 0.01, "{drawn}");
        assert_eq!(after_h(Kilograms(6.0), 1.0, still, true, 1.0), 0.3);
        assert_eq!(after_h(Kilograms(6.0), 1.0, still, true, 2.0), 0.6);
        assert_eq!(after_h(Kilograms(0.1), 1.0, still, true, 1.0), 0.1, "never more by drawing");
        for raw in [Signal::Bad(crate::signal::Fault::Stale), Signal::Good(Ntu(f64::NAN))] {
            assert_eq!(after_h(Kilograms(2.0), 1.0, Load { raw, ..load }, false, 1.0), 2.0);
        }
        let nan = Load { flow: CubicMetresPerHour(f64::NAN), ..load };
        assert_eq!(after_h(Kilograms(2.0), 1.0, nan, false, 1.0), 2.0);
    }

    #[test]
    fn the_step_of_the_estimate_does_not_depend_on_the_period_of_the_scan() {
        let load = Load {
            flow: CubicMetresPerHour(2.5),
            raw: Signal::Good(Ntu(100.0)),
            settled: Signal::Good(Ntu(1.0)),
            dose: MilligramsPerLitre(16.0),
        };
        let run = |millis: u64| {
            let (mut sludge, mut mass) = (Sludge::default(), Kilograms(1.0));
            for _ in 0..3_600_000 / millis {
                mass = sludge.estimate(mass, &load, false, 1.0, Duration::from_millis(millis));
            }
            mass.0
        };
        assert!((run(100) - run(10_000)).abs() < 0.01);
    }
}
