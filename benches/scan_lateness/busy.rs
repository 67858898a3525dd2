//! Everybody at once: browsers with live pages and trends, an operator who moves a setpoint, and a control room on OPC UA.
//! (The field is busy in any case, and history and recording are on.)

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::client::Client;
use crate::plant::{Plant, sweetspring};

/// Browsers with a live page each (`docs/spec/interfaces.md`; the streams end at 64).
const BROWSERS: u8 = 50;
/// One of them opens a trend of the last day this often,
const TREND_EVERY: Duration = Duration::from_millis(200);
/// and one loads the page anew after so many trends.
const TRENDS_A_PAGE: usize = 10;
/// An operator moves a setpoint this often: it is audited, and on the disk before he is answered.
const SETPOINT_EVERY: Duration = Duration::from_secs(2);
/// Points that the control room asks to be told of, at 100 ms.
const ITEMS: u32 = 1_000;
/// How soon everybody notices that it is time to go.
const LOOKS_UP: Duration = Duration::from_millis(500);
/// What they look back at.
const TRENDS: [&str; 4] =
    ["intake.flow", "intake.turbidity", "disinfection.chlorine", "filter1.turbidity"];
const PASSWORD: &str = "clear river over stones 12";

/// Whoever uses the plant.
pub struct Crowd {
    leaves: Arc<AtomicBool>,
    counts: Arc<Counts>,
    people: Vec<JoinHandle<()>>,
    control_room: ControlRoom,
    came: Instant,
}

/// What reached whom.
#[derive(Default)]
struct Counts {
    messages: AtomicU64,
    trends: AtomicU64,
    pages: AtomicU64,
    setpoints: AtomicU64,
}

impl Crowd {
    /// Everybody comes, and is served.
    pub fn come(plant: &Plant, state: &Path) -> anyhow::Result<Crowd> {
        let control_room = ControlRoom::open(plant, state)?;
        let leaves = Arc::new(AtomicBool::new(false));
        let counts = Arc::new(Counts::default());
        let address: SocketAddr = plant.client.address.parse()?;
        let mut people = Vec::new();
        for number in 1..=BROWSERS {
            let browser = Browser { address, number };
            browser.page().with_context(|| format!("browser {number}"))?;
            let (leaves, counts) = (Arc::clone(&leaves), Arc::clone(&counts));
            people.push(spawn(move || browser.watch(&leaves, &counts)));
        }
        let (theirs, looked) = (Arc::clone(&leaves), Arc::clone(&counts));
        people.push(spawn(move || look_back(address, &theirs, &looked)));
        let (theirs, moved) = (Arc::clone(&leaves), Arc::clone(&counts));
        let operator = plant.client.clone();
        people.push(spawn(move || operate(&operator, &theirs, &moved)));
        Ok(Crowd { leaves, counts, people, control_room, came: Instant::now() })
    }

    /// Everybody goes; what they had.
    pub fn go(self) -> String {
        let seconds = self.came.elapsed().as_secs_f64();
        let told = self.control_room.close();
        self.leaves.store(true, Ordering::Relaxed);
        for person in self.people {
            person.join().expect("everybody was served to the end");
        }
        let rate = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / seconds;
        let Counts { messages, trends, pages, setpoints } = &*self.counts;
        let (messages, trends, pages, setpoints) =
            (rate(messages), rate(trends), rate(pages), rate(setpoints));
        let told = told.map_or_else(
            |error| format!("nobody knows how many ({error})"),
            |told| format!("{:.0}", told as f64 / seconds),
        );
        format!(
            "{BROWSERS} live pages with {messages:.0} messages a second in all, {trends:.1} trends, {pages:.2} page loads and \
             {setpoints:.2} setpoints a second; {told} changes a second of {ITEMS} OPC UA items"
        )
    }
}

/// A browser at an address of its own, as each has one on a plant's network: what one may ask in a second is limited.
#[derive(Clone, Copy)]
struct Browser {
    address: SocketAddr,
    number: u8,
}

impl Browser {
    fn ask(self, route: &str) -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 1, self.number), 0)).into())?;
        socket.connect(&self.address.into())?;
        socket.set_read_timeout(Some(LOOKS_UP))?;
        let mut stream = TcpStream::from(socket);
        let Browser { address, .. } = self;
        let request =
            format!("GET {route} HTTP/1.0\r\nHost: {address}\r\nAccept-Encoding: gzip\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    }

    /// A whole answer, which must be one.
    fn get(self, route: &str) -> anyhow::Result<()> {
        let mut stream = self.ask(route)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let said = String::from_utf8_lossy(&answer[..answer.len().min(100)]);
        ensure!(said.starts_with("HTTP/1.0 200"), "{route}: {said}");
        Ok(())
    }

    /// What is loaded before anything is seen.
    fn page(self) -> anyhow::Result<()> {
        self.get("/")?;
        self.get("/api/catalogue")
    }

    /// Has the live page open.
    fn watch(self, leaves: &AtomicBool, counts: &Counts) {
        let mut lines = BufReader::new(self.ask("/api/live").unwrap());
        let mut line = String::new();
        while !leaves.load(Ordering::Relaxed) {
            match lines.read_line(&mut line) {
                Ok(0) => panic!("browser {}: the stream ended", self.number),
                Ok(_) => {
                    let is_message = line.starts_with("data: ");
                    counts.messages.fetch_add(u64::from(is_message), Ordering::Relaxed);
                    line.clear();
                }
                // Nothing came for a while. What there is of a line stays in it.
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("browser {}: {error}", self.number),
            }
        }
    }
}

/// Browsers in turn open a trend of the last day, and now and then the page.
fn look_back(address: SocketAddr, leaves: &AtomicBool, counts: &Counts) {
    for (turn, number) in (1..=BROWSERS).cycle().enumerate() {
        if leaves.load(Ordering::Relaxed) {
            return;
        }
        let browser = Browser { address, number };
        let to = sweetspring::machine::wall_ms();
        let from = to - 86_400_000;
        let path = TRENDS[turn % TRENDS.len()];
        browser.get(&format!("/api/history?path={path}&from={from}&to={to}")).unwrap();
        counts.trends.fetch_add(1, Ordering::Relaxed);
        if turn % TRENDS_A_PAGE == 0 {
            browser.page().unwrap();
            counts.pages.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(TREND_EVERY);
    }
}

fn operate(operator: &Client, leaves: &AtomicBool, counts: &Counts) {
    for target in [0.9, 1.0].into_iter().cycle() {
        if leaves.load(Ordering::Relaxed) {
            return;
        }
        let body =
            json!({ "path": "disinfection.residual_target", "value": target, "why": "bench" });
        let answer = operator.post("/api/settings", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        counts.setpoints.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(SETPOINT_EVERY);
    }
}

/// The stock OPC UA client of the tests, in a process of its own.
struct ControlRoom {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl ControlRoom {
    /// Opens it; comes back when it is told of its items.
    fn open(plant: &Plant, state: &Path) -> anyhow::Result<ControlRoom> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = project.join("tests/.tools/venv/bin/python");
        ensure!(python.exists(), "no OPC UA client: `tests/install` brings it");
        let mut command = Command::new(python);
        command.arg(project.join("benches/scan_lateness/control_room.py"));
        command.arg(plant.ready["opcua"].as_str().context("no OPC UA")?);
        command.arg(plant.ready["http"].as_str().context("no HTTP")?);
        command.arg(state).args([PASSWORD, &ITEMS.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut add = sweetspring();
        add.args(["user", "add", "vong", "--role", "Observer", "--state"]).arg(state);
        given(add, PASSWORD)?;
        let mut process = command.spawn()?;
        let said = BufReader::new(process.stdout.take().context("no output")?);
        let mut room = ControlRoom { process, said };
        let certificate = room.hears("certificate ")?;
        let mut trust = sweetspring();
        trust.args(["trust", &certificate, "--state"]).arg(state);
        given(trust, "")?;
        writeln!(room.process.stdin.as_ref().context("no input")?, "go on")?;
        let items: u32 = room.hears("ready ")?.parse()?;
        ensure!(items == ITEMS, "the control room is told of {items} points of {ITEMS}");
        Ok(room)
    }

    /// The next line, which begins so.
    fn hears(&mut self, begin: &str) -> anyhow::Result<String> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        let rest = line.strip_prefix(begin);
        Ok(rest.with_context(|| format!("{begin}? {line}"))?.trim().to_owned())
    }

    /// How many changes it was told of.
    fn close(mut self) -> anyhow::Result<u64> {
        // The end of its input is its sign.
        drop(self.process.stdin.take());
        let told = self.hears("told ")?.parse()?;
        self.process.wait()?;
        Ok(told)
    }
}

impl Drop for ControlRoom {
    fn drop(&mut self) {
        // It has gone by itself unless something else went wrong.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a command that is given a line, and must succeed.
fn given(mut command: Command, line: &str) -> anyhow::Result<()> {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    writeln!(process.stdin.take().context("no input")?, "{line}")?;
    ensure!(process.wait()?.success(), "{command:?}");
    Ok(())
}
