//! Waste: washings, sludge and filter-to-waste settle in T-601; the upper water is decanted.
//!
//! ```text
//! Receiving -> Settling (60 min after the last inflow) -> Decanting (down to 30 %) -> Receiving
//! ```
//! In: level, whether anything flows in. Out: P-601. `docs/spec/plant.md` 2.9.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::Timed;
use crate::declare::{
    alarm, alarms, between, contact, inputs, measured, parts, settings, shown, states, status,
};
use crate::device::{Ask, Handling, Limits, Motor, Stagger};
use crate::interlock::Column;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};

inputs! {
    /// T-601.
    pub struct Inputs {
        /// LT-601, waste tank level.
        pub level: Signal<Percent> = measured(0.0..=100.0).every_s(5.0),
        /// LSHH-601, waste tank below high-high; opens to trip.
        pub high_high: Signal<bool> = contact().every_s(0.1),
    }
}

settings! {
    /// Settling and decanting.
    pub struct Settings {
        /// LT-601, level down to which is decanted.
        pub decant_to: Percent = between(10.0..=60.0, 30.0).by(Role::Supervisor),
        /// Time without inflow before decanting.
        pub settling_time: Duration = between(900.0..=14_400.0, 3600.0).by(Role::Supervisor),
    }
}

status! {
    /// What the waste tank does.
    pub struct Status {
        /// State of the waste tank.
        pub state: State = shown(),
        /// What keeps P-601 from decanting.
        pub blocked: Reasons = shown(),
    }
}

alarms! {
    /// Alarms of waste.
    pub struct Alarms {
        /// LT-601, waste tank high.
        pub level_high: Condition = alarm(601, Priority::P3).delays_s(60.0, 60.0),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    /// A wash, ripening or sludge flows in.
    pub inflow: bool,
    /// Causes that hold P-601.
    pub holds: Reasons,
    pub reset: bool,
}

/// The waste tank.
#[derive(Default)]
pub struct Waste {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub alarms: Alarms,
    pub pump: Motor,
    sequence: Timed<Sequence>,
}
parts! { Waste {
    handling, inputs, settings, status, alarms;
    one: pump = Group::single("pump", "P-601").held_by(Column::WastePump);
    many: ; maybe: ;
    sequence
} }

/// Decanting begins this much above where it ends, so that P-601 does not nibble, %.
const WORTH_IT: f64 = 2.0;

impl Waste {
    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.pump.reset();
        }
        let level = self.inputs.level.usable();
        let blocked = around
            .holds
            .and_if(level.is_none(), Reason::LevelUnknown)
            .and_if(self.pump.is_faulty(), Reason::PumpFault);
        let low = self.settings.decant_to;
        let scan = Scan {
            inflow: around.inflow,
            settled: self.sequence.in_state() >= self.settings.settling_time,
            worth: level.is_some_and(|level| level > low + Percent(WORTH_IT)),
            left: level.is_some_and(|level| level > low),
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let run = match state {
            State::Decanting {} => blocked.is_empty(),
            State::Receiving {} | State::Settling {} | State::Settled {} => false,
        };
        let ask = Ask::when(run).or_by_hand(blocked.protections());
        self.pump.scan(ask, Limits::SMALL, stagger, elapsed);
        self.status = Status {
            state,
            blocked: blocked
                .and_if(state == (State::Settling {}), Reason::WasteSettling)
                .and_if(!scan.worth, Reason::NoDemand),
        };
        self.alarms = Alarms { level_high: self.inputs.level.above(Percent(85.0), Percent(10.0)) };
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    inflow: bool,
    settled: bool,
    worth: bool,
    left: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the waste tank.
#[derive(Default)]
pub struct Sequence;

states! { State { Settling, Receiving, Settled, Decanting } }

#[state_machine(
    initial = "State::settling()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "quiet")]
    fn settling(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.inflow && scan.settled => Transition(State::settled()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state]
    fn receiving(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.inflow => Transition(State::settling()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[state(superstate = "quiet")]
    fn settled(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.inflow && scan.worth => Transition(State::decanting()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "quiet")]
    fn decanting(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.inflow && !scan.left => Transition(State::settled()),
            Event::Trip => Transition(State::settled()),
            Event::Scan(_) => Super,
        }
    }

    #[superstate]
    fn quiet(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.inflow => Transition(State::receiving()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }
}
