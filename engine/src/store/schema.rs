//! The store's file: where it lies, its tables and its version, how it is made and opened.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::StoreError;
use crate::trace::ENGINE_ABI;

/// The version of the tables below. Raise it with any change to them.
pub(super) const SCHEMA: i32 = 2;
/// What `PRAGMA user_version` says of a store of this version. The high byte tells it from other databases.
const VERSION: i32 = 0x5000_0000 | SCHEMA << 8 | ENGINE_ABI as i32;
/// How long another process may hold the write lock, which it does for a transaction of the writer.
const BUSY: Duration = Duration::from_secs(20);

/// A commit need not reach the disk to survive this process; only a power cut can undo it.
const SYNCHRONOUS: &str = "PRAGMA synchronous = NORMAL";

/// What the writer's connection has beside: digests fall all over the tables, so a small cache would read and write most pages
/// again and again, and a page that is copied from the log into the file seldom is copied seldom.
pub(super) const WRITING: &str = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 8192";

/// * `memo`: the questions, so that a trace can be verified from digests alone.
/// * `trace`: what is remembered of them; `seq` grows, the latest four are kept, and four that were
///   `imported`. `seal` guards the row.
/// * `blob`: outcomes, bodies and deep sets, by digest.
/// * `root`: the questions that were asked by the engine's user, with the day of the last time since 1970.
const TABLES: &str = "
    CREATE TABLE memo (key BLOB PRIMARY KEY, compressed INTEGER NOT NULL, request BLOB NOT NULL);
    CREATE TABLE trace (
        key BLOB NOT NULL, seq INTEGER NOT NULL, outcome BLOB NOT NULL, body BLOB NOT NULL, deep BLOB,
        imported INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (key, seq)
    ) WITHOUT ROWID;
    CREATE TABLE blob (digest BLOB PRIMARY KEY, compressed INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE root (key BLOB PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID;
";

/// The store's file in its folder.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("memos.sqlite")
}

/// A file of SQLite's beside `file`.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The right to make or move the store, which one process has at a time, until this is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "held for its lock")] File);

/// Waits for the turn. Who has it must not wait for it again.
pub(super) fn lock(file: &Path) -> Result<Turn, StoreError> {
    let path = file.with_extension("lock");
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let taken = options.and_then(|lock| lock.lock().map(|()| Turn(lock)));
    taken.map_err(|source| io_error("lock", &path, source))
}

/// What opening found.
pub(super) enum Opened {
    /// A store of this version.
    Ready(Connection),
    /// The file is damaged, no database, or of another version. Why, as in "the store …".
    Unknown(String),
}

/// Opens the store in `file`, making file and tables if there are none. Changes nothing in a store that is
/// ready.
pub(super) fn open(file: &Path) -> Result<Opened, StoreError> {
    make_file(file)?;
    match named(file, connect(file).and_then(look))? {
        Some(opened) => Ok(opened),
        None => open_in_turn(file, &lock(file)?),
    }
}

/// The same for who has the turn already.
pub(super) fn open_in_turn(file: &Path, _turn: &Turn) -> Result<Opened, StoreError> {
    make_file(file)?;
    let opened = connect(file).and_then(look).and_then(|found| match found {
        None => create(connect(file)?).and_then(look),
        found => Ok(found),
    });
    let empty = || Opened::Unknown("is empty although it was just made".into());
    named(file, opened).map(|opened| opened.unwrap_or_else(empty))
}

/// SQLite gives its other files the mode of this one.
fn make_file(file: &Path) -> Result<(), StoreError> {
    if let Some(folder) = file.parent()
        && !folder.is_dir()
    {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| io_error("make the folder", folder, source))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io_error("make the file", file, error))
        }
        _ => Ok(()),
    }
}

/// Damage is something that opening finds; any other error is one.
fn named(file: &Path, found: rusqlite::Result<Option<Opened>>) -> Result<Option<Opened>, StoreError> {
    match found {
        Err(error) if is_damage(&error) => Ok(Some(Opened::Unknown(format!("is damaged ({error})")))),
        found => found.map_err(|error| database_error(file, &error)),
    }
}

/// Another connection to a store that is known to be ready.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(SYNCHRONOUS)?;
    // Otherwise each value that is bound compiles the statement anew, in the hope of a plan that fits the value better.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// What a file is. `None` if there is nothing in it yet.
fn look(connection: Connection) -> rusqlite::Result<Option<Opened>> {
    Ok(Some(match version_of(&connection)? {
        VERSION => Opened::Ready(connection),
        0 if is_empty(&connection)? => return Ok(None),
        other if other >> 16 == VERSION >> 16 => {
            let age = if other > VERSION { "a newer" } else { "an older" };
            Opened::Unknown(format!("was written by {age} version of this program"))
        }
        _ => Opened::Unknown("is a database of another program".into()),
    }))
}

fn version_of(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// Makes the tables, unless another process was faster. Does not wait for the disk: what a power cut leaves
/// of a store without a memo is set aside the next time.
fn create(mut connection: Connection) -> rusqlite::Result<Connection> {
    connection.execute_batch("PRAGMA synchronous = OFF")?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version_of(&transaction)? == 0 && is_empty(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    connection.execute_batch(SYNCHRONOUS)?;
    Ok(connection)
}

/// Whether the file itself is at fault, rather than the moment.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || message.as_deref().is_some_and(|text| text.starts_with("no such table"))
        }
        rusqlite::Error::SqlInputError { msg, .. } => msg.starts_with("no such"),
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..) => true,
        _ => false,
    }
}

pub(super) fn io_error(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action, path: path.to_owned(), source }
}

pub(super) fn database_error(file: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Database { path: file.to_owned(), reason: error.to_string() }
}
