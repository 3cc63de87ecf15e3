//! What a store holds, for a person to read.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::StoreError;
use super::admin::bytes;
use super::damage::aside_of;
use super::schema::{self, Opened, database_error, file_in};
use crate::trace::ENGINE_ABI;

/// The versions of the store and of what gives its traces their meaning, for people.
pub fn version_name() -> String {
    format!("tables {}, engine {ENGINE_ABI}", schema::SCHEMA)
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreInfo {
    /// The store's file. It need not exist.
    pub path: PathBuf,
    /// Whether it can be used.
    pub state: StoreState,
    /// Questions.
    pub memos: u64,
    /// Remembered outcomes of them; up to four each, and four from other machines.
    pub traces: u64,
    /// Those of the traces that came from another machine, or rest on one that did.
    pub imported: u64,
    /// Values, and records of what they rest on.
    pub blobs: u64,
    /// Questions that the engine's user asked.
    pub roots: u64,
    /// The day on which one was asked last, counted from 1970-01-01.
    pub last_used: Option<u64>,
    /// What the store takes on disk, bytes.
    pub bytes: u64,
    /// What a store that was set aside takes on disk, bytes.
    pub aside_bytes: u64,
}

/// Whether a store can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreState {
    /// There is none yet.
    #[default]
    Absent,
    /// It is one of this version.
    Ready,
    /// It is damaged or of another version. Why, as in "the store …".
    Unusable(String),
}

/// Counts what the store in `folder` holds. Makes nothing: where there is no store, all counts are zero.
///
/// # Errors
/// Where the file cannot be opened or read at this moment.
pub fn info(folder: &Path) -> Result<StoreInfo, StoreError> {
    let path = file_in(folder);
    let mut info =
        StoreInfo { bytes: bytes(&path), aside_bytes: bytes(&aside_of(&path)), ..StoreInfo::default() };
    if path.exists() {
        match schema::open(&path)? {
            Opened::Unknown(reason) => info.state = StoreState::Unusable(reason),
            Opened::Ready(connection) => match counted(&connection, &mut info) {
                Ok(()) => info.state = StoreState::Ready,
                Err(error) if schema::is_damage(&error) => {
                    info.state = StoreState::Unusable(format!("is damaged ({error})"));
                }
                Err(error) => return Err(database_error(&path, &error)),
            },
        }
    }
    info.path = path;
    Ok(info)
}

fn counted(connection: &Connection, info: &mut StoreInfo) -> rusqlite::Result<()> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
    info.memos = number("SELECT count(*) FROM memo")?;
    info.traces = number("SELECT count(*) FROM trace")?;
    info.imported = number("SELECT count(*) FROM trace WHERE imported")?;
    info.blobs = number("SELECT count(*) FROM blob")?;
    info.roots = number("SELECT count(*) FROM root")?;
    let last = connection.query_row("SELECT max(day) FROM root", [], |row| row.get::<_, Option<i64>>(0))?;
    info.last_used = last.map(i64::unsigned_abs);
    Ok(())
}
