//! A disk that takes nothing more, and then does again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::plant::{Plant, Process, run};
use crate::screen::View;

/// A setting that the owner may change, inside its range.
const SETTING: &str = "disinfection.residual_target";
/// Room for history and journal, little enough to be filled at once.
const SIZE: &str = "size=96m";

/// A disk of its own for one state folder.
struct SmallDisk {
    folder: TempDir,
    /// Keeps the mount alive, which nobody else sees. `None`: this machine lets nobody mount; then files may not grow.
    holder: Option<Process>,
    /// Of the holder's namespaces.
    user: bool,
}

impl SmallDisk {
    fn new() -> SmallDisk {
        let folder = tempdir().unwrap();
        for user in [false, true] {
            let mut hold = Command::new("unshare");
            hold.args(if user {
                &["--user", "--map-root-user", "--mount"][..]
            } else {
                &["--mount"]
            });
            let script =
                "mount -t tmpfs -o \"$1\" small \"$0\" && echo 'ready {}' && exec sleep infinity";
            hold.args(["sh", "-c", script]).arg(folder.path()).arg(SIZE);
            hold.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let Ok(child) = hold.spawn() else { break };
            let mut holder = Process::of(child);
            if holder.comes_ready().is_some() {
                return SmallDisk { folder, holder: Some(holder), user };
            }
        }
        SmallDisk { folder, holder: None, user: false }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Begins a command line that sees this disk.
    fn inside(&self, holder: &Process) -> Command {
        let mut enter = Command::new("nsenter");
        enter.arg(format!("--target={}", holder.child.id())).arg("--mount");
        if self.user {
            enter.args(["--user", "--preserve-credentials"]);
        }
        enter
    }

    /// The demo with its state on this disk.
    fn demo(&self) -> Plant {
        let inner = run(None, &self.state());
        let mut outer = match &self.holder {
            Some(holder) => self.inside(holder),
            None => {
                let mut limited = Command::new("sh");
                let full = self.mark().exists();
                let limit = if full { "ulimit -S -f 0; " } else { "" };
                limited.args(["-c", &format!("trap '' XFSZ; {limit}exec \"$0\" \"$@\"")]);
                limited
            }
        };
        outer.arg(inner.get_program()).args(inner.get_args());
        outer.env_remove("RUST_LOG").stdin(Stdio::null());
        Plant::start(outer)
    }

    /// Beside the state: what fills the disk, or says that it counts as full.
    fn mark(&self) -> PathBuf {
        let beside = self.folder.path().join("filler");
        match &self.holder {
            Some(holder) => {
                let inside = beside.strip_prefix("/").unwrap();
                Path::new(&format!("/proc/{}/root", holder.child.id())).join(inside)
            }
            None => beside,
        }
    }

    fn fill(&self, plant: &Plant) {
        let mut filler = File::create(self.mark()).unwrap();
        if self.holder.is_none() {
            limit_files(plant, "0");
            return;
        }
        for size in [1 << 20, 4096, 1] {
            let part = vec![0; size];
            while filler.write_all(&part).is_ok() {}
        }
    }

    /// As the kernel does with a disk that fails, or a person with a switch. Nobody writes at the moment.
    fn make_read_only(&self) {
        match &self.holder {
            Some(_) => self.remount("remount,ro"),
            None => drop(File::create(self.mark()).unwrap()),
        }
    }

    fn make_writable(&self, plant: &Plant) {
        match &self.holder {
            Some(_) => self.remount("remount,rw"),
            None => self.make_room(plant),
        }
    }

    fn remount(&self, how: &str) {
        let mut mount = self.inside(self.holder.as_ref().unwrap());
        let done = mount.args(["mount", "-o", how]).arg(self.folder.path()).status();
        assert!(done.unwrap().success(), "{how}");
    }

    fn make_room(&self, plant: &Plant) {
        fs::remove_file(self.mark()).unwrap();
        if self.holder.is_none() {
            limit_files(plant, "unlimited");
        }
    }
}

/// Sets the soft limit of what the controller may write to a file.
fn limit_files(plant: &Plant, limit: &str) {
    let (pid, limit) = (plant.process.child.id(), format!("--fsize={limit}:"));
    let set = Command::new("prlimit").arg(format!("--pid={pid}")).arg(limit).status();
    assert!(set.unwrap().success());
}

fn set(plant: &Plant, value: f64) {
    let body = json!({ "path": SETTING, "value": value, "why": "end-to-end test" });
    let answer = plant.client.post("/api/settings", &body);
    assert_eq!(answer.json(), json!({ "accepted": true }), "{}", answer.body);
}

#[test]
fn a_full_disk_is_alarmed_while_the_plant_works_on_and_nothing_of_that_time_is_lost() {
    let disk = SmallDisk::new();
    let mut plant = disk.demo();
    plant.set_up();
    let screen = plant.screen();
    let before = screen.shows("the plant works", Duration::from_secs(60), View::is_at_work);
    assert!(!before.is_active(910));

    disk.fill(&plant);
    let full = screen
        .shows("the full disk is alarmed", Duration::from_secs(30), |view| view.is_active(910));
    set(&plant, 1.2);
    let later = full.at + 20_000_000;
    screen.shows("the plant works on", Duration::from_secs(30), |view| {
        view.at > later && view.is_at_work() && view.value(SETTING) == Some(1.2)
    });

    disk.make_room(&plant);
    screen.shows("the alarm goes", Duration::from_secs(60), |view| !view.is_active(910));
    plant.comes("what happened meanwhile is written", Duration::from_secs(20), |plant| {
        let events = plant.events();
        events.iter().any(|event| event["path"] == SETTING && event["to"] == "1.2")
    });
    plant.kill();

    // Written means written: the next start reads all of it.
    let plant = disk.demo();
    let events = plant.events();
    let numbers: Vec<i64> =
        events.iter().rev().map(|event| event["number"].as_i64().unwrap()).collect();
    let whole: Vec<i64> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, whole, "none is missing");
    let raised = |event: &&serde_json::Value| event["path"] == "system.storage";
    assert!(events.iter().any(|event| raised(&event)));
    assert_eq!(plant.screen().now().value(SETTING), Some(1.2));
}

/// A demo that has had an owner and a changed setting, killed.
fn lived_and_died(disk: &SmallDisk, last: impl Fn(&Plant)) {
    let mut plant = disk.demo();
    plant.set_up();
    let screen = plant.screen();
    screen.shows("the plant is seen", Duration::from_secs(30), |view| view.at > 0);
    set(&plant, 1.3);
    plant.comes("the setting is written", Duration::from_secs(20), |plant| {
        plant.events().iter().any(|event| event["path"] == SETTING)
    });
    last(&plant);
    plant.kill();
}

/// Starts on a disk that takes nothing, knows what was, works, and is well again when the disk is.
fn starts_all_the_same(disk: &SmallDisk, mend: impl Fn(&Plant)) {
    let mut plant = disk.demo();
    assert_eq!(plant.ready["setup_code"], json!(null), "the plant has its owner");
    plant.log_in();
    let screen = plant.screen();
    let full =
        screen.shows("the disk is alarmed", Duration::from_secs(30), |view| view.is_active(910));
    assert_eq!(full.value(SETTING), Some(1.3));
    screen.shows("the plant works", Duration::from_secs(60), View::is_at_work);
    mend(&plant);
    screen.shows("the alarm goes", Duration::from_secs(60), |view| !view.is_active(910));
    plant.process.signal("TERM");
    assert_eq!(plant.process.ends_within(Duration::from_secs(5)).code(), Some(0));
}

#[test]
fn a_plant_starts_on_a_full_disk_and_knows_its_owner_and_settings() {
    let disk = SmallDisk::new();
    lived_and_died(&disk, |plant| disk.fill(plant));
    starts_all_the_same(&disk, |plant| disk.make_room(plant));
}

#[test]
fn a_plant_starts_on_a_read_only_disk_and_knows_its_owner_and_settings() {
    let disk = SmallDisk::new();
    lived_and_died(&disk, |_| {});
    disk.make_read_only();
    starts_all_the_same(&disk, |plant| disk.make_writable(plant));
}
