//! The controller as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::client::Client;
use crate::screen::Screen;

/// A loaded machine may be slow; a `ready` that never comes is a failure.
const PATIENCE: Duration = Duration::from_secs(60);
/// The owner of every plant that gets one.
pub const OWNER: &str = "bounmy";
pub const PASSWORD: &str = "clear water runs deep";

/// The controller's program.
pub fn sweetspring() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sweetspring"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// The controller's program, to run a plant on free ports; `None`: the demo.
pub fn run(site: Option<&Path>, state: &Path) -> Command {
    let mut command = sweetspring();
    command.arg("run").args(site).arg("--state").arg(state);
    command.args(["--http", "127.0.0.1:0", "--opcua", "127.0.0.1:0"]);
    command
}

/// A site file that is shipped.
pub fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sites").join(name)
}

/// Runs a program to its end, which must come.
pub fn ends(mut command: Command) -> Output {
    let started =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = Process::of(started.unwrap());
    let mut out = process.child.stdout.take().unwrap();
    let printed = std::thread::spawn(move || {
        let mut printed = Vec::new();
        out.read_to_end(&mut printed).map(|_| printed)
    });
    let status = process.ends_within(PATIENCE);
    let stdout = printed.join().unwrap().unwrap();
    Output { status, stdout, stderr: process.log.text().into_bytes() }
}

/// What a program wrote to standard error.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// A child that does not outlive its test.
pub struct Process {
    pub child: Child,
    log: Log,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Process {
    /// Standard output and error are pipes.
    pub fn of(mut child: Child) -> Process {
        let log = Log::default();
        let (mut said, theirs) = (child.stderr.take().unwrap(), log.clone());
        let reader = std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = said.read(&mut part) {
                theirs.0.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        Process { child, log, reader: Some(reader) }
    }

    /// What follows `ready ` on standard output.
    pub fn ready(&mut self) -> Json {
        self.comes_ready().expect("`ready` before the end")
    }

    /// The same; `None`: it ended before.
    pub fn comes_ready(&mut self) -> Option<Json> {
        let (lines, line) = mpsc::channel();
        let out = self.child.stdout.take().unwrap();
        std::thread::spawn(move || {
            // Read to the end, so that the pipe is never full.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(ready) = line.strip_prefix("ready ") {
                    let _ = lines.send(ready.to_owned());
                }
            }
        });
        match line.recv_timeout(PATIENCE) {
            Ok(ready) => Some(serde_json::from_str(&ready).unwrap()),
            Err(RecvTimeoutError::Timeout) => panic!("not ready within {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits for its end and for its last words.
    pub fn ends_within(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "still runs after {within:?}");
            std::thread::sleep(Duration::from_millis(10));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }

    /// Sends a signal by name, as a terminal or systemd would.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- standard error of process {}\n{}", self.child.id(), self.log.text());
        }
    }
}

/// A running controller.
pub struct Plant {
    pub process: Process,
    pub ready: Json,
    pub client: Client,
}

impl Plant {
    /// Starts it and waits until it answers.
    pub fn start(mut command: Command) -> Plant {
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = Process::of(started.unwrap());
        let ready = process.ready();
        let client = Client::new(ready["http"].as_str().unwrap());
        Plant { process, ready, client }
    }

    /// Makes the owner with the set-up code, and is the owner from then on.
    pub fn set_up(&mut self) {
        let code = &self.ready["setup_code"];
        let body = json!({ "code": code, "user": OWNER, "password": PASSWORD });
        self.client.enter("/api/setup", &body);
    }

    pub fn log_in(&mut self) {
        self.client.enter("/api/session", &json!({ "user": OWNER, "password": PASSWORD }));
    }

    pub fn screen(&self) -> Screen {
        Screen::new(&self.client)
    }

    /// Announces a command and gives it; the plant's answer.
    pub fn command(&self, verb: &str) -> Json {
        let selected = self.client.post("/api/select", &json!({ "command": verb })).json();
        let body = json!({ "token": selected["token"], "command": verb, "why": "end-to-end test" });
        self.client.post("/api/command", &body).json()
    }

    /// The newest events first.
    pub fn events(&self) -> Vec<Json> {
        self.client.get("/api/events?limit=500")["events"].as_array().unwrap().clone()
    }

    /// Asks again and again until it is so.
    pub fn comes(&self, what: &str, within: Duration, is_so: impl Fn(&Plant) -> bool) {
        let deadline = Instant::now() + within;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "not within {within:?}: {what}");
            // The HTTP side serves ten requests a second.
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// The end that no program sees coming.
    pub fn kill(mut self) {
        self.process.child.kill().unwrap();
        self.process.child.wait().unwrap();
    }
}
