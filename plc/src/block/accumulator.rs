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
const SLICES: usize = 12;

/// Mass moved in a rolling window, in twelve slices: never less than the true window holds. Integer micro-units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RollingMass {
    micro: [u64; SLICES],
    at: usize,
    in_slice: Duration,
    window: Duration,
}

impl RollingMass {
    /// Over this window.
    #[must_use]
    pub fn over(window: Duration) -> RollingMass {
        RollingMass { micro: [0; SLICES], at: 0, in_slice: Duration::ZERO, window }
    }

    /// Time passes and mass moves. Mass is rounded up: a cap is never passed by rounding.
    pub fn add(&mut self, mass: f64, elapsed: Duration) {
        // The window fills eleven slices; the twelfth leaves only when it lies wholly outside.
        let slice = self.window / (SLICES as u32 - 1);
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
        if mass > 0.0 {
            self.micro[self.at] = self.micro[self.at].saturating_add(libm::ceil(mass * 1e6) as u64);
        }
    }

    /// What the window holds.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.micro.iter().fold(0_u64, |sum, slice| sum.saturating_add(*slice)) as f64 / 1e6
    }

    /// Takes up a mass kept from before, as if moved just now.
    pub fn restore(&mut self, mass: f64) {
        if mass >= 0.0 && mass.is_finite() {
            self.micro = [0; SLICES];
            self.micro[self.at] = libm::ceil(mass * 1e6) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_holds_less_than_was_moved_in_it() {
        let mut hour = RollingMass::over(Duration::from_secs(3600));
        let mut moved = std::vec::Vec::new();
        for minute in 0..600_usize {
            let mass = if minute % 7 == 0 { 3.0 } else { 0.1 };
            hour.add(mass, Duration::from_secs(60));
            moved.push(mass);
            let truth: f64 = moved.iter().rev().take(60).sum();
            assert!(hour.mass() >= truth - 1e-9, "minute {minute}: {} < {truth}", hour.mass());
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
