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

/// 1 January is a Thursday, as in 2026; Saturday and Sunday are two and three days later.
const WEEKEND: (u32, u32) = (2, 3);
/// Lao new year, 13 to 16 April, and March to May: first and last day of the year.
const NEW_YEAR: (f64, f64) = (102.0, 106.0);
const HOT_SEASON: (f64, f64) = (59.0, 151.0);

/// What the village takes on this day of the year against a usual one.
#[must_use]
pub fn habit(parameters: &TwinParameters, day: f64) -> f64 {
    let weekday = day.max(0.0) as u32 % 7;
    let within = |days: (f64, f64)| day >= days.0 && day < days.1;
    let is_free = weekday == WEEKEND.0 || weekday == WEEKEND.1 || within(NEW_YEAR);
    let free = if is_free { parameters.weekend_demand } else { 1.0 };
    let hot = if within(HOT_SEASON) { parameters.hot_season_demand } else { 1.0 };
    free * hot
}

/// m³/h that leak out of the network.
#[must_use]
pub fn leak(parameters: &TwinParameters) -> f64 {
    parameters.demand_per_day / 24.0 * parameters.leak_share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_days_and_the_hot_season_take_more_where_the_village_does_so() {
        let usual = TwinParameters::default();
        let real = TwinParameters { weekend_demand: 1.3, hot_season_demand: 1.25, ..usual.clone() };
        // Monday 2 November, Saturday 7 November, Thursday 5 March, Tuesday 14 April 2026.
        for (day, times) in [(305.5, 1.0), (310.5, 1.3), (63.0, 1.25), (103.0, 1.3 * 1.25)] {
            assert_eq!(habit(&usual, day), 1.0);
            assert!((habit(&real, day) - times).abs() < 1.0e-9, "day {day}");
        }
    }

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
