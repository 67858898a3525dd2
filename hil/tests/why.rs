//! Every actuator and every unit says why it does what it does, in any state of the plant.

use std::collections::BTreeMap;
use std::time::Duration;

use hil::TwinParameters;
use hil::closed_loop::{ClosedLoop, Lie};
use plc::image::Command;
use plc::plant::Shape;
use plc::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);

/// A plant that has come to its boot's end.
fn booted(period: Duration) -> ClosedLoop {
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), 1, period);
    plant.run_until(Duration::from_secs(300), |plant| {
        plant.state("system.state") == Some("Stopped")
    });
    plant
}

/// What holds something must be among what its unit says may hold it, or the list of permissives lies.
#[test]
fn nothing_is_held_for_a_reason_that_its_permissives_do_not_name() {
    let mut plant = booted(SECOND);
    let explained = plant.plant.catalogue().explained();
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let inputs = plant.plant.catalogue().inputs;
    let _ = plant.order(Command::Start);
    for slot in 0..inputs {
        let lies = [Lie::Bad(Fault::Stale), Lie::Value(0.0), Lie::Value(1.0), Lie::Value(4.5)];
        plant.lie(slot, Some(lies[slot % lies.len()]));
        for second in 0..400 {
            if second == 200 {
                plant.lie(slot, None);
                let _ = plant.order(Command::Reset);
                let _ = plant.order(Command::Start);
            }
            plant.step();
            for place in &explained {
                let why = place.why(plant.plant.snapshot());
                for reason in place.undeclared(why).iter() {
                    let reasons = found.entry(place.path.clone()).or_default();
                    if !reasons.contains(&reason.key()) {
                        reasons.push(reason.key());
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
