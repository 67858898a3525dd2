//! What ends a run by hand, whoever wished it.

use std::string::String;
use std::vec::Vec;

use super::*;
use crate::device::Mode;
use crate::image::Inputs;
use crate::interlock::Holds;
use crate::plant::Shape;
use crate::tag::Visitor;

const HOUR: f64 = 3600.0;

/// Rows of the modes of everything that runs or strokes, and of everything else.
fn modes(plant: &Plant) -> (Vec<usize>, Vec<usize>) {
    let rows = plant.catalogue().rows.iter().filter(|row| row.path.ends_with(".mode"));
    rows.map(|row| row.id).partition(|row| plant.is_motor(*row))
}

/// A plant with every device in MANUAL; nothing holds.
fn in_manual() -> Plant {
    let mut plant = Plant::new(&Shape::default());
    let (motors, others) = modes(&plant);
    for device in motors.into_iter().chain(others) {
        let mut handle = crate::publish::Handle::new(device, Mode::Manual, 7);
        plant.units.visit(&mut handle);
        assert!(handle.found());
    }
    plant
}

/// How many devices are wished to run, or to be open.
fn wished(plant: &mut Plant) -> usize {
    #[derive(Default)]
    struct Wished(usize);
    impl Visitor for Wished {
        fn handling(&mut self, handling: &mut Handling) {
            self.0 += usize::from(handling.wish().is_some_and(|wish| wish > Percent::ZERO));
        }
    }
    let mut wished = Wished::default();
    plant.units.visit(&mut wished);
    wished.0
}

/// R-2.1-02: the devices that a person may run by hand, as a table.
#[test]
fn what_runs_or_strokes_is_a_motor_and_a_valve_is_none() {
    let plant = Plant::new(&Shape::default());
    let (motors, _) = modes(&plant);
    let path = |row: &usize| plant.catalogue().rows[*row].path.replace(".mode", "");
    let paths: Vec<String> = motors.iter().map(path).collect();
    assert_eq!(
        paths,
        [
            "intake.pump_a",
            "intake.pump_b",
            "coagulation.doser",
            "coagulation.mixer",
            "sedimentation.sludge_pump",
            "filtration.wash_pump",
            "filtration.pump_a",
            "filtration.pump_b",
            "filtration.blower",
            "disinfection.doser",
            "distribution.pump_a",
            "distribution.pump_b",
            "waste.pump",
        ]
    );
}

/// R-2.1-02, R-2.1-01, R-2.2-09, R-2.1-05: what stops all motors ends every wish to run one, and lets none begin; valves keep
/// theirs.
#[test]
fn what_stops_all_motors_ends_what_people_wished_of_each_of_them() {
    for cause in [
        Reason::EmergencyStop,
        Reason::StoppedByOperator,
        Reason::MainsLost,
        Reason::BatteryEmpty,
        Reason::RunsUnasked,
        Reason::LocalControl,
        Reason::Booting,
    ] {
        let mut plant = in_manual();
        let (motors, others) = modes(&plant);
        for device in motors.iter().chain(&others) {
            assert_eq!(plant.wish(*device, Percent(60.0), HOUR, 8), Ok(()));
        }
        plant.end_wishes();
        assert_eq!(wished(&mut plant), motors.len() + others.len(), "nothing holds");
        plant.holds = Holds::of(Reasons::only(cause));
        plant.end_wishes();
        assert_eq!(wished(&mut plant), others.len(), "{cause:?}");
        for device in &motors {
            assert_eq!(plant.wish(*device, Percent(60.0), HOUR, 9), Err(cause));
            assert_eq!(plant.wish(*device, Percent::ZERO, HOUR, 9), Ok(()), "a stop is taken");
        }
        for device in &others {
            assert_eq!(plant.wish(*device, Percent(60.0), HOUR, 9), Ok(()), "{cause:?}");
        }
        plant.holds = Holds::default();
        plant.end_wishes();
        assert_eq!(wished(&mut plant), others.len(), "{cause:?} over: nothing begins again");
    }
}

/// R-2.1-02: a cause of the water or of a machine holds a run by hand off, and does not end it.
#[test]
fn other_causes_hold_a_run_by_hand_and_leave_it_its_time() {
    let causes = crate::interlock::CAUSES.without(END_WISHES);
    assert!(!causes.is_empty());
    for cause in causes.iter() {
        let mut plant = in_manual();
        let (motors, _) = modes(&plant);
        plant.holds = Holds::of(Reasons::only(cause));
        assert_eq!(plant.wish(motors[0], Percent(60.0), HOUR, 8), Ok(()), "{cause:?}");
        plant.end_wishes();
        assert_eq!(wished(&mut plant), 1, "{cause:?}");
    }
}

/// R-2.1-02, R-2.2-09: through a whole scan: what was taken over while it ran does not outlive the cause that comes with it.
#[test]
fn a_wish_ends_in_the_scan_in_which_its_cause_begins() {
    let mut plant = in_manual();
    let (motors, others) = modes(&plant);
    for device in motors.iter().chain(&others) {
        assert_eq!(plant.wish(*device, Percent(60.0), HOUR, 8), Ok(()));
    }
    let inputs = Inputs::new(plant.catalogue());
    plant.scan(&inputs, &[], Duration::from_millis(100));
    assert!(plant.holds().causes().has(Reason::Booting));
    assert_eq!(wished(&mut plant), others.len());
}
