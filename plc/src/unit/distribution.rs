//! Clear well and distribution: keeps water back until it is safe, then lifts it to the elevated tank.
//!
//! ```text
//! Off -> Ready (waits for demand) <-> Filling        any --(contaminated)--> QualityHold --(confirmed)--> Ready
//!                                                    any --(clear well low)--> DryHold -> Ready
//! ```
//! In: levels, delivery, contact time. Out: P-501 permit and drives, XV-501. `docs/spec/plant.md` 2.8.

use alloc::boxed::Box;
use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Duty, Pi, PiTuning, Ramp, Sustained, Timed, Trip, TripTimes};
use crate::contact_time::Inactivation;
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, outputs, parts, retained, settings,
    shown, states, status, switched,
};
use crate::device::{Ask, Drive, Handling, Limits, MotorValve, Stagger, Travel, choose_duty};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    CubicMetres, CubicMetresPerHour, KiloPascals, Metres, MilligramMinutesPerLitre,
    MilligramsPerLitre, Ntu, Percent, Ratio, SquareMetres,
};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Signal};
use crate::tag::{Activity, Group, Role};

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
        /// FIT-501, delivery asked at 5 m³/h nominal; scales with it.
        pub delivery: CubicMetresPerHour = between(2.0..=6.0, 6.0).by(Role::Supervisor),
        /// P-501, head at no flow and full speed.
        pub shut_off_head: Metres = between(5.0..=150.0, 48.0),
        /// P-501, static head to the elevated tank.
        pub static_head: Metres = between(1.0..=120.0, 22.0),
        /// FIC-501, gain in % of speed for a deviation of the whole nominal flow.
        pub loop_gain: Ratio = between(1.0..=200.0, 20.0),
        /// FIC-501, integral time.
        pub loop_reset: Duration = between(1.0..=120.0, 8.0),
        /// Giardia inactivation required, log.
        pub giardia_required: Ratio = between(0.5..=3.0, 0.5),
        /// Virus inactivation required, log.
        pub virus_required: Ratio = between(2.0..=4.0, 2.0),
    }
}

retained! {
    /// What a power cut must not wash away.
    pub struct Retained {
        /// Clear-well quality hold stands.
        pub contaminated: bool = kept(),
        /// The clear well was drained since.
        pub drained: bool = kept(),
    }
}

status! {
    /// What distribution does.
    pub struct Status {
        /// State of the distribution.
        pub state: State = shown(),
        /// What keeps water from being delivered.
        pub blocked: Reasons = shown(),
        /// LI-401, clear well level all logic judges, the lower where the two disagree.
        pub level: Signal<Metres> = shown().span(0.0..=2.2),
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
        /// Elevated tank, filled to this share.
        pub elevated_share: Signal<Percent> = shown().span(0.0..=100.0),
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
        pub contact_too_low: Condition = alarm(406, Priority::P1),
        /// LT-401, level sensors disagree.
        pub levels_disagree: Condition = alarm(412, Priority::P3).delays_s(60.0, 60.0),
        /// LT-401, clear well low.
        pub level_low: Condition = alarm(413, Priority::P2).delays_s(60.0, 120.0),
        /// LSLL-401, clear well empty.
        pub empty: Condition = alarm(414, Priority::P1).delays_s(1.0, 60.0),
        /// LSHH-401, clear well overflow.
        pub overflow: Condition = alarm(415, Priority::P2).delays_s(2.0, 60.0),
        /// T-401, clear-well quality hold.
        pub quality_hold: Condition = alarm(416, Priority::P1).latching(),
        /// P-501, high-lift pump fault.
        pub pump_fault: Condition = alarm(501, Priority::P2).delays_s(2.0, 0.0).latching(),
        /// P-501, no delivery pump.
        pub pumps_failed: Condition = alarm(502, Priority::P1).delays_s(2.0, 0.0).latching(),
        /// LT-501, elevated tank low.
        pub tank_low: Condition = alarm(503, Priority::P2).delays_s(120.0, 300.0),
        /// LT-501, elevated tank very low.
        pub tank_very_low: Condition = alarm(504, Priority::P1).delays_s(60.0, 300.0),
        /// LSHH-501, elevated tank overflow.
        pub tank_overflow: Condition = alarm(505, Priority::P2).delays_s(5.0, 60.0),
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
    /// AIT-403, at the outlet.
    pub residual: Signal<MilligramsPerLitre>,
    pub inactivation: Inactivation,
    /// Volume that contact time needs at the flow asked; unknown: more than there is.
    pub contact_volume: Option<CubicMetres>,
    /// Causes of the table.
    pub turbid: bool,
    pub contact_short: bool,
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
    pub outlet: MotorValve,
    pub pump: Box<[Drive]>,
    sequence: Timed<Sequence>,
    duty: Duty,
    flow_loop: Pi,
    speed: Ramp,
    disagree: Sustained,
    enters_bad: Sustained,
    enters_cloudy: Sustained,
    residual_lost: Sustained,
    demand: Trip,
    dry: Trip,
    contact_volume: CubicMetres,
}
parts! { Distribution {
    handling, inputs, settings, retained, status, outputs, alarms;
    one: outlet = Group::single("outlet", "XV-501").held_by(Column::Positions);
    many: pump = Group::lettered("pump", "P-501x").held_by(Column::LiftPump);
    maybe: ;
    sequence, duty, flow_loop, speed, disagree, enters_bad, enters_cloudy, residual_lost, demand, dry, contact_volume
} }

/// Levels may differ by this (`docs/spec/plant.md` 2.12).
const LEVELS_APART: Metres = Metres(0.08);
const LEVELS_APART_TIME: Duration = Duration::from_secs(60);
/// What makes the clear well contaminated (`docs/spec/plant.md` 2.8).
const ENTERS_BAD: Ntu = Ntu(1.0);
const ENTERS_BAD_TIME: Duration = Duration::from_secs(60);
const ENTERS_CLOUDY: Ntu = Ntu(0.5);
const ENTERS_CLOUDY_TIME: Duration = Duration::from_secs(900);
const RESIDUAL_LOST: MilligramsPerLitre = MilligramsPerLitre(0.2);
/// The analyser's lag and a slug of old water do not count (chosen: as the trip on low chlorine).
const RESIDUAL_LOST_TIME: Duration = Duration::from_secs(300);
/// What makes it fit again.
const SUPERCHLORINE: MilligramsPerLitre = MilligramsPerLitre(1.5);
const SUPERCHLORINE_TIME: Duration = Duration::from_secs(3600);
const DRAINED_LEVEL: Metres = Metres(0.3);
/// Entry limits for delivery (`docs/spec/plant.md` 2.8).
const RESIDUAL_LOW: MilligramsPerLitre = MilligramsPerLitre(0.3);
const RESIDUAL_HIGH: MilligramsPerLitre = MilligramsPerLitre(4.0);
/// T-501, depth that counts as full (`docs/spec/plant.md` 1.1).
const ELEVATED_DEPTH: f64 = 2.5;
/// Speed lies this much above the speed that beats the static head, %.
const SPEED_MARGIN: f64 = 5.0;
const SPEED_RATE: f64 = 5.0;

impl Distribution {
    /// With this many pumps.
    #[must_use]
    pub fn new(shape: &Shape) -> Distribution {
        let pump = (0..shape.lift_pumps).map(|_| Drive::default()).collect();
        Distribution { pump, ..Distribution::default() }
    }

    /// Votes on the clear well level. Taken before the causes.
    pub fn judge(&mut self, elapsed: Duration) {
        let (a, b) = (self.inputs.level_a, self.inputs.level_b);
        let apart = match (a.usable(), b.usable()) {
            (Some(a), Some(b)) => !(a.distance(b) <= LEVELS_APART),
            (Some(_) | None, _) => false,
        };
        let disagree = self.disagree.holds(apart, LEVELS_APART_TIME, elapsed);
        self.status.level = match (a, b) {
            (Signal::Good(a), Signal::Good(b)) if !disagree => Signal::Good(a.or_less(b)),
            (a, b) => match (a.usable(), b.usable()) {
                (Some(a), Some(b)) => Signal::Uncertain(a.or_less(b), Doubt::Disagrees),
                (Some(only), None) | (None, Some(only)) => {
                    Signal::Uncertain(only, Doubt::Disagrees)
                }
                (None, None) => Signal::Bad(crate::signal::Fault::Computed),
            },
        };
        let area = self.settings.area;
        self.status.volume = self.status.level.map(|level| CubicMetres(level.0 * area.0));
        self.status.elevated_share =
            self.inputs.elevated_level.map(|level| Percent(100.0 * level.0 / ELEVATED_DEPTH));
    }

    /// The level for judging overflow: the higher of what is known.
    #[must_use]
    pub fn level_high(&self) -> Option<Metres> {
        match (self.inputs.level_a.usable(), self.inputs.level_b.usable()) {
            (Some(a), Some(b)) => Some(a.or_more(b)),
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        }
    }

    /// The clear well is contaminated. Taken before the causes.
    pub fn judge_quality(
        &mut self,
        entering: Option<Signal<Ntu>>,
        residual: Signal<MilligramsPerLitre>,
        elapsed: Duration,
    ) {
        let worst = entering.map(|turbidity| turbidity.usable());
        // Water that enters with a turbidity nobody knows is for the filters to stop; here only what is known counts.
        let above = |limit: Ntu| worst.flatten().is_some_and(|turbidity| !(turbidity <= limit));
        let bad = self.enters_bad.holds(above(ENTERS_BAD), ENTERS_BAD_TIME, elapsed);
        let cloudy = self.enters_cloudy.holds(above(ENTERS_CLOUDY), ENTERS_CLOUDY_TIME, elapsed);
        let lost = residual.usable().is_some_and(|residual| !(residual >= RESIDUAL_LOST));
        let lost = self.residual_lost.holds(lost, RESIDUAL_LOST_TIME, elapsed);
        // Bad water that enters undoes a draining. A residual that is low does not: it is what the refilling mends.
        if bad || cloudy || !self.retained.contaminated {
            self.retained.drained = false;
        }
        self.retained.contaminated |= bad || cloudy || lost;
    }

    /// A person says that the clear well was drained, with the level to prove it.
    pub fn confirm_drained(&mut self) -> Result<(), Reason> {
        match self.status.level.usable() {
            Some(level) if self.retained.contaminated && level <= DRAINED_LEVEL => {
                self.retained.drained = true;
                Ok(())
            }
            Some(_) | None => Err(Reason::NotNow),
        }
    }

    /// A person ends the quality hold, where it was drained and refilled, or superchlorinated for an hour.
    pub fn confirm_quality(&mut self) -> Result<(), Reason> {
        let refilled = self.retained.drained
            && self.status.level.usable().is_some_and(|level| level >= self.settings.level_restart);
        if self.retained.contaminated
            && (refilled || self.status.superchlorinated >= SUPERCHLORINE_TIME)
        {
            self.retained = Retained::default();
            self.enters_bad = Sustained::default();
            self.enters_cloudy = Sustained::default();
            self.residual_lost = Sustained::default();
            Ok(())
        } else if self.retained.contaminated {
            Err(Reason::CauseStillActive)
        } else {
            Err(Reason::NotNow)
        }
    }

    /// Flow about to be asked of P-501.
    #[must_use]
    pub fn asked(&self, nominal: CubicMetresPerHour) -> CubicMetresPerHour {
        self.settings.delivery * (nominal.0 / 5.0)
    }

    /// The clear well holds this much above what contact time needs and above its own reserve: 7 m³ of 20
    /// (`docs/spec/plant.md` 2.6.3, W3). Delivery rests meanwhile, so what contact needs is what it needs at restart.
    #[must_use]
    pub fn can_spare(&self, volume: CubicMetres) -> bool {
        let reserve = CubicMetres(self.settings.area.0 * self.settings.level_min.0);
        let needed = self.contact_volume.or_more(reserve);
        self.status.volume.usable().is_some_and(|held| held - volume >= needed)
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.pump.iter_mut().for_each(Drive::reset);
            self.outlet.reset();
        }
        self.superchlorinate(&around, elapsed);
        self.contact_volume = around.contact_volume.unwrap_or(CubicMetres(f64::INFINITY));
        let duty = choose_duty(&mut self.duty, &self.pump);
        let dry = self.is_dry(elapsed);
        let blocked = self.blocked(&around, duty, dry);
        let demand = self.judge_demand(elapsed);
        let scan = Scan {
            run: around.run,
            demand,
            free: blocked.is_empty(),
            contaminated: self.retained.contaminated,
            dry,
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip(scan));
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let run = match state {
            State::Filling {} => true,
            State::Off {} | State::Ready {} | State::QualityHold {} | State::DryHold {} => false,
        };
        let ask = if run { Ask::at(self.control(duty, &around, elapsed)) } else { Ask::OFF };
        // XV-501 stays open: the village drinks from the elevated tank whatever the plant does.
        self.outlet.scan(Travel::Open, elapsed);
        for (number, pump) in self.pump.iter_mut().enumerate() {
            let asked = if duty == Some(number) { ask } else { Ask::OFF };
            pump.scan(asked, Limits::SURFACE, stagger, elapsed);
        }
        self.outputs = Outputs { permit: Output::want(run) };
        self.status.state = state;
        self.status.blocked = blocked
            .and_if(!around.run, Reason::NotStarted)
            .and_if(!demand && self.inputs.elevated_level.usable().is_some(), Reason::NoDemand);
        self.status.contact_minutes =
            Ratio(around.inactivation.minutes).within(Ratio(0.0), Ratio(9999.0));
        self.status.contact = around
            .inactivation
            .ct
            .within(MilligramMinutesPerLitre(0.0), MilligramMinutesPerLitre(9999.0));
        self.status.inactivation_ratio =
            Ratio(around.inactivation.ratio).within(Ratio(0.0), Ratio(99.0));
        self.status.safe_to_drink = self.unsafe_for(&around).is_empty();
        self.raise(&around);
    }

    fn control(&mut self, duty: Option<usize>, around: &Around, elapsed: Duration) -> Percent {
        let share = libm::sqrt(self.settings.static_head.0 / self.settings.shut_off_head.0);
        let lowest = Percent(100.0 * share + SPEED_MARGIN).within(Percent(10.0), Percent(95.0)).0;
        let on = duty.is_some_and(|pump| self.pump[pump].is_running());
        let target = match (on, self.inputs.flow.usable()) {
            (true, Some(flow)) => {
                let tuning = PiTuning {
                    gain: self.settings.loop_gain.0 / around.nominal.0,
                    reset: self.settings.loop_reset,
                    low: lowest,
                    high: 100.0,
                };
                self.flow_loop.execute(self.asked(around.nominal).0 - flow.0, tuning, elapsed)
            }
            // Without a flow the speed that starts it is kept: delivery is slow, but certain.
            (true | false, _) => {
                self.flow_loop.take_over(lowest + SPEED_MARGIN);
                if !on {
                    self.speed.set(lowest + SPEED_MARGIN);
                }
                lowest + SPEED_MARGIN
            }
        };
        Percent(self.speed.follow(target, SPEED_RATE, SPEED_RATE, elapsed))
    }

    fn superchlorinate(&mut self, around: &Around, elapsed: Duration) {
        let strong = self.retained.contaminated
            && around.residual.usable().is_some_and(|residual| residual >= SUPERCHLORINE)
            && self.pump.iter().all(|pump| !pump.is_on());
        self.status.superchlorinated = if strong {
            self.status.superchlorinated.saturating_add(elapsed)
        } else {
            Duration::ZERO
        };
    }

    fn raise(&mut self, around: &Around) {
        let faulty = self.pump.iter().filter(|pump| pump.is_faulty()).count();
        let elevated = self.inputs.elevated_level;
        self.alarms = Alarms {
            contact_low: Signal::Good(Ratio(around.inactivation.ratio))
                .below(Ratio(1.2), Ratio(0.1))
                .unless(!around.run || !self.pump.iter().any(Drive::is_on)),
            contact_too_low: Condition::when(around.contact_short).unless(!around.run),
            levels_disagree: Condition::when(self.disagree.lasted() > Duration::ZERO),
            level_low: self.status.level.below(self.settings.level_min, Metres(0.1)),
            empty: Condition::when(!self.inputs.low_low.closed()),
            overflow: Condition::when(!self.inputs.high_high.closed()),
            quality_hold: Condition::when(self.retained.contaminated),
            pump_fault: Condition::when(faulty > 0),
            pumps_failed: Condition::when(faulty == self.pump.len()),
            tank_low: elevated.below(Metres(1.0), Metres(0.2)),
            tank_very_low: elevated.below(Metres(0.4), Metres(0.2)),
            tank_overflow: Condition::when(self.inputs.elevated_high_high.open()),
        };
    }

    // Judgements.

    /// The elevated tank asks for water. A level that is not known asks for none.
    fn judge_demand(&mut self, elapsed: Duration) -> bool {
        let level = self.inputs.elevated_level.usable();
        let low = level.is_some_and(|level| level <= self.settings.fill_start);
        let full = !level.is_some_and(|level| level < self.settings.fill_stop);
        self.demand.judge(low, full, TripTimes::s(0, 0), elapsed)
    }

    fn is_dry(&mut self, elapsed: Duration) -> bool {
        let level = self.status.level.usable();
        let low = !level.is_some_and(|level| level >= self.settings.level_min);
        let enough = level.is_some_and(|level| level >= self.settings.level_restart);
        self.dry.judge(low, enough, TripTimes::s(0, 60), elapsed)
    }

    /// What makes the water unfit for delivery.
    fn unsafe_for(&self, around: &Around) -> Reasons {
        let residual = around.residual.usable();
        let inside =
            residual.is_some_and(|residual| residual >= RESIDUAL_LOW && residual <= RESIDUAL_HIGH);
        Reasons::NONE
            .and_if(self.retained.contaminated, Reason::QualityHold)
            .and_if(residual.is_none(), Reason::ChlorineUnknown)
            .and_if(residual.is_some() && !inside, Reason::ChlorineOutOfLimits)
            .and_if(!(around.inactivation.ratio >= 1.0), Reason::ContactTimeTooShort)
            .and_if(around.turbid, Reason::FilteredWaterTurbid)
    }

    fn blocked(&self, around: &Around, duty: Option<usize>, dry: bool) -> Reasons {
        around
            .holds
            .and(self.unsafe_for(around))
            .and_if(around.rest_for_wash, Reason::Washing)
            .and_if(dry, Reason::ClearWellLow)
            .and_if(self.status.level.usable().is_none(), Reason::LevelUnknown)
            .and_if(self.inputs.elevated_level.usable().is_none(), Reason::ElevatedTankUnknown)
            .and_if(!self.inputs.elevated_high_high.closed(), Reason::ElevatedTankFull)
            .and_if(duty.is_none(), Reason::NoPumpAvailable)
    }

    /// P-501 is asked to run, or still runs.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.pump.iter().any(Drive::is_on)
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    run: bool,
    demand: bool,
    free: bool,
    contaminated: bool,
    dry: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip(Scan),
    Scan(Scan),
}

/// The sequence of the distribution.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Ready, Filling, QualityHold, DryHold } }

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "any")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn ready(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run && scan.free && scan.demand => {
                Transition(State::filling())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn filling(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.demand => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn quality_hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.contaminated => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "any")]
    fn dry_hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.dry => Transition(State::ready()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    /// Contaminated outranks dry, dry outranks every other hold. What has stopped waits in Ready.
    #[superstate]
    fn any(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(scan) if !scan.run => Transition(State::off()),
            Event::Trip(scan) if scan.contaminated => Transition(State::quality_hold()),
            Event::Trip(scan) if scan.dry => Transition(State::dry_hold()),
            Event::Trip(_) => Transition(State::ready()),
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(_) => Handled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Judges what enters and what leaves the clear well, once a second.
    fn judge_s(distribution: &mut Distribution, seconds: u32, entering: f64, residual: f64) {
        for _ in 0..seconds {
            let entering = Some(Signal::Good(Ntu(entering)));
            let residual = Signal::Good(MilligramsPerLitre(residual));
            distribution.judge_quality(entering, residual, SECOND);
        }
    }

    #[test]
    fn a_clear_well_without_chlorine_is_fit_again_once_drained_and_refilled() {
        let mut distribution = Distribution::default();
        judge_s(&mut distribution, 301, 0.1, 0.1);
        assert!(distribution.retained.contaminated);
        distribution.status.level = Signal::Good(Metres(0.25));
        assert_eq!(distribution.confirm_drained(), Ok(()));
        // The rest of the old water still reads low while the well is refilled.
        judge_s(&mut distribution, 1200, 0.1, 0.15);
        judge_s(&mut distribution, 1200, 0.1, 0.6);
        distribution.status.level = Signal::Good(Metres(1.0));
        assert_eq!(distribution.confirm_quality(), Ok(()));
        assert!(!distribution.retained.contaminated);
    }

    #[test]
    fn cloudy_water_while_refilling_undoes_the_draining() {
        let mut distribution = Distribution::default();
        judge_s(&mut distribution, 61, 1.5, 0.6);
        distribution.status.level = Signal::Good(Metres(0.25));
        assert_eq!(distribution.confirm_drained(), Ok(()));
        judge_s(&mut distribution, 61, 0.1, 0.6);
        judge_s(&mut distribution, 901, 0.6, 0.6);
        distribution.status.level = Signal::Good(Metres(1.0));
        assert_eq!(distribution.confirm_quality(), Err(Reason::CauseStillActive));
    }
}
