//! What one bus has to carry, worked out once from the site: which registers are read together and how often, which are
//! written together, and what keeps a device's own watchdog content.

use std::borrow::Cow;
use std::time::Duration;

use config::{
    Access, Binding, Bus, DeadMan, Direction, Form, Profile, Register, Site, Table, Watchdog,
};
use plc::signal::Fault;
use plc::tag::Catalogue;
use tokio_modbus::Request;

use super::way::Way;
use crate::field::buses::Unbound;

/// Modbus's own limits on one write: 123 registers (FC10), 1 968 coils (FC0F).
const WRITE_WORDS_MAX: u16 = 123;
const WRITE_BITS_MAX: u16 = 1968;
/// The output whose coil shows that scans complete.
const HEARTBEAT: &str = "system.heartbeat";

/// One bus.
#[derive(Debug)]
pub struct Plan {
    pub bus: String,
    /// How it is reached.
    pub way: Way,
    /// Longest wait for an answer.
    pub limit: Duration,
    pub devices: Vec<DevicePlan>,
    /// Input slots of the plant, in the order of the bus's own image.
    pub inputs: Vec<usize>,
}

/// One device.
#[derive(Debug)]
pub struct DevicePlan {
    pub name: String,
    pub unit: u8,
    pub reads: Vec<Read>,
    pub writes: Vec<Write>,
    pub watchdog: Option<Watchdog>,
    /// Read whenever the device is met anew: that starts its measurement.
    pub starts: Option<u16>,
    /// Outputs are written again this often.
    pub write_every: Duration,
}

impl DevicePlan {
    /// Something has to be done before it is used: its watchdog set, its measurement started.
    #[must_use]
    pub fn has_to_be_prepared(&self) -> bool {
        self.watchdog.is_some() || self.starts.is_some()
    }
}

/// Registers read in one request.
#[derive(Debug)]
pub struct Read {
    pub table: Table,
    pub address: u16,
    pub count: u16,
    pub every: Duration,
    pub points: Vec<Point>,
}

/// Registers written in one request, all bound; or one channel with a dead-man.
#[derive(Debug)]
pub struct Write {
    pub table: Table,
    pub address: u16,
    pub count: u16,
    pub points: Vec<Point>,
    /// Read again after each repeated write.
    pub read_back: bool,
    pub dead_man: Option<DeadMan>,
    /// Steps from stopped to started: 1, or the words of a drive's command.
    pub steps: usize,
}

/// A point and where its register lies in a request.
#[derive(Debug)]
pub struct Point {
    pub binding: Binding,
    pub register: Register,
    /// Words (or bits) from the request's first.
    pub at: u16,
    /// Of an input: its place in the bus's image. Of an output: the plant's slot.
    pub slot: usize,
    /// Its coil is toggled by completed scans.
    pub beats: bool,
}

impl Point {
    /// Its value in the words of an answer.
    pub fn decode(&self, words: &[u16]) -> Result<f64, Fault> {
        let words = words.get(usize::from(self.at)..).unwrap_or_default();
        self.binding.to_point(self.register.decode(words).ok_or(Fault::Invalid)?)
    }

    /// Its value into the words of a request.
    fn encode(&self, value: f64, words: &mut [u16]) {
        if let Some(words) = words.get_mut(usize::from(self.at)..) {
            self.register.encode(self.binding.to_register(value), words);
        }
    }
}

impl DevicePlan {
    /// First coil and number of the channels with a dead-man, which are read back together.
    #[must_use]
    pub fn channels(&self) -> Option<(u16, u16)> {
        let mut coils =
            self.writes.iter().filter(|write| write.dead_man.is_some()).map(|write| write.address);
        // In order of address.
        let first = coils.next()?;
        Some((first, coils.next_back().unwrap_or(first) - first + 1))
    }
}

impl Write {
    /// The first step of writing these words over those: a drive that stands is started step by step, one that runs is
    /// only told its last word again.
    #[must_use]
    pub fn first_step(&self, words: &[u16], before: Option<&[u16]>) -> usize {
        let commanded = |words: &[u16]| {
            self.points.iter().any(|point| {
                let words = words.get(usize::from(point.at)..).unwrap_or_default();
                matches!(point.register.form, Form::Command { .. })
                    && point.register.decode(words) == Some(1.0)
            })
        };
        if commanded(words) && !before.is_some_and(commanded) { 0 } else { self.steps - 1 }
    }

    /// The words to write for these values of the plant's outputs.
    pub fn words(&self, value: impl Fn(&Point) -> f64) -> Vec<u16> {
        let mut words = vec![0; usize::from(self.count)];
        for point in &self.points {
            point.encode(value(point), &mut words);
        }
        words
    }

    /// The words of one step towards these.
    #[must_use]
    pub fn step(&self, words: &[u16], step: usize) -> Vec<u16> {
        let mut words = words.to_vec();
        for point in &self.points {
            if let Form::Command { start, .. } = &point.register.form
                && let Some(word) = words.get_mut(usize::from(point.at))
                && start.last() == Some(word)
                && let Some(earlier) = start.get(step)
            {
                *word = *earlier;
            }
        }
        words
    }

    /// The request that writes them.
    #[must_use]
    pub fn request(&self, words: &[u16]) -> Request<'static> {
        match (words, self.dead_man) {
            // On only for a time; off for good.
            ([word], Some(dead_man)) if self.table == Table::Coil && *word != 0 => {
                let mut content =
                    dead_man.address.saturating_add(self.address).to_be_bytes().to_vec();
                content.extend(dead_man.ticks.to_be_bytes());
                Request::Custom(5, Cow::Owned(content))
            }
            _ => write(self.table, self.address, words, Function::ByNumber),
        }
    }
}

/// Which function writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// FC05 or FC06 for one value, FC0F or FC10 for more.
    ByNumber,
    /// FC0F or FC10 always: some devices know no other.
    Multiple,
}

/// The request that writes a range.
#[must_use]
pub fn write(table: Table, address: u16, words: &[u16], function: Function) -> Request<'static> {
    match (table.is_bits(), words, function) {
        (true, [word], Function::ByNumber) => Request::WriteSingleCoil(address, *word != 0),
        (true, ..) => {
            let bits = words.iter().map(|word| *word != 0).collect();
            Request::WriteMultipleCoils(address, Cow::Owned(bits))
        }
        (false, [word], Function::ByNumber) => Request::WriteSingleRegister(address, *word),
        (false, ..) => Request::WriteMultipleRegisters(address, Cow::Owned(words.to_vec())),
    }
}

/// The request that reads a range.
#[must_use]
pub fn read(table: Table, address: u16, count: u16) -> Request<'static> {
    match table {
        Table::Coil => Request::ReadCoils(address, count),
        Table::DiscreteInput => Request::ReadDiscreteInputs(address, count),
        Table::Holding => Request::ReadHoldingRegisters(address, count),
        Table::Input => Request::ReadInputRegisters(address, count),
    }
}

impl Plan {
    /// What each bus of a site that speaks Modbus has to carry. Times are plant times.
    pub fn of(site: &Site, catalogue: &Catalogue) -> Result<Vec<Plan>, Unbound> {
        let mut plans: Vec<Plan> = site.buses.iter().map(Plan::of_bus).collect();
        // A device's place among those of its bus.
        let mut places = Vec::new();
        for device in &site.devices {
            let plan = &mut plans[device.bus];
            places.push(plan.devices.len());
            plan.devices.push(DevicePlan {
                name: device.name.clone(),
                unit: device.unit,
                reads: Vec::new(),
                writes: Vec::new(),
                watchdog: device.profile.watchdog,
                starts: device.profile.starts,
                write_every: device.profile.write_every,
            });
        }
        let point = |binding: &Binding, slot: usize, first: u16| {
            let register = site.register(binding).clone();
            let at = register.address - first;
            let beats = binding.path == HEARTBEAT;
            Point { binding: binding.clone(), register, at, slot, beats }
        };
        for request in config::plan(site, catalogue) {
            let plan = &mut plans[site.devices[request.device].bus];
            let mut points = Vec::new();
            for binding in request.bindings.iter().map(|place| &site.bindings[*place]) {
                let slot = match binding.direction {
                    Direction::Input => catalogue.input_slot(&binding.path),
                    Direction::Output => catalogue.output_slot(&binding.path),
                };
                let slot = slot.ok_or_else(|| Unbound { path: binding.path.clone() })?;
                points.push(match binding.direction {
                    Direction::Input => {
                        plan.inputs.push(slot);
                        point(binding, plan.inputs.len() - 1, request.address)
                    }
                    Direction::Output => point(binding, slot, request.address),
                });
            }
            let device = &mut plan.devices[places[request.device]];
            let (table, address, count) = (request.table, request.address, request.count);
            match request.direction {
                Direction::Input => {
                    let every = request.every;
                    device.reads.push(Read { table, address, count, every, points });
                }
                Direction::Output => {
                    let profile = &site.devices[request.device].profile;
                    device.writes.extend(split_write(points, profile));
                }
            }
        }
        match site.bindings.iter().find(|binding| catalogue.find(&binding.path).is_none()) {
            Some(binding) => Err(Unbound { path: binding.path.clone() }),
            None => {
                let mut buses = site.buses.iter();
                plans.retain(|_| buses.next().is_some_and(|bus| !bus.kind.is_gpio()));
                Ok(plans)
            }
        }
    }

    /// The plant's outputs on this bus.
    #[must_use]
    pub fn output_slots(&self) -> Box<[usize]> {
        self.outputs().map(|point| point.slot).collect()
    }

    /// Whether the heartbeat is here.
    #[must_use]
    pub fn beats(&self) -> bool {
        self.outputs().any(|point| point.beats)
    }

    fn outputs(&self) -> impl Iterator<Item = &Point> {
        let writes = self.devices.iter().flat_map(|device| &device.writes);
        writes.flat_map(|write| &write.points)
    }

    fn of_bus(bus: &Bus) -> Plan {
        Plan {
            bus: bus.name.clone(),
            way: Way::of(bus),
            limit: bus.timeout,
            devices: Vec::new(),
            inputs: Vec::new(),
        }
    }
}

/// Only what is bound is ever written, so there are no gaps; channels with a dead-man each go alone.
fn split_write(points: Vec<Point>, profile: &Profile) -> Vec<Write> {
    let mut writes: Vec<Write> = Vec::new();
    for mut point in points {
        let (table, address) = (point.register.table, point.register.address);
        let alone = point.binding.dead_man && table == Table::Coil;
        let dead_man = profile.dead_man.filter(|_| alone);
        let most = if table.is_bits() { WRITE_BITS_MAX } else { WRITE_WORDS_MAX };
        let steps = match &point.register.form {
            Form::Command { start, .. } => start.len().max(1),
            Form::Bool { .. }
            | Form::Is { .. }
            | Form::U16
            | Form::I16
            | Form::U32
            | Form::I32
            | Form::F32 => 1,
        };
        let read_back = profile.read_back && point.register.access == Access::Both;
        if let Some(write) = writes.last_mut()
            && dead_man.is_none()
            && write.dead_man.is_none()
            && u32::from(address) <= u32::from(write.address) + u32::from(write.count)
            && address - write.address + point.register.words() <= most
        {
            point.at = address - write.address;
            write.count = write.count.max(point.at + point.register.words());
            write.read_back &= read_back;
            write.steps = write.steps.max(steps);
            write.points.push(point);
        } else {
            let count = point.register.words();
            point.at = 0;
            let read_back = read_back && dead_man.is_none();
            let points = vec![point];
            writes.push(Write { table, address, count, points, read_back, dead_man, steps });
        }
    }
    writes
}
