//! Why, and why not: for every actuator and every unit what it does, what wants it, what may hold it and whether it does,
//! how long a lock-out lasts, and who holds it. Data of the catalogue and of a snapshot, never sentences.
//!
//! ```text
//! catalogue -> Explained (rows that belong together, every reason that may hold it)      once, at start
//! Explained + snapshot -> Why (each of these reasons with its present truth)              any scan, also of a recording
//! ```
//! A unit's interlocks and permissives are those its `blocked` point declares; an actuator has those of its unit, its own,
//! and the column of the cause-and-effect table that it obeys.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::image::Snapshot;
use crate::interlock::Column;
use crate::quantity::Form;
use crate::reason::{Reason, Reasons};
use crate::signal::Quality;
use crate::tag::{Catalogue, Kind, Row};

/// An actuator or a unit, with the rows that explain it. Made once from the catalogue; rows are ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Its path: `intake.pump_a`, `filter1`. An output that belongs to a unit itself has its own: `system.horn`.
    pub path: String,
    /// The unit it is in, or is.
    pub unit: String,
    /// State of the unit: what wants it.
    pub unit_state: Option<usize>,
    /// Its own state, where it is a device.
    pub state: Option<usize>,
    /// Sets of reasons that keep it from working: the unit's, its own.
    pub blocked: Box<[usize]>,
    /// Who commands it: AUTO, OFF, MANUAL, MAINTENANCE; the time left of that; the order by which a person holds it.
    pub mode: Option<usize>,
    pub mode_left: Option<usize>,
    pub held_by: Option<usize>,
    /// Time left of lock-outs and waits.
    pub waits: Box<[usize]>,
    /// Its outputs; none: it is a unit.
    pub outputs: Box<[usize]>,
    /// Slots of these outputs in [`Snapshot::wanted`].
    slots: Box<[usize]>,
    /// The column of the cause-and-effect table it obeys, that of its first output.
    pub column: Option<Column>,
    /// What held that column first, until reset.
    pub first_out: Option<usize>,
    /// Every cause of the table that may hold it off.
    pub interlocks: Reasons,
    /// Every other reason that may keep it from working.
    pub permissives: Reasons,
}

/// One reason that may hold something, and whether it does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    pub reason: Reason,
    /// A row of the cause-and-effect table, and not a permissive of the unit or the device.
    pub interlock: bool,
    pub holds: bool,
}

/// An actuator or a unit in one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Why {
    /// The unit asks for it.
    pub wanted: bool,
    /// It is energised. A unit acts through its devices and is never on itself.
    pub on: bool,
    /// What holds it now.
    pub held: Reasons,
    /// What held its column first, until reset.
    pub first_out: Reasons,
    /// Number of the order by which a person holds it; the journal has the name under it. 0: nobody.
    pub held_by: u32,
}

impl Explained {
    /// What holds it now, and what it does.
    #[must_use]
    pub fn why(&self, snapshot: &Snapshot) -> Why {
        let value = |row: usize| {
            let sample = snapshot.samples.get(row);
            sample.filter(|s| !matches!(s.quality, Quality::Bad(_))).map_or(0.0, |s| s.value)
        };
        let reasons = |row: &usize| snapshot.samples.get(*row).map_or(Reasons::NONE, |s| s.why);
        let sets = self.blocked.iter().chain(self.outputs.iter()).map(reasons);
        Why {
            wanted: self
                .slots
                .iter()
                .any(|slot| snapshot.wanted.get(*slot).is_some_and(|v| *v > 0.0)),
            on: self.outputs.iter().any(|row| value(*row) > 0.0),
            held: sets.fold(Reasons::NONE, Reasons::and),
            first_out: self.first_out.as_ref().map_or(Reasons::NONE, reasons),
            held_by: self.held_by.map_or(0, |row| value(row) as u32),
        }
    }

    /// Each interlock, then each permissive, with its present truth.
    pub fn permits(&self, why: Why) -> impl Iterator<Item = Permit> {
        let of = move |set: Reasons, interlock: bool| {
            set.iter().map(move |reason| Permit { reason, interlock, holds: why.held.has(reason) })
        };
        of(self.interlocks, true).chain(of(self.permissives.without(self.interlocks), false))
    }

    /// What holds it though nothing declares that it may: a mistake of the unit's `blocked` point.
    #[must_use]
    pub fn undeclared(&self, why: Why) -> Reasons {
        why.held.without(self.interlocks).without(self.permissives)
    }
}

/// Reasons that stand beside those of the unit wherever a person may take over (`device/handling.rs`).
const OF_PEOPLE: Reasons = Reasons::all(&[
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
    Reason::NotByHand,
]);

/// Reasons of the dosing guard, the last layer over both dosing outputs (`guard.rs`).
const OF_THE_GUARD: Reasons = Reasons::all(&[
    Reason::HourlyCapReached,
    Reason::DailyCapReached,
    Reason::MaximumOnTime,
    Reason::NoFlowProof,
    Reason::DoseLimited,
    Reason::HalfCaps,
    Reason::DoseMixing,
    Reason::NotOnRecord,
]);

/// What may hold an output of this column beside the table and its unit.
const fn of_column(column: Column) -> Reasons {
    match column {
        Column::Coagulant | Column::Hypochlorite => OF_THE_GUARD,
        Column::RawPump
        | Column::FeedPump
        | Column::Wash
        | Column::LiftPump
        | Column::WastePump
        | Column::FilterOutlet
        | Column::WashInlet
        | Column::Positions
        | Column::Mixer
        | Column::Supply
        | Column::Panel => Reasons::NONE,
    }
}

/// The row of the first-out of a column, by its field in `system.first_out`.
const fn first_out(column: Column) -> Option<&'static str> {
    match column {
        Column::RawPump => Some("system.first_out.raw_pump"),
        Column::Coagulant => Some("system.first_out.coagulant"),
        Column::FeedPump => Some("system.first_out.feed_pump"),
        Column::Hypochlorite => Some("system.first_out.hypochlorite"),
        Column::Wash => Some("system.first_out.wash"),
        Column::LiftPump => Some("system.first_out.lift_pump"),
        Column::WastePump => Some("system.first_out.waste_pump"),
        Column::FilterOutlet => Some("system.first_out.filter_outlet"),
        Column::WashInlet => Some("system.first_out.wash_inlet"),
        Column::Positions | Column::Mixer | Column::Supply | Column::Panel => None,
    }
}

/// What a `blocked` point says may be in it.
fn declared(row: &Row) -> Reasons {
    match row.kind {
        Kind::Status(words) => words.among,
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Setting(_)
        | Kind::Retained(_)
        | Kind::Alarm(_) => Reasons::NONE,
    }
}

/// What a point is inside.
fn parent(row: &Row) -> &str {
    row.path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// A set of what keeps something from working: `blocked`, `wash_blocked`.
fn is_blocked(row: &Row) -> bool {
    matches!(row.kind, Kind::Status(_)) && row.path.ends_with("blocked")
}

/// A time that runs down.
fn is_wait(row: &Row) -> bool {
    row.path.ends_with("_left") && matches!(row.kind, Kind::Status(_))
}

impl Catalogue {
    /// Every unit and every actuator of this plant, in walking order.
    #[must_use]
    pub fn explained(&self) -> Box<[Explained]> {
        let mut places: Vec<&str> = Vec::new();
        for row in &self.rows {
            let parent = parent(row);
            let acts = matches!(row.kind, Kind::Output(..));
            let place = if !acts {
                row.unit.as_str()
            } else if parent == row.unit {
                row.path.as_str()
            } else {
                parent
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.into_iter().filter_map(|place| self.explain(place)).collect()
    }

    fn explain(&self, place: &str) -> Option<Explained> {
        let inside: Vec<&Row> =
            self.rows.iter().filter(|row| row.path == place || parent(row) == place).collect();
        let unit = inside.first()?.unit.as_str();
        let of = |of: &str, field: &str| {
            let path = alloc::format!("{of}.{field}");
            self.find(&path)
        };
        let id = |row: Option<&Row>| row.map(|row| row.id);
        let is_unit = place == unit;
        let acts: Vec<&Row> = inside
            .iter()
            .copied()
            .filter(|row| !is_unit && matches!(row.kind, Kind::Output(..)))
            .collect();
        let holds = |row: &&Row| matches!(row.form, Form::Reasons) && is_blocked(row);
        let of_unit = self.rows.iter().filter(|row| parent(row) == unit);
        let own = inside.iter().copied().filter(|_| !is_unit);
        let blocked: Vec<&Row> = of_unit.chain(own).filter(holds).collect();
        let columns: Vec<Column> = acts
            .iter()
            .filter_map(|row| match row.kind {
                Kind::Output(_, column) => Some(column),
                Kind::Input(_)
                | Kind::Setting(_)
                | Kind::Status(_)
                | Kind::Retained(_)
                | Kind::Alarm(_) => None,
            })
            .collect();
        let of_columns = |of: fn(Column) -> Reasons| {
            columns.iter().map(|column| of(*column)).fold(Reasons::NONE, Reasons::and)
        };
        let column = columns.first().copied();
        let permissives = blocked.iter().map(|row| declared(row)).fold(Reasons::NONE, Reasons::and);
        Some(Explained {
            path: place.to_string(),
            unit: unit.to_string(),
            unit_state: id(of(unit, "state")),
            state: id(of(place, "state").filter(|_| !is_unit)),
            blocked: blocked.iter().map(|row| row.id).collect(),
            mode: id(of(place, "mode")),
            mode_left: id(of(place, "mode_left")),
            held_by: id(of(place, "held_by")),
            waits: inside.iter().filter(|row| is_wait(row)).map(|row| row.id).collect(),
            outputs: acts.iter().map(|row| row.id).collect(),
            slots: acts.iter().map(|row| row.slot).collect(),
            column,
            first_out: column.and_then(first_out).and_then(|path| id(self.find(path))),
            interlocks: of_columns(Column::interlocks),
            permissives: permissives
                .and(of_columns(of_column))
                .and(if of(place, "mode").is_some() { OF_PEOPLE } else { Reasons::NONE }),
        })
    }
}
