//! Scans as columns: what belongs together lies together, so that it packs well.
//!
//! One scan is two entries: what the plant was told, written before it is scanned, and what came of it, written after. The
//! last scan of a run may lack the second: the plant panicked in it, or the power went.
//!
//! | Column | Before each scan |
//! |---|---|
//! | `steps` | flags: has orders |
//! | `elapsed` | nanoseconds |
//! | `slots` | how many readings changed; steps from slot to slot |
//! | `kinds` | of each: what changed |
//! | `ages` | of each that was not measured just now: zigzag of plant time less time measured, µs |
//! | `values`, `qualities` | of each where it changed |
//! | `orders` | where there are any |
//!
//! | Column | After it |
//! |---|---|
//! | `outcomes` | flags: outputs changed, has events, has a frame |
//! | `outputs` | how many changed; steps from slot to slot, values |
//! | `events` | where there are any |
//! | `digests` | of every sample: value, quality, reasons, time |
//! | `frames` | samples that changed since the last frame, so that a difference can be named |

use std::time::Duration;

use plc::image::{Event, Inputs, Order, Sample, Snapshot};
use plc::signal::{Moment, Quality, Reading};

use super::coded::{Bytes, Coded, EVENT_MAX, Maps, ORDER_MAX, QUALITY_MAX, put_all};
use crate::exchange::ORDERS_MAX;

/// How many columns there are.
pub const COLUMNS: usize = 13;
const STEPS: usize = 0;
const ELAPSED: usize = 1;
const SLOTS: usize = 2;
const KINDS: usize = 3;
const AGES: usize = 4;
const VALUES: usize = 5;
const QUALITIES: usize = 6;
const ORDERS: usize = 7;
const OUTCOMES: usize = 8;
const OUTPUTS: usize = 9;
const EVENTS: usize = 10;
const DIGESTS: usize = 11;
const FRAMES: usize = 12;

const HAS_ORDERS: u8 = 1;

const VALUE_CHANGED: u8 = 1;
const QUALITY_CHANGED: u8 = 2;
const MEASURED_NOW: u8 = 4;

const OUTPUTS_CHANGED: u8 = 1;
const HAS_EVENTS: u8 = 2;
const HAS_FRAME: u8 = 4;

/// Longest number: ten times seven bits.
const NUMBER_MAX: usize = 10;
/// Longest number of a slot or row.
const SLOT_MAX: usize = 3;
/// Events of a scan: the core's own limit.
const EVENTS_MAX: usize = 256;
/// Scans for which a column has room when everything changes in each; a usual plant's are fifty times as many.
const WORST_SCANS: usize = 16;

/// A plant's numbers of inputs, outputs and rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub inputs: usize,
    pub outputs: usize,
    pub rows: usize,
}

/// Columns of some scans.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    pub bytes: [Vec<u8>; COLUMNS],
}

impl Columns {
    /// With room for [`WORST_SCANS`] of the worst: in these nothing allocates while [`Columns::has_room`].
    #[must_use]
    pub fn with_room(size: Size) -> Columns {
        let worst = Columns::worst(size);
        Columns { bytes: std::array::from_fn(|column| Vec::with_capacity(worst[column].1)) }
    }

    /// The most that one scan takes of each column, and how long the column is.
    fn worst(size: Size) -> [(usize, usize); COLUMNS] {
        let Size { inputs, outputs, rows } = size;
        let frame = SLOT_MAX + rows * (SLOT_MAX + 8 + QUALITY_MAX + 3 * NUMBER_MAX);
        let few = |most: usize| (most, WORST_SCANS * most);
        let once = |most: usize| (most, 2 * most);
        let mut worst = [(0, 0); COLUMNS];
        worst[STEPS] = (1, 4096);
        worst[ELAPSED] = (NUMBER_MAX, 4 * 4096);
        worst[SLOTS] = few(SLOT_MAX + inputs * SLOT_MAX);
        worst[KINDS] = few(inputs);
        worst[AGES] = few(inputs * NUMBER_MAX);
        worst[VALUES] = few(inputs * 8);
        worst[QUALITIES] = few(inputs * QUALITY_MAX);
        worst[ORDERS] = once(SLOT_MAX + ORDERS_MAX * ORDER_MAX);
        worst[OUTCOMES] = (1, 4096);
        worst[OUTPUTS] = few(SLOT_MAX + outputs * (SLOT_MAX + 8));
        worst[EVENTS] = once(SLOT_MAX + EVENTS_MAX * EVENT_MAX);
        worst[DIGESTS] = (4, 4 * 4096);
        worst[FRAMES] = once(frame);
        worst
    }

    /// Whether one more scan has room, whatever happens in it.
    #[must_use]
    pub fn has_room(&self, size: Size) -> bool {
        let worst = Columns::worst(size);
        self.bytes.iter().zip(worst).all(|(column, (most, length))| column.len() + most <= length)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.iter().map(Vec::len).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn clear(&mut self) {
        self.bytes.iter_mut().for_each(Vec::clear);
    }

    /// Scans of another follow these.
    pub fn append(&mut self, other: &Columns) {
        for (column, more) in self.bytes.iter_mut().zip(&other.bytes) {
            column.extend_from_slice(more);
        }
    }

    /// How many scans have begun in these.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.bytes[STEPS].len() as u64
    }

    // Before a scan.

    /// What the plant is told. `last` is what it was told before; with `whole` that is not known to who reads.
    pub fn tell(
        &mut self,
        (last, whole): (&mut [Reading], Whole),
        (inputs, at): (&Inputs, Moment),
        orders: &[Order],
        elapsed: Duration,
    ) {
        let bytes = &mut self.bytes;
        bytes[STEPS].push(if orders.is_empty() { 0 } else { HAS_ORDERS });
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).put(&mut bytes[ELAPSED]);
        let changed = |(last, now): (&Reading, &Reading)| whole.is_whole() || differs(last, now);
        let count = last.iter().zip(&inputs.readings).filter(|pair| changed(*pair)).count();
        (count as u64).put(&mut bytes[SLOTS]);
        let mut before = 0;
        for (slot, (last, now)) in last.iter_mut().zip(&inputs.readings).enumerate() {
            if !changed((last, now)) {
                continue;
            }
            ((slot - before) as u64).put(&mut bytes[SLOTS]);
            before = slot;
            let mut kind = 0;
            if whole.is_whole() || last.value.to_bits() != now.value.to_bits() {
                kind |= VALUE_CHANGED;
                now.value.put(&mut bytes[VALUES]);
            }
            if whole.is_whole() || last.quality != now.quality {
                kind |= QUALITY_CHANGED;
                now.quality.put(&mut bytes[QUALITIES]);
            }
            if now.taken == at {
                kind |= MEASURED_NOW;
            } else {
                zigzag(at, now.taken).put(&mut bytes[AGES]);
            }
            bytes[KINDS].push(kind);
            *last = *now;
        }
        if !orders.is_empty() {
            put_all(orders, &mut bytes[ORDERS]);
        }
    }

    // After it.

    /// What came of it, but for the digest: that is there, too, once the scan is complete.
    pub fn note(&mut self, outputs: (&mut [f64], &[f64], Whole), events: &[Event], digest: u32) {
        let bytes = &mut self.bytes;
        let (last, now, whole) = outputs;
        let changed =
            |(last, now): (&f64, &f64)| whole.is_whole() || last.to_bits() != now.to_bits();
        let count = last.iter().zip(now).filter(|pair| changed(*pair)).count();
        let mut flags = 0;
        if count > 0 {
            flags |= OUTPUTS_CHANGED;
            (count as u64).put(&mut bytes[OUTPUTS]);
            let mut before = 0;
            for (slot, (last, now)) in last.iter_mut().zip(now).enumerate() {
                if changed((last, now)) {
                    ((slot - before) as u64).put(&mut bytes[OUTPUTS]);
                    before = slot;
                    now.put(&mut bytes[OUTPUTS]);
                    *last = *now;
                }
            }
        }
        if !events.is_empty() {
            flags |= HAS_EVENTS;
            put_all(events, &mut bytes[EVENTS]);
        }
        bytes[DIGESTS].extend_from_slice(&digest.to_le_bytes());
        bytes[OUTCOMES].push(flags);
    }

    /// Every sample that has changed since the last frame, for the scan noted last.
    pub fn frame(&mut self, (last, whole): (&mut [Sample], Whole), samples: &[Sample]) {
        let Some(flags) = self.bytes[OUTCOMES].last_mut() else { return };
        *flags |= HAS_FRAME;
        let out = &mut self.bytes[FRAMES];
        let changed = |(last, now): (&Sample, &Sample)| whole.is_whole() || last != now;
        let count = last.iter().zip(samples).filter(|pair| changed(*pair)).count();
        (count as u64).put(out);
        let mut before = 0;
        for (row, (last, now)) in last.iter_mut().zip(samples).enumerate() {
            if changed((last, now)) {
                ((row - before) as u64).put(out);
                before = row;
                now.value.put(out);
                now.quality.put(out);
                now.why.put(out);
                *last = *now;
            }
        }
    }
}

/// Whether who reads these columns knows nothing from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// They begin a file, or follow a gap: every reading, output and sample stands here.
    Whole,
    /// Changes only.
    Changes,
}

impl Whole {
    fn is_whole(self) -> bool {
        self == Whole::Whole
    }
}

fn differs(last: &Reading, now: &Reading) -> bool {
    last.value.to_bits() != now.value.to_bits()
        || last.taken != now.taken
        || last.quality != now.quality
}

/// How far back a reading was measured; one that lies ahead is an odd number.
fn zigzag(at: Moment, taken: Moment) -> u64 {
    let back = at.0.wrapping_sub(taken.0).cast_signed();
    ((back << 1) ^ (back >> 63)).cast_unsigned()
}

fn unzigzag(at: Moment, number: u64) -> Moment {
    let back = (number >> 1) ^ 0_u64.wrapping_sub(number & 1);
    Moment(at.0.wrapping_sub(back))
}

/// A number for everything that a snapshot says of its rows.
pub fn digest(snapshot: &Snapshot, packed: &mut Vec<u8>) -> u32 {
    packed.clear();
    for (sample, taken) in snapshot.samples.iter().zip(&snapshot.taken) {
        let [low, middle, high] = sample.why.words();
        let quality = match sample.quality {
            Quality::Good => 0,
            Quality::Uncertain(doubt) => 1 + 8 * doubt as u64,
            Quality::Held(until) => 2 + 8 * until.0,
            Quality::Bad(fault) => 3 + 8 * fault as u64,
        };
        let words = [sample.value.to_bits(), quality, low, middle, high, taken.0];
        for word in words {
            packed.extend_from_slice(&word.to_le_bytes());
        }
    }
    for wanted in &snapshot.wanted {
        packed.extend_from_slice(&wanted.to_bits().to_le_bytes());
    }
    crc32fast::hash(packed)
}

/// Bytes of the packed samples that a digest is made of.
#[must_use]
pub fn packed_size(size: Size) -> usize {
    48 * size.rows + 8 * size.outputs
}

/// One scan as it was.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    pub elapsed: Duration,
    pub orders: Vec<Order>,
    /// `None`: the recording ends in it.
    pub outcome: Option<Outcome>,
}

/// What came of a scan. The outputs stand in [`Before::outputs`].
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub events: Vec<Event>,
    pub digest: u32,
    /// [`Before::samples`] are those of this scan.
    pub has_frame: bool,
}

/// What the reader carries from scan to scan.
#[derive(Clone, Debug)]
pub struct Before {
    pub inputs: Inputs,
    pub outputs: Vec<f64>,
    /// Those of the last frame.
    pub samples: Vec<Sample>,
    pub at: Moment,
}

impl Before {
    #[must_use]
    pub fn new(size: Size) -> Before {
        Before {
            inputs: Inputs { readings: vec![Reading::default(); size.inputs].into_boxed_slice() },
            outputs: vec![0.0; size.outputs],
            samples: vec![Sample::default(); size.rows],
            at: Moment(0),
        }
    }
}

/// Reads columns, scan by scan.
#[derive(Debug)]
pub struct Reader<'a> {
    columns: [Bytes<'a>; COLUMNS],
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(columns: &'a Columns, maps: &'a Maps) -> Reader<'a> {
        let of = |column: usize| Bytes::new(&columns.bytes[column], maps);
        Reader { columns: std::array::from_fn(of) }
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.columns[STEPS].is_empty()
    }

    /// The next scan; `None`: these are not columns that this version reads.
    pub fn next(&mut self, before: &mut Before) -> Option<Scan> {
        let flags: u8 = self.columns[STEPS].read()?;
        let elapsed = Duration::from_nanos(self.columns[ELAPSED].read()?);
        before.at = before.at.plus(elapsed);
        self.readings(before)?;
        let orders =
            if flags & HAS_ORDERS != 0 { self.columns[ORDERS].read()? } else { Vec::new() };
        let outcome =
            if self.columns[OUTCOMES].is_empty() { None } else { Some(self.outcome(before)?) };
        Some(Scan { elapsed, orders, outcome })
    }

    fn readings(&mut self, before: &mut Before) -> Option<()> {
        let mut slot = 0;
        let count: u64 = self.columns[SLOTS].read()?;
        for _ in 0..count {
            slot += usize::try_from(self.columns[SLOTS].read::<u64>()?).ok()?;
            let kind: u8 = self.columns[KINDS].read()?;
            let reading = before.inputs.readings.get_mut(slot)?;
            if kind & VALUE_CHANGED != 0 {
                reading.value = self.columns[VALUES].read()?;
            }
            if kind & QUALITY_CHANGED != 0 {
                reading.quality = self.columns[QUALITIES].read()?;
            }
            reading.taken = if kind & MEASURED_NOW != 0 {
                before.at
            } else {
                unzigzag(before.at, self.columns[AGES].read()?)
            };
        }
        Some(())
    }

    fn outcome(&mut self, before: &mut Before) -> Option<Outcome> {
        let flags: u8 = self.columns[OUTCOMES].read()?;
        if flags & OUTPUTS_CHANGED != 0 {
            let from = &mut self.columns[OUTPUTS];
            let (count, mut slot) = (from.read::<u64>()?, 0);
            for _ in 0..count {
                slot += usize::try_from(from.read::<u64>()?).ok()?;
                *before.outputs.get_mut(slot)? = from.read()?;
            }
        }
        let events =
            if flags & HAS_EVENTS != 0 { self.columns[EVENTS].read()? } else { Vec::new() };
        let digest = self.columns[DIGESTS].take(4)?.try_into().ok().map(u32::from_le_bytes)?;
        let has_frame = flags & HAS_FRAME != 0;
        if has_frame {
            let from = &mut self.columns[FRAMES];
            let (count, mut row) = (from.read::<u64>()?, 0);
            for _ in 0..count {
                row += usize::try_from(from.read::<u64>()?).ok()?;
                let sample =
                    Sample { value: from.read()?, quality: from.read()?, why: from.read()? };
                *before.samples.get_mut(row)? = sample;
            }
        }
        Some(Outcome { events, digest, has_frame })
    }
}
