//! A ledger of its own for what is dosed: it shares nothing with the guard.

use std::collections::VecDeque;
use std::time::Duration;

/// What was dosed, counted from the outputs alone.
pub struct Ledger {
    pub unit: &'static str,
    pub chemical: &'static str,
    pub windows: [Window; 2],
    pub now: Duration,
}

/// What was dosed in the last hour, or day.
pub struct Window {
    time: Duration,
    /// The setting that limits it, and what that can be at most for 5 m³/h, g (INV-17).
    pub cap: &'static str,
    pub cap_max: f64,
    /// When, and how many micrograms: whole numbers, so that a sum does not drift.
    doses: VecDeque<(Duration, u64)>,
    sum: u64,
}

impl Window {
    fn of(hours: u64, cap: &'static str, cap_max: f64) -> Window {
        let time = Duration::from_secs(3600 * hours);
        Window { time, cap, cap_max, doses: VecDeque::new(), sum: 0 }
    }

    /// Adds a dose; grams of the window.
    pub fn add(&mut self, now: Duration, grams: f64) -> f64 {
        let dose = (grams * 1e6).floor() as u64;
        self.doses.push_back((now, dose));
        self.sum += dose;
        while let Some((_, dose)) = self.doses.pop_front_if(|(at, _)| *at + self.time <= now) {
            self.sum -= dose;
        }
        self.sum as f64 / 1e6
    }
}

impl Ledger {
    pub fn of(unit: &'static str, chemical: &'static str, hourly: f64, daily: f64) -> Ledger {
        let windows = [Window::of(1, "hourly_cap", hourly), Window::of(24, "daily_cap", daily)];
        Ledger { unit, chemical, windows, now: Duration::ZERO }
    }
}
