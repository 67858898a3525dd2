//! What must be true: `system.state is Producing and true.outlet_chlorine >= 0.5 and alarm 104 on`.

use core::fmt;

use plc::alarm::State;
use plc::image::Sample;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::Quality;
use plc::tag::{Catalogue, Kind};

use super::seen::Seen;
use super::values::TrueValue;

/// What can be said, for people.
pub const CONDITIONS: &str = "\
PATH is STATE|STATE, PATH is not STATE      a state, by name
PATH on, PATH off                           a contact, flag or output
PATH < 3, <=, >, >=, ==, !=                 a number, in its unit
PATH has REASON, PATH lacks REASON          a set of reasons, or what holds an output
PATH good, PATH bad                         whether there is a value
true.NAME < 3                               what is really so (any wrong name lists them)
alarm 104 on, alarm 104 off                 told to people, or not
and                                         between them";

/// How a number stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Than {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

impl Than {
    fn of(word: &str) -> Option<Than> {
        Some(match word {
            "<" => Than::Less,
            "<=" => Than::AtMost,
            ">" => Than::More,
            ">=" => Than::AtLeast,
            "==" => Than::Equal,
            "!=" => Than::Unequal,
            _ => return None,
        })
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Than::Less => left < right,
            Than::AtMost => left <= right,
            Than::More => left > right,
            Than::AtLeast => left >= right,
            Than::Equal => left == right,
            Than::Unequal => left != right,
        }
    }
}

#[derive(Clone)]
enum Clause {
    True(TrueValue, Than, f64),
    Number(usize, Than, f64),
    /// Row, bits of the states, whether it is one of them.
    State(usize, u64, bool),
    Reason(usize, Reason, bool),
    Good(usize, bool),
    /// Rows of that number's alarms, whether one is told.
    Alarm(Vec<usize>, bool),
}

/// One or several clauses that must all hold.
#[derive(Clone)]
pub struct Condition {
    text: String,
    clauses: Vec<Clause>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Condition {
    /// The condition behind a text.
    ///
    /// # Errors
    /// When something in it is unknown: with what there is.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Condition, String> {
        let clauses = text
            .split(" and ")
            .map(|clause| parse_clause(clause.trim(), catalogue))
            .collect::<Result<Vec<Clause>, String>>()
            .map_err(|why| format!("\"{text}\": {why}"))?;
        Ok(Condition { text: text.to_owned(), clauses })
    }

    /// Whether all of it is so. What nobody publishes is not.
    #[must_use]
    pub fn holds(&self, seen: &Seen<'_>) -> bool {
        self.clauses.iter().all(|clause| clause.holds(seen))
    }

    /// Whether it asks what is really so, and nothing of what the plant publishes.
    #[must_use]
    pub fn is_of_the_world(&self) -> bool {
        self.clauses.iter().all(|clause| matches!(clause, Clause::True(..)))
    }

    /// What is found instead, for a failure.
    #[must_use]
    pub fn found(&self, seen: &Seen<'_>) -> String {
        let found = self.clauses.iter().map(|clause| clause.found(seen));
        found.collect::<Vec<_>>().join(", ")
    }
}

impl Clause {
    fn holds(&self, seen: &Seen<'_>) -> bool {
        let sample_of = |row: &usize| seen.sample(*row);
        match self {
            Clause::True(value, than, bound) => than.holds(value.of(seen.truth), *bound),
            Clause::Number(row, than, bound) => {
                sample_of(row).is_some_and(|one| !is_bad(one) && than.holds(one.value, *bound))
            }
            Clause::State(row, states, wanted) => sample_of(row)
                .is_some_and(|one| (states >> (one.value as u64 & 63) & 1 == 1) == *wanted),
            Clause::Reason(row, reason, wanted) => {
                sample_of(row).is_some_and(|one| one.why.has(*reason) == *wanted)
            }
            Clause::Good(row, wanted) => sample_of(row).is_some_and(|one| is_bad(one) != *wanted),
            Clause::Alarm(rows, wanted) => {
                let told = |one: Sample| stands(one.value) && one.why.is_empty();
                seen.samples.is_some()
                    && rows.iter().any(|row| sample_of(row).is_some_and(told)) == *wanted
            }
        }
    }

    fn found(&self, seen: &Seen<'_>) -> String {
        let rows = &seen.catalogue.rows;
        let unknown = |row: &usize| format!("{} is not published", rows[*row].path);
        let why = |one: Sample| one.why.iter().collect::<Vec<Reason>>();
        match self {
            Clause::True(value, ..) => format!("really {:.3}", value.of(seen.truth)),
            Clause::Number(row, ..) | Clause::Good(row, _) => match seen.sample(*row) {
                Some(one) => format!("{} = {:.3} {:?}", rows[*row].path, one.value, one.quality),
                None => unknown(row),
            },
            Clause::State(row, ..) => {
                format!("{} is {}", rows[*row].path, seen.state(&rows[*row].path).unwrap_or("?"))
            }
            Clause::Reason(row, ..) => match seen.sample(*row) {
                Some(one) => format!("{} has {:?}", rows[*row].path, why(one)),
                None => unknown(row),
            },
            Clause::Alarm(alarms, _) => {
                let stand: Vec<String> = alarms
                    .iter()
                    .filter_map(|row| seen.sample(*row).map(|one| (row, one)))
                    .filter(|(_, one)| stands(one.value))
                    .map(|(row, one)| format!("{} stands {:?}", rows[*row].path, why(one)))
                    .collect();
                if stand.is_empty() { "it does not stand".into() } else { stand.join(", ") }
            }
        }
    }
}

fn is_bad(sample: Sample) -> bool {
    matches!(sample.quality, Quality::Bad(_))
}

/// An alarm's cause is there, or latched; one that has gone and that nobody has seen stands no more.
pub(crate) fn stands(state: f64) -> bool {
    let state = State::from_number(state as u8);
    state.is_some_and(|state| state != State::Normal && state != State::ReturnedUnacknowledged)
}

fn parse_clause(text: &str, catalogue: &Catalogue) -> Result<Clause, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match *words {
        ["alarm", number, state] => {
            let wanted: u16 =
                number.parse().map_err(|_| format!("{number} is no alarm's number"))?;
            let rows: Vec<usize> = catalogue
                .rows
                .iter()
                .filter(|row| matches!(row.kind, Kind::Alarm(words) if words.number == wanted))
                .map(|row| row.id)
                .collect();
            if rows.is_empty() {
                return Err(format!("no alarm {number}"));
            }
            Ok(Clause::Alarm(rows, on_or_off(state)?))
        }
        [path, than, bound] if path.starts_with("true.") => {
            let value = TrueValue::named(&path["true.".len()..])?;
            let than = Than::of(than)
                .ok_or_else(|| format!("{than} compares nothing: < <= > >= == !="))?;
            Ok(Clause::True(value, than, number(bound)?))
        }
        [path, "is", "not", names] => state(path, names, false, catalogue),
        [path, "is", names] => state(path, names, true, catalogue),
        [path, has @ ("has" | "lacks"), name] => {
            let reason = Reason::ALL.iter().find(|reason| format!("{reason:?}") == name);
            let reason = reason.ok_or_else(|| format!("no reason {name}"))?;
            Ok(Clause::Reason(row(path, catalogue)?, *reason, has == "has"))
        }
        [path, "good"] => Ok(Clause::Good(row(path, catalogue)?, true)),
        [path, "bad"] => Ok(Clause::Good(row(path, catalogue)?, false)),
        [path, state @ ("on" | "off")] => {
            let than = if state == "on" { Than::Unequal } else { Than::Equal };
            Ok(Clause::Number(row(path, catalogue)?, than, 0.0))
        }
        [path, than, bound] => {
            let than = Than::of(than)
                .ok_or_else(|| format!("{than} compares nothing: < <= > >= == !="))?;
            Ok(Clause::Number(row(path, catalogue)?, than, number(bound)?))
        }
        [..] => Err(format!("\"{text}\" says nothing. There is:\n{CONDITIONS}")),
    }
}

fn state(path: &str, names: &str, wanted: bool, catalogue: &Catalogue) -> Result<Clause, String> {
    let id = row(path, catalogue)?;
    let Form::States(known) = catalogue.rows[id].form else {
        return Err(format!("{path} has no states"));
    };
    let mut bits = 0;
    for name in names.split('|') {
        let place = known.iter().position(|one| *one == name);
        bits |=
            1 << place.ok_or_else(|| format!("{path} is never {name}: {}", known.join(", ")))?;
    }
    Ok(Clause::State(id, bits, wanted))
}

/// The row of a path.
///
/// # Errors
/// When there is none: with the nearest.
pub fn row(path: &str, catalogue: &Catalogue) -> Result<usize, String> {
    if let Some(row) = catalogue.find(path) {
        return Ok(row.id);
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    let unit = path.split('.').next().unwrap_or(path);
    let near: Vec<&str> = catalogue
        .rows
        .iter()
        .map(|row| row.path.as_str())
        .filter(|known| known.ends_with(last) || known.starts_with(unit) && known.contains(last))
        .take(6)
        .collect();
    let known = if near.is_empty() {
        "`sweetspring check --explain` lists them".into()
    } else {
        near.join(", ")
    };
    Err(format!("no point {path}. Perhaps {known}"))
}

fn on_or_off(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("on or off, not {other}")),
    }
}

fn number(word: &str) -> Result<f64, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}
