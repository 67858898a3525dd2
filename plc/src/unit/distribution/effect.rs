//! Whether P-501 does what it is there for: dry, against a closed pipe, into a broken one.
//!
//! INV-19, INV-20; `docs/spec/plant.md` 2.8 (pipe break), 2.15.

use core::time::Duration;

use super::lost_tank::KPA_PER_METRE;
use super::pressure::STANDS;
use super::{Around, Distribution};
use crate::block::Sustained;
use crate::device::Drive;
use crate::quantity::{KiloPascals, Metres};
use crate::reason::{Reason, Reasons};

/// Less flow than this share of nominal is none (INV-20). It is stopped within 15 s, three of which are the meter's.
const NO_FLOW_SHARE: f64 = 0.05;
const NO_FLOW_TIME: Duration = Duration::from_secs(12);
/// A pump without effect rests this long, or until reset (chosen: as P-301).
const REST: Duration = Duration::from_secs(600);
/// Water stands at the suction above this (R-2.17-02).
const SUCTION_LOW: Metres = Metres(0.30);
/// Pipe break: PT-501 below 100 kPa and FIT-501 above 9 m³/h of 5, for 30 s (R-2.8-03).
const BREAK_SHARE: f64 = 1.8;
const BREAK_TIME: Duration = Duration::from_secs(30);
/// The rising main is broken when half the nominal flow goes and PT-501 does not show this share of the static head.
const RISING_SHARE: f64 = 0.5;
const RISING_HEAD: f64 = 0.85;

/// What is remembered of their effect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    no_flow: Sustained,
    breaks: Sustained,
}

impl Distribution {
    /// Every pump has failed, or rests from a run without effect.
    pub(super) fn all_failed(&self) -> bool {
        self.pumps.failed(&self.pump) == self.pump.len()
    }

    /// Time passes; a person's reset ends rests and forgets a broken pipe.
    pub(super) fn rest(&mut self, reset: bool, elapsed: Duration) {
        if reset {
            self.effect = Effect::default();
            self.retained.pipe_broken = false;
        }
        self.pumps.elapse(reset, elapsed);
        self.status.rest_left = self.pumps.rest_left();
        self.status.unseen_left = self.blind.left();
        self.status.failed_by =
            self.pumps.why().and_if(self.retained.pipe_broken, Reason::PipeBroken);
    }

    /// Dry run, dead head and pipe break, whoever runs the pump.
    pub(super) fn prove(&mut self, around: &Around, elapsed: Duration) {
        let on = self.pump.iter().any(Drive::is_running);
        let measured = self.inputs.flow;
        let none = measured.seen(|flow| flow < around.nominal * NO_FLOW_SHARE).unless(!on);
        if self.effect.no_flow.holds(none, NO_FLOW_TIME, elapsed) {
            let level = self.status.level.usable();
            let wet = self.inputs.low_low.closed() && level.is_none_or(|level| level > SUCTION_LOW);
            let why = if wet { Reason::DeadHead } else { Reason::DryRun };
            self.effect.no_flow = Sustained::default();
            self.pumps.send_to_rest(&self.pump, REST, Reasons::only(why));
        }
        let (share, least) = if self.has_tank {
            (RISING_SHARE, KiloPascals(self.settings.static_head.0 * KPA_PER_METRE * RISING_HEAD))
        } else {
            (BREAK_SHARE, STANDS)
        };
        let much = measured.seen_above(around.nominal * share);
        let headless = self.inputs.pressure.seen(|pressure| pressure < least);
        let broken = much.and(headless).unless(!on);
        if !self.has_tank && self.fills_in_vain(on, elapsed) {
            self.retained.pipe_broken = true;
        }
        self.retained.pipe_broken |= self.effect.breaks.holds(broken, BREAK_TIME, elapsed);
    }

    /// The pipe breaks, now: what alarm 507 is judged on, its own delay apart.
    pub(super) fn pipe_breaks(&self) -> bool {
        self.retained.pipe_broken || self.effect.breaks.lasted() > Duration::ZERO
    }
}
