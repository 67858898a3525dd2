//! Too little chlorine, too much, and what follows for the pump and for delivery. `docs/spec/plant.md` 2.7.5 (R-2.7.5-02, -03).

use core::time::Duration;

use super::{Disinfection, State, dose};
use crate::block::{Seen, Trip, TripTimes};
use crate::quantity::MilligramsPerLitre;

/// Underfeed: AIT-401 below this for 10 min while it doses; it ends at the limit of alarm 401.
pub(super) const LOW: MilligramsPerLitre = MilligramsPerLitre(0.4);
const LOW_BACK: MilligramsPerLitre = MilligramsPerLitre(0.5);
const LOW_TIMES: TripTimes = TripTimes::s(600, 300);
/// Underfeed that lasts so long stops delivery; the filters go on filling the clear well.
pub(super) const LOW_LONG: Duration = Duration::from_secs(1200);
/// Overfeed at AIT-401, and where it ends (chosen: half a milligram below).
const HIGH: MilligramsPerLitre = MilligramsPerLitre(3.0);
const HIGH_BACK: MilligramsPerLitre = MilligramsPerLitre(2.5);
const HIGH_TIMES: TripTimes = TripTimes::s(180, 300);
/// Overfeed at AIT-403: its limit is a setting; it ends as alarm 403 does.
const OUTLET_TIMES: TripTimes = TripTimes::s(600, 300);
pub(super) const OUTLET_DEADBAND: MilligramsPerLitre = MilligramsPerLitre(0.2);

/// What is remembered of the limits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    low: Trip,
    high: Trip,
    outlet_high: Trip,
    /// Delivery is stopped.
    low_long: Trip,
    underfed_for: Duration,
    /// What may not be called high while an emergency profile aims above the usual.
    pub(super) high_least: MilligramsPerLitre,
}

impl Disinfection {
    /// Too little, too much. Before the sequence.
    pub(super) fn watch_limits(&mut self, elapsed: Duration) {
        let inlet = self.status.inlet_residual;
        let settled = self.dosing_for >= dose::SETTLED_AFTER;
        // Only what is measured beyond doubt, and what the flow alone paces is for AIT-403 to judge.
        let counts =
            matches!(self.status.state, State::PacedTrim | State::Underfeed | State::Priming);
        let low = match inlet.good() {
            Some(residual) => (!(residual >= LOW)).into(),
            None => Seen::Unknown,
        };
        let low = low.unless(!counts || !settled);
        let back = inlet.good().is_none_or(|residual| residual >= LOW_BACK);
        let was = self.limits.low.stands();
        self.limits.low.judge(low, back || !counts, LOW_TIMES, elapsed);
        if self.limits.low.stands() && !was {
            self.doser.change_over();
            self.forget_priming();
        }
        self.limits.underfed_for = if self.limits.low.stands() {
            self.limits.underfed_for.saturating_add(elapsed)
        } else {
            Duration::ZERO
        };
        let long = self.limits.underfed_for >= LOW_LONG;
        let times = TripTimes { set_after: Duration::ZERO, ..LOW_TIMES };
        self.limits.low_long.judge(long, back, times, elapsed);

        let high = inlet.seen_above(HIGH);
        let back = inlet.usable().is_some_and(|residual| residual <= HIGH_BACK);
        let gone = inlet.usable().is_none() && !inlet.is_over();
        self.limits.high.judge(high, back || gone, HIGH_TIMES, elapsed);
        let outlet = self.status.outlet_residual;
        let most = self.chlorine_high();
        let high = outlet.seen_above(most);
        let back = outlet.usable().is_some_and(|residual| residual <= most - OUTLET_DEADBAND);
        let gone = outlet.usable().is_none() && !outlet.is_over();
        self.limits.outlet_high.judge(high, back || gone, OUTLET_TIMES, elapsed);
    }

    /// AIT-403 is high above this: as it is set, but no lower than people who boil their water need it (R-2.19-03).
    pub(super) fn chlorine_high(&self) -> MilligramsPerLitre {
        self.settings.chlorine_high.or_more(self.limits.high_least)
    }

    pub(super) fn is_underfed(&self) -> bool {
        self.limits.low.stands()
    }

    pub(super) fn is_overfed(&self) -> bool {
        self.limits.high.stands() || self.limits.outlet_high.stands()
    }

    /// Too little chlorine for so long that nothing of it is delivered.
    #[must_use]
    pub fn holds_delivery(&self) -> bool {
        self.limits.low_long.stands()
    }

    /// Until that.
    pub(super) fn underfeed_left(&self) -> Duration {
        if self.limits.low.stands() {
            LOW_LONG.saturating_sub(self.limits.underfed_for)
        } else {
            Duration::ZERO
        }
    }
}
