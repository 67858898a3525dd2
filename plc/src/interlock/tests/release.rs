//! The edges of each release: what is nearly right again is not right.

use super::*;

/// What is wrong, the cause it makes, what is nearly right again and for how long it may stay so, and what is right.
/// Nearly right is not right: a cause goes past the edge that `docs/spec/contracts.md` names, not at it.
#[test]
fn no_cause_goes_before_its_release_is_reached() {
    type Change = fn(&mut Facts);
    let rows: &[(Change, Reason, Change, Change)] = &[
        (
            |f| f.wet_well = Signal::Good(Metres(0.2)),
            Reason::WetWellEmpty,
            |f| f.wet_well = Signal::Good(Metres(0.79)),
            |f| f.wet_well = Signal::Good(Metres(0.8)),
        ),
        (
            |f| f.settled = Signal::Good(Percent(96.0)),
            Reason::SettledTankFull,
            |f| f.settled = Signal::Good(Percent(85.0)),
            |f| f.settled = Signal::Good(Percent(84.9)),
        ),
        (
            |f| f.settled = Signal::Good(Percent(96.0)),
            Reason::SettledTankFull,
            |f| f.settled = Signal::Bad(Fault::Stale),
            |f| f.settled = Signal::Good(Percent(84.9)),
        ),
        (
            |f| f.settled = Signal::Good(Percent(5.0)),
            Reason::SettledTankEmpty,
            |f| f.settled = Signal::Good(Percent(40.0)),
            |f| f.settled = Signal::Good(Percent(40.1)),
        ),
        (
            |f| f.clear_well_high_high = Signal::Good(false),
            Reason::ClearWellFull,
            |f| {
                f.clear_well_high_high = Signal::Good(true);
                f.clear_well_highest = Some(Metres(1.85));
            },
            |f| f.clear_well_highest = Some(Metres(1.84)),
        ),
        (
            |f| f.clear_well_high_high = Signal::Good(false),
            Reason::ClearWellFull,
            |f| {
                f.clear_well_high_high = Signal::Good(true);
                f.clear_well_highest = None;
            },
            |f| f.clear_well_highest = Some(Metres(1.84)),
        ),
        (
            |f| f.clear_well_low_low = Signal::Good(false),
            Reason::ClearWellEmpty,
            |f| {
                f.clear_well_low_low = Signal::Good(true);
                f.clear_well = Signal::Good(Metres(0.69));
            },
            |f| f.clear_well = Signal::Good(Metres(0.70)),
        ),
        (
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.2)),
            Reason::ChlorineTooLow,
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.44)),
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.45)),
        ),
        (
            |f| f.inactivation_ratio = 0.5,
            Reason::ContactTimeTooShort,
            |f| f.inactivation_ratio = 1.29,
            |f| f.inactivation_ratio = 1.3,
        ),
        (
            |f| f.elevated_high_high = Signal::Good(false),
            Reason::ElevatedTankFull,
            |f| {
                f.elevated_high_high = Signal::Good(true);
                f.elevated = Signal::Good(Metres(2.30));
            },
            |f| f.elevated = Signal::Good(Metres(2.29)),
        ),
        (
            |f| f.waste_high_high = Signal::Good(false),
            Reason::WasteTankFull,
            |f| {
                f.waste_high_high = Signal::Good(true);
                f.waste = Signal::Good(Percent(80.0));
            },
            |f| f.waste = Signal::Good(Percent(79.9)),
        ),
        (
            |f| f.treated_ph = Signal::Good(Ph(9.1)),
            Reason::TreatedPhOutOfRange,
            |f| f.treated_ph = Signal::Good(Ph(8.9)),
            |f| f.treated_ph = Signal::Good(Ph(8.8)),
        ),
        (
            |f| f.treated_ph = Signal::Good(Ph(5.0)),
            Reason::TreatedPhOutOfRange,
            |f| f.treated_ph = Signal::Good(Ph(6.1)),
            |f| f.treated_ph = Signal::Good(Ph(6.2)),
        ),
        (
            |f| f.raw_turbidity = Signal::Good(Ntu(1500.0)),
            Reason::RiverTooMuddy,
            |f| f.raw_turbidity = Signal::Good(Ntu(700.0)),
            |f| f.raw_turbidity = Signal::Good(Ntu(699.0)),
        ),
    ];
    for (number, (wrong, cause, nearly, right)) in rows.iter().enumerate() {
        let (mut causes, mut facts) = (Causes::default(), SOUND);
        wrong(&mut facts);
        assert!(run_s(&mut causes, &facts, 700).has(*cause), "row {number} comes");
        nearly(&mut facts);
        assert!(run_s(&mut causes, &facts, 7200).has(*cause), "row {number} stays");
        right(&mut facts);
        assert!(!run_s(&mut causes, &facts, 1900).has(*cause), "row {number} goes");
    }
}

/// Chlorine that was dangerous is released by a person, and not before it was below 3.0 mg/l for ten minutes.
#[test]
fn dangerous_chlorine_is_not_released_by_a_reset_that_comes_too_soon() {
    let at =
        |residual| Facts { outlet_chlorine: Signal::Good(MilligramsPerLitre(residual)), ..SOUND };
    let mut causes = Causes::default();
    assert!(run_s(&mut causes, &at(4.1), 120).has(Reason::ChlorineDangerous));
    for (residual, seconds) in [(3.0, 7200), (2.9, 598)] {
        run_s(&mut causes, &at(residual), seconds);
        let reset = Facts { reset: true, ..at(residual) };
        assert!(run_s(&mut causes, &reset, 1).has(Reason::ChlorineDangerous), "{residual}");
    }
    assert!(run_s(&mut causes, &Facts { reset: true, ..at(2.9) }, 1).is_empty());
    assert!(run_s(&mut causes, &at(2.9), 600).is_empty());
}

/// Three times in six hours, by when each began: a wet well that stays empty is empty once.
#[test]
fn a_wet_well_that_runs_empty_three_times_in_six_hours_waits_for_a_person() {
    let empty = Facts { wet_well_low_low: Signal::Good(false), ..SOUND };
    for (apart, often) in [(61, true), (3 * 3600 - 2, true), (3 * 3600 - 1, false)] {
        let mut causes = Causes::default();
        for time in 0..3 {
            assert!(!run_s(&mut causes, &empty, 1).has(Reason::WetWellEmptyTooOften) || time == 2);
            let after = run_s(&mut causes, &SOUND, if time == 2 { 61 } else { apart });
            assert_eq!(after.has(Reason::WetWellEmptyTooOften), often && time == 2, "{apart}");
        }
        assert_eq!(run_s(&mut causes, &SOUND, 6 * 3600).has(Reason::WetWellEmptyTooOften), often);
        let reset = Facts { reset: true, ..SOUND };
        assert!(run_s(&mut causes, &reset, 1).is_empty());
        run_s(&mut causes, &empty, 6 * 3600);
        assert!(run_s(&mut causes, &SOUND, 61).is_empty(), "once, however long");
    }
    let mut causes = Causes::default();
    (0..3).for_each(|_| {
        run_s(&mut causes, &empty, 1);
        run_s(&mut causes, &SOUND, 61);
    });
    let reset_while_empty = Facts { reset: true, ..empty };
    assert!(run_s(&mut causes, &reset_while_empty, 1).has(Reason::WetWellEmptyTooOften));
}

/// F5: K0 is asked for again after one press, however short the scan, and not while the motor runs.
#[test]
fn a_motor_that_runs_on_is_released_by_one_press_once_it_stands() {
    let runs = Facts { runs_on: true, ..SOUND };
    let mut causes = Causes::default();
    assert!(run_s(&mut causes, &runs, 12).has(Reason::RunsUnasked));
    run_s(&mut causes, &SOUND, 1);
    let again = run_s(&mut causes, &Facts { reset: true, ..runs }, 5);
    assert!(again.has(Reason::RunsUnasked), "it runs again, not yet for 12 s");
    let pressed = Facts { reset: true, ..SOUND };
    assert!(!causes.judge(&pressed, Duration::from_millis(100)).has(Reason::RunsUnasked));
}

/// R-2.2.2-01, INV-15: the limit itself may be taken in, what is no number may not.
#[test]
fn the_river_is_too_muddy_above_its_limit_and_where_it_is_no_number() {
    for (turbidity, muddy) in [(1000.0, false), (1000.1, true), (f64::NAN, true)] {
        let river = Facts { raw_turbidity: Signal::Good(Ntu(turbidity)), ..SOUND };
        let found = run_s(&mut Causes::default(), &river, 600);
        assert_eq!(found.has(Reason::RiverTooMuddy), muddy, "{turbidity} NTU");
    }
}
