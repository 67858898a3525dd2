//! The walks of a scan: hold outputs off, write the images, set one setting, keep and restore.

use core::iter::Zip;
use core::slice::{Iter, IterMut};
use core::time::Duration;

use crate::alarm::{AlarmSample, Condition, Engine, KeptAlarm};
use crate::device::{Handling, Mode};
use crate::image::{Event, Outputs, Sample, Shown, Snapshot};
use crate::interlock::{Column, Holds};
use crate::output::Output;
use crate::plant::left_after;
use crate::quantity::{Form, Percent, Value};
use crate::reason::{Reason, Reasons};
use crate::signal::{Moment, Quality, Signal};
use crate::tag::{
    Adjustable, Driven, Group, Kept, Measured, Plain, Point, Rationale, Row, Visitor,
};

/// Events of one scan at most; at the limit the last one says [`Event::Overflow`].
const EVENTS_MAX: usize = 256;

/// What happened in a scan, in order.
#[derive(Clone, Debug)]
pub struct Events {
    events: [Event; EVENTS_MAX],
    length: usize,
}

impl Default for Events {
    fn default() -> Events {
        Events { events: [Event::Overflow; EVENTS_MAX], length: 0 }
    }
}

impl Events {
    /// Begins a scan.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// One more.
    pub fn push(&mut self, event: Event) {
        match self.events.get_mut(self.length) {
            Some(place) => {
                *place = event;
                self.length += 1;
            }
            None => self.events[EVENTS_MAX - 1] = Event::Overflow,
        }
    }

    /// Causes that began or ended between two sets.
    pub fn causes(&mut self, before: Reasons, after: Reasons) {
        if before == after {
            return;
        }
        for cause in after.without(before).iter() {
            self.push(Event::Cause { cause, began: true });
        }
        for cause in before.without(after).iter() {
            self.push(Event::Cause { cause, began: false });
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Event] {
        &self.events[..self.length]
    }
}

/// Holds every output off that a cause forces off: the last word of the table.
#[derive(Debug)]
pub struct Hold<'a> {
    holds: &'a Holds,
    columns: [Option<Column>; DEPTH],
    depth: usize,
}

/// Groups inside groups: plant, unit, device.
const DEPTH: usize = 4;

impl<'a> Hold<'a> {
    /// By these holds.
    #[must_use]
    pub fn new(holds: &'a Holds) -> Hold<'a> {
        Hold { holds, columns: [None; DEPTH], depth: 0 }
    }
}

impl Visitor for Hold<'_> {
    fn enter(&mut self, group: &'static Group, _: Option<u8>) {
        if let Some(place) = self.columns.get_mut(self.depth) {
            *place = group.column;
        }
        self.depth += 1;
    }
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
    fn output<Q: Value>(&mut self, point: &'static Point<Driven>, output: &mut Output<Q>) {
        let around = self.columns.get(self.depth.saturating_sub(1)).copied().flatten();
        let column = point.words.column.or(around).unwrap_or(Column::Positions);
        output.hold_off(self.holds.on(column));
    }
}

/// Writes outputs and snapshot but for the inputs, and finds changes of state.
#[derive(Debug)]
pub struct Publish<'a> {
    outputs: Zip<IterMut<'a, f64>, IterMut<'a, f64>>,
    samples: Zip<IterMut<'a, Sample>, IterMut<'a, Moment>>,
    rows: usize,
    events: &'a mut Events,
    alarms: &'a mut Engine,
    shown: IterMut<'a, AlarmSample>,
    now: Moment,
    /// Settings and totals are written too: they move seldom, and are for people.
    whole: bool,
    alarm: usize,
}

impl<'a> Publish<'a> {
    /// Of one scan.
    #[must_use]
    pub fn new(
        outputs: &'a mut Outputs,
        snapshot: &'a mut Snapshot,
        events: &'a mut Events,
        alarms: &'a mut Engine,
        now: Moment,
        whole: bool,
    ) -> Publish<'a> {
        Publish {
            outputs: outputs.values.iter_mut().zip(snapshot.wanted.iter_mut()),
            rows: snapshot.samples.len(),
            samples: snapshot.samples.iter_mut().zip(snapshot.taken.iter_mut()),
            events,
            alarms,
            shown: snapshot.alarms.iter_mut(),
            now,
            whole,
            alarm: 0,
        }
    }

    fn write_seldom<S: Shown>(&mut self, value: &S) {
        let place = self.samples.next();
        if self.whole
            && let Some((sample, at)) = place
        {
            *sample = value.sample();
            *at = self.now;
        }
    }
}

impl Visitor for Publish<'_> {
    fn input<Q: Value>(&mut self, _: &'static Point<Measured>, _: &mut Signal<Q>) {
        // Written where it was judged, with its own time.
        self.samples.next();
    }
    fn output<Q: Value>(&mut self, _: &'static Point<Driven>, output: &mut Output<Q>) {
        if let Some((value, wanted)) = self.outputs.next() {
            *value = output.value().to_f64();
            *wanted = output.wanted().to_f64();
        }
        if let Some((sample, at)) = self.samples.next() {
            *sample = output.sample();
            *at = self.now;
        }
    }
    fn setting<Q: Value>(&mut self, _: &'static Point<Adjustable>, value: &mut Q) {
        self.write_seldom(value);
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, value: &mut S) {
        let Some((sample, at)) = self.samples.next() else { return };
        let before = *sample;
        *sample = value.sample();
        *at = self.now;
        if matches!(S::FORM, Form::States(_)) {
            let known = !matches!(before.quality, Quality::Bad(_));
            if known && sample.value != before.value {
                let row = self.rows - self.samples.len() - 1;
                let (from, to) = (before.value as u16, sample.value as u16);
                self.events.push(Event::State { row, from, to });
            }
        }
    }
    fn retained<Q: Value>(&mut self, _: &'static Point<Kept>, value: &mut Q) {
        self.write_seldom(value);
    }
    fn alarm(&mut self, _: &'static Point<Rationale>, _: &mut Condition) {
        let slot = self.alarm;
        self.alarm += 1;
        let (Some((sample, at)), Some(shown)) = (self.samples.next(), self.shown.next()) else {
            return;
        };
        *at = self.now;
        if let Some(news) = self.alarms.news(slot) {
            sample.value = f64::from(news.state as u8);
            sample.quality = Quality::Good;
            sample.why = news.why();
            *shown = news;
        }
    }
}

/// Writes outputs alone: in a scan in which no sequence worked, nothing else has changed but the inputs.
#[derive(Debug)]
pub struct PublishOutputs<'a> {
    values: Zip<IterMut<'a, f64>, Iter<'a, usize>>,
    samples: &'a mut [Sample],
    taken: &'a mut [Moment],
    now: Moment,
}

impl<'a> PublishOutputs<'a> {
    /// Of one scan; `rows` has the row of each output.
    #[must_use]
    pub fn new(
        outputs: &'a mut Outputs,
        snapshot: &'a mut Snapshot,
        rows: &'a [usize],
        now: Moment,
    ) -> PublishOutputs<'a> {
        PublishOutputs {
            values: outputs.values.iter_mut().zip(rows),
            samples: &mut snapshot.samples,
            taken: &mut snapshot.taken,
            now,
        }
    }
}

impl Visitor for PublishOutputs<'_> {
    fn output<Q: Value>(&mut self, _: &'static Point<Driven>, output: &mut Output<Q>) {
        let Some((value, row)) = self.values.next() else { return };
        *value = output.value().to_f64();
        if let (Some(sample), Some(at)) = (self.samples.get_mut(*row), self.taken.get_mut(*row)) {
            *sample = output.sample();
            *at = self.now;
        }
    }
}

/// Every method of a walk that only counts rows, but for those written out.
macro_rules! counts_rows {
    ($($method:ident($words:ty, $value:ty $(, $bound:ident)?)),* $(,)?) => {
        $(
            fn $method$(<Q: $bound>)?(&mut self, _: &'static Point<$words>, _: &mut $value) {
                self.row += 1;
            }
        )*
    };
}

pub(crate) use counts_rows;

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
fn can_be(form: Form, words: &Kept, kept: f64) -> bool {
    match form {
        Form::OnOff => kept == 0.0 || kept == 1.0,
        Form::States(names) => (0..names.len()).any(|number| kept == number as f64),
        Form::Number { .. } => kept >= words.low && kept <= words.high,
        // Neither is ever kept.
        Form::Reasons | Form::Alarm => false,
    }
}

/// Takes up what a restart left: settings inside their ranges, retained values, alarm states.
pub struct Restore<'a, F> {
    pub rows: &'a [Row],
    pub alarms: &'a mut Engine,
    /// What was kept for a row.
    pub kept: F,
    /// Settings that no longer fit their range.
    pub refused: usize,
    /// How long ago it was kept; unknown: nobody can say.
    age: Option<Duration>,
    /// Retained values that cannot be, and were left at their defaults.
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
        Restore { rows, alarms, kept, refused: 0, unfit: 0, age, row: 0, alarm: 0 }
    }

    fn next(&mut self) -> Option<f64> {
        let row = self.rows.get(self.row);
        self.row += 1;
        row.and_then(|row| (self.kept)(row))
    }
}

impl<F: FnMut(&Row) -> Option<f64>> Visitor for Restore<'_, F> {
    fn setting<Q: Value>(&mut self, point: &'static Point<Adjustable>, value: &mut Q) {
        if let Some(kept) = self.next() {
            if kept >= point.words.low && kept <= point.words.high {
                *value = Q::from_f64(kept);
            } else {
                self.refused += 1;
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
