//! Grid, meter and UPS: `plant.md` 6.13.

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
            outage_min: 0.0,
            dip_s: 0.0,
            minute: 0,
        }
    }
}

impl Grid {
    #[must_use]
    pub fn mains(&self) -> Mains {
        let is_gone = self.switched_off || self.outage_min > 0.0 || self.dip_s > 0.0;
        if is_gone { Mains::Absent } else { Mains::Present }
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
        let sag = if hour >= EVENING.0 && hour < EVENING.1 { parameters.evening_sag } else { 0.0 };
        let noise = parameters.voltage_spread * random.noise(Stream::GridVoltage, self.minute);
        self.voltage = VOLTAGE * (1.0 - sag) + noise;
        self.frequency =
            FREQUENCY.0 + FREQUENCY.1 * random.noise(Stream::GridFrequency, self.minute);
    }

    /// One step; `motors_kw` run now.
    pub fn advance(&mut self, parameters: &TwinParameters, seconds: f64, motors_kw: f64) {
        let hours = seconds / 3_600.0;
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
                self.dip_s = (self.dip_s - seconds).max(0.0);
            }
        }
    }

    /// V at the meter.
    #[must_use]
    pub fn metered_voltage(&self) -> f64 {
        match self.mains() {
            Mains::Present => self.forced_voltage.unwrap_or(self.voltage),
            Mains::Absent => 0.0,
        }
    }

    /// Hz at the meter.
    #[must_use]
    pub fn metered_frequency(&self) -> f64 {
        match self.mains() {
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
