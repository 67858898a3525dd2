//! Everything that can be turned about the model: sizes, curves, rates, and the state it starts in.
//!
//! The default is the reference plant of `plant.md` 1.1 and 6; [`TwinParameters::for_site`] scales it: volumes, areas and
//! flows go with the nominal flow, heads and times stay.

use super::starts::Odds;
use super::tower::Mixing;

/// A centrifugal pump and the pipe it works into: `H = H0·n² − k·Q²` against `H_static + r·Q²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PumpCurve {
    /// H0 at 50 Hz, m.
    pub shut_off_head_m: f64,
    /// k, m per (m³/h)².
    pub curvature: f64,
    /// m; where it moves with levels the process adds that.
    pub static_head_m: f64,
    /// r, m per (m³/h)².
    pub resistance: f64,
    /// kW.
    pub rated_power_kw: f64,
    /// Peak efficiency, 0 to 1.
    pub efficiency: f64,
    /// Flow of the peak, m³/h.
    pub best_flow: f64,
}

impl PumpCurve {
    /// The same pump for `by` times the flow at the same heads.
    #[must_use]
    pub fn scaled(self, by: f64) -> PumpCurve {
        PumpCurve {
            curvature: self.curvature / (by * by),
            resistance: self.resistance / (by * by),
            rated_power_kw: self.rated_power_kw * by,
            best_flow: self.best_flow * by,
            ..self
        }
    }
}

/// A chemical day tank and its pumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoserParameters {
    /// l.
    pub tank_l: f64,
    /// What one stroke moves, ml.
    pub stroke_ml: f64,
    /// g/l as mixed by the attendant.
    pub strength: f64,
    /// Loss of strength a day, fraction.
    pub decay_per_day: f64,
    /// Fill at the start, 0 to 1.
    pub start_fill: f64,
    /// What a pump's tube loses of its stroke in an hour of work, fraction; 1e-4 in 6.10.
    pub tube_wear: f64,
    /// How much stronger than its mean a batch is at the floor, and weaker at the top, fraction; 0.2 in 6.10 where nobody
    /// stirs.
    pub unmixed: f64,
}

/// All physical parameters of the twin and the state it starts in.
#[derive(Clone, Debug, PartialEq)]
pub struct TwinParameters {
    // --- what the site says
    /// m³/h of raw water.
    pub nominal_flow: f64,
    pub tanks: usize,
    pub filters: usize,
    pub raw_pumps: usize,
    pub feed_pumps: usize,
    pub lift_pumps: usize,
    pub blower: bool,
    pub elevated_tank: bool,
    /// Plain tanks without weirs: filled, left to settle, drawn off low.
    pub batch: bool,
    /// Rain gauge, upstream level and soil moisture by radio.
    pub telemetry: bool,

    // --- calendar
    /// Day of the year at the start, 1 January is 0.
    pub start_day: f64,
    /// Hour of the day at the start.
    pub start_hour: f64,

    // --- weather and river, `plant.md` 6.1
    /// Storms a day, November to April.
    pub dry_storms_per_day: f64,
    /// Storms a day, May to October.
    pub wet_storms_per_day: f64,
    /// Mean depth of a storm, mm.
    pub storm_depth_mm: f64,
    /// Catchment, km².
    pub catchment_km2: f64,
    /// Q0, m³/s.
    pub base_discharge: f64,
    /// N_base in the dry and in the wet season, NTU.
    pub base_turbidity: [f64; 2],
    /// Mean of the year, swing of the year, swing of the day, °C.
    pub temperature: [f64; 3],
    /// In dry weather.
    pub raw_ph: f64,
    /// mg/l as CaCO₃, in dry weather.
    pub alkalinity: f64,
    /// Total organic carbon in dry weather, mg/l.
    pub organic_carbon: f64,
    /// mg/l as N.
    pub ammonia: f64,

    // --- intake, 6.2 and 6.3
    /// Plan area of the wet well, m².
    pub wet_well_area: f64,
    /// How far the floor of the wet well lies below the zero of LT-101, m.
    pub wet_well_depth: f64,
    /// Share of the screen that is blocked at the start.
    pub screen_blockage: f64,
    pub raw_pump: PumpCurve,

    // --- coagulation and settling, 6.4 and 6.5
    /// Both flocculation cells together, m³.
    pub floc_volume: f64,
    /// Site factor of D_opt, 0.7 to 1.5: how far the dose table is from the truth.
    pub coagulant_demand: f64,
    pub coagulant: DoserParameters,
    /// Each sedimentation tank, m².
    pub tank_area: f64,
    /// Weir crest above the floor, m.
    pub tank_weir: f64,
    /// Brim above the floor, m.
    pub tank_brim: f64,
    /// Usable volume of the settled water tank T-206, m³.
    pub settled_volume: f64,

    // --- filtration, 6.6
    /// Each filter, m².
    pub filter_area: f64,
    pub feed_pump: PumpCurve,
    pub wash_pump: PumpCurve,
    /// m³/h of air at the blower's rating.
    pub air_flow: f64,

    // --- disinfection and distribution, 6.8 and 6.9
    /// Inlet compartment, m³.
    pub inlet_volume: f64,
    /// Clear well, m².
    pub clear_well_area: f64,
    /// Brim of the clear well, m.
    pub clear_well_brim: f64,
    /// N, equal CSTRs in series: the truth behind the baffling factor.
    pub clear_well_compartments: usize,
    pub hypochlorite: DoserParameters,
    /// Sample line and analyser of AIT-401, s: 60 to 600, `plant.md` 6.11.
    pub chlorine_dead_s: f64,
    pub lift_pump: PumpCurve,
    /// Elevated tank, m².
    pub elevated_area: f64,
    /// Brim of the elevated tank, m.
    pub elevated_brim: f64,
    pub elevated_mixing: Mixing,

    // --- demand, waste, power: 6.12, 2.9, 6.13
    /// Mean demand of the village, m³/d.
    pub demand_per_day: f64,
    /// Waste tank, m³, and its depth, m.
    pub waste_volume: f64,
    pub waste_depth: f64,
    /// Outages a day; 0.4 is a weak village grid.
    pub outages_per_day: f64,
    /// Standard deviation of the voltage, V, and its share lost in the evening. 8 V and 0.10 are the weak grid of 6.13.
    pub voltage_spread: f64,
    pub evening_sag: f64,
    /// Battery or sun feed the plant: CC-903 says so.
    pub limited_supply: bool,
    /// Panels behind an inverter, kW in full sun, and the battery that carries the plant while the grid is away, kWh: none, or
    /// 3 and 5 in 6.13.
    pub solar_kw: f64,
    pub store_kwh: f64,
    /// Time the UPS carries the controller, h.
    pub ups_hours: f64,
    /// A person who refills the day tanks below a quarter, cleans the screen at half, and calibrates once a week.
    pub attendant: bool,

    // --- what the reference plant is spared, 6.1, 6.3, 6.9, 6.12 and 6.13
    /// Swing of the river's pH over a day to each side, and of its alkalinity over the year, mg/l. 0.2 and 15 in 6.1.
    pub ph_swing: f64,
    pub alkalinity_swing: f64,
    /// A pump fails after it has turned without water for so long in all, s; 300 in 6.3.
    pub dry_limit_s: f64,
    /// How fast the stock of hypochlorite ages against the published table, 0 to keep it fresh; its age at the start, days;
    /// °C in the store.
    pub stock_ageing: f64,
    pub stock_age_days: f64,
    pub store_temperature: f64,
    /// Demand on Saturdays, Sundays and at new year, against other days; 1.3 in 6.12.
    pub weekend_demand: f64,
    /// Demand of March to May against other months; 1.25 in 6.12.
    pub hot_season_demand: f64,
    /// What leaks out of the network day and night, of the mean demand; 0.05 to 0.20 in 6.12.
    pub leak_share: f64,
    /// How many times more outages begin while it rains; 5 in 6.13.
    pub storm_outages: f64,
    /// Dips of the mains below one second, a day; 2 in 6.13.
    pub dips_per_day: f64,

    /// How likely a start trips a motor, and welds its contactor: 1e-4 and 1e-5 in 6.11.
    pub odds: Odds,
    /// What settling loses while the inlet warms by more than 0.3 °C/h, fraction; 0.2 in 6.5.
    pub short_circuit: f64,
    /// Share of a bed's pores that gas fills in an hour, for each metre of loss beyond the water over the sand. Chosen, 6.6
    /// gives no figure: 0.02 doubles the loss of a bed in a day.
    pub air_binding: f64,

    /// What bubbles add at most to an analyser's reading for five minutes after a wash, NTU; 2 in 6.11.
    pub wash_bubbles: f64,

    // --- the state at the start: a plant that ran minutes ago
    /// PAC tank, sedimentation tanks and T-206 hold settled water; T-206 in percent.
    pub start_settled_percent: f64,
    /// Clear well, m.
    pub start_clear_well: f64,
    /// Elevated tank, m.
    pub start_elevated: f64,
    /// Waste tank, percent.
    pub start_waste_percent: f64,
    /// Free chlorine in the clear well, mg/l.
    pub start_chlorine: f64,
    /// Solids caught by the first filter, kg/m²: near its wash.
    pub start_first_filter: f64,
    /// Solids caught by the others, kg/m².
    pub start_other_filters: f64,
}

impl Default for TwinParameters {
    fn default() -> TwinParameters {
        TwinParameters {
            nominal_flow: 5.0,
            tanks: 2,
            filters: 2,
            raw_pumps: 2,
            feed_pumps: 2,
            lift_pumps: 2,
            blower: true,
            elevated_tank: true,
            batch: false,
            telemetry: true,

            // Chosen: early November, the river falling from the wet season and storms rare; six in the morning.
            start_day: 305.0,
            start_hour: 6.0,

            dry_storms_per_day: 0.05,
            wet_storms_per_day: 0.45,
            storm_depth_mm: 18.0,
            catchment_km2: 20.0,
            base_discharge: 0.6,
            base_turbidity: [8.0, 40.0],
            temperature: [24.0, 4.0, 1.0],
            raw_ph: 7.6,
            alkalinity: 70.0,
            organic_carbon: 2.0,
            ammonia: 0.0,

            // Chosen: a shaft ring of 1.6 m diameter.
            wet_well_area: 2.0,
            // Chosen: water over the pump in the driest month, 1.4 m.
            wet_well_depth: 0.6,
            screen_blockage: 0.02,
            raw_pump: PumpCurve {
                shut_off_head_m: 32.0,
                curvature: 0.35,
                static_head_m: 8.0,
                resistance: 0.15,
                rated_power_kw: 1.5,
                efficiency: 0.45,
                best_flow: 6.0,
            },

            floc_volume: 1.25,
            coagulant_demand: 1.0,
            coagulant: DoserParameters {
                tank_l: 100.0,
                stroke_ml: 0.93,
                strength: 50.0,
                decay_per_day: 0.0,
                start_fill: 0.8,
                tube_wear: 0.0,
                unmixed: 0.0,
            },
            tank_area: 2.5,
            // Chosen: batch filling ends at 1.80 m, the overflow alarm stands at 1.95 m, the brim at 2.0 m.
            tank_weir: 1.80,
            tank_brim: 2.0,
            settled_volume: 2.0,

            // Ø 0.80 m.
            filter_area: 0.503,
            feed_pump: PumpCurve {
                shut_off_head_m: 24.0,
                curvature: 0.30,
                static_head_m: 2.0,
                resistance: 0.10,
                rated_power_kw: 1.1,
                efficiency: 0.45,
                best_flow: 6.0,
            },
            wash_pump: PumpCurve {
                shut_off_head_m: 20.0,
                curvature: 0.019,
                static_head_m: 3.0,
                resistance: 0.02,
                rated_power_kw: 2.2,
                efficiency: 0.5,
                // The best point of a wash pump is its duty.
                best_flow: 18.0,
            },
            air_flow: 27.0,

            inlet_volume: 1.0,
            clear_well_area: 10.0,
            // LSHH-401 at 1.95 m, range of LT-401 to 2.2 m.
            clear_well_brim: 2.1,
            clear_well_compartments: 3,
            hypochlorite: DoserParameters {
                tank_l: 100.0,
                stroke_ml: 0.46,
                strength: 10.0,
                // A diluted 1 % day tank at 25 °C, 6.9.
                decay_per_day: 0.01,
                start_fill: 0.8,
                tube_wear: 0.0,
                unmixed: 0.0,
            },
            chlorine_dead_s: 60.0,
            lift_pump: PumpCurve {
                shut_off_head_m: 48.0,
                curvature: 0.36,
                static_head_m: 22.0,
                resistance: 0.25,
                rated_power_kw: 1.5,
                efficiency: 0.45,
                best_flow: 6.0,
            },
            elevated_area: 12.0,
            elevated_brim: 2.5,
            elevated_mixing: Mixing::Whole,

            demand_per_day: 82.0,
            waste_volume: 8.0,
            // Chosen: a pit of 2 by 2 m.
            waste_depth: 2.0,
            outages_per_day: 0.0,
            // Chosen: a grid that stays inside ±10 %.
            voltage_spread: 3.0,
            evening_sag: 0.05,
            limited_supply: false,
            solar_kw: 0.0,
            store_kwh: 0.0,
            ups_hours: 2.0,
            attendant: true,

            ph_swing: 0.0,
            alkalinity_swing: 0.0,
            dry_limit_s: f64::INFINITY,
            stock_ageing: 0.0,
            stock_age_days: 0.0,
            // Chosen: a shed under a tin roof.
            store_temperature: 30.0,
            weekend_demand: 1.0,
            hot_season_demand: 1.0,
            leak_share: 0.0,
            storm_outages: 1.0,
            dips_per_day: 0.0,
            odds: Odds { trip: 0.0, weld: 0.0 },
            short_circuit: 0.0,
            air_binding: 0.0,
            wash_bubbles: 0.0,

            start_settled_percent: 55.0,
            start_clear_well: 1.40,
            start_elevated: 1.80,
            start_waste_percent: 20.0,
            start_chlorine: 0.8,
            start_first_filter: 0.66,
            start_other_filters: 0.25,
        }
    }
}

impl TwinParameters {
    /// The reference plant scaled to another nominal flow (m³/h) and other numbers of tanks and filters; the areas of all
    /// tanks and of all filters together stay in proportion.
    #[must_use]
    pub fn for_site(nominal_flow: f64, tanks: usize, filters: usize) -> TwinParameters {
        let reference = TwinParameters::default();
        let by = nominal_flow / reference.nominal_flow;
        let share = |reference: usize, count: usize| by * reference as f64 / count.max(1) as f64;
        let by_filter = share(reference.filters, filters);
        let by_tank = share(reference.tanks, tanks);
        let doser = |doser: DoserParameters| DoserParameters {
            tank_l: doser.tank_l * by,
            stroke_ml: doser.stroke_ml * by,
            ..doser
        };
        TwinParameters {
            nominal_flow,
            tanks,
            filters,
            wet_well_area: reference.wet_well_area * by,
            raw_pump: reference.raw_pump.scaled(by),
            floc_volume: reference.floc_volume * by,
            coagulant: doser(reference.coagulant),
            tank_area: reference.tank_area * by_tank,
            settled_volume: reference.settled_volume * by,
            filter_area: reference.filter_area * by_filter,
            feed_pump: reference.feed_pump.scaled(by),
            wash_pump: reference.wash_pump.scaled(by_filter),
            air_flow: reference.air_flow * by_filter,
            inlet_volume: reference.inlet_volume * by,
            clear_well_area: reference.clear_well_area * by,
            hypochlorite: doser(reference.hypochlorite),
            lift_pump: reference.lift_pump.scaled(by),
            elevated_area: reference.elevated_area * by,
            demand_per_day: reference.demand_per_day * by,
            waste_volume: reference.waste_volume * by,
            ..reference
        }
    }

    /// The same with plain tanks. Chosen: as large as can be filled in an hour and a half; two of them give half of what P-101
    /// lifts, and the village takes no more.
    #[must_use]
    pub fn with_plain_tanks(self) -> TwinParameters {
        TwinParameters {
            batch: true,
            tank_area: 1.2 * self.nominal_flow,
            demand_per_day: 0.45 * self.demand_per_day,
            ..self
        }
    }

    /// Flow against that of the reference plant.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.nominal_flow / TwinParameters::default().nominal_flow
    }
}
