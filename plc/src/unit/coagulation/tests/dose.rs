//! From turbidity to dose.

use super::{FLOWING, Rig, SECOND};
use crate::signal::{Doubt, Fault};
use crate::unit::coagulation::*;
use proptest::prelude::*;

/// R-2.4-02, R-2.4-04: the table's points, flat beyond them, linear in the square root between, times the season.
#[test]
fn the_dose_follows_the_table_between_its_points() {
    let mut coagulation = Coagulation::new();
    for (ntu, dose) in [
        (0.0, 5.0),
        (2.0, 5.0),
        (5.0, 6.0),
        (10.0, 7.0),
        (20.0, 9.0),
        (50.0, 12.0),
        (100.0, 16.0),
        (200.0, 21.0),
        (300.0, 25.0),
        (500.0, 31.0),
        (1000.0, 42.0),
        (4000.0, 42.0),
        (-1.0, 5.0),
        (f64::NAN, 5.0),
    ] {
        assert!((coagulation.table_dose(Ntu(ntu)).0 - dose).abs() < 1e-9, "{ntu}");
    }
    let between = coagulation.table_dose(Ntu(32.0)).0;
    let expected =
        9.0 + 3.0 * (libm::sqrt(32.0) - libm::sqrt(20.0)) / (libm::sqrt(50.0) - libm::sqrt(20.0));
    assert!((between - expected).abs() < 1e-9);
    for (season, dose) in [(0.7, 6.3), (1.5, 13.5)] {
        coagulation.settings.season = Ratio(season);
        assert!((coagulation.table_dose(Ntu(20.0)).0 - dose).abs() < 1e-9, "{season}");
    }
}

/// R-2.4-05: clamp 3 to 60 mg/l, whatever the factors say.
#[test]
fn no_factor_takes_the_dose_out_of_its_limits() {
    let mut coagulation = Coagulation::new();
    coagulation.settings.season = Ratio(1.5);
    coagulation.settings.dose_at_1000 = MilligramsPerLitre(60.0);
    assert_eq!(coagulation.table_dose(Ntu(1000.0)), MilligramsPerLitre(60.0));
    coagulation.settings.season = Ratio(0.7);
    coagulation.settings.dose_at_2 = MilligramsPerLitre(3.0);
    assert_eq!(coagulation.table_dose(Ntu(1.0)), MilligramsPerLitre(3.0));
}

/// R-2.4-01: 9 mg/l × 5 m³/h ÷ 50 g/l = 0.9 l/h.
#[test]
fn the_pump_gives_the_dose_times_the_flow_over_the_strength() {
    let mut rig = Rig::dosing();
    assert!((rig.unit.status.flow.0 - 0.9).abs() < 1e-6);
    // 0.9 l/h = 15 ml a minute = 16.13 strokes of 0.93 ml.
    assert!((rig.run_s(1) - 16.129).abs() < 0.01);
    rig.lower_to(2.5);
    assert!((rig.run_s(1) - 8.065).abs() < 0.01);
    rig.around.stock = crate::unit::chemicals::Told::of(GramsPerLitre(100.0));
    assert!((rig.run_s(1) - 4.03).abs() < 0.01);
}

/// R-2.4-03: median of a minute, up in half a minute, down in ten.
#[test]
fn a_spike_is_not_followed_and_a_fall_only_slowly() {
    let mut rig = Rig::dosing();
    rig.around.raw_turbidity = Signal::Good(Ntu(900.0));
    rig.run_s(20);
    assert!((rig.dose() - 9.0).abs() < 0.1, "a spike of 20 s: {}", rig.dose());
    rig.around.raw_turbidity = FLOWING.raw_turbidity;
    rig.run_s(60);
    rig.around.raw_turbidity = Signal::Good(Ntu(200.0));
    let up = rig.until_s(600, |rig| rig.dose() > 18.0);
    assert!(up.is_some_and(|seconds| seconds <= 150), "{up:?}");
    rig.run_s(600);
    assert!((rig.dose() - 21.0).abs() < 0.2);
    rig.around.raw_turbidity = FLOWING.raw_turbidity;
    rig.run_s(300);
    assert!(rig.dose() > 16.0, "after five minutes of clear water: {}", rig.dose());
    rig.run_s(3600);
    assert!((rig.dose() - 9.0).abs() < 0.3, "{}", rig.dose());
}

/// R-2.4-05: +10 and -2 mg/l a minute.
#[test]
fn the_dose_moves_no_faster_than_its_slew() {
    let mut rig = Rig::dosing();
    let mut last = rig.dose();
    for minute in 0..60_u32 {
        let muddy = minute < 20;
        rig.around.raw_turbidity = Signal::Good(Ntu(if muddy { 900.0 } else { 2.0 }));
        for _ in 0..60 {
            rig.step(SECOND);
            let moved = rig.dose() - last;
            assert!((-2.0 / 60.0 - 1e-9..=10.0 / 60.0 + 1e-9).contains(&moved), "{moved}");
            last = rig.dose();
        }
    }
}

/// R-2.12-14, F9: the last good value and a fifth for an hour, then a person's value, else nothing; and no raw water then.
#[test]
fn without_the_analyser_the_last_value_serves_an_hour_and_then_a_test_by_hand() {
    let mut rig = Rig::dosing();
    assert_eq!(rig.unit.enter_turbidity(Ntu(30.0)), Err(Reason::NotNow));
    rig.around.raw_turbidity = Signal::Bad(Fault::Stale);
    rig.run_s(120);
    let fifth_more = rig.unit.table_dose(Ntu(24.0)).0;
    assert!((rig.dose() - fifth_more).abs() < 0.05, "{} for {fifth_more}", rig.dose());
    assert_eq!(rig.unit.status.turbidity_left, Duration::from_secs(3480));
    assert!(rig.run_s(3470) > 0.0);
    assert_eq!(rig.run_s(20), 0.0);
    assert!(rig.unit.unready().has(Reason::TurbidityUnknown));
    for wrong in [f64::NAN, -3.0, 5000.0] {
        assert_eq!(rig.unit.enter_turbidity(Ntu(wrong)), Err(Reason::OutOfRange), "{wrong}");
    }
    assert_eq!(rig.unit.enter_turbidity(Ntu(100.0)), Ok(()));
    rig.run_s(300);
    assert_eq!(rig.unit.status.turbidity, Signal::Uncertain(Ntu(100.0), Doubt::HandValue));
    assert!((rig.dose() - 16.0).abs() < 0.1 && rig.unit.unready().is_empty());
    rig.run_s(5090);
    assert!(rig.run_s(1) > 0.0);
    assert_eq!(rig.run_s(20), 0.0, "tested an hour and a half ago");
    rig.around.raw_turbidity = FLOWING.raw_turbidity;
    assert!(rig.run_s(30) > 0.0);
    rig.around.raw_turbidity = Signal::Bad(Fault::Stale);
    rig.run_s(1);
    let now = rig.unit.status.turbidity;
    assert!(matches!(now, Signal::Uncertain(_, Doubt::Fallback)), "an old test is forgotten");
}

/// R-2.2.2-01, R-2.12-14: mud that came after a test by hand drives AIT-101 off its scale: the test does not count any more, the
/// next one does.
#[test]
fn a_test_of_before_the_river_left_the_scale_does_not_count_after_it() {
    let mut rig = Rig::dosing();
    rig.around.raw_turbidity = Signal::Bad(Fault::Stale);
    rig.run_s(10);
    assert_eq!(rig.unit.enter_turbidity(Ntu(30.0)), Ok(()));
    rig.run_s(10);
    assert_eq!(rig.unit.status.turbidity, Signal::Uncertain(Ntu(30.0), Doubt::HandValue));
    rig.around.raw_turbidity = Signal::Bad(Fault::Overrange);
    rig.run_s(1);
    let after = rig.unit.status.turbidity;
    assert!(!matches!(after, Signal::Uncertain(_, Doubt::HandValue)), "{after:?}");
    assert_eq!(rig.unit.enter_turbidity(Ntu(3000.0)), Ok(()));
    rig.run_s(600);
    assert_eq!(rig.unit.status.turbidity, Signal::Uncertain(Ntu(3000.0), Doubt::HandValue));
}

/// R-2.12-14: an analyser that never measured leaves nothing to dose by.
#[test]
fn an_analyser_that_never_measured_gives_no_dose() {
    let mut rig = Rig::new();
    rig.around.raw_turbidity = Signal::Bad(Fault::NotYetRead);
    assert_eq!(rig.run_s(600), 0.0);
    assert!(rig.unit.unready().has(Reason::TurbidityUnknown));
}

proptest! {
    /// R-2.4-05, INV-17: whatever the analyser says.
    #[test]
    fn the_dose_is_always_a_number_within_its_limits(
        readings in proptest::collection::vec((-10.0..5000.0_f64, 0..4_u8, 1..10_000_u64), 1..60)
    ) {
        let mut rig = Rig::new();
        for (value, kind, ms) in readings {
            rig.around.raw_turbidity = match kind {
                0 => Signal::Bad(Fault::Overrange),
                1 => Signal::Good(Ntu(f64::NAN)),
                2 => Signal::Uncertain(Ntu(value), Doubt::Rate),
                _ => Signal::Good(Ntu(value)),
            };
            let rate = rig.step(Duration::from_millis(ms));
            prop_assert!((0.0..=180.0).contains(&rate), "{rate}");
            let dose = rig.dose();
            prop_assert!(dose == 0.0 || (3.0..=60.0).contains(&dose), "{dose}");
        }
    }
}

/// R-2.10-08, R-2.12-14: over a restart the last good value and a test by hand go on, as much older as the controller was away;
/// nobody knows how long: neither counts.
#[test]
fn what_was_known_of_the_raw_water_goes_on_over_a_restart_with_its_age() {
    let kept = |last_min: u64, hand_min: u64| {
        let mut rig = Rig::new();
        rig.unit.retained.last_turbidity = Ntu(50.0);
        rig.unit.retained.last_turbidity_left = Duration::from_secs(60 * last_min);
        rig.unit.retained.hand_turbidity = Ntu(80.0);
        rig.unit.retained.hand_turbidity_left = Duration::from_secs(60 * hand_min);
        rig
    };
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    let lost = Signal::Bad(Fault::Stale);
    for (last_min, hand_min, age, counts) in [
        (40, 0, minutes(0), Some(60.0)),
        (40, 0, minutes(39), Some(60.0)),
        (40, 0, minutes(40), None),
        (40, 0, None, None),
        (40, 30, minutes(29), Some(80.0)),
        (40, 30, minutes(31), Some(60.0)),
        (0, 30, minutes(10), Some(80.0)),
        (0, 30, None, None),
        (0, 0, minutes(0), None),
        (1_000_000, 0, minutes(0), Some(60.0)),
    ] {
        let mut rig = kept(last_min, hand_min);
        rig.unit.restored(age);
        let fall = Duration::from_secs(600);
        let turbidity = rig.unit.turbidity.follow(lost, fall, Duration::from_millis(100));
        assert_eq!(turbidity.usable(), counts.map(Ntu), "{last_min} {hand_min} {age:?}");
    }
    // And no longer than they would have without the restart.
    let mut rig = kept(1_000_000, 0);
    rig.unit.restored(minutes(0));
    let turbidity = |rig: &mut Rig, seconds: u64| {
        let fall = Duration::from_secs(600);
        rig.unit.turbidity.follow(lost, fall, Duration::from_secs(seconds)).usable()
    };
    assert_eq!(turbidity(&mut rig, 3600), Some(Ntu(60.0)));
    assert_eq!(turbidity(&mut rig, 1), None);
}

/// R-2.10-08, R-2.4-03, F10: a storm that came while the controller was away is dosed for at once, a river that cleared slowly.
#[test]
fn a_storm_that_came_during_a_restart_counts_at_the_first_reading() {
    for (now, counts) in [(600.0, 600.0), (5.0, 50.0)] {
        let mut rig = Rig::new();
        rig.unit.retained.last_turbidity = Ntu(50.0);
        rig.unit.retained.last_turbidity_left = Duration::from_secs(3600);
        rig.unit.restored(Some(Duration::from_secs(600)));
        let (fall, scan) = (Duration::from_secs(600), Duration::from_millis(100));
        let turbidity = rig.unit.turbidity.follow(Signal::Good(Ntu(now)), fall, scan).usable();
        assert!(
            turbidity.is_some_and(|found| found.distance(Ntu(counts)) < Ntu(0.1)),
            "{turbidity:?}"
        );
    }
}
