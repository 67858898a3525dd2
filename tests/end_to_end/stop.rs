//! How a controller ends: in order, soon, with everything off and written.

use std::time::Duration;

use serde_json::Value as Json;
use tempfile::tempdir;

use crate::plant::{Plant, run, shipped};
use crate::rig::Rig;

/// K0's request, and every other output pin of `devices/header.toml`.
const SUPPLY: u16 = 27;
const PINS: [u16; 9] = [16, 17, 20, 22, 23, 24, 25, 26, SUPPLY];
/// `docs/spec/contracts.md`, command line, start, stop.
const STOP_MAX: Duration = Duration::from_secs(5);

#[test]
fn both_stop_signals_end_the_demo_in_order_within_five_seconds() {
    for signal in ["INT", "TERM"] {
        let state = tempdir().unwrap();
        let mut plant = Plant::start(run(None, state.path()));
        plant.screen().shows("the demo makes water", Duration::from_secs(60), |view| {
            view.state("system.state") == "Producing"
        });
        plant.process.signal(signal);
        let status = plant.process.ends_within(STOP_MAX);
        assert_eq!(status.code(), Some(0), "SIG{signal}");

        // The next start finds the last words of this one and what the plant was doing.
        let plant = Plant::start(run(None, state.path()));
        let reasons: Vec<Json> =
            plant.events().iter().map(|event| event["reason"].clone()).collect();
        let count = |reason: &str| reasons.iter().filter(|one| *one == reason).count();
        assert_eq!((count("Started"), count("Stopped")), (2, 1));
        plant.screen().shows("it goes on making water", Duration::from_secs(60), |view| {
            view.state("system.state") == "Producing"
        });
    }
}

#[test]
fn a_stopped_controller_leaves_every_output_in_the_field_off() {
    let site = shipped("bench.toml");
    let rig = Rig::start(&site, 10);
    let state = tempdir().unwrap();
    let mut controller = run(Some(&site), state.path());
    controller.args(["--speed", "10"]).args(rig.settings());
    let mut plant = Plant::start(controller);
    plant.screen().shows("the drives have their supply", Duration::from_secs(30), |view| {
        view.value("system.supply") == Some(1.0) && view.value("system.supply_on") == Some(1.0)
    });
    let on = || PINS.into_iter().filter(|pin| rig.coil("header", *pin)).collect::<Vec<u16>>();
    assert!(on().contains(&SUPPLY), "the supply is asked for");
    plant.process.signal("TERM");
    assert_eq!(plant.process.ends_within(STOP_MAX).code(), Some(0));
    assert_eq!(on(), [0; 0]);
}
