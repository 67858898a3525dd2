//! `sweetspring check` and `sweetspring tags`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::{Profiles, Site, explain, shipped};
use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Role, Row};
use serde_json::{Map, Value, json};
use sweetspring::controller::catalogue_of;

use super::say;

/// Reads a site file, or the built-in demo, whole or not at all.
pub fn load(site: Option<&Path>, set: &[String]) -> anyhow::Result<Site> {
    let loaded = match site {
        Some(site) => config::load(site, set, catalogue_of),
        None => config::check(shipped::DEMO, "demo", &Profiles::shipped(), set, catalogue_of),
    };
    loaded.map_err(|faults| {
        let count = faults.0.len();
        let s = if count == 1 { "" } else { "s" };
        anyhow::anyhow!("{count} fault{s}, nothing was started\n{faults}")
    })
}

/// The text of a site file, or of the built-in demo.
pub fn text(site: Option<&Path>) -> anyhow::Result<String> {
    match site {
        Some(site) => std::fs::read_to_string(site).with_context(|| site.display().to_string()),
        None => Ok(shipped::DEMO.to_owned()),
    }
}

pub fn check(sites: &[PathBuf]) -> anyhow::Result<()> {
    let mut refused = 0;
    for file in sites {
        match config::load(file, &[], catalogue_of) {
            Ok(site) => {
                let catalogue = renamed(&site);
                let points = catalogue.rows.len();
                let loads = explain::bus_loads(&site, &catalogue);
                say(&format!(
                    "{}: {}, {points} points, sound\n{loads}",
                    file.display(),
                    site.name
                ))?;
            }
            Err(faults) => {
                refused += 1;
                eprintln!("{faults}");
            }
        }
    }
    if refused > 0 {
        bail!("{refused} of {} refused", sites.len());
    }
    Ok(())
}

pub fn tags(site: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let site = load(site, &[])?;
    let catalogue = renamed(&site);
    if json {
        let rows: Vec<Value> = catalogue.rows.iter().map(row).collect();
        say(&serde_json::to_string_pretty(&rows)?)
    } else {
        let wiring = explain::wiring(&site, &catalogue);
        say(&format!("{}\n{wiring}", explain::tags(&catalogue)))
    }
}

fn renamed(site: &Site) -> Catalogue {
    let mut catalogue = catalogue_of(&site.shape);
    site.rename_tags(&mut catalogue);
    catalogue
}

fn row(row: &Row) -> Value {
    let mut said = Map::new();
    let mut say = |key: &str, value: Value| said.insert(key.to_owned(), value);
    say("path", json!(row.path));
    say("tag", json!(row.tag));
    say("unit", json!(row.unit));
    say("kind", json!(row.kind.word()));
    say("about", json!(row.about));
    match row.form {
        Form::Number { symbol, decimals, .. } => {
            say("form", json!("number"));
            say("symbol", json!(symbol));
            say("decimals", json!(decimals));
        }
        Form::OnOff => drop(say("form", json!("onoff"))),
        Form::States(names) => {
            say("form", json!("states"));
            say("states", json!(names));
        }
        Form::Reasons => drop(say("form", json!("reasons"))),
        Form::Alarm => drop(say("form", json!("alarm"))),
    }
    if let Some((low, high)) = row.span() {
        say("range", json!([low, high]));
    }
    match row.kind {
        Kind::Setting(words) => {
            say("default", json!(words.default));
            say("role", json!(role(words.role)));
        }
        Kind::Alarm(words) => {
            say("number", json!(words.number));
            say("priority", json!(format!("{:?}", words.priority)));
            say("latching", json!(words.latching));
        }
        Kind::Input(_) | Kind::Output(..) | Kind::Status(_) | Kind::Retained(_) => {}
    }
    Value::Object(said)
}

fn role(role: Role) -> &'static str {
    sweetspring::access::users::role_word(role)
}
