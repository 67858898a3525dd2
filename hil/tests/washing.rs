//! Core and twin in one process: washes that meet what they meet in a village.

use std::time::Duration;

use hil::closed_loop::{ClosedLoop, Lie};
use hil::{Act, ActuatorFault, TwinParameters};
use plc::image::Command;
use plc::plant::Shape;
use plc::reason::Reason;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// The reference plant, or one with a single filter, making water.
fn producing(seed: u64, filters: u8) -> ClosedLoop {
    let shape = Shape { filters, ..Shape::default() };
    let parameters = TwinParameters { filters: usize::from(filters), ..TwinParameters::default() };
    let mut plant = ClosedLoop::new(&shape, parameters, seed, PERIOD);
    assert!(plant.run_until(5 * MINUTE, |plant| plant.state("system.state") == Some("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(3 * HOUR, making_water), "{}", plant.tell());
    plant
}

fn making_water(plant: &ClosedLoop) -> bool {
    plant.state("system.state") == Some("Producing")
}

fn filter_is(state: &'static str) -> impl Fn(&ClosedLoop) -> bool {
    move |plant| plant.state("filter1.state") == Some(state)
}

fn strike(plant: &mut ClosedLoop, path: &str, fault: Option<ActuatorFault>) {
    assert_eq!(plant.act(Act::ActuatorFault { path: path.into(), fault }), Ok(()));
}

/// Orders a wash of filter 1 and waits for this step of it.
fn washing(plant: &mut ClosedLoop, step: &'static str) {
    assert_eq!(plant.order(Command::Wash { filter: 1 }), Ok(()));
    assert!(plant.run_until(3 * HOUR, filter_is(step)), "{}", plant.tell());
}

fn alarm(plant: &ClosedLoop, path: &str) -> bool {
    plant.value(path).is_some_and(|state| state == 1.0 || state == 2.0)
}

/// R-2.6.5-02, R-2.6.5-08, INV-9, INV-34: the mains go in HIGH_WASH for five minutes; the plant comes back by itself, and the
/// wash goes on without another drain and without air.
#[test]
fn a_short_power_cut_in_a_wash_costs_no_second_air_scour() {
    let mut plant = producing(21, 2);
    washing(&mut plant, "HighWash");
    plant.run(30 * SECOND);
    plant.act(Act::Mains(false)).unwrap();
    plant.run(5 * MINUTE);
    assert_eq!(plant.value("filter1.dirty"), Some(1.0));
    plant.act(Act::Mains(true)).unwrap();
    let mut seen = Vec::new();
    let washed = plant.run_until(3 * HOUR, |plant| {
        let state = plant.state("filter1.state");
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        plant.value("filter1.dirty") == Some(0.0)
    });
    assert!(washed, "{seen:?} {}", plant.tell());
    assert!(!seen.contains(&Some("AirScour")), "{seen:?}");
    assert!(plant.run_until(3 * HOUR, making_water), "{}", plant.tell());
}

/// R-2.6.5-05, R-2.6.5-04, R-2.6.1-14: a blower that turns and moves no air, then a waste tank that is full for five minutes.
#[test]
fn a_wash_without_air_and_with_a_full_waste_tank_is_finished_all_the_same() {
    let mut plant = producing(22, 2);
    strike(&mut plant, "filtration.blower", Some(ActuatorFault::Seize));
    washing(&mut plant, "HighWash");
    let why = &plant.plant.units.filtration.status.wash_failed_by;
    assert!(why.has(Reason::AirPressureLow), "{why:?}");
    assert!(alarm(&plant, "filtration.air_wrong"));
    plant.run(MINUTE);
    let float = plant.plant.catalogue().input_slot("waste.high_high").unwrap();
    plant.lie(float, Some(Lie::Value(0.0)));
    plant.run(30 * SECOND);
    assert!(plant.truth().wash_flow.0 < 0.1, "{:?}", plant.truth().wash_flow);
    plant.run(5 * MINUTE);
    assert_eq!(plant.state("filter1.state"), Some("HighWash"));
    plant.lie(float, None);
    assert!(plant.run_until(HOUR, |plant| plant.value("filter1.washes") == Some(1.0)));
    assert_eq!(plant.value("filtration.water_only_washes"), Some(1.0));
    let volume = plant.value("filtration.wash_volume").unwrap();
    assert!((1.8..3.0).contains(&volume), "{volume} m³");
    assert!(plant.run_until(3 * HOUR, making_water), "{}", plant.tell());
}

/// R-2.6.5-03, INV-20, INV-44: P-351 turns and moves nothing: the filter is given up with its reason, the other one goes on.
/// Then P-301 does: its standby takes over.
#[test]
fn a_pump_that_turns_and_moves_nothing_is_found_out() {
    let mut plant = producing(23, 2);
    strike(&mut plant, "filtration.wash_pump", Some(ActuatorFault::Seize));
    washing(&mut plant, "AirScour");
    assert!(plant.run_until(2 * HOUR, filter_is("Fault")), "{}", plant.tell());
    let why = &plant.plant.units.filter[0].status.failed_by;
    assert!(why.has(Reason::WashFlowLow) && why.has(Reason::DeadHead), "{why:?}");
    assert!(alarm(&plant, "filtration.wash_flow_low") && alarm(&plant, "filter1.wash_aborted"));
    assert!(plant.truth().produced_flow.0 > 2.0, "{}", plant.tell());

    let duty = if plant.value("filtration.pump_a.run") == Some(1.0) { "a" } else { "b" };
    strike(&mut plant, &format!("filtration.pump_{duty}"), Some(ActuatorFault::Seize));
    let rests =
        |plant: &ClosedLoop| plant.value("filtration.rest_left").is_some_and(|left| left > 0.0);
    assert!(plant.run_until(MINUTE, rests), "{}", plant.tell());
    plant.run(5 * SECOND);
    assert!(alarm(&plant, "filtration.pump_fault"));
    assert!(
        plant.run_until(10 * MINUTE, |plant| plant.truth().produced_flow.0 > 2.0),
        "{}",
        plant.tell()
    );
}

/// R-2.6.3-05, R-2.6.6-02, R-2.6.3-10: a site with one filter pauses, washes, ripens, and makes water again.
#[test]
fn a_plant_with_one_filter_washes_it_and_goes_on() {
    let mut plant = producing(24, 1);
    washing(&mut plant, "AirWater");
    assert_eq!(plant.state("filtration.state"), Some("Paused"));
    assert_eq!(plant.truth().lift_flow.0, 0.0);
    assert!(plant.run_until(3 * HOUR, filter_is("Filtering")), "{}", plant.tell());
    assert!(plant.run_until(2 * HOUR, making_water), "{}", plant.tell());
    assert_eq!(plant.truth().overflowed.0, 0.0);
}
