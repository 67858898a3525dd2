//! What came of runs, for people and for other programs: a line each, JUnit, and one HTML page that needs nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::duration::show;
use super::picture::{INKS, Line, Picture, Stroke, bands, clock, escape};
use super::run::Outcome;
use super::stage::{Mark, MarkKind};
use super::trace::{CURVES, States, Trace};
use crate::invariants::TABLE;

/// One line: whether it passed, its name, its title, plant time and speed.
#[must_use]
pub fn line(outcome: &Outcome) -> String {
    let speed = outcome.plant_time.as_secs_f64() / outcome.took.as_secs_f64().max(1e-9);
    format!(
        "{} {:<32} {} ({} in {}, {speed:.0} x)",
        if outcome.passed() { "ok  " } else { "FAIL" },
        outcome.name,
        outcome.title,
        show(outcome.plant_time),
        show(outcome.took),
    )
}

/// A table in Markdown, a row a story: what was awaited and what it took, and all that happened after the first thing that
/// was done to wire or controller.
#[must_use]
pub fn measured(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "| Story | Awaited, and what it took | What happened then, s after it |\n|---|---|---|\n",
    );
    for outcome in outcomes {
        // What was awaited after a step that failed may have been so for another reason.
        let measured = outcome.measured.iter().filter(|_| outcome.passed());
        let limits = measured.map(|one| {
            format!("{}: {:.1} s of {}", one.what, one.took.as_secs_f64(), show(one.limit))
        });
        let failures = outcome.failures.iter().map(|failure| format!("**not so: {failure}**"));
        let awaited: Vec<String> = limits.chain(failures).collect();
        let _ = writeln!(
            text,
            "| {} (`{}`) | {} | {} |",
            outcome.title,
            outcome.name,
            awaited.join("<br>").replace('|', "\\|"),
            aftermath(&outcome.marks).join("; ").replace('|', "\\|"),
        );
    }
    text
}

/// What happened after the first thing that was no order, with its time since then.
fn aftermath(marks: &[Mark]) -> Vec<String> {
    let is_struck =
        |mark: &&Mark| mark.kind == MarkKind::Happening && !mark.text.starts_with("order");
    let Some(struck) = marks.iter().find(is_struck) else { return Vec::new() };
    let after = marks.iter().skip_while(|mark| *mark != struck);
    let told = after.map(|mark| {
        let seconds = mark.at.saturating_sub(struck.at).as_secs_f64();
        match mark.kind {
            MarkKind::Happening => format!("`{}` {seconds:.1}", mark.text),
            MarkKind::AlarmOn => {
                format!("alarm {} {seconds:.1}", mark.text.split(' ').next().unwrap_or_default())
            }
            MarkKind::AlarmOff => {
                format!("{} ends {seconds:.1}", mark.text.split(' ').next().unwrap_or_default())
            }
            // It has a finer time in it.
            MarkKind::Wire => mark.text.clone(),
            MarkKind::State | MarkKind::World | MarkKind::Breach => {
                format!("{} {seconds:.1}", mark.text)
            }
        }
    });
    told.collect()
}

/// JUnit XML, `docs/spec/interfaces.md` 7.6.
///
/// # Errors
/// When it cannot be written as XML.
pub fn junit(outcomes: &[Outcome]) -> Result<String, String> {
    let mut report = Report::new("hil run");
    let mut suite = TestSuite::new("scenarios");
    for outcome in outcomes {
        let status = if outcome.passed() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(outcome.failures.join("\n"));
            status
        };
        let mut case = TestCase::new(outcome.name.as_str(), status);
        case.set_classname(outcome.title.as_str());
        case.set_time(outcome.took);
        let tested = &outcome.tested;
        for (name, value) in [
            ("req", outcome.proves.join(",")),
            ("transport", outcome.transport.into()),
            ("dut_sw", tested.software.clone()),
            ("dut_hw", tested.hardware.clone()),
            ("bench_rev", tested.bench.clone()),
            ("seed", outcome.seed.to_string()),
            ("digest", digest(outcome)),
        ] {
            case.add_property(Property::new(name, value.as_str()));
        }
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    report.to_string().map_err(|why| why.to_string())
}

/// What repeats exactly; nothing does on real clocks.
fn digest(outcome: &Outcome) -> String {
    outcome.digest.map_or_else(|| "none".into(), |digest| format!("{digest:016x}"))
}

pub const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b2a33;--paper:#fff;--line:#d5dde2;--good:#1a7f4b;--bad:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#dde6eb;--paper:#12191d;--line:#34434c;--good:#5cc98f;--bad:#ff8a80}}\
body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:1.5rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}\
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.6rem 0 .2rem}table{border-collapse:collapse;width:100%;margin:.5rem 0}\
td,th{border-bottom:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top}\
.ok{color:var(--good)}.fail{color:var(--bad)}details{margin:.4rem 0}summary{cursor:pointer}svg{display:block;width:100%;height:auto}\
svg text{font:10px system-ui,sans-serif;fill:var(--ink)}.grid{stroke:var(--line);stroke-width:.5}pre{white-space:pre-wrap}";

/// One page: every run with its plots, what happened marked on them, and what each proves.
#[must_use]
pub fn html(title: &str, outcomes: &[Outcome]) -> String {
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>{STYLE}</style>\
         <h1>{0}</h1><p>{passed} passed, {1} failed.</p>",
        escape(title),
        outcomes.len() - passed,
    );
    page.push_str("<table><tr><th></th><th>scenario</th><th>proves</th><th>plant time</th></tr>");
    for outcome in outcomes {
        let _ = write!(
            page,
            "<tr><td class=\"{0}\">{0}</td><td><a href=\"#{1}\">{1}</a> {2}</td><td>{3}</td><td>{4}</td></tr>",
            verdict(outcome),
            escape(&outcome.name),
            escape(&outcome.title),
            escape(&outcome.proves.join(", ")),
            show(outcome.plant_time),
        );
    }
    page.push_str("</table>");
    page.push_str(&coverage(outcomes));
    for outcome in outcomes {
        page.push_str(&section(outcome));
    }
    page.push_str("</html>\n");
    page
}

fn verdict(outcome: &Outcome) -> &'static str {
    if outcome.passed() { "ok" } else { "fail" }
}

/// What is proven by which run; a requirement whose every run failed is red.
fn coverage(outcomes: &[Outcome]) -> String {
    let mut proven: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        for requirement in &outcome.proves {
            proven.entry(requirement).or_default().push(outcome);
        }
    }
    let mut text =
        String::from("<details><summary>Requirements and the runs that show them</summary><table>");
    for (requirement, runs) in proven {
        let good = runs.iter().all(|run| run.passed());
        let names: Vec<String> = runs.iter().map(|run| escape(&run.name)).collect();
        let class = if good { "ok" } else { "fail" };
        let _ = write!(
            text,
            "<tr><td class=\"{class}\">{}</td><td>{}</td></tr>",
            escape(requirement),
            names.join(", ")
        );
    }
    text.push_str("</table></details><details><summary>Invariants judged after every scan of every run</summary><table>");
    for row in &TABLE {
        let broken: Vec<String> = outcomes
            .iter()
            .filter(|outcome| outcome.breaches.iter().any(|breach| breach.invariant == row.number))
            .map(|outcome| escape(&outcome.name))
            .collect();
        let (class, said) = match row.shown {
            crate::invariants::Shown::At(place) => ("", place.to_owned()),
            crate::invariants::Shown::Always | crate::invariants::Shown::FaultFree
                if broken.is_empty() =>
            {
                ("ok", "held".to_owned())
            }
            crate::invariants::Shown::Always | crate::invariants::Shown::FaultFree => {
                ("fail", format!("broken in {}", broken.join(", ")))
            }
        };
        let _ = write!(
            text,
            "<tr><td>INV-{}</td><td>{}</td><td class=\"{class}\">{}</td></tr>",
            row.number,
            escape(row.promise),
            escape(&said)
        );
    }
    text.push_str("</table></details>");
    text
}

fn section(outcome: &Outcome) -> String {
    let mut text = format!(
        "<h2 id=\"{0}\"><span class=\"{1}\">{1}</span> {0}: {2}</h2><p>{3}</p>",
        escape(&outcome.name),
        verdict(outcome),
        escape(&outcome.title),
        escape(&outcome.why),
    );
    if !outcome.failures.is_empty() {
        let failures: Vec<String> = outcome.failures.iter().map(|one| escape(one)).collect();
        let _ = write!(text, "<pre class=\"fail\">{}</pre>", failures.join("\n"));
    }
    if let Some(trace) = &outcome.trace {
        text.push_str(&plots(trace, &outcome.marks));
    }
    if !outcome.measured.is_empty() {
        text.push_str("<details><summary>What had a limit, and what it took</summary><table>");
        for one in &outcome.measured {
            let _ = write!(
                text,
                "<tr><td>{}</td><td>{}</td><td>of {}</td></tr>",
                escape(&one.what),
                show(one.took),
                show(one.limit)
            );
        }
        text.push_str("</table></details>");
    }
    text.push_str("<details><summary>What happened</summary><table>");
    for mark in outcome.marks.iter().take(400) {
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            clock(mark.at),
            mark.kind.said(),
            escape(&mark.text)
        );
    }
    let _ = write!(
        text,
        "</table></details><p><small>{}, seed {}, digest {}</small></p>",
        outcome.transport,
        outcome.seed,
        digest(outcome)
    );
    text
}

/// A picture for each group of curves, with lines where something happened.
#[must_use]
pub fn plots(trace: &Trace, marks: &[Mark]) -> String {
    let groups = groups();
    let pictures = groups.iter().map(|(plot, places)| {
        let lines = places.iter().zip(INKS.iter().cycle()).map(|(place, ink)| Line {
            name: CURVES[*place].name.into(),
            ink,
            stroke: Stroke::Solid,
            points: trace.points(*place),
        });
        Picture { title: (*plot).into(), log: plot.contains("log"), lines: lines.collect() }
    });
    let end = trace.times.last().copied().unwrap_or_default();
    let mut text: String = pictures.map(|picture| picture.draw(end, marks)).collect();
    text.push_str(&bands(FILTERS, &filter_rows(trace, ""), end));
    text
}

/// Title of the bands of the filters.
pub const FILTERS: &str = "filters: green filters, yellow ripens, light blue waits for its wash, blue is washed, red has a fault";

/// A band for each filter of a run.
#[must_use]
pub fn filter_rows<'a>(trace: &'a Trace, more: &str) -> Vec<(String, &'a States)> {
    let rows = trace.filters.iter().enumerate();
    rows.map(|(place, states)| (format!("filter {}{more}", place + 1), states)).collect()
}

/// Plots with the places of their curves.
#[must_use]
pub fn groups() -> Vec<(&'static str, Vec<usize>)> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (place, curve) in CURVES.iter().enumerate() {
        match groups.iter_mut().find(|(plot, _)| *plot == curve.plot) {
            Some((_, places)) => places.push(place),
            None => groups.push((curve.plot, vec![place])),
        }
    }
    groups
}
