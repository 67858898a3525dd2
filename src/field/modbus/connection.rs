//! The owner of one connection: whoever wants something of a device on it sends a job and awaits the answer.
//!
//! tokio-modbus has no time-out, no reconnection and no way back after a lost answer: a request that timed out leaves its
//! answer on the way, and from then on every call fails one answer behind. So anything but an answer that fits its request,
//! or an exception the device itself sent, is fatal to the connection: it is closed, and a new one is made after a pause.
//! What an answer contains is checked here, by length, address and function, never by the library's `debug_assert`; and a
//! panic in the library costs one job, not the bus.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::slave::SlaveContext;
use tokio_modbus::{Error, ExceptionCode, Request, Response, Slave};

use super::wire::Wire;

/// Jobs waiting for one connection. A sender waits when it is full; there is one sender a bus, so that this is ample.
const JOBS_MAX: usize = 8;
/// First pause before a new connection, plant time.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest pause before a new connection, plant time.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A peer that does not accept within this is not there; chosen: ten round trips over a bad radio link.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// What a device said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Coils or discrete inputs, as many as asked.
    Bits(Vec<bool>),
    /// Holding or input registers, as many as asked.
    Words(Vec<u16>),
    /// What was written was taken.
    Written,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The device refuses; it and the connection are well.
    #[error("exception: {0}")]
    Exception(ExceptionCode),
    /// Nothing came in time.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// An answer came that belongs to another request.
    #[error("answer does not fit: {0}")]
    Misfit(String),
    /// The connection ended under way.
    #[error("connection lost: {0}")]
    Lost(String),
    /// There is no connection now.
    #[error("not connected")]
    NotConnected,
}

/// What has happened on a connection so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections made.
    pub connects: AtomicU64,
    /// Attempts to connect that failed.
    pub refusals: AtomicU64,
    pub answers: AtomicU64,
    /// Exceptions are answers, counted apart.
    pub exceptions: AtomicU64,
    /// Time-outs.
    pub silences: AtomicU64,
    /// Answers that did not fit.
    pub misfits: AtomicU64,
    /// Connections that ended under way.
    pub losses: AtomicU64,
    /// Panics survived.
    pub panics: AtomicU64,
}

/// Adds one.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Whether there is a connection now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Up,
    /// With the connections in a row that failed or brought no answer.
    Down {
        attempts: u32,
    },
}

struct Job {
    unit: u8,
    request: Request<'static>,
    limit: Duration,
    answer: oneshot::Sender<Result<Answer, Failure>>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} to unit {}", self.request, self.unit)
    }
}

/// A connection as its users see it. The owner ends when the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Connection {
    jobs: mpsc::Sender<Job>,
    link: watch::Receiver<Link>,
    pub counters: Arc<Counters>,
}

impl Connection {
    /// Starts the owner. `speed` is plant seconds a second: pauses shrink with it. Needs a runtime.
    #[must_use]
    pub fn open(address: String, speed: f64) -> Connection {
        let (jobs, waiting) = mpsc::channel(JOBS_MAX);
        let (link, seen) = watch::channel(Link::Down { attempts: 0 });
        let counters = Arc::new(Counters::default());
        let owner = Arc::new(Owner {
            address,
            pause_min: PAUSE_MIN.div_f64(speed.max(1.0)),
            pause_max: PAUSE_MAX.div_f64(speed.max(1.0)),
            waiting: Mutex::new(waiting),
            link,
            counters: counters.clone(),
        });
        tokio::spawn(async move {
            keep(|| owner.clone().own(), &owner.counters.panics).await;
        });
        Connection { jobs, link: seen, counters }
    }

    /// Asks one device. `limit` runs from the moment the request goes out. A custom request is one whose answer repeats it.
    pub async fn ask(
        &self,
        unit: u8,
        request: Request<'static>,
        limit: Duration,
    ) -> Result<Answer, Failure> {
        let (answer, answered) = oneshot::channel();
        let job = Job { unit, request, limit, answer };
        if self.jobs.send(job).await.is_err() {
            return Err(Failure::NotConnected);
        }
        // The owner drops a job unanswered only in a panic.
        answered.await.unwrap_or_else(|_| Err(Failure::Lost("panic in the protocol".into())))
    }

    /// Whether there is a connection now; changes can be awaited.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }
}

/// Runs a task until it ends by itself; starts it again when it panics.
pub async fn keep<F>(mut task: impl FnMut() -> F, panics: &AtomicU64)
where
    F: Future<Output = ()> + Send + 'static,
{
    // A set, since it aborts what it holds when it is dropped.
    let mut running = JoinSet::new();
    running.spawn(task());
    while let Some(end) = running.join_next().await {
        if end.is_err_and(|error| error.is_panic()) {
            count(panics);
            running.spawn(task());
        }
    }
}

struct Owner {
    address: String,
    pause_min: Duration,
    pause_max: Duration,
    waiting: Mutex<mpsc::Receiver<Job>>,
    link: watch::Sender<Link>,
    counters: Arc<Counters>,
}

/// The last user is gone.
struct Unwanted;

/// What a connection was good for.
enum Served {
    Nothing,
    Something,
}

impl Owner {
    async fn own(self: Arc<Owner>) {
        let mut waiting = self.waiting.lock().await;
        let mut pause = self.pause_min;
        let mut attempts = 0;
        loop {
            self.link.send_replace(Link::Down { attempts });
            // Whoever asks while nobody listens is told at once.
            let Ok(stream) = while_refusing(&mut waiting, self.connect()).await else { return };
            attempts += 1;
            if let Some(stream) = stream {
                count(&self.counters.connects);
                self.link.send_replace(Link::Up);
                match self.serve(&mut waiting, Wire::new(stream)).await {
                    // A peer that accepts and never answers is as good as none.
                    Ok(Served::Nothing) => {}
                    Ok(Served::Something) => {
                        attempts = 0;
                        pause = self.pause_min;
                    }
                    Err(Unwanted) => return,
                }
            } else {
                count(&self.counters.refusals);
            }
            self.link.send_replace(Link::Down { attempts });
            let until = Instant::now() + pause;
            if while_refusing(&mut waiting, sleep_until(until)).await.is_err() {
                return;
            }
            pause = (pause * 2).min(self.pause_max);
        }
    }

    async fn connect(&self) -> Option<TcpStream> {
        let stream = timeout(CONNECT_MAX, TcpStream::connect(&self.address)).await.ok()?.ok()?;
        // A request is one small packet that must not wait for company.
        stream.set_nodelay(true).ok()?;
        Some(stream)
    }

    /// Serves jobs until the connection fails.
    async fn serve(
        &self,
        waiting: &mut mpsc::Receiver<Job>,
        mut wire: Wire,
    ) -> Result<Served, Unwanted> {
        let mut bus = tcp::attach(wire.clone());
        let mut served = Served::Nothing;
        while let Some(job) = waiting.recv().await {
            let outcome = call(&mut bus, &mut wire, &job).await;
            let counters = &self.counters;
            let fatal = match &outcome {
                Ok(_) => {
                    count(&counters.answers);
                    false
                }
                Err(Failure::Exception(_)) => {
                    count(&counters.exceptions);
                    false
                }
                Err(Failure::Silent(_)) => {
                    count(&counters.silences);
                    true
                }
                Err(Failure::Misfit(_)) => {
                    count(&counters.misfits);
                    true
                }
                Err(Failure::Lost(_) | Failure::NotConnected) => {
                    count(&counters.losses);
                    true
                }
            };
            if fatal {
                drop((bus, wire));
                // Told before the answer goes out, so that whoever asks next already sees it down.
                self.link.send_replace(Link::Down { attempts: 0 });
                let _ = job.answer.send(outcome);
                return Ok(served);
            }
            served = Served::Something;
            let _ = job.answer.send(outcome);
        }
        Err(Unwanted)
    }
}

/// Awaits something; meanwhile refuses every job.
async fn while_refusing<T>(
    waiting: &mut mpsc::Receiver<Job>,
    event: impl Future<Output = T>,
) -> Result<T, Unwanted> {
    tokio::pin!(event);
    loop {
        tokio::select! {
            biased;
            outcome = &mut event => return Ok(outcome),
            job = waiting.recv() => match job {
                Some(job) => { let _ = job.answer.send(Err(Failure::NotConnected)); }
                None => return Err(Unwanted),
            },
        }
    }
}

/// One request and its answer. After any failure but an exception the connection must not be used again.
async fn call(bus: &mut Context, wire: &mut Wire, job: &Job) -> Result<Answer, Failure> {
    if let Request::Custom(function, content) = &job.request {
        let outcome = timeout(job.limit, wire.echo(job.unit, *function, content)).await;
        return outcome.unwrap_or(Err(Failure::Silent(job.limit)));
    }
    bus.set_slave(Slave(job.unit));
    match timeout(job.limit, bus.call(job.request.clone())).await {
        Err(_) => Err(Failure::Silent(job.limit)),
        Ok(Err(Error::Protocol(error))) => Err(Failure::Misfit(error.to_string())),
        Ok(Err(Error::Transport(error))) => Err(Failure::Lost(error.to_string())),
        Ok(Ok(Err(exception))) => Err(Failure::Exception(exception)),
        Ok(Ok(Ok(response))) => fit(&job.request, response),
    }
}

/// The content of a response, if it can be the answer to this request.
fn fit(request: &Request<'_>, response: Response) -> Result<Answer, Failure> {
    match (request, response) {
        (Request::ReadCoils(_, asked), Response::ReadCoils(bits))
        | (Request::ReadDiscreteInputs(_, asked), Response::ReadDiscreteInputs(bits)) => {
            let asked = usize::from(*asked);
            // Bits come in whole bytes.
            if bits.len() == asked.next_multiple_of(8) {
                Ok(Answer::Bits(bits[..asked].to_vec()))
            } else {
                Err(Failure::Misfit(format!("{} bits for {asked}", bits.len())))
            }
        }
        (Request::ReadHoldingRegisters(_, asked), Response::ReadHoldingRegisters(words))
        | (Request::ReadInputRegisters(_, asked), Response::ReadInputRegisters(words)) => {
            if words.len() == usize::from(*asked) {
                Ok(Answer::Words(words))
            } else {
                Err(Failure::Misfit(format!("{} registers for {asked}", words.len())))
            }
        }
        (Request::WriteSingleCoil(address, value), Response::WriteSingleCoil(at, taken))
            if (*address, *value) == (at, taken) =>
        {
            Ok(Answer::Written)
        }
        (
            Request::WriteSingleRegister(address, value),
            Response::WriteSingleRegister(at, taken),
        ) if (*address, *value) == (at, taken) => Ok(Answer::Written),
        (
            Request::WriteMultipleCoils(address, values),
            Response::WriteMultipleCoils(at, number),
        ) if (*address, values.len()) == (at, usize::from(number)) => Ok(Answer::Written),
        (
            Request::WriteMultipleRegisters(address, values),
            Response::WriteMultipleRegisters(at, number),
        ) if (*address, values.len()) == (at, usize::from(number)) => Ok(Answer::Written),
        (request, response) => Err(Failure::Misfit(format!("{response:?} to {request:?}"))),
    }
}
