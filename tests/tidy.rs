//! What reviewers forget: the arrows between the rooms, stray marks, and that every tag of the code stands at a site.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust sources below a folder, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The packages a manifest names under `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    text.split("\n[")
        .find(|section| section.starts_with("dependencies]"))
        .into_iter()
        .flat_map(|section| section.lines().skip(1))
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_core_depends_on_nothing_that_could_wait_or_look_at_a_clock() {
    let mut found = dependencies("plc/Cargo.toml");
    found.sort_unstable();
    assert_eq!(found, ["libm", "statig"]);
    let lib = fs::read_to_string(root().join("plc/src/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]"));
    for (path, text) in sources("plc/src") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let of_tests = ["tests.rs", "rig.rs", "refusals.rs", "properties.rs"];
        let test_only = of_tests.iter().any(|name| path.ends_with(name))
            || path.components().any(|part| part.as_os_str() == "tests");
        for word in ["std::", "Instant", "SystemTime", "HashMap", "unsafe "] {
            let at = code
                .lines()
                .find(|line| line.contains(word) && !line.trim_start().starts_with("//"));
            assert!(at.is_none() || test_only, "{word} in {}: {at:?}", path.display());
        }
    }
}

#[test]
fn arrows_between_the_rooms_point_one_way() {
    assert!(dependencies("config/Cargo.toml").iter().all(|name| name != "hil" && name != "tokio"));
    // The model never sees the logic it is to prove; the closed loop alone holds both.
    for (path, text) in sources("hil/src") {
        assert!(!text.contains("plc::unit"), "{}", path.display());
        let may_hold_a_plant = path.ends_with("closed_loop.rs")
            || path.ends_with("tests.rs")
            || path.starts_with(root().join("hil/src/rig"))
            || path.ends_with("main.rs");
        assert!(may_hold_a_plant || !text.contains("plc::plant::Plant"), "{}", path.display());
    }
    for (room, others) in [
        ("src/field", ["crate::opcua", "crate::web"]),
        ("src/opcua", ["crate::field", "crate::web"]),
        ("src/web", ["crate::field", "crate::opcua"]),
        ("src/recorder", ["crate::field", "crate::web"]),
    ] {
        for (path, text) in sources(room) {
            for other in others {
                assert!(!text.contains(other), "{} sees {other}", path.display());
            }
        }
    }
}

#[test]
fn no_stray_marks_are_left_in_the_code() {
    let marks = [
        concat!("dbg", "!("),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
    ];
    for folder in ["plc", "config", "hil", "src", "tests"] {
        for (path, text) in sources(folder).iter().filter(|(path, _)| !path.ends_with("tidy.rs")) {
            for mark in marks {
                assert!(!text.contains(mark), "{mark} in {}", path.display());
            }
        }
    }
}
