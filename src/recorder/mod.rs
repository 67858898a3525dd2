//! The recorder: everything that every scan was told, so that it can be scanned again.
//!
//! The core is a function of its beginning, its inputs, its orders and the time between scans. These are written down, all of
//! them, bit for bit, with its outputs and events and a digest of its samples; `sweetspring replay` builds the plant anew,
//! tells it the same, and finds the first scan in which this program does otherwise.
//!
//! ```text
//! scan thread: Tap --batches--> writer thread: Writer --blocks--> STATE/recording/RUN-NUMBER.rec --> replay
//! ```
//! Limits: a power cut costs what is not yet on the disk, at most 10 s; a file has 32 MiB at most, the folder what the command
//! line says (`--recording`), oldest files first to go; of a run whose first file has gone nothing can be scanned again, for
//! nobody knows what the plant remembered; a writer that does not keep up, or a disk that fails, leaves a gap.

mod beginning;
mod coded;
mod columns;
mod compare;
mod file;
mod plot;
mod replay;
mod tap;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use plc::tag::Catalogue;

pub use self::beginning::{Beginning, Pair, Recall};
pub use self::compare::{Asked, Difference, Later, Line};
pub use self::file::{End, FOLDER, FileError};
use self::file::{Head, Name, Points};
pub use self::plot::Plot;
pub use self::replay::{Ended, Progress, Replayed, Run, RunError, Standing, Wanted};
use self::tap::Queue;
pub use self::tap::Tap;
use self::writer::Writer;

/// How long a stop waits for the disk.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Rest between two looks at whether the writer has ended.
const LOOKS_EVERY: Duration = Duration::from_millis(5);

/// The writer's thread.
#[derive(Debug)]
pub struct Recorder {
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Starts to record into a state folder, `bound` bytes at most in all.
    pub fn start(
        state: &Path,
        bound: u64,
        beginning: Beginning,
        catalogue: &Catalogue,
    ) -> std::io::Result<(Recorder, Tap)> {
        let (tap, writer) = pair(state, bound, beginning, catalogue);
        let thread = Builder::new().name("recorder".into()).spawn(move || writer.run())?;
        Ok((Recorder { thread }, tap))
    }

    /// Comes back when the last scan is on the disk, or the disk has had its time. The scan has ended before.
    pub async fn close(&self) {
        let ended = async {
            while !self.thread.is_finished() {
                tokio::time::sleep(LOOKS_EVERY).await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, ended).await.is_err() {
            tracing::error!("the recording did not close in time");
        }
    }
}

/// Both ends of a recording.
fn pair(state: &Path, bound: u64, beginning: Beginning, catalogue: &Catalogue) -> (Tap, Writer) {
    let points = Points::of(catalogue);
    let size = points.size();
    let queue = Queue::new(size);
    let name = Name { run: 0, number: 0 };
    let head = Head { name, before: None, beginning, points };
    let writer = Writer::new(Arc::clone(&queue), state.join(FOLDER), bound, head);
    (Tap::new(queue, size), writer)
}

#[cfg(test)]
mod tests;
