//! The twin: model and actuators as the field sees them. Outputs in, readings out, time as it is told.
//!
//! A step moves the works in substeps of at most a second, then lets every instrument that is due write its reading. No
//! clock, no I/O, no heap after [`Twin::new`]; the same seed and the same steps give the same bits on every machine.

pub mod act;
pub mod begin;
pub mod devices;
mod probe;
pub mod truth;
pub mod wiring;

use core::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::plant::{Settling, Shape};
use plc::signal::{Moment, Reading};
use plc::tag::Catalogue;

pub use self::act::{Act, Selector, Trouble};
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
    /// Something under a path is silent.
    any_silent: bool,
    /// Seconds since the controller stopped talking to the buses.
    abandoned_s: Option<f64>,
    /// Days since the probes were calibrated.
    uncalibrated_days: f64,
}

impl Twin {
    /// Finds the slots of the catalogue; a path it lacks is simply not driven. Contacts start as things stand.
    #[must_use]
    pub fn new(parameters: TwinParameters, catalogue: &Catalogue, seed: u64) -> Twin {
        let wiring = Wiring::new(&parameters, catalogue);
        Twin::of(Works::new(parameters, seed), wiring)
    }

    fn of(works: Works, wiring: Wiring) -> Twin {
        let truth = Truth::new(&works);
        Twin {
            works,
            wiring,
            truth,
            links: Links::default(),
            pace: Pace::new(0.1),
            elapsed_us: 0,
            any_silent: false,
            abandoned_s: None,
            uncalibrated_days: 0.0,
        }
    }

    /// Obeys the outputs for this long, then writes what the instruments show.
    pub fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.obey(outputs);
        self.links.pass(seconds);
        if let Some(abandoned) = &mut self.abandoned_s {
            *abandoned += seconds;
        }
        if self.any_silent {
            for silent in self.wiring.commands.iter_mut().filter_map(|c| c.silent_s.as_mut()) {
                *silent += seconds;
            }
        }
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
            let abandoned = self.abandoned_s.filter(|_| command.bus != Bus::Header);
            let cut = longer(longer(self.links.cut(command.bus), command.silent_s), abandoned);
            let value = match cut {
                None => outputs.values.get(command.slot).copied().unwrap_or(0.0),
                Some(cut) if cut > DEAD_MAN_S => {
                    if !command.let_go {
                        command.let_go = true;
                        command.action.let_go(&mut self.works);
                        command.told = 0.0;
                    }
                    continue;
                }
                Some(_) => continue,
            };
            if command.let_go {
                // It hears again: what it is told counts as new.
                command.let_go = false;
                command.told = f64::NAN;
            }
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
        if instrument.silent || self.links.cut(instrument.bus).is_some() {
            return;
        }
        if let (Some(value), Some(reading)) = (shown, inputs.readings.get_mut(instrument.slot)) {
            *reading = Reading::good(value, at);
        }
    }

    fn write_switches(&mut self, inputs: &mut Inputs, at: Moment) {
        for switch in &mut self.wiring.switches {
            if switch.silent || self.links.cut(switch.bus).is_some() {
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
            Act::Silence { path, silent } => self.silence(&path, silent),
            Act::Befall(trouble) => self.befall(trouble),
            Act::ClearAll => {
                self.works.mend();
                self.wiring.silence("", false);
                self.any_silent = false;
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
        match fault {
            None
            | Some(
                SensorFault::Stuck
                | SensorFault::Dropout
                | SensorFault::Zero
                | SensorFault::Value(_),
            ) => {}
            Some(
                SensorFault::Bias(_)
                | SensorFault::Scale(_)
                | SensorFault::Drift(_)
                | SensorFault::Noise(_)
                | SensorFault::Spike(_),
            ) => {
                return Err(format!(
                    "{path} is a contact: it can be stuck, silent (dropout), open (zero) or closed (value 1)"
                ));
            }
        }
        self.wiring.switches[place].fault = fault;
        Ok(())
    }

    fn break_actuator(&mut self, path: &str, fault: Option<ActuatorFault>) -> Result<(), String> {
        let found = self.wiring.devices.iter().find(|(found, _)| found == path);
        let (_, device) = found.ok_or_else(|| format!("no device {path}"))?;
        match fault {
            Some(fault) => device.strike(&mut self.works, fault),
            None => {
                device.mend(&mut self.works);
                Ok(())
            }
        }
    }

    fn silence(&mut self, path: &str, silent: bool) -> Result<(), String> {
        if self.wiring.silence(path, silent) == 0 {
            return Err(format!("nothing on a wire under {path}"));
        }
        self.any_silent = self.wiring.commands.iter().any(|command| command.silent_s.is_some());
        Ok(())
    }

    fn befall(&mut self, trouble: Trouble) -> Result<(), String> {
        let works = &mut self.works;
        match trouble {
            Trouble::Screen(share) => works.blockage = within("a blockage", share, 0.0, 0.95)?,
            Trouble::Stock(at, times) => {
                let doser = at.of_mut(works);
                doser.strength =
                    doser.parameters.strength * within("a strength", times, 0.0, 10.0)?;
            }
            Trouble::Fill(at, percent) => {
                let doser = at.of_mut(works);
                let fill = within("a fill", percent, 0.0, 100.0)? / 100.0;
                doser.volume_l = doser.parameters.tank_l * fill;
            }
            Trouble::Siphon(at, litres) => {
                at.of_mut(works).siphon = within("a siphon", litres, 0.0, 100.0)?;
            }
            Trouble::Attended(attended) => works.troubles.attended = attended,
            Trouble::Demand(times) => works.troubles.demand = within("demand", times, 0.0, 10.0)?,
            Trouble::Burst(flow) => works.troubles.burst = within("a burst", flow, 0.0, 100.0)?,
            Trouble::Voltage(None) => works.grid.forced_voltage = None,
            Trouble::Voltage(Some(volts)) => {
                works.grid.forced_voltage = Some(within("a voltage", volts, 0.0, 400.0)?);
            }
            Trouble::RiverPh(None) => works.river.forced_ph = None,
            Trouble::RiverPh(Some(value)) => {
                works.river.forced_ph = Some(within("a pH", value, 2.0, 12.0)?);
            }
            Trouble::Filth(demand) => {
                works.clear_well.spoiled = within("a chlorine demand", demand, 0.0, 10.0)?;
            }
            Trouble::Bypass(filter, share) => {
                let share = within("a bypass", share, 0.0, 1.0)?;
                let filters = &mut works.filtration.filters;
                numbered(filters, filter, "filter")?.bypass = share;
            }
            Trouble::Sludge(tank, kg) => {
                let kg = within("sludge", kg, 0.0, 1_000.0)?;
                numbered(&mut works.tanks, tank, "tank")?;
                works.add_sludge(tank - 1, kg);
            }
            Trouble::Waste(percent) => {
                works.fill_waste(within("a fill", percent, 0.0, 100.0)? / 100.0);
            }
            Trouble::AirBlocked(blocked) => works.filtration.air_blocked = blocked,
        }
        Ok(())
    }

    /// The controller is dead or hung (`true`): nobody talks to the buses, the pins of its header stand as the outputs say.
    pub fn abandon(&mut self, abandoned: bool) {
        self.abandoned_s = match (abandoned, self.abandoned_s) {
            (false, _) => None,
            (true, since) => Some(since.unwrap_or(0.0)),
        };
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

/// The place of this number, from 1.
fn numbered<'a, T>(all: &'a mut [T], number: usize, what: &str) -> Result<&'a mut T, String> {
    let count = all.len();
    let place = number.checked_sub(1).and_then(|place| all.get_mut(place));
    place.ok_or_else(|| format!("no {what} {number}: 1 to {count}"))
}

fn within(what: &str, value: f64, low: f64, high: f64) -> Result<f64, String> {
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{what} is {low} to {high}, not {value}"))
    }
}

/// The longer of two silences.
fn longer(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

/// What a contact shows; `None`: it does not answer.
fn shown(switch: &Switch, works: &Works) -> Option<bool> {
    match switch.fault {
        None
        | Some(
            SensorFault::Bias(_)
            | SensorFault::Scale(_)
            | SensorFault::Drift(_)
            | SensorFault::Noise(_)
            | SensorFault::Spike(_),
        ) => Some(switch.contact.is_closed(works)),
        Some(SensorFault::Stuck) => Some(switch.shown),
        Some(SensorFault::Zero) => Some(false),
        Some(SensorFault::Value(value)) => Some(value >= 0.5),
        Some(SensorFault::Dropout) => None,
    }
}

#[cfg(test)]
mod tests;
