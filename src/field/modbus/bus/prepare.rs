//! What a device needs before anything is switched on at it: its own communication time-out set and read back, or its
//! measurement started (`docs/spec/plant.md` 1.6).

use std::sync::atomic::Ordering;

use tokio::time::Instant;
use tokio_modbus::Request;
use tracing::warn;

use super::super::connection::{Answer, Failure};
use super::{Bus, REST, RETRY, lasts};

impl Bus {
    /// One that does not answer is switched on by nobody, and keeps the others from nothing.
    pub(super) fn tell_guarded(&self) {
        let guarded = self.devices.iter().all(|device| device.guarded || device.failed);
        self.image.guarded.store(guarded, Ordering::Relaxed);
    }

    /// Starts a device's measurement. One that refuses the register for good may measure by itself; one that is busy, or a gateway
    /// that does not reach it, is asked again.
    async fn start(&mut self, device: usize, starts: u16) {
        let outcome = self.ask(device, Request::ReadHoldingRegisters(starts, 1)).await;
        let state = &mut self.devices[device];
        state.guarded = match &outcome {
            Ok(_) => true,
            Err(Failure::Exception(exception)) => lasts(*exception),
            Err(_) => false,
        };
        state.guard_due = match outcome {
            Err(Failure::Unsettled { until }) => until,
            Ok(_) | Err(_) => Instant::now() + self.pace.real(RETRY),
        };
        self.tell_guarded();
    }

    /// Sets a device's communication time-out and reads it back.
    pub(super) async fn guard(&mut self, device: usize) {
        let plan = &self.plan.devices[device];
        let (watchdog, starts) = (plan.watchdog, plan.starts);
        let Some(watchdog) = watchdog else {
            if let Some(starts) = starts {
                self.start(device, starts).await;
            }
            return;
        };
        let write = Request::WriteSingleRegister(watchdog.address, watchdog.value);
        let mut outcome = self.ask(device, write).await;
        if outcome.is_ok() {
            outcome = self.ask(device, Request::ReadHoldingRegisters(watchdog.verify, 1)).await;
        }
        let state = &mut self.devices[device];
        state.guarded = outcome == Ok(Answer::Words(vec![watchdog.value]));
        if let Err(Failure::Unsettled { until }) = outcome {
            state.guard_due = until;
        } else if !state.guarded && state.silences == 0 {
            state.guard_due = Instant::now() + self.pace.real(REST);
            let name = &self.plan.devices[device].name;
            warn!(device = name, ?outcome, "watchdog not set: nothing is switched on");
        }
        self.tell_guarded();
    }
}
