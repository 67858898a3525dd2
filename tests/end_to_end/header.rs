//! The Raspberry Pi's header of the reference plant, on lines that this test plays: no Pi was near.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use config::shipped;
use tempfile::{TempDir, tempdir};

use crate::plant::{Plant, ends, run};

// Lines of plant.md 1.5.
const EMERGENCY_STOP: u8 = 4;
const HEARTBEAT: u8 = 17;
const OUTPUTS: [u8; 11] = [12, 13, 16, 17, 20, 22, 23, 24, 25, 26, 27];
/// A loaded machine may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bench with a header for its Modbus node; on its buses nobody answers.
fn site(folder: &Path, header: &str) -> PathBuf {
    // Ports of nobody, each once.
    let bench = shipped::BENCH.replace("127.0.0.1:150", "127.0.0.1:");
    let bus = "protocol = \"gpio\"\n";
    let header = shipped::HEADER.replace(bus, &format!("{bus}{header}\n"));
    let text = shipped::on_header(&bench, &header);
    let path = folder.join("pi.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// The far end of the lines, and the controller at the near one.
struct Bench {
    plant: Plant,
    far: UnixStream,
    /// Outputs as they are set; closed when the controller has let go.
    set: Receiver<(u8, bool)>,
    levels: BTreeMap<u8, bool>,
    beats: usize,
    _folder: TempDir,
}

impl Bench {
    fn start() -> Bench {
        let folder = tempdir().unwrap();
        let socket = folder.path().join("lines");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut command: Command =
            run(Some(&site(folder.path(), "")), &folder.path().join("state"));
        command.arg("--simulated-lines").arg(&socket);
        let plant = Plant::start(command);
        let far = listener.accept().unwrap().0;
        let heard = BufReader::new(far.try_clone().unwrap());
        let (sets, set) = channel();
        std::thread::spawn(move || {
            for words in heard.lines().map_while(Result::ok) {
                let mut words = words.split(' ');
                if words.next() == Some("out") {
                    let line = words.next().unwrap().parse().unwrap();
                    sets.send((line, words.next() == Some("1"))).ok();
                }
            }
        });
        Bench { plant, far, set, levels: BTreeMap::new(), beats: 0, _folder: folder }
    }

    /// Takes in one output that is set; whether the controller still holds the lines.
    fn hear(&mut self) -> bool {
        match self.set.recv_timeout(PATIENCE) {
            Ok((line, level)) => {
                let before = self.levels.insert(line, level);
                self.beats += usize::from(line == HEARTBEAT && before == Some(!level));
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => panic!("nothing is set for {PATIENCE:?}"),
        }
    }

    /// Waits for some edges of the heartbeat.
    fn beats(&mut self, edges: usize) {
        let (wanted, begun) = (self.beats + edges, Instant::now());
        while self.beats < wanted {
            assert!(self.hear() && begun.elapsed() < PATIENCE, "{} edges", self.beats);
        }
    }
}

#[test]
fn a_stopped_controller_leaves_every_line_low_and_one_that_is_killed_beats_no_more() {
    for (signal, is_orderly) in [("TERM", true), ("KILL", false)] {
        let mut bench = Bench::start();
        bench.beats(10);
        bench.far.write_all(format!("in {EMERGENCY_STOP} 1\n").as_bytes()).unwrap();
        bench.plant.screen().shows("the loop is healthy", PATIENCE, |view| {
            view.value("system.emergency_stop") == Some(1.0)
        });
        bench.beats(10);
        bench.plant.process.signal(signal);
        let status = bench.plant.process.ends_within(PATIENCE);
        assert_eq!(status.code(), is_orderly.then_some(0), "SIG{signal}");
        while bench.hear() {}
        // What it left behind: after a kill the lines are as they were, and nobody toggles the heartbeat.
        let known: Vec<u8> = bench.levels.keys().copied().collect();
        assert_eq!(known, OUTPUTS);
        let high = bench.levels.values().any(|level| *level);
        assert!(!is_orderly || !high, "{:?}", bench.levels);
    }
}

#[test]
fn a_controller_without_its_header_does_not_start_and_says_what_to_do() {
    let folder = tempdir().unwrap();
    let state = folder.path().join("state");
    let with = |header: &str, more: &[&str]| {
        let mut command = run(Some(&site(folder.path(), header)), &state);
        command.args(more);
        let output = ends(command);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let kernel = "driver = \"gpiocdev\"\nchip = \"/dev/gpiochip_of_nobody\"";
    for (more, words) in [
        (&[][..], "bus header: /dev/gpiochip_of_nobody: No such file"),
        (&["--simulated-lines", "/no/such/socket"], "nobody plays simulated lines at /no/such"),
        (&["--speed", "2"], "points on the lines of the header, which live at the speed of life"),
    ] {
        let (code, said) = with(kernel, more);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
}
