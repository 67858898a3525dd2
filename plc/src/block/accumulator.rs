//! Totals in integer micro-units: a float fed a little at a time drifts and at last stands still.

use core::time::Duration;

/// A running total.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    micro: u64,
    rest: f64,
}

impl Total {
    /// Adds `amount`; less than nothing, or no number, adds nothing.
    pub fn add(&mut self, amount: f64) {
        if amount > 0.0 && amount.is_finite() {
            let micro = amount * 1e6 + self.rest;
            let whole = libm::floor(micro);
            self.micro = self.micro.saturating_add(whole as u64);
            self.rest = micro - whole;
        }
    }

    /// The total in whole units.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.micro as f64 / 1e6
    }

    /// Takes up a total kept from before.
    pub fn restore(&mut self, value: f64) {
        if value >= 0.0 && value.is_finite() {
            self.micro = (value * 1e6) as u64;
            self.rest = 0.0;
        }
    }
}

/// Slices of a rolling window.
pub const SLICES: usize = 12;

/// What moved in a rolling window, in twelve slices: never less than the true window holds. Integer micro-units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rolling {
    micro: [u64; SLICES],
    at: usize,
    in_slice: Duration,
    window: Duration,
}

impl Rolling {
    /// Over this window.
    #[must_use]
    pub const fn over(window: Duration) -> Rolling {
        Rolling { micro: [0; SLICES], at: 0, in_slice: Duration::ZERO, window }
    }

    /// Time passes, then `micro` has moved in it: it counts as the youngest.
    pub fn add(&mut self, micro: u64, elapsed: Duration) {
        let slice = self.slice();
        self.in_slice = self.in_slice.saturating_add(elapsed);
        let mut turns = 0;
        while self.in_slice >= slice && turns < SLICES {
            self.in_slice = self.in_slice.saturating_sub(slice);
            self.at = (self.at + 1) % SLICES;
            self.micro[self.at] = 0;
            turns += 1;
        }
        if turns == SLICES {
            self.in_slice = Duration::ZERO;
        }
        self.micro[self.at] = self.micro[self.at].saturating_add(micro);
    }

    /// The window fills eleven slices; the twelfth leaves only when it lies wholly outside.
    fn slice(&self) -> Duration {
        self.window / (SLICES as u32 - 1)
    }

    /// What the window holds.
    #[must_use]
    pub fn micro(&self) -> u64 {
        self.micro.iter().fold(0_u64, |sum, slice| sum.saturating_add(*slice))
    }

    /// The most that the true window may hold, if time passed unseen, up to so much of it, with `moved` in it: the longer it was,
    /// the more of what was seen has left.
    #[must_use]
    pub fn most(&self, unseen: Duration, moved: impl Fn(Duration) -> u64) -> u64 {
        let mut seen = self.micro();
        let mut most = seen;
        let mut passed = Duration::ZERO;
        for left in 1..SLICES {
            // Less than a slice may leave nothing yet: the oldest leaves after its time has passed.
            passed = unseen.min(passed.saturating_add(self.slice()));
            most = most.max(seen.saturating_add(moved(passed)));
            seen = seen.saturating_sub(self.micro[(self.at + left) % SLICES]);
        }
        most
    }

    /// Its slices, oldest first, and how far the youngest is, in microseconds.
    #[must_use]
    pub fn slices(&self) -> ([u64; SLICES], u64) {
        let slices = core::array::from_fn(|age| self.micro[(self.at + 1 + age) % SLICES]);
        (slices, u64::try_from(self.in_slice.as_micros()).unwrap_or(u64::MAX))
    }

    /// A window with these slices, oldest first. Time of which nobody knows did not pass.
    #[must_use]
    pub fn restored(window: Duration, slices: [u64; SLICES], in_slice_us: u64) -> Rolling {
        let mut rolling = Rolling { micro: slices, at: SLICES - 1, ..Rolling::over(window) };
        let in_slice = Duration::from_micros(in_slice_us);
        if in_slice < rolling.slice() {
            rolling.in_slice = in_slice;
        }
        rolling
    }
}

/// A rolling window of something that is counted in whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingMass(Rolling);

impl RollingMass {
    /// Over this window.
    #[must_use]
    pub fn over(window: Duration) -> RollingMass {
        RollingMass(Rolling::over(window))
    }

    /// Time passes and mass moves, rounded up; less than nothing, or no number, is none.
    pub fn add(&mut self, mass: f64, elapsed: Duration) {
        self.0.add(if mass > 0.0 { libm::ceil(mass * 1e6) as u64 } else { 0 }, elapsed);
    }

    /// What the window holds.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.0.micro() as f64 / 1e6
    }

    /// Takes up a mass kept from before, as if moved just now.
    pub fn restore(&mut self, mass: f64) {
        if mass >= 0.0 && mass.is_finite() {
            self.0 = Rolling::over(self.0.window);
            self.add(mass, Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_holds_less_than_was_moved_in_it_and_not_much_more() {
        let mut hour = Rolling::over(Duration::from_secs(3600));
        let mut moved = std::vec::Vec::new();
        for minute in 0..600_usize {
            let micro = if minute % 7 == 0 { 3_000_000 } else { 100_000 };
            hour.add(micro, Duration::from_secs(60));
            moved.push(micro);
            let within = |minutes| moved.iter().rev().take(minutes).sum::<u64>();
            assert!(hour.micro() >= within(60), "minute {minute}: {}", hour.micro());
            assert!(hour.micro() <= within(66), "minute {minute}: {}", hour.micro());
            let (slices, in_slice) = hour.slices();
            let again = Rolling::restored(Duration::from_secs(3600), slices, in_slice);
            assert_eq!((again.slices(), again.micro()), (hour.slices(), hour.micro()));
        }
    }

    #[test]
    fn a_total_counts_a_little_at_a_time_for_years() {
        let mut total = Total::default();
        for _ in 0..1_000_000 {
            total.add(0.000_000_3);
        }
        assert!(libm::fabs(total.value() - 0.3) < 1e-5, "{}", total.value());
    }
}
