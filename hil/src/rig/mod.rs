//! The rig: the twin as a field. One Modbus TCP endpoint or serial line for each bus of a site, from the same site file and
//! profiles that the controller reads, and a control endpoint that works the panel and breaks things.
//!
//! ```text
//! controller --RTU on a serial port, or through TCP--> serial -+
//! controller --Modbus TCP--> server --> device (registers) --outputs--> world (the twin), stepped in real time x speed
//!                                       device (registers) <--readings--
//! controller --lines of its header--> lines (at a socket, or on pins) --outputs, strokes-^ |
//!                                     lines <------------------contacts-------------------+
//! hil press, tests --words--> control --> link of a bus, a device, a line, or the world
//! ```

mod chip;
mod clock;
mod control;
mod device;
mod edges;
mod lines;
#[cfg(test)]
mod lines_tests;
mod pins;
#[cfg(test)]
mod pins_tests;
mod plant;
mod pty;
mod serial;
#[cfg(test)]
mod serial_tests;
mod server;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::{Bus, BusKind, Site};
use plc::image::{Inputs, Outputs};
use plc::signal::Moment;
use plc::tag::Catalogue;
use tokio::net::{TcpListener, lookup_host};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use crate::twin::act::SAYINGS;
pub use clock::STEP;
pub use control::{WIRES, tell};
use device::{Answer, Device};
pub use edges::{Edge, Wire, now, wires};
pub use lines::{LINE_COUNT, Short};
use lines::{Lines, Socket};
pub use pins::Crosswise;
pub use plant::PlantWorld;
pub use serial::End;
use serial::Served;
pub use server::Link;

/// Where the control endpoint listens unless told otherwise: below the bench's buses, on loopback.
pub const CONTROL: &str = "127.0.0.1:1500";

/// What the field stands in.
pub trait World: Send {
    /// Goes on by a step of plant time that ends at `at` under these outputs, and says what the instruments read then.
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration);

    /// Does what a person at the plant, the weather or wear would do; or says why it cannot.
    fn act(&mut self, words: &[&str]) -> Result<(), String>;
}

/// How a rig is set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Listens here instead of where the site says; for all buses, so with port 0 unless there is one.
    pub bind: Option<SocketAddr>,
    /// At this address of the machine, with the ports that the site says.
    pub interface: Option<IpAddr>,
    /// The control endpoint, if not at [`CONTROL`] (or at `bind`'s address).
    pub control: Option<SocketAddr>,
    /// Plant seconds a second; 0 counts as 1.
    pub speed: u32,
    /// Buses on serial lines, whatever the site says of them, by name.
    pub serial: Vec<(String, End)>,
    pub lines: Option<Played>,
}

/// Where the lines of a header are played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Played {
    /// At a socket, for a controller's `--simulated-lines`.
    Socket(PathBuf),
    /// On pins of this machine.
    Pins(Crosswise),
}

/// Why a rig does not start.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    #[error("bus {bus}: address {address} is not understood")]
    Address { bus: String, address: String, source: io::Error },
    #[error(
        "bus {bus} is a serial port of the controller: say where the rig's end of that line is, with `--serial {bus}=PORT`, \
         or `--serial {bus}=pty` for a controller on this machine"
    )]
    NoEnd { bus: String },
    #[error(
        "bus {bus} is the controller's own header: say where the rig plays its lines, with `--lines SOCKET`, and start the \
         controller with `--simulated-lines SOCKET`"
    )]
    NoLines { bus: String },
    #[error("--lines: the site has no header; its bus for the controller's pins is a Modbus node")]
    NoHeader,
    #[error("the lines of a header live at the speed of life: no `--speed` with them")]
    Haste,
    #[error("lines cannot be played at {path}")]
    Lines { path: String, source: io::Error },
    #[error("--serial {bus}: there is no such bus: there are {known}")]
    NoBus { bus: String, known: String },
    #[error("the lines of the header cannot be played on pins: {why}")]
    Pins { why: String },
    #[error("serial port {port} of bus {bus} does not open: {why}")]
    Serial { bus: String, port: String, why: String },
    #[error("cannot listen on {address} for {what}")]
    Listen { what: String, address: SocketAddr, source: io::Error },
}

/// A running rig; it ends when dropped.
#[derive(Debug)]
pub struct Rig {
    /// Where each bus on TCP really is, in the site's order.
    pub buses: Vec<(String, SocketAddr)>,
    /// Where the controller finds each bus on a pseudo-terminal.
    pub ports: Vec<(String, String)>,
    pub control: SocketAddr,
    desk: control::Desk,
    field: Arc<Field>,
    _tasks: JoinSet<()>,
    _clock: clock::Clock,
    listener: Option<pins::Listener>,
}

impl Rig {
    /// Opens every endpoint, then lets time run. Needs a runtime.
    pub async fn start(
        site: &Site,
        catalogue: &Catalogue,
        world: Box<dyn World>,
        setup: &Setup,
    ) -> Result<Rig, RigError> {
        let mut devices = Device::of(site, catalogue);
        devices.retain(|device| !site.buses[device.bus].kind.is_gpio());
        let field = Arc::new(Field::new(devices));
        let world = Arc::new(Mutex::new(world));
        let mut rig = Opened::default();
        if setup.lines.is_some() && !site.buses.iter().any(|bus| bus.kind.is_gpio()) {
            return Err(RigError::NoHeader);
        }
        if let Some((bus, _)) =
            setup.serial.iter().find(|(bus, _)| site.buses.iter().all(|one| one.name != *bus))
        {
            let known: Vec<&str> = site.buses.iter().map(|bus| bus.name.as_str()).collect();
            return Err(RigError::NoBus { bus: bus.clone(), known: known.join(", ") });
        }
        for (number, bus) in site.buses.iter().enumerate() {
            if bus.kind.is_gpio() {
                let (link, seen) = watch::channel(Link::Up);
                rig.links.insert(bus.name.clone(), link);
                let lines = Lines::of(site, number, catalogue, seen);
                rig.play(bus, lines, &wires(site), setup, &field)?;
            } else {
                rig.open(number, bus, setup, &field).await?;
            }
        }
        let Opened { buses, ports, links, mut tasks, listener } = rig;
        let address = setup.control.or_else(|| setup.bind.map(|bind| (bind.ip(), 0).into()));
        let address =
            address.or_else(|| CONTROL.parse().ok()).unwrap_or(([127, 0, 0, 1], 0).into());
        let desk_door = listen("control", address).await?;
        let control = local(&desk_door, address)?;
        let desk = control::Desk::new(links, field.clone(), world.clone());
        tasks.spawn(control::serve(desk_door, desk.clone()));
        let inputs = Inputs::new(catalogue);
        let outputs = Outputs::new(catalogue);
        let clock = clock::Clock::start(field.clone(), world, inputs, outputs, setup.speed);
        let (_tasks, _clock) = (tasks, clock);
        Ok(Rig { buses, ports, control, desk, field, _tasks, _clock, listener })
    }
}

impl Rig {
    /// Does what one line to the control endpoint would do.
    ///
    /// # Errors
    /// When there is nothing of the kind: in words.
    pub fn obey(&self, line: &str) -> Result<(), String> {
        self.desk.obey(line)
    }

    /// The controller's power is gone: the outputs of its header let go. On pins that is seen, and not believed.
    pub fn go_dark(&self) {
        if self.listener.is_none() {
            self.desk.go_dark();
        }
    }

    /// What the lines of the header did, from a place in that list on.
    #[must_use]
    pub fn edges(&self, from: usize) -> Vec<Edge> {
        let state = self.field.state();
        state.lines.as_ref().map_or_else(Vec::new, |lines| lines.edges.since(from).to_vec())
    }

    /// Edges that nobody saw, or that there was no room for.
    #[must_use]
    pub fn edges_lost(&self) -> u64 {
        self.field.state().lines.as_ref().map_or(0, |lines| lines.edges.lost())
    }

    /// Whether the controller drives a line high, as the field sees it.
    #[must_use]
    pub fn is_driven(&self, line: u8) -> bool {
        self.field.state().lines.as_ref().is_some_and(|lines| lines.is_driven(line))
    }

    /// Whether the world has a contact closed, whatever is done to its wire.
    #[must_use]
    pub fn is_closed(&self, line: u8) -> bool {
        self.field.state().lines.as_ref().is_some_and(|lines| lines.is_closed(line))
    }

    /// Shorts a line, or mends it.
    pub fn short(&self, line: u8, short: Short) {
        if let Some(lines) = &mut self.field.state().lines {
            lines.short(line, short);
        }
    }

    /// Closes a stroke contact once.
    pub fn stroke(&self, line: u8) {
        if let Some(lines) = &mut self.field.state().lines {
            lines.stroke(line);
        }
    }

    /// Requests so far for each device, by its name.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, u64> {
        let state = self.field.state();
        state.devices.iter().map(|device| (device.name.clone(), device.asked)).collect()
    }

    /// What else was on a bus of the site, by its place.
    #[must_use]
    pub fn traffic(&self, bus: usize) -> Traffic {
        self.field.state().traffic.get(&bus).cloned().unwrap_or_default()
    }

    /// Why its pins play no more.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.field.state().trouble.clone()
    }
}

/// What came over a bus beside requests for its devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Units that were asked and are not there.
    pub strangers: BTreeSet<u8>,
    /// Bytes that were no whole request.
    pub nonsense: u64,
}

/// What has been opened so far.
#[derive(Default)]
struct Opened {
    buses: Vec<(String, SocketAddr)>,
    ports: Vec<(String, String)>,
    links: BTreeMap<String, watch::Sender<Link>>,
    tasks: JoinSet<()>,
    listener: Option<pins::Listener>,
}

impl Opened {
    /// The field has these lines from now on: strokes close their contacts, and each edge is written down.
    fn own(&mut self, lines: Lines, field: &Arc<Field>) {
        lines.close_contacts(&mut self.tasks);
        let link = lines.link();
        field.state().lines = Some(lines);
        self.tasks.spawn(lines::record(field.clone(), link));
    }

    /// Plays the lines of a header.
    fn play(
        &mut self,
        bus: &Bus,
        lines: Lines,
        wires: &[Wire],
        setup: &Setup,
        field: &Arc<Field>,
    ) -> Result<(), RigError> {
        let no_lines = || RigError::NoLines { bus: bus.name.clone() };
        let played = setup.lines.as_ref().ok_or_else(no_lines)?;
        if setup.speed > 1 {
            return Err(RigError::Haste);
        }
        let link = lines.link();
        match played {
            Played::Socket(path) => {
                let socket = Socket::open(path).map_err(|source| RigError::Lines {
                    path: path.display().to_string(),
                    source,
                })?;
                self.own(lines, field);
                self.tasks.spawn(lines::serve(socket, field.clone(), link));
            }
            Played::Pins(wiring) => {
                let pins = chip::open(wires, wiring).map_err(|why| RigError::Pins { why })?;
                self.own(lines, field);
                self.listener = Some(pins::play(pins, wiring, field, link, &mut self.tasks));
            }
        }
        Ok(())
    }

    async fn open(
        &mut self,
        number: usize,
        bus: &Bus,
        setup: &Setup,
        field: &Arc<Field>,
    ) -> Result<(), RigError> {
        let (link, seen) = watch::channel(Link::Up);
        self.links.insert(bus.name.clone(), link);
        let served =
            || Served { bus: number, baud: bus.baud, field: field.clone(), link: seen.clone() };
        if let Some((name, end)) = setup.serial.iter().find(|(name, _)| *name == bus.name) {
            let (port, path) = end.open(bus).map_err(|why| {
                let port = match end {
                    End::Port(path) => path.clone(),
                    End::Pty => "(pty)".into(),
                };
                RigError::Serial { bus: name.clone(), port, why }
            })?;
            self.ports.extend(path.map(|path| (name.clone(), path)));
            self.tasks.spawn(serial::serve_port(port, served()));
            return Ok(());
        }
        let is_rtu = match &bus.kind {
            BusKind::Tcp { .. } | BusKind::Gpio { .. } => false,
            BusKind::RtuOverTcp { .. } => true,
            BusKind::Rtu { .. } => return Err(RigError::NoEnd { bus: bus.name.clone() }),
        };
        let address = match setup.bind {
            Some(bind) => bind,
            None => {
                let mut address = resolve(&bus.name, bus.kind.place()).await?;
                setup.interface.into_iter().for_each(|interface| address.set_ip(interface));
                address
            }
        };
        let listener = listen(&format!("bus {}", bus.name), address).await?;
        self.buses.push((bus.name.clone(), local(&listener, address)?));
        if is_rtu {
            self.tasks.spawn(serial::serve_tcp(listener, served()));
        } else {
            self.tasks.spawn(server::serve(listener, number, field.clone(), seen));
        }
        Ok(())
    }
}

async fn resolve(bus: &str, address: &str) -> Result<SocketAddr, RigError> {
    let refuse = |source| RigError::Address { bus: bus.into(), address: address.into(), source };
    let mut found = lookup_host(address).await.map_err(refuse)?;
    found.next().ok_or_else(|| refuse(io::ErrorKind::NotFound.into()))
}

async fn listen(what: &str, address: SocketAddr) -> Result<TcpListener, RigError> {
    let refuse = |source| RigError::Listen { what: what.into(), address, source };
    TcpListener::bind(address).await.map_err(refuse)
}

fn local(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, RigError> {
    let refuse = |source| RigError::Listen { what: "itself".into(), address, source };
    listener.local_addr().map_err(refuse)
}

/// All devices, and the plant time they live in.
#[derive(Debug)]
struct Field(Mutex<State>);

#[derive(Debug)]
struct State {
    devices: Vec<Device>,
    /// Of the header, where it is played as lines.
    lines: Option<Lines>,
    /// By place of the bus.
    traffic: BTreeMap<usize, Traffic>,
    /// Why its pins play no more.
    trouble: Option<String>,
    now: Moment,
}

impl Field {
    fn new(devices: Vec<Device>) -> Field {
        let (lines, traffic, trouble) = (None, BTreeMap::new(), None);
        Field(Mutex::new(State { devices, lines, traffic, trouble, now: Moment(0) }))
    }

    /// Its pins cannot be worked any more: nobody takes what stands there for what is so.
    fn fail(&self, why: String) {
        self.state().trouble.get_or_insert(why);
    }

    /// Whatever panicked while it held the lock left whole devices behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of a request for a unit of a bus; `None`: silence.
    fn respond(&self, bus: usize, unit: u8, pdu: &[u8]) -> Option<Answer> {
        let mut state = self.state();
        let now = state.now;
        let mut devices = state.devices.iter_mut();
        let Some(device) = devices.find(|device| (device.bus, device.unit) == (bus, unit)) else {
            state.traffic.entry(bus).or_default().strangers.insert(unit);
            return None;
        };
        device.asked += 1;
        device.respond(pdu, now)
    }

    /// What all outputs ask of the plant now.
    fn drive(&self, outputs: &mut Outputs) {
        let mut state = self.state();
        let now = state.now;
        state.devices.iter_mut().for_each(|device| device.drive(now, outputs));
        if let Some(lines) = &mut state.lines {
            lines.drive(outputs);
        }
    }

    /// What the instruments read after a step.
    fn show(&self, inputs: &Inputs, now: Moment) {
        let mut state = self.state();
        state.now = now;
        state.devices.iter_mut().for_each(|device| device.show(inputs, now));
        if let Some(lines) = &mut state.lines {
            lines.show(inputs, now);
        }
    }
}
