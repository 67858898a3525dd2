//! `hil run`: scenarios, several at a time, with a line each, JUnit and HTML.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use hil::bench::{self, Bench};
use hil::story::stage::MarkKind;
use hil::story::{Outcome, Scenario, report, run as play};

use crate::at_once::{at_once, jobs};

pub const HELP: &str = "\
A scenario is a TOML file: title, why, proves, site, seed, season, [world], then [[step]] with `do`, `fault`, `mend`,
`refused`, `until` and `within`, `run`, `check`, `never`. hil/scenarios/README.md teaches it with examples.

A bench (--transport rig) is one too: site, revision, hardware, controller, [tcp] bind, [serial] BUS = PORT, [lines] socket or
chip and at, [power] off, forget, on, kill, hang, wake. The same page says what each does; tests/bench/rig.toml is one that
runs on one machine. Before each story the controller's state folder is emptied: let it run no village.";

#[derive(Args)]
pub struct Line {
    /// The files.
    #[arg(required_unless_present = "rig", value_name = "FILE")]
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
    /// clock, with wires between them; or a controller on a bench, with the wires of rig.toml. Each runs the stories that
    /// name it.
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = ["process", "sim", "rig"])]
    transport: String,
    /// The bench, for transport rig: what is wired where, and how its controller is switched.
    #[arg(long, value_name = "FILE", required_if_eq("transport", "rig"))]
    rig: Option<PathBuf>,
    /// Write every edge of the header's lines with its time, a CSV a story: transports rig, and sim where it plays lines.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
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
    let outcomes = match (line.transport.as_str(), &line.rig) {
        ("rig", Some(rig)) => on_bench(rig, &scenarios, line.verbose, &mut skipped)?,
        (_, Some(_)) => bail!("--rig: that is for --transport rig"),
        (_, None) => {
            let controller = controller(line)?;
            at_once(scenarios.len(), jobs(line.jobs), |place, bar| {
                let outcome = match &controller {
                    Some(controller) => hil::sim::run(&scenarios[place], controller),
                    None => play(&scenarios[place]),
                };
                bar.suspend(|| tell(&outcome, line.verbose));
                outcome
            })
        }
    };
    if let Some(folder) = &line.trace {
        write_traces(folder, &outcomes)?;
    }
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

/// One story after the other on a bench, once every channel of it has been tried.
fn on_bench(
    rig: &Path,
    scenarios: &[Scenario],
    verbose: bool,
    skipped: &mut usize,
) -> anyhow::Result<Vec<Outcome>> {
    let mut bench = Bench::open(rig).map_err(anyhow::Error::msg)?;
    let channels = bench.test().map_err(|why| anyhow!("the bench cannot be tried: {why}"))?;
    print!("{}", bench::table(&channels));
    let failed = channels.iter().filter(|channel| channel.found.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} channels failed: no story was run", channels.len());
    }
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        if let Some(why) = bench.cannot(scenario) {
            println!("skip {:<32} {why}", scenario.name);
            *skipped += 1;
            continue;
        }
        let (outcome, off) = bench.run(scenario);
        tell(&outcome, verbose);
        outcomes.push(outcome);
        off.map_err(anyhow::Error::msg)?;
    }
    if outcomes.is_empty() && !scenarios.is_empty() {
        bail!("no story was played: this bench can play none of them");
    }
    Ok(outcomes)
}

/// The digital trace of each story that has one.
fn write_traces(folder: &Path, outcomes: &[Outcome]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("no folder {}", folder.display()))?;
    for outcome in outcomes {
        let Some(digital) = &outcome.digital else { continue };
        let path = folder.join(format!("{}.csv", outcome.name));
        std::fs::write(&path, digital)
            .with_context(|| format!("cannot write {}", path.display()))?;
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
        for mark in outcome.marks.iter().filter(|mark| mark.kind == MarkKind::Wire) {
            println!("       {}", mark.text);
        }
    }
}
