//! What was measured, in words: histograms, a table, and the README's block.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::used::Used;

/// Upper bounds of a decade's buckets, tenths: five a decade, each 1.6 times the one before (ISO 3, R5).
const DECADE: [u64; 5] = [10, 16, 25, 40, 63];
/// Width of the longest bar.
const BAR: usize = 30;
/// Where the README keeps it.
const BEGIN: &str = "<!-- `cargo bench --bench scan_lateness -- --readme` writes from here -->\n";
const END: &str = "<!-- to here -->\n";
/// How the line of the README's table of figures begins.
const FIGURE: &str = "| scan lateness";

/// Who uses the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Alone,
    Busy,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Alone => "nobody looking",
            State::Busy => "everything busy",
        }
    }
}

/// How late something was, nanoseconds, in order.
pub struct Lateness(Vec<u64>);

impl Lateness {
    pub fn of(mut late: Vec<u64>) -> Lateness {
        late.sort_unstable();
        Lateness(late)
    }

    /// At most so late were so many of a hundred, microseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len().saturating_sub(1)) * percent / 100;
        self.0.get(place).map_or(f64::NAN, |late| *late as f64 / 1e3)
    }

    /// How many lie above `from` and up to `to`, nanoseconds.
    fn between(&self, from: u64, to: u64) -> usize {
        self.0.partition_point(|late| *late <= to) - self.0.partition_point(|late| *late <= from)
    }
}

/// One state at one period.
pub struct Measured {
    pub period: Duration,
    pub state: State,
    pub program: Lateness,
    /// Scans that were not done when the next was due.
    pub overruns: u64,
    pub bare: Lateness,
    /// What the machine refused: priority, slack, locked memory.
    pub refused: Vec<String>,
    pub used: Used,
    /// What else there was to do, in words.
    pub load: String,
}

impl Measured {
    fn ratio(&self, percent: usize) -> f64 {
        self.program.percentile(percent) / self.bare.percentile(percent)
    }

    fn title(&self) -> String {
        format!("{} ms scan, {}", self.period.as_millis(), self.state.word())
    }
}

/// All there is to say of one, with its histogram.
pub fn whole(one: &Measured) -> String {
    let mut text = format!("{}: {}\n{}", one.title(), one.load, histogram(one));
    for (name, late) in [("sweetspring", &one.program), ("bare loop", &one.bare)] {
        let [half, most, all] = [50, 99, 100].map(|percent| late.percentile(percent));
        let count = late.0.len();
        let _ = writeln!(
            text,
            "{name:<12} p50 {half:>6.0} µs   p99 {most:>6.0} µs   max {all:>7.0} µs   of {count}"
        );
    }
    let (half, most) = (one.ratio(50), one.ratio(99));
    let _ = writeln!(
        text,
        "p50 is {half:.2}, p99 {most:.2} times the bare loop's; {} overruns",
        one.overruns
    );
    let _ = writeln!(text, "{}", priority(one));
    let _ = write!(
        text,
        "controller: {:.1} % of a core, {} MiB resident; the machine {:.0} % busy",
        one.used.cpu * 100.0,
        one.used.memory >> 20,
        one.used.machine * 100.0
    );
    text
}

fn priority(one: &Measured) -> String {
    match one.refused.as_slice() {
        [] => "both at SCHED_FIFO 50, memory locked".into(),
        refused => format!("the machine refused both: {}", refused.join(", ")),
    }
}

/// Buckets from the least to the most that either has, a line each.
fn histogram(one: &Measured) -> String {
    let bounds = (0..9).flat_map(|power| DECADE.map(|tenths| tenths * 100 * 10_u64.pow(power)));
    let mut from = 0;
    let mut lines = Vec::new();
    for to in bounds {
        let counts = [&one.program, &one.bare].map(|late| late.between(from, to));
        lines.push((to, counts));
        from = to;
    }
    let is_empty = |(_, counts): &(u64, [usize; 2])| *counts == [0, 0];
    let last = lines.iter().rposition(|line| !is_empty(line)).map_or(0, |last| last + 1);
    let first = lines.iter().position(|line| !is_empty(line)).unwrap_or(0).min(last);
    let most = lines.iter().flat_map(|(_, counts)| *counts).max().unwrap_or(1).max(1);
    let width = 7 + BAR;
    let mut text = format!("{:>12}   {:<width$}   bare loop\n", "late by up to", "sweetspring");
    for (to, counts) in &lines[first..last] {
        let [ours, bare] = counts.map(|count| {
            // Whatever is there is seen.
            let bar = "#".repeat((count * BAR).div_ceil(most));
            format!("{count:>6} {bar}")
        });
        let _ = writeln!(text, "{:>13}   {ours:<width$}   {}", bound(*to), bare.trim_end());
    }
    text
}

/// A bucket's bound, nanoseconds, with its unit.
fn bound(nanoseconds: u64) -> String {
    let microseconds = nanoseconds as f64 / 1e3;
    if microseconds < 1_000.0 {
        format!("{microseconds} µs")
    } else {
        format!("{} ms", microseconds / 1e3)
    }
}

/// Everything in one table.
pub fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| | scan: p50, p99, max | bare loop: p50, p99, max | p50, p99 to the bare loop's | overruns | controller | machine |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for one in measured {
        let of = |late: &Lateness| {
            let [half, most, all] = [50, 99, 100].map(|percent| late.percentile(percent));
            format!("{half:.0}, {most:.0}, {all:.0} µs")
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2}, {:.2} | {} of {} | {:.1} %, {} MiB | {:.0} % |",
            one.title(),
            of(&one.program),
            of(&one.bare),
            one.ratio(50),
            one.ratio(99),
            one.overruns,
            one.program.0.len(),
            one.used.cpu * 100.0,
            one.used.memory >> 20,
            one.used.machine * 100.0,
        );
    }
    text
}

/// Writes table and histogram between the README's two marks, and the line of its figures.
pub fn write_readme(measured: &[Measured]) -> anyhow::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&file)?;
    let (before, rest) = readme.split_once(BEGIN).context("the README's first mark is missing")?;
    let (_, after) = rest.split_once(END).context("the README's second mark is missing")?;
    let busy: Vec<&Measured> = measured.iter().filter(|one| one.state == State::Busy).collect();
    let shown = busy.first().context("nothing was measured")?;
    let block = format!(
        "{}\n```text\n{}, {}\n{}```\n\nBusy: {}.\n",
        table(measured),
        shown.title(),
        priority(shown),
        histogram(shown),
        shown.load
    );
    let readme = format!("{before}{BEGIN}{block}{END}{after}");
    let lines = readme.lines().map(|line| match line.starts_with(FIGURE) {
        true => figure(&busy),
        false => line.to_owned(),
    });
    let lines: Vec<String> = lines.collect();
    ensure!(lines.iter().any(|line| line.starts_with(FIGURE)), "the README has no {FIGURE}");
    fs::write(&file, lines.join("\n") + "\n")?;
    Ok(())
}

fn figure(busy: &[&Measured]) -> String {
    let join = |words: &dyn Fn(&Measured) -> String| {
        busy.iter().map(|one| words(one)).collect::<Vec<String>>().join("; ")
    };
    let periods = join(&|one| format!("{} ms", one.period.as_millis()));
    let found = join(&|one| format!("{:.2}, {:.2} x", one.ratio(50), one.ratio(99)));
    let micros = join(&|one| {
        let (half, most) = (one.program.percentile(50), one.program.percentile(99));
        format!("{half:.0}, {most:.0} µs")
    });
    format!(
        "{FIGURE}, everything busy, p50 and p99, period {periods} | 1.5 x a bare loop in the same run | {found} ({micros}; below) |"
    )
}
