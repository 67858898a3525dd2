//! Core and twin in one process: what a plant meets on a bad day, and whether it comes back by itself where it should.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Act, SensorFault, TwinParameters};
use plc::image::Command;
use plc::plant::{Plant, Shape};
use plc::reason::Reason;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

fn reference(parameters: TwinParameters, seed: u64) -> ClosedLoop {
    ClosedLoop::new(&Shape::default(), parameters, seed, PERIOD)
}

/// The reference plant, making water.
fn producing(seed: u64) -> ClosedLoop {
    let mut plant = reference(TwinParameters::default(), seed);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(HOUR, is("Producing")), "{}", plant.tell());
    plant
}

fn is(state: &'static str) -> impl Fn(&ClosedLoop) -> bool {
    move |plant| plant.state("system.state") == Some(state)
}

fn break_sensor(plant: &mut ClosedLoop, path: &str, fault: Option<SensorFault>) {
    assert_eq!(plant.act(Act::SensorFault { path: path.into(), fault }), Ok(()));
}

/// The controller starts anew beside the same plant, with what its journal kept a minute ago.
fn restart(plant: &mut ClosedLoop) {
    let mut kept = Vec::new();
    plant.plant.keep(|row, value| kept.push((row.id, value)));
    plant.plant = Plant::new(&Shape::default());
    let found = |id| kept.iter().find(|(row, _)| *row == id).map(|(_, value)| *value);
    plant.plant.restore(|row| found(row.id), Some(MINUTE));
}

/// R-2.10-06: the controller away for a minute.
#[test]
fn a_controller_that_restarts_while_water_is_made_goes_on_without_a_person() {
    let mut plant = producing(1);
    restart(&mut plant);
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
}

#[test]
fn a_bus_that_was_away_for_minutes_leaves_nothing_for_a_person_to_reset() {
    for bus in ["system.bus_a", "system.bus_b"] {
        let mut plant = producing(2);
        plant.report(bus, 0.0);
        plant.run(3 * MINUTE);
        plant.report(bus, 1.0);
        assert!(
            plant.run_until(2 * HOUR, |plant| plant.truth().produced_flow.0 > 2.0),
            "{bus}: {}",
            plant.tell()
        );
        assert!(plant.run_until(2 * HOUR, is("Producing")), "{bus}: {}", plant.tell());
    }
    let mut plant = producing(2);
    plant.act(Act::Link { bus: hil::Bus::D, up: false }).unwrap();
    plant.report("system.bus_d", 0.0);
    plant.run(3 * MINUTE);
    plant.act(Act::Link { bus: hil::Bus::D, up: true }).unwrap();
    plant.report("system.bus_d", 1.0);
    assert!(
        plant.run_until(2 * HOUR, |plant| plant.truth().produced_flow.0 > 2.0),
        "{}",
        plant.tell()
    );
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
}

#[test]
fn an_unknown_settled_level_stops_the_intake_before_the_tank_runs_over() {
    let mut plant = producing(3);
    break_sensor(&mut plant, "sedimentation.settled_level", Some(SensorFault::Dropout));
    plant.run(3 * HOUR);
    assert_eq!(plant.truth().overflowed.0, 0.0, "{}", plant.tell());
    break_sensor(&mut plant, "sedimentation.settled_level", None);
    assert!(
        plant.run_until(3 * HOUR, |plant| plant.truth().produced_flow.0 > 2.0),
        "{}",
        plant.tell()
    );
}

#[test]
fn a_plant_with_a_full_settled_tank_starts_by_filtering_it() {
    let parameters = TwinParameters { start_settled_percent: 97.0, ..TwinParameters::default() };
    let mut plant = reference(parameters, 4);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
    assert_eq!(plant.truth().overflowed.0, 0.0);
}

#[test]
fn water_that_stays_turbid_runs_to_waste_only_while_the_waste_tank_has_room() {
    let mut plant = producing(5);
    break_sensor(&mut plant, "filtration.combined_turbidity", Some(SensorFault::Bias(3.0)));
    assert!(plant.run_until(HOUR, |plant| plant.plant.units.distribution.retained.contaminated));
    plant.run(12 * HOUR);
    assert_eq!(plant.truth().overflowed.0, 0.0, "{}", plant.tell());
}

/// INV-33, R-2.2-01: pressed at power-up it does not stand for the self-test.
#[test]
fn an_emergency_stop_at_power_up_does_not_spare_the_set_up() {
    let mut plant = reference(TwinParameters::default(), 6);
    plant.report("system.setup_done", 0.0);
    plant.act(Act::Press("ES-900".into())).unwrap();
    plant.run(2 * MINUTE);
    assert_eq!(plant.state("system.state"), Some("EmergencyStop"));
    plant.act(Act::Release("ES-900".into())).unwrap();
    plant.run(5 * SECOND);
    plant.act(Act::Press("HS-901".into())).unwrap();
    plant.run(HOUR);
    assert_eq!(plant.state("system.state"), Some("Boot"), "{}", plant.tell());
    assert_eq!(plant.truth().lift_flow.0, 0.0);
    plant.report("system.setup_done", 1.0);
    plant.run(5 * SECOND);
    assert_eq!(plant.state("system.state"), Some("Stopped"));
}

#[test]
fn an_emergency_stop_whose_contactor_stays_closed_is_not_reset() {
    let mut plant = producing(10);
    break_sensor(&mut plant, "system.supply_on", Some(SensorFault::Stuck));
    plant.act(Act::Press("ES-900".into())).unwrap();
    plant.run(5 * SECOND);
    assert_ne!(plant.value("system.supply_welded"), Some(0.0));
    plant.act(Act::Release("ES-900".into())).unwrap();
    plant.run(5 * SECOND);
    plant.act(Act::Press("HS-901".into())).unwrap();
    plant.run(5 * SECOND);
    assert_eq!(plant.state("system.state"), Some("EmergencyStop"));
    assert_eq!(plant.order(Command::Start), Err(Reason::EmergencyStop));
    break_sensor(&mut plant, "system.supply_on", None);
    plant.run(5 * SECOND);
    plant.act(Act::Press("HS-901".into())).unwrap();
    plant.run(5 * SECOND);
    assert_eq!(plant.state("system.state"), Some("Stopped"));
}

#[test]
fn standby_ends_at_once_when_a_person_stops_the_plant() {
    let mut plant = producing(7);
    assert!(plant.run_until(24 * HOUR, is("Standby")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Stop), Ok(()));
    plant.run(SECOND);
    assert_eq!(plant.state("system.state"), Some("Stopped"));
}

/// R-2.1-01: STOP ALL is the plant's OFF, over a restart too.
#[test]
fn stop_all_stops_every_pump_and_nothing_runs_before_a_new_start() {
    let mut plant = producing(9);
    assert!(
        plant.run_until(12 * HOUR, |plant| plant.truth().lift_flow.0 > 1.0),
        "{}",
        plant.tell()
    );
    for while_stopped in [false, true] {
        if while_stopped {
            // Stopped already, and still delivering: the same order.
            assert_eq!(plant.order(Command::Start), Ok(()));
            assert_eq!(plant.order(Command::StopAll), Ok(()));
            assert_eq!(plant.order(Command::Start), Ok(()));
            assert_eq!(plant.order(Command::Stop), Ok(()));
            assert!(plant.run_until(HOUR, is("Stopped")), "{}", plant.tell());
        }
        assert_eq!(plant.order(Command::StopAll), Ok(()));
        assert_eq!(plant.motors_on(), [""; 0], "while stopped: {while_stopped}");
        for _ in 0..6000 {
            plant.step();
            assert_eq!(plant.motors_on(), [""; 0], "while stopped: {while_stopped}");
        }
    }
    restart(&mut plant);
    plant.run(20 * MINUTE);
    assert_eq!(plant.motors_on(), [""; 0], "after a restart");
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
}

#[test]
fn a_bus_that_is_away_at_the_start_is_no_failed_start() {
    let mut plant = reference(TwinParameters::default(), 8);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")));
    plant.report("system.bus_a", 0.0);
    plant.run(10 * SECOND);
    assert_eq!(plant.order(Command::Start), Ok(()));
    plant.run(5 * MINUTE);
    assert_eq!(plant.state("system.state"), Some("Stopped"));
    assert!(plant.plant.units.system.status.blocked.has(Reason::BusALost));
    plant.report("system.bus_a", 1.0);
    assert!(plant.run_until(HOUR, is("Producing")), "{}", plant.tell());
}

#[test]
fn dangerous_chlorine_stays_tripped_over_a_restart_until_a_person_resets_it() {
    let mut plant = producing(31);
    let path = "disinfection.outlet_chlorine".to_owned();
    let fault = Some(hil::SensorFault::Bias(3.9));
    plant.act(Act::SensorFault { path: path.clone(), fault }).unwrap();
    assert!(plant.run_until(HOUR, |plant| { plant.plant.units.system.retained.chlorine_latched }));
    plant.act(Act::SensorFault { path, fault: None }).unwrap();
    plant.restart(&Shape::default(), Some(3 * MINUTE));
    let end = plant.now().plus(HOUR);
    while plant.now() < end {
        plant.step();
        let on = plant.motors_on();
        let held =
            |path: &String| path.starts_with("disinfection") || path.starts_with("distribution");
        assert!(!on.iter().any(held), "{on:?} {}", plant.tell());
    }
    assert_eq!(plant.order(Command::Reset), Ok(()));
    plant.run(MINUTE);
    assert!(!plant.plant.units.system.retained.chlorine_latched, "{}", plant.tell());
}
