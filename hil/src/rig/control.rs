//! The control endpoint: one line in, one line out. `ok`, or `error` and why.
//!
//! `link BUS up|silent|down|noisy|late` works a bus; every other line goes to the world: panel, weather, faults.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Link, World};

/// A line longer than this is no command.
const LINE_MAX: usize = 256;
/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 16;
/// A rig on loopback answers within this.
const ANSWER_MAX: Duration = Duration::from_secs(5);

type Links = BTreeMap<String, watch::Sender<Link>>;
type Shared = Arc<Mutex<Box<dyn World>>>;

/// Serves until dropped.
pub async fn serve(listener: TcpListener, links: Links, world: Shared) {
    let links = Arc::new(links);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = stream else { continue };
        let (links, world) = (links.clone(), world.clone());
        connections.spawn(async move {
            // It ends when the peer has had enough.
            let _ = converse(stream, &links, &world).await;
        });
    }
}

async fn converse(stream: TcpStream, links: &Links, world: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = tokio::io::AsyncReadExt::take(&mut stream, LINE_MAX as u64);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer = match std::str::from_utf8(&line) {
            Ok(text) if text.ends_with('\n') => obey(text, links, world),
            Ok(_) | Err(_) => Err(format!("no line of at most {LINE_MAX} bytes of text")),
        };
        let answer = answer.map_or_else(|why| format!("error {why}\n"), |()| "ok\n".into());
        stream.write_all(answer.as_bytes()).await?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
    }
}

fn obey(line: &str, links: &Links, world: &Shared) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["link", bus, state] => {
            let known = || links.keys().cloned().collect::<Vec<String>>().join(", ");
            let link =
                links.get(bus).ok_or_else(|| format!("no bus {bus}: there are {}", known()))?;
            let states = [Link::Up, Link::Silent, Link::Down, Link::Noisy, Link::Late];
            let wanted = states.into_iter().find(|one| one.word() == state);
            link.send_replace(wanted.ok_or("a link is up, silent, down, noisy or late")?);
            Ok(())
        }
        ["link", ..] => Err("link BUS up|silent|down|noisy|late".into()),
        [] => Err("nothing said".into()),
        [..] => world.lock().unwrap_or_else(PoisonError::into_inner).act(&words),
    }
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
