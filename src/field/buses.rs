//! The field of a site with buses: each is polled and written from outside the scan thread, by a task for Modbus, by a
//! thread of its own for the machine's header. `image` is what lies between them and the scan thread; this is the scan
//! thread's side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use config::{LineDriver, Site};
use plc::image::{Inputs, Outputs};
use plc::signal::{Fault, Moment, Quality, Reading};
use plc::tag::Catalogue;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::header::{self, LineError, Lines, Wires};
use super::image::{Image, NOTHING, Taken, Wanted};
use super::modbus;
use super::{Field, Traffic};

/// Longest wait for the buses to switch their outputs off: one request that is under way and each bus's own limit.
const STOP_MAX: Duration = Duration::from_secs(3);
/// A bus's load is that of so long. Chosen: ten polls of most points, and short enough to see a fault come.
const LOAD_WINDOW: Duration = Duration::from_secs(10);

/// The field of a site with buses.
#[derive(Debug)]
pub struct BusField {
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
    /// Of a bus that speaks Modbus.
    meter: Option<Meter>,
}

/// How busy a bus is.
#[derive(Debug)]
struct Meter {
    counters: Arc<modbus::Counters>,
    /// When this window began, and how busy the bus had been by then, microseconds.
    since: tokio::time::Instant,
    before: u64,
    /// Of the last whole window, 0 to 1.
    load: Option<f64>,
}

impl Meter {
    fn new(counters: Arc<modbus::Counters>) -> Meter {
        Meter { counters, since: tokio::time::Instant::now(), before: 0, load: None }
    }

    /// `speed` is plant seconds a second: a window is plant time.
    fn look(&mut self, now: tokio::time::Instant, speed: f64) {
        let window = now.saturating_duration_since(self.since);
        if window >= LOAD_WINDOW.div_f64(speed) {
            let busy = self.counters.busy.load(Ordering::Relaxed);
            let spent = Duration::from_micros(busy.saturating_sub(self.before));
            // A request that was long on its way counts in the window in which it ended.
            self.load = Some(spent.div_duration_f64(window).min(1.0));
            (self.since, self.before) = (now, busy);
        }
    }

    fn traffic(&self) -> Traffic {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Traffic {
            load: self.load,
            timeouts: number(&counters.silences) + number(&counters.refusals),
            exceptions: number(&counters.exceptions),
            broken: number(&counters.garbles)
                + number(&counters.misfits)
                + number(&counters.losses),
        }
    }
}

/// A site that binds a point the plant does not have.
#[derive(Debug, thiserror::Error)]
#[error("{path} is bound to a device, but the plant has no such point")]
pub struct Unbound {
    pub path: String,
}

/// Why the field does not start.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    #[error(transparent)]
    Unbound(#[from] Unbound),
    #[error("bus {bus}: {source}")]
    Lines { bus: String, source: LineError },
    #[error("bus {bus}: the thread of the header cannot be started: {source}")]
    Thread { bus: String, source: std::io::Error },
}

impl BusField {
    /// Starts the buses of a site on a runtime. `speed` is plant seconds a second.
    pub fn start(
        site: &Site,
        catalogue: &Catalogue,
        speed: u32,
        runtime: &Handle,
    ) -> Result<BusField, FieldError> {
        let open = |driver: &LineDriver, wires: &Wires| header::open(driver, wires, None);
        BusField::start_on(site, catalogue, speed, runtime, open)
    }

    /// The same, with something that opens the lines of the header.
    pub fn start_on(
        site: &Site,
        catalogue: &Catalogue,
        speed: u32,
        runtime: &Handle,
        open: impl FnOnce(&LineDriver, &Wires) -> Result<Box<dyn Lines>, LineError>,
    ) -> Result<BusField, FieldError> {
        // Connections and buses are started from here.
        let _inside = runtime.enter();
        let speed = f64::from(speed.max(1));
        let wanted = Arc::new(Wanted::new(catalogue.outputs));
        let (stop, stopped) = watch::channel(false);
        let (ends, ended) = channel();
        let mut carried = Carried::default();
        let plans = modbus::Plan::of(site, catalogue)?;
        // First, since it alone may be refused.
        if let Some(plan) = header::Plan::of(site, catalogue)? {
            let bus = plan.bus.clone();
            let lines = open(&plan.driver, &plan.wires());
            let lines = lines.map_err(|source| FieldError::Lines { bus: bus.clone(), source })?;
            let image = Image::new(plan.inputs.len(), plan.output_slots(), false);
            let image = carried.bus(&bus, &plan.inputs, image);
            let lines =
                header::start(plan, lines, image, wanted.clone(), stopped.clone(), ends.clone());
            lines.map_err(|source| FieldError::Thread { bus, source })?;
        }
        let pace = modbus::Pace { speed, period: site.period };
        for plan in plans {
            let image = Image::new(plan.inputs.len(), plan.output_slots(), plan.beats());
            let image = carried.bus(&plan.bus, &plan.inputs, image);
            let counters =
                modbus::start(plan, image, wanted.clone(), pace, stopped.clone(), ends.clone());
            carried.counts(counters);
        }
        let absent = site.absent.iter().filter_map(|path| catalogue.input_slot(path)).collect();
        let (images, sides) = (carried.images.into(), carried.sides.into());
        Ok(BusField { wanted, images, sides, speed, absent, stop, ended })
    }

    /// Place of a bus.
    fn side(&self, bus: char) -> Option<usize> {
        self.sides.iter().position(|side| side.name.chars().eq([bus]))
    }
}

/// Both ends of every bus so far.
#[derive(Default)]
struct Carried {
    images: Vec<Arc<Image>>,
    sides: Vec<Side>,
}

impl Carried {
    fn bus(&mut self, name: &str, inputs: &[usize], image: Image) -> Arc<Image> {
        self.sides.push(Side {
            name: name.to_owned(),
            slots: inputs.into(),
            taken: vec![NOTHING; inputs.len()].into_boxed_slice(),
            readings: vec![Reading::default(); inputs.len()].into_boxed_slice(),
            meter: None,
        });
        let image = Arc::new(image);
        self.images.push(image.clone());
        image
    }

    /// Where the last bus counts.
    fn counts(&mut self, counters: Arc<modbus::Counters>) {
        if let Some(side) = self.sides.last_mut() {
            side.meter = Some(Meter::new(counters));
        }
    }
}

impl Field for BusField {
    /// The newest readings into the image of the scan that begins at `now`. A bus that is just putting down an answer is
    /// read at the next scan.
    fn read(&mut self, inputs: &mut Inputs, now: Moment) {
        let instant = tokio::time::Instant::now();
        for (side, image) in self.sides.iter_mut().zip(&self.images) {
            side.meter.iter_mut().for_each(|meter| meter.look(instant, self.speed));
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
        self.wanted.write(outputs, &self.images, tokio::time::Instant::now());
    }

    fn is_real(&self) -> bool {
        true
    }

    fn bus_answers(&self, bus: char) -> Option<bool> {
        self.images.get(self.side(bus)?).map(|image| image.answers.load(Ordering::Relaxed))
    }

    fn traffic(&self, bus: char) -> Option<Traffic> {
        self.sides.get(self.side(bus)?)?.meter.as_ref().map(Meter::traffic)
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

impl Drop for BusField {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        // A worker of the runtime must not wait for the others.
        if Handle::try_current().is_err() {
            self.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_as_busy_as_its_last_window_was() {
        let counters = Arc::new(modbus::Counters::default());
        let mut meter = Meter::new(counters.clone());
        let begin = meter.since;
        let mut after = |seconds, busy_s: u64| {
            counters.busy.store(busy_s * 1_000_000, Ordering::Relaxed);
            meter.look(begin + Duration::from_secs(seconds), 1.0);
            meter.traffic().load
        };
        assert_eq!(after(9, 2), None, "not yet");
        assert_eq!(after(10, 3), Some(0.3));
        assert_eq!(after(19, 9), Some(0.3), "until the next is over");
        assert_eq!(after(20, 12), Some(0.9));
        assert_eq!(after(30, 99), Some(1.0), "a request that began long ago");
    }
}
