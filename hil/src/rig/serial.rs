//! The RTU side of a bus: devices on a serial port of this machine, on a pseudo-terminal, or behind a serial server on TCP.
//!
//! Devices on a line answer only what is for them and whole: a broken request, another unit's, or one for a device that is dead,
//! meets silence. Written from Modbus over Serial Line V1.02, with a checksum of its own, as `device` is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use config::{Bus, BusKind, Parity, StopBits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_serial::SerialStream;

use super::Field;
use super::pty::Pty;
use super::server::{self, CONNECTIONS_MAX, Faults, Link};

/// As `plant.md` 1.5 has it, where a site does not say.
const BAUD: u32 = 19_200;
/// Characters of silence before an answer, and the shortest such silence (V1.02, 2.5.1.1).
const GAP: f64 = 3.5;
const GAP_MIN: Duration = Duration::from_micros(1750);
/// A request in which nothing comes for this long is over: longer than a USB adapter keeps bytes (16 ms).
const PAUSE: Duration = Duration::from_millis(50);
/// A pseudo-terminal that nobody has open is looked at this often.
const ALONE: Duration = Duration::from_millis(10);
/// Longest frame (V1.02, 2.5.1).
const FRAME_MAX: usize = 256;
/// Unit, function, address, number, checksum.
const SHORT: usize = 8;

/// Where the rig's end of a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A serial port.
    Port(String),
    /// A new pseudo-terminal, for a controller on this machine.
    Pty,
}

impl End {
    /// As people write it.
    #[must_use]
    pub fn understand(word: &str) -> End {
        if word == "pty" { End::Pty } else { End::Port(word.to_string()) }
    }

    /// Opens it with a bus's settings: the port, and the path at which a controller finds the other end, if that is known.
    pub(super) fn open(&self, bus: &Bus) -> Result<(Port, Option<String>), String> {
        let says = |error: tokio_serial::Error| error.to_string();
        match self {
            End::Pty => {
                let (pty, path) = Pty::open().map_err(|error| error.to_string())?;
                Ok((Port::Pty(pty), Some(path)))
            }
            End::Port(path) => {
                let (parity, stop_bits) = match &bus.kind {
                    BusKind::Rtu { parity, stop_bits, .. } => (*parity, *stop_bits),
                    BusKind::Tcp { .. } | BusKind::RtuOverTcp { .. } | BusKind::Gpio { .. } => {
                        (Parity::None, StopBits::One)
                    }
                };
                let parity = match parity {
                    Parity::None => tokio_serial::Parity::None,
                    Parity::Even => tokio_serial::Parity::Even,
                    Parity::Odd => tokio_serial::Parity::Odd,
                };
                let stop_bits = match stop_bits {
                    StopBits::One => tokio_serial::StopBits::One,
                    StopBits::Two => tokio_serial::StopBits::Two,
                };
                let settings = tokio_serial::new(path, bus.baud.unwrap_or(BAUD));
                let settings = settings.parity(parity).stop_bits(stop_bits);
                Ok((Port::Real(SerialStream::open(&settings).map_err(says)?), None))
            }
        }
    }
}

/// What a line needs to be served.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub bus: usize,
    pub baud: Option<u32>,
    pub field: Arc<Field>,
    pub link: watch::Receiver<Link>,
}

/// The rig's end of a line, open.
#[derive(Debug)]
pub(super) enum Port {
    Real(SerialStream),
    Pty(Pty),
}

/// Serves a port until dropped.
pub(super) async fn serve_port(mut port: Port, served: Served) {
    loop {
        // The other end of a pseudo-terminal is closed, or was; a port that is gone stays gone, and costs nothing more.
        let _ = match &mut port {
            Port::Real(stream) => converse(stream, &served).await,
            Port::Pty(pty) => match pty.converse() {
                Ok(mut conversation) => converse(&mut conversation, &served).await,
                Err(why) => Err(why),
            },
        };
        sleep(ALONE).await;
    }
}

/// Serves RTU frames on TCP until dropped.
pub async fn serve_tcp(listener: TcpListener, served: Served) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((mut stream, _)) = stream else { continue };
        if connections.len() < CONNECTIONS_MAX {
            let served = served.clone();
            connections.spawn(async move {
                let mut link = served.link.clone();
                tokio::select! {
                    _ = link.wait_for(|link| *link == Link::Down) => {}
                    _ = converse(&mut stream, &served) => {}
                }
            });
        }
    }
}

async fn converse<S>(stream: &mut S, served: &Served) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut faults = Faults::default();
    loop {
        let Some(request) = receive(stream).await? else {
            served.field.state().traffic.entry(served.bus).or_default().nonsense += 1;
            continue;
        };
        let (unit, pdu) = (request[0], &request[1..request.len() - 2]);
        // Copied: the guard must not be held over an await.
        let link = *served.link.borrow();
        if link == Link::Swapped {
            // A receiver sees the other's ones as zeros, and the rest of the line as one long break.
            stream.write_all(&[0; SHORT]).await?;
        }
        let Some(delay) = faults.strike(link) else { continue };
        let Some(answer) = served.field.respond(served.bus, unit, pdu) else { continue };
        // A device all of whose instruments are dead is dead itself.
        if answer.pdu == server::unknown(pdu) {
            continue;
        }
        let mut frame = vec![unit];
        frame.extend(answer.pdu);
        frame.extend(checksum(&frame));
        if answer.is_broken || faults.is_broken(link) {
            frame[1] ^= 0x04;
        }
        sleep(delay + answer.late + gap(served.baud)).await;
        stream.write_all(&frame).await?;
    }
}

fn gap(baud: Option<u32>) -> Duration {
    // Eleven bits a character (V1.02, 2.5.1).
    let characters = 11.0 * GAP / f64::from(baud.unwrap_or(BAUD).max(1));
    Duration::from_secs_f64(characters).max(GAP_MIN)
}

/// A whole request with its checksum; `None`: something that is none, and the silence behind it.
async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut frame = Vec::new();
    let mut is_first = true;
    loop {
        if length(&frame).is_some_and(|length| frame.len() == length) && is_sound(&frame) {
            return Ok(Some(frame));
        }
        let mut some = [0; FRAME_MAX];
        let number = if is_first {
            stream.read(&mut some).await?
        } else {
            match timeout(PAUSE, stream.read(&mut some)).await {
                Ok(number) => number?,
                // Functions of unknown length end here.
                Err(_) => return Ok(Some(frame).filter(|frame| is_sound(frame))),
            }
        };
        if number == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        is_first = false;
        // What is longer than any frame is nonsense, thrown away.
        if frame.len() <= FRAME_MAX {
            frame.extend(&some[..number]);
        }
    }
}

/// Length of a request that begins so, where its function tells.
fn length(frame: &[u8]) -> Option<usize> {
    match (frame.get(1)?, frame.get(6)) {
        (1..=6, _) => Some(SHORT),
        (15 | 16, Some(bytes)) => Some(SHORT + 1 + usize::from(*bytes)),
        _ => None,
    }
}

fn is_sound(frame: &[u8]) -> bool {
    frame.len() >= 4 && frame.len() <= FRAME_MAX && {
        let (body, sum) = frame.split_at(frame.len() - 2);
        checksum(body) == sum
    }
}

/// V1.02, 6.2.2; low byte first.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum: u16 = 0xFFFF;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = sum & 1;
            sum >>= 1;
            if carry == 1 {
                sum ^= 0xA001;
            }
        }
    }
    sum.to_le_bytes()
}
