//! A site file from text to [`Site`], or everything that is wrong with it.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use plc::plant::{Settling, Shape};
use plc::quantity::CubicMetresPerHour;
use plc::tag::Catalogue;

use crate::device::Profiles;
use crate::fault::{Faults, Place, Report};
use crate::pairs;
use crate::plan::{LOAD_MAX, loads};
use crate::points;
use crate::section::Section;
use crate::setting::number_of;
use crate::site::{FieldKind, Hmi, Renamed, Site};
use crate::tree::{self, Table};
use crate::wiring;

/// Languages the pages are written in.
const LANGUAGES: [&str; 2] = ["en", "lo"];
/// What `[site]` and its neighbours may say at most.
const SPEED_MAX: i64 = 1_000;
/// Panels a site lists at most.
const PANELS_MAX: usize = 16;
/// A site file is a few hundred lines; more than this is no site file.
const TEXT_MAX: usize = 1 << 20;
/// Default of `period` (contracts.md, A scan).
const PERIOD_DEFAULT: Duration = Duration::from_millis(100);
/// Longest period that real outputs may be left alone (contracts.md, A scan).
const PERIOD_MAX_REAL: Duration = Duration::from_millis(250);

/// Sections that are not units of the plant.
const OWN_SECTIONS: [&str; 7] = ["site", "plant", "field", "hmi", "bus", "device", "tags"];

/// Reads a site file and the profiles beside it, and checks it. `set` lays `KEY=VALUE`s over it.
pub fn load(
    path: &Path,
    set: &[String],
    catalogue_of: impl Fn(&Shape) -> Catalogue,
) -> Result<Site, Faults> {
    let file = path.display().to_string();
    let refuse = |what: String| {
        let mut report = Report::new(&file);
        report.fault(&Place::Whole, "", what);
        report.conclude(None)
    };
    let text = match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return refuse("is no text in UTF-8".to_string()),
        Err(error) => return refuse(format!("cannot be read: {error}")),
    };
    match Profiles::beside(path) {
        Ok(profiles) => check(&text, &file, &profiles, set, catalogue_of),
        Err(error) => refuse(format!("profiles beside it cannot be read: {error}")),
    }
}

/// Checks the text of a site file. `file` is its name in messages, `catalogue_of` lists the points of a plant.
pub fn check(
    text: &str,
    file: &str,
    profiles: &Profiles,
    set: &[String],
    catalogue_of: impl Fn(&Shape) -> Catalogue,
) -> Result<Site, Faults> {
    let mut report = Report::new(file);
    if text.len() > TEXT_MAX {
        let what = format!("{} bytes: a site file has at most {TEXT_MAX}", text.len());
        report.fault(&Place::Whole, "", what);
        return report.conclude(None);
    }
    let mut table = tree::parse(text, &mut report);
    if report.count() > 0 {
        return report.conclude(None);
    }
    for given in set {
        tree::set(&mut table, given, &mut report);
    }
    let site = site(&table, profiles, catalogue_of, &mut report);
    report.conclude(Some(site))
}

fn site(
    table: &Table,
    profiles: &Profiles,
    catalogue_of: impl Fn(&Shape) -> Catalogue,
    report: &mut Report,
) -> Site {
    let mut head = Section::of(table, "site", report);
    let name = head.needed_text("name", "what the plant is called", report).unwrap_or_default();
    if name.trim().is_empty() && head.find("name").is_some() {
        report.fault(&head.place, "site", "`name = \"\"`: say what the plant is called");
    }
    let languages = languages(&mut head, report);
    let limits = Duration::from_millis(10)..=Duration::from_millis(1_000);
    let period = head.time("period", limits, report).unwrap_or(PERIOD_DEFAULT);
    let speed = head.whole("speed", 1..=SPEED_MAX, report).unwrap_or(1);
    let head_place = head.place.clone();
    head.end(report);

    let before = report.count();
    let shape = shape(table, report);
    let shape_is_right = report.count() == before;
    let field = field(table, report);
    let hmi = hmi(table, report);
    let buses = wiring::buses(table, report);
    let devices = wiring::devices(table, &buses, profiles, report);
    let mut site = Site {
        name: name.to_string(),
        languages,
        shape,
        period,
        speed: u32::try_from(speed).unwrap_or(1),
        hmi,
        field,
        buses,
        devices,
        bindings: Vec::new(),
        settings: Vec::new(),
        absent: Vec::new(),
        tags: Vec::new(),
    };
    if site.has_real_outputs() && period > PERIOD_MAX_REAL {
        let what = format!(
            "`period`: {period:?} is longer than {PERIOD_MAX_REAL:?}, the most with real outputs"
        );
        report.fault(&head_place, "site", what);
    }
    if !site.has_real_outputs() {
        for own in ["bus", "device"] {
            if let Some(entry) = table.find(own) {
                let what =
                    "the twin has no buses and devices; write driver = \"modbus\" to use them";
                report.fault(&entry.place, own, what);
            }
        }
    } else if site.buses.is_empty() {
        report.fault(&Place::Whole, "bus", "driver = \"modbus\" needs at least one [bus.NAME]");
    }
    // With wrong counts every unit too many would read as a spelling mistake.
    if shape_is_right {
        let catalogue = catalogue_of(&site.shape);
        tags(table, &catalogue, &mut site, report);
        points::walk(table, &OWN_SECTIONS, &catalogue, &mut site, report);
        pairs::in_order(table, &catalogue, &site, report);
        overloads(table, &catalogue, &site, report);
    }
    site
}

fn languages(head: &mut Section<'_>, report: &mut Report) -> Vec<String> {
    let Some(listed) = head.texts("languages", report) else {
        return LANGUAGES.map(String::from).to_vec();
    };
    let allowed = LANGUAGES.map(|code| format!("\"{code}\"")).join(", ");
    if listed.is_empty() {
        report.fault(
            &head.place,
            "site",
            format!("`languages = []`: name at least one of {allowed}"),
        );
    }
    let mut languages: Vec<String> = Vec::new();
    for (node, code) in listed {
        if !LANGUAGES.contains(&code) {
            let what = format!("`languages`: \"{code}\" is not among {allowed}");
            report.fault(&node.place, "site", what);
        } else if languages.iter().any(|one| one == code) {
            report.fault(
                &node.place,
                "site",
                format!("`languages`: \"{code}\" stands there twice"),
            );
        } else {
            languages.push(code.to_string());
        }
    }
    languages
}

fn shape(table: &Table, report: &mut Report) -> Shape {
    let mut plant = Section::of(table, "plant", report);
    let flow = plant.need("nominal_flow", "for example \"5 m³/h\"", report);
    let nominal_flow = flow.and_then(|entry| match number_of(&entry.node, "m³/h") {
        // The limits of `Shape`.
        Ok(flow) if (1.0..=50.0).contains(&flow) => Some(flow),
        Ok(_) => {
            plant.wrong(entry, "1 to 50 m³/h is allowed", report);
            None
        }
        Err(what) => {
            plant.wrong(entry, &what, report);
            None
        }
    });
    let mut count = |key: &'static str, most: i64, report: &mut Report| {
        let wanted = format!("how many, 1 to {most}");
        let entry = plant.need(key, &wanted, report);
        let count = entry.and_then(|_| plant.whole(key, 1..=most, report));
        u8::try_from(count.unwrap_or(1)).unwrap_or(1)
    };
    let tanks = count("tanks", 4, report);
    let filters = count("filters", 6, report);
    let raw_pumps = count("raw_pumps", 3, report);
    let feed_pumps = count("feed_pumps", 3, report);
    let lift_pumps = count("lift_pumps", 3, report);
    let mut fitted = |key: &'static str, report: &mut Report| {
        let entry = plant.need(key, "true or false", report);
        entry.and_then(|_| plant.yes_no(key, report)).unwrap_or_default()
    };
    let blower = fitted("blower", report);
    let elevated_tank = fitted("elevated_tank", report);
    // What most plants are is not asked for.
    let kinds = [("continuous", Settling::Continuous), ("batch", Settling::Batch)];
    let settling = plant.word("settling", &kinds, report).unwrap_or_default();
    let telemetry = plant.yes_no("telemetry", report).unwrap_or_default();
    plant.end(report);
    let otherwise = Shape::default().nominal_flow;
    Shape {
        nominal_flow: nominal_flow.map_or(otherwise, CubicMetresPerHour),
        tanks,
        filters,
        raw_pumps,
        feed_pumps,
        lift_pumps,
        blower,
        elevated_tank,
        settling,
        telemetry,
    }
}

fn field(table: &Table, report: &mut Report) -> FieldKind {
    let mut field = Section::of(table, "field", report);
    let is_named = field.need("driver", "\"twin\" or \"modbus\"", report).is_some();
    let is_twin = field.word("driver", &[("twin", true), ("modbus", false)], report);
    let seed = field.whole("seed", 0..=i64::MAX, report);
    let warm = field.word("start", &[("warm", true), ("cold", false)], report);
    if is_named && is_twin == Some(false) && (seed.is_some() || warm.is_some()) {
        let what = "`seed` and `start` are the twin's; this field is driver = \"modbus\"";
        report.fault(&field.place, "field", what);
    }
    field.end(report);
    match is_twin {
        Some(false) => FieldKind::Buses,
        Some(true) | None => FieldKind::Twin {
            seed: seed.and_then(|seed| u64::try_from(seed).ok()).unwrap_or(1),
            warm: warm.unwrap_or_default(),
        },
    }
}

fn hmi(table: &Table, report: &mut Report) -> Hmi {
    let mut section = Section::of(table, "hmi", report);
    let open_view = section.yes_no("open_view", report).unwrap_or_default();
    let listed = section.texts("panels", report).unwrap_or_default();
    if listed.len() > PANELS_MAX {
        let what = format!("`panels` lists {}: at most {PANELS_MAX} are allowed", listed.len());
        report.fault(&section.place, "hmi", what);
    }
    let mut panels = Vec::new();
    for (node, text) in listed {
        match text.parse::<IpAddr>() {
            Ok(address) => panels.push(address),
            Err(_) => {
                let what =
                    format!("`panels`: \"{text}\" is no IP address, such as \"192.168.1.20\"");
                report.fault(&node.place, "hmi", what);
            }
        }
    }
    section.end(report);
    Hmi { open_view, panels }
}

/// `[tags] "AIT-320" = "AIT-902"`: the same instrument under the number it has at this site.
fn tags(table: &Table, catalogue: &Catalogue, site: &mut Site, report: &mut Report) {
    let section = Section::of(table, "tags", report);
    let known = |tag: &str| catalogue.rows.iter().any(|row| row.tag == tag);
    for entry in section.entries() {
        let Some(to) = entry.node.value.text() else {
            section.wrong(entry, "write the tag it has here, such as \"AIT-902\"", report);
            continue;
        };
        if !known(&entry.key) {
            let hint = crate::fault::hint(&entry.key, catalogue.rows.iter().map(|row| &*row.tag));
            let what = format!("`{}` is no tag of this plant{hint}", entry.key);
            report.fault(&entry.place, "tags", what);
            continue;
        }
        if to.trim().is_empty() || to.chars().count() > TAG_MAX {
            section.wrong(entry, "a tag has 1 to 32 letters", report);
            continue;
        }
        site.tags.push(Renamed { from: entry.key.clone(), to: to.to_string() });
    }
    for (index, renamed) in site.tags.iter().enumerate() {
        let is_freed = site.tags.iter().any(|other| other.from == renamed.to);
        let is_taken = known(&renamed.to) && !is_freed && renamed.to != renamed.from;
        let is_twice = site.tags[..index].iter().any(|other| other.to == renamed.to);
        if is_taken || is_twice {
            let place = table
                .find("tags")
                .and_then(|entry| entry.node.value.table()?.find(&renamed.from))
                .map_or(Place::Whole, |entry| entry.place.clone());
            let what =
                format!("`{} = \"{}\"`: this tag is taken already", renamed.from, renamed.to);
            report.fault(&place, "tags", what);
        }
    }
}

/// Letters of a tag: what fits a label on a mimic.
const TAG_MAX: usize = 32;

/// A bus that is asked more than it can answer.
fn overloads(table: &Table, catalogue: &Catalogue, site: &Site, report: &mut Report) {
    for load in loads(site, catalogue) {
        if load.share <= LOAD_MAX {
            continue;
        }
        let bus = &site.buses[load.bus];
        let line = bus.baud.map_or("over Ethernet".to_string(), |baud| format!("at {baud} baud"));
        let what = format!(
            "carries {:.1} transactions a second of {:.0} ms {line}: {:.0} % busy, at most {:.0} % is allowed; \
             move devices to another bus or raise its speed",
            load.transactions_per_second,
            bus.transaction().as_secs_f64() * 1_000.0,
            load.share * 100.0,
            LOAD_MAX * 100.0,
        );
        let place = table.find("bus").and_then(|entry| entry.node.value.table()?.find(&bus.name));
        let place = place.map_or(Place::Whole, |entry| entry.place.clone());
        report.fault(&place, &format!("bus.{}", bus.name), what);
    }
}
