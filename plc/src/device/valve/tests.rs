//! What valves promise.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ends(opened: bool, closed: bool) -> Inputs {
    Inputs { opened: Signal::Good(opened), closed: Signal::Good(closed) }
}

/// R-2.0-07: outside a safety path a valve that does not open is closed and opened once more, then it is a fault.
#[test]
fn a_valve_outside_a_safety_path_gets_a_second_try() {
    let mut valve = MotorValve { inputs: ends(false, false), ..MotorValve::trying_twice() };
    let mut seen = std::vec::Vec::new();
    let mut lasted = std::vec::Vec::new();
    for second in 0..80 {
        valve.scan(Travel::Open, SECOND);
        if seen.last() != Some(&valve.status.state) {
            seen.push(valve.status.state);
            lasted.push(second);
        }
    }
    assert_eq!(seen, [State::Opening, State::Closing, State::Opening, State::Fault]);
    assert_eq!(lasted, [0, 22, 37, 59]);
    valve.reset();
    valve.inputs = ends(false, true);
    for _ in 0..23 {
        valve.scan(Travel::Open, SECOND);
    }
    assert!(!valve.is_faulty(), "closed already, it is opened again at once");
    valve.inputs = ends(true, false);
    valve.scan(Travel::Open, SECOND);
    assert!(valve.is_open());
}

/// R-2.1-02: outside a safety path an ended wish moves nothing; elsewhere its unit says what that means.
#[test]
fn a_valve_whose_time_by_hand_is_over_stays_where_it_is() {
    for (valve, expected) in
        [(MotorValve::trying_twice(), State::Open), (MotorValve::default(), State::Closing)]
    {
        let mut valve = MotorValve { inputs: ends(true, false), ..valve };
        valve.scan(Travel::Stay, SECOND);
        valve.handling.change(Mode::Manual, 7);
        assert!(valve.handling.ask(Percent(100.0), 10 * SECOND, 8).is_ok());
        let asked = |valve: &MotorValve| Travel::when(valve.wants(false));
        for _ in 0..30 {
            valve.scan(asked(&valve), SECOND);
        }
        assert_eq!(valve.status.state, expected);
    }
}

/// R-2.1-08: nobody knows where it stands, so nobody moves it before they say where to.
#[test]
fn a_person_takes_a_valve_over_halfway_and_it_stays_there() {
    let mut valve = MotorValve { inputs: ends(false, false), ..MotorValve::trying_twice() };
    valve.scan(Travel::Stay, SECOND);
    valve.handling.change(Mode::Manual, 7);
    valve.scan(Travel::when(valve.wants(false)), SECOND);
    assert!(!valve.outputs.close.value() && !valve.outputs.open.value());
}

/// R-2.0-07: driven to its end and no further.
#[test]
fn a_valve_is_driven_only_until_its_end_is_reached() {
    let mut valve = MotorValve { inputs: ends(false, true), ..MotorValve::default() };
    valve.scan(Travel::Open, SECOND);
    assert!(valve.outputs.open.value() && !valve.outputs.close.value());
    valve.inputs = ends(false, false);
    valve.scan(Travel::Open, SECOND);
    assert!(valve.outputs.open.value() && !valve.is_open());
    valve.inputs = ends(true, false);
    valve.scan(Travel::Open, SECOND);
    assert!(!valve.outputs.open.value() && valve.is_open());
}

/// R-2.0-07: each fault has its name, until reset.
#[test]
fn a_valve_that_fails_says_what_became_of_it() {
    for (inputs, expected) in [
        (ends(false, false), Reason::ValveHalfway),
        (ends(false, true), Reason::ValveStands),
        (ends(true, true), Reason::WireOrContact),
        (Inputs::default(), Reason::WireOrContact),
    ] {
        let mut valve = ReturnValve { inputs, ..ReturnValve::default() };
        for _ in 0..25 {
            valve.scan(Travel::Open, SECOND);
        }
        assert_eq!(valve.status.failed_by, Reasons::only(expected), "{inputs:?}");
        valve.inputs = ends(true, false);
        valve.scan(Travel::Open, SECOND);
        assert_eq!(valve.status.failed_by, Reasons::only(expected), "{inputs:?}");
        valve.reset();
        valve.scan(Travel::Open, SECOND);
        assert_eq!(valve.status.failed_by, Reasons::NONE);
    }
}

/// R-2.0-07, INV-36: what keeps a valve where it is can be read at the valve.
#[test]
fn a_valve_says_what_keeps_it_where_it_is() {
    let mut spring = ReturnValve { inputs: ends(false, true), ..ReturnValve::default() };
    let mut motor = MotorValve { inputs: ends(false, true), ..MotorValve::default() };
    for second in 0..22 {
        motor.scan(Travel::Open, SECOND);
        spring.scan(Travel::Open, SECOND);
        assert_eq!(motor.status.blocked, Reasons::NONE, "{second} s");
        assert_eq!(spring.status.blocked, Reasons::NONE, "{second} s");
    }
    motor.scan(Travel::Open, SECOND);
    spring.scan(Travel::Open, SECOND);
    let failed = Reasons::all(&[Reason::ValveFault, Reason::ValveStands]);
    assert_eq!((motor.status.blocked, spring.status.blocked), (failed, failed));
    motor.handling.change(Mode::Maintenance, 7);
    spring.handling.change(Mode::Off, 7);
    motor.scan(Travel::Open, SECOND);
    spring.scan(Travel::Open, SECOND);
    assert_eq!(motor.status.blocked, failed.with(Reason::InMaintenance));
    assert_eq!(spring.status.blocked, failed.with(Reason::SwitchedOff));
    motor.reset();
    motor.handling.change(Mode::Auto, 7);
    motor.scan(Travel::Open, SECOND);
    assert_eq!(motor.status.blocked, Reasons::NONE);
}

/// R-2.0-07: no end, or both ends, for 1.5 times the travel is a fault; in a safety path at once.
#[test]
fn a_valve_that_does_not_arrive_in_time_is_a_fault_until_reset() {
    for inputs in [ends(false, false), ends(false, true), ends(true, true), Inputs::default()] {
        let mut valve = ReturnValve { inputs, ..ReturnValve::default() };
        for _ in 0..25 {
            valve.scan(Travel::Open, SECOND);
        }
        assert!(valve.is_faulty() && !valve.outputs.open.value(), "{inputs:?}");
        valve.inputs = ends(true, false);
        valve.scan(Travel::Open, SECOND);
        assert!(valve.is_faulty());
        valve.reset();
        valve.scan(Travel::Open, SECOND);
        assert_eq!(valve.status.state, State::Open);
    }
}

#[test]
fn a_valve_held_off_by_a_cause_is_not_blamed_for_standing_still() {
    let held = Reasons::only(Reason::EmergencyStop);
    let mut valve = MotorValve { inputs: ends(true, false), ..MotorValve::default() };
    let mut spring = ReturnValve { inputs: ends(true, false), ..ReturnValve::default() };
    for _ in 0..60 {
        valve.scan(Travel::Close, SECOND);
        valve.outputs.close.hold_off(held);
        spring.scan(Travel::Close, SECOND);
        spring.outputs.open.hold_off(held);
    }
    assert!(!valve.is_faulty());
    // Without its relay it closes by itself; that it does not is a fault.
    assert!(spring.is_faulty());
    for _ in 0..25 {
        valve.scan(Travel::Close, SECOND);
    }
    assert!(valve.is_faulty());
}

#[test]
fn a_limit_switch_that_is_not_known_proves_nothing() {
    let valve = MotorValve::default();
    assert!(!valve.is_open() && !valve.is_closed());
}
