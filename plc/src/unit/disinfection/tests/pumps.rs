//! Strokes that are missing, and strokes that move nothing.

use super::*;

/// Alarm 407 stands.
fn called(rig: &Rig) -> bool {
    rig.unit.alarms.not_dosing == Condition::Active
}

/// R-2.7.5-01, F32: a pump that does not stroke gives way to the other within 90 s, with alarm 407, and hardly any chlorine is lost.
#[test]
fn a_pump_that_does_not_stroke_gives_way_to_the_other() {
    let mut rig = Rig::dosing();
    rig.health[0] = Health::Dead;
    let changed = rig.until_s(120, Rig::on_b);
    assert!(changed.is_some_and(|after| after <= 90), "{changed:?}");
    rig.run_s(1);
    assert!(called(&rig) && rig.unit.status.failed_by.has(Reason::StrokesMissing));
    let mut least = 9.0;
    for _ in 0..1800 {
        rig.step();
        least = if rig.inlet < least { rig.inlet } else { least };
    }
    assert!(least > 0.7 && rig.state() == State::PacedTrim, "{least}");
    rig.around.reset = true;
    rig.run_s(2);
    assert!(!called(&rig));
}

/// R-2.7.5-01: no strokes of either are seen: while the residual holds it is the contact; when it falls, nothing doses.
#[test]
fn no_strokes_of_either_are_a_broken_contact_while_the_residual_holds_and_a_fault_when_it_falls() {
    let mut rig = Rig::dosing();
    rig.health = [Health::Dead; 2];
    rig.told = Some(mg(0.9));
    rig.run_s(300);
    assert!(rig.state() == State::PacedTrim && called(&rig));
    assert!(rig.unit.doser.has_failed() && rig.unit.status.failed_by.has(Reason::WireOrContact));
    rig.told = Some(mg(0.39));
    rig.run_s(2);
    assert_eq!((rig.state(), rig.rate()), (State::Fault, 0.0));
    assert!(rig.unit.status.blocked.has(Reason::ChlorinePumpUnavailable));
    let mut rig = Rig::dosing();
    rig.health = [Health::Dead; 2];
    rig.lose_inlet();
    rig.run_s(300);
    assert_eq!(rig.state(), State::Fault, "unknown is unsafe");
}

/// R-2.7.5-04: strokes and a falling residual, and the tank stands: a minute at full stroke, which drives the air out.
#[test]
fn air_in_the_line_is_seen_named_and_driven_out_by_priming() {
    let mut rig = Rig::dosing();
    rig.health[0] = Health::Air(40);
    let primed = rig.until_s(1200, |rig| rig.state() == State::Priming);
    assert!(primed.is_some_and(|after| after <= 900), "{primed:?}");
    let named = rig.unit.status.failed_by;
    assert!(named.has(Reason::StrokesMoveNothing) && named.has(Reason::AirInLine), "{named:?}");
    rig.run_s(2);
    assert!(called(&rig) && !rig.unit.primes_still_water());
    let back = rig.until_s(70, |rig| rig.state() != State::Priming);
    assert!(back.is_some_and(|after| near(f64::from(after), 58.0, 2.0)), "{back:?}");
    assert_eq!(rig.state(), State::PacedTrim);
    rig.run_s(2 * HOUR_S);
    assert!(!rig.on_b() && !called(&rig), "{:?}", rig.unit.status.failed_by);
    assert!(near(rig.inlet, 0.9, 0.1), "{}", rig.inlet);
}

/// R-2.7.5-04, R-2.7.5-02: priming that does not help: the other pump, by what is still missing or by the residual, whichever
/// comes first; and when neither moves anything, FAULT.
#[test]
fn air_that_priming_does_not_drive_out_changes_the_pump_and_at_last_is_a_fault() {
    let mut rig = Rig::dosing();
    rig.health[0] = Health::Air(u32::MAX);
    let changed = rig.until_s(HOUR_S, Rig::on_b);
    assert!(changed.is_some_and(|after| after <= 1800), "{changed:?}");
    assert!(called(&rig), "{:?}", rig.unit.status.failed_by);
    rig.run_s(HOUR_S);
    assert!(!rig.unit.doser.has_failed() && rig.inlet > 0.6, "{}", rig.inlet);
    rig.health[1] = Health::Air(u32::MAX);
    let fault = rig.until_s(5 * HOUR_S, |rig| rig.state() == State::Fault);
    assert!(fault.is_some(), "{:?} {}", rig.state(), rig.inlet);
    let named = rig.unit.status.failed_by;
    assert!(
        named.has(Reason::StrokesMoveNothing) && named.has(Reason::DosingValveShut),
        "{named:?}"
    );
    assert!(called(&rig) && rig.unit.holds_delivery());
}

/// R-2.7.5-04: what is no air lock: a demand that jumps, half the strength, a tank that falls, an overfeed that ends, an
/// analyser that does not answer.
#[test]
fn nothing_is_primed_that_doses() {
    type Change = fn(&mut Rig);
    let rows: &[(&str, Change)] = &[
        ("demand", |rig| rig.demand += 0.4),
        ("half strength", |rig| {
            (rig.stock, rig.eaten, rig.demand) = (5.0, 0.25, 0.225);
        }),
        ("a lower setpoint", |rig| {
            rig.unit.settings.residual_target = MilligramsPerLitre(0.5);
        }),
        ("less flow", |rig| rig.flow = 2.5),
        ("an analyser away", |rig| rig.lose_inlet()),
        ("an overfeed", |rig| rig.inlet = 3.5),
    ];
    for (name, change) in rows {
        let mut rig = Rig::dosing();
        change(&mut rig);
        for _ in 0..2 * HOUR_S {
            rig.step();
            assert_ne!(rig.state(), State::Priming, "{name} {}", rig.inlet);
        }
    }
    // The hose has come off: the tank falls, nothing arrives.
    let mut rig = Rig::dosing();
    rig.health[0] = Health::Air(u32::MAX);
    for _ in 0..900 {
        rig.tank -= 0.005;
        rig.step();
        assert_ne!(rig.state(), State::Priming, "{}", rig.tank);
    }
}

/// R-2.4-10, R-2.7.5-01, F32: the tank says that nothing leaves it: the other pump, then Fault; unless the residual shows that
/// chlorine goes in.
#[test]
fn a_tank_that_nothing_leaves_changes_the_pump_over_unless_the_residual_holds() {
    for (inlet, changes) in [
        (mg(0.4), false),
        (mg(0.39), true),
        (mg(f64::NAN), true),
        (Signal::Bad(Fault::Stale), true),
    ] {
        let mut rig = Rig::dosing();
        rig.told = Some(inlet);
        rig.run_s(2);
        for failed in [false, true] {
            rig.around.stock.nothing_leaves = true;
            rig.run_s(1);
            rig.around.stock.nothing_leaves = false;
            rig.run_s(2);
            assert_eq!(rig.on_b(), changes, "{inlet:?}");
            assert_eq!(called(&rig), changes, "{inlet:?}");
            assert_eq!(rig.state() == State::Fault, changes && failed, "{inlet:?}");
            let named = rig.unit.status.failed_by;
            assert_eq!(named.has(Reason::StrokesMoveNothing), changes, "{inlet:?} {named:?}");
        }
    }
}

/// R-2.2-15, F32: a level that dances around its limit empties the tank once; it is full again when somebody has filled it.
#[test]
fn a_chlorine_tank_that_was_empty_stays_so_until_it_is_filled() {
    let mut rig = Rig::new();
    for (level, empty) in [(5.3, false), (4.8, true), (5.4, true), (9.8, true), (10.3, false)] {
        rig.tank = level;
        rig.run_s(1);
        assert_eq!(rig.unit.is_empty(), empty, "{level} %");
    }
}
