//! Jar tests.

use std::vec::Vec;

use super::Rig;
use crate::unit::coagulation::*;

fn test(
    rig: &mut Rig,
    raw: f64,
    dose: f64,
    role: Role,
) -> Result<[Option<table::Moved>; 2], Reason> {
    rig.unit.enter_jar_test(Ntu(raw), MilligramsPerLitre(dose), Ntu(1.0), role)
}

/// R-2.4-07: the table then says there what the jars said, and is untouched elsewhere.
#[test]
fn the_table_follows_a_jar_test_of_an_operator() {
    let mut rig = Rig::dosing();
    let moved = test(&mut rig, 32.0, 12.0, Role::Operator).unwrap();
    assert!((rig.unit.table_dose(Ntu(32.0)).0 - 12.0).abs() < 1e-9);
    let paths = moved.map(|moved| moved.map(|(path, ..)| path));
    assert_eq!(paths, [Some("coagulation.dose_at_20"), Some("coagulation.dose_at_50")]);
    for (ntu, dose) in [(10.0, 7.0), (100.0, 16.0)] {
        assert!((rig.unit.table_dose(Ntu(ntu)).0 - dose).abs() < 1e-9, "{ntu}");
    }
    // On a point, and beyond the ends, one point moves.
    for (raw, dose, path) in [
        (100.0, 18.0, "coagulation.dose_at_100"),
        (1.0, 5.5, "coagulation.dose_at_2"),
        (3000.0, 45.0, "coagulation.dose_at_1000"),
    ] {
        let moved = test(&mut rig, raw, dose, Role::Operator).unwrap();
        assert_eq!(moved.map(|moved| moved.map(|(path, ..)| path)), [Some(path), None], "{raw}");
        assert!((rig.unit.table_dose(Ntu(raw)).0 - dose).abs() < 1e-9, "{raw}");
    }
}

/// R-2.4-07, R-2.4-04: the jars know nothing of the season's factor.
#[test]
fn a_jar_test_says_the_dose_of_today_whatever_the_season() {
    let mut rig = Rig::dosing();
    rig.unit.settings.season = Ratio(1.2);
    assert!(test(&mut rig, 20.0, 12.0, Role::Operator).is_ok());
    assert!((rig.unit.table_dose(Ntu(20.0)).0 - 12.0).abs() < 1e-9);
    assert!((rig.unit.settings.dose_at_20.0 - 10.0).abs() < 1e-9);
}

/// R-2.4-07: 0.4 to 2.5 of the default and a table that does not fall, or a Supervisor.
#[test]
fn a_jar_test_far_off_or_against_the_slope_waits_for_a_supervisor() {
    for (what, raw, dose, plain) in [
        ("2.4 of the default", 1000.0, 59.9, true),
        ("2.5 of the default", 2.0, 5.9, true),
        ("above its neighbour", 2.0, 6.1, false),
        ("below its neighbour", 50.0, 8.9, false),
        ("far above the default", 20.0, 23.0, false),
        ("far below the default", 300.0, 9.0, false),
    ] {
        let mut rig = Rig::dosing();
        let before = rig.unit.settings;
        let answer = test(&mut rig, raw, dose, Role::Operator);
        assert_eq!(answer.is_ok(), plain, "{what}");
        if plain {
            continue;
        }
        assert_eq!(answer, Err(Reason::NeedsSupervisor), "{what}");
        rig.run_s(2);
        assert!(rig.unit.settings == before && rig.unit.status.jar_test_waits, "{what}");
        assert!(rig.unit.accept_jar_test().is_ok(), "{what}");
        assert!((rig.unit.table_dose(Ntu(raw)).0 - dose).abs() < 1e-9, "{what}");
        assert_eq!(rig.unit.accept_jar_test(), Err(Reason::NotNow), "{what}: only once");
        let mut rig = Rig::dosing();
        assert!(test(&mut rig, raw, dose, Role::Supervisor).is_ok(), "{what}");
    }
}

/// R-2.4-07, F55: nonsense is refused, by whoever.
#[test]
fn a_jar_test_that_cannot_be_is_refused() {
    for (raw, dose, settled) in [
        (20.0, 600.0, 1.0),
        (20.0, 2.9, 1.0),
        (f64::NAN, 9.0, 1.0),
        (20.0, f64::NAN, 1.0),
        (20.0, 9.0, f64::NAN),
        (20.0, 9.0, 21.0),
        (20.0, 9.0, -0.1),
        (0.1, 9.0, 0.1),
        (9000.0, 50.0, 1.0),
        (150.0, 59.0, 1.0),
    ] {
        let mut rig = Rig::dosing();
        let before = rig.unit.settings;
        let answer = rig.unit.enter_jar_test(
            Ntu(raw),
            MilligramsPerLitre(dose),
            Ntu(settled),
            Role::Engineer,
        );
        assert_eq!(answer, Err(Reason::OutOfRange), "{raw} {dose} {settled}");
        assert!(rig.unit.settings == before);
        assert_eq!(rig.unit.jar_test[0].retained.raw, Ntu::ZERO);
    }
}

/// R-2.4-07: one tap takes the last one back, the next the one before; a Supervisor brings it back.
#[test]
fn the_last_tests_are_remembered_and_taken_back_one_by_one() {
    let mut rig = Rig::dosing();
    let default = rig.unit.settings;
    assert!(test(&mut rig, 32.0, 11.0, Role::Operator).is_ok());
    let after_first = rig.unit.settings;
    assert!(test(&mut rig, 100.0, 18.0, Role::Operator).is_ok());
    rig.run_s(60);
    assert_eq!(rig.unit.jar_test[1].retained.raw, Ntu(32.0));
    assert!(rig.unit.jar_test[0].retained.age >= Duration::from_secs(59));
    assert!(rig.unit.revert_jar_test().is_ok());
    assert!(rig.unit.settings == after_first);
    assert!(rig.unit.revert_jar_test().is_ok());
    assert!(rig.unit.settings == default);
    assert_eq!(rig.unit.revert_jar_test(), Err(Reason::NotNow));
    assert!(rig.unit.accept_jar_test().is_ok());
    assert!((rig.unit.table_dose(Ntu(100.0)).0 - 18.0).abs() < 1e-9);
    // The fifth test pushes the first out.
    for dose in [18.0, 18.5, 19.0, 19.5, 20.0] {
        assert!(test(&mut rig, 100.0, dose, Role::Operator).is_ok());
    }
    let doses: Vec<f64> = rig.unit.jar_test.iter().map(|test| test.retained.dose.0).collect();
    assert_eq!(doses, [20.0, 19.5, 19.0, 18.5]);
}
