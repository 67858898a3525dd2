//! Every unit in flow order, and the order of a scan. Read this first.
//!
//! ```text
//! validate signals -> judge causes -> take orders -> units in flow order -> hold off by the cause-and-effect table
//!   -> dosing guard -> alarms -> publish
//! ```
//! A later step can only take permission away. Units never see each other: what passes between them are the arguments
//! written here.
//!
//! Signals, causes, the table and the dosing guard are of every scan. The sequences, and the alarms that follow from them,
//! work twice a second, and at once when somebody orders something, a contact moves, or a cause begins or ends (R-2.0-01).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

mod by_hand;
mod calibration;
mod causes;
mod changes;
mod chemicals;
mod dosing;
mod filters;
mod memory;
mod orders;
pub mod pairs;
mod raw_water;
mod safe_water;
mod selection;
mod whole;

pub use memory::Restored;

use crate::alarm::Engine;
use crate::block::{Lowest, Sustained};
use crate::declare::parts;
use crate::device::Stagger;
use crate::image::{Event, Inputs, Order, Outputs, Snapshot};
use crate::interlock::{Causes, Holds};
use crate::publish::{Events, Hold, Publish, PublishOutputs, Times};
use crate::quantity::CubicMetresPerHour;
use crate::signal::Moment;
use crate::tag::{Catalogue, Group, Kind, Visitor};
use crate::unit::chemicals::Chemicals;
use crate::unit::coagulation::Coagulation;
use crate::unit::disinfection::Disinfection;
use crate::unit::distribution::Distribution;
use crate::unit::filter::Filter;
use crate::unit::filtration::Filtration;
use crate::unit::hydrology::Hydrology;
use crate::unit::intake::Intake;
use crate::unit::power::Power;
use crate::unit::sedimentation::Sedimentation;
use crate::unit::system::System;
use crate::unit::tank::Tank;
use crate::unit::waste::Waste;
use crate::validate::{HOLDS_KEPT, Validator};

/// What a site has: stated once, in its file, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Raw water at full rate; thresholds scale with it. 1 to 50 m³/h.
    pub nominal_flow: CubicMetresPerHour,
    /// Sedimentation tanks, 1 to 4.
    pub tanks: u8,
    /// Filters, 1 to 6.
    pub filters: u8,
    /// P-101, 1 to 3.
    pub raw_pumps: u8,
    /// P-301, 1 to 3.
    pub feed_pumps: u8,
    /// P-501, 1 to 3.
    pub lift_pumps: u8,
    /// B-351, with the air valves.
    pub blower: bool,
    /// T-501.
    pub elevated_tank: bool,
    /// Tanks with weirs that water flows through, or plain ones that are filled and drawn in turn.
    pub settling: Settling,
    /// RG-701, LT-701 and MT-702 upstream, by radio.
    pub telemetry: bool,
}

/// How the sedimentation tanks work (`docs/spec/plant.md` 2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settling {
    /// Raw water in, settled water over a weir.
    #[default]
    Continuous,
    /// Filled, left to settle, drawn off.
    Batch,
}

impl Default for Shape {
    /// The reference plant of `docs/spec/plant.md` 1.
    fn default() -> Shape {
        Shape {
            nominal_flow: CubicMetresPerHour(5.0),
            tanks: 2,
            filters: 2,
            raw_pumps: 2,
            feed_pumps: 2,
            lift_pumps: 2,
            blower: true,
            elevated_tank: true,
            settling: Settling::Continuous,
            telemetry: true,
        }
    }
}

/// The units, in flow order.
pub struct Units {
    pub intake: Intake,
    pub coagulation: Coagulation,
    pub tank: Box<[Tank]>,
    pub sedimentation: Sedimentation,
    pub filtration: Filtration,
    pub filter: Box<[Filter]>,
    pub disinfection: Disinfection,
    pub distribution: Distribution,
    pub waste: Waste,
    pub chemicals: Chemicals,
    pub power: Power,
    pub system: System,
    pub hydrology: Option<Hydrology>,
}
parts! { Units {
    ;
    one: intake = Group::single("intake", "U-100"),
         coagulation = Group::single("coagulation", "U-210"),
         sedimentation = Group::single("sedimentation", "U-200"),
         filtration = Group::single("filtration", "U-300"),
         disinfection = Group::single("disinfection", "U-400"),
         distribution = Group::single("distribution", "U-500"),
         waste = Group::single("waste", "U-600"),
         chemicals = Group::single("chemicals", "U-410"),
         power = Group::single("power", "U-901"),
         system = Group::single("system", "U-900");
    many: tank = Group::numbered("tank", "T-203x"), filter = Group::numbered("filter", "F-3n0");
    maybe: hydrology = Group::single("hydrology", "U-700");
} }

/// The plant: a pure function of what it is told, and what it remembers.
pub struct Plant {
    shape: Shape,
    pub units: Units,
    catalogue: Catalogue,
    validator: Validator,
    causes: Causes,
    holds: Holds,
    alarms: Engine,
    stagger: Stagger,
    asked: Asked,
    selections: selection::Selections,
    changes: changes::Changes,
    calibrations: calibration::Calibrations,
    residual: Lowest,
    raw_flow_steady: Sustained,
    settled_unknown: Sustained,
    wet_well_unknown: Sustained,
    welded: Sustained,
    /// Little power, and delivery's turn to use it.
    lift_turn: bool,
    silenced: bool,
    /// What a restart has to tell, in the first scan.
    first_news: Vec<Event>,
    button_was: bool,
    now: Moment,
    /// Since the sequences last worked.
    since_sequences: Duration,
    /// Since settings and totals were last published.
    since_whole: Duration,
    /// Row of each input, by slot.
    input_rows: Box<[usize]>,
    /// Row of each output, by slot.
    output_rows: Box<[usize]>,
    /// Which rows are published together.
    times: Times,
    /// Rows of AIT-330, LT-206 and AIT-401, which the units find out.
    combined_row: Option<usize>,
    settled_row: Option<usize>,
    inlet_row: Option<usize>,
    outputs: Outputs,
    snapshot: Snapshot,
    events: Events,
}

/// What people asked for in this scan.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    start: bool,
    stop: bool,
    stop_all: bool,
    reset: bool,
    supervisor_reset: bool,
    local_reset: bool,
    prime: bool,
    sludge_removed: bool,
    /// Bit by tank.
    desludge: u8,
}

/// Motors start this far apart, and this far after the mains came back (INV-23).
const START_SPACING: Duration = Duration::from_secs(5);
const START_SPACING_AFTER_OUTAGE: Duration = Duration::from_secs(10);

/// Sequences work this often (class S of `docs/spec/plant.md` 2.0, R-2.0-01).
const SEQUENCES_EVERY: Duration = Duration::from_millis(500);

/// Settings and totals are published this often, and at once when something happened (an order, an alarm, a state).
const WHOLE_EVERY: Duration = Duration::from_secs(1);

impl Plant {
    /// Builds it. The only place that allocates.
    #[must_use]
    pub fn new(shape: &Shape) -> Plant {
        let mut units = Units {
            intake: Intake::new(shape),
            coagulation: Coagulation::new(),
            tank: (0..shape.tanks).map(|_| Tank::new(shape)).collect(),
            sedimentation: Sedimentation::new(shape),
            filtration: Filtration::new(shape),
            filter: (0..shape.filters).map(|_| Filter::new(shape)).collect(),
            disinfection: Disinfection::default(),
            distribution: Distribution::new(shape),
            waste: Waste::default(),
            chemicals: Chemicals::default(),
            power: Power::default(),
            system: System::new(HOLDS_KEPT),
            hydrology: shape.telemetry.then(Hydrology::default),
        };
        let catalogue = Catalogue::of(|writer| units.visit(writer));
        Plant {
            shape: *shape,
            validator: Validator::new(catalogue.inputs),
            causes: Causes::default(),
            holds: Holds::default(),
            alarms: Engine::new(&catalogue),
            stagger: Stagger::default(),
            asked: Asked::default(),
            selections: selection::Selections::default(),
            changes: changes::Changes::default(),
            calibrations: calibration::Calibrations::new(&catalogue),
            residual: Lowest::default(),
            raw_flow_steady: Sustained::default(),
            settled_unknown: Sustained::default(),
            wet_well_unknown: Sustained::default(),
            welded: Sustained::default(),
            lift_turn: false,
            silenced: false,
            first_news: Vec::new(),
            button_was: true,
            now: Moment(0),
            since_sequences: SEQUENCES_EVERY,
            since_whole: WHOLE_EVERY,
            input_rows: catalogue.rows_of(|kind| matches!(kind, Kind::Input(_))),
            output_rows: catalogue.rows_of(|kind| matches!(kind, Kind::Output(..))),
            times: Times::of(&catalogue),
            combined_row: catalogue.find("filtration.combined_turbidity").map(|row| row.id),
            settled_row: catalogue.find("sedimentation.settled_level").map(|row| row.id),
            inlet_row: catalogue.find("disinfection.chlorine").map(|row| row.id),
            outputs: Outputs::new(&catalogue),
            snapshot: Snapshot::new(&catalogue),
            events: Events::default(),
            units,
            catalogue,
        }
    }

    /// Walks every declaration with its live value.
    pub fn visit<V: Visitor>(&mut self, visitor: &mut V) {
        self.units.visit(visitor);
    }

    /// Every point of this plant.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// One scan.
    pub fn scan(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) -> &Outputs {
        self.now = self.now.plus(elapsed);
        self.since_whole = self.since_whole.saturating_add(elapsed);
        self.events.clear();
        self.first_news.drain(..).for_each(|news| self.events.push(news));
        self.asked = Asked::default();
        self.selections.elapse(elapsed);
        self.changes.elapse(elapsed);
        let returned = self.units.power.returned().is_some();
        let spacing = if returned { START_SPACING_AFTER_OUTAGE } else { START_SPACING };
        self.stagger.elapse(spacing, elapsed);
        self.stagger.hold(self.units.power.starts_held());

        let contact_moved = self.read(inputs);
        self.judge(elapsed);
        self.take(orders);
        let causes = self.holds.causes();
        self.judge_causes(elapsed);
        self.end_wishes();
        let news = contact_moved || !orders.is_empty() || self.holds.causes() != causes;
        self.since_sequences = self.since_sequences.saturating_add(elapsed);
        if news || self.since_sequences >= SEQUENCES_EVERY {
            let since = core::mem::take(&mut self.since_sequences);
            self.run(since);
            self.hold_off(elapsed);
            self.remember_latches();
            self.remember_holds();
            self.raise(since);
            self.publish();
        } else {
            self.units.system.beat();
            self.hold_off(elapsed);
            self.publish_outputs();
        }
        &self.outputs
    }

    /// Freezes and validates the signals; whether a contact moved.
    fn read(&mut self, inputs: &Inputs) -> bool {
        let activities = self.activities();
        let Plant { units, validator, snapshot, input_rows, now, .. } = self;
        let mut pass = validator.pass(inputs, activities, *now, input_rows, snapshot);
        units.visit(&mut pass);
        pass.contact_moved()
    }

    /// Forces off by the table, then by the dosing guard: last before the wire.
    fn hold_off(&mut self, elapsed: Duration) {
        self.units.visit(&mut Hold::new(&self.holds));
        self.guard(elapsed);
    }

    /// Signals that are made of others.
    fn judge(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let motors = self.motors();
        let net = self.settled_net();
        let units = &mut self.units;
        units.system.emergency_profile.elapse(elapsed);
        units.power.judge(motors, elapsed);
        units.intake.judge(nominal, elapsed);
        units.sedimentation.judge(net, elapsed);
        units.distribution.judge(elapsed);
    }

    /// The units, in flow order.
    fn run(&mut self, elapsed: Duration) {
        let contact = self.contact(elapsed);
        self.run_calibrations(elapsed);
        self.run_hydrology(elapsed);
        self.run_system(elapsed);
        self.run_chemicals(elapsed);
        self.run_raw_water(elapsed);
        self.run_filters(elapsed);
        self.run_safe_water(contact, elapsed);
    }

    /// Alarms. A new one ends the silence.
    fn raise(&mut self, elapsed: Duration) {
        let Plant { units, alarms, events, silenced, .. } = self;
        if alarms.has_counted() {
            units.system.alarm_load.show(alarms);
        }
        units.visit(&mut alarms.collect());
        alarms.step(elapsed);
        for (alarm, transition) in alarms.changes() {
            *silenced &= !transition.is_announced();
            events.push(Event::Alarm { alarm: *alarm, transition: *transition });
        }
    }

    fn publish(&mut self) {
        let whole = self.since_whole >= WHOLE_EVERY || !self.events.all().is_empty();
        if whole {
            self.since_whole = Duration::ZERO;
        }
        let Plant { units, outputs, snapshot, events, alarms, times, now, .. } = self;
        snapshot.at = *now;
        times.write(&mut snapshot.taken, *now, whole);
        snapshot.ledgers = [*units.coagulation.guard.ledger(), *units.disinfection.guard.ledger()];
        units.visit(&mut Publish::new(outputs, snapshot, events, alarms, whole));
    }

    fn publish_outputs(&mut self) {
        let Plant { units, outputs, snapshot, output_rows, now, .. } = self;
        snapshot.at = *now;
        units.visit(&mut PublishOutputs::new(outputs, snapshot, output_rows, *now));
    }

    /// The plant after the last scan.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Causes that stood in the last scan, with what they hold off.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// What happened in the last scan.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        self.events.all()
    }

    /// What the last scan sent to the field.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Plant time of the last scan.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }
}
