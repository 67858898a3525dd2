//! Whether P-101 does what it is there for. A pump that ran and moved nothing rests, its standby takes over, and what is
//! likely to be wrong is said.
//!
//! R-2.3-07 (dry run), R-2.3-08 (dead head), INV-19, INV-20; `docs/spec/plant.md` 2.15.

use alloc::boxed::Box;
use core::time::Duration;

use super::flow::{Load, NO_FLOW_SHARE};
use super::{Around, Intake};
use crate::block::Sustained;
use crate::declare::{kept, parts, retained, shown, status};
use crate::device::Drive;
use crate::quantity::{Count, Metres};
use crate::reason::{Reason, Reasons};

status! {
    /// What came of its last runs.
    pub struct Status {
        /// Ran, and nothing moved: why that may be.
        pub failed_by: Reasons = shown(),
        /// Rest left before its next try.
        pub rest_left: Duration = shown().span(0.0..=600.0),
    }
}

retained! {
    /// Tries that a restart does not give back.
    pub struct Retained {
        /// Runs without effect in six hours; at three it is locked until reset.
        pub dry_runs: Count = kept().within(0.0..=3.0).else_is(3.0),
        /// Time since the first of them.
        pub dry_time: Duration = kept().within(0.0..=21_600.0),
        /// Time since the second of them.
        pub second_dry_time: Duration = kept().within(0.0..=21_600.0),
    }
}

/// Proof of one pump's effect.
#[derive(Default)]
pub struct Proof {
    pub status: Status,
    pub retained: Retained,
}
parts! { Proof { status, retained; one: ; many: ; maybe: ; } }

/// A dry pump trips after this, by its flow or its power (R-2.3-07).
const DRY_TIME: Duration = Duration::from_secs(8);
/// Sooner, where PT-101 too says that nothing is lifted: a motor also takes seconds to stand (INV-20).
const SEEN_TWICE: Duration = Duration::from_secs(5);
/// Where power and pressure say that water moves and the meter alone says it does not, the meter is given the time in which
/// R-2.12-07 finds it out (30 s), and two polls.
const METER_TIME: Duration = Duration::from_secs(32);
/// A dead-headed pump trips after this (R-2.3-08).
const DEAD_HEAD_TIME: Duration = Duration::from_secs(5);
/// Pressure at which nothing flows, as a share of the shut-off pressure at this speed, and no flow seen: the curve is flat
/// there, and 5 % of nominal lies above 99 % of it. Beyond 1.1 it trips whatever the meter says (R-2.3-08).
const SHUT_OFF: f64 = 0.95;
const BEYOND_SHUT_OFF: f64 = 1.1;
/// Dead-headed is less flow than this share of nominal (INV-20).
const DEAD_HEAD_SHARE: f64 = 0.05;
/// A pump that lifts water shows at least so much more than the static head (chosen: a third of what MINIMUM takes).
const LIFTS: Metres = Metres(0.3);
/// 1 m of water.
const KPA_PER_METRE: f64 = 9.81;
/// A pump without effect waits this long, and is tried three times in six hours (R-2.3-07).
const REST: Duration = Duration::from_secs(600);
const TRIES: f64 = 3.0;
const TRIES_WINDOW: Duration = Duration::from_secs(6 * 3600);

pub(super) fn proofs(pumps: u8) -> Box<[Proof]> {
    (0..pumps).map(|_| Proof::default()).collect()
}

impl Proof {
    /// Time passes; a person's reset gives every try back.
    fn elapse(&mut self, reset: bool, elapsed: Duration) {
        self.status.rest_left = self.status.rest_left.saturating_sub(elapsed);
        if reset {
            *self = Proof::default();
        }
        if !self.is_locked() {
            self.grow_older(elapsed);
        }
    }

    /// Each run counts for its own six hours; with the third it is locked, so that two ages are enough.
    fn grow_older(&mut self, elapsed: Duration) {
        let kept = &mut self.retained;
        if kept.dry_runs.0 > 0.0 {
            kept.dry_time = kept.dry_time.saturating_add(elapsed);
        }
        if kept.dry_runs.0 > 1.0 {
            kept.second_dry_time = kept.second_dry_time.saturating_add(elapsed);
        }
        while kept.dry_runs.0 > 0.0 && kept.dry_time >= TRIES_WINDOW {
            kept.dry_runs.0 -= 1.0;
            kept.dry_time = kept.second_dry_time;
            kept.second_dry_time = Duration::ZERO;
        }
    }

    /// It ran, and nothing moved.
    fn trip(&mut self, likely: Reasons) {
        self.status = Status { failed_by: likely, rest_left: REST };
        self.retained.dry_runs.0 += 1.0;
    }

    /// Tried too often: until reset.
    pub(super) fn is_locked(&self) -> bool {
        self.retained.dry_runs.0 >= TRIES
    }

    /// Why it may not run now, by hand either.
    pub(super) fn held_by(&self) -> Reasons {
        let held = self.rests() || self.is_locked();
        let why = self.status.failed_by.and_if(self.is_locked(), Reason::PumpFault);
        if held { why } else { Reasons::NONE }
    }

    fn rests(&self) -> bool {
        self.status.rest_left > Duration::ZERO
    }
}

/// What is remembered of the running pump.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    no_flow: Sustained,
    no_lift: Sustained,
    no_load: Sustained,
    dead_head: Sustained,
}

/// What PT-101 says of a running pump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// The most a pump can give at this speed, or more: nothing leaves it.
    ShutOff,
    /// Between: water is on its way.
    Lifts,
    /// No more than water that stands.
    Static,
    Unknown,
}

impl Intake {
    /// Not faulty, in AUTO, and neither resting nor locked.
    pub(super) fn is_fit(&self, pump: usize) -> bool {
        let proof = self.proof.get(pump);
        self.pump.get(pump).is_some_and(Drive::is_available)
            && proof.is_some_and(|proof| !proof.rests() && !proof.is_locked())
    }

    /// Failed until a reset: tripped, or locked.
    pub(super) fn is_out(&self, pump: usize) -> bool {
        self.pump.get(pump).is_none_or(Drive::is_faulty)
            || self.proof.get(pump).is_none_or(Proof::is_locked)
    }

    /// Every pump has failed until a reset, or XV-101 has.
    pub(super) fn has_failed(&self) -> bool {
        (0..self.pump.len()).all(|at| self.is_out(at)) || self.inlet.is_faulty()
    }

    /// Pumps that failed, rest or are locked.
    pub(super) fn failed_pumps(&self) -> usize {
        let rests = |at: usize| self.proof.get(at).is_some_and(Proof::rests);
        (0..self.pump.len()).filter(|at| self.is_out(*at) || rests(*at)).count()
    }

    /// Time until the first of the resting pumps is tried again.
    pub(super) fn retry_left(&self) -> Duration {
        let resting = self.proof.iter().filter(|proof| proof.rests() && !proof.is_locked());
        resting.map(|proof| proof.status.rest_left).min().unwrap_or(Duration::ZERO)
    }

    /// Who has the duty.
    pub(super) fn choose_duty(&mut self) -> Option<usize> {
        let fit = core::array::from_fn(|pump| self.is_fit(pump));
        self.pumps.choose(&mut self.pump, fit, self.settings.pinned)
    }

    /// Dry run and dead head, whoever runs the pump.
    pub(super) fn prove(&mut self, around: &Around, elapsed: Duration) {
        for proof in &mut self.proof {
            proof.elapse(around.reset, elapsed);
        }
        let runs = self.pump.iter().enumerate().find(|(_, pump)| pump.is_running());
        let load = runs.map_or(Load::Unknown, |(at, _)| self.load(at));
        let runs = runs.map(|(_, pump)| pump);
        let head = runs.map_or(Head::Unknown, |pump| self.head(pump, SHUT_OFF));
        let beyond = runs.is_some_and(|pump| self.head(pump, BEYOND_SHUT_OFF) == Head::ShutOff);
        let runs = runs.is_some();
        let metered = self.metered();
        let none = runs && metered.is_some_and(|flow| !(flow >= around.nominal * NO_FLOW_SHARE));
        let shut = !metered.is_some_and(|flow| flow >= around.nominal * DEAD_HEAD_SHARE);
        let shut = runs && (beyond || (shut && head == Head::ShutOff));
        let doubtful = load == Load::AsLearned && head == Head::Lifts;
        let patience = if doubtful { METER_TIME } else { DRY_TIME };
        let no_flow = self.effect.no_flow.holds(none, patience, elapsed);
        let nothing = none && head == Head::Static;
        let no_flow = self.effect.no_lift.holds(nothing, SEEN_TWICE, elapsed) || no_flow;
        let no_load = self.effect.no_load.holds(load == Load::TooLow, DRY_TIME, elapsed);
        let dead_head = self.effect.dead_head.holds(shut, DEAD_HEAD_TIME, elapsed);
        if !(no_flow || no_load || dead_head) {
            return;
        }
        let likely = if dead_head {
            Reasons::only(Reason::DeadHead).and_if(!self.way_open(around), Reason::ValveNotInPlace)
        } else {
            self.likely(load, head)
        };
        for (pump, proof) in self.pump.iter().zip(&mut self.proof) {
            if pump.is_running() {
                proof.trip(likely);
            }
        }
        self.effect = Effect::default();
    }

    /// What is likely to be wrong with a pump that ran and moved nothing.
    fn likely(&self, load: Load, head: Head) -> Reasons {
        let level = self.inputs.wet_well_level.usable();
        let dry = Reasons::only(Reason::DryRun)
            .and_if(
                !level.is_some_and(|level| level > self.settings.stop_level),
                Reason::WetWellLow,
            )
            .and_if(self.screen_clogs(), Reason::ScreenBlocked);
        match (load, head) {
            (Load::TooLow, _) => dry,
            (Load::AsLearned, Head::Lifts) => Reasons::only(Reason::MeterDoubtful),
            (Load::AsLearned, Head::ShutOff) | (Load::Unknown, Head::ShutOff) => {
                Reasons::only(Reason::DeadHead)
            }
            (Load::AsLearned, Head::Static) => Reasons::only(Reason::PumpMovesNothing),
            (Load::AsLearned | Load::Unknown, _) => {
                dry.with(Reason::DeadHead).with(Reason::PumpMovesNothing)
            }
        }
    }

    /// What PT-101 says, against `share` of the shut-off head at the present speed.
    fn head(&self, pump: &Drive, share: f64) -> Head {
        // No pump of this plant lifts water beyond PT-101's scale: what does is a way that closes.
        if self.inputs.discharge_pressure.is_over() {
            return Head::ShutOff;
        }
        let (Some(pressure), Some(frequency)) =
            (self.inputs.discharge_pressure.usable(), pump.inputs.frequency.usable())
        else {
            return Head::Unknown;
        };
        let speed = frequency.0 / 50.0;
        let shut_off = self.settings.shut_off_head.0 * speed * speed;
        // Below the speed that beats the static head the check valve holds what stands above it.
        if !(shut_off > self.static_head()) {
            return Head::Unknown;
        }
        let head = pressure.0 / KPA_PER_METRE + self.settings.gauge_height.0;
        if head >= share * shut_off {
            Head::ShutOff
        } else if head >= self.static_head() + LIFTS.0 {
            Head::Lifts
        } else {
            Head::Static
        }
    }
}
