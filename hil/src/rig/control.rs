//! The control endpoint: one line in, one line out. `ok`, or `error` and why.
//!
//! `link`, `device` and `line` work the wires ([`WIRES`]); every other line goes to the world: panel, weather, faults.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::device::Ailment;
use super::lines::{LINE_COUNT, Short};
use super::{Field, Link, World};

/// A line longer than this is no command.
const LINE_MAX: usize = 256;
/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 16;
/// A rig on loopback answers within this.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// What can be said of the wires, for people.
pub const WIRES: &str = "\
link BUS up|silent|down                 a bus; of a header: its ribbon, or whoever plays it
link BUS noisy|late|slow|swapped        every third answer broken or late; each 200 ms late; A and B swapped
device NAME sound|silent|slow|refuses   a device by its name in the site: no answer; 400 ms late; exception 4
device NAME doubled|reboot              a second one with its address; its power gone for 3 s
line NUMBER low|high|sound              a line of the header, shorted";

type Links = BTreeMap<String, watch::Sender<Link>>;
type Shared = Arc<Mutex<Box<dyn World>>>;

/// Everything that can be worked.
#[derive(Clone)]
pub struct Desk {
    links: Arc<Links>,
    field: Arc<Field>,
    world: Shared,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("links", &self.links).finish_non_exhaustive()
    }
}

/// Serves until dropped.
pub async fn serve(listener: TcpListener, desk: Desk) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = stream else { continue };
        let desk = desk.clone();
        connections.spawn(async move {
            // It ends when the peer has had enough.
            let _ = converse(stream, &desk).await;
        });
    }
}

async fn converse(stream: TcpStream, desk: &Desk) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = tokio::io::AsyncReadExt::take(&mut stream, LINE_MAX as u64);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer = match std::str::from_utf8(&line) {
            Ok(text) if text.ends_with('\n') => desk.obey(text),
            Ok(_) | Err(_) => Err(format!("no line of at most {LINE_MAX} bytes of text")),
        };
        let answer = answer.map_or_else(|why| format!("error {why}\n"), |()| "ok\n".into());
        stream.write_all(answer.as_bytes()).await?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
    }
}

impl Desk {
    pub fn new(links: Links, field: Arc<Field>, world: Shared) -> Desk {
        Desk { links: Arc::new(links), field, world }
    }

    /// Does what a line says.
    pub fn obey(&self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["link", bus, state] => self.link(bus, state),
            ["device", name, state] => self.device(name, state),
            ["line", number, state] => self.short(number, state),
            ["link" | "device" | "line", ..] => Err(format!("not understood. There are:\n{WIRES}")),
            [] => Err("nothing said".into()),
            [..] => self.world.lock().unwrap_or_else(PoisonError::into_inner).act(&words),
        }
    }

    fn link(&self, bus: &str, state: &str) -> Result<(), String> {
        let known = || self.links.keys().cloned().collect::<Vec<String>>().join(", ");
        let link =
            self.links.get(bus).ok_or_else(|| format!("no bus {bus}: there are {}", known()))?;
        let wanted = named(&Link::ALL, Link::word, "a link", state)?;
        let is_header = self.field.state().lines.as_ref().is_some_and(|lines| lines.bus() == bus);
        if is_header && !matches!(wanted, Link::Up | Link::Silent | Link::Down) {
            return Err("the lines of a header have no answers: up, silent or down".into());
        }
        link.send_replace(wanted);
        Ok(())
    }

    fn device(&self, name: &str, state: &str) -> Result<(), String> {
        let mut state_of = self.field.state();
        let now = state_of.now;
        let known: Vec<String> =
            state_of.devices.iter().map(|device| device.name.clone()).collect();
        let device = state_of.devices.iter_mut().find(|device| device.name == name);
        let device =
            device.ok_or_else(|| format!("no device {name}: there are {}", known.join(", ")))?;
        if state == "reboot" {
            device.reboot(now);
            return Ok(());
        }
        device.ailment = named(&Ailment::ALL, Ailment::word, "a device", state)
            .map_err(|why| format!("{why}; or it makes a reboot"))?;
        Ok(())
    }

    fn short(&self, number: &str, state: &str) -> Result<(), String> {
        let line = number.parse().ok().filter(|line| *line < LINE_COUNT);
        let line = line.ok_or_else(|| format!("no line {number}: 0 to {}", LINE_COUNT - 1))?;
        let short = named(&[Short::Low, Short::High, Short::Sound], Short::word, "a line", state)?;
        let mut state = self.field.state();
        state.lines.as_mut().ok_or("this rig plays no lines")?.short(line, short);
        Ok(())
    }

    /// The controller's power is gone.
    pub fn go_dark(&self) {
        if let Some(lines) = &mut self.field.state().lines {
            lines.go_dark();
        }
    }
}

/// The one of this word.
fn named<T: Copy>(
    all: &[T],
    word: impl Fn(T) -> &'static str,
    what: &str,
    wanted: &str,
) -> Result<T, String> {
    let found = all.iter().copied().find(|one| word(*one) == wanted);
    found.ok_or_else(|| {
        let words: Vec<&str> = all.iter().copied().map(word).collect();
        format!("{what} is {}, not {wanted}", words.join(", "))
    })
}

/// Says one line to a rig; an error says what went wrong, in the rig's words where it answered.
pub async fn tell(address: &str, line: &str) -> Result<(), String> {
    let talk = async {
        let mut stream = BufReader::new(TcpStream::connect(address).await?);
        stream.write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = timeout(ANSWER_MAX, talk)
        .await
        .map_err(|_| format!("no answer from {address}"))?
        .map_err(|error| format!("no rig at {address}: {error}. Start one with `hil rig`"))?;
    match answer.trim_end() {
        "ok" => Ok(()),
        refused => Err(refused.strip_prefix("error ").unwrap_or(refused).to_string()),
    }
}
