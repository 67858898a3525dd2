//! `sweetspring io check`: a new installation, point by point, before a plant runs on it.

mod hand;
mod sheet;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use config::FieldKind;
use tracing_subscriber::EnvFilter;

use super::modbus::columns;
use super::{say, sites};
use hand::Field;
use sheet::{Sheet, Verdict};
use walk::Walk;

pub const EXAMPLES: &str = "\
Examples:
  sweetspring io check site.toml                        each input once: where it is, what it reads
  sweetspring io check site.toml --walk                 input by input: move it, say what you saw
  sweetspring io check site.toml --walk --outputs       then each output by itself for two seconds
  sweetspring io check site.toml --walk --only filter1  one unit
  sweetspring io check site.toml --walk --report w.md   and a sheet to sign

One master a bus: stop the controller first. At its end every output of the site is switched off.

Nothing is switched on before you have typed its tag, one at a time; no interlock stands behind it,
the emergency stop does. Valves travel, and stay where two seconds have taken them: water may flow.
K0 stays out, so that no motor turns; drives that get their supply through it do not answer then.
--with-contactor puts it in with each output. Drives themselves are not tried.

An end of this program ends the output, but for kill -9 and the like: then pull the relay's plug.";

#[derive(Debug, Subcommand)]
pub enum Io {
    /// Reads every input once, or walks through all points with you
    #[command(after_long_help = EXAMPLES)]
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Check {
    /// Site file
    site: PathBuf,
    /// Point by point, with your word for each
    #[arg(long)]
    walk: bool,
    /// Switches each output as well, for a moment
    #[arg(long, requires = "walk")]
    outputs: bool,
    /// Only points whose path begins so; may be repeated
    #[arg(long, value_name = "PATH")]
    only: Vec<String>,
    /// How long an output is on, s
    #[arg(long = "for", value_name = "S", default_value_t = 2, requires = "outputs", value_parser = clap::value_parser!(u64).range(1..=10))]
    seconds: u64,
    /// K0 is in while an output is on: motors turn
    #[arg(long, requires = "outputs")]
    with_contactor: bool,
    /// Writes what was found as a sheet (Markdown)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Instead of this machine's header, lines that another program plays at this Unix socket
    #[arg(long, value_name = "SOCKET")]
    simulated_lines: Option<PathBuf>,
    /// Lays a value over the site file; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Does it.
pub fn io(what: Io) -> anyhow::Result<()> {
    match what {
        Io::Check(check) => check.run(),
    }
}

impl Check {
    fn run(&self) -> anyhow::Result<()> {
        let site = sites::load(Some(&self.site), &self.set)?;
        match site.field {
            FieldKind::Buses => {}
            FieldKind::Twin { .. } => bail!(
                "{}: its field is the embedded twin, which has no wires. A plant says `driver = \"modbus\"`",
                self.site.display()
            ),
        }
        tracing_subscriber::fmt()
            .with_env_filter(
                EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
            )
            .with_writer(std::io::stderr)
            .init();
        let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
        let ended = Arc::new(AtomicBool::new(false));
        walk::end_on_signals(&runtime, &ended)?;
        let mut field = Field::open(site, self.simulated_lines.as_deref(), &runtime)?;
        let inputs = field.points(&self.only)?;
        field.wait_for(&inputs, &ended);
        let mut sheet = Sheet::default();
        if self.walk {
            let mut walk = Walk::new(&mut field, &mut sheet, ended);
            walk.inputs(&inputs)?;
            if self.outputs {
                walk.outputs(&self.only, Duration::from_secs(self.seconds), self.with_contactor)?;
            }
        } else {
            for input in &inputs {
                sheet.add(field.seen(input), Verdict::of(&field.shows(input)));
            }
            say(&columns(&sheet.rows()))?;
        }
        field.close();
        self.conclude(&sheet)
    }

    fn conclude(&self, sheet: &Sheet) -> anyhow::Result<()> {
        if let Some(file) = &self.report {
            write(file, &sheet.markdown(&self.site.display().to_string()))?;
        }
        let summary = sheet.summary();
        if sheet.is_well() {
            return say(&summary);
        }
        bail!("{summary}")
    }
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| file.display().to_string())
}
