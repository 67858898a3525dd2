//! A screen on a controller's live stream: what it publishes, as the samples that conditions judge.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use plc::image::Sample;
use plc::reason::{Reason, Reasons};
use plc::signal::{Doubt, Fault, Moment, Quality};
use plc::tag::Catalogue;
use serde_json::Value as Json;

use super::client::Client;

/// A stream beats every 5 s; one that is silent for longer shows nothing any more.
const SILENCE: Duration = Duration::from_secs(8);

/// What the stream has said so far.
#[derive(Debug)]
struct Board {
    samples: Vec<Sample>,
    /// Messages with values so far.
    news: u64,
    heard: Instant,
    has_ended: bool,
}

/// Follows a stream until it ends.
#[derive(Debug)]
pub struct Screen {
    shared: Arc<(Mutex<Board>, Condvar)>,
    version: String,
}

impl Screen {
    /// Begins to follow. Rows are those of this program's catalogue, found by their paths in the controller's.
    pub fn follow(client: &Client, catalogue: &Catalogue) -> Result<Screen, String> {
        let published = client.get("/api/catalogue")?;
        let version = published["version"].as_str().unwrap_or("unknown").to_owned();
        let published = published["rows"].as_array().ok_or("no rows in the catalogue")?;
        let ids: HashMap<&str, &Json> =
            published.iter().filter_map(|row| Some((row["path"].as_str()?, &row["id"]))).collect();
        let mut rows: HashMap<String, usize> = HashMap::new();
        for row in &catalogue.rows {
            let id = ids.get(row.path.as_str());
            let id = id.ok_or_else(|| format!("{} is not published over HTTP", row.path))?;
            rows.insert(id.to_string(), row.id);
        }
        let stream = client.send("GET", "/api/live", "").map_err(|why| why.to_string())?;
        // It says nothing while nothing happens, and a stopped controller neither.
        stream.set_read_timeout(None).map_err(|why| why.to_string())?;
        let board = Board {
            samples: vec![Sample::default(); catalogue.rows.len()],
            news: 0,
            heard: Instant::now(),
            has_ended: false,
        };
        let shared = Arc::new((Mutex::new(board), Condvar::new()));
        let screen = Screen { shared: shared.clone(), version };
        std::thread::spawn(move || {
            let theirs = Screen { shared, version: String::new() };
            let mut event = String::new();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some(name) = line.strip_prefix("event: ") {
                    event = name.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    theirs.take(&event, data, &rows);
                }
            }
            theirs.board().has_ended = true;
            theirs.shared.1.notify_all();
        });
        Ok(screen)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: &str, data: &str, rows: &HashMap<String, usize>) {
        let mut board = self.board();
        board.heard = Instant::now();
        let data: Json = serde_json::from_str(data).unwrap_or_default();
        if let (true, Some(values)) = (event != "alarms", data["values"].as_object()) {
            for (id, written) in values {
                if let Some(place) = rows.get(id).and_then(|row| board.samples.get_mut(*row)) {
                    *place = sample(written);
                }
            }
            board.news += 1;
        }
        drop(board);
        self.shared.1.notify_all();
    }

    /// Of the controller, as it says.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How much news there was.
    pub fn news(&self) -> u64 {
        self.board().news
    }

    /// Waits until there was more than so much.
    pub fn more_than(&self, news: u64, within: Duration) -> Result<(), String> {
        let deadline = Instant::now() + within;
        let mut board = self.board();
        while board.news <= news {
            let left = deadline.saturating_duration_since(Instant::now());
            if board.has_ended || left.is_zero() {
                return Err("the live stream says nothing new".into());
            }
            let waited = self.shared.1.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Takes over what is published, if there was news since `seen`; how much there was. `None`: it is older than a stream may
    /// be silent, or the stream has ended.
    pub fn copy(&self, seen: u64, samples: &mut Vec<Sample>) -> Option<u64> {
        let board = self.board();
        if board.has_ended || board.heard.elapsed() >= SILENCE {
            return None;
        }
        if board.news > seen {
            samples.clone_from(&board.samples);
        }
        Some(board.news)
    }
}

const FAULTS: [Fault; 10] = [
    Fault::NotYetRead,
    Fault::Stale,
    Fault::Invalid,
    Fault::Range,
    Fault::Rate,
    Fault::Implausible,
    Fault::HoldExpired,
    Fault::NotFitted,
    Fault::Computed,
    Fault::Overrange,
];
const DOUBTS: [Doubt; 5] =
    [Doubt::Fallback, Doubt::Rate, Doubt::Disagrees, Doubt::Stuck, Doubt::HandValue];

/// A sample as it is sent: value, quality, and keys of what is to be said about it.
fn sample(written: &Json) -> Sample {
    let keys = written[2].as_array().into_iter().flatten().filter_map(Json::as_str);
    let mut about: Vec<&str> = keys.collect();
    let mut first = || if about.is_empty() { "" } else { about.remove(0) };
    let quality = match written[1].as_str() {
        Some("good") => Quality::Good,
        Some("held") => Quality::Held(Moment(0)),
        Some("uncertain") => {
            let key = first();
            let found = DOUBTS.into_iter().find(|doubt| format!("{doubt:?}") == key);
            Quality::Uncertain(found.unwrap_or(Doubt::Fallback))
        }
        Some(_) | None => {
            let key = first();
            let found = FAULTS.into_iter().find(|fault| format!("{fault:?}") == key);
            Quality::Bad(found.unwrap_or(Fault::Invalid))
        }
    };
    let reasons = about.iter().filter_map(|key| Reason::ALL.iter().find(|one| one.key() == *key));
    let why = reasons.fold(Reasons::default(), |why, reason| why.with(*reason));
    Sample { value: written[0].as_f64().unwrap_or(f64::NAN), quality, why }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_sent_is_the_sample_that_was_published() {
        for (written, value, quality, why) in [
            (json!([1.5, "good"]), Some(1.5), Quality::Good, &[][..]),
            (json!([2, "uncertain", ["Stuck"]]), Some(2.0), Quality::Uncertain(Doubt::Stuck), &[]),
            (
                json!([null, "bad", ["Stale", "Booting"]]),
                None,
                Quality::Bad(Fault::Stale),
                &[Reason::Booting],
            ),
            (
                json!([0, "good", ["MainsLost", "Booting"]]),
                Some(0.0),
                Quality::Good,
                &[Reason::MainsLost, Reason::Booting],
            ),
            (json!(null), None, Quality::Bad(Fault::Invalid), &[]),
        ] {
            let read = sample(&written);
            assert_eq!(Some(read.value).filter(|value| !value.is_nan()), value, "{written}");
            assert_eq!(read.quality, quality, "{written}");
            assert_eq!(read.why.iter().collect::<Vec<_>>(), *why.to_vec(), "{written}");
        }
    }
}
