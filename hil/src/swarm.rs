//! The swarm: random villages with random faults, weather and orders, for as many days as anybody waits. Every run follows
//! from its seed; what breaks an invariant is shrunk to the fewest happenings and the shortest time that still break it.
//!
//! What is drawn at random is what may happen to a village: any fault of the catalogue, any instrument and device broken in
//! any of its ways, power, buses, a controller that dies, storms, people who order what they like. One sensor lies at a
//! time, and two faults stand at once at most: against three that conspire no plant of this price is built.

mod dice;
mod draw;
pub mod shrink;

use std::time::Duration;

use crate::invariants::Breach;
use crate::story::run::bring;
use crate::story::scenario::Start;
use crate::story::stage::Setting;
use crate::story::{Happening, Stage};

pub use draw::draw;

/// Something that happens, and ends again where it lasts.
#[derive(Clone, Debug)]
pub struct Episode {
    /// For summaries: `F12`, `sensor stuck`, `order`.
    pub kind: String,
    /// After the plant made water for the first time.
    pub at: Duration,
    pub begin: Vec<Happening>,
    pub lasts: Duration,
    pub end: Vec<Happening>,
}

/// A run before it is run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub site: &'static str,
    /// What was drawn of the world, by name.
    pub world: Vec<(&'static str, f64)>,
    pub setting: Setting,
    pub length: Duration,
    pub episodes: Vec<Episode>,
}

/// A village whose plant never made water: the dose was never set for its river, every bed is spent, a basin is full. People
/// have to help; what is promised is that they are called.
#[derive(Clone, Debug)]
pub struct Stillborn {
    pub why: String,
    pub told: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The first promise that broke, with what was happening; the run ended there.
    pub breach: Option<Breach>,
    /// It never made water at all: why, and whether people were told with an urgent alarm.
    pub stillborn: Option<Stillborn>,
    /// Since the plant made water for the first time.
    pub passed: Duration,
    /// Kinds of the episodes that began.
    pub exercised: Vec<String>,
    pub digest: u64,
}

impl Plan {
    /// Everything in the order it happens.
    #[must_use]
    pub fn timeline(&self) -> Vec<(Duration, &Happening)> {
        let begins =
            self.episodes.iter().flat_map(|one| one.begin.iter().map(|what| (one.at, what)));
        let ends = self
            .episodes
            .iter()
            .flat_map(|one| one.end.iter().map(|what| (one.at + one.lasts, what)));
        let mut all: Vec<(Duration, &Happening)> = begins.chain(ends).collect();
        all.sort_by_key(|(at, _)| *at);
        all
    }
}

/// Plays a plan up to its first breach.
#[must_use]
pub fn play(plan: &Plan) -> Verdict {
    let mut stage = Stage::new(&plan.setting);
    if let Err(why) = bring(&mut stage, Start::Producing) {
        let breach = stage.watch.breaches().first().cloned();
        return Verdict {
            breach,
            stillborn: Some(Stillborn { why, told: stage.watch.is_urgent() }),
            passed: Duration::ZERO,
            exercised: Vec::new(),
            digest: stage.digest(),
        };
    }
    let begun = stage.plant.passed();
    let mut timeline = plan.timeline().into_iter().peekable();
    let passed = |stage: &Stage| stage.plant.passed().saturating_sub(begun);
    while passed(&stage) < plan.length && stage.watch.breaches().is_empty() {
        while timeline.peek().is_some_and(|(at, _)| *at <= passed(&stage)) {
            let Some((_, happening)) = timeline.next() else { break };
            // What the plant refuses, and what it has not, is no matter here.
            let _ = stage.happen(happening);
        }
        stage.step();
    }
    let passed = passed(&stage);
    let began = plan.episodes.iter().filter(|one| one.at <= passed);
    Verdict {
        breach: stage.watch.breaches().first().cloned(),
        stillborn: None,
        passed,
        exercised: began.map(|one| one.kind.clone()).collect(),
        digest: stage.digest(),
    }
}

#[cfg(test)]
mod tests;
