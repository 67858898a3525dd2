//! Waste: washings, sludge and filter-to-waste settle in T-601; the upper water is decanted.
//!
//! ```text
//! Receiving -> Settling (60 min after the last inflow) -> Decanting (down to 30 %) -> Idle      any --(inflow)--> Receiving
//!                 any but Decanting --(95 %, or LSHH-601)--> Full -> Decanting, as from Settling
//! ```
//! Full, and something flows in all the same: P-601 runs as it is.
//! In: level, whether anything flows in. Out: P-601. `docs/spec/plant.md` 2.9.

mod solids;
#[cfg(test)]
mod tests;

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::block::{Sustained, Trip, TripTimes};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, parts, retained, settings, shown,
    states, status,
};
use crate::device::{Ask, Handling, Limits, Motor, Stagger};
use crate::interlock::Column;
use crate::quantity::{CubicMetresPerHour, Kilograms, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::calibration;
use solids::Solids;

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
        /// LT-601, waste tank high above this.
        pub level_high_limit: Percent = between(60.0..=95.0, 85.0).by(Role::Supervisor),
        /// Dry solids from which sludge is to be removed, at 5 m³/h nominal; scales with it.
        pub solids_limit: Kilograms = between(5.0..=200.0, 20.0).by(Role::Supervisor),
    }
}

retained! {
    /// What lies in the tank whatever happens to the controller.
    pub struct Retained {
        /// Dry solids since sludge was last removed, estimated.
        pub dry_solids: Kilograms = kept().within(0.0..=1e6),
        /// Time since the reminder to remove sludge.
        pub since_reminder: Duration = kept().within(0.0..=1e9),
    }
}

/// Everything that may keep P-601 from decanting (`docs/spec/plant.md` 2.9).
const PERMISSIVES: Reasons = Column::WastePump.interlocks().and(Reasons::all(&[
    Reason::DryRun,
    Reason::LevelUnknown,
    Reason::MainsLost,
    Reason::NoDemand,
    Reason::PumpFault,
    Reason::WasteSettling,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What the waste tank does.
    pub struct Status {
        /// State of the waste tank.
        pub state: State = shown(),
        /// What keeps P-601 from decanting.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Time left until the water has settled.
        pub settling_left: Duration = shown().span(0.0..=14_400.0),
        /// Rest left of P-601 after it ran without effect.
        pub rest_left: Duration = shown().span(0.0..=3600.0),
    }
}

alarms! {
    /// Alarms of waste.
    pub struct Alarms {
        /// LT-601, waste tank high, or P-601 moves nothing.
        pub level_high: Condition = alarm(601, Priority::P3).delays_s(60.0, 60.0),
        /// T-601, sludge must be removed.
        pub sludge: Condition = alarm(602, Priority::P4),
    }
}

/// What the waste tank does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing flows in, and the water settles.
    Settling,
    /// A wash, ripening or sludge flows in.
    Receiving,
    /// Settled, and nothing to decant.
    Idle,
    /// P-601 takes the upper water off.
    Decanting,
    /// Nothing more may flow in.
    Full,
}
// The numbers of the states stay what they were in histories: a new one comes last.
states! { State { Settling, Receiving, Idle, Decanting, Full } }

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// A wash, ripening or sludge flows in, or may.
    pub inflow: bool,
    /// The cause "waste tank full" stands.
    pub full: bool,
    /// Sludge drawn from the tanks in this scan.
    pub sludge: Kilograms,
    /// What the filters catch comes here with their wash: FIT-301 and AIT-203.
    pub feed: Signal<CubicMetresPerHour>,
    pub settled: Signal<Ntu>,
    /// A person has had the sludge removed, said in this scan.
    pub removed: bool,
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
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Waste,
    pub pump: Motor,
    /// Since anything last flowed in.
    quiet: Duration,
    full: Trip,
    brims: Sustained,
    effect: Effect,
    solids: Solids,
}
parts! { Waste {
    handling, inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "U-600"),
         pump = Group::single("pump", "P-601").held_by(Column::WastePump);
    many: ; maybe: ;
    quiet, full, brims, effect, solids
} }

/// The level while P-601 ran.
#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    from: Option<Percent>,
    ran: Duration,
    rest: Duration,
}

/// Decanting begins this much above where it ends, so that P-601 does not nibble, %.
const WORTH_IT: f64 = 2.0;
/// The tank is full here, as its float says too (R-2.9-03), and no more so below what releases that cause.
const FULL: Percent = Percent(95.0);
const FULL_BACK: Percent = Percent(80.0);
const FULL_TIMES: TripTimes = TripTimes::s(10, 0);
/// What still flows into a full tank after so long comes through a valve that does not shut. Chosen: twice the travel of the slowest;
/// a failed sludge valve gives 0.06 m³ in it, and 0.4 m³ are left above 95 %.
const BRIMS_AFTER: Duration = Duration::from_secs(60);
/// P-601 moves 3 m³/h of 8 m³, 6 % in ten minutes. Less than a quarter of that is no effect (chosen; LT-601 is good to 1 %).
const EFFECT_TIME: Duration = Duration::from_secs(600);
const EFFECT_MIN: Percent = Percent(1.5);
/// Then it rests so long, or until reset (chosen: the float it hangs from may have been aground).
const EFFECT_REST: Duration = Duration::from_secs(3600);
/// Deadband of alarm 601 (`docs/spec/plant.md` 4).
const HIGH_BAND: Percent = Percent(10.0);
/// Once a week the reminder comes anew (R-2.9-02).
const REMIND_EVERY: Duration = Duration::from_secs(7 * 24 * 3600);

impl Waste {
    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        if around.reset {
            self.pump.reset();
            self.effect = Effect::default();
        }
        self.quiet =
            if around.inflow { Duration::ZERO } else { self.quiet.saturating_add(elapsed) };
        let level = self.inputs.level.usable();
        let full = level.is_some_and(|level| !(level <= FULL));
        let back = level.is_some_and(|level| level < FULL_BACK);
        let full = self.full.judge(full, back, FULL_TIMES, elapsed) || around.full;
        let blocked = self.blocked(&around);
        let low = self.settings.decant_to;
        let scan = Scan {
            inflow: around.inflow,
            settled: self.quiet >= self.settings.settling_time,
            worth: level.is_some_and(|level| level > low + Percent(WORTH_IT)),
            left: level.is_some_and(|level| level > low),
            free: blocked.is_empty() && self.handling.is_auto(),
            full,
        };
        let state = self.status.state.next(&scan);
        let comes = scan.inflow && state == State::Full;
        let brims = self.brims.holds(comes, BRIMS_AFTER, elapsed) && scan.free;
        self.decant(state == State::Decanting || brims, blocked, stagger, elapsed);
        self.count_solids(&around, elapsed);
        let left = self.settings.settling_time.saturating_sub(self.quiet);
        self.status = Status {
            state,
            blocked: blocked
                .and(self.handling.why())
                .and_if(!scan.settled && !brims, Reason::WasteSettling)
                .and_if(!scan.worth, Reason::NoDemand),
            settling_left: left,
            rest_left: self.effect.rest,
        };
        self.raise(&around, elapsed);
        let on = self.pump.is_on();
        self.handling.elapse(Percent(if on { 100.0 } else { 0.0 }), elapsed);
    }

    /// P-601, and whether it does anything.
    fn decant(&mut self, wanted: bool, blocked: Reasons, stagger: &mut Stagger, elapsed: Duration) {
        let ask = Ask::when(wanted).or_by_hand(blocked.protections());
        self.pump.scan(ask, Limits::SMALL, stagger, elapsed);
        let effect = &mut self.effect;
        effect.rest = effect.rest.saturating_sub(elapsed);
        let Some(level) = self.inputs.level.usable().filter(|_| self.pump.is_running()) else {
            *effect = Effect { rest: effect.rest, ..Effect::default() };
            return;
        };
        let from = *effect.from.get_or_insert(level);
        effect.ran = effect.ran.saturating_add(elapsed);
        if effect.ran >= EFFECT_TIME {
            let works = from - level >= EFFECT_MIN;
            let rest = if works { Duration::ZERO } else { EFFECT_REST };
            *effect = Effect { from: Some(level), ran: Duration::ZERO, rest };
        }
    }

    fn count_solids(&mut self, around: &Around, elapsed: Duration) {
        let kept = &mut self.retained;
        kept.dry_solids = if around.removed {
            Kilograms::ZERO
        } else {
            self.solids.add(kept.dry_solids, around, elapsed)
        };
    }

    fn raise(&mut self, around: &Around, elapsed: Duration) {
        let high = self.inputs.level.above(self.settings.level_high_limit, HIGH_BAND);
        let idle_pump = !self.effect.rest.is_zero();
        let limit = self.settings.solids_limit * (around.nominal.0 / 5.0);
        let due = self.retained.dry_solids > limit;
        // A week after it came, seen or not, the reminder goes for one scan and comes anew.
        let since = &mut self.retained.since_reminder;
        *since = if due { since.saturating_add(elapsed) } else { Duration::ZERO };
        let anew = *since >= REMIND_EVERY;
        if anew {
            *since = Duration::ZERO;
        }
        self.alarms = Alarms {
            level_high: if idle_pump { Condition::Active } else { high },
            sludge: Condition::when(due && !anew),
        };
    }

    fn blocked(&self, around: &Around) -> Reasons {
        around
            .holds
            .and_if(self.inputs.level.usable().is_none(), Reason::LevelUnknown)
            .and_if(!self.effect.rest.is_zero(), Reason::DryRun)
            .and_if(self.pump.is_faulty(), Reason::PumpFault)
    }

    /// P-601 takes the upper water off.
    #[must_use]
    pub fn is_decanting(&self) -> bool {
        self.status.state == State::Decanting
    }
}

/// The facts of a scan.
#[derive(Clone, Copy, Debug)]
struct Scan {
    inflow: bool,
    /// Nothing has flowed in for long enough.
    settled: bool,
    /// There is enough to begin decanting; there is still something.
    worth: bool,
    left: bool,
    /// P-601 may run.
    free: bool,
    full: bool,
}

impl State {
    /// Inflow comes first: nothing is decanted that has not settled.
    fn next(self, scan: &Scan) -> State {
        let begins = scan.settled && scan.worth && scan.free;
        match self {
            _ if scan.inflow && scan.full => State::Full,
            _ if scan.inflow => State::Receiving,
            State::Decanting if scan.left && scan.free => State::Decanting,
            _ if begins => State::Decanting,
            _ if scan.full => State::Full,
            _ if scan.settled => State::Idle,
            State::Settling | State::Receiving | State::Idle | State::Decanting | State::Full => {
                State::Settling
            }
        }
    }
}
