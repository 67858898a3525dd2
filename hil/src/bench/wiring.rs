//! The wiring table of a site: what is connected to what, from the file that the controller reads, with the bench's ends where
//! they are known. Markdown, for the wall beside the bench.

use std::fmt::Write as _;

use config::{Bus, BusKind, Direction, Duty, LineDriver, Site};

use crate::closed_loop::catalogue_of;
use crate::rig::{End, Played, Setup, Wire, wires};

/// Physical pin of each GPIO number, 0 to 27, of the 40-pin header (Raspberry Pi documentation, "GPIO and the 40-pin header").
const PINS: [u8; 28] = [
    27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33, 8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18,
    22, 37, 13,
];

/// The table; `setup` is the bench's.
#[must_use]
pub fn table(site: &Site, setup: Option<&Setup>) -> String {
    let mut text = format!("# Wiring of {}\n", site.name);
    for (number, bus) in site.buses.iter().enumerate() {
        if bus.kind.is_gpio() {
            header(site, bus, setup, &mut text);
        } else {
            modbus(site, number, bus, setup, &mut text);
        }
    }
    text
}

// Writing to memory cannot fail: the results of `writeln!` below are dropped for that.

fn modbus(site: &Site, number: usize, bus: &Bus, setup: Option<&Setup>, text: &mut String) {
    let settings = |format: String| match bus.baud {
        Some(baud) => format!("{baud} baud, {format}"),
        None => format,
    };
    let controller = match &bus.kind {
        BusKind::Rtu { port, parity, stop_bits } => settings(format!(
            "8{}{}, RS-485 from the controller's {port}",
            parity.letter(),
            stop_bits.count()
        )),
        BusKind::RtuOverTcp { address } => settings(format!("RTU through TCP at {address}")),
        BusKind::Tcp { address } if bus.baud.is_some() => {
            settings(format!("behind the gateway at {address}"))
        }
        BusKind::Tcp { address } => format!("Modbus TCP at {address}"),
        BusKind::Gpio { .. } => String::new(),
    };
    let _ = writeln!(text, "\n## Bus {}\n\n{controller}.", bus.name);
    if let Some(setup) = setup {
        let serial = setup.serial.iter().find(|(name, _)| *name == bus.name);
        let end = match (serial, setup.interface, setup.bind) {
            (Some((_, End::Port(port))), ..) => {
                format!(
                    "The bench's end is {port}: A to A, B to B, ground to ground; 120 Ω at both ends"
                )
            }
            (Some((_, End::Pty)), ..) => {
                "The bench's end is a pseudo-terminal of the same machine: no wire".into()
            }
            (None, Some(interface), _) => format!("The bench listens at {interface}, same port"),
            (None, None, Some(bind)) => format!("The bench listens at {}, any port", bind.ip()),
            (None, None, None) => "The bench listens at that address itself".into(),
        };
        let _ = writeln!(text, "{end}.");
    }
    let _ = writeln!(text, "\n| Unit | Device | Kind | Points |\n|---|---|---|---|");
    let catalogue = catalogue_of(&site.shape);
    for (place, device) in site.devices.iter().enumerate().filter(|(_, one)| one.bus == number) {
        let bound = site.bindings.iter().filter(|binding| binding.device == place);
        let mut tags: Vec<String> = bound
            .filter_map(|binding| {
                let row = catalogue.find(&binding.path)?;
                Some(if row.tag.is_empty() { row.path.clone() } else { tag_here(site, &row.tag) })
            })
            .collect();
        tags.dedup();
        let (unit, name, kind) = (device.unit, &device.name, &device.profile.name);
        let _ = writeln!(text, "| {unit} | {name} | {kind} | {} |", tags.join(", "));
    }
}

/// The same instrument under the number it has at the site.
fn tag_here(site: &Site, tag: &str) -> String {
    let renamed = site.tags.iter().find(|one| one.from == tag);
    renamed.map_or_else(|| tag.to_owned(), |one| one.to.clone())
}

fn header(site: &Site, bus: &Bus, setup: Option<&Setup>, text: &mut String) {
    let driver = match &bus.kind {
        BusKind::Gpio { driver: LineDriver::Gpiocdev { chip: Some(chip) } } => {
            format!("gpiocdev, chip {chip}")
        }
        BusKind::Gpio { driver } => driver.word().to_owned(),
        BusKind::Tcp { .. } | BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => String::new(),
    };
    let played = setup.and_then(|setup| setup.lines.as_ref());
    let _ = writeln!(
        text,
        "\n## Header ({})\n\nThe controller's own 40-pin header, through {driver}. 3.3 V; ground (physical pins 6, 9, 14, 20, 25, \
         30, 34, 39) to the bench's ground first.",
        bus.name
    );
    match played {
        Some(Played::Pins(wiring)) => {
            let _ = writeln!(
                text,
                "The bench's lines are those of the chip {}. 1 kΩ in every wire: two ends that drive against each other must do no \
                 harm. A 10 kΩ pull-down at each output of the controller; the bench's own pulls are weak.",
                wiring.chip
            );
        }
        Some(Played::Socket(path)) => {
            let _ =
                writeln!(text, "Played at {} for `--simulated-lines`: no wire.", path.display());
        }
        None => {}
    }
    let _ = writeln!(
        text,
        "\n| GPIO | Pin | Tag | Point | Direction | Levels | Bench |\n|---|---|---|---|---|---|---|"
    );
    let catalogue = catalogue_of(&site.shape);
    for wire in wires(site) {
        let row = catalogue.find(&wire.path);
        let tag = row.map_or_else(String::new, |row| tag_here(site, &row.tag));
        let pin = PINS.get(usize::from(wire.line)).map_or_else(String::new, u8::to_string);
        let direction =
            if wire.is_output() { "controller to bench" } else { "bench to controller" };
        let bench = match played {
            Some(Played::Pins(wiring)) => {
                wiring.at.get(&wire.line).map_or_else(|| "?".into(), |line| format!("line {line}"))
            }
            Some(Played::Socket(_)) => "socket".into(),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "| {} | {pin} | {tag} | {} | {direction} | {} | {bench} |",
            wire.line,
            wire.path,
            levels(site, &wire),
        );
    }
}

/// What a level means.
fn levels(site: &Site, wire: &Wire) -> String {
    let is_inverted = site
        .bindings
        .iter()
        .any(|one| one.path == wire.path && one.direction == Direction::Output && one.invert);
    match (wire.duty, wire.is_pulled_up) {
        (Duty::Contact, false) => "closed = high; pulled down".into(),
        (Duty::Contact, true) => "closed = low; pulled up".into(),
        (Duty::Count, false) => "one closing a stroke; closed = high; pulled down".into(),
        (Duty::Count, true) => "one closing a stroke; closed = low; pulled up".into(),
        (Duty::Switch, _) if is_inverted => "on = low".into(),
        (Duty::Switch, _) => "on = high".into(),
        (Duty::Pulses, _) => "one rising edge a stroke".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use config::{Profiles, shipped};

    use super::*;
    use crate::rig::Crosswise;

    fn site() -> Site {
        let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
        let text = text.replace(
            "emergency_stop = \"header.pin4\"",
            "emergency_stop = { from = \"header.pin4\", invert = true }",
        );
        let serial = "[bus.a]\nprotocol = \"rtu\"\nport = \"/dev/ttyAMA0\"\nparity = \"even\"\n";
        let gateway = "[bus.a]\naddress = \"127.0.0.1:1502\"\nline = \"rs485\"\n";
        assert!(text.contains(gateway));
        let text = text.replace(gateway, serial);
        config::check(&text, "pi.toml", &Profiles::shipped(), &[], catalogue_of).unwrap()
    }

    #[test]
    fn every_device_and_every_line_has_its_row_with_both_ends() {
        let site = site();
        let at: BTreeMap<u8, u32> =
            wires(&site).iter().map(|wire| (wire.line, 100 + u32::from(wire.line))).collect();
        let setup = Setup {
            serial: vec![("a".into(), End::Port("/dev/ttyUSB7".into()))],
            interface: Some([0, 0, 0, 0].into()),
            lines: Some(Played::Pins(Crosswise { chip: "pinctrl-bcm2711".into(), at })),
            ..Setup::default()
        };
        let text = table(&site, Some(&setup));
        for words in [
            "19200 baud, 8E1, RS-485 from the controller's /dev/ttyAMA0.",
            "The bench's end is /dev/ttyUSB7",
            "19200 baud, behind the gateway at 127.0.0.1:1503.\nThe bench listens at 0.0.0.0, same port.",
            "| 1 | drive_101a | atv312 |",
            "| 11 | relays_5 | relay8 |",
            "| 4 | 7 | ES-900 | system.emergency_stop | bench to controller | closed = low; pulled up | line 104 |",
            "| 17 | 11 |",
            "| system.heartbeat | controller to bench | on = high | line 117 |",
            "one closing a stroke; closed = high; pulled down | line 118 |",
            "one rising edge a stroke | line 112 |",
        ] {
            assert!(text.contains(words), "{words} in:\n{text}");
        }
        let rows = text.lines().filter(|line| line.starts_with("| ") && !line.contains("| Pin |"));
        let rows = rows.filter(|line| !line.starts_with("| Unit")).count();
        assert_eq!(rows, site.devices.len() - 1 + wires(&site).len());
    }

    #[test]
    fn without_a_bench_the_table_says_the_controllers_ends_alone() {
        let text = table(&site(), None);
        assert!(!text.contains("bench's end") && text.contains("## Header (header)"), "{text}");
    }

    #[test]
    fn no_two_lines_share_a_pin() {
        let mut pins = PINS.to_vec();
        pins.sort_unstable();
        pins.dedup();
        assert_eq!(pins.len(), PINS.len());
        assert!(pins.iter().all(|pin| (1..=40).contains(pin)));
    }
}
