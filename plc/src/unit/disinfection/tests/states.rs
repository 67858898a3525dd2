//! Which state comes when, and who commands.

use super::*;

/// R-2.7.5-01: each state, what leads into it and what it pumps.
#[test]
fn each_state_has_its_way_in_and_its_dose() {
    let mut rig = Rig::new();
    rig.around.run = false;
    rig.run_s(5);
    assert_eq!((rig.state(), rig.rate()), (State::Off, 0.0));
    rig.around.run = true;
    rig.flow = 0.0;
    rig.run_s(5);
    assert_eq!((rig.state(), rig.rate()), (State::NoFlowHold, 0.0));
    rig.around.prime = true;
    rig.run_s(1);
    assert_eq!(rig.state(), State::Priming);
    assert!(rig.rate() > 179.0);
    rig.run_s(60);
    assert_eq!((rig.state(), rig.rate()), (State::NoFlowHold, 0.0));
    rig.flow = 5.0;
    rig.run_s(9);
    assert_eq!(rig.rate(), 0.0, "flow is proven first");
    rig.run_s(2);
    assert_eq!(rig.state(), State::PacedTrim);
    rig.lose_inlet();
    rig.run_s(65);
    assert_eq!(rig.state(), State::PacedOnly);
    assert!(rig.rate() > 0.0 && rig.unit.status.paced_by.has(Reason::InletChlorineUnknown));
    rig.told = None;
    rig.run_s(1);
    assert_eq!(rig.state(), State::PacedTrim);
    rig.flow = 0.2;
    rig.run_s(1);
    assert_eq!((rig.state(), rig.rate()), (State::NoFlowHold, 0.0));
    rig.around.holds = Reasons::only(Reason::ChlorineDangerous);
    rig.flow = 5.0;
    rig.run_s(20);
    assert_eq!((rig.state(), rig.rate()), (State::Off, 0.0));
    assert!(rig.unit.status.blocked.has(Reason::ChlorineDangerous));
}

/// R-2.7.1-05: an interrupted flow is proven afresh, ten seconds without a gap.
#[test]
fn an_interrupted_flow_is_proven_afresh() {
    let mut rig = Rig::new();
    rig.run_s(8);
    rig.flow = 0.0;
    rig.run_s(1);
    rig.flow = 5.0;
    rig.run_s(9);
    assert_eq!(rig.rate(), 0.0);
    rig.run_s(1);
    assert!(rig.rate() > 0.0);
}

/// R-2.7.5-01: an empty tank, a cap, a cause or a locked-out pump stop it at once; what is not known of the float is empty.
#[test]
fn an_empty_tank_a_cap_or_a_person_stops_the_pump() {
    type Change = fn(&mut Rig);
    let rows: &[(Change, Reason)] = &[
        (|rig| rig.tank = 4.9, Reason::ChlorineEmpty),
        (|rig| rig.around.cap_reached = true, Reason::HourlyCapReached),
        (|rig| rig.around.holds = Reasons::only(Reason::ClearWellFull), Reason::ClearWellFull),
        (|rig| rig.unit.doser.handling.change(Mode::Off, 7), Reason::SwitchedOff),
        (|rig| rig.unit.doser.handling.change(Mode::Maintenance, 7), Reason::InMaintenance),
    ];
    for (stop, reason) in rows {
        let mut rig = Rig::dosing();
        stop(&mut rig);
        rig.run_s(2);
        assert_eq!((rig.state(), rig.rate()), (State::Off, 0.0), "{reason:?}");
        assert!(rig.unit.status.blocked.has(*reason), "{:?}", rig.unit.status.blocked);
    }
    let mut rig = Rig::dosing();
    rig.unit.inputs.tank_low_low = Signal::Bad(Fault::Stale);
    rig.unit.scan(rig.around, SECOND);
    assert_eq!(rig.rate(), 0.0);
}

/// R-2.7.5-01, R-2.1-02, INV-7: a person's strokes, from where the pump was, into flowing water only, and no bump back.
#[test]
fn a_person_commands_the_strokes_and_the_trim_goes_on_from_there() {
    let mut rig = Rig::dosing();
    let before = rig.rate();
    rig.unit.doser.handling.change(Mode::Manual, 7);
    rig.run_s(5);
    assert_eq!(rig.state(), State::Manual);
    assert!(near(rig.rate(), before, 0.1), "{before} {}", rig.rate());
    let hour = Duration::from_secs(3600);
    assert!(rig.unit.doser.handling.ask(Percent(20.0), hour, 8).is_ok());
    rig.run_s(5);
    assert!(near(rig.rate(), 36.0, 0.01));
    assert!(near(rig.dose(), 36.0 * 60.0 * 0.46 / 1000.0 * 10.0 / 5.0, 0.01), "{}", rig.dose());
    rig.flow = 0.2;
    rig.run_s(1);
    assert_eq!(rig.rate(), 0.0, "INV-7 holds by hand too");
    rig.flow = 5.0;
    rig.run_s(15);
    assert!(near(rig.rate(), 36.0, 0.01));
    let dose = rig.dose();
    rig.unit.doser.handling.change(Mode::Auto, 9);
    rig.run_s(2);
    assert_eq!(rig.state(), State::PacedTrim);
    assert!(near(rig.dose(), dose, 0.05), "{dose} {}", rig.dose());
    // Without the plant's wish a person may dose into water that flows.
    rig.around.run = false;
    rig.unit.doser.handling.change(Mode::Manual, 10);
    rig.run_s(1);
    assert!(rig.unit.doser.handling.ask(Percent(10.0), hour, 11).is_ok());
    rig.run_s(20);
    assert!(near(rig.rate(), 18.0, 0.01), "{:?} {}", rig.state(), rig.rate());
}

/// R-2.1-02: the unit taken out of AUTO rests.
#[test]
fn a_unit_taken_out_of_auto_doses_nothing() {
    let mut rig = Rig::dosing();
    rig.unit.handling.change(Mode::Off, 7);
    rig.run_s(2);
    assert_eq!((rig.state(), rig.rate()), (State::Off, 0.0));
    assert!(rig.unit.status.blocked.has(Reason::SwitchedOff));
}

/// R-2.7.5-04, INV-7: a minute, no more, and not again within ten minutes; while it doses too, where the alarm asks for it.
#[test]
fn a_person_primes_the_pump_for_a_minute() {
    for still in [true, false] {
        let mut rig = if still { Rig { flow: 0.0, ..Rig::new() } } else { Rig::dosing() };
        rig.run_s(5);
        rig.around.prime = true;
        rig.run_s(1);
        assert!(rig.rate() > 179.0);
        assert_eq!(rig.unit.primes_still_water(), still);
        assert_eq!(rig.unit.may_prime(), Err(Reason::NotNow));
        rig.run_s(58);
        assert!(rig.rate() > 179.0);
        rig.run_s(3);
        assert!(rig.rate() < 60.0, "still: {still}");
        rig.around.prime = true;
        rig.run_s(1);
        assert!(rig.rate() < 60.0, "still: {still}");
        rig.run_s(540);
        assert_eq!(rig.unit.may_prime(), Ok(()));
    }
}

/// R-2.7.5-01, INV-36: a pump that something holds is not primed, and whoever asks hears why.
#[test]
fn priming_is_refused_with_what_holds_the_pump() {
    type Hold = fn(&mut Rig);
    let rows: [(Hold, Reason); 4] = [
        (
            |rig| rig.around.holds = Reasons::only(Reason::ChlorineDangerous),
            Reason::ChlorineDangerous,
        ),
        (|rig| rig.around.cap_reached = true, Reason::HourlyCapReached),
        (|rig| rig.tank = 4.0, Reason::ChlorineEmpty),
        (|rig| rig.unit.doser.handling.change(Mode::Off, 1), Reason::SwitchedOff),
    ];
    for (hold, why) in rows {
        let mut rig = Rig::new();
        rig.run_s(10);
        assert_eq!(rig.unit.may_prime(), Ok(()));
        hold(&mut rig);
        rig.run_s(1);
        assert_eq!(rig.unit.may_prime(), Err(why));
        rig.around.prime = true;
        rig.run_s(1);
        assert_eq!((rig.state(), rig.rate()), (State::Off, 0.0), "{why:?}");
    }
}

/// R-2.7.5-01: nothing but a reset, or a person who primes, leads out of FAULT.
#[test]
fn a_fault_waits_for_a_person() {
    let mut rig = Rig::dosing();
    rig.health = [Health::Dead; 2];
    assert!(rig.until_s(2 * HOUR_S, |rig| rig.state() == State::Fault).is_some());
    assert!(!rig.unit.is_available() && rig.unit.alarms.not_dosing == Condition::Active);
    rig.run_s(HOUR_S);
    assert_eq!((rig.state(), rig.rate()), (State::Fault, 0.0));
    rig.around.prime = true;
    rig.run_s(1);
    assert_eq!(rig.state(), State::Priming);
    rig.run_s(61);
    assert_eq!(rig.state(), State::Fault);
    rig.health = [Health::Sound; 2];
    rig.around.reset = true;
    rig.run_s(20);
    assert_eq!(rig.state(), State::PacedTrim);
    assert!(rig.unit.is_available() && rig.unit.alarms.not_dosing == Condition::Clear);
}
