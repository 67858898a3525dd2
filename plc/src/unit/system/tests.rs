//! The plant's own sequence, told what its units report.

use super::*;
use crate::alarm::Condition;
use crate::interlock::Holds;
use crate::quantity::{Celsius, MilligramsPerLitre, Ntu};
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;

/// A plant whose units report that all is well and done.
struct Rig {
    system: System,
    around: Around,
}

impl Rig {
    fn new() -> Rig {
        let mut system = System::default();
        let on = Signal::Good(true);
        let inputs = &mut system.inputs;
        for contact in [
            &mut inputs.emergency_stop,
            &mut inputs.remote,
            &mut inputs.storage_ok,
            &mut inputs.setup_done,
            &mut inputs.bus_a,
            &mut inputs.bus_b,
            &mut inputs.bus_c,
            &mut inputs.bus_d,
            &mut inputs.drives_verified,
        ] {
            *contact = on;
        }
        inputs.supply_on = Signal::Good(false);
        Rig { system, around: WELL }
    }

    /// Past its self-test.
    fn booted() -> Rig {
        let mut rig = Rig::new();
        assert_eq!(rig.run_s(31), State::Stopped {});
        rig
    }

    /// Making water.
    fn producing() -> Rig {
        let mut rig = Rig::booted();
        rig.start();
        assert_eq!(rig.run_s(10), State::Producing {});
        rig
    }

    /// Scans once a second; K0 follows its request.
    fn run_s(&mut self, seconds: u32) -> State {
        for _ in 0..seconds {
            self.system.scan(self.around, SECOND);
            self.system.inputs.supply_on = Signal::Good(self.system.outputs.supply.value());
        }
        self.system.status.state
    }

    fn start(&mut self) -> State {
        self.around.start = true;
        let state = self.run_s(1);
        self.around.start = false;
        state
    }

    fn reset(&mut self) -> State {
        self.around.reset = true;
        let state = self.run_s(1);
        self.around.reset = false;
        state
    }

    fn blocked(&self, reason: Reason) -> bool {
        self.system.status.blocked.has(reason)
    }

    fn stopped_by(&self, reason: Reason) -> bool {
        self.system.status.stopped_by.has(reason)
    }
}

const DONE: Steps = Steps {
    no_raw: false,
    inlet_open: true,
    raw_flow: true,
    coagulant: true,
    settled: true,
    filtered: true,
    chlorine: true,
    all_filtering: true,
    settled_full: false,
    motor_rests: false,
};

const WELL: Around = Around {
    nominal: CubicMetresPerHour(5.0),
    start: false,
    stop: false,
    stop_all: false,
    reset: false,
    local_reset: false,
    emergency: false,
    mains_good: true,
    mains_back: false,
    outage: Duration::ZERO,
    trip: Reasons::NONE,
    lost: Reasons::NONE,
    missing: Reasons::NONE,
    untested: Reasons::NONE,
    too_muddy: false,
    clear_well: Some(Metres(1.6)),
    fill_up: false,
    elevated_need: false,
    degraded: DegradedFacts {
        raw: Signal::Good(Ntu(20.0)),
        settled: Signal::Good(Ntu(1.0)),
        inlet_chlorine: Signal::Good(MilligramsPerLitre(1.0)),
        washes_stopped: false,
        filter_out: false,
        tank_out: false,
        power_limited: false,
        coagulant_suspect: false,
        elevated_unknown: false,
    },
    steps: DONE,
    settled: Some(Percent(50.0)),
    feed_runs: false,
    horn: false,
    supply_welded: false,
    lock_expired: false,
    boil_water: false,
    test_overdue: false,
    doubtful: None,
    silent: None,
};

/// R-2.2-01, INV-33: K0 is asked for after the read-back, and nothing may run before 30 s and every item have passed.
#[test]
fn nothing_may_run_before_the_self_test_has_passed() {
    let mut rig = Rig::new();
    rig.run_s(1);
    assert!(!rig.system.outputs.supply.value(), "contacts are read back first");
    rig.run_s(1);
    assert!(rig.system.outputs.supply.value());
    assert_eq!(rig.run_s(27), State::Boot {});
    assert!(rig.system.is_booting() && !rig.system.distributes());
    assert_eq!(rig.run_s(1), State::Stopped {});
    assert!(!rig.system.is_booting() && rig.system.distributes());
}

/// R-2.2-01, R-2.2-08: each item of the self-test, told by name, with five minutes to pass; then FAULT, out of which the
/// plant comes by itself once the item passes: nothing has run that a person would have to look after.
#[test]
fn an_item_that_does_not_pass_is_told_and_becomes_a_fault() {
    for item in [
        Reason::BusALost,
        Reason::BusBLost,
        Reason::BusDLost,
        Reason::DrivesNotVerified,
        Reason::ValveFault,
    ] {
        let mut rig = Rig::new();
        rig.system.retained.intent = true;
        rig.around.untested = Reasons::only(item);
        assert_eq!(rig.run_s(329), State::Boot {});
        assert!(rig.blocked(item) && rig.blocked(Reason::Booting));
        assert_eq!(rig.run_s(1), State::Fault {}, "{item:?}");
        assert!(rig.blocked(item) && rig.blocked(Reason::PlantFault) && rig.stopped_by(item));
        assert!(rig.system.is_booting() && !rig.system.distributes());
        rig.around.untested = Reasons::NONE;
        assert_eq!(rig.run_s(59), State::Fault {});
        rig.run_s(2);
        assert_eq!(rig.run_s(2), State::Starting {}, "what people wanted stands: {item:?}");
    }
}

/// R-2.0-01, R-2.0-02, INV-38: time is what the plant is told has passed, in however many scans.
#[test]
fn the_plant_takes_the_same_time_whatever_its_scans_take() {
    for step in [10, 100, 250, 1000].map(Duration::from_millis) {
        let mut rig = Rig::new();
        rig.around.steps.raw_flow = false;
        rig.system.retained.intent = true;
        let (mut passed, mut changes) = (Duration::ZERO, std::vec::Vec::new());
        while passed < Duration::from_secs(160) {
            let before = rig.system.status.state;
            rig.system.scan(rig.around, step);
            rig.system.inputs.supply_on = Signal::Good(rig.system.outputs.supply.value());
            passed += step;
            if rig.system.status.state != before {
                changes.push((passed.as_secs_f64(), rig.system.status.state));
            }
        }
        let expected =
            [(30.0, State::Stopped {}), (30.0, State::Starting {}), (150.0, State::Stopping {})];
        assert_eq!(changes.len(), 3, "{step:?} {changes:?}");
        for ((at, state), (due, wanted)) in changes.iter().zip(expected) {
            assert!(
                *state == wanted && libm::fabs(at - due) <= 3.1 * step.as_secs_f64(),
                "{changes:?}"
            );
        }
    }
}

/// R-2.2-01: a contactor that is in before anybody asks for it is asked for by nobody.
#[test]
fn a_contactor_that_is_closed_at_power_up_is_found_before_it_is_asked_for() {
    let mut rig = Rig::new();
    rig.system.inputs.supply_on = Signal::Good(true);
    rig.system.scan(rig.around, SECOND);
    for _ in 0..60 {
        rig.system.scan(rig.around, SECOND);
        assert!(!rig.system.outputs.supply.value());
    }
    assert!(rig.blocked(Reason::SupplyWelded));
    assert_eq!(rig.system.alarms.supply_welded, Condition::Active);
    rig.system.inputs.supply_on = Signal::Good(false);
    assert_eq!(rig.run_s(5), State::Stopped {});
}

/// R-2.2-01: set-up and mains are waited for without end; a clock nobody trusts, or a full disk, keeps nothing from running.
#[test]
fn set_up_and_mains_are_waited_for_and_the_clock_is_not() {
    let mut rig = Rig::new();
    rig.system.inputs.setup_done = Signal::Good(false);
    rig.system.inputs.clock_trusted = Signal::Good(false);
    rig.system.inputs.clock_wrong = Signal::Good(true);
    rig.system.inputs.disk_free = Signal::Good(Percent(1.0));
    rig.around.untested = Reasons::NONE;
    assert_eq!(rig.run_s(3600), State::Boot {});
    assert!(rig.blocked(Reason::SetupNotDone));
    rig.system.inputs.setup_done = Signal::Good(true);
    rig.around.mains_good = false;
    assert_eq!(rig.run_s(3600), State::Boot {});
    rig.around.mains_good = true;
    assert_eq!(rig.run_s(1), State::Stopped {});
    let alarms = rig.system.alarms;
    assert_eq!((alarms.clock, alarms.storage), (Condition::Active, Condition::Active));
}

/// R-2.2-02: STOPPED waits for a wish and for every permissive, and names what is missing.
#[test]
fn a_stopped_plant_starts_when_it_is_asked_to_and_everything_permits_it() {
    let mut rig = Rig::booted();
    assert!(rig.blocked(Reason::NotStarted));
    rig.around.missing = Reasons::only(Reason::WetWellLow);
    assert_eq!(rig.start(), State::Stopped {});
    rig.run_s(600);
    assert!(rig.blocked(Reason::WetWellLow) && !rig.blocked(Reason::NotStarted));
    rig.around.missing = Reasons::NONE;
    assert_eq!(rig.run_s(1), State::Starting {});
}

/// R-2.2.1-01, R-2.2.1-02, R-2.2.1-03, R-2.2.1-04, R-2.2.1-05, R-2.2.1-06: each step waits for its fact alone, and for so
/// long at most; R-2.2-03: then the plant stops, and says at which step.
#[test]
fn each_start_step_waits_for_its_fact_and_no_longer_than_its_time() {
    type Change = fn(&mut Steps);
    let rows: &[(u8, Change, u32, u32)] = &[
        (1, |s| s.inlet_open = false, 60, 60),
        (2, |s| s.raw_flow = false, 120, 120),
        (3, |s| s.coagulant = false, 40, 40),
        (4, |s| s.settled = false, 900, 3600),
        (5, |s| s.filtered = false, 4500, 4500),
        (6, |s| s.chlorine = false, 300, 300),
    ];
    for (step, without, short, long) in rows {
        for (idle, limit) in [(Duration::from_secs(60), short), (LONG_STOP, long)] {
            let mut rig = Rig::booted();
            rig.system.retained.idle_time = idle;
            without(&mut rig.around.steps);
            rig.start();
            rig.run_s(u32::from(*step) - 1);
            assert_eq!(rig.system.status.step, Count(f64::from(*step)));
            assert_eq!(rig.run_s(*limit - 1), State::Starting {}, "step {step} within its time");
            assert_eq!(rig.run_s(2), State::Stopping {}, "step {step} after its time");
            assert!(rig.stopped_by(Reason::StepTimeout));
            assert_eq!(rig.system.status.failed_step, Count(f64::from(*step)));
        }
    }
}

/// R-2.2.1-07: with every filter in service delivering the plant produces; with some it is late and goes on degraded.
#[test]
fn a_start_ends_when_every_filter_delivers_or_with_those_that_do() {
    let mut rig = Rig::booted();
    rig.around.steps.all_filtering = false;
    rig.around.degraded.filter_out = true;
    rig.start();
    assert_eq!(rig.run_s(7), State::Starting {});
    assert_eq!((rig.system.status.step, rig.system.status.rate.0), (Count(7.0), 3.5));
    assert_eq!(rig.run_s(14_397), State::Starting {});
    assert_eq!(rig.run_s(2), State::Degraded {});
    assert_eq!(rig.system.status.failed_starts, Count(0.0));

    let mut rig = Rig::producing();
    assert_eq!(rig.run_s(1), State::Producing {});
    assert_eq!(rig.system.status.rate.0, 5.0);
}

/// R-2.2.1-02, R-2.2.1-07: MINIMUM until a filter delivers.
#[test]
fn a_start_takes_raw_water_at_the_lowest_rate_until_a_filter_delivers() {
    let mut rig = Rig::booted();
    rig.around.steps.filtered = false;
    rig.start();
    rig.run_s(6);
    assert_eq!((rig.system.status.step, rig.system.status.rate.0), (Count(5.0), 2.5));
}

/// R-2.2.1-02: a pump that has to stand still for a while yet is no failed start.
#[test]
fn the_time_of_a_step_stands_still_while_its_motor_has_to_rest() {
    let mut rig = Rig::booted();
    rig.around.steps.raw_flow = false;
    rig.around.steps.motor_rests = true;
    rig.start();
    assert_eq!(rig.run_s(3600), State::Starting {});
    rig.around.steps.motor_rests = false;
    assert_eq!(rig.run_s(119), State::Starting {});
    assert_eq!(rig.run_s(3), State::Stopping {});
}

/// R-2.2-03, R-2.2-08: three failed starts within two hours are a fault until a person resets it; older ones are forgotten.
#[test]
fn three_failed_starts_within_two_hours_are_a_fault() {
    let mut rig = Rig::booted();
    rig.around.steps.inlet_open = false;
    rig.start();
    for failed in [1.0, 2.0, 3.0] {
        let stops = (0..300).any(|_| rig.run_s(1) == State::Stopping {});
        assert!(stops && rig.system.status.failed_starts == Count(failed));
        rig.run_s(if failed < 3.0 { 60 } else { 1 });
    }
    assert_eq!(rig.run_s(1), State::Fault {});
    assert!(rig.stopped_by(Reason::StartFailedTooOften) && rig.system.start_failed());
    assert_eq!(rig.system.may_start(), Err(Reason::PlantFault));
    assert!(rig.system.distributes(), "delivery goes on by its own permissives");
    rig.around.steps.inlet_open = true;
    assert_eq!(rig.run_s(600), State::Fault {});
    assert_eq!(rig.reset(), State::Stopped {});
    assert_eq!(rig.run_s(60), State::Stopped {}, "a reset starts nothing");

    let mut rig = Rig::booted();
    rig.around.steps.inlet_open = false;
    for _ in 0..4 {
        rig.start();
        rig.run_s(70);
        rig.around.stop = true;
        rig.run_s(1);
        rig.around.stop = false;
        rig.run_s(3700);
        assert_eq!(rig.system.status.state, State::Stopped {});
    }
}

/// R-2.2-04, R-2.2-06: a full clear well is waited out, and production comes back when water is needed again.
#[test]
fn a_full_clear_well_is_waited_out() {
    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.85));
    assert_eq!(rig.run_s(59), State::Producing {});
    assert_eq!(rig.run_s(1), State::Standby {});
    assert!(rig.blocked(Reason::StandbyFull) && rig.system.distributes());
    assert_eq!(rig.system.status.rate.0, 0.0);
    rig.around.clear_well = Some(Metres(1.46));
    assert_eq!(rig.run_s(600), State::Standby {});
    rig.around.clear_well = Some(Metres(1.45));
    assert_eq!(rig.run_s(59), State::Standby {});
    assert_eq!(rig.run_s(1), State::Starting {});
    assert_eq!(rig.run_s(7), State::Producing {});
}

/// R-2.2-06: an elevated tank that needs water soon ends the wait before the clear well does; a stop ends it at once.
#[test]
fn a_low_elevated_tank_ends_the_wait_early_and_a_stop_at_once() {
    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.86));
    assert_eq!(rig.run_s(60), State::Standby {});
    rig.around.elevated_need = true;
    assert_eq!(rig.run_s(120), State::Standby {}, "there is no room for more");
    rig.around.clear_well = Some(Metres(1.79));
    rig.run_s(59);
    assert_eq!(rig.run_s(1), State::Starting {});

    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.86));
    rig.run_s(60);
    rig.around.stop = true;
    assert_eq!(rig.run_s(1), State::Stopped {});
}

/// R-2.2.2-01, R-2.2-05, R-2.2-06, INV-15: D1 stops the intake at once, from PRODUCING and from DEGRADED; the plant waits
/// with that reason and comes back when the river is clear and there is room.
#[test]
fn a_river_too_muddy_to_treat_is_waited_out_with_that_reason() {
    for degraded in [false, true] {
        let mut rig = Rig::producing();
        rig.around.degraded.tank_out = degraded;
        rig.run_s(5);
        rig.around.too_muddy = true;
        assert_eq!(rig.run_s(1), State::Standby {});
        assert!(rig.blocked(Reason::RiverTooMuddy) && !rig.system.takes_water());
        rig.around.clear_well = Some(Metres(1.2));
        assert_eq!(rig.run_s(3600), State::Standby {});
        rig.around.too_muddy = false;
        rig.around.clear_well = Some(Metres(1.79));
        assert_eq!(rig.run_s(1), State::Starting {});
    }
}

/// R-2.2-04, R-2.2-05: a degraded reason makes the plant DEGRADED at once, and PRODUCING 10 min after the last one.
#[test]
fn a_plant_is_degraded_from_the_first_reason_until_ten_minutes_after_the_last() {
    let mut rig = Rig::producing();
    rig.around.degraded.filter_out = true;
    assert_eq!(rig.run_s(1), State::Degraded {});
    assert_eq!(rig.system.status.degraded_by, Reasons::only(Reason::FilterOut));
    assert_eq!(rig.system.status.rate.0, 3.5);
    rig.around.degraded.filter_out = false;
    assert_eq!(rig.run_s(599), State::Degraded {});
    assert_eq!(rig.system.status.state_left, SECOND);
    assert_eq!(rig.run_s(1), State::Producing {});
    rig.around.degraded.coagulant_suspect = true;
    rig.around.clear_well = Some(Metres(1.85));
    assert_eq!(rig.run_s(60), State::Standby {});
    assert!(rig.system.status.degraded_by.is_empty(), "a plant that stands is not degraded");
}

/// R-2.2-05, R-2.2-07: what makes water impossible ends production, from DEGRADED too, and keeps it ended.
#[test]
fn production_ends_when_what_it_needs_is_lost() {
    for degraded in [false, true] {
        let mut rig = Rig::producing();
        rig.around.degraded.tank_out = degraded;
        rig.run_s(5);
        rig.around.feed_runs = true;
        rig.around.lost = Reasons::only(Reason::NoPumpAvailable);
        rig.around.missing = rig.around.lost;
        assert_eq!(rig.run_s(1), State::Stopping {});
        assert!(rig.stopped_by(Reason::NoPumpAvailable) && !rig.system.takes_water());
        assert_eq!(rig.system.first_out.plant, Reasons::only(Reason::NoPumpAvailable));
        rig.around.feed_runs = false;
        rig.run_s(60);
        assert_eq!(rig.run_s(600), State::Stopped {});
        assert!(rig.blocked(Reason::NoPumpAvailable));
    }
}

/// R-2.2-07: the intake stops at once; the settled tank is drawn down for 30 min at most, and 40 min end the stop.
#[test]
fn an_orderly_stop_draws_the_settled_tank_down_and_ends() {
    let mut rig = Rig::producing();
    rig.around.feed_runs = true;
    rig.around.stop = true;
    assert_eq!(rig.run_s(1), State::Stopping {});
    rig.around.stop = false;
    assert!(!rig.system.takes_water() && rig.system.draws_down() && rig.system.is_stopping());
    rig.run_s(29 * MINUTE);
    assert!(rig.system.draws_down());
    rig.run_s(MINUTE);
    assert!(!rig.system.draws_down() && rig.system.is_stopping(), "the feed may still run out");
    assert_eq!(rig.run_s(9 * MINUTE + 58), State::Stopping {});
    assert_eq!(rig.run_s(2), State::Stopped {});

    let mut rig = Rig::producing();
    rig.around.feed_runs = true;
    rig.around.stop = true;
    rig.run_s(1);
    rig.around.stop = false;
    rig.run_s(30);
    rig.around.feed_runs = false;
    assert_eq!(rig.run_s(1), State::Stopping {}, "a changeover is no end");
    rig.around.settled = Some(Percent(20.0));
    assert_eq!(rig.run_s(1), State::Stopped {});
}

/// R-2.2-07: where safety ends production nothing more is drawn through the filters.
#[test]
fn a_stop_for_safety_draws_nothing_more_through_the_filters() {
    for (lost, draws) in [
        (Reason::NoPumpAvailable, true),
        (Reason::CoagulantEmpty, true),
        (Reason::ChlorineEmpty, false),
        (Reason::ChlorinePumpUnavailable, false),
        (Reason::NoFilterAvailable, false),
    ] {
        let mut rig = Rig::producing();
        rig.around.feed_runs = true;
        rig.around.lost = Reasons::only(lost);
        rig.around.missing = rig.around.lost;
        rig.run_s(2);
        assert_eq!(rig.system.draws_down(), draws, "{lost:?}");
        rig.around.feed_runs = false;
        let ended = rig.run_s(1) == State::Stopped {};
        assert_eq!(ended, !draws, "{lost:?}");
    }
}

/// R-2.2.2-03, R-2.2-07: settled water above 10 NTU for 20 min ends production, and no new start before it is clear.
#[test]
fn very_cloudy_settled_water_ends_production() {
    let mut rig = Rig::producing();
    rig.around.degraded.settled = Signal::Good(Ntu(11.0));
    rig.around.feed_runs = true;
    assert_eq!(rig.run_s(1198), State::Producing {});
    rig.run_s(3);
    let very = Reason::SettledWaterVeryCloudy;
    rig.around.feed_runs = false;
    assert!(rig.system.is_stopping() && rig.stopped_by(very) && !rig.system.draws_down());
    rig.run_s(1);
    assert!(rig.blocked(very) && rig.run_s(600) == State::Stopped {});
    assert_eq!(rig.reset(), State::Starting {}, "a person may let it try again");
}

/// R-2.2-08: a trip stops everything in its scan; FAULT needs the cause gone and a reset, and is kept over an outage.
#[test]
fn a_fault_stays_until_its_cause_is_gone_and_a_person_resets_it() {
    let mut rig = Rig::producing();
    rig.around.trip = Reasons::only(Reason::SupplyWelded);
    assert_eq!(rig.run_s(1), State::Fault {});
    assert!(rig.stopped_by(Reason::SupplyWelded) && !rig.system.takes_water());
    assert_eq!(rig.reset(), State::Fault {});
    rig.around.trip = Reasons::NONE;
    rig.around.mains_good = false;
    rig.run_s(100);
    rig.around.mains_good = true;
    assert_eq!(rig.run_s(100), State::Fault {});
    assert_eq!(rig.reset(), State::Stopped {});
    assert!(rig.blocked(Reason::NotStarted));
}

/// R-2.2-09, INV-35: K0 is not asked for between an emergency stop and the local reset, whatever else is ordered.
#[test]
fn an_emergency_stop_is_over_after_loop_local_reset_and_a_new_start() {
    let mut rig = Rig::producing();
    rig.around.emergency = true;
    assert_eq!(rig.run_s(1), State::EmergencyStop {});
    assert!(!rig.system.outputs.supply.value() && !rig.system.distributes());
    rig.around.local_reset = true;
    assert_eq!(rig.run_s(1), State::EmergencyStop {}, "the loop is still open");
    rig.around.local_reset = false;
    rig.around.emergency = false;
    rig.start();
    rig.reset();
    assert_eq!(rig.run_s(60), State::EmergencyStop {});
    assert!(!rig.system.outputs.supply.value());
    assert_eq!(rig.system.may_start(), Err(Reason::EmergencyStop));
    rig.around.local_reset = true;
    assert_eq!(rig.run_s(1), State::Stopped {});
    rig.around.local_reset = false;
    assert!(rig.system.outputs.supply.value());
    assert_eq!(rig.run_s(600), State::Stopped {});
    assert_eq!(rig.start(), State::Starting {});
}

/// R-2.1-05, R-2.1-08, R-2.2-11: whoever turns HS-900 takes over; back at remote, the plant waits for a new start.
#[test]
fn the_selector_at_local_ends_production_and_remote_does_not_begin_it_again() {
    let mut rig = Rig::producing();
    rig.system.inputs.remote = Signal::Good(false);
    assert_eq!(rig.run_s(1), State::Stopped {});
    assert!(rig.stopped_by(Reason::LocalControl) && rig.blocked(Reason::LocalControl));
    assert_eq!(rig.system.may_start(), Err(Reason::LocalControl));
    rig.system.inputs.remote = Signal::Good(true);
    assert_eq!(rig.run_s(3600), State::Stopped {});
    assert!(rig.blocked(Reason::NotStarted) && !rig.blocked(Reason::LocalControl));
    assert_eq!(rig.start(), State::Starting {});

    let mut rig = Rig::producing();
    rig.system.inputs.remote = Signal::Bad(Fault::Stale);
    rig.run_s(5);
    assert!(rig.system.retained.intent, "a contact nobody can read takes no wish away");
}

/// R-2.1-01: STOP ALL is the plant's OFF: at once, from every state, and until the next start.
#[test]
fn stop_all_stops_from_every_state_until_the_next_start() {
    for state in [State::Starting {}, State::Producing {}, State::Standby {}, State::Stopping {}] {
        let mut rig = Rig::producing();
        match state {
            State::Starting {} => {
                rig = Rig::booted();
                rig.around.steps.raw_flow = false;
                rig.start();
            }
            State::Standby {} => {
                rig.around.clear_well = Some(Metres(1.86));
                rig.run_s(60);
            }
            State::Stopping {} => {
                rig.around.stop = true;
                rig.around.feed_runs = true;
                rig.run_s(1);
                rig.around.stop = false;
            }
            State::Boot {}
            | State::Stopped {}
            | State::Producing {}
            | State::Degraded {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => {}
        }
        assert_eq!(rig.system.status.state, state);
        rig.around.stop_all = true;
        assert_eq!(rig.run_s(1), State::Stopped {});
        rig.around.stop_all = false;
        assert_eq!(rig.run_s(3600), State::Stopped {});
        assert!(rig.system.retained.stopped_all);
        rig.start();
        assert!(!rig.system.retained.stopped_all);
    }
}

/// R-2.2-10, R-2.10-06, INV-34: after an outage the plant waits for good mains and goes on by the table.
#[test]
fn the_plant_goes_on_after_an_outage_by_its_length() {
    for (outage_s, resume, full, confirm) in [
        (300, Resume::Continued, false, false),
        (3600, Resume::ShortStart, false, false),
        (7200, Resume::FullStart, true, false),
        (90_000, Resume::ConfirmedStart, true, true),
    ] {
        let mut rig = Rig::producing();
        rig.around.mains_good = false;
        assert_eq!(rig.run_s(1), State::PowerWait {});
        assert!(rig.blocked(Reason::MainsLost) && !rig.system.distributes());
        rig.run_s(outage_s - 1);
        rig.around.outage = Duration::from_secs(outage_s.into());
        rig.around.mains_back = true;
        assert_eq!(rig.run_s(60), State::PowerWait {});
        rig.around.mains_back = false;
        rig.around.mains_good = true;
        rig.around.steps.settled = false;
        assert_eq!(rig.run_s(1), State::Stopped {});
        assert_eq!(rig.system.status.resume, resume, "{outage_s} s");
        if confirm {
            assert_eq!(rig.run_s(3600), State::Stopped {});
            assert!(rig.blocked(Reason::StrengthUnconfirmed));
            assert_eq!(rig.system.confirm_strength(), Ok(()));
            assert_eq!(rig.system.confirm_strength(), Err(Reason::NotNow));
        }
        assert_eq!(rig.run_s(1), State::Starting {}, "{outage_s} s");
        assert!(rig.system.ripens_first(), "beds that a sudden stop has shaken ripen first");
        rig.run_s(4);
        let limit = if full { 3600 } else { 900 };
        assert_eq!(rig.run_s(limit - 2), State::Starting {}, "{outage_s} s");
        assert_eq!(rig.run_s(4), State::Stopping {}, "{outage_s} s");
    }
}

/// R-2.10-06: nine and a half minutes without mains and a minute in which they prove themselves are a short outage.
#[test]
fn the_minute_in_which_mains_prove_themselves_makes_no_outage_longer() {
    let mut rig = Rig::producing();
    rig.around.mains_good = false;
    rig.run_s(7150);
    rig.around.mains_back = true;
    rig.run_s(60);
    assert_eq!(rig.system.retained.idle_time.as_secs(), 7150);
}

/// R-2.10-06, R-2.10-08: the controller's own absence counts as an outage, with the time the mains were away before it;
/// when nobody knows how long it was, nothing starts by itself.
#[test]
fn a_restart_goes_on_by_how_long_the_controller_was_away() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (away, age, intent, resume) in [
        (minutes(0), Some(minutes(5)), true, Resume::Continued),
        (minutes(8), Some(minutes(5)), true, Resume::ShortStart),
        (minutes(0), Some(minutes(119)), true, Resume::ShortStart),
        (minutes(60), Some(minutes(61)), true, Resume::FullStart),
        (minutes(0), Some(minutes(1441)), true, Resume::ConfirmedStart),
        (minutes(0), None, false, Resume::None),
    ] {
        let mut rig = Rig::new();
        rig.system.retained.intent = true;
        rig.system.retained.mains_away = away;
        rig.system.restored(age);
        assert_eq!(rig.system.retained.intent, intent, "{away:?} {age:?}");
        assert_eq!(rig.system.status.resume, resume, "{away:?} {age:?}");
        let unconfirmed = rig.system.retained.strength_unconfirmed;
        assert_eq!(unconfirmed, resume == Resume::ConfirmedStart);
    }
    let mut rig = Rig::new();
    rig.system.restored(Some(minutes(1)));
    assert_eq!(rig.system.status.resume, Resume::None, "nobody wanted water");
}

/// INV-44: what first stopped the plant stays told until a person resets it.
#[test]
fn what_first_stopped_the_plant_stays_told_until_a_reset() {
    let mut rig = Rig::producing();
    rig.around.mains_good = false;
    rig.run_s(5);
    rig.around.emergency = true;
    rig.run_s(5);
    assert!(rig.stopped_by(Reason::EmergencyStop));
    assert_eq!(rig.system.first_out.plant, Reasons::only(Reason::MainsLost));
    rig.system.note_holds(&Holds::default(), true);
    assert!(rig.system.first_out.plant.is_empty());
}

/// R-2.2-09, INV-35: alarms of the panel and of what only the shell can know.
#[test]
fn each_alarm_of_the_system_has_its_cause() {
    type Change = fn(&mut Rig);
    type Look = fn(&Alarms) -> Condition;
    let rows: &[(u16, Change, Look)] = &[
        (904, |r| r.around.emergency = true, |a| a.emergency_stopped),
        (905, |r| r.around.supply_welded = true, |a| a.supply_welded),
        (907, |r| r.around.silent = Some(7), |a| a.device_silent),
        (908, |r| r.around.doubtful = Some(7), |a| a.sensor_doubted),
        (909, |r| r.system.inputs.lateness = Signal::Good(SECOND), |a| a.scan_late),
        (910, |r| r.system.inputs.storage_ok = Signal::Good(false), |a| a.storage),
        (910, |r| r.system.retained.memory_lost = true, |a| a.storage),
        (911, |r| r.system.inputs.clock_wrong = Signal::Good(true), |a| a.clock),
        (
            912,
            |r| r.system.inputs.cabinet_temperature = Signal::Good(Celsius(60.1)),
            |a| a.cabinet_hot,
        ),
        (913, |r| r.system.inputs.test_overdue = Signal::Good(true), |a| a.sensor_test),
        (913, |r| r.around.test_overdue = true, |a| a.sensor_test),
        (917, |r| r.around.lock_expired = true, |a| a.lock_expired),
        (920, |r| r.system.inputs.log_in_locked = Signal::Good(true), |a| a.access),
        (921, |r| r.system.inputs.certificate_ends = Signal::Good(true), |a| a.certificate),
        (922, |r| r.system.inputs.audit_broken = Signal::Good(true), |a| a.audit),
    ];
    for (number, wrong, look) in rows {
        let mut rig = Rig::booted();
        rig.run_s(1);
        assert_ne!(look(&rig.system.alarms), Condition::Active, "{number} before");
        wrong(&mut rig);
        rig.run_s(1);
        assert_eq!(look(&rig.system.alarms), Condition::Active, "{number}");
    }
}

/// INV-31: a bus whose state nobody knows is lost.
#[test]
fn each_bus_has_its_alarm() {
    for bus in [Signal::Good(false), Signal::Bad(Fault::Stale)] {
        let mut rig = Rig::booted();
        rig.system.inputs.bus_b = bus;
        rig.run_s(1);
        let links = [&rig.system.link_a, &rig.system.link_b, &rig.system.link_d];
        let lost = links.map(|link| link.alarms.lost == Condition::Active);
        assert_eq!(lost, [false, true, false]);
    }
}

/// R-2.12-01, F51: while bus C is lost no single device is called out; the elevated tank has its own alarm (506).
#[test]
fn a_silent_device_is_called_out_unless_bus_c_is_lost() {
    let mut rig = Rig::booted();
    rig.around.silent = Some(3);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.device_silent, Condition::Active);
    rig.system.inputs.bus_c = Signal::Good(false);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.device_silent, Condition::Suppressed);
}

/// INV-42, F48: storage that fails is an alarm at once, storage that fills after a minute.
#[test]
fn storage_that_fills_is_an_alarm_after_a_minute() {
    let mut rig = Rig::booted();
    rig.system.inputs.disk_free = Signal::Good(Percent(9.9));
    rig.run_s(59);
    assert_ne!(rig.system.alarms.storage, Condition::Active);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::Active);
    rig.system.inputs.disk_free = Signal::Good(Percent(14.0));
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::AsBefore);
    rig.system.inputs.disk_free = Signal::Good(Percent(15.0));
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::Clear);
}
