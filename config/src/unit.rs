//! Quantities as people write them: a number and its unit.

use plc::quantity::{Form, UNITS};

/// A number with the unit beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quantity {
    pub number: f64,
    /// In the spelling of `plc::quantity`, where it is one of its units.
    pub unit: String,
}

impl Quantity {
    /// `"1.5 mg/l"`.
    pub fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let is_digit = |character: char| character.is_ascii_digit() || "+-.".contains(character);
        let end = text.find(|character| !is_digit(character)).unwrap_or(text.len());
        let number: f64 = text[..end].parse().ok()?;
        number
            .is_finite()
            .then(|| Quantity { number, unit: spelled(text[end..].trim()).to_string() })
    }

    /// As a time.
    pub fn seconds(&self) -> Option<f64> {
        let seconds = match self.unit.as_str() {
            "ms" => 0.001,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        Some(self.number * seconds)
    }

    /// In the unit of a point, or what should have been written.
    pub fn in_unit(&self, symbol: &str) -> Result<f64, String> {
        if self.unit == symbol {
            return Ok(self.number);
        }
        if symbol == "s"
            && let Some(seconds) = self.seconds()
        {
            return Ok(seconds);
        }
        if self.unit.is_empty() {
            return if needs_none(symbol) {
                Ok(self.number)
            } else {
                Err(format!("write the unit, \"{symbol}\""))
            };
        }
        Err(wrong_unit(&self.unit, symbol))
    }
}

/// Counts and ratios may stand bare.
pub(crate) fn needs_none(symbol: &str) -> bool {
    matches!(symbol, "1" | "pcs")
}

fn wrong_unit(found: &str, symbol: &str) -> String {
    if found.to_lowercase() == symbol.to_lowercase() {
        return format!("the unit is spelled \"{symbol}\", not \"{found}\"");
    }
    let is_known = symbol_is_known(found);
    let known = if is_known { "" } else { ", which is no unit known here" };
    format!("the unit must be \"{symbol}\", this is \"{found}\"{known}")
}

/// Whether a quantity of `plc` has this unit.
pub(crate) fn symbol_is_known(symbol: &str) -> bool {
    matches!(symbol, "s" | "min" | "h" | "d" | "ms" | "mA")
        || UNITS.iter().any(|form| match form {
            Form::Number { symbol: known, .. } => *known == symbol,
            Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => false,
        })
}

/// What a keyboard without superscripts and degree signs can write.
pub(crate) fn spelled(unit: &str) -> &str {
    match unit {
        "m3/h" => "m³/h",
        "m3" => "m³",
        "m2" => "m²",
        "degC" => "°C",
        "mg.min/l" | "mg*min/l" => "mg·min/l",
        "/min" | "strokes/min" => "1/min",
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_read_in_the_unit_of_its_point_only() {
        for (text, symbol, read) in [
            ("1.5 mg/l", "mg/l", Ok(1.5)),
            ("5m3/h", "m³/h", Ok(5.0)),
            ("-2 °C", "°C", Ok(-2.0)),
            ("2 min", "s", Ok(120.0)),
            ("0.7", "1", Ok(0.7)),
            ("1/min", "1/min", Ok(1.0)),
            ("1.5 mg/L", "mg/l", Err("the unit is spelled \"mg/l\", not \"mg/L\"")),
            ("1.5", "mg/l", Err("write the unit, \"mg/l\"")),
            ("1.5 g/l", "mg/l", Err("the unit must be \"mg/l\", this is \"g/l\"")),
            (
                "3 ft",
                "m",
                Err("the unit must be \"m\", this is \"ft\", which is no unit known here"),
            ),
        ] {
            let quantity = Quantity::parse(text).expect(text);
            assert_eq!(quantity.in_unit(symbol), read.map_err(String::from), "{text}");
        }
        for text in ["", "mg/l", "1.2.3 m", "nan m", "--1 m"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
