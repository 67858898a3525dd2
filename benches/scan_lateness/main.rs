//! How late scans of the real program begin, beside a bare `clock_nanosleep` loop of the same period and priority in the same
//! minutes: with nobody looking, and with everything busy. `cargo bench --bench scan_lateness`; needs the Python peers
//! (`tests/install`).
//!
//! The program runs the bench site over Modbus TCP against `hil rig`. How late each scan began is taken from its recording, where
//! the plant was told so; the recording is scanned again on the way, and must come out the same bit for bit without a gap. The
//! bare loop wakes half a period after the scan, so that neither waits for the other.
//!
//! `-- --seconds N` measures so long in each state (120); `-- --readme` writes what was measured into the README.

#![allow(clippy::unwrap_used, reason = "a measurement that meets the unexpected ends there")]

mod bare;
mod busy;
mod program;
mod said;
mod used;

#[path = "../../tests/end_to_end/client.rs"]
#[allow(dead_code, reason = "shared with the tests, which need more of it")]
mod client;
#[path = "../../tests/end_to_end/plant.rs"]
#[allow(dead_code, reason = "shared with the tests, which need more of it")]
mod plant;
#[path = "../../tests/end_to_end/rig.rs"]
#[allow(dead_code, reason = "shared with the tests, which need more of it")]
mod rig;
#[path = "../../tests/end_to_end/screen.rs"]
#[allow(dead_code, reason = "shared with the tests, which need more of it")]
mod screen;

use std::time::Duration;

use anyhow::{Context, bail};

use crate::said::Measured;

/// The shipped period, and the shortest that a site file may ask for.
const PERIODS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(10)];
/// Long enough for twelve scans beyond the 99th percentile at the longer period.
const SECONDS: u64 = 120;

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (mut span, mut readme) = (Duration::from_secs(SECONDS), false);
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo says so to every benchmark.
            "--bench" => {}
            "--readme" => readme = true,
            "--seconds" => {
                let seconds = words.next().context("--seconds N")?;
                span = Duration::from_secs(seconds.parse().context("--seconds N")?);
            }
            bare::WORD => return bare::run(words),
            other => bail!("{other}? -- --seconds N, -- --readme"),
        }
    }
    let mut measured: Vec<Measured> = Vec::new();
    for period in PERIODS {
        let both = program::measure(period, span)?;
        both.iter().for_each(|one| println!("\n{}", said::whole(one)));
        measured.extend(both);
    }
    println!("\n{}", said::table(&measured));
    if readme {
        said::write_readme(&measured)?;
    }
    Ok(())
}
