//! What a person may ask about the store, and of it, without an engine.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;
use super::damage::{aside_of, remove};
use super::schema::{self, Opened, beside, database_error, file_in};

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreInfo {
    /// The store's file. It need not exist.
    pub path: PathBuf,
    /// Questions.
    pub memos: u64,
    /// Remembered outcomes of them; up to four each.
    pub traces: u64,
    /// Values, and records of what they rest on.
    pub blobs: u64,
    /// What the store takes on disk, bytes, one that was set aside included.
    pub bytes: u64,
}

/// Counts what the store in `folder` holds. Makes nothing: where there is no store, all counts are zero.
pub fn info(folder: &Path) -> Result<StoreInfo, StoreError> {
    let path = file_in(folder);
    let mut info = StoreInfo { bytes: bytes(&path), path, ..StoreInfo::default() };
    if info.path.exists() {
        let connection = ready(&info.path)?;
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
        let counts = (|| {
            Ok((
                count("SELECT count(*) FROM memo")?,
                count("SELECT count(*) FROM trace")?,
                count("SELECT count(*) FROM blob")?,
            ))
        })();
        (info.memos, info.traces, info.blobs) = counts.map_err(|error| database_error(&info.path, &error))?;
    }
    Ok(info)
}

/// Forgets everything in the store in `folder` and returns how many bytes that freed. Other processes may use
/// the store meanwhile: it is emptied, not removed, unless it cannot be used anyway.
pub fn clear(folder: &Path) -> Result<u64, StoreError> {
    let path = file_in(folder);
    let before = bytes(&path);
    remove_all(&aside_of(&path))?;
    if path.exists() {
        match schema::open(&path)? {
            Opened::Ready(connection) => empty(&connection).map_err(|error| database_error(&path, &error))?,
            Opened::Unknown(_) => remove_all(&path)?,
        }
    }
    Ok(before.saturating_sub(bytes(&path)))
}

fn ready(path: &Path) -> Result<Connection, StoreError> {
    match schema::open(path)? {
        Opened::Ready(connection) => Ok(connection),
        Opened::Unknown(reason) => Err(StoreError::Unknown { path: path.to_owned(), reason }),
    }
}

fn empty(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "BEGIN IMMEDIATE; DELETE FROM trace; DELETE FROM memo; DELETE FROM blob; DELETE FROM root; COMMIT; VACUUM;",
    )?;
    // Cut short only while nobody else reads; the next checkpoint does it otherwise.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn remove_all(path: &Path) -> Result<(), StoreError> {
    ["", "-wal", "-shm"].iter().try_for_each(|suffix| remove(&beside(path, suffix)))
}

fn bytes(path: &Path) -> u64 {
    let size = |path: PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
    [path.to_owned(), aside_of(path)]
        .iter()
        .flat_map(|file| ["", "-wal"].map(|end| size(beside(file, end))))
        .sum()
}

/// An error with its causes, on one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
