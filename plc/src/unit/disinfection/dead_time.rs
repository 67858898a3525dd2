//! How late AIT-401 tells what was dosed: long sample hoses are why trims oscillate (R-2.7.2-01).
//!
//! Seen at a start of dosing: the residual begins to rise so much later than the compartment alone would let it.

use core::time::Duration;

use super::{Around, Disinfection};
use crate::quantity::MilligramsPerLitre;

/// The start must raise the residual by so much to be seen, and has been seen at such a rise: three times the noise.
const RISE_MIN: f64 = 0.3;
const SEEN: MilligramsPerLitre = MilligramsPerLitre(0.1);
/// Longer than this it is no dead time (chosen: three times the longest of R-2.7.2-01).
const TIME_MAX: Duration = Duration::from_secs(1800);

/// What is remembered since dosing began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeadTime {
    from: Option<MilligramsPerLitre>,
    /// Share of the compartment replaced since.
    replaced: f64,
}

impl Disinfection {
    /// After the dose is known.
    pub(super) fn see_dead_time(&mut self, around: &Around, elapsed: Duration) {
        let residual = self.status.inlet_residual.good();
        if self.dosing_for <= elapsed {
            self.dead_time =
                DeadTime { from: residual.filter(|_| self.status.state.doses()), replaced: 0.0 };
            return;
        }
        let (Some(from), Some(residual)) = (self.dead_time.from, residual) else {
            self.dead_time.from = None;
            return;
        };
        let flow = around.filtered_flow.usable().unwrap_or_default();
        let replaced = flow.0 * elapsed.as_secs_f64() / 3600.0 / self.compartment(around).0;
        self.dead_time.replaced += replaced;
        let rise = (self.status.dose - self.status.demand - from).0;
        if !(rise >= RISE_MIN) || self.dosing_for > TIME_MAX {
            self.dead_time.from = None;
        } else if residual >= from + SEEN {
            // 1 - e^(-x) = seen/rise: the share of the compartment that must be replaced first, as a time at this flow.
            let needed = -libm::log(1.0 - SEEN.0 / rise) / self.dead_time.replaced;
            let alone = self.dosing_for.mul_f64(if needed < 1.0 { needed } else { 1.0 });
            self.retained.dead_time = self.dosing_for.saturating_sub(alone);
            self.dead_time.from = None;
        }
    }
}
