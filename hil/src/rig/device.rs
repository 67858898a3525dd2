//! One device as a bus sees it: registers, functions, exceptions, and what it does when nobody talks to it.
//!
//! Written from the Modbus specification (Application Protocol V1.1b3) and the profile, without the library the controller
//! uses: two that share a codec share its mistakes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use config::{Binding, Direction, Form, Profile, Register, Site, Table};
use plc::image::{Inputs, Outputs};
use plc::signal::{Moment, Quality};
use plc::tag::{Catalogue, Kind};

/// Exception codes.
pub const ILLEGAL_FUNCTION: u8 = 1;
pub const ILLEGAL_ADDRESS: u8 = 2;
pub const ILLEGAL_VALUE: u8 = 3;
pub const DEVICE_FAILURE: u8 = 4;
/// Of a gateway: the device behind it does not answer.
pub const NO_SUCH_DEVICE: u8 = 11;
/// Marks an exception in the function code.
const EXCEPTION: u8 = 0x80;
/// Communication time-outs and switch-on times count in this (`plant.md` 1.6).
const TICK: Duration = Duration::from_millis(100);
/// A drive's communication time-out as it leaves the factory: 10.0 s (`plant.md` 1.6).
const FACTORY_TIMEOUT: u16 = 100;
/// Most of one request, by the specification: words read, bits read, words written, bits written.
const WORDS_READ_MAX: u16 = 125;
const BITS_READ_MAX: u16 = 2000;
const WORDS_WRITTEN_MAX: u16 = 123;
const BITS_WRITTEN_MAX: u16 = 1968;
/// A coil's ON.
const ON: u16 = 0xFF00;

/// What is wrong with a device, or with its place on the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ailment {
    #[default]
    Sound,
    /// It says nothing.
    Silent,
    /// Each answer comes 400 ms late.
    Slow,
    /// A second device has its address: both answer at once, and nobody understands.
    Doubled,
    /// It refuses everything: exception 4, device failure.
    Refuses,
}

impl Ailment {
    pub const ALL: [Ailment; 5] =
        [Ailment::Sound, Ailment::Silent, Ailment::Slow, Ailment::Doubled, Ailment::Refuses];

    /// As people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Ailment::Sound => "sound",
            Ailment::Silent => "silent",
            Ailment::Slow => "slow",
            Ailment::Doubled => "doubled",
            Ailment::Refuses => "refuses",
        }
    }
}

/// How late a slow device is: within what a site waits unless told otherwise (500 ms).
const SLOW: Duration = Duration::from_millis(400);
/// How long a device is away that loses its power for a moment.
const REBOOT: Duration = Duration::from_secs(3);

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub pdu: Vec<u8>,
    pub late: Duration,
    /// Broken on the wire.
    pub is_broken: bool,
}

/// One device.
#[derive(Clone, Debug)]
pub struct Device {
    pub name: String,
    pub ailment: Ailment,
    /// It has no power until then.
    dark_until: Option<Moment>,
    pub bus: usize,
    pub unit: u8,
    /// Requests for it so far, whatever it made of them.
    pub asked: u64,
    profile: Arc<Profile>,
    registers: BTreeMap<(Table, u16), Cell>,
    bound: Vec<Bound>,
    /// How far each drive has come in its start sequence, by address of its command word.
    started: BTreeMap<u16, usize>,
    /// When each coil that is on for a time goes off, plant time.
    expiries: BTreeMap<u16, Moment>,
    /// Plant time of the last request it understood.
    heard: Moment,
    /// Not one of its instruments has a value: it does not answer.
    is_dead: bool,
}

/// One address.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    word: u16,
    reads: bool,
    writes: bool,
}

/// A point of the plant here.
#[derive(Clone, Debug)]
struct Bound {
    binding: Binding,
    register: Register,
    slot: usize,
    /// A value older than this is none: an instrument that fell silent.
    stale_after: Duration,
}

/// As the plant judges it: three times the longest time between good values, at least 5 s (`plant.md` 2.12).
const STALE_POLLS: u32 = 3;
const STALE_MIN: Duration = Duration::from_secs(5);

impl Device {
    /// Every device of a site, as it is after power-up.
    #[must_use]
    pub fn of(site: &Site, catalogue: &Catalogue) -> Vec<Device> {
        let device = |(number, device): (usize, &config::Device)| {
            let bound = site.bindings.iter().filter(|binding| binding.device == number);
            let bound = bound.filter_map(|binding| {
                let row = catalogue.find(&binding.path)?;
                let stale_after = match row.kind {
                    Kind::Input(words) => (words.poll * STALE_POLLS).max(STALE_MIN),
                    Kind::Output(..) => Duration::MAX,
                    Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => {
                        None?
                    }
                };
                let (binding, register) = (binding.clone(), site.register(binding).clone());
                Some(Bound { binding, register, slot: row.slot, stale_after })
            });
            let mut registers = BTreeMap::new();
            for register in &device.profile.registers {
                let end = register.address.saturating_add(register.words());
                for address in register.address..end {
                    let cell: &mut Cell = registers.entry((register.table, address)).or_default();
                    cell.reads |= register.access.reads();
                    cell.writes |= register.access.writes();
                }
            }
            if let Some(watchdog) = device.profile.watchdog {
                let cell = Cell { word: FACTORY_TIMEOUT, reads: true, writes: true };
                registers.insert((Table::Holding, watchdog.address), cell);
                registers
                    .entry((Table::Holding, watchdog.verify))
                    .or_insert(Cell { writes: false, ..cell });
            }
            if let Some(starts) = device.profile.starts {
                let cell = Cell { word: 0, reads: true, writes: false };
                registers.insert((Table::Holding, starts), cell);
            }
            Device {
                name: device.name.clone(),
                ailment: Ailment::Sound,
                dark_until: None,
                bus: device.bus,
                unit: device.unit,
                asked: 0,
                profile: device.profile.clone(),
                registers,
                bound: bound.collect(),
                started: BTreeMap::new(),
                expiries: BTreeMap::new(),
                heard: Moment(0),
                is_dead: false,
            }
        };
        site.devices.iter().enumerate().map(device).collect()
    }

    /// Lays the plant's readings into the registers. An instrument without a value shows what its kind shows: a sentinel,
    /// no number, no current; a device all of whose instruments have none does not answer.
    pub fn show(&mut self, inputs: &Inputs, now: Moment) {
        let (mut shown, mut dead) = (0, 0);
        for bound in &self.bound {
            let reading = inputs.readings.get(bound.slot);
            if let (Direction::Input, Some(reading)) = (bound.binding.direction, reading) {
                let is_alive = match reading.quality {
                    Quality::Good | Quality::Uncertain(_) | Quality::Held(_) => {
                        now.since(reading.taken) <= bound.stale_after
                    }
                    Quality::Bad(_) => false,
                };
                shown += 1;
                dead += usize::from(!is_alive);
                let value = if is_alive { reading.value } else { f64::NAN };
                let mut words = read_words(&self.registers, &bound.register);
                bound.register.encode(bound.binding.to_register(value), &mut words);
                for (address, word) in (bound.register.address..).zip(words) {
                    if let Some(cell) = self.registers.get_mut(&(bound.register.table, address)) {
                        cell.word = word;
                    }
                }
            }
        }
        self.is_dead = shown > 0 && shown == dead;
    }

    /// What its outputs make the plant do at a plant time, after its own watchdogs have had their say.
    pub fn drive(&mut self, now: Moment, outputs: &mut Outputs) {
        self.let_fall(now);
        for bound in &self.bound {
            let place = outputs.values.get_mut(bound.slot);
            if let (Direction::Output, Some(place)) = (bound.binding.direction, place) {
                let register = match &bound.register.form {
                    Form::Command { start, .. } => {
                        let steps = self.started.get(&bound.register.address).copied();
                        Some(f64::from(u8::from(steps == Some(start.len()))))
                    }
                    Form::Bool { .. }
                    | Form::Is { .. }
                    | Form::U16
                    | Form::I16
                    | Form::U32
                    | Form::I32
                    | Form::F32 => {
                        bound.register.decode(&read_words(&self.registers, &bound.register))
                    }
                };
                *place = register
                    .and_then(|register| bound.binding.to_point(register).ok())
                    .unwrap_or_default();
            }
        }
    }

    /// Coils whose time is over go off; a drive that heard nothing for its communication time-out stops.
    fn let_fall(&mut self, now: Moment) {
        let over: Vec<u16> = self
            .expiries
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(address, _)| *address)
            .collect();
        for address in over {
            self.expiries.remove(&address);
            self.put(Table::Coil, address, 0);
        }
        let Some(watchdog) = self.profile.watchdog else { return };
        let limit = self.word(Table::Holding, watchdog.address);
        if now.since(self.heard) > TICK * u32::from(limit) {
            self.started.clear();
            for (address, cell) in &mut self.registers {
                if cell.writes && *address != (Table::Holding, watchdog.address) {
                    cell.word = 0;
                }
            }
        }
    }

    /// It loses its power for a moment, and comes back as it leaves the factory: every output off, its time-out its maker's.
    pub fn reboot(&mut self, now: Moment) {
        self.dark_until = Some(now.plus(REBOOT));
        self.started.clear();
        self.expiries.clear();
        for (address, cell) in &mut self.registers {
            let is_timeout = self
                .profile
                .watchdog
                .is_some_and(|watchdog| *address == (Table::Holding, watchdog.address));
            cell.word = if is_timeout { FACTORY_TIMEOUT } else { 0 };
        }
    }

    /// What comes back on its line; `None`: nothing.
    pub fn respond(&mut self, pdu: &[u8], now: Moment) -> Option<Answer> {
        if self.dark_until.is_some_and(|until| now < until) || self.ailment == Ailment::Silent {
            return None;
        }
        let pdu = match self.ailment {
            Ailment::Refuses => refusal(pdu.first().copied().unwrap_or_default(), DEVICE_FAILURE),
            Ailment::Sound | Ailment::Silent | Ailment::Slow | Ailment::Doubled => {
                self.answer(pdu, now)
            }
        };
        let late = if self.ailment == Ailment::Slow { SLOW } else { Duration::ZERO };
        Some(Answer { pdu, late, is_broken: self.ailment == Ailment::Doubled })
    }

    /// Its answer to a request at a plant time: function and content, both ways.
    pub fn answer(&mut self, pdu: &[u8], now: Moment) -> Vec<u8> {
        let Some((function, content)) = pdu.split_first() else { return Vec::new() };
        if self.is_dead {
            return refusal(*function, NO_SUCH_DEVICE);
        }
        match self.obey(*function, content, now) {
            Ok(answer) => {
                self.heard = now;
                [vec![*function], answer].concat()
            }
            Err(exception) => refusal(*function, exception),
        }
    }

    fn obey(&mut self, function: u8, content: &[u8], now: Moment) -> Result<Vec<u8>, u8> {
        let pair =
            |at: usize| content.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let (Some(address), Some(number)) = (pair(0), pair(2)) else { return Err(ILLEGAL_VALUE) };
        match (function, content.len()) {
            (1, 4) => self.read(Table::Coil, address, number),
            (2, 4) => self.read(Table::DiscreteInput, address, number),
            (3, 4) => self.read(Table::Holding, address, number),
            (4, 4) => self.read(Table::Input, address, number),
            (5, 4) => {
                self.switch(address, number, now)?;
                Ok(content.to_vec())
            }
            (6, 4) => {
                self.write(Table::Holding, address, &[number])?;
                Ok(content.to_vec())
            }
            (15, 6..) => {
                let bytes = &content[5..];
                let fits = (1..=BITS_WRITTEN_MAX).contains(&number)
                    && usize::from(content[4]) == bytes.len()
                    && bytes.len() == usize::from(number.div_ceil(8));
                if !fits {
                    return Err(ILLEGAL_VALUE);
                }
                let bit = |at: usize| u16::from(bytes[at / 8] >> (at % 8) & 1);
                let bits: Vec<u16> = (0..usize::from(number)).map(bit).collect();
                self.write(Table::Coil, address, &bits)?;
                Ok(content[..4].to_vec())
            }
            (16, 6..) => {
                let bytes = &content[5..];
                let fits = (1..=WORDS_WRITTEN_MAX).contains(&number)
                    && usize::from(content[4]) == bytes.len()
                    && bytes.len() == usize::from(number) * 2;
                if !fits {
                    return Err(ILLEGAL_VALUE);
                }
                let words: Vec<u16> =
                    bytes.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
                self.write(Table::Holding, address, &words)?;
                Ok(content[..4].to_vec())
            }
            (1..=6 | 15 | 16, _) => Err(ILLEGAL_VALUE),
            _ => Err(ILLEGAL_FUNCTION),
        }
    }

    /// What lies between registers is read along as far as the profile says that this kind of device allows it.
    fn read(&self, table: Table, address: u16, number: u16) -> Result<Vec<u8>, u8> {
        let most = if table.is_bits() { BITS_READ_MAX } else { WORDS_READ_MAX };
        if number == 0 || number > most.min(self.profile.max_registers_per_read) {
            return Err(ILLEGAL_VALUE);
        }
        let last = address.checked_add(number - 1).ok_or(ILLEGAL_ADDRESS)?;
        let (mut words, mut gap) = (Vec::new(), 0);
        for at in address..=last {
            match self.registers.get(&(table, at)) {
                Some(cell) if cell.reads => {
                    gap = 0;
                    words.push(cell.word);
                }
                // Nothing is read of what can only be written.
                Some(_) => return Err(ILLEGAL_ADDRESS),
                None => {
                    gap += 1;
                    if gap > self.profile.max_gap || at == address || at == last {
                        return Err(ILLEGAL_ADDRESS);
                    }
                    words.push(0);
                }
            }
        }
        let bytes: Vec<u8> = if table.is_bits() {
            let byte = |bits: &[u16]| {
                bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit != 0))
            };
            words.chunks(8).map(byte).collect()
        } else {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        // At most 250 bytes, by the limits above.
        let length = u8::try_from(bytes.len()).map_err(|_| ILLEGAL_VALUE)?;
        Ok([vec![length], bytes].concat())
    }

    /// One coil, for good; or, at the addresses of the profile's dead-man, on for a time.
    fn switch(&mut self, address: u16, value: u16, now: Moment) -> Result<(), u8> {
        if let Some(dead_man) = self.profile.dead_man
            && let Some(channel) = address.checked_sub(dead_man.address)
            && self.registers.get(&(Table::Coil, channel)).is_some_and(|cell| cell.writes)
        {
            self.put(Table::Coil, channel, 1);
            self.expiries.insert(channel, now.plus(TICK * u32::from(value)));
            return Ok(());
        }
        match value {
            ON => self.write(Table::Coil, address, &[1]),
            0 => self.write(Table::Coil, address, &[0]),
            _ => Err(ILLEGAL_VALUE),
        }
    }

    fn write(&mut self, table: Table, address: u16, words: &[u16]) -> Result<(), u8> {
        let addresses = || (address..=u16::MAX).zip(words);
        let writable = |at: u16| self.registers.get(&(table, at)).is_some_and(|cell| cell.writes);
        if addresses().count() != words.len() || !addresses().all(|(at, _)| writable(at)) {
            return Err(ILLEGAL_ADDRESS);
        }
        for (at, word) in addresses() {
            self.put(table, at, *word);
            if table == Table::Coil {
                self.expiries.remove(&at);
            }
            self.command(table, at, *word);
        }
        Ok(())
    }

    /// A drive runs when the words of its start have come one after the other, and stops at any other word.
    fn command(&mut self, table: Table, address: u16, word: u16) {
        for register in &self.profile.registers {
            if let Form::Command { start, .. } = &register.form
                && (register.table, register.address) == (table, address)
            {
                let steps = self.started.entry(address).or_default();
                let ready = *steps;
                *steps = if ready == start.len() && start.last() == Some(&word) {
                    ready
                } else if start.get(ready) == Some(&word) {
                    ready + 1
                } else {
                    usize::from(start.first() == Some(&word))
                };
            }
        }
    }

    fn word(&self, table: Table, address: u16) -> u16 {
        self.registers.get(&(table, address)).map_or(0, |cell| cell.word)
    }

    fn put(&mut self, table: Table, address: u16, word: u16) {
        if let Some(cell) = self.registers.get_mut(&(table, address)) {
            cell.word = word;
        }
        // Read back elsewhere than it was written.
        let watchdog = self.profile.watchdog.filter(|watchdog| watchdog.address == address);
        if let Some(watchdog) = watchdog.filter(|_| table == Table::Holding)
            && let Some(cell) = self.registers.get_mut(&(table, watchdog.verify))
        {
            cell.word = word;
        }
    }
}

/// An exception.
#[must_use]
pub fn refusal(function: u8, exception: u8) -> Vec<u8> {
    vec![function | EXCEPTION, exception]
}

fn read_words(registers: &BTreeMap<(Table, u16), Cell>, register: &Register) -> Vec<u16> {
    let word = |at: u16| {
        let address = register.address.saturating_add(at);
        registers.get(&(register.table, address)).map_or(0, |cell| cell.word)
    };
    (0..register.words()).map(word).collect()
}
