//! Buses and devices of a site file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::device::Profiles;
use crate::fault::{Report, hint};
use crate::profile::Profile;
use crate::section::Section;
use crate::site::{Bus, BusKind, Device};
use crate::tree::Table;

/// Buses a site may have: A to D, a header, and room for two more.
const BUSES_MAX: usize = 8;
/// Devices a site may have: a Modbus line carries at most 32, a site three lines and a network.
const DEVICES_MAX: usize = 128;
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
        let wanted = "`host:port` of a Modbus TCP device or gateway";
        let address = section.needed_text("address", wanted, report).unwrap_or_default();
        let place = section.place_of("address");
        if !address.is_empty() && !is_address(address) {
            let what =
                format!("`address = \"{address}\"`: write host:port, such as \"127.0.0.1:1502\"");
            report.fault(&place, &name, what);
        }
        if let Some(other) = buses.iter().find(|bus| bus.kind.is_at(address)) {
            let what = format!("`address = \"{address}\"` is that of bus `{}` already", other.name);
            report.fault(&place, &name, what);
        }
        let lines = [("rs485", true), ("ethernet", false)];
        let is_serial = section.word("line", &lines, report).unwrap_or(true);
        let baud = section.whole("baud", 1_200..=115_200, report);
        if !is_serial && baud.is_some() {
            report.fault(
                &section.place_of("baud"),
                &name,
                "`baud` means nothing on `line = \"ethernet\"`",
            );
        }
        let baud =
            is_serial.then(|| u32::try_from(baud.unwrap_or(BAUD_DEFAULT)).unwrap_or(u32::MAX));
        let limits = Duration::from_millis(20)..=Duration::from_secs(5);
        let timeout = section.time("timeout", limits, report).unwrap_or(TIMEOUT_DEFAULT);
        for serial in ["port", "device", "parity"] {
            // Said plainly, so that nobody looks for a spelling that works.
            if entry.node.value.table().is_some_and(|table| table.find(serial).is_some()) {
                let what = format!(
                    "`{serial}`: serial lines are not supported yet; use a Modbus TCP gateway"
                );
                report.fault(&section.place_of(serial), &name, what);
                section.find(serial);
            }
        }
        section.end(report);
        let kind = BusKind::Tcp { address: address.to_string() };
        buses.push(Bus { name: entry.key.clone(), kind, baud, timeout });
    }
    buses
}

impl BusKind {
    fn is_at(&self, other: &str) -> bool {
        match self {
            BusKind::Tcp { address } => address == other,
        }
    }
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
        let unit = section.need("unit", "its Modbus unit number, 1 to 247", report);
        let unit = unit.and_then(|_| section.whole("unit", 1..=247, report));
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
        if let Some(other) = devices.iter().find(|one| one.bus == bus && one.unit == unit) {
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
