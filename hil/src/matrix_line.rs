//! `hil matrix`: every fault in every state of the plant, timed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use hil::matrix::{Cell, Row, STATES, faults_of, page, play};

use crate::at_once::{at_once, jobs};

#[derive(Args)]
pub struct Line {
    /// A shipped site.
    #[arg(long, value_name = "SITE", default_value = "demo")]
    site: String,
    /// Write the table here; to the terminal without.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only this fault.
    #[arg(long, value_name = "ID")]
    fault: Option<String>,
    /// So many at a time; as many as there are cores without.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

pub fn run(line: &Line) -> anyhow::Result<()> {
    let mut faults = faults_of(&line.site).map_err(anyhow::Error::msg)?;
    if let Some(id) = &line.fault {
        faults.retain(|fault| fault.id == *id);
        if faults.is_empty() {
            bail!("{} has no fault {id}: hil/faults.toml lists them", line.site);
        }
    }
    let count = faults.len() * STATES.len();
    let cells = at_once(count, jobs(line.jobs), |place, _| {
        play(&line.site, &faults[place / STATES.len()], &STATES[place % STATES.len()])
    });
    let cells: Result<Vec<Cell>, String> = cells.into_iter().collect();
    let mut cells = cells.map_err(anyhow::Error::msg)?.into_iter();
    let rows: Vec<Row> = faults
        .into_iter()
        .map(|fault| Row { fault, cells: cells.by_ref().take(STATES.len()).collect() })
        .collect();
    let text = page(&line.site, &rows);
    match &line.out {
        Some(path) => std::fs::write(path, text)
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => print!("{text}"),
    }
    let period = Duration::from_millis(200);
    let bad = rows
        .iter()
        .flat_map(|row| row.cells.iter().map(move |cell| (row, cell)))
        .filter(|(row, cell)| !cell.holds(&row.fault, period))
        .count();
    println!("{count} cells, {bad} not as required");
    if bad > 0 {
        bail!("{bad} cells are not as required");
    }
    Ok(())
}
