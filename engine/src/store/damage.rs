//! Setting a store aside that cannot be used, and beginning anew.
//!
//! Another process may find the same damage at the same time: they take turns, and whoever comes second looks
//! again before it moves anything.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::schema::{self, Opened, Turn, beside, io_error};
use super::{StoreError, StoreWarning};

/// Which file a path led to: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    pub(super) fn of(path: &Path) -> Option<FileId> {
        let metadata = fs::metadata(path).ok()?;
        Some(FileId(metadata.dev(), metadata.ino()))
    }
}

/// Where a store is moved that cannot be used. An older one there is replaced.
pub(super) fn aside_of(file: &Path) -> PathBuf {
    file.with_extension("aside.sqlite")
}

/// Opens the store in `file`; one that cannot be used is set aside first.
pub(super) fn open_or_replace(file: &Path) -> Result<(Connection, Option<StoreWarning>), StoreError> {
    match schema::open(file)? {
        Opened::Ready(connection) => Ok((connection, None)),
        Opened::Unknown(_) => {
            let turn = schema::lock(file)?;
            match schema::open_in_turn(file, &turn)? {
                Opened::Ready(connection) => Ok((connection, None)),
                Opened::Unknown(reason) => move_aside(file, reason, &turn),
            }
        }
    }
}

/// Begins anew after damage was found while the store was in use. If `damaged` is no longer what lies there,
/// another process has done so already.
pub(super) fn replace(
    file: &Path,
    damaged: Option<FileId>,
    reason: String,
) -> Result<(Connection, Option<StoreWarning>), StoreError> {
    let turn = schema::lock(file)?;
    if FileId::of(file) == damaged {
        return move_aside(file, reason, &turn);
    }
    drop(turn);
    open_or_replace(file)
}

fn move_aside(
    file: &Path,
    reason: String,
    turn: &Turn,
) -> Result<(Connection, Option<StoreWarning>), StoreError> {
    let aside = aside_of(file);
    for suffix in ["-wal", ""] {
        rename(&beside(file, suffix), &beside(&aside, suffix))?;
    }
    remove(&beside(file, "-shm"))?;
    match schema::open_in_turn(file, turn)? {
        Opened::Ready(connection) => {
            let path = file.to_owned();
            Ok((connection, Some(StoreWarning::SetAside { path, aside, reason })))
        }
        Opened::Unknown(reason) => Err(StoreError::Unknown { path: file.to_owned(), reason }),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => remove(to),
        other => other.map_err(|source| io_error("move", from, source)),
    }
}

/// Removes a file if it is there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path, error)),
        _ => Ok(()),
    }
}
