//! Duty and standby: which of several pumps runs, and how often it may start (`docs/spec/plant.md` 2.15).

use core::time::Duration;

/// Starts allowed in a rolling hour: `docs/spec/plant.md` 2.15 [S36].
pub const STARTS_PER_HOUR: usize = 6;
const HOUR: Duration = Duration::from_secs(3600);

/// Starts of one motor in the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StartBudget {
    /// Age of each of the last starts.
    ages: [Option<Duration>; STARTS_PER_HOUR],
}

impl StartBudget {
    /// Time passes.
    pub fn elapse(&mut self, elapsed: Duration) {
        for age in &mut self.ages {
            *age = age.map(|age| age.saturating_add(elapsed)).filter(|age| *age < HOUR);
        }
    }

    /// One more start, in an empty place or that of the start longest ago.
    pub fn count(&mut self) {
        if let Some(place) = self.ages.iter_mut().max_by_key(|age| age.unwrap_or(Duration::MAX)) {
            *place = Some(Duration::ZERO);
        }
    }

    /// Time until one more start is allowed.
    #[must_use]
    pub fn left(&self) -> Duration {
        let oldest = self.ages.iter().map(|age| age.unwrap_or(HOUR)).max();
        HOUR.saturating_sub(oldest.unwrap_or(HOUR))
    }

    /// Whether one more start is allowed.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.ages.iter().any(Option::is_none)
    }
}

/// Chooses among available pumps: the one with fewer run hours; never changes a running one for balance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Duty {
    chosen: usize,
    stops: u32,
    ran: bool,
}

/// Run hours may differ by this before the duty changes.
const HOURS_APART: f64 = 8.0;
/// The duty changes at every seventh stop.
const STOPS_PER_CHANGE: u32 = 7;

impl Duty {
    /// Chooses. By pump: whether it is available, and its run hours. A pump out of order is left at once, a running one
    /// never for balance.
    pub fn choose(&mut self, pumps: &[(bool, f64)], running: bool) -> Option<usize> {
        if self.ran && !running {
            self.stops += 1;
        }
        self.ran = running;
        let available = |pump: usize| pumps.get(pump).is_some_and(|(available, _)| *available);
        if !available(self.chosen) {
            self.chosen = (0..pumps.len()).find(|pump| available(*pump))?;
            return Some(self.chosen);
        }
        if !running {
            let hours = |pump: usize| pumps.get(pump).map_or(0.0, |(_, hours)| *hours);
            let turn = self.stops >= STOPS_PER_CHANGE;
            let other = (0..pumps.len())
                .filter(|pump| *pump != self.chosen && available(*pump))
                .find(|pump| turn || hours(self.chosen) - hours(*pump) > HOURS_APART);
            if let Some(other) = other {
                self.chosen = other;
                self.stops = 0;
            }
        }
        Some(self.chosen)
    }

    /// The one that has the duty.
    #[must_use]
    pub fn chosen(&self) -> usize {
        self.chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motor_starts_six_times_an_hour_at_most() {
        let mut budget = StartBudget::default();
        for _ in 0..6 {
            assert!(budget.allows());
            budget.count();
            budget.elapse(Duration::from_secs(300));
        }
        assert!(!budget.allows());
        assert_eq!(budget.left(), Duration::from_secs(1800));
        budget.elapse(Duration::from_secs(1801));
        assert!(budget.allows());
    }

    #[test]
    fn the_duty_goes_to_the_pump_with_fewer_hours_but_only_while_stopped() {
        let mut duty = Duty::default();
        assert_eq!(duty.choose(&[(true, 20.0), (true, 0.0)], true), Some(0));
        assert_eq!(duty.choose(&[(true, 20.0), (true, 0.0)], false), Some(1));
        assert_eq!(duty.choose(&[(true, 20.0), (false, 0.0)], true), Some(0));
        assert_eq!(duty.choose(&[(false, 0.0), (false, 0.0)], false), None);
    }
}
