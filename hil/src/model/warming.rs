//! Warm water that comes to a cooler tank runs along its top to the weir: the thermal short-circuit of `plant.md` 6.5.

/// How far back an inlet is compared, min, and the rise that makes a short-circuit, °C.
const LOOK_BACK_MIN: usize = 60;
const RISE: f64 = 0.3;
/// How long it lasts, min.
const LASTS_MIN: u32 = 60;

/// The inlet's temperature over the last hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Warming {
    hour: [f64; LOOK_BACK_MIN],
    next: usize,
    left_min: u32,
}

impl Warming {
    /// It has stood at this for long, °C.
    #[must_use]
    pub fn new(temperature: f64) -> Warming {
        Warming { hour: [temperature; LOOK_BACK_MIN], next: 0, left_min: 0 }
    }

    /// A minute passes.
    pub fn pass_minute(&mut self, temperature: f64) {
        let before = core::mem::replace(&mut self.hour[self.next], temperature);
        self.next = (self.next + 1) % LOOK_BACK_MIN;
        let rises = temperature - before > RISE;
        self.left_min = if rises { LASTS_MIN } else { self.left_min.saturating_sub(1) };
    }

    /// What settling still does of what it would do, where a short-circuit takes `loss` of it.
    #[must_use]
    pub fn kept(&self, loss: f64) -> f64 {
        if self.left_min > 0 { 1.0 - loss } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6.5: by more than 0.3 °C in an hour, and for an hour after it has ended.
    #[test]
    fn only_water_that_warms_fast_runs_along_the_top() {
        let mut slow = Warming::new(20.0);
        let mut fast = Warming::new(20.0);
        for minute in 1..=120 {
            slow.pass_minute(20.0 + 0.29 * f64::from(minute) / 60.0);
            fast.pass_minute(20.0 + 0.35 * f64::from(minute) / 60.0);
        }
        assert_eq!((slow.kept(0.2), fast.kept(0.2), fast.kept(0.0)), (1.0, 0.8, 1.0));
        for _ in 0..60 + 60 {
            fast.pass_minute(20.7);
        }
        assert_eq!(fast.kept(0.2), 1.0);
    }
}
