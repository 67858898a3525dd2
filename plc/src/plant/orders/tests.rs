//! Orders that move more than one setting.

use std::vec::Vec;

use super::*;
use crate::image::Inputs;
use crate::plant::Shape;
use crate::quantity::{GramsPerLitre, Ratio};
use crate::unit::chemicals::{Batch, Chemical};

pub(super) fn order(plant: &mut Plant, role: Role, command: Command) -> Result<(), Reason> {
    let inputs = Inputs::new(plant.catalogue());
    let number = 7;
    let order = |number, step| Order { number, role, step, command };
    let orders = if command.needs_selection() {
        [order(5, Step::Select), order(number, Step::Operate { token: 5 })].to_vec()
    } else {
        [order(number, Step::Direct)].to_vec()
    };
    plant.scan(&inputs, &orders, Duration::from_secs(1));
    let answered = plant.events().iter().find_map(|event| event.verdict_on(number));
    answered.unwrap()
}

/// Paths of the settings that the last scan changed.
fn changed(plant: &Plant) -> Vec<&str> {
    let rows = &plant.catalogue().rows;
    let path = |event: &Event| match event {
        Event::Setting { row, number: 7, .. } => Some(rows[*row].path.as_str()),
        Event::Setting { .. }
        | Event::Tested { .. }
        | Event::Answer { .. }
        | Event::Alarm { .. }
        | Event::State { .. }
        | Event::Cause { .. }
        | Event::Overflow => None,
    };
    plant.events().iter().filter_map(path).collect()
}

/// R-2.4-07: what a jar test moved is journalled as settings, and its history outlives a restart.
#[test]
fn a_jar_test_is_journalled_and_can_be_taken_back_after_a_restart() {
    let mut plant = Plant::new(&Shape::default());
    let far = Command::JarTest { raw: 20.0, dose: 23.0, settled: 1.0 };
    let near = Command::JarTest { raw: 32.0, dose: 12.0, settled: 1.0 };
    assert_eq!(order(&mut plant, Role::Observer, near), Err(Reason::NotPermitted));
    assert_eq!(order(&mut plant, Role::Operator, near), Ok(()));
    assert_eq!(changed(&plant), ["coagulation.dose_at_20", "coagulation.dose_at_50"]);
    assert_eq!(order(&mut plant, Role::Operator, far), Err(Reason::NeedsSupervisor));
    assert!(changed(&plant).is_empty());
    let accept = Command::AcceptJarTest;
    assert_eq!(order(&mut plant, Role::Operator, accept), Err(Reason::NotPermitted));
    assert_eq!(order(&mut plant, Role::Supervisor, accept), Ok(()));
    assert_eq!(changed(&plant), ["coagulation.dose_at_20"]);

    let mut kept = Vec::new();
    plant.keep(|row, value| kept.push((row.id, value)));
    let settings = plant.units.coagulation.settings;
    let mut plant = Plant::new(&Shape::default());
    let found = |id| kept.iter().find(|(row, _)| *row == id).map(|(_, value)| *value);
    plant.restore(|row| found(row.id), None);
    // The journal brings the settings back; here they are put.
    plant.units.coagulation.settings = settings;
    assert_eq!(order(&mut plant, Role::Operator, Command::RevertJarTest), Ok(()));
    assert_eq!(changed(&plant), ["coagulation.dose_at_20"]);
    assert_eq!(order(&mut plant, Role::Operator, Command::RevertJarTest), Ok(()));
    let dose = plant.units.coagulation.table_dose(Ntu(32.0));
    let default = crate::unit::coagulation::Coagulation::new().table_dose(Ntu(32.0));
    assert!((dose.0 - default.0).abs() < 1e-9, "{dose:?}");
}

/// R-2.12-14: by hand only while the analyser does not measure.
#[test]
fn a_turbidity_tested_by_hand_is_taken_while_the_analyser_is_lost() {
    let mut plant = Plant::new(&Shape::default());
    let tested = Command::EnterTurbidity { tested: 40.0 };
    assert_eq!(order(&mut plant, Role::Operator, tested), Err(Reason::NotNow), "not known yet");
    assert_eq!(order(&mut plant, Role::Operator, tested), Ok(()));
    assert!(plant.units.coagulation.status.turbidity.usable() == Some(Ntu(40.0)));
    let nonsense = Command::EnterTurbidity { tested: f64::NAN };
    assert_eq!(order(&mut plant, Role::Operator, nonsense), Err(Reason::OutOfRange));
}

/// R-2.2.2-09, R-2.11-03, R-2.4-06: a new mix ends what was concluded from the PAC before it; one that is refused, or the other
/// chemical's, ends nothing.
#[test]
fn a_new_mix_of_pac_ends_what_was_concluded_from_the_old_one() {
    let batch = Batch { product: 100.0, days: 0.0, amount: 5.0 };
    for (chemical, asked, trim) in [
        (Chemical::Coagulant, true, 1.0),
        (Chemical::Coagulant, false, 1.25),
        (Chemical::Chlorine, true, 1.25),
    ] {
        let mut plant = Plant::new(&Shape::default());
        plant.units.coagulation.settings.trim_on = true;
        plant.units.coagulation.retained.trim = Ratio(1.25);
        let stock = &mut plant.units.chemicals.coagulant.retained;
        stock.entered = GramsPerLitre(50.0);
        stock.strength = GramsPerLitre(50.0);
        stock.left_strength = GramsPerLitre(if asked { 50.0 } else { 0.0 });
        stock.strength_asked = asked;
        stock.filled_to = Percent(100.0);
        let mixed = Command::Mixed { chemical, batch };
        let taken = asked && chemical == Chemical::Coagulant;
        assert_eq!(order(&mut plant, Role::Operator, mixed).is_ok(), taken, "{chemical:?} {asked}");
        assert_eq!(plant.units.coagulation.retained.trim, Ratio(trim), "{chemical:?} {asked}");
    }
}
