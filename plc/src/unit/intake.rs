//! Intake: lifts raw water from the wet well at the rate the plant asks for.
//!
//! ```text
//! Off <-> Checking (XV-101 opens) -> Running <-> Changeover (duty failed, standby starts)
//!              ^                        |
//!              +------- Hold <----------+   Hold: wet well, screen, river, a rest of 10 min after a run without effect
//!        any --(all pumps or XV-101 failed, the way does not open)--> Fault -> Off
//! ```
//! In: river and wet well, raw flow and quality. Out: P-101 permit, its drives, XV-101. `docs/spec/plant.md` 2.3.

mod effect;
mod flow;
mod look;
#[cfg(test)]
mod rig;
mod river;
pub mod sequence;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use core::time::Duration;

use crate::alarm::{Condition, Parent, Priority, TripGroup};
use crate::block::{Aim, Hold, Pace, PiLoop, PiTuning, Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, measured, outputs, parts, settings, shown, status,
    switched,
};
use crate::device::{Ask, Drive, Handling, Limits, MotorValve, Pumps, Stagger, Travel};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    Celsius, Count, CubicMetresPerHour, KiloPascals, KiloWatts, Metres, Ntu, Percent, Ph, Ratio,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Activity, Group, Role};
use crate::unit::calibration;
use crate::unit::loop_watch::{self, LoopWatch, QUICK};
use effect::{Effect, Proof};
use flow::{CurvePoint, Meter, SPEED_MARGIN};
use river::River;
use sequence::{Event, Scan, Sequence, State};

inputs! {
    /// River, wet well, raw water.
    pub struct Inputs {
        /// LT-101, river level at the intake.
        pub river_level: Signal<Metres> = measured(0.0..=6.0).every_s(10.0).rate_max(0.05),
        /// LT-102, wet well behind the screen.
        pub wet_well_level: Signal<Metres> = measured(0.0..=4.0).every_s(5.0).rate_max(0.05),
        /// LSLL-102, wet well above low-low; opens to trip.
        pub wet_well_low_low: Signal<bool> = contact().every_s(0.1),
        /// PT-101, pressure of the raw water main.
        pub discharge_pressure: Signal<KiloPascals> = measured(0.0..=600.0),
        /// FIT-101, raw water flow.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=10.0)
            .rate_max(3.0).stuck_after_s(600.0, 0.01).not_zero_for_s(30.0, 0.0).moved_by(Activity::RawPumpLoaded),
        /// AIT-101, raw water turbidity.
        pub turbidity: Signal<Ntu> = measured(0.0..=4000.0).every_s(5.0)
            .rate_max(8.33).not_below(-0.05).stuck_after_s(7200.0, 0.1),
        /// AIT-102, raw water pH.
        pub ph: Signal<Ph> = measured(0.0..=14.0).every_s(10.0)
            .rate_max(0.00833).stuck_after_s(86_400.0, 0.01),
        /// TT-101, raw water temperature.
        pub temperature: Signal<Celsius> = measured(0.0..=50.0).every_s(60.0).rate_max(0.0167),
    }
}

settings! {
    /// Levels, the pump's curve, the loop.
    pub struct Settings {
        /// P-101, number of the pump that keeps the duty, 1 is A; 0: they take turns.
        pub pinned: Count = between(0.0..=3.0, 0.0).by(Role::Supervisor),
        /// LT-102, level from which the pump may start.
        pub start_level: Metres = between(0.3..=3.0, 0.8).by(Role::Supervisor),
        /// LT-102, level at which the pump stops.
        pub stop_level: Metres = between(0.2..=2.5, 0.5).by(Role::Supervisor),
        /// LT-102, wet well low below this: the pump stops soon.
        pub low_limit: Metres = between(0.3..=2.5, 0.6).by(Role::Supervisor),
        /// LT-101, flood alarm.
        pub flood_alarm: Metres = between(1.0..=6.0, 4.5),
        /// LT-101, flood stop.
        pub flood_stop: Metres = between(1.0..=6.0, 5.0),
        /// LDI-102, river less wet well while the screen is clean and the pump stands.
        pub screen_offset: Metres = between(-3.0..=3.0, -0.6),
        /// LDI-102, loss over the screen that calls for a rake.
        pub screen_alarm: Metres = between(0.05..=0.5, 0.15).by(Role::Supervisor),
        /// LDI-102, loss over the screen that stops the pump.
        pub screen_stop: Metres = between(0.1..=1.0, 0.4).by(Role::Supervisor),
        /// AIT-101, muddy above this.
        pub muddy_limit: Ntu = between(50.0..=500.0, 200.0).by(Role::Supervisor),
        /// AIT-102, raw water abnormally acid below this.
        pub ph_low: Ph = between(5.0..=7.0, 6.0).by(Role::Supervisor),
        /// AIT-102, raw water abnormally alkaline above this.
        pub ph_high: Ph = between(8.0..=9.5, 9.0).by(Role::Supervisor),
        /// P-101, head at no flow and full speed.
        pub shut_off_head: Metres = between(5.0..=100.0, 32.0),
        /// P-101, static head at the reference level of the wet well.
        pub static_head: Metres = between(1.0..=60.0, 8.0),
        /// LT-102, level at which the static head was measured.
        pub reference_level: Metres = between(0.0..=4.0, 1.5),
        /// P-101, head lost at nominal flow and full speed, in pump and pipe.
        pub head_lost: Metres = between(0.5..=60.0, 12.5),
        /// PT-101, height of the gauge above the water level at which the static head was measured.
        pub gauge_height: Metres = between(-10.0..=30.0, 0.0),
        /// FIC-101, gain in % of speed for a deviation of the whole nominal flow.
        pub loop_gain: Ratio = between(1.0..=200.0, 30.0),
        /// FIC-101, integral time.
        pub loop_reset: Duration = between(1.0..=120.0, 8.0),
        /// JI-101, power that a pump takes for certain when it moves water, until its own curve is learned.
        pub power_min: KiloWatts = between(0.05..=20.0, 0.2),
    }
}

/// Everything that may keep P-101 from running (`docs/spec/plant.md` 2.3).
const PERMISSIVES: Reasons = Column::RawPump.interlocks().and(Reasons::all(&[
    Reason::LevelUnknown,
    Reason::WetWellLow,
    Reason::ScreenBlocked,
    Reason::CoagulantEmpty,
    Reason::CoagulantPumpUnavailable,
    Reason::CoagulantMissing,
    Reason::HourlyCapReached,
    Reason::NotOnRecord,
    Reason::TurbidityUnknown,
    Reason::FlowUnknown,
    Reason::RiverFlood,
    Reason::RawPhOutOfRange,
    Reason::NoPathOpen,
    Reason::NoPumpAvailable,
    Reason::ValveFault,
    Reason::ValveNotInPlace,
    Reason::NoDemand,
    Reason::DryRun,
    Reason::DeadHead,
    Reason::PumpMovesNothing,
    Reason::MeterDoubtful,
    Reason::PumpFault,
    Reason::IntakeClosedByOperator,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What the intake does.
    pub struct Status {
        /// State of the intake.
        pub state: State = shown(),
        /// What keeps it from lifting water.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// FIC-101, raw flow all logic judges: FIT-101, or derived from the speed.
        pub raw_flow: Signal<CubicMetresPerHour> = shown().span(0.0..=10.0),
        /// FIC-101, flow asked for.
        pub setpoint: CubicMetresPerHour = shown().span(0.0..=10.0),
        /// Time left until the next try after runs without effect.
        pub retry_left: Duration = shown().span(0.0..=600.0),
        /// LDI-102, loss over the screen.
        pub screen_loss: Signal<Metres> = shown().span(-0.5..=1.0),
        /// LT-101, rise within the last hour.
        pub river_rise: Signal<Metres> = shown().span(0.0..=3.0),
        /// LT-101, a flood is on its way: high, or rising fast.
        pub flood_warning: bool = shown(),
    }
}

outputs! {
    /// The common permit.
    pub struct Outputs {
        /// P-101, run permit of the drives.
        pub permit: Output<bool> = switched().held_by(Column::RawPump),
    }
}

alarms! {
    /// Alarms of the intake.
    pub struct Alarms {
        /// LT-102, wet well low.
        pub wet_well_low: Condition = alarm(101, Priority::P3).delays_s(30.0, 60.0),
        /// LSLL-102, wet well empty, pump tripped.
        pub wet_well_empty: Condition =
            alarm(102, Priority::P2).delays_s(1.0, 60.0).trips(TripGroup::RawWater),
        /// LDI-102, screen blocked.
        pub screen_blocked: Condition = alarm(103, Priority::P3).delays_s(120.0, 120.0),
        /// P-101, raw water pump fault.
        pub pump_fault: Condition =
            alarm(104, Priority::P2).delays_s(2.0, 0.0).latching().behind(Parent::BusA),
        /// P-101, no raw water can be made.
        pub pumps_failed: Condition =
            alarm(105, Priority::P1).delays_s(2.0, 0.0).latching().trips(TripGroup::RawWater),
        /// FIT-101, flow low while running.
        pub flow_low: Condition = alarm(106, Priority::P3).delays_s(60.0, 60.0),
        /// P-101, dry run protected three times.
        pub ran_dry: Condition = alarm(107, Priority::P2).latching().trips(TripGroup::RawWater),
        /// AIT-101, muddy river.
        pub muddy: Condition = alarm(108, Priority::P3).delays_s(120.0, 600.0),
        /// AIT-101, very muddy river, intake stopped.
        pub very_muddy: Condition = alarm(109, Priority::P2).trips(TripGroup::RawWater),
        /// LT-101, flood at the intake.
        pub flood: Condition =
            alarm(110, Priority::P1).delays_s(60.0, 600.0).without_mains()
                .trips(TripGroup::RawWater),
        /// AIT-102, raw pH abnormal.
        pub ph_abnormal: Condition = alarm(112, Priority::P3).delays_s(600.0, 600.0),
    }
}

/// What others contribute to a scan of the intake.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// The plant wants raw water.
    pub run: bool,
    /// At this rate.
    pub rate: CubicMetresPerHour,
    /// A sedimentation tank is proven ready to take it.
    pub path_open: bool,
    /// Causes that hold P-101, and what others know against raw water.
    pub holds: Reasons,
    pub reset: bool,
    /// The cause "raw above 1 000 NTU" stands.
    pub too_muddy: bool,
    /// The cause "wet well low-low" stands.
    pub empty: bool,
    /// No raw water can be made, for a reason beyond the pumps: three starts failed, no tank can take it, or what it is dosed or
    /// held by has no value any more.
    pub hopeless: bool,
    /// The mains are away: what follows from that is no alarm of its own.
    pub dark: bool,
    /// The bus of the drives is lost.
    pub silent: bool,
}

/// Lifts raw water.
#[derive(Default)]
pub struct Intake {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub outputs: Outputs,
    pub alarms: Alarms,
    pub calibration: calibration::Intake,
    pub inlet: MotorValve,
    pub flow_watch: LoopWatch,
    pub pump: Box<[Drive]>,
    pub proof: Box<[Proof]>,
    pub curve: Box<[CurvePoint]>,
    sequence: Timed<Sequence>,
    pumps: Pumps,
    flow_loop: PiLoop,
    meter: Meter,
    effect: Effect,
    river: River,
    way: Sustained,
    late: Sustained,
    since_look: Duration,
    /// How long it has lifted water without a pause.
    running_for: Duration,
}
parts! { Intake {
    handling, inputs, settings, status, outputs, alarms;
    one: calibration = Group::single("calibration", "U-100"),
         inlet = Group::single("inlet", "XV-101").held_by(Column::Positions),
         flow_watch = Group::single("flow_loop", "FIC-101");
    many: pump = Group::lettered("pump", "P-101x").held_by(Column::RawPump),
          proof = Group::lettered("proof", "P-101x"),
          curve = Group::numbered("curve", "JI-101");
    maybe: ;
    sequence, pumps, flow_loop, meter, effect, river, way, late, since_look, running_for
} }

/// Speed moves by this much a second, % (`docs/spec/plant.md` 2.3).
const SPEED_RATE: f64 = 5.0;
/// FIC-101 works once a second (R-2.0-01).
const LOOP_PERIOD: Duration = Duration::from_secs(1);
/// Its setpoint moves by 6 m³/h of 5 a minute, as a share a second (chosen, as FIC-501's).
const SETPOINT_RATE: f64 = 1.2 / 60.0;
/// FIT-101 moves this much by itself, as a share of nominal: 1 % and 0.02 m³/h (`docs/spec/plant.md` 1.4), three times.
const FLOW_NOISE: f64 = 0.02;
/// On the derived flow no more than REDUCED is asked (R-2.3-03).
const DERIVED_SHARE: f64 = 0.7;
/// A limit switch may lose its end for so long while the pump runs (chosen: chatter, and far below what a dead head hurts).
const WAY_GAP: Duration = Duration::from_secs(2);
/// The way may take so long to open: longer than step ST1 gives it, so that the start fails first (R-2.2.1-01).
const WAY_TIME: Duration = Duration::from_secs(90);
/// Slow judgements, once a second (class C, R-2.0-01).
const LOOK: Duration = Duration::from_secs(1);

impl Intake {
    /// With this many pumps.
    #[must_use]
    pub fn new(shape: &Shape) -> Intake {
        Intake {
            pump: (0..shape.raw_pumps).map(|_| Drive::default()).collect(),
            proof: effect::proofs(shape.raw_pumps),
            curve: flow::curve(),
            inlet: MotorValve::trying_twice(),
            ..Intake::default()
        }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.pump.iter_mut().for_each(Drive::reset);
            self.inlet.reset();
            self.meter = Meter::default();
        }
        self.since_look = self.since_look.saturating_add(elapsed);
        if self.since_look >= LOOK {
            self.watch_river(self.since_look);
            self.since_look = Duration::ZERO;
        }
        self.prove(&around, elapsed);
        let duty = self.choose_duty();
        let blocked = self.blocked(&around, duty, elapsed);
        // Taken out of AUTO the sequence rests; each pump may still be run by hand.
        let auto = self.handling.is_auto() && (self.is_on() || !self.handling.is_fresh());
        let run = around.run && auto;
        let waits = matches!(self.sequence.state(), State::Checking {} | State::Fault {});
        let shut = run && waits && !self.way_open(&around);
        // Of XV-101 its own watch says when it is late.
        let late = self.late.holds(shut && !around.path_open, WAY_TIME, elapsed);
        let scan = Scan {
            in_state: self.sequence.in_state(),
            run,
            free: blocked.is_empty(),
            ready: self.way_open(&around),
            duty_runs: duty.is_some_and(|pump| self.pump[pump].is_running()),
            handed_over: self.pumps.handed_over(),
            failed: late || self.has_failed(),
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip(scan));
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        self.drive(state, duty, blocked, &around, stagger, elapsed);
        self.status.state = state;
        self.status.blocked = blocked
            .and(self.handling.why())
            .and_if(!around.run, Reason::NoDemand)
            .and_if(shut, Reason::ValveNotInPlace);
        self.status.retry_left = self.retry_left();
        self.running_for = if self.pump.iter().any(Drive::is_running) {
            self.running_for.saturating_add(elapsed)
        } else {
            Duration::ZERO
        };
        self.handling.elapse(Percent(if self.is_on() { 100.0 } else { 0.0 }), elapsed);
        self.raise(&around);
    }

    /// Valve chart.
    fn drive(
        &mut self,
        state: State,
        duty: Option<usize>,
        blocked: Reasons,
        around: &Around,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) {
        let inlet = match state {
            State::Off {} | State::Fault {} => Travel::Close,
            State::Hold {} => Travel::Stay,
            State::Checking {} | State::Running {} | State::Changeover {} => Travel::Open,
        };
        let by_hand = self.inlet.handling.wish();
        let inlet = by_hand.map_or(inlet, |_| Travel::when(self.inlet.wants(false)));
        self.inlet.scan(inlet, elapsed);
        let run = state.runs();
        let by_hand = |pump: &&Drive| pump.handling.is_manual() && pump.is_on();
        let by_hand = duty.map(|at| &self.pump[at]).filter(by_hand);
        let ask = if let Some(speed) = by_hand.map(|pump| pump.outputs.speed.value()) {
            // The one on duty: given back it goes on from there (R-2.1-08, R-2.16-05).
            self.flow_loop.follow(speed.0, self.status.raw_flow.map(|flow| flow.0));
            if run { Ask::at(speed) } else { Ask::OFF }
        } else if run {
            Ask::at(self.control(duty, around, elapsed))
        } else {
            Ask::OFF
        };
        let look = self.flow_loop.look().filter(|_| run);
        let noise = FLOW_NOISE * around.nominal.0;
        self.flow_watch.scan(loop_watch::Around { look, noise, window: QUICK }, elapsed);
        self.status.setpoint = if run { around.rate } else { CubicMetresPerHour::ZERO };
        // A pump in MANUAL is not available to the sequence, and yet no reason against itself.
        let held = blocked
            .protections()
            .without(Reasons::only(Reason::NoPumpAvailable))
            .and_if(!self.way_open(around), Reason::NoPathOpen);
        for at in 0..self.pump.len() {
            let failed_by = self.proof.get(at).map_or(Reasons::NONE, |proof| proof.held_by());
            let asked = if duty == Some(at) { ask } else { Ask::OFF };
            let asked = asked.or_by_hand(held.and(failed_by));
            self.pump[at].scan(asked, Limits::SUBMERSIBLE, stagger, elapsed);
        }
        let on = self.pump.iter().any(|pump| pump.outputs.run.value());
        self.outputs = Outputs { permit: Output::want(run || on) };
    }

    /// FIC-101: speed for the flow asked; the lowest speed until water moves.
    fn control(&mut self, duty: Option<usize>, around: &Around, elapsed: Duration) -> Percent {
        let lowest = self.lowest_speed();
        let start = lowest.0 + SPEED_MARGIN;
        let on = duty.is_some_and(|pump| self.pump[pump].is_running());
        let pace = Pace {
            period: LOOP_PERIOD,
            setpoint_rate: SETPOINT_RATE * around.nominal.0,
            output_rate: SPEED_RATE,
        };
        let measured = self.status.raw_flow.map(|flow| flow.0);
        let speed = match (on, self.status.raw_flow) {
            (false, _) => {
                self.flow_loop.follow(start, measured);
                start
            }
            (true, Signal::Good(flow)) => {
                let tuning = PiTuning {
                    gain: self.settings.loop_gain.0 / around.nominal.0,
                    reset: self.settings.loop_reset,
                    low: lowest.0,
                    high: 100.0,
                }
                .for_pump(flow / around.nominal);
                let setpoint = around.rate.0;
                let aim = Aim { setpoint, measured, tuning, hold: Hold::Free };
                self.flow_loop.scan(aim, pace, elapsed)
            }
            // On the derived flow the speed is held at the curve's value for REDUCED or less.
            (true, Signal::Uncertain(..) | Signal::Held(..) | Signal::Bad(_)) => {
                let most = around.rate.or_less(around.nominal * DERIVED_SHARE);
                let speed = self.speed_for(most, around.nominal);
                self.flow_loop.lead(speed.0, measured, pace, elapsed)
            }
        };
        Percent(speed)
    }

    // Judgements.

    /// Everything that keeps P-101 from running but a lack of demand: it holds a run by hand too.
    fn blocked(&mut self, around: &Around, duty: Option<usize>, elapsed: Duration) -> Reasons {
        let on = self.is_on();
        let least = if on { self.settings.stop_level } else { self.settings.start_level };
        let level = self.inputs.wet_well_level.usable();
        let low = level.is_some_and(|level| if on { !(level > least) } else { !(level >= least) });
        let shut = on && !self.way_open(around);
        let shut = self.way.holds(shut, WAY_GAP, elapsed);
        let resting = self.proof.iter().fold(Reasons::NONE, |all, proof| all.and(proof.held_by()));
        around
            .holds
            .and_if(level.is_none(), Reason::LevelUnknown)
            .and_if(low, Reason::WetWellLow)
            .and_if(self.screen_blocked(), Reason::ScreenBlocked)
            .and_if(self.floods(), Reason::RiverFlood)
            .and_if(self.ph_fatal(), Reason::RawPhOutOfRange)
            .and_if(shut, Reason::NoPathOpen)
            .and_if(duty.is_none(), Reason::NoPumpAvailable)
            .and(if duty.is_none() { resting } else { Reasons::NONE })
            .and_if(self.inlet.is_faulty(), Reason::ValveFault)
    }

    /// What a start would fail on: river, screen, pumps at rest.
    #[must_use]
    pub fn unready(&self) -> Reasons {
        let fit = (0..self.pump.len()).any(|at| self.is_fit(at));
        Reasons::NONE
            .and_if(self.screen_blocked(), Reason::ScreenBlocked)
            .and_if(self.floods(), Reason::RiverFlood)
            .and_if(self.ph_fatal(), Reason::RawPhOutOfRange)
            .and_if(!fit, Reason::NoPumpAvailable)
    }

    /// XV-101 and a tank beyond it are proven open.
    fn way_open(&self, around: &Around) -> bool {
        self.inlet.is_open() && around.path_open
    }

    /// Some pump is asked to run.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.pump.iter().any(Drive::is_on)
    }

    /// Some pump is proven running.
    #[must_use]
    pub fn is_lifting(&self) -> bool {
        self.pump.iter().any(Drive::is_running)
    }

    /// A pump can be had, now or after its rest, and XV-101 moves.
    #[must_use]
    pub fn is_available(&self) -> bool {
        let usable = |at: usize| !self.is_out(at) && self.pump[at].is_available();
        (0..self.pump.len()).any(usable) && !self.inlet.is_faulty()
    }
}
