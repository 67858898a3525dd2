//! A setting in a site file: its value, and its range where the site narrows it.

use plc::quantity::Form;
use plc::tag::Row;

use crate::fault::Report;
use crate::points;
use crate::section::{Section, plain_number};
use crate::site::SettingValue;
use crate::tree::{Entry, Node, Value};
use crate::unit::{Quantity, needs_none};

/// A setting: `"0.9 mg/l"`, or `{ value = .., low = .., high = .. }` to narrow its range here.
pub(crate) fn setting(
    row: &Row,
    (least, most): (f64, f64),
    entry: &Entry,
    report: &mut Report,
) -> Option<SettingValue> {
    let (section, field) = points::split(&row.path);
    let before = report.count();
    let read = |entry: &Entry, (low, high): (f64, f64), report: &mut Report| match value_of(
        &entry.node,
        row.form,
    ) {
        Ok(value) if (low..=high).contains(&value) => Some(value),
        Ok(_) => {
            let shown = entry.node.written.trim_matches('"');
            let unit = unit_of(row.form);
            let what = format!("`{field} = {shown}` lies outside {low} to {high}{unit}");
            report.fault(&entry.place, section, what);
            None
        }
        Err(wanted) => {
            let what = format!("`{field} = {}`: {wanted}", entry.node.written);
            report.fault(&entry.place, section, what);
            None
        }
    };
    let Value::Table(table) = &entry.node.value else {
        let value = read(entry, (least, most), report)?;
        return Some(SettingValue { path: row.path.clone(), value, low: least, high: most });
    };
    let mut line = Section::at(entry, &row.path, report);
    for key in ["value", "low", "high"] {
        line.find(key);
    }
    line.end(report);
    let end = |key: &str, otherwise: f64, report: &mut Report| {
        table.find(key).map_or(Some(otherwise), |entry| read(entry, (least, most), report))
    };
    let low = end("low", least, report);
    let high = end("high", most, report);
    let (low, high) = (low?, high?);
    if low > high {
        let what = format!("`{field}`: low = {low} lies above high = {high}");
        report.fault(&entry.place, section, what);
        return None;
    }
    let Some(value) = table.find("value") else {
        let what = format!("`{field}`: `value` is missing");
        report.fault(&entry.place, section, what);
        return None;
    };
    let value = read(value, (low, high), report)?;
    (report.count() == before).then(|| SettingValue { path: row.path.clone(), value, low, high })
}

fn unit_of(form: Form) -> String {
    match form {
        Form::Number { symbol, .. } if !needs_none(symbol) => format!(" {symbol}"),
        Form::Number { .. } | Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => {
            String::new()
        }
    }
}

/// The number of a setting, or what should have been written.
fn value_of(node: &Node, form: Form) -> Result<f64, String> {
    match form {
        Form::Number { symbol, .. } => number_of(node, symbol),
        Form::OnOff => match node.value {
            Value::YesNo(yes) => Ok(f64::from(u8::from(yes))),
            Value::Text(_)
            | Value::Whole(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other => Err("write true or false".to_string()),
        },
        Form::States(names) => match &node.value {
            Value::Text(text) => names
                .iter()
                .position(|name| name == text)
                // A list of states is short.
                .map(|index| index as f64)
                .ok_or_else(|| format!("allowed are {}", names.join(", "))),
            Value::YesNo(_)
            | Value::Whole(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other => Err(format!("allowed are {}", names.join(", "))),
        },
        Form::Reasons | Form::Alarm => Err("this cannot be set".to_string()),
    }
}

/// A number in the unit `symbol`, or what should have been written.
pub(crate) fn number_of(node: &Node, symbol: &str) -> Result<f64, String> {
    let wanted = || format!("write a number with its unit, \"{symbol}\"");
    match &node.value {
        Value::Text(text) => Quantity::parse(text).ok_or_else(wanted)?.in_unit(symbol),
        Value::Whole(_) | Value::Number(_) => match plain_number(node) {
            Some(number) if needs_none(symbol) && number.is_finite() => Ok(number),
            Some(_) | None => Err(format!("write the unit, \"{symbol}\"")),
        },
        Value::YesNo(_) | Value::List(_) | Value::Table(_) | Value::Other => Err(wanted()),
    }
}
