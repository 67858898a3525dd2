//! How much: the setpoint and what the water uses up, trimmed by the residual. `docs/spec/plant.md` 2.7.1, 2.7.2, 2.2.2 (D7).

use core::time::Duration;

use super::{Around, Disinfection, State};
use crate::block::{Aim, Hold, Look, Pace, PiLoop, PiTuning, Sustained};
use crate::quantity::{CubicMetresPerHour, LitresPerHour, MilligramsPerLitre, StrokesPerMinute};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};

/// Dose limits (R-2.7.1-01).
pub(super) const DOSE_LOW: MilligramsPerLitre = MilligramsPerLitre(0.3);
pub(super) const DOSE_HIGH: MilligramsPerLitre = MilligramsPerLitre(5.0);
/// What the pump moves at most (`docs/spec/plant.md` 1.3).
pub(super) const PUMPED_MAX: LitresPerHour = LitresPerHour(5.0);
/// Demand before it has been estimated, its limits and its time (R-2.7.1-03).
const DEMAND_FIRST: MilligramsPerLitre = MilligramsPerLitre(0.6);
const DEMAND_LOW: MilligramsPerLitre = MilligramsPerLitre(0.1);
const DEMAND_HIGH: MilligramsPerLitre = MilligramsPerLitre(2.5);
const DEMAND_TIME: f64 = 6.0 * 3600.0;
/// The inlet compartment must have been filled with dosed water before its residual says anything of the demand (chosen: 2.5
/// times its volume at nominal flow).
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(1800);
/// The last good dose is that of an hour (chosen: an analyser that drifts away takes it along no further).
const GOOD_DOSE_TIME: f64 = 3600.0;
/// Without AIT-401: the last good dose and a fifth (R-2.2.2-07).
const BLIND_FACTOR: f64 = 1.2;
/// Trim clamp (R-2.7.2-01).
const TRIM_MAX: f64 = 0.75;
/// The trim rests below this flow, as a share of nominal, and this long after a filter joined or left (R-2.7.2-01).
const TRIM_FLOW: f64 = 0.2;
const FILTERS_CHANGED: Duration = Duration::from_secs(300);
/// Executed every 10 s (R-2.0-01). Setpoint and trim move at 0.12 mg/l a minute and 0.2 mg/l an execution at most: a step of
/// the setpoint does not stroke the pump to its stop (chosen, ten times faster than the compartment answers).
const PACE: Pace =
    Pace { period: Duration::from_secs(10), setpoint_rate: 0.002, output_rate: 0.02 };
/// Slow averages are taken this often (class C).
const AVERAGE_EVERY: Duration = Duration::from_secs(10);
/// |trim| above this for two hours: demand changed, or the stock is weak (R-2.7.2-02; deadband of alarm 410).
const TRIM_TELLING: f64 = 0.5;
const TRIM_DEADBAND: f64 = 0.1;
const TRIM_TELLING_TIME: Duration = Duration::from_secs(7200);
/// Underfeed raises the dose by this, Overfeed cuts the feed forward to this (R-2.7.5-02, R-2.7.5-03).
const RAISED: f64 = 1.3;
const CUT: f64 = 0.5;

/// What is remembered of the dose.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dose {
    trim: PiLoop,
    filters: usize,
    since_change: Duration,
    since_average: Duration,
    telling: Sustained,
    told: bool,
    /// What Underfeed began with, raised.
    raised: MilligramsPerLitre,
    was: State,
}

/// The dose's memory begins where a filter changed long ago.
impl Dose {
    pub(super) fn settled() -> Dose {
        Dose { since_change: FILTERS_CHANGED, ..Dose::default() }
    }
}

/// A slow average, one step on.
fn average(value: &mut MilligramsPerLitre, seen: MilligramsPerLitre, time: f64, elapsed: Duration) {
    let share = 1.0 - libm::exp(-elapsed.as_secs_f64() / time);
    let next = if value.0 > 0.0 { value.0 + share * (seen.0 - value.0) } else { seen.0 };
    if next.is_finite() {
        value.0 = next;
    }
}

impl Disinfection {
    /// Demand of the water as it is estimated.
    pub(super) fn demand(&self) -> MilligramsPerLitre {
        let seen = self.retained.demand_seen;
        let demand = if seen.0 > 0.0 { seen } else { DEMAND_FIRST };
        demand.within(DEMAND_LOW, DEMAND_HIGH)
    }

    /// Setpoint and demand.
    fn feed_forward(&self) -> MilligramsPerLitre {
        self.status.target + self.demand()
    }

    /// The residual can trim the dose: it is measured, and beyond doubt for all but a moment.
    pub(super) fn trims(&self) -> bool {
        self.paced_by().is_empty()
    }

    /// What lets the flow alone pace the dose.
    pub(super) fn paced_by(&self) -> Reasons {
        let inlet = self.status.inlet_residual;
        let disagrees = matches!(inlet, Signal::Uncertain(_, Doubt::Disagrees));
        let doubted = inlet.good().is_none() && self.analysers.doubted_long();
        Reasons::NONE
            .and_if(disagrees, Reason::AnalysersDisagree)
            .and_if(doubted && !disagrees, Reason::InletChlorineUnknown)
    }

    /// The dose in this state, clamped.
    pub(super) fn dose(
        &mut self,
        state: State,
        around: &Around,
        elapsed: Duration,
    ) -> MilligramsPerLitre {
        let forward = self.feed_forward();
        let changed = around.filtering != self.dosing.filters;
        self.dosing.filters = around.filtering;
        self.dosing.since_change =
            if changed { Duration::ZERO } else { self.dosing.since_change.saturating_add(elapsed) };
        let inlet = self.status.inlet_residual;
        let before = self.status.dose;
        if state == State::Underfeed && self.dosing.was != State::Underfeed {
            self.dosing.raised = before * RAISED;
        }
        self.dosing.was = state;
        let dose = match state {
            State::PacedTrim => forward + MilligramsPerLitre(self.trimmed(around, elapsed)),
            State::PacedOnly => self.paced_only(forward),
            State::Underfeed => self.dosing.raised,
            State::Overfeed => forward * CUT,
            State::Manual => before,
            State::Off | State::NoFlowHold | State::Priming | State::Fault => {
                forward + MilligramsPerLitre(self.dosing.trim.output())
            }
        };
        let dose = dose.within(DOSE_LOW, DOSE_HIGH);
        // What the trim goes on from: what is put out, where that was a dose for this water.
        let measured = inlet.map(|residual| residual.0);
        let follows = match state {
            State::PacedTrim => return dose,
            State::PacedOnly | State::Underfeed | State::Manual => (dose - forward).0,
            State::Overfeed => 0.0,
            State::Off | State::NoFlowHold | State::Priming | State::Fault => {
                self.dosing.trim.output()
            }
        };
        let follows = MilligramsPerLitre(follows)
            .within(MilligramsPerLitre(-TRIM_MAX), MilligramsPerLitre(TRIM_MAX));
        self.dosing.trim.follow(follows.0, measured);
        dose
    }

    /// The loop, at rest while what is measured says nothing of what is dosed.
    fn trimmed(&mut self, around: &Around, elapsed: Duration) -> f64 {
        let inlet = self.status.inlet_residual;
        let target = self.status.target.0;
        let flow = around.filtered_flow.usable().unwrap_or_default();
        let error = inlet.good().map_or(0.0, |residual| target - residual.0);
        let dose = self.status.dose;
        let full = dose >= DOSE_HIGH || self.status.flow >= PUMPED_MAX;
        let saturated = (full && error > 0.0) || (dose <= DOSE_LOW && error < 0.0);
        let rests = !(flow >= around.nominal * TRIM_FLOW)
            || inlet.good().is_none()
            || self.dosing.since_change < FILTERS_CHANGED
            || saturated;
        // Ti = 720 s × 5/Q (R-2.7.2-01).
        let longer = around.nominal.0 / flow.or_more(around.nominal * TRIM_FLOW).0;
        let tuning = PiTuning {
            gain: self.settings.trim_gain.0,
            reset: self.settings.trim_reset.mul_f64(longer),
            low: -TRIM_MAX,
            high: TRIM_MAX,
        };
        let aim = Aim {
            setpoint: target,
            measured: inlet.map(|residual| residual.0),
            tuning,
            hold: if rests { Hold::Held } else { Hold::Free },
        };
        self.dosing.trim.scan(aim, PACE, elapsed)
    }

    /// By the flow alone. An analyser that two others outvote has no say; one that is held or stuck leaves its trim; without
    /// it the last good dose serves, and a fifth more.
    fn paced_only(&self, forward: MilligramsPerLitre) -> MilligramsPerLitre {
        match self.status.inlet_residual {
            Signal::Uncertain(_, Doubt::Disagrees) => forward,
            // A site without it has no last good dose, and nothing to make up for.
            Signal::Bad(Fault::NotFitted) => forward,
            Signal::Bad(_) => {
                let good = self.retained.good_dose;
                (if good.0 > 0.0 { good } else { forward }) * BLIND_FACTOR
            }
            Signal::Good(_) | Signal::Uncertain(..) | Signal::Held(..) => {
                forward + MilligramsPerLitre(self.dosing.trim.output())
            }
        }
    }

    /// Slow averages of what disappears between dose and residual, and of the dose itself, while both are trusted.
    pub(super) fn learn(&mut self, elapsed: Duration) {
        let memory = &mut self.dosing;
        memory.since_average = memory.since_average.saturating_add(elapsed);
        if memory.since_average < AVERAGE_EVERY {
            return;
        }
        let time = core::mem::take(&mut memory.since_average);
        let settled = self.status.state == State::PacedTrim && self.dosing_for >= SETTLED_AFTER;
        if let Some(residual) = self.status.inlet_residual.good().filter(|_| settled) {
            let dose = self.status.dose;
            let seen = (dose - residual).within(DEMAND_LOW, DEMAND_HIGH);
            if !(self.retained.demand_seen.0 > 0.0) {
                self.retained.demand_seen = DEMAND_FIRST;
            }
            average(&mut self.retained.demand_seen, seen, DEMAND_TIME, time);
            average(&mut self.retained.good_dose, dose, GOOD_DOSE_TIME, time);
        }
    }

    /// The trim has stood far off for two hours (R-2.7.2-02).
    pub(super) fn demand_has_changed(&mut self, elapsed: Duration) -> bool {
        let trims = self.status.state == State::PacedTrim;
        let trim = libm::fabs(self.dosing.trim.output());
        let memory = &mut self.dosing;
        if memory.telling.holds(trims && trim > TRIM_TELLING, TRIM_TELLING_TIME, elapsed) {
            memory.told = true;
        } else if trim <= TRIM_TELLING - TRIM_DEADBAND {
            memory.told = false;
        }
        memory.told
    }

    /// What is added to feed forward now.
    pub(super) fn trim(&self) -> MilligramsPerLitre {
        MilligramsPerLitre(self.dosing.trim.output())
    }

    /// What the trim sees and does, while it works.
    pub(super) fn trim_look(&self) -> Option<Look> {
        self.dosing.trim.look().filter(|_| self.status.state == State::PacedTrim)
    }

    /// mg/l × m³/h ÷ g/l = l/h.
    pub(super) fn pumped(
        &self,
        dose: MilligramsPerLitre,
        flow: CubicMetresPerHour,
    ) -> LitresPerHour {
        LitresPerHour(dose.0 * flow.0 / self.strength.0).within(LitresPerHour(0.0), PUMPED_MAX)
    }

    /// l/h × 1 000 ml/l ÷ 60 min/h ÷ ml = strokes a minute.
    pub(super) fn strokes(&self, pumped: LitresPerHour) -> StrokesPerMinute {
        StrokesPerMinute(pumped.0 * 1000.0 / 60.0 / self.settings.stroke.0)
            .within(StrokesPerMinute(0.0), STROKES_MAX)
    }

    /// What a person's strokes move, and the dose that is: the other way round.
    pub(super) fn by_hand(
        &self,
        flow: CubicMetresPerHour,
    ) -> Option<(LitresPerHour, MilligramsPerLitre)> {
        let wish = self.doser.handling.wish().filter(|_| self.doser.handling.is_manual())?;
        let strokes = STROKES_MAX.0 * wish.0 / 100.0;
        let pumped = LitresPerHour(strokes * 60.0 / 1000.0 * self.settings.stroke.0);
        let dose = MilligramsPerLitre(pumped.0 * self.strength.0 / flow.0);
        Some((pumped.within(LitresPerHour(0.0), PUMPED_MAX), dose))
    }
}

/// Full rate of the pump (`docs/spec/plant.md` 1.3).
const STROKES_MAX: StrokesPerMinute = StrokesPerMinute(180.0);
