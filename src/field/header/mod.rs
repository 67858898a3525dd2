//! The 40-pin header of the machine itself: contacts, permits, K0 request, heartbeat, dosing strokes (`docs/spec/plant.md`
//! 1.5). It carries what must work when every bus is dead.
//!
//! ```text
//! scan thread --outputs--> Wanted --> keeper: a thread that looks every 2 ms --> Held --> Lines: rppal, gpiocdev
//!             <--readings-- Image <--  contacts without bounces, counts, pulses
//! ```
//!
//! One thread has all lines, so one thing is proven by the heartbeat: an edge needs a completed scan, and a keeper that took
//! its outputs to the lines. When no scan has left outputs for 1 s, every output goes off and the heartbeat stops; when the
//! keeper hangs or dies, the heartbeat stops. Then KWD-900 opens K0.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::Builder;

use config::LineDriver;
use tokio::sync::watch;

use super::image::{Image, Wanted};
use crate::machine;

mod broadcom;
mod chardev;
mod contact;
mod held;
mod keeper;
mod lines;
mod plan;
mod pulses;
mod remote;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use held::Held;
use keeper::Keeper;
pub use lines::{Level, LineError, Lines, Pull, Wires};
pub(super) use plan::Plan;

/// Opens the lines of this machine's header: inputs pulled, outputs low. With `simulated`, a Unix socket at which another
/// program plays them, nothing on the header is touched.
pub fn open(
    driver: &LineDriver,
    wires: &Wires,
    simulated: Option<&Path>,
) -> Result<Box<dyn Lines>, LineError> {
    Ok(match (simulated, driver) {
        (Some(socket), _) => {
            tracing::warn!(socket = %socket.display(), "the header's lines are simulated: nothing that is wired to it moves");
            Box::new(remote::Remote::open(wires, socket)?)
        }
        (None, LineDriver::Rppal) => Box::new(broadcom::Broadcom::open(wires)?),
        (None, LineDriver::Gpiocdev { chip }) => {
            Box::new(chardev::Chardev::open(wires, chip.as_deref())?)
        }
    })
}

/// Starts the thread that keeps the lines. `ends` is dropped when it has ended and every output is off.
pub(super) fn start(
    plan: Plan,
    lines: Box<dyn Lines>,
    image: Arc<Image>,
    wanted: Arc<Wanted>,
    stopped: watch::Receiver<bool>,
    ends: Sender<()>,
) -> std::io::Result<()> {
    // Off before the thread begins, and off if it never does.
    let held = Held::new(lines, &plan.wires().outputs);
    let keeper = Keeper::new(plan, held, image, wanted);
    Builder::new().name("header".into()).spawn(move || {
        // The scan thread asks for the same and says what was refused.
        drop(machine::be_punctual());
        keeper.keep(&stopped);
        drop(ends);
    })?;
    Ok(())
}
