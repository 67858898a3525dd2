//! The whole works in flow order: river to tap, with every device, one substep at a time.

use super::actuators::{Doser, Motor, MotorValve, PumpHealth, Supply, ValveFault};
use super::ageing;
use super::balance::{Balance, Book, Books};
use super::chlorine::{self, ClearWell};
use super::coagulation::{Conditions, Flocculation};
use super::demand;
use super::filtration::Filtration;
use super::hydraulics::{Basin, Pace, PumpStation, Suction};
use super::inactivation;
use super::network::Network;
use super::panel::{Mains, Panel};
use super::parameters::TwinParameters;
use super::power::Grid;
use super::random::Random;
use super::river::River;
use super::settling::{self, SedimentationTank};
use super::tower::{Main, Tower};
use super::waste::WasteTank;
use super::water::{COAGULANT_SOLIDS, FINE_SOLIDS, RAW_SOLIDS, Water};
use super::weather::Weather;

/// P-101 sucks air below this level of the wet well, P-351 and P-501 below this one of the clear well, m.
const RAW_DRY: f64 = 0.15;
const CLEAR_DRY: f64 = 0.10;
/// LT-102 at which P-101 stands before its static head of 8 m; 6 to 12 with the river.
const REFERENCE_LEVEL: f64 = 1.5;
/// Screen loss at the reference flow and a clean screen, m; the flow, m³/h.
const SCREEN_LOSS: (f64, f64) = (0.02, 5.0);
/// Growth of the blockage, 1/s, and how many times faster with leaves; where it ends, and where the attendant cleans.
const BLOCKAGE: (f64, f64, f64, f64) = (2.0e-6, 10.0, 0.95, 0.5);
/// A valve less open than this passes nothing to speak of.
const SHUT: f64 = 0.02;
/// Floats, m: they open below (LSLL) and above (LSHH), and close again past this band.
const WET_WELL_LOW_LOW: f64 = 0.30;
const CLEAR_WELL_LOW_LOW: f64 = 0.30;
const CLEAR_WELL_HIGH_HIGH: f64 = 1.95;
const ELEVATED_HIGH_HIGH: f64 = 2.40;
const WASTE_HIGH_HIGH: f64 = 0.95;
const FLOAT_BAND: f64 = 0.02;
/// HV-401, m³/h of the reference plant at a full well. Chosen: DN50 under 2 m of water.
const HAND_DRAIN: f64 = 15.0;
/// Height of the elevated tank's floor above that of the clear well, m.
const ELEVATED_FLOOR: f64 = 22.0;
/// Motors behind contactors, kW: mixer, sludge pump, decant pump, blower.
const MOTORS_KW: (f64, f64, f64, f64) = (0.1, 0.55, 0.55, 1.1);
/// A drive for 220 V trips on under-voltage below this, V. Chosen: a quarter below, as cheap drives do.
const DRIVE_VOLTAGE_MIN: f64 = 165.0;
/// kPa in a metre of water.
pub const KPA_PER_METRE: f64 = 9.81;

/// A float switch; its contact is closed while all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    pub closed: bool,
}

impl Float {
    fn low(&mut self, level: f64, trip: f64) {
        self.closed = if self.closed { level > trip } else { level > trip + FLOAT_BAND };
    }

    fn high(&mut self, level: f64, trip: f64) {
        self.closed = if self.closed { level < trip } else { level < trip - FLOAT_BAND };
    }
}

/// What befalls river, screen and village beside the habits of the weather.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Troubles {
    /// The village takes so many times what it does as a rule.
    pub demand: f64,
    /// m³/h out of a broken main.
    pub burst: f64,
    /// Somebody looks after tanks and screen, where the parameters say so.
    pub attended: bool,
}

impl Default for Troubles {
    fn default() -> Troubles {
        Troubles { demand: 1.0, burst: 0.0, attended: true }
    }
}

/// River, works and village.
#[derive(Clone, Debug, PartialEq)]
pub struct Works {
    pub parameters: TwinParameters,
    pub random: Random,
    pub weather: Weather,
    pub river: River,
    pub grid: Grid,
    pub panel: Panel,

    pub raw: PumpStation,
    pub raw_inlet: MotorValve,
    pub wet_well: Basin,
    pub raw_water: Water,
    /// Share of the screen that is blocked.
    pub blockage: f64,
    pub wet_well_low_low: Float,

    pub coagulant: Doser,
    pub mixer: Motor,
    pub flocculation: Flocculation,
    pub tanks: Box<[SedimentationTank]>,
    pub sludge_pump: Motor,
    pub settled: Basin,
    pub settled_water: Water,
    /// NTU where AIT-203 samples: what runs to the settled tank.
    pub settled_sample: f64,

    pub filtration: Filtration,

    pub hypochlorite: Doser,
    pub clear_well: ClearWell,
    pub clear_well_low_low: Float,
    pub clear_well_high_high: Float,
    /// HV-401, 0 to 1.
    pub hand_drain: f64,
    /// °C in the clear well.
    pub temperature: f64,

    pub lift: PumpStation,
    pub outlet: MotorValve,
    pub elevated: Option<Basin>,
    /// Where there is no elevated tank.
    pub network: Network,
    /// What stands in it, or in the vessel of the network.
    pub tower: Tower,
    /// The main to the taps.
    pub main: Main,
    pub elevated_high_high: Float,
    /// What the village wants and what it gets, m³/h.
    pub demand: f64,
    pub village_flow: f64,
    /// m³ it wanted and did not get.
    pub unmet: f64,

    pub waste: WasteTank,
    pub waste_high_high: Float,
    pub decant: Motor,

    pub troubles: Troubles,

    /// Water, solids and chlorine over the border: INV-46.
    pub books: Books,
    /// Seconds since the last minute of the slow processes, and minutes since the start.
    second: f64,
    minute: u64,
    /// k_s of this minute, 1/h.
    decay_rate: f64,
}

impl Works {
    #[must_use]
    pub fn new(parameters: TwinParameters, seed: u64) -> Works {
        let p = &parameters;
        let weather = Weather::new(p);
        let river = River::new(p, &weather);
        let raw_water = river.water;
        let mut floc = raw_water;
        floc.coagulated = 1.0;
        floc.add_coagulant(super::coagulation::optimal_dose(raw_water.turbidity, 25.0, 7.4));
        let mut settled_water = floc;
        settled_water.turbidity = settling::settled(floc.turbidity, 1.0, 1.0);
        let filtered = Water { turbidity: 0.1, chlorine: p.start_chlorine, ..settled_water };
        let temperature = weather.temperature;
        let elevated =
            p.elevated_tank.then(|| Basin::new(p.elevated_area, p.elevated_brim, p.start_elevated));
        let network = Network::new(p.scale());
        let delivered = Water { chlorine: 0.7 * p.start_chlorine, ..filtered };
        let stored = elevated.as_ref().map_or(network.water, |tank: &Basin| tank.volume);
        let wet_level = (river.level + p.wet_well_depth).max(0.0);
        let tank = SedimentationTank::new(p, settled_water);
        let mut works = Works {
            random: Random { seed },
            grid: Grid::default(),
            panel: Panel::default(),
            raw: PumpStation::new(p.raw_pump, p.raw_pumps),
            raw_inlet: MotorValve::new(15.0, 0.0),
            // The shaft stands above any flood.
            wet_well: Basin::new(p.wet_well_area, 8.0 + p.wet_well_depth, wet_level),
            raw_water,
            blockage: p.screen_blockage,
            wet_well_low_low: Float { closed: true },
            coagulant: Doser::new(p.coagulant),
            mixer: Motor::default(),
            flocculation: Flocculation::new(p.floc_volume, floc),
            tanks: vec![tank; p.tanks.max(1)].into_boxed_slice(),
            sludge_pump: Motor::default(),
            settled: Basin::new(p.settled_volume, 1.0, p.start_settled_percent / 100.0),
            settled_water,
            settled_sample: settled_water.turbidity,
            filtration: Filtration::new(p, filtered.turbidity, temperature),
            hypochlorite: Doser::new(p.hypochlorite),
            clear_well: ClearWell::new(p, filtered),
            clear_well_low_low: Float { closed: true },
            clear_well_high_high: Float { closed: true },
            hand_drain: 0.0,
            temperature,
            lift: PumpStation::new(p.lift_pump, p.lift_pumps),
            outlet: MotorValve::new(30.0, 1.0),
            elevated,
            network,
            tower: Tower::new(p.elevated_mixing, stored, delivered),
            main: Main::new(p.scale(), &delivered),
            elevated_high_high: Float { closed: true },
            demand: 0.0,
            village_flow: 0.0,
            unmet: 0.0,
            waste: WasteTank::new(p),
            waste_high_high: Float { closed: true },
            decant: Motor::default(),
            troubles: Troubles::default(),
            books: Books::default(),
            second: 0.0,
            minute: 0,
            decay_rate: chlorine::decay_rate(river.organic_carbon, temperature),
            weather,
            river,
            parameters,
        };
        let stations = [
            &mut works.raw,
            &mut works.filtration.feed,
            &mut works.filtration.wash,
            &mut works.lift,
        ];
        for station in stations {
            station.dry_limit_s = works.parameters.dry_limit_s;
        }
        works.demand = demand::demand(&works.parameters, works.weather.hour(), 0, works.random);
        works.open_books();
        works
    }

    /// The books begin anew with what is held now: of the start, and of a state that was put in by hand.
    pub fn open_books(&mut self) {
        self.books = Books {
            water: Book::opened(self.held()),
            solids: Book::opened(self.solids_held()),
            chlorine: Book::opened(self.chlorine_held()),
        };
    }

    /// One substep, at most a second.
    pub fn advance(&mut self, pace: &Pace) {
        self.second += pace.seconds;
        // Half a millisecond of slack: sums of tenths fall short of sixty.
        if self.second >= 60.0 - 5.0e-4 {
            self.second -= 60.0;
            self.pass_minute();
        }
        self.panel.advance(pace.seconds, self.grid.mains());
        self.sense_floats();
        self.turn(pace);
        self.lift_raw_water(pace);
        self.clarify(pace);
        self.filter_and_disinfect(pace);
        self.distribute(pace);
        self.clear_waste(pace);
        self.grid.advance(&self.parameters, pace.seconds, self.motor_power());
        self.books.water.close(self.held());
        self.books.solids.close(self.solids_held());
        self.books.chlorine.close(self.chlorine_held());
    }

    /// INV-46: how well each step's books of water, solids and chlorine close, the worst so far.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.books.worst()
    }

    fn pass_minute(&mut self) {
        self.minute += 1;
        self.waste.settle();
        self.books.chlorine.go(self.main.decay());
        let (p, random) = (&self.parameters, self.random);
        self.weather.advance(p, random);
        self.river.advance(p, &self.weather, random);
        self.grid.advance_minute(p, self.weather.hour(), self.weather.rain, random);
        let usual = demand::demand(p, self.weather.hour(), self.minute, random);
        self.demand = usual * demand::habit(p, self.weather.day) * self.troubles.demand;
        let age = p.stock_age_days + self.minute as f64 / 1_440.0;
        let stock = ageing::remaining(ageing::FRESH, p.stock_ageing * age, p.store_temperature);
        self.hypochlorite.stock = stock / ageing::FRESH;
        self.filtration.bed = super::filter::Bed::at(self.weather.temperature);
        self.decay_rate = chlorine::decay_rate(self.river.organic_carbon, self.temperature);
        let (growth, leaves, most, cleaned) = BLOCKAGE;
        let grown = growth * 60.0 * (1.0 + leaves * self.river.excess(p));
        self.blockage = (self.blockage + grown).min(most);
        for doser in [&mut self.coagulant, &mut self.hypochlorite] {
            doser.age();
            if p.attendant && self.troubles.attended {
                doser.attend();
            }
        }
        if p.attendant && self.troubles.attended && self.blockage > cleaned {
            self.blockage = p.screen_blockage;
        }
    }

    fn sense_floats(&mut self) {
        self.wet_well_low_low.low(self.wet_well.level(), WET_WELL_LOW_LOW);
        let level = self.clear_well.basin.level();
        self.clear_well_low_low.low(level, CLEAR_WELL_LOW_LOW);
        self.clear_well_high_high.high(level, CLEAR_WELL_HIGH_HIGH);
        if let Some(elevated) = &self.elevated {
            self.elevated_high_high.high(elevated.level(), ELEVATED_HIGH_HIGH);
        }
        self.waste_high_high.high(self.waste.fill(), WASTE_HIGH_HIGH);
    }

    /// Motors and valves move; K0 and the hard-wired trips of `plant.md` 1.7 item 4 stand before every motor.
    fn turn(&mut self, pace: &Pace) {
        let power = self.panel.contactor;
        // A drive lets go at a brown-out; a contactor holds.
        let fed = power && self.grid.metered_voltage() > DRIVE_VOLTAGE_MIN;
        let low_low = Supply::given(fed && self.clear_well_low_low.closed);
        let high_high = Supply::given(fed && self.clear_well_high_high.closed);
        let (power, drives) = (Supply::given(power), Supply::given(fed));
        let raw = Supply::given(fed && self.wet_well_low_low.closed);
        self.raw.turn(pace, raw, drives);
        self.raw_inlet.advance(pace.seconds);
        self.mixer.advance(power);
        for tank in &mut self.tanks {
            tank.turn(pace.seconds);
        }
        self.sludge_pump.advance(power);
        self.filtration.turn(pace, high_high, low_low, power, drives);
        self.lift.turn(pace, low_low, drives);
        self.outlet.advance(pace.seconds);
        self.decant.advance(power);
    }

    /// River, screen, wet well, P-101, PAC, flocculation.
    fn lift_raw_water(&mut self, pace: &Pace) {
        let p = &self.parameters;
        // Through the screen until both sides stand level.
        let level = self.river.level + p.wet_well_depth;
        let drop = level - self.wet_well.level();
        let clear = 1.0 - self.blockage;
        let through =
            SCREEN_LOSS.1 * p.scale() * clear * libm::sqrt(libm::fabs(drop) / SCREEN_LOSS.0);
        let most = libm::fabs(drop) * self.wet_well.area_m2;
        let passed = pace.volume(through).min(most);
        if drop >= 0.0 {
            self.books.water.come(passed);
            self.books.water.go(self.wet_well.pour(passed));
        } else {
            self.books.water.come(-self.wet_well.draw(passed));
        }
        self.raw_water.blend(pace.five_minutes, &self.river.water);

        let path = self.raw_inlet.opening();
        let suction = Suction::above(self.wet_well.level(), RAW_DRY);
        let mut steady = 0.0;
        if path > SHUT {
            let curve = &self.raw.curve;
            let lift = curve.static_head_m + REFERENCE_LEVEL - self.wet_well.level();
            let resistance = curve.resistance * (1.0 / (path * path) - 1.0);
            steady = self.raw.flow_against(lift.clamp(6.0, 12.0), resistance);
        } else {
            self.raw.flow = 0.0;
        }
        self.raw.settle(pace, steady, suction);
        let volume = self.wet_well.draw(pace.volume(self.raw.flow));
        let supply = Supply::given(self.panel.contactor);
        let coagulant = self.coagulant.advance(pace.seconds, supply);
        let conditions = Conditions {
            temperature: self.weather.temperature,
            ph: self.raw_water.ph(),
            flow: self.raw.flow,
            demand: p.coagulant_demand,
            scale: p.scale(),
        };
        let over = self.flocculation.take_in(volume, &self.raw_water, coagulant, &conditions);
        self.books.solids.come(RAW_SOLIDS * self.raw_water.turbidity * volume);
        self.books.solids.come(COAGULANT_SOLIDS * coagulant);
        self.books.water.go(over);
        self.books.solids.go(over * self.flocculation.outlet().raw_solids());
    }

    /// Sedimentation tanks, sludge, settled tank.
    fn clarify(&mut self, pace: &Pace) {
        let open: f64 = self.tanks.iter().map(inflow_weight).sum();
        let off = if open > 0.0 { self.flocculation.run_off(pace.seconds) } else { 0.0 };
        let floc = *self.flocculation.outlet();
        let sludge = if self.sludge_pump.works() {
            settling::PUMPED_SLUDGE
        } else {
            settling::GRAVITY_SLUDGE
        };
        let (mut poured, mut turbid) = (0.0, 0.0);
        for tank in &mut self.tanks {
            let volume = if open > 0.0 { off * inflow_weight(tank) / open } else { 0.0 };
            let over = tank.take_in(pace, volume, &floc);
            self.books.water.go(over);
            self.books.solids.go(over * tank.water.fine_solids());
            let settled = tank.run_off(pace);
            if settled > 0.0 {
                self.settled_water.take_in(self.settled.volume, settled, &tank.water);
                let over = self.settled.pour(settled);
                self.books.water.go(over);
                self.books.solids.go(over * self.settled_water.fine_solids());
                poured += settled;
                turbid += settled * tank.water.turbidity;
            }
            let (drawn, solids) = tank.desludge(pace, sludge);
            let (over, lost) = self.waste.take_in(drawn, solids);
            self.books.water.go(over);
            self.books.solids.go(lost);
        }
        if poured > 0.0 {
            self.settled_sample = turbid / poured;
        }
    }

    /// P-301, filters, wash train, hypochlorite, clear well.
    fn filter_and_disinfect(&mut self, pace: &Pace) {
        let made = self.filtration.filter(pace, &mut self.settled, &self.settled_water);
        self.filtration.blow(pace);
        let suction = Suction::above(self.clear_well.basin.level(), CLEAR_DRY);
        let well = &mut self.clear_well;
        let mut spent = 0.0;
        let washed = self.filtration.wash(pace, suction, |wanted| {
            let drawn = well.draw(wanted);
            spent = drawn * well.outlet().chlorine;
            (drawn, drawn * well.outlet().fine_solids())
        });
        // Chlorine of the wash water is gone with what it meets in the sand.
        self.books.chlorine.go(spent);
        let drained = self.filtration.drain(pace);
        let (over, lost) = self.waste.take_in(
            made.wasted + washed.wasted + drained.wasted,
            made.wasted_solids + washed.wasted_solids + drained.wasted_solids,
        );
        self.books.water.go(over);
        self.books.solids.go(lost);

        let powered = self.panel.contactor && self.clear_well_high_high.closed;
        let chlorine = self.hypochlorite.advance(pace.seconds, Supply::given(powered));
        let carbon = self.river.organic_carbon;
        let mut water = made.water;
        let returned = washed.returned;
        let produced = made.produced + returned;
        if returned > 0.0 {
            // What came back through the outlet is wash water with the sand's dirt in it.
            let turbidity = washed.returned_solids / FINE_SOLIDS / returned;
            let dirty = Water { turbidity, ..*self.clear_well.outlet() };
            water.blend(returned / produced, &dirty);
        }
        let used = self.clear_well.used;
        let over = self.clear_well.take_in(produced, &water, chlorine, carbon);
        self.books.chlorine.come(chlorine);
        self.lose_clear_water(over);
        self.clear_well.decay(pace, self.decay_rate);
        self.books.chlorine.go(self.clear_well.used - used);
        if self.hand_drain > 0.0 {
            let flow = HAND_DRAIN
                * self.parameters.scale()
                * self.hand_drain
                * self.clear_well.basin.fill();
            let drained = self.clear_well.draw(pace.volume(flow));
            self.lose_clear_water(drained);
        }
        self.temperature += pace.hours_3 * (self.weather.temperature - self.temperature);
    }

    /// m³ of the clear well's outlet go over its brim or into its drain.
    fn lose_clear_water(&mut self, volume: f64) {
        let water = self.clear_well.outlet();
        self.books.chlorine.go(volume * water.chlorine);
        self.books.solids.go(volume * water.fine_solids());
        self.books.water.go(volume);
    }

    /// P-501, elevated tank, main, village.
    fn distribute(&mut self, pace: &Pace) {
        let level = self.clear_well.basin.level();
        let suction = Suction::above(level, CLEAR_DRY);
        let asked = pace.volume(self.demand);
        let lost = self.troubles.burst + demand::leak(&self.parameters);
        let wanted = asked + pace.volume(lost);
        let served = if let Some(elevated) = &mut self.elevated {
            let lift = self.lift.curve.static_head_m + elevated.level() - level;
            let steady = self.lift.flow_against(lift, 0.0);
            self.lift.settle(pace, steady, suction);
            let lifted = self.clear_well.draw(pace.volume(self.lift.flow));
            self.tower.take_in(lifted, self.clear_well.outlet());
            let over = elevated.pour(lifted);
            let spilled = self.tower.draw(over);
            self.books.water.go(over);
            self.books.chlorine.go(over * spilled.chlorine);
            self.books.solids.go(over * spilled.fine_solids());
            elevated.draw(if self.outlet.opening() > SHUT { wanted } else { 0.0 })
        } else {
            // Straight into the network: no rising main, and a vessel that takes no more is a closed pipe.
            let lift = self.network.head - level;
            let resistance = -self.lift.curve.resistance;
            let full = self.network.is_full();
            let steady = if full { 0.0 } else { self.lift.flow_against(lift, resistance) };
            self.lift.settle(pace, steady, suction);
            let lifted = self.clear_well.draw(pace.volume(self.lift.flow));
            self.tower.take_in(lifted, self.clear_well.outlet());
            self.network.pass(pace, lifted, wanted, self.outlet.opening())
        };
        let lost = self.decay_rate * chlorine::ELEVATED_DECAY * pace.hours;
        self.books.chlorine.go(self.tower.decay(lost));
        let drawn = self.tower.draw(served);
        let (chlorine, solids) = self.main.pass(served, &drawn);
        self.books.chlorine.go(chlorine);
        self.books.solids.go(solids);
        self.books.water.go(served);
        // Taps and hole share what there is.
        let share = if wanted > 0.0 { (served / wanted).min(1.0) } else { 1.0 };
        self.unmet += asked * (1.0 - share);
        self.village_flow = served / pace.hours;
    }

    fn clear_waste(&mut self, pace: &Pace) {
        if self.decant.works() {
            let (out, solids) = self.waste.run_off(pace);
            self.books.water.go(out);
            self.books.solids.go(solids);
        }
    }

    fn motor_power(&self) -> f64 {
        let drives = |station: &PumpStation| station.drives.iter().map(|d| d.power_kw).sum::<f64>();
        let motor = |motor: &Motor, rated: f64| if motor.running { rated } else { 0.0 };
        let (mixer, sludge, decant, blower) = MOTORS_KW;
        let small = motor(&self.mixer, mixer)
            + motor(&self.sludge_pump, sludge)
            + motor(&self.decant, decant)
            + self.filtration.blower.as_ref().map_or(0.0, |found| motor(found, blower));
        drives(&self.raw)
            + drives(&self.filtration.feed)
            + drives(&self.filtration.wash)
            + drives(&self.lift)
            + small * self.parameters.scale()
    }

    /// m³ of water in the plant.
    #[must_use]
    pub fn held(&self) -> f64 {
        self.wet_well.volume
            + self.flocculation.volume
            + self.tanks.iter().map(|tank| tank.basin.volume).sum::<f64>()
            + self.settled.volume
            + self.filtration.held()
            + self.clear_well.held()
            + self.elevated.as_ref().map_or(self.network.water, |elevated| elevated.volume)
            + self.waste.basin.volume
    }

    /// g of dry matter in the plant, from P-101 to the taps.
    #[must_use]
    pub fn solids_held(&self) -> f64 {
        self.flocculation.solids()
            + self.tanks.iter().map(SedimentationTank::solids).sum::<f64>()
            + self.settled.volume * self.settled_water.fine_solids()
            + self.filtration.solids()
            + self.clear_well.solids_held()
            + self.tower.solids()
            + self.main.held().1
            + self.waste.solids()
    }

    /// g of free chlorine in the plant, from P-411 to the taps.
    #[must_use]
    pub fn chlorine_held(&self) -> f64 {
        self.clear_well.chlorine_held() + self.tower.chlorine() + self.main.held().0
    }

    /// m³ over brims inside the plant since the start: INV-21.
    #[must_use]
    pub fn overflowed(&self) -> f64 {
        self.flocculation.overflowed
            + self.tanks.iter().map(|tank| tank.basin.overflowed).sum::<f64>()
            + self.settled.overflowed
            + self.clear_well.basin.overflowed
            + self.elevated.as_ref().map_or(0.0, |elevated| elevated.overflowed)
            + self.waste.basin.overflowed
    }

    /// T10 of the clear well at the present outflow, min.
    #[must_use]
    pub fn contact_minutes(&self) -> f64 {
        let flow = self.lift.flow + self.filtration.wash.flow;
        let count = self.clear_well.compartments.len();
        inactivation::contact_minutes(self.clear_well.basin.volume, flow, count)
    }

    /// IR at the present outflow.
    #[must_use]
    pub fn inactivation_ratio(&self) -> f64 {
        let water = self.clear_well.outlet();
        let minutes = self.contact_minutes();
        inactivation::inactivation_ratio(minutes, water.chlorine, self.temperature, water.ph())
    }

    /// kPa in the raw main: the pump's head while it turns in water, else what stands in the rising main.
    #[must_use]
    pub fn raw_pressure(&self) -> f64 {
        let curve = &self.raw.curve;
        let pumped = match Suction::above(self.wet_well.level(), RAW_DRY) {
            Suction::Wet => self.raw.shut_off() - curve.curvature * self.raw.flow * self.raw.flow,
            Suction::Dry => 0.0,
        };
        KPA_PER_METRE * pumped.max(curve.static_head_m)
    }

    /// kPa behind P-501.
    #[must_use]
    pub fn lift_pressure(&self) -> f64 {
        let curve = &self.lift.curve;
        let flow = self.lift.flow;
        match &self.elevated {
            Some(elevated) => {
                KPA_PER_METRE * (ELEVATED_FLOOR + elevated.level() + curve.resistance * flow * flow)
            }
            None => KPA_PER_METRE * self.network.head,
        }
    }

    /// So many kg of sludge more lie in this tank, brought from nowhere.
    pub fn add_sludge(&mut self, tank: usize, kg: f64) {
        let before = self.solids_held();
        self.tanks[tank].sludge_kg += kg;
        self.books.solids.come(self.solids_held() - before);
    }

    /// Foreign water stands in the waste tank up to this fill, 0 to 1.
    pub fn fill_waste(&mut self, fill: f64) {
        let before = self.waste.basin.volume;
        let after = fill * self.waste.basin.area_m2 * self.waste.basin.brim_m;
        self.waste.basin.volume = before.max(after);
        self.books.water.come(self.waste.basin.volume - before);
    }

    /// Whether the mains are there.
    #[must_use]
    pub fn mains(&self) -> Mains {
        self.grid.mains()
    }

    /// Minutes since the start.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        self.minute
    }

    /// Every device sound again.
    pub fn mend(&mut self) {
        let stations =
            [&mut self.raw, &mut self.filtration.feed, &mut self.filtration.wash, &mut self.lift];
        for drive in stations.into_iter().flat_map(|station| station.drives.iter_mut()) {
            (drive.tripped, drive.seized, drive.welded) = (false, false, false);
        }
        let motors = [&mut self.mixer, &mut self.sludge_pump, &mut self.decant];
        for motor in motors.into_iter().chain(self.filtration.blower.as_mut()) {
            (motor.tripped, motor.seized, motor.welded) = (false, false, false);
        }
        for doser in [&mut self.coagulant, &mut self.hypochlorite] {
            doser.health = [PumpHealth::Sound; 2];
            doser.siphon = 0.0;
        }
        let tanks = self.tanks.iter_mut().flat_map(|tank| [&mut tank.inlet, &mut tank.outlet]);
        let filters = self.filtration.filters.iter_mut();
        let stay = filters.flat_map(|filter| {
            [&mut filter.inlet, &mut filter.waste, &mut filter.to_waste, &mut filter.drain]
        });
        for valve in [&mut self.raw_inlet, &mut self.outlet].into_iter().chain(tanks).chain(stay) {
            valve.fault = ValveFault::Sound;
        }
        let sludge = self.tanks.iter_mut().map(|tank| &mut tank.sludge);
        let filters = self.filtration.filters.iter_mut();
        let back = filters
            .flat_map(|filter| [&mut filter.outlet, &mut filter.wash_inlet, &mut filter.air]);
        for valve in sludge.chain(back) {
            valve.fault = ValveFault::Sound;
        }
        self.troubles = Troubles::default();
        self.grid.forced_voltage = None;
        self.river.forced_ph = None;
        self.clear_well.spoiled = 0.0;
        self.filtration.air_blocked = false;
        for filter in &mut self.filtration.filters {
            filter.bypass = 0.0;
        }
    }
}

/// How much of the flocculated water a tank takes: by its valve, less as it stands higher than the others.
fn inflow_weight(tank: &SedimentationTank) -> f64 {
    // The flocculation tank stands 0.2 m above the brims.
    let drop = (tank.basin.brim_m + 0.2 - tank.basin.level()).max(0.0);
    if tank.inlet.opening() > SHUT { tank.inlet.opening() * libm::sqrt(drop) } else { 0.0 }
}
