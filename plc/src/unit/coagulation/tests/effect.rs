//! What coagulation concludes from the settled water.

use super::Rig;
use crate::unit::coagulation::*;

const HOUR_S: u32 = 3600;

fn trimmed() -> Rig {
    let mut rig = Rig::dosing();
    rig.unit.settings.trim_on = true;
    rig
}

/// R-2.4-06: off by default.
#[test]
fn the_slow_trim_is_off_until_somebody_switches_it_on() {
    let mut rig = Rig::dosing();
    rig.around.settled = Signal::Good(Ntu(3.5));
    rig.run_s(6 * HOUR_S);
    assert!((rig.dose() - 9.0).abs() < 0.01);
}

/// R-2.4-06: × 1.05 every half hour while the settled water gets better by it, × 0.98 after six clear hours; 0.8 to 1.3.
#[test]
fn the_trim_raises_the_dose_of_cloudy_water_slowly_and_lowers_it_for_clear_water() {
    let mut rig = trimmed();
    rig.around.settled = Signal::Good(Ntu(4.0));
    rig.run_s(55 * 60);
    assert_eq!(rig.unit.retained.trim, Ratio(1.0), "raw water must be steady for an hour");
    let mut settled = 4.0;
    for _ in 0..8 {
        rig.around.settled = Signal::Good(Ntu(settled));
        let before = rig.unit.retained.trim.0;
        rig.run_s(1800);
        let factor = rig.unit.retained.trim.0 / before;
        let most = rig.unit.retained.trim == Ratio(1.3);
        assert!(factor == 1.0 || (factor - 1.05).abs() < 1e-9 || most, "{factor}");
        settled *= 0.96;
    }
    let risen = rig.unit.retained.trim;
    assert!(risen > Ratio(1.2) && risen <= Ratio(1.3), "{risen:?}");
    assert!((rig.dose() - 9.0 * risen.0).abs() < 0.05, "{}", rig.dose());
    rig.around.settled = Signal::Good(Ntu(0.8));
    rig.run_s(5 * HOUR_S);
    assert_eq!(rig.unit.retained.trim, risen, "six hours");
    rig.run_s(7 * HOUR_S);
    assert!(rig.unit.retained.trim < risen);
    rig.run_s(48 * HOUR_S);
    assert_eq!(rig.unit.retained.trim, Ratio(0.8));
    assert_eq!(rig.unit.alarms.drifts, Condition::Active, "far out for two hours: 209");
}

/// R-2.4-06, F14: more coagulant that brings nothing is taken back, with alarm 209.
#[test]
fn two_increases_in_vain_are_taken_back_and_called_out() {
    let mut rig = trimmed();
    rig.around.settled = Signal::Good(Ntu(3.0));
    assert!(rig.until_s(3 * HOUR_S, |rig| rig.unit.retained.trim.0 > 1.1).is_some());
    rig.around.settled = Signal::Good(Ntu(3.2));
    assert_eq!(rig.unit.alarms.drifts, Condition::Clear);
    rig.run_s(1810);
    assert!((rig.unit.retained.trim.0 - 1.0).abs() < 1e-9, "{:?}", rig.unit.retained.trim);
    assert_eq!(rig.unit.alarms.drifts, Condition::Active);
    rig.run_s(12 * HOUR_S);
    assert!(rig.unit.retained.trim.0 < 1.01, "it does not try again on the same day");
    rig.around.reset = true;
    rig.run_s(1);
    assert_eq!(rig.unit.alarms.drifts, Condition::Clear);
}

/// R-2.4-06: after more coagulant was taken back the trim is left alone for a day, downwards too.
#[test]
fn for_a_day_after_a_revert_clear_water_lowers_no_dose_either() {
    let mut rig = trimmed();
    rig.around.settled = Signal::Good(Ntu(3.0));
    assert!(rig.until_s(3 * HOUR_S, |rig| rig.unit.retained.trim.0 > 1.1).is_some());
    rig.run_s(1810);
    let reverted = rig.unit.retained.trim;
    assert!((reverted.0 - 1.0).abs() < 1e-9, "{reverted:?}");
    rig.around.settled = Signal::Good(Ntu(0.8));
    rig.run_s(23 * HOUR_S);
    assert_eq!(rig.unit.retained.trim, reverted);
    rig.run_s(2 * HOUR_S);
    assert!(rig.unit.retained.trim < reverted);
}

/// R-2.4-06: a river on its way up or down says nothing of the dose.
#[test]
fn nothing_is_trimmed_while_the_river_changes() {
    let mut rig = trimmed();
    rig.around.settled = Signal::Good(Ntu(3.0));
    for minute in 0..300_u32 {
        rig.around.raw_turbidity = Signal::Good(Ntu(20.0 + f64::from(minute)));
        rig.run_s(60);
        assert_eq!(rig.unit.retained.trim, Ratio(1.0), "{minute} min");
    }
}

/// R-2.2.2-09, F13: settled water above 4 NTU for an hour of steady raw water at full dose; until it is 3 for half an hour.
#[test]
fn coagulant_that_does_less_than_the_table_says_is_suspect() {
    type Excuse = fn(&mut Rig);
    let rows: [(&str, Excuse, bool); 5] = [
        ("no excuse", |_| {}, true),
        ("clear enough", |rig| rig.around.settled = Signal::Good(Ntu(3.9)), false),
        ("unknown", |rig| rig.around.settled = Signal::Bad(crate::signal::Fault::Stale), false),
        ("not stroked", |rig| rig.health = [0.0; 2], false),
        ("not dosing", |rig| rig.around.intake_on = false, false),
    ];
    for (what, excuse, suspect) in rows {
        let mut rig = Rig::dosing();
        rig.around.settled = Signal::Good(Ntu(4.5));
        excuse(&mut rig);
        rig.run_s(HOUR_S);
        assert!(!rig.unit.is_suspect(), "{what}");
        rig.run_s(2 * HOUR_S);
        assert_eq!(rig.unit.is_suspect(), suspect, "{what}");
        assert_eq!(rig.unit.alarms.drifts == Condition::Active, suspect, "{what}");
    }
    let mut rig = Rig::dosing();
    rig.around.settled = Signal::Good(Ntu(4.5));
    rig.run_s(3 * HOUR_S);
    rig.around.settled = Signal::Good(Ntu(3.5));
    rig.run_s(2 * HOUR_S);
    assert!(rig.unit.is_suspect());
    rig.around.settled = Signal::Good(Ntu(2.9));
    rig.run_s(1790);
    assert!(rig.unit.is_suspect());
    rig.run_s(20);
    assert!(!rig.unit.is_suspect());
    // A jar test or a reset voids the suspicion.
    rig.around.settled = Signal::Good(Ntu(4.5));
    rig.run_s(3 * HOUR_S);
    assert!(rig.unit.is_suspect());
    let jars = (Ntu(20.0), MilligramsPerLitre(11.0), Ntu(1.0));
    assert!(rig.unit.enter_jar_test(jars.0, jars.1, jars.2, Role::Operator).is_ok());
    assert!(!rig.unit.is_suspect());
}

/// R-2.2.2-09, F13: a pause of the dosing does not begin the hour anew: cloudy water stops the filters, and full tanks the dosing.
#[test]
fn the_hour_of_cloudy_water_is_counted_over_pauses_of_the_dosing() {
    let mut rig = Rig::dosing();
    rig.around.settled = Signal::Good(Ntu(4.5));
    rig.run_s(HOUR_S + 2400);
    rig.around.intake_on = false;
    rig.run_s(2 * HOUR_S);
    rig.around.intake_on = true;
    rig.run_s(600);
    assert!(!rig.unit.is_suspect());
    rig.run_s(1200);
    assert!(rig.unit.is_suspect());
}

/// R-2.2.2-09, F13: out of a clear river settled water is never above 4 NTU, however weak the PAC: filters that are stopped for
/// their water, all of them, say it too. Not where the settled water was good, nor the river muddy, nor while one delivers.
#[test]
fn filters_that_all_stop_for_their_water_make_the_coagulant_suspect() {
    for (raw, settled, suspect) in [(10.0, 2.1, true), (10.0, 1.9, false), (60.0, 3.9, false)] {
        let mut rig = Rig::dosing();
        rig.around.settled = Signal::Good(Ntu(settled));
        for reading in 0..1440_u32 {
            // Its analyser wavers by more than a fifth.
            let noise = f64::from(reading % 7) - 3.0;
            rig.around.raw_turbidity = Signal::Good(Ntu(raw + noise));
            rig.run_s(5);
        }
        rig.around.raw_turbidity = Signal::Good(Ntu(raw));
        rig.around.filters_cloudy = true;
        rig.run_s(600);
        rig.around.intake_on = false;
        rig.run_s(1190);
        assert!(!rig.unit.is_suspect());
        rig.run_s(20);
        assert_eq!(rig.unit.is_suspect(), suspect, "{settled}");
        assert_eq!(rig.unit.alarms.drifts == Condition::Active, suspect);
        rig.around.intake_on = true;
        rig.around.settled = Signal::Good(Ntu(0.5));
        rig.run_s(HOUR_S);
        assert_eq!(rig.unit.is_suspect(), suspect, "none delivers yet");
        rig.around.filters_cloudy = false;
        rig.run_s(1900);
        assert!(!rig.unit.is_suspect());
    }
}

/// R-2.4-10, R-2.4-09, F12: strokes that move nothing change the pump over under their own name, unless the settled water
/// shows that PAC goes in: a gauge that stands alone stops nobody.
#[test]
fn a_pump_that_strokes_and_moves_nothing_gives_way_unless_the_settled_water_is_clear() {
    let bad = Signal::Bad(crate::signal::Fault::Stale);
    for (settled, dosing, changes) in [
        (Signal::Good(Ntu(2.0)), true, false),
        (Signal::Good(Ntu(2.01)), true, true),
        (Signal::Good(Ntu(f64::NAN)), true, true),
        (bad, true, true),
        (bad, false, false),
    ] {
        let mut rig = Rig::dosing();
        rig.around.settled = settled;
        rig.around.intake_on = dosing;
        rig.run_s(2);
        rig.around.stock.nothing_leaves = true;
        rig.run_s(1);
        rig.around.stock.nothing_leaves = false;
        rig.run_s(2);
        let unit = &rig.unit;
        assert_eq!(unit.doser.outputs.choose_b.value(), changes, "{settled:?} {dosing}");
        assert_eq!(unit.alarms.not_dosing == Condition::Active, changes, "{settled:?} {dosing}");
        let named = unit.doser.status.failed_by;
        assert_eq!(named.has(Reason::StrokesMoveNothing), changes, "{named:?}");
        assert!(!named.has(Reason::StrokesMissing), "{named:?}");
    }
    let mut rig = Rig::dosing();
    rig.around.settled = bad;
    for failed in [false, true] {
        rig.around.stock.nothing_leaves = true;
        rig.run_s(1);
        rig.around.stock.nothing_leaves = false;
        rig.run_s(2);
        let unready = rig.unit.unready().has(Reason::CoagulantPumpUnavailable);
        assert_eq!(unready, failed, "the second stops the intake");
    }
    rig.around.reset = true;
    rig.run_s(2);
    assert!(rig.unit.doser.status.failed_by.is_empty() && rig.unit.is_available());
}
