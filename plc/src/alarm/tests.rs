//! What the engine promises, as stories through its scans. The rig lies at the end.

mod counting;
mod region_p;
mod region_s;
mod restart;
mod suppression;

use std::boxed::Box;
use std::string::ToString;
use std::vec::Vec;

use super::*;
use crate::declare::alarm;
use crate::quantity::Form;
use crate::tag::{Catalogue, Head, Kind, Point, Rationale, Row, Visitor};
use core::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 24 * HOUR;

/// Alarms with these words, their engine, and what units say of them.
struct Rig {
    engine: Engine,
    said: Vec<Condition>,
    /// Every change so far.
    told: Vec<(usize, Transition)>,
}

impl Rig {
    fn new(words: &[Rationale]) -> Rig {
        let paths: Vec<(&str, Rationale)> = words.iter().map(|words| ("unit", *words)).collect();
        Rig::at(&paths)
    }

    /// With the path of each.
    fn at(alarms: &[(&str, Rationale)]) -> Rig {
        let row = |(slot, (path, words)): (usize, &(&str, Rationale))| Row {
            // Rows and slots are not the same numbers in a plant.
            id: 100 + slot,
            path: path.to_string(),
            tag: "X-1".to_string(),
            unit: "unit".to_string(),
            about: "",
            form: Form::Alarm,
            kind: Kind::Alarm(*words),
            slot,
        };
        let rows: Box<[Row]> = alarms.iter().enumerate().map(row).collect();
        let catalogue = Catalogue { rows, inputs: 0, outputs: 0, alarms: alarms.len() };
        Rig {
            engine: Engine::new(&catalogue),
            said: alarms.iter().map(|_| Condition::Clear).collect(),
            told: Vec::new(),
        }
    }

    fn say(&mut self, slot: usize, condition: Condition) {
        self.said[slot] = condition;
    }

    fn scan(&mut self, elapsed: Duration) {
        static POINT: Point<Rationale> = Point {
            head: Head { field: "", tag: "", about: "", form: Form::Alarm },
            words: alarm(1, Priority::P4),
        };
        let mut walk = self.engine.collect();
        self.said.iter_mut().for_each(|condition| walk.alarm(&POINT, condition));
        self.engine.step(elapsed);
        self.told.extend_from_slice(self.engine.changes());
    }

    fn run_s(&mut self, seconds: u32) {
        (0..seconds).for_each(|_| self.scan(SECOND));
    }

    /// It stands for so long from now on.
    fn run_with(&mut self, slot: usize, condition: Condition, seconds: u32) -> State {
        self.say(slot, condition);
        self.run_s(seconds);
        self.engine.state(slot)
    }

    fn letter(&self, slot: usize) -> char {
        self.engine.sample(slot).letter()
    }

    /// Changes of an alarm since the last question, and whether each was announced.
    fn changes(&mut self, slot: usize) -> Vec<(Change, bool)> {
        let of = |(row, _): &&(usize, Transition)| *row == 100 + slot;
        let told = self.told.iter().filter(of);
        let changes =
            told.map(|(_, transition)| (transition.change, transition.is_announced())).collect();
        self.told.retain(|(row, _)| *row != 100 + slot);
        changes
    }

    fn announced(&self) -> usize {
        self.told.iter().filter(|(_, transition)| transition.is_announced()).count()
    }
}
