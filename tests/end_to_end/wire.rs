//! Stories of real wires: the controller's program against a rig in this process (`hil run --transport sim`).
//!
//! The short ones of `hil/scenarios/wire`, over sockets at five times the speed of life; the others are run by hand.

use std::path::Path;

use hil::sim;
use hil::story::Scenario;

fn comes_out_as_written(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("hil/scenarios/wire");
    let story = Scenario::load(&folder.join(name).with_extension("toml"));
    let story = story.unwrap_or_else(|why| panic!("{why}"));
    let outcome = sim::run(&story, Path::new(env!("CARGO_BIN_EXE_sweetspring")));
    assert!(outcome.passed(), "{}:\n{}", story.title, outcome.failures.join("\n"));
}

/// INV-30, INV-33.
#[test]
fn a_killed_controller_leaves_every_motor_and_dosing_pump_standing_and_comes_back_with_all_off() {
    comes_out_as_written("quick_kill");
}

/// INV-30.
#[test]
fn a_hung_controller_leaves_every_motor_and_dosing_pump_standing_and_tells_of_it_when_it_wakes() {
    comes_out_as_written("quick_hang");
}

/// INV-31.
#[test]
fn drives_whose_bus_is_cut_stop_by_themselves() {
    comes_out_as_written("quick_bus_a");
}

#[test]
fn what_cannot_be_done_or_seen_from_outside_fails_the_story_and_says_so() {
    let text = "title = \"t\"\nsite = \"demo\"\ntransports = [\"sim\"]";
    let inside = Scenario::parse("inside", text).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_sweetspring"));
    let said = sim::run(&inside, program).failures.join("\n");
    assert!(said.contains("its plant is inside the controller"), "{said}");

    let text = "title = \"t\"\nsite = \"bench\"\nstart = \"fresh\"\ntransports = [\"sim\"]\n\
        [sim]\nspeed = 10\n[[step]]\ndo = [\"lie intake.flow bad\", \"order as observer start\"]\n\
        until = \"system.state is Boot\"\nwithin = \"1 min\"\n\
        [[step]]\ndo = [\"kill\"]\nrun = \"2 s\"\ncheck = [\"system.state is Boot\"]\n";
    let outside = Scenario::parse("outside", text).unwrap();
    let failures = sim::run(&outside, program).failures;
    for (failure, words) in failures.iter().zip([
        "lie intake.flow bad: nobody can do that to a real controller from outside",
        "`as observer` cannot be asked",
        "not system.state is Boot",
    ]) {
        assert!(failure.contains(words), "{failures:?}");
    }
    assert_eq!(failures.len(), 3, "{failures:?}");
}
