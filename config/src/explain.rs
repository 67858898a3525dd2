//! A site in tables for people: points, wiring, bus loads.

use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Row, Source};

use crate::plan::{LOAD_MAX, loads};
use crate::site::{Bus, BusKind, Direction, Site};

/// How busy each Modbus bus is, one line a bus. Empty without buses.
#[must_use]
pub fn bus_loads(site: &Site, catalogue: &Catalogue) -> String {
    if site.buses.is_empty() {
        return String::new();
    }
    let mut rows =
        vec![["bus", "address", "devices", "a second", "ms each", "busy"].map(String::from)];
    for load in loads(site, catalogue) {
        let bus = &site.buses[load.bus];
        let devices = site.devices.iter().filter(|device| device.bus == load.bus).count();
        rows.push([
            bus.name.clone(),
            way(bus),
            devices.to_string(),
            format!("{:.1}", load.transactions_per_second),
            format!("{:.0}", bus.transaction().as_secs_f64() * 1_000.0),
            format!("{:.0} % of {:.0} %", load.share * 100.0, LOAD_MAX * 100.0),
        ]);
    }
    columns(&rows)
}

/// How a bus is reached, in a few words.
fn way(bus: &Bus) -> String {
    match &bus.kind {
        BusKind::Tcp { address } => address.clone(),
        BusKind::RtuOverTcp { address } => format!("{address} (RTU)"),
        BusKind::Rtu { port, parity, stop_bits } => {
            let baud = bus.baud.unwrap_or_default();
            format!("{port} {baud} 8{}{}", parity.letter(), stop_bits.count())
        }
        BusKind::Gpio { driver } => driver.word().to_string(),
    }
}

/// Every point of the plant, one line a point.
#[must_use]
pub fn tags(catalogue: &Catalogue) -> String {
    let mut rows = vec![["path", "tag", "kind", "unit", "range", "about"].map(String::from)];
    for row in &catalogue.rows {
        let symbol = match row.form {
            Form::Number { symbol, .. } => symbol,
            Form::OnOff => "on/off",
            Form::States(_) => "state",
            Form::Reasons => "reasons",
            Form::Alarm => "alarm",
        };
        let range = row.span().map_or(String::new(), |(low, high)| format!("{low} to {high}"));
        rows.push([
            row.path.clone(),
            row.tag.clone(),
            row.kind.word().to_string(),
            symbol.to_string(),
            range,
            row.about.to_string(),
        ]);
    }
    columns(&rows)
}

/// Where each field point is wired: bus, device, unit, table, address; or line of the header. Empty with the twin.
#[must_use]
pub fn wiring(site: &Site, catalogue: &Catalogue) -> String {
    if site.bindings.is_empty() {
        return String::new();
    }
    let head =
        ["path", "tag", "way", "bus", "device", "unit", "register", "table", "address", "notes"];
    let mut rows = vec![head.map(String::from)];
    for row in &catalogue.rows {
        if !is_field(row) {
            continue;
        }
        let Some(binding) = site.bindings.iter().find(|one| one.path == row.path) else {
            let mut line = head.map(|_| String::new());
            (line[0], line[1], line[9]) =
                (row.path.clone(), row.tag.clone(), "not fitted at this site".to_string());
            rows.push(line);
            continue;
        };
        let (device, register) = (site.device(binding), site.register(binding));
        let mut notes = Vec::new();
        if binding.invert {
            notes.push("inverted".to_string());
        }
        if binding.live.is_some() {
            let (low, high) = (4.0, 20.0);
            let ends = [low, high].map(|end| end * binding.scale + binding.offset);
            notes.push(format!("4 to 20 mA are {:.4} to {:.4}", ends[0], ends[1]));
        }
        if binding.dead_man {
            notes.push("dead-man".to_string());
        }
        let (mut unit, mut table) = (device.unit.to_string(), register.table.word());
        if site.is_header(device) {
            (unit, table) = ("-".to_string(), "line");
            if binding.direction == Direction::Input {
                let pull = if binding.is_pulled_up() { "pulled up" } else { "pulled down" };
                notes.push(pull.to_string());
            }
        }
        let way = match binding.direction {
            Direction::Input => "in",
            Direction::Output => "out",
        };
        rows.push([
            row.path.clone(),
            row.tag.clone(),
            way.to_string(),
            site.buses[device.bus].name.clone(),
            device.name.clone(),
            unit,
            register.name.clone(),
            table.to_string(),
            register.address.to_string(),
            notes.join(", "),
        ]);
    }
    columns(&rows)
}

fn is_field(row: &Row) -> bool {
    match row.kind {
        Kind::Input(words) => words.source == Source::Field,
        Kind::Output(..) => true,
        Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => false,
    }
}

/// Lines with their columns under one another.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
