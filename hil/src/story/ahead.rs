//! The look-ahead: a plant that runs, and what becomes of it, as it is and with something asked of it. `interfaces.md` 7.8.
//!
//! Two futures begin in the same state and the same weather; what differs between them comes from what was asked. Where a
//! recording goes on, it stands beside the first of them and says how well the twin fits.

use std::fmt::Write as _;
use std::time::Duration;

use plc::image::Inputs;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Catalogue, Kind};

use super::duration;
use super::happening::{HAPPENINGS, Happening};
use super::order::ORDERS;
use super::picture::{INKS, Line, Picture, Stroke, bands, clock, escape};
use super::report::{FILTERS, STYLE, filter_rows, groups};
use super::stage::{Mark, MarkKind, Stage};
use super::trace::{CURVES, Trace};
use crate::twin::act::SAYINGS;

/// Samples of one future: a curve needs no more.
const SAMPLES: u32 = 720;
/// And not closer than this.
const EVERY_MIN: Duration = Duration::from_secs(10);
/// What of the inputs says how well the twin fits: words in the names of their points.
const WORDS: [&str; 4] = ["level", "turbidity", "chlorine", "head_loss"];
/// When a table shows how things stand, of the whole time.
const SHARES: [f64; 4] = [0.125, 0.25, 0.5, 1.0];
/// Width of a number in a table.
const WIDE: usize = 10;

/// How often a look-ahead of this length is sampled.
#[must_use]
pub fn every(length: Duration) -> Duration {
    (length / SAMPLES).max(EVERY_MIN)
}

/// Something asked, and how long after the beginning: `at 30 min: storm 600`; without `at` at once.
///
/// # Errors
/// When it says nothing that this plant knows: with what it might say.
pub fn parse(line: &str, catalogue: &Catalogue) -> Result<(Duration, Happening), String> {
    let line = line.trim();
    let (at, what) = match line.strip_prefix("at ") {
        Some(rest) => {
            let (time, what) = rest.split_once(':').ok_or_else(|| {
                format!(
                    "\"{line}\": a colon is missing after the time, as in \"at 30 min: storm 600\""
                )
            })?;
            (duration::parse(time)?, what)
        }
        None => (Duration::ZERO, line),
    };
    match Happening::parse(what, catalogue) {
        Ok(what) => Ok((at, what)),
        Err(why) if why.starts_with("not understood") => Err(format!(
            "\"{line}\": not understood. There are:\n{SAYINGS}\n{HAPPENINGS}\n{ORDERS}"
        )),
        Err(why) => Err(format!("\"{line}\": {why}")),
    }
}

/// A setting moved by an engineer: `disinfection.residual_target=1.1`, or with its unit.
///
/// # Errors
/// When there is no such setting, or no such value.
pub fn parse_setting(text: &str, catalogue: &Catalogue) -> Result<Happening, String> {
    let wrong = || format!("\"{text}\": write PATH=VALUE, as in disinfection.residual_target=1.1");
    let (path, value) = text.split_once('=').ok_or_else(wrong)?;
    let (path, value) = (path.trim(), value.trim().trim_matches('"'));
    let Some(row) = catalogue.find(path) else {
        return Err(format!("no setting {path}: `sweetspring tags` lists those there are"));
    };
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    if let Form::Number { symbol, .. } = row.form
        && !unit.is_empty()
        && unit.trim() != symbol
    {
        return Err(format!("{path} is in {symbol}, not in {}", unit.trim()));
    }
    Happening::parse(&format!("order as engineer set {path} {number}"), catalogue)
        .map_err(|why| format!("\"{text}\": {why}"))
}

/// Readings sampled at even times, of a future or of what was recorded.
#[derive(Clone, Debug)]
pub struct Told {
    every: Duration,
    points: Vec<Point>,
    /// By sample, then by point; not a number where it was bad.
    values: Vec<Vec<f64>>,
}

#[derive(Clone, Debug)]
struct Point {
    path: String,
    symbol: &'static str,
    slot: usize,
}

impl Told {
    /// Of a plant with this catalogue, so often.
    #[must_use]
    pub fn new(catalogue: &Catalogue, every: Duration) -> Told {
        let inputs = catalogue.rows.iter().filter(|row| matches!(row.kind, Kind::Input(_)));
        let points = inputs.filter_map(|row| {
            let Form::Number { symbol, .. } = row.form else { return None };
            let name = row.path.rsplit('.').next().unwrap_or_default();
            let says = WORDS.iter().any(|word| name.contains(word));
            says.then(|| Point { path: row.path.clone(), symbol, slot: row.slot })
        });
        Told { every, points: points.collect(), values: Vec::new() }
    }

    /// This long after the beginning the plant was told this.
    pub fn note(&mut self, after: Duration, inputs: &Inputs) {
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        if after < self.every.saturating_mul(number) {
            return;
        }
        let told = self.points.iter().map(|point| match inputs.readings.get(point.slot) {
            Some(reading) if !matches!(reading.quality, Quality::Bad(_)) => reading.value,
            Some(_) | None => f64::NAN,
        });
        self.values.push(told.collect());
    }

    /// How long it goes on.
    #[must_use]
    pub fn length(&self) -> Duration {
        let last = u32::try_from(self.values.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.every.saturating_mul(last)
    }

    /// Of each point, where a future and this are furthest apart.
    #[must_use]
    pub fn furthest(&self, future: &Told) -> Vec<Apart> {
        let mut apart: Vec<Apart> = Vec::new();
        for (place, point) in self.points.iter().enumerate() {
            let pairs = self.values.iter().zip(&future.values).enumerate();
            let far = pairs.fold(None, |most: Option<Apart>, (number, (was, foreseen))| {
                let (was, foreseen) = (was[place], foreseen[place]);
                let by = (foreseen - was).abs();
                if !by.is_finite() || most.as_ref().is_some_and(|most| by <= most.by) {
                    return most;
                }
                let after = self.every.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
                let (path, symbol) = (point.path.clone(), point.symbol);
                Some(Apart { path, symbol, was, foreseen, by, after })
            });
            apart.extend(far);
        }
        apart
    }

    fn line(&self, place: usize, stroke: Stroke, ink: &'static str) -> Line {
        let points = self
            .values
            .iter()
            .enumerate()
            .map(|(number, row)| (self.every.as_secs_f64() * number as f64, row[place]));
        let name = match stroke {
            Stroke::Solid => self.points[place].path.clone(),
            Stroke::Dashed => "... foreseen".into(),
        };
        Line { name, ink, stroke, points: points.collect() }
    }
}

/// Where a future and the recording were furthest apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    pub path: String,
    pub symbol: &'static str,
    pub was: f64,
    pub foreseen: f64,
    pub by: f64,
    pub after: Duration,
}

/// What becomes of a plant.
pub struct Future {
    pub length: Duration,
    /// State of the plant at the beginning.
    pub state: &'static str,
    pub trace: Trace,
    pub marks: Vec<Mark>,
    /// What was asked and not done, with the plant's reason.
    pub refused: Vec<String>,
    pub told: Told,
    /// m³ made, taken by the village, and wanted in vain.
    pub made: f64,
    pub served: f64,
    pub unmet: f64,
}

/// Runs a plant on for this long.
///
/// # Errors
/// When something asked is not to be had at this plant.
pub fn run(
    mut stage: Stage,
    asked: &[(Duration, Happening)],
    length: Duration,
    progress: &mut dyn FnMut(Duration),
) -> Result<Future, String> {
    let mut asked: Vec<&(Duration, Happening)> = asked.iter().collect();
    asked.sort_by_key(|(at, _)| *at);
    let mut open = asked.into_iter().peekable();
    let state = stage.plant.state("system.state").unwrap_or("?");
    let mut told = Told::new(stage.plant.plant.catalogue(), every(length));
    told.note(Duration::ZERO, stage.plant.inputs());
    let (mut made, mut served, mut refused) = (0.0, 0.0, Vec::new());
    let hours = stage.plant.period().as_secs_f64() / 3_600.0;
    while stage.plant.passed() < length {
        while let Some((_, happening)) = open.next_if(|(at, _)| *at <= stage.plant.passed()) {
            if let Err(reason) = stage.happen(happening)? {
                refused.push(format!("{happening}: refused, {}", reason.key()));
            }
        }
        stage.step();
        made += stage.plant.truth().produced_flow.0 * hours;
        served += stage.plant.truth().village_flow.0 * hours;
        told.note(stage.plant.passed(), stage.plant.inputs());
        progress(stage.plant.passed());
    }
    let unmet = stage.plant.truth().unmet.0;
    let trace = stage.trace.take().unwrap_or_else(|| Trace::new(length));
    Ok(Future { length, state, trace, marks: stage.marks, refused, told, made, served, unmet })
}

impl Future {
    /// State of the plant at this time.
    fn state_at(&self, time: Duration) -> &str {
        let states = self.marks.iter().filter(|mark| mark.kind == MarkKind::State);
        let last = states.take_while(|mark| mark.at <= time).last();
        last.map_or(self.state, |mark| &mark.text)
    }
}

/// Values of both futures side by side at a few times.
#[must_use]
pub fn table(now: &Future, other: Option<&Future>) -> String {
    let times: Vec<Duration> = SHARES.iter().map(|share| now.length.mul_f64(*share)).collect();
    let wide = if other.is_some() { 2 * WIDE } else { WIDE };
    let mut text = format!("{:<32}{:>WIDE$}", "", "begins");
    for time in &times {
        let _ = write!(text, "{:>wide$}", format!("+{}", duration::show(*time)));
    }
    if other.is_some() {
        let _ = write!(text, "\n{:<32}{:>WIDE$}", "", "");
        for _ in &times {
            let _ = write!(text, "{:>WIDE$}{:>WIDE$}", "as is", "changed");
        }
    }
    let number = |future: &Future, time: Duration, place: usize| {
        future.trace.at(time).map_or(f32::NAN, |row| row[place])
    };
    for (place, curve) in CURVES.iter().enumerate() {
        let begins = number(now, Duration::ZERO, place);
        if !begins.is_finite() {
            continue;
        }
        let (plot, unit) = curve.plot.split_once(", ").unwrap_or((curve.plot, ""));
        let unit = unit.trim_end_matches(" (log)").trim_end_matches("; ratio");
        let unit = if curve.name == "inactivation" { "ratio" } else { unit };
        let _ = write!(text, "\n{:<32}{begins:>WIDE$.2}", format!("{plot} {}, {unit}", curve.name));
        for time in &times {
            for future in core::iter::once(now).chain(other) {
                let _ = write!(text, "{:>WIDE$.2}", number(future, *time, place));
            }
        }
    }
    let _ = write!(text, "\n{:<32}{:>WIDE$}", "the plant", now.state);
    for time in &times {
        for future in core::iter::once(now).chain(other) {
            let _ = write!(text, "{:>WIDE$}", future.state_at(*time));
        }
    }
    for filter in 0..now.trace.filters.len() {
        let begins = short(now.trace.filter_at(filter, Duration::ZERO));
        let _ = write!(text, "\n{:<32}{begins:>WIDE$}", format!("filter {}", filter + 1));
        for time in &times {
            for future in core::iter::once(now).chain(other) {
                let _ = write!(text, "{:>WIDE$}", short(future.trace.filter_at(filter, *time)));
            }
        }
    }
    text
}

/// A state that fits into a column, with a gap before it.
fn short(state: &'static str) -> &'static str {
    match state {
        "WashQueued" => "Queued",
        "SubfluidWash" => "Subfluid",
        whole => whole,
    }
}

/// Alarms, states and breaches of both, in order: when in each, and what; one that only one future has is marked.
#[must_use]
pub fn events(now: &Future, other: Option<&Future>) -> Vec<String> {
    let mut seen: Vec<(Option<Duration>, Option<Duration>, MarkKind, &str)> =
        now.marks.iter().map(|mark| (Some(mark.at), None, mark.kind, mark.text.as_str())).collect();
    for mark in other.iter().flat_map(|other| &other.marks) {
        let same = seen.iter_mut().find(|(_, second, kind, text)| {
            second.is_none() && *kind == mark.kind && *text == mark.text
        });
        match same {
            Some(found) => found.1 = Some(mark.at),
            None => seen.push((None, Some(mark.at), mark.kind, &mark.text)),
        }
    }
    seen.sort_by_key(|(one, two, _, _)| one.or(*two));
    let time = |at: Option<Duration>| at.map_or_else(|| "-".into(), clock);
    let mut lines: Vec<String> = Vec::new();
    for (one, two, kind, text) in seen {
        let kind = kind.said();
        lines.push(match (other, one, two) {
            (None, _, _) => format!("{:>10}  {kind:<10} {text}", time(one)),
            (Some(_), Some(_), Some(_)) => {
                format!("{:>10} {:>10}             {kind:<10} {text}", time(one), time(two))
            }
            (Some(_), _, None) => {
                format!("{:>10} {:>10}  only as is {kind:<10} {text}", time(one), "-")
            }
            (Some(_), None, _) => {
                format!("{:>10} {:>10}  only then  {kind:<10} {text}", "-", time(two))
            }
        });
    }
    lines
}

/// One page that needs nothing else: the plots of both futures over each other, and of what was recorded.
#[must_use]
pub fn page(
    title: &str,
    said: &str,
    now: &Future,
    other: Option<&Future>,
    recorded: Option<&Told>,
) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style><h1>{0}</h1>\
         <pre>{1}</pre>",
        escape(title),
        escape(said)
    );
    if other.is_some() {
        page.push_str("<p>Solid lines: as it is. Dashed: with what was asked.</p>");
    }
    let marks = other.map_or(&now.marks, |other| &other.marks);
    for (plot, places) in groups() {
        let mut lines = Vec::new();
        for (place, ink) in places.iter().zip(INKS.iter().cycle()) {
            let line = |future: &Future, name: String, stroke| Line {
                name,
                ink,
                stroke,
                points: future.trace.points(*place),
            };
            lines.push(line(now, CURVES[*place].name.into(), Stroke::Solid));
            lines.extend(other.map(|other| line(other, "... then".into(), Stroke::Dashed)));
        }
        let picture = Picture { title: plot.into(), log: plot.contains("log"), lines };
        page.push_str(&picture.draw(now.length, marks));
    }
    let mut rows = filter_rows(&now.trace, "");
    rows.extend(other.iter().flat_map(|other| filter_rows(&other.trace, ", then")));
    page.push_str(&bands(FILTERS, &rows, now.length));
    if let Some(recorded) = recorded.filter(|recorded| recorded.values.len() > 1) {
        page.push_str(
            "<h2>What was recorded, and what the twin foresees as it is</h2>\
             <p>Solid: recorded. Dashed: foreseen.</p>",
        );
        for word in WORDS {
            let mut symbols: Vec<&str> = Vec::new();
            for point in &recorded.points {
                if !symbols.contains(&point.symbol) {
                    symbols.push(point.symbol);
                }
            }
            for symbol in symbols {
                let places = (0..recorded.points.len()).filter(|place| {
                    let point = &recorded.points[*place];
                    point.symbol == symbol && point.path.contains(word)
                });
                let lines = places.zip(INKS.iter().cycle()).flat_map(|(place, ink)| {
                    let was = recorded.line(place, Stroke::Solid, ink);
                    [was, now.told.line(place, Stroke::Dashed, ink)]
                });
                let title = format!("{}, {symbol}", word.replace('_', " "));
                let log = word == "turbidity";
                let picture = Picture { title, log, lines: lines.collect() };
                page.push_str(&picture.draw(recorded.length(), &[]));
            }
        }
    }
    page.push_str("</html>\n");
    page
}

#[cfg(test)]
mod tests;
