//! A sedimentation tank: floc settles in it, sludge is drawn from its hopper.
//!
//! ```text
//! OutOfService -> InService -> Desludging (sludge valve, P-205) -> InService        any --(valve failed)--> Fault
//! ```
//! In: level, its turn to desludge. Out: XV-203 inlet, XV-204 outlet, XV-205 sludge. `docs/spec/plant.md` 2.5.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, inputs, measured, parts, settings, shown, states, status,
};
use crate::device::{Handling, MotorValve, ReturnValve, Travel};
use crate::interlock::Column;
use crate::quantity::Metres;
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};

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
        /// XV-205x, how long sludge is drawn.
        pub desludge_time: Duration = between(20.0..=120.0, 40.0).by(Role::Supervisor),
    }
}

status! {
    /// What the tank does.
    pub struct Status {
        /// State of the tank.
        pub state: State = shown(),
        /// What keeps it out of service.
        pub blocked: Reasons = shown(),
        /// Time since sludge was last drawn.
        pub since_desludge: Duration = shown().span(0.0..=43_200.0),
    }
}

alarms! {
    /// Alarms of the tank.
    pub struct Alarms {
        /// LT-203x, sedimentation tank near overflow.
        pub near_overflow: Condition = alarm(206, Priority::P2).delays_s(10.0, 60.0),
        /// XV-205x, sludge valve fault.
        pub sludge_valve_fault: Condition = alarm(207, Priority::P3).latching(),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    /// The plant takes raw water, or prepares to.
    pub in_service: bool,
    /// It is this tank's turn to be desludged.
    pub turn: bool,
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
    pub status: Status,
    pub alarms: Alarms,
    pub inlet: MotorValve,
    pub outlet: MotorValve,
    pub sludge: ReturnValve,
    sequence: Timed<Sequence>,
    high: Sustained,
}
parts! { Tank {
    handling, inputs, settings, status, alarms;
    one: inlet = Group::single("inlet", "XV-203x").held_by(Column::Positions),
         outlet = Group::single("outlet", "XV-204x").held_by(Column::Positions),
         sludge = Group::single("sludge", "XV-205x").held_by(Column::WastePump);
    many: ; maybe: ;
    sequence, high
} }

/// Level near the rim must last this long (`docs/spec/plant.md` 2.5).
const HIGH_TIME: Duration = Duration::from_secs(10);

impl Tank {
    /// Its inlet and outlet lie in no safety path: they get a second try.
    #[must_use]
    pub fn new() -> Tank {
        let valve = MotorValve::trying_twice;
        Tank { inlet: valve(), outlet: valve(), ..Tank::default() }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.inlet.reset();
            self.outlet.reset();
            self.sludge.reset();
        }
        let high = self
            .inputs
            .level
            .usable()
            .is_some_and(|level| !(level <= self.settings.overflow_level));
        self.high.holds(high, HIGH_TIME, elapsed);
        let scan = Scan {
            wanted: around.in_service,
            turn: around.turn && around.holds.is_empty(),
            drawn: self.sequence.in_state() >= self.settings.desludge_time,
            failed: self.inlet.is_faulty() || self.outlet.is_faulty(),
            reset: around.reset,
        };
        let trip = (!around.holds.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        // Valve chart: inlet, outlet, sludge.
        let (inlet, outlet, sludge) = match state {
            State::OutOfService {} => (Travel::Stay, Travel::Stay, Travel::Close),
            State::InService {} => (Travel::Open, Travel::Open, Travel::Close),
            State::Desludging {} => (Travel::Open, Travel::Open, Travel::Open),
            State::Fault {} => (Travel::Close, Travel::Stay, Travel::Close),
        };
        self.inlet.scan(inlet, elapsed);
        self.outlet.scan(outlet, elapsed);
        self.sludge.scan(sludge, elapsed);
        let since = match state {
            State::Desludging {} => Duration::ZERO,
            State::OutOfService {} | State::InService {} | State::Fault {} => {
                self.status.since_desludge.saturating_add(elapsed)
            }
        };
        self.status = Status {
            state,
            blocked: Reasons::NONE
                .and_if(!around.in_service, Reason::NoDemand)
                .and_if(scan.failed, Reason::ValveFault),
            since_desludge: since,
        };
        self.alarms = Alarms {
            near_overflow: self.inputs.level.above(self.settings.overflow_level, Metres(0.1)),
            sludge_valve_fault: Condition::when(self.sludge.is_faulty()),
        };
    }

    /// Water can go in and out, proven by limit switches.
    #[must_use]
    pub fn path_open(&self) -> bool {
        self.inlet.is_open() && self.outlet.is_open()
    }

    /// Fit for service.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status.state != (State::Fault {})
    }

    /// Near its rim for long enough to stop the intake.
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.high.lasted() >= HIGH_TIME
    }

    /// Sludge is being drawn.
    #[must_use]
    pub fn is_desludging(&self) -> bool {
        self.status.state == (State::Desludging {})
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    wanted: bool,
    turn: bool,
    drawn: bool,
    failed: bool,
    reset: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of a tank.
#[derive(Default)]
pub struct Sequence;

states! { State { OutOfService, InService, Desludging, Fault } }

#[state_machine(
    initial = "State::out_of_service()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "sound")]
    fn out_of_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.wanted && !scan.failed => Transition(State::in_service()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "sound")]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.wanted => Transition(State::out_of_service()),
            Event::Scan(scan) if scan.turn && !scan.failed => Transition(State::desludging()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "sound")]
    fn desludging(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.drawn => Transition(State::in_service()),
            // Drawing needs no demand, but it needs the way to the waste tank.
            Event::Trip => Transition(State::in_service()),
            Event::Scan(_) => Super,
        }
    }

    #[state]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.reset => Transition(State::out_of_service()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[superstate]
    fn sound(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.failed => Transition(State::fault()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }
}
