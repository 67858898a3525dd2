//! The emergency profile as people ask for it, and what the whole plant makes of it.

use super::tests::order;
use super::*;
use crate::image::Inputs;
use crate::plant::Shape;
use crate::quantity::Ratio;
use crate::signal::Signal;

const HOUR: Duration = Duration::from_secs(3600);
const BEGIN: Command = Command::BeginEmergency { limit: 4.0, seconds: 7200.0 };

fn plant() -> Plant {
    let mut plant = Plant::new(&Shape::default());
    plant.units.distribution.retained.quality_known = true;
    plant
}

/// Water of so many NTU enters the clear well for so long, its chlorine right.
fn let_in(plant: &mut Plant, turbidity: f64, seconds: u32) {
    let relaxed = plant.units.system.emergency_profile.relaxed();
    for _ in 0..seconds {
        let (entering, residual) =
            (Signal::Good(Ntu(turbidity)), Signal::Good(MilligramsPerLitre(0.9)));
        let second = Duration::from_secs(1);
        plant.units.distribution.judge_quality(Some(entering), residual, relaxed, second);
    }
}

fn shown(plant: &mut Plant, path: &str) -> f64 {
    let inputs = Inputs::new(plant.catalogue());
    // Settings, totals and status are published once a second.
    plant.scan(&inputs, &[], Duration::from_secs(1));
    let row = plant.catalogue().find(path).map(|row| row.id).expect("a point of this plant");
    plant.snapshot().samples[row].value
}

/// R-2.19-01, INV-45: an Engineer, by choosing and confirming, with words, within its bounds; an Operator ends it in one step.
#[test]
fn only_an_engineer_begins_an_emergency_profile_and_an_operator_may_end_it() {
    let mut plant = plant();
    for role in [Role::Observer, Role::Operator, Role::Supervisor, Role::Admin] {
        assert_eq!(order(&mut plant, role, BEGIN), Err(Reason::NotPermitted), "{role:?}");
    }
    for (limit, seconds) in [(1.0, 7200.0), (5.1, 7200.0), (4.0, 259_201.0), (f64::NAN, 7200.0)] {
        let command = Command::BeginEmergency { limit, seconds };
        let refused = Err(Reason::OutOfRange);
        assert_eq!(order(&mut plant, Role::Engineer, command), refused, "{limit} {seconds}");
    }
    assert_eq!(order(&mut plant, Role::Operator, Command::EndEmergency), Err(Reason::NotNow));
    assert_eq!(shown(&mut plant, "system.boil_water"), 0.0);
    assert!(BEGIN.needs_selection() && BEGIN.needs_words());
    assert!(!Command::EndEmergency.needs_selection() && !Command::EndEmergency.needs_words());
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
    assert_eq!(shown(&mut plant, "system.boil_water"), 1.0);
    assert_eq!(shown(&mut plant, "system.emergency_profile.turbidity_limit"), 4.0);
    assert_eq!(order(&mut plant, Role::Observer, Command::EndEmergency), Err(Reason::NotPermitted));
    assert_eq!(order(&mut plant, Role::Operator, Command::EndEmergency), Ok(()));
    assert_eq!(shown(&mut plant, "system.boil_water"), 0.0);
}

/// R-2.19-03, INV-45: the residual aimed at is 1.5 mg/l at least, and what the site calls high leaves room for it.
#[test]
fn an_emergency_profile_raises_the_chlorine_and_is_refused_where_that_would_be_cut() {
    let mut plant = plant();
    assert_eq!(shown(&mut plant, "disinfection.target"), 0.9);
    plant.units.disinfection.settings.chlorine_high = MilligramsPerLitre(1.99);
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Err(Reason::ChlorineOutOfLimits));
    plant.units.disinfection.settings.chlorine_high = MilligramsPerLitre(2.0);
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
    assert_eq!(shown(&mut plant, "disinfection.target"), 1.5);
    assert_eq!(plant.units.disinfection.settings.residual_target, MilligramsPerLitre(0.9));
    plant.units.disinfection.settings.residual_target = MilligramsPerLitre(1.8);
    assert_eq!(shown(&mut plant, "disinfection.target"), 1.8, "more is more");
    assert_eq!(plant.around_disinfection().high_least, MilligramsPerLitre(2.0), "whatever is set");
    plant.units.disinfection.settings.residual_target = MilligramsPerLitre(0.9);
    assert_eq!(order(&mut plant, Role::Operator, Command::EndEmergency), Ok(()));
    assert_eq!(shown(&mut plant, "disinfection.target"), 0.9);
    assert_eq!(plant.around_disinfection().high_least, MilligramsPerLitre(0.0));
}

/// R-2.19-04, R-2.19-05, INV-45: it ends by itself, over a restart too; alarm 923 tells people to boil their water meanwhile.
#[test]
fn people_are_told_to_boil_their_water_until_the_profile_has_run_out_over_restarts_too() {
    let mut plant = plant();
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
    assert_eq!(shown(&mut plant, "system.boil_water"), 1.0);
    assert_eq!(
        shown(&mut plant, "system.must_boil"),
        f64::from(crate::alarm::State::Unacknowledged as u8)
    );
    let mut kept = alloc::collections::BTreeMap::new();
    plant.keep(|row, value| _ = kept.insert(row.path.clone(), value));
    for (away, boil) in [(Some(HOUR), 1.0), (Some(2 * HOUR), 0.0), (None, 0.0)] {
        let mut again = Plant::new(&Shape::default());
        again.restore(|row| kept.get(&row.path).copied(), away);
        assert_eq!(shown(&mut again, "system.boil_water"), boil, "away for {away:?}");
    }
    let inputs = Inputs::new(plant.catalogue());
    for _ in 0..7200 {
        plant.scan(&inputs, &[], Duration::from_secs(1));
    }
    assert_eq!(shown(&mut plant, "system.boil_water"), 0.0);
    assert!(plant.units.system.emergency_profile.relaxed().is_none());
}

/// R-2.19-02, R-2.19-04, INV-16, INV-45: the well is held above the profile's limit, and for what it let in once it has ended;
/// only then, and until a person has confirmed the well fit, may nobody drink without boiling.
#[test]
fn what_an_emergency_profile_let_into_the_clear_well_is_held_when_it_ends() {
    let mut plant = plant();
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
    let_in(&mut plant, 4.0, 2000);
    assert!(!plant.units.distribution.retained.contaminated, "at the limit it passes");
    assert_eq!(order(&mut plant, Role::Operator, Command::EndEmergency), Ok(()));
    let_in(&mut plant, 0.1, 1);
    assert!(plant.units.distribution.retained.contaminated);
    assert_eq!(shown(&mut plant, "system.boil_water"), 1.0);
    assert!(plant.holds().on(crate::interlock::Column::LiftPump).has(Reason::QualityHold));
    assert_eq!(shown(&mut plant, "disinfection.target"), 1.5, "it is disinfected meanwhile");
    plant.units.distribution.status.superchlorinated = HOUR;
    assert_eq!(plant.units.distribution.confirm_quality(), Ok(()));
    let_in(&mut plant, 0.1, 1);
    assert!(!plant.units.distribution.retained.contaminated);
    assert_eq!(shown(&mut plant, "system.boil_water"), 0.0);

    for (turbidity, seconds, held) in
        [(4.01, 59, false), (4.01, 60, true), (0.6, 2000, false), (f64::NAN, 60, true)]
    {
        let mut plant = self::plant();
        assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
        let_in(&mut plant, turbidity, seconds);
        let held_now = plant.units.distribution.retained.contaminated;
        assert_eq!(held_now, held, "{turbidity} NTU for {seconds} s");
    }
    // A profile that let nothing in leaves nothing behind.
    let mut plant = self::plant();
    assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
    let_in(&mut plant, 0.5, 2000);
    let_in(&mut plant, 1.5, 59);
    assert_eq!(order(&mut plant, Role::Operator, Command::EndEmergency), Ok(()));
    let_in(&mut plant, 0.1, 1);
    assert!(!plant.units.distribution.retained.contaminated);
    assert!(!plant.boil_water());
}

/// R-2.19-02, R-2.7.4-01, INV-3: what filtration does not do is asked of disinfection, profile or not.
#[test]
fn an_emergency_profile_leaves_contact_time_to_be_asked_of_disinfection_alone() {
    for order_first in [false, true] {
        let mut plant = plant();
        if order_first {
            assert_eq!(order(&mut plant, Role::Engineer, BEGIN), Ok(()));
        }
        let unit = &mut plant.units.disinfection;
        unit.judge_credit(Some(Signal::Good(Ntu(1.1))), Duration::from_secs(15));
        unit.judge_credit(Some(Signal::Good(Ntu(1.1))), Duration::from_secs(15));
        assert_eq!(unit.required(Ratio(0.5), Ratio(2.0)), (Ratio(3.0), Ratio(4.0)));
    }
}
