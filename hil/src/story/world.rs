//! The parameters of the world that a story may set, by name, with the range that makes sense.

use crate::TwinParameters;

/// A parameter: its name, range, and where it stands.
type Parameter = (&'static str, f64, f64, fn(&mut TwinParameters) -> &mut f64);

/// What a story may set. Ranges: `docs/spec/plant.md` 6, widened to what a village might have.
pub const PARAMETERS: [Parameter; 54] = [
    ("start_day", 0.0, 366.0, |p| &mut p.start_day),
    ("start_hour", 0.0, 24.0, |p| &mut p.start_hour),
    ("dry_storms_per_day", 0.0, 5.0, |p| &mut p.dry_storms_per_day),
    ("wet_storms_per_day", 0.0, 5.0, |p| &mut p.wet_storms_per_day),
    ("storm_depth_mm", 1.0, 100.0, |p| &mut p.storm_depth_mm),
    ("base_discharge", 0.05, 5.0, |p| &mut p.base_discharge),
    ("dry_turbidity", 1.0, 200.0, |p| &mut p.base_turbidity[0]),
    ("wet_turbidity", 1.0, 400.0, |p| &mut p.base_turbidity[1]),
    ("temperature", 2.0, 35.0, |p| &mut p.temperature[0]),
    ("temperature_of_year", 0.0, 10.0, |p| &mut p.temperature[1]),
    ("temperature_of_day", 0.0, 6.0, |p| &mut p.temperature[2]),
    ("raw_ph", 5.5, 9.5, |p| &mut p.raw_ph),
    ("alkalinity", 10.0, 200.0, |p| &mut p.alkalinity),
    ("organic_carbon", 0.5, 10.0, |p| &mut p.organic_carbon),
    ("ammonia", 0.0, 2.0, |p| &mut p.ammonia),
    ("screen_blockage", 0.0, 0.95, |p| &mut p.screen_blockage),
    ("coagulant_demand", 0.7, 1.5, |p| &mut p.coagulant_demand),
    ("chlorine_dead_s", 30.0, 600.0, |p| &mut p.chlorine_dead_s),
    ("demand_per_day", 1.0, 1_000.0, |p| &mut p.demand_per_day),
    ("outages_per_day", 0.0, 50.0, |p| &mut p.outages_per_day),
    ("voltage_spread", 0.0, 20.0, |p| &mut p.voltage_spread),
    ("evening_sag", 0.0, 0.25, |p| &mut p.evening_sag),
    ("solar_kw", 0.0, 100.0, |p| &mut p.solar_kw),
    ("store_kwh", 0.0, 200.0, |p| &mut p.store_kwh),
    ("ups_hours", 0.1, 48.0, |p| &mut p.ups_hours),
    ("start_settled_percent", 0.0, 95.0, |p| &mut p.start_settled_percent),
    ("start_clear_well", 0.0, 2.0, |p| &mut p.start_clear_well),
    ("start_elevated", 0.0, 2.4, |p| &mut p.start_elevated),
    ("start_waste_percent", 0.0, 95.0, |p| &mut p.start_waste_percent),
    ("start_chlorine", 0.0, 4.0, |p| &mut p.start_chlorine),
    ("start_first_filter", 0.0, 1.0, |p| &mut p.start_first_filter),
    ("start_other_filters", 0.0, 1.0, |p| &mut p.start_other_filters),
    ("coagulant_fill", 0.0, 1.0, |p| &mut p.coagulant.start_fill),
    ("hypochlorite_fill", 0.0, 1.0, |p| &mut p.hypochlorite.start_fill),
    ("hypochlorite_decay", 0.0, 0.2, |p| &mut p.hypochlorite.decay_per_day),
    ("ph_swing", 0.0, 0.5, |p| &mut p.ph_swing),
    ("alkalinity_swing", 0.0, 40.0, |p| &mut p.alkalinity_swing),
    ("dry_limit_s", 10.0, 1.0e9, |p| &mut p.dry_limit_s),
    ("stock_ageing", 0.0, 3.0, |p| &mut p.stock_ageing),
    ("stock_age_days", 0.0, 365.0, |p| &mut p.stock_age_days),
    ("store_temperature", 5.0, 45.0, |p| &mut p.store_temperature),
    ("weekend_demand", 0.5, 3.0, |p| &mut p.weekend_demand),
    ("hot_season_demand", 0.5, 3.0, |p| &mut p.hot_season_demand),
    ("leak_share", 0.0, 0.5, |p| &mut p.leak_share),
    ("storm_outages", 1.0, 20.0, |p| &mut p.storm_outages),
    ("dips_per_day", 0.0, 200.0, |p| &mut p.dips_per_day),
    ("coagulant_tube_wear", 0.0, 0.01, |p| &mut p.coagulant.tube_wear),
    ("hypochlorite_tube_wear", 0.0, 0.01, |p| &mut p.hypochlorite.tube_wear),
    ("coagulant_unmixed", 0.0, 0.5, |p| &mut p.coagulant.unmixed),
    ("trip_per_start", 0.0, 1.0, |p| &mut p.odds.trip),
    ("weld_per_start", 0.0, 1.0, |p| &mut p.odds.weld),
    ("short_circuit", 0.0, 0.5, |p| &mut p.short_circuit),
    ("air_binding", 0.0, 0.2, |p| &mut p.air_binding),
    ("wash_bubbles", 0.0, 5.0, |p| &mut p.wash_bubbles),
];

/// Sets one by name.
///
/// # Errors
/// When there is none of that name, or not with that value: with what there is.
pub fn set(parameters: &mut TwinParameters, name: &str, value: f64) -> Result<(), String> {
    if name == "compartments" {
        // N of `plant.md` 6.8: an optimistic engineer has 2 where 3 were credited.
        if !(1.0..=30.0).contains(&value) || value.fract() != 0.0 {
            return Err(format!("compartments is 1 to 30, not {value}"));
        }
        parameters.clear_well_compartments = value as usize;
        return Ok(());
    }
    let found = PARAMETERS.iter().find(|parameter| parameter.0 == name);
    let Some((_, low, high, at)) = found else {
        let names: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.0).collect();
        return Err(format!(
            "the world has no {name}. There are compartments, {}",
            names.join(", ")
        ));
    };
    if !(*low..=*high).contains(&value) {
        return Err(format!("{name} is {low} to {high}, not {value}"));
    }
    *at(parameters) = value;
    Ok(())
}
