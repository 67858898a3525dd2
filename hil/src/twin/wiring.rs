//! Which path of the catalogue ends at which device, over which bus. Paths are those of `docs/spec/contracts.md`.

use plc::tag::{Catalogue, Kind};

use super::devices::{Device, DoserAt, MotorAt, MotorValveAt, ReturnValveAt, Station};
use super::probe::{Contact, Probe};
use crate::model::instruments::{Character, Transmitter};
use crate::model::parameters::TwinParameters;
use crate::model::works::Works;

/// What a signal travels over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// RS-485: drives and energy meter.
    A,
    /// RS-485: analysers, levels, flow meters.
    B,
    /// Modbus TCP: the elevated tank.
    C,
    /// RS-485: remote input and output.
    D,
    /// Pins of the controller itself; they cannot be cut.
    Header,
}

/// What an output moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Permit(Station),
    DriveRun(Station, usize),
    DriveSpeed(Station, usize),
    MotorRun(MotorAt),
    Open(MotorValveAt),
    Close(MotorValveAt),
    ReturnOpen(ReturnValveAt),
    DoserEnable(DoserAt),
    DoserRate(DoserAt),
    DoserChoice(DoserAt),
    Supply,
    Heartbeat,
}

impl Action {
    /// What its device does that heard nothing for its dead man's time: all let go, and a drive coasts.
    pub(super) fn let_go(self, works: &mut Works) {
        self.apply(works, 0.0);
        if let Action::DriveRun(station, index) = self {
            station.of_mut(works).drives[index].timed_out = true;
        }
    }

    /// Sets the device's command.
    pub(super) fn apply(self, works: &mut Works, value: f64) {
        // A contact is on at 0.5 and above; NaN is off.
        let on = value >= 0.5;
        let number = if value.is_finite() { value } else { 0.0 };
        match self {
            Action::Permit(station) => station.of_mut(works).permit = on,
            Action::DriveRun(station, index) => {
                let drive = &mut station.of_mut(works).drives[index];
                (drive.run, drive.timed_out) = (on, false);
            }
            Action::DriveSpeed(station, index) => {
                station.of_mut(works).drives[index].speed_percent = number;
            }
            Action::MotorRun(at) => {
                if let Some(motor) = at.of_mut(works) {
                    motor.run = on;
                }
            }
            Action::Open(at) => at.of_mut(works).open = on,
            Action::Close(at) => at.of_mut(works).close = on,
            Action::ReturnOpen(at) => at.of_mut(works).open = on,
            Action::DoserEnable(at) => at.of_mut(works).enable = on,
            Action::DoserRate(at) => at.of_mut(works).rate = number,
            Action::DoserChoice(at) => at.of_mut(works).choose_b = on,
            Action::Supply => works.panel.requested = on,
            Action::Heartbeat => works.panel.heartbeat = on,
        }
    }
}

/// An output with its slot in the image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Command {
    pub slot: usize,
    pub action: Action,
    pub bus: Bus,
    /// What its device was told last; a repetition moves nothing.
    pub told: f64,
    /// Seconds since its device's plug was pulled.
    pub silent_s: Option<f64>,
    /// Its device has let go.
    pub let_go: bool,
}

/// A transmitter with its slot in the image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instrument {
    pub slot: usize,
    pub probe: Probe,
    pub bus: Bus,
    pub transmitter: Transmitter,
    pub interval_us: u64,
    /// Its plug is pulled.
    pub silent: bool,
}

/// A contact with its slot in the image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Switch {
    pub slot: usize,
    pub contact: Contact,
    pub bus: Bus,
    pub fault: Option<crate::model::instruments::SensorFault>,
    /// What it showed last.
    pub shown: bool,
    /// Its plug is pulled.
    pub silent: bool,
}

/// Every wire between image and works.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wiring {
    pub commands: Vec<Command>,
    pub instruments: Vec<Instrument>,
    /// When each instrument is asked next, µs since the start.
    pub due_us: Vec<u64>,
    pub switches: Vec<Switch>,
    /// Paths apart from what every step walks over.
    pub instrument_paths: Vec<String>,
    pub switch_paths: Vec<String>,
    pub command_paths: Vec<String>,
    pub devices: Vec<(String, Device)>,
}

/// A transmitter is asked at least once a second, faster where its point asks for it.
const INTERVAL_MAX_S: f64 = 1.0;
/// Nothing is asked faster than this: one scan.
const INTERVAL_MIN_S: f64 = 0.1;
/// Polls of one bus do not fall together. Chosen: a prime number of milliseconds spreads them over a second.
const STAGGER_US: u64 = 37_000;

struct Electrician<'a> {
    catalogue: &'a Catalogue,
    wiring: Wiring,
}

impl Electrician<'_> {
    fn drives(&mut self, path: &str, action: Action, bus: Bus) {
        if let Some(slot) = self.catalogue.output_slot(path) {
            self.wiring.commands.push(Command {
                slot,
                action,
                bus,
                told: 0.0,
                silent_s: None,
                let_go: false,
            });
            self.wiring.command_paths.push(path.to_owned());
        }
    }

    fn switch(&mut self, path: String, contact: Contact, bus: Bus) {
        if let Some(slot) = self.catalogue.input_slot(&path) {
            let switch = Switch { slot, contact, bus, fault: None, shown: false, silent: false };
            self.wiring.switches.push(switch);
            self.wiring.switch_paths.push(path);
        }
    }

    fn measures(&mut self, path: &str, probe: Probe, bus: Bus, character: Character) {
        let Some(row) = self.catalogue.find(path) else { return };
        let Kind::Input(words) = row.kind else { return };
        let poll = words.poll.as_secs_f64().clamp(INTERVAL_MIN_S, INTERVAL_MAX_S);
        // Counters run on, whatever the scale says.
        let counts = matches!(probe, Probe::Strokes(_) | Probe::Energy);
        let span = if counts { (0.0, f64::MAX) } else { (words.low, words.high) };
        let number = self.wiring.instruments.len();
        self.wiring.instruments.push(Instrument {
            slot: row.slot,
            probe,
            bus,
            transmitter: Transmitter::new(character, span, poll, number as u16),
            interval_us: (poll * 1.0e6) as u64,
            silent: false,
        });
        self.wiring.instrument_paths.push(path.to_owned());
    }

    fn device(&mut self, path: &str, device: Device) {
        self.wiring.devices.push((path.to_owned(), device));
    }

    fn drive(&mut self, path: &str, station: Station, index: usize) {
        self.device(path, Device::Drive(station, index));
        self.drives(&format!("{path}.run"), Action::DriveRun(station, index), Bus::A);
        self.drives(&format!("{path}.speed"), Action::DriveSpeed(station, index), Bus::A);
        self.switch(format!("{path}.running"), Contact::DriveRunning(station, index), Bus::A);
        self.switch(format!("{path}.tripped"), Contact::DriveTripped(station, index), Bus::A);
        let (frequency, power) =
            (Probe::DriveFrequency(station, index), Probe::DrivePower(station, index));
        let exact = Character { resolution: 0.1, ..Character::EXACT };
        self.measures(&format!("{path}.frequency"), frequency, Bus::A, exact);
        let metered = Character { cutoff: 0.01, ..Character::electrical(0.001) };
        self.measures(&format!("{path}.power"), power, Bus::A, metered);
    }

    fn station(&mut self, unit: &str, station: Station, count: usize) {
        for (index, letter) in ('a'..='z').take(count).enumerate() {
            self.drive(&format!("{unit}.pump_{letter}"), station, index);
        }
    }

    fn motor(&mut self, path: &str, at: MotorAt) {
        self.device(path, Device::Motor(at));
        self.drives(&format!("{path}.run"), Action::MotorRun(at), Bus::D);
        self.switch(format!("{path}.running"), Contact::MotorRunning(at), Bus::D);
    }

    fn motor_valve(&mut self, path: &str, at: MotorValveAt, bus: Bus) {
        self.device(path, Device::MotorValve(at));
        self.drives(&format!("{path}.open"), Action::Open(at), bus);
        self.drives(&format!("{path}.close"), Action::Close(at), bus);
        self.switch(format!("{path}.opened"), Contact::Opened(at), bus);
        self.switch(format!("{path}.closed"), Contact::Closed(at), bus);
    }

    fn return_valve(&mut self, path: &str, at: ReturnValveAt) {
        self.device(path, Device::ReturnValve(at));
        self.drives(&format!("{path}.open"), Action::ReturnOpen(at), Bus::D);
        self.switch(format!("{path}.opened"), Contact::ReturnOpened(at), Bus::D);
        self.switch(format!("{path}.closed"), Contact::ReturnClosed(at), Bus::D);
    }

    fn doser(&mut self, unit: &str, at: DoserAt) {
        let path = format!("{unit}.doser");
        self.device(&path, Device::Doser(at));
        self.drives(&format!("{path}.enable"), Action::DoserEnable(at), Bus::Header);
        self.drives(&format!("{path}.rate"), Action::DoserRate(at), Bus::Header);
        self.drives(&format!("{path}.choose_b"), Action::DoserChoice(at), Bus::D);
        self.measures(
            &format!("{path}.strokes"),
            Probe::Strokes(at),
            Bus::Header,
            Character::EXACT,
        );
        let level = Character::fill(0.2);
        self.measures(&format!("{unit}.tank_level"), Probe::ChemicalLevel(at), Bus::D, level);
        self.switch(format!("{unit}.tank_low_low"), Contact::ChemicalLowLow(at), Bus::D);
    }

    fn raw_side(&mut self, p: &TwinParameters) {
        let level = Character::level(0.01);
        self.measures("intake.river_level", Probe::RiverLevel, Bus::B, level);
        self.measures("intake.wet_well_level", Probe::WetWellLevel, Bus::B, level);
        self.switch("intake.wet_well_low_low".to_owned(), Contact::WetWellLowLow, Bus::Header);
        let pressure = Character::pressure(1.0);
        self.measures("intake.discharge_pressure", Probe::RawPressure, Bus::D, pressure);
        self.measures("intake.flow", Probe::RawFlow, Bus::B, Character::flow());
        let muddy = Character { resolution: 0.1, ..Character::turbidity(30.0, 20.0, 0.05, 0.5) };
        self.measures("intake.turbidity", Probe::RawTurbidity, Bus::B, muddy);
        self.measures("intake.ph", Probe::RawPh, Bus::B, Character::ph());
        self.measures(
            "intake.temperature",
            Probe::RawTemperature,
            Bus::B,
            Character::temperature(),
        );
        self.drives("intake.permit", Action::Permit(Station::Raw), Bus::Header);
        self.station("intake", Station::Raw, p.raw_pumps);
        self.motor_valve("intake.inlet", MotorValveAt::RawInlet, Bus::D);

        self.doser("coagulation", DoserAt::Coagulant);
        self.motor("coagulation.mixer", MotorAt::Mixer);
        for index in 0..p.tanks {
            let tank = format!("tank{}", index + 1);
            self.measures(&format!("{tank}.level"), Probe::TankLevel(index), Bus::D, level);
            self.motor_valve(&format!("{tank}.inlet"), MotorValveAt::TankInlet(index), Bus::D);
            self.motor_valve(&format!("{tank}.outlet"), MotorValveAt::TankOutlet(index), Bus::D);
            self.return_valve(&format!("{tank}.sludge"), ReturnValveAt::TankSludge(index));
        }
        let settled = Character::turbidity(60.0, 30.0, 0.03, 0.1);
        self.measures("sedimentation.settled_turbidity", Probe::SettledTurbidity, Bus::B, settled);
        let fill = Character::fill(0.5);
        self.measures("sedimentation.settled_level", Probe::SettledLevel, Bus::D, fill);
        self.motor("sedimentation.sludge_pump", MotorAt::SludgePump);
    }

    fn filters(&mut self, p: &TwinParameters) {
        let clear = Character::turbidity(30.0, 20.0, 0.02, 0.02);
        self.measures("filtration.flow", Probe::FeedFlow, Bus::B, Character::flow());
        self.measures("filtration.combined_turbidity", Probe::CombinedTurbidity, Bus::B, clear);
        self.measures("filtration.wash_flow", Probe::WashFlow, Bus::B, Character::flow());
        let air = Character::pressure(0.5);
        self.measures("filtration.air_pressure", Probe::AirPressure, Bus::D, air);
        self.drives("filtration.feed_permit", Action::Permit(Station::Feed), Bus::Header);
        self.drives("filtration.wash_permit", Action::Permit(Station::Wash), Bus::Header);
        self.station("filtration", Station::Feed, p.feed_pumps);
        self.drive("filtration.wash_pump", Station::Wash, 0);
        if p.blower {
            self.motor("filtration.blower", MotorAt::Blower);
        }
        for index in 0..p.filters {
            let filter = format!("filter{}", index + 1);
            let at = |point: &str| format!("{filter}.{point}");
            self.measures(&at("flow"), Probe::FilterFlow(index), Bus::B, Character::flow());
            self.measures(&at("turbidity"), Probe::FilterTurbidity(index), Bus::B, clear);
            let loss = Character { resolution: 0.01, ..Character::pressure(0.2) };
            self.measures(&at("head_loss"), Probe::FilterHeadLoss(index), Bus::D, loss);
            self.motor_valve(&at("inlet"), MotorValveAt::FilterInlet(index), Bus::D);
            self.return_valve(&at("outlet"), ReturnValveAt::FilterOutlet(index));
            self.return_valve(&at("wash_inlet"), ReturnValveAt::FilterWashInlet(index));
            self.motor_valve(&at("waste"), MotorValveAt::FilterWaste(index), Bus::D);
            self.motor_valve(&at("to_waste"), MotorValveAt::FilterToWaste(index), Bus::D);
            if p.blower {
                self.return_valve(&at("air"), ReturnValveAt::FilterAir(index));
            }
            self.motor_valve(&at("drain"), MotorValveAt::FilterDrain(index), Bus::D);
        }
    }

    fn clear_side(&mut self, p: &TwinParameters) {
        let chlorine = Character::chlorine();
        let hose = Character { dead_s: p.chlorine_dead_s, ..chlorine };
        self.measures("disinfection.chlorine", Probe::InletChlorine, Bus::B, hose);
        self.measures("disinfection.ph", Probe::ContactPh, Bus::B, Character::ph());
        let temperature = Character::temperature();
        self.measures("disinfection.temperature", Probe::ContactTemperature, Bus::B, temperature);
        self.measures("disinfection.outlet_chlorine", Probe::OutletChlorine, Bus::B, chlorine);
        self.doser("disinfection", DoserAt::Hypochlorite);

        let level = Character::level(0.005);
        self.measures("distribution.level_a", Probe::ClearWellLevel, Bus::B, level);
        self.measures("distribution.level_b", Probe::ClearWellLevel, Bus::D, level);
        let contact = Contact::ClearWellHighHigh;
        self.switch("distribution.high_high".to_owned(), contact, Bus::Header);
        self.switch("distribution.low_low".to_owned(), Contact::ClearWellLowLow, Bus::Header);
        let pressure = Character::pressure(2.0);
        self.measures("distribution.pressure", Probe::LiftPressure, Bus::D, pressure);
        self.measures("distribution.flow", Probe::LiftFlow, Bus::B, Character::flow());
        self.drives("distribution.permit", Action::Permit(Station::Lift), Bus::Header);
        self.station("distribution", Station::Lift, p.lift_pumps);
        self.motor_valve("distribution.outlet", MotorValveAt::Outlet, Bus::C);
        if p.elevated_tank {
            let level = Character::level(0.01);
            self.measures("distribution.elevated_level", Probe::ElevatedLevel, Bus::C, level);
            let contact = Contact::ElevatedHighHigh;
            self.switch("distribution.elevated_high_high".to_owned(), contact, Bus::C);
        }
        self.measures("distribution.village_flow", Probe::VillageFlow, Bus::C, Character::flow());

        self.measures("waste.level", Probe::WasteLevel, Bus::D, Character::fill(1.0));
        self.switch("waste.high_high".to_owned(), Contact::WasteHighHigh, Bus::Header);
        self.motor("waste.pump", MotorAt::Decant);
    }

    fn stations(&mut self) {
        let rain = Character { resolution: 0.2, ..Character::EXACT };
        self.measures("hydrology.rain", Probe::UpstreamRain, Bus::C, rain);
        let level = Character::level(0.01);
        self.measures("hydrology.river_level", Probe::UpstreamLevel, Bus::C, level);
        let soil = Character { resolution: 0.5, ..Character::EXACT };
        self.measures("hydrology.soil_moisture", Probe::SoilMoisture, Bus::C, soil);
    }

    fn panel(&mut self) {
        self.switch("power.mains".to_owned(), Contact::Mains, Bus::Header);
        self.measures("power.voltage", Probe::Voltage, Bus::A, Character::electrical(0.1));
        let frequency = Character { resolution: 0.01, ..Character::EXACT };
        self.measures("power.frequency", Probe::Frequency, Bus::A, frequency);
        self.measures("power.power", Probe::Power, Bus::A, Character::electrical(0.001));
        let energy = Character { resolution: 0.01, ..Character::EXACT };
        self.measures("power.energy", Probe::Energy, Bus::A, energy);
        self.switch("power.on_mains".to_owned(), Contact::OnMains, Bus::D);
        self.switch("power.limited".to_owned(), Contact::LimitedSupply, Bus::D);
        let battery = Character { resolution: 0.1, ..Character::EXACT };
        self.measures("power.battery", Probe::Battery, Bus::A, battery);

        self.switch("system.emergency_stop".to_owned(), Contact::EmergencyLoop, Bus::Header);
        self.switch("system.remote".to_owned(), Contact::Remote, Bus::Header);
        self.switch("system.local_reset".to_owned(), Contact::LocalReset, Bus::Header);
        self.switch("system.supply_on".to_owned(), Contact::SupplyOn, Bus::Header);
        self.switch("system.door".to_owned(), Contact::Door, Bus::D);
        let cabinet = Probe::CabinetTemperature;
        let character = Character::temperature();
        self.measures("system.cabinet_temperature", cabinet, Bus::Header, character);
        self.drives("system.supply", Action::Supply, Bus::Header);
        self.drives("system.heartbeat", Action::Heartbeat, Bus::Header);
    }
}

impl Wiring {
    /// Pulls every wire whose path the catalogue has.
    pub(super) fn new(parameters: &TwinParameters, catalogue: &Catalogue) -> Wiring {
        let mut electrician = Electrician { catalogue, wiring: Wiring::default() };
        electrician.raw_side(parameters);
        electrician.filters(parameters);
        electrician.clear_side(parameters);
        electrician.panel();
        if parameters.telemetry {
            electrician.stations();
        }
        let mut wiring = electrician.wiring;
        wiring.due_us = (0_u64..)
            .zip(&wiring.instruments)
            .map(|(number, instrument)| number * STAGGER_US % instrument.interval_us)
            .collect();
        wiring
    }

    /// Pulls the plug of everything on a bus under this path, or puts it in again; answers how many wires that are.
    pub(super) fn silence(&mut self, path: &str, silent: bool) -> usize {
        let is_under = |found: &str| {
            found
                .strip_prefix(path)
                .is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('.'))
        };
        let mut wires = 0;
        for (found, command) in self.command_paths.iter().zip(&mut self.commands) {
            if is_under(found) && command.bus != Bus::Header {
                command.silent_s = silent.then_some(0.0);
                wires += 1;
            }
        }
        for (found, instrument) in self.instrument_paths.iter().zip(&mut self.instruments) {
            if is_under(found) && instrument.bus != Bus::Header {
                instrument.silent = silent;
                wires += 1;
            }
        }
        for (found, switch) in self.switch_paths.iter().zip(&mut self.switches) {
            if is_under(found) && switch.bus != Bus::Header {
                switch.silent = silent;
                wires += 1;
            }
        }
        wires
    }
}
