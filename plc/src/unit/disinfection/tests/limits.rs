//! Too little and too much.

use super::*;

/// R-2.7.5-02: AIT-401 below 0.4 for 10 min while dosing: the other pump and 30 % more; 20 min later delivery is held, and the
/// filters go on.
#[test]
fn too_little_chlorine_takes_the_other_pump_and_more_of_it_and_then_holds_delivery() {
    for (shown, underfeeds) in [(0.39, true), (0.4, false)] {
        let mut rig = Rig::dosing();
        rig.fade(0.41);
        rig.told = Some(mg(shown));
        rig.run_s(599);
        assert_eq!(rig.state(), State::PacedTrim, "{shown}");
        let before = rig.dose();
        rig.run_s(2);
        assert_eq!(rig.state() == State::Underfeed, underfeeds, "{shown}");
        if !underfeeds {
            continue;
        }
        assert!(near(rig.dose(), 1.3 * before, 0.02), "{before} {}", rig.dose());
        assert!(rig.on_b() && !rig.unit.doser.is_impaired());
        assert!(rig.unit.status.underfeed_left > Duration::from_secs(1190));
        rig.run_s(1190);
        assert!(!rig.unit.holds_delivery());
        rig.run_s(20);
        assert!(rig.unit.holds_delivery() && rig.rate() > 0.0, "the clear well is still filled");
        rig.told = Some(mg(0.51));
        rig.run_s(298);
        assert!(rig.unit.holds_delivery());
        let raised = rig.dose();
        rig.run_s(4);
        assert!(!rig.unit.holds_delivery() && rig.state() == State::PacedTrim);
        assert!(rig.unit.status.trim.0 > 0.7 && rig.dose() < raised, "the trim takes over");
    }
}

/// R-2.7.5-02: water of a standstill is no underfeed, a residual that nobody knows is none either.
#[test]
fn the_first_half_hour_of_dosing_and_an_unknown_residual_are_no_underfeed() {
    let mut rig = Rig::new();
    rig.told = Some(mg(0.35));
    rig.run_s(1790);
    assert_eq!(rig.state(), State::PacedTrim);
    rig.run_s(620);
    assert_eq!(rig.state(), State::Underfeed);
    rig.lose_inlet();
    rig.run_s(70);
    assert_eq!(rig.state(), State::PacedOnly);
}

/// R-2.19-03: while people boil their water no limit set lower cuts the dose that they need, nor calls it high.
#[test]
fn chlorine_is_not_called_high_below_what_an_emergency_needs() {
    for (least, residual, halved) in [(0.0, 1.6, true), (2.0, 1.6, false), (2.0, 2.1, true)] {
        let mut rig = Rig::dosing();
        rig.unit.settings.chlorine_high = MilligramsPerLitre(1.2);
        rig.around.high_least = MilligramsPerLitre(least);
        (rig.told, rig.outlet_told) = (Some(mg(0.9)), Some(mg(residual)));
        rig.run_s(610);
        assert_eq!(rig.state() == State::Overfeed, halved, "{least}: {residual} mg/l");
        assert_eq!(
            rig.unit.alarms.residual_high == Condition::Active,
            halved,
            "{least}: {residual} mg/l"
        );
    }
}

/// R-2.7.5-03: AIT-401 > 3.0 for 3 min, AIT-403 > 2.0 for 10 min, off the scale counts as above: half the feed forward.
#[test]
fn too_much_chlorine_halves_the_dose() {
    let range = Signal::Bad(Fault::Overrange);
    for (name, inlet, outlet, seconds) in [
        ("inlet", mg(3.01), mg(0.8), Some(180)),
        ("inlet at its limit", mg(3.0), mg(0.8), None),
        ("inlet off its scale", range, mg(0.8), Some(180)),
        ("outlet", mg(0.9), mg(2.01), Some(600)),
        ("outlet at its limit", mg(0.9), mg(2.0), None),
        ("outlet off its scale", mg(0.9), range, Some(600)),
        ("both unknown", Signal::Bad(Fault::Stale), Signal::Bad(Fault::Stale), None),
    ] {
        let mut rig = Rig::dosing();
        let forward = 0.9 + rig.unit.status.demand.0;
        (rig.told, rig.outlet_told) = (Some(inlet), Some(outlet));
        let found = rig.until_s(1800, |rig| rig.state() == State::Overfeed);
        assert_eq!(found, seconds, "{name}");
        if found.is_some() {
            assert!(near(rig.dose(), forward / 2.0, 0.02), "{name}: {}", rig.dose());
        }
    }
}

/// R-2.7.5-03, R-2.0-03: an analyser that is lost while there is too much leaves the dose halved for five minutes, and not for ever.
#[test]
fn the_dose_is_not_halved_for_ever_by_an_analyser_that_was_lost() {
    for inlet in [true, false] {
        let mut rig = Rig::dosing();
        let (high, lost) = (Some(mg(3.5)), Some(Signal::Bad(Fault::Stale)));
        if inlet {
            rig.told = high
        } else {
            rig.outlet_told = high
        }
        assert!(rig.until_s(700, |rig| rig.state() == State::Overfeed).is_some());
        if inlet {
            rig.told = lost
        } else {
            rig.outlet_told = lost
        }
        rig.run_s(290);
        assert_eq!(rig.state(), State::Overfeed, "inlet {inlet}");
        rig.run_s(20);
        assert_ne!(rig.state(), State::Overfeed, "inlet {inlet}");
    }
}

/// R-2.7.5-03: it ends five minutes below 2.5 and 1.8, and the trim begins at nothing.
#[test]
fn the_whole_dose_comes_back_when_the_residual_is_clearly_lower() {
    let mut rig = Rig::dosing();
    rig.outlet_is = Some(2.1);
    assert!(rig.until_s(700, |rig| rig.state() == State::Overfeed).is_some());
    rig.outlet_is = Some(1.9);
    rig.run_s(900);
    assert_eq!(rig.state(), State::Overfeed);
    rig.outlet_is = Some(1.8);
    rig.run_s(299);
    assert_eq!(rig.state(), State::Overfeed);
    rig.run_s(2);
    assert_eq!(rig.state(), State::PacedTrim);
    assert!(near(rig.unit.status.trim.0, 0.0, 0.03), "{}", rig.unit.status.trim.0);
}

/// R-2.7.5-03: above 4.0 for 120 s nothing is dosed: the cause holds the pump in its own scan.
#[test]
fn dangerous_chlorine_stops_the_pump() {
    let mut rig = Rig::dosing();
    rig.around.holds = Reasons::only(Reason::ChlorineDangerous);
    rig.around.dangerous = true;
    rig.run_s(1);
    assert_eq!(rig.rate(), 0.0);
    assert_eq!(rig.unit.alarms.chlorine_dangerous, Condition::Active);
}

/// R-2.7.5-02, R-2.7.5-03: alarms 401, 403 and 411 at their limits, inside their deadbands, in a calibration hold (s3), and in
/// the first ten minutes of dosing (s2).
#[test]
fn the_alarms_speak_at_their_limits_and_are_silent_by_design() {
    use Condition::{Active, AsBefore, Bad, Clear, Suppressed};
    let held = |value: f64| Signal::Held(MilligramsPerLitre(value), Moment(0));
    for (inlet, outlet, low, high) in [
        (mg(0.9), mg(0.8), Clear, Clear),
        (mg(0.9), mg(0.49), Active, Clear),
        (mg(0.49), mg(0.8), Active, Clear),
        (mg(0.9), mg(0.55), AsBefore, Clear),
        (mg(0.9), mg(2.01), Clear, Active),
        (mg(0.9), mg(1.9), Clear, AsBefore),
        (mg(0.9), mg(1.8), Clear, Clear),
        (held(0.2), held(0.2), Suppressed, Suppressed),
        (mg(0.9), Signal::Bad(Fault::Stale), Bad(Fault::Stale), Bad(Fault::Stale)),
    ] {
        let mut rig = Rig::dosing();
        (rig.told, rig.outlet_told) = (Some(inlet), Some(outlet));
        rig.run_s(2);
        let alarms = rig.unit.alarms;
        assert_eq!(alarms.residual_low, low, "{inlet:?} {outlet:?}");
        assert_eq!(alarms.residual_high, high, "{inlet:?} {outlet:?}");
    }
    let mut rig = Rig::new();
    rig.told = Some(mg(0.1));
    rig.run_s(600);
    assert_eq!(rig.unit.alarms.residual_low, Clear, "s2");
    rig.run_s(20);
    assert_eq!(rig.unit.alarms.residual_low, Active);
    let mut unit = Disinfection::default();
    for (ph, condition) in [
        (Signal::Good(Ph(6.49)), Active),
        (Signal::Good(Ph(6.6)), AsBefore),
        (Signal::Good(Ph(7.5)), Clear),
        (Signal::Good(Ph(8.4)), AsBefore),
        (Signal::Good(Ph(8.51)), Active),
        (Signal::Bad(Fault::Stale), Bad(Fault::Stale)),
        (Signal::Held(Ph(4.0), Moment(0)), Suppressed),
    ] {
        unit.inputs.ph = ph;
        unit.scan(Rig::new().around, SECOND);
        assert_eq!(unit.alarms.ph_out, condition, "{ph:?}");
    }
}
