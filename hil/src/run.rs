//! `hil run`: scenarios, several at a time, with a line each, JUnit and HTML.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use hil::story::{Outcome, Scenario, report, run as play};

use crate::at_once::{at_once, jobs};

pub const HELP: &str = "\
A scenario is a TOML file: title, why, proves, site, seed, season, [world], then [[step]] with `do`, `fault`, `mend`,
`refused`, `until` and `within`, `run`, `check`, `never`. hil/scenarios/README.md teaches it with examples.";

#[derive(Args)]
pub struct Line {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write one HTML page with plots, alarms and requirement coverage.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// So many at a time; as many as there are cores without.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// With this seed instead of each file's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where they run. Only process is built so far: core and world in one process, on virtual time.
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = ["process"])]
    transport: String,
    /// Say what was awaited and how long it took.
    #[arg(long, short)]
    verbose: bool,
}

pub fn run(line: &Line) -> anyhow::Result<()> {
    let mut scenarios = Vec::new();
    let mut unread = Vec::new();
    let mut skipped = 0;
    for file in &line.files {
        match Scenario::load(file) {
            Ok(scenario) if !scenario.transports.contains(&line.transport) => skipped += 1,
            Ok(mut scenario) => {
                if let Some(seed) = line.seed {
                    scenario.setting.seed = seed;
                }
                scenarios.push(scenario);
            }
            Err(why) => unread.push(why),
        }
    }
    if !unread.is_empty() {
        bail!("{}", unread.join("\n"));
    }
    let outcomes = at_once(scenarios.len(), jobs(line.jobs), |place, bar| {
        let outcome = play(&scenarios[place]);
        bar.suspend(|| tell(&outcome, line.verbose));
        outcome
    });
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    if let Some(path) = &line.html {
        let page = report::html("Scenarios", &outcomes);
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &line.junit {
        let xml = report::junit(&outcomes).map_err(anyhow::Error::msg)?;
        std::fs::write(path, xml).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{} passed, {failed} failed, {skipped} skipped", outcomes.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} scenarios failed", outcomes.len());
    }
    Ok(())
}

fn tell(outcome: &Outcome, verbose: bool) {
    println!("{}", report::line(outcome));
    for failure in &outcome.failures {
        println!("       {failure}");
    }
    if verbose {
        for one in &outcome.measured {
            println!("       {:?} of {:?}: {}", one.took, one.limit, one.what);
        }
    }
}
