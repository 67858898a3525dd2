//! What is really so, beside what the instruments say. Invariants judge this.

use plc::quantity::{
    Celsius, CubicMetres, CubicMetresPerHour, Grams, KiloPascals, KiloWattHours, KiloWatts, Metres,
    MetresPerHour, MilligramsPerLitre, MillimetresPerHour, Ntu, Percent, Ph, Ratio,
};

use crate::model::balance::Balance;
use crate::model::parameters::TwinParameters;
use crate::model::works::{KPA_PER_METRE, Works};

/// One filter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FilterTruth {
    pub flow: CubicMetresPerHour,
    pub rate: MetresPerHour,
    /// Upflow of a wash.
    pub upflow: MetresPerHour,
    /// At its analyser.
    pub turbidity: Ntu,
    /// Across the bed.
    pub head_loss: KiloPascals,
    /// Solids caught since the last wash, kg/m².
    pub load_kg_per_m2: f64,
    /// Filtered since the last wash.
    pub filtered: CubicMetres,
    /// Washes ended since the start.
    pub washes: u32,
    /// True positions, 0 closed to 1 open: n1 to n7 of `plant.md` 2.6.1.
    pub positions: [f64; 7],
    /// Clear side and wash or waste side meet: INV-10.
    pub crossed: bool,
}

/// One sedimentation tank.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TankTruth {
    pub level: Metres,
    /// Of what runs over its weir.
    pub turbidity: Ntu,
    /// Dry solids, kg.
    pub sludge_kg: f64,
    /// Of its sludge valve, 0 closed to 1 open.
    pub sludge_valve: f64,
}

/// The state of the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// Hour of the day, 0 to 24.
    pub hour: f64,
    pub rain: MillimetresPerHour,
    pub river_level: Metres,
    /// In the river, past the screen.
    pub river_turbidity: Ntu,
    /// In the wet well, where AIT-101 samples.
    pub raw_turbidity: Ntu,
    pub raw_ph: Ph,
    pub raw_temperature: Celsius,
    pub wet_well_level: Metres,
    pub raw_flow: CubicMetresPerHour,

    /// Of the water that enters flocculation now; zero without flow.
    pub coagulant_dose: MilligramsPerLitre,
    /// η_c of that water, 0 to 1.
    pub coagulation: Ratio,
    /// Aluminium that stays dissolved in that water: `plant.md` 6.4; people should drink no more than 0.2.
    pub residual_aluminium: MilligramsPerLitre,
    /// PAC since the start.
    pub coagulant_dosed: Grams,
    pub coagulant_tank: Percent,
    /// Moved by strokes since the start, l; what a siphon takes is not in it.
    pub coagulant_stroked: f64,
    pub tanks: Box<[TankTruth]>,
    pub settled_turbidity: Ntu,
    pub settled_level: Percent,

    pub feed_flow: CubicMetresPerHour,
    pub filters: Box<[FilterTruth]>,
    pub combined_turbidity: Ntu,
    /// To the clear well.
    pub produced_flow: CubicMetresPerHour,
    pub wash_flow: CubicMetresPerHour,
    pub air_pressure: KiloPascals,

    /// Of the water that enters the inlet compartment now; zero without flow.
    pub chlorine_dose: MilligramsPerLitre,
    /// Chlorine since the start.
    pub chlorine_dosed: Grams,
    pub hypochlorite_tank: Percent,
    /// Moved by strokes since the start, l.
    pub hypochlorite_stroked: f64,
    pub inlet_chlorine: MilligramsPerLitre,
    /// At the suction of P-501.
    pub outlet_chlorine: MilligramsPerLitre,
    pub outlet_turbidity: Ntu,
    pub outlet_ph: Ph,
    pub clear_well_temperature: Celsius,
    pub clear_well_level: Metres,
    /// T10 at the present outflow.
    pub contact_minutes: f64,
    /// IR at the present outflow.
    pub inactivation_ratio: Ratio,

    pub lift_flow: CubicMetresPerHour,
    pub elevated_level: Metres,
    pub elevated_chlorine: MilligramsPerLitre,
    /// At the first tap, behind the main.
    pub tap_chlorine: MilligramsPerLitre,
    pub demand: CubicMetresPerHour,
    pub village_flow: CubicMetresPerHour,
    /// Demand not served since the start.
    pub unmet: CubicMetres,
    pub waste_level: Percent,

    /// Whether each motor turns: the drives of P-101, P-301, P-351, P-501, then M-211, P-205, P-601, B-351 where there is one.
    /// [`Truth::motors`] names them.
    pub turning: Box<[bool]>,
    /// Whether each dosing pump has power: PAC, hypochlorite.
    pub dosers: [bool; 2],
    /// The emergency-stop loop is whole.
    pub emergency_loop: bool,
    /// Somebody pushes HS-901.
    pub reset_pressed: bool,
    /// K0 is in.
    pub contactor: bool,
    pub mains: bool,
    pub power: KiloWatts,
    /// Of the battery that carries the plant while the grid is away.
    pub store: Percent,
    pub energy: KiloWattHours,
    /// Pumps turning without water: P-101, P-301, P-351, P-501, seconds since the start.
    pub dry_seconds: [f64; 4],

    /// Over brims inside the plant since the start: INV-21.
    pub overflowed: CubicMetres,
    /// Of that over the brim of T-202, which nothing measures.
    pub flocculation_overflowed: CubicMetres,
    /// Of that over the brim of the elevated tank.
    pub elevated_overflowed: CubicMetres,
    /// And over that of the waste tank.
    pub waste_overflowed: CubicMetres,
    /// Taken in from the river, and let out to village, soakaway and over brims, since the start.
    pub taken_in: CubicMetres,
    pub let_out: CubicMetres,
    /// Held in the plant.
    pub held: CubicMetres,
    /// What the water balance misses since the start, as a fraction: INV-46.
    pub balance_error: Ratio,
    /// The same for chlorine.
    pub chlorine_balance_error: Ratio,
    /// The same for solids.
    pub solids_balance_error: Ratio,
    /// The worst step of each book so far: INV-46.
    pub worst_step: Balance,
}

impl Truth {
    pub(super) fn new(works: &Works) -> Truth {
        let mut truth = Truth {
            tanks: vec![TankTruth::default(); works.tanks.len()].into_boxed_slice(),
            filters: vec![FilterTruth::default(); works.filtration.filters.len()]
                .into_boxed_slice(),
            turning: vec![false; Truth::motors(&works.parameters).len()].into_boxed_slice(),
            ..Truth::default()
        };
        truth.look(works);
        truth
    }

    /// Names of the motors of [`Truth::turning`].
    #[must_use]
    pub fn motors(p: &TwinParameters) -> Vec<String> {
        let lettered = |tag: &str, count: usize| -> Vec<String> {
            ('A'..='Z').take(count).map(|letter| format!("{tag}{letter}")).collect()
        };
        let mut names = lettered("P-101", p.raw_pumps);
        names.extend(lettered("P-301", p.feed_pumps));
        names.push("P-351".into());
        names.extend(lettered("P-501", p.lift_pumps));
        names.extend(["M-211", "P-205", "P-601"].map(String::from));
        names.extend(p.blower.then(|| "B-351".into()));
        names
    }

    fn look_at_motors(&mut self, works: &Works) {
        let filtration = &works.filtration;
        let stations = [&works.raw, &filtration.feed, &filtration.wash, &works.lift];
        let drives = stations.into_iter().flat_map(|station| station.drives.iter());
        let drives = drives.map(crate::model::actuators::Drive::turns);
        let motors = [&works.mixer, &works.sludge_pump, &works.decant];
        let motors = motors.into_iter().chain(filtration.blower.as_ref());
        let now = drives.chain(motors.map(|motor| motor.running));
        self.turning.iter_mut().zip(now).for_each(|(turning, now)| *turning = now);
    }

    pub(super) fn look(&mut self, works: &Works) {
        self.look_at_raw_side(works);
        self.look_at_filters(works);
        self.look_at_clear_side(works);
        self.look_at_the_books(works);
    }

    fn look_at_raw_side(&mut self, works: &Works) {
        self.hour = works.weather.hour();
        self.rain = MillimetresPerHour(works.weather.rain);
        self.river_level = Metres(works.river.level);
        self.river_turbidity = Ntu(works.river.water.turbidity);
        self.raw_turbidity = Ntu(works.raw_water.turbidity);
        self.raw_ph = Ph(works.raw_water.ph());
        self.raw_temperature = Celsius(works.weather.temperature);
        self.wet_well_level = Metres(works.wet_well.level());
        self.raw_flow = CubicMetresPerHour(works.raw.flow);
        self.coagulant_dose = MilligramsPerLitre(works.flocculation.dose);
        self.coagulation = Ratio(works.flocculation.effectiveness);
        self.residual_aluminium = MilligramsPerLitre(works.flocculation.aluminium);
        self.coagulant_dosed = Grams(works.coagulant.dosed_g);
        self.coagulant_tank = Percent(100.0 * works.coagulant.fill());
        self.coagulant_stroked = works.coagulant.stroked_l;
        for (truth, tank) in self.tanks.iter_mut().zip(&works.tanks) {
            *truth = TankTruth {
                level: Metres(tank.basin.level()),
                turbidity: Ntu(tank.water.turbidity),
                sludge_kg: tank.sludge_kg,
                sludge_valve: tank.sludge.position,
            };
        }
        self.settled_turbidity = Ntu(works.settled_sample);
        self.settled_level = Percent(100.0 * works.settled.fill());
    }

    fn look_at_filters(&mut self, works: &Works) {
        let filtration = &works.filtration;
        self.feed_flow = CubicMetresPerHour(filtration.feed.flow);
        for (truth, filter) in self.filters.iter_mut().zip(&filtration.filters) {
            *truth = FilterTruth {
                flow: CubicMetresPerHour(filter.rate * filter.area),
                rate: MetresPerHour(filter.rate),
                upflow: MetresPerHour(filter.upflow),
                turbidity: Ntu(filter.turbidity),
                head_loss: KiloPascals(KPA_PER_METRE * filter.head_loss),
                load_kg_per_m2: filter.load,
                filtered: CubicMetres(filter.filtered),
                washes: filter.washes,
                positions: [
                    filter.inlet.position,
                    filter.outlet.position,
                    filter.wash_inlet.position,
                    filter.waste.position,
                    filter.to_waste.position,
                    filter.air.position,
                    filter.drain.position,
                ],
                crossed: filter.is_crossed(),
            };
        }
        self.combined_turbidity = Ntu(filtration.combined);
        self.produced_flow = CubicMetresPerHour(filtration.produced_flow);
        self.wash_flow = CubicMetresPerHour(filtration.wash.flow);
        self.air_pressure = KiloPascals(filtration.air_pressure);
    }

    fn look_at_clear_side(&mut self, works: &Works) {
        let well = &works.clear_well;
        let outlet = well.outlet();
        self.chlorine_dose = MilligramsPerLitre(well.dose);
        self.chlorine_dosed = Grams(works.hypochlorite.dosed_g);
        self.hypochlorite_tank = Percent(100.0 * works.hypochlorite.fill());
        self.hypochlorite_stroked = works.hypochlorite.stroked_l;
        self.inlet_chlorine = MilligramsPerLitre(well.inlet.chlorine);
        self.outlet_chlorine = MilligramsPerLitre(outlet.chlorine);
        self.outlet_turbidity = Ntu(outlet.turbidity);
        self.outlet_ph = Ph(outlet.ph());
        self.clear_well_temperature = Celsius(works.temperature);
        self.clear_well_level = Metres(well.basin.level());
        self.contact_minutes = works.contact_minutes();
        self.inactivation_ratio = Ratio(works.inactivation_ratio());
        self.lift_flow = CubicMetresPerHour(works.lift.flow);
        self.elevated_level = Metres(works.elevated.as_ref().map_or(0.0, |tank| tank.level()));
        self.elevated_chlorine = MilligramsPerLitre(works.tower.fresh.chlorine);
        self.tap_chlorine = MilligramsPerLitre(works.main.tap_chlorine());
        self.demand = CubicMetresPerHour(works.demand);
        self.village_flow = CubicMetresPerHour(works.village_flow);
        self.unmet = CubicMetres(works.unmet);
        self.waste_level = Percent(100.0 * works.waste.fill());
    }

    fn look_at_the_books(&mut self, works: &Works) {
        let filtration = &works.filtration;
        self.contactor = works.panel.contactor;
        self.dosers = [works.coagulant.powered, works.hypochlorite.powered];
        self.emergency_loop = works.panel.emergency_loop;
        self.reset_pressed = works.panel.reset_pressed;
        self.look_at_motors(works);
        self.mains = works.mains() == crate::model::panel::Mains::Present;
        self.power = KiloWatts(works.grid.power_kw);
        self.store = Percent(100.0 * works.grid.store_fill(&works.parameters));
        self.energy = KiloWattHours(works.grid.energy_kwh);
        self.dry_seconds = [
            works.raw.dry_seconds,
            filtration.feed.dry_seconds,
            filtration.wash.dry_seconds,
            works.lift.dry_seconds,
        ];
        self.overflowed = CubicMetres(works.overflowed());
        self.flocculation_overflowed = CubicMetres(works.flocculation.overflowed);
        let elevated = works.elevated.as_ref().map_or(0.0, |tank| tank.overflowed);
        self.elevated_overflowed = CubicMetres(elevated);
        self.waste_overflowed = CubicMetres(works.waste.basin.overflowed);
        self.taken_in = CubicMetres(works.books.water.taken_in);
        self.let_out = CubicMetres(works.books.water.let_out);
        self.held = CubicMetres(works.held());
        self.balance_error = Ratio(works.books.water.drift());
        self.chlorine_balance_error = Ratio(works.books.chlorine.drift());
        self.solids_balance_error = Ratio(works.books.solids.drift());
        self.worst_step = works.balance();
    }
}
