//! Names of what is really so, for conditions and plots: `true.outlet_chlorine`, `true.filter1.turbidity`.

use crate::Truth;

type Of = fn(&Truth) -> f64;

/// What can be read of the world.
const NAMED: [(&str, Of); 47] = [
    ("hour", |t| t.hour),
    ("rain", |t| t.rain.0),
    ("river_level", |t| t.river_level.0),
    ("river_turbidity", |t| t.river_turbidity.0),
    ("raw_turbidity", |t| t.raw_turbidity.0),
    ("raw_ph", |t| t.raw_ph.0),
    ("raw_temperature", |t| t.raw_temperature.0),
    ("wet_well_level", |t| t.wet_well_level.0),
    ("raw_flow", |t| t.raw_flow.0),
    ("coagulant_dose", |t| t.coagulant_dose.0),
    ("coagulation", |t| t.coagulation.0),
    ("residual_aluminium", |t| t.residual_aluminium.0),
    ("coagulant_dosed", |t| t.coagulant_dosed.0),
    ("coagulant_tank", |t| t.coagulant_tank.0),
    ("settled_turbidity", |t| t.settled_turbidity.0),
    ("settled_level", |t| t.settled_level.0),
    ("feed_flow", |t| t.feed_flow.0),
    ("combined_turbidity", |t| t.combined_turbidity.0),
    ("produced_flow", |t| t.produced_flow.0),
    ("wash_flow", |t| t.wash_flow.0),
    ("air_pressure", |t| t.air_pressure.0),
    ("chlorine_dose", |t| t.chlorine_dose.0),
    ("chlorine_dosed", |t| t.chlorine_dosed.0),
    ("hypochlorite_tank", |t| t.hypochlorite_tank.0),
    ("inlet_chlorine", |t| t.inlet_chlorine.0),
    ("outlet_chlorine", |t| t.outlet_chlorine.0),
    ("outlet_turbidity", |t| t.outlet_turbidity.0),
    ("outlet_ph", |t| t.outlet_ph.0),
    ("clear_well_level", |t| t.clear_well_level.0),
    ("contact_minutes", |t| t.contact_minutes),
    ("inactivation_ratio", |t| t.inactivation_ratio.0),
    ("lift_flow", |t| t.lift_flow.0),
    ("elevated_level", |t| t.elevated_level.0),
    ("elevated_chlorine", |t| t.elevated_chlorine.0),
    ("tap_chlorine", |t| t.tap_chlorine.0),
    ("demand", |t| t.demand.0),
    ("village_flow", |t| t.village_flow.0),
    ("unmet", |t| t.unmet.0),
    ("waste_level", |t| t.waste_level.0),
    ("contactor", |t| f64::from(u8::from(t.contactor))),
    ("mains", |t| f64::from(u8::from(t.mains))),
    ("power", |t| t.power.0),
    ("store", |t| t.store.0),
    ("overflowed", |t| t.overflowed.0),
    ("elevated_overflowed", |t| t.elevated_overflowed.0),
    ("dosers", |t| t.dosers.iter().filter(|fed| **fed).count() as f64),
    ("motors", |t| t.turning.iter().filter(|turns| **turns).count() as f64),
];

type OfFilter = fn(&crate::twin::truth::FilterTruth) -> f64;
const OF_FILTER: [(&str, OfFilter); 10] = [
    ("flow", |f| f.flow.0),
    ("rate", |f| f.rate.0),
    ("upflow", |f| f.upflow.0),
    ("turbidity", |f| f.turbidity.0),
    ("head_loss", |f| f.head_loss.0),
    ("load", |f| f.load_kg_per_m2),
    ("washes", |f| f64::from(f.washes)),
    ("inlet", |f| f.positions[0]),
    ("outlet", |f| f.positions[1]),
    ("waste", |f| f.positions[3]),
];

type OfTank = fn(&crate::twin::truth::TankTruth) -> f64;
const OF_TANK: [(&str, OfTank); 4] = [
    ("level", |t| t.level.0),
    ("turbidity", |t| t.turbidity.0),
    ("sludge", |t| t.sludge_kg),
    ("sludge_valve", |t| t.sludge_valve),
];

/// A value of the world.
#[derive(Clone, Copy)]
pub enum TrueValue {
    Whole(Of),
    Filter(usize, OfFilter),
    Tank(usize, OfTank),
}

impl TrueValue {
    /// The value of this name, without `true.`.
    ///
    /// # Errors
    /// When there is none: with those there are.
    pub fn named(name: &str) -> Result<TrueValue, String> {
        let found =
            |all: &[(&str, Of)]| all.iter().find(|(known, _)| *known == name).map(|(_, of)| *of);
        if let Some(of) = found(&NAMED) {
            return Ok(TrueValue::Whole(of));
        }
        if let Some((place, value)) = part(name, "filter")
            && let Some((_, of)) = OF_FILTER.iter().find(|(known, _)| *known == value)
        {
            return Ok(TrueValue::Filter(place, *of));
        }
        if let Some((place, value)) = part(name, "tank")
            && let Some((_, of)) = OF_TANK.iter().find(|(known, _)| *known == value)
        {
            return Ok(TrueValue::Tank(place, *of));
        }
        let names = |all: Vec<&str>| all.join(", ");
        Err(format!(
            "no true.{name}. There are {}; of filter1, filter2 and so on {}; of tank1 and so on {}",
            names(NAMED.iter().map(|(name, _)| *name).collect()),
            names(OF_FILTER.iter().map(|(name, _)| *name).collect()),
            names(OF_TANK.iter().map(|(name, _)| *name).collect()),
        ))
    }

    /// It now; not a number where the plant has no such filter or tank.
    #[must_use]
    pub fn of(self, truth: &Truth) -> f64 {
        match self {
            TrueValue::Whole(of) => of(truth),
            TrueValue::Filter(place, of) => truth.filters.get(place).map_or(f64::NAN, of),
            TrueValue::Tank(place, of) => truth.tanks.get(place).map_or(f64::NAN, of),
        }
    }
}

/// Place and value of `filter1.turbidity`.
fn part<'a>(name: &'a str, of: &str) -> Option<(usize, &'a str)> {
    let (number, value) = name.strip_prefix(of)?.split_once('.')?;
    let place = number.parse::<usize>().ok()?.checked_sub(1)?;
    Some((place, value))
}
