//! The stories of `hil/scenarios`, each in its own plant.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hil::story::{Scenario, run};

/// Every story below a folder, in a fixed order.
fn stories(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(stories(&path));
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A story that says nothing about what must be so could not fail.
fn judges(story: &Scenario) -> bool {
    !story.never.is_empty()
        || story.steps.iter().any(|step| {
            step.fault.is_some()
                || step.until.is_some()
                || !(step.check.is_empty() && step.never.is_empty() && step.refused.is_empty())
        })
}

#[test]
fn every_story_of_the_folder_comes_out_as_it_is_written_and_breaks_no_invariant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = stories(&folder);
    assert!(files.len() >= 40, "only {} stories in {}", files.len(), folder.display());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failed = play(file);
                    failures.lock().expect("no story panics").extend(failed);
                }
            });
        }
    });
    let mut failures = failures.into_inner().expect("no story panics");
    failures.sort();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn play(file: &Path) -> Vec<String> {
    let mut story = match Scenario::load(file) {
        Ok(story) => story,
        Err(why) => return vec![why],
    };
    // Nobody looks at its curves here.
    story.setting.trace = None;
    let mut failures = Vec::new();
    // Those of real wires alone are read here, and run against the controller's program elsewhere.
    if story.transports.iter().any(|one| one == "process") {
        let found = run(&story).failures;
        failures.extend(found.iter().map(|failure| format!("{}: {failure}", story.title)));
    }
    // A fault of the catalogue needs no other reason.
    let of_fault = story.proves.iter().any(|proven| proven.starts_with('F'));
    if story.why.is_empty() && !of_fault {
        failures.push(format!("{}: does not say why it is told", story.title));
    }
    // What the swarm found is judged by the invariants alone, as it was found.
    let past = file.parent().is_some_and(|folder| folder.ends_with("past"));
    if story.proves.is_empty() || !(past || judges(&story)) {
        failures.push(format!("{}: does not say what it proves or what must be so", story.title));
    }
    failures
}
