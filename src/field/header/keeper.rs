//! The thread that keeps the lines: looks at the inputs, and takes the plant's outputs to the lines.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plc::signal::{Fault, Quality};
use tokio::sync::watch;
use tokio::time::Instant;

use super::contact::Contact;
use super::held::Held;
use super::lines::{Level, LineError};
use super::plan::{Plan, Point};
use super::pulses::Pulses;
use crate::field::image::{Image, Taken, Wanted};
use crate::machine;

/// Time between two looks (chosen: a contact has come to rest after ten of them, a pulse is right to 2 %). It takes 2.5 % of a
/// core of a busy x86-64 machine, in a build without optimisation and with simulated lines; on a Pi it was not measured.
const TICK: Duration = Duration::from_millis(2);
/// Every output is set anew this often, as those of Modbus devices are, and those that are low are read back.
const RENEW_EVERY: Duration = Duration::from_secs(1);

/// All lines of the header, and what they mean.
pub struct Keeper {
    bus: String,
    held: Held,
    image: Arc<Image>,
    wanted: Arc<Wanted>,
    contacts: Vec<Contact>,
    counts: Vec<(Point, Contact)>,
    switches: Vec<Point>,
    /// After the switches among the outputs.
    pulses: Vec<(Point, Pulses)>,
    last: Instant,
    renewed: Instant,
    /// Inputs could be read the last time; said once when that changes.
    reads: bool,
    /// Outputs read back as they were set, the last time.
    proven: bool,
}

impl Keeper {
    /// Every output was just set low: no plant passes its self-test before it was seen to be (R-2.2-01).
    pub fn new(plan: Plan, held: Held, image: Arc<Image>, wanted: Arc<Wanted>) -> Keeper {
        let now = Instant::now();
        let mut keeper = Keeper {
            bus: plan.bus,
            held,
            image,
            wanted,
            contacts: plan
                .contacts
                .iter()
                .map(|one| Contact::seen(one.line, &one.binding))
                .collect(),
            counts: plan
                .counts
                .into_iter()
                .map(|point| (point.clone(), Contact::counted(point.line, &point.binding)))
                .collect(),
            switches: plan.switches,
            pulses: plan.pulses.into_iter().map(|point| (point, Pulses::default())).collect(),
            last: now,
            renewed: now,
            reads: true,
            proven: true,
        };
        keeper.read_back();
        keeper
    }

    /// Whether every output that was set low is low on its pin. What the high ones do is proven by the heartbeat.
    fn read_back(&mut self) {
        let contradicted = self.held.contradicted();
        if let (Some(line), true) = (contradicted, self.proven) {
            tracing::error!(
                bus = self.bus,
                line,
                "this output is high although it was set low: look for a short, and for what else drives it"
            );
        }
        self.proven = contradicted.is_none();
        self.image.guarded.store(self.proven, Ordering::Relaxed);
    }

    /// Keeps the lines until told to stop, or until an output cannot be set. Then, and also after a panic, every output is
    /// off, no input has a value, and the heartbeat stands still: a header that died is not begun anew beside a plant that
    /// runs, the controller is.
    pub fn keep(mut self, stopped: &watch::Receiver<bool>) {
        let kept = catch_unwind(AssertUnwindSafe(|| self.tick_until(stopped)));
        self.held.off();
        self.put_bad(Instant::now());
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(bus = self.bus, %error, "all outputs of the header are off: start the controller again");
            }
            Err(_) => {
                tracing::error!(
                    bus = self.bus,
                    "the header's thread panicked: all its outputs are off"
                );
            }
        }
    }

    fn tick_until(&mut self, stopped: &watch::Receiver<bool>) -> Result<(), LineError> {
        let mut deadline = machine::boot_clock();
        while !*stopped.borrow() {
            self.tick(Instant::now())?;
            // A tick that was missed is not made up for.
            deadline = (deadline + TICK).max(machine::boot_clock());
            machine::sleep_until(deadline);
        }
        Ok(())
    }

    /// One look. Inputs that cannot be read have no value and may come back; an output that cannot be set is the end.
    pub fn tick(&mut self, now: Instant) -> Result<(), LineError> {
        let elapsed = now.saturating_duration_since(self.last);
        self.last = now;
        match self.held.levels() {
            Ok(levels) => self.put(levels, elapsed, now),
            Err(error) => {
                if self.reads {
                    tracing::error!(bus = self.bus, %error, "the inputs of the header cannot be read");
                }
                self.put_bad(now);
            }
        }
        if now.saturating_duration_since(self.renewed) >= RENEW_EVERY {
            self.renewed = now;
            self.read_back();
            self.held.renew();
        }
        for (place, point) in self.switches.iter().enumerate() {
            let value = point.binding.to_register(self.wanted.value(point.slot(), now));
            // What is no number is off.
            self.held.set(place, Level::high_if(value >= 0.5))?;
        }
        for (place, (point, pulses)) in self.pulses.iter_mut().enumerate() {
            let rate = point.binding.to_register(self.wanted.value(point.slot(), now));
            self.held.set(self.switches.len() + place, pulses.level(rate, elapsed))?;
        }
        Ok(())
    }

    fn put(&mut self, levels: u32, elapsed: Duration, now: Instant) {
        if !self.reads {
            tracing::info!(bus = self.bus, "the inputs of the header can be read again");
        }
        self.reads = true;
        self.image.answers.store(true, Ordering::Relaxed);
        let mut taken = self.image.taken.lock();
        let (seen, counted) = taken.split_at_mut(self.contacts.len());
        for (slot, contact) in seen.iter_mut().zip(&mut self.contacts) {
            contact.sample(levels, elapsed, TICK);
            if let Some(is_closed) = contact.is_closed() {
                let value = f64::from(u8::from(is_closed));
                slot.put_contact(Taken { value, quality: Quality::Good, at: Some(now) });
            }
        }
        for (slot, (point, contact)) in counted.iter_mut().zip(&mut self.counts) {
            contact.sample(levels, elapsed, TICK);
            let (value, quality) = match point.binding.to_point(f64::from(contact.count())) {
                Ok(value) => (value, Quality::Good),
                Err(fault) => (0.0, Quality::Bad(fault)),
            };
            slot.put(Taken { value, quality, at: Some(now) });
        }
    }

    fn put_bad(&mut self, now: Instant) {
        self.reads = false;
        self.image.answers.store(false, Ordering::Relaxed);
        for slot in self.image.taken.lock().iter_mut() {
            slot.put(Taken { value: 0.0, quality: Quality::Bad(Fault::Stale), at: Some(now) });
        }
    }
}
