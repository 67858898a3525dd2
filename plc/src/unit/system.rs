//! The plant as a whole: what it is doing, and the panel.
//!
//! ```text
//! Boot -> Stopped -> Starting (ST1..ST7) -> Producing <-> Degraded -> Standby (clear well full, or D1) -> Starting
//!            ^           |                        |
//!            |           +---- step too late ---> Stopping -> Stopped      any --(trip)--> Fault, EmergencyStop, PowerWait
//! ```
//! In: panel, K0, what the shell reports. Out: K0 request, horn, heartbeat. `docs/spec/plant.md` 2.2, 2.10.

use alloc::boxed::Box;
use core::time::Duration;

mod alarm_load;
mod degraded;
mod emergency_profile;
mod faces;
mod panel;
mod resume;
mod sequence;
mod shown;
mod start;
#[cfg(test)]
mod tests;

pub use alarm_load::AlarmLoad;
pub use degraded::Facts as DegradedFacts;
pub use emergency_profile::{EmergencyProfile, RESIDUAL, RESIDUAL_HIGH};
pub use faces::{
    Alarms, FirstOut, HeldInput, Inputs, Link, Outputs, Retained, Settings, Status, Traffic,
};
pub use resume::Resume;
pub use sequence::State;
pub use start::Steps;

use crate::block::{Sustained, Timed};
use crate::declare::parts;
use crate::quantity::{Count, CubicMetresPerHour, Metres, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Group;
use crate::unit::calibration::Records;
use degraded::{Degraded, Verdict};
use sequence::{Event, Scan, Sequence, Trip};
use start::Start;

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
    /// The mains are back, and have yet to prove themselves: this time is no part of the outage.
    pub mains_back: bool,
    pub outage: Duration,
    /// What stops everything at once: a contactor that does not open.
    pub trip: Reasons,
    /// What stops production: no pump, no chemical, no filter, a cap reached.
    pub lost: Reasons,
    /// Permissives P1 to P9 that are missing.
    pub missing: Reasons,
    /// Items of the self-test that have not passed.
    pub untested: Reasons,
    pub too_muddy: bool,
    pub clear_well: Option<Metres>,
    /// A storm is on its way: the clear well is filled to the brim first (R-2.14-03).
    pub fill_up: bool,
    /// The elevated tank needs water soon.
    pub elevated_need: bool,
    pub degraded: DegradedFacts,
    /// Facts of the start sequence, ST1 to ST7.
    pub steps: Steps,
    /// LT-206.
    pub settled: Option<Percent>,
    /// P-301 runs, or is asked to.
    pub feed_runs: bool,
    /// The horn sounds for an unacknowledged alarm.
    pub horn: bool,
    /// K0 is closed though nobody asks for it.
    pub supply_welded: bool,
    /// A maintenance lock or a calibration hold has run out.
    pub lock_expired: bool,
    /// People are to boil their water.
    pub boil_water: bool,
    /// A test of an instrument, or of a dosing pump, is overdue.
    pub test_overdue: bool,
    /// Row of the first input that cannot be believed.
    pub doubtful: Option<usize>,
    /// Row of the first input whose device does not answer.
    pub silent: Option<usize>,
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
    pub first_out: FirstOut,
    pub alarm_load: AlarmLoad,
    pub emergency_profile: EmergencyProfile,
    /// Not this unit's: the plant keeps the records of tests here.
    pub calibration: Records,
    pub link_a: Link,
    pub link_b: Link,
    pub link_d: Link,
    pub traffic_a: Traffic,
    pub traffic_b: Traffic,
    pub traffic_c: Traffic,
    pub traffic_d: Traffic,
    /// Not this unit's: the plant keeps here which inputs people hold.
    pub hold: Box<[HeldInput]>,
    sequence: Timed<Sequence>,
    start: Start,
    degraded: Degraded,
    since_boot: Duration,
    full: Sustained,
    low: Sustained,
    needed: Sustained,
    storage_full: Sustained,
    test_mended: Sustained,
    was_local: Sustained,
    self_tested: bool,
    /// K0 was closed before anybody asked for it.
    supply_unasked: bool,
    heartbeat: bool,
}
parts! { System {
    inputs, settings, retained, status, outputs, alarms;
    one: first_out = Group::single("first_out", "U-900"),
         alarm_load = Group::single("alarm_load", "ALARM-900"),
         emergency_profile = Group::single("emergency_profile", "U-900"),
         calibration = Group::single("calibration", "TEST-900"),
         link_a = Group::single("link_a", "BUS-A"),
         link_b = Group::single("link_b", "BUS-B"),
         link_d = Group::single("link_d", "BUS-D"),
         traffic_a = Group::single("traffic_a", "BUS-A"),
         traffic_b = Group::single("traffic_b", "BUS-B"),
         traffic_c = Group::single("traffic_c", "BUS-C"),
         traffic_d = Group::single("traffic_d", "BUS-D");
    many: hold = Group::numbered("hold", "LOCK-900");
    maybe: ;
    sequence, start, degraded, since_boot, full, low, needed, storage_full, test_mended, was_local, self_tested,
    supply_unasked, heartbeat
} }

/// Levels must last this long (`docs/spec/plant.md` 2.2).
const LEVEL_TIME: Duration = Duration::from_secs(60);
/// After mud the plant starts again below this (`docs/spec/plant.md` 2.2, D1).
const AFTER_MUD_LEVEL: Metres = Metres(1.80);
/// Before a storm (R-2.14-03): the top of the stop level's range, below alarm 421; and just below what a start allows (P8).
const BEFORE_STORM_STOP: Metres = Metres(1.90);
const BEFORE_STORM_START: Metres = Metres(1.75);
/// Longest orderly stop, and its longest drawing down (`docs/spec/plant.md` 2.2, STOPPING).
const STOPPING_MAX: Duration = Duration::from_secs(2400);
const DRAINING_MAX: Duration = Duration::from_secs(1800);
/// The settled tank counts as drawn down at this level (`docs/spec/plant.md` 2.2, STOPPING); a gauge's step above it.
const DRAWN_DOWN: Percent = Percent(21.0);
/// A feed that has not run for so long has nothing more to draw; chosen: twice a changeover.
const DRAINING_BEGINS: Duration = Duration::from_secs(60);
/// A stop longer than this needs the long form of the start and ripening (`docs/spec/plant.md` 2.2, 2.6.6).
pub const LONG_STOP: Duration = Duration::from_secs(7200);
/// The self-test may take so long after the motors' wait; then it has failed. Chosen: a bus's remote modules boot in it.
const SELF_TEST_MAX: Duration = Duration::from_secs(300);
/// A self-test that has failed goes on when everything has passed for so long.
const SELF_TEST_MENDED: Duration = Duration::from_secs(60);
/// K0 is requested this long after the first scan: contacts have been read back by then.
const SUPPLY_AFTER: Duration = Duration::from_secs(2);
/// HS-900 must stand at LOCAL so long to end production; chosen: a worn contact does not.
const LOCAL_TIME: Duration = Duration::from_millis(500);
/// Rates as shares of nominal (`docs/spec/contracts.md`, thresholds).
pub const REDUCED: f64 = 0.7;
pub const MINIMUM: f64 = 0.5;

/// Reasons that make a stop immediate: without them no water may go to the clear well, or through the filters
/// (`docs/spec/plant.md` 2.2, STOPPING: "if cause is safety").
const UNSAFE: Reasons = Reasons::NONE
    .with(Reason::ChlorineEmpty)
    .with(Reason::ChlorinePumpUnavailable)
    .with(Reason::NoFilterAvailable)
    .with(Reason::SettledWaterVeryCloudy);

impl System {
    /// With room for so many inputs that people hold.
    #[must_use]
    pub fn new(holds: usize) -> System {
        let hold = (0..holds).map(|_| HeldInput::default()).collect();
        System { hold, ..System::default() }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        self.since_boot = self.since_boot.saturating_add(elapsed);
        self.start.elapse(around.reset, elapsed);
        self.take_intent(&around, elapsed);
        let before = self.sequence.state();
        let verdict = self.degraded.judge(&around.degraded, self.reached(5), around.reset, elapsed);
        let around = Around {
            lost: around.lost.and_if(verdict.stop, Reason::SettledWaterVeryCloudy),
            missing: around.missing.and_if(verdict.stop, Reason::SettledWaterVeryCloudy),
            ..around
        };
        let scan = self.facts(&around, &verdict, elapsed);
        let trip = self.trip(&around);
        let state = self.sequence.advance(trip.map(Event::Trip).as_ref(), &Event::Scan(scan));
        self.self_tested |= before == (State::Boot {}) && state == (State::Stopped {});
        if state != before {
            self.follow(before, state, &around, &scan);
        }
        if state == (State::Starting {}) {
            self.start.follow(&around.steps, elapsed);
        }
        self.count_idle(state, &around, elapsed);
        self.show(state, &around, &verdict);
        self.drive(&around);
        self.raise(&around, elapsed);
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
        if self.is_at_panel() {
            return Err(Reason::LocalControl);
        }
        match self.sequence.state() {
            State::Fault {} => Err(Reason::PlantFault),
            State::Boot {}
            | State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Degraded {}
            | State::Standby {}
            | State::Stopping {}
            | State::EmergencyStop {}
            | State::PowerWait {} => Ok(()),
        }
    }

    /// A person vouches for the strength of the chlorine after more than a day without power.
    pub fn confirm_strength(&mut self) -> Result<(), Reason> {
        if self.retained.strength_unconfirmed {
            self.retained.strength_unconfirmed = false;
            Ok(())
        } else {
            Err(Reason::NotNow)
        }
    }

    fn trip(&self, around: &Around) -> Option<Trip> {
        if around.emergency || self.retained.emergency_latched {
            Some(Trip::Emergency)
        } else if !around.mains_good {
            Some(Trip::Mains)
        } else if around.stop_all {
            Some(Trip::StopAll)
        } else if self.is_local() {
            Some(Trip::Local)
        } else {
            (!around.trip.is_empty()).then_some(Trip::Fault)
        }
    }

    fn facts(&mut self, around: &Around, verdict: &Verdict, elapsed: Duration) -> Scan {
        let (start, stop) = self.levels(around);
        let above = around.clear_well.is_some_and(|level| level >= stop);
        let below = around.clear_well.is_some_and(|level| level <= start);
        let below_full = around.clear_well.is_some_and(|level| level < AFTER_MUD_LEVEL);
        let after_mud = self.status.stopped_by.has(Reason::RiverTooMuddy);
        let full = self.full.holds(above, LEVEL_TIME, elapsed);
        let low = self.low.holds(below, LEVEL_TIME, elapsed);
        let needed = self.needed.holds(around.elevated_need && below_full, LEVEL_TIME, elapsed);
        let in_state = self.sequence.in_state();
        let untested = self.untested(around);
        let waited = self.since_boot >= self.settings.boot_time;
        let test_late = self.since_boot >= self.settings.boot_time + SELF_TEST_MAX;
        let set_up = self.inputs.setup_done.closed();
        Scan {
            in_state,
            booted: waited && untested.is_empty() && set_up && around.mains_good,
            // Set-up and power are waited for, however long it takes.
            test_failed: test_late && !untested.is_empty() && set_up && around.mains_good,
            test_mended: self.test_mended.holds(untested.is_empty(), SELF_TEST_MENDED, elapsed),
            self_tested: self.self_tested,
            wanted: self.retained.intent,
            may_start: self.missing(around).is_empty(),
            step_late: self.start.is_late(&self.settings),
            makes_water: self.start.step() == start::LAST && around.steps.filtered,
            started: self.start.step() == start::LAST && around.steps.all_filtering,
            degraded: !verdict.by.is_empty(),
            sound: self.degraded.is_sound(),
            full,
            needed: low || needed || (after_mud && below_full),
            too_muddy: around.too_muddy,
            lost: !around.lost.is_empty(),
            finished: in_state >= STOPPING_MAX || self.is_drained(around),
            reset: around.reset,
            tripped: !around.trip.is_empty(),
            emergency: self.retained.emergency_latched,
            mains_good: around.mains_good,
            failed_too_often: self.start.failed_too_often(),
        }
    }

    /// Levels of the clear well between which water is made; before a storm the highest that are allowed (R-2.14-03).
    fn levels(&self, around: &Around) -> (Metres, Metres) {
        let (start, stop) = (self.settings.start_level, self.settings.stop_level);
        if around.fill_up {
            (start.or_more(BEFORE_STORM_START), stop.or_more(BEFORE_STORM_STOP))
        } else {
            (start, stop)
        }
    }

    /// Items of the self-test that have not passed; K0 must have been open before, and be in now.
    fn untested(&self, around: &Around) -> Reasons {
        around
            .untested
            .and_if(self.supply_unasked, Reason::SupplyWelded)
            .and_if(!self.inputs.supply_on.closed(), Reason::SupplyOff)
    }

    /// What a start lacks.
    fn missing(&self, around: &Around) -> Reasons {
        around
            .missing
            .and_if(self.retained.strength_unconfirmed, Reason::StrengthUnconfirmed)
            .and_if(self.is_local(), Reason::LocalControl)
    }

    /// The feed has stopped, and there is nothing more that it might draw.
    fn is_drained(&self, around: &Around) -> bool {
        let low = around.settled.is_none_or(|level| level <= DRAWN_DOWN);
        let idle = self.sequence.in_state() >= DRAINING_BEGINS;
        !around.feed_runs && (low || idle || !self.draws_down())
    }

    /// What a change of state leaves behind.
    fn follow(&mut self, before: State, state: State, around: &Around, scan: &Scan) {
        let why = self.why_stopped(before, state, around, scan);
        if !why.is_empty() {
            self.status.stopped_by = why;
        }
        // In BOOT too the mains may have been away; else the restart has said already how it goes on.
        let boots = before == (State::Boot {}) && !around.outage.is_zero();
        let longer = boots && Resume::after(around.outage) != self.status.resume;
        let waited = before == (State::PowerWait {}) || longer;
        if waited && state == (State::Stopped {}) && self.retained.intent {
            self.resume(around.outage);
        }
        if state == (State::Starting {}) {
            let long = self.retained.idle_time >= LONG_STOP || self.status.resume.is_full();
            self.start.begin(long);
        } else {
            if before == (State::Starting {}) && scan.step_late && !state.produces() {
                self.status.failed_step = Count(f64::from(self.start.step()));
                self.start.count_failure();
            }
            self.start.end();
        }
        if state.produces() {
            self.status.resume = Resume::None;
        }
        // A failed self-test has stopped nothing: what people wanted stands.
        if state == (State::Fault {}) && self.self_tested {
            self.retained.intent = false;
        }
        self.note_first(before, state);
    }

    fn why_stopped(&self, before: State, state: State, around: &Around, scan: &Scan) -> Reasons {
        match state {
            State::Stopping {} if !around.lost.is_empty() => around.lost,
            State::Stopping {} if before == (State::Starting {}) && scan.step_late => {
                Reasons::only(Reason::StepTimeout)
            }
            State::Standby {} if around.too_muddy => Reasons::only(Reason::RiverTooMuddy),
            State::Standby {} => Reasons::only(Reason::StandbyFull),
            State::Fault {} if !self.self_tested => self.untested(around),
            State::Fault {} => {
                around.trip.and_if(scan.failed_too_often, Reason::StartFailedTooOften)
            }
            State::EmergencyStop {} => Reasons::only(Reason::EmergencyStop),
            State::PowerWait {} => Reasons::only(Reason::MainsLost),
            State::Boot {}
            | State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Degraded {}
            | State::Stopping {} => Reasons::NONE,
        }
    }

    /// Time since water was last made. Mains that prove themselves count for neither side.
    fn count_idle(&mut self, state: State, around: &Around, elapsed: Duration) {
        let boots = state == (State::Boot {}) && !around.mains_good;
        let waits = state == (State::PowerWait {}) || boots;
        self.retained.mains_away = if waits { around.outage } else { Duration::ZERO };
        if state.produces() {
            self.retained.idle_time = Duration::ZERO;
        } else if !(waits && around.mains_back) {
            self.retained.idle_time = self.retained.idle_time.saturating_add(elapsed);
        }
    }

    /// Nothing may run yet: the self-test has not been passed, or these are the first seconds after power-up.
    #[must_use]
    pub fn is_booting(&self) -> bool {
        !self.self_tested || self.since_boot < self.settings.boot_time
    }

    /// The filters' beds have stood for long, or were shaken by a sudden stop: they return through RIPEN.
    #[must_use]
    pub fn ripens_first(&self) -> bool {
        self.start.full || self.status.resume != Resume::None
    }

    /// Production ends in order.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.status.state == (State::Stopping {})
    }

    /// The settled tank is being drawn down before the filters stop; not where safety ends production.
    #[must_use]
    pub fn draws_down(&self) -> bool {
        let by_safety = self.status.stopped_by.without(UNSAFE) != self.status.stopped_by;
        self.is_stopping() && !by_safety && self.sequence.in_state() < DRAINING_MAX
    }

    /// Raw water is asked for.
    #[must_use]
    pub fn takes_water(&self) -> bool {
        self.status.state.takes_water()
    }

    /// The start sequence has come to this step, or beyond it.
    #[must_use]
    pub fn reached(&self, step: u8) -> bool {
        match self.status.state {
            State::Producing {} | State::Degraded {} => true,
            State::Starting {} => self.start.step() >= step,
            State::Boot {}
            | State::Stopped {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => false,
        }
    }

    /// Three starts have failed: no water is made before a person has looked.
    #[must_use]
    pub fn start_failed(&self) -> bool {
        self.status.state == (State::Fault {})
            && self.status.stopped_by.has(Reason::StartFailedTooOften)
    }

    /// Distribution may run: the plant is neither booting nor stopped by safety.
    #[must_use]
    pub fn distributes(&self) -> bool {
        match self.status.state {
            State::Boot {} | State::EmergencyStop {} | State::PowerWait {} => false,
            State::Fault {} => self.self_tested,
            State::Stopped {}
            | State::Starting {}
            | State::Producing {}
            | State::Degraded {}
            | State::Standby {}
            | State::Stopping {} => true,
        }
    }
}
