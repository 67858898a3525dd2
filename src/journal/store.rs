//! Every statement of the journal's database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plc::alarm::State;
use plc::signal::Moment;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteExecutor, SqliteJournalMode, SqliteLockingMode,
    SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, QueryBuilder, Row, SqlSafeStr, Sqlite};

use super::board::Standing;
use super::memory::{self, Image, Memory};
use super::record::{Kind, Record};
use crate::access::users::{User, role_named, role_word};
use crate::exchange::Wall;

/// The file inside the state folder.
pub(super) const FILE: &str = "journal.db";
/// Events kept: five years of a plant with a thousand a day. At the limit the oldest go.
const EVENTS_KEPT: i64 = 2_000_000;
/// The last words of a controller that stopped in order.
const STOPPED: &str = "Stopped";
/// Rows of one insert: 14 columns stay far below SQLite's 32 766 variables.
const ROWS_AT_ONCE: usize = 500;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "it was written by a newer version of Sweetspring (schema {found}, this one knows {known})"
    )]
    Newer { found: i64, known: i64 },
    #[error("its content is damaged: {0}")]
    Damaged(String),
    #[error("its schema is not one of ours: {0}")]
    Schema(String),
    #[error("{0}")]
    Sql(#[source] sqlx::Error),
}

impl Batch {
    /// There is something for the database.
    pub fn has_rows(&self) -> bool {
        !(self.records.is_empty()
            && self.standings.is_empty()
            && self.settings.is_empty()
            && self.users.is_empty())
            || self.image.as_ref().is_some_and(|image| image.copies.has_journal())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(|of_database| of_database.code());
        // Extended codes keep the primary one in the low byte: 11 SQLITE_CORRUPT, 26 SQLITE_NOTADB.
        let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
        if matches!(primary, Some(11 | 26)) {
            StoreError::Damaged(error.to_string())
        } else {
            StoreError::Sql(error)
        }
    }
}

/// What one transaction writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub records: Vec<Record>,
    /// By path.
    pub standings: Vec<(String, Standing)>,
    pub settings: Vec<Setting>,
    pub image: Option<Image>,
    pub users: Vec<User>,
}

/// A setting changed by a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub path: String,
    pub value: f64,
    pub old: f64,
    pub user: String,
    pub wall: i64,
}

/// What the plant carried over a restart before it had images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retained {
    pub values: Vec<(String, f64)>,
    /// When it was saved, ms.
    pub wall: i64,
}

/// Everything a start needs from the last one.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered {
    pub standings: Vec<(String, Standing)>,
    pub settings: Vec<Setting>,
    pub users: Vec<User>,
    pub memory: Memory,
    pub last_number: i64,
    /// Newest stamp of any row, ms.
    pub last_wall: i64,
    /// The last start ended as it should, or there was none.
    pub ended_orderly: bool,
}

fn migrator() -> Migrator {
    let versions = [
        ("journal", include_str!("../../migrations/journal/1_journal.sql")),
        ("kept", include_str!("../../migrations/journal/2_kept.sql")),
    ];
    let migrations = (1..).zip(versions).map(|(version, (name, sql))| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The settings of `docs/spec/interfaces.md` REL-11.
fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path(folder))
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .pragma("mmap_size", "0")
}

/// Opens the one connection that writes, brings the schema up to date and checks the file.
pub(super) async fn open(folder: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(folder)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "1000")
        .pragma("journal_size_limit", "16777216");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
    if verdict != "ok" {
        return Err(StoreError::Damaged(verdict));
    }
    let migrator = migrator();
    migrator
        .run_direct(None, &mut connection, false)
        .await
        .map_err(|error| refused(error, &migrator))?;
    Ok(connection)
}

fn refused(error: MigrateError, migrator: &Migrator) -> StoreError {
    let known = migrator.iter().map(|one| one.version).max().unwrap_or(0);
    if let MigrateError::VersionMissing(found) = error {
        StoreError::Newer { found, known }
    } else if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        error.into()
    } else {
        StoreError::Schema(error.to_string())
    }
}

/// Opens the connections that only read.
pub(super) fn readers(folder: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(2)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options(folder).read_only(true))
}

/// Reads a database that cannot be written, for what a start needs: with its log, for the newest rows may be nowhere else;
/// where that cannot be read, the file alone.
pub(super) async fn remember_unwritable(folder: &Path) -> Result<Remembered, StoreError> {
    let read = |options: SqliteConnectOptions| async move {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        remember(&mut connection, folder).await
    };
    // The second keeps the index of the log in memory, where a full disk has no room for it; a read-only disk refuses it.
    for options in [
        options(folder).read_only(true),
        options(folder).locking_mode(SqliteLockingMode::Exclusive),
    ] {
        match read(options).await {
            Ok(remembered) => return Ok(remembered),
            Err(error) => tracing::debug!(%error, "the journal cannot be read like this"),
        }
    }
    tracing::warn!("the journal's log cannot be read: its newest rows are missing");
    read(options(folder).read_only(true).immutable(true)).await
}

/// Writes down that the controller started; returns the number of this start.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    wall: Wall,
) -> Result<i64, StoreError> {
    let begun = sqlx::query("INSERT INTO start (wall, trusted, version) VALUES (?, ?, ?)")
        .bind(wall.ms)
        .bind(wall.trusted)
        .bind(env!("CARGO_PKG_VERSION"))
        .execute(connection)
        .await?;
    Ok(begun.last_insert_rowid())
}

/// Reads what a start needs.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    folder: &Path,
) -> Result<Remembered, StoreError> {
    let file = memory::load(folder);
    let alarms = sqlx::query(
        "SELECT path, state, number, event_id, since, changed, acked_by, comment FROM alarm_state",
    )
    .fetch_all(&mut *connection)
    .await?;
    let standings = alarms.iter().filter_map(standing).collect();
    let settings = sqlx::query("SELECT path, value, old, user, wall FROM setting")
        .fetch_all(&mut *connection)
        .await?;
    let settings = settings
        .iter()
        .map(|row| Setting {
            path: row.get(0),
            value: row.get(1),
            old: row.get(2),
            user: row.get(3),
            wall: row.get(4),
        })
        .collect();
    let kept =
        sqlx::query("SELECT path, value, wall FROM retained").fetch_all(&mut *connection).await?;
    let retained = kept.first().map(|first| Retained {
        wall: first.get(2),
        values: kept.iter().map(|row| (row.get(0), row.get(1))).collect(),
    });
    let last = sqlx::query(
        "SELECT ifnull(max(number), 0), ifnull(max(wall), 0)
         FROM (SELECT number, wall FROM event ORDER BY number DESC LIMIT 100)",
    )
    .fetch_one(&mut *connection)
    .await?;
    let last_words: Option<String> =
        sqlx::query_scalar("SELECT reason FROM event ORDER BY number DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    // A file that could not be brought up to date has no such table yet.
    let image = sqlx::query_scalar::<_, Vec<u8>>("SELECT image FROM kept WHERE id = 1")
        .fetch_optional(&mut *connection)
        .await;
    let image = image.unwrap_or_else(|error| {
        tracing::warn!(%error, "the journal's copy of what was kept cannot be read");
        None
    });
    let memory = Memory::of(image.as_deref(), file.as_deref(), retained, false);
    let last_wall = last.get::<i64, _>(1).max(memory.saved_ms().unwrap_or(0));
    Ok(Remembered {
        standings,
        settings,
        users: users(connection).await?,
        memory,
        last_number: last.get(0),
        last_wall,
        ended_orderly: last_words.is_none_or(|reason| reason == STOPPED),
    })
}

fn standing(row: &SqliteRow) -> Option<(String, Standing)> {
    let state: String = row.get(1);
    let state = State::ALL.into_iter().find(|one| one.key() == state)?;
    let acked_by: String = row.get(6);
    let standing = Standing {
        alarm: 0,
        state,
        number: u64::try_from(row.get::<i64, _>(2)).unwrap_or(0),
        event_id: row.get::<Vec<u8>, _>(3).try_into().ok()?,
        since: row.get(4),
        changed: Wall { ms: row.get(5), trusted: true },
        acked_by: Some(acked_by).filter(|name| !name.is_empty()),
        comment: row.get(7),
        saved: true,
        // The plant says in its first scan what is still hidden.
        hidden: false,
    };
    Some((row.get(0), standing))
}

/// Writes a batch, whole or not at all.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<(), StoreError> {
    // Not sqlx's own transaction: where the disk is full, SQLite ends one by itself when its COMMIT fails, sqlx 0.9 goes on
    // counting it as open, and whatever is written after it on this connection is never committed.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let mut written = insert_batch(connection, batch).await;
    if written.is_ok() {
        let committed = sqlx::raw_sql("COMMIT").execute(&mut *connection).await;
        written = committed.map(drop).map_err(StoreError::from);
    }
    if written.is_err() {
        // An error means that SQLite has already done so.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
    }
    written
}

async fn insert_batch(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), StoreError> {
    for rows in batch.records.chunks(ROWS_AT_ONCE) {
        insert_events(connection, rows).await?;
    }
    for (path, standing) in &batch.standings {
        upsert_standing(connection, path, standing).await?;
    }
    for setting in &batch.settings {
        sqlx::query(
            "INSERT INTO setting (path, value, old, user, wall) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (path) DO UPDATE SET
                value = excluded.value, old = excluded.old, user = excluded.user, wall = excluded.wall",
        )
        .bind(&setting.path)
        .bind(setting.value)
        .bind(setting.old)
        .bind(&setting.user)
        .bind(setting.wall)
        .execute(&mut *connection)
        .await?;
    }
    if let Some(image) = batch.image.as_ref().filter(|image| image.copies.has_journal()) {
        sqlx::query("INSERT OR REPLACE INTO kept (id, image) VALUES (1, ?)")
            .bind(&image.bytes)
            .execute(&mut *connection)
            .await?;
    }
    for user in &batch.users {
        upsert_user(connection, user).await?;
    }
    Ok(())
}

async fn insert_events(
    connection: &mut SqliteConnection,
    rows: &[Record],
) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
        // A row written late may already be there: its first try can have failed after the commit.
        "INSERT OR REPLACE INTO event (number, start, at, wall, trusted, kind, path, old, new, user, origin, why, reason, event_id) ",
    );
    insert.push_values(rows, |mut row, record| {
        row.push_bind(record.number)
            .push_bind(record.start)
            .push_bind(i64::try_from(record.at.0).unwrap_or(i64::MAX))
            .push_bind(record.wall.ms)
            .push_bind(record.wall.trusted)
            .push_bind(record.kind.word())
            .push_bind(&record.path)
            .push_bind(&record.old)
            .push_bind(&record.new)
            .push_bind(&record.user)
            .push_bind(&record.origin)
            .push_bind(&record.why)
            .push_bind(&record.reason)
            .push_bind(record.event_id.to_vec());
    });
    insert.build().execute(connection).await?;
    Ok(())
}

async fn upsert_standing(
    connection: &mut SqliteConnection,
    path: &str,
    standing: &Standing,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO alarm_state
            (path, state, number, event_id, since, changed, acked_by, comment)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(path)
    .bind(standing.state.key())
    .bind(i64::try_from(standing.number).unwrap_or(i64::MAX))
    .bind(standing.event_id.to_vec())
    .bind(standing.since)
    .bind(standing.changed.ms)
    .bind(standing.acked_by.as_deref().unwrap_or(""))
    .bind(&standing.comment)
    .execute(connection)
    .await?;
    Ok(())
}

async fn upsert_user(connection: &mut SqliteConnection, user: &User) -> Result<(), StoreError> {
    let roles: Vec<&str> = user.roles.iter().map(|role| role_word(*role)).collect();
    sqlx::query(
        "INSERT OR REPLACE INTO user (name, password_hash, roles, created, failures, locked_until)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(&user.name)
    .bind(&user.password_hash)
    .bind(roles.join(" "))
    .bind(user.created)
    .bind(user.failures)
    .bind(user.locked_until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a setting that no longer fits.
pub(super) async fn forget_setting(
    connection: &mut SqliteConnection,
    path: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM setting WHERE path = ?").bind(path).execute(connection).await?;
    Ok(())
}

/// Drops the oldest events above the limit.
pub(super) async fn prune(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM event WHERE number <= (SELECT max(number) FROM event) - ?")
        .bind(EVENTS_KEPT)
        .execute(connection)
        .await?;
    Ok(())
}

/// Everybody who may log in, by name.
pub(super) async fn users<'e>(source: impl SqliteExecutor<'e>) -> Result<Vec<User>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, password_hash, roles, created, failures, locked_until FROM user ORDER BY name",
    )
    .fetch_all(source)
    .await?;
    let user = |row: &SqliteRow| User {
        name: row.get(0),
        password_hash: row.get(1),
        roles: row.get::<&str, _>(2).split(' ').filter_map(role_named).collect(),
        created: row.get(3),
        failures: row.get(4),
        locked_until: row.get(5),
    };
    Ok(rows.iter().map(user).collect())
}

/// The newest events, or those before a number, newest first.
pub(super) async fn events(
    readers: &SqlitePool,
    limit: u32,
    before: Option<i64>,
) -> Result<Vec<Record>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, start, at, wall, trusted, kind, path, old, new, user, origin, why, reason, event_id
         FROM event WHERE number < ? ORDER BY number DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(readers)
    .await?;
    let record = |row: &SqliteRow| Record {
        number: row.get(0),
        start: row.get(1),
        at: Moment(u64::try_from(row.get::<i64, _>(2)).unwrap_or(0)),
        wall: Wall { ms: row.get(3), trusted: row.get(4) },
        kind: Kind::of(row.get(5)),
        path: row.get(6),
        old: row.get(7),
        new: row.get(8),
        user: row.get(9),
        origin: row.get(10),
        why: row.get(11),
        reason: row.get(12),
        event_id: row.get::<Vec<u8>, _>(13).try_into().unwrap_or_default(),
    };
    Ok(rows.iter().map(record).collect())
}
