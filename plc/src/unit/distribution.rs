//! Clear well and distribution: keeps water back until it is safe, then lifts it to the elevated tank, or straight into the
//! network.
//!
//! ```text
//! Off -> Ready (waits for demand) <-> Filling <-> FillingWithLag
//!        any --(contaminated)--> QualityHold --(confirmed)--> Ready      any --(every pump failed)--> Fault -> Ready
//!        any --(clear well low)--> DryHold -> Ready                      any --(LT-501 lost)--> TankCommLost -> Ready
//! ```
//! In: levels, delivery, contact time. Out: P-501 permit and drives, XV-501. `docs/spec/plant.md` 2.8.

mod blind;
mod clear_well;
mod delivery;
mod drive;
mod effect;
mod look;
mod lost_tank;
mod pressure;
#[cfg(test)]
mod rig;
pub mod sequence;
#[cfg(test)]
mod tests;
mod village;

use alloc::boxed::Box;
use core::time::Duration;

use crate::alarm::{Condition, OnBad, Parent, Priority, TripGroup};
use crate::block::Timed;
use crate::contact_time::Inactivation;
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, outputs, parts, retained, settings,
    shown, status, switched,
};
use crate::device::{Drive, Handling, MotorValve, Pumps, Stagger};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    Count, CubicMetres, CubicMetresPerHour, KiloPascals, Metres, MilligramMinutesPerLitre,
    MilligramsPerLitre, Percent, Ratio, SquareMetres,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Activity, Group, Role};
use crate::unit::balance::TankBalance;
use crate::unit::calibration;
use crate::unit::loop_watch::LoopWatch;
use blind::Blind;
use clear_well::Well;
use delivery::Delivery;
use effect::Effect;
use look::LOOK;
use lost_tank::LostTank;
use pressure::Pressure;
use sequence::{Event, Scan, Sequence, State};
use village::{HourOfDay, Village};

inputs! {
    /// Clear well, high lift, elevated tank.
    pub struct Inputs {
        /// LT-401A, clear well level.
        pub level_a: Signal<Metres> = measured(0.0..=2.2)
            .rate_max(0.05).stuck_after_s(1200.0, 0.001).moved_by(Activity::ClearWell),
        /// LT-401B, clear well level by another technology.
        pub level_b: Signal<Metres> = measured(0.0..=2.2)
            .rate_max(0.05).stuck_after_s(1200.0, 0.001).moved_by(Activity::ClearWell),
        /// LSHH-401, clear well below high-high; opens to trip.
        pub high_high: Signal<bool> = contact().every_s(0.1),
        /// LSLL-401, clear well above low-low; opens to trip.
        pub low_low: Signal<bool> = contact().every_s(0.1),
        /// PT-501, high-lift pressure.
        pub pressure: Signal<KiloPascals> = measured(0.0..=1000.0).every_s(0.5),
        /// FIT-501, high-lift flow.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=15.0)
            .rate_max(3.0).stuck_after_s(600.0, 0.01).moved_by(Activity::LiftPump),
        /// LT-501, elevated tank level.
        pub elevated_level: Signal<Metres> = measured(0.0..=2.7).every_s(30.0)
            .rate_max(0.05).stuck_after_s(1200.0, 0.001).moved_by(Activity::ElevatedTank),
        /// LSHH-501, elevated tank below high-high; opens to trip.
        pub elevated_high_high: Signal<bool> = contact().every_s(30.0),
        /// FIT-502, flow to the village.
        pub village_flow: Signal<CubicMetresPerHour> = measured(0.0..=15.0).every_s(30.0).rate_max(3.0),
    }
}

settings! {
    /// Levels, the pump's curve, contact.
    pub struct Settings {
        /// P-501, number of the pump that keeps the duty, 1 is A; 0: they take turns.
        pub pinned: Count = between(0.0..=3.0, 0.0).by(Role::Supervisor),
        /// T-401, area of the clear well.
        pub area: SquareMetres = between(1.0..=200.0, 10.0),
        /// T10 over the mean residence time.
        pub baffling: Ratio = between(0.1..=1.0, 0.3),
        /// LT-401, level below which nothing is delivered.
        pub level_min: Metres = between(0.4..=1.5, 0.7).by(Role::Supervisor),
        /// LT-401, level from which delivery may start again.
        pub level_restart: Metres = between(0.5..=1.8, 0.9).by(Role::Supervisor),
        /// LT-501, elevated tank is filled from here.
        pub fill_start: Metres = between(0.5..=2.2, 1.5).by(Role::Supervisor),
        /// LT-501, elevated tank is full.
        pub fill_stop: Metres = between(0.8..=2.35, 2.3).by(Role::Supervisor),
        /// Elevated tank, filled from here outside the window of cheap or solar power.
        pub outside_start: Metres = between(0.5..=2.2, 1.2).by(Role::Supervisor),
        /// Window of cheap or solar power, its begin as time of day; the same as its end: no window.
        pub window_from: Duration = between(0.0..=86_400.0, 0.0).by(Role::Supervisor),
        /// Window of cheap or solar power, its end as time of day.
        pub window_to: Duration = between(0.0..=86_400.0, 0.0).by(Role::Supervisor),
        /// FIT-501, delivery asked at 5 m³/h nominal; scales with it.
        pub delivery: CubicMetresPerHour = between(2.0..=6.0, 6.0).by(Role::Supervisor),
        /// LT-501, a second pump helps below this.
        pub lag_start: Metres = between(0.3..=2.0, 1.0).by(Role::Supervisor),
        /// FIT-501, delivery asked of two pumps at 5 m³/h nominal; scales with it.
        pub lag_delivery: CubicMetresPerHour = between(6.0..=12.0, 9.0).by(Role::Supervisor),
        /// T-501, area of the elevated tank.
        pub elevated_area: SquareMetres = between(1.0..=200.0, 12.0),
        /// T-501, depth that counts as full.
        pub elevated_depth: Metres = between(0.5..=2.7, 2.5),
        /// PIC-501, pressure kept in the network where there is no elevated tank.
        pub pressure_target: KiloPascals = between(100.0..=600.0, 250.0).by(Role::Supervisor),
        /// PIC-501, gain in % of speed per kPa.
        pub pressure_gain: Ratio = between(0.01..=2.0, 0.5),
        /// PIC-501, integral time.
        pub pressure_reset: Duration = between(1.0..=120.0, 30.0),
        /// PT-501, raised by this before the pump sleeps.
        pub boost: KiloPascals = between(0.0..=60.0, 20.0).by(Role::Supervisor),
        /// PT-501, the pump wakes this far below its setpoint.
        pub wake_drop: KiloPascals = between(10.0..=100.0, 30.0).by(Role::Supervisor),
        /// P-501, head at no flow and full speed.
        pub shut_off_head: Metres = between(5.0..=150.0, 48.0),
        /// P-501, static head to the floor of the elevated tank; PT-501 reads as much when that is empty.
        pub static_head: Metres = between(1.0..=120.0, 22.0),
        /// FIC-501, gain in % of speed for a deviation of the whole nominal flow.
        pub loop_gain: Ratio = between(1.0..=200.0, 20.0),
        /// FIC-501, integral time.
        pub loop_reset: Duration = between(1.0..=120.0, 8.0),
        /// XV-501, is closed on a burst in the village until a reset.
        pub close_on_burst: bool = between(0.0..=1.0, 0.0).by(Role::Supervisor),
        /// FIT-502, least flow of a night above which it leaks, at 5 m³/h nominal; scales with it.
        pub night_flow_max: CubicMetresPerHour = between(0.1..=3.0, 0.8).by(Role::Supervisor),
        /// LT-401, clear well high above this.
        pub level_high_limit: Metres = between(1.5..=2.1, 1.92).by(Role::Supervisor),
        /// LT-501, elevated tank low below this.
        pub tank_low_limit: Metres = between(0.3..=2.0, 1.0).by(Role::Supervisor),
        /// LT-501, elevated tank very low below this.
        pub tank_very_low_limit: Metres = between(0.1..=1.0, 0.4).by(Role::Supervisor),
        /// Giardia inactivation required, log.
        pub giardia_required: Ratio = between(0.5..=3.0, 0.5),
        /// Virus inactivation required, log.
        pub virus_required: Ratio = between(2.0..=4.0, 2.0),
        /// T-501, T10 over the mean residence time, where it counts for contact; zero: it does not.
        pub elevated_baffling: Ratio = between(0.0..=0.3, 0.0),
        /// Pipe to the first tap, T10 over the mean residence time, where it counts for contact; zero: it does not.
        pub pipe_baffling: Ratio = between(0.0..=1.0, 0.0),
        /// Water in the pipe to the first tap.
        pub pipe_volume: CubicMetres = between(0.0..=50.0, 1.0),
    }
}

retained! {
    /// What a power cut must not wash away.
    pub struct Retained {
        /// Clear-well quality hold stands.
        pub contaminated: bool = kept().else_set(),
        /// An emergency profile has let cloudy water into the clear well since it was last confirmed fit.
        pub let_in: bool = kept().else_set(),
        /// The clear well was drained since.
        pub drained: bool = kept().else_set(),
        /// It is known whether the clear well is contaminated: not before the first start, nor after memory was lost.
        pub quality_known: bool = kept().else_clear(),
        /// PT-501, learned difference to LT-501 while P-501 stands.
        pub static_offset: Metres = kept().within(-5.0..=5.0),
        /// FIT-502, nights in a row with too much flow.
        pub leak_nights: Count = kept().within(0.0..=1e5),
        /// A burst of the network stands: where the site says so XV-501 stays shut until reset.
        pub burst_stands: bool = kept().else_set(),
        /// The pipe that P-501 fills is broken; until reset.
        pub pipe_broken: bool = kept().else_set(),
    }
}

/// Everything that may keep P-501 from running (R-2.8-04).
const PERMISSIVES: Reasons = Column::LiftPump.interlocks().and(Reasons::all(&[
    Reason::NotStarted,
    Reason::NoDemand,
    Reason::ElevatedTankUnknown,
    Reason::ElevatedTankFull,
    Reason::Washing,
    Reason::ClearWellLow,
    Reason::LevelUnknown,
    Reason::PipeBroken,
    Reason::PumpFault,
    Reason::NoPumpAvailable,
    Reason::ChlorineUnknown,
    Reason::ChlorineOutOfLimits,
    Reason::ContactTimeUnknown,
    Reason::ContactTimeTooShort,
    Reason::FilteredWaterTurbid,
]));

status! {
    /// What distribution does.
    pub struct Status {
        /// State of the distribution.
        pub state: State = shown(),
        /// What keeps water from being delivered.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// LI-401, clear well level all logic judges, the lower where the two disagree.
        pub level: Signal<Metres> = shown().span(0.0..=2.2),
        /// LI-401, the higher where the two disagree: what overflow is judged by.
        pub level_high: Signal<Metres> = shown().span(0.0..=2.2),
        /// Water in the clear well.
        pub volume: Signal<CubicMetres> = shown().span(0.0..=22.0),
        /// T10, contact time in minutes.
        pub contact_minutes: Ratio = shown().span(0.0..=120.0),
        /// Contact time times residual.
        pub contact: MilligramMinutesPerLitre = shown().span(0.0..=100.0),
        /// Inactivation reached over inactivation required.
        pub inactivation_ratio: Ratio = shown().span(0.0..=6.0),
        /// Water may be delivered: it is safe to drink.
        pub safe_to_drink: bool = shown(),
        /// LI-501, elevated tank level all logic judges: LT-501, or what counts when that is lost.
        pub tank_level: Signal<Metres> = shown().span(0.0..=2.7),
        /// Elevated tank, filled to this share.
        pub elevated_share: Signal<Percent> = shown().span(0.0..=100.0),
        /// FIC-501, flow asked of P-501; without an elevated tank the most it may deliver.
        pub setpoint: CubicMetresPerHour = shown().span(0.0..=15.0),
        /// The elevated tank asks no more, and P-501 runs on slowly for this long at most.
        pub run_on_left: Duration = shown().span(0.0..=3600.0),
        /// Until the next timed run while nothing says how full the elevated tank is.
        pub next_run_left: Duration = shown().span(0.0..=10_800.0),
        /// Why a pump rests, or delivery is stopped: no water, a closed pipe, a broken one.
        pub failed_by: Reasons = shown(),
        /// Rest left of a pump that ran without effect.
        pub rest_left: Duration = shown().span(0.0..=1800.0),
        /// Until P-501 has to show by the tanks that it moves water, while FIT-501 says nothing.
        pub unseen_left: Duration = shown().span(0.0..=600.0),
        /// What is wrong in the village's network.
        pub network: Reasons = shown(),
        /// FIT-502, least flow of the last night.
        pub night_flow: CubicMetresPerHour = shown().span(0.0..=5.0),
        /// How long the village has water if no more is made.
        pub hours_left: Duration = shown().span(0.0..=86_400.0),
        /// Chlorine held at 1.5 mg/l or more, for the end of a quality hold.
        pub superchlorinated: Duration = shown().span(0.0..=3600.0),
    }
}

outputs! {
    /// The common permit.
    pub struct Outputs {
        /// P-501, run permit of the drives.
        pub permit: Output<bool> = switched().held_by(Column::LiftPump),
    }
}

alarms! {
    /// Alarms of distribution.
    pub struct Alarms {
        /// IRI-401, contact time low.
        pub contact_low: Condition = alarm(405, Priority::P2).delays_s(300.0, 300.0),
        /// IRI-401, contact time not reached, delivery stopped.
        pub contact_too_low: Condition =
            alarm(406, Priority::P1).explained_by(&[402]).trips(TripGroup::Delivery),
        /// LT-401, level sensors disagree.
        pub levels_disagree: Condition =
            alarm(412, Priority::P3).delays_s(60.0, 60.0).behind(Parent::BusB),
        /// LT-401, clear well low.
        pub level_low: Condition =
            alarm(413, Priority::P2).delays_s(60.0, 120.0).on_bad(OnBad::Raise)
                .trips(TripGroup::Delivery),
        /// LSLL-401, clear well empty.
        pub empty: Condition =
            alarm(414, Priority::P1).delays_s(1.0, 60.0).trips(TripGroup::Delivery),
        /// LT-401, clear well high.
        pub high: Condition = alarm(421, Priority::P3).delays_s(60.0, 60.0).behind(Parent::BusB),
        /// LSHH-401, clear well overflow.
        pub overflow: Condition =
            alarm(415, Priority::P2).delays_s(2.0, 60.0).trips(TripGroup::Filtration),
        /// T-401, clear-well quality hold.
        pub quality_hold: Condition =
            alarm(416, Priority::P1).latching().trips(TripGroup::Delivery),
        /// P-501, high-lift pump fault.
        pub pump_fault: Condition =
            alarm(501, Priority::P2).delays_s(2.0, 0.0).latching().behind(Parent::BusA),
        /// P-501, no delivery pump.
        pub pumps_failed: Condition =
            alarm(502, Priority::P1).delays_s(2.0, 0.0).latching().trips(TripGroup::Delivery),
        /// LT-501, elevated tank low.
        pub tank_low: Condition = alarm(503, Priority::P2).delays_s(120.0, 300.0),
        /// LT-501, elevated tank very low.
        pub tank_very_low: Condition = alarm(504, Priority::P1).delays_s(60.0, 300.0),
        /// LSHH-501, elevated tank overflow.
        pub tank_overflow: Condition = alarm(505, Priority::P2).delays_s(5.0, 60.0),
        /// LT-501, no signal from the elevated tank, or none that can be believed.
        pub tank_lost: Condition = alarm(506, Priority::P3).delays_s(600.0, 60.0),
        /// FIT-502, pipe burst, or the village is cut off.
        pub pipe_burst: Condition = alarm(507, Priority::P1).delays_s(30.0, 300.0),
        /// FIT-502, night leak.
        pub night_leak: Condition = alarm(508, Priority::P4),
        /// PT-501, no pressure in the network, where no elevated tank carries it.
        pub network_dry: Condition = alarm(509, Priority::P2).delays_s(5.0, 60.0),
        /// XV-501, valve fault.
        pub outlet_fault: Condition = alarm(510, Priority::P2).delays_s(2.0, 0.0),
        /// P-501, water held back: it is asked for, and not proven safe.
        pub water_held_back: Condition = alarm(511, Priority::P2)
            .delays_s(5.0, 60.0)
            .explained_by(&[304, 402, 404, 406, 409, 411, 413, 416, 906])
            .trips(TripGroup::Delivery),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// The plant is on: distribution runs by its own permissives.
    pub run: bool,
    /// A wash waits for P-501 to stop (`docs/spec/plant.md` 2.6.3, W3 and W7).
    pub rest_for_wash: bool,
    /// Causes that hold P-501.
    pub holds: Reasons,
    /// AIT-403 at the outlet, or a hand value in its place.
    pub residual: Signal<MilligramsPerLitre>,
    pub inactivation: Inactivation,
    /// Volume that contact time needs at the flow asked; unknown: more than there is.
    pub contact_volume: Option<CubicMetres>,
    /// Flow at which contact time is kept with a margin; unknown: the least.
    pub flow_allowed: Option<CubicMetresPerHour>,
    /// Causes of the table.
    pub turbid: bool,
    pub contact_short: bool,
    /// FIT-301, FIT-3n0 into the clear well, and FIT-351 out of it.
    pub feed: Signal<CubicMetresPerHour>,
    pub filtered: Signal<CubicMetresPerHour>,
    pub wash: Signal<CubicMetresPerHour>,
    /// A storm is on its way: fill the tank before the mud comes (R-2.14-03).
    pub fill_up: bool,
    /// Supply for a second pump.
    pub power_spare: bool,
    /// Time of day, where the clock can be trusted.
    pub hour: Option<Duration>,
    pub reset: bool,
}

/// Clear well and high lift.
#[derive(Default)]
pub struct Distribution {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub outputs: Outputs,
    pub alarms: Alarms,
    pub calibration: calibration::Distribution,
    pub outlet: MotorValve,
    pub clear_well_balance: TankBalance,
    pub tank_balance: TankBalance,
    pub flow_watch: LoopWatch,
    pub pressure_watch: LoopWatch,
    pub pump: Box<[Drive]>,
    pub hour: Box<[HourOfDay]>,
    sequence: Timed<Sequence>,
    /// T-501 stands; without it the pressure of the network is kept.
    has_tank: bool,
    pumps: Pumps,
    well: Well,
    delivery: Delivery,
    pressure: Pressure,
    tank: LostTank,
    effect: Effect,
    blind: Blind,
    village: Village,
    /// Time since the slower judgements.
    since_look: Duration,
    reset_seen: bool,
}
parts! { Distribution {
    handling, inputs, settings, retained, status, outputs, alarms;
    one: calibration = Group::single("calibration", "U-500"),
         outlet = Group::single("outlet", "XV-501").held_by(Column::Positions),
         clear_well_balance = Group::single("clear_well_balance", "T-401"),
         tank_balance = Group::single("tank_balance", "T-501"),
         flow_watch = Group::single("flow_loop", "FIC-501"),
         pressure_watch = Group::single("pressure_loop", "PIC-501");
    many: pump = Group::lettered("pump", "P-501x").held_by(Column::LiftPump),
          hour = Group::numbered("hour", "FIT-502");
    maybe: ;
    sequence, has_tank, pumps, well, delivery, pressure, tank, effect, blind, village, since_look, reset_seen
} }

impl Distribution {
    /// With this many pumps, with or without an elevated tank.
    #[must_use]
    pub fn new(shape: &Shape) -> Distribution {
        let pump = (0..shape.lift_pumps).map(|_| Drive::default()).collect();
        Distribution {
            pump,
            outlet: MotorValve::taking(OUTLET_TRAVEL),
            hour: village::hours(),
            has_tank: shape.elevated_tank,
            ..Distribution::default()
        }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.pump.iter_mut().for_each(Drive::reset);
            self.outlet.reset();
        }
        self.reset_seen |= around.reset;
        self.since_look = self.since_look.saturating_add(elapsed);
        if self.since_look >= LOOK {
            self.look(&around);
        }
        self.superchlorinate(around.residual, elapsed);
        self.well.contact_volume = around.contact_volume.unwrap_or(CubicMetres(f64::INFINITY));
        self.rest(around.reset, elapsed);
        self.prove(&around, elapsed);
        self.run_blind(&around, elapsed);
        let fit = self.pumps.fit(&self.pump);
        let duty = self.pumps.choose(&mut self.pump, fit, self.settings.pinned);
        let dry = self.is_dry(elapsed);
        let unfit = self.unfit(&around, elapsed);
        let blocked = self.blocked(&around, unfit, duty, dry);
        // Taken out of AUTO the sequence rests; each pump may still be run by hand.
        let auto = self.handling.is_auto() && (self.is_on() || !self.handling.is_fresh());
        let lag = self.lag_wanted(&around, elapsed) && !around.rest_for_wash;
        let scan = Scan {
            run: around.run && auto,
            demand: if self.has_tank {
                self.tank_demands(duty, &around, elapsed)
            } else {
                self.network_asks(&around, elapsed)
            },
            free: blocked.is_empty(),
            contaminated: self.retained.contaminated,
            dry,
            tank_lost: self.has_tank && self.tank.is_lost(),
            failed: self.all_failed(),
            lag: lag && self.status.run_on_left.is_zero(),
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip(scan));
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        self.drive(state.pumps(&scan), duty, blocked, &around, stagger, elapsed);
        self.status.state = state;
        self.status.blocked = blocked
            .and(self.handling.why())
            .and_if(!around.run, Reason::NotStarted)
            .and_if(!scan.demand, Reason::NoDemand)
            .and_if(scan.tank_lost && !scan.demand, Reason::ElevatedTankUnknown);
        self.handling.elapse(Percent(if self.is_on() { 100.0 } else { 0.0 }), elapsed);
        self.show(&around, unfit);
        self.raise(&around);
    }
}

/// XV-501 takes this long from end to end (`docs/spec/plant.md` 1.3).
const OUTLET_TRAVEL: Duration = Duration::from_secs(30);
