//! What leaves a day tank against what its pump moves (R-2.4-10), and what leaves it while the pump is off (R-2.11-04).

use core::time::Duration;

use crate::alarm::Condition;
use crate::block::{Account, Balance, Flows, Lag};
use crate::quantity::{Litres, LitresPerHour, Percent};
use crate::signal::Signal;

/// Strokes and tank are compared over this time (R-2.4-10).
const LONG: Duration = Duration::from_secs(4 * 3600);
/// Sooner where next to nothing leaves the tank although the pump strokes: air in its head (F12 asks for an hour).
const SHORT: Duration = Duration::from_secs(3600);
/// They disagree by more than this share, %, and agree again this much below (alarm 211, 420).
const OPEN_MAX: Percent = Percent(20.0);
const OPEN_BAND: Percent = Percent(5.0);
/// In the short window only this share says something.
const OPEN_SHORT: f64 = 60.0;
/// Less than this share of the tank pumped in a window is not judged: the gauge is no finer (1 %, smoothed).
const PUMPED_MIN: f64 = 0.02;
const PUMPED_MIN_SHORT: f64 = 0.006;
/// The gauge is smoothed over this time: its lag is the same at both ends of a window.
const SMOOTHING: Duration = Duration::from_secs(300);

/// A gauge this much above its smoothed value, %: somebody pours something in, and the window begins anew.
const RISE: f64 = 3.0;

/// A level that falls faster than this while nothing is pumped is a leak, % of the tank an hour, and none this much below
/// (R-2.11-04, alarms 212 and 417).
const LEAK_MAX: Percent = Percent(2.0);
const LEAK_BAND: Percent = Percent(1.0);
/// It is judged on means of five minutes, the first against the seventh: half an hour, the on-delay of the alarm.
const MEAN: Duration = Duration::from_secs(300);
const MEANS: usize = 7;

/// What is known of a tank in one look.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub level: Option<Percent>,
    pub volume: Litres,
    /// What the pump moves by its strokes; nothing: it is off.
    pub pumped: LitresPerHour,
    /// Somebody fills it, or empties it.
    pub handled: bool,
}

/// The books of a day tank.
#[derive(Clone, Copy, Debug, Default)]
pub struct Books {
    smooth: Lag,
    long: Balance,
    short: Balance,
    /// Share that leaves the tank more than is pumped, or less, %: the verdicts that stand.
    pub open: Option<Percent>,
    pub open_short: Option<Percent>,
    means: [f64; MEANS],
    filled: usize,
    sum: f64,
    looks: u32,
    in_mean: Duration,
    /// Share of the tank that was lost in the last hour while nothing was pumped, %.
    pub lost: Option<Percent>,
}

impl Books {
    /// One look.
    pub fn take(&mut self, now: Now, elapsed: Duration) {
        let before = self.smooth.value();
        let rises = |level: Percent| before.is_some_and(|before| level.0 - before > RISE);
        let level = now.level.filter(|level| !now.handled && !rises(*level));
        if let Some(level) = level {
            self.smooth.follow(level.0, SMOOTHING, SMOOTHING, elapsed);
        } else {
            self.smooth = Lag::default();
        }
        let held = self.smooth.value().map(|level| level * now.volume.0 / 100.0);
        let flows = held.map(|held| Flows { inflow: 0.0, outflow: now.pumped.0, held });
        if let Some(account) = self.long.take(flows, LONG, elapsed) {
            self.open = share(account, PUMPED_MIN * now.volume.0);
        }
        if let Some(account) = self.short.take(flows, SHORT, elapsed) {
            self.open_short = share(account, PUMPED_MIN_SHORT * now.volume.0);
        }
        self.watch_still(level.filter(|_| now.pumped.0 <= 0.0), elapsed);
    }

    /// While nothing is pumped nothing may leave.
    fn watch_still(&mut self, level: Option<Percent>, elapsed: Duration) {
        let Some(level) = level else {
            (self.filled, self.sum, self.looks) = (0, 0.0, 0);
            self.in_mean = Duration::ZERO;
            self.lost = None;
            return;
        };
        self.sum += level.0;
        self.looks += 1;
        self.in_mean = self.in_mean.saturating_add(elapsed);
        if self.in_mean < MEAN {
            return;
        }
        self.means.rotate_left(1);
        self.means[MEANS - 1] = self.sum / f64::from(self.looks);
        self.filled = MEANS.min(self.filled + 1);
        (self.sum, self.looks, self.in_mean) = (0.0, 0, Duration::ZERO);
        if self.filled == MEANS {
            let hours = MEAN.as_secs_f64() * (MEANS - 1) as f64 / 3600.0;
            self.lost = Some(Percent((self.means[0] - self.means[MEANS - 1]) / hours));
        }
    }

    /// A person has looked after it: what was no longer says anything.
    pub fn forget(&mut self) {
        let lost = Some(Percent::ZERO);
        *self = Books { smooth: self.smooth, lost, ..Books::default() };
    }

    /// Alarms 211 and 420. Not judged while too little is pumped.
    #[must_use]
    pub fn disagrees(&self) -> Condition {
        let stuck = self.nothing_leaves();
        match self.open {
            _ if stuck => Condition::Active,
            Some(open) => Signal::Good(open.distance(Percent::ZERO)).above(OPEN_MAX, OPEN_BAND),
            None if self.open_short.is_some() => Condition::Clear,
            None => Condition::Suppressed,
        }
    }

    /// The pump strokes, and next to nothing leaves the tank.
    #[must_use]
    pub fn nothing_leaves(&self) -> bool {
        self.open_short.is_some_and(|open| open.0 < -OPEN_SHORT)
    }

    /// Alarms 212 and 417. Not judged while the pump works: strokes against tank say it then.
    #[must_use]
    pub fn leaks(&self) -> Condition {
        match self.lost {
            Some(lost) => Signal::Good(lost).above(LEAK_MAX, LEAK_BAND),
            None => Condition::AsBefore,
        }
    }
}

/// What left the tank more than was pumped (less: negative), as a share of what was pumped, %.
fn share(account: Account, least: f64) -> Option<Percent> {
    // Missing: pumped less what left, with the sign turned: in - out - gained.
    (account.throughput >= least && account.throughput > 0.0).then(|| {
        Percent(100.0 * account.missing / account.throughput)
            .within(Percent(-999.0), Percent(999.0))
    })
}
