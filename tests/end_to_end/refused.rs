//! What cannot be run is refused with a message that says where and why, and nothing is lost.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::tempdir;

use crate::plant::{Plant, ends, run, shipped, sweetspring};

/// What it wrote to standard error when it refused.
fn refusal(command: Command) -> String {
    let Output { status, stderr, .. } = ends(command);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

/// The bench's site file with texts exchanged, in a folder of its own.
fn bench_but(folder: &Path, changes: &[(&str, &str)]) -> std::path::PathBuf {
    let mut text = fs::read_to_string(shipped("bench.toml")).unwrap();
    for (found, instead) in changes {
        assert!(text.contains(found), "{found}");
        text = text.replacen(found, instead, 1);
    }
    let file = folder.join("site.toml");
    fs::write(&file, text).unwrap();
    file
}

/// The first drive's, written so that the line is found again.
const SECOND_UNIT: &str = "unit = 0x01";
/// Bus D at half its speed.
const SLOW: &str = "address = \"127.0.0.1:1505\"\nline = \"rs485\"\nbaud = 9600";

/// Asserts that something is said about a line of a file that holds a text.
fn says(said: &str, file: &Path, line_of: &str, words: &[&str]) {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().position(|line| line.contains(line_of)).expect(line_of) + 1;
    let place = format!("{}: line {line}: ", file.display());
    let about: Vec<&str> = said.lines().filter(|one| one.contains(&place)).collect();
    let fits = |one: &&str| words.iter().all(|word| one.contains(word));
    assert!(about.iter().any(fits), "of {line_of} nothing with {words:?} in\n{said}");
}

#[test]
fn a_site_with_many_faults_is_refused_once_with_file_line_key_found_and_allowed() {
    let folder = tempdir().unwrap();
    let site = bench_but(
        folder.path(),
        &[
            ("period = \"100 ms\"", "period = \"100 ms\"\ncolour = \"blue\""),
            ("[disinfection]\n", "[disinfection]\nresidual_target = \"9 mg/l\"\n"),
            ("[intake]\n", "[tags]\n\"FIT-101\" = \"FIT-301\"\n\n[intake]\n"),
            ("unit = 2\n", "unit = 0x01\n"),
            ("address = \"127.0.0.1:1505\"\nline = \"rs485\"\nbaud = 19200", SLOW),
        ],
    );
    let state = tempdir().unwrap();
    let mut check = sweetspring();
    check.arg("check").arg(&site);
    for command in [check, run(Some(&site), state.path())] {
        let said = refusal(command);
        says(&said, &site, "colour = ", &["site: ", "`colour`", "not known"]);
        says(&said, &site, "residual_target", &["disinfection: ", "9 mg/l", "0.5 to 2 mg/l"]);
        says(&said, &site, "\"FIT-101\" = ", &["tags: ", "FIT-301"]);
        says(&said, &site, SECOND_UNIT, &["drive_101b: ", "drive_101a", "overlap"]);
        says(&said, &site, "[bus.d]", &["bus.d: ", "9600 baud", "% busy", "80 % is allowed"]);
    }
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0, "nothing was begun");
}

#[test]
fn a_profile_with_registers_over_each_other_is_refused() {
    let folder = tempdir().unwrap();
    let site = bench_but(folder.path(), &[]);
    fs::create_dir(folder.path().join("devices")).unwrap();
    let profile = folder.path().join("devices/flow_meter.toml");
    let text = "[register.flow]\ntable = \"holding\"\naddress = 1\naccess = \"read\"\nform = \"f32\"\nunit = \"m³/h\"\n\
                [register.speed]\ntable = \"holding\"\naddress = 2\naccess = \"read\"\nform = \"f32\"\nunit = \"m/s\"\n";
    fs::write(&profile, text).unwrap();
    let mut check = sweetspring();
    check.arg("check").arg(&site);
    let said = refusal(check);
    assert!(said.contains("`flow` and `speed` overlap"), "{said}");
    assert!(said.contains("flow_meter"), "{said}");
}

#[test]
fn a_site_that_is_not_there_or_no_text_is_refused_by_name() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("nowhere.toml");
    let binary = folder.path().join("binary.toml");
    fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    for verb in ["check", "run", "tags"] {
        for (file, why) in [(&missing, "No such file"), (&binary, "UTF-8")] {
            let mut command = sweetspring();
            command.arg(verb).arg(file);
            let said = refusal(command);
            assert!(said.contains(&file.display().to_string()) && said.contains(why), "{said}");
        }
    }
}

#[test]
fn a_value_laid_over_the_site_is_checked_like_the_site() {
    let mut command = sweetspring();
    command.args(["run", "--set", "disinfection.residual_target=9 mg/l", "--set", "sky.blue=1"]);
    let said = refusal(command);
    assert!(said.contains("residual_target") && said.contains("0.5 to 2 mg/l"), "{said}");
    assert!(said.contains("sky"), "{said}");
}

#[test]
fn a_port_in_use_is_named_and_the_plant_does_not_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for door in ["--http", "--opcua"] {
        let state = tempdir().unwrap();
        let mut command = sweetspring();
        let (http, opcua) = ("127.0.0.1:0", "127.0.0.1:0");
        let (http, opcua) = if door == "--http" { (&*address, opcua) } else { (http, &*address) };
        command.arg("run").arg("--state").arg(state.path());
        let said = refusal({
            command.args(["--http", http, "--opcua", opcua]);
            command
        });
        assert!(said.contains(&address) && said.contains("in use"), "{door}: {said}");
    }
}

#[test]
fn two_controllers_do_not_share_a_state_folder() {
    let state = tempdir().unwrap();
    let plant = Plant::start(run(None, state.path()));
    let said = refusal(run(None, state.path()));
    assert!(said.contains(&state.path().display().to_string()), "{said}");
    assert!(said.contains("in use by another controller"), "{said}");
    plant.screen().shows("the first goes on", Duration::from_secs(30), |view| view.at > 0);
}

#[test]
fn a_state_folder_of_a_newer_version_is_left_alone() {
    let state = tempdir().unwrap();
    let mut plant = Plant::start(run(None, state.path()));
    plant.process.signal("TERM");
    plant.process.ends_within(Duration::from_secs(5));
    let journal = state.path().join("journal.db");
    sql(
        &journal,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (900, 'from the future', 1, x'00', 0)",
    );
    let before = fs::read(&journal).unwrap();
    let said = refusal(run(None, state.path()));
    assert!(said.contains("newer version") && said.contains("journal.db"), "{said}");
    assert_eq!(fs::read(&journal).unwrap(), before);
}

/// R-2.10-08: nothing is known of the clear well, and nothing starts by itself.
#[test]
fn a_damaged_journal_is_set_aside_and_the_plant_waits_for_somebody() {
    let state = tempdir().unwrap();
    let damaged = b"this was a journal once".repeat(400);
    fs::write(state.path().join("journal.db"), &damaged).unwrap();
    let plant = Plant::start(run(None, state.path()));
    plant.screen().shows("the plant waits and says why", Duration::from_secs(60), |view| {
        view.state("system.state") == "Stopped" && view.is_active(910) && view.is_active(416)
    });
    let events = plant.events();
    let aside = events.iter().find(|event| event["reason"] == "JournalSetAside").expect("said so");
    let kept = state.path().join(aside["to"].as_str().unwrap());
    assert_eq!(fs::read(kept).unwrap(), damaged, "the old file is still there, as it was");
}

fn sql(file: &Path, statement: &str) {
    use sqlx::{ConnectOptions, Connection};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = options.connect().await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}
