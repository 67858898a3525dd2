//! Sedimentation: shares the turns of desludging among the tanks, and watches the settled water.
//!
//! ```text
//! Idle -> Drawing (one tank's sludge valve open, then P-205) -> Resting (60 s) -> Idle
//! ```
//! In: settled turbidity and level. Out: P-205, the tanks' turns. `docs/spec/plant.md` 2.5.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::Timed;
use crate::declare::{
    alarm, alarms, between, inputs, measured, parts, settings, shown, states, status,
};
use crate::device::{Ask, Handling, Limits, Motor, Stagger};
use crate::interlock::Column;
use crate::quantity::{CubicMetres, CubicMetresPerHour, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Activity, Group, Role};
use crate::unit::balance::{self, TankBalance};

inputs! {
    /// Settled water.
    pub struct Inputs {
        /// AIT-203, settled turbidity.
        pub settled_turbidity: Signal<Ntu> = measured(0.0..=100.0).every_s(5.0)
            .not_below(-0.05).stuck_after_s(7200.0, 0.01).moved_by(Activity::RawPump),
        /// LT-206, settled water tank.
        pub settled_level: Signal<Percent> = measured(0.0..=100.0)
            .rate_max(2.5).stuck_after_s(1200.0, 0.1).moved_by(Activity::SettledTank),
    }
}

settings! {
    /// The turns.
    pub struct Settings {
        /// Interval between turns of a tank at 20 NTU; shorter in muddier water.
        pub interval: Duration = between(1800.0..=43_200.0, 14_400.0).by(Role::Supervisor),
        /// AIT-203, settled water cloudy.
        pub cloudy: Ntu = between(2.0..=8.0, 5.0).by(Role::Supervisor),
        /// T-206, water in the settled tank when it is full.
        pub settled_volume: CubicMetres = between(0.2..=50.0, 2.0),
        /// AIT-203, settled water very bad.
        pub very_bad: Ntu = between(5.0..=20.0, 10.0).by(Role::Supervisor),
    }
}

status! {
    /// What sedimentation does.
    pub struct Status {
        /// State of the desludging.
        pub state: State = shown(),
        /// What keeps it from desludging.
        pub blocked: Reasons = shown(),
        /// Interval between turns now.
        pub interval_now: Duration = shown().span(0.0..=43_200.0),
    }
}

alarms! {
    /// Alarms of sedimentation.
    pub struct Alarms {
        /// AIT-203, settled water cloudy.
        pub settled_cloudy: Condition = alarm(204, Priority::P2).delays_s(1200.0, 600.0),
        /// AIT-203, settled water very bad.
        pub settled_very_bad: Condition = alarm(205, Priority::P1).delays_s(1200.0, 600.0),
    }
}

/// Tanks at most.
pub const TANKS_MAX: usize = 4;

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// Into the tanks, and by FIT-301 out of T-206.
    pub raw_flow: Signal<CubicMetresPerHour>,
    pub feed: Signal<CubicMetresPerHour>,
    pub raw_turbidity: Signal<Ntu>,
    /// By tank: in service and fit; since its last turn; ordered by a person; its sludge valve proven open.
    pub tanks: [TankView; TANKS_MAX],
    /// Raw water between 200 and 1 000 NTU: intervals a third (D2).
    pub muddy: bool,
    /// The plant takes water.
    pub producing: bool,
    /// A filter is in its high wash: the waste tank has no room.
    pub high_wash: bool,
    pub waste_level: Signal<Percent>,
    /// Causes that hold P-205.
    pub holds: Reasons,
    pub reset: bool,
}

/// What sedimentation sees of a tank.
#[derive(Clone, Copy, Debug, Default)]
pub struct TankView {
    pub in_service: bool,
    pub since: Duration,
    pub ordered: bool,
    pub sludge_open: bool,
    pub desludging: bool,
}

/// Turns and settled water.
#[derive(Default)]
pub struct Sedimentation {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub alarms: Alarms,
    pub sludge_pump: Motor,
    pub balance: TankBalance,
    sequence: Timed<Sequence>,
    turn: Option<usize>,
    begun: bool,
}
parts! { Sedimentation {
    handling, inputs, settings, status, alarms;
    one: sludge_pump = Group::single("sludge_pump", "P-205").held_by(Column::WastePump),
         balance = Group::single("balance", "T-206");
    many: ; maybe: ;
    sequence, turn, begun
} }

/// Rest between tanks (`docs/spec/plant.md` 2.5).
const REST: Duration = Duration::from_secs(60);
/// A turn is given up after this: XV-205 may be open 180 s at most (INV-28).
const TURN_MAX: Duration = Duration::from_secs(180);
/// Intervals between turns (`docs/spec/plant.md` 2.5).
const INTERVAL_LOW: f64 = 1800.0;
const INTERVAL_HIGH: f64 = 43_200.0;
/// Turbidity at which the set interval holds, NTU, and the least that counts.
const INTERVAL_NTU: f64 = 20.0;
const CLEAR_NTU: f64 = 5.0;
/// Above this waste level no sludge is drawn, %.
const WASTE_MAX: f64 = 85.0;

impl Sedimentation {
    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.sludge_pump.reset();
        }
        self.status.interval_now = self.interval(&around);
        let blocked = self.blocked(&around);
        if self.sequence.state() == (State::Idle {}) {
            self.begun = false;
            self.turn = if blocked.is_empty() { self.next(&around) } else { None };
        }
        let tank = self.turn.and_then(|tank| around.tanks.get(tank)).copied().unwrap_or_default();
        self.begun |= tank.desludging;
        let scan = Scan {
            in_state: self.sequence.in_state(),
            turn: self.turn.is_some(),
            finished: self.begun && !tank.desludging,
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let draw = match state {
            State::Drawing {} => tank.sludge_open,
            State::Idle {} | State::Resting {} => false,
        };
        self.sludge_pump.scan(Ask::when(draw), Limits::SMALL, stagger, elapsed);
        self.status = Status {
            state,
            blocked: blocked.and_if(self.turn.is_none(), Reason::NoDemand),
            interval_now: self.status.interval_now,
        };
        let full = self.settings.settled_volume.0;
        let entry = balance::Around {
            nominal: around.nominal,
            inflow: around.raw_flow,
            outflow: around.feed,
            volume: self.inputs.settled_level.map(|level| CubicMetres(level.0 / 100.0 * full)),
            // Sludge is drawn off unmetered, a few percent; the tanks themselves stand full.
            unmetered: false,
        };
        self.balance.scan(entry, elapsed);
        self.alarms = Alarms {
            settled_cloudy: self
                .inputs
                .settled_turbidity
                .above(self.settings.cloudy, Ntu(1.0))
                .unless(!around.producing),
            settled_very_bad: self
                .inputs
                .settled_turbidity
                .above(self.settings.very_bad, Ntu(2.0))
                .unless(!around.producing),
        };
    }

    /// Whose turn it is.
    #[must_use]
    pub fn turn_of(&self, tank: usize) -> bool {
        self.status.state == (State::Drawing {}) && self.turn == Some(tank) && !self.begun
    }

    // Judgements.

    /// 4 h × 20 ÷ turbidity, between half an hour and half a day.
    fn interval(&self, around: &Around) -> Duration {
        let turbidity =
            around.raw_turbidity.usable().unwrap_or(Ntu(INTERVAL_NTU)).or_more(Ntu(CLEAR_NTU));
        let third = if around.muddy { 3.0 } else { 1.0 };
        let seconds = self.settings.interval.as_secs_f64() * INTERVAL_NTU / turbidity.0;
        let seconds = if seconds >= INTERVAL_HIGH {
            INTERVAL_HIGH
        } else if seconds > INTERVAL_LOW {
            seconds
        } else {
            INTERVAL_LOW
        };
        Duration::from_secs_f64(seconds / third)
    }

    /// An ordered tank first, then the one that has waited longest beyond the interval.
    fn next(&self, around: &Around) -> Option<usize> {
        let tanks = || around.tanks.iter().enumerate();
        let ordered = tanks().find(|(_, tank)| tank.ordered).map(|(number, _)| number);
        let due = tanks()
            .filter(|(_, tank)| {
                tank.in_service && around.producing && tank.since >= self.status.interval_now
            })
            .max_by_key(|(_, tank)| tank.since)
            .map(|(number, _)| number);
        ordered.or(due)
    }

    fn blocked(&self, around: &Around) -> Reasons {
        let room = around.waste_level.usable().is_some_and(|level| level <= Percent(WASTE_MAX));
        around
            .holds
            .and_if(!room, Reason::WasteTankHigh)
            .and_if(around.high_wash, Reason::Washing)
            .and_if(self.sludge_pump.is_faulty(), Reason::PumpFault)
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    turn: bool,
    finished: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the turns.
#[derive(Default)]
pub struct Sequence;

states! { State { Idle, Drawing, Resting } }

#[state_machine(
    initial = "State::idle()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "any")]
    fn idle(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.turn => Transition(State::drawing()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "any")]
    fn drawing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.finished || scan.in_state >= TURN_MAX => {
                Transition(State::resting())
            }
            Event::Scan(_) => Super,
            Event::Trip => Transition(State::resting()),
        }
    }

    #[state(superstate = "any")]
    fn resting(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.in_state >= REST => Transition(State::idle()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn any(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip | Event::Scan(_) => Handled,
        }
    }
}
