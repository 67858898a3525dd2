//! The floor: a thread of a process of its own that sleeps to absolute deadlines and does nothing else.
#![allow(unsafe_code)] // Two plain system calls on values of this file.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use sweetspring::machine;

/// Makes this program the loop.
pub const WORD: &str = "--bare";

/// The loop, running.
pub struct Bare {
    process: Child,
}

/// What it has to say.
pub struct Told {
    /// How late it woke each time, nanoseconds.
    pub late: Vec<u64>,
    /// What the machine refused it.
    pub refused: Vec<String>,
}

impl Bare {
    /// Starts it for a span; it wakes first at `first` of the boot clock.
    pub fn start(period: Duration, span: Duration, first: Duration) -> anyhow::Result<Bare> {
        let times = span.as_nanos() / period.as_nanos();
        let numbers = [period.as_nanos(), times, first.as_nanos()];
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORD).args(numbers.map(|number| number.to_string()));
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        Ok(Bare { process })
    }

    /// Waits for its end.
    pub fn ends(self) -> anyhow::Result<Told> {
        let output = self.process.wait_with_output()?;
        ensure!(output.status.success(), "the bare loop: {}", output.status);
        let text = String::from_utf8(output.stdout)?;
        let (mut late, mut refused) = (Vec::new(), Vec::new());
        for line in text.lines() {
            match line.strip_prefix("refused ") {
                Some(what) => refused.push(what.to_owned()),
                None => late.push(line.parse()?),
            }
        }
        Ok(Told { late, refused })
    }
}

/// The loop itself: prints what was refused, then how late it woke each time, nanoseconds.
pub fn run(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let numbers: Vec<u64> = words.map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [period, times, first] = numbers[..] else { anyhow::bail!("{WORD} PERIOD TIMES FIRST") };
    // As the scan thread: the same priority, the same slack, memory locked.
    let refused = machine::be_punctual();
    // Written to now, so that no page comes in while it runs.
    let mut late = vec![u64::MAX; usize::try_from(times)?];
    let until_first = first.checked_sub(nanoseconds(machine::boot_clock())).context("too late")?;
    let mut deadline = monotonic() + until_first;
    for late in &mut late {
        sleep_until(deadline);
        let now = monotonic();
        *late = now.saturating_sub(deadline);
        // Periods that were missed are not made up for, as in a scan.
        deadline += period * ((now.saturating_sub(deadline)) / period + 1);
    }
    refused.iter().for_each(|(what, error)| println!("refused {what}: {error}"));
    late.iter().for_each(|late| println!("{late}"));
    Ok(())
}

fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn monotonic() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

fn sleep_until(deadline: u64) {
    let wake = libc::timespec {
        tv_sec: (deadline / 1_000_000_000).cast_signed(),
        tv_nsec: (deadline % 1_000_000_000).cast_signed(),
    };
    let (clock, absolute) = (libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME);
    // SAFETY: `wake` is a valid time; nothing is asked back.
    unsafe { libc::clock_nanosleep(clock, absolute, &wake, std::ptr::null_mut()) };
}
