//! `rig.toml`: what is wired where on a bench, and how its controller is switched.
//!
//! ```toml
//! site = "site.toml"                        # the file that the controller is started with; beside this one
//! set = ["bus.a.timeout=1 s"]               # its `--set`s, if it has any
//! revision = "bench 2, 2026-11-20"          # of the wiring; for the report
//! hardware = "Raspberry Pi 3 B, 2015"       # the controller's machine; for the report
//! controller = "http://127.0.0.1:8080"      # where its pages answer; without: as its `ready` line says
//!
//! [tcp]                                     # buses on TCP: at this address, on the ports that the site says;
//! bind = "0.0.0.0"                          # "127.0.0.1:0": on any free ports
//!
//! [serial]                                  # the bench's end of each bus on a serial line; "pty": on this machine
//! a = "/dev/serial/by-id/usb-FTDI_USB-RS485_Cable_FT4ABC-if00-port0"
//!
//! [lines]                                   # of the header: `socket = "lines"` for `--simulated-lines`, or
//! chip = "pinctrl-bcm2711"                  # label or path of the bench's chip, and
//! [lines.at]                                # the controller's GPIO = the bench's own line
//! 4 = 4
//! 17 = 17
//!
//! [power]                                   # commands, as lists of words, run in this file's folder
//! off = ["ssh", "pi", "sudo systemctl stop sweetspring"]     # an orderly end: `dark` wants a relay that cuts the power
//! forget = ["ssh", "pi", "sudo rm -rf /var/lib/sweetspring/bench"]
//! on = ["./start"]                          # ends when the controller runs, and prints its `ready` line
//! kill = ["ssh", "pi", "sudo systemctl kill -s KILL sweetspring"]     # with Restart=no, or it comes back by itself
//! hang = ["ssh", "pi", "sudo systemctl kill -s STOP sweetspring"]
//! wake = ["ssh", "pi", "sudo systemctl kill -s CONT sweetspring"]
//! ```
//!
//! A story needs a plant of which it is known how it stands. So before each the controller is switched `off`, its state folder
//! emptied (`forget`), and it is switched `on`: it is a new plant with a new owner, who is made with the set-up code of its
//! `ready` line. His password stands in this program's source: a bench is no place for a village's state folder or network. `on` and `restart` find in their environment where the bench listens: `RIG_LINES`,
//! `RIG_PORT_A` (of a bus on a pseudo-terminal) and `RIG_BUS_A` (of a bus on TCP).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use config::{BusKind, FieldKind, Site};
use serde::Deserialize;

use crate::closed_loop::catalogue_of;
use crate::rig::{Crosswise, End, Played, Setup, Wire, wires};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    site: String,
    #[serde(default)]
    set: Vec<String>,
    revision: String,
    hardware: String,
    controller: Option<String>,
    tcp: Option<Tcp>,
    #[serde(default)]
    serial: BTreeMap<String, String>,
    lines: Option<LinesText>,
    power: Power,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tcp {
    bind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinesText {
    socket: Option<String>,
    chip: Option<String>,
    #[serde(default)]
    at: BTreeMap<String, u32>,
}

/// Commands that switch the controller, each with its arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    pub off: Vec<String>,
    pub forget: Vec<String>,
    pub on: Vec<String>,
    pub kill: Option<Vec<String>>,
    pub hang: Option<Vec<String>>,
    pub wake: Option<Vec<String>>,
}

/// A described bench.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it stands: paths and commands are relative to it.
    pub folder: PathBuf,
    pub site: Site,
    pub site_path: PathBuf,
    /// Laid over the site.
    pub set: Vec<String>,
    pub revision: String,
    pub hardware: String,
    pub controller: Option<String>,
    pub power: Power,
    pub setup: Setup,
}

/// Where the bench's control endpoint listens, for a second pair of hands: on any free port of this machine alone.
const CONTROL: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1)), 0);

impl File {
    /// Reads and checks a file, and the site file it names.
    ///
    /// # Errors
    /// With every fault at once: what was found, and what is allowed.
    pub fn load(path: &Path) -> Result<File, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|why| format!("{name}: {why}"))?;
        // Its commands run in this folder, and are told paths.
        let path = std::path::absolute(path).map_err(|why| format!("{name}: {why}"))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        File::parse(&text, folder).map_err(|why| format!("{name}: {why}"))
    }

    /// The bench of this text, in this folder.
    ///
    /// # Errors
    /// As [`File::load`].
    pub fn parse(text: &str, folder: &Path) -> Result<File, String> {
        let text: Text = toml::from_str(text).map_err(|why| why.to_string())?;
        let site_path = folder.join(&text.site);
        let site = config::load(&site_path, &text.set, catalogue_of)
            .map_err(|faults| faults.to_string())?;
        if site.field != FieldKind::Buses {
            return Err(format!(
                "site: {} has no buses: its plant is inside the controller",
                site_path.display()
            ));
        }
        let mut faults = Vec::new();
        let mut setup = Setup { control: Some(CONTROL), speed: 1, ..Setup::default() };
        if let Some(tcp) = &text.tcp {
            match (tcp.bind.parse::<IpAddr>(), tcp.bind.parse::<SocketAddr>()) {
                (Ok(interface), _) => setup.interface = Some(interface),
                (_, Ok(bind)) if bind.port() == 0 => setup.bind = Some(bind),
                (Err(_), _) => faults.push(format!(
                    "[tcp] bind: an address such as 0.0.0.0, or one with port 0 for any free ports, not {}",
                    tcp.bind
                )),
            }
        }
        setup.serial = serial(&text.serial, &site, &mut faults);
        setup.lines = lines(text.lines.as_ref(), &wires(&site), folder, &mut faults);
        if let Some(url) = text.controller.as_ref().filter(|url| !url.starts_with("http://")) {
            faults.push(format!(
                "controller: http://ADDRESS:PORT, not {url}. Its pages are plain HTTP on its own machine alone: lead them \
                 here with `ssh -N -L 8080:127.0.0.1:8080 USER@CONTROLLER`, and write http://127.0.0.1:8080"
            ));
        }
        let power = &text.power;
        let optional = [("kill", &power.kill), ("hang", &power.hang), ("wake", &power.wake)];
        let commands = [("off", &power.off), ("forget", &power.forget), ("on", &power.on)]
            .into_iter()
            .chain(optional.into_iter().filter_map(|(name, one)| Some((name, one.as_ref()?))));
        for (name, words) in commands {
            if words.first().is_none_or(String::is_empty) {
                faults.push(format!(
                    "[power] {name}: a program and its arguments, such as [\"ssh\", \"pi\", \"...\"], not {words:?}"
                ));
            }
        }
        if !faults.is_empty() {
            return Err(faults.join("\n"));
        }
        let Text { set, revision, hardware, controller, power, .. } = text;
        let folder = folder.to_owned();
        Ok(File { folder, site, site_path, set, revision, hardware, controller, power, setup })
    }
}

/// The bench's ends of serial lines.
fn serial(
    given: &BTreeMap<String, String>,
    site: &Site,
    faults: &mut Vec<String>,
) -> Vec<(String, End)> {
    let known: Vec<&str> = site.buses.iter().map(|bus| bus.name.as_str()).collect();
    for bus in given.keys().filter(|bus| !known.contains(&bus.as_str())) {
        let known = known.join(", ");
        faults.push(format!("[serial] {bus}: the site has no such bus: there are {known}"));
    }
    for bus in &site.buses {
        let is_given = given.contains_key(&bus.name);
        match &bus.kind {
            BusKind::Rtu { port, .. } if !is_given => faults.push(format!(
                "[serial] {0} is missing: the controller has bus {0} on {port}; where is the bench's end of that line?",
                bus.name
            )),
            BusKind::Gpio { .. } if is_given => faults.push(format!(
                "[serial] {}: that bus is the controller's own header: see [lines]",
                bus.name
            )),
            BusKind::Rtu { .. }
            | BusKind::Gpio { .. }
            | BusKind::Tcp { .. }
            | BusKind::RtuOverTcp { .. } => {}
        }
    }
    given.iter().map(|(bus, end)| (bus.clone(), End::understand(end))).collect()
}

/// Where the lines of the header end.
fn lines(
    given: Option<&LinesText>,
    wires: &[Wire],
    folder: &Path,
    faults: &mut Vec<String>,
) -> Option<Played> {
    let mut fault = |what: String| {
        faults.push(format!("[lines]: {what}"));
        None
    };
    match (given, wires) {
        (None, []) => None,
        (Some(_), []) => {
            fault("the site has no header; its bus for the pins is a Modbus node".into())
        }
        (None, [_, ..]) => fault(
            "missing: the site has a header. `socket = \"PATH\"`, or `chip` with `at`".to_owned(),
        ),
        (Some(LinesText { socket: Some(path), chip: None, at }), _) if at.is_empty() => {
            Some(Played::Socket(folder.join(path)))
        }
        (Some(LinesText { socket: None, chip: Some(chip), at: given }), _) => {
            let mut at: BTreeMap<u8, u32> = BTreeMap::new();
            for (line, pin) in given {
                let wire = wires.iter().find(|wire| wire.line.to_string() == *line);
                let Some(wire) = wire else {
                    let known: Vec<String> = wires.iter().map(|one| one.line.to_string()).collect();
                    fault(format!(
                        "at.{line}: no point of the site is on that GPIO: there are {}",
                        known.join(", ")
                    ));
                    continue;
                };
                if let Some((other, _)) = at.iter().find(|(_, taken)| *taken == pin) {
                    fault(format!(
                        "at.{line}: the bench's line {pin} is wired to GPIO {other} too"
                    ));
                }
                at.insert(wire.line, *pin);
            }
            for wire in wires.iter().filter(|wire| !given.contains_key(&wire.line.to_string())) {
                let name = wire.name();
                fault(format!("at.{} is missing: which line of the bench is {name}?", wire.line));
            }
            Some(Played::Pins(Crosswise { chip: chip.clone(), at }))
        }
        (Some(_), _) => fault("either `socket`, or `chip` with `at`: one of them".to_owned()),
    }
}
