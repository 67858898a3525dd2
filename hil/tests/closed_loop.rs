//! Core and twin in one process: the life of a plant, in seconds.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Act, TwinParameters};
use plc::image::Command;
use plc::plant::Shape;
use plc::reason::Reason;
use plc::tag::Kind;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: twice as quick as the real plant's, and within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// The reference plant, half full, with one filter near its wash; nothing asked yet.
fn reference(seed: u64) -> ClosedLoop {
    ClosedLoop::new(&Shape::default(), TwinParameters::default(), seed, PERIOD)
}

/// The same, making water.
fn producing(seed: u64) -> ClosedLoop {
    let mut plant = reference(seed);
    assert!(plant.run_until(5 * MINUTE, |plant| plant.state("system.state") == Some("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(
        plant.run_until(HOUR, |plant| plant.state("system.state") == Some("Producing")),
        "{}",
        plant.tell()
    );
    plant
}

fn is(state: &'static str) -> impl Fn(&ClosedLoop) -> bool {
    move |plant| plant.state("system.state") == Some(state)
}

/// Paths of the alarms that are not normal.
fn alarms(plant: &ClosedLoop) -> Vec<String> {
    let samples = &plant.plant.snapshot().samples;
    let rows = &plant.plant.catalogue().rows;
    rows.iter()
        .filter(|row| matches!(row.kind, Kind::Alarm(_)) && samples[row.id].value != 0.0)
        .map(|row| row.path.clone())
        .collect()
}

#[test]
fn a_day_of_water_with_a_start_a_wash_a_standby_and_safe_water_throughout() {
    let mut plant = producing(1);
    let mut washed = false;
    let mut stood_by = false;
    let mut produced_again = false;
    let mut worst_turbidity = 0.0_f64;
    let mut lowest_chlorine = 9.0_f64;
    let mut highest_chlorine = 0.0_f64;
    let end = plant.now().plus(24 * HOUR);
    while plant.now() < end {
        plant.step();
        washed |= plant.state("filter1.state") == Some("HighWash");
        stood_by |= plant.state("system.state") == Some("Standby");
        produced_again |= stood_by && plant.state("system.state") == Some("Producing");
        let truth = plant.truth();
        if truth.lift_flow.0 > 0.1 {
            worst_turbidity = worst_turbidity.max(truth.outlet_turbidity.0);
            lowest_chlorine = lowest_chlorine.min(truth.outlet_chlorine.0);
            highest_chlorine = highest_chlorine.max(truth.outlet_chlorine.0);
            assert!(truth.inactivation_ratio.0 >= 1.0, "INV-3: {}", plant.tell());
        }
        assert!(truth.overflowed.0 == 0.0, "INV-21: {}", plant.tell());
    }
    assert!(
        washed && stood_by && produced_again,
        "{washed} {stood_by} {produced_again} {}",
        plant.tell()
    );
    assert!(worst_turbidity < 0.5, "{worst_turbidity} NTU delivered");
    assert!(
        lowest_chlorine > 0.5 && highest_chlorine < 2.0,
        "{lowest_chlorine} to {highest_chlorine} mg/l"
    );
    assert!(plant.truth().unmet.0 < 0.001, "{:?} not served", plant.truth().unmet);
    assert_eq!(plant.truth().dry_seconds, [0.0; 4], "INV-19");
}

/// INV-35, R-2.2-09: until loop, local reset and a new start.
#[test]
fn an_emergency_stop_holds_until_loop_local_reset_and_a_new_start() {
    let mut plant = producing(2);
    let lifts = |plant: &ClosedLoop| plant.motors_on().iter().any(|on| on.contains("distribution"));
    assert!(plant.run_until(2 * HOUR, lifts), "delivery runs: {}", plant.tell());
    plant.act(Act::Press("ES-900".into())).unwrap();
    plant.run(SECOND);
    assert_eq!(plant.motors_on(), [""; 0]);
    assert!(!plant.truth().contactor);
    assert_eq!(plant.state("system.state"), Some("EmergencyStop"));
    assert!(alarms(&plant).contains(&"system.emergency_stopped".to_owned()));

    assert_eq!(plant.order(Command::Start), Err(Reason::EmergencyStop));
    plant.act(Act::Release("ES-900".into())).unwrap();
    plant.run(MINUTE);
    assert_eq!((plant.state("system.state"), plant.motors_on().len()), (Some("EmergencyStop"), 0));
    plant.act(Act::Press("HS-901".into())).unwrap();
    let end = plant.now().plus(10 * MINUTE);
    while plant.now() < end {
        plant.step();
        assert_eq!(plant.motors_on(), [""; 0], "no start was ordered");
    }
    assert_eq!(plant.state("system.state"), Some("Stopped"));
    assert_eq!(plant.truth().raw_flow.0, 0.0);
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
}

/// R-2.2.2-02: D2.
#[test]
fn a_storm_of_600_is_treated_at_the_reduced_rate() {
    let mut plant = producing(3);
    plant.act(Act::Storm { peak_ntu: 600.0 }).unwrap();
    let mut worst = 0.0_f64;
    let mut muddiest = 0.0_f64;
    let mut reduced = false;
    let end = plant.now().plus(12 * HOUR);
    while plant.now() < end {
        plant.step();
        muddiest = muddiest.max(plant.truth().raw_turbidity.0);
        if plant.truth().lift_flow.0 > 0.1 {
            worst = worst.max(plant.truth().outlet_turbidity.0);
        }
        let rate = plant.value("system.rate").unwrap_or_default();
        reduced |= plant.truth().raw_turbidity.0 > 250.0 && rate == 3.5;
    }
    assert!(muddiest > 300.0 && reduced, "{muddiest} NTU, reduced {reduced}");
    assert!(worst < 1.0, "{worst} NTU delivered");
}

/// INV-15, R-2.2.2-01: 10 min above 1 000 NTU, and two more to stop.
#[test]
fn a_river_above_1000_closes_the_intake_and_the_plant_waits_with_that_reason() {
    let mut plant = producing(4);
    plant.act(Act::Storm { peak_ntu: 2500.0 }).unwrap();
    let mut above_since = None;
    let waits = plant.run_until(8 * HOUR, |plant| {
        if above_since.is_none() && plant.truth().raw_turbidity.0 > 1100.0 {
            above_since = Some(plant.now());
        }
        plant.state("system.state") == Some("Standby")
            && plant.plant.units.system.status.stopped_by.has(Reason::RiverTooMuddy)
    });
    assert!(waits, "{}", plant.tell());
    let after = above_since.map(|since| plant.now().since(since));
    assert!(after.is_some_and(|after| after <= 14 * MINUTE), "INV-15: {after:?}");
    plant.run(MINUTE);
    assert_eq!(plant.truth().raw_flow.0, 0.0);
    assert!(plant.run_until(36 * HOUR, is("Producing")), "{}", plant.tell());
}

/// INV-33: nothing in the first 30 s after power-up.
#[test]
fn nothing_runs_in_the_first_half_minute() {
    let mut plant = reference(6);
    for _ in 0..(30.0 / PERIOD.as_secs_f64()) as u32 - 1 {
        plant.step();
        assert_eq!(plant.motors_on(), [""; 0]);
    }
}

/// INV-31: within the table's times, and with alarm 906.
#[test]
fn a_lost_bus_takes_its_outputs_with_it() {
    for (bus, within, stopped) in [
        (
            "system.bus_a",
            5,
            &["intake", "coagulation", "filtration", "disinfection", "distribution"][..],
        ),
        ("system.bus_b", 16, &["intake", "coagulation", "filtration", "disinfection"]),
        ("system.bus_d", 5, &["intake", "coagulation", "filtration", "disinfection"]),
    ] {
        let mut plant = producing(7);
        plant.report(bus, 0.0);
        plant.run(within * SECOND);
        let on = plant.motors_on();
        assert!(
            !on.iter().any(|path| stopped.iter().any(|unit| path.starts_with(unit))),
            "{bus}: {on:?}"
        );
        plant.run(5 * SECOND);
        let link = bus.replace("bus_", "link_") + ".lost";
        assert!(alarms(&plant).contains(&link), "{bus}");
    }
}

/// R-2.12-18: without AIT-403 and without a hand value P-501 goes on for 30 minutes.
#[test]
fn water_that_may_not_be_drunk_is_held_back() {
    let mut plant = producing(8);
    assert!(plant.run_until(12 * HOUR, |plant| plant.truth().lift_flow.0 > 1.0));
    let path = "disinfection.outlet_chlorine".to_owned();
    let fault = Some(hil::SensorFault::Dropout);
    plant.act(Act::SensorFault { path: path.clone(), fault }).unwrap();
    plant.run(25 * MINUTE);
    assert!(plant.truth().lift_flow.0 > 1.0, "{}", plant.tell());
    plant.run(7 * MINUTE);
    assert!(plant.truth().lift_flow.0 < 0.001, "{}", plant.tell());
    assert_eq!(plant.value("distribution.safe_to_drink"), Some(0.0));
    plant.act(Act::SensorFault { path, fault: None }).unwrap();
    assert!(plant.run_until(HOUR, |plant| plant.truth().lift_flow.0 > 1.0), "{}", plant.tell());
}

#[test]
fn the_small_plant_makes_water_and_washes_without_a_blower() {
    let shape = Shape { tanks: 1, filters: 2, blower: false, ..Shape::default() };
    let parameters = TwinParameters { tanks: 1, blower: false, ..TwinParameters::default() };
    let mut plant = ClosedLoop::new(&shape, parameters, 9, PERIOD);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Wash { filter: 1 }), Ok(()));
    assert!(
        plant.run_until(4 * HOUR, |plant| plant.state("filter1.state") == Some("HighWash")),
        "{}",
        plant.tell()
    );
    assert!(
        plant.run_until(4 * HOUR, |plant| plant.state("filter1.state") == Some("Filtering")),
        "{}",
        plant.tell()
    );
}

#[test]
fn the_same_seed_lives_the_same_life_bit_for_bit() {
    let run = || {
        let mut plant = producing(10);
        plant.run(HOUR);
        (plant.plant.snapshot().clone(), plant.plant.outputs().clone())
    };
    assert_eq!(run(), run());
}

/// R-2.8-03, INV-3, INV-20, INV-22: a village without an elevated tank is served straight from P-501, day and night.
#[test]
fn a_village_without_a_tank_has_pressure_at_its_taps_day_and_night() {
    let shape = Shape { elevated_tank: false, ..Shape::default() };
    let parameters = TwinParameters { elevated_tank: false, ..TwinParameters::default() };
    let mut plant = ClosedLoop::new(&shape, parameters, 11, PERIOD);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
    plant.run(10 * MINUTE);
    let unmet = plant.truth().unmet.0;
    let (mut slept, mut starts, mut was_on) = (false, 0, true);
    let mut delivered = 0.0;
    let end = plant.now().plus(24 * HOUR);
    while plant.now() < end {
        plant.step();
        let truth = plant.truth();
        delivered += truth.village_flow.0 * PERIOD.as_secs_f64() / 3600.0;
        if truth.lift_flow.0 > 0.1 {
            assert!(truth.inactivation_ratio.0 >= 1.0, "INV-3: {}", plant.tell());
        }
        let on = plant.motors_on().iter().any(|path| path.starts_with("distribution.pump"));
        starts += u32::from(on && !was_on);
        was_on = on;
        slept |= plant.state("distribution.state") == Some("Ready");
    }
    let unmet = plant.truth().unmet.0 - unmet;
    assert!(slept && starts < 24 * 6, "{starts} starts");
    assert!(delivered > 70.0 && unmet < 0.1 * delivered, "{delivered} m³, {unmet} m³ not served");
    assert_eq!(plant.truth().overflowed.0, 0.0);
}
