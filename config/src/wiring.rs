//! Buses and devices of a site file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::device::Profiles;
use crate::fault::{Report, hint};
use crate::profile::Profile;
use crate::section::Section;
use crate::site::{Bus, BusKind, Device, LineDriver, Parity, StopBits};
use crate::tree::Table;

/// Buses a site may have: A to D, a header, and room for two more.
const BUSES_MAX: usize = 8;
/// Devices a site may have: a Modbus line carries at most 32, a site three lines and a network.
const DEVICES_MAX: usize = 128;
/// Speeds that devices can be set to.
const BAUDS: [i64; 8] = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200];
/// plant.md 1.5 has 19 200 baud everywhere.
const BAUD_DEFAULT: i64 = 19_200;
/// The slowest device waits 60 ms (plant.md 6.11); a gateway doubles it.
const TIMEOUT_DEFAULT: Duration = Duration::from_millis(500);

/// `[bus.NAME]`.
pub(crate) fn buses(table: &Table, report: &mut Report) -> Vec<Bus> {
    let section = Section::of(table, "bus", report);
    if section.entries().len() > BUSES_MAX {
        let what = format!("{} buses: at most {BUSES_MAX} are allowed", section.entries().len());
        report.fault(&section.place, "bus", what);
    }
    let mut buses: Vec<Bus> = Vec::new();
    for entry in section.entries() {
        let name = format!("bus.{}", entry.key);
        let mut section = Section::at(entry, &name, report);
        if !section.is_there() {
            continue;
        }
        let kind = kind(&mut section, report);
        let same_place = |bus: &&Bus| {
            let is_place = !kind.is_gpio() && !kind.place().is_empty();
            is_place && bus.kind.place() == kind.place()
        };
        if kind.is_gpio()
            && let Some(other) = buses.iter().find(|bus| bus.kind.is_gpio())
        {
            let what = format!(
                "`protocol = \"gpio\"` is that of bus `{}` already: a machine has one header",
                other.name
            );
            report.fault(&section.place_of("protocol"), &name, what);
        } else if let Some(other) = buses.iter().find(same_place) {
            let key = kind.key();
            let what =
                format!("`{key} = \"{}\"` is that of bus `{}` already", kind.place(), other.name);
            report.fault(&section.place_of(key), &name, what);
        }
        let baud = baud(&kind, &mut section, report);
        let limits = Duration::from_millis(20)..=Duration::from_secs(5);
        let timeout = section.time("timeout", limits, report).unwrap_or(TIMEOUT_DEFAULT);
        section.end(report);
        buses.push(Bus { name: entry.key.clone(), kind, baud, timeout });
    }
    buses
}

/// `protocol` and what it takes to reach the bus.
fn kind(section: &mut Section<'_>, report: &mut Report) -> BusKind {
    let protocols = [
        ("tcp", Protocol::Tcp),
        ("rtu", Protocol::Rtu),
        ("rtu_over_tcp", Protocol::RtuOverTcp),
        ("gpio", Protocol::Gpio),
    ];
    let said = section.word("protocol", &protocols, report);
    // After a word that is not understood the rest is judged by what it looks like.
    let looks = match (section.find("protocol"), section.find("port")) {
        (Some(_), Some(_)) => Protocol::Rtu,
        (Some(_) | None, Some(_) | None) => Protocol::Tcp,
    };
    let protocol = said.unwrap_or(looks);
    let no_port = "of a serial port only: give the bus `protocol = \"rtu\"`";
    if !matches!(protocol, Protocol::Gpio) {
        let no_lines = "of the header only: give the bus `protocol = \"gpio\"`";
        refuse(section, &["driver", "chip"], no_lines, report);
    }
    match protocol {
        Protocol::Gpio => {
            let keys =
                ["address", "port", "line", "baud", "parity", "stop_bits", "data_bits", "timeout"];
            let no_bus = "of Modbus only: lines of the header are given by their numbers";
            refuse(section, &keys, no_bus, report);
            BusKind::Gpio { driver: line_driver(section, report) }
        }
        Protocol::Tcp => {
            refuse(section, &["port", "parity", "stop_bits", "data_bits"], no_port, report);
            BusKind::Tcp { address: address(section, "a Modbus TCP device or gateway", report) }
        }
        Protocol::RtuOverTcp => {
            let no_port = "of a serial port only: the serial server at `address` has it";
            refuse(section, &["port", "parity", "stop_bits", "data_bits"], no_port, report);
            let address = address(section, "a serial server that passes RTU frames on", report);
            BusKind::RtuOverTcp { address }
        }
        Protocol::Rtu => {
            refuse(section, &["address"], "of TCP only: a serial port is given by `port`", report);
            refuse(section, &["data_bits"], "not to be chosen: RTU always has 8", report);
            let parities = [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];
            section.need("parity", "\"none\", \"even\" or \"odd\", as its devices are set", report);
            let parity = section.word("parity", &parities, report).unwrap_or_default();
            let stop_bits = match section.whole("stop_bits", 1..=2, report) {
                Some(2) => StopBits::Two,
                Some(_) | None => StopBits::One,
            };
            BusKind::Rtu { port: port(section, report), parity, stop_bits }
        }
    }
}

#[derive(Clone, Copy)]
enum Protocol {
    Tcp,
    Rtu,
    RtuOverTcp,
    Gpio,
}

/// `driver` and `chip`.
fn line_driver(section: &mut Section<'_>, report: &mut Report) -> LineDriver {
    let drivers = [("rppal", false), ("gpiocdev", true)];
    let said = section.word("driver", &drivers, report);
    // A word that is not understood is not made worse by what goes with one.
    let looks = section.find("driver").is_some() && section.find("chip").is_some();
    let is_kernel = said.unwrap_or(looks);
    if !is_kernel {
        let why = "of `driver = \"gpiocdev\"` only: rppal finds the chip by itself";
        refuse(section, &["chip"], why, report);
        return LineDriver::Rppal;
    }
    let wanted = "the chip's label, such as \"pinctrl-rp1\", or its path; `gpiodetect` lists them";
    let chip = section.text("chip", wanted, report);
    if chip.is_some_and(|chip| chip.trim().is_empty()) {
        let what = format!("`chip = \"\"`: write {wanted}, or leave it out on a Raspberry Pi");
        report.fault(&section.place_of("chip"), &section.name, what);
    }
    LineDriver::Gpiocdev { chip: chip.map(str::to_string) }
}

impl BusKind {
    /// The key that says where it is.
    fn key(&self) -> &'static str {
        match self {
            BusKind::Tcp { .. } | BusKind::RtuOverTcp { .. } => "address",
            BusKind::Rtu { .. } => "port",
            BusKind::Gpio { .. } => "protocol",
        }
    }
}

/// Keys that mean nothing here.
fn refuse(section: &mut Section<'_>, keys: &[&'static str], why: &str, report: &mut Report) {
    for key in keys {
        if section.find(key).is_some() {
            report.fault(&section.place_of(key), &section.name, format!("`{key}` is {why}"));
        }
    }
}

fn address(section: &mut Section<'_>, of: &str, report: &mut Report) -> String {
    let wanted = format!("`host:port` of {of}");
    let address = section.needed_text("address", &wanted, report).unwrap_or_default();
    if !address.is_empty() && !is_address(address) {
        let what =
            format!("`address = \"{address}\"`: write host:port, such as \"127.0.0.1:1502\"");
        report.fault(&section.place_of("address"), &section.name, what);
    }
    address.to_string()
}

/// Whether there is such a port shows when it is opened: a site may be checked on another machine.
fn port(section: &mut Section<'_>, report: &mut Report) -> String {
    let wanted =
        "the path of a serial port, such as \"/dev/serial/by-id/usb-...\" or \"/dev/ttyAMA0\"";
    let port = section.needed_text("port", wanted, report).unwrap_or_default();
    let is_path = port.strip_prefix("/dev/").is_some_and(|name| !name.is_empty());
    if !port.is_empty() && !is_path {
        let what =
            format!("`port = \"{port}\"`: write {wanted}; `ls -l /dev/serial/by-id` lists them");
        report.fault(&section.place_of("port"), &section.name, what);
    }
    port.to_string()
}

/// `line` and `baud`: how fast bits travel on the serial part of the way, if there is one.
fn baud(kind: &BusKind, section: &mut Section<'_>, report: &mut Report) -> Option<u32> {
    let is_serial = match kind {
        BusKind::Tcp { .. } => {
            let lines = [("rs485", true), ("ethernet", false)];
            section.word("line", &lines, report).unwrap_or(true)
        }
        BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => {
            refuse(section, &["line"], "of Modbus TCP only: RTU is always a serial line", report);
            true
        }
        BusKind::Gpio { .. } => return None,
    };
    let baud = section.whole("baud", 1_200..=115_200, report);
    if !is_serial && baud.is_some() {
        let what = "`baud` means nothing on `line = \"ethernet\"`";
        report.fault(&section.place_of("baud"), &section.name, what);
    }
    if let Some(baud) = baud
        && !BAUDS.contains(&baud)
    {
        let list = BAUDS.map(|baud| baud.to_string()).join(", ");
        let what = format!("`baud = {baud}`: allowed are {list}, as its devices are set");
        report.fault(&section.place_of("baud"), &section.name, what);
    }
    is_serial.then(|| u32::try_from(baud.unwrap_or(BAUD_DEFAULT)).unwrap_or(u32::MAX))
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(char::is_whitespace)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// `[device.NAME]`. A device whose section is wrong is left out; points bound to it are then not judged.
pub(crate) fn devices(
    table: &Table,
    buses: &[Bus],
    profiles: &Profiles,
    report: &mut Report,
) -> Vec<Device> {
    let section = Section::of(table, "device", report);
    if section.entries().len() > DEVICES_MAX {
        let what =
            format!("{} devices: at most {DEVICES_MAX} are allowed", section.entries().len());
        report.fault(&section.place, "device", what);
    }
    let mut read: BTreeMap<String, Option<Arc<Profile>>> = BTreeMap::new();
    let mut devices: Vec<Device> = Vec::new();
    for entry in section.entries() {
        let name = format!("device.{}", entry.key);
        let mut section = Section::at(entry, &name, report);
        if !section.is_there() {
            continue;
        }
        let profile = section.needed_text("profile", "the kind of device", report);
        let bus = section.needed_text("bus", "the bus it is on", report);
        let is_header = bus
            .is_some_and(|wanted| buses.iter().any(|bus| bus.name == wanted && bus.kind.is_gpio()));
        let unit = if is_header {
            refuse(&mut section, &["unit"], "of Modbus only: the header has none", report);
            Some(0)
        } else {
            let unit = section.need("unit", "its Modbus unit number, 1 to 247", report);
            unit.and_then(|_| section.whole("unit", 1..=247, report))
        };
        let [profile_place, bus_place, unit_place] =
            ["profile", "bus", "unit"].map(|key| section.place_of(key));
        section.end(report);
        let profile = profile.and_then(|kind| {
            let known = read.entry(kind.to_string()).or_insert_with(|| match profiles.read(kind) {
                Some(Ok(profile)) => Some(Arc::new(profile)),
                Some(Err(faults)) => {
                    report.add(faults);
                    None
                }
                None => {
                    let hint = hint(kind, profiles.names());
                    let what = format!("`profile = \"{kind}\"`: there is no such profile{hint}");
                    report.fault(&profile_place, &name, what);
                    None
                }
            });
            known.clone()
        });
        let bus = bus.and_then(|wanted| {
            let at = buses.iter().position(|bus| bus.name == wanted);
            if at.is_none() {
                let hint = hint(wanted, buses.iter().map(|bus| bus.name.as_str()));
                report.fault(
                    &bus_place,
                    &name,
                    format!("`bus = \"{wanted}\"`: there is no such bus{hint}"),
                );
            }
            at
        });
        let unit = unit.and_then(|unit| u8::try_from(unit).ok());
        let (Some(profile), Some(bus), Some(unit)) = (profile, bus, unit) else { continue };
        if is_header && let Some(other) = devices.iter().find(|one| one.bus == bus) {
            let what = format!(
                "bus `{}` is device `{}` already: a header is one device",
                buses[bus].name, other.name
            );
            report.fault(&bus_place, &name, what);
        } else if let Some(other) = devices.iter().find(|one| one.bus == bus && one.unit == unit) {
            let what = format!(
                "bus `{}` unit {unit} is device `{}` already: their registers overlap",
                buses[bus].name, other.name
            );
            report.fault(&unit_place, &name, what);
        }
        devices.push(Device { name: entry.key.clone(), bus, unit, profile });
    }
    devices
}
