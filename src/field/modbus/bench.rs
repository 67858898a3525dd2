//! What the driver's tests stand on: a site in the making, and the scan thread's part.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::{
    Access, Binding, Bus, BusKind, Device, Direction, FieldKind, Form, Hmi, Profile, Register,
    Site, Table, WordOrder,
};
use plc::image::{Inputs, Outputs};
use plc::interlock::Column;
use plc::plant::Shape;
use plc::quantity::{self, CubicMetresPerHour};
use plc::signal::{Fault, Moment, Quality};
use plc::tag::{Catalogue, Driven, Kind, Row};
use tokio::runtime::Handle;

use crate::field::buses::BusField;
use crate::field::{Field, Traffic};

/// Plant time runs this fast here, so that rests and repetitions take no time.
const SPEED: u32 = 100;
/// Longest wait for anything to come true.
const PATIENCE: Duration = Duration::from_secs(20);

/// A site in the making: one bus, and a catalogue that has just its points.
pub struct Rigged {
    pub address: String,
    /// Instead of Modbus TCP at the address.
    pub kind: Option<BusKind>,
    /// Buses after the first, on which nothing is bound by itself.
    pub others: Vec<Bus>,
    devices: Vec<Device>,
    pub bindings: Vec<Binding>,
    pub absent: Vec<String>,
    pub speed: u32,
    inputs: usize,
    outputs: usize,
}

impl Rigged {
    pub fn new(address: SocketAddr) -> Rigged {
        let (devices, bindings, absent) = (Vec::new(), Vec::new(), Vec::new());
        let address = address.to_string();
        let (kind, others) = (None, Vec::new());
        Rigged {
            address,
            kind,
            others,
            devices,
            bindings,
            absent,
            speed: SPEED,
            inputs: 0,
            outputs: 0,
        }
    }

    pub fn device(&mut self, name: &str, unit: u8, profile: Profile) {
        self.device_on(0, name, unit, profile);
    }

    pub fn device_on(&mut self, bus: usize, name: &str, unit: u8, profile: Profile) {
        self.devices.push(Device { name: name.into(), bus, unit, profile: Arc::new(profile) });
    }

    pub fn input(&mut self, device: usize, register: usize) {
        self.bind(format!("unit.in{}", self.inputs), Direction::Input, device, register);
        self.inputs += 1;
    }

    pub fn output(&mut self, device: usize, register: usize) {
        self.bind(format!("unit.out{}", self.outputs), Direction::Output, device, register);
        self.outputs += 1;
    }

    fn bind(&mut self, path: String, direction: Direction, device: usize, register: usize) {
        let (invert, scale, offset, live, dead_man) = (false, 1.0, 0.0, None, false);
        let binding =
            Binding { path, direction, device, register, invert, scale, offset, live, dead_man };
        self.bindings.push(binding);
    }

    pub fn site(&self) -> Site {
        let kind = self.kind.clone();
        let kind = kind.unwrap_or_else(|| BusKind::Tcp { address: self.address.clone() });
        let mut buses = vec![bus("a", kind)];
        buses.extend(self.others.iter().cloned());
        Site {
            name: "test".into(),
            languages: vec!["en".into()],
            shape: Shape {
                nominal_flow: CubicMetresPerHour(5.0),
                tanks: 1,
                filters: 1,
                raw_pumps: 1,
                feed_pumps: 1,
                lift_pumps: 1,
                blower: false,
                elevated_tank: false,
                settling: plc::plant::Settling::Continuous,
                telemetry: false,
            },
            period: Duration::from_millis(100),
            speed: 1,
            hmi: Hmi::default(),
            field: FieldKind::Buses,
            buses,
            devices: self.devices.clone(),
            bindings: self.bindings.clone(),
            settings: Vec::new(),
            absent: self.absent.clone(),
            tags: Vec::new(),
        }
    }

    pub fn start(&self) -> Plant {
        let site = self.site();
        let catalogue = self.catalogue();
        let field = BusField::start(&site, &catalogue, self.speed, &Handle::current()).unwrap();
        Plant {
            field: Some(field),
            inputs: Inputs::new(&catalogue),
            outputs: Outputs::new(&catalogue),
            now: Moment(0),
            scans: 0,
        }
    }

    pub fn catalogue(&self) -> Catalogue {
        let mut rows = Vec::new();
        let input = Kind::Input(plc::declare::measured(0.0..=1.0));
        let output = Kind::Output(Driven { column: None, high: 1.0 }, Column::Positions);
        for slot in 0..self.inputs {
            rows.push(row(format!("unit.in{slot}"), input, slot));
        }
        let outputs = self.bindings.iter().filter(|binding| binding.direction == Direction::Output);
        for (slot, binding) in outputs.enumerate() {
            rows.push(row(binding.path.clone(), output, slot));
        }
        Catalogue {
            rows: rows.into_boxed_slice(),
            inputs: self.inputs,
            outputs: self.outputs,
            ..Catalogue::default()
        }
    }
}

/// A bus of any kind.
pub fn bus(name: &str, kind: BusKind) -> Bus {
    let baud = match kind {
        BusKind::Tcp { .. } | BusKind::Gpio { .. } => None,
        BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => Some(19_200),
    };
    // Longest wait: ample on loopback, short enough for three of them.
    Bus { name: name.into(), kind, baud, timeout: Duration::from_millis(100) }
}

/// The scan thread's part.
pub struct Plant {
    field: Option<BusField>,
    pub inputs: Inputs,
    pub outputs: Outputs,
    pub now: Moment,
    pub scans: usize,
}

impl Plant {
    /// Scans until something is true.
    pub async fn until(&mut self, what: &str, mut holds: impl FnMut(&Plant) -> bool) {
        let scanning = async {
            loop {
                // The breath between two scans.
                tokio::time::sleep(Duration::from_millis(2)).await;
                self.now = self.now.plus(Duration::from_millis(200));
                self.scans += 1;
                let Some(field) = &mut self.field else { return };
                field.read(&mut self.inputs, self.now);
                field.write(&self.outputs, self.now);
                if holds(self) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, scanning).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    pub fn quality(&self, slot: usize) -> Quality {
        self.inputs.readings[slot].quality
    }

    pub fn good(&self, slot: usize) -> bool {
        self.quality(slot) == Quality::Good
    }

    pub fn taken(&self, slot: usize) -> bool {
        self.quality(slot) != Quality::Bad(Fault::NotYetRead)
    }

    pub fn verified(&self) -> bool {
        self.field.as_ref().is_some_and(|field| field.drives_verified())
    }

    pub fn answers(&self) -> bool {
        self.bus_answers('a')
    }

    pub fn bus_answers(&self, bus: char) -> bool {
        self.field.as_ref().and_then(|field| field.bus_answers(bus)) == Some(true)
    }

    pub fn traffic(&self, bus: char) -> Option<Traffic> {
        self.field.as_ref().and_then(|field| field.traffic(bus))
    }

    /// Stops from a plain thread, as the scan thread does.
    pub async fn stop(&mut self) {
        let mut field = self.field.take().unwrap();
        tokio::task::spawn_blocking(move || field.stop()).await.unwrap();
    }
}

pub async fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn row(path: String, kind: Kind, slot: usize) -> Row {
    Row {
        id: 0,
        path,
        tag: String::new(),
        unit: "unit".into(),
        about: "",
        form: quantity::Form::OnOff,
        kind,
        slot,
    }
}

pub fn profile() -> Profile {
    Profile {
        name: "probe".into(),
        about: String::new(),
        source: String::new(),
        registers: Vec::new(),
        max_registers_per_read: 60,
        max_gap: 0,
        read_every: Duration::ZERO,
        write_every: Duration::from_secs(1),
        read_back: false,
        starts: None,
        watchdog: None,
        dead_man: None,
        hardware_guard: None,
    }
}

pub fn register(name: &str, table: Table, address: u16, form: Form) -> Register {
    Register {
        name: name.into(),
        table,
        address,
        form,
        order: WordOrder::Abcd,
        access: Access::Both,
        symbol: String::new(),
        scale: 1.0,
        offset: 0.0,
        sentinels: Vec::new(),
    }
}
