//! The catalogue: what one walk over the declarations writes down at start.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{
    Adjustable, Driven, Group, Head, Kept, Kind, Measured, Numbering, Plain, Point, Rationale, Row,
    Visitor,
};
use crate::alarm::Condition;
use crate::image::Shown;
use crate::interlock::Column;
use crate::output::Output;
use crate::quantity::Value;
use crate::signal::Signal;

/// Every point of this plant, in walking order.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub rows: Box<[Row]>,
    pub inputs: usize,
    pub outputs: usize,
    pub alarms: usize,
}

impl Catalogue {
    /// Writes down what the walk finds.
    pub fn of(walk: impl FnOnce(&mut Cataloguer)) -> Catalogue {
        let mut writer = Cataloguer::default();
        walk(&mut writer);
        Catalogue {
            rows: writer.rows.into_boxed_slice(),
            inputs: writer.slots[0],
            outputs: writer.slots[1],
            alarms: writer.slots[5],
        }
    }

    /// The row of a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.path == path)
    }

    /// Rows of a kind, by slot.
    #[must_use]
    pub fn rows_of(&self, is_of: impl Fn(&Kind) -> bool) -> Box<[usize]> {
        self.rows.iter().filter(|row| is_of(&row.kind)).map(|row| row.id).collect()
    }

    /// The input slot of a path.
    #[must_use]
    pub fn input_slot(&self, path: &str) -> Option<usize> {
        self.find(path).filter(|row| matches!(row.kind, Kind::Input(_))).map(|row| row.slot)
    }

    /// The output slot of a path.
    #[must_use]
    pub fn output_slot(&self, path: &str) -> Option<usize> {
        self.find(path).filter(|row| matches!(row.kind, Kind::Output(..))).map(|row| row.slot)
    }
}

/// Where a walk stands: the names and tags of the groups entered.
#[derive(Clone, Debug, Default)]
pub struct Place {
    names: Vec<String>,
    tags: Vec<String>,
    columns: Vec<Option<Column>>,
    number: Option<u8>,
}

impl Place {
    /// Steps into a group.
    pub fn enter(&mut self, group: &'static Group, number: Option<u8>) {
        let name = match (group.numbering, number) {
            (Numbering::Numbered, Some(number)) => format!("{}{number}", group.name),
            (Numbering::Lettered, Some(number)) => {
                format!("{}_{}", group.name, char::from(b'a' + number - 1))
            }
            (Numbering::Single | Numbering::Numbered | Numbering::Lettered, _) => {
                group.name.to_string()
            }
        };
        if self.names.is_empty() {
            self.number = number;
        }
        let tag = self.fill(group.tag, number);
        self.tags.push(tag);
        self.names.push(name);
        self.columns.push(group.column);
    }

    /// Steps out of it.
    pub fn leave(&mut self) {
        self.names.pop();
        self.tags.pop();
        self.columns.pop();
        if self.names.is_empty() {
            self.number = None;
        }
    }

    /// The unit's name.
    #[must_use]
    pub fn unit(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The path of a field here.
    #[must_use]
    pub fn path(&self, field: &str) -> String {
        let mut path = String::new();
        for name in &self.names {
            path.push_str(name);
            path.push('.');
        }
        path.push_str(field);
        path
    }

    /// The tag of a point here.
    #[must_use]
    pub fn tag(&self, head: &Head) -> String {
        let own = self.tags.last().map_or("", String::as_str);
        if head.tag.is_empty() { own.to_string() } else { self.fill(head.tag, None) }
    }

    /// The column of an output here.
    #[must_use]
    pub fn column(&self, words: &Driven) -> Column {
        words.column.or_else(|| self.columns.last().copied().flatten()).unwrap_or(Column::Positions)
    }

    fn fill(&self, pattern: &str, letter: Option<u8>) -> String {
        let around = self.tags.last().map_or("", String::as_str);
        let own_loop = around.split_once('-').map_or("", |(_, rest)| rest);
        let number = self.number.unwrap_or(0);
        let mut filled = String::new();
        for character in pattern.chars() {
            match character {
                'n' => filled.push_str(&number.to_string()),
                'x' => filled.push(char::from(b'A' + letter.unwrap_or(number.max(1)) - 1)),
                '@' => filled.push_str(own_loop),
                other => filled.push(other),
            }
        }
        filled
    }
}

/// The visitor that writes the catalogue.
#[derive(Default)]
pub struct Cataloguer {
    place: Place,
    rows: Vec<Row>,
    slots: [usize; 6],
}

impl Cataloguer {
    fn row(&mut self, head: &Head, kind: Kind) {
        let of_kind = match kind {
            Kind::Input(_) => 0,
            Kind::Output(..) => 1,
            Kind::Setting(_) => 2,
            Kind::Status(_) => 3,
            Kind::Retained(_) => 4,
            Kind::Alarm(_) => 5,
        };
        self.rows.push(Row {
            id: self.rows.len(),
            path: self.place.path(head.field),
            tag: self.place.tag(head),
            unit: self.place.unit().to_string(),
            about: head.about,
            form: head.form,
            kind,
            slot: self.slots[of_kind],
        });
        self.slots[of_kind] += 1;
    }
}

impl Visitor for Cataloguer {
    fn enter(&mut self, group: &'static Group, number: Option<u8>) {
        self.place.enter(group, number);
    }
    fn leave(&mut self) {
        self.place.leave();
    }
    fn input<Q: Value>(&mut self, point: &'static Point<Measured>, _: &mut Signal<Q>) {
        self.row(&point.head, Kind::Input(point.words));
    }
    fn output<Q: Value>(&mut self, point: &'static Point<Driven>, _: &mut Output<Q>) {
        let column = self.place.column(&point.words);
        self.row(&point.head, Kind::Output(point.words, column));
    }
    fn setting<Q: Value>(&mut self, point: &'static Point<Adjustable>, _: &mut Q) {
        self.row(&point.head, Kind::Setting(point.words));
    }
    fn status<S: Shown>(&mut self, point: &'static Point<Plain>, _: &mut S) {
        self.row(&point.head, Kind::Status(point.words));
    }
    fn retained<Q: Value>(&mut self, point: &'static Point<Kept>, _: &mut Q) {
        self.row(&point.head, Kind::Retained(point.words));
    }
    fn alarm(&mut self, point: &'static Point<Rationale>, _: &mut Condition) {
        self.row(&point.head, Kind::Alarm(point.words));
    }
}
