//! The walks of a scan: hold outputs off, write the images; and those that only some scans need, in `publish/`.

mod asked;
mod memory;

pub use asked::{ByHand, Handle, Overdue, Set, Values};
pub use memory::{Keep, Restore, Taken, can_be, left_after};

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter::Zip;
use core::ops::Range;
use core::slice::{Iter, IterMut};

use crate::alarm::{AlarmSample, Condition, Engine};
use crate::image::{Event, Outputs, Sample, Shown, Snapshot};
use crate::interlock::{Column, Holds};
use crate::output::Output;
use crate::quantity::{Form, Value};
use crate::reason::Reasons;
use crate::signal::{Moment, Quality, Signal};
use crate::tag::{
    Adjustable, Catalogue, Driven, Group, Kept, Kind, Measured, Plain, Point, Rationale, Visitor,
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

/// Writes outputs and snapshot but for the inputs, and finds changes of state. The times of what it writes are one and the
/// same, and are written in one go: [`Times`].
#[derive(Debug)]
pub struct Publish<'a> {
    outputs: Zip<IterMut<'a, f64>, IterMut<'a, f64>>,
    samples: IterMut<'a, Sample>,
    rows: usize,
    events: &'a mut Events,
    alarms: &'a mut Engine,
    shown: IterMut<'a, AlarmSample>,
    /// Settings and totals are written too: they move seldom, and are for people.
    whole: bool,
    alarm: usize,
}

/// Rows that are published together, as runs of neighbours.
#[derive(Clone, Debug)]
pub struct Times {
    /// Of what each scan of the sequences publishes: outputs, status, alarms.
    often: Box<[Range<usize>]>,
    /// With settings and totals: of all but the inputs, each of which has its own time.
    whole: Box<[Range<usize>]>,
}

impl Times {
    /// Of this plant.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Times {
        let often =
            |kind: &Kind| matches!(kind, Kind::Output(..) | Kind::Status(_) | Kind::Alarm(_));
        let whole = |kind: &Kind| !matches!(kind, Kind::Input(_));
        Times { often: runs(catalogue, often), whole: runs(catalogue, whole) }
    }

    /// What is published now has this time.
    pub fn write(&self, taken: &mut [Moment], now: Moment, whole: bool) {
        for run in if whole { &self.whole } else { &self.often } {
            if let Some(taken) = taken.get_mut(run.clone()) {
                taken.fill(now);
            }
        }
    }
}

fn runs(catalogue: &Catalogue, is_of: impl Fn(&Kind) -> bool) -> Box<[Range<usize>]> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for id in catalogue.rows_of(is_of) {
        match runs.last_mut() {
            Some(run) if run.end == id => run.end += 1,
            Some(_) | None => runs.push(id..id + 1),
        }
    }
    runs.into_boxed_slice()
}

impl<'a> Publish<'a> {
    /// Of one scan.
    #[must_use]
    pub fn new(
        outputs: &'a mut Outputs,
        snapshot: &'a mut Snapshot,
        events: &'a mut Events,
        alarms: &'a mut Engine,
        whole: bool,
    ) -> Publish<'a> {
        Publish {
            outputs: outputs.values.iter_mut().zip(snapshot.wanted.iter_mut()),
            rows: snapshot.samples.len(),
            samples: snapshot.samples.iter_mut(),
            events,
            alarms,
            shown: snapshot.alarms.iter_mut(),
            whole,
            alarm: 0,
        }
    }

    fn write_seldom<S: Shown>(&mut self, value: &S) {
        let place = self.samples.next();
        if self.whole
            && let Some(sample) = place
        {
            *sample = value.sample();
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
        if let Some(sample) = self.samples.next() {
            *sample = output.sample();
        }
    }
    fn setting<Q: Value>(&mut self, _: &'static Point<Adjustable>, value: &mut Q) {
        self.write_seldom(value);
    }
    fn status<S: Shown>(&mut self, _: &'static Point<Plain>, value: &mut S) {
        let Some(sample) = self.samples.next() else { return };
        let before = *sample;
        *sample = value.sample();
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
        let (Some(sample), Some(shown)) = (self.samples.next(), self.shown.next()) else {
            return;
        };
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
