//! The scan thread: read the field, scan the plant, write the field, publish. Every period, by the boot clock.
//!
//! Deadlines are absolute: one late scan does not delay the next. Here nothing waits, allocates, logs, or holds a lock for
//! longer than a copy. Whatever ends the thread, a stop or a panic, leaves every output off.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use plc::image::{Event, Inputs, Order, Outputs, Snapshot};
use plc::plant::Plant;
use plc::signal::{Fault, Moment, Reading};
use plc::tag::Catalogue;
use tokio::sync::watch;

use crate::exchange::{Exchange, ORDERS_MAX, Wall};
use crate::field::{Field, Traffic};
use crate::machine;
use crate::recorder::{End, Tap};
use crate::watchdog::Pulse;

/// Scans over which lateness is judged: a minute at 100 ms.
const LATENESS_SCANS: usize = 600;
/// Scans between two judgements.
const LATENESS_EVERY: u64 = 10;
/// Plant time that one scan of the embedded twin may stand for: its world waits while we do.
const TWIN_STEP_MAX: Duration = Duration::from_millis(1_000);

/// What is scanned: the plant.
pub trait Core: Send {
    /// One scan.
    fn scan(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) -> &Outputs;
    /// What it sent to the field.
    fn outputs(&self) -> &Outputs;
    /// The plant after it.
    fn snapshot(&self) -> &Snapshot;
    /// What happened in it.
    fn events(&self) -> &[Event];
}

impl Core for Plant {
    fn scan(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) -> &Outputs {
        Plant::scan(self, inputs, orders, elapsed)
    }
    fn outputs(&self) -> &Outputs {
        Plant::outputs(self)
    }
    fn snapshot(&self) -> &Snapshot {
        Plant::snapshot(self)
    }
    fn events(&self) -> &[Event] {
        Plant::events(self)
    }
}

/// How fast and from when.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub period: Duration,
    /// Scans a period: plant time and row stamps run this many times as fast.
    pub speed: u32,
    /// Milliseconds by which row stamps begin ahead of the wall clock: at speed an earlier start has left rows that lie in
    /// the future.
    pub ahead_ms: i64,
    /// The wall clock, milliseconds since 1970 UTC.
    pub wall_ms: fn() -> i64,
}

/// The scan thread under way.
#[derive(Debug)]
pub struct Scanning {
    pub pulse: Arc<Pulse>,
    stop: Arc<AtomicBool>,
    /// Turns true when the thread has ended.
    ended: watch::Receiver<bool>,
    thread: JoinHandle<Result<(), Panicked>>,
}

/// The scan panicked; its outputs are off.
#[derive(Debug, thiserror::Error)]
#[error("the scan panicked; all outputs are off")]
pub struct Panicked;

/// Starts the scan thread; with a tap every scan is recorded.
pub fn start<C: Core + 'static>(
    core: C,
    field: Box<dyn Field>,
    exchange: Arc<Exchange>,
    timing: Timing,
    tap: Option<Tap>,
) -> std::io::Result<Scanning> {
    let stop = Arc::new(AtomicBool::new(false));
    let pulse = Arc::new(Pulse::default());
    let (ends, ended) = watch::channel(false);
    let scanner = Scanner::new(core, field, exchange, timing, tap, Arc::clone(&pulse));
    let stopped = Arc::clone(&stop);
    let thread = Builder::new().name("scan".into()).spawn(move || {
        for (what, error) in machine::be_punctual() {
            tracing::info!(what, %error, "not permitted: scans may be late under load");
        }
        let result = scanner.run(&stopped);
        ends.send_replace(true);
        result
    })?;
    Ok(Scanning { pulse, stop, ended, thread })
}

impl Scanning {
    /// Comes back when the thread has ended, of itself or because it was told to.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        // An error means that the thread has ended without a word: ended all the same.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Switches all outputs off within one scan and ends.
    pub async fn stop(self) -> Result<(), Panicked> {
        self.stop.store(true, Ordering::Relaxed);
        self.ended().await;
        self.thread.join().unwrap_or(Err(Panicked))
    }
}

/// Places of the inputs that the shell itself reports; `None`: this plant has no such point.
#[derive(Clone, Copy, Debug, Default)]
struct Reported {
    lateness: Option<usize>,
    overruns: Option<usize>,
    storage_ok: Option<usize>,
    clock_trusted: Option<usize>,
    time_of_day: Option<usize>,
    setup_done: Option<usize>,
    watchdog_restart: Option<usize>,
    drives_verified: Option<usize>,
    buses: [Option<usize>; 4],
    /// Load, time-outs, exceptions and broken answers of each bus.
    traffic: [[Option<usize>; 4]; 4],
    durable: [Option<usize>; 2],
}

const BUSES: [char; 4] = ['a', 'b', 'c', 'd'];
const TRAFFIC: [&str; 4] = ["load", "timeouts", "exceptions", "broken"];
/// How often the core is told what the buses carry, plant time: as often as the drivers work their load out.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// What is durable of the dosing ledgers: PAC, chlorine.
const DURABLE: [&str; 2] = ["coagulation.guard.durable", "disinfection.guard.durable"];

impl Reported {
    fn of(catalogue: &Catalogue) -> Reported {
        let slot = |point: &str| catalogue.input_slot(&format!("system.{point}"));
        Reported {
            lateness: slot("lateness"),
            overruns: slot("overruns"),
            storage_ok: slot("storage_ok"),
            clock_trusted: slot("clock_trusted"),
            time_of_day: slot("time_of_day"),
            setup_done: slot("setup_done"),
            watchdog_restart: slot("watchdog_restart"),
            drives_verified: slot("drives_verified"),
            buses: BUSES.map(|bus| slot(&format!("bus_{bus}"))),
            traffic: BUSES.map(|bus| TRAFFIC.map(|point| slot(&format!("traffic_{bus}.{point}")))),
            durable: DURABLE.map(|path| catalogue.input_slot(path)),
        }
    }
}

struct Scanner<C> {
    core: C,
    field: Box<dyn Field>,
    exchange: Arc<Exchange>,
    timing: Timing,
    pulse: Arc<Pulse>,
    inputs: Inputs,
    /// The de-energised plant, for the last write.
    off: Outputs,
    orders: Vec<Order>,
    reported: Reported,
    /// Plant time.
    at: Moment,
    scans: u64,
    lateness: Lateness,
    /// When it was last told what the buses carry.
    told: Moment,
    /// Where every scan is recorded.
    tap: Option<Tap>,
}

impl<C: Core> Scanner<C> {
    fn new(
        core: C,
        field: Box<dyn Field>,
        exchange: Arc<Exchange>,
        timing: Timing,
        tap: Option<Tap>,
        pulse: Arc<Pulse>,
    ) -> Scanner<C> {
        let catalogue = &exchange.catalogue;
        Scanner {
            inputs: Inputs::new(catalogue),
            off: Outputs::new(catalogue),
            reported: Reported::of(catalogue),
            core,
            field,
            timing,
            pulse,
            orders: Vec::with_capacity(ORDERS_MAX),
            at: Moment(0),
            scans: 0,
            lateness: Lateness::new(),
            told: Moment(0),
            tap,
            exchange,
        }
    }

    fn run(mut self, stop: &AtomicBool) -> Result<(), Panicked> {
        let scanned = catch_unwind(AssertUnwindSafe(|| self.scan_until(stop)));
        // Also after a panic: the driver is another part than the plant, and outputs off is the one thing left to do.
        let (off, at) = (&self.off, self.at);
        let switched_off = catch_unwind(AssertUnwindSafe(|| {
            self.field.write(off, at);
            self.field.stop();
        }));
        // The disk may be slow: the outputs are off by now.
        if let Some(tap) = self.tap.take() {
            tap.end(if scanned.is_ok() { End::Stopped } else { End::Panicked });
        }
        match (scanned, switched_off) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(_), _) | (_, Err(_)) => Err(Panicked),
        }
    }

    fn scan_until(&mut self, stop: &AtomicBool) {
        let Timing { period, speed, .. } = self.timing;
        let begun = machine::boot_clock();
        let mut deadline = begun;
        let mut last = begun;
        while !stop.load(Ordering::Relaxed) {
            machine::sleep_until(deadline);
            let now = machine::boot_clock();
            let late = now.saturating_sub(deadline);
            self.punctuality(late);
            let elapsed = self.elapsed(now - last);
            last = now;
            for _ in 0..speed.max(1) {
                self.scan(begun, elapsed, late);
            }
            self.pulse.beat(machine::boot_clock());
            deadline += period;
            let after = machine::boot_clock();
            if after >= deadline {
                self.exchange.report.overruns.fetch_add(1, Ordering::Relaxed);
                // Scans that were missed are not made up for: the next one comes in step again.
                let missed = (after - deadline).as_micros() / period.as_micros().max(1);
                deadline += period * (u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1);
            }
        }
    }

    /// Plant time of the next scan. A real plant has lived through every moment we missed; the embedded one has not.
    fn elapsed(&self, passed: Duration) -> Duration {
        if self.scans == 0 {
            self.timing.period
        } else if self.field.is_real() {
            passed
        } else {
            passed.min(TWIN_STEP_MAX)
        }
    }

    fn scan(&mut self, begun: Duration, elapsed: Duration, late: Duration) {
        self.at = self.at.plus(elapsed);
        self.field.read(&mut self.inputs, self.at);
        self.report(begun, late);
        self.orders.clear();
        while self.orders.len() < ORDERS_MAX
            && let Some(order) = self.exchange.take_order()
        {
            self.orders.push(order);
        }
        if let Some(tap) = self.tap.as_mut() {
            // Before it is scanned: of what made a plant panic the recording knows.
            tap.tell(&self.inputs, &self.orders, elapsed);
        }
        let outputs = self.core.scan(&self.inputs, &self.orders, elapsed);
        self.field.write(outputs, self.at);
        self.scans += 1;
        if let Some(tap) = self.tap.as_mut() {
            tap.note(self.core.outputs(), self.core.events(), self.core.snapshot());
        }
        let wall = self.wall(begun);
        self.exchange.publish(self.core.snapshot(), wall, self.scans);
        for event in self.core.events() {
            self.exchange.leave(self.at, *event);
        }
    }

    fn wall(&self, begun: Duration) -> Wall {
        let mut ms = (self.timing.wall_ms)() + self.timing.ahead_ms;
        if self.timing.speed > 1 {
            let running = machine::boot_clock().saturating_sub(begun);
            let running = i64::try_from(running.as_millis()).unwrap_or(i64::MAX);
            let plant = i64::try_from(self.at.0 / 1_000).unwrap_or(i64::MAX);
            ms += plant - running;
        }
        Wall { ms, trusted: self.exchange.report.clock_trusted.load(Ordering::Relaxed) }
    }

    /// What the buses carry.
    fn report_traffic(&mut self) {
        for (slots, bus) in self.reported.traffic.into_iter().zip(BUSES) {
            let at = self.at;
            let traffic = self.field.traffic(bus);
            let number = |of: fn(&Traffic) -> u64| match &traffic {
                Some(traffic) => Reading::good(of(traffic) as f64, at),
                None => Reading::bad(Fault::NotFitted, at),
            };
            let load = match traffic.map(|traffic| traffic.load) {
                // To a tenth of a percent: what jitters more is only noise in the record.
                Some(Some(load)) => Reading::good((load * 1_000.0).round() / 10.0, at),
                Some(None) => Reading::bad(Fault::NotYetRead, at),
                None => Reading::bad(Fault::NotFitted, at),
            };
            let told = [
                load,
                number(|traffic| traffic.timeouts),
                number(|traffic| traffic.exceptions),
                number(|traffic| traffic.broken),
            ];
            for (slot, reading) in slots.into_iter().zip(told) {
                if let Some(place) = slot.and_then(|slot| self.inputs.readings.get_mut(slot)) {
                    *place = reading;
                }
            }
        }
    }

    /// The inputs that the shell answers for.
    fn report(&mut self, begun: Duration, late: Duration) {
        if self.scans == 0 || self.at.since(self.told) >= TOLD_EVERY {
            self.told = self.at;
            self.report_traffic();
        }
        let report = &self.exchange.report;
        let is = |flag: &AtomicBool| f64::from(u8::from(flag.load(Ordering::Relaxed)));
        let real = self.field.is_real();
        // Without real outputs nothing waits for an owner.
        let setup_done = if real { is(&report.setup_done) } else { 1.0 };
        let overruns = report.overruns.load(Ordering::Relaxed) as f64;
        let answers = BUSES.map(|bus| {
            let answers = self.field.bus_answers(bus).unwrap_or(true);
            f64::from(u8::from(answers))
        });
        let wall = self.wall(begun);
        let local = wall.ms.div_euclid(1000) + report.local_offset_s.load(Ordering::Relaxed);
        let here = u64::try_from(local.rem_euclid(86_400)).ok().filter(|_| wall.trusted);
        let time_of_day = self.field.time_of_day().or(here.map(Duration::from_secs));
        // Schedules go by the minute, and history need not keep every second of a clock.
        let time_of_day = time_of_day.map(|time| time.as_secs() / 60 * 60);
        let reported = self.reported;
        let said = [
            (reported.lateness, late.as_secs_f64()),
            (reported.overruns, overruns),
            (reported.storage_ok, is(&report.storage_ok)),
            (reported.clock_trusted, is(&report.clock_trusted)),
            (reported.setup_done, setup_done),
            (reported.watchdog_restart, is(&report.watchdog_restart)),
            (reported.drives_verified, f64::from(u8::from(self.field.drives_verified()))),
        ];
        if let Some(place) =
            reported.time_of_day.and_then(|slot| self.inputs.readings.get_mut(slot))
        {
            *place = match time_of_day {
                Some(seconds) => Reading::good(seconds as f64, self.at),
                None => Reading::bad(Fault::Stale, self.at),
            };
        }
        let buses = reported.buses.into_iter().zip(answers);
        let durable = reported.durable.into_iter().zip(report.durable());
        for (slot, value) in said.into_iter().chain(buses).chain(durable) {
            if let Some(place) = slot.and_then(|slot| self.inputs.readings.get_mut(slot)) {
                *place = Reading::good(value, self.at);
            }
        }
    }

    fn punctuality(&mut self, late: Duration) {
        self.lateness.note(late);
        if self.lateness.count.is_multiple_of(LATENESS_EVERY) {
            let (half, most) = self.lateness.percentiles();
            let report = &self.exchange.report;
            report.lateness_p50_us.store(half.into(), Ordering::Relaxed);
            report.lateness_p99_us.store(most.into(), Ordering::Relaxed);
        }
    }
}

/// How late the last scans began, microseconds.
struct Lateness {
    ring: Box<[u32]>,
    sorted: Box<[u32]>,
    count: u64,
}

impl Lateness {
    fn new() -> Lateness {
        let empty = vec![0; LATENESS_SCANS].into_boxed_slice();
        Lateness { ring: empty.clone(), sorted: empty, count: 0 }
    }

    fn note(&mut self, late: Duration) {
        let place = usize::try_from(self.count).unwrap_or(0) % LATENESS_SCANS;
        self.ring[place] = u32::try_from(late.as_micros()).unwrap_or(u32::MAX);
        self.count += 1;
    }

    /// Half of the scans began at most so late, and 99 % at most so late.
    fn percentiles(&mut self) -> (u32, u32) {
        let filled = usize::try_from(self.count).unwrap_or(usize::MAX).min(LATENESS_SCANS);
        if filled == 0 {
            return (0, 0);
        }
        let sorted = &mut self.sorted[..filled];
        sorted.copy_from_slice(&self.ring[..filled]);
        sorted.sort_unstable();
        (sorted[(filled - 1) / 2], sorted[(filled - 1) * 99 / 100])
    }
}

#[cfg(test)]
mod tests;
