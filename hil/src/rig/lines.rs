//! The header's lines of a site; and the far end of `sweetspring run --simulated-lines SOCKET`. On real pins: `pins`.
//!
//! ```text
//! controller --`out 17 1`--> levels of the outputs, edges counted --step--> the world
//!            <--`in 4 1`---- levels of the inputs <--------------step-- the world
//! ```
//!
//! Inputs follow the contacts as the site wires them (`docs/spec/plant.md` 1.5): an inverted one is low while closed, and a
//! wire that is broken reads as it is pulled, open. A dosing pump makes a stroke for each rising edge, and its contact closes
//! for each stroke it confirms. When the controller dies its outputs stand as they stood; a watchdog relay is the world's.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::{Binding, Direction, Duty, Site};
use plc::image::{Inputs, Outputs};
use plc::signal::{Moment, Quality};
use plc::tag::Catalogue;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::edges::{Edge, Edges, now};
use super::server::Link;
use super::{Field, STEP};

/// A stroke of a dosing pump takes so long: 3 Hz are its fastest (`docs/spec/plant.md` 1.5).
const STROKE_S: f64 = 1.0 / 3.0;
/// Strokes a pump still makes of pulses that came faster.
const OWED_MAX: f64 = 2.0;
/// How long a stroke contact is closed, and then open at least. Chosen: longer than any bounce that the controller waits for.
const CLOSED: Duration = Duration::from_millis(40);
/// A line of the protocol is shorter.
const LINE_MAX: u64 = 64;
/// Lines of a Raspberry Pi's header are GPIO 0 to 27.
pub const LINE_COUNT: u8 = 28;

/// Where a contact is.
#[derive(Debug)]
struct Contact {
    line: u8,
    slot: usize,
    /// Closed is low, and the line is pulled up.
    is_inverted: bool,
}

/// A stroke contact.
#[derive(Debug)]
struct Count {
    at: Contact,
    /// Closings as the world counts them; none seen yet.
    seen: Option<u16>,
    /// Closings to be shown since the start.
    owed: watch::Sender<u64>,
}

/// A dosing pump's pulses.
#[derive(Debug)]
struct Pulses {
    line: u8,
    slot: usize,
    binding: Binding,
    /// Strokes that are due.
    owed: f64,
}

/// What a line is shorted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    Low,
    High,
    Sound,
}

impl Short {
    /// As people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Short::Low => "low",
            Short::High => "high",
            Short::Sound => "sound",
        }
    }
}

/// Levels of the inputs as the contacts make them, and shorts; a bit a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Levels {
    contacts: u32,
    low: u32,
    high: u32,
}

impl Levels {
    fn shorted(self, levels: u32) -> u32 {
        (levels | self.high) & !self.low
    }

    /// Whether the controller finds an input high: where the ribbon is out, as it is pulled.
    pub(super) fn shown(self, line: u8, pull: bool, link: Link) -> bool {
        if link == Link::Up { self.shorted(self.contacts) & bit(line, true) != 0 } else { pull }
    }
}

/// The lines of a header.
#[derive(Debug)]
pub struct Lines {
    /// Name of their bus.
    bus: String,
    contacts: Vec<Contact>,
    counts: Vec<Count>,
    switches: Vec<(u8, usize)>,
    pulses: Vec<Pulses>,
    /// Outputs as they were set last.
    set: u32,
    /// What changed, and when.
    pub(super) edges: Edges,
    pub(super) levels: Arc<watch::Sender<Levels>>,
    link: watch::Receiver<Link>,
}

impl Lines {
    /// The lines of a bus of a site.
    pub fn of(
        site: &Site,
        bus: usize,
        catalogue: &Catalogue,
        link: watch::Receiver<Link>,
    ) -> Lines {
        let mut lines = Lines {
            bus: site.buses[bus].name.clone(),
            contacts: Vec::new(),
            counts: Vec::new(),
            switches: Vec::new(),
            pulses: Vec::new(),
            set: 0,
            edges: Edges::default(),
            levels: Arc::new(watch::Sender::new(Levels::default())),
            link,
        };
        for binding in site.bindings.iter().filter(|one| site.device(one).bus == bus) {
            let register = site.register(binding);
            let slot = match binding.direction {
                Direction::Input => catalogue.input_slot(&binding.path),
                Direction::Output => catalogue.output_slot(&binding.path),
            };
            // The file was checked: what is bound to a header is a point on one of its lines.
            let (Some(slot), Some(duty)) = (slot, Duty::of(register)) else { continue };
            let Ok(line) = u8::try_from(register.address) else { continue };
            let contact = || Contact { line, slot, is_inverted: binding.is_pulled_up() };
            match duty {
                Duty::Contact => lines.contacts.push(contact()),
                Duty::Count => {
                    let owed = watch::Sender::new(0);
                    lines.counts.push(Count { at: contact(), seen: None, owed });
                }
                Duty::Switch => lines.switches.push((line, slot)),
                Duty::Pulses => {
                    lines.pulses.push(Pulses { line, slot, binding: binding.clone(), owed: 0.0 });
                }
            }
        }
        let open = lines.contacts.iter().chain(lines.counts.iter().map(|count| &count.at));
        let open = open.fold(0, |levels, at| levels | bit(at.line, at.is_inverted));
        lines.levels.send_modify(|levels| levels.contacts = open);
        lines
    }

    /// Name of their bus.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// What is done to its ribbon.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Lets the stroke contacts close for each stroke that the world counts.
    pub fn close_contacts(&self, tasks: &mut JoinSet<()>) {
        for count in &self.counts {
            let Contact { line, is_inverted, .. } = count.at;
            let (levels, mut owed) = (self.levels.clone(), count.owed.subscribe());
            let show = move |is_closed: bool| {
                let high = is_closed != is_inverted;
                levels.send_modify(|levels| {
                    levels.contacts = levels.contacts & !bit(line, true) | bit(line, high);
                });
            };
            tasks.spawn(async move {
                let mut shown = 0;
                while owed.wait_for(|owed| *owed > shown).await.is_ok() {
                    shown += 1;
                    show(true);
                    sleep(CLOSED).await;
                    show(false);
                    sleep(CLOSED).await;
                }
            });
        }
    }

    /// A line is shorted, or mended.
    pub fn short(&mut self, line: u8, short: Short) {
        self.levels.send_modify(|levels| {
            levels.low = levels.low & !bit(line, true) | bit(line, short == Short::Low);
            levels.high = levels.high & !bit(line, true) | bit(line, short == Short::High);
        });
    }

    /// The controller's power is gone: its outputs let go and are pulled low.
    pub fn go_dark(&mut self) {
        let at = now();
        (0..LINE_COUNT).for_each(|line| self.set(line, false, at));
    }

    /// Each input, and whether it is pulled up.
    pub fn inputs(&self) -> impl Iterator<Item = (u8, bool)> {
        let counts = self.counts.iter().map(|count| &count.at);
        self.contacts.iter().chain(counts).map(|at| (at.line, at.is_inverted))
    }

    /// Whether an output is high, as the field sees it.
    pub fn is_driven(&self, line: u8) -> bool {
        self.seen() & bit(line, true) != 0
    }

    /// Whether a contact is closed, whatever is done to its wire.
    pub fn is_closed(&self, line: u8) -> bool {
        let is_inverted = self.inputs().any(|(at, is_inverted)| at == line && is_inverted);
        (self.levels.borrow().contacts & bit(line, true) != 0) != is_inverted
    }

    /// Closes a stroke contact once, as if the pump had made a stroke.
    pub fn stroke(&mut self, line: u8) {
        for count in self.counts.iter().filter(|count| count.at.line == line) {
            count.owed.send_modify(|owed| *owed += 1);
        }
    }

    /// Levels of the outputs as the field sees them: nothing drives them against their pull-downs where the ribbon is out.
    fn seen(&self) -> u32 {
        let set = if *self.link.borrow() == Link::Up { self.set } else { 0 };
        self.levels.borrow().shorted(set)
    }

    /// Whether an input is high.
    #[cfg(test)]
    pub fn is_high(&self, line: u8) -> bool {
        let levels = *self.levels.borrow();
        levels.shorted(levels.contacts) & bit(line, true) != 0
    }

    /// The controller sets an output.
    pub(super) fn set(&mut self, line: u8, is_high: bool, at: Duration) {
        let (before, was) = (self.seen(), self.set);
        self.set = self.set & !bit(line, true) | bit(line, is_high);
        if self.set != was {
            self.edges.add(Edge { at, line, is_high });
        }
        let rises = self.seen() & !before;
        for pulses in self.pulses.iter_mut().filter(|one| rises & bit(one.line, true) != 0) {
            pulses.owed = (pulses.owed + 1.0).min(OWED_MAX);
        }
    }

    /// What the outputs ask of the world in its next step.
    pub fn drive(&mut self, outputs: &mut Outputs) {
        let seen = self.seen();
        for (line, slot) in &self.switches {
            if let Some(place) = outputs.values.get_mut(*slot) {
                *place = f64::from(u8::from(seen & bit(*line, true) != 0));
            }
        }
        let seconds = STEP.as_secs_f64();
        for pulses in &mut self.pulses {
            let made = pulses.owed.min(seconds / STROKE_S);
            pulses.owed -= made;
            let rate = pulses.binding.to_point(made * 60.0 / seconds);
            if let Some(place) = outputs.values.get_mut(pulses.slot) {
                *place = rate.unwrap_or_default();
            }
        }
    }

    /// The contacts as they stand after a step.
    pub fn show(&mut self, inputs: &Inputs, now: Moment) {
        let reads = |slot: usize| inputs.readings.get(slot).filter(|one| is_alive(one, now));
        let (mut levels, mut lines) = (0, 0);
        for at in &self.contacts {
            let is_closed = reads(at.slot).is_some_and(|reading| reading.value >= 0.5);
            lines |= bit(at.line, true);
            levels |= bit(at.line, is_closed != at.is_inverted);
        }
        self.levels.send_if_modified(|now| {
            let contacts = now.contacts & !lines | levels;
            std::mem::replace(&mut now.contacts, contacts) != contacts
        });
        for count in &mut self.counts {
            let Some(reading) = reads(count.at.slot) else { continue };
            // A count of a world, 0 to 65 535.
            let counted = reading.value as u16;
            let more = counted.wrapping_sub(count.seen.unwrap_or(counted));
            count.seen = Some(counted);
            if more > 0 {
                count.owed.send_modify(|owed| *owed += u64::from(more));
            }
        }
    }
}

/// A contact that nobody read for this long is none: its wire is out.
const STALE: Duration = Duration::from_secs(5);

fn is_alive(reading: &plc::signal::Reading, now: Moment) -> bool {
    match reading.quality {
        Quality::Good | Quality::Uncertain(_) | Quality::Held(_) => {
            now.since(reading.taken) <= STALE
        }
        Quality::Bad(_) => false,
    }
}

fn bit(line: u8, is_set: bool) -> u32 {
    if is_set { 1_u32.checked_shl(u32::from(line)).unwrap_or(0) } else { 0 }
}

/// A socket that goes with the rig.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Begins to listen; one that an earlier rig left and nobody serves is taken over.
    pub fn open(path: &Path) -> io::Result<Socket> {
        if std::os::unix::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(path)?;
        }
        Ok(Socket { path: path.to_owned(), listener: UnixListener::bind(path)? })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody may have removed it before.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Writes down each edge that the rig makes, whether a controller is there or not, until dropped.
pub async fn record(field: Arc<Field>, mut link: watch::Receiver<Link>) {
    let Some((mut levels, inputs)) = field
        .state()
        .lines
        .as_ref()
        .map(|lines| (lines.levels.subscribe(), lines.inputs().collect::<Vec<(u8, bool)>>()))
    else {
        return;
    };
    let mut shown: BTreeMap<u8, bool> = BTreeMap::new();
    loop {
        let (link_now, seen) = (*link.borrow_and_update(), *levels.borrow_and_update());
        for (line, pull) in &inputs {
            let is_high = seen.shown(*line, *pull, link_now);
            let before = shown.insert(*line, is_high);
            if before.is_some_and(|before| before != is_high)
                && let Some(lines) = &mut field.state().lines
            {
                lines.edges.add(Edge { at: now(), line: *line, is_high });
            }
        }
        let goes_on = tokio::select! {
            changed = levels.changed() => changed,
            changed = link.changed() => changed,
        };
        if goes_on.is_err() {
            return;
        }
    }
}

/// Serves one controller after the other until dropped.
pub async fn serve(socket: Socket, field: Arc<Field>, mut link: watch::Receiver<Link>) {
    let Some(levels) = field.state().lines.as_ref().map(|lines| lines.levels.subscribe()) else {
        return;
    };
    loop {
        if link.wait_for(|link| *link != Link::Down).await.is_err() {
            return;
        }
        let Ok((stream, _)) = socket.listener.accept().await else { continue };
        // It ends with the controller, or with what it says and nobody understands.
        let _ = converse(stream, &field, levels.clone(), link.clone()).await;
    }
}

async fn converse(
    stream: UnixStream,
    field: &Field,
    mut levels: watch::Receiver<Levels>,
    mut link: watch::Receiver<Link>,
) -> io::Result<()> {
    let (heard, mut say) = stream.into_split();
    let mut heard = BufReader::new(heard);
    let mut line = Vec::new();
    // Inputs with their pull, and the level that was told last.
    let mut told: BTreeMap<u8, (bool, bool)> = BTreeMap::new();
    // How the inputs stand was asked for, and not said yet.
    let mut is_asked = false;
    loop {
        let limit = LINE_MAX.saturating_sub(line.len() as u64);
        let mut limited = (&mut heard).take(limit);
        tokio::select! {
            // What was read of a line before another branch is taken stays in `line`.
            read = limited.read_until(b'\n', &mut line) => {
                if read? == 0 || !line.ends_with(b"\n") {
                    return Ok(());
                }
                let words = std::mem::take(&mut line);
                match understood(&words).ok_or(io::ErrorKind::InvalidData)? {
                    Said::Pull(line, pull) => {
                        told.insert(line, (pull, pull));
                    }
                    Said::Begin => is_asked = true,
                    Said::Out(line, level) => {
                        if let Some(lines) = &mut field.state().lines {
                            lines.set(line, level, now());
                        }
                    }
                }
            }
            changed = levels.changed() => changed.map_err(|_| io::ErrorKind::BrokenPipe)?,
            changed = link.changed() => changed.map_err(|_| io::ErrorKind::BrokenPipe)?,
        }
        let link_now = *link.borrow_and_update();
        if link_now == Link::Down {
            return Ok(());
        }
        let seen = *levels.borrow_and_update();
        for (line, (pull, last)) in &mut told {
            let level = seen.shown(*line, *pull, link_now);
            if level != *last {
                *last = level;
                say.write_all(format!("in {line} {}\n", u8::from(level)).as_bytes()).await?;
            }
        }
        if std::mem::take(&mut is_asked) {
            say.write_all(b"ready\n").await?;
        }
    }
}

/// What a controller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Pull(u8, bool),
    Out(u8, bool),
    Begin,
}

fn understood(words: &[u8]) -> Option<Said> {
    let words: Vec<&str> = std::str::from_utf8(words).ok()?.split_whitespace().collect();
    if words == ["begin"] {
        return Some(Said::Begin);
    }
    let [what, line, level] = words[..] else { return None };
    let line = line.parse().ok().filter(|line| *line < LINE_COUNT)?;
    match (what, level) {
        ("pull", "up") => Some(Said::Pull(line, true)),
        ("pull", "down") => Some(Said::Pull(line, false)),
        ("out", "1") => Some(Said::Out(line, true)),
        ("out", "0") => Some(Said::Out(line, false)),
        _ => None,
    }
}
