//! Raw readings into signals: stale, invalid, out of range, too fast, stuck, zero where it cannot be, negative, held
//! (`docs/spec/plant.md` 2.12, 2.13).
//!
//! Judged here and not in the drivers, by the reading's own time, so that a replay sees the same. An input is judged anew
//! only when its reading is new or its time runs out: this is asked of every input in every scan.

mod hold;
#[cfg(test)]
mod tests;

use crate::image::{Inputs, Shown, Snapshot};
use crate::quantity::{Form, Value};
use crate::signal::{Doubt, Fault, Moment, Quality, Reading, Signal};
use crate::tag::{Activities, Measured, Point, Source, Visitor};
use alloc::boxed::Box;
use alloc::vec;
use core::iter::Zip;
use core::slice::{Iter, IterMut};
use core::time::Duration;

pub use hold::{CLEANING_TIME, HOLD_TIME_MAX, HOLDS_KEPT, Holds};

/// A reading may lie outside its range by this share of the span.
const RANGE_MARGIN: f64 = 0.02;
/// Sentinels of instruments that cannot say NaN lie beyond this (`docs/spec/plant.md` 2.12).
const SENTINEL: f64 = 1e30;
/// Jumps in a row until a signal is bad.
const JUMPS_MAX: u8 = 3;
/// Readings closer than this say nothing of a rate: two answers of one poll. They are judged with the next one.
const RATE_SPACING: f64 = 0.2;

/// The last verdict on an input: all that is asked of it in most scans.
#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    /// The newest reading, as it came.
    value: f64,
    taken: Moment,
    /// Until then the verdict on a good reading stands, unless a newer one comes.
    good_until: Moment,
    flags: Flags,
}

/// What the first of a plant's inputs are asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    /// It was doubted or refused for a reason that a person must look at.
    doubtful: bool,
    /// Its device does not answer.
    silent: bool,
}

/// What is remembered of an input.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    value: f64,
    taken: Moment,
    known: bool,
    jumps: u8,
    /// Where it has stayed, and since when.
    anchor: f64,
    anchored: Moment,
    /// Since when it has not been at zero, or nothing had to move it.
    off_zero: Moment,
}

/// Judges every input of a scan.
#[derive(Debug)]
pub struct Validator {
    verdicts: Box<[Verdict]>,
    memory: Box<[Memory]>,
    holds: Holds,
    found: Found,
}

/// The first inputs of a kind that a walk found, by slot.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    silent: Option<usize>,
    doubtful: Option<usize>,
}

impl Validator {
    /// For this many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Validator {
        Validator {
            verdicts: vec![Verdict::default(); inputs].into_boxed_slice(),
            memory: vec![Memory::default(); inputs].into_boxed_slice(),
            holds: Holds::default(),
            found: Found::default(),
        }
    }

    /// The visitor of one scan, which writes what it judges into the snapshot too; `rows` has the row of each input.
    pub fn pass<'a>(
        &'a mut self,
        inputs: &'a Inputs,
        activities: Activities,
        now: Moment,
        rows: &'a [usize],
        snapshot: &'a mut Snapshot,
    ) -> Pass<'a> {
        let Validator { verdicts, memory, holds, found } = self;
        *found = Found::default();
        let places = inputs.readings.iter().zip(verdicts.iter_mut());
        Pass {
            places,
            memory,
            holds,
            found,
            activities,
            now,
            rows,
            snapshot,
            slot: 0,
            contact_moved: false,
        }
    }

    /// The holds of people.
    #[must_use]
    pub fn holds(&mut self) -> &mut Holds {
        &mut self.holds
    }

    /// A hold was set or ended: the input is judged anew in the next scan.
    pub fn judge_again(&mut self, slot: usize) {
        if let Some(verdict) = self.verdicts.get_mut(slot) {
            verdict.good_until = Moment(0);
        }
    }

    /// The first input whose device has stopped answering, by slot.
    #[must_use]
    pub fn silent(&self) -> Option<usize> {
        self.found.silent
    }

    /// The first input that cannot be believed, by slot: a value that contradicts its range, its process or itself.
    #[must_use]
    pub fn doubtful(&self) -> Option<usize> {
        self.found.doubtful
    }
}

/// What a walk meets one after the other: a reading, and the last verdict on it.
type Places<'a> = Zip<Iter<'a, Reading>, IterMut<'a, Verdict>>;

/// One walk over the inputs.
#[derive(Debug)]
pub struct Pass<'a> {
    places: Places<'a>,
    memory: &'a mut [Memory],
    holds: &'a mut Holds,
    found: &'a mut Found,
    activities: Activities,
    now: Moment,
    rows: &'a [usize],
    snapshot: &'a mut Snapshot,
    slot: usize,
    contact_moved: bool,
}

impl Pass<'_> {
    /// Some contact is not as it was in the last scan.
    #[must_use]
    pub fn contact_moved(&self) -> bool {
        self.contact_moved
    }
}

impl Visitor for Pass<'_> {
    fn input<Q: Value>(&mut self, point: &'static Point<Measured>, signal: &mut Signal<Q>) {
        let slot = self.slot;
        self.slot += 1;
        let Some((reading, verdict)) = self.places.next() else { return };
        let told = reading.value == verdict.value
            && verdict.good_until != Moment(0)
            && matches!(reading.quality, Quality::Good);
        // As before: good, neither newer nor too old. A NaN is never equal to itself, and is judged again.
        if !(told && reading.taken == verdict.taken && self.now <= verdict.good_until) {
            let until = good_until(*reading, &point.words, self.now);
            if told && until != Moment(0) && matches!(Q::FORM, Form::OnOff) {
                // A contact that was read anew and stands as it stood.
                verdict.taken = reading.taken;
                verdict.good_until = until;
                self.snapshot.renew(self.rows.get(slot), reading.taken);
                return;
            }
            *signal = self.verdict(slot, &point.words, *reading, *signal);
            let quality = signal.quality();
            *verdict = Verdict {
                value: reading.value,
                taken: reading.taken,
                good_until: if self.holds.has(slot) { Moment(0) } else { until },
                flags: Flags::of(quality, point.words.source),
            };
            if let Some(row) = self.rows.get(slot) {
                self.snapshot.put(*row, signal.sample(), reading.taken);
            }
        }
        if verdict.flags.silent {
            self.found.silent = self.found.silent.or(Some(slot));
        }
        if verdict.flags.doubtful {
            self.found.doubtful = self.found.doubtful.or(Some(slot));
        }
    }
}

impl Pass<'_> {
    /// What to make of a reading that has something new to say.
    fn verdict<Q: Value>(
        &mut self,
        slot: usize,
        words: &Measured,
        reading: Reading,
        before: Signal<Q>,
    ) -> Signal<Q> {
        if !matches!(Q::FORM, Form::Number { .. }) {
            let now = contact(reading, words, self.now);
            self.contact_moved |=
                now.quality() != before.quality() || now.shown() != before.shown();
            return now;
        }
        let Some(memory) = self.memory.get_mut(slot) else { return Signal::default() };
        let judged = judge(memory, words, reading, self.activities, self.now);
        self.holds.apply(slot, reading.quality, before, judged, self.now)
    }
}

impl Flags {
    fn of(quality: Quality, source: Source) -> Flags {
        let silent = matches!((quality, source), (Quality::Bad(Fault::Stale), Source::Field));
        Flags { doubtful: is_doubtful(quality), silent }
    }
}

/// Until when a verdict stands. What is bad or old is judged again in every scan, and so is what lies ahead: it may come
/// true.
fn good_until(reading: Reading, words: &Measured, now: Moment) -> Moment {
    match too_old(reading, words, now) {
        Some(_) => Moment(0),
        None => Moment(reading.taken.0.saturating_add(words.stale_us())),
    }
}

/// A person must look at the sensor; a device that does not answer is another alarm, a jump of one sample none.
fn is_doubtful(quality: Quality) -> bool {
    match quality {
        Quality::Good | Quality::Held(_) => false,
        Quality::Uncertain(doubt) => match doubt {
            Doubt::Stuck | Doubt::Disagrees => true,
            Doubt::Fallback | Doubt::Rate | Doubt::HandValue => false,
        },
        Quality::Bad(fault) => match fault {
            Fault::Invalid | Fault::Range | Fault::Overrange | Fault::Rate | Fault::Implausible => {
                true
            }
            Fault::NotYetRead
            | Fault::Stale
            | Fault::HoldExpired
            | Fault::NotFitted
            | Fault::Computed => false,
        },
    }
}

/// A contact has neither range nor rate.
fn contact<Q: Value>(reading: Reading, words: &Measured, now: Moment) -> Signal<Q> {
    match too_old(reading, words, now) {
        Some(fault) => Signal::Bad(fault),
        None => Signal::new(reading.value, reading.quality),
    }
}

/// What is wrong with a reading's quality or age, whatever its number.
fn too_old(reading: Reading, words: &Measured, now: Moment) -> Option<Fault> {
    if let Quality::Bad(fault) = reading.quality {
        return Some(fault);
    }
    if reading.taken > now {
        return Some(Fault::Invalid);
    }
    (now.0 - reading.taken.0 > words.stale_us()).then_some(Fault::Stale)
}

fn judge<Q: Value>(
    memory: &mut Memory,
    words: &Measured,
    reading: Reading,
    activities: Activities,
    now: Moment,
) -> Signal<Q> {
    if let Some(fault) = too_old(reading, words, now) {
        memory.known &= !matches!(reading.quality, Quality::Bad(_));
        return Signal::Bad(fault);
    }
    let value = reading.value;
    if !value.is_finite() || value >= SENTINEL || value <= -SENTINEL {
        memory.known = false;
        return Signal::Bad(Fault::Invalid);
    }
    let margin = (words.high - words.low) * RANGE_MARGIN;
    if value > words.high + margin || value < words.low - margin {
        memory.known = false;
        let over = value > words.high;
        return Signal::Bad(if over { Fault::Overrange } else { Fault::Range });
    }
    let verdict = rate(memory, words, reading);
    if let Quality::Bad(fault) = verdict {
        return Signal::Bad(fault);
    }
    if value < words.negative_min || zero_too_long(memory, words, reading, activities) {
        return Signal::Bad(Fault::Implausible);
    }
    let stuck = stuck(memory, words, reading, activities);
    let floor = if words.negative_min.is_finite() && value < 0.0 { 0.0 } else { value };
    let quality = match reading.quality {
        Quality::Good if stuck => Quality::Uncertain(Doubt::Stuck),
        Quality::Good => verdict,
        Quality::Uncertain(_) | Quality::Held(_) | Quality::Bad(_) => reading.quality,
    };
    Signal::new(floor, quality)
}

/// A jump faster than the process can is doubted once, bad after three in a row; a step that stays is believed then.
fn rate(memory: &mut Memory, words: &Measured, reading: Reading) -> Quality {
    let between = reading.taken.since(memory.taken).as_secs_f64();
    if !memory.known || between >= RATE_SPACING {
        let jumped = words.rate_max > 0.0
            && memory.known
            && libm::fabs(reading.value - memory.value) > words.rate_max * between + noise(words);
        memory.jumps = if jumped { memory.jumps.saturating_add(1) } else { 0 };
        memory.value = reading.value;
        memory.taken = reading.taken;
        memory.known = true;
    }
    match memory.jumps {
        0 => Quality::Good,
        1..JUMPS_MAX => Quality::Uncertain(Doubt::Rate),
        JUMPS_MAX.. => Quality::Bad(Fault::Rate),
    }
}

/// It has not moved for so long while the process did. Alarms first: a steady process can read steady.
fn stuck(memory: &mut Memory, words: &Measured, reading: Reading, activities: Activities) -> bool {
    if words.stuck_after == Duration::ZERO {
        return false;
    }
    let moved = !(libm::fabs(reading.value - memory.anchor) < words.resolution / 2.0);
    if moved || !activities.has(words.moved_by) {
        memory.anchor = reading.value;
        memory.anchored = reading.taken;
    }
    reading.taken.since(memory.anchored) >= words.stuck_after
}

/// It reads nothing for so long while the process must show in it.
fn zero_too_long(
    memory: &mut Memory,
    words: &Measured,
    reading: Reading,
    activities: Activities,
) -> bool {
    if words.zero_after == Duration::ZERO {
        return false;
    }
    if !(reading.value <= words.zero) || !activities.has(words.moved_by) {
        memory.off_zero = reading.taken;
    }
    reading.taken.since(memory.off_zero) >= words.zero_after
}

/// Noise of an instrument, 1 % of its span: not a jump however short the time (chosen; above every accuracy in
/// `docs/spec/plant.md` 1.4 but raw turbidity's, whose limit is wide).
fn noise(words: &Measured) -> f64 {
    (words.high - words.low) * 0.01
}
