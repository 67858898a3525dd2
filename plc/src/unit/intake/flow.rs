//! The raw flow that all logic judges: FIT-101, or what speed, power and level say where that cannot be believed. And the
//! power that a pump takes while it moves water, learned by speed.
//!
//! `docs/spec/plant.md` 2.3 (R-2.3-02, R-2.3-03), 2.12 (R-2.12-07, R-2.12-13), 6.3.

use alloc::boxed::Box;
use core::time::Duration;

use super::Intake;
use super::river::WET_WELL_TRIP;
use crate::block::Sustained;
use crate::declare::{kept, parts, retained};
use crate::device::{Drive, PUMPS_MAX};
use crate::quantity::{CubicMetresPerHour, KiloWatts, Metres, Percent};
use crate::signal::{Doubt, Fault, Signal};

retained! {
    /// What is learned at a speed.
    pub struct Learned {
        /// JI-101, power of a pump that moves water at this speed; 0 until it was seen.
        pub power: KiloWatts = kept().within(0.0..=50.0),
    }
}

/// One speed of the learned curve.
#[derive(Default)]
pub struct CurvePoint {
    pub retained: Learned,
}
parts! { CurvePoint { retained; one: ; many: ; maybe: ; } }

/// Speeds of the learned curve, %; a speed belongs to the nearest.
const SPEEDS: [f64; 6] = [50.0, 60.0, 70.0, 80.0, 90.0, 100.0];

pub(super) fn curve() -> Box<[CurvePoint]> {
    SPEEDS.iter().map(|_| CurvePoint::default()).collect()
}

/// Between neighbouring speeds power goes with this power of speed: against a static head less than the cube, `plant.md` 6.3.
const EXPONENT: f64 = 2.5;
/// Learned from a flow beyond doubt of at least this share of nominal, seen for this long, and followed this slowly (chosen: a
/// worn pump is followed in an hour, a wet well that falls dry in 8 s is not).
const LEARN_SHARE: f64 = 0.4;
const LEARN_AFTER: Duration = Duration::from_secs(60);
const LEARN_TIME_S: f64 = 600.0;
/// Less than this share of the learned power moves no water (R-2.3-07).
const POWER_SHARE: f64 = 0.6;
/// Power that says "no water" speaks against the meter after this; two polls of a drive.
const CONTRADICTED: Duration = Duration::from_secs(2);
/// A meter that was caught at zero is believed again when it has shown flow for so long (chosen).
const BELIEVED_AFTER: Duration = Duration::from_secs(60);
/// A meter that stands still to half its last digit for so long while its pump runs, and then differs by this share of nominal
/// from what the speed gives, for so long, has frozen (R-2.12-06, F6). Chosen: no meter in a running pipe stands still for a
/// minute; a worn pump lifts a fifth less; the ramps of pump and setpoint are over in ten seconds.
const STILL_WITHIN: CubicMetresPerHour = CubicMetresPerHour(0.005);
const STILL_FOR: Duration = Duration::from_secs(60);
const APART_SHARE: f64 = 0.2;
const APART_FOR: Duration = Duration::from_secs(10);
/// Less flow than this share of nominal is none: 0.3 m³/h of 5 (R-2.3-07; `docs/spec/contracts.md`, thresholds).
pub(super) const NO_FLOW_SHARE: f64 = 0.06;
/// Lowest speed lies this much above the speed that beats the static head, %, and the start as much again (R-2.3-03).
pub(super) const SPEED_MARGIN: f64 = 5.0;

/// Power is judged so often (class S, R-2.0-01); drives are asked once a second.
const JUDGED_EVERY: Duration = Duration::from_millis(500);

/// What the power of a running pump says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Load {
    #[default]
    Unknown,
    /// As learned: water moves, or the pump churns.
    AsLearned,
    /// Too little for a pump that moves water.
    TooLow,
}

/// What is remembered of the meter and the curve.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    /// It stood at zero, or still, while water moved: not believed until it shows flow, or a person resets.
    pub doubted: bool,
    /// Where it stands, and for how long.
    stands_at: CubicMetresPerHour,
    stood: Duration,
    apart: Sustained,
    loads: [Load; PUMPS_MAX],
    since_judged: Duration,
    proven: Sustained,
    contradicted: Sustained,
    learning: Sustained,
}

impl Intake {
    /// Taken before the causes.
    pub fn judge(&mut self, nominal: CubicMetresPerHour, elapsed: Duration) {
        self.meter.since_judged = self.meter.since_judged.saturating_add(elapsed);
        if self.meter.since_judged >= JUDGED_EVERY {
            let mut loads = [Load::Unknown; PUMPS_MAX];
            for (load, pump) in loads.iter_mut().zip(&self.pump) {
                *load = self.judge_load(pump);
            }
            self.meter.loads = loads;
            self.learn(nominal, self.meter.since_judged);
            self.meter.since_judged = Duration::ZERO;
        }
        let meter = self.inputs.flow;
        let runs = self.pump.iter().any(Drive::is_running);
        let frozen = self.is_frozen(nominal, runs, elapsed);
        let lies = self.meter.apart.holds(frozen, APART_FOR, elapsed);
        self.meter.doubted |= lies || (runs && meter == Signal::Bad(Fault::Implausible));
        let shows =
            runs && !frozen && meter.good().is_some_and(|flow| flow > nominal * NO_FLOW_SHARE);
        if self.meter.proven.holds(shows, BELIEVED_AFTER, elapsed) {
            self.meter.doubted = false;
        }
        let idle = (0..self.pump.len()).any(|at| self.load(at) == Load::TooLow);
        let contradicted = self.meter.contradicted.holds(idle, CONTRADICTED, elapsed);
        let believed = meter.usable().is_some() && !self.meter.doubted && !contradicted;
        self.status.raw_flow = if believed { meter } else { self.derived_flow(nominal) };
    }

    /// It does not move, and the speed says that it should have: a frozen value alone says nothing.
    fn is_frozen(&mut self, nominal: CubicMetresPerHour, runs: bool, elapsed: Duration) -> bool {
        let shown = self.inputs.flow.usable().filter(|_| runs);
        let Some(shown) = shown.filter(|flow| flow.distance(self.meter.stands_at) < STILL_WITHIN)
        else {
            self.meter.stands_at = shown.unwrap_or_default();
            self.meter.stood = Duration::ZERO;
            return false;
        };
        self.meter.stood = self.meter.stood.saturating_add(elapsed);
        let derived = self.derived_flow(nominal).usable().filter(|_| self.meter.stood >= STILL_FOR);
        derived.is_some_and(|derived| !(derived.distance(shown) <= nominal * APART_SHARE))
    }

    /// FIT-101, as far as it is believed.
    pub(super) fn metered(&self) -> Option<CubicMetresPerHour> {
        self.inputs.flow.usable().filter(|_| !self.meter.doubted)
    }

    /// Flow from speed, only while run feedback, motor power and wet well say that water moves.
    fn derived_flow(&self, nominal: CubicMetresPerHour) -> Signal<CubicMetresPerHour> {
        let Some((at, pump)) = self.pump.iter().enumerate().find(|(_, pump)| pump.is_on()) else {
            return Signal::Uncertain(CubicMetresPerHour::ZERO, Doubt::Fallback);
        };
        let wet = self.inputs.wet_well_low_low.closed()
            && self.inputs.wet_well_level.usable().is_some_and(|level| level > WET_WELL_TRIP);
        let moves = self.load(at) == Load::AsLearned && wet;
        let Some(frequency) = pump.inputs.frequency.usable().filter(|_| moves) else {
            return Signal::Bad(Fault::Computed);
        };
        let speed = frequency.0 / 50.0;
        let head = self.settings.shut_off_head.0 * speed * speed - self.static_head();
        let share = if head > 0.0 { libm::sqrt(head / self.settings.head_lost.0) } else { 0.0 };
        Signal::Uncertain(nominal * share, Doubt::Fallback)
    }

    /// What the power of a pump says, as of the last judgement.
    pub(super) fn load(&self, at: usize) -> Load {
        let runs = self.pump.get(at).is_some_and(Drive::is_running);
        self.meter.loads.get(at).copied().filter(|_| runs).unwrap_or_default()
    }

    /// What the power of a pump says. A pump below its lowest speed, on its way up or down, says nothing.
    fn judge_load(&self, pump: &Drive) -> Load {
        let (Some(power), Some(frequency)) =
            (pump.inputs.power.usable(), pump.inputs.frequency.usable())
        else {
            return Load::Unknown;
        };
        let speed = 2.0 * frequency.0;
        if !pump.is_running() || !(speed >= self.lowest_speed().0 - SPEED_MARGIN) {
            return Load::Unknown;
        }
        match self.expected_power(speed) {
            Some(learned) if power >= learned * POWER_SHARE => Load::AsLearned,
            Some(_) => Load::TooLow,
            // Before anything was learned a setting says what is surely enough; less than that says nothing.
            None if power >= self.settings.power_min => Load::AsLearned,
            None => Load::Unknown,
        }
    }

    /// A pump runs and takes the power of one that moves water.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        (0..self.pump.len()).any(|at| self.load(at) == Load::AsLearned)
    }

    /// Power of a pump that moves water at this speed, %; `None` before anything was learned. From another speed it is taken
    /// too low rather than too high: linear upwards, with the cube downwards.
    fn expected_power(&self, speed: f64) -> Option<KiloWatts> {
        let own = nearest(speed);
        let known =
            |at: &usize| self.curve.get(*at).is_some_and(|point| point.retained.power.0 > 0.0);
        let apart = |at: &usize| at.abs_diff(own);
        let at = (0..SPEEDS.len()).filter(known).min_by_key(apart)?;
        let share = speed / SPEEDS[at];
        let factor = if at == own {
            libm::pow(share, EXPONENT)
        } else if share > 1.0 {
            share
        } else {
            share * share * share
        };
        Some(self.curve[at].retained.power * factor)
    }

    /// Learns from a pump whose flow is beyond doubt.
    fn learn(&mut self, nominal: CubicMetresPerHour, elapsed: Duration) {
        let metered = self.inputs.flow.good().filter(|_| !self.meter.doubted);
        let flows = metered.is_some_and(|flow| flow >= nominal * LEARN_SHARE);
        let runs = |at: &usize| self.pump.get(*at).is_some_and(Drive::is_running);
        let at = (0..self.pump.len()).find(|at| runs(at) && self.load(*at) != Load::TooLow);
        let seen = at.and_then(|at| {
            let pump = self.pump.get(at)?;
            let speed = 2.0 * pump.inputs.frequency.good()?.0;
            // Below its lowest speed a pump moves nothing, whatever its drive says.
            if !(speed >= self.lowest_speed().0 - SPEED_MARGIN) {
                return None;
            }
            let at = nearest(speed);
            Some((at, pump.inputs.power.good()? / libm::pow(speed / SPEEDS[at], EXPONENT)))
        });
        let ready = self.meter.learning.holds(flows && seen.is_some(), LEARN_AFTER, elapsed);
        let (true, Some((at, power))) = (ready, seen) else { return };
        let Some(point) = self.curve.get_mut(at) else { return };
        let learned = &mut point.retained.power;
        let share = elapsed.as_secs_f64() / LEARN_TIME_S;
        *learned = if learned.0 > 0.0 {
            *learned + (power - *learned) * if share < 1.0 { share } else { 1.0 }
        } else {
            power
        };
    }

    /// Static head at the present wet well, m.
    pub(super) fn static_head(&self) -> f64 {
        let level = self.inputs.wet_well_level.usable().unwrap_or(self.settings.reference_level);
        Metres(self.settings.static_head.0 - (level.0 - self.settings.reference_level.0))
            .within(Metres(0.5), self.settings.shut_off_head)
            .0
    }

    /// `sqrt(H_st / H0) + 5 %` (R-2.3-03).
    pub(super) fn lowest_speed(&self) -> Percent {
        let share = libm::sqrt(self.static_head() / self.settings.shut_off_head.0);
        Percent(100.0 * share + SPEED_MARGIN).within(Percent(10.0), Percent(95.0))
    }

    /// Speed at which the curve gives `flow`: `n² = (H_st + lost·(Q/Qn)²) / H0`.
    pub(super) fn speed_for(
        &self,
        flow: CubicMetresPerHour,
        nominal: CubicMetresPerHour,
    ) -> Percent {
        let share = flow / nominal;
        let head = self.static_head() + self.settings.head_lost.0 * share * share;
        Percent(100.0 * libm::sqrt(head / self.settings.shut_off_head.0))
            .within(self.lowest_speed(), Percent(100.0))
    }
}

/// The place of this speed on the learned curve.
fn nearest(speed: f64) -> usize {
    let steps = Percent((speed - SPEEDS[0]) / 10.0 + 0.5).within(Percent(0.0), Percent(5.0));
    steps.0 as usize
}
