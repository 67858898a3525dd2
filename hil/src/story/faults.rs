//! The catalogue of faults, `docs/spec/plant.md` 7: how each is done to the world, what the plant must do about it, and in
//! what time. As data, in `hil/faults.toml`: scenarios, matrix and swarm all read it there.

use std::time::Duration;

use plc::tag::Catalogue;
use serde::Deserialize;

use super::condition::Condition;
use super::duration;
use super::happening::Happening;

const TEXT: &str = include_str!("../../faults.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<FaultText>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultText {
    id: String,
    what: String,
    #[serde(rename = "do")]
    acts: Vec<String>,
    #[serde(default)]
    undo: Vec<String>,
    /// What must hold as it strikes for the requirement to mean something.
    #[serde(default)]
    when: Option<String>,
    #[serde(default)]
    expect: Vec<ExpectText>,
    /// Outputs that must be so in any state of the plant.
    #[serde(default)]
    safe: Vec<ExpectText>,
    /// Where it is shown, if the twin cannot.
    #[serde(default)]
    shown: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    what: String,
    within: String,
}

/// Something the plant must have come to.
#[derive(Clone, Debug)]
pub struct Expect {
    pub what: Condition,
    pub within: Duration,
}

/// A fault at a plant.
#[derive(Clone, Debug)]
pub struct Fault {
    pub id: String,
    pub what: String,
    pub acts: Vec<Happening>,
    pub undo: Vec<Happening>,
    pub when: Option<Condition>,
    pub expect: Vec<Expect>,
    pub safe: Vec<Expect>,
    /// Where it is shown, if the twin cannot.
    pub shown: Option<String>,
}

fn file() -> Result<File, String> {
    toml::from_str(TEXT).map_err(|why| format!("faults.toml: {why}"))
}

/// One by its number: `F2`.
///
/// # Errors
/// When there is none, or this plant cannot have it.
pub fn named(id: &str, catalogue: &Catalogue) -> Result<Fault, String> {
    let file = file()?;
    let found = file.fault.iter().find(|fault| fault.id == id);
    let found = found.ok_or_else(|| format!("no fault {id} in faults.toml"))?;
    at(found, catalogue)
}

/// All that this plant can have, in order; what it cannot (no such filter, no elevated tank) is left out.
///
/// # Errors
/// When the catalogue's file makes no sense.
pub fn all(catalogue: &Catalogue) -> Result<Vec<Fault>, String> {
    Ok(file()?.fault.iter().filter_map(|fault| at(fault, catalogue).ok()).collect())
}

fn at(text: &FaultText, catalogue: &Catalogue) -> Result<Fault, String> {
    let of = |why: String| format!("{}: {why}", text.id);
    let happenings = |lines: &[String]| -> Result<Vec<Happening>, String> {
        lines.iter().map(|line| Happening::parse(line, catalogue).map_err(of)).collect()
    };
    let expects = |texts: &[ExpectText]| -> Result<Vec<Expect>, String> {
        let one = |text: &ExpectText| {
            let what = Condition::parse(&text.what, catalogue)?;
            Ok(Expect { what, within: duration::parse(&text.within)? })
        };
        texts.iter().map(|text| one(text).map_err(of)).collect()
    };
    Ok(Fault {
        id: text.id.clone(),
        what: text.what.clone(),
        acts: happenings(&text.acts)?,
        undo: happenings(&text.undo)?,
        when: text
            .when
            .as_deref()
            .map(|when| Condition::parse(when, catalogue))
            .transpose()
            .map_err(of)?,
        expect: expects(&text.expect)?,
        safe: expects(&text.safe)?,
        shown: text.shown.clone(),
    })
}

#[cfg(test)]
mod tests {
    use plc::plant::Shape;

    use super::*;
    use crate::closed_loop::catalogue_of;

    /// F1 to F62: each stands in the catalogue once, in order, and makes sense at the reference plant.
    #[test]
    fn all_sixty_two_faults_are_there_and_make_sense() {
        let catalogue = catalogue_of(&Shape::default());
        let file = file().unwrap();
        let ids: Vec<&str> = file.fault.iter().map(|fault| fault.id.as_str()).collect();
        let wanted: Vec<String> = (1..=62).map(|number| format!("F{number}")).collect();
        assert_eq!(ids, wanted);
        for fault in &file.fault {
            let found = at(fault, &catalogue).unwrap_or_else(|why| panic!("{why}"));
            let shows = !found.expect.is_empty() || !found.safe.is_empty() || found.shown.is_some();
            assert!(shows, "{} requires nothing", found.id);
        }
    }
}
