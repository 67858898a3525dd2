//! Values that may only move so fast.

use core::time::Duration;

/// A value that follows its target at limited rates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ramp {
    value: f64,
}

impl Ramp {
    /// Starts here.
    #[must_use]
    pub fn at(value: f64) -> Ramp {
        Ramp { value }
    }

    /// Jumps here: bumpless transfer.
    pub fn set(&mut self, value: f64) {
        if value.is_finite() {
            self.value = value;
        }
    }

    /// Moves towards `target` by at most `up` or `down` units a second. A target that is none holds it.
    pub fn follow(&mut self, target: f64, up: f64, down: f64, elapsed: Duration) -> f64 {
        let (rise, fall) = (up * elapsed.as_secs_f64(), down * elapsed.as_secs_f64());
        if target - self.value > rise {
            self.value += rise;
        } else if self.value - target > fall {
            self.value -= fall;
        } else if target.is_finite() {
            self.value = target;
        }
        self.value
    }

    /// Where it is.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// What a meter that follows slowly will show once it has caught up with a fall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    before: Lag,
    /// How fast a value falls is seen over this.
    over: Duration,
}

impl Default for Ahead {
    /// Over the poll of a flow meter, 1 s (`docs/spec/plant.md` 1.4): steady.
    fn default() -> Ahead {
        Ahead { before: Lag::default(), over: Duration::from_secs(1) }
    }
}

impl Ahead {
    /// Over half the poll of a flow meter: its first low reading tells, and noise moves it more.
    #[must_use]
    pub fn at_once() -> Ahead {
        Ahead { over: Duration::from_millis(500), ..Ahead::default() }
    }

    /// `shown + lag · d(shown)/dt` while it falls, no less than nothing; else what it shows.
    pub fn of(&mut self, shown: f64, lag: Duration, elapsed: Duration) -> f64 {
        let last = self.before.value().unwrap_or(shown);
        let before = self.before.follow(shown, self.over, self.over, elapsed);
        // Scans that are longer than that see the whole step, and the lag would hide most of it.
        let slope = if elapsed > self.over {
            (last - shown) / elapsed.as_secs_f64()
        } else {
            (before - shown) / self.over.as_secs_f64()
        };
        let fall = lag.as_secs_f64() * slope;
        if fall > shown {
            0.0
        } else if fall > 0.0 {
            shown - fall
        } else {
            shown
        }
    }
}

/// A first-order lag with its own time up and down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    value: Option<f64>,
}

impl Lag {
    /// Follows `input`; the first one sets it.
    pub fn follow(&mut self, input: f64, rise: Duration, fall: Duration, elapsed: Duration) -> f64 {
        let value = match self.value {
            None => input,
            Some(value) => {
                let time = if input > value { rise } else { fall }.as_secs_f64();
                let share =
                    if time > 0.0 { 1.0 - libm::exp(-elapsed.as_secs_f64() / time) } else { 1.0 };
                value + share * (input - value)
            }
        };
        if value.is_finite() {
            self.value = Some(value);
        }
        self.value.unwrap_or(0.0)
    }

    /// Goes on from a value that was kept.
    #[must_use]
    pub fn from(value: Option<f64>) -> Lag {
        Lag { value: value.filter(|value| value.is_finite()) }
    }

    /// The last value, if there was one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A meter with a lag of 2 s on a flow that ends at once is seen through within two; one that rises, or wavers by a
    /// hundredth, is taken as it is.
    #[test]
    fn a_fall_is_seen_before_a_slow_meter_has_shown_it() {
        let step = Duration::from_millis(200);
        let mut ahead = Ahead::default();
        let mut shown: f64 = 5.0;
        for _ in 0..100 {
            assert_eq!(ahead.of(shown, Duration::from_secs(2), step), 5.0);
        }
        for _ in 0..10 {
            shown *= libm::exp(-0.1);
            ahead.of(shown, Duration::from_secs(2), step);
        }
        assert!(shown > 1.8 && ahead.of(shown, Duration::from_secs(2), step) < 0.3);
        let mut ahead = Ahead::default();
        for wave in [5.0, 4.95, 5.0, 4.95] {
            assert!(ahead.of(wave, Duration::from_secs(2), step) > 4.8);
        }
        let mut hasty = Ahead::at_once();
        for wave in [5.0, 4.95, 5.0, 4.95] {
            assert!(hasty.of(wave, Duration::from_secs(2), step) > 4.7);
        }
        let first_low = hasty.of(4.0, Duration::from_secs(2), step);
        assert!(
            first_low < ahead.of(4.0, Duration::from_secs(2), step) && first_low < 2.0,
            "{first_low}"
        );
        let mut slow = Ahead::at_once();
        let second = Duration::from_secs(1);
        assert_eq!(slow.of(5.0, Duration::from_secs(2), second), 5.0);
        let seen = slow.of(5.0 * libm::exp(-0.5), Duration::from_secs(2), second);
        assert!(seen < 0.6, "at scans of a second its first low reading tells: {seen}");
        ahead = Ahead::default();
        assert_eq!(ahead.of(6.0, Duration::from_secs(2), step), 6.0);
        assert!(ahead.of(f64::NAN, Duration::from_secs(2), step).is_nan());
    }
}
