//! Raw readings into signals: stale, invalid, out of range, too fast, negative (`docs/spec/plant.md` 2.12).
//!
//! Judged here and not in the drivers, by the reading's own time, so that a replay sees the same.

use crate::image::Inputs;
use crate::quantity::{Form, Value};
use crate::signal::{Doubt, Fault, Moment, Quality, Reading, Signal};
use crate::tag::{Measured, Point, Visitor};
use alloc::boxed::Box;
use alloc::vec;
use core::time::Duration;

/// A reading may lie outside its range by this share of the span.
const RANGE_MARGIN: f64 = 0.02;
/// Sentinels of instruments that cannot say NaN lie beyond this (`docs/spec/plant.md` 2.12).
const SENTINEL: f64 = 1e30;
/// Jumps in a row until a signal is bad.
const JUMPS_MAX: u8 = 3;
/// Readings closer than this say nothing of a rate: two answers of one poll.
const RATE_SPACING: f64 = 0.2;

/// What is remembered of an input.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    value: f64,
    taken: Moment,
    known: bool,
    jumps: u8,
    /// The verdict on the newest reading, kept until the next one comes.
    verdict: Option<Quality>,
}

/// Judges every input of a scan.
#[derive(Debug)]
pub struct Validator {
    memory: Box<[Memory]>,
}

impl Validator {
    /// For this many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Validator {
        Validator { memory: vec![Memory::default(); inputs].into_boxed_slice() }
    }

    /// The visitor of one scan.
    pub fn pass<'a>(
        &'a mut self,
        inputs: &'a Inputs,
        now: Moment,
        taken: &'a mut [Moment],
    ) -> Pass<'a> {
        Pass { memory: &mut self.memory, inputs, now, taken, slot: 0 }
    }
}

/// One walk over the inputs.
#[derive(Debug)]
pub struct Pass<'a> {
    memory: &'a mut [Memory],
    inputs: &'a Inputs,
    now: Moment,
    taken: &'a mut [Moment],
    slot: usize,
}

impl Visitor for Pass<'_> {
    fn input<Q: Value>(&mut self, point: &'static Point<Measured>, signal: &mut Signal<Q>) {
        let reading = self.inputs.readings.get(self.slot).copied().unwrap_or_default();
        if let (Some(memory), Some(taken)) =
            (self.memory.get_mut(self.slot), self.taken.get_mut(self.slot))
        {
            *signal = judge(memory, &point.words, Q::FORM, reading, self.now);
            *taken = reading.taken;
        }
        self.slot += 1;
    }
}

fn judge<Q: Value>(
    memory: &mut Memory,
    words: &Measured,
    form: Form,
    reading: Reading,
    now: Moment,
) -> Signal<Q> {
    if let Quality::Bad(fault) = reading.quality {
        memory.known = false;
        return Signal::Bad(fault);
    }
    if reading.taken > now {
        return Signal::Bad(Fault::Invalid);
    }
    if now.0 - reading.taken.0 > stale_us(words.poll) {
        return Signal::Bad(Fault::Stale);
    }
    let value = reading.value;
    if !value.is_finite() || value >= SENTINEL || value <= -SENTINEL {
        memory.known = false;
        return Signal::Bad(Fault::Invalid);
    }
    let numeric = matches!(form, Form::Number { .. });
    let margin = (words.high - words.low) * RANGE_MARGIN;
    if numeric && (value > words.high + margin || value < words.low - margin) {
        memory.known = false;
        return Signal::Bad(Fault::Range);
    }
    let verdict = if numeric { fastness(memory, words, reading) } else { Quality::Good };
    if let Quality::Bad(fault) = verdict {
        return Signal::Bad(fault);
    }
    if value < words.negative_min {
        return Signal::Bad(Fault::Implausible);
    }
    let floor = if words.negative_min.is_finite() && value < 0.0 { 0.0 } else { value };
    let quality = match reading.quality {
        Quality::Good => verdict,
        Quality::Uncertain(_) | Quality::Held(_) | Quality::Bad(_) => reading.quality,
    };
    Signal::new(floor, quality)
}

/// Stale at three polls, and no sooner than 5 s. In whole microseconds: this is asked of every input in every scan.
fn stale_us(poll: Duration) -> u64 {
    let three_polls = 3 * (poll.as_secs() * 1_000_000 + u64::from(poll.subsec_micros()));
    if three_polls > 5_000_000 { three_polls } else { 5_000_000 }
}

/// A jump faster than the process can is doubted once, bad after three in a row; a step that stays is believed then.
fn fastness(memory: &mut Memory, words: &Measured, reading: Reading) -> Quality {
    if memory.known && memory.taken == reading.taken {
        return memory.verdict.unwrap_or(Quality::Good);
    }
    let between = reading.taken.since(memory.taken).as_secs_f64();
    let jumped = words.rate_max > 0.0
        && memory.known
        && between >= RATE_SPACING
        && libm::fabs(reading.value - memory.value) > words.rate_max * between + noise(words);
    memory.jumps = if jumped { memory.jumps.saturating_add(1) } else { 0 };
    let verdict = if memory.jumps >= JUMPS_MAX {
        Quality::Bad(Fault::Rate)
    } else if jumped {
        Quality::Uncertain(Doubt::Rate)
    } else {
        Quality::Good
    };
    memory.value = reading.value;
    memory.taken = reading.taken;
    memory.known = true;
    memory.verdict = Some(verdict);
    verdict
}

/// Noise of an instrument, 1 % of its span: not a jump however short the time (chosen; above every accuracy in
/// `docs/spec/plant.md` 1.4 but raw turbidity's, whose limit is wide).
fn noise(words: &Measured) -> f64 {
    (words.high - words.low) * 0.01
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declare::measured;
    use crate::quantity::Ntu;

    const WORDS: Measured = measured(0.0..=20.0).every_s(5.0).rate_max(0.0833).not_below(-0.05);

    /// Judges readings one poll apart; the last signal.
    fn judged(values: &[f64]) -> Signal<Ntu> {
        let mut memory = Memory::default();
        let mut last = Signal::default();
        for (number, value) in (1..).zip(values) {
            let at = Moment(number * 5_000_000);
            last = judge(&mut memory, &WORDS, Ntu::FORM, Reading::good(*value, at), at);
        }
        last
    }

    #[test]
    fn a_reading_is_judged_by_range_rate_and_sign() {
        for (values, expected) in [
            (&[0.1][..], Signal::Good(Ntu(0.1))),
            (&[f64::NAN], Signal::Bad(Fault::Invalid)),
            (&[1e30], Signal::Bad(Fault::Invalid)),
            (&[f64::INFINITY], Signal::Bad(Fault::Invalid)),
            (&[20.3], Signal::Good(Ntu(20.3))),
            (&[20.5], Signal::Bad(Fault::Range)),
            (&[-0.02], Signal::Good(Ntu(0.0))),
            (&[-0.06], Signal::Bad(Fault::Implausible)),
            (&[0.1, 5.0], Signal::Uncertain(Ntu(5.0), Doubt::Rate)),
            (&[0.1, 5.0, 5.0], Signal::Good(Ntu(5.0))),
            (&[0.1, 5.0, 0.1, 5.0], Signal::Bad(Fault::Rate)),
        ] {
            assert_eq!(judged(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_reading_too_old_or_from_the_future_is_bad() {
        for (taken, now, expected) in [
            (0, 15_000_000, Signal::Good(Ntu(0.1))),
            (0, 15_000_001, Signal::Bad(Fault::Stale)),
            (2, 1, Signal::Bad(Fault::Invalid)),
        ] {
            let reading = Reading::good(0.1, Moment(taken));
            let signal: Signal<Ntu> =
                judge(&mut Memory::default(), &WORDS, Ntu::FORM, reading, Moment(now));
            assert_eq!(signal, expected, "{taken} {now}");
        }
    }

    #[test]
    fn what_the_driver_calls_bad_stays_bad() {
        let reading = Reading::bad(Fault::NotFitted, Moment(1));
        let signal: Signal<Ntu> =
            judge(&mut Memory::default(), &WORDS, Ntu::FORM, reading, Moment(1));
        assert_eq!(signal, Signal::Bad(Fault::NotFitted));
    }
}
