//! A controller that is killed, and started again on what it left behind.

use std::time::Duration;

use serde_json::json;
use tempfile::tempdir;

use crate::plant::{OWNER, Plant, run, shipped};
use crate::rig::Rig;

/// Ten plant seconds a second.
const SPEED: u32 = 10;
/// A setting that the owner may change, inside its range.
const SETTING: &str = "disinfection.residual_target";

/// INV-33, INV-40: killed and started again, no alarm is lost, and nothing runs before the boot is done.
#[test]
fn a_killed_controller_comes_back_with_alarms_audit_settings_and_people_and_everything_off() {
    let site = shipped("bench.toml");
    let rig = Rig::start(&site, SPEED);
    let state = tempdir().unwrap();
    let start = || {
        let mut controller = run(Some(&site), state.path());
        controller.args(["--speed", &SPEED.to_string()]).args(rig.settings());
        Plant::start(controller)
    };
    let mut plant = start();
    plant.set_up();
    let screen = plant.screen();
    screen.shows("boot is done", Duration::from_secs(30), |view| {
        view.state("system.state") == "Stopped"
    });

    // An alarm that nobody has seen yet, a setting, a command: everything that must not be lost.
    rig.tell(&["press", "ES-900"]);
    let stopped = screen.shows("the emergency stop is alarmed", Duration::from_secs(20), |view| {
        view.is_active(904)
    });
    assert_eq!(stopped.alarm(904).unwrap()["acked"], false);
    let changed = plant
        .client
        .post("/api/settings", &json!({ "path": SETTING, "value": 1.1, "why": "test" }));
    assert_eq!(changed.json(), json!({ "accepted": true }), "{}", changed.body);
    assert_eq!(plant.command("Start")["accepted"], false);
    // Retained values are at most 5 s old.
    plant.comes("everything is written", Duration::from_secs(20), |plant| {
        let events = plant.events();
        let is_there = |kind: &str, path: &str| {
            events.iter().any(|event| event["kind"] == kind && event["path"] == path)
        };
        is_there("setting", SETTING) && is_there("alarm", "system.emergency_stopped")
    });
    let before = plant.events();
    plant.kill();

    let mut plant = start();
    assert_eq!(plant.ready["setup_code"], json!(null), "the plant has its owner");
    let screen = plant.screen();
    let first = screen.shows("the plant boots", Duration::from_secs(20), |_| true);
    assert_eq!(first.outputs_on(), [""; 0]);
    assert_eq!(first.value(SETTING), Some(1.1));
    let alarm = first.alarm(904).expect("the alarm is still there");
    assert_eq!(alarm["acked"], false, "nobody has seen it");
    plant.log_in();
    let after = plant.events();
    for event in &before {
        assert!(after.contains(event), "lost: {event}");
    }
    let set = after.iter().find(|event| event["kind"] == "setting").unwrap();
    assert_eq!(set["user"], OWNER);
    // The emergency stop was latched: boot alone does not free the plant.
    screen.shows("the latch held", Duration::from_secs(30), |view| {
        view.state("system.state") == "EmergencyStop"
    });
    rig.tell(&["release", "ES-900"]);
    rig.tell(&["press", "HS-901"]);
    screen.shows("the local reset frees the plant", Duration::from_secs(30), |view| {
        view.state("system.state") == "Stopped"
    });
    let id = screen.now().alarm(904).map(|alarm| alarm["id"].clone()).expect("still to be seen");
    let seen = plant.client.post("/api/ack", &json!({ "alarm": id }));
    assert_eq!(seen.json(), json!({ "accepted": true }), "{}", seen.body);
}
