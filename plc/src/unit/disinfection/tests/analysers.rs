//! Which residual counts.

use super::*;
use crate::quantity::Celsius;

/// R-2.2.2-07: without AIT-401 the last good dose and a fifth, paced by flow, while AIT-403 supervises; no bump back.
#[test]
fn without_the_first_analyser_the_last_good_dose_serves_with_a_fifth_more() {
    let mut rig = Rig { demand: 0.9, ..Rig::dosing() };
    rig.run_s(6 * HOUR_S);
    let good = rig.dose();
    assert!(near(good, 1.8, 0.05), "{good}");
    rig.lose_inlet();
    rig.run_s(65);
    assert_eq!(rig.state(), State::PacedOnly);
    assert!(near(rig.dose(), 1.2 * good, 0.05), "{}", rig.dose());
    let full = rig.rate();
    rig.flow = 2.5;
    rig.run_s(2);
    assert!(near(rig.rate(), full / 2.0, 0.1), "paced by flow");
    rig.outlet_is = Some(2.1);
    assert!(rig.until_s(601, |rig| rig.state() == State::Overfeed).is_some(), "AIT-403 supervises");
    rig.outlet_is = None;
    rig.run_s(400);
    let dose = rig.dose();
    rig.told = None;
    rig.run_s(2);
    assert_eq!(rig.state(), State::PacedTrim);
    assert!(near(rig.dose(), dose, 0.1), "{dose} {}", rig.dose());
}

/// R-2.2.2-07, R-2.10-08: a plant that has never seen AIT-401 paces with what it assumes; the last good dose outlives a restart.
#[test]
fn the_last_good_dose_outlives_a_restart() {
    let mut rig = Rig::new();
    rig.lose_inlet();
    rig.run_s(70);
    assert!(near(rig.dose(), 1.2 * 1.5, 0.01), "{}", rig.dose());
    rig.told = Some(Signal::Bad(Fault::NotFitted));
    rig.run_s(5);
    assert!(near(rig.dose(), 1.5, 0.01), "a site without it has nothing to make up for");
    let retained = {
        let mut rig = Rig { demand: 0.9, ..Rig::dosing() };
        rig.run_s(6 * HOUR_S);
        rig.unit.retained
    };
    let mut rig = Rig::new();
    rig.unit.retained = retained;
    rig.lose_inlet();
    rig.run_s(70);
    assert!(near(rig.dose(), 1.2 * 1.8, 0.06), "{}", rig.dose());
}

/// R-2.12-09, F36: a residual that falls faster than pure water could wash it out is disbelieved: no overfeed follows.
#[test]
fn an_analyser_that_falls_to_nothing_is_disbelieved_before_it_overfeeds() {
    let mut rig = Rig::dosing();
    rig.told = Some(mg(0.0));
    let found =
        rig.until_s(60, |rig| rig.unit.status.inlet_residual == Signal::Bad(Fault::Implausible));
    assert!(found.is_some_and(|after| after <= 31), "{found:?}");
    rig.run_s(70);
    assert_eq!(rig.state(), State::PacedOnly);
    let mut most = 0.0;
    for _ in 0..12 * HOUR_S {
        rig.step();
        most = if rig.inlet > most { rig.inlet } else { most };
    }
    assert!(most < 1.4 && rig.state() == State::PacedOnly, "{most}");
    // Contact time goes on with AIT-403 alone.
    assert!(rig.unit.lowest_residual().is_some_and(|residual| residual.0 > 0.8));
    rig.told = None;
    rig.run_s(300);
    assert_eq!(rig.state(), State::PacedTrim, "believed again once it shows something");
}

/// R-2.12-09: the fastest true fall, no chlorine at all into full flow, is believed; so is a standstill of days.
#[test]
fn a_true_fall_is_believed() {
    let mut rig = Rig { dead_s: 60, ..Rig::dosing() };
    rig.health = [Health::Air(u32::MAX); 2];
    rig.flow = 6.0;
    for _ in 0..HOUR_S {
        rig.step();
        assert!(rig.unit.status.inlet_residual.usable().is_some(), "{}", rig.inlet);
    }
    let mut rig = Rig::dosing();
    (rig.flow, rig.around.run) = (0.0, false);
    rig.step();
    let mut residual = 0.9;
    for _ in 0..48 * 360 {
        residual *= libm::exp(-0.15 / 360.0);
        rig.told = Some(mg(residual));
        rig.unit.inputs.chlorine = mg(residual);
        rig.unit.judge(&rig.around, Duration::from_secs(10));
        assert!(rig.unit.status.inlet_residual.good().is_some(), "{residual}");
    }
}

/// R-2.12-09, R-2.13-01: what a calibration takes off is believed.
#[test]
fn a_calibrated_probe_may_show_less_than_before() {
    let mut rig = Rig::dosing();
    rig.told = Some(Signal::Held(MilligramsPerLitre(0.9), Moment(0)));
    rig.run_s(120);
    rig.told = Some(mg(0.5));
    rig.run_s(120);
    assert_eq!(rig.state(), State::PacedTrim);
}

/// R-2.12-09, F35: AIT-403 above whatever AIT-401 has shown, or next to nothing though AIT-401 has shown enough for hours:
/// after ten minutes the flow alone paces, and contact time takes the lower.
#[test]
fn analysers_that_cannot_both_be_right_leave_the_pace_to_the_flow() {
    for (outlet, disagree) in [(0.85, false), (1.1, false), (1.4, true), (0.4, false), (0.25, true)]
    {
        let mut rig = Rig::dosing();
        rig.told = Some(mg(0.9));
        rig.outlet_is = Some(0.8);
        rig.run_s(8 * HOUR_S);
        rig.outlet_is = Some(outlet);
        rig.run_s(590);
        assert_eq!(rig.state(), State::PacedTrim, "{outlet}");
        rig.run_s(80);
        let paced = rig.unit.status.paced_by.has(Reason::AnalysersDisagree);
        assert_eq!((rig.state() == State::PacedOnly, paced), (disagree, disagree), "{outlet}");
        if disagree {
            assert!(matches!(
                rig.unit.status.inlet_residual,
                Signal::Uncertain(_, Doubt::Disagrees)
            ));
            let lower = if outlet < 0.9 { outlet } else { 0.9 };
            assert_eq!(rig.unit.lowest_residual(), Some(MilligramsPerLitre(lower)));
            let forward = 0.9 + rig.unit.status.demand.0;
            assert!(near(rig.dose(), forward, 0.001));
        }
    }
}

/// R-2.12-09: half a day must be known first: old strong water after a restart or a superchlorination is no disagreement.
#[test]
fn strong_water_from_before_is_no_disagreement() {
    let mut rig = Rig::new();
    rig.told = Some(mg(0.9));
    rig.outlet_is = Some(1.6);
    rig.run_s(5 * HOUR_S);
    assert!(rig.unit.status.inlet_residual.good().is_some());
}

/// R-2.7.5-05, R-2.12-18: a person's test counts for two hours with 0.8 of its value where AIT-403 is silent; above 4 whole;
/// never before the analyser that answers.
#[test]
fn a_test_by_hand_stands_in_for_the_outlet_analyser_for_two_hours() {
    let lost = Signal::Bad(Fault::Stale);
    for (tested, counts) in [(1.0, 0.8), (0.3, 0.24), (4.0, 3.2), (4.5, 4.5), (0.0, 0.0)] {
        let mut rig = Rig::dosing();
        rig.outlet_told = Some(lost);
        rig.run_s(5);
        assert_eq!(rig.unit.lowest_residual(), None);
        assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(tested)), Ok(()));
        rig.run_s(1);
        let expected = Signal::Uncertain(MilligramsPerLitre(counts), Doubt::HandValue);
        assert_eq!(rig.unit.status.outlet_residual, expected, "{tested}");
        rig.run_s(7198);
        assert_eq!(rig.unit.status.outlet_residual, expected, "{tested}");
        rig.run_s(1);
        assert_eq!(rig.unit.status.outlet_residual, lost);
    }
    let mut rig = Rig::dosing();
    assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(0.5)), Ok(()));
    rig.run_s(1);
    assert!(rig.unit.status.outlet_residual.good().is_some());
    for nonsense in [-0.1, 5.1, f64::NAN, f64::INFINITY] {
        let answer = rig.unit.enter_residual(MilligramsPerLitre(nonsense));
        assert_eq!(answer, Err(Reason::OutOfRange), "{nonsense}");
    }
}

/// R-2.7.5-05, R-2.2-19: with both analysers away a person's test lets the plant dose, paced by flow, and start.
#[test]
fn a_test_by_hand_lets_the_plant_dose_without_analysers() {
    let mut rig = Rig::dosing();
    rig.lose_inlet();
    rig.outlet_told = Some(Signal::Bad(Fault::Stale));
    rig.run_s(70);
    assert!(!rig.unit.residual_known());
    assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(1.0)), Ok(()));
    assert!(rig.unit.residual_known());
    rig.run_s(1);
    assert_eq!((rig.state(), rig.rate() > 0.0), (State::PacedOnly, true));
    assert_eq!(rig.unit.lowest_residual(), Some(MilligramsPerLitre(0.8)));
}

/// R-2.7.5-05: a test of before AIT-403 went off its scale says nothing of what came since; one of after does.
#[test]
fn a_test_of_before_the_analyser_went_off_its_scale_does_not_count() {
    let off = Signal::Bad(Fault::Overrange);
    let mut rig = Rig::dosing();
    assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(1.0)), Ok(()));
    rig.outlet_told = Some(off);
    rig.run_s(5);
    assert_eq!(rig.unit.status.outlet_residual, off);
    assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(1.0)), Ok(()));
    rig.run_s(5);
    assert!(rig.unit.status.outlet_residual.usable().is_some());
}

/// R-2.7.5-05, R-2.10-08: kept with its age; when nobody knows how long the controller was away it counts no longer.
#[test]
fn a_test_by_hand_grows_older_while_the_controller_is_away() {
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    for (age, left) in [(minutes(0), 7200), (minutes(30), 5400), (minutes(121), 0), (None, 0)] {
        let mut rig = Rig::new();
        assert_eq!(rig.unit.enter_residual(MilligramsPerLitre(1.0)), Ok(()));
        rig.unit.restored(age);
        assert_eq!(rig.unit.retained.hand_left.as_secs(), left, "{age:?}");
    }
    let mut rig = Rig::new();
    rig.unit.retained.hand_left = Duration::from_secs(1_000_000);
    rig.unit.restored(minutes(0));
    assert_eq!(rig.unit.retained.hand_left.as_secs(), 7200, "no more than a test can have");
}

/// R-2.7.4-05, F37: a pH or a temperature that is not known counts on the unsafe side.
#[test]
fn what_is_not_known_of_ph_and_temperature_counts_as_alkaline_and_cold() {
    let lost = Signal::Bad(Fault::Stale);
    let stuck = |ph: f64| Signal::Uncertain(Ph(ph), Doubt::Stuck);
    for (ph, counts) in [
        (Signal::Good(Ph(7.2)), 7.2),
        (Signal::Uncertain(Ph(7.2), Doubt::Rate), 7.2),
        (stuck(7.0), 8.5),
        (stuck(8.9), 8.9),
        (Signal::Held(Ph(7.0), Moment(0)), 8.5),
        (Signal::Held(Ph(8.9), Moment(0)), 8.9),
        (Signal::Bad(Fault::Stale), 8.5),
    ] {
        let mut unit = Disinfection::default();
        unit.inputs.ph = ph;
        assert_eq!(unit.conditions(Signal::Good(Celsius(20.0))).ph, Ph(counts), "{ph:?}");
    }
    for (own, raw, counts) in [
        (Signal::Good(Celsius(26.0)), Signal::Good(Celsius(20.0)), 26.0),
        (lost, Signal::Good(Celsius(20.0)), 20.0),
        (lost, lost, 10.0),
    ] {
        let mut unit = Disinfection::default();
        unit.inputs.temperature = own;
        assert_eq!(unit.conditions(raw).temperature, Celsius(counts));
    }
}
