//! Emptying the store without an engine, and what the other tasks of that kind share.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;
use super::damage::{aside_of, remove};
use super::schema::{self, Opened, beside, database_error, file_in};

/// Forgets everything in the store in `folder` and returns how many bytes that freed. Other processes may use
/// the store meanwhile: it is emptied, not removed, unless it cannot be used anyway.
pub fn clear(folder: &Path) -> Result<u64, StoreError> {
    let path = file_in(folder);
    let all = || bytes(&path) + bytes(&aside_of(&path));
    let before = all();
    remove_all(&aside_of(&path))?;
    if path.exists() {
        match schema::open(&path)? {
            Opened::Ready(connection) => empty(&connection).map_err(|error| database_error(&path, &error))?,
            Opened::Unknown(_) => remove_all(&path)?,
        }
    }
    Ok(before.saturating_sub(all()))
}

/// Removes a store that was set aside, and returns how many bytes that freed.
///
/// # Errors
/// Where its files cannot be removed.
pub fn forget_aside(folder: &Path) -> Result<u64, StoreError> {
    let aside = aside_of(&file_in(folder));
    let freed = bytes(&aside);
    remove_all(&aside)?;
    Ok(freed)
}

/// An existing store of this version.
pub(super) fn ready(path: &Path) -> Result<Connection, StoreError> {
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

/// What a file of SQLite's and its write-ahead log take, bytes.
pub(super) fn bytes(file: &Path) -> u64 {
    let size = |path: PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
    size(file.to_owned()) + size(beside(file, "-wal"))
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
