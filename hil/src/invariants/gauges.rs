//! What the plant says of itself, where an invariant judges that: flags, states, limits, orders to motors.

use plc::alarm::Priority;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Catalogue, Kind};

use crate::Truth;
use crate::closed_loop::ClosedLoop;

/// One filter as the plant sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct FilterGauge {
    /// As measured; none while that is Bad.
    pub turbidity: Option<f64>,
    pub dirty: bool,
    /// From DRAIN to SETTLE.
    pub washes: bool,
    pub ripens: bool,
}

/// Rows of a filter.
#[derive(Clone, Copy, Debug)]
struct FilterRows {
    turbidity: usize,
    dirty: usize,
    state: usize,
}

/// Rows and slots, found once for each controller, and what they say now.
pub(super) struct Gauges {
    filter_rows: Vec<FilterRows>,
    contaminated_row: Option<usize>,
    limit_row: Option<usize>,
    left_row: Option<usize>,
    power_row: Option<usize>,
    disinfection_row: Option<usize>,
    boil_row: Option<usize>,
    urgent_rows: Vec<usize>,
    chlorine_rows: [Option<usize>; 2],
    raw_flow_row: Option<usize>,
    suction_rows: [Option<usize>; 2],
    combined_row: Option<usize>,
    /// Row of a mode point, and the outputs under its device.
    locks: Vec<(usize, Vec<(usize, usize)>)>,
    motor_slots: Vec<usize>,
    wash_slot: Option<usize>,
    air_slot: Option<usize>,
    /// Places in [`Truth::turning`] of each station's drives, of M-211, P-205 and P-601, and of the blower.
    stations: [core::ops::Range<usize>; 4],
    relays: core::ops::Range<usize>,
    blower: Option<usize>,
    wash_states: u64,
    ripening: u64,
    priming: u64,

    pub filters: Vec<FilterGauge>,
    pub contaminated: bool,
    /// NTU that may be delivered.
    pub turbidity_limit: f64,
    pub emergency_left_s: f64,
    pub boil_alarm: bool,
    pub power_limit: f64,
    pub primes: bool,
    /// A critical or high alarm is told.
    pub any_urgent: bool,
    pub no_turbidity: bool,
    pub no_chlorine: bool,
    pub no_raw_flow: bool,
    pub no_suction: bool,
    /// Row of an output that is on although its device is locked out.
    pub locked_out_moves: Option<usize>,
    pub asks_motors: bool,
    pub wash_commanded: bool,
    pub air_commanded: bool,
}

const WASH_STATES: [&str; 6] =
    ["Draining", "AirScour", "AirWater", "HighWash", "SubfluidWash", "Settling"];
/// The row of MAINTENANCE among the modes.
const LOCKED: f64 = plc::device::Mode::Maintenance as u8 as f64;

impl Gauges {
    pub fn new(plant: &ClosedLoop) -> Gauges {
        let catalogue = plant.plant.catalogue();
        let id = |path: &str| catalogue.find(path).map(|row| row.id);
        let truth = plant.truth();
        let filter_rows: Vec<FilterRows> = (1..=truth.filters.len())
            .map(|number| {
                let of = |point: &str| id(&format!("filter{number}.{point}")).unwrap_or(0);
                FilterRows { turbidity: of("turbidity"), dirty: of("dirty"), state: of("state") }
            })
            .collect();
        let count = |unit: &str| {
            ('a'..='z')
                .take_while(|letter| id(&format!("{unit}.pump_{letter}.run")).is_some())
                .count()
        };
        let (raw, feed, lift) = (count("intake"), count("filtration"), count("distribution"));
        let wash = raw + feed;
        let stations = [0..raw, raw..wash, wash..wash + 1, wash + 1..wash + 1 + lift];
        // Behind the drives: mixer, sludge pump, decant pump.
        let relays = wash + 1 + lift..wash + 1 + lift + 3;
        let blower = relays.end;
        Gauges {
            filters: vec![FilterGauge::default(); filter_rows.len()],
            wash_states: states(catalogue, "filter1.state", &WASH_STATES),
            ripening: states(catalogue, "filter1.state", &["Ripening"]),
            priming: states(catalogue, "disinfection.state", &["Priming"]),
            filter_rows,
            contaminated_row: id("distribution.contaminated"),
            limit_row: id("system.emergency_profile.turbidity_limit"),
            left_row: id("system.emergency_profile.time_left"),
            power_row: id("power.power_limit"),
            disinfection_row: id("disinfection.state"),
            boil_row: alarms(catalogue, |number, _| number == 923).first().copied(),
            urgent_rows: alarms(catalogue, |_, priority| priority <= Priority::P2),
            chlorine_rows: [id("disinfection.outlet_chlorine"), id("disinfection.hand_left")],
            raw_flow_row: id("intake.flow"),
            suction_rows: [id("intake.wet_well_level"), id("intake.wet_well_low_low")],
            combined_row: id("filtration.combined_turbidity"),
            locks: locks(catalogue),
            motor_slots: motor_slots(catalogue),
            wash_slot: catalogue.output_slot("filtration.wash_pump.run"),
            air_slot: catalogue.output_slot("filtration.blower.run"),
            stations,
            relays,
            blower: (blower < truth.turning.len()).then_some(blower),
            contaminated: false,
            turbidity_limit: 1.0,
            emergency_left_s: 0.0,
            boil_alarm: false,
            power_limit: f64::INFINITY,
            primes: false,
            any_urgent: false,
            no_turbidity: false,
            no_chlorine: false,
            no_raw_flow: false,
            no_suction: false,
            locked_out_moves: None,
            asks_motors: false,
            wash_commanded: false,
            air_commanded: false,
        }
    }

    pub fn read(&mut self, plant: &ClosedLoop) {
        let (samples, outputs) = (&plant.plant.snapshot().samples, plant.plant.outputs());
        let value = |row: Option<usize>| row.map_or(0.0, |row| samples[row].value);
        let is_bad = |row: Option<usize>| {
            row.is_some_and(|row| matches!(samples[row].quality, Quality::Bad(_)))
        };
        let is_in = |states: u64, row: usize| states >> (samples[row].value as u64 & 63) & 1 == 1;
        self.no_turbidity = is_bad(self.combined_row);
        for (gauge, rows) in self.filters.iter_mut().zip(&self.filter_rows) {
            let sample = samples[rows.turbidity];
            let bad = matches!(sample.quality, Quality::Bad(_));
            self.no_turbidity &= bad;
            *gauge = FilterGauge {
                turbidity: (!bad).then_some(sample.value),
                dirty: samples[rows.dirty].value != 0.0,
                washes: is_in(self.wash_states, rows.state),
                ripens: is_in(self.ripening, rows.state),
            };
        }
        self.contaminated = value(self.contaminated_row) != 0.0;
        self.emergency_left_s = value(self.left_row);
        self.turbidity_limit =
            if self.emergency_left_s > 0.0 { value(self.limit_row).clamp(1.0, 5.0) } else { 1.0 };
        self.boil_alarm = value(self.boil_row) != 0.0;
        // A controller that never scanned has published no limit yet.
        let limit = self.power_row.map(|row| samples[row].value);
        self.power_limit = limit.filter(|limit| *limit > 0.0).unwrap_or(f64::INFINITY);
        self.primes = self.disinfection_row.is_some_and(|row| is_in(self.priming, row));
        self.any_urgent = self
            .urgent_rows
            .iter()
            .any(|row| samples[*row].value != 0.0 && samples[*row].why.is_empty());
        let [outlet, hand] = self.chlorine_rows;
        self.no_chlorine = is_bad(outlet) && value(hand) <= 0.0;
        self.no_raw_flow = is_bad(self.raw_flow_row);
        let [level, float] = self.suction_rows;
        self.no_suction = is_bad(level) && is_bad(float);
        // What a dead controller said last is for K0 to undo: INV-30.
        let lives = plant.away().is_none();
        let on = |slot: usize| lives && outputs.values[slot] != 0.0;
        self.asks_motors = self.motor_slots.iter().any(|slot| on(*slot));
        // What a dead controller left standing commands nothing: that motors stop all the same is INV-30.
        let commands = |slot: Option<usize>| plant.away().is_none() && slot.is_some_and(on);
        self.wash_commanded = commands(self.wash_slot);
        self.air_commanded = commands(self.air_slot);
        let locked = self.locks.iter().filter(|(mode, _)| samples[*mode].value == LOCKED);
        self.locked_out_moves = locked
            .flat_map(|(_, outputs)| outputs)
            .find(|(_, slot)| on(*slot))
            .map(|(row, _)| *row);
    }

    /// Places of a station's pumps in [`Truth::turning`]: P-101, P-301, P-351, P-501.
    pub fn motors(&self, station: usize) -> core::ops::Range<usize> {
        self.stations[station].clone()
    }

    /// One of a station's pumps turns: P-101, P-301, P-351, P-501.
    pub fn turns(&self, truth: &Truth, station: usize) -> bool {
        let places = self.stations[station].clone();
        truth.turning.get(places).is_some_and(|drives| drives.iter().any(|turns| *turns))
    }

    /// M-211, P-205 or P-601 turns.
    pub fn relayed(&self, truth: &Truth) -> bool {
        let motors = truth.turning.get(self.relays.clone());
        motors.is_some_and(|motors| motors.iter().any(|turns| *turns))
    }

    pub fn blows(&self, truth: &Truth) -> bool {
        self.blower.is_some_and(|place| truth.turning[place])
    }
}

/// A bit for each named state of a point.
fn states(catalogue: &Catalogue, path: &str, wanted: &[&str]) -> u64 {
    let Some(row) = catalogue.find(path) else { return 0 };
    match row.form {
        Form::States(names) => (0..names.len())
            .filter(|place| wanted.contains(&names[*place]))
            .fold(0, |bits, place| bits | 1 << place),
        Form::Number { .. } | Form::OnOff | Form::Reasons | Form::Alarm => 0,
    }
}

fn alarms(catalogue: &Catalogue, is_wanted: impl Fn(u16, Priority) -> bool) -> Vec<usize> {
    let rows = catalogue.rows.iter();
    rows.filter(|row| match row.kind {
        Kind::Alarm(words) => is_wanted(words.number, words.priority),
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Setting(_)
        | Kind::Status(_)
        | Kind::Retained(_) => false,
    })
    .map(|row| row.id)
    .collect()
}

/// Modes of devices, with the rows and slots of what they command. A unit's mode locks what it commands itself.
fn locks(catalogue: &Catalogue) -> Vec<(usize, Vec<(usize, usize)>)> {
    let modes = catalogue.rows.iter().filter(|row| row.path.ends_with(".mode"));
    modes
        .filter_map(|mode| {
            let device = mode.path.trim_end_matches("mode");
            let is_device = device.trim_end_matches('.') != mode.unit;
            let rows = catalogue.rows.iter().filter(|row| row.path.starts_with(device));
            let outputs = rows.filter(|row| matches!(row.kind, Kind::Output(..)));
            is_device.then(|| (mode.id, outputs.map(|row| (row.id, row.slot)).collect()))
        })
        .collect()
}

/// Outputs that start a motor or a dosing pump.
fn motor_slots(catalogue: &Catalogue) -> Vec<usize> {
    let rows = catalogue.rows.iter();
    let starts = |path: &str| [".run", "permit", ".enable"].iter().any(|end| path.ends_with(end));
    rows.filter(|row| matches!(row.kind, Kind::Output(..)) && starts(&row.path))
        .map(|row| row.slot)
        .collect()
}
