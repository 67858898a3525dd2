//! What people ask of one row: a setting, a mode, a run by hand.

use alloc::vec::Vec;
use core::time::Duration;

use super::counts_rows;
use crate::alarm::Condition;
use crate::device::{Handling, Mode};
use crate::image::Shown;
use crate::output::Output;
use crate::quantity::{Percent, Value};
use crate::reason::Reason;
use crate::signal::Signal;
use crate::tag::{Adjustable, Driven, Group, Kept, Measured, Plain, Point, Rationale, Visitor};

/// Sets one setting by its row.
#[derive(Debug)]
pub struct Set {
    target: usize,
    value: f64,
    before: Option<f64>,
    row: usize,
}

impl Set {
    /// This row to this value; the range is the caller's to check.
    #[must_use]
    pub fn new(target: usize, value: f64) -> Set {
        Set { target, value, before: None, row: 0 }
    }

    /// What it was, if it was found.
    #[must_use]
    pub fn before(&self) -> Option<f64> {
        self.before
    }
}

impl Visitor for Set {
    fn setting<Q: Value>(&mut self, _: &'static Point<Adjustable>, value: &mut Q) {
        if self.row == self.target {
            self.before = Some(value.to_f64());
            *value = Q::from_f64(self.value);
        }
        self.row += 1;
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        retained(Kept, Q, Value),
        alarm(Rationale, Condition),
    }
}

/// Every setting as it is, by row.
#[derive(Debug, Default)]
pub struct Values {
    values: Vec<(usize, f64)>,
    row: usize,
}

impl Values {
    /// Of this row.
    #[must_use]
    pub fn of(&self, row: usize) -> f64 {
        let at = self.values.binary_search_by_key(&row, |(row, _)| *row);
        at.map_or(f64::NAN, |at| self.values[at].1)
    }
}

impl Visitor for Values {
    fn setting<Q: Value>(&mut self, _: &'static Point<Adjustable>, value: &mut Q) {
        self.values.push((self.row, value.to_f64()));
        self.row += 1;
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        retained(Kept, Q, Value),
        alarm(Rationale, Condition),
    }
}

/// Changes who commands a device, or a unit and the devices in it, by the row of its mode.
#[derive(Debug)]
pub struct Handle {
    target: usize,
    mode: Mode,
    order: u32,
    found: bool,
    /// Inside the unit whose mode was changed.
    cascade: bool,
    depth: usize,
    row: usize,
}

impl Handle {
    /// This one to this mode, by this order.
    #[must_use]
    pub fn new(target: usize, mode: Mode, order: u32) -> Handle {
        Handle { target, mode, order, found: false, cascade: false, depth: 0, row: 0 }
    }

    /// There is such a device or unit.
    #[must_use]
    pub fn found(&self) -> bool {
        self.found
    }
}

/// A unit lies this deep in the walk, its devices deeper.
const UNIT_DEPTH: usize = 1;

impl Visitor for Handle {
    fn enter(&mut self, _: &'static Group, _: Option<u8>) {
        self.depth += 1;
    }
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.cascade &= self.depth >= UNIT_DEPTH;
    }
    fn handling(&mut self, handling: &mut Handling) {
        if self.row == self.target {
            handling.change(self.mode, self.order);
            self.found = true;
            self.cascade = self.depth == UNIT_DEPTH;
        } else if self.cascade && handling.mode() != Mode::Maintenance {
            // Somebody has their hands in a device that is locked out: its lock is ended on its own only.
            handling.change(self.mode, self.order);
        }
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        setting(Adjustable, Q, Value),
        retained(Kept, Q, Value),
        alarm(Rationale, Condition),
    }
}

/// Gives a device in MANUAL a person's wish, by the row of its mode.
#[derive(Debug)]
pub struct ByHand {
    target: usize,
    wish: Percent,
    time: Duration,
    order: u32,
    answer: Result<(), Reason>,
    row: usize,
}

impl ByHand {
    /// This wish for this time, by this order.
    #[must_use]
    pub fn new(target: usize, wish: Percent, time: Duration, order: u32) -> ByHand {
        ByHand { target, wish, time, order, answer: Err(Reason::Unknown), row: 0 }
    }

    /// Whether it was taken.
    pub fn answer(&self) -> Result<(), Reason> {
        self.answer
    }
}

impl Visitor for ByHand {
    fn handling(&mut self, handling: &mut Handling) {
        if self.row == self.target {
            self.answer = handling.ask(self.wish, self.time, self.order);
        }
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        setting(Adjustable, Q, Value),
        retained(Kept, Q, Value),
        alarm(Rationale, Condition),
    }
}

/// Whether some maintenance lock has run out.
#[derive(Debug, Default)]
pub struct Overdue {
    pub any: bool,
}

impl Visitor for Overdue {
    fn handling(&mut self, handling: &mut Handling) {
        self.any |= handling.is_overdue();
    }
}
