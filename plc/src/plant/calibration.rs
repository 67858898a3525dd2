//! Tests of instruments and dosing pumps against known values: how long each is still good for, and the record of the last
//! (`docs/spec/plant.md` R-2.13-02). Alarm 913 follows.

use alloc::boxed::Box;
use core::time::Duration;

use super::Plant;
use crate::alarm::Condition;
use crate::image::{Event, Order, Snapshot, Tested};
use crate::kept;
use crate::output::Output;
use crate::publish::{counts_rows, left_after};
use crate::quantity::{Count, Ratio, Value};
use crate::reason::Reason;
use crate::signal::{Fault, Quality, Signal};
use crate::tag::{Adjustable, Catalogue, Driven, Due, Kept, Kind, Measured, Plain, Point, Visitor};
use crate::unit::calibration::Record;

/// Tests are counted down this often (class T, R-2.0-01).
const STEP: Duration = Duration::from_secs(60);
/// A reading may lie outside the instrument's range by this share of it, as the validation has it.
const MARGIN: f64 = 0.02;

/// One test.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Row of its time left.
    row: usize,
    due: Due,
    /// Row of the instrument; a dosing pump has none.
    input: Option<usize>,
    path_sum: u32,
}

/// Every test of this plant, in walking order.
#[derive(Clone, Debug)]
pub(super) struct Calibrations {
    places: Box<[Place]>,
    since: Duration,
    /// The time left is looked at in the next scan.
    unseen: bool,
}

impl Calibrations {
    pub(super) fn new(catalogue: &Catalogue) -> Calibrations {
        let of_input = |path: &str| {
            let (unit, field) = path.split_once(".calibration.")?;
            let field = field.strip_suffix("_left")?;
            let is_it = |row: &&crate::tag::Row| {
                matches!(row.kind, Kind::Input(_))
                    && row.path.split_once('.').is_some_and(|found| found == (unit, field))
            };
            catalogue.rows.iter().find(is_it).map(|row| row.id)
        };
        let places = catalogue.rows.iter().filter_map(|row| match row.kind {
            Kind::Retained(Kept { due: Some(due), .. }) => Some(Place {
                row: row.id,
                due,
                input: of_input(&row.path),
                path_sum: path_sum(&row.path),
            }),
            Kind::Retained(_)
            | Kind::Input(_)
            | Kind::Output(..)
            | Kind::Setting(_)
            | Kind::Status(_)
            | Kind::Alarm(_) => None,
        });
        Calibrations { places: places.collect(), since: Duration::ZERO, unseen: true }
    }
}

/// A path as a number that a retained point holds exactly.
pub(super) fn path_sum(path: &str) -> u32 {
    let hash = kept::hash(path);
    (hash >> 32) as u32 ^ hash as u32
}

impl Plant {
    /// Counts the tests down, by whole seconds.
    pub(super) fn run_calibrations(&mut self, elapsed: Duration) {
        let Plant { units, calibrations, snapshot, .. } = self;
        calibrations.since = calibrations.since.saturating_add(elapsed);
        if calibrations.since < STEP && !calibrations.unseen {
            return;
        }
        calibrations.unseen = false;
        let seconds = calibrations.since.as_secs();
        calibrations.since = calibrations.since.saturating_sub(Duration::from_secs(seconds));
        let mut age = Age {
            places: &calibrations.places,
            snapshot,
            by: seconds as f64,
            tested: None,
            overdue: None,
            row: 0,
        };
        units.visit(&mut age);
        let overdue = age.overdue;
        let records = &mut units.system.calibration;
        records.shown.overdue = Count(overdue.unwrap_or(0) as f64);
        let last = calibrations
            .places
            .iter()
            .find(|place| f64::from(place.path_sum) == records.record.path_sum.0);
        records.shown.tested = Count(last.map_or(0, |place| place.row) as f64);
    }

    /// A test of an instrument or a dosing pump, by the row of its time left: it is good for its whole time again.
    pub(super) fn record_test(
        &mut self,
        row: usize,
        tested: Tested,
        order: &Order,
    ) -> Result<(), Reason> {
        let place = self.calibrations.places.iter().find(|place| place.row == row).copied();
        let place = place.ok_or(Reason::Unknown)?;
        let high = place.due.high;
        let shows = -MARGIN * high..=(1.0 + MARGIN) * high;
        let Tested { reference, before, after } = tested;
        if !((0.0..=high).contains(&reference) && shows.contains(&before) && shows.contains(&after))
        {
            return Err(Reason::OutOfRange);
        }
        let Plant { units, calibrations, snapshot, events, .. } = self;
        let mut age = Age {
            places: &calibrations.places,
            snapshot,
            by: 0.0,
            tested: Some(row),
            overdue: None,
            row: 0,
        };
        units.visit(&mut age);
        calibrations.unseen = true;
        units.system.calibration.record = Record {
            path_sum: Count(f64::from(place.path_sum)),
            reference: Ratio(reference),
            before: Ratio(before),
            after: Ratio(after),
        };
        events.push(Event::Tested { row, tested, number: order.number });
        Ok(())
    }

    /// Nobody knows when anything was tested: within a week it all should be.
    pub(super) fn distrust_tests(&mut self) {
        self.units.visit(&mut Distrust);
    }
}

struct Distrust;

impl Visitor for Distrust {
    fn retained<Q: Value>(&mut self, point: &'static Point<Kept>, value: &mut Q) {
        if point.words.due.is_some() {
            *value = Q::from_f64(left_after(value.to_f64(), None));
        }
    }
}

/// Makes every time left shorter, or one whole again; finds the first that has run out. What a site lacks is not tested.
struct Age<'a> {
    places: &'a [Place],
    snapshot: &'a Snapshot,
    by: f64,
    tested: Option<usize>,
    overdue: Option<usize>,
    row: usize,
}

impl Visitor for Age<'_> {
    fn retained<Q: Value>(&mut self, point: &'static Point<Kept>, value: &mut Q) {
        let row = self.row;
        self.row += 1;
        let Some(due) = point.words.due else { return };
        let whole = due.check.good_for().as_secs() as f64;
        let now = value.to_f64();
        let left = if self.tested == Some(row) { whole } else { now - self.by };
        // What is no number is used up.
        let left = if left > 0.0 { left } else { 0.0 };
        *value = Q::from_f64(left);
        let Some((place, later)) = self.places.split_first() else { return };
        self.places = later;
        let sample = place.input.and_then(|input| self.snapshot.samples.get(input));
        let absent = sample.is_some_and(|sample| sample.quality == Quality::Bad(Fault::NotFitted));
        if left == 0.0 && !absent {
            self.overdue = self.overdue.or(Some(row));
        }
    }
    fn status<S: crate::image::Shown>(&mut self, _: &'static Point<Plain>, _: &mut S) {
        self.row += 1;
    }
    counts_rows! {
        input(Measured, Signal<Q>, Value),
        output(Driven, Output<Q>, Value),
        setting(Adjustable, Q, Value),
        alarm(crate::tag::Rationale, Condition),
    }
}

#[cfg(test)]
mod tests;
