//! Sedimentation: shares raw water and the turns of desludging among the tanks, and watches the settled water.
//!
//! ```text
//! Idle -> Drawing (one tank's sludge valve open, then P-205) -> Resting (60 s) -> Idle
//! ```
//! In: settled turbidity and level, what the tanks ask for. Out: P-205, the tanks' turns, the rate they may be given.
//! `docs/spec/plant.md` 2.5.

mod batch;
mod effect;
mod level;
mod rounds;
mod service;
#[cfg(test)]
mod tests;

use core::time::Duration;

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::Timed;
use crate::declare::{alarm, alarms, between, inputs, measured, parts, settings, shown, status};
use crate::device::{Ask, Handling, Limits, Motor, Stagger};
use crate::interlock::Column;
use crate::plant::{Settling, Shape};
use crate::quantity::{CubicMetres, CubicMetresPerHour, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Activity, Group, Role};
use crate::unit::balance::{self, TankBalance};
use crate::unit::calibration;
use crate::unit::tank::Report;
use batch::Batches;
use effect::{Effect, Seen};
pub use level::Net;
use level::Settled;
use rounds::{Event, REST, Rounds, Scan, Sequence, State};
use service::Service;

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
    /// The rounds, and the settled water.
    pub struct Settings {
        /// Interval between rounds of desludging at 20 NTU; shorter in muddier water.
        pub interval: Duration = between(5400.0..=43_200.0, 14_400.0).by(Role::Supervisor),
        /// AIT-203, settled water cloudy.
        pub cloudy: Ntu = between(2.0..=8.0, 5.0).by(Role::Supervisor),
        /// T-206, water in the settled tank when it is full.
        pub settled_volume: CubicMetres = between(0.2..=50.0, 2.0),
        /// AIT-203, settled water very bad.
        pub very_bad: Ntu = between(5.0..=20.0, 10.0).by(Role::Supervisor),
        /// LT-601, no sludge is drawn above this.
        pub waste_level_max: Percent = between(50.0..=85.0, 85.0).by(Role::Supervisor),
    }
}

/// Everything that may keep sludge from being drawn (`docs/spec/plant.md` 2.5).
const PERMISSIVES: Reasons = Column::WastePump.interlocks().and(Reasons::all(&[
    Reason::NoDemand,
    Reason::NoPathOpen,
    Reason::PumpFault,
    Reason::Washing,
    Reason::WasteTankFull,
    Reason::WasteTankHigh,
    Reason::StartsUsedUp,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What sedimentation does.
    pub struct Status {
        /// State of the desludging.
        pub state: State = shown(),
        /// What keeps it from desludging.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Interval between rounds now.
        pub interval_now: Duration = shown().span(0.0..=43_200.0),
        /// Time left until the next round.
        pub round_left: Duration = shown().span(0.0..=43_200.0),
        /// Time left of the rest between two turns.
        pub rest_left: Duration = shown().span(0.0..=60.0),
        /// LI-206, level of the settled tank that all logic judges: LT-206, or what the meters count once it has frozen.
        pub level: Signal<Percent> = shown().span(0.0..=100.0),
        /// Raw water that the tanks may be given.
        pub rate_limit: CubicMetresPerHour = shown().span(0.0..=10.0),
    }
}

alarms! {
    /// Alarms of sedimentation.
    pub struct Alarms {
        /// AIT-203, settled water cloudy.
        pub settled_cloudy: Condition =
            alarm(204, Priority::P2).delays_s(1200.0, 600.0).explained_by(&[201]),
        /// AIT-203, settled water very bad.
        pub settled_very_bad: Condition =
            alarm(205, Priority::P1).delays_s(1200.0, 600.0).trips(TripGroup::RawWater),
        /// P-205, sludge was to be drawn and none came.
        pub no_sludge: Condition = alarm(213, Priority::P3),
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
    /// What the dose is decided on.
    pub raw_turbidity: Signal<Ntu>,
    /// Of the site's tanks, in their order; beyond them: nothing.
    pub tanks: [Report; TANKS_MAX],
    /// Bit by tank: to be desludged by a person's order, in this scan.
    pub ordered: u8,
    /// Raw water between 200 and 1 000 NTU: turns last three times as long (D2).
    pub muddy: bool,
    /// Mud is on its way: every tank is desludged now, once (R-2.14-05).
    pub all: bool,
    /// The plant takes water.
    pub producing: bool,
    /// Wash water flows into the waste tank: it has no room.
    pub high_wash: bool,
    pub waste_level: Signal<Percent>,
    /// P-601 decants, or a filter is washed or ripens: a round waits for its end, unless sludge presses.
    pub waste_busy: bool,
    /// Causes that hold P-205.
    pub holds: Reasons,
    pub reset: bool,
}

/// Turns and settled water.
#[derive(Default)]
pub struct Sedimentation {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Sedimentation,
    pub sludge_pump: Motor,
    pub balance: TankBalance,
    tanks: usize,
    settled: Settled,
    /// Tanks without weirs.
    batches: Option<Batches>,
    sequence: Timed<Sequence>,
    rounds: Rounds,
    effect: Effect,
    service: Service,
    /// What stands against the sludge valve of each tank; `None`: nobody has looked yet.
    sludge_held: [Option<Reasons>; TANKS_MAX],
}
parts! { Sedimentation {
    handling, inputs, settings, status, alarms;
    one: calibration = Group::single("calibration", "U-200"),
         sludge_pump = Group::single("sludge_pump", "P-205").held_by(Column::WastePump),
         balance = Group::single("balance", "T-206");
    many: ; maybe: ;
    tanks, settled, batches, sequence, rounds, effect, service, sludge_held
} }

impl Sedimentation {
    /// Of this many tanks.
    #[must_use]
    pub fn new(shape: &Shape) -> Sedimentation {
        Sedimentation {
            tanks: usize::from(shape.tanks).min(TANKS_MAX),
            batches: (shape.settling == Settling::Batch).then(Batches::default),
            ..Sedimentation::default()
        }
    }

    /// The settled tank's level, taken before the causes with the flows of the last scan.
    pub fn judge(&mut self, net: Net, elapsed: Duration) {
        let full = self.settings.settled_volume;
        self.settled.judge(self.inputs.settled_level, net, full, elapsed);
    }

    /// The settled tank's level that all logic judges.
    #[must_use]
    pub fn settled_level(&self) -> Signal<Percent> {
        self.settled.level(self.inputs.settled_level)
    }

    /// LT-206 stands still although the water does not.
    #[must_use]
    pub fn settled_frozen(&self) -> bool {
        self.settled.is_frozen()
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.sludge_pump.reset();
            self.settled = Settled::default();
            self.effect = Effect::default();
        }
        let tanks = &around.tanks[..self.tanks];
        self.service.judge(&around, tanks, elapsed);
        if let Some(batches) = &mut self.batches {
            let level = self.settled.level(self.inputs.settled_level);
            batches.take_turns(around.producing, tanks, level, elapsed);
        }
        let blocked = self.blocked(&around);
        let state = self.take_turns(&around, blocked);
        let flows = tanks.iter().any(|tank| tank.sludge_open);
        let draw = match state {
            State::Drawing {} => flows && blocked.is_empty(),
            State::Idle {} | State::Resting {} => false,
        };
        let by_hand = blocked.and_if(!flows, Reason::NoPathOpen);
        let ask = Ask::when(draw && self.handling.is_auto()).or_by_hand(by_hand);
        self.sludge_pump.scan(ask, Limits::SMALL, stagger, elapsed);
        let seen = Seen {
            runs: self.sludge_pump.is_running(),
            undisturbed: !around.waste_busy && !around.high_wash,
            level: around.waste_level,
        };
        self.effect.watch(&seen, elapsed);
        self.free_valves(tanks, blocked);
        self.show(&around, state, blocked);
        self.keep_books(&around, elapsed);
        self.raise(&around);
        let on = self.sludge_pump.is_on();
        self.handling.elapse(Percent(if on { 100.0 } else { 0.0 }), elapsed);
    }

    /// A person may have sludge drawn, now or when its turn comes; the answer to the order.
    ///
    /// # Errors
    /// What no waiting ends: sedimentation or P-205 out of AUTO, P-205 failed.
    pub fn may_desludge(&self) -> Result<(), Reason> {
        let why = self
            .handling
            .why()
            .and(self.sludge_pump.handling.why())
            .and_if(self.sludge_pump.is_faulty(), Reason::PumpFault);
        why.iter().next().map_or(Ok(()), Err)
    }

    /// The panel commands: a turn that a person ordered, and that has not begun, is ordered no more (R-2.1-05).
    pub fn end_orders(&mut self) {
        self.rounds.end_orders();
    }

    #[cfg(test)]
    pub(crate) fn has_orders(&self) -> bool {
        self.rounds.has_orders()
    }

    /// Rounds, and the turns in them.
    fn take_turns(&mut self, around: &Around, blocked: Reasons) -> State {
        let tanks = &around.tanks[..self.tanks];
        let raw = around.raw_turbidity.usable();
        self.status.interval_now = Rounds::interval(self.settings.interval, raw);
        self.rounds.call(around, tanks, self.status.interval_now);
        let before = self.sequence.state();
        let rests = before == (State::Resting {});
        if before == (State::Idle {}) {
            let free = blocked.is_empty()
                && self.handling.is_auto()
                && self.sludge_pump.may_start(Limits::SMALL);
            if free { self.rounds.choose(tanks) } else { self.rounds.clear() }
        }
        let scan = Scan {
            in_state: self.sequence.in_state(),
            turn: self.rounds.turn().is_some(),
            finished: self.rounds.follow(tanks),
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        if state == (State::Resting {}) && !rests {
            self.rounds.end_turn(tanks);
        }
        state
    }

    /// A sludge valve may be open only while every other one is proven shut (INV-28).
    fn free_valves(&mut self, tanks: &[Report], blocked: Reasons) {
        for (at, held) in self.sludge_held.iter_mut().enumerate() {
            let mut others = tanks.iter().enumerate().filter(|(other, _)| *other != at);
            let flows = others.any(|(_, tank)| tank.sludge_flows);
            *held = Some(blocked.and_if(flows, Reason::OtherValveNotInPlace));
        }
    }

    fn show(&mut self, around: &Around, state: State, blocked: Reasons) {
        let tanks = &around.tanks[..self.tanks];
        let nobody = self.rounds.turn().is_none();
        let longest = tanks.iter().filter(|tank| tank.carries).map(|tank| tank.since).max();
        let rests = state == (State::Resting {});
        let rest_left = REST.saturating_sub(self.sequence.in_state());
        self.status = Status {
            state,
            blocked: blocked
                .and(self.handling.why())
                .and_if(!self.sludge_pump.may_start(Limits::SMALL), Reason::StartsUsedUp)
                .and_if(nobody, Reason::NoDemand),
            interval_now: self.status.interval_now,
            round_left: self.status.interval_now.saturating_sub(longest.unwrap_or_default()),
            rest_left: if rests { rest_left } else { Duration::ZERO },
            level: self.settled_level(),
            rate_limit: self.service.rate(around.nominal),
        };
    }

    /// The water balance of T-206.
    fn keep_books(&mut self, around: &Around, elapsed: Duration) {
        let full = self.settings.settled_volume.0;
        let entry = balance::Around {
            nominal: around.nominal,
            inflow: around.raw_flow,
            outflow: around.feed,
            volume: self.inputs.settled_level.map(|level| CubicMetres(level.0 / 100.0 * full)),
            // Sludge is drawn off unmetered, a few percent; the tanks themselves stand full. What a batch gives no meter sees.
            unmetered: self.batches.is_some(),
        };
        self.balance.scan(entry, elapsed);
    }

    fn raise(&mut self, around: &Around) {
        let idle = !around.producing;
        let turbidity = self.inputs.settled_turbidity;
        self.alarms = Alarms {
            settled_cloudy: turbidity.above(self.settings.cloudy, Ntu(1.0)).unless(idle),
            settled_very_bad: turbidity.above(self.settings.very_bad, Ntu(2.0)).unless(idle),
            no_sludge: Condition::when(self.effect.fails()),
        };
    }

    /// It is this tank's turn to draw its sludge.
    #[must_use]
    pub fn turn_of(&self, tank: usize) -> bool {
        self.status.state == (State::Drawing {}) && self.rounds.calls(tank)
    }

    /// A turn lasts so many times its set time.
    #[must_use]
    pub fn stretch(&self, around: &Around) -> u32 {
        Rounds::stretch(around)
    }

    /// What stands against this tank's sludge valve, by hand too. Where nobody knows, another one may be open.
    #[must_use]
    pub fn sludge_held(&self, tank: usize) -> Reasons {
        let held = self.sludge_held.get(tank).copied().flatten();
        held.unwrap_or(Reasons::only(Reason::OtherValveNotInPlace))
    }

    /// This batch is to be filled.
    #[must_use]
    pub fn fill_turn(&self, tank: usize) -> bool {
        self.batches.as_ref().is_some_and(|batches| batches.fills(tank))
    }

    /// This batch may give its settled water.
    #[must_use]
    pub fn draw_turn(&self, tank: usize) -> bool {
        self.batches.as_ref().is_some_and(|batches| batches.draws(tank))
    }

    /// What stands against opening the outlet of a batch, by hand too: T-206 would run over (R-2.5-09).
    #[must_use]
    pub fn outlet_held(&self) -> Reasons {
        let full = self.batches.as_ref().is_some_and(Batches::no_room);
        let known = self.settled_level().usable().is_some();
        Reasons::NONE
            .and_if(full && known, Reason::SettledTankFull)
            .and_if(full && !known, Reason::LevelUnknown)
    }

    /// No raw water is asked for just now: every batch settles, gives water or waits to be desludged.
    #[must_use]
    pub fn needs_no_raw_water(&self) -> bool {
        self.batches.as_ref().is_some_and(|batches| !batches.any_fills())
    }

    /// The raw water is low enough for a tank to join or leave.
    #[must_use]
    pub fn may_move(&self) -> bool {
        self.service.may_move()
    }

    /// No tank is used: no raw water.
    #[must_use]
    pub fn pauses(&self) -> bool {
        self.service.pauses()
    }

    /// Sludge is drawn by P-205; where T-601 says otherwise none counts as drawn.
    #[must_use]
    pub fn draws_sludge(&self) -> bool {
        self.sludge_pump.is_running() && !self.effect.fails()
    }

    fn blocked(&self, around: &Around) -> Reasons {
        let most = self.settings.waste_level_max;
        let room = around.waste_level.usable().is_some_and(|level| level <= most);
        around
            .holds
            .and_if(!room, Reason::WasteTankHigh)
            .and_if(around.high_wash, Reason::Washing)
            .and_if(self.sludge_pump.is_faulty(), Reason::PumpFault)
    }
}
