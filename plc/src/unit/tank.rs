//! A sedimentation tank: floc settles in it, sludge is drawn from its hopper.
//!
//! ```text
//! with a weir: OutOfService <-> Hold (no raw water wanted) <-> Filling -> InService <-> Desludging (XV-205, then P-205)
//!                                                     any --(a valve failed)--> Fault --reset--> OutOfService
//! ```
//! In: level, its turns, what flows in. Out: XV-203 inlet, XV-204 outlet, XV-205 sludge. `docs/spec/plant.md` 2.5.

mod batch;
#[cfg(test)]
mod batch_tests;
mod report;
mod sequence;
mod sludge;
#[cfg(test)]
mod tests;

use core::time::Duration;

pub use batch::Batch;
pub use report::Report;
pub use sequence::State;
pub use sludge::Load;

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::{Sustained, Trip, TripTimes};
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, parts, retained, settings, shown, status,
};
use crate::device::{Asked, Handling, MotorValve, ReturnValve, Travel};
use crate::interlock::Column;
use crate::plant::{Settling, Shape};
use crate::quantity::{CubicMetresPerHour, Kilograms, Metres, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::calibration;
use sequence::Scan;
use sludge::Sludge;

inputs! {
    /// The tank.
    pub struct Inputs {
        /// LT-203x, level of the sedimentation tank.
        pub level: Signal<Metres> = measured(0.0..=2.5).every_s(5.0).rate_max(0.05),
    }
}

settings! {
    /// The tank.
    pub struct Settings {
        /// LT-203x, level at which the intake stops: near the rim.
        pub overflow_level: Metres = between(1.0..=2.4, 1.95),
        /// LT-203x, level from which water runs over the weir.
        pub weir_level: Metres = between(0.5..=2.3, 1.75),
        /// XV-205x, how long sludge is drawn.
        pub desludge_time: Duration = between(20.0..=120.0, 40.0).by(Role::Supervisor),
        /// T-203x, is used; otherwise it leaves service in order and stays out.
        pub in_use: bool = between(0.0..=1.0, 1.0),
        /// Sludge from which the tank is desludged beyond its schedule, in a reference tank; scales with it.
        pub sludge_high: Kilograms = between(1.0..=10.0, 6.0).by(Role::Supervisor),
        /// Sludge from which floc is carried over, in a reference tank; scales with it.
        pub sludge_full_limit: Kilograms = between(6.0..=20.0, 12.0),
    }
}

retained! {
    /// What lies in the tank whatever happens to the controller.
    pub struct Retained {
        /// Sludge in the hopper, dry solids, estimated.
        pub sludge_mass: Kilograms = kept().within(0.0..=1e6),
    }
}

/// Everything that may keep a tank from settling water (`docs/spec/plant.md` 2.5).
const PERMISSIVES: Reasons =
    Column::WastePump.interlocks().and(Column::Positions.interlocks()).and(Reasons::all(&[
        Reason::LevelUnknown,
        Reason::MainsLost,
        Reason::NoDemand,
        Reason::RateReduced,
        Reason::SedimentationTankHigh,
        Reason::ValveFault,
        Reason::ValveNotInPlace,
        Reason::ValveRests,
        Reason::PumpFault,
        Reason::WasteTankHigh,
        Reason::WasteTankFull,
        Reason::Washing,
        Reason::SwitchedOff,
        Reason::InManual,
        Reason::InMaintenance,
    ]));

status! {
    /// What the tank does.
    pub struct Status {
        /// State of the tank.
        pub state: State = shown(),
        /// What keeps it out of service.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Time since sludge was last drawn.
        pub since_desludge: Duration = shown().span(0.0..=43_200.0),
        /// Time until the sludge valve may be opened again.
        pub sludge_rest_left: Duration = shown().span(0.0..=60.0),
    }
}

alarms! {
    /// Alarms of the tank.
    pub struct Alarms {
        /// LT-203x, sedimentation tank near overflow.
        pub near_overflow: Condition =
            alarm(206, Priority::P2).delays_s(10.0, 60.0).trips(TripGroup::RawWater),
        /// XV-205x, XV-203x or XV-204x: valve fault.
        pub valve_fault: Condition = alarm(207, Priority::P3).latching(),
        /// T-203x, sludge full.
        pub sludge_full: Condition = alarm(208, Priority::P3),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    /// The plant takes raw water, or prepares to.
    pub wanted: bool,
    /// The raw water is low enough for this tank to join or leave.
    pub may_move: bool,
    /// It is this tank's turn to be desludged.
    pub turn: bool,
    /// It is this batch's turn to be filled, or to give its settled water.
    pub fill_turn: bool,
    pub draw_turn: bool,
    /// What stands against opening the outlet of a batch, by hand too.
    pub outlet_held: Reasons,
    /// A turn lasts so many times its set time.
    pub stretch: u32,
    /// What stands against opening the sludge valve, by hand too: another tank's is open, the waste tank has no room.
    pub sludge_held: Reasons,
    /// P-205 runs.
    pub sludge_pump: bool,
    pub load: Load,
    /// Of this tank against one of the reference plant.
    pub scale: f64,
    /// Causes that forbid sludge flow.
    pub holds: Reasons,
    pub reset: bool,
}

/// One sedimentation tank.
#[derive(Default)]
pub struct Tank {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Tank,
    pub inlet: MotorValve,
    pub outlet: MotorValve,
    pub sludge: ReturnValve,
    /// Of a plain tank without a weir.
    pub batch: Option<Batch>,
    /// Settled water flows out of it: its turn, and its outlet is open.
    gives: bool,
    /// The plant takes raw water, as of the last scan.
    wanted: bool,
    in_state: Duration,
    too_high: Trip,
    emptied: Sustained,
    stuck_open: Sustained,
    estimate: Sludge,
    /// XV-205 has been asked to open for this long.
    opened: Duration,
}
parts! { Tank {
    handling, inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "T-203x"),
         inlet = Group::single("inlet", "XV-203x").held_by(Column::Positions),
         outlet = Group::single("outlet", "XV-204x").held_by(Column::Positions),
         sludge = Group::single("sludge", "XV-205x").held_by(Column::WastePump);
    many: ;
    maybe: batch = Group::single("batch", "T-203x");
    gives, wanted, in_state, too_high, emptied, stuck_open, estimate, opened
} }

/// Level near the rim must last this long (R-2.5-05), and be away so far and so long before water may come again: deadband
/// and delay of alarm 206, so that P-101 does not start in vain.
const HIGH_TIMES: TripTimes = TripTimes::s(10, 60);
const HIGH_BAND: Metres = Metres(0.1);
/// So far below the weir, for so long, a tank gives no water (chosen: three turns of desludging lower it by half of that).
const EMPTIED_BAND: Metres = Metres(0.3);
const EMPTIED_TIME: Duration = Duration::from_secs(60);
/// A turn lasts at most this (`docs/spec/plant.md` 2.5).
const TURN_MAX: Duration = Duration::from_secs(120);
/// A turn after a batch lasts at most this: the way of XV-205 comes on top (INV-28).
const BATCH_TURN_MAX: Duration = Duration::from_secs(150);
/// XV-205 is asked to open for this long at most; with the 10 s of its way shut it is open for 180 s (INV-28).
const OPEN_MAX: Duration = Duration::from_secs(170);
/// It then stays shut for this long (R-2.5-03).
const REST: Duration = Duration::from_secs(60);
/// A failed sludge valve that is not proven shut empties its tank: that one takes no more water (F17; chosen: six times its
/// travel).
const STUCK_TIME: Duration = Duration::from_secs(60);
/// The sludge estimate counts as lower again below this (`docs/spec/plant.md` 4, alarm 208).
const FULL_BAND: Kilograms = Kilograms(2.0);

impl Tank {
    /// Its inlet and outlet lie in no safety path: they get a second try.
    #[must_use]
    pub fn new(shape: &Shape) -> Tank {
        let valve = MotorValve::trying_twice;
        let batch = (shape.settling == Settling::Batch).then(Batch::default);
        Tank { inlet: valve(), outlet: valve(), batch, ..Tank::default() }
    }

    /// The controller was away for so long, or nobody knows how long.
    pub fn restored(&mut self, age: Option<Duration>) {
        if let Some(batch) = &mut self.batch {
            batch.restored(age);
        }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.in_state = self.in_state.saturating_add(elapsed);
        self.wanted = around.wanted;
        if around.reset {
            self.inlet.reset();
            self.outlet.reset();
            self.sludge.reset();
        }
        let before = self.status.state;
        let scan = self.facts(&around, elapsed);
        let state = self.next(before, &scan, &around, elapsed);
        if state != before {
            self.in_state = Duration::ZERO;
        }
        self.status.state = state;
        self.move_valves(&around, elapsed);
        self.count_sludge(&around, elapsed);
        self.status.blocked = self.blocked(&around);
        self.raise(&around);
        let on = self.is_in_use() && around.wanted;
        self.handling.elapse(Percent(if on { 100.0 } else { 0.0 }), elapsed);
    }

    /// The next state: of a tank with a weir, or of a batch.
    fn next(&mut self, before: State, scan: &Scan, around: &Around, elapsed: Duration) -> State {
        let gives = self.gives;
        let Some(batch) = &mut self.batch else { return before.next(scan) };
        let facts = batch::Scan {
            failed: scan.failed,
            reset: scan.reset,
            usable: scan.usable,
            filling: around.load.flow > CubicMetresPerHour::ZERO,
            fill_turn: around.fill_turn && scan.wanted && !scan.high,
            level: self.inputs.level.usable(),
            draws: gives,
            raw: around.load.raw,
            settled: around.load.settled,
            turn: around.turn,
            free: scan.free,
            stretch: around.stretch,
            turn_max: BATCH_TURN_MAX,
            sludge: self.retained.sludge_mass,
            sludge_high: self.settings.sludge_high * around.scale,
            scale: around.scale,
        };
        batch.next(before, &facts, elapsed)
    }

    /// What the sequence decides on.
    fn facts(&mut self, around: &Around, elapsed: Duration) -> Scan {
        let level = self.inputs.level.usable();
        let high = level.is_some_and(|level| !(level <= self.settings.overflow_level));
        let back = level.is_some_and(|level| level <= self.settings.overflow_level - HIGH_BAND);
        let too_high = self.too_high.judge(high, back, HIGH_TIMES, elapsed);
        let low = level.is_some_and(|level| !(level >= self.settings.weir_level - EMPTIED_BAND));
        let emptied = self.emptied.holds(low, EMPTIED_TIME, elapsed);
        let leaks = self.sludge.is_faulty() && !self.sludge.is_closed();
        let leaks = self.stuck_open.holds(leaks, STUCK_TIME, elapsed);
        let time = self.settings.desludge_time.saturating_mul(around.stretch);
        let time = if time < TURN_MAX { time } else { TURN_MAX };
        let rests = self.must_rest() && !self.draws_sludge();
        let free = around.holds.is_empty() && self.sludge.is_available() && !rests;
        Scan {
            failed: self.inlet.is_faulty() || self.outlet.is_faulty() || leaks,
            reset: around.reset,
            usable: self.settings.in_use && self.handling.is_auto(),
            wanted: around.wanted,
            may_move: around.may_move,
            inlet_closed: self.inlet.is_closed(),
            taken_over: !self.handling.is_auto(),
            inlet_open: self.inlet.is_open(),
            // A level that nobody knows: what flows in has filled the tank long ago, or soon will.
            filled: level.is_none_or(|level| level >= self.settings.weir_level - HIGH_BAND),
            emptied,
            high: too_high,
            turn: around.turn && free,
            free,
            drawn: self.in_state >= time || !free,
        }
    }

    /// Valve chart: inlet, outlet, sludge.
    fn move_valves(&mut self, around: &Around, elapsed: Duration) {
        let (inlet, outlet, sludge) = match self.status.state {
            State::Fault | State::OutOfService if self.batch.is_some() => {
                (Travel::Close, Travel::Close, Travel::Close)
            }
            State::Fault | State::OutOfService => (Travel::Close, Travel::Stay, Travel::Close),
            State::Hold => (Travel::Stay, Travel::Stay, Travel::Close),
            State::Filling | State::InService => (Travel::Open, Travel::Open, Travel::Close),
            State::Desludging if self.batch.is_some() => {
                (Travel::Close, Travel::Close, Travel::when(self.draws_sludge()))
            }
            State::Desludging => (Travel::Stay, Travel::Stay, Travel::Open),
            State::Idle | State::Settle => (Travel::Close, Travel::Close, Travel::Close),
            State::Fill => (Travel::Open, Travel::Close, Travel::Close),
            State::Draw => (Travel::Close, Travel::when(around.draw_turn), Travel::Close),
        };
        self.gives = around.draw_turn && self.status.state == State::Draw && self.outlet.is_open();
        self.inlet.scan(by_hand(&self.inlet, inlet), elapsed);
        let outlet = Asked::from(by_hand(&self.outlet, outlet));
        let of_batch = self.batch.is_some();
        self.outlet
            .scan(if of_batch { outlet.unless(around.outlet_held) } else { outlet }, elapsed);
        // A person opens the sludge valve too only where no other one is open, and not for longer.
        let against =
            around.holds.and(around.sludge_held).and_if(self.must_rest(), Reason::ValveRests);
        let asked = Asked::open(self.sludge.wants(sludge == Travel::Open), against);
        self.sludge.scan(asked, elapsed);
        self.count_open(asked.travel == Travel::Open, elapsed);
    }

    /// XV-205 has been open for as long as it may, or rests after that.
    fn must_rest(&self) -> bool {
        !self.status.sludge_rest_left.is_zero()
    }

    /// INV-28: the time XV-205 is open, and its rest.
    fn count_open(&mut self, open: bool, elapsed: Duration) {
        if open {
            self.opened = self.opened.saturating_add(elapsed);
            if self.opened >= OPEN_MAX {
                self.status.sludge_rest_left = REST;
            }
        } else {
            let begun = !self.opened.is_zero();
            let left = if begun { REST } else { self.status.sludge_rest_left };
            self.status.sludge_rest_left = left.saturating_sub(elapsed);
            self.opened = Duration::ZERO;
        }
    }

    fn count_sludge(&mut self, around: &Around, elapsed: Duration) {
        let drawing = self.sludge.is_open() && around.sludge_pump;
        self.retained.sludge_mass = self.estimate.estimate(
            self.retained.sludge_mass,
            &around.load,
            drawing,
            around.scale,
            elapsed,
        );
        self.status.since_desludge = if drawing {
            Duration::ZERO
        } else {
            self.status.since_desludge.saturating_add(elapsed)
        };
    }

    fn blocked(&self, around: &Around) -> Reasons {
        let state = self.status.state;
        let moves = self.wants_to_move();
        self.handling
            .why()
            .and_if(!self.settings.in_use, Reason::SwitchedOff)
            .and_if(!around.wanted, Reason::NoDemand)
            .and_if(state == State::Fault, Reason::ValveFault)
            .and_if(self.sludge.is_faulty(), Reason::ValveFault)
            .and_if(self.too_high.stands(), Reason::SedimentationTankHigh)
            .and_if(moves && !around.may_move, Reason::RateReduced)
            .and_if(self.should_carry() && !self.path_open(), Reason::ValveNotInPlace)
            .and_if(
                self.batch.is_some() && self.inputs.level.usable().is_none(),
                Reason::LevelUnknown,
            )
    }

    fn raise(&mut self, around: &Around) {
        let valves = [self.sludge.is_faulty(), self.inlet.is_faulty(), self.outlet.is_faulty()];
        let fault = Condition::when(valves.contains(&true));
        let mass = Signal::Good(self.retained.sludge_mass);
        self.alarms = Alarms {
            near_overflow: self.inputs.level.above(self.settings.overflow_level, HIGH_BAND),
            valve_fault: fault.unless(around.holds.has(Reason::MainsLost)),
            sludge_full: mass
                .above(self.settings.sludge_full_limit * around.scale, FULL_BAND * around.scale),
        };
    }
}

/// A person's word where the valve is in MANUAL, else the chart's.
fn by_hand(valve: &MotorValve, chart: Travel) -> Travel {
    if valve.handling.is_manual() { Travel::when(valve.wants(false)) } else { chart }
}
