//! Samples of every moving value, for trends and reports.
//!
//! A value is stored when it has moved by its deadband, when its quality changes, and once a minute. Samples are written
//! every ten seconds: that many a power cut may cost. The history is the first to stop when the disk fills up.

mod store;
mod thin;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use plc::quantity::Form;
use plc::signal::{Moment, Quality};
use plc::tag::{Catalogue, Kind};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::watch;
use tokio::time::Instant;

use self::store::Sampled;
pub use self::store::{Grade, Point, StoreError};
use crate::exchange::{Exchange, Live};
use crate::{folder, machine};

/// A value that moves less than this part of its span is not stored again.
const DEADBAND: f64 = 0.005;
/// A value that does not move is stored this often, in plant time.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);
/// Samples wait this long before they are written (`docs/spec/contracts.md`: at most 10 s are lost).
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// Samples that may wait for storage: half an hour of a quiet plant. At the limit the oldest are lost.
const WAITING_MAX: usize = 20_000;
/// Free space that is left to the journal, bytes. Chosen; safe because the journal needs a few megabytes a month.
const LEFT_TO_JOURNAL: u64 = 64 << 20;
/// Batches between two looks at the limits of age and size: about an hour.
const PRUNE_EVERY: u32 = 360;
/// Points of one answer at most.
const POINTS_MAX: usize = 10_000;
/// How long a stop waits for storage.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("history: {0}")]
pub struct HistoryError(#[from] StoreError);

/// The history, as everybody else uses it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct History {
    readers: SqlitePool,
    /// The file has its tables: before, there is nothing to read.
    opened: Arc<AtomicBool>,
    waiting: Arc<Mutex<Vec<Sampled>>>,
    catalogue: Arc<Catalogue>,
    stop: watch::Sender<bool>,
    task: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl History {
    /// Starts to collect, on the current runtime. A file that cannot be used now is tried again.
    #[must_use]
    pub fn start(folder: &Path, exchange: Arc<Exchange>) -> History {
        let (stop, stopped) = watch::channel(false);
        let waiting = Arc::new(Mutex::new(Vec::new()));
        let opened = Arc::new(AtomicBool::new(false));
        let catalogue = Arc::clone(&exchange.catalogue);
        let collector = Collector {
            folder: folder.into(),
            rules: Rule::all(&catalogue),
            exchange,
            waiting: Arc::clone(&waiting),
            opened: Arc::clone(&opened),
            file: None,
            batches: 0,
            stopped,
        };
        let task = Arc::new(Mutex::new(Some(tokio::spawn(collector.run()))));
        History { readers: store::readers(folder), opened, waiting, catalogue, stop, task }
    }

    /// Samples of a path between two wall times in ms, both included, oldest first, and the one that held when the span
    /// began. More than `points` are thinned so that every peak stays.
    pub async fn query(
        &self,
        path: &str,
        from: i64,
        to: i64,
        points: usize,
    ) -> Result<Vec<Point>, HistoryError> {
        let back = i64::try_from(AT_LEAST_EVERY.as_millis()).unwrap_or(i64::MAX);
        let mut found = if self.opened.load(Ordering::Acquire) {
            store::query(&self.readers, path, (from, to), back).await?
        } else {
            Vec::new()
        };
        if let Some(row) = self.catalogue.find(path) {
            let waiting = self.waiting.lock();
            let mine = waiting.iter().filter(|one| one.row == row.id).map(|one| one.point);
            found.extend(mine.filter(|point| (from..=to).contains(&point.ts)));
        }
        Ok(thin::thin(&found, points.clamp(2, POINTS_MAX)))
    }

    /// Writes what waits and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.stop.send_replace(true);
        let task = self.task.lock().take();
        if let Some(task) = task
            && tokio::time::timeout(LAST_WORDS, task).await.is_err()
        {
            tracing::error!("the history did not close in time");
        }
    }
}

/// When a row of the catalogue is stored.
#[derive(Clone, Debug)]
struct Rule {
    row: usize,
    path: String,
    /// Smallest change worth a sample.
    deadband: f64,
    last: Option<(Moment, Point)>,
}

impl Rule {
    /// Rules for everything that moves by itself: settings and alarms are in the journal.
    fn all(catalogue: &Catalogue) -> Vec<Rule> {
        let kept = catalogue.rows.iter().filter(|row| match row.kind {
            Kind::Input(_) | Kind::Output(..) | Kind::Status(_) | Kind::Retained(_) => {
                row.form != Form::Reasons
            }
            Kind::Setting(_) | Kind::Alarm(_) => false,
        });
        let rule = |row: &plc::tag::Row| {
            let span = row.span().map_or(0.0, |(low, high)| high - low);
            let deadband = match row.form {
                Form::Number { .. } => DEADBAND * span,
                Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => 0.0,
            };
            Rule { row: row.id, path: row.path.clone(), deadband, last: None }
        };
        kept.map(rule).collect()
    }

    /// The sample to store now, if any.
    fn judge(&mut self, live: &Live) -> Option<Sampled> {
        let sample = live.snapshot.samples.get(self.row)?;
        let grade = match sample.quality {
            Quality::Good => Grade::Good,
            Quality::Uncertain(_) => Grade::Uncertain,
            Quality::Held(_) => Grade::Held,
            Quality::Bad(_) => Grade::Bad,
        };
        let value = (grade != Grade::Bad && sample.value.is_finite()).then_some(sample.value);
        let point = Point { ts: live.wall.ms, value, grade };
        let worth = self.last.is_none_or(|(at, last)| {
            let moved = match (last.value, value) {
                (Some(last), Some(now)) => {
                    // A total without a span counts in parts of itself.
                    let own = if self.deadband > 0.0 { 0.0 } else { DEADBAND * last.abs() };
                    let step = (now - last).abs();
                    step > 0.0 && step >= self.deadband.max(own)
                }
                (None, None) => false,
                (Some(_), None) | (None, Some(_)) => true,
            };
            moved || last.grade != grade || live.snapshot.at.since(at) >= AT_LEAST_EVERY
        });
        worth.then(|| {
            self.last = Some((live.snapshot.at, point));
            Sampled { row: self.row, point }
        })
    }
}

/// The task behind a [`History`].
struct Collector {
    folder: PathBuf,
    exchange: Arc<Exchange>,
    rules: Vec<Rule>,
    waiting: Arc<Mutex<Vec<Sampled>>>,
    opened: Arc<AtomicBool>,
    file: Option<Database>,
    batches: u32,
    stopped: watch::Receiver<bool>,
}

/// The open file, with the number of each row's tag.
struct Database {
    connection: SqliteConnection,
    tags: Vec<Option<i64>>,
}

impl Collector {
    async fn run(mut self) {
        let mut live = self.exchange.follow();
        let mut write_at = Instant::now();
        loop {
            tokio::select! {
                changed = live.changed() => if changed.is_err() { break },
                // An error means that nobody is left to ask: the same as a stop.
                _ = self.stopped.changed() => break,
                () = tokio::time::sleep_until(write_at) => {
                    self.write().await;
                    write_at = Instant::now() + WRITE_EVERY;
                }
            }
            let now = live.borrow_and_update().clone();
            if now.scan > 0 {
                self.collect(&now);
            }
        }
        self.write().await;
        if let Some(file) = self.file.take()
            && let Err(error) = file.connection.close().await
        {
            tracing::warn!(%error, "the history's file did not close cleanly");
        }
    }

    fn collect(&mut self, live: &Live) {
        let mut waiting = self.waiting.lock();
        waiting.extend(self.rules.iter_mut().filter_map(|rule| rule.judge(live)));
        let above = waiting.len().saturating_sub(WAITING_MAX);
        waiting.drain(..above);
    }

    async fn write(&mut self) {
        let written = self.try_write().await;
        let report = &self.exchange.report.history_ok;
        let before = report.swap(written.is_ok(), Ordering::Relaxed);
        match (before, written) {
            (true, Err(why)) => tracing::error!(why, "the history has stopped; control goes on"),
            (false, Ok(())) => tracing::info!("the history goes on"),
            (true, Ok(())) | (false, Err(_)) => {}
        }
    }

    async fn try_write(&mut self) -> Result<(), String> {
        let free = machine::free_space(&self.folder).map_err(|error| error.to_string())?;
        if free < LEFT_TO_JOURNAL {
            return Err(format!("{} MiB of disk left", free >> 20));
        }
        if self.file.is_none() {
            self.file = Some(self.open().await?);
            self.opened.store(true, Ordering::Release);
        }
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let batch = self.waiting.lock().clone();
        if batch.is_empty() {
            return Ok(());
        }
        let written = store::write(&mut file.connection, &file.tags, &batch).await;
        self.batches = self.batches.wrapping_add(1);
        let written = match written {
            Ok(()) if self.batches.is_multiple_of(PRUNE_EVERY) => {
                store::prune(&mut file.connection).await
            }
            written => written,
        };
        match written {
            Ok(()) => {
                self.waiting.lock().drain(..batch.len());
                Ok(())
            }
            Err(error) => {
                // The next try opens it afresh, and sets it aside if need be.
                self.file = None;
                Err(error.to_string())
            }
        }
    }

    async fn open(&self) -> Result<Database, String> {
        let opened = match store::open(&self.folder).await {
            Err(StoreError::Damaged(what)) => {
                let wall = machine::wall_ms();
                let aside = folder::set_aside(&self.folder, store::FILE, wall);
                let aside = aside.map_err(|error| error.to_string())?;
                tracing::error!(what, aside = %aside.display(), "the history is damaged: set aside, a new one begun");
                store::open(&self.folder).await
            }
            opened => opened,
        };
        let mut connection = opened.map_err(|error| error.to_string())?;
        let paths: Vec<String> = self.rules.iter().map(|rule| rule.path.clone()).collect();
        let numbers =
            store::tags(&mut connection, &paths).await.map_err(|error| error.to_string())?;
        let mut tags = vec![None; self.exchange.catalogue.rows.len()];
        for (rule, number) in self.rules.iter().zip(numbers) {
            tags[rule.row] = Some(number);
        }
        Ok(Database { connection, tags })
    }
}

#[cfg(test)]
mod tests;
