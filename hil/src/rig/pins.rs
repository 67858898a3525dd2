//! The header's lines on pins of the bench machine, wired crosswise: what the controller drives is sensed here with the
//! kernel's time, and each contact is a switch that pulls its line one way or lets it go.
//!
//! ```text
//! controller's output 17 ---1 kΩ---> a pin that senses --edges--> lines --> the world
//! controller's input 4  <---1 kΩ---- a pin that pulls or lets go <-- lines <-- the world
//! ```
//!
//! A contact that is open, a wire that is broken and a ribbon that is out are the same here as at a plant: nothing drives the
//! line, and the controller's own pull says what it reads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Field;
use super::edges::now;
use super::lines::Levels;
use super::server::Link;

/// How the lines of a header end at a bench machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crosswise {
    /// Label or path of the bench's chip.
    pub chip: String,
    /// The bench's own line for each of the controller's.
    pub at: BTreeMap<u8, u32>,
}

/// A pin changed its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinEdge {
    pub pin: u32,
    pub is_high: bool,
    /// Of the kernel, as [`now`].
    pub at: Duration,
    /// Edges before it that nobody took in time.
    pub missed: u32,
}

/// Pins that the controller drives.
pub trait Sense: Send {
    /// Each with its level.
    fn levels(&mut self) -> Result<Vec<(u32, bool)>, String>;
    /// The next edge; `None`: there was none in this time.
    fn edge(&mut self, within: Duration) -> Result<Option<PinEdge>, String>;
}

/// Pins that the controller reads.
pub trait Drive: Send {
    /// Brings one to a level; the one that its contact has when open by letting it go.
    fn set(&mut self, pin: u32, is_high: bool) -> Result<(), String>;
}

/// Both kinds of pins.
pub struct Pins {
    pub sense: Box<dyn Sense>,
    pub drive: Box<dyn Drive>,
}

/// Without an edge it is looked this often whether the rig has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Listens to what the controller drives until dropped; then its pins are free again.
#[derive(Debug)]
pub struct Listener {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It looks every tenth of a second; a panic in it has already been printed.
            let _ = thread.join();
        }
    }
}

/// Plays a field's lines on pins.
pub fn play(
    pins: Pins,
    wiring: &Crosswise,
    field: &Arc<Field>,
    link: watch::Receiver<Link>,
    tasks: &mut JoinSet<()>,
) -> Listener {
    let Pins { sense, drive } = pins;
    if let Some((levels, inputs)) = field
        .state()
        .lines
        .as_ref()
        .map(|lines| (lines.levels.subscribe(), lines.inputs().collect::<Vec<_>>()))
    {
        let at =
            inputs.iter().filter_map(|(line, pull)| Some((*line, *pull, *wiring.at.get(line)?)));
        tasks.spawn(show(drive, at.collect(), field.clone(), levels, link));
    }
    let lines = wiring.at.iter().map(|(line, pin)| (*pin, *line)).collect();
    let (stop, field) = (Arc::new(AtomicBool::new(false)), field.clone());
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || {
        if let Err(why) = listen(sense, &lines, &field, &stopped) {
            field.fail(why);
        }
    });
    Listener { stop, thread: Some(thread) }
}

fn listen(
    mut sense: Box<dyn Sense>,
    lines: &BTreeMap<u32, u8>,
    field: &Field,
    stopped: &AtomicBool,
) -> Result<(), String> {
    let set = |pin: u32, is_high: bool, at: Duration, missed: u32| {
        if let (Some(line), Some(all)) = (lines.get(&pin), &mut field.state().lines) {
            all.edges.lose(missed.into());
            all.set(*line, is_high, at);
        }
    };
    let mut is_known = false;
    while !stopped.load(Ordering::Relaxed) {
        if !std::mem::replace(&mut is_known, true) {
            for (pin, is_high) in sense.levels()? {
                set(pin, is_high, now(), 0);
            }
        }
        if let Some(edge) = sense.edge(LOOK)? {
            set(edge.pin, edge.is_high, edge.at, edge.missed);
            is_known = edge.missed == 0;
        }
    }
    Ok(())
}

/// Shows the contacts, with what is done to wires and ribbon.
async fn show(
    mut drive: Box<dyn Drive>,
    inputs: Vec<(u8, bool, u32)>,
    field: Arc<Field>,
    mut levels: watch::Receiver<Levels>,
    mut link: watch::Receiver<Link>,
) {
    let mut shown: BTreeMap<u8, bool> = BTreeMap::new();
    loop {
        let (now_linked, seen) = (*link.borrow_and_update(), *levels.borrow_and_update());
        for (line, pull, pin) in &inputs {
            let level = seen.shown(*line, *pull, now_linked);
            if shown.insert(*line, level) == Some(level) {
                continue;
            }
            if let Err(why) = drive.set(*pin, level) {
                return field.fail(why);
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
