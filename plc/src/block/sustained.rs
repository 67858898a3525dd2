//! Conditions that must last.

use core::time::Duration;

/// What a scan says of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Yes,
    No,
    /// Nobody knows: what it would be judged on has no value.
    Unknown,
}

impl Seen {
    /// Both conditions: one that is not so outranks one that nobody knows.
    #[must_use]
    pub fn and(self, other: Seen) -> Seen {
        match (self, other) {
            (Seen::Yes, Seen::Yes) => Seen::Yes,
            (Seen::No, _) | (_, Seen::No) => Seen::No,
            (Seen::Unknown, _) | (_, Seen::Unknown) => Seen::Unknown,
        }
    }

    /// The condition does not count now.
    #[must_use]
    pub fn unless(self, excluded: bool) -> Seen {
        if excluded { Seen::No } else { self }
    }
}

impl From<bool> for Seen {
    fn from(condition: bool) -> Seen {
        if condition { Seen::Yes } else { Seen::No }
    }
}

/// `X for t`: true once X has been true without a gap for t.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sustained {
    lasted: Duration,
}

impl Sustained {
    /// One false scan starts it afresh. One of which nobody knows forgives nothing: what held goes on holding, and once the
    /// condition was seen that time counts too; but only a scan in which it is seen completes it (R-2.0-03).
    pub fn holds(&mut self, seen: impl Into<Seen>, needed: Duration, elapsed: Duration) -> bool {
        let longer = self.lasted.saturating_add(elapsed);
        let incomplete = needed.saturating_sub(Duration::from_nanos(1));
        self.lasted = match seen.into() {
            Seen::Yes => longer,
            Seen::No => {
                self.lasted = Duration::ZERO;
                return false;
            }
            Seen::Unknown if self.lasted.is_zero() => return false,
            Seen::Unknown if self.lasted >= needed => self.lasted,
            Seen::Unknown => longer.min(incomplete),
        };
        self.lasted >= needed
    }

    /// How long it has lasted.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.lasted
    }
}

/// How long a trip's conditions must last.
#[derive(Clone, Copy, Debug)]
pub struct TripTimes {
    pub set_after: Duration,
    pub clear_after: Duration,
}

impl TripTimes {
    /// In seconds.
    #[must_use]
    pub const fn s(set_after: u64, clear_after: u64) -> TripTimes {
        TripTimes {
            set_after: Duration::from_secs(set_after),
            clear_after: Duration::from_secs(clear_after),
        }
    }
}

/// Set by one condition that lasts, released by another that lasts; neither: as before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trip {
    tripped: bool,
    setting: Sustained,
    clearing: Sustained,
}

impl Trip {
    /// A trip that stands already.
    #[must_use]
    pub fn tripped() -> Trip {
        Trip { tripped: true, ..Trip::default() }
    }

    /// Setting outranks clearing, where it is seen.
    pub fn judge(
        &mut self,
        set: impl Into<Seen>,
        clear: bool,
        times: TripTimes,
        elapsed: Duration,
    ) -> bool {
        let seen = set.into();
        let set = self.setting.holds(seen, times.set_after, elapsed) && seen == Seen::Yes;
        let clear = self.clearing.holds(clear, times.clear_after, elapsed);
        if set {
            self.tripped = true;
        } else if clear {
            self.tripped = false;
        }
        self.tripped
    }

    /// Whether it stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.tripped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// R-2.0-03: one false sample begins the time anew.
    #[test]
    fn an_interrupted_condition_starts_afresh() {
        let mut sustained = Sustained::default();
        let needed = Duration::from_secs(3);
        let seen = [true, true, false, true, true, true]
            .map(|condition| sustained.holds(condition, needed, SECOND));
        assert_eq!(seen, [false, false, false, false, false, true]);
    }

    /// R-2.0-03: a scan of which nobody knows forgives no count, and completes none.
    #[test]
    fn a_scan_that_nobody_can_judge_forgives_nothing_and_proves_nothing() {
        use Seen::{No, Unknown, Yes};
        for (scans, told) in [
            (&[Yes, Unknown, Yes][..], &[false, false, true][..]),
            (&[Yes, Unknown, Unknown, Unknown, Yes], &[false, false, false, false, true]),
            (&[Unknown, Unknown, Unknown, Yes], &[false, false, false, false]),
            (&[Yes, Yes, No, Unknown, Yes], &[false, false, false, false, false]),
            (&[Yes, Yes, Yes, Unknown, No, Yes], &[false, false, true, true, false, false]),
        ] {
            let mut sustained = Sustained::default();
            let needed = Duration::from_secs(3);
            let said = scans.iter().map(|seen| sustained.holds(*seen, needed, SECOND));
            assert!(said.eq(told.iter().copied()), "{scans:?}");
        }
        let mut trip = Trip::default();
        for (set, clear, tripped) in [
            (Yes, false, false),
            (Unknown, false, false),
            (Yes, false, true),
            (Unknown, false, true),
            (Unknown, true, false),
        ] {
            assert_eq!(trip.judge(set, clear, TripTimes::s(3, 1), SECOND), tripped);
        }
    }

    #[test]
    fn a_trip_stays_between_its_two_limits() {
        let mut trip = Trip::default();
        let times = TripTimes::s(2, 2);
        for (set, clear, tripped) in [
            (true, false, false),
            (true, false, true),
            (false, false, true),
            (false, true, true),
            (false, true, false),
        ] {
            assert_eq!(trip.judge(set, clear, times, SECOND), tripped);
        }
    }
}
