//! Conditions that must last.

use core::time::Duration;

/// `X for t`: true once X has been true without a gap for t.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sustained {
    lasted: Duration,
}

impl Sustained {
    /// One false scan starts it afresh.
    pub fn holds(&mut self, condition: bool, needed: Duration, elapsed: Duration) -> bool {
        if !condition {
            self.lasted = Duration::ZERO;
            return false;
        }
        self.lasted = self.lasted.saturating_add(elapsed);
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

    /// Setting outranks clearing.
    pub fn judge(&mut self, set: bool, clear: bool, times: TripTimes, elapsed: Duration) -> bool {
        let set = self.setting.holds(set, times.set_after, elapsed);
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
