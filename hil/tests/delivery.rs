//! Core and twin in one process: what befalls the water on its way to the village.

use std::time::Duration;

use hil::closed_loop::{ClosedLoop, Lie};
use hil::{Act, ActuatorFault, Bus, SensorFault, TwinParameters};
use plc::image::Command;
use plc::plant::Shape;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// The reference plant, making water.
fn producing(seed: u64) -> ClosedLoop {
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), seed, PERIOD);
    let is = |state| move |plant: &ClosedLoop| plant.state("system.state") == Some(state);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(HOUR, is("Producing")), "{}", plant.tell());
    plant
}

fn break_sensor(plant: &mut ClosedLoop, path: &str, fault: Option<SensorFault>) {
    assert_eq!(plant.act(Act::SensorFault { path: path.into(), fault }), Ok(()));
}

fn stands(plant: &ClosedLoop, alarm: &str) -> bool {
    plant.value(alarm).is_some_and(|state| state != 0.0)
}

/// F39, INV-31: the radio of the elevated tank is lost for a day: the static pressure fills it, nothing spills, nobody goes
/// without water, and everything is as before when it comes back.
#[test]
fn a_lost_radio_of_the_tank_costs_no_water() {
    let mut plant = producing(51);
    plant.run(HOUR);
    plant.act(Act::Link { bus: Bus::C, up: false }).unwrap();
    plant.report("system.bus_c", 0.0);
    let unmet = plant.truth().unmet.0;
    plant.run(13 * MINUTE);
    assert_eq!(plant.state("distribution.state"), Some("TankCommLost"), "{}", plant.tell());
    let (mut least, mut most, mut filled) = (9.0_f64, 0.0_f64, false);
    let end = plant.now().plus(24 * HOUR);
    while plant.now() < end {
        plant.step();
        let truth = plant.truth();
        least = least.min(truth.elevated_level.0);
        most = most.max(truth.elevated_level.0);
        filled |= truth.lift_flow.0 > 1.0;
    }
    assert!(filled && least > 0.4 && most < 2.45, "{least} to {most} m");
    assert!(stands(&plant, "distribution.tank_lost"));
    assert_eq!(plant.truth().overflowed.0, 0.0);
    assert!(plant.truth().unmet.0 - unmet < 0.001);
    plant.act(Act::Link { bus: Bus::C, up: true }).unwrap();
    plant.report("system.bus_c", 1.0);
    plant.run(MINUTE);
    assert_ne!(plant.state("distribution.state"), Some("TankCommLost"), "{}", plant.tell());
    assert_ne!(plant.state("distribution.outlet.state"), Some("Fault"));
}

/// F5, INV-21: P-501 welds while it fills the tank, and no drive listens: the tank is full, K0 opens, and nothing runs over.
/// Nothing runs again before a person has looked.
#[test]
fn a_welded_delivery_pump_loses_its_contactor_before_the_tank_runs_over() {
    let mut plant = producing(55);
    let running = |plant: &ClosedLoop| {
        let runs = |pump: &&str| plant.value(&format!("{pump}.running")) == Some(1.0);
        ["distribution.pump_a", "distribution.pump_b"].into_iter().find(runs)
    };
    assert!(plant.run_until(12 * HOUR, |plant| running(plant).is_some()), "{}", plant.tell());
    plant.run(MINUTE);
    let path = running(&plant).unwrap().into();
    assert_eq!(plant.act(Act::ActuatorFault { path, fault: Some(ActuatorFault::Run) }), Ok(()));
    let open = plant.run_until(12 * HOUR, |plant| !plant.truth().contactor);
    assert!(open, "{} m, {}", plant.truth().elevated_level.0, plant.tell());
    plant.run(MINUTE);
    assert!(plant.truth().lift_flow.0 < 0.01 && plant.truth().overflowed.0 <= 0.0);
    assert_eq!(plant.state("system.state"), Some("Fault"), "{}", plant.tell());
    assert!(stands(&plant, "system.supply_welded"));
    plant.run(HOUR);
    assert!(!plant.truth().contactor);
}

/// F40, F54, INV-21: LT-501 frozen low, or told a lie: found out by the volume, with and without the float.
#[test]
fn a_frozen_or_forged_tank_level_spills_nothing() {
    // A frozen level, or the one that is forged, m.
    for (forged, float) in [(None, true), (None, false), (Some(0.9), false), (Some(2.6), true)] {
        let mut plant = producing(52);
        if !float {
            let path = "distribution.elevated_high_high";
            break_sensor(&mut plant, path, Some(SensorFault::Stuck));
        }
        let filling = plant.run_until(24 * HOUR, |plant| {
            plant.state("distribution.state") == Some("Filling")
                && plant.truth().elevated_level.0 > 1.55
        });
        assert!(filling, "{}", plant.tell());
        if let Some(forged) = forged {
            let slot = plant.plant.catalogue().input_slot("distribution.elevated_level").unwrap();
            plant.lie(slot, Some(Lie::Value(forged)));
            plant.run(MINUTE);
            assert_eq!(plant.state("distribution.state"), Some("TankCommLost"), "within a minute");
        } else {
            let path = "distribution.elevated_level";
            break_sensor(&mut plant, path, Some(SensorFault::Stuck));
        }
        let mut most = 0.0_f64;
        let end = plant.now().plus(12 * HOUR);
        while plant.now() < end {
            plant.step();
            most = most.max(plant.truth().elevated_level.0);
        }
        assert_eq!(plant.truth().overflowed.0, 0.0, "{forged:?}, float {float}: {most} m");
        assert!(plant.truth().elevated_level.0 > 0.4, "{}", plant.tell());
        assert!(stands(&plant, "distribution.tank_lost"));
    }
}

/// F61: somebody closes the tank's outlet by day: called out within half an hour.
#[test]
fn a_closed_outlet_of_the_tank_is_noticed() {
    let mut plant = producing(53);
    assert!(plant.run_until(24 * HOUR, |plant| {
        plant.truth().hour >= 9.0
            && plant.truth().hour < 9.1
            && plant.truth().elevated_level.0 > 1.0
    }));
    assert!(!stands(&plant, "distribution.pipe_burst"));
    // By its hand wheel: the motor, its limit switches and the controller know nothing of it.
    break_sensor(&mut plant, "distribution.village_flow", Some(SensorFault::Zero));
    assert!(plant.run_until(30 * MINUTE, |plant| stands(plant, "distribution.pipe_burst")));
}

/// F38, INV-3, INV-19: LT-401A reads 0.4 m too much: the lower of the two counts, and an alarm asks for the glass tube.
#[test]
fn a_clear_well_level_that_reads_too_much_is_outvoted() {
    let mut plant = producing(54);
    break_sensor(&mut plant, "distribution.level_a", Some(SensorFault::Bias(0.4)));
    plant.run(3 * MINUTE);
    assert!(stands(&plant, "distribution.levels_disagree"));
    let end = plant.now().plus(12 * HOUR);
    while plant.now() < end {
        plant.step();
        let truth = plant.truth();
        let judged = plant.value("distribution.level").unwrap_or_default();
        assert!(judged < truth.clear_well_level.0 + 0.05, "{judged}");
        if truth.lift_flow.0 > 0.1 {
            assert!(truth.inactivation_ratio.0 >= 1.0, "INV-3: {}", plant.tell());
        }
    }
    assert_eq!(plant.truth().dry_seconds, [0.0; 4], "INV-19");
    assert_eq!(plant.truth().overflowed.0, 0.0);
}

/// Four calm days raise none of the alarms that only a real leak, burst or lost signal may raise, and teach the village's day.
#[test]
fn four_calm_days_are_called_neither_leak_nor_burst() {
    let mut plant = producing(55);
    let mut most = 0.0_f64;
    let end = plant.now().plus(4 * 24 * HOUR);
    while plant.now() < end {
        plant.run(30 * SECOND);
        for alarm in ["pipe_burst", "night_leak", "tank_lost", "pump_fault", "levels_disagree"] {
            let path = format!("distribution.{alarm}");
            assert!(!stands(&plant, &path), "{path} at {:?}: {}", plant.now(), plant.tell());
        }
        for balance in [
            "distribution.clear_well_balance",
            "distribution.tank_balance",
            "sedimentation.balance",
        ] {
            let path = format!("{balance}.balance");
            let missing = plant.value(&format!("{balance}.missing"));
            most = most.max(missing.unwrap_or_default().abs());
            assert!(!stands(&plant, &path), "{path} {missing:?}: {}", plant.tell());
        }
    }
    assert!(most > 0.0 && most < 12.0, "{most} %: a balance that closes, and was kept");
    let peak = plant.value("distribution.hour7.flow").unwrap_or_default();
    let night = plant.value("distribution.hour3.flow").unwrap_or_default();
    assert!(peak > 5.0 && night > 0.3 && night < 1.0, "{peak} and {night} m³/h");
}
