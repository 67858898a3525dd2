//! The water that flows to the clear well: how much, and how turbid; and what the plant may ask of the filters.
//!
//! `docs/spec/plant.md` 2.12 (fallbacks), 2.6.6.

use core::time::Duration;

use super::{Around, Filtration, MINIMUM, REDUCED};
use crate::device::Drive;
use crate::quantity::{Celsius, CubicMetres, CubicMetresPerHour, MetresPerHour, Ntu};
use crate::signal::{Doubt, Fault, Signal};
use crate::unit::filter;
use crate::unit::filter::sequence::State;

/// AIT-330 counts after this much flow past it (`docs/spec/contracts.md`, "Causes, effects, release").
const COMBINED_TIME: Duration = Duration::from_secs(60);
/// Flow past AIT-330 that counts, as a share of nominal: 0.3 of 5 m³/h.
const COMBINED_SHARE: f64 = 0.06;
/// AIT-330 above every filter's own by this, and a tenth of it, for so long, says that one of them is not to be believed: the
/// mixed water is never worse than the worst of it. Chosen: both accuracies and their drift of a fortnight, six polls.
const ABOVE_OWN: Ntu = Ntu(0.15);
const ABOVE_OWN_FACTOR: f64 = 1.1;
const ABOVE_OWN_TIME: Duration = Duration::from_secs(30);
/// A wash takes at least this much of the clear well, m³ for each m³/h of nominal: 2.5 of 5 (R-2.6.3-06).
const WASH_VOLUME_SHARE: f64 = 0.5;

impl Filtration {
    pub(super) fn reports(&self) -> &[filter::Report] {
        let filters = self.memory.filters.min(super::FILTERS_MAX);
        &self.memory.reports[..filters]
    }

    pub(super) fn count(&self, which: impl Fn(&filter::Report) -> bool) -> usize {
        self.reports().iter().filter(|report| which(report)).count()
    }

    pub(super) fn sum(
        &self,
        which: impl Fn(&filter::Report) -> bool,
    ) -> Signal<CubicMetresPerHour> {
        self.reports()
            .iter()
            .filter(|report| which(report))
            .fold(Signal::Good(CubicMetresPerHour::ZERO), |sum, report| {
                sum.zip(report.flow, |sum, flow| sum + flow)
            })
    }

    /// Water to the clear well: how much, and how turbid.
    pub(super) fn judge_water(&mut self, around: &Around, elapsed: Duration) {
        self.status.filtered_flow = self.delivered();
        let least = around.nominal * COMBINED_SHARE;
        let flows = self.status.filtered_flow.usable().is_some_and(|flow| flow >= least);
        self.watch.combined.holds(flows, COMBINED_TIME, elapsed);
        let contradicted = self.contradicts();
        self.watch.contradicted.holds(contradicted, ABOVE_OWN_TIME, elapsed);
        self.status.filtered_turbidity =
            self.turbidity_to_clear_well().unwrap_or(Signal::Bad(Fault::Computed));
    }

    /// Through the filters that deliver; where one is not known, the whole feed, if nothing goes to waste.
    fn delivered(&self) -> Signal<CubicMetresPerHour> {
        let sum = self.sum(|report| report.delivers);
        let to_waste = self.reports().iter().any(|report| report.feed_way && !report.delivers);
        match sum.usable() {
            None if !to_waste => self.inputs.flow.doubted(Doubt::Fallback),
            Some(_) | None => sum,
        }
    }

    /// AIT-330 once water has flowed past it.
    pub(super) fn combined(&self) -> Signal<Ntu> {
        if self.watch.combined.lasted() >= COMBINED_TIME {
            self.inputs.combined_turbidity
        } else {
            Signal::Bad(Fault::Computed)
        }
    }

    /// AIT-330 shows more than each of the filters that deliver.
    fn contradicts(&self) -> bool {
        let own = self.reports().iter().filter(|report| report.delivers);
        let own = own.filter_map(|report| report.turbidity.usable());
        let most = own.reduce(|most, next| most.or_more(next));
        match (self.combined(), most) {
            (Signal::Bad(Fault::Overrange), Some(_)) => true,
            (combined, Some(most)) => {
                let limit = most * ABOVE_OWN_FACTOR + ABOVE_OWN;
                combined.usable().is_some_and(|combined| combined > limit)
            }
            (_, None) => false,
        }
    }

    /// And has done so for long enough: one of them is better than its water (R-2.12-09, F22).
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        self.watch.contradicted.lasted() >= ABOVE_OWN_TIME
    }

    // What the plant asks.

    /// Water to the clear well, through filters that filter with their outlet proven open.
    #[must_use]
    pub fn filtered_flow(&self) -> Signal<CubicMetresPerHour> {
        self.status.filtered_flow
    }

    /// Worst credible turbidity of the water to the clear well: AIT-330 once it counts, and each delivering filter's own
    /// (R-2.12-16); one that is off the top of its scale is the worst of all. Nothing while no water flows there; bad when no
    /// analyser can be trusted (R-2.12-17).
    #[must_use]
    pub fn turbidity_to_clear_well(&self) -> Option<Signal<Ntu>> {
        let counts = self.watch.combined.lasted() >= COMBINED_TIME;
        let combined = self.combined();
        let delivering = || self.reports().iter().filter(|report| report.delivers);
        delivering().next()?;
        let told = || {
            let own = delivering().map(|report| report.turbidity);
            own.chain(counts.then_some(combined))
        };
        if told().any(Signal::is_over) {
            return Some(Signal::Bad(Fault::Overrange));
        }
        let worst = told()
            .filter(|turbidity| turbidity.usable().is_some_and(|known| known.0.is_finite()))
            .reduce(|worst, next| if worst.usable() >= next.usable() { worst } else { next });
        let missing = counts && combined.usable().is_none();
        Some(match worst {
            Some(worst) if missing => worst.doubted(Doubt::Fallback),
            Some(worst) => worst,
            None => Signal::Bad(Fault::Computed),
        })
    }

    /// Filters that deliver.
    #[must_use]
    pub fn filtering(&self) -> usize {
        self.count(|report| report.delivers)
    }

    /// Every filter of the site delivers: the plant may go to its full rate.
    #[must_use]
    pub fn all_filtering(&self) -> bool {
        self.filtering() == self.memory.filters
    }

    /// A filter ripens on its own analyser well enough to see that water can be made.
    #[must_use]
    pub fn is_ripening(&self) -> bool {
        self.reports().iter().any(|report| report.state == State::Ripening {})
    }

    /// A filter is being washed.
    #[must_use]
    pub fn is_washing(&self) -> bool {
        self.reports().iter().any(|report| report.state.is_wash())
    }

    /// Most raw water the filters can take: MINIMUM until one delivers, REDUCED until all do, MINIMUM while another one
    /// waits for its wash too, nothing while the only one is washed (`docs/spec/contracts.md`, "Causes, effects, release";
    /// R-2.6.3-11).
    #[must_use]
    pub fn rate_limit(&self, nominal: CubicMetresPerHour) -> CubicMetresPerHour {
        let waits = |report: &filter::Report| report.state == State::WashQueued {};
        if self.all_filtering() {
            nominal
        } else if self.filtering() > 0 {
            let loaded = self.is_washing() && self.reports().iter().any(waits);
            (nominal * if loaded { MINIMUM } else { REDUCED }).or_less(self.carried())
        } else if self.memory.pausing || (self.is_washing() && !self.is_ripening()) {
            CubicMetresPerHour::ZERO
        } else {
            nominal * MINIMUM
        }
    }

    /// Water that the largest wash of this site takes from the clear well (R-2.6.3-06).
    #[must_use]
    pub fn wash_volume(
        &self,
        nominal: CubicMetresPerHour,
        temperature: Signal<Celsius>,
    ) -> CubicMetres {
        let settings = &self.settings;
        let high = super::wash_train::high_rate(temperature, settings);
        let least = CubicMetres(nominal.0 * WASH_VOLUME_SHARE);
        self.reports().iter().fold(least, |most, report| {
            // m/h × s ÷ s/h × m² = m³
            let step = |rate: MetresPerHour, time: Duration| rate.0 * time.as_secs_f64() / 3600.0;
            let steps = &report.steps;
            let column = step(settings.combined_rate, steps.combined)
                + step(high, steps.high)
                + step(settings.subfluid_rate, steps.subfluid);
            most.or_more(CubicMetres(column * report.area.0))
        })
    }

    /// P-351 runs, or is asked to: P-501 must not.
    #[must_use]
    pub fn wash_pump_runs(&self) -> bool {
        self.wash_pump.is_on() || self.wash_pump.inputs.running.closed()
    }

    /// Some feed pump is asked to run.
    #[must_use]
    pub fn feed_runs(&self) -> bool {
        self.pump.iter().any(Drive::is_on)
    }
}
