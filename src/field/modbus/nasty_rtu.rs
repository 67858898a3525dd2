//! A serial line for tests with devices that behave as badly as the script says: behind a pseudo-terminal, or behind a serial
//! server on TCP that has a queue and hands a late answer to whoever is connected when it comes. It has its own checksum.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::{BusKind, Parity, StopBits};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_serial::{SerialPort, SerialStream};

use super::nasty::Asked;
use super::way::Way;

/// What it does about a request; nothing is silence.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The answer.
    Answer(Vec<u8>),
    /// The answer, so much later. The next ones wait for it.
    Late(Duration, Vec<u8>),
    /// These bytes.
    Raw(Vec<u8>),
}

type Script = dyn FnMut(&Asked) -> Vec<Deed> + Send;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;
type Out = Arc<tokio::sync::Mutex<Option<Writer>>>;
type Told = UnboundedSender<(Instant, Vec<u8>)>;

/// How a line is reached.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    Pty,
    Tcp,
}

/// The line; it ends with the test.
pub struct Line {
    pub way: Way,
    asked: Arc<Mutex<Vec<Asked>>>,
    _tasks: JoinSet<()>,
}

impl Line {
    pub async fn start(
        over: Over,
        script: impl FnMut(&Asked) -> Vec<Deed> + Send + 'static,
    ) -> Line {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(script));
        let out = Out::default();
        let (told, wanted) = unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(deliver(wanted, out.clone()));
        let hear = Hear { asked: asked.clone(), script, told };
        let kind = match over {
            Over::Pty => {
                let (master, slave) = SerialStream::pair().unwrap();
                let port = slave.name().unwrap();
                let (reader, writer) = split(master);
                *out.lock().await = Some(Box::new(writer));
                tasks.spawn(async move {
                    let mut reader = reader;
                    // Nobody has it open, until somebody has.
                    while hear.requests(&mut reader).await.is_none() {
                        sleep(Duration::from_millis(2)).await;
                    }
                });
                BusKind::Rtu { port, parity: Parity::None, stop_bits: StopBits::One }
            }
            Over::Tcp => {
                let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
                let listener = listener.unwrap();
                let address = listener.local_addr().unwrap().to_string();
                tasks.spawn(async move {
                    let mut serving = JoinSet::new();
                    while let Ok((stream, _)) = listener.accept().await {
                        let (mut reader, writer): (ReadHalf<_>, WriteHalf<_>) = split(stream);
                        *out.lock().await = Some(Box::new(writer));
                        let hear = hear.clone();
                        serving.spawn(async move { hear.requests(&mut reader).await });
                    }
                });
                BusKind::RtuOverTcp { address }
            }
        };
        Line { way: Way { kind, baud: Some(115_200) }, asked, _tasks: tasks }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }
}

/// What was promised, in its order and at its time.
async fn deliver(mut wanted: UnboundedReceiver<(Instant, Vec<u8>)>, out: Out) {
    while let Some((at, bytes)) = wanted.recv().await {
        sleep_until(at).await;
        if let Some(writer) = out.lock().await.as_mut() {
            let _ = writer.write_all(&bytes).await;
        }
    }
}

#[derive(Clone)]
struct Hear {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Mutex<Script>>,
    told: Told,
}

impl Hear {
    async fn requests(&self, stream: &mut (impl AsyncRead + Unpin)) -> Option<()> {
        loop {
            let mut frame = vec![0; 7];
            stream.read_exact(&mut frame).await.ok()?;
            let more = if frame[1] > 6 { usize::from(frame[6]) + 2 } else { 1 };
            let begin = frame.len();
            frame.resize(begin + more, 0);
            stream.read_exact(&mut frame[begin..]).await.ok()?;
            let (body, sum) = frame.split_at(frame.len() - 2);
            assert_eq!(framed(body)[body.len()..], *sum, "a broken request");
            let (unit, pdu) = (body[0], body[1..].to_vec());
            let asked = Asked { connection: 0, transaction: 0, unit, pdu };
            self.asked.lock().push(asked.clone());
            let deeds = (self.script.lock())(&asked);
            for deed in deeds {
                let now = Instant::now();
                let (at, bytes) = match deed {
                    Deed::Answer(pdu) => (now, framed(&[&[unit][..], &pdu].concat())),
                    Deed::Late(by, pdu) => (now + by, framed(&[&[unit][..], &pdu].concat())),
                    Deed::Raw(bytes) => (now, bytes),
                };
                self.told.send((at, bytes)).ok()?;
            }
        }
    }
}

/// Bytes with their checksum behind them, computed as Modbus over Serial Line V1.02 draws it (6.2.2).
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut sum: u16 = 0xFFFF;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = sum % 2 == 1;
            sum /= 2;
            if carry {
                sum ^= 0xA001;
            }
        }
    }
    let mut frame = bytes.to_vec();
    frame.push((sum % 256) as u8);
    frame.push((sum / 256) as u8);
    frame
}
