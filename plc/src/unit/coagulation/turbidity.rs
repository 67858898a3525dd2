//! Raw turbidity for the dose: median of a minute, then quick up and slow down, so that a spike is never followed by too
//! little. And what serves in its place.
//!
//! R-2.4-03; without AIT-101 R-2.12-14: the last good value and a fifth for an hour, then a person's value, else nothing.

use core::time::Duration;

use crate::block::Lag;
use crate::quantity::Ntu;
use crate::reason::Reason;
use crate::signal::{Doubt, Fault, Signal};

/// Samples of the median, as AIT-101 is asked.
const SAMPLE: Duration = Duration::from_secs(5);
const SAMPLES: usize = 12;
const RISE: Duration = Duration::from_secs(30);
const FALL: Duration = Duration::from_secs(600);
/// In a storm turbidity swings widely: the dose follows it down sooner, and is no overdose for long (R-2.14-06; chosen).
const STORM_FALL: Duration = Duration::from_secs(200);
/// The last good value serves this long, with so much more.
const LAST_GOOD_MAX: Duration = Duration::from_secs(3600);
const LAST_GOOD_FACTOR: f64 = 1.2;
/// A value tested by hand serves this long: it is asked for hourly (R-2.2.2-06), and a test takes its time.
const HAND_MAX: Duration = Duration::from_secs(5400);
/// What a turbidity tube or a hand meter can tell.
const HAND_RANGE: (Ntu, Ntu) = (Ntu(0.1), Ntu(4000.0));

/// Memory of the turbidity.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DoseTurbidity {
    ring: [f64; SAMPLES],
    filled: usize,
    at: usize,
    since_sample: Duration,
    lag: Lag,
    bad_for: Duration,
    by_hand: Option<Ntu>,
    /// Time left of the value tested by hand.
    hand_left: Duration,
    /// The river was beyond AIT-101's scale in the last scan.
    was_over: bool,
}

/// The last good value and the last test by hand, each with the time for which it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Kept {
    pub last: Ntu,
    pub last_left: Duration,
    pub tested: Ntu,
    pub hand_left: Duration,
}

/// How quickly the dose follows the turbidity down, with a storm on its way or here.
pub(super) fn fall(storm: bool) -> Duration {
    if storm { STORM_FALL } else { FALL }
}

impl DoseTurbidity {
    pub(super) fn follow(
        &mut self,
        raw: Signal<Ntu>,
        fall: Duration,
        elapsed: Duration,
    ) -> Signal<Ntu> {
        self.since_sample = self.since_sample.saturating_add(elapsed);
        self.hand_left = self.hand_left.saturating_sub(elapsed);
        // A test of before the river drove AIT-101 off its scale says nothing of the mud that came since.
        if raw.is_over() && !self.was_over {
            self.by_hand = None;
            self.hand_left = Duration::ZERO;
        }
        self.was_over = raw.is_over();
        let Some(value) = raw.usable().filter(|value| value.0.is_finite()) else {
            self.bad_for = self.bad_for.saturating_add(elapsed);
            return self.substitute();
        };
        self.bad_for = Duration::ZERO;
        self.by_hand = None;
        if self.filled == 0 && self.lag.value().is_some_and(|last| value.0 > last) {
            // A storm may have come while the controller was away: what is higher counts at once, what is lower slowly.
            self.lag = Lag::from(Some(value.0));
        }
        if self.filled == 0 || self.since_sample >= SAMPLE {
            self.since_sample = Duration::ZERO;
            self.ring[self.at] = value.0;
            self.at = (self.at + 1) % SAMPLES;
            self.filled = SAMPLES.min(self.filled + 1);
        }
        let smooth = self.lag.follow(self.median(), RISE, fall, elapsed);
        Signal::new(smooth, raw.quality())
    }

    /// What a restart goes on with.
    pub(super) fn kept(&self) -> Kept {
        let last = self.lag.value();
        let last_left = last.map_or(Duration::ZERO, |_| LAST_GOOD_MAX.saturating_sub(self.bad_for));
        let hand_left = self.by_hand.map_or(Duration::ZERO, |_| self.hand_left);
        Kept {
            last: Ntu(last.unwrap_or_default()),
            last_left,
            tested: self.by_hand.unwrap_or_default(),
            hand_left,
        }
    }

    /// After a restart, with the times as they are now: what has none left is forgotten.
    pub(super) fn recalled(kept: Kept) -> DoseTurbidity {
        let known = |value: Ntu, left: Duration| (left > Duration::ZERO).then_some(value);
        // No more than either could have had.
        let last_left = kept.last_left.min(LAST_GOOD_MAX);
        DoseTurbidity {
            lag: Lag::from(known(kept.last, last_left).map(|last| last.0)),
            bad_for: LAST_GOOD_MAX.saturating_sub(last_left),
            by_hand: known(kept.tested, kept.hand_left),
            hand_left: kept.hand_left.min(HAND_MAX),
            ..DoseTurbidity::default()
        }
    }

    /// What a person tested a short while ago outranks what the analyser said last.
    fn substitute(&self) -> Signal<Ntu> {
        match (self.by_hand, self.lag.value()) {
            (Some(tested), _) if self.hand_left > Duration::ZERO => {
                Signal::Uncertain(tested, Doubt::HandValue)
            }
            (_, Some(last)) if self.bad_for <= LAST_GOOD_MAX => {
                Signal::Uncertain(Ntu(last * LAST_GOOD_FACTOR), Doubt::Fallback)
            }
            (Some(_) | None, Some(_) | None) => Signal::Bad(Fault::Computed),
        }
    }

    /// Time until nothing is left to dose by; zero while the analyser measures.
    pub(super) fn left(&self) -> Duration {
        if self.bad_for.is_zero() {
            return Duration::ZERO;
        }
        let last = self.lag.value().map_or(Duration::ZERO, |_| LAST_GOOD_MAX);
        self.hand_left.max(last.saturating_sub(self.bad_for))
    }

    /// A person has tested the raw water.
    pub(super) fn enter(&mut self, tested: Ntu) -> Result<(), Reason> {
        if !(tested >= HAND_RANGE.0 && tested <= HAND_RANGE.1) {
            return Err(Reason::OutOfRange);
        }
        if self.bad_for.is_zero() {
            return Err(Reason::NotNow);
        }
        self.by_hand = Some(tested);
        self.hand_left = HAND_MAX;
        Ok(())
    }

    fn median(&self) -> f64 {
        let mut sorted = self.ring;
        let known = &mut sorted[..self.filled];
        known.sort_unstable_by(f64::total_cmp);
        known.get(self.filled / 2).copied().unwrap_or(0.0)
    }
}
