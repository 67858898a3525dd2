//! A wall clock that jumps while the plant runs. Plant time knows no calendar.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::tempdir;

use crate::plant::{Plant, run};
use crate::screen::View;

/// Ten years with their leap days.
const TEN_YEARS_S: i64 = 3652 * 86_400;

/// A wall clock that a test can move.
struct WallClock {
    /// Seconds that are added to it.
    moved_by: File,
    file: PathBuf,
    library: PathBuf,
}

impl WallClock {
    /// The C compiler that the build needs anyway makes the library.
    fn new(folder: &Path) -> WallClock {
        let library = folder.join("clock.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/clock.c");
        let mut compile = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()));
        compile
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source);
        assert!(compile.status().unwrap().success());
        let file = folder.join("moved_by");
        let moved_by = File::create(&file).unwrap();
        let clock = WallClock { moved_by, file, library };
        clock.set(0);
        clock
    }

    fn set(&self, seconds: i64) {
        self.moved_by.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }
}

/// Asserts that between two looks the plant lived through no more than plant time says.
fn nothing_leapt(before: &View, after: &View) {
    let passed = Duration::from_micros(after.at - before.at);
    assert!(passed < Duration::from_secs(3600), "plant time leapt by {passed:?}");
    assert!(after.is_at_work(), "{}", after.state("system.state"));
    for path in before.timers() {
        let counted = after.value(&path).unwrap_or(0.0) - before.value(&path).unwrap_or(0.0);
        assert!(counted <= passed.as_secs_f64() + 3600.0, "{path} leapt by {counted}");
    }
}

#[test]
fn a_clock_that_jumps_ten_years_and_back_disturbs_nothing_in_a_running_plant() {
    let (state, folder) = (tempdir().unwrap(), tempdir().unwrap());
    let clock = WallClock::new(folder.path());
    let mut controller = run(None, state.path());
    controller.env("LD_PRELOAD", &clock.library).env("CLOCK_MOVED_BY", &clock.file);
    let mut plant = Plant::start(controller);
    plant.set_up();
    let screen = plant.screen();
    let before = screen.shows("the plant works", Duration::from_secs(60), View::is_at_work);
    let alarms = before.alarms();

    clock.set(TEN_YEARS_S);
    let later = before.wall + (TEN_YEARS_S - 86_400) * 1_000;
    let jumped = screen.shows("ten years later", Duration::from_secs(20), |view| view.wall > later);
    nothing_leapt(&before, &jumped);
    let scan = |plant: &Plant| plant.client.get("/api/health")["scan"].as_u64().unwrap();
    let scans = scan(&plant);
    // At ten scans a period: ten seconds of the plant, wherever the calendar stands.
    plant.comes("scans go on", Duration::from_secs(20), |plant| scan(plant) > scans + 100);
    plant.comes("the step is written down", Duration::from_secs(20), |plant| steps(plant) == 1);
    // Sessions live in real time: the owner still is.
    assert_eq!(plant.client.get("/api/session")["user"], crate::plant::OWNER);

    clock.set(0);
    let back = screen.shows("now again", Duration::from_secs(20), |view| view.wall < later);
    nothing_leapt(&jumped, &back);
    plant.comes("this step too", Duration::from_secs(20), |plant| steps(plant) == 2);
    let now = screen
        .shows("the plant goes on", Duration::from_secs(20), |view| view.at > back.at + 5_000_000);
    nothing_leapt(&before, &now);
    assert_eq!(now.alarms(), alarms, "no alarm came of it");
    assert_eq!(plant.command("Stop"), json!({ "accepted": true }));

    plant.process.signal("TERM");
    assert_eq!(plant.process.ends_within(Duration::from_secs(5)).code(), Some(0));
}

/// Steps of the wall clock that the journal knows of.
fn steps(plant: &Plant) -> usize {
    let is_step = |event: &&Json| event["reason"] == "ClockStepped";
    plant.events().iter().filter(is_step).count()
}
