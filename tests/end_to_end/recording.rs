//! A run that is recorded, killed, and scanned again.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use crate::plant::{Plant, ends, run, shipped, sweetspring};

/// Plant seconds a second, as the demo has it.
const SPEED: f64 = 10.0;
/// A power cut costs at most so much.
const LOST_MAX: Duration = Duration::from_secs(10);

/// How it ended and what it said.
fn replay(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    obeys("replay", folder, words)
}

fn obeys(what: &str, folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut command = sweetspring();
    command.arg(what).arg(folder).args(words);
    let Output { status, stdout, stderr } = ends(command);
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.code(), said)
}

/// How many scans were the same.
fn scans(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains("the same bit for bit"))?;
    line.split(' ').next()?.parse().ok()
}

/// INV-39: killed at any moment, at most ten seconds are lost of what can be scanned again, bit for bit.
#[test]
fn a_killed_controller_leaves_a_recording_that_replays_up_to_its_last_ten_seconds() {
    let state = tempdir().unwrap();
    let plant = Plant::start(run(None, state.path()));
    let answered = Instant::now();
    plant.comes("two blocks are on the disk", Duration::from_secs(60), |_| {
        let (status, said) = replay(state.path(), &[]);
        status == Some(0) && scans(&said).is_some_and(|scans| scans > 1_000.0)
    });
    let ran = answered.elapsed();
    plant.kill();

    let (status, said) = replay(state.path(), &[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("ends without a word"), "{said}");
    // Ten scans a second, as many times as life. It was scanned before it answered, and had to stop for nothing since.
    let least = 10.0 * SPEED * ran.saturating_sub(LOST_MAX).as_secs_f64() * 0.9;
    assert!(scans(&said).unwrap() >= least, "{least} scans at least: {said}");

    let page = state.path().join("run.html");
    let words = ["--until", "30 s", "--plot", page.to_str().unwrap()];
    let (status, said) = replay(state.path(), &words);
    assert_eq!(status, Some(0), "{said}");
    assert!(std::fs::read_to_string(page).unwrap().contains("intake.turbidity"));

    // Another start is another run: it replays from what the first left behind.
    let mut plant = Plant::start(run(None, state.path()));
    plant.process.signal("TERM");
    assert!(plant.process.ends_within(LOST_MAX).success());
    let (status, said) = replay(state.path(), &[]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("the controller was stopped there"), "{said}");

    // The same run at another site: what its file says otherwise, and what comes of it.
    let site = state.path().join("changed.toml");
    let demo = std::fs::read_to_string(shipped("demo.toml")).unwrap();
    let changed = format!("{demo}\n[disinfection]\nresidual_target = \"1.1 mg/l\"\n");
    std::fs::write(&site, changed).unwrap();
    let (status, said) = replay(state.path(), &["--site", site.to_str().unwrap(), "--diff"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("differs at scan 1,"), "{said}");
    assert!(said.contains("disinfection.residual_target was 0.9 mg/l, is 1.1 mg/l"), "{said}");
}

/// The look-ahead from a plant that runs, and from its past, where the recording says how well the twin fits.
#[test]
fn a_running_plant_is_looked_ahead_of_as_it_is_and_with_what_is_asked() {
    let state = tempdir().unwrap();
    let mut plant = Plant::start(run(None, state.path()));
    plant.comes("a block is on the disk", Duration::from_secs(60), |_| {
        scans(&replay(state.path(), &[]).1).is_some_and(|scans| scans > 600.0)
    });
    let page = state.path().join("ahead.html");
    let words = ["--for", "10 min", "--do", "at 1min: mains off", "--html", page.to_str().unwrap()];
    let (status, said) = obeys("what-if", state.path(), &words);
    assert_eq!(status, Some(0), "{said}");
    for says in ["sludge: not measured", "level clear well, m", "only then", "mains off", "m³ made"]
    {
        assert!(said.contains(says), "{says}: {said}");
    }
    assert!(said.contains("The recording does not go on"), "{said}");
    assert!(!said.contains("BROKEN"), "{said}");
    assert!(std::fs::read_to_string(page).unwrap().contains("stroke-dasharray"));
    plant.process.signal("TERM");
    assert!(plant.process.ends_within(LOST_MAX).success());

    let (status, said) = obeys("what-if", state.path(), &["--at", "30 s", "--for", "2 min"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("How well the twin fits"), "{said}");
    assert!(said.contains("distribution.level_a"), "{said}");

    for (words, says) in [
        (&["--at", "2 d"][..], "the recording ends"),
        (&["--do", "at 1 min: sing"], "storm NTU"),
        (&["--set", "disinfection.residual_target"], "PATH=VALUE"),
        (&["--for", "90 d"], "a look-ahead lasts up to"),
    ] {
        let (status, said) = obeys("what-if", state.path(), words);
        assert_eq!(status, Some(1), "{words:?}: {said}");
        assert!(said.contains(says), "{words:?}: {said}");
    }
}

#[test]
fn what_is_no_recording_is_said_to_be_none() {
    let state = tempdir().unwrap();
    let (status, said) = replay(state.path(), &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("no recording lies there"), "{said}");
    let foreign = state.path().join("000001-0001.rec");
    std::fs::write(&foreign, "a shopping list").unwrap();
    let (status, said) = replay(&foreign, &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("is no recording"), "{said}");
}
