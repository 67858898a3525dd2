//! The scan thread's side: writes down what each scan was told and what came of it, into memory that is ready.
//!
//! Nothing here waits, allocates, locks or touches a disk. Batches go round between this thread and the writer's: when none
//! is free, the writer does not keep up, and scans are lost and counted until one is. Such a gap is recorded: no replay
//! goes past it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use plc::image::{Event, Inputs, Order, Outputs, Sample, Snapshot};
use plc::signal::{Moment, Reading};

use super::columns::{Columns, Size, Whole, digest, packed_size};
use super::file::{About, End};
use crate::machine;

/// Batches between the two threads: with those of a hundred scans that a real plant fills, more than a minute and a half.
pub const BATCHES: usize = 12;
/// A batch is handed on after this long, so that a power cut costs little.
const HANDED_ON_EVERY: Duration = Duration::from_secs(1);
/// Plant time between two frames.
const FRAME_EVERY: Duration = Duration::from_secs(60);

/// Some scans on their way to the writer.
#[derive(Debug, Default)]
pub struct Batch {
    pub about: About,
    pub columns: Columns,
}

/// Between the two threads.
#[derive(Debug)]
pub struct Queue {
    pub free: ArrayQueue<Box<Batch>>,
    pub full: ArrayQueue<Box<Batch>>,
    /// The writer begins a file: the next batch is to say everything anew.
    pub wants_whole: AtomicBool,
    /// How the run ended: its number in the format, above it; 0: it goes on.
    ended: AtomicU8,
    /// Scans that were lost at last.
    pub lost: AtomicU64,
    pub writer: OnceLock<Thread>,
}

impl Queue {
    /// With batches for a plant of this size.
    #[must_use]
    pub fn new(size: Size) -> Arc<Queue> {
        let free = ArrayQueue::new(BATCHES);
        for _ in 0..BATCHES {
            let batch = Batch { about: About::default(), columns: Columns::with_room(size) };
            // There is room for exactly so many.
            drop(free.push(Box::new(batch)));
        }
        Arc::new(Queue {
            free,
            full: ArrayQueue::new(BATCHES),
            wants_whole: AtomicBool::new(false),
            ended: AtomicU8::new(0),
            lost: AtomicU64::new(0),
            writer: OnceLock::new(),
        })
    }

    /// How the run ended.
    #[must_use]
    pub fn ended(&self) -> Option<End> {
        match self.ended.load(Ordering::Acquire) {
            0 => None,
            1 => Some(End::Stopped),
            _ => Some(End::Panicked),
        }
    }

    fn end(&self, how: End) {
        let number = match how {
            End::Stopped => 1,
            End::Panicked => 2,
        };
        self.ended.store(number, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }
}

/// What the scan thread holds.
#[derive(Debug)]
pub struct Tap {
    queue: Arc<Queue>,
    size: Size,
    batch: Option<Box<Batch>>,
    /// The scan under way begins a batch that says everything.
    whole: Whole,
    readings: Box<[Reading]>,
    outputs: Box<[f64]>,
    samples: Box<[Sample]>,
    packed: Vec<u8>,
    at: Moment,
    scans: u64,
    lost: u64,
    framed: Moment,
    begun: Duration,
    how: End,
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.hand_on();
        self.queue.lost.store(self.lost, Ordering::Relaxed);
        self.queue.end(self.how);
    }
}

impl Tap {
    #[must_use]
    pub fn new(queue: Arc<Queue>, size: Size) -> Tap {
        Tap {
            queue,
            size,
            batch: None,
            whole: Whole::Whole,
            readings: vec![Reading::default(); size.inputs].into(),
            outputs: vec![0.0; size.outputs].into(),
            samples: vec![Sample::default(); size.rows].into(),
            packed: Vec::with_capacity(packed_size(size)),
            at: Moment(0),
            scans: 0,
            lost: 0,
            framed: Moment(0),
            begun: Duration::ZERO,
            how: End::Stopped,
        }
    }

    /// What the plant is about to be told.
    pub fn tell(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) {
        if self.batch.is_none() {
            self.begin();
        }
        self.at = self.at.plus(elapsed);
        self.scans += 1;
        match self.batch.as_mut() {
            Some(batch) => {
                let last = (&mut *self.readings, self.whole);
                batch.columns.tell(last, (inputs, self.at), orders, elapsed);
                batch.about.scans += 1;
            }
            None => self.lost += 1,
        }
    }

    /// What came of it.
    pub fn note(&mut self, outputs: &Outputs, events: &[Event], snapshot: &Snapshot) {
        let Some(batch) = self.batch.as_mut() else { return };
        let digest = digest(snapshot, &mut self.packed);
        let outputs = (&mut *self.outputs, &*outputs.values, self.whole);
        batch.columns.note(outputs, events, digest);
        if self.whole == Whole::Whole || self.at.since(self.framed) >= FRAME_EVERY {
            batch.columns.frame((&mut self.samples, self.whole), &snapshot.samples);
            self.framed = self.at;
        }
        self.whole = Whole::Changes;
        let is_due = machine::boot_clock().saturating_sub(self.begun) >= HANDED_ON_EVERY;
        if is_due || !batch.columns.has_room(self.size) {
            self.hand_on();
        }
    }

    /// The run has ended. A scan that was told and never noted is handed on as it is.
    pub fn end(mut self, how: End) {
        self.how = how;
    }

    #[cfg(test)]
    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    fn begin(&mut self) {
        let Some(mut batch) = self.queue.free.pop() else {
            self.whole = Whole::Whole;
            return;
        };
        if self.scans == 0 || self.lost > 0 || self.queue.wants_whole.swap(false, Ordering::AcqRel)
        {
            self.whole = Whole::Whole;
        }
        batch.columns.clear();
        batch.about = About {
            first: self.scans,
            at: self.at,
            scans: 0,
            lost: std::mem::take(&mut self.lost),
            whole: self.whole == Whole::Whole,
        };
        self.begun = machine::boot_clock();
        self.batch = Some(batch);
    }

    /// Gives the writer what there is.
    pub(super) fn hand_on(&mut self) {
        if let Some(batch) = self.batch.take() {
            // There is room for as many as there are.
            drop(self.queue.full.push(batch));
            self.queue.wake();
        }
    }
}
