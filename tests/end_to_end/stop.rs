//! How a controller ends: in order, soon, with everything off and written.

use std::time::Duration;

use serde_json::Value as Json;
use tempfile::tempdir;

use crate::plant::{Plant, run, shipped};
use crate::rig::Rig;
use crate::screen::View;

/// K0's request, and every other output pin of `devices/header.toml`.
const SUPPLY: u16 = 27;
const PINS: [u16; 9] = [16, 17, 20, 22, 23, 24, 25, 26, SUPPLY];
/// `docs/spec/contracts.md`, command line, start, stop.
const STOP_MAX: Duration = Duration::from_secs(5);

#[test]
fn both_stop_signals_end_a_working_plant_in_order_within_five_seconds() {
    let state = tempdir().unwrap();
    for (starts, signal) in [(1, "INT"), (2, "TERM")] {
        let mut plant = Plant::start(run(None, state.path()));
        // The last words of every start before this one are there, and the wish to make water.
        let reasons: Vec<Json> =
            plant.events().iter().map(|event| event["reason"].clone()).collect();
        let count = |reason: &str| reasons.iter().filter(|one| *one == reason).count();
        assert_eq!((count("Started"), count("Stopped")), (starts, starts - 1));
        plant.screen().shows("the plant works", Duration::from_secs(60), View::is_at_work);
        plant.process.signal(signal);
        let status = plant.process.ends_within(STOP_MAX);
        assert_eq!(status.code(), Some(0), "SIG{signal}");
    }
}

/// INV-30: a controller that ends leaves nothing on behind it.
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
