//! What is wrong with a file, and where.

use std::fmt;

/// Where a fault lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file as a whole.
    Whole,
    /// On this line, from 1.
    Line(usize),
    /// In what was given beside the file, with `--set`.
    Set(String),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    pub place: Place,
    /// The section: `filter1`, `bus.a`. Empty for the file as a whole.
    pub section: String,
    /// What was found and what is allowed.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.file)?;
        match &self.place {
            Place::Whole => {}
            Place::Line(line) => write!(out, "line {line}: ")?,
            Place::Set(given) => write!(out, "--set {given}: ")?,
        }
        if !self.section.is_empty() {
            write!(out, "{}: ", self.section)?;
        }
        out.write_str(&self.what)
    }
}

/// Everything that is wrong, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Faults(pub Vec<Fault>);

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// Collects faults while a file is read.
pub(crate) struct Report {
    pub file: String,
    faults: Vec<Fault>,
}

impl Report {
    pub fn new(file: &str) -> Report {
        Report { file: file.to_string(), faults: Vec::new() }
    }

    pub fn fault(&mut self, place: &Place, section: &str, what: impl Into<String>) {
        let (file, place) = (self.file.clone(), place.clone());
        self.faults.push(Fault { file, place, section: section.to_string(), what: what.into() });
    }

    pub fn add(&mut self, faults: Faults) {
        self.faults.extend(faults.0);
    }

    pub fn count(&self) -> usize {
        self.faults.len()
    }

    /// The result, if nothing was wrong.
    pub fn conclude<T>(mut self, result: Option<T>) -> Result<T, Faults> {
        match result {
            Some(result) if self.faults.is_empty() => Ok(result),
            Some(_) | None => {
                self.faults.sort_by(|a, b| (&a.place, &a.section).cmp(&(&b.place, &b.section)));
                self.faults.dedup();
                Err(Faults(self.faults))
            }
        }
    }
}

/// `; did you mean ...?`, if something close is allowed; else what is allowed, if that is a short list.
pub(crate) fn hint<'a>(found: &str, allowed: impl IntoIterator<Item = &'a str>) -> String {
    let mut allowed: Vec<&str> = allowed.into_iter().collect();
    allowed.sort_unstable();
    allowed.dedup();
    // A third of the letters may differ: more, and the guess is as likely wrong.
    let most = (found.chars().count() / 3).clamp(1, 3);
    let nearest = allowed.iter().map(|name| (distance(found, name), *name)).min();
    match nearest {
        Some((steps, name)) if steps <= most => format!("; did you mean `{name}`?"),
        Some(_) if allowed.len() <= LISTED_MAX => format!("; known are {}", allowed.join(", ")),
        Some(_) | None => String::new(),
    }
}

/// Names a message lists at most: a line must stay readable on a terminal.
const LISTED_MAX: usize = 16;

/// Letters to insert, drop, replace or swap with their neighbour to make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let shortest = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    shortest.min(rows[i - 2][j - 2] + 1)
                } else {
                    shortest
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let allowed = ["turbidity", "flow", "head_loss"];
        for (found, meant) in [
            ("turbidty", "turbidity"),
            ("fluw", "flow"),
            ("headloss", "head_loss"),
            ("folw", "flow"),
        ] {
            assert_eq!(hint(found, allowed), format!("; did you mean `{meant}`?"));
        }
        assert_eq!(hint("chlorine", allowed), "; known are flow, head_loss, turbidity");
    }
}
