//! The plant as a whole: what it is doing, and the panel.
//!
//! ```text
//! Boot -> Stopped -> Starting (ST1..ST7) -> Producing -> Standby (clear well full, or D1) -> Starting
//!            ^           |                      |
//!            |           +-- step too late --> Stopping -> Stopped        any --(trip)--> Fault, EmergencyStop, PowerWait
//! ```
//! In: panel, K0, what the shell reports. Out: K0 request, horn, heartbeat. `docs/spec/plant.md` 2.2.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, outputs, parts, retained, settings,
    shown, states, status, switched,
};
use crate::interlock::Column;
use crate::output::Output;
use crate::quantity::{Celsius, Count, CubicMetresPerHour, Metres};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Role;

inputs! {
    /// The panel, K0, and what the shell reports.
    pub struct Inputs {
        /// ES-900, emergency-stop loop healthy.
        pub emergency_stop: Signal<bool> = contact().every_s(0.1),
        /// HS-900, selector stands at remote; open is LOCAL.
        pub remote: Signal<bool> = contact().every_s(0.1),
        /// HS-901, local reset button.
        pub local_reset: Signal<bool> = contact().every_s(0.1),
        /// K-900, motor supply contactor K0 is closed.
        pub supply_on: Signal<bool> = contact().every_s(0.1),
        /// ZS-900, cabinet door shut.
        pub door: Signal<bool> = contact().every_s(0.5),
        /// TT-900, cabinet temperature.
        pub cabinet_temperature: Signal<Celsius> = measured(-20.0..=100.0).every_s(60.0),
        /// How late the scan began.
        pub lateness: Signal<Duration> = measured(0.0..=3600.0).reported(),
        /// Scans that took longer than their period.
        pub overruns: Signal<Count> = measured(0.0..=4_294_967_295.0).reported(),
        /// Storage takes what it is given.
        pub storage_ok: Signal<bool> = contact().reported(),
        /// The wall clock can be trusted.
        pub clock_trusted: Signal<bool> = contact().reported(),
        /// Time of day where the plant stands; bad while the wall clock cannot be trusted.
        pub time_of_day: Signal<Duration> = measured(0.0..=86_400.0).every_s(60.0).reported(),
        /// Set-up is finished, or outputs are not real.
        pub setup_done: Signal<bool> = contact().reported(),
        /// Bus A answers.
        pub bus_a: Signal<bool> = contact().reported(),
        /// Bus B answers.
        pub bus_b: Signal<bool> = contact().reported(),
        /// Bus C answers.
        pub bus_c: Signal<bool> = contact().reported(),
        /// Bus D answers.
        pub bus_d: Signal<bool> = contact().reported(),
        /// The last end was not an orderly one.
        pub watchdog_restart: Signal<bool> = contact().reported(),
    }
}

settings! {
    /// Levels of start and stop.
    pub struct Settings {
        /// LT-401, production starts again from here.
        pub start_level: Metres = between(0.8..=1.7, 1.45).by(Role::Supervisor),
        /// LT-401, production stops here.
        pub stop_level: Metres = between(1.0..=1.9, 1.85).by(Role::Supervisor),
        /// Motors stay off this long after power-up.
        pub boot_time: Duration = between(30.0..=300.0, 30.0),
    }
}

retained! {
    /// What a restart goes on with.
    pub struct Retained {
        /// People want water made.
        pub intent: bool = kept(),
        /// The intake was closed by a person.
        pub intake_closed: bool = kept(),
        /// Emergency stop latched.
        pub emergency_latched: bool = kept(),
        /// STOP ALL was pressed: nothing runs before the next start.
        pub stopped_all: bool = kept(),
        /// The wet well ran empty too often; until reset.
        pub wet_well_latched: bool = kept(),
        /// Filtered water was too turbid; until reset.
        pub turbidity_latched: bool = kept(),
        /// Chlorine was dangerous; until reset.
        pub chlorine_latched: bool = kept(),
        /// A filter's outlet was not proven closed in a wash; until a supervisor resets.
        pub outlet_latched: bool = kept(),
        /// PAC has reached its cap; until reset.
        pub coagulant_cap_latched: bool = kept(),
        /// Chlorine has reached its cap; until reset.
        pub chlorine_cap_latched: bool = kept(),
    }
}

status! {
    /// What the plant does.
    pub struct Status {
        /// State of the plant.
        pub state: State = shown(),
        /// Step of the start sequence, 1 to 7; 0 outside it.
        pub step: Count = shown(),
        /// What keeps it from making water.
        pub blocked: Reasons = shown(),
        /// Why it last stopped or went to standby.
        pub stopped_by: Reasons = shown(),
        /// Rate of raw water asked for.
        pub rate: CubicMetresPerHour = shown().span(0.0..=10.0),
        /// Why the rate is not the full one.
        pub reduced_by: Reasons = shown(),
        /// Row of the sensor that cannot be believed; 0: none.
        pub doubted_sensor: Count = shown(),
        /// Time since water was last made.
        pub idle_time: Duration = shown(),
    }
}

outputs! {
    /// Panel and supply.
    pub struct Outputs {
        /// K-900, request to close the motor supply contactor K0.
        pub supply: Output<bool> = switched().held_by(Column::Supply),
        /// XA-900, horn and beacon.
        pub horn: Output<bool> = switched().held_by(Column::Panel),
        /// KWD-900, heartbeat, toggled by every completed scan.
        pub heartbeat: Output<bool> = switched().held_by(Column::Panel),
    }
}

alarms! {
    /// Alarms of the system.
    pub struct Alarms {
        /// ES-900, emergency stop pressed.
        pub emergency_stopped: Condition = alarm(904, Priority::P1).latching(),
        /// K-900, contactor does not open, or closes unasked.
        pub supply_welded: Condition = alarm(905, Priority::P1).delays_s(1.0, 0.0).latching(),
        /// BUS-900, instrument bus lost.
        pub bus_lost: Condition = alarm(906, Priority::P1).delays_s(5.0, 30.0),
        /// SCAN-900, restarted by the watchdog, or a scan more than 500 ms late.
        pub scan_late: Condition = alarm(909, Priority::P3).latching(),
        /// DISK-900, storage almost full or read-only.
        pub storage: Condition = alarm(910, Priority::P3).delays_s(0.0, 60.0),
        /// SENSOR-900, sensor value not credible.
        pub sensor_doubted: Condition = alarm(908, Priority::P3).delays_s(60.0, 300.0),
        /// LOCK-900, calibration hold or maintenance lock expired.
        pub lock_expired: Condition = alarm(917, Priority::P3),
    }
}

/// What the units report for the plant's own sequence.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// A start was ordered in this scan, or a stop.
    pub start: bool,
    pub stop: bool,
    pub stop_all: bool,
    pub reset: bool,
    /// HS-901 was pressed, this scan.
    pub local_reset: bool,
    /// The emergency stop stands, or K0 is open though asked for.
    pub emergency: bool,
    pub mains_good: bool,
    pub outage: Duration,
    /// What stops everything at once: a contactor that does not open.
    pub trip: Reasons,
    /// What stops production in order: no pump, no chemical, no filter, a cap reached.
    pub lost: Reasons,
    /// Permissives P1 to P9 that are missing.
    pub missing: Reasons,
    pub too_muddy: bool,
    pub muddy: bool,
    pub clear_well: Option<Metres>,
    pub analyser_bad: bool,
    pub filter_out: bool,
    pub tank_out: bool,
    /// Facts of the start sequence, ST1 to ST7.
    pub steps: Steps,
    /// The settled tank is full: it is filtered before any raw water is taken.
    pub settled_full: bool,
    /// The settled tank has been drawn down and the filters have stopped.
    pub drained: bool,
    /// The horn sounds for an unacknowledged alarm.
    pub horn: bool,
    pub supply_welded: bool,
    /// A maintenance lock or a calibration hold has run out.
    pub lock_expired: bool,
    /// Row of the first input that cannot be believed.
    pub doubtful: Option<usize>,
}

/// What each start step waits for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    /// ST1: a way into sedimentation is open.
    pub inlet_open: bool,
    /// ST2: raw flow at 80 % of its setpoint.
    pub raw_flow: bool,
    /// ST3: PAC strokes seen.
    pub coagulant: bool,
    /// ST4: settled tank above its start level.
    pub settled: bool,
    /// ST5: a filter delivers.
    pub filtered: bool,
    /// ST6: hypochlorite strokes seen.
    pub chlorine: bool,
    /// ST7: every filter in service delivers.
    pub all_filtering: bool,
}

/// The plant as a whole.
#[derive(Default)]
pub struct System {
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub outputs: Outputs,
    pub alarms: Alarms,
    sequence: Timed<Sequence>,
    step: u8,
    in_step: Duration,
    since_boot: Duration,
    full: Sustained,
    low: Sustained,
    failed_starts: FailedStarts,
    full_start: bool,
    self_tested: bool,
    heartbeat: bool,
}
parts! { System {
    inputs, settings, retained, status, outputs, alarms;
    one: ; many: ; maybe: ;
    sequence, step, in_step, since_boot, full, low, failed_starts, full_start, self_tested, heartbeat
} }

#[derive(Clone, Copy, Debug, Default)]
struct FailedStarts {
    count: u32,
    since_first: Duration,
}

/// Three failed starts in this time are a fault (`docs/spec/plant.md` 2.2).
const FAILED_STARTS_MAX: u32 = 3;
const FAILED_STARTS_WINDOW: Duration = Duration::from_secs(2 * 3600);
/// Levels must last this long (`docs/spec/plant.md` 2.2).
const LEVEL_TIME: Duration = Duration::from_secs(60);
/// After mud the plant starts again below this (`docs/spec/plant.md` 2.2, D1).
const AFTER_MUD_LEVEL: Metres = Metres(1.80);
/// Longest orderly stop (`docs/spec/plant.md` 2.2).
const STOPPING_MAX: Duration = Duration::from_secs(2400);
/// A stop longer than this needs the long form of the start and ripening (`docs/spec/plant.md` 2.2, 2.6.6).
pub const LONG_STOP: Duration = Duration::from_secs(7200);
/// An outage shorter than this resumes by itself (`docs/spec/contracts.md`, mains lost).
const RESUME_MAX: Duration = Duration::from_secs(600);
/// A scan this late is an alarm (`docs/spec/contracts.md`, Hardware).
const LATE: Duration = Duration::from_millis(500);
/// Step time limits ST1 to ST7 in the long form (`docs/spec/plant.md` 2.2.1). ST1 has the valve's own; ST6 the time of a
/// stroke at the lowest dose; ST7 that of the filters' ripening, twice.
const STEP_LIMITS: [u64; 7] = [60, 120, 40, 3600, 4500, 300, 14_400];
/// ST4 in the short form.
const SETTLED_SHORT: u64 = 900;
/// Rates as shares of nominal (`docs/spec/contracts.md`, thresholds).
pub const REDUCED: f64 = 0.7;
pub const MINIMUM: f64 = 0.5;

impl System {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        self.since_boot = self.since_boot.saturating_add(elapsed);
        self.in_step = self.in_step.saturating_add(elapsed);
        self.failed_starts.since_first = self.failed_starts.since_first.saturating_add(elapsed);
        if self.failed_starts.since_first >= FAILED_STARTS_WINDOW || around.reset {
            self.failed_starts = FailedStarts::default();
        }
        self.take_intent(&around);
        let scan = self.facts(&around, elapsed);
        let before = self.sequence.state();
        let trip = self.trip(&around);
        let state = self.sequence.advance(trip.map(Event::Trip).as_ref(), &Event::Scan(scan));
        self.self_tested |= before == (State::Boot {}) && state == (State::Stopped {});
        self.follow(before, state, &around, &scan);
        self.count_idle(state, elapsed);
        self.status.state = state;
        self.status.step =
            Count(if state == (State::Starting {}) { f64::from(self.step) } else { 0.0 });
        self.status.doubted_sensor = Count(around.doubtful.unwrap_or(0) as f64);
        self.status.blocked = self.blocked(&around, state);
        let (rate, reduced_by) = self.rate(&around, state);
        self.status.rate = rate;
        self.status.reduced_by = reduced_by;
        self.heartbeat = !self.heartbeat;
        self.outputs = Outputs {
            // The drives get their supply through K0: it closes after the boot's read-back, with permits still low.
            supply: Output::want(
                self.since_boot >= SUPPLY_AFTER && !self.retained.emergency_latched,
            ),
            horn: Output::want(around.horn),
            heartbeat: Output::want(self.heartbeat),
        };
        self.raise(&around);
    }

    /// People's wishes, kept: a start, a stop, an emergency stop.
    fn take_intent(&mut self, around: &Around) {
        if around.emergency {
            self.retained.emergency_latched = true;
            self.retained.intent = false;
        } else if around.local_reset && !around.supply_welded {
            // A contactor that did not open would carry the next start without protection.
            self.retained.emergency_latched = false;
        }
        if around.stop || around.stop_all {
            self.retained.intent = false;
            self.retained.stopped_all |= around.stop_all;
            self.status.stopped_by = Reasons::only(Reason::StoppedByOperator);
        } else if around.start && !self.retained.emergency_latched {
            self.retained.intent = true;
            self.retained.stopped_all = false;
        }
    }

    /// Time of day, where the clock can be trusted.
    #[must_use]
    pub fn time_of_day(&self) -> Option<Duration> {
        self.inputs.time_of_day.usable()
    }

    /// Whether a start can be taken now; the answer to the order.
    pub fn may_start(&self) -> Result<(), Reason> {
        if self.retained.emergency_latched {
            return Err(Reason::EmergencyStop);
        }
        match self.sequence.state() {
            State::Fault {} => Err(Reason::PlantFault),
            State::Boot {}
            | State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Standby {}
            | State::Stopping {}
            | State::EmergencyStop {}
            | State::PowerWait {} => Ok(()),
        }
    }

    /// After a restart: goes on by itself only if people wanted water less than ten minutes ago.
    pub fn restored(&mut self, age: Option<Duration>) {
        self.retained.intent &= age.is_some_and(|age| age < RESUME_MAX);
        self.full_start = age.is_none_or(|age| age >= LONG_STOP);
        self.status.idle_time = age.unwrap_or(LONG_STOP);
    }

    fn trip(&self, around: &Around) -> Option<Trip> {
        if around.emergency || self.retained.emergency_latched {
            Some(Trip::Emergency)
        } else if !around.mains_good {
            Some(Trip::Mains)
        } else if around.stop_all {
            Some(Trip::StopAll)
        } else {
            (!around.trip.is_empty()).then_some(Trip::Fault)
        }
    }

    fn facts(&mut self, around: &Around, elapsed: Duration) -> Scan {
        let above = around.clear_well.is_some_and(|level| level >= self.settings.stop_level);
        let below = around.clear_well.is_some_and(|level| level <= self.settings.start_level);
        let after_mud = self.status.stopped_by.has(Reason::RiverTooMuddy);
        let below_full = around.clear_well.is_some_and(|level| level < AFTER_MUD_LEVEL);
        let full = self.full.holds(above, LEVEL_TIME, elapsed);
        let low = self.low.holds(below, LEVEL_TIME, elapsed);
        let limit = match self.step {
            4 if !self.full_start => SETTLED_SHORT,
            step => STEP_LIMITS.get(usize::from(step.max(1)) - 1).copied().unwrap_or(60),
        };
        Scan {
            in_state: self.sequence.in_state(),
            booted: self.since_boot >= self.settings.boot_time
                && self.inputs.supply_on.closed()
                && self.inputs.setup_done.closed()
                && around.mains_good,
            wanted: self.retained.intent,
            may_start: around.missing.is_empty(),
            step_late: self.in_step > Duration::from_secs(limit),
            started: self.step == 7 && around.steps.filtered,
            full,
            needed: low || (after_mud && below_full),
            too_muddy: around.too_muddy,
            drained: around.drained,
            reset: around.reset,
            tripped: !around.trip.is_empty(),
            emergency: self.retained.emergency_latched,
            mains_good: around.mains_good,
            short_outage: around.outage < RESUME_MAX,
            failed_too_often: self.failed_starts.count >= FAILED_STARTS_MAX,
            lost: !around.lost.is_empty(),
            self_tested: self.self_tested,
        }
    }

    /// Steps, and what a change of state leaves behind.
    fn follow(&mut self, before: State, state: State, around: &Around, scan: &Scan) {
        if state != before {
            self.step = u8::from(state == (State::Starting {}));
            self.in_step = Duration::ZERO;
            if state == (State::Starting {}) {
                self.full_start = self.status.idle_time >= LONG_STOP;
            }
            self.note_stop(before, state, around, scan);
        }
        if state == (State::Starting {}) {
            let steps = &around.steps;
            let full = around.settled_full;
            let done = match self.step {
                1 => steps.inlet_open || full,
                2 => steps.raw_flow || full,
                3 => steps.coagulant || full,
                4 => steps.settled || full,
                5 => steps.filtered,
                6 => steps.chlorine,
                _ => false,
            };
            if done {
                self.step += 1;
                self.in_step = Duration::ZERO;
            }
        }
    }

    fn note_stop(&mut self, before: State, state: State, around: &Around, scan: &Scan) {
        let why = match state {
            State::Stopping {} if before == (State::Starting {}) && scan.step_late => {
                if self.failed_starts.count == 0 {
                    self.failed_starts.since_first = Duration::ZERO;
                }
                self.failed_starts.count += 1;
                Reasons::only(Reason::StepTimeout)
            }
            State::Stopping {} if scan.lost => around.lost,
            State::Standby {} if around.too_muddy => Reasons::only(Reason::RiverTooMuddy),
            State::Standby {} => Reasons::only(Reason::StandbyFull),
            State::Fault {} => {
                around.trip.and_if(scan.failed_too_often, Reason::StartFailedTooOften)
            }
            State::EmergencyStop {} => Reasons::only(Reason::EmergencyStop),
            State::PowerWait {} => Reasons::only(Reason::MainsLost),
            State::Boot {}
            | State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Stopping {} => Reasons::NONE,
        };
        if !why.is_empty() {
            self.status.stopped_by = why;
        }
        if state == (State::Fault {})
            || (state == (State::Stopped {})
                && before == (State::PowerWait {})
                && !scan.short_outage)
        {
            self.retained.intent = false;
        }
    }

    fn count_idle(&mut self, state: State, elapsed: Duration) {
        self.status.idle_time = match state {
            State::Producing {} => Duration::ZERO,
            State::Boot {}
            | State::Stopped {}
            | State::Starting {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => self.status.idle_time.saturating_add(elapsed),
        };
    }

    /// Raw water asked for: MINIMUM until a filter delivers, REDUCED until all do, then what the reasons allow.
    fn rate(&self, around: &Around, state: State) -> (CubicMetresPerHour, Reasons) {
        let why = Reasons::NONE
            .and_if(around.muddy, Reason::RiverMuddy)
            .and_if(around.filter_out || around.tank_out, Reason::RateReduced)
            .and_if(around.analyser_bad, Reason::AnalyserBad);
        let share = match state {
            State::Starting {} if self.step >= 7 => REDUCED,
            State::Starting {} => MINIMUM,
            State::Producing {} if !why.is_empty() => REDUCED,
            State::Producing {} => 1.0,
            State::Boot {}
            | State::Stopped {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => 0.0,
        };
        (around.nominal * share, why)
    }

    fn blocked(&self, around: &Around, state: State) -> Reasons {
        match state {
            State::Producing {} => Reasons::NONE,
            State::Boot {} => Reasons::only(Reason::Booting)
                .and_if(!self.inputs.supply_on.closed(), Reason::SupplyOff)
                .and_if(!self.inputs.setup_done.closed(), Reason::SetupNotDone),
            State::Stopped {} | State::Starting {} => {
                around.missing.and_if(!self.retained.intent, Reason::NotStarted)
            }
            State::Standby {} => around.missing.and(self.status.stopped_by),
            State::Stopping {} => Reasons::only(Reason::PlantStopping).and(self.status.stopped_by),
            State::Fault {} => {
                Reasons::only(Reason::PlantFault).and(around.trip).and(self.status.stopped_by)
            }
            State::EmergencyStop {} => Reasons::only(Reason::EmergencyStop),
            State::PowerWait {} => Reasons::only(Reason::MainsLost),
        }
    }

    fn raise(&mut self, around: &Around) {
        let lost =
            [self.inputs.bus_a, self.inputs.bus_b, self.inputs.bus_d].iter().any(|bus| bus.open());
        let late = self.inputs.lateness.usable().is_some_and(|late| late > LATE);
        self.alarms = Alarms {
            emergency_stopped: Condition::when(around.emergency),
            supply_welded: Condition::when(around.supply_welded),
            bus_lost: Condition::when(lost).unless(!around.mains_good),
            scan_late: Condition::when(late || self.inputs.watchdog_restart.closed()),
            storage: Condition::when(self.inputs.storage_ok.open()),
            sensor_doubted: Condition::when(around.doubtful.is_some()),
            lock_expired: Condition::when(around.lock_expired),
        };
    }

    /// Nothing may run yet: the boot's self-test, or the first seconds after power-up.
    #[must_use]
    pub fn is_booting(&self) -> bool {
        self.status.state == (State::Boot {}) || self.since_boot < self.settings.boot_time
    }

    /// The plant was stopped for long, or nobody knows for how long: filters return through RIPEN.
    #[must_use]
    pub fn starts_from_long_stop(&self) -> bool {
        self.full_start
    }

    /// The settled tank is being drawn down before the filters stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.status.state == (State::Stopping {})
    }

    /// Raw water is asked for.
    #[must_use]
    pub fn takes_water(&self) -> bool {
        matches!(self.status.state, State::Starting {} | State::Producing {})
    }

    /// The start sequence has come to this step, or beyond it.
    #[must_use]
    pub fn reached(&self, step: u8) -> bool {
        match self.status.state {
            State::Producing {} => true,
            State::Starting {} => self.step >= step,
            State::Boot {}
            | State::Stopped {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => false,
        }
    }

    /// Distribution may run: the plant is neither booting nor stopped by safety.
    #[must_use]
    pub fn distributes(&self) -> bool {
        match self.status.state {
            State::Boot {} | State::EmergencyStop {} | State::PowerWait {} => false,
            State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {} => true,
        }
    }
}

/// K0 is requested this long after the first scan: contacts have been read back by then.
const SUPPLY_AFTER: Duration = Duration::from_secs(2);

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    booted: bool,
    wanted: bool,
    may_start: bool,
    step_late: bool,
    started: bool,
    full: bool,
    needed: bool,
    too_muddy: bool,
    drained: bool,
    reset: bool,
    tripped: bool,
    emergency: bool,
    mains_good: bool,
    short_outage: bool,
    failed_too_often: bool,
    lost: bool,
    self_tested: bool,
}

/// Why everything stops at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    Emergency,
    Mains,
    StopAll,
    Fault,
}

/// A trip comes first and alone.
pub enum Event {
    Trip(Trip),
    Scan(Scan),
}

/// The sequence of the plant.
#[derive(Default)]
pub struct Sequence;

states! { State { Boot, Stopped, Starting, Producing, Standby, Stopping, Fault, EmergencyStop, PowerWait } }

#[state_machine(
    initial = "State::boot()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "powered")]
    fn boot(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.booted => Transition(State::stopped()),
            Event::Trip(Trip::Fault | Trip::StopAll | Trip::Mains) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn stopped(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.wanted && scan.may_start && !scan.tripped => {
                Transition(State::starting())
            }
            Event::Trip(Trip::Fault | Trip::StopAll) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn starting(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.wanted || scan.step_late || scan.lost => {
                Transition(State::stopping())
            }
            Event::Scan(scan) if scan.full || scan.too_muddy => Transition(State::standby()),
            Event::Scan(scan) if scan.started => Transition(State::producing()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn producing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.wanted || scan.lost => Transition(State::stopping()),
            Event::Scan(scan) if scan.full || scan.too_muddy => Transition(State::standby()),
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn standby(event: &Event) -> Outcome<State> {
        match event {
            // Nothing runs that would have to be stopped in order.
            Event::Scan(scan) if !scan.wanted => Transition(State::stopped()),
            Event::Scan(scan) if scan.needed && !scan.too_muddy && scan.may_start => {
                Transition(State::starting())
            }
            Event::Trip(Trip::Fault) => Super,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn stopping(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.failed_too_often => Transition(State::fault()),
            Event::Scan(scan) if scan.drained || scan.in_state >= STOPPING_MAX => {
                Transition(State::stopped())
            }
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state(superstate = "powered")]
    fn fault(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.reset && !scan.tripped => Transition(State::stopped()),
            Event::Trip(Trip::Fault | Trip::StopAll) => Handled,
            Event::Scan(_) | Event::Trip(_) => Super,
        }
    }

    #[state]
    fn emergency_stop(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.emergency && scan.self_tested => {
                Transition(State::stopped())
            }
            // Pressed at power-up: the self-test and the set-up are still to be passed.
            Event::Scan(scan) if !scan.emergency => Transition(State::boot()),
            Event::Scan(_) | Event::Trip(_) => Handled,
        }
    }

    #[state]
    fn power_wait(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(Trip::Emergency) => Transition(State::emergency_stop()),
            Event::Scan(scan) if scan.mains_good => Transition(State::stopped()),
            Event::Scan(_) | Event::Trip(_) => Handled,
        }
    }

    #[superstate]
    fn powered(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip(Trip::Emergency) => Transition(State::emergency_stop()),
            Event::Trip(Trip::Mains) => Transition(State::power_wait()),
            Event::Trip(Trip::Fault) => Transition(State::fault()),
            Event::Trip(Trip::StopAll) => Transition(State::stopped()),
            Event::Scan(_) => Handled,
        }
    }
}
