//! Modbus: the buses of a site, polled and written from outside the scan thread.
//!
//! `connection` owns a socket and trusts no late or short answer; `plan` works out what a bus has to carry; `bus` does it;
//! `image` is what lies between the buses and the scan thread. [`ModbusField`] is the scan thread's side.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use config::Site;
use plc::image::{Inputs, Outputs};
use plc::signal::{Fault, Moment, Quality, Reading};
use plc::tag::Catalogue;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::Field;

#[cfg(test)]
mod bench;
mod bus;
mod connection;
#[cfg(test)]
mod connection_tests;
mod doubt;
mod frame;
mod hand;
mod image;
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
pub use connection::Failure;
use connection::{Connection, keep};
pub use hand::{Hand, Refused};
use image::{Image, NOTHING, Taken, Wanted};
use plan::Plan;
pub use plan::{Function, Unbound};
use state::Pace;
pub use tokio_modbus::ExceptionCode;
pub use way::Way;

/// Longest wait for the buses to switch their outputs off: one request that is under way and each bus's own limit.
const STOP_MAX: Duration = Duration::from_secs(3);

/// The field of a site with buses.
#[derive(Debug)]
pub struct ModbusField {
    wanted: Arc<Wanted>,
    images: Box<[Arc<Image>]>,
    sides: Box<[Side]>,
    speed: f64,
    /// Input slots that this site does not have.
    absent: Box<[usize]>,
    stop: watch::Sender<bool>,
    /// Closed when the last bus has ended.
    ended: Receiver<()>,
}

/// The scan thread's copy of one bus.
#[derive(Debug)]
struct Side {
    name: String,
    /// Input slots of the plant.
    slots: Box<[usize]>,
    taken: Box<[Taken]>,
    readings: Box<[Reading]>,
}

impl ModbusField {
    /// Starts the buses of a site on a runtime. `speed` is plant seconds a second.
    pub fn start(
        site: &Site,
        catalogue: &Catalogue,
        speed: u32,
        runtime: &Handle,
    ) -> Result<ModbusField, Unbound> {
        // Connections and buses are started from here.
        let _inside = runtime.enter();
        let speed = f64::from(speed.max(1));
        let wanted = Arc::new(Wanted::new(catalogue.outputs));
        let (stop, stopped) = watch::channel(false);
        let (ends, ended) = channel();
        let (mut images, mut sides) = (Vec::new(), Vec::new());
        for plan in Plan::of(site, catalogue)? {
            let writes = || plan.devices.iter().flat_map(|device| &device.writes);
            let outputs = writes().flat_map(|write| &write.points);
            let image = Arc::new(Image::new(
                plan.inputs.len(),
                outputs.clone().map(|point| point.slot).collect(),
                outputs.clone().any(|point| point.beats),
            ));
            sides.push(Side {
                name: plan.bus.clone(),
                slots: plan.inputs.clone().into_boxed_slice(),
                taken: vec![NOTHING; plan.inputs.len()].into_boxed_slice(),
                readings: vec![Reading::default(); plan.inputs.len()].into_boxed_slice(),
            });
            images.push(image.clone());
            let connection = Connection::open(plan.way.clone(), speed);
            let plan = Arc::new(plan);
            let (wanted, stopped, ends) = (wanted.clone(), stopped.clone(), ends.clone());
            let pace = Pace { speed, period: site.period };
            runtime.spawn(async move {
                let counters = connection.counters.clone();
                let bus = || {
                    let (plan, connection, image) =
                        (plan.clone(), connection.clone(), image.clone());
                    Bus::new(plan, connection, image, wanted.clone(), pace, stopped.clone()).run()
                };
                keep(bus, &counters.panics).await;
                drop(ends);
            });
        }
        let absent = site.absent.iter().filter_map(|path| catalogue.input_slot(path)).collect();
        let (images, sides) = (images.into_boxed_slice(), sides.into_boxed_slice());
        Ok(ModbusField { wanted, images, sides, speed, absent, stop, ended })
    }
}

impl Field for ModbusField {
    /// The newest readings into the image of the scan that begins at `now`. A bus that is just putting down an answer is
    /// read at the next scan.
    fn read(&mut self, inputs: &mut Inputs, now: Moment) {
        let instant = tokio::time::Instant::now();
        for (side, image) in self.sides.iter_mut().zip(&self.images) {
            if let Some(mut taken) = image.taken.try_lock() {
                for ((old, new), reading) in
                    side.taken.iter_mut().zip(taken.iter_mut()).zip(&mut side.readings)
                {
                    let new = new.take();
                    // One measurement keeps one time, however often it is looked at.
                    if *old != new
                        && let Some(at) = new.at
                    {
                        let age = instant.saturating_duration_since(at).mul_f64(self.speed);
                        let age = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
                        let taken = Moment(now.0.saturating_sub(age)).max(reading.taken);
                        *old = new;
                        *reading = Reading { value: new.value, quality: new.quality, taken };
                    }
                }
            }
            for (slot, reading) in side.slots.iter().zip(&side.readings) {
                if let Some(place) = inputs.readings.get_mut(*slot) {
                    *place = *reading;
                }
            }
        }
        for slot in &self.absent {
            if let Some(place) = inputs.readings.get_mut(*slot) {
                *place =
                    Reading { quality: Quality::Bad(Fault::NotFitted), taken: now, value: 0.0 };
            }
        }
    }

    /// Leaves a scan's outputs for the buses.
    fn write(&mut self, outputs: &Outputs, _now: Moment) {
        self.wanted.write(outputs, &self.images);
    }

    fn is_real(&self) -> bool {
        true
    }

    fn bus_answers(&self, bus: char) -> Option<bool> {
        let side = self.sides.iter().position(|side| side.name.chars().eq([bus]))?;
        self.images.get(side).map(|image| image.answers.load(Ordering::Relaxed))
    }

    fn drives_verified(&self) -> bool {
        self.images.iter().all(|image| image.guarded.load(Ordering::Relaxed))
    }

    /// Switches all outputs off once and ends, within 3 s. For a plain thread: it waits.
    fn stop(&mut self) {
        self.stop.send_replace(true);
        let deadline = Instant::now() + STOP_MAX;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.ended.recv_timeout(left) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl Drop for ModbusField {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        // A worker of the runtime must not wait for the others.
        if Handle::try_current().is_err() {
            self.stop();
        }
    }
}
