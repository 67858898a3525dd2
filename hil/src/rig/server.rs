//! The Modbus TCP side of a bus: one listener, any number of connections, one request at a time on each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Field;
use super::device::{NO_SUCH_DEVICE, refusal};

/// Connections to one bus at once; more are closed at once.
pub(super) const CONNECTIONS_MAX: usize = 16;
/// Transaction, protocol, length, unit.
const HEADER: usize = 7;
/// Longest function and content (Modbus Messaging on TCP/IP V1.0b).
const PDU_MAX: usize = 253;

/// What has been done to a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Up,
    /// Requests are swallowed: a line cut behind the gateway.
    Silent,
    /// Every connection is closed: the gateway lost its power. A serial port has none: it is silent.
    Down,
    /// Every third answer is broken on the way: on a serial line one bit of it; a gateway passes none on.
    Noisy,
    /// Every third answer comes late, and the next ones behind it.
    Late,
    /// Every answer takes 200 ms more: a radio link, a busy gateway.
    Slow,
    /// A and B of a line are swapped: no device understands, and what comes back is nonsense.
    Swapped,
}

/// How late: longer than a site waits unless told otherwise (500 ms), by less than it pauses then.
const LATE: Duration = Duration::from_millis(700);
/// How long every answer takes on a slow link (`docs/spec/interfaces.md` 7.4).
const SLOW: Duration = Duration::from_millis(200);
/// Of so many answers one is broken or late.
const FAULT_EVERY: u32 = 3;

/// What happens to the answers on one connection.
#[derive(Debug, Default)]
pub(super) struct Faults {
    answers: u32,
}

impl Faults {
    /// Of the next answer: how late it comes; `None`: there is none.
    pub fn strike(&mut self, link: Link) -> Option<Duration> {
        self.answers = self.answers.wrapping_add(1);
        match link {
            Link::Up | Link::Noisy => Some(Duration::ZERO),
            Link::Late if self.answers.is_multiple_of(FAULT_EVERY) => Some(LATE),
            Link::Late => Some(Duration::ZERO),
            Link::Slow => Some(SLOW),
            Link::Silent | Link::Down | Link::Swapped => None,
        }
    }

    /// Whether the answer is broken.
    pub fn is_broken(&self, link: Link) -> bool {
        link == Link::Noisy && self.answers.is_multiple_of(FAULT_EVERY)
    }
}

impl Link {
    pub const ALL: [Link; 7] =
        [Link::Up, Link::Silent, Link::Down, Link::Noisy, Link::Late, Link::Slow, Link::Swapped];

    /// As people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Link::Up => "up",
            Link::Silent => "silent",
            Link::Down => "down",
            Link::Noisy => "noisy",
            Link::Late => "late",
            Link::Slow => "slow",
            Link::Swapped => "swapped",
        }
    }
}

/// Serves a bus until dropped.
pub async fn serve(
    listener: TcpListener,
    bus: usize,
    field: Arc<Field>,
    link: watch::Receiver<Link>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        // An error here is the peer's, who gave up, or too many open files, which passes.
        let Ok((stream, _)) = stream else { continue };
        if connections.len() < CONNECTIONS_MAX {
            let (field, link) = (field.clone(), link.clone());
            connections.spawn(async move {
                // A connection ends by the peer's will or by its nonsense; both are normal on a rig.
                let _ = converse(stream, bus, &field, link).await;
            });
        }
    }
}

async fn converse(
    mut stream: TcpStream,
    bus: usize,
    field: &Field,
    mut link: watch::Receiver<Link>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut faults = Faults::default();
    loop {
        let request = tokio::select! {
            biased;
            _ = link.wait_for(|link| *link == Link::Down) => return Ok(()),
            request = receive(&mut stream) => request?,
        };
        // Copied: the guard must not be held over an await.
        let now = *link.borrow();
        if let Some(delay) = faults.strike(now)
            && !faults.is_broken(now)
        {
            let answer = field.respond(bus, request.unit, &request.pdu);
            let late = answer.as_ref().map_or(Duration::ZERO, |answer| answer.late);
            // A gateway passes on what is whole.
            let answer = answer.filter(|answer| !answer.is_broken);
            let pdu = answer.map_or_else(|| unknown(&request.pdu), |answer| answer.pdu);
            sleep(delay + late).await;
            send(&mut stream, &request, &pdu).await?;
        }
    }
}

struct Request {
    transaction: [u8; 2],
    unit: u8,
    pdu: Vec<u8>,
}

async fn receive(stream: &mut TcpStream) -> io::Result<Request> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await?;
    // The length counts the unit too.
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if header[2..4] != [0, 0] || !(2..=PDU_MAX + 1).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut pdu = vec![0; length - 1];
    stream.read_exact(&mut pdu).await?;
    Ok(Request { transaction: [header[0], header[1]], unit: header[6], pdu })
}

async fn send(stream: &mut TcpStream, request: &Request, answer: &[u8]) -> io::Result<()> {
    let length = u16::try_from(answer.len() + 1).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut frame = request.transaction.to_vec();
    frame.extend([0, 0]);
    frame.extend(length.to_be_bytes());
    frame.push(request.unit);
    frame.extend(answer);
    stream.write_all(&frame).await
}

/// What a gateway says of a device it does not know.
#[must_use]
pub fn unknown(pdu: &[u8]) -> Vec<u8> {
    refusal(pdu.first().copied().unwrap_or_default(), NO_SUCH_DEVICE)
}
