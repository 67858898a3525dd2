//! Stories of real wires: the controller's program against a rig in this process (`hil run --transport sim`).
//!
//! Those of `hil/scenarios/wire` live at the speed of a wall clock, and a machine that stalls them drops K0, as it should: `tests/run`
//! plays the short ones when nothing else runs.

use std::path::Path;

use hil::sim;
use hil::story::Scenario;

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
