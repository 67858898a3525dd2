//! A Modbus TCP device for tests that behaves as badly as the script says. It knows nothing of tokio-modbus.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Connections are counted from 1.
    pub connection: usize,
    pub transaction: u16,
    pub unit: u8,
    /// Function and what follows.
    pub pdu: Vec<u8>,
}

impl Asked {
    /// The first address it names.
    pub fn address(&self) -> u16 {
        u16::from_be_bytes([self.pdu[1], self.pdu[2]])
    }

    /// Number of registers asked for, or the value of a single write.
    pub fn number(&self) -> u16 {
        u16::from_be_bytes([self.pdu[3], self.pdu[4]])
    }
}

/// What it does about one.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The answer, under the right header.
    Answer(Vec<u8>),
    /// Under another header: transaction, unit.
    Under(u16, u8, Vec<u8>),
    /// Only the first bytes of the answer, then the connection ends.
    Break(Vec<u8>, usize),
    Silence,
    Close,
}

type Script = dyn FnMut(&Asked) -> Vec<Deed> + Send;

/// The device; it ends with the test.
pub struct Nasty {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    listening: JoinHandle<()>,
}

impl Nasty {
    pub async fn start(script: impl FnMut(&Asked) -> Vec<Deed> + Send + 'static) -> Nasty {
        Nasty::start_at("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub async fn start_at(
        address: SocketAddr,
        script: impl FnMut(&Asked) -> Vec<Deed> + Send + 'static,
    ) -> Nasty {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(script));
        let all = asked.clone();
        let listening = tokio::spawn(async move {
            // Held here, so that connections end with the listener.
            let mut serving = tokio::task::JoinSet::new();
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let (script, all) = (script.clone(), all.clone());
                serving.spawn(async move { serve(stream, connection, &script, &all).await });
            }
        });
        Nasty { address, asked, listening }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }

    /// Gone: its port closed, its connections too.
    pub async fn stop(self) {
        self.listening.abort();
        let _ = self.listening.await;
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: &Mutex<Script>,
    all: &Mutex<Vec<Asked>>,
) -> Option<()> {
    loop {
        let mut header = [0; 7];
        stream.read_exact(&mut header).await.ok()?;
        let mut pdu = vec![0; usize::from(u16::from_be_bytes([header[4], header[5]])) - 1];
        stream.read_exact(&mut pdu).await.ok()?;
        let transaction = u16::from_be_bytes([header[0], header[1]]);
        let asked = Asked { connection, transaction, unit: header[6], pdu };
        all.lock().push(asked.clone());
        let deeds = VecDeque::from((script.lock())(&asked));
        for deed in deeds {
            match deed {
                Deed::Answer(pdu) => {
                    stream.write_all(&frame(transaction, asked.unit, &pdu)).await.ok()?;
                }
                Deed::Under(transaction, unit, pdu) => {
                    stream.write_all(&frame(transaction, unit, &pdu)).await.ok()?;
                }
                Deed::Break(pdu, bytes) => {
                    let frame = frame(transaction, asked.unit, &pdu);
                    stream.write_all(&frame[..bytes]).await.ok()?;
                    return None;
                }
                Deed::Silence => {}
                Deed::Close => return None,
            }
        }
    }
}

fn frame(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = transaction.to_be_bytes().to_vec();
    frame.extend([0, 0]);
    frame.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
    frame.push(unit);
    frame.extend(pdu);
    frame
}

/// What a well-behaved device holds; its answers.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<(u8, u16), u16>>>);

impl Memory {
    /// By reading function (1 coil, 2 discrete, 3 holding, 4 input) and address.
    pub fn get(&self, function: u8, address: u16) -> Option<u16> {
        self.0.lock().get(&(function, address)).copied()
    }

    pub fn set(&self, function: u8, address: u16, words: &[u16]) {
        let mut held = self.0.lock();
        for (address, word) in (address..).zip(words) {
            held.insert((function, address), *word);
        }
    }

    /// Reads answer what is held (exception 2 where nothing is); writes are taken.
    pub fn answer(&self, asked: &Asked) -> Vec<u8> {
        let (function, address, number) = (asked.pdu[0], asked.address(), asked.number());
        match function {
            1..=4 => {
                let words = (address..address + number).map(|at| self.get(function, at));
                let Some(words) = words.collect::<Option<Vec<u16>>>() else {
                    return vec![function | 0x80, 2];
                };
                let bytes: Vec<u8> = if function <= 2 {
                    let byte = |bits: &[u16]| {
                        bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit != 0))
                    };
                    words.chunks(8).map(byte).collect()
                } else {
                    words.iter().flat_map(|word| word.to_be_bytes()).collect()
                };
                [vec![function, u8::try_from(bytes.len()).unwrap()], bytes].concat()
            }
            5 => {
                self.set(1, address, &[u16::from(number != 0)]);
                asked.pdu.clone()
            }
            6 => {
                self.set(3, address, &[number]);
                asked.pdu.clone()
            }
            15 => {
                let bit = |at: u16| u16::from(asked.pdu[6 + usize::from(at / 8)] >> (at % 8) & 1);
                self.set(1, address, &(0..number).map(bit).collect::<Vec<u16>>());
                asked.pdu[..5].to_vec()
            }
            16 => {
                let word = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
                self.set(3, address, &asked.pdu[6..].chunks(2).map(word).collect::<Vec<u16>>());
                asked.pdu[..5].to_vec()
            }
            other => vec![other | 0x80, 1],
        }
    }
}

/// An honest answer to a read of registers: each holds its own address; to a write, what the standard says.
pub fn honest(asked: &Asked) -> Vec<u8> {
    match asked.pdu[0] {
        function @ (1 | 2) => {
            let bytes = asked.number().div_ceil(8);
            let mut pdu = vec![function, u8::try_from(bytes).unwrap()];
            pdu.extend(vec![0; usize::from(bytes)]);
            pdu
        }
        function @ (3 | 4) => {
            let mut pdu = vec![function, u8::try_from(asked.number() * 2).unwrap()];
            let registers = asked.address()..asked.address() + asked.number();
            pdu.extend(registers.flat_map(u16::to_be_bytes));
            pdu
        }
        _ => asked.pdu[..5].to_vec(),
    }
}
