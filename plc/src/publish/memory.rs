//! What survives a restart: handed out, and taken up again.

use alloc::vec::Vec;
use core::time::Duration;

use super::counts_rows;
use crate::alarm::{Condition, Engine, KeptAlarm};
use crate::image::Shown;
use crate::output::Output;
use crate::quantity::{Form, Value};
use crate::signal::Signal;
use crate::tag::{Adjustable, Driven, Kept, Measured, Plain, Point, Rationale, Row, Visitor};

/// Hands out what survives a restart: retained values and alarm states, each with its row.
pub struct Keep<'a, F> {
    pub rows: &'a [Row],
    pub alarms: &'a Engine,
    pub keep: F,
    row: usize,
    alarm: usize,
}

impl<'a, F: FnMut(&Row, f64)> Keep<'a, F> {
    /// To this taker.
    pub fn new(rows: &'a [Row], alarms: &'a Engine, keep: F) -> Keep<'a, F> {
        Keep { rows, alarms, keep, row: 0, alarm: 0 }
    }
}

impl<F: FnMut(&Row, f64)> Visitor for Keep<'_, F> {
    fn retained<Q: Value>(&mut self, _: &'static Point<Kept>, value: &mut Q) {
        if let Some(row) = self.rows.get(self.row) {
            (self.keep)(row, value.to_f64());
        }
        self.row += 1;
    }
    fn alarm(&mut self, _: &'static Point<Rationale>, _: &mut Condition) {
        if let Some(row) = self.rows.get(self.row) {
            (self.keep)(row, self.alarms.sample(self.alarm).kept().to_f64());
        }
        self.row += 1;
        self.alarm += 1;
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        setting(Adjustable, Q, Value),
    }
}

/// Whether a kept number can be a value of this form. NaN cannot.
pub fn can_be(form: Form, words: &Kept, kept: f64) -> bool {
    match form {
        Form::OnOff => kept == 0.0 || kept == 1.0,
        Form::States(names) => (0..names.len()).any(|number| kept == number as f64),
        Form::Number { .. } => kept >= words.low && kept <= words.high,
        // Neither is ever kept.
        Form::Reasons | Form::Alarm => false,
    }
}

/// A setting that was kept.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub row: usize,
    /// What the site says.
    pub before: f64,
    pub kept: f64,
    /// It lies in its range: it was taken up.
    pub fits: bool,
}

/// Takes up what a restart left: settings inside their ranges, retained values, alarm states.
pub struct Restore<'a, F> {
    pub rows: &'a [Row],
    pub alarms: &'a mut Engine,
    /// What was kept for a row.
    pub kept: F,
    /// Settings that were kept: row, what each was before, and what was kept.
    pub settings: Vec<Taken>,
    /// How long ago it was kept; unknown: nobody can say.
    age: Option<Duration>,
    /// Retained values that cannot be, and count as what is safe.
    pub unfit: usize,
    row: usize,
    alarm: usize,
}

impl<'a, F: FnMut(&Row) -> Option<f64>> Restore<'a, F> {
    /// From this source.
    pub fn new(
        rows: &'a [Row],
        alarms: &'a mut Engine,
        kept: F,
        age: Option<Duration>,
    ) -> Restore<'a, F> {
        Restore { rows, alarms, kept, settings: Vec::new(), unfit: 0, age, row: 0, alarm: 0 }
    }

    fn next(&mut self) -> Option<f64> {
        let row = self.rows.get(self.row);
        self.row += 1;
        row.and_then(|row| (self.kept)(row))
    }
}

impl<F: FnMut(&Row) -> Option<f64>> Visitor for Restore<'_, F> {
    fn setting<Q: Value>(&mut self, point: &'static Point<Adjustable>, value: &mut Q) {
        let row = self.row;
        if let Some(kept) = self.next() {
            let fits = kept >= point.words.low && kept <= point.words.high;
            self.settings.push(Taken { row, before: value.to_f64(), kept, fits });
            if fits {
                *value = Q::from_f64(kept);
            }
        }
    }
    fn retained<Q: Value>(&mut self, point: &'static Point<Kept>, value: &mut Q) {
        if let Some(kept) = self.next() {
            if can_be(Q::FORM, &point.words, kept) {
                let left = point.words.due.map(|_| left_after(kept, self.age));
                *value = Q::from_f64(left.unwrap_or(kept));
            } else {
                self.unfit += 1;
                doubt(point, value);
            }
        }
    }
    fn alarm(&mut self, _: &'static Point<Rationale>, _: &mut Condition) {
        if let Some(kept) = self.next() {
            match KeptAlarm::from_f64(kept) {
                Some(kept) => self.alarms.restore(self.alarm, &kept, self.age),
                None => self.unfit += 1,
            }
        }
        self.alarm += 1;
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
    }
}

/// Takes it for what is safe.
fn doubt<Q: Value>(point: &Point<Kept>, value: &mut Q) {
    if let Some(doubted) = point.words.doubted {
        *value = Q::from_f64(doubted);
    }
}

/// What is left of a test after a restart. Of an absence whose length nobody knows no more than a week is left: time to look
/// after it, and no alarm of two dozen tests on the spot (chosen).
#[must_use]
pub fn left_after(kept: f64, age: Option<Duration>) -> f64 {
    let left = match age {
        Some(age) => kept - age.as_secs() as f64,
        None if kept < UNKNOWN_LEFT => kept,
        None => UNKNOWN_LEFT,
    };
    if left > 0.0 { left } else { 0.0 }
}

/// A week, s.
const UNKNOWN_LEFT: f64 = 604_800.0;
