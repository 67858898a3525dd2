//! Whether PAC does what it is there for: the slow trim, PAC that is suspect, and raw water that gets none.
//!
//! R-2.4-06 (trim), R-2.2.2-09 (D9), R-2.4-09, INV-8.

use core::time::Duration;

use super::{Around, Coagulation};
use crate::block::{Lag, Sustained, Trip, TripTimes};
use crate::quantity::{CubicMetresPerHour, Ntu, Percent, Ratio};
use crate::reason::Reason;
use crate::signal::{Doubt, Signal};

/// The trim looks so often, and after so long of steady raw water (R-2.4-06).
const TRIM_EVERY: Duration = Duration::from_secs(1800);
const STEADY_TIME: Duration = Duration::from_secs(3600);
const STEADY_SHARE: f64 = 0.2;
/// AIT-101 wavers by 5 % and half an NTU: in a clear river that alone would be a fifth (chosen: a hundred of its readings).
const NOISE_TIME: Duration = Duration::from_secs(500);
/// Above this more is tried, below that for so long less.
const CLOUDY: Ntu = Ntu(2.0);
const CLEAR: Ntu = Ntu(1.0);
const CLEAR_TIME: Duration = Duration::from_secs(6 * 3600);
const UP: f64 = 1.05;
const DOWN: f64 = 0.98;
const TRIM_RANGE: (Ratio, Ratio) = (Ratio(0.8), Ratio(1.3));
/// Two increases must lower the settled turbidity by this share.
const WORTH: f64 = 0.95;
/// After a revert nothing is trimmed for so long (chosen: a day's water is another one).
const REVERT_REST: Duration = Duration::from_secs(24 * 3600);
/// Alarm 209: the trim stands so far out for two hours, up or at its lower end.
const FAR_OUT: (Ratio, Ratio) = (Ratio(0.8), Ratio(1.25));
const FAR_OUT_TIME: Duration = Duration::from_secs(7200);
/// D9: cloudy for an hour of steady raw water and full dose, until a quarter below the limit for half an hour (chosen: the
/// water takes an hour and a half from P-101 to AIT-203).
const SUSPECT_TIMES: TripTimes = TripTimes::s(3600, 1800);
const SUSPECT_BACK: f64 = 0.75;
/// Up to here settled water that is cloudy enough to stop every filter is no storm's (chosen: what the tanks can bring below 2 NTU).
const CLEAR_RIVER: Ntu = Ntu(50.0);
/// Every filter is stopped for its water so long, although the dose was full (chosen: the first tries again meanwhile).
const FILTERS_TIME: Duration = Duration::from_secs(1800);
/// Full dose: what the table says, within the last digit.
const FULL: f64 = 0.99;
/// Raw water with less than this share of its dose for so long is not made, for so long (INV-8 allows 180 s).
const STARVED_SHARE: f64 = 0.5;
const STARVED_TIME: Duration = Duration::from_secs(90);
const STARVED_REST: Duration = Duration::from_secs(600);

/// A value that stays within a fifth of where it was.
#[derive(Clone, Copy, Debug, Default)]
struct Steady {
    smooth: Lag,
    around: f64,
    lasted: Duration,
}

impl Steady {
    fn follow(&mut self, value: Option<Ntu>, noise: Duration, elapsed: Duration) -> bool {
        let Some(value) = value else {
            *self = Steady::default();
            return false;
        };
        let value = self.smooth.follow(value.0, noise, noise, elapsed);
        if libm::fabs(value - self.around) <= STEADY_SHARE * self.around {
            self.lasted = self.lasted.saturating_add(elapsed);
        } else {
            (self.around, self.lasted) = (value, Duration::ZERO);
        }
        self.lasted >= STEADY_TIME
    }
}

/// Memory of what PAC does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    steady: Steady,
    /// The raw water, dosed or not.
    river: Steady,
    clear_river: Steady,
    since_trim: Duration,
    clear: Sustained,
    /// Settled turbidity before the first of the increases in a row, and how many.
    before: Option<Ntu>,
    increases: u8,
    rest: Duration,
    reverted: bool,
    far_out: Sustained,
    suspect: Trip,
    /// The last water was dosed in full, and stayed cloudy; then every filter was stopped for it, for so long.
    in_vain: bool,
    filters: Sustained,
    starved: Sustained,
    starved_rest: Duration,
}

impl Coagulation {
    /// One look, once a second.
    pub(super) fn watch_effect(&mut self, around: &Around, dosing: bool, elapsed: Duration) {
        let raw = around.raw_turbidity.good().filter(|_| dosing);
        let steady = self.effect.steady.follow(raw, Duration::ZERO, elapsed);
        let settled = around.settled.usable().filter(|_| dosing);
        self.trim(settled, steady, elapsed);
        let limit = self.settings.suspect_limit;
        let full = self.status.dose >= self.status.table_dose * FULL;
        let raw = around.raw_turbidity.good();
        let river = self.effect.river.follow(raw, Duration::ZERO, elapsed);
        let clear = raw.filter(|raw| *raw <= CLEAR_RIVER);
        let clear_river = self.effect.clear_river.follow(clear, NOISE_TIME, elapsed);
        let set = river && full && settled.is_some_and(|settled| settled > limit);
        let clear = settled.is_some_and(|settled| settled <= limit * SUSPECT_BACK);
        let cloudy = settled.is_some_and(|settled| settled > CLOUDY);
        // Cumulative: cloudy water stops the filters, full tanks then stop the dosing, and nothing is learned until it goes on.
        if dosing && self.doser.is_confirmed() {
            self.effect.suspect.judge(set, clear && !around.filters_cloudy, SUSPECT_TIMES, elapsed);
            self.effect.in_vain = clear_river && full && cloudy;
        }
        // Dosing pauses soon after the filters have stopped: what was so before counts.
        let filters = around.filters_cloudy && self.effect.in_vain;
        if self.effect.filters.holds(filters, FILTERS_TIME, elapsed) {
            self.effect.suspect = Trip::tripped();
        }
        // A gauge that stands alone changes no pump over: the settled water must not contradict it (F12).
        let clear = settled.is_some_and(|settled| settled <= CLOUDY);
        if around.stock.nothing_leaves && dosing && !clear && !self.doser.has_failed() {
            self.doser.fail(Reason::StrokesMoveNothing);
        }
        let factor = self.trim_factor();
        let far = factor >= FAR_OUT.1 || factor <= FAR_OUT.0;
        self.effect.far_out.holds(far, FAR_OUT_TIME, elapsed);
    }

    /// Slow trim on the settled turbidity. More coagulant can make it worse: two increases that bring nothing are taken back.
    fn trim(&mut self, settled: Option<Ntu>, steady: bool, elapsed: Duration) {
        let effect = &mut self.effect;
        effect.rest = effect.rest.saturating_sub(elapsed);
        effect.since_trim = effect.since_trim.saturating_add(elapsed);
        let is_clear = settled.is_some_and(|settled| settled < CLEAR);
        let clear = effect.clear.holds(is_clear, CLEAR_TIME, elapsed);
        if !self.settings.trim_on {
            self.retained.trim = Ratio(1.0);
            effect.increases = 0;
            return;
        }
        let Some(settled) = settled else { return };
        if effect.since_trim < TRIM_EVERY {
            return;
        }
        effect.since_trim = Duration::ZERO;
        let factor = if self.retained.trim.0 > 0.0 { self.retained.trim } else { Ratio(1.0) };
        let in_vain = effect.before.is_some_and(|before| !(settled <= before * WORTH));
        let next = if effect.increases >= 2 && in_vain {
            effect.rest = REVERT_REST;
            effect.reverted = true;
            effect.increases = 0;
            factor / (UP * UP)
        } else if settled > CLOUDY && steady && effect.rest.is_zero() {
            if effect.increases >= 2 || effect.increases == 0 {
                effect.before = Some(settled);
                effect.increases = 0;
            }
            effect.increases += 1;
            factor * UP
        } else {
            effect.increases = 0;
            if clear && effect.rest.is_zero() { factor * DOWN } else { factor }
        };
        self.retained.trim = next.within(TRIM_RANGE.0, TRIM_RANGE.1);
    }

    /// The trim's factor on the table; 1 while it is off, or was never on.
    pub(super) fn trim_factor(&self) -> Ratio {
        let factor = self.retained.trim;
        if self.settings.trim_on && factor.0 > 0.0 {
            factor.within(TRIM_RANGE.0, TRIM_RANGE.1)
        } else {
            Ratio(1.0)
        }
    }

    /// A person has looked.
    pub(super) fn reset_effect(&mut self) {
        self.judge_anew();
        self.effect.starved_rest = Duration::ZERO;
        self.doser.reset();
        self.mixer.reset();
    }

    /// A jar test, a new mix, a reset: what was concluded before is void.
    pub fn judge_anew(&mut self) {
        self.retained.trim = Ratio(1.0);
        self.effect = Effect {
            starved: self.effect.starved,
            starved_rest: self.effect.starved_rest,
            ..Effect::default()
        };
    }

    /// Raw water that gets less than half of its PAC is not made: a rest of ten minutes, in which somebody can look.
    pub(super) fn watch_starving(
        &mut self,
        around: &Around,
        flow: CubicMetresPerHour,
        needed: f64,
        elapsed: Duration,
    ) {
        // What really went out in the last scan: the table and the guard have had their word on it.
        let asked = self.doser.outputs.rate.value().0;
        let short = around.intake_on
            && flow > around.nominal * super::START_SHARE
            && !(asked >= needed * STARVED_SHARE && asked > 0.0);
        self.effect.starved_rest = self.effect.starved_rest.saturating_sub(elapsed);
        if self.effect.starved.holds(short, STARVED_TIME, elapsed) {
            self.effect.starved_rest = STARVED_REST;
            self.effect.starved = Sustained::default();
        }
    }

    /// Raw water ran without its PAC, and rests.
    pub(super) fn is_starved(&self) -> bool {
        self.effect.starved_rest > Duration::ZERO
    }

    /// PAC does less than it should, although the table's dose is dosed (D9).
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.effect.suspect.stands()
    }

    /// Alarm 209: weak, or too much of it.
    pub(super) fn drifts(&self) -> bool {
        self.is_suspect()
            || self.effect.reverted
            || (self.settings.trim_on && self.effect.far_out.lasted() >= FAR_OUT_TIME)
    }

    /// A person has tested the raw water while AIT-101 does not measure.
    pub fn enter_turbidity(&mut self, tested: Ntu) -> Result<(), Reason> {
        self.turbidity.enter(tested)
    }

    /// Strokes a minute that a person asks of the pump, where one does.
    pub(super) fn by_hand(&self) -> Option<Percent> {
        self.doser.handling.wish().filter(|_| self.doser.handling.is_manual())
    }
}

/// The raw flow is a substitute: it serves for a limited time. A meter that stands still and agrees with the speed is none: a
/// steady flow can read steady (R-2.12-06).
pub(super) fn is_derived(flow: Signal<CubicMetresPerHour>) -> bool {
    match flow {
        Signal::Good(_) | Signal::Uncertain(_, Doubt::Stuck) => false,
        Signal::Uncertain(..) | Signal::Held(..) | Signal::Bad(_) => true,
    }
}
