//! The command line teaches, lists and keeps people.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::tempdir;

use crate::plant::{OWNER, PASSWORD, Plant, ends, run, shipped, sweetspring};

/// What a command that succeeds prints.
fn printed(words: &[&str]) -> String {
    let mut command = sweetspring();
    command.args(words);
    let Output { status, stdout, stderr } = ends(command);
    assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// `sweetspring user ...` with a password on standard input, as a script gives it.
fn user(words: &[&str], state: &Path, password: &str) -> Output {
    let mut command: Command = sweetspring();
    command.arg("user").args(words).arg("--state").arg(state);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // What is refused for another reason ends without having read it.
    match writeln!(child.stdin.take().unwrap(), "{password}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.unwrap(),
    }
    child.wait_with_output().unwrap()
}

#[test]
fn help_teaches_with_examples_at_every_command() {
    for words in [
        &["--help"][..],
        &["run", "--help"],
        &["check", "--help"],
        &["tags", "--help"],
        &["replay", "--help"],
        &["what-if", "--help"],
        &["modbus", "--help"],
        &["modbus", "scan", "--help"],
        &["modbus", "read", "--help"],
        &["modbus", "write", "--help"],
        &["modbus", "watch", "--help"],
        &["io", "--help"],
        &["io", "check", "--help"],
        &["user", "--help"],
        &["user", "add", "--help"],
        &["user", "reset", "--help"],
        &["user", "list", "--help"],
        &["trust", "--help"],
    ] {
        let help = printed(words);
        let command = words[..words.len() - 1].join(" ");
        let shows = |text: &str| help.lines().any(|line| line.trim_start().starts_with(text));
        assert!(shows(&format!("Usage: sweetspring {command}")), "{words:?}: {help}");
        assert!(help.contains("Examples:"), "{words:?}: {help}");
        assert!(shows(&format!("sweetspring {command}")), "{words:?}: {help}");
    }
}

#[test]
fn what_help_lays_over_a_site_is_a_setting_of_the_demo() {
    let help = printed(&["--help"]);
    let example = "sweetspring run --set ";
    let set = help.lines().find_map(|line| line.trim().strip_prefix(example)).expect(example);
    let (key, _) = set.split_once('=').expect("KEY=VALUE");
    let rows: Json = serde_json::from_str(&printed(&["tags", "--json"])).unwrap();
    let row = rows.as_array().unwrap().iter().find(|row| row["path"] == key);
    assert_eq!(row.unwrap_or_else(|| panic!("no {key}"))["kind"], "setting");
}

#[test]
fn a_slip_in_the_command_line_is_answered_with_what_was_meant() {
    for (words, meant) in [
        (&["rum"][..], "run"),
        (&["run", "--stat", "x"], "--state"),
        (&["run", "--http", "8080"], "--http"),
        (&["run", "--speed", "0"], "1..=100"),
    ] {
        let mut command = sweetspring();
        command.args(words);
        let Output { status, stderr, .. } = ends(command);
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(meant), "{words:?}: {said}");
    }
}

#[test]
fn every_shipped_site_is_sound_and_its_buses_are_weighed() {
    let sites: Vec<String> = ["demo.toml", "bench.toml", "yangneua.toml"]
        .map(|name| shipped(name).display().to_string())
        .to_vec();
    let words: Vec<&str> = ["check"].into_iter().chain(sites.iter().map(String::as_str)).collect();
    let said = printed(&words);
    for site in &sites {
        let line = said.lines().find(|line| line.starts_with(site)).expect(site);
        assert!(line.ends_with("sound"), "{line}");
    }
    assert!(said.contains("% of 80 %"), "{said}");
}

#[test]
fn the_tags_of_a_plant_are_the_same_for_people_programs_and_the_running_controller() {
    let site = shipped("yangneua.toml");
    let site_words = site.display().to_string();
    let rows: Json = serde_json::from_str(&printed(&["tags", &site_words, "--json"])).unwrap();
    let paths: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
    for path in ["intake.flow", "tank1.level", "filter2.head_loss", "disinfection.residual_target"]
    {
        assert!(paths.contains(&path), "{path}");
    }
    assert!(!paths.contains(&"tank2.level"), "it has one tank");
    let people = printed(&["tags", &site_words]);
    let listed = |path: &str| people.split_whitespace().any(|word| word == path);
    assert!(paths.iter().all(|path| listed(path)));

    let state = tempdir().unwrap();
    let plant = Plant::start(run(Some(&site), state.path()));
    let catalogue = plant.client.get("/api/catalogue");
    let served = catalogue["rows"].as_array().unwrap().iter();
    let served: Vec<&str> = served.map(|row| row["path"].as_str().unwrap()).collect();
    assert_eq!(served, paths);
}

#[test]
fn people_are_added_listed_and_given_new_passwords_and_then_may_log_in() {
    let state = tempdir().unwrap();
    let list = || {
        let listed = user(&["list"], state.path(), "");
        String::from_utf8(listed.stdout).unwrap()
    };
    assert!(list().contains("nobody yet"));
    let weak = user(&["add", OWNER, "--role", "Engineer", "--role", "Admin"], state.path(), "1234");
    assert_eq!(weak.status.code(), Some(1));
    let odd = user(&["add", OWNER, "--role", "King"], state.path(), PASSWORD);
    assert!(String::from_utf8(odd.stderr).unwrap().contains("a role is Observer, Operator"));
    assert!(list().contains("nobody yet"));
    let added = user(
        &["add", OWNER, "--role", "Engineer", "--role", "Admin"],
        state.path(),
        "moss on a cold stone",
    );
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let again = user(&["add", OWNER], state.path(), PASSWORD);
    assert_eq!(again.status.code(), Some(1), "the name is taken");
    assert!(user(&["reset", OWNER], state.path(), PASSWORD).status.success());
    let line = list();
    let line = line.lines().find(|line| line.starts_with(OWNER)).expect("listed");
    assert!(line.contains("Engineer") && line.contains("Admin"), "{line}");

    // An owner made here completes the set-up.
    let mut plant = Plant::start(run(None, state.path()));
    assert_eq!(plant.ready["setup_code"], Json::Null);
    plant.log_in();
    assert_eq!(plant.client.get("/api/session")["user"], OWNER);
    let old = json!({ "user": OWNER, "password": "moss on a cold stone" });
    assert_eq!(plant.client.post("/api/session", &old).status, 401);
    // Somebody added while the controller runs is known at once.
    let added = user(&["add", "somchai"], state.path(), PASSWORD);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    plant.comes("the new operator may log in", Duration::from_secs(10), |plant| {
        let body = json!({ "user": "somchai", "password": PASSWORD });
        plant.client.post("/api/session", &body).status == 200
    });
}
