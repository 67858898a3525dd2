//! The controller against a plant on the other side of real Modbus TCP.

use std::time::Duration;

use serde_json::json;
use tempfile::tempdir;

use crate::plant::{Plant, run, shipped};
use crate::rig::Rig;

/// Ten plant seconds a second.
const SPEED: u32 = 10;

#[test]
fn a_plant_on_modbus_makes_water_on_command_and_sees_a_link_cut_and_come_back() {
    let site = shipped("bench.toml");
    let rig = Rig::start(&site, SPEED);
    let state = tempdir().unwrap();
    let mut controller = run(Some(&site), state.path());
    controller.args(["--speed", &SPEED.to_string()]).args(rig.settings());
    let mut plant = Plant::start(controller);
    let screen = plant.screen();

    // Real outputs wait for an owner; the drives alone have their supply, with every permit low.
    let waiting = screen.shows("the field answers", Duration::from_secs(20), |view| {
        view.quality("intake.flow") == "good"
    });
    assert!(waiting.outputs_on().iter().all(|path| *path == "system.supply"));
    plant.set_up();
    screen.shows("boot is done", Duration::from_secs(30), |view| {
        view.state("system.state") == "Stopped"
    });
    assert_eq!(plant.command("Start"), json!({ "accepted": true }));
    let producing = screen.shows("the plant makes water", Duration::from_secs(240), |view| {
        ["Producing", "Degraded"].contains(&view.state("system.state"))
    });
    assert!(producing.value("intake.flow").unwrap() > 1.0, "m³/h");
    assert!(!producing.is_active(906));

    rig.tell(&["link", "b", "down"]);
    screen.shows("the flow meter's quality falls", Duration::from_secs(20), |view| {
        view.quality("intake.flow") == "bad" && view.value("intake.flow").is_none()
    });
    screen.shows("the lost bus is alarmed, and no water made", Duration::from_secs(20), |view| {
        let moves = |path: &&str| path.starts_with("intake.pump") || path.ends_with("doser.enable");
        view.is_active(906) && !view.outputs_on().iter().any(moves)
    });
    rig.tell(&["link", "b", "up"]);
    screen.shows("the quality comes back", Duration::from_secs(20), |view| {
        view.quality("intake.flow") == "good"
    });
    screen.shows("the alarm has gone", Duration::from_secs(30), |view| !view.is_active(906));

    plant.process.signal("TERM");
    assert!(plant.process.ends_within(Duration::from_secs(5)).success());
    rig.stop();
}
