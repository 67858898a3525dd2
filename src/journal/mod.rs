//! Alarms, events, audit, settings, retained state, people: what is never lost.
//!
//! [`Opened`] is the file with what a start needs of it. [`Opened::start`] sets two tasks to work: the clerk stamps and
//! announces, the keeper writes. [`Journal`] is the handle of everybody else. Storage may fail at any moment: the plant and
//! its alarms go on, and what happened meanwhile is written when storage is back.

mod board;
mod clerk;
mod keeper;
mod memory;
mod record;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use plc::tag::{Catalogue, Kind as RowKind};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

pub use self::board::{Board, Standing};
use self::clerk::{Ask, Clerk, Desk};
use self::keeper::{Durable, Keeper};
pub use self::memory::Memory;
pub use self::record::{Kind, Note, Record};
use self::store::Remembered;
pub use self::store::{Setting, StoreError};
use crate::access::users::{User, Users, UsersFailed};
use crate::exchange::{Exchange, Wall};
use crate::folder::{cannot_write_now, probe, set_aside};

/// Questions and notes that may wait for the clerk. At the limit a note is lost and said so in the log.
const ASKS_MAX: usize = 256;
/// Longest wait for a person to be kept.
const KEPT_WITHIN: Duration = Duration::from_secs(5);

/// Why the journal cannot start, or did not keep something.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("state folder {}: {source}", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("{}: {source}", file.display())]
    File { file: PathBuf, source: StoreError },
    #[error("storage: {0}")]
    Storage(String),
}

/// The journal's file, open, and what it remembers.
#[derive(Debug)]
pub struct Opened {
    folder: PathBuf,
    /// `None`: the folder cannot be written now. The plant starts all the same.
    connection: Option<SqliteConnection>,
    remembered: Remembered,
    start: i64,
    /// A damaged file was renamed to this.
    aside: Option<PathBuf>,
    /// The new file lacks what the other copy knew.
    recovered: bool,
}

impl Opened {
    /// Opens the journal of a state folder, making both where missing. A damaged file is set aside and a new one begun; a
    /// full or read-only disk is no reason not to start.
    pub async fn open(folder: &Path, wall: Wall) -> Result<Opened, JournalError> {
        let at_folder = |source| JournalError::Folder { folder: folder.into(), source };
        match probe(folder) {
            Ok(()) => {}
            Err(error) if cannot_write_now(&error) => {
                tracing::error!(folder = %folder.display(), %error, "storage fails");
                return Ok(Opened::unwritable(folder, wall).await);
            }
            Err(error) => return Err(at_folder(error)),
        }
        let mut aside = None;
        let opened = match begin(folder).await {
            Err(StoreError::Damaged(what)) => {
                let to = set_aside(folder, store::FILE, wall.ms).map_err(at_folder)?;
                tracing::error!(what, aside = %to.display(), "the journal is damaged: set aside, a new one begun");
                aside = Some(to);
                begin(folder).await
            }
            opened => opened,
        };
        match opened {
            Ok((connection, mut remembered)) => {
                if aside.is_some() && matches!(remembered.memory, Memory::First) {
                    remembered.memory = Memory::Lost;
                }
                let (folder, connection) = (folder.into(), Some(connection));
                Ok(Opened { folder, connection, remembered, start: 0, aside, recovered: false })
            }
            Err(source @ (StoreError::Newer { .. } | StoreError::Schema(_))) => {
                Err(JournalError::File { file: store::path(folder), source })
            }
            Err(error @ (StoreError::Damaged(_) | StoreError::Sql(_))) => {
                tracing::error!(folder = %folder.display(), %error, "storage fails");
                Ok(Opened::unwritable(folder, wall).await)
            }
        }
    }

    /// The journal of a folder that cannot be written: reads what it can.
    async fn unwritable(folder: &Path, wall: Wall) -> Opened {
        let remembered = store::remember_unwritable(folder).await;
        // Without the file nobody knows its last number. Milliseconds since 1970 lie above any count of events.
        let remembered = remembered.unwrap_or_else(|error| {
            tracing::error!(%error, "the journal cannot even be read: the start knows nothing of the last one");
            let there = store::path(folder).exists();
            let memory = Memory::of(None, memory::load(folder).as_deref(), None, there);
            Remembered { last_number: wall.ms, memory, ..Remembered::default() }
        });
        let folder = folder.into();
        Opened { folder, connection: None, remembered, start: 0, aside: None, recovered: false }
    }

    /// Settings changed by people, by path.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.remembered.settings
    }

    /// What the plant carried over.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.remembered.memory
    }

    /// A journal that had to begin anew takes over what the other copy still knows: settings, and where alarms stood.
    pub fn recover(&mut self, catalogue: &Catalogue, wall: Wall) {
        if self.remembered.last_number > 0 || !matches!(self.remembered.memory, Memory::Kept(_)) {
            return;
        }
        for row in &catalogue.rows {
            let Some(value) = self.remembered.memory.value(&row.path) else { continue };
            match row.kind {
                RowKind::Setting(_) => self.remembered.settings.push(Setting {
                    path: row.path.clone(),
                    value,
                    old: value,
                    user: String::new(),
                    wall: wall.ms,
                }),
                RowKind::Alarm(_) => {
                    let standing = Standing::recovered(row.id, value, wall);
                    self.remembered.standings.extend(standing.map(|one| (row.path.clone(), one)));
                }
                RowKind::Input(_)
                | RowKind::Output(..)
                | RowKind::Status(_)
                | RowKind::Retained(_) => {}
            }
        }
        self.recovered = true;
    }

    /// Where the alarms stood, by path.
    #[must_use]
    pub fn standings(&self) -> &[(String, Standing)] {
        &self.remembered.standings
    }

    /// Everybody who may log in.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.remembered.users
    }

    /// Newest stamp of any row, ms.
    #[must_use]
    pub fn last_wall(&self) -> i64 {
        self.remembered.last_wall
    }

    /// Whether the last start ended with `Stopped`, or there was none.
    #[must_use]
    pub fn ended_orderly(&self) -> bool {
        self.remembered.ended_orderly || self.remembered.last_number == 0
    }

    /// Counts this start. A failure shows soon enough at the first row.
    pub async fn begin(&mut self, wall: Wall) {
        if let Some(connection) = self.connection.as_mut() {
            match store::begin(connection, wall).await {
                Ok(start) => self.start = start,
                Err(error) => tracing::error!(%error, "storage fails"),
            }
        }
    }

    /// Keeps a person without a running controller.
    pub async fn put_user(&mut self, user: User) -> Result<(), JournalError> {
        let connection = self.connection.as_mut();
        let connection = connection
            .ok_or_else(|| JournalError::Storage("the state folder cannot be written".into()))?;
        let batch = store::Batch { users: vec![user.clone()], ..store::Batch::default() };
        let written = store::write(connection, &batch).await;
        written.map_err(|source| JournalError::File { file: store::path(&self.folder), source })?;
        self.remembered.users.retain(|one| one.name != user.name);
        self.remembered.users.push(user);
        Ok(())
    }

    /// Forgets settings that this plant no longer has or whose range they no longer fit.
    pub async fn forget_setting(&mut self, path: &str) {
        self.remembered.settings.retain(|one| one.path != path);
        if let Some(connection) = self.connection.as_mut()
            && let Err(error) = store::forget_setting(connection, path).await
        {
            tracing::warn!(path, %error, "a setting that no longer fits could not be forgotten");
        }
    }

    /// Starts the clerk and the keeper on the current runtime.
    #[must_use]
    pub fn start(self, exchange: Arc<Exchange>, wall: fn() -> Wall) -> Journal {
        let board = Board::default();
        board.restore(&exchange.catalogue, self.remembered.standings.clone());
        let readers = Arc::new(Mutex::new(store::readers(&self.folder)));
        let (jobs, todo) = mpsc::channel(1);
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let storage_ok = self.connection.is_some();
        let known = Arc::new(Mutex::new(self.remembered.users.clone()));
        let keeper = Keeper {
            inode: keeper::inode(&self.folder),
            folder: self.folder,
            connection: self.connection,
            readers: Arc::clone(&readers),
            jobs: todo,
            wall,
            durable: Durable::default(),
        };
        let clerk = Clerk::new(Desk {
            exchange,
            board: board.clone(),
            asks: asked,
            jobs,
            remembered: self.remembered,
            start: self.start,
            storage_ok,
            everything: self.recovered,
        });
        let keeper = tokio::spawn(keeper.run());
        tokio::spawn(clerk.run());
        let keeper = Arc::new(Mutex::new(Some(keeper)));
        let journal = Journal { board, readers, known, asks, keeper };
        if let Some(aside) = self.aside {
            let name = aside.file_name().map(|name| name.to_string_lossy().into_owned());
            journal.note(Note { new: name.unwrap_or_default(), ..Note::of("JournalSetAside") });
        }
        journal
    }
}

async fn begin(folder: &Path) -> Result<(SqliteConnection, Remembered), StoreError> {
    let mut connection = store::open(folder).await?;
    let remembered = store::remember(&mut connection, folder).await?;
    Ok((connection, remembered))
}

/// The journal, as everybody else uses it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    board: Board,
    readers: Arc<Mutex<SqlitePool>>,
    /// Everybody as last read: who may log in while the file cannot be read.
    known: Arc<Mutex<Vec<User>>>,
    asks: mpsc::Sender<Ask>,
    keeper: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl Journal {
    /// Where each alarm stands, as last announced.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The newest events, or those before a number, newest first.
    pub async fn events(
        &self,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<Record>, JournalError> {
        let readers = self.readers.lock().clone();
        store::events(&readers, limit, before).await.map_err(refused)
    }

    /// Everybody who may log in, by name: also those added by the command line meanwhile. While the file cannot be read,
    /// those who were there when it last could: a plant on a broken disk still has its people.
    pub async fn users(&self) -> Vec<User> {
        let readers = self.readers.lock().clone();
        match store::users(&readers).await {
            Ok(users) => {
                self.known.lock().clone_from(&users);
                users
            }
            Err(error) => {
                tracing::debug!(%error, "people cannot be read");
                self.known.lock().clone()
            }
        }
    }

    /// Keeps a person, new or changed; done when it is durable.
    pub async fn put_user(&self, user: User) -> Result<(), JournalError> {
        let gone = || JournalError::Storage("the journal has stopped".into());
        let (done, kept) = oneshot::channel();
        self.asks.send(Ask::User(user, done)).await.map_err(|_| gone())?;
        match tokio::time::timeout(KEPT_WITHIN, kept).await {
            Ok(Ok(kept)) => kept.map_err(JournalError::Storage),
            Ok(Err(_)) => Err(gone()),
            Err(_) => Err(JournalError::Storage("no answer in time".into())),
        }
    }

    /// Writes down something the controller did: a log-in, a new user, a step of the clock. Never waits.
    pub fn note(&self, note: Note) {
        if let Err(error) = self.asks.try_send(Ask::Note(note)) {
            tracing::error!(%error, "a note for the journal is lost");
        }
    }

    /// Writes what there is and closes the file.
    pub async fn close(&self) {
        let (done, finished) = oneshot::channel();
        if self.asks.send(Ask::Stop(done)).await.is_ok() {
            // A clerk that ended without a word has nothing more to write.
            let _ = finished.await;
        }
        // The last one to close tidies the log away.
        let readers = self.readers.lock().clone();
        readers.close().await;
        let keeper = self.keeper.lock().take();
        if let Some(keeper) = keeper
            && tokio::time::timeout(Duration::from_secs(1), keeper).await.is_err()
        {
            tracing::error!("the journal's file did not close within a second");
        }
    }
}

fn refused(error: StoreError) -> JournalError {
    JournalError::Storage(error.to_string())
}

fn failed(error: impl std::fmt::Display) -> UsersFailed {
    UsersFailed(error.to_string())
}

#[async_trait]
impl Users for Journal {
    async fn load(&self, name: &str) -> Result<Option<User>, UsersFailed> {
        let users = self.users().await;
        Ok(users.into_iter().find(|user| user.name == name))
    }
    async fn save(&self, user: &User) -> Result<(), UsersFailed> {
        self.put_user(user.clone()).await.map_err(failed)
    }
    async fn list(&self) -> Result<Vec<User>, UsersFailed> {
        Ok(self.users().await)
    }
}

/// People of a state folder whose controller does not run, or runs elsewhere: for the command line.
#[derive(Debug)]
pub struct Offline(tokio::sync::Mutex<Opened>);

impl Offline {
    #[must_use]
    pub fn new(opened: Opened) -> Offline {
        Offline(tokio::sync::Mutex::new(opened))
    }
}

#[async_trait]
impl Users for Offline {
    async fn load(&self, name: &str) -> Result<Option<User>, UsersFailed> {
        let opened = self.0.lock().await;
        Ok(opened.users().iter().find(|user| user.name == name).cloned())
    }
    async fn save(&self, user: &User) -> Result<(), UsersFailed> {
        self.0.lock().await.put_user(user.clone()).await.map_err(failed)
    }
    async fn list(&self) -> Result<Vec<User>, UsersFailed> {
        Ok(self.0.lock().await.users().to_vec())
    }
}

#[cfg(test)]
mod tests;
