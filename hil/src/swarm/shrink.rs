//! From a run that breaks a promise to the fewest happenings and the shortest time that still break it, as a scenario.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Plan, play};
use crate::invariants::Breach;

/// Plays tried for one failure at most.
const TRIES: usize = 150;

/// When the same invariant breaks in a plan, if it does.
#[must_use]
pub fn breaks(plan: &Plan, breach: &Breach) -> Option<Duration> {
    let verdict = play(plan);
    let same = verdict.breach.is_some_and(|found| found.invariant == breach.invariant);
    same.then_some(verdict.passed)
}

/// Leaves out episodes, then time, as long as `breaks` says that it still does, and when.
#[must_use]
pub fn shrink(plan: &Plan, mut breaks: impl FnMut(&Plan) -> Option<Duration>) -> Plan {
    let mut tries = 0;
    let mut best = plan.clone();
    let mut breaks = |candidate: &Plan| {
        tries += 1;
        if tries > TRIES { None } else { breaks(candidate) }
    };
    // What comes after the breach never mattered.
    if let Some(passed) = breaks(&best) {
        best.length = passed + Duration::from_secs(1);
        best.episodes.retain(|episode| episode.at <= passed);
    }
    // Halves first, then one by one.
    let mut piece = best.episodes.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < best.episodes.len() {
            let mut candidate = best.clone();
            let to = (from + piece).min(candidate.episodes.len());
            candidate.episodes.drain(from..to);
            match breaks(&candidate) {
                Some(passed) => {
                    candidate.length = passed + Duration::from_secs(1);
                    best = candidate;
                }
                None => from += piece,
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    // Earlier: what is left begins after a minute.
    if let Some(first) = best.episodes.iter().map(|episode| episode.at).min() {
        let sooner = first.saturating_sub(Duration::from_secs(60));
        let mut candidate = best.clone();
        for episode in &mut candidate.episodes {
            episode.at -= sooner;
        }
        if let Some(passed) = breaks(&candidate) {
            candidate.length = passed + Duration::from_secs(1);
            best = candidate;
        }
    }
    best
}

/// The plan as a scenario file: it fails as long as the plant does.
#[must_use]
pub fn scenario(plan: &Plan, breach: &Breach) -> String {
    let mut text = format!(
        "title = \"Found by the swarm: seed {}, INV-{}\"\nwhy = {:?}\nproves = [\"INV-{}\"]\nsite = \"{}\"\nseed = {}\nperiod_ms = {}\n\n[world]\n",
        plan.seed,
        breach.invariant,
        breach.to_string(),
        breach.invariant,
        plan.site,
        plan.seed,
        plan.setting.period.as_millis(),
    );
    for (name, value) in &plan.world {
        let _ = writeln!(text, "{name} = {value:?}");
    }
    let mut steps: Vec<(Duration, Vec<String>)> = Vec::new();
    for (at, happening) in plan.timeline() {
        if at > plan.length {
            break;
        }
        let line = format!("{:?}", happening.to_string());
        match steps.last_mut() {
            Some((last, lines)) if *last == at => lines.push(line),
            Some(_) | None => steps.push((at, vec![line])),
        }
    }
    for (at, lines) in steps {
        let _ = write!(
            text,
            "\n[[step]]\nat = \"{} s\"\ntries = [{}]\n",
            at.as_secs(),
            lines.join(", ")
        );
    }
    let _ = write!(text, "\n[[step]]\nat = \"{} s\"\n", plan.length.as_secs());
    text
}
