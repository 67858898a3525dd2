//! The owner of one connection: whoever wants something of a device on it sends a job and awaits the answer.
//!
//! A request that timed out leaves its answer on the way: over TCP, tokio-modbus fails from then on, one answer behind; over
//! RTU, where nothing tells two answers apart, it takes the wrong one. So anything but an answer that fits its request, or an
//! exception the device itself sent, is fatal to what is open: it is closed, and opened anew: Modbus TCP after a pause, RTU at
//! once, where `doubt` remembers what may still come. What an answer contains is checked by length, address and function,
//! never by the library's `debug_assert`; and a panic in the library costs one job, not the bus.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_modbus::{ExceptionCode, Request};
use tracing::warn;

use super::doubt::Doubt;
use super::line::{Closed, Line};
use super::way::Way;

/// Jobs waiting for one connection. A sender waits when it is full; there is one sender a bus, so that this is ample.
const JOBS_MAX: usize = 8;
/// First pause before a new connection, plant time.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest pause before a new connection, plant time.
const PAUSE_MAX: Duration = Duration::from_secs(10);

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
    /// What came is no frame, or its checksum is wrong.
    #[error("garbled: {0}")]
    Garbled(String),
    /// Not asked: the answer to an earlier request may still come and would pass for this one's.
    #[error("an earlier answer may still come")]
    Unsettled { until: Instant },
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
    /// Broken frames: noise, a wrong checksum, half of an answer.
    pub garbles: AtomicU64,
    /// Connections that ended under way.
    pub losses: AtomicU64,
    /// Panics survived.
    pub panics: AtomicU64,
    /// Time spent on requests, from their turn to their answer or the end of the wait for it, and on hearing a line out
    /// that failed, microseconds.
    pub busy: AtomicU64,
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
    pub fn open(way: Way, speed: f64) -> Connection {
        let (jobs, waiting) = mpsc::channel(JOBS_MAX);
        let (link, seen) = watch::channel(Link::Down { attempts: 0 });
        let counters = Arc::new(Counters::default());
        let owner = Arc::new(Owner {
            way,
            speed,
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
    way: Way,
    speed: f64,
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
        let mut doubt = Doubt::new(self.speed);
        let mut pause = self.pause_min;
        let mut attempts = 0;
        let mut said = String::new();
        loop {
            self.link.send_replace(Link::Down { attempts });
            // Whoever asks while nobody listens is told at once.
            let opening = Line::open(&self.way);
            let Ok(line) = while_refusing(&mut waiting, opening).await else { return };
            attempts += 1;
            match line {
                Ok(line) => {
                    said.clear();
                    count(&self.counters.connects);
                    self.link.send_replace(Link::Up);
                    match self.serve(&mut waiting, line, &mut doubt).await {
                        // A peer that accepts and never answers is as good as none.
                        Ok(Served::Nothing) => {}
                        Ok(Served::Something) => {
                            attempts = 0;
                            pause = self.pause_min;
                        }
                        Err(Unwanted) => return,
                    }
                }
                Err(closed) => {
                    // Another adapter may be plugged in.
                    doubt.is_proven = false;
                    self.refused(&closed, &mut said);
                }
            }
            self.link.send_replace(Link::Down { attempts });
            let until = Instant::now() + pause;
            if while_refusing(&mut waiting, sleep_until(until)).await.is_err() {
                return;
            }
            pause = (pause * 2).min(self.pause_max);
        }
    }

    /// It does not open; said once for each reason.
    fn refused(&self, closed: &Closed, said: &mut String) {
        count(&self.counters.refusals);
        let why = closed.to_string();
        if *said != why {
            warn!("{why}");
            *said = why;
        }
    }

    /// Serves jobs until what is open fails for good.
    async fn serve(
        &self,
        waiting: &mut mpsc::Receiver<Job>,
        mut line: Line,
        doubt: &mut Doubt,
    ) -> Result<Served, Unwanted> {
        let mut served = Served::Nothing;
        while let Some(job) = waiting.recv().await {
            let begun = Instant::now();
            let outcome = line.ask(job.unit, &job.request, job.limit, doubt).await;
            self.counters.spend(begun);
            let is_fatal = self.counters.note(&outcome);
            if !is_fatal {
                if !matches!(outcome, Err(Failure::Unsettled { .. })) {
                    served = Served::Something;
                }
                let _ = job.answer.send(outcome);
                continue;
            }
            let goes_on = line.outlives_failures();
            drop(line);
            if !goes_on {
                // Told before the answer goes out, so that whoever asks next already sees it down.
                self.link.send_replace(Link::Down { attempts: 0 });
            }
            let _ = job.answer.send(outcome);
            if !goes_on {
                return Ok(served);
            }
            // A serial line is heard out when it is opened: time that nobody else has.
            let begun = Instant::now();
            let opened = Line::open(&self.way).await;
            self.counters.spend(begun);
            match opened {
                Ok(again) => line = again,
                Err(closed) => {
                    self.refused(&closed, &mut String::new());
                    return Ok(served);
                }
            }
        }
        Err(Unwanted)
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "{} answers, {} exceptions, {} time-outs, {} broken, {} of something else, {} losses",
            number(&self.answers),
            number(&self.exceptions),
            number(&self.silences),
            number(&self.garbles),
            number(&self.misfits),
            number(&self.losses)
        )
    }
}

impl Counters {
    /// Adds what has passed since then to the time in which the line was busy.
    fn spend(&self, begun: Instant) {
        let busy = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.busy.fetch_add(busy, Ordering::Relaxed);
    }

    /// Counts an outcome; whether it is fatal to what is open.
    fn note(&self, outcome: &Result<Answer, Failure>) -> bool {
        let (counter, is_fatal) = match outcome {
            Ok(_) => (&self.answers, false),
            Err(Failure::Exception(exception)) if is_silence(*exception) => (&self.silences, false),
            Err(Failure::Exception(_)) => (&self.exceptions, false),
            Err(Failure::Unsettled { .. }) => return false,
            Err(Failure::Silent(_)) => (&self.silences, true),
            Err(Failure::Misfit(_)) => (&self.misfits, true),
            Err(Failure::Garbled(_)) => (&self.garbles, true),
            Err(Failure::Lost(_) | Failure::NotConnected) => (&self.losses, true),
        };
        count(counter);
        is_fatal
    }
}

/// The gateway speaks, the device behind it does not.
#[must_use]
pub fn is_silence(exception: ExceptionCode) -> bool {
    matches!(exception, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice)
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
