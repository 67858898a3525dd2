//! `sweetspring replay`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sweetspring::recorder::{Asked, Difference, Ended, Line, Progress, Replayed, Run, Wanted};

use super::{say, sites};

/// Time between two looks of the progress bar.
const SHOWN_EVERY: Duration = Duration::from_millis(200);
const BAR: usize = 40;
/// Lines of one list; with `--diff` all of them.
const LINES: usize = 5;

/// What to replay.
#[derive(Clone, Debug, clap::Args)]
pub struct Replay {
    /// A file of a recording: its whole run is replayed; or a folder: its newest run
    file: PathBuf,
    /// Another site file in place of the recorded one
    #[arg(long, value_name = "SITE")]
    site: Option<PathBuf>,
    /// How far, plant time since the start: "90 s", "15 min", "2 h"
    #[arg(long, value_name = "T", value_parser = span)]
    until: Option<Duration>,
    /// Names every output, event and sample that differs, and goes on to the first output that does
    #[arg(long)]
    diff: bool,
    /// Writes a page with plots of levels, flows, turbidity and chlorine
    #[arg(long, value_name = "FILE.html")]
    plot: Option<PathBuf>,
}

/// A time with its unit.
fn span(words: &str) -> Result<Duration, String> {
    let words = words.trim();
    let number = words.trim_end_matches(|end: char| end.is_ascii_alphabetic() || end == ' ');
    let unit = words[number.len()..].trim();
    let seconds = match unit {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err("a number with s, min, h or d, as in \"2 h\"".into()),
    };
    let number: f64 = number.parse().map_err(|_| "the number cannot be read".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

pub fn replay(asked: &Replay) -> anyhow::Result<()> {
    let run = Run::open(&asked.file)?;
    let began = run.beginning();
    let stamp = chrono::DateTime::from_timestamp_millis(began.wall_ms);
    let stamp =
        stamp.map_or_else(String::new, |at| at.format(", %Y-%m-%d %H:%M:%S UTC").to_string());
    say(&format!("{}{stamp}, recorded by sweetspring {}", began.site, began.version))?;
    let site = asked.site.as_deref().map(|site| sites::load(Some(site), &[])).transpose()?;
    if let Some(site) = &site {
        let differences = began.differences(&began.at(site));
        let differences = if differences.is_empty() {
            "as recorded, but for what no scan depends on".into()
        } else {
            differences.join("\n  ")
        };
        say(&format!("the site file: {differences}"))?;
    }
    let outputs = if asked.diff { Asked::Yes } else { Asked::No };
    let wanted = Wanted { until: asked.until, site: site.as_ref(), samples: Asked::Yes, outputs };
    let mut plot = asked.plot.as_ref().map(|_| run.plot());
    let mut bar = Bar::new();
    let started = Instant::now();
    let replayed = run.replay(wanted, plot.as_mut(), &mut |progress| bar.show(progress))?;
    bar.clear();
    if let (Some(plot), Some(file)) = (&plot, &asked.plot) {
        let page = plot.page(&format!("{}{stamp}", began.site));
        std::fs::write(file, page).with_context(|| format!("{}", file.display()))?;
        say(&format!("plots are in {}", file.display()))?;
    }
    tell(&replayed, asked.diff, started.elapsed())
}

fn tell(replayed: &Replayed, all: bool, took: Duration) -> anyhow::Result<()> {
    for (points, whose) in [
        (&replayed.missing, "are in the recording and not in this plant"),
        (
            &replayed.new,
            "are in this plant and not in the recording; as inputs they read as never read",
        ),
    ] {
        if !points.is_empty() {
            say(&format!("{} points {whose}: {}", points.len(), some(points, all)))?;
        }
    }
    let at = span_words(replayed.at.since(plc::signal::Moment(0)));
    if let Some(difference) = &replayed.difference {
        say(&words(difference, all))?;
        bail!("differs at scan {}, {at} after the start", difference.scan);
    }
    let ended = match &replayed.ended {
        Ended::Stopped => "to the end: the controller was stopped there".into(),
        Ended::Panicked { again: true } => {
            bail!("the plant panicked after scan {}, {at} after the start, and does so again", replayed.scans)
        }
        Ended::Panicked { again: false } => {
            bail!("the plant panicked after scan {}, {at} after the start; here it does not", replayed.scans)
        }
        Ended::CutOff => {
            "to where the recording ends without a word: the power went, it was killed, or it goes on".into()
        }
        Ended::Until | Ended::Differs => "as far as asked".to_owned(),
        Ended::Gap { lost } => format!(
            "up to a gap: {lost} scans were not recorded, because the disk failed or did not keep up. What the plant \
             remembered after them nobody knows"
        ),
        Ended::FirstFilesGone { from } => {
            let from = span_words(from.since(plc::signal::Moment(0)));
            bail!(
                "the first files of this run have gone, to keep the folder within its bound: it is whole from {from} after the \
                 start, but what the plant remembered then nobody knows, so it cannot be replayed. --plot still draws it"
            )
        }
        Ended::ChainBroken { file } => {
            format!("up to {}, which does not follow the file before it", file.display())
        }
        Ended::Unreadable => bail!("after scan {} stands what this version does not know", replayed.scans),
    };
    let plant_time = replayed.at.since(plc::signal::Moment(0));
    let fast = plant_time.as_secs_f64() / took.as_secs_f64().max(1e-3);
    say(&format!(
        "{} scans, {at}, the same bit for bit, {ended}\n{fast:.0} times as fast as life",
        replayed.scans
    ))
}

fn words(difference: &Difference, all: bool) -> String {
    let mut said = Vec::new();
    let mut list = |what: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            said.push(format!("{what}:\n  {}", some_lines(&lines, all)));
        }
    };
    list("outputs", lines(&difference.outputs));
    list("recorded, and did not happen", difference.events_missing.clone());
    list("happened, and was not recorded", difference.events_new.clone());
    match &difference.frame {
        Some((at, samples)) => {
            let later = at.since(difference.at);
            list(&format!("samples {} later", span_words(later)), lines(samples));
            if samples.is_empty() && difference.samples {
                said.push(format!(
                    "some sample differed; {} later, when all are known, none does",
                    span_words(later)
                ));
            }
        }
        None if difference.samples => said.push(
            "some sample differs; which one is not known: all are written down once a minute, and the recording ends before".into(),
        ),
        None => {}
    }
    match &difference.later {
        Some(later) => {
            let (scan, at) = (later.scan, span_words(later.at.since(plc::signal::Moment(0))));
            said.push(format!(
                "the first outputs that differ, at scan {scan}, {at} after the start:\n  {}",
                some_lines(&lines(&later.outputs), all)
            ));
        }
        None if all && difference.outputs.is_empty() => {
            said.push("no output differs as far as this went".into());
        }
        None => {}
    }
    said.join("\n")
}

fn lines(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| format!("{} was {}, is {}", line.path, line.was, line.is)).collect()
}

fn some_lines(lines: &[String], all: bool) -> String {
    let shown = if all { lines.len() } else { lines.len().min(LINES) };
    let mut said = lines[..shown].join("\n  ");
    if shown < lines.len() {
        said.push_str(&format!("\n  and {} more: --diff names them", lines.len() - shown));
    }
    said
}

fn some(points: &[String], all: bool) -> String {
    let shown = if all { points.len() } else { points.len().min(LINES) };
    let more = if shown < points.len() { ", ..." } else { "" };
    format!("{}{more}", points[..shown].join(", "))
}

pub(super) fn span_words(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let (hours, minutes) = (span.as_secs() / 3600, span.as_secs() / 60 % 60);
    if hours > 0 {
        format!("{hours} h {minutes} min")
    } else {
        format!("{minutes} min {:.1} s", seconds % 60.0)
    }
}

/// A bar on a terminal; nothing elsewhere.
pub(super) struct Bar {
    shown: Option<Instant>,
}

impl Bar {
    pub(super) fn new() -> Bar {
        Bar { shown: std::io::stderr().is_terminal().then(Instant::now) }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.elapsed() >= SHOWN_EVERY) else {
            return;
        };
        *shown = Instant::now();
        let share = progress.at.as_secs_f64() / progress.length.as_secs_f64().max(1.0);
        let done = ((share * BAR as f64) as usize).min(BAR);
        let bar = format!("{}{}", "=".repeat(done), " ".repeat(BAR - done));
        // A terminal that is gone needs no bar.
        let _ = write!(
            std::io::stderr(),
            "\r[{bar}] {:>3.0} %  {} ",
            100.0 * share.min(1.0),
            span_words(progress.at)
        );
    }

    pub(super) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(std::io::stderr(), "\r{:70}\r", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (words, seconds) in
            [("90 s", 90.0), ("15min", 900.0), (" 2 h ", 7_200.0), ("0.5 d", 43_200.0)]
        {
            assert_eq!(span(words), Ok(Duration::from_secs_f64(seconds)), "{words}");
        }
        for words in ["90", "h", "-1 s", "2 weeks", "1e99 d", "NaN s", ""] {
            assert!(span(words).is_err(), "{words}");
        }
    }
}
