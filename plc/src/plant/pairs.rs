//! Settings that only make sense in their order: a pump that starts below the level at which it stops starts and stops for
//! ever, and a stop that comes before its alarm warns nobody. Orders, what was kept, and site files are judged by the same list.

use alloc::vec::Vec;

use crate::tag::{Kind, Row};

/// Lower and higher setting of a unit. Of units that a site has several of the name stands without its letter or number.
const PAIRS: &[(&str, &str, &str)] = &[
    ("intake", "stop_level", "start_level"),
    ("intake", "flood_alarm", "flood_stop"),
    ("intake", "screen_alarm", "screen_stop"),
    ("coagulation", "hourly_cap", "daily_cap"),
    ("tank", "weir_level", "overflow_level"),
    ("tank", "sludge_high", "sludge_full_limit"),
    ("filtration", "stop_level", "start_level"),
    ("filtration", "wash_rate_min", "wash_rate_max"),
    ("disinfection", "chlorine_low", "residual_target"),
    ("disinfection", "residual_target", "chlorine_high"),
    ("disinfection", "hourly_cap", "daily_cap"),
    ("distribution", "level_min", "level_restart"),
    ("distribution", "fill_start", "fill_stop"),
    ("distribution", "tank_very_low_limit", "tank_low_limit"),
    ("power", "battery_stop", "battery_alarm"),
    ("system", "start_level", "stop_level"),
];

/// Unit and name of a setting.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.rsplit_once('.')
}

/// `tank` is the kind of `tank_a`, and `filter` that of `filter1`.
fn is_of(unit: &str, kind: &str) -> bool {
    unit.strip_prefix(kind).is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with('_')
            || rest.starts_with(|first: char| first.is_ascii_digit())
    })
}

/// Whether `value` for the setting `row` would turn a pair round, or make its two one; `now` says what a row of the others has.
pub fn turns_round(rows: &[Row], row: usize, value: f64, now: impl Fn(&Row) -> f64) -> bool {
    let Some((unit, name)) = rows.get(row).and_then(|row| parts(&row.path)) else { return false };
    let beside = |name: &str| {
        rows.iter().filter(|row| matches!(row.kind, Kind::Setting(_))).find(|row| {
            parts(&row.path).is_some_and(|(other, partner)| other == unit && partner == name)
        })
    };
    PAIRS.iter().filter(|(kind, _, _)| is_of(unit, kind)).any(|(_, lower, higher)| {
        let partner = |name| beside(name).map(&now);
        if name == *lower {
            partner(higher).is_some_and(|higher| !(value < higher))
        } else if name == *higher {
            partner(lower).is_some_and(|lower| !(lower < value))
        } else {
            false
        }
    })
}

/// Pairs that stand the wrong way round, or are one: row of the one that must be lower, row of the other.
#[must_use]
pub fn turned_round(rows: &[Row], now: impl Fn(&Row) -> f64) -> Vec<(usize, usize)> {
    let settings = rows.iter().filter(|row| matches!(row.kind, Kind::Setting(_)));
    let mut turned = Vec::new();
    for row in settings {
        let Some((unit, name)) = parts(&row.path) else { continue };
        for (kind, lower, higher) in PAIRS {
            if name != *lower || !is_of(unit, kind) {
                continue;
            }
            let partner = rows.iter().find(|row| parts(&row.path) == Some((unit, *higher)));
            if let Some(partner) = partner
                && !(now(row) < now(partner))
            {
                turned.push((row.id, partner.id));
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::{Plant, Shape};

    /// INV-37: every pair stands in the catalogue, and in order as it is delivered.
    #[test]
    fn each_pair_is_there_and_in_order_from_the_start() {
        let plant = Plant::new(&Shape::default());
        let rows = &plant.catalogue().rows;
        for (kind, lower, higher) in PAIRS {
            let setting = |name: &str| {
                rows.iter().find_map(|row| match (parts(&row.path), row.kind) {
                    (Some((unit, own)), Kind::Setting(words))
                        if is_of(unit, kind) && own == name =>
                    {
                        Some(words.default)
                    }
                    _ => None,
                })
            };
            let (low, high) = (setting(lower), setting(higher));
            assert!(low.is_some() && low < high, "{kind}: {lower} {low:?}, {higher} {high:?}");
        }
    }
}
