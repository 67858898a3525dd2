//! A TOML file as a tree whose every node knows its line.

use toml::de::{DeTable, DeValue};

use crate::fault::{Place, Report};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    /// As it is written, shortened, for messages.
    pub written: String,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Whole(i64),
    Number(f64),
    YesNo(bool),
    List(Vec<Node>),
    Table(Table),
    /// Dates and numbers beyond 64 bits: nothing here wants one.
    Other,
}

impl Value {
    /// The section it is, if it is one.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Value::Table(table) => Some(table),
            Value::Text(_)
            | Value::Whole(_)
            | Value::Number(_)
            | Value::YesNo(_)
            | Value::List(_)
            | Value::Other => None,
        }
    }

    /// The text it is, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Table(_)
            | Value::Whole(_)
            | Value::Number(_)
            | Value::YesNo(_)
            | Value::List(_)
            | Value::Other => None,
        }
    }

    /// In words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Whole(_) => "a whole number",
            Value::Number(_) => "a number",
            Value::YesNo(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a section",
            Value::Other => "a date or an over-long number",
        }
    }
}

/// The keys of a section, sorted by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    /// The line of the key.
    pub place: Place,
    pub node: Node,
}

impl Table {
    pub fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn put(&mut self, key: &str, node: Node) -> &mut Entry {
        let at = match self.entries.iter().position(|entry| entry.key == key) {
            Some(at) => {
                self.entries[at].place = node.place.clone();
                self.entries[at].node = node;
                at
            }
            None => {
                self.entries.push(Entry { key: key.to_string(), place: node.place.clone(), node });
                self.entries.len() - 1
            }
        };
        &mut self.entries[at]
    }

    /// Puts a value at a dotted key, making the sections on the way.
    fn put_at(&mut self, dotted: &str, node: Node) {
        let Some((first, rest)) = dotted.split_once('.') else {
            self.put(dotted, node);
            return;
        };
        let is_table =
            self.find(first).is_some_and(|entry| matches!(entry.node.value, Value::Table(_)));
        if !is_table {
            let place = node.place.clone();
            let value = Value::Table(Table::default());
            self.put(first, Node { place, written: String::new(), value });
        }
        let inner = self.entries.iter_mut().find(|entry| entry.key == first);
        if let Some(Entry { node: Node { value: Value::Table(inner), .. }, .. }) = inner {
            inner.put_at(rest, node);
        }
    }
}

/// Reads a file. Every syntax error becomes a fault.
pub(crate) fn parse(text: &str, report: &mut Report) -> Table {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    for error in errors {
        let place = error.span().map_or(Place::Whole, |span| Place::Line(lines.line(span.start)));
        report.fault(&place, "", format!("not TOML: {}", error.message()));
    }
    lines.table(table.get_ref())
}

/// Lays `KEY=VALUE` over a file. A value that is no TOML is text.
pub(crate) fn set(table: &mut Table, given: &str, report: &mut Report) {
    let place = Place::Set(given.to_string());
    let Some((key, text)) = given.split_once('=') else {
        report.fault(&place, "", "write KEY=VALUE, for example site.speed=20");
        return;
    };
    let (key, text) = (key.trim(), text.trim());
    let parts = key.split('.').count();
    if parts > DEPTH_MAX || key.split('.').any(str::is_empty) {
        report.fault(&place, "", format!("`{key}` is no key; write for example site.speed=20"));
        return;
    }
    let value = match DeValue::parse(text) {
        Ok(value) => Lines::of(text).value(value.get_ref()),
        Err(_) => Value::Text(text.to_string()),
    };
    table.put_at(
        key,
        placed(Node { place: place.clone(), written: text.to_string(), value }, &place),
    );
}

/// Sections within sections: a path has three parts, a key of its line a fourth.
const DEPTH_MAX: usize = 8;

/// The same node, all of it from one place.
fn placed(mut node: Node, place: &Place) -> Node {
    node.place = place.clone();
    node.value = match node.value {
        Value::Table(mut table) => {
            for entry in &mut table.entries {
                entry.place = place.clone();
                entry.node = placed(entry.node.clone(), place);
            }
            Value::Table(table)
        }
        Value::List(list) => Value::List(list.into_iter().map(|one| placed(one, place)).collect()),
        other @ (Value::Text(_)
        | Value::Whole(_)
        | Value::Number(_)
        | Value::YesNo(_)
        | Value::Other) => other,
    };
    node
}

/// A text and where its lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

/// Letters of a value that a message repeats.
const WRITTEN_MAX: usize = 60;

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Lines<'a> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let entries = table.iter().map(|(key, value)| {
            let span = value.span();
            let line = self.line(span.start.min(key.span().start));
            let written = self.text.get(span.clone()).unwrap_or_default();
            let one_line = written.lines().next().unwrap_or_default();
            Entry {
                key: key.get_ref().to_string(),
                place: Place::Line(line),
                node: Node {
                    place: Place::Line(self.line(span.start)),
                    written: one_line.chars().take(WRITTEN_MAX).collect(),
                    value: self.value(value.get_ref()),
                },
            }
        });
        Table { entries: entries.collect() }
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(whole) => {
                let digits = whole.as_str().replace('_', "");
                i64::from_str_radix(&digits, whole.radix()).map_or(Value::Other, Value::Whole)
            }
            DeValue::Float(number) => {
                number.as_str().replace('_', "").parse().map_or(Value::Other, Value::Number)
            }
            DeValue::Boolean(yes) => Value::YesNo(*yes),
            DeValue::Datetime(_) => Value::Other,
            DeValue::Array(list) => {
                let nodes = list.iter().map(|one| {
                    let span = one.span();
                    Node {
                        place: Place::Line(self.line(span.start)),
                        written: self.text.get(span).unwrap_or_default().to_string(),
                        value: self.value(one.get_ref()),
                    }
                });
                Value::List(nodes.collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        }
    }
}
