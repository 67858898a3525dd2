//! How much raw water the tanks may be given: less before one of them joins or leaves, slowly more after that (R-2.5-02).

use core::time::Duration;

use super::Around;
use crate::block::{Ramp, Sustained};
use crate::quantity::CubicMetresPerHour;
use crate::unit::tank::Report;

/// REDUCED, as a share of nominal (`docs/spec/contracts.md`, thresholds).
const REDUCED: f64 = 0.7;
/// From REDUCED to the full rate in ten minutes (R-2.5-02).
const RISE: f64 = (1.0 - REDUCED) / 600.0;
/// The raw water counts as lowered within this of REDUCED (chosen: twice the meter's noise).
const LOWERED: f64 = 1.05;
/// Water that does not come down, or that nobody measures, is waited for this long (chosen: P-101 moves by 5 % a second, so
/// that it has long come down, or never will).
const WAIT: Duration = Duration::from_secs(120);
/// Raw water below this share of nominal is none (`docs/spec/contracts.md`, thresholds: 0.3 of 5 m³/h).
const NONE: f64 = 0.06;

/// Joining and leaving.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Share of nominal.
    rate: Ramp,
    waited: Sustained,
    may_move: bool,
    pauses: bool,
}

impl Default for Service {
    fn default() -> Service {
        let rate = Ramp::at(REDUCED);
        Service { rate, waited: Sustained::default(), may_move: false, pauses: false }
    }
}

impl Service {
    /// One scan, with the tanks there are.
    pub fn judge(&mut self, around: &Around, tanks: &[Report], elapsed: Duration) {
        let moving = tanks.iter().any(|tank| tank.wants_to_move);
        // The last one that is used pauses the intake when it leaves, and while it is out.
        let left = tanks.iter().any(|tank| tank.is_in_use);
        self.pauses = !left;
        let whole = tanks.iter().all(|tank| tank.carries);
        let target = if moving || !whole { REDUCED } else { 1.0 };
        self.rate.follow(target, RISE, f64::INFINITY, elapsed);
        let most = if left { LOWERED * REDUCED } else { NONE } * around.nominal.0;
        let flow = around.raw_flow.usable();
        let low = flow.is_some_and(|flow| flow.0 <= most);
        let waited = self.waited.holds(moving, WAIT, elapsed);
        self.may_move = low || waited;
    }

    /// Raw water that the tanks may be given.
    #[must_use]
    pub fn rate(&self, nominal: CubicMetresPerHour) -> CubicMetresPerHour {
        nominal * self.rate.value()
    }

    /// The raw water is low enough for a tank to join or leave.
    #[must_use]
    pub fn may_move(&self) -> bool {
        self.may_move
    }

    /// No tank is used: production pauses.
    #[must_use]
    pub fn pauses(&self) -> bool {
        self.pauses
    }
}
