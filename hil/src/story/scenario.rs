//! A scenario as its TOML file says it, checked before anything runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plc::tag::Catalogue;
use serde::Deserialize;

use super::condition::Condition;
use super::faults::Fault;
use super::happening::Happening;
use super::stage::{Setting, site_named};
use super::{duration, faults, world};
use crate::TwinParameters;
use crate::closed_loop::catalogue_of;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: String,
    #[serde(default)]
    why: String,
    /// Rules, invariants, faults, validation checks it proves.
    #[serde(default)]
    proves: Vec<String>,
    #[serde(default = "demo")]
    site: String,
    #[serde(default = "one")]
    seed: u64,
    #[serde(default = "two_hundred")]
    period_ms: u64,
    #[serde(default)]
    start: Start,
    #[serde(default)]
    season: Option<Season>,
    #[serde(default)]
    world: BTreeMap<String, f64>,
    /// Who needs more than the process on virtual time.
    #[serde(default = "process")]
    transports: Vec<String>,
    #[serde(default)]
    sim: Sim,
    #[serde(default)]
    never: Vec<String>,
    #[serde(default)]
    step: Vec<StepText>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    /// Said in the report.
    #[serde(default)]
    say: String,
    /// The step waits for this time since the story began.
    at: Option<String>,
    /// A fault of the catalogue strikes, and what is required of the plant is awaited.
    fault: Option<String>,
    /// It is mended.
    mend: Option<String>,
    #[serde(default, rename = "do")]
    acts: Vec<String>,
    /// Done as well, whether the plant refuses it or not.
    #[serde(default)]
    tries: Vec<String>,
    /// Orders that must be refused, each with its reason: `"NotReady: start"`; or any reason: `"start"`.
    #[serde(default)]
    refused: Vec<String>,
    until: Option<String>,
    within: Option<String>,
    run: Option<String>,
    #[serde(default)]
    never: Vec<String>,
    #[serde(default)]
    check: Vec<String>,
    /// The whole step so many times.
    #[serde(default = "once")]
    times: u32,
}

/// Where a story begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// With the first scan.
    Fresh,
    /// In STOPPED, its self-test behind it.
    Stopped,
    /// Making water.
    #[default]
    Producing,
}

/// Season of a story, `docs/spec/plant.md` 6.1: the day it begins.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Season {
    Dry,
    Hot,
    Wet,
}

fn demo() -> String {
    "demo".into()
}
fn one() -> u64 {
    1
}
fn once() -> u32 {
    1
}
fn two_hundred() -> u64 {
    200
}
fn process() -> Vec<String> {
    vec!["process".into()]
}

/// How a story runs against the real controller, on transport `sim`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sim {
    /// Plant seconds a second: with Modbus TCP alone.
    pub speed: u32,
    /// Buses on pseudo-terminals instead of TCP.
    pub serial: Vec<String>,
    /// The header is one, and the rig plays its lines; a Modbus node otherwise.
    pub lines: bool,
    /// Laid over the site file, `KEY=VALUE`.
    pub set: Vec<String>,
}

impl Default for Sim {
    fn default() -> Sim {
        Sim { speed: 1, serial: Vec::new(), lines: false, set: Vec::new() }
    }
}

/// An order that must be refused.
#[derive(Clone, Debug)]
pub struct Refused {
    pub order: Happening,
    /// Name of the reason; any where none is said.
    pub reason: Option<String>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    pub say: String,
    /// It waits for this time since the story began.
    pub at: Duration,
    pub fault: Option<Fault>,
    pub acts: Vec<Happening>,
    /// Done, whether the plant refuses it or not.
    pub tries: Vec<Happening>,
    pub refused: Vec<Refused>,
    pub until: Option<(Condition, Duration)>,
    pub run: Duration,
    pub never: Vec<Condition>,
    pub check: Vec<Condition>,
    pub times: u32,
}

/// A story that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without its end.
    pub name: String,
    pub title: String,
    pub why: String,
    pub proves: Vec<String>,
    pub transports: Vec<String>,
    /// The short name of its site.
    pub site: String,
    pub sim: Sim,
    pub start: Start,
    pub setting: Setting,
    pub never: Vec<Condition>,
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read or does not make sense: where, and what would.
    pub fn load(path: &Path) -> Result<Scenario, String> {
        let text =
            std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        let name =
            path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Scenario::parse(&name, &text).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// The scenario of this text.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(name: &str, text: &str) -> Result<Scenario, String> {
        let text: Text = toml::from_str(text).map_err(|why| why.to_string())?;
        let site = site_named(&text.site)?;
        let mut parameters = TwinParameters::of(&site.shape);
        parameters.start_day = match text.season {
            None => parameters.start_day,
            // Mid-January, mid-April, mid-August.
            Some(Season::Dry) => 15.0,
            Some(Season::Hot) => 105.0,
            Some(Season::Wet) => 227.0,
        };
        for (name, value) in &text.world {
            world::set(&mut parameters, name, *value).map_err(|why| format!("[world]: {why}"))?;
        }
        if !(10..=1_000).contains(&text.period_ms) {
            return Err(format!("period_ms is 10 to 1000, not {}", text.period_ms));
        }
        let known = ["process", "sim", "rig"];
        if let Some(other) = text.transports.iter().find(|one| !known.contains(&one.as_str())) {
            return Err(format!("no transport {other}: process, sim, rig"));
        }
        if !(1..=100).contains(&text.sim.speed) {
            return Err(format!("[sim] speed is 1 to 100, not {}", text.sim.speed));
        }
        if (text.sim.lines || !text.sim.serial.is_empty()) && text.sim.speed > 1 {
            return Err(
                "[sim] lines, of a header or serial, live at the speed of life: no speed".into()
            );
        }
        let catalogue = catalogue_of(&site.shape);
        let conditions = |texts: &[String]| -> Result<Vec<Condition>, String> {
            texts.iter().map(|text| Condition::parse(text, &catalogue)).collect()
        };
        let steps = text.step.iter().enumerate().map(|(place, step)| {
            step_of(step, &catalogue).map_err(|why| format!("step {}: {why}", place + 1))
        });
        Ok(Scenario {
            name: name.into(),
            title: text.title,
            why: text.why,
            proves: text.proves,
            transports: text.transports,
            site: text.site,
            sim: text.sim,
            start: text.start,
            never: conditions(&text.never)?,
            steps: steps.collect::<Result<Vec<Step>, String>>()?,
            setting: Setting {
                site,
                parameters,
                seed: text.seed,
                period: Duration::from_millis(text.period_ms),
                trace: Some(Duration::from_secs(10)),
            },
        })
    }
}

fn step_of(step: &StepText, catalogue: &Catalogue) -> Result<Step, String> {
    let conditions = |texts: &[String]| -> Result<Vec<Condition>, String> {
        texts.iter().map(|text| Condition::parse(text, catalogue)).collect()
    };
    let fault = step.fault.as_deref().map(|id| faults::named(id, catalogue)).transpose()?;
    let mut acts = match &step.mend {
        Some(id) => faults::named(id, catalogue)?.undo,
        None => Vec::new(),
    };
    for line in &step.acts {
        acts.push(Happening::parse(line, catalogue)?);
    }
    let refused = step.refused.iter().map(|text| {
        let (reason, order) = match text.split_once(": ") {
            Some((reason, order)) => (Some(reason.to_owned()), order),
            None => (None, text.as_str()),
        };
        let order = Happening::parse(&format!("order {order}"), catalogue)?;
        Ok(Refused { order, reason })
    });
    let until = match (&step.until, &step.within) {
        (Some(condition), Some(within)) => {
            Some((Condition::parse(condition, catalogue)?, duration::parse(within)?))
        }
        (None, None) => None,
        (Some(_), None) => return Err("`until` needs `within`: how long may it take?".into()),
        (None, Some(_)) => return Err("`within` needs `until`: what is awaited?".into()),
    };
    Ok(Step {
        say: step.say.clone(),
        at: step.at.as_deref().map(duration::parse).transpose()?.unwrap_or_default(),
        fault,
        acts,
        tries: step
            .tries
            .iter()
            .map(|line| Happening::parse(line, catalogue))
            .collect::<Result<Vec<Happening>, String>>()?,
        refused: refused.collect::<Result<Vec<Refused>, String>>()?,
        until,
        run: step.run.as_deref().map(duration::parse).transpose()?.unwrap_or_default(),
        never: conditions(&step.never)?,
        check: conditions(&step.check)?,
        times: step.times,
    })
}
