//! The one task that writes the journal's database. It may be slow, fail or hang: the clerk does not wait for it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use super::memory::{self, Image};
use super::store::{self, Batch, StoreError};
use crate::exchange::Wall;
use crate::folder::set_aside;
use crate::machine;

/// A batch to write, and where to say how it went.
pub(super) struct Job {
    pub batch: Batch,
    pub done: oneshot::Sender<Outcome>,
}

/// How a batch went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// `full`: written, but the disk has no room to speak of for more.
    /// Reservations of the dosing ledgers that both copies have, micrograms.
    Written { full: bool, durable: [u64; 2] },
    /// Nothing of it was written.
    Failed(String),
    /// Nothing of it was written, and the database is a new, empty one: the old one was set aside, or has gone. Everything
    /// known must be written again.
    /// Also after a file that could not be opened before.
    Fresh { aside: Option<PathBuf>, start: i64 },
}

/// What the keeper works with.
pub(super) struct Keeper {
    pub folder: PathBuf,
    pub connection: Option<SqliteConnection>,
    /// The file the connection writes: it may be taken away under it.
    pub inode: Option<u64>,
    pub readers: Arc<Mutex<SqlitePool>>,
    pub jobs: mpsc::Receiver<Job>,
    pub durable: Durable,
    /// The wall clock, for the name of a file set aside and the row of a start.
    pub wall: fn() -> Wall,
}

impl Keeper {
    /// Writes batch after batch until nobody is left to send one.
    pub async fn run(mut self) {
        let mut written = 0_u32;
        while let Some(job) = self.jobs.recv().await {
            let outcome = self.take(&job.batch).await;
            // The clerk may have stopped waiting.
            let _ = job.done.send(outcome);
            written = written.wrapping_add(1);
            if written.is_multiple_of(PRUNE_EVERY)
                && let Some(connection) = self.connection.as_mut()
                && let Err(error) = store::prune(connection).await
            {
                tracing::warn!(%error, "the journal could not drop its oldest events");
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the journal's file did not close cleanly");
        }
    }

    async fn take(&mut self, batch: &Batch) -> Outcome {
        if self.connection.is_some() && inode(&self.folder) != self.inode {
            tracing::error!(folder = %self.folder.display(), "the journal's file has gone");
            self.connection = None;
        }
        let Some(connection) = self.connection.as_mut() else { return self.reopen().await };
        let written = if batch.has_rows() { store::write(connection, batch).await } else { Ok(()) };
        match written {
            Ok(()) => self.save(batch.image.as_ref()).await,
            Err(StoreError::Damaged(what)) => {
                tracing::error!(what, "the journal's file is damaged");
                self.connection = None;
                self.set_aside().await
            }
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    /// The database has its part; the file's copy of the image comes after it.
    async fn save(&mut self, image: Option<&Image>) -> Outcome {
        if let Some(image) = image {
            if image.copies.has_journal() {
                self.durable.journal = image.reserved;
            }
            if image.copies.has_file() {
                let (folder, bytes) = (self.folder.clone(), image.bytes.clone());
                let saved =
                    tokio::task::spawn_blocking(move || memory::save(&folder, &bytes)).await;
                match saved {
                    Ok(Ok(())) => self.durable.file = image.reserved,
                    Ok(Err(error)) => return Outcome::Failed(error.to_string()),
                    Err(error) => return Outcome::Failed(error.to_string()),
                }
            }
        }
        Outcome::Written { full: is_full(&self.folder), durable: self.durable.both() }
    }

    /// Opens the file again, or a new one where it has gone.
    async fn reopen(&mut self) -> Outcome {
        if let Err(error) = std::fs::create_dir_all(&self.folder) {
            return Outcome::Failed(error.to_string());
        }
        // Readers that opened the file while the disk was read-only would keep its log read-only for this whole process.
        let before = std::mem::replace(&mut *self.readers.lock(), store::readers(&self.folder));
        before.close().await;
        match store::open(&self.folder).await {
            Ok(connection) => self.begin(connection, None).await,
            Err(StoreError::Damaged(_)) => self.set_aside().await,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    async fn set_aside(&mut self) -> Outcome {
        let aside = match set_aside(&self.folder, store::FILE, (self.wall)().ms) {
            Ok(aside) => aside,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        match store::open(&self.folder).await {
            Ok(connection) => self.begin(connection, Some(aside)).await,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    async fn begin(&mut self, mut connection: SqliteConnection, aside: Option<PathBuf>) -> Outcome {
        match store::begin(&mut connection, (self.wall)()).await {
            Ok(start) => {
                self.connection = Some(connection);
                self.durable = Durable::default();
                self.inode = inode(&self.folder);
                *self.readers.lock() = store::readers(&self.folder);
                Outcome::Fresh { aside, start }
            }
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

/// What each copy has of the dosing ledgers' reservations, micrograms. Before the first image of a start: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Durable {
    journal: [u64; 2],
    file: [u64; 2],
}

impl Durable {
    /// Either copy may be the one that is left.
    fn both(self) -> [u64; 2] {
        std::array::from_fn(|at| self.journal[at].min(self.file[at]))
    }
}

/// Free space below which a disk counts as full, bytes: SQLite may still find room inside its files, for a while. Chosen; a
/// day of events needs less.
const ROOM_MIN: u64 = 4 << 20;

/// Whether the disk of a folder is full. One that does not tell is not: the next write will.
fn is_full(folder: &Path) -> bool {
    machine::free_space(folder).is_ok_and(|free| free < ROOM_MIN)
}

/// Which file lies there now.
pub(super) fn inode(folder: &Path) -> Option<u64> {
    std::fs::metadata(store::path(folder)).ok().map(|file| file.ino())
}

/// Batches between two looks at the limit of events: about a day at one every 5 s.
const PRUNE_EVERY: u32 = 17_280;
