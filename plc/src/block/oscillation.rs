//! Whether a loop oscillates: how it has done over a rolling window, in twelve slices (`docs/spec/plant.md` 2.16, R-2.16-07).

use core::time::Duration;

/// Slices of a window.
const SLICES: usize = 12;
/// An excursion counts when its amplitude is more than twice the noise of what is measured; peak to peak that is four times.
const PEAK_TO_PEAK: f64 = 4.0;

/// What a slice of time, or the whole window, has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slice {
    looks: u32,
    saturated: u32,
    reversals: u32,
    sum: f64,
    squares: f64,
}

/// Where the error last turned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Turn {
    /// It has not left its first place yet; the lowest and the highest of it.
    #[default]
    None,
    Waiting {
        low: f64,
        high: f64,
    },
    Rising {
        highest: f64,
    },
    Falling {
        lowest: f64,
    },
}

/// How a loop did over its window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conduct {
    /// Standard deviation of the error, in the unit of what is measured.
    pub deviation: f64,
    /// Share of the time its output stood at a limit, 0 to 1.
    pub saturated: f64,
    /// Times its error turned about, by more than twice the noise.
    pub reversals: u32,
}

/// Watches the error of a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Oscillation {
    slices: [Slice; SLICES],
    at: usize,
    in_slice: Duration,
    turn: Turn,
}

impl Oscillation {
    /// Time passes, whether the loop controls or not.
    pub fn elapse(&mut self, window: Duration, elapsed: Duration) {
        let slice = window / SLICES as u32;
        self.in_slice = self.in_slice.saturating_add(elapsed);
        let mut turns = 0;
        while self.in_slice >= slice && turns < SLICES {
            self.in_slice = self.in_slice.saturating_sub(slice);
            self.at = (self.at + 1) % SLICES;
            self.slices[self.at] = Slice::default();
            turns += 1;
        }
        if turns == SLICES {
            self.in_slice = Duration::ZERO;
        }
    }

    /// The loop does not control: what comes afterwards is no answer to what was before.
    pub fn pause(&mut self) {
        self.turn = Turn::None;
    }

    /// One look at the error. An error that is none is not looked at.
    pub fn look(&mut self, error: f64, saturated: bool, noise: f64) {
        if !error.is_finite() {
            return;
        }
        let slice = &mut self.slices[self.at];
        slice.looks = slice.looks.saturating_add(1);
        slice.saturated += u32::from(saturated);
        slice.sum += error;
        slice.squares += error * error;
        let (turn, turned) = self.turn.next(error, PEAK_TO_PEAK * noise);
        self.turn = turn;
        slice.reversals += u32::from(turned);
    }

    /// How it did over the window.
    #[must_use]
    pub fn conduct(&self) -> Conduct {
        let total = self.slices.iter().fold(Slice::default(), |total, slice| Slice {
            looks: total.looks.saturating_add(slice.looks),
            saturated: total.saturated.saturating_add(slice.saturated),
            reversals: total.reversals.saturating_add(slice.reversals),
            sum: total.sum + slice.sum,
            squares: total.squares + slice.squares,
        });
        if total.looks == 0 {
            return Conduct::default();
        }
        let looks = f64::from(total.looks);
        let mean = total.sum / looks;
        let variance = total.squares / looks - mean * mean;
        Conduct {
            deviation: if variance > 0.0 { libm::sqrt(variance) } else { 0.0 },
            saturated: f64::from(total.saturated) / looks,
            reversals: total.reversals,
        }
    }
}

impl Turn {
    /// Whether the error has come back from its last extreme by `swing`.
    fn next(self, error: f64, swing: f64) -> (Turn, bool) {
        match self {
            Turn::None => (Turn::Waiting { low: error, high: error }, false),
            Turn::Waiting { low, .. } if error - low > swing => {
                (Turn::Rising { highest: error }, false)
            }
            Turn::Waiting { high, .. } if high - error > swing => {
                (Turn::Falling { lowest: error }, false)
            }
            Turn::Waiting { low, high } => {
                let low = if error < low { error } else { low };
                let high = if error > high { error } else { high };
                (Turn::Waiting { low, high }, false)
            }
            Turn::Rising { highest } if error >= highest => {
                (Turn::Rising { highest: error }, false)
            }
            Turn::Rising { highest } if highest - error > swing => {
                (Turn::Falling { lowest: error }, true)
            }
            Turn::Rising { .. } => (self, false),
            Turn::Falling { lowest } if error <= lowest => (Turn::Falling { lowest: error }, false),
            Turn::Falling { lowest } if error - lowest > swing => {
                (Turn::Rising { highest: error }, true)
            }
            Turn::Falling { .. } => (self, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);
    const NOISE: f64 = 0.1;

    /// An hour of this error, a look a second.
    fn hour(error: impl Fn(f64) -> f64) -> Conduct {
        let mut watch = Oscillation::default();
        for second in 0..3600_u32 {
            watch.elapse(HOUR, SECOND);
            watch.look(error(f64::from(second)), second % 4 == 0, NOISE);
        }
        watch.conduct()
    }

    fn wave(period: f64, amplitude: f64) -> impl Fn(f64) -> f64 {
        move |second| amplitude * libm::sin(second * core::f64::consts::TAU / period)
    }

    /// R-2.16-07: only turns of more than twice the noise count, two a wave, whatever offset the loop has.
    #[test]
    fn a_wave_turns_twice_and_noise_never() {
        // A cheap noise of known bounds.
        let noise = |second: f64| NOISE * libm::sin(second * second * 0.731);
        assert_eq!(hour(noise).reversals, 0);
        assert_eq!(hour(wave(60.0, 1.9 * NOISE)).reversals, 0);
        for offset in [0.0, 5.0, -5.0] {
            let waves = wave(600.0, 0.5);
            let seen = hour(move |second| offset + waves(second) + noise(second)).reversals;
            assert!((11..=12).contains(&seen), "{seen} at {offset}");
        }
        let seen = hour(wave(120.0, 0.5)).reversals;
        assert!((54..=60).contains(&seen), "{seen}");
    }

    /// R-2.16-07: deviation and saturation are those of the window.
    #[test]
    fn deviation_and_saturation_are_told() {
        let conduct = hour(wave(60.0, 1.0));
        assert!((conduct.deviation - libm::sqrt(0.5)).abs() < 0.01, "{}", conduct.deviation);
        assert!((conduct.saturated - 0.25).abs() < 0.01, "{}", conduct.saturated);
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut watch = Oscillation::default();
        for second in 0..3600_u32 {
            watch.elapse(HOUR, SECOND);
            watch.look(wave(60.0, 1.0)(f64::from(second)), false, NOISE);
        }
        assert!(watch.conduct().reversals > 100);
        watch.pause();
        watch.elapse(HOUR, HOUR);
        assert_eq!(watch.conduct(), Conduct::default());
        watch.look(f64::NAN, false, NOISE);
        assert_eq!(watch.conduct(), Conduct::default());
    }

    #[test]
    fn a_pause_is_no_turn() {
        let mut watch = Oscillation::default();
        for turn in 0..40 {
            watch.elapse(HOUR, SECOND);
            watch.look(if turn % 2 == 0 { 5.0 } else { -5.0 }, false, NOISE);
            watch.pause();
        }
        assert_eq!(watch.conduct().reversals, 0);
    }
}
