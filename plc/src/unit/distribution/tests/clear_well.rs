//! The quality hold, and the clear well's level.

use super::*;

/// Judges what enters and what leaves the clear well, once a second.
fn judge_s(unit: &mut Distribution, seconds: u32, entering: f64, residual: f64) {
    for _ in 0..seconds {
        let entering = Some(Signal::Good(Ntu(entering)));
        unit.judge_quality(entering, Signal::Good(MilligramsPerLitre(residual)), None, SECOND);
    }
}

/// R-2.8-05: what sets the hold, and what does not.
#[test]
fn turbid_water_for_a_minute_cloudy_water_for_a_quarter_and_lost_chlorine_hold_the_clear_well() {
    for (seconds, entering, residual, held) in [
        (60, 1.1, 0.8, true),
        (59, 1.1, 0.8, false),
        (900, 0.6, 0.8, true),
        (899, 0.6, 0.8, false),
        (900, 0.5, 0.8, false),
        (300, 0.1, 0.19, true),
        (299, 0.1, 0.19, false),
        (9000, 0.1, 0.2, false),
    ] {
        let mut unit = known();
        judge_s(&mut unit, seconds, entering, residual);
        assert_eq!(
            unit.retained.contaminated, held,
            "{seconds} s of {entering} NTU, {residual} mg/l"
        );
    }
}

/// R-2.12-04, R-2.8-05: water that drives the analyser off its scale is above 1.0 NTU; water of which nobody knows is for the
/// filters to stop.
#[test]
fn water_off_the_analysers_scale_holds_the_clear_well_after_a_minute() {
    for (fault, seconds, held) in
        [(Fault::Overrange, 59, false), (Fault::Overrange, 60, true), (Fault::Range, 3600, false)]
    {
        let mut unit = known();
        for _ in 0..seconds {
            let residual = Signal::Good(MilligramsPerLitre(0.8));
            unit.judge_quality(Some(Signal::Bad(fault)), residual, None, SECOND);
        }
        assert_eq!(unit.retained.contaminated, held, "{fault:?} for {seconds} s");
    }
}

/// R-2.8-05, R-2.0-03: a reading that fails to come forgives nothing of what is counted; one that is known to be good does.
#[test]
fn one_reading_that_is_lost_does_not_begin_the_count_of_bad_water_anew() {
    type Water = (Option<Signal<Ntu>>, Signal<MilligramsPerLitre>);
    let mg = |residual| Signal::Good(MilligramsPerLitre(residual));
    let ntu = |turbidity| Some(Signal::Good(Ntu(turbidity)));
    let lost = Signal::Bad(crate::signal::Fault::Stale);
    let unknown: Water = (Some(Signal::Bad(crate::signal::Fault::Stale)), lost);
    for (bad, needed) in
        [((ntu(1.1), mg(0.8)), 60), ((ntu(0.6), mg(0.8)), 900), ((ntu(0.1), mg(0.1)), 300)]
    {
        for (between, held) in [(unknown, true), ((ntu(0.1), mg(0.8)), false)] {
            let mut unit = known();
            let mut judge = |(entering, residual): Water, seconds: u32| {
                (0..seconds).for_each(|_| unit.judge_quality(entering, residual, None, SECOND));
                unit.retained.contaminated
            };
            assert!(!judge(bad, needed / 2) && !judge(between, 1), "{bad:?}");
            assert!(!judge(bad, needed / 2 - 2), "{bad:?}");
            assert_eq!(judge(bad, 1), held, "{bad:?}, between {between:?}");
        }
        let mut unit = known();
        unit.judge_quality(bad.0, bad.1, None, SECOND);
        for _ in 0..4 * needed {
            unit.judge_quality(unknown.0, unknown.1, None, SECOND);
        }
        assert!(!unit.retained.contaminated, "one reading and a long silence prove nothing");
    }
}

/// R-2.8-05: a clear well of which nothing is known is held.
#[test]
fn a_clear_well_that_nobody_knows_is_held_until_it_is_disinfected() {
    let mut unit = Distribution::new(&Shape::default());
    judge_s(&mut unit, 1, 0.1, 0.8);
    assert!(unit.retained.contaminated);
}

/// R-2.8-05: the first exit, by draining.
#[test]
fn a_clear_well_without_chlorine_is_fit_again_once_drained_and_refilled() {
    let mut unit = known();
    judge_s(&mut unit, 301, 0.1, 0.1);
    assert!(unit.retained.contaminated);
    unit.status.level = Signal::Good(Metres(0.31));
    assert_eq!(unit.confirm_drained(), Err(Reason::NotNow));
    unit.status.level = Signal::Good(Metres(0.25));
    assert_eq!(unit.confirm_drained(), Ok(()));
    // The rest of the old water still reads low while the well is refilled.
    judge_s(&mut unit, 1200, 0.1, 0.15);
    judge_s(&mut unit, 1200, 0.1, 0.6);
    unit.status.level = Signal::Good(Metres(1.0));
    assert_eq!(unit.confirm_quality(), Ok(()));
    assert!(!unit.retained.contaminated);
    judge_s(&mut unit, 10, 0.1, 0.6);
    assert!(!unit.retained.contaminated);
}

/// R-2.8-05: refilled at 0.5 NTU or less.
#[test]
fn cloudy_water_while_refilling_undoes_the_draining() {
    let mut unit = known();
    judge_s(&mut unit, 61, 1.5, 0.6);
    unit.status.level = Signal::Good(Metres(0.25));
    assert_eq!(unit.confirm_drained(), Ok(()));
    judge_s(&mut unit, 61, 0.1, 0.6);
    judge_s(&mut unit, 11, 0.6, 0.6);
    judge_s(&mut unit, 61, 0.1, 0.6);
    unit.status.level = Signal::Good(Metres(1.0));
    assert_eq!(unit.confirm_quality(), Err(Reason::CauseStillActive));
    unit.status.level = Signal::Good(Metres(0.25));
    assert_eq!(unit.confirm_drained(), Ok(()));
    for _ in 0..11 {
        let unknown = Some(Signal::Bad(crate::signal::Fault::Stale));
        unit.judge_quality(unknown, Signal::Good(MilligramsPerLitre(0.6)), None, SECOND);
    }
    unit.status.level = Signal::Good(Metres(1.0));
    assert_eq!(unit.confirm_quality(), Err(Reason::CauseStillActive), "of unknown turbidity");
}

/// R-2.8-05: the second exit, an hour at 1.5 mg/l; a dip of ten minutes pauses it, a longer one begins it anew.
#[test]
fn an_hour_of_strong_chlorine_survives_a_short_dip_and_no_long_one() {
    for (dip_s, fit) in [(0, true), (600, true), (602, false)] {
        let mut rig = Rig::new();
        rig.unit.retained.contaminated = true;
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.6));
        rig.run_s(1800);
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.3));
        rig.run_s(dip_s);
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.6));
        rig.run_s(1790);
        assert_eq!(rig.unit.confirm_quality(), Err(Reason::CauseStillActive), "too soon");
        rig.run_s(15);
        assert_eq!(rig.unit.confirm_quality().is_ok(), fit, "a dip of {dip_s} s");
    }
}

/// R-2.8-05: one test by hand is not an hour of strong chlorine; AIT-403 has to measure it.
#[test]
fn a_test_by_hand_does_not_end_a_quality_hold_after_an_hour() {
    let mut rig = Rig::new();
    rig.unit.retained.contaminated = true;
    rig.around.residual =
        Signal::Uncertain(MilligramsPerLitre(1.6), crate::signal::Doubt::HandValue);
    rig.run_s(2 * HOUR_S);
    assert_eq!(rig.unit.confirm_quality(), Err(Reason::CauseStillActive));
}

/// INV-16, R-2.8-05: contaminated means off, also by hand; the hold needs a person to end it.
#[test]
fn a_contaminated_clear_well_delivers_nothing() {
    let mut rig = Rig::new();
    rig.tank = 1.0;
    rig.run_s(60);
    assert!(rig.on());
    rig.unit.retained.contaminated = true;
    rig.run_s(1);
    assert!(!rig.on() && rig.state() == State::QualityHold {});
    rig.unit.pump[0].handling.change(Mode::Manual, 7);
    rig.step();
    assert!(rig.unit.pump[0].handling.ask(Percent(90.0), Duration::from_secs(3600), 8).is_ok());
    for _ in 0..2000 {
        rig.step();
        assert!(!rig.on());
    }
    assert!(rig.unit.alarms.quality_hold == Condition::Active);
}

/// R-2.12-10, F38: two levels and two floats vote.
#[test]
fn the_lower_of_two_levels_counts_for_suction_and_the_higher_for_overflow() {
    let bad = Signal::Bad(Fault::Stale);
    let good = |level: f64| Signal::Good(Metres(level));
    // level A, level B, low float, high float: for suction, for overflow, whether in doubt.
    for (a, b, low, high, lower, higher, sure) in [
        (good(1.2), good(1.22), true, true, Some(1.2), Some(1.22), true),
        (good(1.6), good(1.2), true, true, Some(1.2), Some(1.6), false),
        (bad, good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(1.2), bad, true, true, Some(1.2), Some(1.2), false),
        // A float contradicts one of two that disagree: the other is right.
        (good(2.1), good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(0.1), good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(1.0), good(0.25), false, true, Some(0.25), Some(0.25), false),
        (good(1.0), good(1.97), true, false, Some(1.97), Some(1.97), false),
        // One that is left alone may not claim more than the floats allow; of too little it is believed.
        (bad, good(2.1), true, true, None, None, false),
        (good(1.0), bad, false, true, None, None, false),
        (good(0.1), bad, true, true, Some(0.1), Some(0.1), false),
        (good(1.2), bad, true, false, Some(1.2), Some(1.2), false),
        // Two levels that agree outvote a float.
        (good(1.2), good(1.2), true, false, Some(1.2), Some(1.2), true),
        (bad, bad, true, true, None, None, false),
    ] {
        let mut unit = known();
        unit.inputs.level_a = a;
        unit.inputs.level_b = b;
        unit.inputs.low_low = Signal::Good(low);
        unit.inputs.high_high = Signal::Good(high);
        for _ in 0..61 {
            unit.judge(SECOND);
        }
        let found = (unit.status.level.usable(), unit.level_high());
        let name = std::format!("{a:?} {b:?} {low} {high}");
        assert_eq!(found, (lower.map(Metres), higher.map(Metres)), "{name}");
        assert_eq!(unit.status.level.good().is_some(), sure, "{name}");
    }
}

/// R-2.12-09: what LT-401A and B may differ by is their noise; more than that for a minute is a doubt, with alarm 412.
#[test]
fn two_levels_that_drift_apart_are_doubted_after_a_minute() {
    for (apart, seconds, doubted) in [(0.079, 600, false), (0.09, 59, false), (0.09, 60, true)] {
        let mut unit = known();
        unit.inputs.level_a = Signal::Good(Metres(1.2));
        unit.inputs.level_b = Signal::Good(Metres(1.2 + apart));
        (0..seconds).for_each(|_| unit.judge(SECOND));
        assert_eq!(unit.status.level.good().is_none(), doubted, "{apart} m for {seconds} s");
        assert_eq!(unit.status.level.usable(), Some(Metres(1.2)), "the lower counts at once");
        // The alarm has its own minute before it sounds.
        assert_eq!(unit.levels_disagree(), apart > 0.08, "{apart} m");
        unit.inputs.level_b = unit.inputs.level_a;
        unit.judge(SECOND);
        assert!(unit.status.level.good().is_some() && !unit.levels_disagree());
    }
}

/// R-2.12-19: both levels gone, P-501 runs only while the low float stands and filtered water comes; the volume is what the
/// float proves.
#[test]
fn without_a_level_the_float_and_the_feed_carry_delivery() {
    for (float, feed, carried) in [(true, 1.1, true), (true, 0.9, false), (false, 5.0, false)] {
        let mut rig = Rig::new();
        rig.tank = 1.0;
        rig.around.feed = Signal::Good(CubicMetresPerHour(feed));
        rig.step();
        rig.unit.inputs.level_a = Signal::Bad(Fault::Stale);
        rig.unit.inputs.level_b = Signal::Bad(Fault::Stale);
        rig.unit.inputs.low_low = Signal::Good(float);
        rig.unit.judge(SECOND);
        let blocked = rig.unit.blocked(&rig.around, Reasons::NONE, Some(0), false);
        assert_eq!(!blocked.has(Reason::LevelUnknown), carried, "{float} {feed}");
        let volume = rig.unit.status.volume.usable();
        assert_eq!(volume, float.then_some(CubicMetres(3.0)));
    }
}

/// R-2.17-02, R-2.8-04, INV-19: delivery stops below 0.70 m and comes back above 0.90 m for a minute.
#[test]
fn a_clear_well_that_is_drawn_down_is_left_to_fill_again() {
    let mut rig = Rig::new();
    (rig.tank, rig.well, rig.filtered, rig.village) = (0.5, 0.9, 0.0, 5.9);
    assert!(rig.until_s(HOUR_S, |rig| rig.state() == State::DryHold {}));
    assert!(rig.well > 0.68 && !rig.on() && rig.blocked(Reason::ClearWellLow));
    // The taps may run dry meanwhile: that is said, also where the level stands between both limits (INV-44).
    rig.filtered = 5.0;
    assert!(rig.until_s(HOUR_S, |rig| rig.well > 0.85));
    assert!(!rig.on() && rig.unit.alarms.level_low == Condition::Clear);
    assert_eq!(rig.unit.alarms.water_held_back, Condition::Active);
    assert!(rig.until_s(2 * HOUR_S, Rig::on));
    assert!(rig.well > 0.9);
}

/// R-2.17-02: alarms of the clear well's level: high 421, low 413, empty 414, overflow 415, disagree 412.
#[test]
fn the_clear_wells_alarms_speak_at_their_levels() {
    for (level, high, low, empty, overflow) in [
        (1.0, Condition::Clear, Condition::Clear, Condition::Clear, Condition::Clear),
        (1.93, Condition::Active, Condition::Clear, Condition::Clear, Condition::Clear),
        (1.97, Condition::Active, Condition::Clear, Condition::Clear, Condition::Active),
        (0.65, Condition::Clear, Condition::Active, Condition::Clear, Condition::Clear),
        (0.25, Condition::Clear, Condition::Active, Condition::Active, Condition::Clear),
    ] {
        let mut rig = Rig::new();
        (rig.well, rig.filtered) = (level, 0.0);
        rig.run_s(2);
        let alarms = &rig.unit.alarms;
        let found = (alarms.high, alarms.level_low, alarms.empty, alarms.overflow);
        assert_eq!(found, (high, low, empty, overflow), "{level} m");
    }
}
