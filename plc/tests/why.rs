//! Why, and why not, as data: every unit and every actuator has its rows, its interlocks, its permissives, and their truth.

use std::time::Duration;

use plc::device::Mode;
use plc::image::{Command, Inputs, Order, Step};
use plc::interlock::Column;
use plc::plant::{Plant, Shape};
use plc::reason::Reason;
use plc::tag::{Kind, Role};
use plc::why::Explained;

fn of<'a>(explained: &'a [Explained], path: &str) -> &'a Explained {
    explained.iter().find(|place| place.path == path).expect("it is explained")
}

#[test]
fn every_output_is_explained_once_with_its_unit_and_its_interlocks() {
    for shape in [
        Shape::default(),
        Shape { tanks: 1, filters: 1, blower: false, elevated_tank: false, ..Shape::default() },
        Shape {
            tanks: 4,
            filters: 6,
            raw_pumps: 3,
            feed_pumps: 3,
            lift_pumps: 3,
            ..Shape::default()
        },
    ] {
        let plant = Plant::new(&shape);
        let catalogue = plant.catalogue();
        let explained = catalogue.explained();
        for row in catalogue.rows.iter() {
            let Kind::Output(_, column) = row.kind else { continue };
            let places: Vec<&Explained> =
                explained.iter().filter(|place| place.outputs.contains(&row.id)).collect();
            assert_eq!(places.len(), 1, "{}", row.path);
            assert_eq!(places[0].unit, row.unit);
            let missing = column.interlocks().without(places[0].interlocks);
            assert!(missing.is_empty(), "{}", row.path);
            assert!(
                places[0].unit_state.is_some() && !places[0].blocked.is_empty(),
                "{}",
                row.path
            );
            let stops = places[0].interlocks.has(Reason::EmergencyStop);
            assert!(stops || matches!(column, Column::Supply | Column::Panel), "{}", row.path);
        }
    }
}

#[test]
fn each_interlock_of_a_pump_is_shown_with_its_present_truth() {
    let mut plant = Plant::new(&Shape::default());
    let inputs = Inputs::new(plant.catalogue());
    plant.scan(&inputs, &[], Duration::from_millis(100));
    let explained = plant.catalogue().explained();
    let pump = of(&explained, "intake.pump_a");
    let why = pump.why(plant.snapshot());
    assert!(!why.wanted && !why.on && why.held_by == 0);
    let truth = |reason| pump.permits(why).find(|permit| permit.reason == reason);
    for (reason, interlock, holds) in [
        (Reason::Booting, true, true),
        (Reason::EmergencyStop, true, false),
        (Reason::RiverTooMuddy, true, false),
        (Reason::InMaintenance, false, false),
        (Reason::StartsUsedUp, false, false),
    ] {
        let permit = truth(reason).expect("it may hold a raw water pump");
        assert_eq!((permit.interlock, permit.holds), (interlock, holds), "{reason:?}");
    }
    assert_eq!(truth(Reason::ChlorineDangerous), None, "chlorine holds no raw water pump");
}

#[test]
fn a_device_shows_who_commands_it_and_how_long_it_must_wait() {
    let plant = Plant::new(&Shape::default());
    let explained = plant.catalogue().explained();
    let path = |row: Option<usize>| row.map(|row| plant.catalogue().rows[row].path.as_str());
    let pump = of(&explained, "intake.pump_a");
    assert_eq!(path(pump.mode), Some("intake.pump_a.mode"));
    assert_eq!(path(pump.held_by), Some("intake.pump_a.held_by"));
    assert_eq!(path(pump.unit_state), Some("intake.state"));
    assert_eq!(path(pump.first_out), Some("system.first_out.raw_pump"));
    let waits: Vec<_> = pump.waits.iter().map(|row| path(Some(*row))).collect();
    assert_eq!(waits, [Some("intake.pump_a.wait_left")]);
}

/// R-2.1-04, INV-36: whoever looks at a pump, a valve or a doser that a person holds is told so.
#[test]
fn a_device_that_a_person_holds_says_so_whatever_it_is() {
    for (mode, reason) in [
        (Mode::Off, Reason::SwitchedOff),
        (Mode::Manual, Reason::InManual),
        (Mode::Maintenance, Reason::InMaintenance),
    ] {
        let mut plant = Plant::new(&Shape::default());
        let explained = plant.catalogue().explained();
        let acts = explained.iter().filter(|place| !place.outputs.is_empty());
        let devices: Vec<_> = acts.filter_map(|place| Some((place, place.mode?))).collect();
        assert!(devices.len() > 30, "{} devices", devices.len());
        let mut number = 0;
        for (place, device) in devices {
            let mut holds_under = |mode| {
                number += 2;
                handle(&mut plant, Command::Handle { device, mode }, number);
                let why = place.why(plant.snapshot());
                assert!(place.undeclared(why).is_empty(), "{}", place.path);
                place.permits(why).any(|permit| permit.reason == reason && permit.holds)
            };
            assert!(holds_under(mode), "{}: {reason:?}", place.path);
            assert!(!holds_under(Mode::Auto), "{}: {reason:?}", place.path);
        }
    }
}

/// Chooses and carries out an order, then lets a second pass.
fn handle(plant: &mut Plant, command: Command, token: u32) {
    let inputs = Inputs::new(plant.catalogue());
    let second = Duration::from_secs(1);
    let order = |number, step| Order { number, role: Role::Supervisor, step, command };
    let orders = [order(token, Step::Select), order(token + 1, Step::Operate { token })];
    plant.scan(&inputs, &orders, second);
    plant.scan(&inputs, &[], second);
}

#[test]
fn every_set_of_permissives_is_declared() {
    let plant = Plant::new(&Shape::default());
    for place in plant.catalogue().explained().iter() {
        assert!(!place.permissives.is_empty(), "{} declares nothing", place.path);
    }
}
