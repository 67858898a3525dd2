//! A new installation is walked through, point by point.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use tempfile::tempdir;

use crate::plant::{ends, shipped, sweetspring};
use crate::rig::Rig;

fn io_check(rig: &Rig, words: &[&str]) -> Command {
    let mut command = sweetspring();
    command.args(["io", "check"]).arg(shipped("bench.toml")).args(words).args(rig.settings());
    command
}

/// Somebody's answers, a line each.
fn walked(mut command: Command, answers: &[&str]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut typed = child.stdin.take().unwrap();
    for answer in answers {
        writeln!(typed, "{answer}").unwrap();
    }
    drop(typed);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_input_is_read_once_and_what_does_not_answer_is_said() {
    let rig = Rig::start(&shipped("bench.toml"), 1);
    let Output { status, stdout, stderr } = ends(io_check(&rig, &[]));
    let said = text(&stdout);
    assert!(status.success(), "{said}{}", text(&stderr));
    let row = |path: &str| {
        said.lines().find(|line| line.contains(path)).unwrap_or_else(|| panic!("{path}: {said}"))
    };
    assert!(row("intake.flow").starts_with("FIT-101"), "{said}");
    assert!(row("intake.wet_well_low_low").contains("closed"), "{said}");
    assert!(row("intake.turbidity").contains("NTU"), "{said}");
    rig.tell(&["link", "b", "down"]);
    let Output { status, stdout, .. } = ends(io_check(&rig, &["--only", "intake"]));
    let said = text(&stdout);
    assert!(!status.success());
    let lost = said.lines().find(|line| line.contains("intake.flow")).unwrap_or_default();
    assert!(lost.contains("WRONG: fit_101 does not answer"), "{said}");
    rig.stop();
}

#[test]
fn a_walk_takes_a_persons_word_for_each_point_and_leaves_a_sheet() {
    let rig = Rig::start(&shipped("bench.toml"), 1);
    let folder = tempdir().unwrap();
    let sheet = folder.path().join("walk.md");
    let mut command =
        io_check(&rig, &["--walk", "--outputs", "--for", "5", "--only", "filter1.outlet"]);
    command.arg("--report").arg(&sheet);
    // Two limit switches; then the output's tag, first mistyped.
    let Output { status, stdout, stderr } =
        walked(command, &["", "y", "n the wires are swapped", "XV-999", "XV-312", "y", "s"]);
    let said = text(&stdout);
    assert!(!status.success(), "one is wrong: {said}");
    assert!(said.contains("XV-312 switches it on"), "a mistyped tag switches nothing: {said}");
    let moved = said.lines().find(|line| line.contains("What moved:")).unwrap_or_default();
    assert!(moved.contains("ZSC-312"), "its limit switch was left: {said}");
    let written = std::fs::read_to_string(&sheet).unwrap();
    assert!(written.contains("WRONG: the wires are swapped"), "{written}");
    assert!(text(&stderr).contains("1 wrong"), "{}", text(&stderr));
    rig.stop();
}
