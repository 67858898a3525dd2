//! Polls a second of 100 registers over loopback TCP: our driver's line against libmodbus's own master, at the same libmodbus device, in
//! turns of the same run. `cargo bench --bench modbus_polls`; needs libmodbus-dev (`tests/install`).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use config::{BusKind, Table};
use sweetspring::field::modbus::{Hand, Way};

const REGISTERS: u16 = 100;
const POLLS: u32 = 20_000;
/// Each in turn, so that what else the machine does hits both.
const TURNS: usize = 5;
const LIMIT: Duration = Duration::from_secs(1);

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join("libmodbus_device");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/libmodbus_device.c");
    let built =
        Command::new("cc").args(["-O2", "-o"]).arg(&program).args([source, "-lmodbus"]).status();
    if !built.is_ok_and(|status| status.success()) {
        bail!("no libmodbus to compare with: `tests/install` brings it");
    }
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..TURNS {
        theirs.push(rate(&program, |port| libmodbus(&program, port))?);
        ours.push(rate(&program, sweetspring)?);
    }
    for (name, mut rates) in [("libmodbus", theirs), ("sweetspring", ours)] {
        rates.sort_by(f64::total_cmp);
        println!(
            "{name:<12} {:>8.0} polls a second, median of {TURNS} turns ({:.0} to {:.0})",
            rates[TURNS / 2],
            rates[0],
            rates[TURNS - 1]
        );
    }
    Ok(())
}

/// Polls a second of one master at a device of its own.
fn rate(program: &Path, master: impl FnOnce(u16) -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let (mut device, port) = start(program)?;
    let seconds = master(port);
    device.kill()?;
    device.wait()?;
    Ok(f64::from(POLLS) / seconds?)
}

/// A device, and its port.
fn start(program: &Path) -> anyhow::Result<(Child, u16)> {
    let mut device = Command::new(program);
    device.arg("tcp").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut device = device.spawn()?;
    let mut said = String::new();
    let out = device.stdout.take().context("no output")?;
    BufReader::new(out).read_line(&mut said)?;
    let port = said.strip_prefix("ready ").context("the device does not serve")?;
    Ok((device, port.trim().parse()?))
}

fn libmodbus(program: &Path, port: u16) -> anyhow::Result<f64> {
    let words = ["poll", &port.to_string(), &POLLS.to_string()];
    let master = Command::new(program).args(words).output()?;
    Ok(String::from_utf8(master.stdout)?.trim().parse()?)
}

fn sweetspring(port: u16) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let kind = BusKind::Tcp { address: format!("127.0.0.1:{port}") };
        let mut hand = Hand::new(Way { kind, baud: None }, LIMIT);
        hand.read(1, Table::Holding, 100, 1).await?;
        let begin = Instant::now();
        for _ in 0..POLLS {
            let words = hand.read(1, Table::Holding, REGISTERS, REGISTERS).await?;
            ensure!(words.len() == usize::from(REGISTERS), "an answer of {} words", words.len());
        }
        Ok(begin.elapsed().as_secs_f64())
    })
}
