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
