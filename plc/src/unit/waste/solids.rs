//! Dry solids that lie in the waste tank until people remove them: sludge of the tanks, and what the filters caught.

use core::time::Duration;

use super::Around;
use crate::quantity::Kilograms;

/// Suspended solids in settled water, mg/l per NTU (`docs/spec/plant.md` 6.1).
const SOLIDS_PER_NTU: f64 = 1.6;
/// The estimate moves this often: what goes in is small.
const STEP: Duration = Duration::from_secs(60);
/// The estimate stops here; somebody has long forgotten to say that sludge was removed (chosen).
const MOST: Kilograms = Kilograms(9999.0);

/// What came in since the last step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Solids {
    since_step: Duration,
    sludge: f64,
}

impl Solids {
    /// The mass after this scan. What is not known adds nothing.
    pub fn add(&mut self, mass: Kilograms, around: &Around, elapsed: Duration) -> Kilograms {
        self.since_step = self.since_step.saturating_add(elapsed);
        if around.sludge > Kilograms::ZERO {
            self.sludge += around.sludge.0;
        }
        if self.since_step < STEP {
            return mass;
        }
        let hours = self.since_step.as_secs_f64() / 3600.0;
        let caught = around.feed.zip(around.settled, |feed, settled| feed.0 * settled.0);
        let caught = caught.usable().unwrap_or(0.0) * SOLIDS_PER_NTU * hours / 1000.0;
        let gained = self.sludge + if caught > 0.0 { caught } else { 0.0 };
        *self = Solids::default();
        Kilograms(mass.0 + gained).within(mass, MOST)
    }
}
