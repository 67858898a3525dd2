//! `hil matrix`: every fault in every state of the plant, timed.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use hil::matrix::{Cell, Row, STATES, faults_of, page, play};

use crate::run::{bar, jobs};

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
    let cells: Mutex<Vec<Option<Cell>>> = Mutex::new(vec![None; count]);
    let wrong: Mutex<Option<String>> = Mutex::new(None);
    let (next, bar) = (AtomicUsize::new(0), bar(count));
    std::thread::scope(|scope| {
        for _ in 0..jobs(line.jobs) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fault) = faults.get(place / STATES.len()) else { break };
                    match play(&line.site, fault, &STATES[place % STATES.len()]) {
                        Ok(cell) => {
                            let mut cells =
                                cells.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            cells[place] = Some(cell);
                        }
                        Err(why) => {
                            *wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                                Some(why);
                        }
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    if let Some(why) = wrong.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        bail!("{why}");
    }
    let cells = cells.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut cells = cells.into_iter().flatten();
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
