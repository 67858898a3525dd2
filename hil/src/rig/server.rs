//! The Modbus TCP side of a bus: one listener, any number of connections, one request at a time on each.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Field;
use super::device::{NO_SUCH_DEVICE, refusal};

/// Connections to one bus at once; more are closed at once.
const CONNECTIONS_MAX: usize = 16;
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
    /// Every connection is closed: the gateway lost its power.
    Down,
}

impl Link {
    /// As people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Link::Up => "up",
            Link::Silent => "silent",
            Link::Down => "down",
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
    loop {
        let request = tokio::select! {
            biased;
            _ = link.wait_for(|link| *link == Link::Down) => return Ok(()),
            request = receive(&mut stream) => request?,
        };
        // Copied: the guard must not be held over an await.
        let now = *link.borrow();
        if now == Link::Up {
            let answer = field.answer(bus, request.unit, &request.pdu);
            send(&mut stream, &request, &answer).await?;
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
