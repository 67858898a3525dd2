//! A pump that has just begun, or could not start again, when its tank asks no more.

use super::*;
use crate::quantity::Count;

/// The tank stops asking a minute or so after it began to: the two levels lie a hand apart.
fn filling() -> Rig {
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (2.289, 0.0, 6.0);
    (rig.unit.settings.fill_start, rig.unit.settings.fill_stop) = (Metres(2.29), Metres(2.30));
    assert!(rig.until_s(60, Rig::on));
    rig
}

/// The same pump runs on: the tank is full, and its two minutes are not over.
fn running_on() -> Rig {
    let mut rig = filling();
    assert!(rig.until_s(110, |rig| !rig.unit.status.run_on_left.is_zero()));
    assert!(rig.on() && rig.tank >= 2.3, "{}", rig.tank);
    rig
}

/// Every start of the hour is used up; what runs goes on running.
fn use_up_starts(rig: &mut Rig) {
    for pump in &mut rig.unit.pump {
        pump.retained.hour_starts = Count(f64::from(0x0101_0101) + 4_294_967_296.0 * 257.0);
        pump.retained.off_left = Duration::ZERO;
        pump.restored(None);
    }
}

/// R-2.15-02: a stop by level waits for the minimum time on, slowly, and not a second longer.
#[test]
fn a_pump_that_has_just_begun_does_not_stop_for_a_level() {
    let mut rig = filling();
    let mut on_s = 0;
    while rig.on() {
        rig.step();
        on_s += 1;
        let left = rig.unit.status.run_on_left;
        assert!(left <= Duration::from_secs(120));
        assert!(left.is_zero() || rig.state() == State::Filling {});
    }
    assert!((119..=125).contains(&on_s), "{on_s} s");
    assert!(rig.tank > 2.30 && rig.tank < 2.31 && rig.blocked(Reason::NoDemand));
    assert!(rig.unit.status.run_on_left.is_zero());
}

/// R-2.15-02, INV-21: what safety, a person or the network of reasons says does not wait; nor is anything started for it.
#[test]
fn a_pump_that_runs_on_stops_at_once_for_everything_else() {
    type Change = fn(&mut Rig);
    fn duty(rig: &mut Rig) -> &mut Drive {
        rig.unit.pump.iter_mut().find(|pump| pump.is_running()).unwrap()
    }
    for (name, change) in [
        ("STOP", (|rig| rig.around.run = false) as Change),
        ("a cause", |rig| rig.around.holds = Reasons::only(Reason::EmergencyStop)),
        ("a full tank", |rig| rig.tank = 2.41),
        ("a substituted level", |rig| rig.shown = Shown::Nothing),
        ("no level", |rig| (rig.shown, rig.node) = (Shown::Nothing, false)),
        ("a doubtful level", |rig| {
            let level = rig.unit.status.tank_level.good().unwrap();
            rig.shown = Shown::Doubtful(level.0);
        }),
        ("a low clear well", |rig| rig.well = 0.5),
        ("contact time", |rig| rig.around.contact_short = true),
        ("turbid water", |rig| rig.around.turbid = true),
        ("contamination", |rig| rig.unit.retained.contaminated = true),
        ("the unit in OFF", |rig| rig.unit.handling.change(Mode::Off, 7)),
        ("the unit in MANUAL", |rig| rig.unit.handling.change(Mode::Manual, 7)),
        ("the pump in OFF", |rig| duty(rig).handling.change(Mode::Off, 7)),
        ("the pump in MAINTENANCE", |rig| duty(rig).handling.change(Mode::Maintenance, 7)),
        ("a pump in MANUAL that nobody runs", |rig| {
            duty(rig).handling.change(Mode::Manual, 7);
            duty(rig).handling.ask(Percent(0.0), Duration::from_secs(60), 8).unwrap();
        }),
    ] {
        let mut rig = running_on();
        let starts = rig.starts;
        change(&mut rig);
        rig.run_s(3);
        assert!(!rig.on(), "{name}");
        assert!(rig.unit.status.run_on_left.is_zero(), "{name}");
        rig.run_s(60);
        assert!(!rig.on() && rig.starts == starts, "{name}: nothing else is started");
    }
}

/// R-2.15-02: the pump that runs on is lost: its standby is not asked in its place.
#[test]
fn the_standby_of_a_pump_that_runs_on_does_not_start_when_that_fails() {
    let mut rig = running_on();
    let duty = rig.unit.pump.iter().position(Drive::is_running).unwrap();
    rig.tripped = Some(duty);
    for _ in 0..60 {
        rig.step();
        let other = &rig.unit.pump[1 - duty];
        assert!(!other.outputs.run.value() && !other.is_on());
    }
    assert!(rig.unit.pump[duty].is_faulty() && !rig.on());
}

/// R-2.15-02, R-2.1-02: one that a person runs by hand holds nothing, and starts no other.
#[test]
fn a_pump_run_by_hand_does_not_start_the_other_one() {
    for (name, tank) in [("full", 2.31), ("in between", 2.0)] {
        for used_up in [false, true] {
            let mut rig = Rig::new();
            (rig.tank, rig.village, rig.filtered) = (tank, 3.0, 6.0);
            rig.unit.pump[0].handling.change(Mode::Manual, 7);
            rig.step();
            let hour = Duration::from_secs(3600);
            assert!(rig.unit.pump[0].handling.ask(Percent(80.0), hour, 8).is_ok());
            assert!(rig.until_s(60, |rig| rig.unit.pump[0].is_running()), "{name}");
            let other = rig.unit.pump[1].retained;
            if used_up {
                use_up_starts(&mut rig);
                // The other one has starts left.
                rig.unit.pump[1].retained = other;
                rig.unit.pump[1].restored(None);
            }
            for _ in 0..60 {
                rig.step();
                assert!(!rig.unit.pump[1].outputs.run.value(), "{name}, used up: {used_up}");
                assert!(rig.unit.status.run_on_left.is_zero());
            }
            assert!(rig.unit.pump[0].is_running(), "the person's run goes on");
            // Given back to the sequence, which does not ask: it stops at once.
            rig.unit.pump[0].handling.change(Mode::Auto, 9);
            for second in 0..60 {
                rig.step();
                assert!(!rig.unit.pump[1].outputs.run.value(), "{name}, used up: {used_up}");
                assert!(second < 3 || !rig.on(), "{name}, used up: {used_up}");
            }
        }
    }
}

/// R-2.15-02, INV-21, INV-22: a pump that could not start again runs on slowly while the tank has room, and no further.
#[test]
fn a_pump_whose_starts_are_used_up_runs_on_while_the_tank_has_room() {
    let mut rig = running_on();
    use_up_starts(&mut rig);
    rig.run_s(180);
    assert!(rig.on() && rig.tank < 2.35);
    assert!((rig.unit.status.setpoint.0 - 3.0).abs() < 1e-9, "{:?}", rig.unit.status.setpoint);
    assert!(rig.until_s(HOUR_S, |rig| !rig.on()));
    assert!(rig.tank > 2.349 && rig.tank < 2.352, "{}", rig.tank);
    // It drinks its way through the room that is left: once a start is free again the pump stops.
    let mut rig = running_on();
    use_up_starts(&mut rig);
    rig.village = 3.0;
    let mut on_s = 0;
    while rig.on() && on_s < 2 * HOUR_S {
        rig.step();
        on_s += 1;
    }
    assert!(on_s > HOUR_S - 30 && on_s <= HOUR_S + 5, "{on_s} s");
    assert!(rig.tank < 2.35 && rig.pumps_on() == 0);
}

/// R-2.15-02, R-2.8-06: nothing that counts in place of LT-501 lets a pump run on whose starts are used up.
#[test]
fn a_pump_whose_starts_are_used_up_stops_at_a_level_that_is_not_measured() {
    let mut rig = running_on();
    use_up_starts(&mut rig);
    rig.run_s(100);
    assert!(rig.on());
    rig.shown = Shown::Nothing;
    rig.run_s(3);
    assert!(rig.unit.status.tank_level.usable().is_some(), "it is counted");
    assert!(!rig.on());
}

/// R-2.15-02, R-2.6.3-10: a wash waits for a pump that has just begun, and no second one starts meanwhile.
#[test]
fn a_wash_waits_for_the_minimum_time_on_and_no_longer() {
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (0.9, 3.0, 6.0);
    assert!(rig.until_s(60, Rig::on));
    rig.run_s(5);
    rig.around.rest_for_wash = true;
    let mut on_s = 0;
    while rig.on() {
        rig.step();
        on_s += 1;
        assert!(rig.pumps_on() <= 1, "no second one");
    }
    assert!((114..=118).contains(&on_s), "{on_s} s");
    rig.run_s(600);
    assert!(!rig.on() && rig.blocked(Reason::Washing));
    // One that has run for its time rests at once.
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (1.4, 3.0, 6.0);
    assert!(rig.until_s(60, Rig::on));
    rig.run_s(130);
    rig.around.rest_for_wash = true;
    rig.run_s(3);
    assert!(!rig.on());
    // Nor does a person start one by hand while another runs out its time.
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (1.4, 3.0, 6.0);
    assert!(rig.until_s(60, Rig::on));
    rig.run_s(5);
    let other = rig.unit.pump.iter().position(|pump| !pump.outputs.run.value()).unwrap();
    rig.around.rest_for_wash = true;
    rig.unit.pump[other].handling.change(Mode::Manual, 7);
    rig.step();
    assert!(rig.unit.pump[other].handling.ask(Percent(90.0), Duration::from_secs(60), 8).is_ok());
    for _ in 0..50 {
        rig.step();
        assert!(!rig.unit.pump[other].outputs.run.value());
    }
    assert!(rig.unit.pump[other].status.blocked.has(Reason::Washing));
}
