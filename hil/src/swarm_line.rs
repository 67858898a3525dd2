//! `hil swarm`: many seeds at once, with a bar, and what they found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use hil::invariants::{Breach, Shown, TABLE};
use hil::story::{Scenario, duration, run as play_story};
use hil::swarm::{Plan, Verdict, draw, play, shrink};

use crate::at_once::{at_once, jobs};

pub const HELP: &str = "\
Each seed is a village: a site, a season, its river, its habits, and for every day some faults and orders. A broken
invariant is shrunk to the fewest happenings and the shortest time that still break it, written into --past as a scenario,
and printed, so that a log is enough to run it again; all scenarios there run first, every time. The same seed gives the
same run, with any number of jobs.";

/// One failure is shrunk for so long at most (chosen: all of a bad day's failures in an hour); what it has come to then still
/// breaks the promise.
const SHRINK_TIME: Duration = Duration::from_secs(300);

#[derive(Args)]
pub struct Line {
    /// So many villages.
    #[arg(long, value_name = "N", default_value_t = 40)]
    seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Each lives so many days.
    #[arg(long, value_name = "D", default_value_t = 2.0)]
    days: f64,
    /// So many at a time; as many as there are cores without.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where past failures are kept as scenarios.
    #[arg(long, value_name = "DIR", default_value = "hil/scenarios/past")]
    past: PathBuf,
    /// Only say what broke; do not shrink it nor write it down.
    #[arg(long)]
    no_shrink: bool,
}

/// What one seed came to.
struct Found {
    seed: u64,
    verdict: Verdict,
}

pub fn run(line: &Line) -> anyhow::Result<()> {
    if !(line.days > 0.0 && line.days <= 366.0) {
        bail!("--days is above 0 and at most 366, not {}", line.days);
    }
    let broken_again = past(line)?;
    let begun = Instant::now();
    let found = all(line)?;
    summary(&found, line.days, begun.elapsed().as_secs_f64());
    let broken: Vec<&Found> =
        found.iter().filter(|found| failed(&found.verdict).is_some()).collect();
    for found in &broken {
        if let (false, Some(breach)) = (line.no_shrink, &found.verdict.breach) {
            let plan = draw(found.seed, line.days).map_err(anyhow::Error::msg)?;
            write(&line.past, &plan, breach)?;
        }
    }
    if !broken.is_empty() || broken_again > 0 {
        bail!(
            "{} of {} seeds and {broken_again} past failures broke a promise",
            broken.len(),
            found.len()
        );
    }
    Ok(())
}

/// What failed, in words.
fn failed(verdict: &Verdict) -> Option<String> {
    match (&verdict.breach, &verdict.stillborn) {
        (Some(breach), _) => Some(breach.to_string()),
        (None, Some(never)) if !never.told => {
            Some(format!("it never made water, and no urgent alarm says so: {}", never.why))
        }
        (None, Some(_) | None) => None,
    }
}

/// Runs what failed in the past; how many fail again.
fn past(line: &Line) -> anyhow::Result<usize> {
    let Ok(entries) = std::fs::read_dir(&line.past) else { return Ok(0) };
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    let read: Result<Vec<Scenario>, String> =
        files.iter().map(|file| Scenario::load(file)).collect();
    let scenarios = read.map_err(anyhow::Error::msg)?;
    let outcomes =
        at_once(scenarios.len(), jobs(line.jobs), |place, _| play_story(&scenarios[place]));
    let again = outcomes.iter().zip(&files).filter(|(outcome, _)| !outcome.passed());
    let mut failed = 0;
    for (outcome, file) in again {
        failed += 1;
        println!("again: {}: {}", file.display(), outcome.failures.join("; "));
    }
    println!("{} past failures, {failed} of them again", files.len());
    Ok(failed)
}

fn all(line: &Line) -> anyhow::Result<Vec<Found>> {
    let count = usize::try_from(line.seeds).context("so many villages")?;
    let found = at_once(count, jobs(line.jobs), |place, bar| {
        let seed = line.from + place as u64;
        let plan = draw(seed, line.days).map_err(anyhow::Error::msg)?;
        let verdict = play(&plan);
        if let Some(why) = failed(&verdict) {
            let after = duration::show(verdict.passed);
            bar.suspend(|| println!("seed {seed} ({}, after {after}): {why}", plan.site));
        }
        Ok(Found { seed, verdict })
    });
    found.into_iter().collect()
}

fn summary(found: &[Found], days: f64, took: f64) {
    let lived: f64 = found.iter().map(|found| found.verdict.passed.as_secs_f64() / 86_400.0).sum();
    println!(
        "{} villages of {days} d: {lived:.1} plant-days in {took:.0} s, {:.0} x",
        found.len(),
        lived * 86_400.0 / took.max(1e-9)
    );
    let idle: Vec<u64> = found
        .iter()
        .filter(|found| found.verdict.stillborn.as_ref().is_some_and(|never| never.told))
        .map(|found| found.seed)
        .collect();
    if !idle.is_empty() {
        println!("never made water, and called people: seeds {idle:?}");
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in found.iter().flat_map(|found| &found.verdict.exercised) {
        *kinds.entry(kind).or_default() += 1;
    }
    let told: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    println!("exercised: {}", told.join(", "));
    for row in &TABLE {
        let broken: Vec<u64> = found
            .iter()
            .filter(|found| {
                found.verdict.breach.as_ref().is_some_and(|breach| breach.invariant == row.number)
            })
            .map(|found| found.seed)
            .collect();
        match row.shown {
            Shown::At(_) => {}
            Shown::Always | Shown::FaultFree if broken.is_empty() => {}
            Shown::Always | Shown::FaultFree => {
                println!("INV-{} broken by seeds {broken:?}", row.number);
            }
        }
    }
    // One number for all: two runs, or two machines, are compared by it.
    let digest = found.iter().fold(0_u64, |all, found| all.rotate_left(1) ^ found.verdict.digest);
    println!("digest {digest:016x}");
}

/// Shrinks it and writes it down.
fn write(folder: &Path, plan: &Plan, breach: &Breach) -> anyhow::Result<()> {
    let bar =
        indicatif::ProgressBar::new_spinner().with_message(format!("shrinking seed {}", plan.seed));
    let begun = Instant::now();
    let small = shrink::shrink(plan, |candidate| {
        bar.inc(1);
        if begun.elapsed() < SHRINK_TIME { shrink::breaks(candidate, breach) } else { None }
    });
    bar.finish_and_clear();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("seed_{}_inv_{}.toml", plan.seed, breach.invariant));
    let text = shrink::scenario(&small, breach);
    std::fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    println!(
        "seed {}: {} episodes left of {}, {}: {}",
        plan.seed,
        small.episodes.len(),
        plan.episodes.len(),
        duration::show(small.length),
        path.display()
    );
    println!("# {}", path.display());
    println!("{text}# end of {}", path.display());
    Ok(())
}
