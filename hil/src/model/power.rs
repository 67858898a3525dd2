//! Grid, sun, meter and UPS: `plant.md` 6.13.

use super::panel::Mains;
use super::parameters::TwinParameters;
use super::random::{Random, Stream};

/// V.
const VOLTAGE: f64 = 220.0;
/// Evening peak of the village, h.
const EVENING: (f64, f64) = (18.0, 21.0);
/// Hz: mean, standard deviation.
const FREQUENCY: (f64, f64) = (50.0, 0.05);
/// Outage, min: median and σ of its log-normal duration.
const OUTAGE: (f64, f64) = (20.0, 1.2);
/// Controller, instruments, valves, light, kW.
const BASE_KW: f64 = 0.12;
/// The UPS takes this many times its discharge time to fill.
const RECHARGE: f64 = 4.0;

/// Share of a clear sky's power that comes through the clouds: mean and spread of its AR(1), its τ in minutes, the least, and what
/// rain leaves. Chosen: 0.75 of a clear sky is the yearly mean of the Mekong valley.
const CLOUDS: (f64, f64) = (0.75, 0.20);
const CLOUD_MIN: f64 = 30.0;
const OVERCAST: f64 = 0.1;
const RAIN: f64 = 0.2;
/// Sunrise and length of the day, h.
const SUN: (f64, f64) = (6.0, 12.0);
/// An empty battery feeds again above this fill. Chosen: as charge controllers do.
const STORE_AGAIN: f64 = 0.2;

/// Supply of the plant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Somebody pulled the main switch.
    pub switched_off: bool,
    /// V.
    pub voltage: f64,
    /// Hz.
    pub frequency: f64,
    /// All motors and the rest, kW.
    pub power_kw: f64,
    /// kWh on the meter.
    pub energy_kwh: f64,
    /// 0 to 1.
    pub battery: f64,
    /// V, whatever the grid's weather: a brown-out.
    pub forced_voltage: Option<f64>,
    /// kW from the panels, and kWh in the battery behind them; whether it may feed.
    pub sun_kw: f64,
    pub store_kwh: f64,
    store_ready: bool,
    cloud: f64,
    outage_min: f64,
    /// Seconds left of a dip.
    dip_s: f64,
    minute: u64,
}

impl Default for Grid {
    fn default() -> Grid {
        Grid {
            switched_off: false,
            voltage: VOLTAGE,
            frequency: FREQUENCY.0,
            power_kw: BASE_KW,
            energy_kwh: 0.0,
            battery: 1.0,
            forced_voltage: None,
            sun_kw: 0.0,
            store_kwh: 0.0,
            store_ready: false,
            cloud: 0.0,
            outage_min: 0.0,
            dip_s: 0.0,
            minute: 0,
        }
    }
}

impl Grid {
    /// With its battery full.
    #[must_use]
    pub fn new(parameters: &TwinParameters) -> Grid {
        let store_kwh = parameters.store_kwh;
        Grid { store_kwh, store_ready: store_kwh > 0.0, ..Grid::default() }
    }

    /// What the plant is fed by, grid or battery.
    #[must_use]
    pub fn mains(&self) -> Mains {
        if self.is_gone() && !self.store_ready { Mains::Absent } else { Mains::Present }
    }

    fn is_gone(&self) -> bool {
        self.switched_off || self.outage_min > 0.0 || self.dip_s > 0.0
    }

    /// Battery and sun carry the plant: CC-903 says so.
    #[must_use]
    pub fn on_store(&self) -> bool {
        self.is_gone() && self.store_ready
    }

    /// 0 to 1.
    #[must_use]
    pub fn store_fill(&self, parameters: &TwinParameters) -> f64 {
        if parameters.store_kwh > 0.0 { self.store_kwh / parameters.store_kwh } else { 0.0 }
    }

    /// The sun of this minute: a bell from six to six, behind clouds.
    fn shine(&mut self, parameters: &TwinParameters, hour: f64, rain: f64, random: Random) {
        let decay = libm::exp(-1.0 / CLOUD_MIN);
        self.cloud = self.cloud * decay
            + CLOUDS.1
                * libm::sqrt(1.0 - decay * decay)
                * random.normal(Stream::Cloud, self.minute);
        let clear = (CLOUDS.0 + self.cloud).clamp(OVERCAST, 1.0);
        let clear = if rain > 0.0 { RAIN * clear } else { clear };
        let bell = libm::sin(core::f64::consts::PI * (hour - SUN.0) / SUN.1).max(0.0);
        self.sun_kw = parameters.solar_kw * bell * clear;
    }

    /// The battery of this step, which feeds the whole plant while the grid is away.
    fn store(&mut self, parameters: &TwinParameters, hours: f64, motors_kw: f64) {
        let taken = if self.on_store() { BASE_KW + motors_kw } else { 0.0 };
        let held = self.store_kwh + (self.sun_kw - taken) * hours;
        self.store_kwh = held.clamp(0.0, parameters.store_kwh);
        let least = if self.store_ready { 0.0 } else { STORE_AGAIN * parameters.store_kwh };
        self.store_ready = self.store_kwh > least;
    }

    /// One minute of the grid's own weather, at this hour and under this rain, mm/h.
    pub fn advance_minute(
        &mut self,
        parameters: &TwinParameters,
        hour: f64,
        rain: f64,
        random: Random,
    ) {
        self.minute += 1;
        let storm = if rain > 0.0 { parameters.storm_outages } else { 1.0 };
        if self.outage_min > 0.0 {
            self.outage_min -= 1.0;
        } else if random.uniform(Stream::OutageArrival, self.minute) * 1_440.0
            < parameters.outages_per_day * storm
        {
            let spread = OUTAGE.1 * random.normal(Stream::OutageDuration, self.minute);
            self.outage_min = OUTAGE.0 * libm::exp(spread);
        }
        let dips = random.uniform(Stream::DipArrival, self.minute) * 1_440.0;
        if dips < parameters.dips_per_day {
            self.dip_s = random.uniform(Stream::DipDuration, self.minute);
        }
        if parameters.solar_kw > 0.0 {
            self.shine(parameters, hour, rain, random);
        }
        let sag = if hour >= EVENING.0 && hour < EVENING.1 { parameters.evening_sag } else { 0.0 };
        let noise = parameters.voltage_spread * random.noise(Stream::GridVoltage, self.minute);
        self.voltage = VOLTAGE * (1.0 - sag) + noise;
        self.frequency =
            FREQUENCY.0 + FREQUENCY.1 * random.noise(Stream::GridFrequency, self.minute);
    }

    /// One step; `motors_kw` run now.
    pub fn advance(&mut self, parameters: &TwinParameters, seconds: f64, motors_kw: f64) {
        let hours = seconds / 3_600.0;
        if parameters.store_kwh > 0.0 {
            self.store(parameters, hours, motors_kw);
        }
        match self.mains() {
            Mains::Present => {
                self.power_kw = BASE_KW + motors_kw;
                self.energy_kwh += self.power_kw * hours;
                let gain = hours / (RECHARGE * parameters.ups_hours);
                self.battery = (self.battery + gain).min(1.0);
            }
            Mains::Absent => {
                self.power_kw = 0.0;
                self.battery = (self.battery - hours / parameters.ups_hours).max(0.0);
            }
        }
        self.dip_s = (self.dip_s - seconds).max(0.0);
    }

    /// V at the meter.
    #[must_use]
    pub fn metered_voltage(&self) -> f64 {
        match self.mains() {
            // The inverter makes its own.
            Mains::Present if self.on_store() => VOLTAGE,
            Mains::Present => self.forced_voltage.unwrap_or(self.voltage),
            Mains::Absent => 0.0,
        }
    }

    /// Hz at the meter.
    #[must_use]
    pub fn metered_frequency(&self) -> f64 {
        match self.mains() {
            Mains::Present if self.on_store() => FREQUENCY.0,
            Mains::Present => self.frequency,
            Mains::Absent => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_battery_carries_an_outage_and_recovers() {
        let parameters = TwinParameters::default();
        let mut grid = Grid { switched_off: true, ..Grid::default() };
        for _ in 0..3_600 {
            grid.advance(&parameters, 1.0, 0.0);
        }
        assert!((grid.battery - 0.5).abs() < 1.0e-6 && grid.metered_voltage() == 0.0);
        grid.switched_off = false;
        for _ in 0..3_600 * 5 {
            grid.advance(&parameters, 1.0, 1.0);
        }
        assert_eq!(grid.battery, 1.0);
        assert!((grid.energy_kwh - 5.0 * 1.12).abs() < 1.0e-6);
    }

    /// 6.13: 3 kW of panels and 5 kWh: a motor of 1 kW is carried for some hours of the night, and all day in the sun.
    #[test]
    fn sun_and_battery_carry_a_plant_until_the_battery_is_empty() {
        let parameters =
            TwinParameters { solar_kw: 3.0, store_kwh: 5.0, ..TwinParameters::default() };
        let mut grid = Grid { switched_off: true, ..Grid::new(&parameters) };
        let hours_from = |grid: &mut Grid, start: u32, hours: u32| {
            let mut fed = 0.0;
            for minute in start * 60..(start + hours) * 60 {
                let hour = f64::from(minute) / 60.0 % 24.0;
                grid.advance_minute(&parameters, hour, 0.0, Random { seed: 3 });
                for _ in 0..60 {
                    grid.advance(&parameters, 1.0, 1.0);
                    fed += f64::from(u8::from(grid.on_store())) / 3_600.0;
                }
            }
            fed
        };
        let night = hours_from(&mut grid, 19, 10);
        assert!((night - 5.0 / 1.12).abs() < 0.01, "{night} h");
        assert_eq!((grid.mains(), grid.metered_voltage()), (Mains::Absent, 0.0));
        let day = hours_from(&mut grid, 29, 12);
        assert!(day > 8.0 && grid.on_store(), "{day} h");
        assert_eq!((grid.mains(), grid.metered_voltage()), (Mains::Present, 220.0));
        grid.switched_off = false;
        assert!(!grid.on_store() && grid.mains() == Mains::Present);
    }

    #[test]
    fn a_weak_grid_fails_as_often_as_asked() {
        let parameters = TwinParameters { outages_per_day: 0.4, ..TwinParameters::default() };
        let mut grid = Grid::default();
        let (mut outages, mut was) = (0, Mains::Present);
        for minute in 0..365 * 1_440_u32 {
            grid.advance_minute(&parameters, f64::from(minute / 60 % 24), 0.0, Random { seed: 2 });
            if grid.mains() == Mains::Absent && was == Mains::Present {
                outages += 1;
            }
            was = grid.mains();
        }
        assert!((100..200).contains(&outages), "{outages} in a year");
    }
}
