//! What a unit says of an alarm's cause in one scan.

use crate::quantity::Value;
use crate::signal::{Doubt, Fault, Quality, Signal};

/// What the unit says of an alarm's cause in this scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// The cause is away.
    #[default]
    Clear,
    /// The cause is there.
    Active,
    /// Away, by a value that is not quite trusted.
    ClearInDoubt(Doubt),
    /// There, by a value that is not quite trusted.
    ActiveInDoubt(Doubt),
    /// In the deadband, or the sensor is held: as it was before.
    AsBefore,
    /// The sensor says nothing. What that means stands in the alarm's words; it never clears an alarm.
    Bad(Fault),
    /// Not judged now, by design: the unit is off, or washes. After a day of it alarm 919 asks.
    Suppressed,
    /// The site has no such thing.
    Absent,
}

/// What a sensor gone bad means for an alarm (`docs/spec/interfaces.md` 1.2). It clears none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBad {
    /// The alarm stays as it is.
    Hold,
    /// Unknown is unsafe: as if the cause were there.
    Alarm,
    /// The alarm stays as it is, and alarm 908 says that it cannot be judged.
    Raise,
}

impl Condition {
    /// Active while `cause` holds.
    #[must_use]
    pub fn when(cause: bool) -> Condition {
        if cause { Condition::Active } else { Condition::Clear }
    }

    /// Suppressed while `by_design` holds.
    #[must_use]
    pub fn unless(self, by_design: bool) -> Condition {
        if by_design { Condition::Suppressed } else { self }
    }

    /// Of a thing the site has not, where `not_fitted` holds.
    #[must_use]
    pub fn absent_where(self, not_fitted: bool) -> Condition {
        if not_fitted { Condition::Absent } else { self }
    }

    /// One alarm of two causes: there if either is, away only if both are.
    #[must_use]
    pub fn or(self, other: Condition) -> Condition {
        if self.weight() >= other.weight() { self } else { other }
    }

    fn weight(self) -> u8 {
        match self {
            Condition::Active => 7,
            Condition::ActiveInDoubt(_) => 6,
            Condition::Bad(_) => 5,
            Condition::AsBefore => 4,
            Condition::ClearInDoubt(_) => 3,
            Condition::Clear => 2,
            Condition::Suppressed => 1,
            Condition::Absent => 0,
        }
    }

    /// The cause is there in this scan.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Condition::Active | Condition::ActiveInDoubt(_))
    }

    /// By design there is nothing to judge.
    #[must_use]
    pub fn is_by_design(self) -> bool {
        matches!(self, Condition::Suppressed | Condition::Absent)
    }

    /// Whether region P sees a cause: the word of this scan, or that of before where this one says nothing.
    pub(super) fn sees_cause(self, on_bad: OnBad, before: bool) -> bool {
        match self {
            Condition::Active | Condition::ActiveInDoubt(_) => true,
            Condition::Clear
            | Condition::ClearInDoubt(_)
            | Condition::Suppressed
            | Condition::Absent => false,
            Condition::AsBefore => before,
            Condition::Bad(_) => match on_bad {
                OnBad::Hold | OnBad::Raise => before,
                OnBad::Alarm => true,
            },
        }
    }

    /// Quality of what it was judged on; `None`: this scan says nothing of it.
    pub(super) fn quality(self) -> Option<Quality> {
        match self {
            Condition::Clear | Condition::Active | Condition::Suppressed | Condition::Absent => {
                Some(Quality::Good)
            }
            Condition::ClearInDoubt(doubt) | Condition::ActiveInDoubt(doubt) => {
                Some(Quality::Uncertain(doubt))
            }
            Condition::AsBefore => None,
            Condition::Bad(fault) => Some(Quality::Bad(fault)),
        }
    }

    /// A person must look at why it cannot be judged; a silent device, a hold and a missing instrument say so themselves.
    pub(super) fn is_unjudged(self) -> bool {
        let Condition::Bad(fault) = self else { return false };
        match fault {
            Fault::Invalid
            | Fault::Range
            | Fault::Overrange
            | Fault::Rate
            | Fault::Implausible
            | Fault::Computed => true,
            Fault::NotYetRead | Fault::Stale | Fault::HoldExpired | Fault::NotFitted => false,
        }
    }
}

impl<Q: Value> Signal<Q> {
    /// Active above `limit` and off the top of the scale, clear at `limit - deadband` and below, else as before.
    #[must_use]
    pub fn above(self, limit: Q, deadband: Q) -> Condition {
        if self.is_over() {
            return Condition::Active;
        }
        let (limit, deadband) = (limit.to_f64(), deadband.to_f64());
        self.condition(|value| value > limit, |value| value <= limit - deadband)
    }

    /// Active below `limit`, clear at `limit + deadband` and above, else as before.
    #[must_use]
    pub fn below(self, limit: Q, deadband: Q) -> Condition {
        let (limit, deadband) = (limit.to_f64(), deadband.to_f64());
        self.condition(|value| value < limit, |value| value >= limit + deadband)
    }

    fn condition(self, active: impl Fn(f64) -> bool, clear: impl Fn(f64) -> bool) -> Condition {
        let (value, doubt) = match self {
            Signal::Good(value) => (value.to_f64(), None),
            Signal::Uncertain(value, doubt) => (value.to_f64(), Some(doubt)),
            Signal::Held(..) => return Condition::AsBefore,
            Signal::Bad(Fault::NotFitted) => return Condition::Absent,
            Signal::Bad(fault) => return Condition::Bad(fault),
        };
        match (active(value), clear(value), doubt) {
            (true, _, None) => Condition::Active,
            (true, _, Some(doubt)) => Condition::ActiveInDoubt(doubt),
            (false, true, None) => Condition::Clear,
            (false, true, Some(doubt)) => Condition::ClearInDoubt(doubt),
            (false, false, _) => Condition::AsBefore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Ntu;
    use crate::signal::Moment;

    #[test]
    fn a_value_is_judged_against_its_limit_and_deadband_and_nothing_else_clears() {
        let good = Signal::Good;
        for (signal, above, below) in [
            (good(Ntu(1.01)), Condition::Active, Condition::AsBefore),
            (good(Ntu(1.0)), Condition::AsBefore, Condition::AsBefore),
            (good(Ntu(0.8)), Condition::Clear, Condition::Active),
            (good(Ntu(1.2)), Condition::Active, Condition::Clear),
            (good(Ntu(f64::NAN)), Condition::AsBefore, Condition::AsBefore),
            (
                Signal::Uncertain(Ntu(1.3), Doubt::Stuck),
                Condition::ActiveInDoubt(Doubt::Stuck),
                Condition::ClearInDoubt(Doubt::Stuck),
            ),
            (Signal::Held(Ntu(9.0), Moment(1)), Condition::AsBefore, Condition::AsBefore),
            (Signal::Bad(Fault::Range), Condition::Bad(Fault::Range), Condition::Bad(Fault::Range)),
            (Signal::Bad(Fault::Overrange), Condition::Active, Condition::Bad(Fault::Overrange)),
            (Signal::Bad(Fault::NotFitted), Condition::Absent, Condition::Absent),
        ] {
            assert_eq!(signal.above(Ntu(1.0), Ntu(0.2)), above, "{signal:?}");
            assert_eq!(signal.below(Ntu(1.0), Ntu(0.2)), below, "{signal:?}");
        }
    }

    #[test]
    fn of_two_causes_either_is_enough_and_both_must_go() {
        let bad = Condition::Bad(Fault::Stale);
        for (one, other, both) in [
            (Condition::Clear, Condition::Active, Condition::Active),
            (Condition::Active, bad, Condition::Active),
            (Condition::Clear, Condition::AsBefore, Condition::AsBefore),
            (Condition::Clear, bad, bad),
            (Condition::Clear, Condition::Clear, Condition::Clear),
            (Condition::Suppressed, Condition::Clear, Condition::Clear),
            (Condition::Suppressed, Condition::Absent, Condition::Suppressed),
        ] {
            assert_eq!((one.or(other), other.or(one)), (both, both));
        }
    }

    #[test]
    fn a_sensor_gone_bad_is_what_the_words_of_the_alarm_say() {
        let bad = Condition::Bad(Fault::Stale);
        for (on_bad, before, cause) in [
            (OnBad::Hold, false, false),
            (OnBad::Hold, true, true),
            (OnBad::Raise, false, false),
            (OnBad::Raise, true, true),
            (OnBad::Alarm, false, true),
            (OnBad::Alarm, true, true),
        ] {
            assert_eq!(bad.sees_cause(on_bad, before), cause, "{on_bad:?}, {before}");
        }
    }
}
