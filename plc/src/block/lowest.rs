//! The lowest value of the last ten minutes.

use core::time::Duration;

const MINUTES: usize = 10;

/// Ten minima, a minute each.
#[derive(Clone, Copy, Debug)]
pub struct Lowest {
    minutes: [f64; MINUTES],
    at: usize,
    in_minute: Duration,
}

impl Default for Lowest {
    fn default() -> Lowest {
        Lowest { minutes: [f64::INFINITY; MINUTES], at: 0, in_minute: Duration::ZERO }
    }
}

impl Lowest {
    /// Takes a value, or none, and yields the lowest; `None` while there was none, or this one is none.
    pub fn take(&mut self, value: Option<f64>, elapsed: Duration) -> Option<f64> {
        self.in_minute = self.in_minute.saturating_add(elapsed);
        if self.in_minute >= Duration::from_secs(60) {
            self.in_minute = Duration::ZERO;
            self.at = (self.at + 1) % MINUTES;
            self.minutes[self.at] = f64::INFINITY;
        }
        let value = value.filter(|value| value.is_finite())?;
        if value < self.minutes[self.at] {
            self.minutes[self.at] = value;
        }
        Some(
            self.minutes
                .iter()
                .fold(value, |lowest, minute| if *minute < lowest { *minute } else { lowest }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dip_is_remembered_for_ten_minutes() {
        let mut lowest = Lowest::default();
        let second = Duration::from_secs(1);
        lowest.take(Some(0.2), second);
        for seconds in 0..700 {
            let found = lowest.take(Some(0.9), second);
            assert_eq!(found, Some(if seconds < 598 { 0.2 } else { 0.9 }), "{seconds}");
        }
        assert_eq!(lowest.take(None, second), None);
    }
}
