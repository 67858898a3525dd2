//! A measured value with its quality and the time it was measured.
//!
//! A bad signal has no number that logic could use by accident: [`Signal::good`] and [`Signal::usable`] say what each use
//! accepts, and both are `None` for `Bad`.

use crate::block::Seen;
use crate::quantity::Value;

/// Plant time: microseconds since the first scan. It counts while the machine is suspended and knows no calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// Time from `earlier` to here; zero when `earlier` lies ahead.
    #[must_use]
    pub fn since(self, earlier: Moment) -> core::time::Duration {
        core::time::Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, elapsed: core::time::Duration) -> Moment {
        Moment(self.0.saturating_add(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Why a number is not quite trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Computed from other instruments because the right one is bad.
    Fallback,
    /// Jumped faster than the process can.
    Rate,
    /// A partner disagrees, or is missing from a vote.
    Disagrees,
    /// Has not moved while the process did.
    Stuck,
    /// Read by hand.
    HandValue,
}

/// Why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was read yet.
    NotYetRead,
    /// The device does not answer, or the last answer is too old.
    Stale,
    /// NaN, infinity, a sentinel, or a time of measurement that lies ahead.
    Invalid,
    /// Its loop is broken or shorted, or it reads below its scale (NAMUR NE 43): nothing is known.
    Range,
    /// Kept jumping faster than the process can.
    Rate,
    /// Contradicts what the plant is doing.
    Implausible,
    /// A person held it for calibration, and the hold has run out.
    HoldExpired,
    /// The site has no such instrument.
    NotFitted,
    /// A calculation gone wrong, or made from bad inputs.
    Computed,
    /// Above the instrument's scale: at least so much, and nobody knows how much more.
    Overrange,
}

/// The quality of a value, without the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    Good,
    Uncertain(Doubt),
    /// Frozen by a person or a cleaning cycle until then.
    Held(Moment),
    Bad(Fault),
}

impl Quality {
    /// One word for interfaces: `good`, `uncertain`, `held` or `bad`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Quality::Good => "good",
            Quality::Uncertain(_) => "uncertain",
            Quality::Held(_) => "held",
            Quality::Bad(_) => "bad",
        }
    }
}

/// What a field driver hands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The number, in the point's unit. Means nothing while the quality is bad.
    pub value: f64,
    /// What the driver knows: an answer, a device's own error word, no answer.
    pub quality: Quality,
    /// When it was measured.
    pub taken: Moment,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { value: 0.0, quality: Quality::Bad(Fault::NotYetRead), taken: Moment(0) }
    }
}

impl Reading {
    /// A good reading.
    #[must_use]
    pub fn good(value: f64, taken: Moment) -> Reading {
        Reading { value, quality: Quality::Good, taken }
    }

    /// No number, and why.
    #[must_use]
    pub fn bad(fault: Fault, taken: Moment) -> Reading {
        Reading { value: 0.0, quality: Quality::Bad(fault), taken }
    }
}

/// What logic decides on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal<Q> {
    Good(Q),
    Uncertain(Q, Doubt),
    Held(Q, Moment),
    Bad(Fault),
}

impl<Q> Default for Signal<Q> {
    fn default() -> Signal<Q> {
        Signal::Bad(Fault::NotYetRead)
    }
}

impl<Q: Copy> Signal<Q> {
    /// The value, only if it is beyond doubt.
    #[must_use]
    pub fn good(self) -> Option<Q> {
        match self {
            Signal::Good(value) => Some(value),
            Signal::Uncertain(..) | Signal::Held(..) | Signal::Bad(_) => None,
        }
    }

    /// The value, if good or uncertain.
    #[must_use]
    pub fn usable(self) -> Option<Q> {
        match self {
            Signal::Good(value) | Signal::Uncertain(value, _) => Some(value),
            Signal::Held(..) | Signal::Bad(_) => None,
        }
    }

    /// The number to show: whatever there is.
    #[must_use]
    pub fn shown(self) -> Option<Q> {
        match self {
            Signal::Good(value) | Signal::Uncertain(value, _) | Signal::Held(value, _) => {
                Some(value)
            }
            Signal::Bad(_) => None,
        }
    }

    /// The quality alone.
    #[must_use]
    pub fn quality(self) -> Quality {
        match self {
            Signal::Good(_) => Quality::Good,
            Signal::Uncertain(_, doubt) => Quality::Uncertain(doubt),
            Signal::Held(_, until) => Quality::Held(until),
            Signal::Bad(fault) => Quality::Bad(fault),
        }
    }

    /// The instrument is driven off the top of its scale. No number, and yet a word: there is at least so much.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Signal::Bad(Fault::Overrange))
    }

    /// A condition on the value; unknown where there is none.
    #[must_use]
    pub fn seen(self, condition: impl FnOnce(Q) -> bool) -> Seen {
        self.usable().map_or(Seen::Unknown, |value| condition(value).into())
    }

    /// The same signal, at best uncertain.
    #[must_use]
    pub fn doubted(self, doubt: Doubt) -> Signal<Q> {
        match self {
            Signal::Good(value) => Signal::Uncertain(value, doubt),
            Signal::Uncertain(..) | Signal::Held(..) | Signal::Bad(_) => self,
        }
    }

    /// Another quantity computed from this one, with the same quality.
    #[must_use]
    pub fn map<R>(self, compute: impl FnOnce(Q) -> R) -> Signal<R> {
        match self {
            Signal::Good(value) => Signal::Good(compute(value)),
            Signal::Uncertain(value, doubt) => Signal::Uncertain(compute(value), doubt),
            Signal::Held(value, until) => Signal::Held(compute(value), until),
            Signal::Bad(fault) => Signal::Bad(fault),
        }
    }

    /// A quantity computed from two, with the worse quality. What is beyond one's scale says nothing of a sum or a difference.
    #[must_use]
    pub fn zip<R: Copy, S>(self, other: Signal<R>, compute: impl FnOnce(Q, R) -> S) -> Signal<S> {
        match (self, other) {
            (Signal::Bad(Fault::Overrange), _) | (_, Signal::Bad(Fault::Overrange)) => {
                Signal::Bad(Fault::Computed)
            }
            (Signal::Bad(fault), _) | (_, Signal::Bad(fault)) => Signal::Bad(fault),
            (Signal::Held(a, until), b) => match b.shown() {
                Some(b) => Signal::Held(compute(a, b), until),
                None => Signal::Bad(Fault::Computed),
            },
            (a, Signal::Held(b, until)) => match a.shown() {
                Some(a) => Signal::Held(compute(a, b), until),
                None => Signal::Bad(Fault::Computed),
            },
            (Signal::Uncertain(a, doubt), Signal::Good(b) | Signal::Uncertain(b, _))
            | (Signal::Good(a), Signal::Uncertain(b, doubt)) => {
                Signal::Uncertain(compute(a, b), doubt)
            }
            (Signal::Good(a), Signal::Good(b)) => Signal::Good(compute(a, b)),
        }
    }
}

impl<Q: Copy + PartialOrd> Signal<Q> {
    /// There is more than `limit`: a number that is not at most this, or what is off the top of the scale, as no limit lies
    /// beyond it. Of what is unknown otherwise this is not said.
    #[must_use]
    pub fn exceeds(self, limit: Q) -> bool {
        self.seen_above(limit) == Seen::Yes
    }

    /// The same for a count: unknown neither forgives nor completes it.
    #[must_use]
    pub fn seen_above(self, limit: Q) -> Seen {
        if self.is_over() { Seen::Yes } else { self.seen(|value| !(value <= limit)) }
    }
}

impl<Q: Value> Signal<Q> {
    /// A signal from a number and its quality; a number that is none becomes `Bad(Computed)`.
    #[must_use]
    pub fn new(value: f64, quality: Quality) -> Signal<Q> {
        if !value.is_finite() && !matches!(quality, Quality::Bad(_)) {
            return Signal::Bad(Fault::Computed);
        }
        match quality {
            Quality::Good => Signal::Good(Q::from_f64(value)),
            Quality::Uncertain(doubt) => Signal::Uncertain(Q::from_f64(value), doubt),
            Quality::Held(until) => Signal::Held(Q::from_f64(value), until),
            Quality::Bad(fault) => Signal::Bad(fault),
        }
    }
}

impl Signal<bool> {
    /// Closed beyond doubt: what a permissive asks. Unknown is not closed.
    #[must_use]
    pub fn closed(self) -> bool {
        self.usable() == Some(true)
    }

    /// Open beyond doubt: what a proof of standstill asks. Unknown is not open.
    #[must_use]
    pub fn open(self) -> bool {
        self.usable() == Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Ntu;

    #[test]
    fn a_bad_signal_has_no_number_for_anybody() {
        let signal: Signal<Ntu> = Signal::new(0.1, Quality::Bad(Fault::Stale));
        assert_eq!((signal.good(), signal.usable(), signal.shown()), (None, None, None));
    }

    #[test]
    fn a_number_that_is_none_becomes_bad() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Signal::<Ntu>::new(value, Quality::Good), Signal::Bad(Fault::Computed));
        }
    }

    #[test]
    fn a_result_is_as_good_as_its_worst_input() {
        let good = Signal::Good(Ntu(1.0));
        let doubtful = Signal::Uncertain(Ntu(2.0), Doubt::Fallback);
        let bad: Signal<Ntu> = Signal::Bad(Fault::Stale);
        assert_eq!(good.zip(doubtful, |a, b| a + b), Signal::Uncertain(Ntu(3.0), Doubt::Fallback));
        assert_eq!(doubtful.zip(bad, |a, b| a + b), Signal::Bad(Fault::Stale));
    }

    /// R-2.12-04: off the top of its scale an instrument says that there is too much, and nothing of a sum or a difference;
    /// below it, or with a broken loop, it says nothing.
    #[test]
    fn what_is_off_the_top_of_its_scale_is_too_much_and_what_is_unknown_is_not() {
        let limit = Ntu(1.0);
        for (signal, exceeds) in [
            (Signal::Good(Ntu(1.01)), true),
            (Signal::Good(Ntu(1.0)), false),
            (Signal::Uncertain(Ntu(1.01), Doubt::Stuck), true),
            (Signal::Good(Ntu(f64::NAN)), true),
            (Signal::Bad(Fault::Overrange), true),
            (Signal::Bad(Fault::Range), false),
            (Signal::Bad(Fault::Stale), false),
            (Signal::Held(Ntu(9.0), Moment(1)), false),
        ] {
            assert_eq!(signal.exceeds(limit), exceeds, "{signal:?}");
        }
        let over: Signal<Ntu> = Signal::Bad(Fault::Overrange);
        let known = Signal::Good(Ntu(1.0));
        assert_eq!(over.zip(known, |a, b| a - b), Signal::Bad(Fault::Computed));
        assert_eq!(known.zip(over, |a, b| a - b), Signal::Bad(Fault::Computed));
        assert!(over.map(|ntu| ntu.0).is_over());
    }

    #[test]
    fn an_unknown_contact_is_neither_closed_nor_open() {
        let contact: Signal<bool> = Signal::Bad(Fault::Stale);
        assert!(!contact.closed() && !contact.open());
    }
}
