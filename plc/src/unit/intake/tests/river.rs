//! River, screen, wet well, and the alarms of the raw water.

use crate::signal::Fault;
use crate::unit::intake::rig::{HOUR_S, Rig, Shown};
use crate::unit::intake::sequence::State;
use crate::unit::intake::*;

/// R-2.3-05: start at 0.8 m, stop at 0.5 m.
#[test]
fn the_pump_starts_at_one_level_and_stops_at_a_lower_one() {
    let mut rig = Rig::new();
    rig.unit.settings.screen_stop = Metres(9.0);
    for (level, runs) in
        [(0.79, false), (0.8, true), (0.6, true), (0.51, true), (0.5, false), (0.7, false)]
    {
        rig.well = Shown::Number(level);
        rig.run_s(40);
        assert_eq!(rig.on(0), runs, "{level} m");
        assert_eq!(rig.blocked(Reason::WetWellLow), !runs, "{level} m");
        assert_eq!(rig.state() == (State::Hold {}), !runs, "{level} m");
    }
    rig.run_s(400);
    rig.well = Shown::Truth;
    assert!(rig.until_s(60, |rig| rig.state() == State::Running {}).is_some());
    for nothing in [Shown::Bad(Fault::Stale), Shown::Number(f64::NAN)] {
        rig.well = nothing;
        rig.run_s(2);
        assert!(!rig.on(0) && !rig.on(1), "{nothing:?}");
        rig.well = Shown::Truth;
        rig.run_s(600);
    }
}

/// R-2.3-05: LT-101 less LT-102 less offset above 0.15 m calls for a rake, above 0.40 m stops.
#[test]
fn a_clogged_screen_calls_for_a_rake_and_then_stops_the_pump() {
    let mut rig = Rig::lifting();
    for (screen, alarm, runs) in
        [(0.14, false, true), (0.16, true, true), (0.39, true, true), (0.45, true, false)]
    {
        rig.screen = screen;
        rig.run_s(70);
        let called = rig.unit.alarms.screen_blocked == Condition::Active;
        assert_eq!((called, rig.on(0)), (alarm, runs), "{screen} m");
    }
    assert!(rig.blocked(Reason::ScreenBlocked) && rig.state() == (State::Hold {}));
    rig.screen = 0.1;
    rig.run_s(590);
    assert!(!rig.on(0), "ten minutes clear");
    assert!(rig.until_s(60, |rig| rig.state() == State::Running {}).is_some());
}

/// R-2.12-12: without LT-101 the wet well's own level says whether there is water.
#[test]
fn without_the_rivers_level_the_wet_well_decides() {
    let mut rig = Rig::lifting();
    rig.river = 0.9;
    for _ in 0..HOUR_S {
        rig.step();
        rig.unit.inputs.river_level = Signal::Bad(Fault::Stale);
    }
    // The rig shows a level again in each step: judged without it, nothing is held.
    rig.unit.inputs.river_level = Signal::Bad(Fault::Stale);
    rig.unit.watch_river(Duration::from_secs(1));
    assert!(rig.unit.status.screen_loss.usable().is_none() && !rig.unit.floods());
    assert_eq!(rig.state(), State::Running {});
}

/// R-2.3-06: above the flood stop nothing is lifted, until 0.3 m below it for ten minutes; alarm 110 from 4.5 m.
#[test]
fn a_flood_stops_the_intake_and_is_a_critical_alarm() {
    let mut rig = Rig::lifting();
    rig.well = Shown::Number(2.0);
    rig.unit.settings.screen_stop = Metres(9.0);
    for (river, seconds, alarm, runs) in [
        (4.1, 600, Condition::Clear, true),
        (4.6, 600, Condition::Active, true),
        (5.0, 600, Condition::Active, true),
        (5.1, 15, Condition::Active, false),
        (4.8, 3600, Condition::Active, false),
        (4.3, 590, Condition::AsBefore, false),
        (4.2, 400, Condition::Clear, true),
    ] {
        rig.river = river;
        rig.run_s(seconds);
        assert_eq!((rig.unit.alarms.flood, rig.on(0)), (alarm, runs), "{river} m");
        assert!(rig.unit.status.flood_warning || river <= 4.5, "{river} m");
    }
}

/// R-2.3-06, R-2.12-04: a river that drives LT-101 off its scale floods.
#[test]
fn a_river_above_its_gauge_is_a_flood() {
    let mut rig = Rig::lifting();
    rig.well = Shown::Number(2.0);
    rig.unit.settings.screen_stop = Metres(9.0);
    rig.river = 6.2;
    rig.run_s(61);
    assert_eq!((rig.unit.alarms.flood, rig.on(0)), (Condition::Active, false));
    assert!(rig.unit.status.flood_warning);
}

/// R-2.3-06: 0.5 m in an hour.
#[test]
fn a_river_that_rises_fast_warns_of_a_flood() {
    for (per_hour, warns) in [(0.4, false), (0.6, true)] {
        let mut rig = Rig::lifting();
        rig.well = Shown::Number(1.5);
        rig.unit.settings.screen_stop = Metres(9.0);
        rig.run_s(2 * HOUR_S);
        assert!(!rig.unit.status.flood_warning);
        let mut warned = false;
        for _ in 0..HOUR_S {
            rig.river += per_hour / f64::from(HOUR_S);
            rig.step();
            warned |= rig.unit.status.flood_warning;
        }
        assert_eq!(warned, warns, "{per_hour} m an hour");
        rig.run_s(2 * HOUR_S);
        assert!(!rig.unit.status.flood_warning, "it has stopped rising");
    }
}

/// R-2.4-11, F60: raw water of pH 4.5 is not taken after ten minutes.
#[test]
fn a_poisoned_river_closes_the_intake_after_ten_minutes() {
    for ph in [4.5, 9.8, f64::NAN] {
        let mut rig = Rig::lifting();
        rig.unit.inputs.ph = Signal::Good(Ph(ph));
        rig.run_s(590);
        assert!(rig.on(0), "{ph}");
        rig.run_s(20);
        assert!(!rig.on(0) && rig.blocked(Reason::RawPhOutOfRange), "{ph}");
        assert_eq!(rig.unit.alarms.ph_abnormal, Condition::Active, "{ph}");
        rig.unit.inputs.ph = Signal::Good(Ph(7.0));
        rig.run_s(590);
        assert!(!rig.on(0), "{ph}");
        assert!(rig.until_s(400, |rig| rig.on(0) || rig.on(1)).is_some(), "{ph}");
    }
}

/// INV-44: alarms 101, 106, 108, 112 with their limits and deadbands, and no word of a unit that nobody asks (s1, s2, s3).
#[test]
fn the_alarms_of_the_raw_water_speak_at_their_limits() {
    let mut rig = Rig::lifting();
    rig.run_s(600);
    let of = |rig: &Rig| {
        let alarms = &rig.unit.alarms;
        [alarms.wet_well_low, alarms.muddy, alarms.ph_abnormal, alarms.flow_low]
    };
    assert_eq!(of(&rig), [Condition::Clear; 4]);
    rig.well = Shown::Number(0.59);
    rig.unit.inputs.turbidity = Signal::Good(Ntu(201.0));
    rig.unit.inputs.ph = Signal::Good(Ph(5.9));
    rig.meter = Shown::Number(2.9);
    rig.run_s(1);
    assert_eq!(of(&rig), [Condition::Active; 4]);
    rig.well = Shown::Number(0.65);
    rig.unit.inputs.turbidity = Signal::Good(Ntu(160.0));
    rig.unit.inputs.ph = Signal::Good(Ph(6.1));
    rig.meter = Shown::Number(3.2);
    rig.run_s(1);
    assert_eq!(of(&rig), [Condition::AsBefore; 4]);
    rig.unit.inputs.ph = Signal::Held(Ph(4.0), crate::signal::Moment(0));
    rig.run_s(1);
    assert_eq!(of(&rig)[2], Condition::Suppressed, "in calibration");
    rig.around.run = false;
    rig.run_s(2);
    assert_eq!(of(&rig), [Condition::Suppressed; 4]);
    rig.around.run = true;
    rig.meter = Shown::Truth;
    rig.well = Shown::Truth;
    rig.run_s(400);
    rig.meter = Shown::Number(2.0);
    rig.run_s(2);
    assert_eq!(of(&rig)[3], Condition::Suppressed, "in the first ten minutes");
}
