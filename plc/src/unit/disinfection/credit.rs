//! What filtration leaves to disinfection, and the contact time of the report. `docs/spec/plant.md` 2.7.4.

use core::time::Duration;

use super::Disinfection;
use crate::block::Seen;
use crate::contact_time::Contact;
use crate::quantity::{CubicMetresPerHour, Ntu, Ratio};
use crate::signal::Signal;

/// Water above this into the clear well costs the credit of filtration for so long, and asks of disinfection alone what
/// filtration was credited with (R-2.7.4-01).
const CREDIT_LOST: Ntu = Ntu(1.0);
pub const CREDIT_TIME: Duration = Duration::from_secs(4 * 3600);
const GIARDIA_ALONE: Ratio = Ratio(3.0);
const VIRUS_ALONE: Ratio = Ratio(4.0);
/// Seen for so long: three polls. A single spike is none (F23); the trip of the table waits 60 s (chosen, sooner than that).
const CREDIT_LOST_AFTER: Duration = Duration::from_secs(15);
/// The report takes the largest ten-minute mean of the last hour.
const MEANS: usize = 6;
const MEAN_TIME: Duration = Duration::from_secs(600);
/// Contact time is computed this often for the report (R-2.7.4-05).
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// What is remembered of the last hour's flow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    means: [f64; MEANS],
    at: usize,
    /// m³ since the last mean.
    passed: f64,
    time: Duration,
    since: Duration,
}

impl Disinfection {
    /// Filtration loses its credit, or wins it back. Taken before the causes.
    pub fn judge_credit(&mut self, entering: Option<Signal<Ntu>>, elapsed: Duration) {
        self.retained.credit_left = self.retained.credit_left.saturating_sub(elapsed);
        // What nobody knows is for the filters to stop; here only what is known counts.
        let turbid = entering.map_or(Seen::No, |turbidity| turbidity.seen_above(CREDIT_LOST));
        if self.turbid.holds(turbid, CREDIT_LOST_AFTER, elapsed) {
            self.retained.credit_left = CREDIT_TIME;
        }
    }

    /// Logs of Giardia and of viruses that disinfection must reach, where these are asked of it beside filtration.
    #[must_use]
    pub fn required(&self, giardia: Ratio, virus: Ratio) -> (Ratio, Ratio) {
        if self.retained.credit_left > Duration::ZERO {
            (giardia.or_more(GIARDIA_ALONE), virus.or_more(VIRUS_ALONE))
        } else {
            (giardia, virus)
        }
    }

    /// The report's contact time, with the peak of the last hour.
    pub fn report(
        &mut self,
        contact: Option<&Contact>,
        flow: Signal<CubicMetresPerHour>,
        least: CubicMetresPerHour,
        elapsed: Duration,
    ) {
        let memory = &mut self.report;
        memory.passed += flow.usable().unwrap_or_default().0 * elapsed.as_secs_f64();
        memory.time = memory.time.saturating_add(elapsed);
        memory.since = memory.since.saturating_add(elapsed);
        if memory.time >= MEAN_TIME {
            memory.means[memory.at] = memory.passed / memory.time.as_secs_f64();
            memory.at = (memory.at + 1) % MEANS;
            memory.passed = 0.0;
            memory.time = Duration::ZERO;
        }
        if memory.since < REPORT_EVERY {
            return;
        }
        memory.since = Duration::ZERO;
        let peak =
            memory.means.iter().fold(0.0, |most, mean| if *mean > most { *mean } else { most });
        self.status.peak_flow = CubicMetresPerHour(peak);
        let flow = CubicMetresPerHour(peak).or_more(least);
        let ratio =
            contact.map_or(0.0, |contact| Contact { flow, ..*contact }.inactivation().ratio);
        self.status.report_ratio = Ratio(ratio).within(Ratio(0.0), Ratio(99.0));
    }
}
