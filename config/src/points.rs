//! The plant's points in a site file: what the catalogue asks for against what stands there.

use std::collections::{BTreeMap, HashMap};

use plc::interlock::Column;
use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Row, Source};

use crate::fault::{Place, Report, hint};
use crate::header;
use crate::plan::HEARTBEAT;
use crate::section::Section;
use crate::setting::setting;
use crate::site::{Binding, Direction, FieldKind, Site};
use crate::tree::{Entry, Node, Table, Value};
use crate::unit::Quantity;

/// A 4 to 20 mA loop that is alive (plant.md 2.12).
const LOOP_LIVE: (f64, f64) = (3.6, 21.0);

/// Reads every section that is a unit of the plant into the site.
pub(crate) fn walk(
    table: &Table,
    own_sections: &[&str],
    catalogue: &Catalogue,
    site: &mut Site,
    report: &mut Report,
) {
    let rows = catalogue.rows.iter().map(|row| (row.path.as_str(), row)).collect();
    let mut written = Vec::new();
    let units = table.entries.iter().filter(|entry| !own_sections.contains(&entry.key.as_str()));
    gather(units, "", own_sections, &rows, &mut written, report);
    let written: HashMap<&str, &Entry> =
        written.iter().map(|(path, entry)| (path.as_str(), *entry)).collect();
    let mut taken: HashMap<(usize, usize), String> = HashMap::new();
    for row in &catalogue.rows {
        let entry = written.get(row.path.as_str()).copied();
        match (row.kind, entry) {
            (Kind::Input(words), Some(entry)) if words.source == Source::Shell => {
                let what = "is reported by the controller itself and has no line here";
                fault(row, &entry.place, what, report);
            }
            (Kind::Input(_) | Kind::Output(..), Some(entry)) => {
                point(row, entry, site, &mut taken, report);
            }
            (Kind::Input(words), None) if words.source == Source::Shell => {}
            (Kind::Input(_) | Kind::Output(..), None) => {
                if site.field == FieldKind::Buses {
                    fault(row, &section_of(table, &row.path), "is bound to nothing", report);
                }
            }
            (Kind::Setting(words), Some(entry)) => {
                if let Some(setting) = setting(row, (words.low, words.high), entry, report) {
                    site.settings.push(setting);
                }
            }
            (Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_), Some(entry)) => {
                let what = format!("is {} point and has no line here", article(row.kind.word()));
                fault(row, &entry.place, &what, report);
            }
            (Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_), None) => {}
        }
    }
}

fn article(word: &str) -> String {
    if word.starts_with('a') { format!("an {word}") } else { format!("a {word}") }
}

/// Lists the points that are written, by path; what is no point is a fault.
fn gather<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    prefix: &str,
    own_sections: &[&str],
    rows: &BTreeMap<&str, &Row>,
    written: &mut Vec<(String, &'a Entry)>,
    report: &mut Report,
) {
    for entry in entries {
        let path =
            if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        if rows.contains_key(path.as_str()) {
            written.push((path, entry));
            continue;
        }
        let inside = format!("{path}.");
        if rows.range(inside.as_str()..).next().is_some_and(|(path, _)| path.starts_with(&inside)) {
            match &entry.node.value {
                Value::Table(table) => {
                    let entries = table.entries.iter();
                    gather(entries, &path, own_sections, rows, written, report);
                }
                other @ (Value::Text(_)
                | Value::Whole(_)
                | Value::Number(_)
                | Value::YesNo(_)
                | Value::List(_)
                | Value::Other) => {
                    let what = format!(
                        "`{}` is a part of the plant: a section [{path}] is wanted, this is {}",
                        entry.key,
                        other.kind()
                    );
                    report.fault(&entry.place, prefix, what);
                }
            }
            continue;
        }
        let from = if prefix.is_empty() { 0 } else { prefix.len() + 1 };
        let siblings = rows
            .keys()
            .filter(|path| prefix.is_empty() || is_inside(path, prefix))
            .map(|path| path[from..].split('.').next().unwrap_or_default())
            .chain(own_sections.iter().copied().filter(|_| prefix.is_empty()));
        let hint = hint(&entry.key, siblings);
        report.fault(&entry.place, prefix, format!("`{}` is not known here{hint}", entry.key));
    }
}

fn is_inside(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
}

/// Where the nearest section of a path begins.
fn section_of(table: &Table, path: &str) -> Place {
    let mut place = Place::Whole;
    let mut table = table;
    for part in path.split('.') {
        let Some(entry) = table.find(part) else { break };
        let Value::Table(inner) = &entry.node.value else { break };
        place = entry.place.clone();
        table = inner;
    }
    place
}

pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn fault(row: &Row, place: &Place, what: &str, report: &mut Report) {
    let (section, field) = split(&row.path);
    let about = row.about.trim_end_matches('.');
    let name = if row.tag.is_empty() { about.to_string() } else { format!("{}, {about}", row.tag) };
    report.fault(place, section, format!("`{field}` ({name}) {what}"));
}

/// An input or output: bound, or absent.
fn point(
    row: &Row,
    entry: &Entry,
    site: &mut Site,
    taken: &mut HashMap<(usize, usize), String>,
    report: &mut Report,
) {
    let (section, _) = split(&row.path);
    let direction = match row.kind {
        Kind::Output(..) => Direction::Output,
        Kind::Input(_)
        | Kind::Setting(_)
        | Kind::Status(_)
        | Kind::Retained(_)
        | Kind::Alarm(_) => Direction::Input,
    };
    let Some(wish) = wish(row, entry, section, report) else { return };
    let from = match wish {
        Wish::Absent if !may_be_absent(row) => {
            let what = "cannot be absent: the plant relies on it";
            fault(row, &entry.place, what, report);
            return;
        }
        Wish::Absent => {
            site.absent.push(row.path.clone());
            return;
        }
        Wish::From(from) => from,
    };
    if site.field != FieldKind::Buses {
        let what = format!("is bound to `{}`: the twin binds its points by itself", from.register);
        fault(row, &entry.place, &what, report);
        return;
    }
    let Some((device, register)) = find(row, entry, &from.register, site, report) else { return };
    let binding = Binding {
        path: row.path.clone(),
        direction,
        device,
        register,
        invert: from.invert,
        scale: from.scale,
        offset: from.offset,
        live: None,
        dead_man: is_dead_man(row, site, device),
    };
    let Some(binding) = fits(row, entry, &from, binding, site, report) else { return };
    let bought = &site.devices[device];
    let place = match site.is_header(bought) {
        true => header::place_of(&bought.profile, register),
        false => register,
    };
    if let Some(other) = taken.insert((device, place), row.path.clone()) {
        let what = format!("is bound to `{}`, which `{other}` has already", from.register);
        fault(row, &entry.place, &what, report);
        return;
    }
    site.bindings.push(binding);
}

/// Any instrument, a valve that keeps its place, the mixer, the horn; but nothing else that is switched.
fn may_be_absent(row: &Row) -> bool {
    match row.kind {
        Kind::Input(_) => true,
        Kind::Output(_, column) => {
            matches!(column, Column::Positions | Column::Mixer | Column::Panel)
                && row.path != HEARTBEAT
        }
        Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => false,
    }
}

/// What a point's line says.
enum Wish {
    Absent,
    From(From),
}

struct From {
    /// `device.register`.
    register: String,
    invert: bool,
    scale: f64,
    offset: f64,
    is_scaled: bool,
    /// Point values at 4 and 20 mA.
    span: Option<(f64, f64)>,
}

impl From {
    fn plain() -> From {
        From {
            register: String::new(),
            invert: false,
            scale: 1.0,
            offset: 0.0,
            is_scaled: false,
            span: None,
        }
    }
}

fn wish(row: &Row, entry: &Entry, section: &str, report: &mut Report) -> Option<Wish> {
    if let Some(register) = entry.node.value.text() {
        return Some(Wish::From(From { register: register.to_string(), ..From::plain() }));
    }
    if entry.node.value.table().is_none() {
        let what = format!(
            "`{} = {}`: write \"device.register\", {{ from = \"device.register\", .. }} or {{ absent = true }}",
            entry.key, entry.node.written
        );
        report.fault(&entry.place, section, what);
        return None;
    }
    let before = report.count();
    let mut line = Section::at(entry, &row.path, report);
    let absent = line.yes_no("absent", report);
    let register = line.text("from", "write \"device.register\"", report);
    let invert = line.yes_no("invert", report);
    let scale = line.number("scale", report);
    let offset = line.number("offset", report);
    let span = line.find("span").and_then(|span| match span_of(row, &span.node) {
        Ok(span) => Some(span),
        Err(wanted) => {
            line.wrong(span, &wanted, report);
            None
        }
    });
    line.end(report);
    if report.count() > before {
        return None;
    }
    match (absent, register) {
        (Some(true), None) => Some(Wish::Absent),
        (Some(_), _) => {
            let what = "`absent`: write { absent = true } alone, or a binding";
            report.fault(&entry.place, section, format!("`{}`: {what}", entry.key));
            None
        }
        (None, None) => {
            let what = "`from` is missing: write \"device.register\"";
            report.fault(&entry.place, section, format!("`{}`: {what}", entry.key));
            None
        }
        (None, Some(register)) => Some(Wish::From(From {
            register: register.to_string(),
            invert: invert.unwrap_or_default(),
            scale: scale.unwrap_or(1.0),
            offset: offset.unwrap_or(0.0),
            is_scaled: scale.is_some() || offset.is_some(),
            span,
        })),
    }
}

/// `"0 to 600 kPa"`.
fn span_of(row: &Row, node: &Node) -> Result<(f64, f64), String> {
    let Form::Number { symbol, .. } = row.form else {
        return Err("a contact has no span".to_string());
    };
    let wanted = || format!("a span is wanted, such as \"0 to 10 {symbol}\"");
    let Value::Text(text) = &node.value else { return Err(wanted()) };
    let (low, high) = text.split_once(" to ").ok_or_else(wanted)?;
    let high = Quantity::parse(high).ok_or_else(wanted)?;
    let high_end = high.in_unit(symbol)?;
    let low = Quantity::parse(low).ok_or_else(wanted)?;
    let low_end = if low.unit.is_empty() { low.number } else { low.in_unit(symbol)? };
    if low_end < high_end { Ok((low_end, high_end)) } else { Err(wanted()) }
}

/// The device and register that `device.register` names.
fn find(
    row: &Row,
    entry: &Entry,
    wanted: &str,
    site: &Site,
    report: &mut Report,
) -> Option<(usize, usize)> {
    let Some((device, register)) = wanted.split_once('.') else {
        let what = format!("is bound to `{wanted}`: write \"device.register\"");
        fault(row, &entry.place, &what, report);
        return None;
    };
    let Some(at) = site.devices.iter().position(|one| one.name == device) else {
        let hint = hint(device, site.devices.iter().map(|one| one.name.as_str()));
        let what = format!("is bound to `{wanted}`: there is no device `{device}`{hint}");
        fault(row, &entry.place, &what, report);
        return None;
    };
    let profile = &site.devices[at].profile;
    let Some(found) = profile.find(register) else {
        let hint = hint(register, profile.registers.iter().map(|one| one.name.as_str()));
        let what = format!(
            "is bound to `{wanted}`: profile `{}` has no register `{register}`{hint}",
            profile.name
        );
        fault(row, &entry.place, &what, report);
        return None;
    };
    Some((at, found))
}

/// Whether point and register belong together: direction, kind, unit, range, and what happens when nobody talks.
fn fits(
    row: &Row,
    entry: &Entry,
    from: &From,
    mut binding: Binding,
    site: &Site,
    report: &mut Report,
) -> Option<Binding> {
    let register = site.register(&binding);
    let device = site.device(&binding);
    let before = report.count();
    let mut wrong = |what: String| {
        let what = format!("is bound to `{}`: {what}", from.register);
        fault(row, &entry.place, &what, report);
    };
    match binding.direction {
        Direction::Input if !register.access.reads() => {
            wrong("an input needs a register that can be read, this one is write-only".to_string());
        }
        Direction::Output if !register.access.writes() => {
            wrong(
                "an output needs a register that can be written, this one is read-only".to_string(),
            );
        }
        Direction::Input | Direction::Output => {}
    }
    let is_on_off = match row.form {
        Form::OnOff => true,
        Form::Number { .. } | Form::States(_) | Form::Reasons | Form::Alarm => false,
    };
    if is_on_off != register.is_on_off() {
        let (point, carried) =
            if is_on_off { ("a contact", "a number") } else { ("a number", "a contact") };
        wrong(format!("the point is {point}, the register carries {carried}"));
    } else if is_on_off && (from.is_scaled || from.span.is_some()) {
        wrong("`scale`, `offset` and `span` are for numbers; a contact has `invert`".to_string());
    } else if !is_on_off && from.invert {
        wrong("`invert` is for contacts; a number has `scale` and `offset`".to_string());
    } else if let Form::Number { symbol, .. } = row.form {
        match from.span {
            Some(_) if register.symbol != "mA" || from.is_scaled => {
                wrong("`span` is for a register in mA, without `scale` and `offset`".to_string());
            }
            Some((low, high)) => {
                // 4 mA is the low end, 20 mA the high one.
                binding.scale = (high - low) / 16.0;
                binding.offset = low - 4.0 * binding.scale;
                binding.live = Some(LOOP_LIVE);
            }
            None if from.is_scaled && from.scale == 0.0 => {
                wrong("`scale = 0` would lose the value".to_string());
            }
            None if !from.is_scaled && register.symbol != symbol => {
                let has = if register.symbol.is_empty() { "no unit" } else { &register.symbol };
                let span = if register.symbol == "mA" { "a `span`" } else { "a `scale`" };
                wrong(format!("it gives {has}, the point is in {symbol}; write {span}"));
            }
            None => {}
        }
    }
    if site.is_header(device) {
        let high = match row.kind {
            Kind::Output(words, _) => Some(words.high),
            Kind::Input(_)
            | Kind::Setting(_)
            | Kind::Status(_)
            | Kind::Retained(_)
            | Kind::Alarm(_) => None,
        };
        if let Some(what) = header::objection(&device.profile, register, &binding, high) {
            wrong(what);
        }
    }
    if let (Kind::Output(words, column), true) = (row.kind, report_is(before, report)) {
        if !is_on_off {
            output_range(row, entry, from, (&binding, words.high), site, report);
        }
        // REL-04: what doses or pumps goes off by itself when nobody talks to its device.
        let can_hurt = !matches!(column, Column::Positions | Column::Panel);
        if can_hurt && !device.profile.is_guarded() {
            let what = format!(
                "is bound to `{}`: device `{}` (profile `{}`) has no communication watchdog, and this output can hurt; \
                 use a device that goes off by itself",
                from.register, device.name, device.profile.name
            );
            fault(row, &entry.place, &what, report);
        }
    }
    report_is(before, report).then_some(binding)
}

fn report_is(before: usize, report: &Report) -> bool {
    report.count() == before
}

/// Everything the plant may ask for must fit into the register.
fn output_range(
    row: &Row,
    entry: &Entry,
    from: &From,
    (binding, high): (&Binding, f64),
    site: &Site,
    report: &mut Report,
) {
    let register = site.register(binding);
    let (least, most) = register.limits();
    for value in [0.0, high] {
        let wanted = binding.to_register(value);
        if !(least..=most).contains(&wanted) {
            let what = format!(
                "is bound to `{}`: {value} of the point is {wanted:.3} there, which carries at most {least:.3} to {most:.3}",
                from.register
            );
            fault(row, &entry.place, &what, report);
        }
    }
}

/// Whether the field keeps this output alive by a dead-man: everything but what keeps its place.
fn is_dead_man(row: &Row, site: &Site, device: usize) -> bool {
    let Kind::Output(_, column) = row.kind else { return false };
    site.devices[device].profile.dead_man.is_some()
        && !matches!(column, Column::Positions | Column::Panel)
}
