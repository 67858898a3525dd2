//! Transmitters: sample line, lag, drift, noise, resolution, and what can go wrong with them. `plant.md` 1.4 and 6.11.

use super::random::{Draws, Random, Stream};

/// How a transmitter renders the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Character {
    /// First-order lag, s.
    pub lag_s: f64,
    /// Sample line and analyser, s.
    pub dead_s: f64,
    /// Accuracy: part of the value, and fixed part in its unit. The noise stays inside it.
    pub relative: f64,
    pub fixed: f64,
    /// The last digit.
    pub resolution: f64,
    /// Below this it shows nothing.
    pub cutoff: f64,
    /// A day since the last calibration: of the value, and in its unit.
    pub gain_drift: f64,
    pub offset_drift: f64,
}

/// The noise's standard deviation against the accuracy: nearly all of it stays inside. It wanders as slowly as the
/// instrument answers, because the same damping smooths both.
const NOISE_SHARE: f64 = 0.3;

impl Character {
    /// Lag 1 s, no dead time.
    #[must_use]
    pub const fn level(fixed: f64) -> Character {
        Character { lag_s: 1.0, fixed, resolution: 0.001, ..Character::EXACT }
    }

    /// In percent of a tank.
    #[must_use]
    pub const fn fill(fixed: f64) -> Character {
        Character { lag_s: 1.0, fixed, resolution: 0.1, ..Character::EXACT }
    }

    /// 1 %, with the low-flow cut-off of an electromagnetic meter.
    #[must_use]
    pub const fn flow() -> Character {
        Character { lag_s: 2.0, relative: 0.01, resolution: 0.01, cutoff: 0.03, ..Character::EXACT }
    }

    #[must_use]
    pub const fn pressure(fixed: f64) -> Character {
        Character { lag_s: 0.5, fixed, resolution: 0.1, ..Character::EXACT }
    }

    /// Fouls by a hundredth of an NTU a day.
    #[must_use]
    pub const fn turbidity(lag_s: f64, dead_s: f64, relative: f64, fixed: f64) -> Character {
        Character {
            lag_s,
            dead_s,
            relative,
            fixed,
            resolution: 0.001,
            offset_drift: 0.01,
            ..Character::EXACT
        }
    }

    #[must_use]
    pub const fn chlorine() -> Character {
        Character {
            lag_s: 60.0,
            dead_s: 60.0,
            fixed: 0.03,
            resolution: 0.01,
            gain_drift: -0.005,
            ..Character::EXACT
        }
    }

    #[must_use]
    pub const fn ph() -> Character {
        Character {
            lag_s: 20.0,
            dead_s: 10.0,
            fixed: 0.05,
            resolution: 0.01,
            offset_drift: 0.01,
            ..Character::EXACT
        }
    }

    #[must_use]
    pub const fn temperature() -> Character {
        Character { lag_s: 60.0, fixed: 0.3, resolution: 0.1, ..Character::EXACT }
    }

    /// Electrical, 1 %.
    #[must_use]
    pub const fn electrical(resolution: f64) -> Character {
        Character { relative: 0.002, resolution, ..Character::EXACT }
    }

    /// Counters and digital values.
    pub const EXACT: Character = Character {
        lag_s: 0.0,
        dead_s: 0.0,
        relative: 0.0,
        fixed: 0.0,
        resolution: 0.0,
        cutoff: 0.0,
        gain_drift: 0.0,
        offset_drift: 0.0,
    };
}

/// What is wrong with an instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SensorFault {
    /// Shows its last value for ever.
    Stuck,
    /// Does not answer.
    Dropout,
    /// Shows so much more, in its unit.
    Bias(f64),
    /// Shows nothing of it.
    Zero,
    /// Shows this, whatever is: a replaced, broken or forged transmitter. A contact is closed from one half on.
    Value(f64),
    /// Shows so many times it: fouled, or with a wrong range.
    Scale(f64),
    /// Moves away from it by so much an hour, in its unit.
    Drift(f64),
    /// Jumps around it, with this standard deviation, in its unit.
    Noise(f64),
    /// One sample shows so much more; then it is sound again.
    Spike(f64),
}

/// One transmitter, sampled at an even interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Transmitter {
    pub character: Character,
    pub low: f64,
    pub high: f64,
    pub fault: Option<SensorFault>,
    /// What it showed last.
    pub shown: f64,
    lag: f64,
    state: f64,
    /// First-order noise of variance 1, and the share of it that is new each interval.
    noise: f64,
    fresh: f64,
    /// The sample line, one place an interval; empty without dead time.
    line: Box<[f64]>,
    place: usize,
    stream: Stream,
    /// What its noise is drawn from, since its first sample.
    draws: Option<Draws>,
    samples: u64,
    interval_s: f64,
    /// How far it has drifted, in its unit.
    drifted: f64,
}

impl Transmitter {
    #[must_use]
    pub fn new(
        character: Character,
        (low, high): (f64, f64),
        interval_s: f64,
        number: u16,
    ) -> Transmitter {
        let places = libm::round(character.dead_s / interval_s) as usize;
        let lag = if character.lag_s > 0.0 {
            1.0 - libm::exp(-interval_s / character.lag_s)
        } else {
            1.0
        };
        Transmitter {
            character,
            low,
            high,
            fault: None,
            shown: 0.0,
            lag,
            state: 0.0,
            noise: 0.0,
            fresh: libm::sqrt(1.0 - (1.0 - lag) * (1.0 - lag)),
            line: vec![0.0; places].into_boxed_slice(),
            place: 0,
            stream: Stream::Instrument(number),
            draws: None,
            samples: 0,
            interval_s,
            drifted: 0.0,
        }
    }

    /// One interval on: what it shows of this truth, `days` after its calibration. `None`: it does not answer.
    pub fn sample(&mut self, truth: f64, days: f64, random: Random) -> Option<f64> {
        if self.samples == 0 {
            self.line.fill(truth);
            self.state = truth;
        }
        self.samples += 1;
        let arriving = if self.line.is_empty() {
            truth
        } else {
            self.place = (self.place + 1) % self.line.len();
            core::mem::replace(&mut self.line[self.place], truth)
        };
        self.state += self.lag * (arriving - self.state);
        let draws = *self.draws.get_or_insert_with(|| random.draws(self.stream));
        self.noise += self.fresh * draws.noise(self.samples) - self.lag * self.noise;
        match self.fault {
            Some(SensorFault::Stuck) => return Some(self.shown),
            Some(SensorFault::Dropout) => return None,
            Some(SensorFault::Zero) => {
                self.shown = 0.0_f64.clamp(self.low, self.high);
                return Some(self.shown);
            }
            Some(SensorFault::Value(value)) => {
                self.shown = value.clamp(self.low, self.high);
                return Some(self.shown);
            }
            Some(SensorFault::Drift(an_hour)) => {
                self.drifted += an_hour * self.interval_s / 3_600.0
            }
            Some(
                SensorFault::Bias(_)
                | SensorFault::Scale(_)
                | SensorFault::Noise(_)
                | SensorFault::Spike(_),
            )
            | None => self.drifted = 0.0,
        }
        let jump = match self.fault {
            Some(SensorFault::Noise(_)) => random.normal(self.stream, self.samples),
            Some(_) | None => 0.0,
        };
        self.shown = self.render(days, jump);
        if let Some(SensorFault::Spike(_)) = self.fault {
            self.fault = None;
        }
        Some(self.shown)
    }

    fn render(&self, days: f64, jump: f64) -> f64 {
        let c = &self.character;
        let mut value = self.state;
        if value < c.cutoff {
            value = 0.0;
        } else if c.relative > 0.0 || c.fixed > 0.0 {
            let accuracy = c.relative * libm::fabs(value) + c.fixed;
            value += value * c.gain_drift * days + c.offset_drift * days;
            value += NOISE_SHARE * accuracy * self.noise;
        }
        value = match self.fault {
            Some(SensorFault::Bias(more) | SensorFault::Spike(more)) => value + more,
            Some(SensorFault::Scale(times)) => value * times,
            Some(SensorFault::Drift(_)) => value + self.drifted,
            Some(SensorFault::Noise(size)) => value + size * jump,
            Some(
                SensorFault::Stuck
                | SensorFault::Dropout
                | SensorFault::Zero
                | SensorFault::Value(_),
            )
            | None => value,
        };
        if c.resolution > 0.0 {
            value = libm::round(value / c.resolution) * c.resolution;
        }
        value.clamp(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: Random = Random { seed: 5 };

    fn settled(character: Character, truth: f64) -> Vec<f64> {
        let mut transmitter = Transmitter::new(character, (0.0, 100.0), 1.0, 1);
        (0..600).filter_map(|_| transmitter.sample(truth, 0.0, RANDOM)).collect()
    }

    #[test]
    fn readings_stay_inside_the_accuracy_and_never_quite_still() {
        let readings = settled(Character::chlorine(), 0.9);
        assert!(readings.iter().all(|value| (value - 0.9).abs() <= 0.04));
        assert!(readings.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn an_analyser_answers_a_step_after_its_dead_time() {
        let character = Character { fixed: 0.0, ..Character::chlorine() };
        let mut transmitter = Transmitter::new(character, (0.0, 5.0), 1.0, 1);
        transmitter.sample(0.0, 0.0, RANDOM);
        let readings: Vec<f64> =
            (0..400).filter_map(|_| transmitter.sample(1.0, 0.0, RANDOM)).collect();
        assert!(readings[..58].iter().all(|value| *value == 0.0));
        assert!((0.55..0.70).contains(&readings[120]), "{}", readings[120]);
        assert!(readings[399] > 0.98);
    }

    #[test]
    fn a_flow_meter_shows_nothing_of_a_standing_pipe() {
        assert!(settled(Character::flow(), 0.0).iter().all(|value| *value == 0.0));
    }

    #[test]
    fn a_broken_transmitter_sticks_is_silent_lies_or_shows_nothing() {
        let mut transmitter = Transmitter::new(Character::level(0.0), (0.0, 4.0), 1.0, 1);
        transmitter.sample(1.0, 0.0, RANDOM);
        for (fault, shown) in [
            (SensorFault::Stuck, Some(1.0)),
            (SensorFault::Dropout, None),
            (SensorFault::Zero, Some(0.0)),
            (SensorFault::Value(3.5), Some(3.5)),
        ] {
            transmitter.fault = Some(fault);
            assert_eq!(transmitter.sample(2.0, 0.0, RANDOM), shown, "{fault:?}");
        }
        transmitter.fault = Some(SensorFault::Bias(0.4));
        for _ in 0..20 {
            transmitter.sample(2.0, 0.0, RANDOM);
        }
        assert!((transmitter.shown - 2.4).abs() < 0.002);
        transmitter.fault = Some(SensorFault::Bias(9.0));
        assert_eq!(transmitter.sample(2.0, 0.0, RANDOM), Some(4.0));
    }
}
