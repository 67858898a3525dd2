//! Random numbers without a state: each is a function of (seed, stream, step), so that one more draw in one process moves
//! nothing in another.

/// Which process draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    StormArrival,
    StormDepth,
    StormDuration,
    RiverNoise,
    RawWater,
    DemandNoise,
    GridVoltage,
    GridFrequency,
    OutageArrival,
    OutageDuration,
    /// What befalls a village, for those who make stories up.
    Swarm,
    DipArrival,
    DipDuration,
    StartTrip,
    StartWeld,
    Cloud,
    Bubble,
    /// One for each instrument.
    Instrument(u16),
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Stream::StormArrival => 1,
            Stream::StormDepth => 2,
            Stream::StormDuration => 3,
            Stream::RiverNoise => 4,
            Stream::RawWater => 5,
            Stream::DemandNoise => 6,
            Stream::GridVoltage => 7,
            Stream::GridFrequency => 8,
            Stream::OutageArrival => 9,
            Stream::OutageDuration => 10,
            Stream::Swarm => 11,
            Stream::DipArrival => 12,
            Stream::DipDuration => 13,
            Stream::StartTrip => 14,
            Stream::StartWeld => 15,
            Stream::Cloud => 16,
            Stream::Bubble => 17,
            Stream::Instrument(number) => 1_000 + u64::from(number),
        }
    }
}

/// The generator: nothing but its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    pub seed: u64,
}

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit moves every output bit.
fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The draws of one stream: what the seed makes of it, worked out once for a process that draws at every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// Roughly normal, standard deviation 1, never beyond 3.5: the sum of four 16-bit uniforms. An eighth of the cost of
    /// [`Random::normal`]; for instrument noise.
    #[must_use]
    pub fn noise(self, step: u64) -> f64 {
        let word = scramble(self.key ^ step);
        let sum = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48);
        let sum = sum as f64 / 65_536.0;
        // Variance of one uniform 1/12, of four 1/3.
        (sum - 2.0) * 1.732_050_807_568_877_2
    }
}

impl Random {
    /// The draws of one stream.
    #[must_use]
    pub fn draws(self, stream: Stream) -> Draws {
        Draws { key: scramble(scramble(self.seed) ^ stream.number()) }
    }

    fn word(self, stream: Stream, step: u64) -> u64 {
        scramble(self.draws(stream).key ^ step)
    }

    /// Between 0 (included) and 1 (excluded).
    #[must_use]
    pub fn uniform(self, stream: Stream, step: u64) -> f64 {
        // 53 bits: what an f64 holds exactly.
        let whole = (self.word(stream, step) >> 11) as f64;
        whole / 9_007_199_254_740_992.0
    }

    /// Standard normal, by Box and Muller.
    #[must_use]
    pub fn normal(self, stream: Stream, step: u64) -> f64 {
        let radius = 1.0 - self.uniform(stream, step.wrapping_mul(2));
        let angle = self.uniform(stream, step.wrapping_mul(2).wrapping_add(1));
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(2.0 * core::f64::consts::PI * angle)
    }

    /// As [`Draws::noise`], of a stream that draws seldom.
    #[must_use]
    pub fn noise(self, stream: Stream, step: u64) -> f64 {
        self.draws(stream).noise(step)
    }

    /// Gamma with this shape (at least 1) and mean, by Marsaglia and Tsang (2000).
    #[must_use]
    pub fn gamma(self, stream: Stream, step: u64, shape: f64, mean: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        // Each try fails about once in twenty; after 32 the mean is as good a draw as any.
        for attempt in 0..32 {
            let place = step.wrapping_mul(64).wrapping_add(attempt * 2);
            let x = self.normal(stream, place);
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = 1.0 - self.uniform(stream, !place);
            if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * mean / shape;
            }
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: Random = Random { seed: 7 };

    #[test]
    fn draws_of_one_stream_leave_the_others_alone() {
        let a = RANDOM.uniform(Stream::DemandNoise, 3);
        assert_eq!(a, RANDOM.uniform(Stream::DemandNoise, 3));
        assert_ne!(a, RANDOM.uniform(Stream::DemandNoise, 4));
        assert_ne!(a, RANDOM.uniform(Stream::RiverNoise, 3));
        assert_ne!(a, Random { seed: 8 }.uniform(Stream::DemandNoise, 3));
    }

    #[test]
    fn the_draws_have_the_mean_and_spread_they_promise() {
        let count = 20_000_u32;
        let moments = |draw: &dyn Fn(u64) -> f64| {
            let mean = (0..count).map(|i| draw(i.into())).sum::<f64>() / f64::from(count);
            let spread = (0..count).map(|i| (draw(i.into()) - mean).powi(2)).sum::<f64>();
            (mean, (spread / f64::from(count)).sqrt())
        };
        let (mean, spread) = moments(&|i| RANDOM.normal(Stream::RiverNoise, i));
        assert!(mean.abs() < 0.03 && (spread - 1.0).abs() < 0.03, "{mean} {spread}");
        let (mean, spread) = moments(&|i| RANDOM.noise(Stream::Instrument(3), i));
        assert!(mean.abs() < 0.03 && (spread - 1.0).abs() < 0.03, "{mean} {spread}");
        let (mean, spread) = moments(&|i| RANDOM.gamma(Stream::StormDepth, i, 1.2, 18.0));
        // A gamma's standard deviation is its mean over the root of its shape.
        assert!((mean - 18.0).abs() < 0.5 && (spread - 16.4).abs() < 0.8, "{mean} {spread}");
    }
}
