//! Core and twin in one process, on virtual time: what the scenario runner and the benchmarks stand on.

use std::collections::HashMap;
use std::time::Duration;

use plc::guard::Ledger;
use plc::image::{Command, Inputs, Order, Outputs, Step};
use plc::plant::{Plant, Shape};
use plc::reason::Reason;
use plc::signal::{Fault, Moment, Quality, Reading};
use plc::tag::{Catalogue, Kind, Role};

use crate::story::Seen;
use crate::twin::begin::{Begin, Begun};
use crate::{Act, Bus, Truth, Twin, TwinParameters};

/// A plant and its world, scan by scan.
pub struct ClosedLoop {
    pub plant: Plant,
    pub twin: Twin,
    inputs: Inputs,
    /// What a header without power says.
    dark: Outputs,
    /// What the shell reports in a real controller: slot and value.
    reported: Vec<(usize, f64)>,
    /// Readings that something between sensor and core has made of the true ones.
    lies: Vec<(usize, Lie)>,
    /// Where the shell reports the time of day: the world's own.
    time_of_day: Option<usize>,
    /// How often the field reads each input, by slot.
    polls: Vec<Duration>,
    /// Where it says what is durable of the dosing ledgers, and whether it writes them down.
    durable: [Option<usize>; 2],
    storage_ok: Option<usize>,
    /// Where it says whether each of the buses A to D answers, and for how long each has not.
    buses: [Option<usize>; 4],
    silence: [Duration; 4],
    /// What it wrote down last.
    ledgers: [Ledger; 2],
    period: Duration,
    orders: Vec<Order>,
    last_number: u32,
    /// How its controller is away.
    away: Option<Away>,
    /// Since the start of the world; plant time begins anew with each controller.
    passed: Duration,
}

/// How a controller is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// Killed or hung: its pins stand as they stood, its buses are silent.
    Dead,
    /// Without power: its pins have let go.
    Dark,
}

/// The catalogue of a plant of this shape.
#[must_use]
pub fn catalogue_of(shape: &Shape) -> Catalogue {
    Plant::new(shape).catalogue().clone()
}

/// What becomes of a reading on its way: what any transmitter, wire or driver could do to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    /// This number, with the time of now: also none, infinite, far off the range.
    Value(f64),
    /// No number.
    Bad(Fault),
    /// The reading of the moment the lie began, with its time: it grows stale.
    Frozen(Reading),
    /// The number it had, with the time of now: it does not move.
    Stuck(f64),
    /// Measured this much later than now.
    Ahead(Duration),
}

/// Whether the buses answer.
const BUSES: [&str; 4] = ["system.bus_a", "system.bus_b", "system.bus_c", "system.bus_d"];
/// The driver tells that a bus is lost after this silence: its time-outs and retries (`src/field/modbus`), measured at 2.9 s.
const BUS_SILENT: Duration = Duration::from_millis(2_900);

/// What is durable of the dosing ledgers: PAC, chlorine.
const DURABLE: [&str; 2] = ["coagulation.guard.durable", "disinfection.guard.durable"];

/// What the shell reports while everything is well.
const REPORTED: [(&str, f64); 17] = [
    ("system.lateness", 0.0),
    ("system.overruns", 0.0),
    ("system.storage_ok", 1.0),
    ("system.clock_trusted", 1.0),
    ("system.setup_done", 1.0),
    ("system.bus_a", 1.0),
    ("system.bus_b", 1.0),
    ("system.bus_c", 1.0),
    ("system.bus_d", 1.0),
    ("system.watchdog_restart", 0.0),
    ("system.drives_verified", 1.0),
    ("system.disk_free", 60.0),
    ("system.clock_wrong", 0.0),
    ("system.test_overdue", 0.0),
    ("system.log_in_locked", 0.0),
    ("system.certificate_ends", 0.0),
    ("system.audit_broken", 0.0),
];

impl ClosedLoop {
    /// A plant of this shape beside a world with these parameters.
    ///
    /// # Panics
    /// If the parameters describe another plant than the shape: a mistake of the caller.
    #[must_use]
    pub fn new(
        shape: &Shape,
        parameters: TwinParameters,
        seed: u64,
        period: Duration,
    ) -> ClosedLoop {
        assert_eq!(
            (usize::from(shape.tanks), usize::from(shape.filters)),
            (parameters.tanks, parameters.filters),
            "the world must be that of the plant"
        );
        let mut plant = Plant::new(shape);
        // The world begins with good water in the clear well, and the plant knows it.
        plant.units.distribution.retained.quality_known = true;
        let catalogue = plant.catalogue();
        let twin = Twin::new(parameters, catalogue, seed);
        let reported = REPORTED
            .iter()
            .filter_map(|(path, value)| Some((catalogue.input_slot(path)?, *value)))
            .collect();
        ClosedLoop::of(plant, twin, reported, period)
    }

    /// A plant that runs, beside a world that begins as `begin` saw it: its own scans go on where they stood. What no
    /// instrument of this world moves is reported on as it was; what was lost stays lost.
    #[must_use]
    pub fn onward(
        plant: Plant,
        shape: &Shape,
        begin: &Begin,
        seed: u64,
        period: Duration,
    ) -> (ClosedLoop, Begun) {
        let parameters = TwinParameters::of(shape).as_known(|path| {
            let row = plant.catalogue().find(path)?;
            Some(plant.snapshot().samples[row.id].value)
        });
        let begun = Twin::begin(parameters, plant.catalogue(), seed, begin);
        let moved: Vec<usize> = begun.twin.inputs().collect();
        let buses = BUSES.map(|path| plant.catalogue().input_slot(path));
        let readings = begin.inputs.readings.iter().enumerate();
        let told = readings.filter(|(slot, _)| !moved.contains(slot));
        let reported = told
            .filter(|(_, reading)| !matches!(reading.quality, Quality::Bad(_)))
            // A bus answers again when its wire is whole again: the world says which are cut.
            .map(|(slot, reading)| {
                (slot, if buses.contains(&Some(slot)) { 1.0 } else { reading.value })
            })
            .collect();
        let mut onward = ClosedLoop::of(plant, begun.twin.clone(), reported, period);
        onward.inputs = begin.inputs.clone();
        for slot in &begun.lost {
            let reading = begin.inputs.readings[*slot];
            onward.lie(*slot, Some(Lie::Frozen(reading)));
        }
        // Far from any number that the recording gave.
        onward.last_number = u32::MAX / 2;
        (onward, begun)
    }

    fn of(plant: Plant, twin: Twin, reported: Vec<(usize, f64)>, period: Duration) -> ClosedLoop {
        let catalogue = plant.catalogue();
        let time_of_day = catalogue.input_slot("system.time_of_day");
        let polls = catalogue
            .rows
            .iter()
            .filter_map(|row| match row.kind {
                Kind::Input(words) => Some(words.poll),
                Kind::Output(..)
                | Kind::Setting(_)
                | Kind::Status(_)
                | Kind::Retained(_)
                | Kind::Alarm(_) => None,
            })
            .collect();
        let durable = DURABLE.map(|path| catalogue.input_slot(path));
        let storage_ok = catalogue.input_slot("system.storage_ok");
        let buses = BUSES.map(|path| catalogue.input_slot(path));
        let inputs = Inputs::new(catalogue);
        let dark = Outputs::new(catalogue);
        ClosedLoop {
            plant,
            twin,
            inputs,
            dark,
            reported,
            time_of_day,
            polls,
            durable,
            storage_ok,
            buses,
            silence: [Duration::ZERO; 4],
            ledgers: [Ledger::default(); 2],
            lies: Vec::new(),
            period,
            orders: Vec::new(),
            last_number: 0,
            away: None,
            passed: Duration::ZERO,
        }
    }

    /// The controller goes: it stays away until [`ClosedLoop::restart`].
    pub fn go_away(&mut self, away: Away) {
        self.away = Some(away);
        self.twin.abandon(true);
    }

    /// How it is away.
    #[must_use]
    pub fn away(&self) -> Option<Away> {
        self.away
    }

    /// Time since the start of the world.
    #[must_use]
    pub fn passed(&self) -> Duration {
        self.passed
    }

    /// What the core was told last, all of it.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// One scan.
    pub fn step(&mut self) {
        self.passed += self.period;
        let at = self.plant.now().plus(self.period);
        if let Some(away) = self.away {
            let outputs = match away {
                Away::Dead => self.plant.outputs(),
                Away::Dark => &self.dark,
            };
            // Nobody reads what the instruments write now.
            self.twin.step(outputs, &mut self.inputs, at, self.period);
            self.orders.clear();
            return;
        }
        self.twin.step(self.plant.outputs(), &mut self.inputs, at, self.period);
        for (slot, value) in &self.reported {
            self.inputs.readings[*slot] = Reading::good(*value, at);
        }
        self.report_buses(at);
        if let Some(reading) = self.time_of_day.and_then(|slot| self.inputs.readings.get_mut(slot))
        {
            let minutes = (60.0 * self.twin.truth().hour).floor();
            *reading = Reading::good(60.0 * minutes, at);
        }
        self.keep_ledgers(at);
        for (slot, lie) in &self.lies {
            let reading = &mut self.inputs.readings[*slot];
            *reading = match *lie {
                Lie::Value(value) | Lie::Stuck(value) => Reading::good(value, at),
                Lie::Bad(fault) => Reading::bad(fault, at),
                Lie::Frozen(frozen) => frozen,
                Lie::Ahead(ahead) => Reading { taken: at.plus(ahead), ..*reading },
            };
        }
        self.plant.scan(&self.inputs, &self.orders, self.period);
        self.orders.clear();
    }

    /// A bus that has been silent for the driver's time is reported lost, whatever a story says.
    fn report_buses(&mut self, at: Moment) {
        for ((slot, bus), silence) in
            self.buses.iter().zip([Bus::A, Bus::B, Bus::C, Bus::D]).zip(&mut self.silence)
        {
            *silence = if self.twin.answers(bus) { Duration::ZERO } else { *silence + self.period };
            if let (Some(slot), true) = (slot, *silence > BUS_SILENT) {
                self.inputs.readings[*slot] = Reading::good(0.0, at);
            }
        }
    }

    /// The shell writes the ledgers down while storage works, and says what is durable.
    fn keep_ledgers(&mut self, at: Moment) {
        let works = self.storage_ok.is_some_and(|slot| self.inputs.readings[slot].value >= 0.5);
        if works {
            self.ledgers = self.plant.snapshot().ledgers;
        }
        for (slot, ledger) in self.durable.into_iter().zip(&self.ledgers) {
            if let Some(slot) = slot {
                let grams = ledger.reserved() as f64 / 1e6;
                self.inputs.readings[slot] = Reading::good(grams, at);
            }
        }
    }

    /// From now on the core is told this of an input; `None`: the truth again.
    pub fn lie(&mut self, slot: usize, lie: Option<Lie>) {
        self.lies.retain(|(other, _)| *other != slot);
        self.lies.extend(lie.map(|lie| (slot, lie)));
    }

    /// What the core was told of an input last.
    #[must_use]
    pub fn told(&self, slot: usize) -> Reading {
        self.inputs.readings[slot]
    }

    /// How far scans are apart.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// From now on scans are this far apart.
    pub fn set_period(&mut self, period: Duration) {
        self.period = period;
    }

    /// Scans the plant alone, each reading renewed when its poll is due, as a field renews them: for measuring the core.
    pub fn scan_again(&mut self) -> f64 {
        let at = self.plant.now().plus(self.period);
        for (reading, poll) in self.inputs.readings.iter_mut().zip(&self.polls) {
            if at.since(reading.taken) >= *poll {
                reading.taken = at;
            }
        }
        self.plant.scan(&self.inputs, &[], self.period).values[0]
    }

    /// Scans for this long.
    pub fn run(&mut self, time: Duration) {
        let end = self.passed + time;
        while self.passed < end {
            self.step();
        }
    }

    /// Scans until it holds; whether it did within this time.
    pub fn run_until(
        &mut self,
        limit: Duration,
        mut holds: impl FnMut(&ClosedLoop) -> bool,
    ) -> bool {
        let end = self.passed + limit;
        while self.passed < end {
            self.step();
            if holds(self) {
                return true;
            }
        }
        false
    }

    /// Leaves an order of this role for the next scan, chosen first where it must be; the number its answer will carry.
    pub fn ask(&mut self, role: Role, command: Command) -> u32 {
        let mut step = Step::Direct;
        if command.needs_selection() {
            self.last_number += 1;
            let token = self.last_number;
            self.orders.push(Order { number: token, role, step: Step::Select, command });
            step = Step::Operate { token };
        }
        self.last_number += 1;
        let number = self.last_number;
        self.orders.push(Order { number, role, step, command });
        number
    }

    /// What the last scan answered to the order of this number.
    #[must_use]
    pub fn verdict_on(&self, number: u32) -> Option<Result<(), Reason>> {
        self.plant.events().iter().find_map(|event| event.verdict_on(number))
    }

    /// Orders as a supervisor and scans once; the plant's answer.
    pub fn order(&mut self, command: Command) -> Result<(), Reason> {
        let number = self.ask(Role::Supervisor, command);
        self.step();
        self.verdict_on(number).unwrap_or(Err(Reason::NotNow))
    }

    /// Makes room for this many orders of one scan.
    pub fn expect_orders(&mut self, orders: usize) {
        self.orders.reserve(orders);
    }

    /// Leaves an order for the next scan.
    pub fn send(&mut self, order: Order) {
        self.orders.push(order);
    }

    /// Does something to the world.
    ///
    /// # Errors
    /// As [`Twin::act`].
    pub fn act(&mut self, act: Act) -> Result<(), String> {
        self.twin.act(act)
    }

    /// What a shell would report otherwise: a bus lost, storage gone.
    pub fn report(&mut self, path: &str, value: f64) {
        if let Some(slot) = self.plant.catalogue().input_slot(path)
            && let Some(reported) = self.reported.iter_mut().find(|(at, _)| *at == slot)
        {
            reported.1 = value;
        }
    }

    /// The value of a point after the last scan.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<f64> {
        let row = self.plant.catalogue().find(path)?;
        Some(self.plant.snapshot().samples[row.id].value)
    }

    /// The name of the state a status point shows.
    #[must_use]
    pub fn state(&self, path: &str) -> Option<&'static str> {
        self.seen().state(path)
    }

    /// How things stand after the last scan.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen {
            catalogue: self.plant.catalogue(),
            samples: Some(&self.plant.snapshot().samples),
            truth: self.twin.truth(),
        }
    }

    /// The controller restarts beside a world that goes on: what is kept comes back, everything else is forgotten. `age` is
    /// how long ago it was kept.
    pub fn restart(&mut self, shape: &Shape, age: Option<Duration>) {
        let mut kept = HashMap::new();
        self.plant.keep(|row, value| {
            kept.insert(row.path.clone(), value);
        });
        let mut plant = Plant::new(shape);
        plant.restore(|row| kept.get(&row.path).copied(), age);
        plant.restore_ledgers(self.ledgers);
        self.inputs = Inputs::new(plant.catalogue());
        self.plant = plant;
        self.away = None;
        self.twin.abandon(false);
    }

    /// Outputs that move water or chemicals, and are on.
    #[must_use]
    pub fn motors_on(&self) -> Vec<String> {
        let moves = |path: &str| {
            [".run", ".speed", ".rate", ".enable", "permit"].iter().any(|end| path.ends_with(end))
        };
        let rows = self.plant.catalogue().rows.iter();
        rows.filter(|row| matches!(row.kind, Kind::Output(..)) && moves(&row.path))
            .filter(|row| self.plant.outputs().values[row.slot] != 0.0)
            .map(|row| row.path.clone())
            .collect()
    }

    /// What the plant says of itself, in a line: its state and what blocks each unit.
    #[must_use]
    pub fn tell(&self) -> String {
        format!("{} at {:?}", self.seen().tell(), self.now())
    }

    /// Plant time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.plant.now()
    }

    /// How things really stand.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        self.twin.truth()
    }
}
