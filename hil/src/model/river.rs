//! Discharge, level and raw water of the river: `plant.md` 6.1. One step a minute.

use super::parameters::TwinParameters;
use super::random::{Random, Stream};
use super::water::Water;
use super::weather::Weather;

/// Rain reaches the gauge after this many minutes.
const LAG_MIN: usize = 60;
/// k_f of the fast store, h.
const FAST_HOURS: f64 = 2.5;
/// a, NTU.
const TURBIDITY_GAIN: f64 = 60.0;
const TURBIDITY_POWER: f64 = 1.3;
/// First flush: height, time in which it fades (h), days of calm that restore it.
const FLUSH: (f64, f64, f64) = (1.5, 1.5, 7.0);
/// Log-normal noise: σ, and τ of its AR(1) in minutes.
const NOISE: (f64, f64) = (0.15, 20.0);
/// A discharge that grows by this share of Q0 in a minute is a rise.
const RISE: f64 = 0.002;
/// A called storm rises over this time, and recedes with this one: within the bands of 6.1 (1 to 3 h, 6 to 15 h).
const CALLED_RISE_MIN: f64 = 90.0;
const CALLED_FALL_MIN: f64 = 480.0;
/// Turbidity meters and rivers both end here, NTU.
const TURBIDITY_MAX: f64 = 4_000.0;

/// A storm that somebody called for, beside those of the weather.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Called {
    /// Of the discharge, in Q0.
    peak: f64,
    age_min: f64,
}

impl Called {
    /// The same storm where it is seen earlier: it rises in half the time.
    fn excess_upstream(&self) -> f64 {
        let x = 2.0 * self.age_min / CALLED_RISE_MIN;
        if x < 1.0 {
            self.peak * x * x * (3.0 - 2.0 * x)
        } else {
            self.peak.max(self.excess())
                * libm::exp(-(self.age_min - 0.5 * CALLED_RISE_MIN) / CALLED_FALL_MIN)
        }
    }

    fn excess(&self) -> f64 {
        let x = self.age_min / CALLED_RISE_MIN;
        if x < 1.0 {
            self.peak * x * x * (3.0 - 2.0 * x)
        } else {
            self.peak * libm::exp(-(self.age_min - CALLED_RISE_MIN) / CALLED_FALL_MIN)
        }
    }
}

/// The river at the intake.
#[derive(Clone, Debug, PartialEq)]
pub struct River {
    /// m³/s.
    pub discharge: f64,
    /// Above the zero of LT-101, m.
    pub level: f64,
    /// Above the zero of LT-701, at the station upstream, m: it sees what comes here half an hour to an hour later.
    pub upstream_level: f64,
    /// What flows past the screen.
    pub water: Water,
    /// mg/l.
    pub organic_carbon: f64,
    /// pH, whatever the weather: something was let into the river.
    pub forced_ph: Option<f64>,
    fast: f64,
    fast_upstream: f64,
    called: Option<Called>,
    rain: [f64; LAG_MIN],
    noise: f64,
    hours_since_rise: f64,
    days_since_storm: f64,
    /// Days of calm before the present storm.
    calm: f64,
    minute: u64,
}

impl River {
    #[must_use]
    pub fn new(parameters: &TwinParameters, weather: &Weather) -> River {
        let mut river = River {
            discharge: 0.0,
            level: 0.0,
            upstream_level: 0.0,
            water: Water::default(),
            organic_carbon: parameters.organic_carbon,
            forced_ph: None,
            fast: 0.0,
            fast_upstream: 0.0,
            called: None,
            rain: [0.0; LAG_MIN],
            noise: 0.0,
            hours_since_rise: 24.0,
            days_since_storm: 7.0,
            calm: 7.0,
            minute: 0,
        };
        river.settle(parameters, weather);
        river
    }

    /// Calls a storm that peaks near this turbidity, NTU, noise aside.
    pub fn call_storm(&mut self, parameters: &TwinParameters, weather: &Weather, peak: f64) {
        let above = (peak.min(TURBIDITY_MAX) - base_turbidity(parameters, weather)).max(0.0);
        let needed = libm::pow(above / TURBIDITY_GAIN, 1.0 / TURBIDITY_POWER);
        let base = (base_flow(parameters, weather) / parameters.base_discharge - 1.0).min(0.0);
        self.called = Some(Called { peak: needed - base, age_min: 0.0 });
    }

    /// As it was measured: `level` above the zero of LT-101, m, what stands above base flow falling from now on, and `turbidity`,
    /// NTU, of which the storm's share falls with it and the rest stays.
    pub fn stand_at(
        &mut self,
        parameters: &mut TwinParameters,
        weather: &Weather,
        level: f64,
        turbidity: f64,
    ) {
        let q0 = parameters.base_discharge;
        let excess = libm::pow(((level - 0.8) / 0.45).max(0.0), 1.0 / 0.6);
        self.fast = ((1.0 + excess) * q0 - base_flow(parameters, weather)).max(0.0);
        if excess <= 0.0 {
            self.fast = 0.0;
        }
        self.fast_upstream = self.fast;
        (self.noise, self.hours_since_rise) = (0.0, f64::INFINITY);
        self.settle(parameters, weather);
        let base = base_turbidity(parameters, weather);
        let day = 1.0 + 0.1 * libm::sin(2.0 * core::f64::consts::PI * weather.hour() / 24.0);
        let storm = self.water.turbidity - base * day;
        let fitted = (turbidity - storm) / day;
        if fitted >= 1.0 {
            for season in &mut parameters.base_turbidity {
                *season *= fitted / base;
            }
        } else {
            // Noise makes up for it, and fades.
            self.noise = libm::log(turbidity.max(1.0) / self.water.turbidity);
        }
        self.settle(parameters, weather);
    }

    /// A called storm is not over yet.
    #[must_use]
    pub fn storm_called(&self) -> bool {
        self.called.is_some()
    }

    /// One minute.
    pub fn advance(&mut self, parameters: &TwinParameters, weather: &Weather, random: Random) {
        self.minute += 1;
        let place = (self.minute % LAG_MIN as u64) as usize;
        let rain = core::mem::replace(&mut self.rain[place], weather.rain * weather.runoff());
        // mm/h over km² is 1 000 m³/h, 1/3.6 m³/s.
        let inflow = rain * parameters.catchment_km2 / 3.6;
        self.fast += (inflow - self.fast) / (FAST_HOURS * 60.0);
        // Up there the rain has not far to run.
        let now = weather.rain * weather.runoff() * parameters.catchment_km2 / 3.6;
        self.fast_upstream += (now - self.fast_upstream) / (FAST_HOURS * 60.0);
        if let Some(called) = &mut self.called {
            called.age_min += 1.0;
            if called.age_min > 8.0 * CALLED_FALL_MIN {
                self.called = None;
            }
        }
        let before = self.discharge;
        let decay = libm::exp(-1.0 / NOISE.1);
        self.noise = self.noise * decay
            + NOISE.0
                * libm::sqrt(1.0 - decay * decay)
                * random.normal(Stream::RiverNoise, self.minute);
        self.settle(parameters, weather);
        let rises = self.fast > 0.0
            && self.discharge - before > RISE * parameters.base_discharge
            && self.called.is_none();
        if rises {
            if self.days_since_storm > 0.25 {
                self.calm = self.days_since_storm;
                self.hours_since_rise = 0.0;
            }
            self.days_since_storm = 0.0;
        } else {
            self.days_since_storm += 1.0 / 1_440.0;
        }
        self.hours_since_rise += 1.0 / 60.0;
    }

    fn settle(&mut self, parameters: &TwinParameters, weather: &Weather) {
        let q0 = parameters.base_discharge;
        let called = self.called.as_ref().map_or(0.0, Called::excess);
        self.discharge = self.fast + base_flow(parameters, weather) + called * q0;
        let excess = (self.discharge / q0 - 1.0).max(0.0);
        self.level = (0.8 + 0.45 * libm::pow(excess, 0.6)).clamp(0.2, 6.0);
        let called = self.called.as_ref().map_or(0.0, Called::excess_upstream);
        let upstream = self.fast_upstream + base_flow(parameters, weather) + called * q0;
        let above = (upstream / q0 - 1.0).max(0.0);
        self.upstream_level = (0.6 + 0.45 * libm::pow(above, 0.6)).clamp(0.0, 10.0);
        let flush = 1.0
            + FLUSH.0
                * libm::exp(-self.hours_since_rise / FLUSH.1)
                * (self.calm / FLUSH.2).min(1.0);
        let day = 1.0 + 0.1 * libm::sin(2.0 * core::f64::consts::PI * weather.hour() / 24.0);
        let turbidity = base_turbidity(parameters, weather) * day
            + TURBIDITY_GAIN * libm::pow(excess, TURBIDITY_POWER) * flush;
        let turbidity = (turbidity * libm::exp(self.noise)).clamp(1.0, TURBIDITY_MAX);
        // How much of a storm's water is in the river: full at three times Q0.
        let storm = (excess / 3.0).min(1.0);
        // Algae take carbon dioxide by day: highest at three in the afternoon. Much water is soft water.
        let sun = libm::sin(2.0 * core::f64::consts::PI * (weather.hour() - 9.0) / 24.0);
        let dry_ph = parameters.raw_ph + parameters.ph_swing * sun;
        let ph = self.forced_ph.unwrap_or(dry_ph - 0.3 * storm);
        let dry =
            parameters.alkalinity + parameters.alkalinity_swing * (1.0 - 2.0 * weather.season);
        self.water = Water::natural(turbidity, ph, dry * (1.0 - 0.2 * storm));
        // 2 mg/l dry, 3 to 5 in storms.
        self.organic_carbon = parameters.organic_carbon * (1.0 + storm);
    }

    /// How far the river stands above its base flow, 0 to 1: leaves come with it.
    #[must_use]
    pub fn excess(&self, parameters: &TwinParameters) -> f64 {
        (self.discharge / parameters.base_discharge - 1.0).clamp(0.0, 1.0)
    }
}

fn base_flow(parameters: &TwinParameters, weather: &Weather) -> f64 {
    parameters.base_discharge * (0.6 + 0.8 * weather.season)
}

fn base_turbidity(parameters: &TwinParameters, weather: &Weather) -> f64 {
    let [dry, wet] = parameters.base_turbidity;
    dry + (wet - dry) * weather.season
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: Random = Random { seed: 3 };

    #[test]
    fn a_called_storm_rises_in_hours_to_the_turbidity_asked_for_and_lifts_the_river() {
        let parameters = TwinParameters { dry_storms_per_day: 0.0, ..TwinParameters::default() };
        for asked in [300.0, 600.0, 2_000.0] {
            let mut weather = Weather::new(&parameters);
            let mut river = River::new(&parameters, &weather);
            let (calm, low) = (river.water.turbidity, river.level);
            river.call_storm(&parameters, &weather, asked);
            let (mut peak, mut peak_at, mut high) = (0.0_f64, 0, 0.0_f64);
            for minute in 0..600 {
                weather.advance(&parameters, RANDOM);
                river.advance(&parameters, &weather, RANDOM);
                if river.water.turbidity > peak {
                    (peak, peak_at) = (river.water.turbidity, minute);
                }
                high = high.max(river.level);
            }
            assert!(calm < 60.0 && high > low + 0.3, "{calm} NTU, {low} m to {high} m");
            // Noise of σ 0.15 lies on top.
            assert!((0.75 * asked..1.5 * asked).contains(&peak), "{asked}: {peak} NTU");
            assert!((60..240).contains(&peak_at), "{asked}: after {peak_at} min");
        }
    }

    #[test]
    fn a_river_stands_as_it_was_measured_and_what_was_high_runs_off() {
        for (level, turbidity) in [(0.95, 30.0), (1.4, 200.0), (2.0, 20.0)] {
            let mut parameters =
                TwinParameters { dry_storms_per_day: 0.0, ..TwinParameters::default() };
            let mut weather = Weather::new(&parameters);
            let mut river = River::new(&parameters, &weather);
            river.stand_at(&mut parameters, &weather, level, turbidity);
            assert!((river.level - level).abs() < 0.01, "{} m", river.level);
            assert!((river.water.turbidity / turbidity - 1.0).abs() < 0.01, "{:?}", river.water);
            for _ in 0..1_440 {
                weather.advance(&parameters, RANDOM);
                river.advance(&parameters, &weather, RANDOM);
            }
            assert!(river.level < 0.93, "{} m a day later", river.level);
        }
    }

    #[test]
    fn storms_of_the_weather_muddy_the_river_ten_to_a_hundredfold_within_hours() {
        let parameters = TwinParameters { start_day: 200.0, ..TwinParameters::default() };
        let mut weather = Weather::new(&parameters);
        let mut river = River::new(&parameters, &weather);
        let mut peaks = std::vec::Vec::new();
        let mut peak = 0.0_f64;
        let mut storms = 0;
        for _ in 0..(60 * 1_440) {
            weather.advance(&parameters, RANDOM);
            river.advance(&parameters, &weather, RANDOM);
            if weather.storms > storms {
                storms = weather.storms;
                peaks.push(peak);
                peak = 0.0;
            }
            peak = peak.max(river.water.turbidity);
        }
        peaks.sort_by(f64::total_cmp);
        let median = peaks[peaks.len() / 2];
        assert!(peaks.len() > 10, "{} storms in 60 days", peaks.len());
        assert!((100.0..3_000.0).contains(&median), "{peaks:?}");
    }
}
