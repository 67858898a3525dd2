//! One bus at work: what is done next, and what its outcome means for the devices.
//!
//! First a device's own watchdog is set, then outputs that changed are written, then those whose time has come are written
//! again, then the read that is most overdue. A device that stays silent three times fails: its inputs turn bad, and it is
//! asked every 10 s only, so that its time-outs do not eat the bus (`plant.md` 1.5).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plc::signal::{Fault, Quality};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_modbus::{ExceptionCode, Request};
use tracing::{info, warn};

use super::connection::{Answer, Connection, Failure, Link, is_silence};
use super::plan::{Plan, Point, read};
use super::state::{Beat, Device, Pace};
use crate::field::image::{Image, Taken, Wanted};

mod prepare;

/// A device fails after this many requests in a row without an answer, a bus after as many attempts to connect.
const SILENCES_MAX: u32 = 3;
/// A bus answers no more after this many requests in a row without an answer, whichever devices they were for.
const BUS_SILENCES_MAX: u32 = 2;
/// A failed device is asked this often, plant time.
const REST: Duration = Duration::from_secs(10);
/// A device that was silent or refused is asked again after this, so that others have their turn meanwhile. Longer than the
/// first pause of a connection, short enough that a relay's dead-man outlives one lost answer. Plant time.
const RETRY: Duration = Duration::from_millis(500);
/// Shortest wait for an answer however fast plant time runs: a machine that is busy must not look like a dead device.
const LIMIT_MIN: Duration = Duration::from_millis(250);
/// Time for a bus to switch its outputs off at the end.
const FAREWELL: Duration = Duration::from_secs(1);
/// Wait when nothing at all is due.
const IDLE: Duration = Duration::from_secs(3600);

/// One bus.
pub struct Bus {
    plan: Arc<Plan>,
    connection: Connection,
    image: Arc<Image>,
    wanted: Arc<Wanted>,
    pace: Pace,
    stop: watch::Receiver<bool>,
    devices: Vec<Device>,
    beat: Beat,
    /// Requests without an answer since the last one that had one.
    silences: u32,
    connected: bool,
}

/// What to do next. By place in the plan.
enum Act {
    Guard { device: usize },
    Write { device: usize, write: usize, words: Vec<u16>, repeated: bool },
    Channels { device: usize },
    Read { device: usize, read: usize },
}

impl Bus {
    #[must_use]
    pub fn new(
        plan: Arc<Plan>,
        connection: Connection,
        image: Arc<Image>,
        wanted: Arc<Wanted>,
        pace: Pace,
        stop: watch::Receiver<bool>,
    ) -> Bus {
        let now = Instant::now();
        let devices = plan.devices.iter().map(|device| Device::new(device, now)).collect();
        let beat = Beat::new(wanted.scans(), now);
        let (silences, connected) = (0, false);
        let bus =
            Bus { plan, connection, image, wanted, pace, stop, devices, beat, silences, connected };
        bus.tell_guarded();
        bus
    }

    /// Runs until it is stopped; then switches its outputs off.
    pub async fn run(mut self) {
        let mut link = self.connection.link();
        let mut stop = self.stop.clone();
        while !*stop.borrow_and_update() {
            let now = *link.borrow_and_update();
            let until = match now {
                Link::Down { attempts } => {
                    self.cut(attempts);
                    Instant::now() + IDLE
                }
                Link::Up => {
                    self.joined();
                    match self.next(Instant::now()) {
                        Ok(act) => {
                            self.perform(act).await;
                            continue;
                        }
                        Err(until) => until,
                    }
                }
            };
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.image.changed.notified() => {}
                changed = link.changed() => if changed.is_err() { break },
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        // Bounded: a bus that does not answer is left to its devices' own watchdogs.
        let _ = timeout(FAREWELL, self.de_energise()).await;
    }

    /// The link is down, after so many attempts to restore it.
    fn cut(&mut self, attempts: u32) {
        self.connected = false;
        if attempts >= BUS_SILENCES_MAX {
            self.lost();
        }
        if attempts >= SILENCES_MAX {
            for device in 0..self.devices.len() {
                self.fail(device);
                // It is not to blame, and asked as soon as there is a way.
                self.devices[device].rests_until = None;
            }
        }
    }

    /// The link is up.
    fn joined(&mut self) {
        if self.connected {
            return;
        }
        self.connected = true;
        let now = Instant::now();
        for (device, plan) in self.devices.iter_mut().zip(&self.plan.devices) {
            // Behind a new connection may stand a device that was switched off meanwhile.
            device.guarded = !plan.has_to_be_prepared();
            device.guard_due = now;
            device.doubt_outputs(now, self.pace);
        }
    }

    /// What to do now, or until when there is nothing.
    fn next(&mut self, now: Instant) -> Result<Act, Instant> {
        self.beat.count(self.wanted.scans(), now, self.pace);
        let mut wake = now + IDLE;
        for device in &mut self.devices {
            match device.rests_until {
                Some(until) if now < until => wake = wake.min(until),
                Some(_) | None => device.rests_until = None,
            }
        }
        for (number, device) in self.awake() {
            if !device.guarded && device.guard_due <= now {
                return Ok(Act::Guard { device: number });
            }
        }
        if let Some(act) = self.next_write(now, &mut wake) {
            return Ok(act);
        }
        let mut overdue: Option<(Instant, Act)> = None;
        for (number, device) in self.awake() {
            for (read, due) in device.reads_due.iter().enumerate() {
                wake = wake.min(*due);
                if *due <= now && overdue.as_ref().is_none_or(|(earlier, _)| due < earlier) {
                    overdue = Some((*due, Act::Read { device: number, read }));
                }
            }
            if !device.guarded {
                wake = wake.min(device.guard_due);
            }
        }
        overdue.map(|(_, act)| act).ok_or(wake)
    }

    /// Devices that may be asked.
    fn awake(&self) -> impl Iterator<Item = (usize, &Device)> {
        self.devices.iter().enumerate().filter(|(_, device)| device.rests_until.is_none())
    }

    fn next_write(&self, now: Instant, wake: &mut Instant) -> Option<Act> {
        let holds_until = self.wanted.holds_until()?;
        if holds_until > now {
            *wake = (*wake).min(holds_until);
        }
        if self.beat.owed > 0 {
            *wake = (*wake).min(self.beat.due);
        }
        let mut repeated = None;
        for (number, device) in self.awake() {
            let plan = &self.plan.devices[number];
            for (place, (write, written)) in plan.writes.iter().zip(&device.writes).enumerate() {
                let words = write.words(|point| self.value(point, device, now));
                let known = written.words.as_deref() == Some(&words[..]);
                let act = |repeated| Act::Write { device: number, write: place, words, repeated };
                if !known {
                    return Some(act(false));
                }
                *wake = (*wake).min(written.due);
                if written.due <= now && repeated.is_none() {
                    repeated = Some(act(true));
                }
            }
            if plan.channels().is_some() {
                *wake = (*wake).min(device.channels_due);
                if device.channels_due <= now && repeated.is_none() {
                    repeated = Some(Act::Channels { device: number });
                }
            }
        }
        repeated
    }

    /// What a point of a device gets: nothing is switched on while the device's own watchdog is not known to be set.
    fn value(&self, point: &Point, device: &Device, now: Instant) -> f64 {
        if point.beats {
            return f64::from(u8::from(self.beat.level));
        }
        if device.guarded { self.wanted.value(point.slot, now) } else { 0.0 }
    }

    async fn perform(&mut self, act: Act) {
        match act {
            Act::Guard { device } => self.guard(device).await,
            Act::Write { device, write, words, repeated } => {
                self.write(device, write, words, repeated).await;
            }
            Act::Channels { device } => self.check_channels(device).await,
            Act::Read { device, read } => self.read(device, read).await,
        }
    }

    async fn write(&mut self, device: usize, place: usize, words: Vec<u16>, repeated: bool) {
        let plan = self.plan.clone();
        let write = &plan.devices[device].writes[place];
        let now = Instant::now();
        let before = self.devices[device].writes[place].words.as_deref();
        for step in write.first_step(&words, before)..write.steps {
            let request = write.request(&write.step(&words, step));
            if self.ask(device, request).await.is_err() {
                // An exception would otherwise be provoked again at once, for ever.
                let state = &mut self.devices[device];
                state.rests_until = state.rests_until.or(Some(now + self.pace.real(RETRY)));
                return;
            }
        }
        let every = match write.dead_man {
            // A third of its time, so that one lost request does not switch it off.
            Some(dead_man) if words.first() != Some(&0) => {
                Duration::from_millis(u64::from(dead_man.ticks) * 100 / 3)
            }
            Some(_) => IDLE,
            None => plan.devices[device].write_every,
        };
        let written = &mut self.devices[device].writes[place];
        written.due = Instant::now() + self.pace.real(every);
        written.words = Some(words.clone());
        if repeated && write.read_back {
            let outcome = self.ask(device, read(write.table, write.address, write.count)).await;
            if let Some(found) = outcome.ok().and_then(words_of)
                && found != words
            {
                // Written again when its time comes.
                let name = &plan.devices[device].name;
                warn!(
                    device = name,
                    address = write.address,
                    ?words,
                    ?found,
                    "reads back otherwise"
                );
            }
        }
    }

    /// Reads the channels of a dead-man module back; what stands otherwise is written again at once.
    async fn check_channels(&mut self, device: usize) {
        let plan = self.plan.clone();
        let Some((address, count)) = plan.devices[device].channels() else { return };
        let every = self.pace.real(plan.devices[device].write_every);
        self.devices[device].channels_due = Instant::now() + every;
        let outcome = self.ask(device, Request::ReadCoils(address, count)).await;
        let Some(found) = outcome.ok().and_then(words_of) else { return };
        for (write, written) in
            plan.devices[device].writes.iter().zip(&mut self.devices[device].writes)
        {
            let at = usize::from(write.address.wrapping_sub(address));
            if write.dead_man.is_some() && found.get(at..=at) != written.words.as_deref() {
                written.words = None;
            }
        }
    }

    async fn read(&mut self, device: usize, place: usize) {
        let plan = self.plan.clone();
        let group = &plan.devices[device].reads[place];
        let due = self.devices[device].reads_due[place];
        let outcome = self.ask(device, read(group.table, group.address, group.count)).await;
        let now = Instant::now();
        let every = self.pace.real(group.every);
        let next = match &outcome {
            // On its own beat, unless that is already lost.
            Ok(_) => Some(due + every).filter(|next| *next > now).unwrap_or(now + every),
            Err(Failure::Unsettled { until }) => *until,
            Err(_) => now + every.min(self.pace.real(RETRY)),
        };
        self.devices[device].reads_due[place] = next;
        let words = match outcome.map(words_of) {
            Ok(Some(words)) => words,
            Err(Failure::Exception(exception)) if lasts(exception) => Vec::new(),
            Ok(None) | Err(_) => return,
        };
        let mut taken = self.image.taken.lock();
        for point in &group.points {
            if let Some(slot) = taken.get_mut(point.slot) {
                let (value, quality) = match point.decode(&words) {
                    Ok(value) => (value, Quality::Good),
                    Err(fault) => (0.0, Quality::Bad(fault)),
                };
                let taken = Taken { value, quality, at: Some(now) };
                if point.register.is_on_off() { slot.put_contact(taken) } else { slot.put(taken) }
            }
        }
    }

    /// Asks a device and judges it by what comes.
    async fn ask(&mut self, device: usize, request: Request<'static>) -> Result<Answer, Failure> {
        let limit = self.pace.real(self.plan.limit).max(LIMIT_MIN.min(self.plan.limit));
        let outcome = self.connection.ask(self.plan.devices[device].unit, request, limit).await;
        match &outcome {
            Ok(_) => self.answered(device),
            Err(Failure::Exception(exception)) if is_silence(*exception) => self.silent(device),
            Err(Failure::Exception(exception)) => {
                let name = &self.plan.devices[device].name;
                warn!(device = name, %exception, "refused");
                self.answered(device);
            }
            Err(
                Failure::Silent(_) | Failure::Misfit(_) | Failure::Garbled(_) | Failure::Lost(_),
            ) => self.silent(device),
            Err(Failure::NotConnected | Failure::Unsettled { .. }) => {}
        }
        outcome
    }

    /// The bus answers; said when it did not.
    fn gained(&self) {
        if !self.image.answers.swap(true, Ordering::Relaxed) {
            info!(bus = self.plan.bus, at = %self.plan.way, "answers");
        }
    }

    /// It does not; said when it did.
    fn lost(&self) {
        if self.image.answers.swap(false, Ordering::Relaxed) {
            let so_far = &self.connection.counters;
            warn!(bus = self.plan.bus, at = %self.plan.way, %so_far, "does not answer");
        }
    }

    fn answered(&mut self, device: usize) {
        self.silences = 0;
        self.gained();
        let state = &mut self.devices[device];
        state.silences = 0;
        state.rests_until = None;
        state.answered = Instant::now();
        if state.failed {
            state.failed = false;
            state.reads_due.fill(Instant::now());
            info!(device = self.plan.devices[device].name, "answers again");
        }
    }

    fn silent(&mut self, device: usize) {
        self.silences += 1;
        if self.silences >= BUS_SILENCES_MAX {
            self.lost();
        }
        let now = Instant::now();
        let state = &mut self.devices[device];
        state.silences += 1;
        state.doubt_outputs(now, self.pace);
        if self.plan.devices[device].starts.is_some() {
            // It may have lost its supply for a moment, and measures no more.
            (state.guarded, state.guard_due) = (false, now);
        }
        let failed = state.silences >= SILENCES_MAX;
        state.rests_until = Some(now + self.pace.real(if failed { REST } else { RETRY }));
        if failed {
            self.fail(device);
        }
    }

    /// Its inputs turn bad, and nothing is taken for granted of its outputs.
    fn fail(&mut self, device: usize) {
        let (plan, state) = (&self.plan.devices[device], &mut self.devices[device]);
        if state.failed {
            return;
        }
        warn!(bus = self.plan.bus, device = plan.name, "does not answer");
        state.failed = true;
        state.guarded = !plan.has_to_be_prepared();
        state.writes.iter_mut().for_each(|written| written.words = None);
        let mut taken = self.image.taken.lock();
        let stale =
            Taken { value: 0.0, quality: Quality::Bad(Fault::Stale), at: Some(Instant::now()) };
        for point in plan.reads.iter().flat_map(|read| &read.points) {
            if let Some(slot) = taken.get_mut(point.slot) {
                slot.put(stale);
            }
        }
        drop(taken);
        self.tell_guarded();
    }

    /// Everything off, once.
    async fn de_energise(&mut self) {
        let plan = self.plan.clone();
        for (number, device) in plan.devices.iter().enumerate() {
            for write in &device.writes {
                if self.devices[number].failed {
                    break;
                }
                let off = write.words(|_| 0.0);
                let outcome = self.ask(number, write.request(&off)).await;
                // One that does not answer must not use up the time of those behind it.
                if outcome.is_err_and(|failure| !matches!(failure, Failure::Exception(_))) {
                    break;
                }
            }
        }
    }
}

/// The words of an answer; bits as words of 0 and 1.
pub fn words_of(answer: Answer) -> Option<Vec<u16>> {
    match answer {
        Answer::Words(words) => Some(words),
        Answer::Bits(bits) => Some(bits.into_iter().map(u16::from).collect()),
        Answer::Written => None,
    }
}

/// An exception that says more than "later".
fn lasts(exception: ExceptionCode) -> bool {
    let is_later =
        matches!(exception, ExceptionCode::Acknowledge | ExceptionCode::ServerDeviceBusy);
    !is_later && !is_silence(exception)
}
