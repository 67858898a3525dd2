//! A serial line, at this machine or behind a TCP connection, with one request on it at a time.
//!
//! Before a request the line is silent for 3.5 characters; what comes meanwhile is thrown away. An answer is complete by its
//! length, never by a pause: USB adapters make pauses of their own. It may take the device's limit and the time its
//! characters need. `doubt` keeps a late answer from passing as another's.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_modbus::Request;

use super::connection::{Answer, Failure};
use super::doubt::Doubt;
use super::frame::{Heard, Question};
use super::way::Way;

/// After a failure the line must be silent for this long: longer than the slowest device thinks (60 ms, `plant.md` 6.11), so
/// that its answer is over before something else is asked.
const CALM: Duration = Duration::from_millis(100);
/// A line that is not silent for a moment within this is shorted, has no bias, or another master.
const UNREST_MAX: Duration = Duration::from_secs(1);
/// The end of what is no answer: this long nothing. Longer than a USB adapter keeps bytes (16 ms, FTDI's latency timer).
const HEARD_OUT: Duration = Duration::from_millis(20);
/// Most bytes listened to for one answer; a frame has 256.
const BYTES_MAX: usize = 1024;

/// What carries the bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A line.
pub struct Rtu {
    stream: Box<dyn Stream>,
    way: Way,
}

/// Why a request has no answer, and whether one may still come.
struct Missed {
    failure: Failure,
    is_owed: bool,
}

impl Missed {
    fn owed(failure: Failure) -> Missed {
        Missed { failure, is_owed: true }
    }
}

impl Rtu {
    /// A line that has just been opened; it is heard out first.
    pub async fn new(stream: Box<dyn Stream>, way: Way) -> Result<Rtu, Failure> {
        let mut line = Rtu { stream, way };
        line.hush(CALM).await?;
        Ok(line)
    }

    /// One request and the answer that is surely its own.
    pub async fn ask(
        &mut self,
        unit: u8,
        request: &Request<'_>,
        limit: Duration,
        doubt: &mut Doubt,
    ) -> Result<Answer, Failure> {
        let Some(question) = Question::new(unit, request) else {
            return Err(Failure::Misfit(format!("{request:?} is never asked")));
        };
        let answers = doubt.answers(&question, Instant::now());
        let answers = answers.map_err(|until| Failure::Unsettled { until })?;
        let mut last = self.ask_once(&question, limit, doubt).await?;
        for _ in 1..answers {
            last = self.ask_once(&question, limit, doubt).await?;
        }
        doubt.answered(question, answers, Instant::now());
        Ok(last)
    }

    async fn ask_once(
        &mut self,
        question: &Question,
        limit: Duration,
        doubt: &mut Doubt,
    ) -> Result<Answer, Failure> {
        let outcome = self.exchange(question, limit).await;
        let Err(Missed { failure, is_owed }) = outcome else {
            let answer = outcome.map_err(|missed| missed.failure)?;
            if question.is_repeated() && !doubt.is_proven {
                self.prove(question, limit, doubt).await?;
            }
            doubt.is_proven = true;
            return Ok(answer);
        };
        if let Failure::Exception(exception) = failure {
            if doubt.could_refuse(question) {
                doubt.unanswered(question.clone(), Instant::now());
                return Err(Failure::Misfit(format!("{exception}: may be to an earlier request")));
            }
            doubt.is_proven = true;
            doubt.answered(question.clone(), 1, Instant::now());
        } else if is_owed || doubt.owes(question.unit()) {
            doubt.unanswered(question.clone(), Instant::now());
        }
        Err(failure)
    }

    /// What was written came back byte by byte: that may be the device, or our own adapter that listens while it sends. The
    /// answer to a read tells them apart; a refusal does too.
    async fn prove(
        &mut self,
        question: &Question,
        limit: Duration,
        doubt: &mut Doubt,
    ) -> Result<(), Failure> {
        let Some(read) = question.read_of_the_same() else { return Ok(()) };
        match self.exchange(&read, limit).await {
            Ok(_) | Err(Missed { failure: Failure::Exception(_), .. }) => Ok(()),
            Err(missed) => {
                doubt.unanswered(read, Instant::now());
                Err(missed.failure)
            }
        }
    }

    async fn exchange(&mut self, question: &Question, limit: Duration) -> Result<Answer, Missed> {
        self.hush(self.way.gap()).await.map_err(|failure| Missed { failure, is_owed: false })?;
        let frame = question.frame();
        let on_line = self.way.on_line(frame.len() + question.answer_length());
        let deadline = Instant::now() + limit + on_line;
        // An adapter that takes no more bytes must not hold the bus for ever.
        match timeout_at(deadline, self.stream.write_all(frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Missed::owed(lost(&error))),
            Err(_) => return Err(Missed::owed(Failure::Silent(limit))),
        }
        let mut bytes = Vec::new();
        loop {
            match question.judge(&bytes) {
                Heard::Part => {}
                Heard::Whole(outcome) => {
                    return outcome.map_err(|failure| Missed { failure, is_owed: false });
                }
                Heard::Other => break,
            }
            match timeout_at(deadline, self.hear(&mut bytes)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(Missed::owed(lost(&error))),
                Err(_) if bytes.is_empty() => return Err(Missed::owed(Failure::Silent(limit))),
                Err(_) => {
                    let what = format!("only {} bytes: {bytes:02x?}", bytes.len());
                    let is_owed = !question.began(&bytes);
                    return Err(Missed { failure: Failure::Garbled(what), is_owed });
                }
            }
        }
        // It is heard out, so that it can be called by its name.
        while bytes.len() < BYTES_MAX
            && let Ok(heard) = timeout(HEARD_OUT, self.hear(&mut bytes)).await
        {
            heard.map_err(|error| Missed::owed(lost(&error)))?;
        }
        let is_owed = !question.began(&bytes);
        Err(Missed { failure: question.name(&bytes), is_owed })
    }

    /// Some more bytes.
    async fn hear(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut some = [0; 256];
        match self.stream.read(&mut some).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            number => {
                bytes.extend(&some[..number]);
                Ok(())
            }
        }
    }

    /// Waits until nothing has come for a while.
    async fn hush(&mut self, silence: Duration) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut bytes = Vec::new();
        while let Ok(heard) = timeout(silence, self.hear(&mut bytes)).await {
            heard.map_err(|error| lost(&error))?;
            bytes.clear();
            if begin.elapsed() > UNREST_MAX {
                let what = format!("the line is not silent for {silence:?} within {UNREST_MAX:?}");
                return Err(Failure::Garbled(what));
            }
        }
        Ok(())
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::Lost(error.to_string())
}
