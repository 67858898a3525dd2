//! Rain, soil and the seasons: `plant.md` 6.1. One step a minute.

use super::parameters::TwinParameters;
use super::random::{Random, Stream};

/// Share of a storm's duration after which its rain peaks.
const PEAK_AT: f64 = 0.35;
/// Shape of the depth's gamma distribution.
const DEPTH_SHAPE: f64 = 1.2;
/// Rain that fills a dry soil, mm.
const SOIL_MM: f64 = 120.0;
/// Time in which a wet soil dries, days.
const SOIL_DAYS: f64 = 10.0;
/// Day of the year on which the wet season stands highest: mid-August.
const WETTEST_DAY: f64 = 227.0;
/// First and last day of the storm season: May to October.
const STORM_SEASON: (f64, f64) = (120.0, 304.0);
const MINUTES_A_DAY: f64 = 1_440.0;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Storm {
    depth_mm: f64,
    duration_min: f64,
    age_min: f64,
}

impl Storm {
    /// Triangle with its peak at 35 %.
    fn rain(&self) -> f64 {
        let peak = 2.0 * self.depth_mm / (self.duration_min / 60.0);
        let x = self.age_min / self.duration_min;
        if x >= 1.0 {
            0.0
        } else if x < PEAK_AT {
            peak * x / PEAK_AT
        } else {
            peak * (1.0 - x) / (1.0 - PEAK_AT)
        }
    }
}

/// What the sky does over the catchment.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// Day of the year with fraction, 0 to 365.
    pub day: f64,
    /// 0 in the depth of the dry season, 1 at the height of the wet one.
    pub season: f64,
    /// mm/h.
    pub rain: f64,
    /// S, 0 dry to 1 soaked.
    pub soil: f64,
    /// °C, of the water.
    pub temperature: f64,
    /// Storms begun by themselves.
    pub storms: u32,
    storm: Option<Storm>,
    start_minute: f64,
    minute: u64,
}

impl Weather {
    #[must_use]
    pub fn new(parameters: &TwinParameters) -> Weather {
        let mut weather = Weather {
            day: 0.0,
            season: 0.0,
            rain: 0.0,
            soil: 0.3,
            temperature: 0.0,
            storms: 0,
            storm: None,
            start_minute: (parameters.start_day + parameters.start_hour / 24.0) * MINUTES_A_DAY,
            minute: 0,
        };
        weather.calendar(parameters);
        weather
    }

    /// One minute.
    pub fn advance(&mut self, parameters: &TwinParameters, random: Random) {
        self.minute += 1;
        self.calendar(parameters);
        if let Some(storm) = &mut self.storm {
            storm.age_min += 1.0;
            if storm.age_min >= storm.duration_min {
                self.storm = None;
            }
        } else {
            let wet = self.day >= STORM_SEASON.0 && self.day < STORM_SEASON.1;
            let rate =
                if wet { parameters.wet_storms_per_day } else { parameters.dry_storms_per_day };
            if random.uniform(Stream::StormArrival, self.minute) < rate / MINUTES_A_DAY {
                self.storms += 1;
                let depth = parameters.storm_depth_mm;
                let hours = 0.5 + 3.5 * random.uniform(Stream::StormDuration, self.minute);
                self.storm = Some(Storm {
                    depth_mm: random.gamma(Stream::StormDepth, self.minute, DEPTH_SHAPE, depth),
                    duration_min: hours * 60.0,
                    age_min: 0.0,
                });
            }
        }
        self.rain = self.storm.as_ref().map_or(0.0, Storm::rain);
        let soil = self.soil + self.rain / 60.0 / SOIL_MM - self.soil / (SOIL_DAYS * MINUTES_A_DAY);
        self.soil = soil.clamp(0.0, 1.0);
    }

    /// Share of the rain that runs off.
    #[must_use]
    pub fn runoff(&self) -> f64 {
        0.10 + 0.35 * self.soil * self.soil
    }

    /// Hour of the day with fraction.
    #[must_use]
    pub fn hour(&self) -> f64 {
        (self.day - libm::floor(self.day)) * 24.0
    }

    fn calendar(&mut self, parameters: &TwinParameters) {
        const TURN: f64 = 2.0 * core::f64::consts::PI;
        let days = (self.start_minute + self.minute as f64) / MINUTES_A_DAY;
        self.day = days - 365.0 * libm::floor(days / 365.0);
        self.season = 0.5 + 0.5 * libm::cos(TURN * (self.day - WETTEST_DAY) / 365.0);
        let [mean, year, day] = parameters.temperature;
        // Warmest water in mid-May (day 135), and at four in the afternoon.
        self.temperature = mean
            + year * libm::cos(TURN * (self.day - 135.0) / 365.0)
            + day * libm::cos(TURN * (self.hour() - 16.0) / 24.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_brings_the_rain_of_the_region() {
        let parameters =
            TwinParameters { start_day: 0.0, start_hour: 0.0, ..TwinParameters::default() };
        let years = 6;
        let rain: f64 = (0..years)
            .map(|seed| {
                let mut weather = Weather::new(&parameters);
                let mut depth = 0.0;
                for _ in 0..525_600 {
                    weather.advance(&parameters, Random { seed });
                    depth += weather.rain / 60.0;
                }
                depth
            })
            .sum::<f64>()
            / f64::from(u32::try_from(years).expect("a few"));
        // Measured nearby 1 632 to 1 934 mm a year, `plant.md` 6.1; a tenth of slack for six drawn years.
        assert!((1_450.0..2_100.0).contains(&rain), "{rain} mm");
    }
}
