//! A section of a file, asked key by key: what was asked and is missing, and what is there and was not asked, are faults.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::fault::{Place, Report, hint};
use crate::tree::{Entry, Node, Table, Value};
use crate::unit::Quantity;

/// A section being read.
pub(crate) struct Section<'a> {
    pub name: String,
    pub place: Place,
    table: Option<&'a Table>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// A section by name; one that is missing reads as empty.
    pub fn of(table: &'a Table, name: &str, report: &mut Report) -> Section<'a> {
        match table.find(name) {
            Some(entry) => Section::at(entry, name, report),
            None => {
                let place = Place::Whole;
                Section { name: name.to_string(), place, table: None, asked: Vec::new() }
            }
        }
    }

    /// The section that an entry holds.
    pub fn at(entry: &'a Entry, name: &str, report: &mut Report) -> Section<'a> {
        let table = match &entry.node.value {
            Value::Table(table) => Some(table),
            other @ (Value::Text(_)
            | Value::Whole(_)
            | Value::Number(_)
            | Value::YesNo(_)
            | Value::List(_)
            | Value::Other) => {
                let what = format!("a section [{name}] is wanted, this is {}", other.kind());
                report.fault(&entry.place, name, what);
                None
            }
        };
        Section { name: name.to_string(), place: entry.place.clone(), table, asked: Vec::new() }
    }

    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// A key, if it is there.
    pub fn find(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        self.table.and_then(|table| table.find(key))
    }

    /// The line of a key, or that of the section.
    pub fn place_of(&self, key: &str) -> Place {
        let entry = self.table.and_then(|table| table.find(key));
        entry.map_or_else(|| self.place.clone(), |entry| entry.place.clone())
    }

    /// A key that must be there.
    pub fn need(
        &mut self,
        key: &'static str,
        wanted: &str,
        report: &mut Report,
    ) -> Option<&'a Entry> {
        let entry = self.find(key);
        if entry.is_none() {
            report.fault(&self.place, &self.name, format!("`{key}` is missing: {wanted}"));
        }
        entry
    }

    /// A value of the wrong kind or size.
    pub fn wrong(&self, entry: &Entry, wanted: &str, report: &mut Report) {
        let what = format!("`{} = {}`: {wanted}", entry.key, entry.node.written);
        report.fault(&entry.place, &self.name, what);
    }

    pub fn text(
        &mut self,
        key: &'static str,
        wanted: &str,
        report: &mut Report,
    ) -> Option<&'a str> {
        let entry = self.find(key)?;
        if let Value::Text(text) = &entry.node.value {
            return Some(text);
        }
        self.wrong(entry, wanted, report);
        None
    }

    pub fn needed_text(
        &mut self,
        key: &'static str,
        wanted: &str,
        report: &mut Report,
    ) -> Option<&'a str> {
        self.need(key, wanted, report)?;
        self.text(key, wanted, report)
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        report: &mut Report,
    ) -> Option<T> {
        let entry = self.find(key)?;
        let list = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
        if let Value::Text(text) = &entry.node.value
            && let Some((_, meant)) = words.iter().find(|(word, _)| word == text)
        {
            return Some(*meant);
        }
        self.wrong(entry, &format!("allowed are {}", list.join(", ")), report);
        None
    }

    pub fn yes_no(&mut self, key: &'static str, report: &mut Report) -> Option<bool> {
        let entry = self.find(key)?;
        if let Value::YesNo(yes) = entry.node.value {
            return Some(yes);
        }
        self.wrong(entry, "write true or false", report);
        None
    }

    pub fn whole(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        report: &mut Report,
    ) -> Option<i64> {
        let entry = self.find(key)?;
        if let Value::Whole(number) = entry.node.value
            && range.contains(&number)
        {
            return Some(number);
        }
        let wanted = format!("a whole number from {} to {} is allowed", range.start(), range.end());
        self.wrong(entry, &wanted, report);
        None
    }

    /// A Modbus word: decimal or 0x.
    pub fn register(&mut self, key: &'static str, report: &mut Report) -> Option<u16> {
        self.whole(key, 0..=0xFFFF, report).and_then(|number| u16::try_from(number).ok())
    }

    pub fn number(&mut self, key: &'static str, report: &mut Report) -> Option<f64> {
        let entry = self.find(key)?;
        if let Some(number) = plain_number(&entry.node)
            && number.is_finite()
        {
            return Some(number);
        }
        self.wrong(entry, "a number is wanted", report);
        None
    }

    /// A time with its unit, inside limits.
    pub fn time(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
        report: &mut Report,
    ) -> Option<Duration> {
        let entry = self.find(key)?;
        let quantity = match &entry.node.value {
            Value::Text(text) => Quantity::parse(text),
            Value::Whole(_)
            | Value::Number(_)
            | Value::YesNo(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other => None,
        };
        let time = quantity
            .and_then(|quantity| quantity.seconds())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match time {
            Some(time) if range.contains(&time) => Some(time),
            Some(_) | None => {
                let (low, high) = (range.start(), range.end());
                let wanted = format!("a time with its unit from {low:?} to {high:?} is allowed");
                self.wrong(entry, &wanted, report);
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(
        &mut self,
        key: &'static str,
        report: &mut Report,
    ) -> Option<Vec<(&'a Node, &'a str)>> {
        let entry = self.find(key)?;
        if let Value::List(list) = &entry.node.value {
            let texts: Vec<_> = list
                .iter()
                .filter_map(|node| match &node.value {
                    Value::Text(text) => Some((node, text.as_str())),
                    Value::Whole(_)
                    | Value::Number(_)
                    | Value::YesNo(_)
                    | Value::List(_)
                    | Value::Table(_)
                    | Value::Other => None,
                })
                .collect();
            if texts.len() == list.len() {
                return Some(texts);
            }
        }
        self.wrong(entry, "a list of texts is wanted: [\"..\", \"..\"]", report);
        None
    }

    /// All entries, for sections whose keys are names.
    pub fn entries(&self) -> &'a [Entry] {
        self.table.map_or(&[], |table| &table.entries)
    }

    /// Whatever was not asked for is not known.
    pub fn end(self, report: &mut Report) {
        for entry in self.entries() {
            if !self.asked.contains(&entry.key.as_str()) {
                let hint = hint(&entry.key, self.asked.iter().copied());
                let what = format!("`{}` is not known here{hint}", entry.key);
                report.fault(&entry.place, &self.name, what);
            }
        }
    }
}

/// A number without a unit.
pub(crate) fn plain_number(node: &Node) -> Option<f64> {
    match node.value {
        // Values in a site file are far below 2^53.
        Value::Whole(number) => Some(number as f64),
        Value::Number(number) => Some(number),
        Value::Text(_) | Value::YesNo(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
    }
}
