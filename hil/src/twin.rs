//! The twin: model and actuators as the field sees them. Outputs in, readings out, time as it is told.
//!
//! A step moves the works in substeps of at most a second, then lets every instrument that is due write its reading. No
//! clock, no I/O, no heap after [`Twin::new`]; the same seed and the same steps give the same bits on every machine.

pub mod devices;
mod probe;
pub mod truth;
pub mod wiring;

use core::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::plant::{Settling, Shape};
use plc::signal::{Moment, Reading};
use plc::tag::Catalogue;

use self::devices::ActuatorFault;
use self::truth::Truth;
use self::wiring::{Bus, Instrument, Switch, Wiring};
use crate::model::hydraulics::Pace;
use crate::model::instruments::SensorFault;
use crate::model::parameters::TwinParameters;
use crate::model::works::Works;

/// The longest substep, s: `plant.md` 6.
const SUBSTEP_MAX_S: f64 = 1.0;
/// Drives, relay modules and the elevated tank's node let go after this long without a master, s: `plant.md` 1.7.
const DEAD_MAN_S: f64 = 3.0;
/// The attendant calibrates and cleans the probes once a week.
const CALIBRATION_DAYS: f64 = 7.0;

/// The selector HS-900.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    Remote,
    Local,
}

/// What somebody does to the plant by hand, or what befalls it.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Pushes ES-900 or HS-901, opens HV-401 or the cabinet (`door`). HS-901 comes back by itself after a second.
    Press(String),
    /// Pulls ES-900 out again, closes HV-401 or the cabinet.
    Release(String),
    /// Turns HS-900.
    Turn(Selector),
    /// Calls a storm that peaks near this raw turbidity after an hour and a half.
    Storm { peak_ntu: f64 },
    /// The grid comes (`true`) or goes.
    Mains(bool),
    /// Breaks the instrument or contact of this path; `None` mends it.
    SensorFault { path: String, fault: Option<SensorFault> },
    /// Breaks the device of this path (`intake.pump_a`, `filter1.outlet`); `None` mends it.
    ActuatorFault { path: String, fault: Option<ActuatorFault> },
    /// Cuts a bus (`up: false`) or joins it again.
    Link { bus: Bus, up: bool },
    /// Everything sound: devices, instruments, buses, mains. Buttons and storms stay.
    ClearAll,
}

/// A fault that stands now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broken {
    Sensor(SensorFault),
    Actuator(ActuatorFault),
}

/// Seconds since each of the buses A to D was cut; none while it is up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Links {
    cut_s: [Option<f64>; 4],
}

impl Links {
    fn cut(&self, bus: Bus) -> Option<f64> {
        Links::place(bus).and_then(|place| self.cut_s[place])
    }

    fn place(bus: Bus) -> Option<usize> {
        match bus {
            Bus::A => Some(0),
            Bus::B => Some(1),
            Bus::C => Some(2),
            Bus::D => Some(3),
            Bus::Header => None,
        }
    }

    fn pass(&mut self, seconds: f64) {
        for cut in self.cut_s.iter_mut().flatten() {
            *cut += seconds;
        }
    }
}

impl TwinParameters {
    /// The world of a plant of this shape: the reference plant's, as large as it.
    #[must_use]
    pub fn of(shape: &Shape) -> TwinParameters {
        let (tanks, filters) = (usize::from(shape.tanks), usize::from(shape.filters));
        let scaled = TwinParameters::for_site(shape.nominal_flow.0, tanks, filters);
        let scaled = match shape.settling {
            Settling::Continuous => scaled,
            Settling::Batch => scaled.with_plain_tanks(),
        };
        TwinParameters {
            raw_pumps: usize::from(shape.raw_pumps),
            feed_pumps: usize::from(shape.feed_pumps),
            lift_pumps: usize::from(shape.lift_pumps),
            blower: shape.blower,
            elevated_tank: shape.elevated_tank,
            telemetry: shape.telemetry,
            ..scaled
        }
    }
}

/// A village plant with its river, its village and its weather.
#[derive(Clone, Debug, PartialEq)]
pub struct Twin {
    works: Works,
    wiring: Wiring,
    truth: Truth,
    links: Links,
    pace: Pace,
    elapsed_us: u64,
    /// Days since the probes were calibrated.
    uncalibrated_days: f64,
}

impl Twin {
    /// Finds the slots of the catalogue; a path it lacks is simply not driven. Contacts start as things stand.
    #[must_use]
    pub fn new(parameters: TwinParameters, catalogue: &Catalogue, seed: u64) -> Twin {
        let wiring = Wiring::new(&parameters, catalogue);
        let works = Works::new(parameters, seed);
        let truth = Truth::new(&works);
        Twin {
            works,
            wiring,
            truth,
            links: Links::default(),
            pace: Pace::new(0.1),
            elapsed_us: 0,
            uncalibrated_days: 0.0,
        }
    }

    /// Obeys the outputs for this long, then writes what the instruments show.
    pub fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.obey(outputs);
        self.links.pass(seconds);
        self.advance(seconds);
        let first = self.elapsed_us == 0;
        self.elapsed_us += u64::try_from(elapsed.as_micros()).unwrap_or(0);
        self.uncalibrated_days += seconds / 86_400.0;
        if self.works.parameters.attendant && self.uncalibrated_days > CALIBRATION_DAYS {
            self.uncalibrated_days = 0.0;
        }
        for index in 0..self.wiring.due_us.len() {
            let due = &mut self.wiring.due_us[index];
            if first || *due <= self.elapsed_us {
                let interval = self.wiring.instruments[index].interval_us;
                // A step longer than the interval is one sample, not many.
                while *due <= self.elapsed_us {
                    *due += interval;
                }
                self.write(index, inputs, at);
            }
        }
        self.write_switches(inputs, at);
        self.truth.look(&self.works);
    }

    fn advance(&mut self, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        let steps = libm::ceil(seconds / SUBSTEP_MAX_S - 1.0e-9).max(1.0);
        let each = seconds / steps;
        if each != self.pace.seconds {
            self.pace = Pace::new(each);
        }
        for _ in 0..steps as u64 {
            self.works.advance(&self.pace);
        }
    }

    fn obey(&mut self, outputs: &Outputs) {
        for command in &mut self.wiring.commands {
            let value = match self.links.cut(command.bus) {
                None => outputs.values.get(command.slot).copied().unwrap_or(0.0),
                Some(cut) if cut > DEAD_MAN_S => 0.0,
                Some(_) => continue,
            };
            if value.to_bits() != command.told.to_bits() {
                command.told = value;
                command.action.apply(&mut self.works, value);
            }
        }
    }

    fn write(&mut self, index: usize, inputs: &mut Inputs, at: Moment) {
        let instrument: &mut Instrument = &mut self.wiring.instruments[index];
        let truth = instrument.probe.read(&self.works);
        let shown = instrument.transmitter.sample(truth, self.uncalibrated_days, self.works.random);
        if self.links.cut(instrument.bus).is_some() {
            return;
        }
        if let (Some(value), Some(reading)) = (shown, inputs.readings.get_mut(instrument.slot)) {
            *reading = Reading::good(value, at);
        }
    }

    fn write_switches(&mut self, inputs: &mut Inputs, at: Moment) {
        for switch in &mut self.wiring.switches {
            if self.links.cut(switch.bus).is_some() {
                continue;
            }
            let Some(closed) = shown(switch, &self.works) else { continue };
            switch.shown = closed;
            if let Some(reading) = inputs.readings.get_mut(switch.slot) {
                *reading = Reading::good(f64::from(u8::from(closed)), at);
            }
        }
    }

    /// Does something to the plant.
    ///
    /// # Errors
    /// When there is no such button, instrument, device or bus to cut: in words, with what there is.
    pub fn act(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Press(tag) => self.push(&tag, true),
            Act::Release(tag) => self.push(&tag, false),
            Act::Turn(selector) => {
                self.works.panel.remote = selector == Selector::Remote;
                Ok(())
            }
            Act::Storm { peak_ntu } => self.call_storm(peak_ntu),
            Act::Mains(present) => {
                self.works.grid.switched_off = !present;
                Ok(())
            }
            Act::SensorFault { path, fault } => self.break_sensor(&path, fault),
            Act::ActuatorFault { path, fault } => self.break_actuator(&path, fault),
            Act::Link { bus, up } => {
                let place = Links::place(bus).ok_or("the pins of the controller cannot be cut")?;
                self.links.cut_s[place] = if up { None } else { Some(0.0) };
                Ok(())
            }
            Act::ClearAll => {
                self.works.mend();
                self.works.grid.switched_off = false;
                self.links = Links::default();
                for instrument in &mut self.wiring.instruments {
                    instrument.transmitter.fault = None;
                }
                for switch in &mut self.wiring.switches {
                    switch.fault = None;
                }
                Ok(())
            }
        }
    }

    fn push(&mut self, tag: &str, down: bool) -> Result<(), String> {
        let panel = &mut self.works.panel;
        match tag {
            "ES-900" => panel.emergency_loop = !down,
            "HS-901" => panel.reset_pressed = down,
            "HV-401" => self.works.hand_drain = f64::from(u8::from(down)),
            "door" => panel.door_shut = !down,
            other => return Err(format!("no button {other}: ES-900, HS-901, HV-401, door")),
        }
        Ok(())
    }

    fn call_storm(&mut self, peak_ntu: f64) -> Result<(), String> {
        if !(1.0..=4_000.0).contains(&peak_ntu) {
            return Err(format!("a storm peaks between 1 and 4000 NTU, not at {peak_ntu}"));
        }
        let works = &mut self.works;
        works.river.call_storm(&works.parameters, &works.weather, peak_ntu);
        Ok(())
    }

    fn break_sensor(&mut self, path: &str, fault: Option<SensorFault>) -> Result<(), String> {
        if let Some(place) = self.wiring.instrument_paths.iter().position(|found| found == path) {
            self.wiring.instruments[place].transmitter.fault = fault;
            return Ok(());
        }
        let place = self.wiring.switch_paths.iter().position(|found| found == path);
        let place = place.ok_or_else(|| format!("no instrument {path}"))?;
        if let Some(SensorFault::Bias(_)) = fault {
            return Err(format!("{path} is a contact: it can be stuck, silent or open"));
        }
        self.wiring.switches[place].fault = fault;
        Ok(())
    }

    fn break_actuator(&mut self, path: &str, fault: Option<ActuatorFault>) -> Result<(), String> {
        let found = self.wiring.devices.iter().find(|(found, _)| found == path);
        let (_, device) = found.ok_or_else(|| format!("no device {path}"))?;
        match fault {
            Some(fault) => device.strike(&mut self.works, fault),
            None => device.mend(&mut self.works),
        }
        Ok(())
    }

    /// From now on something in the water eats this much chlorine at once, mg/l.
    pub fn spoil(&mut self, chlorine_demand: f64) {
        self.works.clear_well.spoiled = chlorine_demand;
    }

    /// What is really so.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Whether a bus answers.
    #[must_use]
    pub fn answers(&self, bus: Bus) -> bool {
        self.links.cut(bus).is_none()
    }

    /// A called storm is still on.
    #[must_use]
    pub fn storm_called(&self) -> bool {
        self.works.river.storm_called()
    }

    /// Paths of all instruments and contacts that can break.
    pub fn sensors(&self) -> impl Iterator<Item = &str> {
        let paths = self.wiring.instrument_paths.iter().chain(&self.wiring.switch_paths);
        paths.map(String::as_str)
    }

    /// Paths of all devices that can break.
    pub fn actuators(&self) -> impl Iterator<Item = &str> {
        self.wiring.devices.iter().map(|(path, _)| path.as_str())
    }

    /// What is broken now.
    pub fn faults(&self) -> impl Iterator<Item = (&str, Broken)> {
        let instruments = self.wiring.instruments.iter().map(|found| found.transmitter.fault);
        let faults = instruments.chain(self.wiring.switches.iter().map(|found| found.fault));
        let sensors = self
            .sensors()
            .zip(faults)
            .filter_map(|(path, fault)| fault.map(|fault| (path, Broken::Sensor(fault))));
        let devices = self.wiring.devices.iter().filter_map(|(path, device)| {
            device.fault(&self.works).map(|fault| (path.as_str(), Broken::Actuator(fault)))
        });
        sensors.chain(devices)
    }
}

/// What a contact shows; `None`: it does not answer.
fn shown(switch: &Switch, works: &Works) -> Option<bool> {
    match switch.fault {
        None => Some(switch.contact.is_closed(works)),
        Some(SensorFault::Stuck | SensorFault::Bias(_)) => Some(switch.shown),
        Some(SensorFault::Zero) => Some(false),
        Some(SensorFault::Dropout) => None,
    }
}

#[cfg(test)]
mod tests;
