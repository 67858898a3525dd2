//! Pumps that fail, and pumps that run and do nothing.

use crate::device::Mode;
use crate::signal::Fault;
use crate::unit::intake::rig::{HOUR_S, Rig, SECOND, Shown};
use crate::unit::intake::sequence::State;
use crate::unit::intake::*;

/// R-2.3-04, R-2.15-03, F2: within 15 s; PAC follows the flow meanwhile.
#[test]
fn the_standby_takes_over_within_15_s_when_the_duty_pump_trips() {
    let mut rig = Rig::lifting();
    rig.unit.pump[0].inputs.tripped = Signal::Good(true);
    rig.dead[0] = true;
    rig.unit.scan(rig.around, &mut rig.stagger, rig.step);
    rig.step();
    assert_eq!(rig.state(), State::Changeover {});
    let taken_over = rig.until_s(60, |rig| rig.unit.pump[1].is_running());
    assert!(taken_over.is_some_and(|second| second <= 15), "{taken_over:?}");
    rig.run_s(60);
    assert_eq!((rig.state(), rig.on(0)), (State::Running {}, false));
    assert!(libm::fabs(rig.flow - 5.0) < 0.1);
    assert_eq!(rig.unit.alarms.pump_fault, Condition::Active);
    assert_eq!(rig.unit.alarms.pumps_failed, Condition::Clear);
}

/// R-2.3-04: also when the duty pump does not start at all. Both dead: Fault, alarm 105, until reset.
#[test]
fn with_both_pumps_dead_the_intake_is_in_fault_until_a_reset() {
    let mut rig = Rig::new();
    rig.dead = [true, false];
    assert!(rig.until_s(60, |rig| rig.unit.pump[1].is_running()).is_some());
    rig.dead = [true, true];
    assert!(rig.until_s(60, |rig| rig.state() == State::Fault {}).is_some());
    assert_eq!(rig.unit.alarms.pumps_failed, Condition::Active);
    assert!(!rig.unit.is_available());
    rig.dead = [false; 2];
    rig.run_s(HOUR_S);
    assert_eq!(rig.state(), State::Fault {});
    rig.around.reset = true;
    assert!(rig.until_s(600, |rig| rig.state() == State::Running {}).is_some());
}

/// R-2.3-07, INV-19, INV-20: by flow or by power, whichever is left to see it; 8 s.
#[test]
fn a_pump_without_water_is_stopped_by_its_flow_or_by_its_power() {
    type Blind = fn(&mut Rig);
    let rows: [(&str, Blind); 4] = [
        ("both seen", |_| {}),
        ("meter stuck", |rig| rig.meter = Shown::Number(5.0)),
        ("meter lost", |rig| rig.meter = Shown::Bad(Fault::Stale)),
        ("power lost", |rig| rig.power = Shown::Bad(Fault::Stale)),
    ];
    for (what, blind) in rows {
        let mut rig = Rig::lifting();
        blind(&mut rig);
        rig.run_s(1);
        // Suction falls dry behind a level that is frozen: only the pump itself tells.
        (rig.well, rig.screen) = (Shown::Number(1.5), 1.4);
        let stopped = rig.until_s(30, |rig| !rig.on(0));
        // The flow itself dies away in 8 s.
        assert!(stopped.is_some_and(|seconds| seconds <= 17), "{what}: {stopped:?}");
        assert!(rig.unit.proof[0].status.failed_by.has(Reason::DryRun), "{what}");
        assert!(rig.still_most <= 15.0, "{what}: INV-20 {}", rig.still_most);
    }
}

/// R-2.3-07: after 10 min again, three times in six hours each; then locked until reset, over a restart too. Alarm 107.
#[test]
fn a_dry_pump_is_tried_three_times_and_then_locked_until_a_reset() {
    let mut rig = Rig::lifting();
    (rig.well, rig.screen) = (Shown::Number(1.5), 1.4);
    assert!(rig.until_s(120, |rig| rig.state() == State::Hold {}).is_some());
    assert_eq!(rig.unit.failed_pumps(), 2, "the standby was tried too");
    assert!(rig.blocked(Reason::DryRun) && rig.blocked(Reason::NoPumpAvailable));
    assert!(rig.unit.status.retry_left > Duration::from_secs(500));
    assert!(rig.unit.is_available(), "it will be tried again: no failure of the plant yet");
    let retried = rig.until_s(700, |rig| rig.state() == State::Running {});
    assert!(retried.is_some_and(|seconds| seconds > 550), "{retried:?}");
    assert!(rig.until_s(2 * HOUR_S, |rig| rig.state() == State::Fault {}).is_some());
    assert_eq!(rig.starts, [3, 3]);
    assert_eq!((rig.unit.alarms.ran_dry, rig.unit.is_available()), (Condition::Active, false));
    (rig.well, rig.screen) = (Shown::Truth, 0.0);
    rig.run_s(8 * HOUR_S);
    assert_eq!((rig.state(), rig.starts), (State::Fault {}, [3, 3]), "six hours forgive nothing");
    let mut again = Rig::new();
    for (proof, kept) in again.unit.proof.iter_mut().zip(&rig.unit.proof) {
        proof.retained = kept.retained;
    }
    again.run_s(HOUR_S);
    assert_eq!((again.state(), again.starts), (State::Fault {}, [0, 0]), "nor does a restart");
    rig.around.reset = true;
    assert!(rig.until_s(600, |rig| rig.state() == State::Running {}).is_some());
    assert_eq!(rig.unit.alarms.ran_dry, Condition::Clear);
}

/// R-2.3-07: any six hours: a first dry run that is forgotten takes none of the later ones with it.
#[test]
fn three_dry_runs_in_any_six_hours_lock_a_pump() {
    let mut rig = Rig::lifting();
    // At 0 h, 5.9 h, 6.1 h.
    for then_s in [20_500, 60, 60] {
        (rig.well, rig.screen) = (Shown::Number(1.5), 1.4);
        assert!(rig.until_s(120, |rig| rig.state() == State::Hold {}).is_some());
        (rig.well, rig.screen) = (Shown::Truth, 0.0);
        assert!(rig.until_s(1200, |rig| rig.state() == State::Running {}).is_some());
        rig.run_s(then_s);
        assert_eq!(rig.state(), State::Running {});
    }
    for proof in &rig.unit.proof {
        assert_eq!(proof.retained.dry_runs, Count(2.0), "the first of them is too old");
    }
    (rig.well, rig.screen) = (Shown::Number(1.5), 1.4);
    assert!(rig.until_s(120, |rig| rig.state() == State::Fault {}).is_some());
    assert_eq!(rig.unit.alarms.ran_dry, Condition::Active);
}

/// R-2.3-07: two dry runs in six hours are forgotten after them.
#[test]
fn dry_runs_long_ago_do_not_count() {
    let mut rig = Rig::lifting();
    for _ in 0..4 {
        (rig.well, rig.screen) = (Shown::Number(1.5), 1.4);
        assert!(rig.until_s(120, |rig| rig.state() == State::Hold {}).is_some());
        (rig.well, rig.screen) = (Shown::Truth, 0.0);
        assert!(rig.until_s(1200, |rig| rig.state() == State::Running {}).is_some());
        rig.run_s(7 * HOUR_S);
        assert_eq!(rig.state(), State::Running {});
    }
}

/// R-2.3-08, INV-20: a pipe that is closed while its limit switches say open, with the meter and without it.
#[test]
fn a_pump_against_a_closed_pipe_is_stopped_by_its_pressure() {
    for meter in [Shown::Truth, Shown::Bad(Fault::Stale)] {
        let mut rig = Rig::lifting();
        rig.meter = meter;
        rig.pipe = 0.0;
        let stopped = rig.until_s(30, |rig| !rig.on(0));
        assert!(stopped.is_some_and(|seconds| seconds <= 14), "{meter:?}: {stopped:?}");
        assert!(rig.unit.proof[0].status.failed_by.has(Reason::DeadHead), "{meter:?}");
        assert!(rig.until_s(60, |rig| rig.state() == State::Hold {}).is_some(), "{meter:?}");
        assert!(rig.still_most <= 15.0, "{meter:?}: {}", rig.still_most);
    }
    // Without PT-101 the flow tells.
    let mut rig = Rig::lifting();
    (rig.gauge, rig.pipe) = (Shown::Bad(Fault::Stale), 0.0);
    assert!(rig.until_s(16, |rig| !rig.on(0)).is_some());
    assert!(rig.still_most <= 15.0);
}

/// R-2.3-08: beyond 1.1 of the shut-off pressure it trips whatever the meter says.
#[test]
fn a_pressure_no_pump_can_make_stops_it_in_5_s() {
    for gauge in [Shown::Number(9.81 * 32.0 * 1.05), Shown::Bad(Fault::Overrange)] {
        let mut rig = Rig::lifting();
        rig.gauge = gauge;
        let stopped = rig.until_s(30, |rig| !rig.on(0));
        assert!(stopped.is_some_and(|seconds| (5..=7).contains(&seconds)), "{stopped:?}");
    }
}

/// R-2.3-08, R-2.15-03: a pump whose coupling is broken is named, and its standby makes the water.
#[test]
fn a_pump_that_turns_and_moves_nothing_gives_way_to_its_standby() {
    let mut rig = Rig::lifting();
    rig.seized[0] = true;
    rig.run_s(60);
    assert_eq!((rig.state(), rig.on(0), rig.on(1)), (State::Running {}, false, true));
    assert_eq!(rig.unit.proof[0].status.failed_by, Reasons::only(Reason::PumpMovesNothing));
    assert!(rig.still_most <= 15.0, "INV-20: {}", rig.still_most);
    rig.run_s(60);
    assert!(libm::fabs(rig.flow - 5.0) < 0.1);
    assert_eq!(rig.unit.alarms.pump_fault, Condition::Active);
}

/// INV-20: a valve that leaves its end, or a tank that closes, while the pump runs.
#[test]
fn a_way_that_closes_stops_the_pump() {
    let mut rig = Rig::lifting();
    rig.around.path_open = false;
    assert!(rig.until_s(4, |rig| !rig.on(0)).is_some());
    rig.run_s(15);
    assert_eq!(rig.state(), State::Checking {}, "it waits for the way");
}

/// R-2.1-02, INV-36: by hand within the protections of the unit.
#[test]
fn a_person_runs_the_pump_by_hand_only_with_water_and_an_open_way() {
    let mut rig = Rig::new();
    rig.around.run = false;
    rig.run_s(5);
    rig.unit.pump[0].handling.change(Mode::Manual, 1);
    assert!(rig.unit.pump[0].handling.ask(Percent(70.0), Duration::from_secs(600), 2).is_ok());
    rig.run_s(10);
    assert!(!rig.on(0), "XV-101 is closed");
    rig.unit.inlet.handling.change(Mode::Manual, 3);
    assert!(rig.unit.inlet.handling.ask(Percent(100.0), Duration::from_secs(600), 4).is_ok());
    rig.run_s(30);
    assert!(rig.on(0) && rig.unit.outputs.permit.value() && rig.flow > 2.0);
    rig.screen = 1.1;
    rig.run_s(2);
    assert!(!rig.on(0), "wet well at 0.4 m");
}

/// R-2.1-08, R-2.15-02: a pump that runs by hand and that AUTO wants too goes on running when it is given back, with its unit or
/// alone, from the speed it had: a stop would cost it its six minutes of rest, and the village its water.
#[test]
fn a_running_pump_that_is_given_back_to_auto_goes_on_running() {
    for with_unit in [true, false] {
        let mut rig = Rig::lifting();
        let change = |rig: &mut Rig, mode| {
            if with_unit {
                rig.unit.handling.change(mode, 1);
                rig.unit.pump[1].handling.change(mode, 1);
                rig.unit.inlet.handling.change(mode, 1);
            }
            rig.unit.pump[0].handling.change(mode, 1);
        };
        change(&mut rig, Mode::Manual);
        let time = Duration::from_secs(3000);
        assert!(rig.unit.pump[0].handling.ask(Percent(62.0), time, 2).is_ok());
        for _ in 0..300 {
            rig.step();
            assert!(rig.on(0), "{with_unit}: by hand");
        }
        assert_eq!(rig.unit.pump[0].outputs.speed.value(), Percent(62.0));
        change(&mut rig, Mode::Auto);
        let mut before = 62.0;
        for second in 0..600 {
            rig.step();
            assert!(rig.on(0) && !rig.on(1), "{with_unit}: after {second} s in AUTO");
            let speed = rig.unit.pump[0].outputs.speed.value().0;
            assert!(libm::fabs(speed - before) <= 5.5, "{with_unit}: {before} to {speed} %");
            before = speed;
        }
        assert_eq!((rig.starts, rig.state()), ([1, 0], State::Running {}));
        assert!(libm::fabs(rig.flow - 5.0) < 0.1, "{} m³/h", rig.flow);
    }
}

/// R-2.1-08, R-2.3-03: the standby that a person runs beside it says nothing of how fast the pump in AUTO is to turn: neither up, beyond
/// the flow that is asked, nor down, below what lifts water.
#[test]
fn a_standby_run_by_hand_does_not_set_the_speed_of_the_pump_in_auto() {
    for wish in [100.0, 60.0] {
        let mut rig = Rig::lifting();
        let before = rig.unit.pump[0].outputs.speed.value().0;
        assert!((75.0..85.0).contains(&before), "{before} %");
        rig.unit.pump[1].handling.change(Mode::Manual, 1);
        let time = Duration::from_secs(600);
        assert!(rig.unit.pump[1].handling.ask(Percent(wish), time, 2).is_ok());
        // Longer than a drive takes to get there, and less than it takes to say which of two pumps lifts nothing beside the other.
        for second in 0..10 {
            rig.step();
            let speed = rig.unit.pump[0].outputs.speed.value().0;
            assert!(rig.on(0) && speed < 85.0, "{wish} %: {speed} % after {second} s");
            assert!(rig.flow > 4.9, "{wish} %: {} m³/h after {second} s", rig.flow);
        }
        assert!(rig.on(1), "{wish} %: by hand");
    }
}

/// R-2.1-08, R-2.1-03: one that AUTO does not want stops when it is given back.
#[test]
fn a_running_pump_that_nobody_wants_in_auto_stops_when_it_is_given_back() {
    let mut rig = Rig::lifting();
    rig.unit.pump[0].handling.change(Mode::Manual, 1);
    assert!(rig.unit.pump[0].handling.ask(Percent(70.0), Duration::from_secs(600), 2).is_ok());
    rig.unit.inlet.handling.change(Mode::Manual, 1);
    rig.run_s(5);
    rig.around.run = false;
    rig.run_s(30);
    assert!(rig.on(0), "by hand");
    rig.unit.pump[0].handling.change(Mode::Auto, 3);
    rig.step();
    assert!(!rig.on(0));
}

/// R-2.1-02: taken out of AUTO the unit's own sequence rests.
#[test]
fn a_unit_that_is_switched_off_lifts_nothing() {
    let mut rig = Rig::lifting();
    rig.unit.handling.change(Mode::Off, 1);
    rig.run_s(60);
    assert!(rig.still() && rig.blocked(Reason::SwitchedOff));
    rig.unit.handling.change(Mode::Auto, 2);
    assert!(rig.until_s(600, |rig| rig.state() == State::Running {}).is_some());
}

/// INV-19, INV-20: whatever breaks, and at whatever scan, no pump turns for long without moving water.
#[test]
fn no_pump_turns_for_long_without_moving_water() {
    for step in [Duration::from_millis(100), SECOND, SECOND * 3] {
        for (pipe, screen, seized) in
            [(0.0, 0.0, false), (1.0, 1.4, false), (1.0, 0.0, true), (0.01, 0.0, false)]
        {
            let mut rig = Rig::lifting();
            rig.step = step;
            (rig.pipe, rig.screen, rig.seized) = (pipe, screen, [seized; 2]);
            rig.run_s(2 * HOUR_S);
            let most = 15.0 + 3.0 * step.as_secs_f64();
            assert!(
                rig.still_most <= most,
                "{pipe} {screen} {seized} {step:?}: {}",
                rig.still_most
            );
            assert!(rig.starts[0] + rig.starts[1] <= 7);
        }
    }
}
