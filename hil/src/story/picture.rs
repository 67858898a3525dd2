//! One drawing of curves over time, as SVG: what reports and look-aheads show.

use std::fmt::Write as _;
use std::time::Duration;

use super::stage::{Mark, MarkKind};
use super::trace::States;

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
pub const INKS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    Solid,
    Dashed,
}

/// One curve: seconds and values. What is no number is left out.
#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub ink: &'static str,
    pub stroke: Stroke,
    pub points: Vec<(f64, f64)>,
}

/// Curves on one scale.
#[derive(Clone, Debug)]
pub struct Picture {
    pub title: String,
    /// Logarithmic.
    pub log: bool,
    pub lines: Vec<Line>,
}

/// Plot size and margins, in its own units.
const WIDE: f64 = 960.0;
const HIGH: f64 = 130.0;
const LEFT: f64 = 42.0;
const RIGHT: f64 = 110.0;
/// Room for a name of a line.
const NAME: f64 = 13.0;
/// What a logarithmic scale shows at its foot.
const LEAST: f64 = 0.01;

impl Picture {
    /// As SVG from the start to `end`, with a line where something happened; nothing where there is no number.
    #[must_use]
    pub fn draw(&self, end: Duration, marks: &[Mark]) -> String {
        let end = end.as_secs_f64();
        let shown = |value: f64| if self.log { value.max(LEAST).log10() } else { value };
        let is_number = |point: &&(f64, f64)| point.1.is_finite();
        let lines: Vec<&Line> =
            self.lines.iter().filter(|line| line.points.iter().any(|p| is_number(&p))).collect();
        if lines.is_empty() || !(end > 0.0) {
            return String::new();
        }
        let values = lines.iter().flat_map(|line| line.points.iter().filter(is_number));
        let (low, high) = values
            .map(|(_, value)| shown(*value))
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let low = if self.log { low } else { low.min(0.0) };
        let span = (high - low).max(0.1);
        let tall = HIGH.max(30.0 + NAME * lines.len() as f64);
        let across = |at: f64| LEFT + at / end * (WIDE - LEFT - RIGHT);
        let up = |value: f64| tall - 14.0 - (shown(value) - low) / span * (tall - 26.0);
        // Writing to memory cannot fail.
        let mut text = format!(
            "<svg viewBox=\"0 0 {WIDE} {tall}\" role=\"img\"><text x=\"{LEFT}\" y=\"9\">{}</text>",
            escape(&self.title)
        );
        for share in [0.0, 0.5, 1.0] {
            let value = low + share * span;
            let shown = if self.log { 10.0_f64.powf(value) } else { value };
            let y = tall - 14.0 - share * (tall - 26.0);
            let _ = write!(
                text,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{y:.0}\" y2=\"{y:.0}\"/><text x=\"2\" y=\"{:.0}\">{shown:.2}</text>",
                WIDE - RIGHT,
                y + 3.0
            );
        }
        for mark in marks {
            let ink = match mark.kind {
                MarkKind::Happening => "#888",
                MarkKind::AlarmOn => "#e69f00",
                MarkKind::Breach => "#b3261e",
                MarkKind::AlarmOff | MarkKind::State | MarkKind::World | MarkKind::Wire => continue,
            };
            let x = across(mark.at.as_secs_f64());
            let _ = write!(
                text,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"12\" y2=\"{:.0}\" stroke=\"{ink}\" stroke-width=\"1\" opacity=\".6\"><title>{} {}</title></line>",
                tall - 14.0,
                clock(mark.at),
                escape(&mark.text)
            );
        }
        for (number, line) in lines.iter().enumerate() {
            let mut path = String::new();
            for (at, value) in line.points.iter().filter(is_number) {
                let _ = write!(path, "{:.1},{:.1} ", across(*at), up(*value));
            }
            let y = 22.0 + NAME * number as f64;
            let dash = match line.stroke {
                Stroke::Solid => "",
                Stroke::Dashed => " stroke-dasharray=\"5 3\"",
            };
            let ink = line.ink;
            let _ = write!(
                text,
                "<polyline fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.3\"{dash} points=\"{path}\"/>\
                 <text x=\"{:.0}\" y=\"{y:.0}\" style=\"fill:{ink}\">{}</text>",
                WIDE - RIGHT + 6.0,
                escape(&line.name)
            );
        }
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let _ = write!(
                text,
                "<text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
                across(share * end),
                tall - 2.0,
                clock(Duration::from_secs_f64(share * end))
            );
        }
        text.push_str("</svg>");
        text
    }
}

/// Height of one band, and of its coloured part.
const BAND: (f64, f64) = (16.0, 11.0);

/// Bands of states over time, one below the other, as SVG; the state's name under the pointer.
#[must_use]
pub fn bands(title: &str, rows: &[(String, &States)], end: Duration) -> String {
    let end_s = end.as_secs_f64();
    if rows.is_empty() || !(end_s > 0.0) {
        return String::new();
    }
    let tall = 14.0 + BAND.0 * rows.len() as f64;
    let across = |at: Duration| LEFT + at.as_secs_f64() / end_s * (WIDE - LEFT - RIGHT);
    let mut text = format!(
        "<svg viewBox=\"0 0 {WIDE} {tall}\" role=\"img\"><text x=\"{LEFT}\" y=\"9\">{}</text>",
        escape(title)
    );
    for (number, (name, states)) in rows.iter().enumerate() {
        let top = 14.0 + BAND.0 * number as f64;
        for (place, (from, state)) in states.iter().enumerate() {
            let until = states.get(place + 1).map_or(end, |(next, _)| *next);
            // Writing to memory cannot fail.
            let _ = write!(
                text,
                "<rect x=\"{:.1}\" y=\"{top:.0}\" width=\"{:.1}\" height=\"{:.0}\" fill=\"{}\"><title>{} {}</title></rect>",
                across(*from),
                (across(until) - across(*from)).max(0.5),
                BAND.1,
                ink_of(state),
                clock(*from),
                escape(state)
            );
        }
        let _ = write!(
            text,
            "<text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            WIDE - RIGHT + 6.0,
            top + 9.0,
            escape(name)
        );
    }
    text.push_str("</svg>");
    text
}

/// Filtering green, ripening yellow, waiting for a wash light blue, washed blue, a fault red, all else grey.
fn ink_of(state: &str) -> &'static str {
    match state {
        "Filtering" => "#009e73",
        "Ripening" => "#e69f00",
        "WashQueued" => "#56b4e9",
        "Draining" | "AirScour" | "AirWater" | "HighWash" | "SubfluidWash" | "Settling" => {
            "#0072b2"
        }
        "Fault" => "#d55e00",
        _ => "#999",
    }
}

/// Days, hours and minutes of a run.
#[must_use]
pub fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
    }
}

/// Text in a page.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
