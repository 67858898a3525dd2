//! Dosing while storage fails: so evenly that restarts make no difference.
//!
//! Nobody writes down what moves then, and a restart forgets it. So nothing that could be forgotten sets its limit, time does:
//! an even share of half the caps, of which a start has none yet. However often the controller starts, in any time no more
//! moves unsaved than its pace and one fill allow; each start takes for granted that this much did. `docs/spec/plant.md` 2.18.

use core::time::Duration;

use super::ledger::{DAY, HOUR};
use crate::quantity::Grams;

/// The share is saved up for so long, then spent (chosen: short against the 90 s of R-2.4-09, and ten seconds of the full rate
/// of each pump fit in it).
const FILL: Duration = Duration::from_secs(60);

/// Half the caps, spread evenly, micrograms a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(u64);

impl Pace {
    /// The slower of both caps' halves; a cap that is no number allows none.
    pub fn of(hourly: Grams, daily: Grams) -> Pace {
        let a_second = |cap: Grams, window: Duration| {
            libm::floor(cap.0 * 1e6 / 2.0 / window.as_secs_f64()) as u64
        };
        Pace(a_second(hourly, HOUR).min(a_second(daily, DAY)))
    }

    /// What moves in this time, micrograms, rounded up.
    pub fn mass(self, time: Duration) -> u64 {
        let micro = (u128::from(self.0) * time.as_nanos()).div_ceil(1_000_000_000);
        u64::try_from(micro).unwrap_or(u64::MAX)
    }

    /// What may move at once.
    pub fn fill(self) -> u64 {
        self.mass(FILL)
    }

    /// Time that this mass takes, rounded up.
    fn time(self, micro: u64) -> Duration {
        let time = (u128::from(micro) * 1_000_000_000).checked_div(u128::from(self.0));
        time.and_then(|ns| u64::try_from(ns + 1).ok()).map_or(Duration::MAX, Duration::from_nanos)
    }
}

/// What may move unsaved just now, as the time that it takes at its pace.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unsaved {
    share: Duration,
    /// Spent: nothing moves until it is full again.
    fills: bool,
}

impl Unsaved {
    /// What is on record, or may wait for it, needs no share.
    pub fn rest(&mut self) {
        *self = Unsaved::default();
    }

    /// This has moved unsaved.
    pub fn spend(&mut self, micro: u64, pace: Pace) {
        self.share =
            self.share.saturating_sub(if micro > 0 { pace.time(micro) } else { Duration::ZERO });
    }

    /// Time passes; whether this much may come next.
    pub fn allows(&mut self, micro: u64, pace: Pace, elapsed: Duration) -> bool {
        self.share = self.share.saturating_add(elapsed).min(FILL);
        let short = pace.time(micro) > self.share;
        self.fills = short || (self.fills && self.share < FILL);
        !self.fills
    }

    /// Time until it is full again.
    pub fn wait_left(&self) -> Duration {
        if self.fills { FILL.saturating_sub(self.share) } else { Duration::ZERO }
    }
}
