//! What the scan thread and the buses share: readings one way, outputs the other. The scan thread never waits here. A bus
//! here is one that speaks Modbus, or the machine's own header.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use plc::image::Outputs;
use plc::signal::{Fault, Quality};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A scan thread that has written nothing for this long has lost its outputs (`contracts.md`, Hardware).
pub const SCAN_LOST: Duration = Duration::from_secs(1);

/// A value as it came from a bus, in the point's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    pub value: f64,
    pub quality: Quality,
    /// When the answer came, or was given up. `None`: nothing yet.
    pub at: Option<Instant>,
}

/// Before the first answer.
pub const NOTHING: Taken = Taken { value: 0.0, quality: Quality::Bad(Fault::NotYetRead), at: None };

/// One input on its way to the scan thread. A contact that closed and opened again between two scans is seen closed by one
/// of them and open by the next: a button pressed for a moment is not lost when scans come in bursts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    newest: Taken,
    /// No scan has seen `newest` yet, and it is not what the scan before saw.
    fresh: bool,
    /// What came while it was fresh.
    next: Option<Taken>,
}

impl Slot {
    /// Nothing yet.
    pub const NEW: Slot = Slot { newest: NOTHING, fresh: false, next: None };

    /// A number: only the newest counts.
    pub fn put(&mut self, taken: Taken) {
        *self = Slot { newest: taken, fresh: false, next: None };
    }

    /// A contact: no change is skipped.
    pub fn put_contact(&mut self, taken: Taken) {
        let same = |one: &Taken| (one.value, one.quality) == (taken.value, taken.quality);
        if self.fresh && !same(&self.newest) {
            self.next = Some(taken);
        } else {
            *self = Slot { newest: taken, fresh: self.fresh || !same(&self.newest), next: None };
        }
    }

    /// What a scan sees.
    pub fn take(&mut self) -> Taken {
        let taken = self.newest;
        self.fresh = self.next.is_some();
        self.newest = self.next.take().unwrap_or(taken);
        taken
    }
}

/// One bus as the scan thread sees it.
#[derive(Debug)]
pub struct Image {
    /// By the order of the plan's inputs. The bus holds the lock for one request's points.
    pub taken: Mutex<Box<[Slot]>>,
    /// Whether any device answers.
    pub answers: AtomicBool,
    /// Whether every device that answers has its own watchdog set, and read back as it should be.
    pub guarded: AtomicBool,
    /// The plant's outputs on this bus.
    outputs: Box<[usize]>,
    /// One of them changed, or a scan was completed and its heartbeat is here.
    pub changed: Notify,
    beats: bool,
}

impl Image {
    #[must_use]
    pub fn new(inputs: usize, outputs: Box<[usize]>, beats: bool) -> Image {
        Image {
            taken: Mutex::new(vec![Slot::NEW; inputs].into_boxed_slice()),
            answers: AtomicBool::new(false),
            guarded: AtomicBool::new(false),
            outputs,
            changed: Notify::new(),
            beats,
        }
    }
}

/// The plant's outputs as the last scan left them.
#[derive(Debug)]
pub struct Wanted {
    epoch: Instant,
    /// Bits of each value.
    values: Box<[AtomicU64]>,
    /// Scans written.
    scans: AtomicU64,
    /// Microseconds from `epoch` to the last of them.
    written: AtomicU64,
}

impl Wanted {
    #[must_use]
    pub fn new(outputs: usize) -> Wanted {
        Wanted {
            epoch: Instant::now(),
            values: (0..outputs).map(|_| AtomicU64::new(0)).collect(),
            scans: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Leaves the outputs of a scan that is completed now, and wakes the buses that carry a changed one.
    pub fn write(&self, outputs: &Outputs, buses: &[std::sync::Arc<Image>], now: Instant) {
        let since = now.saturating_duration_since(self.epoch).as_micros();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.written.store(since, Ordering::Release);
        let scans = self.scans.load(Ordering::Relaxed);
        for bus in buses {
            let mut changed = bus.beats || scans == 0;
            for slot in &bus.outputs {
                if let (Some(value), Some(held)) =
                    (outputs.values.get(*slot), self.values.get(*slot))
                {
                    changed |= held.swap(value.to_bits(), Ordering::Release) != value.to_bits();
                }
            }
            if changed {
                bus.changed.notify_one();
            }
        }
        self.scans.store(scans + 1, Ordering::Release);
    }

    /// Scans so far.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.scans.load(Ordering::Acquire)
    }

    /// Until when the outputs hold unless a scan renews them; `None` before the first scan.
    #[must_use]
    pub fn holds_until(&self) -> Option<Instant> {
        let written = Duration::from_micros(self.written.load(Ordering::Acquire));
        (self.scans() > 0).then(|| self.epoch + written + SCAN_LOST)
    }

    /// One output: safe when the scan thread is lost.
    #[must_use]
    pub fn value(&self, slot: usize, now: Instant) -> f64 {
        let held = self.holds_until().is_some_and(|until| now < until);
        let bits = self.values.get(slot).filter(|_| held);
        bits.map_or(0.0, |bits| f64::from_bits(bits.load(Ordering::Acquire)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(value: f64) -> Taken {
        Taken { value, quality: Quality::Good, at: Some(Instant::now()) }
    }

    #[test]
    fn a_button_pressed_between_two_scans_is_seen_once() {
        let mut slot = Slot::NEW;
        let mut sees = |values: &[f64]| {
            values.iter().for_each(|value| slot.put_contact(contact(*value)));
            slot.take().value
        };
        assert_eq!(sees(&[0.0]), 0.0);
        assert_eq!(sees(&[0.0, 1.0, 1.0, 0.0, 0.0]), 1.0);
        assert_eq!(sees(&[]), 0.0);
        assert_eq!(sees(&[0.0, 0.0]), 0.0);
        assert_eq!(sees(&[1.0]), 1.0);
        assert_eq!(sees(&[1.0]), 1.0);
        assert_eq!(sees(&[0.0]), 0.0);
    }

    #[test]
    fn of_a_number_a_scan_sees_the_newest() {
        let mut slot = Slot::NEW;
        [1.0, 2.0, 3.0].into_iter().for_each(|value| slot.put(contact(value)));
        assert_eq!(slot.take().value, 3.0);
        assert_eq!(slot.take().value, 3.0);
    }
}
