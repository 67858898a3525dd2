//! The whole works in flow order: river to tap, with every device, one substep at a time.

mod inventory;
mod mending;
mod passage;

use super::actuators::{Motor, MotorValve, Supply};
use super::ageing;
use super::balance::{Balance, Book, Books};
use super::chlorine::{self, ClearWell};
use super::coagulation::Flocculation;
use super::demand;
use super::dosing::Doser;
use super::filtration::Filtration;
use super::hydraulics::{Basin, Pace, PumpStation};
use super::network::Network;
use super::panel::Panel;
use super::parameters::TwinParameters;
use super::power::Grid;
use super::random::Random;
use super::river::River;
use super::settling::{self, SedimentationTank};
use super::starts::{Odds, Starts};
use super::tower::{Main, Tower};
use super::warming::Warming;
use super::waste::WasteTank;
use super::water::Water;
use super::weather::Weather;

/// Growth of the blockage, 1/s, and how many times faster with leaves; where it ends, and where the attendant cleans.
const BLOCKAGE: (f64, f64, f64, f64) = (2.0e-6, 10.0, 0.95, 0.5);
/// P-101 sucks air below this level of the wet well, m.
const RAW_DRY: f64 = 0.15;
/// A valve less open than this passes nothing to speak of.
const SHUT: f64 = 0.02;
/// Floats, m: they open below (LSLL) and above (LSHH), and close again past this band.
const WET_WELL_LOW_LOW: f64 = 0.30;
const CLEAR_WELL_LOW_LOW: f64 = 0.30;
const CLEAR_WELL_HIGH_HIGH: f64 = 1.95;
const ELEVATED_HIGH_HIGH: f64 = 2.40;
const WASTE_HIGH_HIGH: f64 = 0.95;
const FLOAT_BAND: f64 = 0.02;
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
    starts: Starts,
    warming: Warming,

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
            grid: Grid::new(p),
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
            starts: Starts::default(),
            warming: Warming::new(temperature),
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
        self.warming.pass_minute(self.weather.temperature);
        for tank in &mut self.tanks {
            tank.kept = self.warming.kept(p.short_circuit);
        }
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
        self.coagulant.mixer_broken = self.mixer.tripped || self.mixer.seized;
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
        if self.mixer.works() {
            self.coagulant.stir(pace.seconds);
        }
        for tank in &mut self.tanks {
            tank.turn(pace.seconds);
        }
        self.sludge_pump.advance(power);
        self.filtration.turn(pace, high_high, low_low, power, drives);
        self.lift.turn(pace, low_low, drives);
        self.outlet.advance(pace.seconds);
        self.decant.advance(power);
        let odds = self.parameters.odds;
        if odds != Odds::default() {
            let stations = [
                &mut self.raw,
                &mut self.filtration.feed,
                &mut self.filtration.wash,
                &mut self.lift,
            ];
            let drives = stations.into_iter().flat_map(|station| station.drives.iter_mut());
            let motors = [&mut self.mixer, &mut self.sludge_pump, &mut self.decant];
            let motors = motors.into_iter().chain(self.filtration.blower.as_mut());
            self.starts.watch(drives, motors, odds, self.random);
        }
    }
}
