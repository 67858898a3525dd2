//! A page with the key values of a run: levels, flows, turbidity, chlorine as they were measured, alarms and states beside
//! them. One file without scripts, so that it opens anywhere and can be sent.

use std::fmt::Write;
use std::time::Duration;

use plc::alarm::Change;
use plc::image::{Event, Inputs};
use plc::quantity::Form;
use plc::signal::{Moment, Quality};
use plc::tag::{Catalogue, Kind};

use super::columns::Scan;
use super::compare::said;
use super::file::Points;

/// Spans that a value is drawn in: its least and its most of each.
const SPANS: usize = 1_200;
/// Marks of one page; at the limit the rest is counted.
const MARKS_MAX: usize = 2_000;
/// Size of one chart.
const WIDTH: f64 = 1_200.0;
const HEIGHT: f64 = 220.0;
/// How values are laid out: turbidity of the river and of filtered water lie four powers of ten apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
}

/// What a logarithmic scale shows at its foot.
const LEAST: f64 = 0.01;

impl Scale {
    fn place(self, value: f64) -> f64 {
        match self {
            Scale::Linear => value,
            Scale::Logarithmic if value > LEAST => value.log10(),
            Scale::Logarithmic => LEAST.log10(),
        }
    }

    fn value(self, place: f64) -> f64 {
        match self {
            Scale::Linear => place,
            Scale::Logarithmic => 10.0_f64.powf(place),
        }
    }
}

/// Charts: their heading, the unit, the word in the names of their points, and the scale.
const CHARTS: [(&str, &str, &str, Scale); 5] = [
    ("Levels", "m", "level", Scale::Linear),
    ("Levels", "%", "level", Scale::Linear),
    ("Flows", "m³/h", "flow", Scale::Linear),
    ("Turbidity", "NTU", "turbidity", Scale::Logarithmic),
    ("Chlorine", "mg/l", "chlorine", Scale::Linear),
];
const COLOURS: [&str; 8] =
    ["#0b6e99", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0e7490", "#be123c", "#4d7c0f"];

/// What is drawn.
#[derive(Debug)]
pub struct Plot {
    catalogue: Catalogue,
    span: Duration,
    series: Vec<Series>,
    marks: Vec<Mark>,
    more_marks: usize,
    last: Moment,
}

#[derive(Debug)]
struct Series {
    chart: usize,
    path: String,
    slot: usize,
    /// Least and most of each span; `None`: no number in it.
    spans: Vec<Option<(f64, f64)>>,
}

#[derive(Debug)]
struct Mark {
    at: Moment,
    is_alarm: bool,
    what: String,
}

impl Plot {
    /// Of a recording of about this length.
    #[must_use]
    pub(super) fn new(catalogue: &Catalogue, points: &Points, length: Duration) -> Plot {
        let mut series = Vec::new();
        for row in catalogue.rows.iter().filter(|row| matches!(row.kind, Kind::Input(_))) {
            let Form::Number { symbol, .. } = row.form else { continue };
            let name = row.path.rsplit('.').next().unwrap_or_default();
            let is_of =
                |(_, of, word, _): &(&str, &str, &str, Scale)| *of == symbol && name.contains(word);
            let chart = CHARTS.iter().position(is_of);
            let slot = points.inputs.iter().position(|path| *path == row.path);
            if let (Some(chart), Some(slot)) = (chart, slot) {
                series.push(Series { chart, path: row.path.clone(), slot, spans: Vec::new() });
            }
        }
        let span = (length / u32::try_from(SPANS).unwrap_or(1)).max(Duration::from_secs(1));
        let catalogue = catalogue.clone();
        Plot { catalogue, span, series, marks: Vec::new(), more_marks: 0, last: Moment(0) }
    }

    /// One scan.
    pub(super) fn note(&mut self, at: Moment, inputs: &Inputs, scan: &Scan) {
        self.last = at;
        let span = self.span_of(at);
        for series in &mut self.series {
            if series.spans.len() <= span {
                series.spans.resize(span + 1, None);
            }
            let Some(reading) = inputs.readings.get(series.slot) else { continue };
            if matches!(reading.quality, Quality::Bad(_)) || !reading.value.is_finite() {
                continue;
            }
            let (least, most) = series.spans[span].unwrap_or((reading.value, reading.value));
            let least = if reading.value < least { reading.value } else { least };
            let most = if reading.value > most { reading.value } else { most };
            series.spans[span] = Some((least, most));
        }
        for event in scan.outcome.iter().flat_map(|outcome| &outcome.events) {
            let is_alarm = match event {
                Event::Alarm { transition, .. } => matches!(
                    transition.change,
                    Change::Activated | Change::Returned | Change::ReAlarmed
                ),
                Event::State { .. } => false,
                Event::Answer { .. }
                | Event::Cause { .. }
                | Event::Setting { .. }
                | Event::Tested { .. }
                | Event::Overflow => continue,
            };
            if !is_alarm && matches!(event, Event::Alarm { .. }) {
                continue;
            }
            if self.marks.len() < MARKS_MAX {
                let what = said(event, &self.catalogue);
                self.marks.push(Mark { at, is_alarm, what });
            } else {
                self.more_marks += 1;
            }
        }
    }

    /// Plant time of the last scan that it has.
    #[must_use]
    pub fn last(&self) -> Moment {
        self.last
    }

    fn span_of(&self, at: Moment) -> usize {
        let spans = at.since(Moment(0)).as_micros() / self.span.as_micros().max(1);
        usize::try_from(spans).unwrap_or(usize::MAX).min(100 * SPANS)
    }

    /// The page.
    #[must_use]
    pub fn page(&self, title: &str) -> String {
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>{STYLE}<h1>{0}</h1>\
             <p>As measured, least and most of each {1:?}. Red lines: alarms; grey lines: states. Point at one to read it.</p>",
            escaped(title),
            self.span
        );
        for (chart, (heading, symbol, _, scale)) in CHARTS.iter().enumerate() {
            let series: Vec<&Series> =
                self.series.iter().filter(|one| one.chart == chart).collect();
            if series.iter().any(|one| one.spans.iter().any(Option::is_some)) {
                self.chart(&mut page, &format!("{heading}, {symbol}"), *scale, &series);
            }
        }
        page.push_str("<h2>Alarms and states</h2><table>");
        for mark in &self.marks {
            let class = if mark.is_alarm { "alarm" } else { "state" };
            let (at, what) = (clock(mark.at), escaped(&mark.what));
            // Writing to memory cannot fail.
            let _ = write!(page, "<tr class={class}><td>{at}<td>{what}");
        }
        page.push_str("</table>");
        if self.more_marks > 0 {
            let _ = write!(page, "<p>and {} more</p>", self.more_marks);
        }
        page
    }

    fn chart(&self, page: &mut String, heading: &str, scale: Scale, series: &[&Series]) {
        let spans = self.span_of(self.last) + 1;
        let values = series.iter().flat_map(|one| one.spans.iter().flatten());
        let foot = scale.place(0.0);
        let (mut low, mut high) = (foot, foot);
        for (least, most) in values {
            let (least, most) = (scale.place(*least), scale.place(*most));
            low = if least < low { least } else { low };
            high = if most > high { most } else { high };
        }
        let height = if high > low { high - low } else { 1.0 };
        let x = |span: f64| WIDTH * span / spans as f64;
        let y = |value: f64| HEIGHT * (1.0 - (scale.place(value) - low) / height);
        let (wide, tall) = (WIDTH + 70.0, HEIGHT + 40.0);
        let (top, bottom) = (scale.value(high), scale.value(low));
        let (under, end) = (HEIGHT + 18.0, clock(self.last));
        let _ = write!(
            page,
            "<h2>{heading}</h2><svg viewBox=\"-60 -10 {wide} {tall}\"><rect width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\
             <text x=\"-6\" y=\"8\" class=\"scale\">{top:.2}</text>\
             <text x=\"-6\" y=\"{HEIGHT}\" class=\"scale\">{bottom:.2}</text><text x=\"0\" y=\"{under}\">0</text>\
             <text x=\"{WIDTH}\" y=\"{under}\" class=\"scale\">{end}</text>",
        );
        for mark in &self.marks {
            let at = x(mark.at.since(Moment(0)).as_secs_f64() / self.span.as_secs_f64());
            let class = if mark.is_alarm { "alarm" } else { "state" };
            let (when, what) = (clock(mark.at), escaped(&mark.what));
            let _ = write!(
                page,
                "<path class={class} d=\"M{at:.1} 0V{HEIGHT}\"><title>{when} {what}</title></path>"
            );
        }
        for (one, colour) in series.iter().zip(COLOURS.iter().cycle()) {
            let mut path = String::new();
            let mut pen = 'M';
            for (span, values) in one.spans.iter().enumerate() {
                let Some((least, most)) = values else {
                    pen = 'M';
                    continue;
                };
                let at = x(span as f64);
                let _ = write!(path, "{pen}{at:.1} {:.1}L{at:.1} {:.1}", y(*least), y(*most));
                pen = 'L';
            }
            let name = escaped(&one.path);
            let _ =
                write!(page, "<path stroke=\"{colour}\" d=\"{path}\"><title>{name}</title></path>");
        }
        page.push_str("</svg><p>");
        for (one, colour) in series.iter().zip(COLOURS.iter().cycle()) {
            let _ = write!(page, "<b style=\"color:{colour}\">{}</b> ", escaped(&one.path));
        }
        page.push_str("</p>");
    }
}

const STYLE: &str = "<style>body{font:14px sans-serif;margin:1.5em;max-width:1300px}svg{width:100%}\
path{fill:none;stroke-width:1.3}rect{fill:#f8fafc}.alarm{stroke:#dc2626;opacity:.5}.state{stroke:#94a3b8;opacity:.35}\
text{font-size:12px}.scale{text-anchor:end}td{padding:0 1em 0 0}tr.alarm{color:#b91c1c}</style>";

/// Plant time as hours, minutes and seconds.
#[must_use]
pub fn clock(at: Moment) -> String {
    let seconds = at.since(Moment(0)).as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
