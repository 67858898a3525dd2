//! The live stream: the whole plant at connect, then once a second what has changed, written once for all clients.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use parking_lot::Mutex;
use plc::image::Sample;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::Row;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::MissedTickBehavior;

use crate::access::Token;
use crate::exchange::{Exchange, Live};
use crate::journal::Board;
use crate::web::refusal::Refusal;
use crate::web::{Web, door, read};

/// Streams at a time (`docs/spec/interfaces.md` SEC-10).
const STREAMS_MAX: usize = 64;
/// Time between two looks at the plant.
const LOOK: Duration = Duration::from_secs(1);
/// Looks between two beats: 5 s (HMI-21).
const LOOKS_PER_BEAT: u64 = 5;
/// Messages a slow client may lag behind before it gets the whole plant anew.
const LAG_MAX: usize = 16;
/// Looks without a new scan after which the plant does not run.
const STILL_MAX: u64 = 3;

/// What is sent on.
#[derive(Clone, Debug)]
enum Message {
    Changed(Bytes),
    Alarms(Bytes),
    Beat(Bytes),
    /// The controller stops.
    End,
}

/// The plant as last sent.
struct Sent {
    live: Arc<Live>,
    /// By row id, as written.
    values: Vec<String>,
    alarms: String,
    /// Looks so far.
    looks: u64,
    /// Looks since the scan last counted up.
    still: u64,
}

/// The one writer behind all streams.
pub struct Feed {
    exchange: Arc<Exchange>,
    board: Board,
    sent: Mutex<Sent>,
    messages: broadcast::Sender<Message>,
    streams: Arc<Semaphore>,
}

impl Feed {
    pub fn new(exchange: Arc<Exchange>, board: Board) -> Feed {
        let live = exchange.live();
        let rows = &exchange.catalogue.rows;
        let values =
            rows.iter().zip(&live.snapshot.samples).map(|(row, sample)| written(row, sample));
        let sent = Sent {
            values: values.collect(),
            alarms: read::alarm_list(&exchange.catalogue, &board),
            live: live.clone(),
            looks: 0,
            still: 0,
        };
        Feed {
            sent: Mutex::new(sent),
            exchange,
            board,
            messages: broadcast::Sender::new(LAG_MAX),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// Looks at the plant once a second. Runs until dropped.
    pub async fn run(self: Arc<Feed>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look();
        }
    }

    fn look(&self) {
        let live = self.exchange.live();
        let alarms = read::alarm_list(&self.exchange.catalogue, &self.board);
        let mut sent = self.sent.lock();
        sent.looks += 1;
        sent.still = if live.scan == sent.live.scan { sent.still + 1 } else { 0 };
        let mut changes = String::new();
        let rows = &self.exchange.catalogue.rows;
        for ((row, sample), value) in rows.iter().zip(&live.snapshot.samples).zip(&mut sent.values)
        {
            let now = written(row, sample);
            if *value != now {
                enter(&mut changes, row.id, &now);
                *value = now;
            }
        }
        sent.live = live;
        // Nobody listening is no error.
        if !changes.is_empty() {
            let message = values_message("change", &sent.live, &changes);
            let _ = self.messages.send(Message::Changed(message));
        }
        if alarms != sent.alarms {
            sent.alarms = alarms;
            let _ = self.messages.send(Message::Alarms(message("alarms", &sent.alarms)));
        }
        if sent.looks.is_multiple_of(LOOKS_PER_BEAT) {
            let _ = self.messages.send(Message::Beat(beat(&sent.live)));
        }
    }

    /// Ends all streams.
    pub fn end(&self) {
        let _ = self.messages.send(Message::End);
    }

    /// Whether the scan counts up.
    pub fn plant_runs(&self) -> bool {
        let sent = self.sent.lock();
        sent.live.scan > 0 && sent.still < STILL_MAX
    }

    /// The whole plant, and the messages that follow on it without a gap.
    fn join(&self) -> (VecDeque<Bytes>, broadcast::Receiver<Message>) {
        let sent = self.sent.lock();
        (sent.whole(), self.messages.subscribe())
    }
}

impl Sent {
    fn whole(&self) -> VecDeque<Bytes> {
        let mut values = String::new();
        for (id, value) in self.values.iter().enumerate() {
            enter(&mut values, id, value);
        }
        let full = values_message("full", &self.live, &values);
        VecDeque::from([full, message("alarms", &self.alarms), beat(&self.live)])
    }
}

/// One client.
struct Client {
    feed: Arc<Feed>,
    waiting: VecDeque<Bytes>,
    messages: broadcast::Receiver<Message>,
    /// Where looking needs a session: the stream ends with it.
    session: Option<(Arc<Web>, Token)>,
    _place: OwnedSemaphorePermit,
}

impl Client {
    async fn next(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Client)> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some((Ok(message), self));
            }
            match self.messages.recv().await {
                Ok(Message::Changed(message) | Message::Alarms(message)) => {
                    return Some((Ok(message), self));
                }
                Ok(Message::Beat(message)) => {
                    if let Some((web, token)) = &self.session {
                        web.access.session(token)?;
                    }
                    return Some((Ok(message), self));
                }
                Ok(Message::End) => return None,
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    (self.waiting, self.messages) = self.feed.join();
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// `GET /api/live`.
pub async fn stream(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = door::looking(&web, &headers)?;
    let place = web.feed.streams.clone().try_acquire_owned();
    let place = place.map_err(|_| Refusal::unavailable("too many live streams"))?;
    let (waiting, messages) = web.feed.join();
    let session = token.filter(|_| !web.options.open_view).map(|token| (web.clone(), token));
    let feed = web.feed.clone();
    let client = Client { feed, waiting, messages, session, _place: place };
    let mut response = Body::from_stream(stream::unfold(client, Client::next)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

/// One event of the stream (WHATWG HTML 9.2). The data has no line breaks.
fn message(event: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {event}\ndata: {data}\n\n"))
}

fn values_message(event: &str, live: &Live, values: &str) -> Bytes {
    let (at, wall, clock) = (live.snapshot.at.0, live.wall.ms, live.wall.trusted);
    message(event, &format!(r#"{{"at":{at},"wall":{wall},"clock":{clock},"values":{{{values}}}}}"#))
}

/// Carries the plant's time: a plant that does not scan is seen to stand still.
fn beat(live: &Live) -> Bytes {
    message("beat", &format!(r#"{{"wall":{}}}"#, live.wall.ms))
}

fn enter(values: &mut String, id: usize, value: &str) {
    if !values.is_empty() {
        values.push(',');
    }
    let _ = write!(values, "\"{id}\":{value}");
}

/// A sample as sent: `[value, quality word, keys of what is to be said about it]`.
fn written(row: &Row, sample: &Sample) -> String {
    let mut text = String::from("[");
    match (sample.quality, row.form) {
        (Quality::Bad(_), _) => text.push_str("null"),
        (_, Form::Number { decimals, .. }) => number(&mut text, sample.value, decimals),
        (_, Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm) => {
            number(&mut text, sample.value, 0);
        }
    }
    let _ = write!(text, ",\"{}\"", sample.quality.word());
    // The variants' names are the keys.
    let about = match sample.quality {
        Quality::Good | Quality::Held(_) => None,
        Quality::Uncertain(doubt) => Some(format!("{doubt:?}")),
        Quality::Bad(fault) => Some(format!("{fault:?}")),
    };
    let why = sample.why.iter().map(|reason| reason.key());
    let keys: Vec<&str> = about.as_deref().into_iter().chain(why).collect();
    if !keys.is_empty() {
        let _ = write!(text, ",[\"{}\"]", keys.join("\",\""));
    }
    text.push(']');
    text
}

/// Rounded to what the quantity shows, without zeros at the end: noise below that is not sent.
pub(super) fn number(text: &mut String, value: f64, decimals: u8) {
    if !value.is_finite() {
        text.push_str("null");
        return;
    }
    let rounded = format!("{value:.*}", usize::from(decimals));
    let short = match rounded.contains('.') {
        true => rounded.trim_end_matches('0').trim_end_matches('.'),
        false => &rounded,
    };
    text.push_str(if short == "-0" { "0" } else { short });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_sent_as_the_quantity_shows_it() {
        for (value, decimals, sent) in [
            (1.004, 2, "1"),
            (1.006, 2, "1.01"),
            (-0.001, 2, "0"),
            (100.0, 0, "100"),
            (0.5, 1, "0.5"),
            (f64::NAN, 1, "null"),
            (f64::INFINITY, 1, "null"),
        ] {
            let mut text = String::new();
            number(&mut text, value, decimals);
            assert_eq!(text, sent, "{value}");
        }
    }
}
