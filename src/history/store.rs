//! Every statement of the history's database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, QueryBuilder, Row, SqlSafeStr, Sqlite};

/// The file inside the state folder.
pub(super) const FILE: &str = "history.db";
/// Days with samples that are kept (`docs/spec/interfaces.md` REL-13). Counted by the days there are, not by the calendar: a
/// clock that jumps ten years ahead must not throw everything away.
const DAYS_KEPT: u32 = 30;
/// Size of the file. At the limit the oldest samples go, a tenth at a time.
const BYTES_MAX: i64 = 1 << 30;
/// Rows of one insert: 4 columns stay far below SQLite's 32 766 variables.
const ROWS_AT_ONCE: usize = 2_000;
const DAY_MS: i64 = 86_400_000;

/// Quality of a stored sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    Good,
    Uncertain,
    Held,
    Bad,
}

impl Grade {
    fn number(self) -> i64 {
        match self {
            Grade::Good => 0,
            Grade::Uncertain => 1,
            Grade::Held => 2,
            Grade::Bad => 3,
        }
    }

    fn of(number: i64) -> Grade {
        match number {
            0 => Grade::Good,
            1 => Grade::Uncertain,
            2 => Grade::Held,
            _ => Grade::Bad,
        }
    }

    /// The word interfaces send.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Grade::Good => "good",
            Grade::Uncertain => "uncertain",
            Grade::Held => "held",
            Grade::Bad => "bad",
        }
    }
}

/// One stored sample of a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Wall time, ms.
    pub ts: i64,
    /// None while the quality is bad.
    pub value: Option<f64>,
    pub grade: Grade,
}

/// A sample on its way to the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sampled {
    /// Row id of its tag.
    pub row: usize,
    pub point: Point,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("it was written by another version of Sweetspring: {0}")]
    Foreign(String),
    #[error("its content is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Sql(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(|of_database| of_database.code());
        // 11 SQLITE_CORRUPT, 26 SQLITE_NOTADB; extended codes keep the primary one in the low byte.
        let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
        if matches!(primary, Some(11 | 26)) {
            StoreError::Damaged(error.to_string())
        } else {
            StoreError::Sql(error)
        }
    }
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path(folder))
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "MEMORY")
        .pragma("mmap_size", "0")
}

/// Opens the one connection that writes. A power cut may cost the last batch, never the file.
pub(super) async fn open(folder: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(folder)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", "1000")
        .pragma("journal_size_limit", "16777216");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let first = include_str!("../../migrations/history/1_history.sql");
    let first = first.into_sql_str();
    let migrator = Migrator::with_migrations(vec![Migration::new(
        1,
        "history".into(),
        MigrationType::Simple,
        first,
        false,
    )]);
    let migrated = migrator.run_direct(None, &mut connection, false).await;
    migrated.map_err(refused)?;
    Ok(connection)
}

fn refused(error: MigrateError) -> StoreError {
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        error.into()
    } else {
        StoreError::Foreign(error.to_string())
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

/// The number of every path, given out where it is new.
pub(super) async fn tags(
    connection: &mut SqliteConnection,
    paths: &[String],
) -> Result<Vec<i64>, StoreError> {
    let mut transaction = connection.begin().await?;
    for some in paths.chunks(ROWS_AT_ONCE) {
        let mut insert: QueryBuilder<Sqlite> =
            QueryBuilder::new("INSERT OR IGNORE INTO tag (path) ");
        insert.push_values(some, |mut row, path| {
            row.push_bind(path);
        });
        insert.build().execute(&mut *transaction).await?;
    }
    let known = sqlx::query("SELECT path, id FROM tag").fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    let known: BTreeMap<String, i64> =
        known.iter().map(|row| (row.get::<String, _>(0), row.get::<i64, _>(1))).collect();
    Ok(paths.iter().filter_map(|path| known.get(path).copied()).collect())
}

/// Writes a batch, whole or not at all. A second sample of one millisecond replaces the first.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    tags: &[Option<i64>],
    batch: &[Sampled],
) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    for rows in batch.chunks(ROWS_AT_ONCE) {
        let mut insert: QueryBuilder<Sqlite> =
            QueryBuilder::new("INSERT OR REPLACE INTO sample (ts, tag, value, quality) ");
        insert.push_values(rows, |mut row, one| {
            row.push_bind(one.point.ts)
                .push_bind(tags.get(one.row).copied().flatten())
                .push_bind(one.point.value)
                .push_bind(one.point.grade.number());
        });
        insert.build().execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Drops what is above the limits of age and size.
pub(super) async fn prune(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    if let Some(before) = oldest_kept(connection).await? {
        sqlx::query("DELETE FROM sample WHERE ts < ?")
            .bind(before)
            .execute(&mut *connection)
            .await?;
    }
    let used: i64 = sqlx::query_scalar(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
    )
    .fetch_one(&mut *connection)
    .await?;
    if used > BYTES_MAX {
        sqlx::query(
            "DELETE FROM sample WHERE ts <
                (SELECT min(ts) + (max(ts) - min(ts)) / 10 FROM sample)",
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Where the days that are kept begin; `None`: there are not more.
async fn oldest_kept(connection: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let mut before = i64::MAX;
    for _ in 0..DAYS_KEPT {
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(ts) FROM sample WHERE ts < ?")
            .bind(before)
            .fetch_one(&mut *connection)
            .await?;
        let Some(newest) = newest else { return Ok(None) };
        before = newest - newest.rem_euclid(DAY_MS);
    }
    Ok(Some(before))
}

/// Samples of a path, oldest first, with the last one before the span where it is at most `back` ms older.
pub(super) async fn query(
    readers: &SqlitePool,
    path: &str,
    (from, to): (i64, i64),
    back: i64,
) -> Result<Vec<Point>, StoreError> {
    let tag: Option<i64> = sqlx::query_scalar("SELECT id FROM tag WHERE path = ?")
        .bind(path)
        .fetch_optional(readers)
        .await?;
    let Some(tag) = tag else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "SELECT ts, value, quality FROM sample WHERE ts BETWEEN ? AND ? AND tag = ? ORDER BY ts",
    )
    .bind(from.saturating_sub(back))
    .bind(to)
    .bind(tag)
    .fetch_all(readers)
    .await?;
    let points: Vec<Point> = rows
        .iter()
        .map(|row| Point { ts: row.get(0), value: row.get(1), grade: Grade::of(row.get(2)) })
        .collect();
    let begins = points.partition_point(|point| point.ts < from);
    Ok(points[begins.saturating_sub(1)..].to_vec())
}
