//! What a run begins from: all that a plant is, and is told, before its first scan.
//!
//! The controller and a replay build the plant by the same function: [`Beginning::plant`].

use std::collections::HashMap;
use std::time::Duration;

use config::Site;
use plc::guard::Ledger;
use plc::plant::{Plant, Restored, Shape};

use super::coded::coded;

/// Before the first scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Beginning {
    /// Version of the program.
    pub version: String,
    /// When, milliseconds since 1970 UTC, by a clock that may be wrong.
    pub wall_ms: i64,
    /// Scans a period, and the time between two periods.
    pub speed: u32,
    pub period: Duration,
    /// The site's name, the text of its file, and what was laid over it. For people: a replay goes by what follows.
    pub site: String,
    pub text: String,
    pub set: Vec<String>,
    pub shape: Shape,
    /// Settings that the site gives, by path.
    pub settings: Vec<(String, f64)>,
    /// What was kept of settings, retained values and alarms, by path, as it was handed to the plant.
    pub kept: Vec<(String, f64)>,
    /// How long ago it was kept; `None`: nobody knows.
    pub age: Option<Duration>,
    pub recall: Recall,
}

/// What is known of the doses before.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Recall {
    /// Nothing is to be known: the plant is new, or an older version kept it otherwise.
    #[default]
    Nothing,
    /// The ledgers: PAC, chlorine.
    Ledgers(Box<Pair>),
    /// The ledgers cannot be read.
    LedgersLost,
    /// Nothing of what was kept can be read.
    AllLost,
}

/// The two ledgers.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub coagulant: Ledger,
    pub chlorine: Ledger,
}

coded! { struct Pair { coagulant, chlorine } }
coded! { enum Recall { 0 Nothing, 1 Ledgers(pair), 2 LedgersLost, 3 AllLost } }
coded! { struct Beginning {
    version, wall_ms, speed, period, site, text, set, shape, settings, kept, age, recall,
} }

impl Beginning {
    /// Of a site as its file says, with nothing kept.
    #[must_use]
    pub fn of(site: &Site) -> Beginning {
        let settings = site.settings.iter().map(|one| (one.path.clone(), one.value));
        Beginning {
            version: env!("CARGO_PKG_VERSION").into(),
            wall_ms: 0,
            speed: site.speed,
            period: site.period,
            site: site.name.clone(),
            text: String::new(),
            set: Vec::new(),
            shape: site.shape,
            settings: settings.collect(),
            kept: Vec::new(),
            age: None,
            recall: Recall::Nothing,
        }
    }

    /// The plant before its first scan, and what it did not take up.
    #[must_use]
    pub fn plant(&self) -> (Plant, Restored) {
        let mut plant = Plant::new(&self.shape);
        config::lay_over(&self.settings, &mut plant);
        let kept: HashMap<&str, f64> =
            self.kept.iter().map(|(path, value)| (path.as_str(), *value)).collect();
        let restored = plant.restore(|row| kept.get(row.path.as_str()).copied(), self.age);
        match &self.recall {
            Recall::Nothing => {}
            Recall::Ledgers(pair) => plant.restore_ledgers([pair.coagulant, pair.chlorine]),
            Recall::LedgersLost => plant.distrust_ledgers(),
            Recall::AllLost => plant.distrust_memory(),
        }
        (plant, restored)
    }

    /// The same past at another site: its shape and its settings.
    #[must_use]
    pub fn at(&self, site: &Site) -> Beginning {
        let Beginning { shape, settings, site, .. } = Beginning::of(site);
        Beginning { site, shape, settings, ..self.clone() }
    }

    /// What another beginning has otherwise, in words, one line each.
    #[must_use]
    pub fn differences(&self, other: &Beginning) -> Vec<String> {
        let mut said = Vec::new();
        if self.shape != other.shape {
            said.push(format!("[plant] was {:?}, is {:?}", self.shape, other.shape));
        }
        let find = |all: &[(String, f64)], path: &str| {
            all.iter().find(|(of, _)| of == path).map(|(_, value)| *value)
        };
        let words = |value: Option<f64>| value.map_or("the default".into(), |it| it.to_string());
        let gone = self.settings.iter().filter(|(path, _)| find(&other.settings, path).is_none());
        for (path, _) in other.settings.iter().chain(gone) {
            let (was, is) = (find(&self.settings, path), find(&other.settings, path));
            if was.map(f64::to_bits) != is.map(f64::to_bits) {
                let set = find(&self.kept, path);
                let set = set.map_or(String::new(), |set| {
                    format!(": does not count, a person had set it to {set}")
                });
                said.push(format!("{path} was {}, is {}{set}", words(was), words(is)));
            }
        }
        said
    }
}
