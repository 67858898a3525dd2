//! Which residual counts: AIT-401, AIT-403, or a person's test; and with what pH and temperature contact time is computed.
//!
//! Sign logic (R-2.12-09). Chlorine is put in before AIT-401, can only be lost between it and AIT-403, and leaves the inlet
//! compartment no faster than pure water washes it out. AIT-401 is disbelieved when it breaks one of these: it falls faster
//! than that (bad at once, F36), AIT-403 shows more than AIT-401 has shown for half a day, or AIT-403 shows next to nothing
//! though AIT-401 has shown enough for hours (no trim then; contact time takes the lower). `docs/spec/plant.md` 2.7.5, 2.12.

use core::time::Duration;

use super::{Around, Disinfection};
use crate::block::{Sustained, Trip, TripTimes};
use crate::quantity::{Celsius, MilligramsPerLitre, Ph};
use crate::reason::Reason;
use crate::signal::{Doubt, Fault, Signal};

/// A doubted value paces and trims for so long (R-2.16-02).
const DOUBT_MAX: Duration = Duration::from_secs(60);
/// A person's test counts so long, and with this share for contact time (R-2.7.5-05).
pub(super) const HAND_TIME: Duration = Duration::from_secs(7200);
const HAND_SHARE: f64 = 0.8;
/// What a test kit shows at most.
const HAND_MAX: MilligramsPerLitre = MilligramsPerLitre(5.0);
/// Above this a test is taken as it is: the worse side for too much (R-2.8-04).
const HAND_HIGH: MilligramsPerLitre = MilligramsPerLitre(4.0);
/// The compartment may be this much smaller than its setting says (chosen).
const WASHOUT_MARGIN: f64 = 1.25;
/// Standing water loses chlorine no faster than this, 1/s: 0.3 1/h, above the worst decay of `docs/spec/plant.md` 6.9.
const DECAY: f64 = 0.3 / 3600.0;
/// So far below what pure water leaves, for so long, a residual cannot be. Chosen: eight times its accuracy; six of its polls.
const BELOW_WASHOUT: MilligramsPerLitre = MilligramsPerLitre(0.25);
const BELOW_WASHOUT_TIME: Duration = Duration::from_secs(30);
/// It is believed again when it has risen by so much and stayed, or by a person's reset (chosen).
const RISEN: MilligramsPerLitre = MilligramsPerLitre(0.2);
const RISEN_TIME: Duration = Duration::from_secs(60);
/// AIT-401 and AIT-403 must disagree this long (F35).
const DISAGREE_TIMES: TripTimes = TripTimes::s(600, 600);
/// AIT-403 above whatever AIT-401 has shown: chosen, both accuracies and their drift of a month.
const ABOVE_ALL: MilligramsPerLitre = MilligramsPerLitre(0.3);
/// AIT-403 below this share of the least that AIT-401 has shown for three hours: half would still be a warm storm's decay.
const NEARLY_NOTHING: f64 = 1.0 / 3.0;
/// Hours that are remembered, at least known for the first and looked back on for the second: the clear well holds 3 h of
/// water, and what is left of a slug after four times that is nothing.
const HOURS: usize = 12;
const HOURS_KNOWN: usize = 6;
const HOURS_BACK: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);
/// pH that counts where the probe says nothing, or stands still (F37).
const PH_UNKNOWN: Ph = Ph(8.5);

/// Least and most of the residual, hour by hour; the least only while it doses.
#[derive(Clone, Copy, Debug)]
struct Day {
    least: [Option<f64>; HOURS],
    most: [f64; HOURS],
    filled: usize,
    at: usize,
    in_hour: Duration,
}

impl Default for Day {
    fn default() -> Day {
        Day { least: [None; HOURS], most: [0.0; HOURS], filled: 0, at: 0, in_hour: Duration::ZERO }
    }
}

impl Day {
    fn take(&mut self, residual: f64, doses: Doses, elapsed: Duration) {
        self.in_hour = self.in_hour.saturating_add(elapsed);
        if self.in_hour >= HOUR {
            self.in_hour = Duration::ZERO;
            self.at = (self.at + 1) % HOURS;
            self.filled = HOURS.min(self.filled + 1);
            self.most[self.at] = residual;
            self.least[self.at] = Some(residual);
        }
        if residual > self.most[self.at] {
            self.most[self.at] = residual;
        }
        let least = &mut self.least[self.at];
        *least = match (doses, *least) {
            (Doses::No, _) => None,
            (Doses::Yes, Some(least)) if residual < least => Some(residual),
            (Doses::Yes, least) => least,
        };
    }

    /// Whatever it has shown, once half a day is known.
    fn most(&self) -> Option<f64> {
        let most = self.most.iter().fold(0.0, |most, next| if *next > most { *next } else { most });
        (self.filled >= HOURS_KNOWN).then_some(most)
    }

    /// The least of the last whole hours of dosing without a pause.
    fn least(&self) -> Option<f64> {
        (1..=HOURS_BACK).try_fold(self.least[self.at]?, |least, back| {
            let hour = self.least[(self.at + HOURS - back) % HOURS]?;
            Some(if hour < least { hour } else { least })
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Doses {
    Yes,
    No,
}

/// What is remembered of the analysers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Analysers {
    doubted_for: Duration,
    day: Day,
    /// What pure water would have left of what AIT-401 showed, at most.
    left: f64,
    too_fast: Sustained,
    /// What it showed when it was disbelieved.
    lost_at: Option<f64>,
    risen: Sustained,
    disagrees: Trip,
    was_off_scale: bool,
}

impl Analysers {
    pub(super) fn doubted_long(&self) -> bool {
        self.doubted_for > DOUBT_MAX
    }
}

/// pH and temperature as contact time takes them: unknown is unsafe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    pub temperature: Celsius,
    pub ph: Ph,
}

impl Disinfection {
    /// Which residuals count. Taken before the causes, with the flow of the last scan.
    pub fn judge(&mut self, around: &Around, elapsed: Duration) {
        self.retained.hand_left = self.retained.hand_left.saturating_sub(elapsed);
        let raw = self.inputs.chlorine;
        let outlet = self.inputs.outlet_chlorine;
        let inlet = if self.falls_too_fast(raw, around, elapsed) {
            Signal::Bad(Fault::Implausible)
        } else if self.disagrees(raw, outlet, elapsed) {
            raw.doubted(Doubt::Disagrees)
        } else {
            raw
        };
        let doubted = inlet.good().is_none();
        self.analysers.doubted_for = if doubted {
            self.analysers.doubted_for.saturating_add(elapsed)
        } else {
            Duration::ZERO
        };
        self.status.inlet_residual = inlet;
        // A test of before the analyser went off its scale says nothing of what came since.
        let off_scale = outlet.is_over();
        if off_scale && !self.analysers.was_off_scale {
            self.retained.hand_left = Duration::ZERO;
        }
        self.analysers.was_off_scale = off_scale;
        self.status.outlet_residual = match self.hand_residual() {
            Some(tested) if outlet.usable().is_none() => {
                Signal::Uncertain(tested, Doubt::HandValue)
            }
            Some(_) | None => outlet,
        };
    }

    /// AIT-401 fell faster than pure water washes a compartment out.
    fn falls_too_fast(
        &mut self,
        raw: Signal<MilligramsPerLitre>,
        around: &Around,
        elapsed: Duration,
    ) -> bool {
        let seconds = elapsed.as_secs_f64();
        let flow = around.filtered_flow.usable().unwrap_or_default();
        let replaced = flow.0 * seconds / 3600.0 / self.compartment(around).0;
        let memory = &mut self.analysers;
        memory.left *= libm::exp(-WASHOUT_MARGIN * replaced - DECAY * seconds);
        // A calibrated probe may show less than before.
        let calibrated = matches!(raw, Signal::Held(..) | Signal::Bad(Fault::HoldExpired));
        if around.reset || calibrated {
            (memory.lost_at, memory.left) = (None, 0.0);
        }
        let Some(shown) = raw.usable().map(|residual| residual.0) else {
            memory.too_fast = Sustained::default();
            return memory.lost_at.is_some();
        };
        if let Some(lost_at) = memory.lost_at {
            let risen = shown >= lost_at + RISEN.0;
            if memory.risen.holds(risen, RISEN_TIME, elapsed) {
                (memory.lost_at, memory.left) = (None, shown);
            }
            return memory.lost_at.is_some();
        }
        if shown >= memory.left {
            memory.left = shown;
        }
        let below = shown < memory.left - BELOW_WASHOUT.0;
        if memory.too_fast.holds(below, BELOW_WASHOUT_TIME, elapsed) {
            memory.lost_at = Some(shown);
            memory.risen = Sustained::default();
        }
        memory.lost_at.is_some()
    }

    /// AIT-401 and AIT-403 cannot both be right.
    fn disagrees(
        &mut self,
        inlet: Signal<MilligramsPerLitre>,
        outlet: Signal<MilligramsPerLitre>,
        elapsed: Duration,
    ) -> bool {
        let doses = if self.status.state.doses() { Doses::Yes } else { Doses::No };
        let day = &mut self.analysers.day;
        let (Some(inlet), Some(outlet)) = (inlet.usable(), outlet.usable()) else {
            return self.analysers.disagrees.judge(false, true, DISAGREE_TIMES, elapsed);
        };
        day.take(inlet.0, doses, elapsed);
        let above = day.most().is_some_and(|most| outlet.0 > most + ABOVE_ALL.0);
        let below = day.least().is_some_and(|least| outlet.0 < least * NEARLY_NOTHING);
        let apart = doses == Doses::Yes && (above || below);
        self.analysers.disagrees.judge(apart, !above && !below, DISAGREE_TIMES, elapsed)
    }

    /// A person tested the water at the outlet; the answer to the order.
    pub fn enter_residual(&mut self, tested: MilligramsPerLitre) -> Result<(), Reason> {
        if !(tested >= MilligramsPerLitre::ZERO && tested <= HAND_MAX) {
            return Err(Reason::OutOfRange);
        }
        self.retained.hand_residual = tested;
        self.retained.hand_left = HAND_TIME;
        Ok(())
    }

    /// A person's test while it counts, on the safe side.
    fn hand_residual(&self) -> Option<MilligramsPerLitre> {
        let tested = self.retained.hand_residual;
        let counts = self.retained.hand_left > Duration::ZERO && tested <= HAND_MAX;
        let share = if tested > HAND_HIGH { 1.0 } else { HAND_SHARE };
        counts.then_some(tested * share)
    }

    /// At least one residual is beyond doubt, or a person has tested the water (R-2.2-19).
    #[must_use]
    pub fn residual_known(&self) -> bool {
        self.inputs.chlorine.good().is_some()
            || self.inputs.outlet_chlorine.good().is_some()
            || self.hand_residual().is_some()
    }

    /// AIT-401 shows chlorine beyond doubt: something doses it.
    pub(super) fn residual_holds(&self) -> bool {
        self.status.inlet_residual.good().is_some_and(|residual| residual >= super::limits::LOW)
    }

    /// The lower of the two residuals: what contact time is computed with. `None` unless the outlet's is usable.
    #[must_use]
    pub fn lowest_residual(&self) -> Option<MilligramsPerLitre> {
        let outlet = self.status.outlet_residual.usable()?;
        let inlet = self.status.inlet_residual.usable();
        Some(inlet.map_or(outlet, |inlet| outlet.or_less(inlet)))
    }

    /// What contact time is computed with where the probes are silent or stand still: the raw water's temperature, or the
    /// coldest of the year; an alkaline pH (F37).
    #[must_use]
    pub fn conditions(&self, raw_temperature: Signal<Celsius>) -> Conditions {
        let measured = self.inputs.temperature.usable().or_else(|| raw_temperature.usable());
        let temperature = measured.unwrap_or(self.settings.coldest_water);
        let ph = match self.inputs.ph {
            Signal::Good(ph) => ph,
            Signal::Uncertain(ph, Doubt::Stuck) | Signal::Held(ph, _) => ph.or_more(PH_UNKNOWN),
            Signal::Uncertain(ph, _) => ph,
            Signal::Bad(_) => PH_UNKNOWN,
        };
        Conditions { temperature, ph }
    }
}
