//! Strokes that the field counted against those that were asked for: a pump that strokes by itself moves chemical too.

use core::time::Duration;

use crate::quantity::{Count, StrokesPerMinute};
use crate::signal::Signal;

/// The counter wraps here.
const WRAP: f64 = 65_536.0;
/// Faster than any pump of the plant, strokes a minute: a counter that jumps more began anew.
const CREDIBLE: f64 = 360.0;
/// Strokes that may be on their way between pump and counter: 15 s at full rate, three polls of a slow bus. No pump that
/// missed more has them to its credit.
const ON_THE_WAY: f64 = 45.0;
/// Strokes more than asked for are believed from here: one may be half done, one counted early.
const TOLERANCE: f64 = 2.0;
/// Alarm 419: three strokes in 30 s, without a rate for 10 s.
const UNASKED: f64 = 3.0;
const UNASKED_WINDOW: Duration = Duration::from_secs(30);
const IDLE_TIME: Duration = Duration::from_secs(10);

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Strokes {
    last: Option<f64>,
    /// A poll brings what was counted since the last one, whole.
    since_moved: Duration,
    /// Counted, less asked for.
    surplus: f64,
    idle_for: Duration,
    /// Strokes without a rate, and since when.
    unasked: f64,
    unasked_for: Duration,
}

impl Strokes {
    /// Strokes beyond those asked for since the last scan, to be booked too. `rate` was in force meanwhile.
    pub fn more_than(
        &mut self,
        counter: Signal<Count>,
        asked: f64,
        rate: StrokesPerMinute,
        elapsed: Duration,
    ) -> f64 {
        let counted = self.counted(counter, elapsed);
        self.judge_idle(counted, rate, elapsed);
        let surplus = self.surplus + counted - asked;
        if surplus > TOLERANCE {
            self.surplus = 0.0;
            return surplus;
        }
        self.surplus = if surplus > -ON_THE_WAY { surplus } else { -ON_THE_WAY };
        0.0
    }

    /// Strokes that the counter moved on.
    fn counted(&mut self, counter: Signal<Count>, elapsed: Duration) -> f64 {
        self.since_moved = self.since_moved.saturating_add(elapsed);
        let Some(now) = counter.usable().map(|count| count.0) else { return 0.0 };
        let before = self.last.replace(now);
        if before == Some(now) {
            return 0.0;
        }
        let minutes = self.since_moved.as_secs_f64() / 60.0;
        self.since_moved = Duration::ZERO;
        let Some(before) = before else { return 0.0 };
        let more = if now >= before { now - before } else { now - before + WRAP };
        if more <= CREDIBLE * minutes + TOLERANCE { more } else { 0.0 }
    }

    fn judge_idle(&mut self, counted: f64, rate: StrokesPerMinute, elapsed: Duration) {
        if rate > StrokesPerMinute::ZERO {
            self.idle_for = Duration::ZERO;
            self.unasked = 0.0;
            return;
        }
        self.unasked_for = self.unasked_for.saturating_add(elapsed);
        if self.unasked_for > UNASKED_WINDOW {
            self.unasked = 0.0;
            self.unasked_for = Duration::ZERO;
        }
        if self.idle_for >= IDLE_TIME && counted > 0.0 {
            if self.unasked == 0.0 {
                self.unasked_for = Duration::ZERO;
            }
            self.unasked += counted;
        }
        self.idle_for = self.idle_for.saturating_add(elapsed);
    }

    /// It strokes though nothing was asked for.
    pub fn are_unasked(&self) -> bool {
        self.unasked >= UNASKED
    }
}
