//! Settings of a site that only make sense in their order: the core's own list, and where the file turns it round.

use plc::plant::pairs;
use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Row};

use crate::fault::{Place, Report};
use crate::points::split;
use crate::site::Site;
use crate::tree::{Table, Value};
use crate::unit::needs_none;

/// Says which two settings of the file, or one of it and the default of another, stand the wrong way round.
pub(crate) fn in_order(table: &Table, catalogue: &Catalogue, site: &Site, report: &mut Report) {
    let now = |row: &Row| {
        let given = site.settings.iter().find(|one| one.path == row.path);
        given.map_or_else(|| default_of(row), |one| one.value)
    };
    for (low, high) in pairs::turned_round(&catalogue.rows, now) {
        let (Some(low), Some(high)) = (catalogue.rows.get(low), catalogue.rows.get(high)) else {
            continue;
        };
        let (section, _) = split(&low.path);
        let written = place_of(table, &high.path).or_else(|| place_of(table, &low.path));
        let what = format!(
            "{} must lie below {}: lower the first, or raise the second",
            said(low, now(low)),
            said(high, now(high)),
        );
        report.fault(&written.unwrap_or(Place::Whole), section, what);
    }
}

fn default_of(row: &Row) -> f64 {
    match row.kind {
        Kind::Setting(words) => words.default,
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Status(_)
        | Kind::Retained(_)
        | Kind::Alarm(_) => f64::NAN,
    }
}

/// `stop_level` = 1.2 m.
fn said(row: &Row, value: f64) -> String {
    let (_, field) = split(&row.path);
    match row.form {
        Form::Number { symbol, .. } if !needs_none(symbol) => {
            format!("`{field} = {value} {symbol}`")
        }
        Form::Number { .. } | Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => {
            format!("`{field} = {value}`")
        }
    }
}

/// Where a setting is written, if it is.
fn place_of(table: &Table, path: &str) -> Option<Place> {
    let (parents, field) = path.rsplit_once('.')?;
    let mut table = table;
    for part in parents.split('.') {
        let Value::Table(inner) = &table.find(part)?.node.value else { return None };
        table = inner;
    }
    table.find(field).map(|entry| entry.place.clone())
}
