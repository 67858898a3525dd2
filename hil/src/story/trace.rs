//! The key values of a run, sampled, for its plots.

use std::time::Duration;

use super::seen::Seen;
use crate::Truth;

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
pub const CURVES: [Curve; 25] = [
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
    curve("head loss, kPa", "filter 1", |t| loss(t, 0)),
    curve("head loss, kPa", "filter 2", |t| loss(t, 1)),
    curve("head loss, kPa", "filter 3", |t| loss(t, 2)),
    curve("head loss, kPa", "filter 4", |t| loss(t, 3)),
    curve("head loss, kPa", "filter 5", |t| loss(t, 4)),
    curve("head loss, kPa", "filter 6", |t| loss(t, 5)),
    curve("dose, mg/l", "PAC", |t| t.coagulant_dose.0),
    curve("dose, mg/l", "chlorine", |t| t.chlorine_dose.0),
];

/// Not a number where the plant has no such filter.
fn loss(truth: &Truth, filter: usize) -> f64 {
    truth.filters.get(filter).map_or(f64::NAN, |filter| filter.head_loss.0)
}

/// Samples of one run at most: a plot has no more dots than a screen.
const SAMPLES_MAX: usize = 4_000;

/// What a state machine of the plant did: from when on in which state.
pub type States = Vec<(Duration, &'static str)>;

/// The samples.
#[derive(Clone, Debug)]
pub struct Trace {
    every: Duration,
    next: Duration,
    pub times: Vec<Duration>,
    pub values: Vec<[f32; CURVES.len()]>,
    /// Of each filter, as sampled.
    pub filters: Vec<States>,
}

impl Trace {
    #[must_use]
    pub fn new(every: Duration) -> Trace {
        let (times, values, filters) = (Vec::new(), Vec::new(), Vec::new());
        Trace { every, next: Duration::ZERO, times, values, filters }
    }

    pub fn sample(&mut self, passed: Duration, seen: &Seen<'_>) {
        if passed < self.next {
            return;
        }
        if self.times.len() >= SAMPLES_MAX {
            self.thin();
        }
        self.next = passed + self.every;
        self.times.push(passed);
        self.values.push(CURVES.map(|curve| (curve.of)(seen.truth) as f32));
        self.filters.resize(seen.truth.filters.len(), States::new());
        for (place, states) in self.filters.iter_mut().enumerate() {
            let state = seen.state(&format!("filter{}.state", place + 1)).unwrap_or("?");
            // As many changes as samples: a filter changes far less often.
            if states.last().is_none_or(|(_, last)| *last != state) && states.len() < SAMPLES_MAX {
                states.push((passed, state));
            }
        }
    }

    /// State of a filter at this time.
    #[must_use]
    pub fn filter_at(&self, filter: usize, time: Duration) -> &'static str {
        let states = self.filters.get(filter).map_or(&[][..], |states| states);
        let after = states.partition_point(|(at, _)| *at <= time);
        states.get(after.saturating_sub(1)).map_or("?", |(_, state)| state)
    }

    /// A curve by its place: seconds and values.
    #[must_use]
    pub fn points(&self, place: usize) -> Vec<(f64, f64)> {
        let points = self.times.iter().zip(&self.values);
        points.map(|(at, row)| (at.as_secs_f64(), f64::from(row[place]))).collect()
    }

    /// The last sample not after this time.
    #[must_use]
    pub fn at(&self, time: Duration) -> Option<&[f32; CURVES.len()]> {
        let after = self.times.partition_point(|at| *at <= time);
        self.values.get(after.saturating_sub(1))
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
