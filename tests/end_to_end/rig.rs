//! The other side of a site's buses: the program `hil`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value as Json;

use crate::plant::{Process, ends};

/// `hil` belongs to another package, so cargo does not build it for these tests.
fn hil() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let beside = Path::new(env!("CARGO_BIN_EXE_sweetspring")).parent().unwrap();
        let profile = match beside.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut build = Command::new(env!("CARGO"));
        // With the features of the whole workspace, so that nothing is built twice.
        build.args(["build", "--quiet", "--workspace", "--bin", "hil", "--profile", profile]);
        build.arg("--target-dir").arg(beside.parent().unwrap());
        let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(built.success(), "hil cannot be built");
        beside.join("hil")
    })
}

/// A rig that plays the field.
pub struct Rig {
    process: Process,
    ready: Json,
}

impl Rig {
    /// Serves a site on free ports.
    pub fn start(site: &Path, speed: u32) -> Rig {
        let mut command = Command::new(hil());
        command.arg("rig").arg("--site").arg(site).args(["--bind", "127.0.0.1:0"]);
        command.args(["--speed", &speed.to_string()]);
        let started =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = Process::of(started.unwrap());
        let ready = process.ready();
        Rig { process, ready }
    }

    /// What the controller is told about where the buses are.
    pub fn settings(&self) -> Vec<String> {
        let buses = self.ready["buses"].as_object().unwrap().iter();
        buses.flat_map(|(bus, at)| ["--set".into(), format!("bus.{bus}.address={at}")]).collect()
    }

    /// Does something at the plant, as a person would: `hil tell ...`.
    pub fn tell(&self, words: &[&str]) {
        let mut command = Command::new(hil());
        command.arg("tell").args(["--rig", self.ready["control"].as_str().unwrap()]).args(words);
        let told = ends(command);
        assert!(told.status.success(), "{words:?}: {}", String::from_utf8_lossy(&told.stderr));
    }

    /// What a coil of a bus's first device is at, asked as any Modbus master would (function 1).
    pub fn coil(&self, bus: &str, address: u16) -> bool {
        let at = self.ready["buses"][bus].as_str().expect("a bus of the site");
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let [high, low] = address.to_be_bytes();
        stream.write_all(&[0, 1, 0, 0, 0, 6, 1, 1, high, low, 0, 1]).unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer[7..9], [1, 1], "coil {address} of bus {bus}");
        answer[9] & 1 == 1
    }

    /// Ends it as a terminal would.
    pub fn stop(mut self) {
        self.process.signal("INT");
        let status = self.process.ends_within(Duration::from_secs(10));
        assert!(status.success(), "{status}");
    }
}
