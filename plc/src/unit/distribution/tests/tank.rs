//! The elevated tank whose level is lost, frozen or forged.

use super::*;

/// R-2.8-06, R-2.12-20, F39: without LT-501, and without anything from its node, the static pressure fills it; it neither spills nor
/// runs empty over a day of changing demand.
#[test]
fn a_lost_tank_is_filled_by_its_static_pressure() {
    let mut rig = Rig::new();
    rig.run_s(600);
    (rig.shown, rig.node) = (Shown::Nothing, false);
    rig.run_s(590);
    assert_ne!(rig.state(), State::TankCommLost {});
    rig.run_s(30);
    assert_eq!(rig.state(), State::TankCommLost {});
    let (mut least, mut most, mut filled) = (9.0_f64, 0.0_f64, false);
    for hour in 0..24 {
        rig.village = [1.0, 3.0, 7.0, 3.0][hour % 4];
        rig.filtered = 5.0;
        for _ in 0..HOUR_S {
            rig.step();
            least = least_of(least, rig.tank);
            most = most_of(most, rig.tank);
            filled |= rig.on();
        }
    }
    assert!(filled && least > 0.5 && most < 2.45, "{least} to {most}");
    assert_eq!(rig.spilled, 0.0);
    assert_eq!(rig.unit.alarms.tank_lost, Condition::Active);
    (rig.shown, rig.node) = (Shown::Truth, true);
    rig.run_s(30);
    assert_ne!(rig.state(), State::TankCommLost {});
}

/// R-2.8-06: with nothing at all it is filled half an hour in three, by day; without a clock, by the hours that pass.
#[test]
fn a_tank_of_which_nothing_is_known_is_filled_by_the_clock() {
    for (clock, runs) in [(true, 5..=6), (false, 7..=8)] {
        let mut rig = Rig::new();
        (rig.village, rig.filtered, rig.clock, rig.time) = (0.75, 5.0, clock, 0);
        rig.run_s(60);
        (rig.shown, rig.node, rig.gauge) = (Shown::Nothing, false, false);
        let (mut on_s, mut starts) = (0, 0);
        for _ in 0..24 * HOUR_S {
            let was = rig.on();
            rig.step();
            on_s += u32::from(rig.on());
            starts += u32::from(rig.on() && !was);
            let night = rig.time < 5 * 3600;
            assert!(!(clock && night && rig.on()), "at {} s of the day", rig.time);
        }
        assert!(runs.contains(&starts), "{starts} runs");
        assert!(on_s <= starts * 1801, "{on_s} s");
        assert_eq!(rig.spilled, 0.0);
    }
}

/// F40, INV-21: LT-501 frozen low; without the float the counted volume stops the pump before it spills.
#[test]
fn a_frozen_level_is_found_out_by_the_volume() {
    for village in [1.0, 3.0, 5.0] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.45, village, 6.0);
        (rig.high_float, rig.gauge) = (false, false);
        rig.run_s(60);
        assert!(rig.on());
        rig.shown = Shown::Number(1.4);
        for _ in 0..20 * HOUR_S {
            rig.step();
        }
        assert_eq!(rig.spilled, 0.0, "{village} m³/h");
        assert!(rig.tank > 1.0 && rig.state() == State::TankCommLost {}, "{}", rig.tank);
        // The transmitter is mended; it is believed when it has followed the water for a while.
        rig.shown = Shown::Truth;
        assert!(rig.until_s(24 * HOUR_S, |rig| rig.state() != State::TankCommLost {}));
    }
}

/// R-2.12-04, INV-21: LT-501 off the top of its scale while neither the meters nor the float can say better: the tank counts as
/// full, and no timed run fills it. With the float that says there is room it is a lost level like any other.
#[test]
fn a_level_off_its_scale_lets_no_timed_run_fill_a_tank_without_a_float() {
    for (float, fills) in [(false, false), (true, true)] {
        let mut rig = Rig::new();
        (rig.shown, rig.gauge, rig.high_float) = (Shown::Over, false, float);
        (rig.tank, rig.village) = (if float { 1.0 } else { 2.45 }, 0.0);
        let filled = rig.until_s(7 * HOUR_S, Rig::on);
        assert_eq!(filled, fills, "float {float}");
        assert_eq!(rig.blocked(Reason::ElevatedTankFull), !float);
        assert_eq!(rig.spilled, 0.0);
    }
}

/// F54: a level forged low is refused within a minute; LSHH-501 or the volume keeps the tank from spilling.
#[test]
fn a_forged_level_is_refused_within_a_minute() {
    for forged in [0.5, 1.4, 2.6] {
        let mut rig = Rig::new();
        (rig.tank, rig.high_float) = (2.0, false);
        rig.run_s(600);
        rig.shown = Shown::Number(forged);
        rig.run_s(60);
        assert_eq!(rig.state(), State::TankCommLost {}, "{forged}");
        (rig.village, rig.filtered) = (1.0, 6.0);
        rig.run_s(20 * HOUR_S);
        assert_eq!(rig.spilled, 0.0, "{forged}");
        assert!(rig.tank > 0.5, "{forged}: {}", rig.tank);
    }
}

/// A healthy level is believed through days of filling and emptying, and its balances close.
#[test]
fn a_healthy_level_is_never_doubted() {
    let mut rig = Rig::new();
    for hour in 0..72 {
        rig.village = [0.6, 3.0, 7.5, 4.0, 2.0, 1.0][hour % 6];
        for _ in 0..HOUR_S {
            rig.filtered = rig.flow;
            rig.step();
            assert!(!rig.unit.tank.is_doubtful(), "hour {hour}");
        }
    }
    assert_eq!(rig.unit.tank_balance.alarms.balance, Condition::Clear);
    assert_eq!(rig.unit.clear_well_balance.alarms.balance, Condition::Clear);
}
