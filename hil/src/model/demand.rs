//! What the village takes: `plant.md` 6.12.

use super::parameters::TwinParameters;
use super::random::{Random, Stream};

/// Hourly factors, mean 1.00: peaks in the morning and in the evening.
pub const HOURLY: [f64; 24] = [
    0.29, 0.19, 0.19, 0.29, 0.77, 1.73, 2.30, 1.92, 1.25, 0.96, 0.86, 0.96, 1.06, 0.86, 0.77, 0.86,
    1.25, 1.92, 2.11, 1.34, 0.86, 0.58, 0.38, 0.29,
];

/// Noise of each minute, uniform to both sides.
const NOISE: f64 = 0.2;

/// Demand at this hour (0 to 24) and minute of the run, m³/h.
#[must_use]
pub fn demand(parameters: &TwinParameters, hour: f64, minute: u64, random: Random) -> f64 {
    let factor = HOURLY[(hour.clamp(0.0, 23.9)) as usize];
    let noise = 1.0 + NOISE * (2.0 * random.uniform(Stream::DemandNoise, minute) - 1.0);
    parameters.demand_per_day / 24.0 * factor * noise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_takes_the_mean_demand() {
        let parameters = TwinParameters::default();
        let day: f64 = (0..1_440_u32)
            .map(|minute| {
                let hour = f64::from(minute) / 60.0;
                demand(&parameters, hour, minute.into(), Random { seed: 1 }) / 60.0
            })
            .sum();
        assert!((day - 82.0).abs() < 1.5, "{day} m³");
    }
}
