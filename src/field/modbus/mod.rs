//! Modbus: the buses of a site that speak it, polled and written from outside the scan thread.
//!
//! `connection` owns a socket and trusts no late or short answer; `plan` works out what a bus has to carry; `bus` does it.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::watch;

use super::image::{Image, Wanted};

#[cfg(test)]
mod bench;
mod bus;
mod connection;
#[cfg(test)]
mod connection_tests;
mod doubt;
mod frame;
mod hand;
mod line;
#[cfg(test)]
mod nasty;
#[cfg(test)]
mod nasty_rtu;
mod plan;
#[cfg(test)]
mod rig_tests;
mod rtu;
#[cfg(test)]
mod rtu_tests;
mod state;
mod tcp;
#[cfg(test)]
mod tests;
mod way;
mod wire;

use bus::Bus;
pub(super) use connection::Counters;
pub use connection::Failure;
use connection::{Connection, keep};
pub use hand::{Hand, Refused};
pub use plan::Function;
pub(super) use plan::Plan;
pub(super) use state::Pace;
pub use tokio_modbus::ExceptionCode;
pub use way::Way;

/// Starts a bus on the runtime it is called in; what happens on it is counted. `ends` is dropped when the bus has ended.
pub(super) fn start(
    plan: Plan,
    image: Arc<Image>,
    wanted: Arc<Wanted>,
    pace: Pace,
    stopped: watch::Receiver<bool>,
    ends: Sender<()>,
) -> Arc<Counters> {
    let connection = Connection::open(plan.way.clone(), pace.speed);
    let counted = connection.counters.clone();
    let plan = Arc::new(plan);
    tokio::spawn(async move {
        let counters = connection.counters.clone();
        let bus = || {
            let (plan, connection, image) = (plan.clone(), connection.clone(), image.clone());
            Bus::new(plan, connection, image, wanted.clone(), pace, stopped.clone()).run()
        };
        keep(bus, &counters.panics).await;
        drop(ends);
    });
    counted
}
