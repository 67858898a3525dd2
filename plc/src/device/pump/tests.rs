//! What motors promise.

use super::*;
use crate::device::Mode;
use crate::reason::Reason;

const SECOND: Duration = Duration::from_secs(1);

/// A drive whose feedback follows its command, for `seconds`; its last state.
fn run_s(drive: &mut Drive, seconds: u32, ask: Ask, answers: bool) -> State {
    let mut stagger = Stagger::default();
    for _ in 0..seconds {
        stagger.elapse(Duration::ZERO, SECOND);
        drive.scan(ask, Limits::SURFACE, &mut stagger, SECOND);
        drive.inputs.running = Signal::Good(answers && drive.outputs.run.value());
        drive.inputs.tripped = Signal::Good(false);
    }
    drive.status.state
}

/// R-2.0-08: Off, Starting, Running, Stopping, Locked, Off.
#[test]
fn a_pump_starts_runs_stops_and_rests() {
    let mut drive = Drive::default();
    assert_eq!(run_s(&mut drive, 3, Ask::at(Percent(80.0)), true), State::Running);
    assert_eq!(drive.outputs.speed.value(), Percent(80.0));
    assert_eq!(run_s(&mut drive, 2, Ask::OFF, true), State::Locked);
    assert_eq!(run_s(&mut drive, 60, Ask::at(Percent(80.0)), true), State::Locked);
    assert!(drive.status.blocked.has(Reason::MinimumOffTime));
    assert_eq!(run_s(&mut drive, 125, Ask::at(Percent(80.0)), true), State::Running);
}

/// R-2.0-08: each fault has its name, until reset.
#[test]
fn a_motor_that_fails_says_what_became_of_it() {
    for (running, tripped, expected) in [
        (false, false, Reason::NoRunFeedback),
        (false, true, Reason::DriveTripped),
        (true, true, Reason::DriveTripped),
        (true, false, Reason::RunsUnasked),
    ] {
        let mut drive = Drive::default();
        let mut stagger = Stagger::default();
        let mut told = |drive: &mut Drive, running, tripped, ask| {
            drive.inputs.running = Signal::Good(running);
            drive.inputs.tripped = Signal::Good(tripped);
            for _ in 0..12 {
                stagger.elapse(Duration::ZERO, SECOND);
                drive.scan(ask, Limits::SURFACE, &mut stagger, SECOND);
            }
            drive.status.blocked
        };
        let blocked = told(&mut drive, running, tripped, Ask::at(Percent(80.0)));
        assert!(blocked.has(Reason::PumpFault) && blocked.has(expected), "{expected:?}");
        drive.reset();
        let blocked = told(&mut drive, false, false, Ask::OFF);
        assert_eq!(blocked, Reasons::NONE, "{expected:?} after a reset");
    }
}

/// R-2.0-08: feedback within 5 s, or a fault until reset.
#[test]
fn a_pump_that_does_not_answer_is_a_fault_until_reset() {
    let mut drive = Drive::default();
    assert_eq!(run_s(&mut drive, 10, Ask::at(Percent(80.0)), false), State::Fault);
    assert!(!drive.outputs.run.value());
    assert_eq!(run_s(&mut drive, 10, Ask::at(Percent(80.0)), true), State::Fault);
    drive.reset();
    assert_eq!(run_s(&mut drive, 200, Ask::at(Percent(80.0)), true), State::Running);
}

/// R-2.0-08, R-2.10-08: no restart forgives a fault, nor forgets its name; what a low voltage stopped is tried again by itself
/// as before. A pump that a power cut every ten minutes would start anew burns.
#[test]
fn a_fault_outlives_a_restart() {
    for (failed, reason, again) in [
        (Failure::None, None, State::Running),
        (Failure::DriveTripped, Some(Reason::DriveTripped), State::Fault),
        (Failure::NoRunFeedback, Some(Reason::NoRunFeedback), State::Fault),
        (Failure::RunsUnasked, Some(Reason::RunsUnasked), State::Fault),
        (Failure::VoltageLow, Some(Reason::NoRunFeedback), State::Running),
    ] {
        let mut drive = Drive::default();
        drive.retained.failure = failed;
        drive.restored(Some(Duration::from_secs(600)));
        run_s(&mut drive, 1, Ask::at(Percent(80.0)), true);
        let found = drive.status.blocked.of(FAULTS).without(Reasons::only(Reason::PumpFault));
        assert_eq!(found, reason.map_or(Reasons::NONE, Reasons::only), "{failed:?}");
        assert_eq!(drive.retained.failure, failed, "it is kept on");
        assert_eq!(run_s(&mut drive, 300, Ask::at(Percent(80.0)), true), again, "{failed:?}");
        drive.reset();
        run_s(&mut drive, 1, Ask::OFF, true);
        assert_eq!(drive.retained.failure, Failure::None, "a reset forgets it");
        let mut motor = Motor::default();
        motor.retained.failure = failed;
        motor.restored();
        assert_eq!(motor.is_faulty(), reason.is_some(), "{failed:?}");
    }
}

/// R-2.0-08, R-2.10-08: what is kept of a fault is what it failed by.
#[test]
fn what_a_motor_failed_by_is_written_down_at_once() {
    let ask = Ask::at(Percent(80.0));
    let mut drive = Drive::default();
    assert_eq!(run_s(&mut drive, 10, ask, false), State::Fault);
    assert_eq!(drive.retained.failure, Failure::NoRunFeedback);
    let mut drive = Drive::default();
    run_s(&mut drive, 3, ask, true);
    drive.inputs.tripped = Signal::Good(true);
    drive.scan(ask, Limits::SURFACE, &mut Stagger::default(), SECOND);
    assert_eq!(drive.retained.failure, Failure::DriveTripped);
    let mut drive = Drive::default();
    drive.inputs.running = Signal::Good(true);
    let mut stagger = Stagger::default();
    for _ in 0..12 {
        drive.scan(Ask::OFF, Limits::SURFACE, &mut stagger, SECOND);
    }
    assert_eq!(drive.retained.failure, Failure::RunsUnasked);
}

/// R-2.1-02, R-2.1-08: a person's wish replaces the demand, never a protection, and a change of mode starts nothing.
#[test]
fn a_person_runs_a_pump_by_hand_within_its_protections() {
    let mut drive = Drive::default();
    let free = Ask::OFF.or_by_hand(Reasons::NONE);
    drive.handling.change(Mode::Manual, 7);
    assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_ok());
    assert_eq!(run_s(&mut drive, 1, free, true), State::Off, "in the scan of the change");
    assert_eq!(run_s(&mut drive, 5, free, true), State::Running);
    assert_eq!(drive.outputs.speed.value(), Percent(70.0));
    assert!(!drive.is_available());
    let held = Ask::OFF.or_by_hand(Reasons::only(Reason::ClearWellEmpty));
    assert_ne!(run_s(&mut drive, 1, held, true), State::Running);
    assert!(drive.status.blocked.has(Reason::ClearWellEmpty));
    assert!(drive.status.blocked.has(Reason::InManual));
    // A unit that says nothing of manual runs lets none.
    let mut drive = Drive::default();
    drive.handling.change(Mode::Manual, 7);
    assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_ok());
    assert_eq!(run_s(&mut drive, 9, Ask::at(Percent(90.0)), true), State::Off);
}

/// INV-43: a device in MAINTENANCE is never commanded on.
#[test]
fn a_pump_locked_out_for_maintenance_never_runs() {
    let mut drive = Drive::default();
    assert_eq!(run_s(&mut drive, 3, Ask::at(Percent(80.0)), true), State::Running);
    drive.handling.change(Mode::Maintenance, 7);
    assert!(drive.handling.ask(Percent(70.0), Duration::from_secs(600), 8).is_err());
    for _ in 0..2000 {
        run_s(&mut drive, 1, Ask::at(Percent(80.0)).or_by_hand(Reasons::NONE), true);
        assert!(!drive.outputs.run.value() && !drive.is_available());
    }
    assert!(drive.status.blocked.has(Reason::InMaintenance));
}

/// R-2.0-08: feedback without command.
#[test]
fn a_pump_that_runs_unasked_is_welded() {
    let mut drive = Drive::default();
    drive.inputs.running = Signal::Good(true);
    let mut stagger = Stagger::default();
    stagger.elapse(Duration::ZERO, SECOND);
    drive.scan(Ask::at(Percent(50.0)), Limits::SURFACE, &mut stagger, SECOND);
    assert!(drive.is_welded() && !drive.outputs.run.value());
}

/// R-2.0-08: a motor that starts by itself is called out although nothing asks for it and nothing holds it; a flicker is not,
/// nor what people run at the panel.
#[test]
fn a_motor_that_starts_by_itself_is_a_fault_after_ten_seconds() {
    let local = Reasons::only(Reason::LocalControl);
    for (ask, seconds, faulty) in [
        (Ask::OFF, 10, false),
        (Ask::OFF, 11, true),
        (Ask::OFF.or_by_hand(Reasons::NONE), 11, true),
        (Ask::OFF.or_by_hand(local), 3600, false),
    ] {
        let mut motor = Motor::default();
        let mut stagger = Stagger::default();
        motor.inputs.running = Signal::Good(true);
        for _ in 0..seconds {
            motor.scan(ask, Limits::SMALL, &mut stagger, SECOND);
        }
        assert_eq!(motor.is_faulty(), faulty, "{ask:?}, {seconds} s");
        assert_eq!(motor.status.blocked.has(Reason::RunsUnasked), faulty);
        motor.inputs.running = Signal::Good(false);
        motor.scan(ask, Limits::SMALL, &mut stagger, SECOND);
        motor.reset();
        (0..12).for_each(|_| motor.scan(ask, Limits::SMALL, &mut stagger, SECOND));
        assert!(!motor.is_faulty());
    }
}

/// R-2.0-08, INV-44, R-2.1-04: alarm 924 calls people to a motor that runs by itself, whatever it had failed by before and
/// until somebody resets; one that is locked out is run by whoever works on it.
#[test]
fn a_motor_that_runs_by_itself_is_heard() {
    for (what, mode, failed, alarm) in [
        ("in AUTO", Mode::Auto, false, Condition::Active),
        ("switched off", Mode::Off, false, Condition::Active),
        ("after it failed to start", Mode::Auto, true, Condition::Active),
        ("locked out", Mode::Maintenance, false, Condition::Suppressed),
    ] {
        let mut motor = Motor::default();
        let mut stagger = Stagger::default();
        let mut run_s = |motor: &mut Motor, seconds: u32, running, ask| {
            motor.inputs.running = Signal::Good(running);
            for _ in 0..seconds {
                stagger.elapse(Duration::ZERO, SECOND);
                motor.scan(ask, Limits::SMALL, &mut stagger, SECOND);
            }
            motor.alarms.runs_unasked
        };
        motor.handling.change(mode, 7);
        if failed {
            let told = run_s(&mut motor, 12, false, Ask::when(true));
            assert_eq!((motor.is_faulty(), told), (true, Condition::Clear), "{what}");
        }
        let silent = if alarm == Condition::Active { Condition::Clear } else { alarm };
        assert_eq!(run_s(&mut motor, 10, true, Ask::OFF), silent, "{what}");
        assert_eq!(run_s(&mut motor, 1, true, Ask::OFF), alarm, "{what}");
        assert_eq!(run_s(&mut motor, 60, false, Ask::OFF), alarm, "{what}: until a reset");
        motor.reset();
        assert_eq!(run_s(&mut motor, 12, false, Ask::OFF), silent, "{what}");
    }
}

/// R-2.0-08, INV-44: alarm 925 names a mixer, sludge pump, decant pump or blower that does not start when it is asked, or stops by
/// itself, until it is reset; not one that somebody has locked out.
#[test]
fn a_motor_that_does_not_obey_is_heard() {
    for (mode, runs_first, alarm) in [
        (Mode::Auto, false, Condition::Active),
        (Mode::Auto, true, Condition::Active),
        (Mode::Maintenance, false, Condition::Suppressed),
    ] {
        let mut motor = Motor::default();
        let mut stagger = Stagger::default();
        motor.handling.change(mode, 7);
        let mut run_s = |motor: &mut Motor, seconds: u32, running: bool| {
            for _ in 0..seconds {
                motor.inputs.running = Signal::Good(running);
                stagger.elapse(Duration::ZERO, SECOND);
                motor.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
            }
            motor.alarms.failed
        };
        let silent = if alarm == Condition::Active { Condition::Clear } else { alarm };
        assert_eq!(run_s(&mut motor, 1, false), silent);
        if runs_first {
            assert_eq!(run_s(&mut motor, 10, true), silent);
        }
        assert_eq!(run_s(&mut motor, 12, false), alarm, "{mode:?}, ran: {runs_first}");
        motor.reset();
        assert_eq!(run_s(&mut motor, 1, false), silent, "reset");
    }
}

/// R-2.0-08, R-2.10-03, F44: what a low voltage stopped is tried again a minute after the voltage is back, three times; not while its
/// drive has tripped, and not what failed at a good voltage.
#[test]
fn a_motor_that_a_low_voltage_stopped_is_tried_again() {
    let low = Held { all: Reasons::only(Reason::VoltageLow), ..Held::default() };
    for (what, held, trips, expected) in [
        ("voltage", low, false, State::Running),
        ("voltage, the drive still tripped", low, true, State::Fault),
        ("something else", Held::default(), false, State::Fault),
    ] {
        let mut motor = Drive::default();
        let mut stagger = Stagger::default();
        let mut run_s = |motor: &mut Drive, seconds: u32, answers: bool, held: Held, tripped| {
            stagger.hold(held);
            for _ in 0..seconds {
                stagger.elapse(Duration::ZERO, SECOND);
                motor.scan(Ask::at(Percent(80.0)), Limits::SMALL, &mut stagger, SECOND);
                motor.inputs.running = Signal::Good(answers && motor.outputs.run.value());
                motor.inputs.tripped = Signal::Good(tripped);
            }
            motor.status.state
        };
        let free = Held::default();
        for _ in 0..3 {
            assert_eq!(run_s(&mut motor, 9, true, free, false), State::Running, "{what}");
            // The meter tells of it some seconds late.
            assert_eq!(run_s(&mut motor, 5, false, free, false), State::Fault, "{what}");
            assert_eq!(run_s(&mut motor, 600, false, held, trips), State::Fault, "{what}");
            assert_eq!(run_s(&mut motor, 58, true, free, trips), State::Fault, "{what}");
            assert_eq!(run_s(&mut motor, 20, true, free, trips), expected, "{what}");
            if expected == State::Fault {
                run_s(&mut motor, 1, true, free, false);
                motor.reset();
                run_s(&mut motor, 12, true, free, false);
            }
        }
        if expected == State::Fault {
            continue;
        }
        run_s(&mut motor, 5, false, free, false);
        run_s(&mut motor, 60, false, held, false);
        assert_eq!(run_s(&mut motor, 3600, true, free, false), State::Fault, "{what}: enough");
        motor.reset();
        assert_eq!(run_s(&mut motor, 20, true, free, false), State::Running, "{what}");
    }
}

/// R-2.10-08, R-2.10-03, F44: a motor that had failed before a restart is not tried again because the voltage is low when the controller
/// comes back: most restarts come with a weak supply, and that says nothing of what it failed by.
#[test]
fn a_low_voltage_at_a_restart_forgives_no_fault_of_before() {
    let low = Held { large: Reasons::only(Reason::VoltageLow), ..Held::default() };
    for failed in [Failure::DriveTripped, Failure::NoRunFeedback] {
        let mut drive = Drive::default();
        drive.retained.failure = failed;
        drive.restored(Some(Duration::from_secs(600)));
        let mut stagger = Stagger::default();
        for second in 0..400 {
            stagger.hold(if second < 5 { low } else { Held::default() });
            stagger.elapse(Duration::ZERO, SECOND);
            drive.scan(Ask::at(Percent(80.0)), Limits::SURFACE, &mut stagger, SECOND);
            drive.inputs.running = Signal::Good(drive.outputs.run.value());
            drive.inputs.tripped = Signal::Good(false);
            assert!(!drive.outputs.run.value(), "{failed:?}: tried again after {second} s");
        }
        assert_eq!(drive.retained.failure, failed, "it is kept on");
    }
}

/// INV-23: one start at a time, plant-wide.
#[test]
fn two_motors_never_start_together() {
    let (mut one, mut other) = (Motor::default(), Motor::default());
    let mut stagger = Stagger::default();
    stagger.elapse(Duration::from_secs(5), Duration::from_secs(60));
    one.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
    other.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
    assert!(one.outputs.run.value() && !other.outputs.run.value());
    assert!(other.status.blocked.has(Reason::StartStaggered));
    stagger.elapse(Duration::from_secs(5), Duration::from_secs(5));
    other.scan(Ask::when(true), Limits::SMALL, &mut stagger, SECOND);
    assert!(other.outputs.run.value());
}

/// What a journal would have of it.
fn restarted(drive: &Drive, age: Option<Duration>) -> Drive {
    let mut again = Drive { retained: drive.retained, ..Drive::default() };
    again.restored(age);
    again
}

/// R-2.15-02, INV-22: six starts in any hour, however often the controller begins anew.
#[test]
fn a_controller_that_restarts_every_five_minutes_gives_no_start_back() {
    let mut drive = Drive::default();
    let mut starts = std::vec::Vec::new();
    let (mut now, mut on) = (0_u32, false);
    for _ in 0..60 {
        for _ in 0..300 {
            // It would start as soon as it stands, and is stopped at once.
            let ask = if on { Ask::OFF } else { Ask::at(Percent(80.0)) };
            run_s(&mut drive, 1, ask, true);
            let is_on = drive.outputs.run.value();
            if is_on && !on {
                starts.push(now);
            }
            on = is_on;
            now += 1;
        }
        drive = restarted(&drive, None);
        on = false;
    }
    assert!(starts.len() >= 20, "it is not locked out for ever: {starts:?}");
    for start in &starts {
        let hour = starts.iter().filter(|other| (*start..*start + 3600).contains(other)).count();
        assert!(hour <= 6, "{hour} starts in the hour after {start} s");
    }
    for pair in starts.windows(2) {
        assert!(pair[1] - pair[0] >= 180, "minimum time off: {pair:?}");
    }
}

/// R-2.15-02, INV-22: a pump that ran when the controller went stands still for its minimum time off; known time counts, but
/// for the 5 s in which it may have run on unwritten.
#[test]
fn a_restart_does_not_shorten_the_minimum_time_off() {
    let mut drive = Drive::default();
    run_s(&mut drive, 10, Ask::at(Percent(80.0)), true);
    for (age, waits_s) in [(None, 180), (Some(3), 180), (Some(65), 120), (Some(200), 0)] {
        let mut again = restarted(&drive, age.map(Duration::from_secs));
        let ask = Ask::at(Percent(80.0));
        let waited = (0..400).position(|_| run_s(&mut again, 1, ask, true) == State::Starting);
        let waited = waited.unwrap();
        assert!(waited.abs_diff(waits_s) <= 2, "{age:?}: {waited} s");
    }
}

/// R-2.15-02, INV-22: what is kept of a pump in any moment comes back as it was, or stricter by less than a step.
#[test]
fn a_restart_makes_no_start_older_than_it_is() {
    let mut drive = Drive::default();
    let (mut starts, mut on) = (0, false);
    while starts < 6 {
        run_s(&mut drive, 1, if on { Ask::OFF } else { Ask::at(Percent(80.0)) }, true);
        starts += u32::from(drive.outputs.run.value() && !on);
        on = drive.outputs.run.value();
    }
    run_s(&mut drive, 200, Ask::OFF, true);
    let ask = Ask::at(Percent(80.0));
    for age_s in [0, 600, 2400] {
        let mut again = restarted(&drive, Some(Duration::from_secs(age_s)));
        run_s(&mut again, 1, ask, true);
        assert!(again.status.blocked.has(Reason::StartsUsedUp), "{age_s} s away");
        let left = |drive: &Drive| drive.life.start_left(Limits::SURFACE);
        let (was, is) = (left(&drive), left(&again));
        let is = is.saturating_add(Duration::from_secs(age_s + 1));
        assert!(is >= was && is < was + Duration::from_secs(16), "{age_s} s: {was:?} {is:?}");
    }
    let mut again = restarted(&drive, Some(Duration::from_secs(3600)));
    assert_eq!(run_s(&mut again, 3, ask, true), State::Running, "an hour away, and known");
}

/// R-2.15-02: for 120 s it had better run on, and beyond that while it could not start again; never but in AUTO, and only
/// what is proven running.
#[test]
fn a_pump_had_better_run_for_two_minutes_or_until_it_could_start_again() {
    let ask = Ask::at(Percent(80.0));
    let left = |drive: &Drive| (drive.on_left(), drive.run_left(Limits::SURFACE));
    let none = (Duration::ZERO, Duration::ZERO);
    let mut drive = Drive::default();
    assert_eq!(left(&drive), none, "it stands");
    run_s(&mut drive, 1, ask, true);
    assert_eq!(left(&drive), none, "it starts");
    run_s(&mut drive, 60, ask, true);
    let (on, run) = left(&drive);
    assert!(on == run && on > Duration::from_secs(55) && on <= Duration::from_secs(65), "{on:?}");
    run_s(&mut drive, 65, ask, true);
    assert_eq!(left(&drive), none, "it may stop");
    for start in 2..=6 {
        run_s(&mut drive, 2, Ask::OFF, true);
        assert_eq!(left(&drive), none, "it stands");
        assert_eq!(run_s(&mut drive, 190, ask, true), State::Running, "start {start}");
    }
    run_s(&mut drive, 130, ask, true);
    let (on, run) = left(&drive);
    assert!(on.is_zero() && run > Duration::from_secs(600), "the starts are used up: {run:?}");
    drive.inputs.running = Signal::Good(false);
    assert_eq!(left(&drive), none, "not proven running");
    drive.inputs.running = Signal::Good(true);
    for mode in [Mode::Off, Mode::Manual, Mode::Maintenance] {
        drive.handling.change(mode, 7);
        assert_eq!(left(&drive), none, "{mode:?}");
    }
    drive.handling.change(Mode::Auto, 8);
    assert!(!left(&drive).1.is_zero());
    // A stop that safety or a person demands waits for nothing.
    assert_eq!(run_s(&mut drive, 2, Ask::OFF, true), State::Locked);
}
