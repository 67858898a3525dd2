//! The key values of a run, sampled, for its plots.

use std::time::Duration;

use crate::Truth;
use crate::closed_loop::ClosedLoop;

/// A curve.
#[derive(Clone, Copy)]
pub struct Curve {
    pub name: &'static str,
    /// The plot it stands in, with its unit.
    pub plot: &'static str,
    of: fn(&Truth) -> f64,
}

const fn curve(plot: &'static str, name: &'static str, of: fn(&Truth) -> f64) -> Curve {
    Curve { name, plot, of }
}

/// What is drawn of every run: the truth, from river to tap.
pub const CURVES: [Curve; 17] = [
    curve("turbidity, NTU (log)", "raw", |t| t.raw_turbidity.0),
    curve("turbidity, NTU (log)", "settled", |t| t.settled_turbidity.0),
    curve("turbidity, NTU (log)", "filtered", |t| t.combined_turbidity.0),
    curve("turbidity, NTU (log)", "delivered", |t| t.outlet_turbidity.0),
    curve("chlorine, mg/l; ratio", "delivered", |t| t.outlet_chlorine.0),
    curve("chlorine, mg/l; ratio", "at the tap", |t| t.tap_chlorine.0),
    curve("chlorine, mg/l; ratio", "inactivation", |t| t.inactivation_ratio.0.min(5.0)),
    curve("flow, m³/h", "raw", |t| t.raw_flow.0),
    curve("flow, m³/h", "filtered", |t| t.produced_flow.0),
    curve("flow, m³/h", "wash", |t| t.wash_flow.0),
    curve("flow, m³/h", "lifted", |t| t.lift_flow.0),
    curve("flow, m³/h", "village", |t| t.village_flow.0),
    curve("level, m", "wet well", |t| t.wet_well_level.0),
    curve("level, m", "clear well", |t| t.clear_well_level.0),
    curve("level, m", "elevated", |t| t.elevated_level.0),
    curve("fill, %", "settled tank", |t| t.settled_level.0),
    curve("fill, %", "waste tank", |t| t.waste_level.0),
];

/// Samples of one run at most: a plot has no more dots than a screen.
const SAMPLES_MAX: usize = 4_000;

/// The samples.
#[derive(Clone, Debug)]
pub struct Trace {
    every: Duration,
    next: Duration,
    pub times: Vec<Duration>,
    pub values: Vec<[f32; CURVES.len()]>,
}

impl Trace {
    #[must_use]
    pub fn new(every: Duration) -> Trace {
        Trace { every, next: Duration::ZERO, times: Vec::new(), values: Vec::new() }
    }

    pub fn sample(&mut self, plant: &ClosedLoop) {
        if plant.passed() < self.next {
            return;
        }
        if self.times.len() >= SAMPLES_MAX {
            self.thin();
        }
        self.next = plant.passed() + self.every;
        self.times.push(plant.passed());
        self.values.push(CURVES.map(|curve| (curve.of)(plant.truth()) as f32));
    }

    /// Every second sample goes, and from now on they come half as often.
    fn thin(&mut self) {
        let mut place = 0;
        self.times.retain(|_| {
            place += 1;
            place % 2 == 1
        });
        let mut place = 0;
        self.values.retain(|_| {
            place += 1;
            place % 2 == 1
        });
        self.every *= 2;
    }
}
