//! From power-up to producing.

use super::*;

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

/// R-2.6.6-03, R-2.2.1-05: beds that stood for long ripen in the start after it; once water is made, a short pause asks for nothing.
#[test]
fn the_long_form_of_a_start_ends_with_the_start() {
    let mut rig = Rig::booted();
    rig.system.retained.idle_time = LONG_STOP;
    rig.around.steps.all_filtering = false;
    assert_eq!(rig.start(), State::Starting {});
    assert_eq!(rig.run_s(60), State::Starting {});
    assert!(rig.system.ripens_first());
    rig.around.steps.all_filtering = true;
    assert_eq!(rig.run_s(2), State::Producing {});
    assert!(!rig.system.ripens_first());
    rig.around.clear_well = Some(Metres(1.85));
    assert_eq!(rig.run_s(120), State::Standby {});
    rig.around.clear_well = Some(Metres(1.0));
    rig.around.steps.all_filtering = false;
    assert_eq!(rig.run_s(120), State::Starting {});
    assert!(!rig.system.ripens_first());
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
    rig.around.steps.waits = true;
    rig.start();
    assert_eq!(rig.run_s(3600), State::Starting {});
    rig.around.steps.waits = false;
    assert_eq!(rig.run_s(119), State::Starting {});
    assert_eq!(rig.run_s(3), State::Stopping {});
}

/// R-2.2-08, R-2.10-08: a restart gives no failed start back, and time away counts.
#[test]
fn starts_that_failed_before_a_restart_count_after_it() {
    for (away, state) in [(600, State::Fault {}), (7200, State::Stopped {})] {
        let mut rig = Rig::booted();
        rig.around.steps.inlet_open = false;
        rig.start();
        for failed in [1.0, 2.0] {
            let stops = (0..300).any(|_| rig.run_s(1) == State::Stopping {});
            assert!(stops && rig.system.status.failed_starts == Count(failed));
            rig.run_s(60);
        }
        let kept = rig.system.retained;
        let mut rig = Rig::booted();
        rig.system.retained.start_failures = kept.start_failures;
        rig.system.restored(Some(Duration::from_secs(away)));
        rig.around.steps.inlet_open = false;
        rig.start();
        assert!((0..300).any(|_| rig.run_s(1) == State::Stopping {}));
        rig.around.stop = true;
        assert!((0..100).any(|_| rig.run_s(1) == state), "{away} s");
    }
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
