//! What a scan that was scanned again has otherwise than it was.
//!
//! Outputs and events are compared scan by scan, each by itself. Of samples a scan has a digest only: which of them differ is
//! known at the next frame, a minute of plant time apart at most. Where this program has other points than the one that
//! recorded, digests say nothing: then outputs, events and frames are compared, point by point, as far as both have them.

use std::collections::HashMap;

use plc::image::{Event, Inputs, Sample};
use plc::plant::Plant;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::{Moment, Quality, Reading};
use plc::tag::{Catalogue, Row};

use super::coded::{Maps, NO_ROW};
use super::columns::{Before, Outcome, Scan, digest};
use super::file::Points;

/// The first scan that came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Counted from 1.
    pub scan: u64,
    pub at: Moment,
    pub outputs: Vec<Line>,
    /// What was recorded and did not happen, and what happened and was not recorded.
    pub events_missing: Vec<String>,
    pub events_new: Vec<String>,
    /// Some sample differs; which ones is in `frame`.
    pub samples: bool,
    /// Samples that differ in the next scan of which all are known, and when that was.
    pub frame: Option<(Moment, Vec<Line>)>,
    /// The first outputs that differ, where none does yet in this scan.
    pub later: Option<Later>,
}

/// The first outputs that differ after a difference elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    pub scan: u64,
    pub at: Moment,
    pub outputs: Vec<Line>,
}

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub path: String,
    pub was: String,
    pub is: String,
}

/// Whether somebody wants to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    #[default]
    No,
    Yes,
}

/// A plant that is told again, and judged.
pub struct Judge {
    plant: Plant,
    inputs: Inputs,
    /// Of each input and output here, its slot in the recording.
    input_from: Vec<Option<usize>>,
    output_from: Vec<Option<usize>>,
    /// Of each row here, that of the recording.
    row_from: Vec<Option<usize>>,
    /// Both have the same points in the same order.
    is_same: bool,
    packed: Vec<u8>,
    scans: u64,
    pub difference: Option<Difference>,
}

impl Judge {
    pub fn new(plant: Plant, points: &Points) -> Judge {
        let here = Points::of(plant.catalogue());
        Judge {
            inputs: Inputs::new(plant.catalogue()),
            input_from: from(&here.inputs, &points.inputs),
            output_from: from(&here.outputs, &points.outputs),
            row_from: from(&here.rows, &points.rows),
            is_same: here == *points,
            packed: Vec::new(),
            scans: 0,
            difference: None,
            plant,
        }
    }

    /// Rows and reasons of the recording by their numbers here; nothing where they are the same.
    pub fn maps(&self, points: &Points) -> Maps {
        if self.is_same {
            return Maps::default();
        }
        let here = Points::of(self.plant.catalogue());
        let rows = from(&points.rows, &here.rows);
        let reasons = points.reasons.iter().map(|key| {
            let known = Reason::ALL.iter().find(|reason| reason.key() == key);
            // Reasons are not given up; one that was all the same is an answer that no plant gives any more.
            known.copied().unwrap_or(Reason::NotNow)
        });
        let rows = rows.into_iter().map(|row| row.unwrap_or(NO_ROW)).collect();
        Maps { rows, reasons: reasons.collect() }
    }

    /// Points that only the recording has, and that only this plant has.
    pub fn other_points(&self, points: &Points) -> (Vec<String>, Vec<String>) {
        if self.is_same {
            return (Vec::new(), Vec::new());
        }
        let here = Points::of(self.plant.catalogue());
        let only = |these: &[String], those: &[String]| {
            let found = from(these, those);
            let alone = these.iter().zip(found).filter(|(_, found)| found.is_none());
            alone.map(|(path, _)| path.clone()).collect()
        };
        (only(&points.rows, &here.rows), only(&here.rows, &points.rows))
    }

    /// Scans it once more.
    pub fn scan(&mut self, before: &Before, scan: &Scan) {
        self.scans += 1;
        if self.is_same {
            self.plant.scan(&before.inputs, &scan.orders, scan.elapsed);
            return;
        }
        let mut inputs = core::mem::replace(&mut self.inputs, Inputs { readings: Box::default() });
        self.tell(before, &mut inputs);
        self.plant.scan(&inputs, &scan.orders, scan.elapsed);
        self.inputs = inputs;
    }

    /// What the plant was told, by its own slots.
    pub fn tell(&self, before: &Before, inputs: &mut Inputs) {
        for (place, from) in inputs.readings.iter_mut().zip(&self.input_from) {
            let told = from.and_then(|slot| before.inputs.readings.get(slot));
            *place = told.copied().unwrap_or_else(Reading::default);
        }
    }

    /// The plant, as it stands.
    pub fn into_plant(self) -> Plant {
        self.plant
    }

    /// Compares what came of it.
    pub fn compare(&mut self, before: &Before, outcome: &Outcome) {
        if self.difference.is_none() {
            self.difference = self.differs(before, outcome);
        }
        let Some(mut difference) = self.difference.take() else { return };
        if outcome.has_frame && difference.frame.is_none() {
            difference.frame = Some((self.plant.now(), self.samples(before)));
        }
        if difference.outputs.is_empty() && difference.later.is_none() {
            let (scan, at, outputs) = (self.scans, self.plant.now(), self.outputs(before));
            difference.later = (!outputs.is_empty()).then_some(Later { scan, at, outputs });
        }
        self.difference = Some(difference);
    }

    /// Whether more of the recording would say more of what is asked.
    pub fn is_done(&self, samples: Asked, outputs: Asked) -> bool {
        self.difference.as_ref().is_some_and(|one| {
            let has_outputs = !one.outputs.is_empty() || one.later.is_some();
            (samples == Asked::No || one.frame.is_some()) && (outputs == Asked::No || has_outputs)
        })
    }

    fn differs(&mut self, before: &Before, outcome: &Outcome) -> Option<Difference> {
        let outputs = self.outputs(before);
        let events = self.plant.events();
        let samples = if self.is_same {
            digest(self.plant.snapshot(), &mut self.packed) != outcome.digest
        } else {
            outcome.has_frame && !self.samples(before).is_empty()
        };
        if outputs.is_empty() && events == outcome.events && !samples {
            return None;
        }
        let catalogue = self.plant.catalogue();
        let only = |these: &[Event], those: &[Event]| {
            let alone = these.iter().filter(|event| !those.contains(event));
            alone.map(|event| said(event, catalogue)).collect()
        };
        Some(Difference {
            scan: self.scans,
            at: self.plant.now(),
            events_missing: only(&outcome.events, self.plant.events()),
            events_new: only(self.plant.events(), &outcome.events),
            outputs,
            samples,
            frame: None,
            later: None,
        })
    }

    fn outputs(&self, before: &Before) -> Vec<Line> {
        let mut lines = Vec::new();
        let now = &self.plant.outputs().values;
        for (slot, (is, from)) in now.iter().zip(&self.output_from).enumerate() {
            let Some(was) = from.and_then(|slot| before.outputs.get(slot)) else { continue };
            if was.to_bits() != is.to_bits() {
                let rows = &self.plant.catalogue().rows;
                let of_slot =
                    |row: &&Row| matches!(row.kind, plc::tag::Kind::Output(..)) && row.slot == slot;
                let path = rows.iter().find(of_slot).map(|row| row.path.clone());
                let (was, is) = (was.to_string(), is.to_string());
                lines.push(Line { path: path.unwrap_or_default(), was, is });
            }
        }
        lines
    }

    fn samples(&self, before: &Before) -> Vec<Line> {
        let mut lines = Vec::new();
        let rows = self.plant.catalogue().rows.iter();
        let now = self.plant.snapshot().samples.iter();
        for ((row, is), from) in rows.zip(now).zip(&self.row_from) {
            let Some(was) = from.and_then(|row| before.samples.get(row)) else { continue };
            if was != is {
                let (was, is) = (shown(row, was), shown(row, is));
                lines.push(Line { path: row.path.clone(), was, is });
            }
        }
        lines
    }
}

/// Of each path, where it stands among those.
fn from(these: &[String], those: &[String]) -> Vec<Option<usize>> {
    let places: HashMap<&String, usize> =
        those.iter().enumerate().map(|(place, path)| (path, place)).collect();
    these.iter().map(|path| places.get(path).copied()).collect()
}

/// A sample in words.
fn shown(row: &Row, sample: &Sample) -> String {
    let value = match row.form {
        Form::States(names) => names.get(sample.value as usize).copied().unwrap_or("?").to_owned(),
        Form::OnOff => if sample.value >= 0.5 { "on" } else { "off" }.to_owned(),
        Form::Alarm => plc::alarm::State::from_number(sample.value as u8)
            .map_or_else(|| sample.value.to_string(), |state| state.key().to_owned()),
        Form::Reasons => String::new(),
        Form::Number { symbol, .. } => format!("{} {symbol}", sample.value),
    };
    let quality = match sample.quality {
        Quality::Good => String::new(),
        Quality::Uncertain(doubt) => format!("uncertain ({doubt:?})"),
        Quality::Held(until) => format!("held to {:?}", until.since(Moment(0))),
        Quality::Bad(fault) => format!("bad ({fault:?})"),
    };
    let why: Vec<&str> = sample.why.iter().map(Reason::key).collect();
    let words = [value, quality, why.join(", ")];
    let words: Vec<&str> =
        words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

/// An event in words.
#[must_use]
pub fn said(event: &Event, catalogue: &Catalogue) -> String {
    let row = |id: usize| catalogue.rows.get(id);
    let path = |id: usize| row(id).map_or("a point that is not there any more", |row| &row.path);
    match *event {
        Event::Answer { number, verdict: Ok(()), .. } => format!("order {number} was taken"),
        Event::Answer { number, verdict: Err(why), .. } => {
            format!("order {number} was refused: {}", why.key())
        }
        Event::Alarm { alarm, transition } => {
            let number = row(alarm).and_then(|row| match row.kind {
                plc::tag::Kind::Alarm(words) => Some(words.number),
                plc::tag::Kind::Input(_)
                | plc::tag::Kind::Output(..)
                | plc::tag::Kind::Setting(_)
                | plc::tag::Kind::Status(_)
                | plc::tag::Kind::Retained(_) => None,
            });
            let number = number.map_or_else(String::new, |number| format!("{number:03} "));
            format!("alarm {number}{}: {:?}", path(alarm), transition.change)
        }
        Event::State { row: id, from, to } => {
            let name = |state: u16| match row(id).map(|row| row.form) {
                Some(Form::States(names)) => names.get(usize::from(state)).copied().unwrap_or("?"),
                Some(Form::Number { .. } | Form::OnOff | Form::Reasons | Form::Alarm) | None => "?",
            };
            format!("{}: {} to {}", path(id), name(from), name(to))
        }
        Event::Cause { cause, began: true } => format!("cause {} began", cause.key()),
        Event::Cause { cause, began: false } => format!("cause {} ended", cause.key()),
        Event::Setting { row, from, to, .. } => format!("setting {}: {from} to {to}", path(row)),
        Event::Tested { row, tested, .. } => format!("test {}: {tested:?}", path(row)),
        Event::Overflow => "more happened than an image holds".into(),
    }
}
