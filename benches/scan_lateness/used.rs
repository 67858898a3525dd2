//! What the controller and the machine were used meanwhile.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use sweetspring::machine;

/// Places in the first line of `/proc/stat` (proc(5)): `cpu`, user, nice, system, idle, iowait.
const IDLE: [usize; 2] = [4, 5];

/// What was used of what, on average.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// CPU of the controller, of one core.
    pub cpu: f64,
    /// Resident memory of the controller at the end, bytes.
    pub memory: u64,
    /// Of all cores by everybody, 0 to 1.
    pub machine: f64,
}

/// Counts from its start.
pub struct Meter {
    pid: u64,
    begun: Duration,
    cpu: Duration,
    idle: u64,
    all: u64,
}

impl Meter {
    pub fn start(pid: u64) -> anyhow::Result<Meter> {
        let (idle, all) = ticks()?;
        Ok(Meter { pid, begun: machine::boot_clock(), cpu: cpu(pid)?, idle, all })
    }

    pub fn read(&self) -> anyhow::Result<Used> {
        let used = cpu(self.pid)?.saturating_sub(self.cpu);
        let passed = machine::boot_clock() - self.begun;
        let (idle, all) = ticks()?;
        let rested = (idle - self.idle) as f64 / (all - self.all).max(1) as f64;
        let cpu = used.as_secs_f64() / passed.as_secs_f64();
        Ok(Used { cpu, memory: resident(self.pid)?, machine: 1.0 - rested })
    }
}

/// CPU time of a process: of all its threads, to the nanosecond. The sums in its `stat` are too coarse for a percent.
fn cpu(pid: u64) -> anyhow::Result<Duration> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        sum += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(sum))
}

/// Resident memory of a process, bytes.
fn resident(pid: u64) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Ticks of all cores since the machine booted: idle, and all.
fn ticks() -> anyhow::Result<(u64, u64)> {
    let text = fs::read_to_string("/proc/stat")?;
    let words: Vec<&str> = text.lines().next().unwrap_or("").split_whitespace().collect();
    let at = |place: usize| words.get(place).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    // The last two, of guests, are in the first two already.
    Ok((IDLE.map(at).iter().sum(), (1..9).map(at).sum()))
}
