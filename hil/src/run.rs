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
    /// Where they run: core and world in one process, on virtual time; or the controller's program against a rig, on the
    /// clock, with wires between them. Each runs the stories that name it.
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = ["process", "sim"])]
    transport: String,
    /// The controller's program for transport sim; the `sweetspring` beside this program without.
    #[arg(long, value_name = "PATH")]
    controller: Option<PathBuf>,
    /// Write a table of what had a limit and what it took.
    #[arg(long, value_name = "FILE")]
    measured: Option<PathBuf>,
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
            Ok(scenario) if !scenario.transports.contains(&line.transport) => {
                let (name, transports) = (&scenario.name, scenario.transports.join(", "));
                println!("skip {name:<32} runs on {transports}, not on {}", line.transport);
                skipped += 1;
            }
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
    let controller = controller(line)?;
    let outcomes = at_once(scenarios.len(), jobs(line.jobs), |place, bar| {
        let outcome = match &controller {
            Some(controller) => hil::sim::run(&scenarios[place], controller),
            None => play(&scenarios[place]),
        };
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
    if let Some(path) = &line.measured {
        let table = report::measured(&outcomes);
        std::fs::write(path, table).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{} passed, {failed} failed, {skipped} skipped", outcomes.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} scenarios failed", outcomes.len());
    }
    Ok(())
}

/// The controller's program, where stories need one.
fn controller(line: &Line) -> anyhow::Result<Option<PathBuf>> {
    if line.transport != "sim" {
        return Ok(None);
    }
    if let Some(path) = &line.controller {
        return Ok(Some(path.clone()));
    }
    let own = std::env::current_exe().context("where is this program?")?;
    Ok(Some(own.with_file_name("sweetspring")))
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
