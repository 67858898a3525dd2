//! What a radio has said, and what follows from its sequence.

use core::time::Duration;

/// Older than this it says nothing any more (R-2.14-09).
const HEARD_MAX: Duration = Duration::from_secs(3600);
/// Samples of an hour, and the time between two.
const SAMPLES: usize = 12;
const SAMPLE: Duration = Duration::from_secs(300);

/// The last value that was heard, for an hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    value: Option<f64>,
    silent: Duration,
}

impl Heard {
    /// The value of now, or the last one of the past hour.
    pub fn take(&mut self, value: Option<f64>, elapsed: Duration) -> Option<f64> {
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                self.value = Some(value);
                self.silent = Duration::ZERO;
            }
            None => {
                self.silent = self.silent.saturating_add(elapsed);
                if self.silent > HEARD_MAX {
                    self.value = None;
                }
            }
        }
        self.value
    }
}

/// How far a level has risen above its lowest of the last hour.
#[derive(Clone, Copy, Debug)]
pub struct Rise {
    lowest: [f64; SAMPLES],
    at: usize,
    in_sample: Duration,
}

impl Default for Rise {
    fn default() -> Rise {
        Rise { lowest: [f64::INFINITY; SAMPLES], at: 0, in_sample: Duration::ZERO }
    }
}

impl Rise {
    /// Takes the level of now; none forgets nothing and says nothing.
    pub fn take(&mut self, level: Option<f64>, elapsed: Duration) -> Option<f64> {
        self.in_sample = self.in_sample.saturating_add(elapsed);
        if self.in_sample >= SAMPLE {
            self.in_sample = Duration::ZERO;
            self.at = (self.at + 1) % SAMPLES;
            self.lowest[self.at] = f64::INFINITY;
        }
        let level = level.filter(|level| level.is_finite())?;
        if level < self.lowest[self.at] {
            self.lowest[self.at] = level;
        }
        let lowest = self.lowest.iter().fold(level, |low, one| if *one < low { *one } else { low });
        Some(level - lowest)
    }
}
