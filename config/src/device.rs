//! Device profiles read from their files: those shipped, and those beside a site.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fault::{Faults, Place, Report};
use crate::profile::{Access, DeadMan, Form, Profile, Register, Table, Watchdog, WordOrder};
use crate::section::Section;
use crate::tree::{self, Value};
use crate::unit::{spelled, symbol_is_known};

/// Every profile a site may name, as text. One beside the site stands before a shipped one of the same name.
#[derive(Clone, Debug)]
pub struct Profiles {
    files: Vec<ProfileFile>,
}

#[derive(Clone, Debug)]
struct ProfileFile {
    name: String,
    /// For messages.
    file: String,
    text: String,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../devices/", $name, ".toml")))),*]
    };
}

/// Name and text of each profile in `config/devices`.
const SHIPPED: &[(&str, &str)] = shipped![
    "analog8",
    "atv312",
    "chlorine",
    "danfoss_fc",
    "dfrobot_turbidity",
    "energy_meter",
    "energy_meter_3ph",
    "flow_meter",
    "header",
    "input16",
    "invt_gd",
    "invt_gd100_pv",
    "io8",
    "level",
    "ph",
    "relay8",
    "soil_moisture",
    "tank_node",
    "telemetry",
    "tracer",
    "turbidity",
    "ups",
    "yosemitech_ph",
    "yosemitech_turbidity",
];

impl Profiles {
    /// Those built in.
    #[must_use]
    pub fn shipped() -> Profiles {
        let file = |(name, text): &(&str, &str)| ProfileFile {
            name: (*name).to_string(),
            file: format!("devices/{name}.toml"),
            text: (*text).to_string(),
        };
        Profiles { files: SHIPPED.iter().map(file).collect() }
    }

    /// Those built in and those in `devices/` beside a site file, which stand before them.
    pub fn beside(site: &Path) -> std::io::Result<Profiles> {
        let mut profiles = Profiles::shipped();
        let folder = site.parent().unwrap_or(Path::new("")).join("devices");
        if !folder.is_dir() {
            return Ok(profiles);
        }
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            profiles.add(&name, &path.display().to_string(), &std::fs::read_to_string(&path)?);
        }
        Ok(profiles)
    }

    /// One more, standing before others of its name.
    pub fn add(&mut self, name: &str, file: &str, text: &str) {
        let (name, file, text) = (name.to_string(), file.to_string(), text.to_string());
        self.files.retain(|one| one.name != name);
        self.files.push(ProfileFile { name, file, text });
    }

    /// What a site may write as `profile`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|one| one.name.as_str())
    }

    /// Reads one; `None`: there is none of this name.
    pub(crate) fn read(&self, name: &str) -> Option<Result<Profile, Faults>> {
        self.files.iter().find(|one| one.name == name).map(|one| one.read())
    }
}

impl ProfileFile {
    fn read(&self) -> Result<Profile, Faults> {
        let mut report = Report::new(&self.file);
        let table = tree::parse(&self.text, &mut report);
        if report.count() > 0 {
            return report.conclude(None);
        }
        let profile = profile(&self.name, &table, &mut report);
        overlaps(&profile, &mut report);
        report.conclude(Some(profile))
    }
}

/// Where a profile does not say otherwise: half of Modbus's 125, which every device we know answers.
const READ_MAX_DEFAULT: i64 = 60;
/// Modbus's own limit for registers in one read.
const READ_MAX: i64 = 125;
/// Reading sixteen registers more costs 32 bytes, 17 ms at 19 200 baud: less than another request.
const GAP_DEFAULT: i64 = 16;
/// plant.md 1.5: one command write a second to each drive.
const WRITE_EVERY_DEFAULT: Duration = Duration::from_secs(1);
const EVERY_MAX: Duration = Duration::from_secs(3_600);

fn profile(name: &str, table: &tree::Table, report: &mut Report) -> Profile {
    let entries = tree::Entry {
        key: String::new(),
        place: Place::Whole,
        node: tree::Node {
            place: Place::Whole,
            written: String::new(),
            value: Value::Table(table.clone()),
        },
    };
    let mut top = Section::at(&entries, "", report);
    let about = top.needed_text("about", "what the device is", report).unwrap_or_default();
    let source =
        top.needed_text("source", "where its figures come from", report).unwrap_or_default();
    let word = |number: Option<i64>, otherwise: i64| {
        u16::try_from(number.unwrap_or(otherwise)).unwrap_or(u16::MAX)
    };
    let max_read = top.whole("max_registers_per_read", 1..=READ_MAX, report);
    let max_gap = top.whole("max_gap", 0..=READ_MAX, report);
    let read_every = top.time("read_every", Duration::ZERO..=EVERY_MAX, report);
    let write_every = top.time("write_every", Duration::from_millis(10)..=EVERY_MAX, report);
    let read_back = top.yes_no("read_back", report).unwrap_or(false);
    let starts = top.find("starts").and_then(|_| top.register("starts", report));
    if let (Some(_), Some(entry)) = (starts, top.find("watchdog")) {
        let what = "`starts` and `watchdog` together: a device has one or the other";
        report.fault(&entry.place, "watchdog", what);
    }
    let hardware_guard = top.text("hardware_guard", "say what stops its outputs", report);
    let order = word_order(&mut top, report).unwrap_or_default();
    // Some makers count registers from 1, the wire counts from 0 (plant.md 1.6).
    let first = word(top.whole("first_address", 0..=1, report), 0);
    let watchdog = top.find("watchdog").map(|entry| {
        let mut section = Section::at(entry, "watchdog", report);
        let address = section.need("address", "a holding register", report);
        let address = address.and_then(|_| section.register("address", report)).unwrap_or_default();
        let value = section.need("value", "what to write", report);
        let value = value.and_then(|_| section.register("value", report)).unwrap_or_default();
        let verify = section.register("verify", report).unwrap_or(address).saturating_sub(first);
        section.end(report);
        Watchdog { address: address.saturating_sub(first), value, verify }
    });
    let dead_man = top.find("dead_man").map(|entry| {
        let mut section = Section::at(entry, "dead_man", report);
        let address = section.register("address", report).unwrap_or_default();
        let ticks = section.register("ticks", report).unwrap_or_default();
        section.end(report);
        DeadMan { address, ticks }
    });
    let mut registers = Vec::new();
    if let Some(entry) = top.need("register", "at least one [register.NAME]", report) {
        for entry in Section::at(entry, "register", report).entries() {
            register(entry, (first, order), &mut registers, report);
        }
    }
    top.end(report);
    Profile {
        name: name.to_string(),
        about: about.to_string(),
        source: source.to_string(),
        registers,
        max_registers_per_read: word(max_read, READ_MAX_DEFAULT),
        max_gap: word(max_gap, GAP_DEFAULT),
        read_every: read_every.unwrap_or(Duration::ZERO),
        write_every: write_every.unwrap_or(WRITE_EVERY_DEFAULT),
        read_back,
        starts: starts.map(|address| address.saturating_sub(first)),
        watchdog,
        dead_man,
        hardware_guard: hardware_guard.map(str::to_string),
    }
}

fn word_order(section: &mut Section<'_>, report: &mut Report) -> Option<WordOrder> {
    let orders = [
        ("abcd", WordOrder::Abcd),
        ("cdab", WordOrder::Cdab),
        ("badc", WordOrder::Badc),
        ("dcba", WordOrder::Dcba),
    ];
    section.word("word_order", &orders, report)
}

/// The plain forms a profile names; bits and commands are told by their own keys.
#[derive(Clone, Copy)]
enum Named {
    Bool,
    Is,
    Command,
    U16,
    I16,
    U32,
    I32,
    F32,
}

fn register(
    entry: &tree::Entry,
    (first, order): (u16, WordOrder),
    registers: &mut Vec<Register>,
    report: &mut Report,
) {
    let mut section = Section::at(entry, &format!("register.{}", entry.key), report);
    let tables = [
        ("coil", Table::Coil),
        ("discrete", Table::DiscreteInput),
        ("holding", Table::Holding),
        ("input", Table::Input),
    ];
    section.need("table", "coil, discrete, holding or input", report);
    let table = section.word("table", &tables, report);
    section.need("address", "its number", report);
    let address = section.register("address", report);
    let forms = [
        ("bool", Named::Bool),
        ("is", Named::Is),
        ("command", Named::Command),
        ("u16", Named::U16),
        ("i16", Named::I16),
        ("u32", Named::U32),
        ("i32", Named::I32),
        ("f32", Named::F32),
    ];
    let is_bits = table.is_some_and(Table::is_bits);
    let named = section.word("form", &forms, report);
    let named = named.unwrap_or(if is_bits { Named::Bool } else { Named::U16 });
    if is_bits && !matches!(named, Named::Bool) {
        let what = "`form`: coils and discrete inputs are bool";
        report.fault(&section.place, &section.name, what);
    }
    let bit = section.whole("bit", 0..=15, report).unwrap_or(0);
    let value = section.register("value", report);
    let start = words(&mut section, "start", report);
    let stop = section.register("stop", report).unwrap_or_default();
    let form = match named {
        Named::Bool => Form::Bool { bit: u8::try_from(bit).unwrap_or_default() },
        Named::Is => {
            if value.is_none() {
                let what = "`value` is missing: the word that closes the contact";
                report.fault(&section.place, &section.name, what);
            }
            Form::Is { value: value.unwrap_or_default() }
        }
        Named::Command => {
            if start.is_empty() {
                let what = "`start` is missing: the words that start the drive, in order";
                report.fault(&section.place, &section.name, what);
            }
            Form::Command { start, stop }
        }
        Named::U16 => Form::U16,
        Named::I16 => Form::I16,
        Named::U32 => Form::U32,
        Named::I32 => Form::I32,
        Named::F32 => Form::F32,
    };
    let accesses = [("read", Access::Read), ("write", Access::Write), ("both", Access::Both)];
    let access = section.word("access", &accesses, report);
    let may_write = table.is_some_and(|table| matches!(table, Table::Coil | Table::Holding))
        && !matches!(named, Named::Is);
    if !may_write && access.is_some_and(Access::writes) {
        let what = "`access`: discrete inputs, input registers and `is` can only be read";
        report.fault(&section.place, &section.name, what);
    }
    let symbol =
        section.text("unit", "the unit of the value", report).map(spelled).unwrap_or_default();
    if !symbol.is_empty() && !symbol_is_known(symbol) {
        let what = format!("`unit = \"{symbol}\"` is no unit known here");
        report.fault(&section.place, &section.name, what);
    }
    let scale = section.number("scale", report).unwrap_or(1.0);
    if scale == 0.0 {
        report.fault(&section.place, &section.name, "`scale = 0` would lose the value");
    }
    let offset = section.number("offset", report).unwrap_or(0.0);
    let sentinels = sentinels(&mut section, report);
    let order = word_order(&mut section, report).unwrap_or(order);
    // `count = 8` on `relay` makes relay1 to relay8 at consecutive addresses.
    let count = section.whole("count", 1..=64, report);
    let name = entry.key.clone();
    let place = section.place.clone();
    let section_name = section.name.clone();
    section.end(report);
    let (Some(table), Some(address)) = (table, address) else {
        return;
    };
    if address < first {
        report.fault(&place, &section_name, "`address = 0`: this profile counts from 1");
        return;
    }
    let access = access.unwrap_or(if may_write { Access::Both } else { Access::Read });
    let one = Register {
        name,
        table,
        address: address - first,
        form,
        order,
        access,
        symbol: symbol.to_string(),
        scale,
        offset,
        sentinels,
    };
    let Some(count) = count else {
        registers.push(one);
        return;
    };
    for index in 0..u16::try_from(count).unwrap_or_default() {
        let name = format!("{}{}", one.name, index + 1);
        let address = one.address.saturating_add(index * one.words());
        registers.push(Register { name, address, ..one.clone() });
    }
}

fn words(section: &mut Section<'_>, key: &'static str, report: &mut Report) -> Vec<u16> {
    let numbers = whole_numbers(section, key, i64::from(u16::MAX), report);
    numbers.into_iter().filter_map(|number| u16::try_from(number).ok()).collect()
}

fn sentinels(section: &mut Section<'_>, report: &mut Report) -> Vec<u32> {
    let numbers = whole_numbers(section, "sentinels", i64::from(u32::MAX), report);
    numbers.into_iter().filter_map(|number| u32::try_from(number).ok()).collect()
}

fn whole_numbers(
    section: &mut Section<'_>,
    key: &'static str,
    most: i64,
    report: &mut Report,
) -> Vec<i64> {
    let Some(entry) = section.find(key) else { return Vec::new() };
    let mut numbers = Vec::new();
    let mut is_right = false;
    if let Value::List(list) = &entry.node.value {
        is_right = true;
        for node in list {
            match node.value {
                Value::Whole(number) if (0..=most).contains(&number) => numbers.push(number),
                Value::Whole(_)
                | Value::Text(_)
                | Value::Number(_)
                | Value::YesNo(_)
                | Value::List(_)
                | Value::Table(_)
                | Value::Other => is_right = false,
            }
        }
    }
    if !is_right {
        section.wrong(
            entry,
            &format!("a list of whole numbers from 0 to {most} is wanted"),
            report,
        );
    }
    numbers
}

/// No two registers share a word, but for different questions to it.
fn overlaps(profile: &Profile, report: &mut Report) {
    for (index, one) in profile.registers.iter().enumerate() {
        for other in &profile.registers[..index] {
            let apart = one.table != other.table
                || one.address >= other.address.saturating_add(other.words())
                || other.address >= one.address.saturating_add(one.words());
            let shared =
                one.share().is_some() && other.share().is_some() && one.share() != other.share();
            if !apart && !shared {
                let what = format!(
                    "registers `{}` and `{}` overlap: {} {} of {} and {} of {} words",
                    other.name,
                    one.name,
                    one.table.word(),
                    other.address,
                    other.words(),
                    one.address,
                    one.words(),
                );
                report.fault(&Place::Whole, "register", what);
            }
        }
    }
}
