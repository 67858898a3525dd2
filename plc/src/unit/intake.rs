//! Intake: lifts raw water from the wet well at the rate the plant asks for.
//!
//! ```text
//! Off -> Checking (XV-101 opens) -> Running <-> Changeover (duty failed, standby starts)
//!  ^         |                        |
//!  +---------+---- no demand ---------+--> Hold (ran dry: 10 min) --(3 in 6 h, or no pump)--> Fault --reset--> Off
//! ```
//! In: river and wet well, raw flow and quality. Out: P-101 permit, its drives, XV-101. `docs/spec/plant.md` 2.3.

use alloc::boxed::Box;
use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Aim, Duty, Hold, Pace, PiLoop, PiTuning, Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, measured, outputs, parts, settings, shown, states,
    status, switched,
};
use crate::device::{Ask, Drive, Handling, Limits, MotorValve, Stagger, Travel, choose_duty};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    Celsius, CubicMetresPerHour, KiloPascals, KiloWatts, Metres, Ntu, Percent, Ph, Ratio,
};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};
use crate::tag::{Activity, Group, Role};
use crate::unit::loop_watch::{self, LoopWatch, QUICK};

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
        /// LT-102, level from which the pump may start.
        pub start_level: Metres = between(0.3..=3.0, 0.8).by(Role::Supervisor),
        /// LT-102, level at which the pump stops.
        pub stop_level: Metres = between(0.2..=2.5, 0.5).by(Role::Supervisor),
        /// LT-101, flood alarm.
        pub flood_alarm: Metres = between(1.0..=6.0, 4.5),
        /// LT-101, flood stop.
        pub flood_stop: Metres = between(1.0..=6.0, 5.0),
        /// P-101, head at no flow and full speed.
        pub shut_off_head: Metres = between(5.0..=100.0, 32.0),
        /// P-101, static head at the reference level of the wet well.
        pub static_head: Metres = between(1.0..=60.0, 8.0),
        /// LT-102, level at which the static head was measured.
        pub reference_level: Metres = between(0.0..=4.0, 1.5),
        /// P-101, head lost at nominal flow and full speed, in pump and pipe.
        pub head_lost: Metres = between(0.5..=60.0, 12.5),
        /// FIC-101, gain in % of speed for a deviation of the whole nominal flow.
        pub loop_gain: Ratio = between(1.0..=200.0, 30.0),
        /// FIC-101, integral time.
        pub loop_reset: Duration = between(1.0..=120.0, 8.0),
        /// JI-101, least power of a pump that moves water.
        pub power_min: KiloWatts = between(0.05..=20.0, 0.2),
    }
}

status! {
    /// What the intake does.
    pub struct Status {
        /// State of the intake.
        pub state: State = shown(),
        /// What keeps it from lifting water.
        pub blocked: Reasons = shown(),
        /// FIC-101, raw flow all logic judges: FIT-101, or derived from the speed.
        pub raw_flow: Signal<CubicMetresPerHour> = shown().span(0.0..=10.0),
        /// FIC-101, flow asked for.
        pub setpoint: CubicMetresPerHour = shown().span(0.0..=10.0),
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
        /// LSLL-102, wet well empty, pump tripped.
        pub wet_well_empty: Condition = alarm(102, Priority::P2).delays_s(1.0, 60.0),
        /// P-101, raw water pump fault.
        pub pump_fault: Condition = alarm(104, Priority::P2).delays_s(2.0, 0.0).latching(),
        /// P-101, all raw water pumps failed.
        pub pumps_failed: Condition = alarm(105, Priority::P1).delays_s(2.0, 0.0),
        /// P-101, dry run protected three times.
        pub ran_dry: Condition = alarm(107, Priority::P2).latching(),
        /// AIT-101, very muddy river, intake stopped.
        pub very_muddy: Condition = alarm(109, Priority::P2),
        /// LT-101, flood at the intake.
        pub flood: Condition = alarm(110, Priority::P1).delays_s(60.0, 600.0),
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
    /// Causes that hold P-101.
    pub holds: Reasons,
    pub reset: bool,
    /// The cause "raw above 1 000 NTU" stands.
    pub too_muddy: bool,
    /// The cause "wet well low-low" stands.
    pub empty: bool,
    /// No raw water can be made, for a reason beyond the pumps: three starts failed, or no tank can take it.
    pub hopeless: bool,
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
    pub inlet: MotorValve,
    pub flow_watch: LoopWatch,
    pub pump: Box<[Drive]>,
    sequence: Timed<Sequence>,
    duty: Duty,
    flow_loop: PiLoop,
    dry: Sustained,
    dry_runs: DryRuns,
}
parts! { Intake {
    handling, inputs, settings, status, outputs, alarms;
    one: inlet = Group::single("inlet", "XV-101").held_by(Column::Positions),
         flow_watch = Group::single("flow_loop", "FIC-101");
    many: pump = Group::lettered("pump", "P-101x").held_by(Column::RawPump);
    maybe: ;
    sequence, duty, flow_loop, dry, dry_runs
} }

/// Dry runs of the last six hours.
#[derive(Clone, Copy, Debug, Default)]
struct DryRuns {
    count: u32,
    since_first: Duration,
}

/// A dry pump trips after this (`docs/spec/plant.md` 2.3).
const DRY_TIME: Duration = Duration::from_secs(8);
/// Dry means less than this share of nominal: 0.3 m³/h of 5 (`docs/spec/contracts.md`, thresholds).
const DRY_SHARE: f64 = 0.06;
/// A pump that ran dry waits this long.
const DRY_WAIT: Duration = Duration::from_secs(600);
/// Retries in six hours.
const DRY_RUNS_MAX: u32 = 3;
const DRY_WINDOW: Duration = Duration::from_secs(6 * 3600);
/// Start and lowest speed lie this much above the speed that beats the static head (`docs/spec/plant.md` 6.3).
const SPEED_MARGIN: f64 = 5.0;
/// Speed moves by this much a second, % (`docs/spec/plant.md` 2.3).
const SPEED_RATE: f64 = 5.0;
/// FIC-101 works once a second (R-2.0-01).
const LOOP_PERIOD: Duration = Duration::from_secs(1);
/// Its setpoint moves by 6 m³/h of 5 a minute, as a share a second (chosen, as FIC-501's).
const SETPOINT_RATE: f64 = 1.2 / 60.0;
/// FIT-101 moves this much by itself, as a share of nominal: 1 % and 0.02 m³/h (`docs/spec/plant.md` 1.4), three times.
const FLOW_NOISE: f64 = 0.02;
/// XV-101 may take this long (`docs/spec/plant.md` 2.2.1, ST1).
const VALVE_TIME: Duration = Duration::from_secs(30);

impl Intake {
    /// With this many pumps.
    #[must_use]
    pub fn new(shape: &Shape) -> Intake {
        Intake {
            pump: (0..shape.raw_pumps).map(|_| Drive::default()).collect(),
            inlet: MotorValve::trying_twice(),
            ..Intake::default()
        }
    }

    /// The raw flow that all logic judges: FIT-101 while usable, else derived from the speed of a pump that proves to
    /// move water. Taken before the causes.
    pub fn judge(&mut self, nominal: CubicMetresPerHour) {
        self.status.raw_flow = match self.inputs.flow.usable() {
            Some(_) => self.inputs.flow,
            None => self.derived_flow(nominal),
        };
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        if around.reset {
            self.pump.iter_mut().for_each(Drive::reset);
            self.inlet.reset();
            self.dry_runs = DryRuns::default();
        }
        self.dry_runs.since_first = self.dry_runs.since_first.saturating_add(elapsed);
        if self.dry_runs.since_first >= DRY_WINDOW {
            self.dry_runs = DryRuns::default();
        }
        let running = self.pump.iter().any(Drive::is_running);
        let flow_seen =
            self.status.raw_flow.usable().is_some_and(|flow| flow.0 > DRY_SHARE * around.nominal.0);
        let dry = self.dry.holds(running && !flow_seen, DRY_TIME, elapsed);
        if dry && self.sequence.state() == (State::Running {}) {
            self.dry_runs.count += 1;
        }
        let duty = choose_duty(&mut self.duty, &self.pump);
        let blocked = self.blocked(&around, duty);
        let scan = Scan {
            in_state: self.sequence.in_state(),
            run: around.run && blocked.is_empty(),
            ready: self.inlet.is_open() && around.path_open,
            dry,
            exhausted: self.dry_runs.count >= DRY_RUNS_MAX,
            duty_runs: duty.is_some_and(|pump| self.pump[pump].is_running()),
            pump_left: duty.is_some(),
            valve_failed: self.inlet.is_faulty(),
            reset: around.reset,
        };
        let trip = (!around.holds.is_empty()).then_some(Event::Trip);
        let before = self.sequence.state();
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        if state == (State::Changeover {})
            && before != state
            && let Some(pump) = duty
        {
            self.pump[pump].hurry();
        }
        self.drive(state, duty, &around, stagger, elapsed);
        self.status.state = state;
        self.status.blocked = blocked
            .and_if(!around.run, Reason::NoDemand)
            .and_if(state == (State::Hold {}), Reason::DryRun);
        self.raise(&around);
    }

    /// Valve chart.
    fn drive(
        &mut self,
        state: State,
        duty: Option<usize>,
        around: &Around,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) {
        let (inlet, run) = match state {
            State::Off {} | State::Fault {} => (Travel::Close, false),
            State::Hold {} => (Travel::Stay, false),
            State::Checking {} => (Travel::Open, false),
            State::Running {} | State::Changeover {} => (Travel::Open, true),
        };
        let ask = if run { Ask::at(self.control(duty, around, elapsed)) } else { Ask::OFF };
        let look = self.flow_loop.look().filter(|_| run);
        let noise = FLOW_NOISE * around.nominal.0;
        self.flow_watch.scan(loop_watch::Around { look, noise, window: QUICK }, elapsed);
        self.status.setpoint = if run { around.rate } else { CubicMetresPerHour::ZERO };
        self.inlet.scan(inlet, elapsed);
        for (number, pump) in self.pump.iter_mut().enumerate() {
            let asked = if duty == Some(number) { ask } else { Ask::OFF };
            pump.scan(asked, Limits::SUBMERSIBLE, stagger, elapsed);
        }
        self.outputs = Outputs { permit: Output::want(run) };
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
                let most = around.rate.or_less(around.nominal * 0.7);
                let speed = self.speed_for(most, around.nominal);
                self.flow_loop.lead(speed.0, measured, pace, elapsed)
            }
        };
        Percent(speed)
    }

    fn raise(&mut self, around: &Around) {
        let faulty = self.pump.iter().filter(|pump| pump.is_faulty()).count();
        self.alarms = Alarms {
            wet_well_empty: Condition::when(around.empty),
            pump_fault: Condition::when(faulty > 0),
            pumps_failed: Condition::when(
                faulty == self.pump.len() || self.inlet.is_faulty() || around.hopeless,
            ),
            ran_dry: Condition::when(self.dry_runs.count >= DRY_RUNS_MAX),
            very_muddy: Condition::when(around.too_muddy),
            flood: self.inputs.river_level.above(self.settings.flood_alarm, Metres(0.3)),
        };
    }

    // Judgements.

    fn blocked(&self, around: &Around, duty: Option<usize>) -> Reasons {
        let on = matches!(self.sequence.state(), State::Running {} | State::Changeover {});
        let least = if on { self.settings.stop_level } else { self.settings.start_level };
        let level = self.inputs.wet_well_level.usable();
        let flood =
            self.inputs.river_level.usable().is_some_and(|level| level > self.settings.flood_stop);
        around
            .holds
            .and_if(level.is_none(), Reason::LevelUnknown)
            .and_if(level.is_some_and(|level| !(level >= least)), Reason::WetWellLow)
            .and_if(flood, Reason::RiverFlood)
            .and_if(duty.is_none(), Reason::NoPumpAvailable)
            .and_if(self.inlet.is_faulty(), Reason::ValveFault)
            .and_if(
                self.status.raw_flow.usable().is_none()
                    && on
                    && self.pump.iter().all(|pump| !pump.is_on()),
                Reason::FlowUnknown,
            )
    }

    /// Static head at the present wet well, m.
    fn static_head(&self) -> f64 {
        let level = self.inputs.wet_well_level.usable().unwrap_or(self.settings.reference_level);
        Metres(self.settings.static_head.0 - (level.0 - self.settings.reference_level.0))
            .within(Metres(0.5), self.settings.shut_off_head)
            .0
    }

    /// `sqrt(H_st / H0) + 5 %` (`docs/spec/plant.md` 2.3).
    fn lowest_speed(&self) -> Percent {
        let share = libm::sqrt(self.static_head() / self.settings.shut_off_head.0);
        Percent(100.0 * share + SPEED_MARGIN).within(Percent(10.0), Percent(95.0))
    }

    /// Speed at which the curve gives `flow`: `n² = (H_st + lost·(Q/Qn)²) / H0`.
    fn speed_for(&self, flow: CubicMetresPerHour, nominal: CubicMetresPerHour) -> Percent {
        let share = flow / nominal;
        let head = self.static_head() + self.settings.head_lost.0 * share * share;
        Percent(100.0 * libm::sqrt(head / self.settings.shut_off_head.0))
            .within(self.lowest_speed(), Percent(100.0))
    }

    /// Flow from speed, only while run feedback, motor power and wet well say that water moves.
    fn derived_flow(&self, nominal: CubicMetresPerHour) -> Signal<CubicMetresPerHour> {
        let Some(pump) = self.pump.iter().find(|pump| pump.is_on()) else {
            return Signal::Uncertain(CubicMetresPerHour::ZERO, Doubt::Fallback);
        };
        let moves = pump.inputs.running.closed()
            && pump.inputs.power.usable().is_some_and(|power| power >= self.settings.power_min)
            && self.inputs.wet_well_low_low.closed();
        let Some(frequency) = pump.inputs.frequency.usable().filter(|_| moves) else {
            return Signal::Bad(Fault::Computed);
        };
        let speed = frequency.0 / 50.0;
        let head = self.settings.shut_off_head.0 * speed * speed - self.static_head();
        let share = if head > 0.0 { libm::sqrt(head / self.settings.head_lost.0) } else { 0.0 };
        Signal::Uncertain(nominal * share, Doubt::Fallback)
    }

    /// A pump runs and takes the power of one that moves water.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        let loaded = |power: KiloWatts| power >= self.settings.power_min;
        self.pump
            .iter()
            .any(|pump| pump.is_running() && pump.inputs.power.usable().is_some_and(loaded))
    }

    /// Some pump is asked to run.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.pump.iter().any(Drive::is_on)
    }

    /// A pump can be had.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.pump.iter().any(Drive::is_available) && !self.inlet.is_faulty()
    }
}

/// The facts of a scan that the sequence decides on.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    run: bool,
    ready: bool,
    dry: bool,
    exhausted: bool,
    duty_runs: bool,
    pump_left: bool,
    valve_failed: bool,
    reset: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the intake.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Checking, Running, Changeover, Hold, Fault } }

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "in_service")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.run => Transition(State::checking()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn checking(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.ready => Transition(State::running()),
            Event::Scan(scan) if scan.in_state > VALVE_TIME => Transition(State::fault()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn running(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.dry => Transition(State::hold()),
            // The duty pump was seen running and has failed: the standby takes over.
            Event::Scan(scan) if !scan.duty_runs && scan.in_state > VALVE_TIME => {
                Transition(State::changeover())
            }
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn changeover(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.duty_runs => Transition(State::running()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.exhausted => Transition(State::fault()),
            Event::Scan(scan) if scan.in_state >= DRY_WAIT => Transition(State::off()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.reset => Transition(State::off()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[superstate]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::off()),
            Event::Scan(scan) if !scan.pump_left || scan.valve_failed => Transition(State::fault()),
            Event::Scan(_) => Handled,
        }
    }
}
