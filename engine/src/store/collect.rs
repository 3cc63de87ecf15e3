//! Keeping the store within a limit: what the latest roots rest on stays, the rest goes.
//!
//! A remembered root touches nothing below it, so only roots carry the day of their last use; what is below
//! is found through their traces. Deleting takes small transactions, so that other processes are not held up.
//! No trace loses its blobs: which of them are named is looked at again when another process has written.

use std::collections::HashSet;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::admin::{bytes, ready};
use super::schema::{database_error, file_in};
use super::{StoreError, rows};
use crate::trace::{Body, LogicalKey};
use crate::{Digest, codec};

/// A store of this many bytes is large enough: about a hundred histories of 20,000 commits.
pub const LIMIT: u64 = 2 << 30;
/// So many rows go in one transaction.
const CHUNK: usize = 500;
/// What the rows of one question take beside its blobs, about, and what a blob takes beside its bytes.
const PER_KEY: u64 = 420;
const PER_BLOB: u64 = 60;
/// How often the budget is cut down until what stays fits.
const ROUNDS: usize = 6;

/// What [`collect`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// What the store's file took before and takes now, bytes.
    pub before: u64,
    /// See `before`.
    pub after: u64,
    /// Questions that were forgotten.
    pub forgotten: u64,
}

/// Brings the store in `folder` within `limit` bytes: what the latest roots rest on stays as far as it fits. The file shrinks
/// with it. Other processes may use the store meanwhile; where one of them writes all the time, the file shrinks later.
///
/// # Errors
/// Where the store cannot be opened or written, or is of another version.
pub fn collect(folder: &Path, limit: u64) -> Result<Collected, StoreError> {
    let path = file_in(folder);
    if !path.exists() {
        return Ok(Collected::default());
    }
    let mut connection = ready(&path)?;
    shrink(&mut connection, &path, limit).map_err(|error| database_error(&path, &error))
}

fn shrink(connection: &mut Connection, path: &Path, limit: u64) -> rusqlite::Result<Collected> {
    let questions = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM memo", [], |row| row.get(0).map(i64::unsigned_abs))
    };
    let (before, first) = (bytes(path), questions(connection)?);
    let mut budget = limit;
    for _ in 0..ROUNDS {
        let now = held(connection)?;
        if now <= limit {
            break;
        }
        forget(connection, budget)?;
        budget = budget / 8 * 7;
    }
    if held(connection)? > limit {
        forget(connection, 0)?;
    }
    let forgotten = first.saturating_sub(questions(connection)?);
    if forgotten > 0 || bytes(path) > limit {
        connection.execute_batch("VACUUM")?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(Collected { before, after: bytes(path), forgotten })
}

/// Brings the store down to half of `limit` if it holds more, without shrinking its file.
pub(super) fn within(connection: &mut Connection, limit: u64) -> rusqlite::Result<()> {
    if held(connection)? > limit {
        forget(connection, limit / 2)?;
    }
    Ok(())
}

/// Keeps what the latest roots rest on, up to `budget` bytes.
fn forget(connection: &mut Connection, budget: u64) -> rusqlite::Result<()> {
    let marked = mark(connection, budget)?;
    for table in ["trace", "memo", "root"] {
        sweep(connection, table, &marked)?;
    }
    sweep_blobs(connection)
}

/// The days since the beginning of 1970; 0 where the clock stands before that.
pub(super) fn today() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or_default()
}

/// Notes that `roots` are used today, unless that is noted already. Writes nothing then.
pub(super) fn touch(connection: &mut Connection, roots: &[LogicalKey]) -> rusqlite::Result<()> {
    let today = today();
    let mut stale = Vec::new();
    for root in roots {
        let mut statement = connection.prepare_cached("SELECT day FROM root WHERE key = ?")?;
        let day: Option<i64> = statement.query_row([root.0.as_bytes()], |row| row.get(0)).optional()?;
        if day != Some(today) {
            stale.push(root);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for root in stale {
        let sql = "INSERT OR REPLACE INTO root (key, day) VALUES (?, ?)";
        transaction.prepare_cached(sql)?.execute(params![root.0.as_bytes(), today])?;
    }
    transaction.commit()
}

/// How much of the file is in use, bytes.
fn held(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get(0).map(i64::unsigned_abs));
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?);
    Ok(pages * number("PRAGMA page_size")?)
}

/// The questions that the latest roots rest on, as many roots as fit into `budget` bytes with their blobs. Of one that does
/// not fit by itself, as much as fits.
fn mark(connection: &Connection, budget: u64) -> rusqlite::Result<HashSet<Digest>> {
    let (mut keys, mut blobs) = (HashSet::new(), HashSet::new());
    let mut taken = 0;
    for root in rows::names(connection, "SELECT key FROM root ORDER BY day DESC, key")? {
        let (mut todo, mut own) = (vec![root], Vec::new());
        while let Some(key) = todo.pop() {
            if keys.contains(&key) {
                continue;
            }
            taken += PER_KEY + mark_one(connection, key, &mut blobs, &mut todo)?;
            if taken > budget {
                if own.len() < keys.len() {
                    own.iter().for_each(|key| {
                        keys.remove(key);
                    });
                }
                return Ok(keys);
            }
            keys.insert(key);
            own.push(key);
        }
    }
    Ok(keys)
}

/// Marks the blobs of one key and adds what it rests on to `todo`. Returns the size of what was not marked
/// before.
fn mark_one(
    connection: &Connection,
    key: Digest,
    blobs: &mut HashSet<Digest>,
    todo: &mut Vec<Digest>,
) -> rusqlite::Result<u64> {
    let mut taken = 0;
    for trace in rows::traces(connection, &LogicalKey(key))? {
        for blob in [Some(trace.outcome), Some(trace.body), trace.deep].into_iter().flatten() {
            if blobs.insert(blob) {
                taken += PER_BLOB + size(connection, &blob)?;
            }
        }
        let body =
            rows::blob(connection, &trace.body)?.and_then(|packed| codec::unpack_blob(packed, &trace.body));
        let body = body.and_then(|bytes| Body::decode(&bytes));
        todo.extend(body.iter().flat_map(Body::dependencies).map(|key| key.0));
    }
    Ok(taken)
}

fn size(connection: &Connection, blob: &Digest) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT length(bytes) FROM blob WHERE digest = ?")?;
    let length =
        statement.query_row([blob.as_bytes()], |row| row.get(0).map(i64::unsigned_abs)).optional()?;
    Ok(length.unwrap_or(0))
}

/// Deletes the rows of `table` whose key is not in `keep`.
fn sweep(connection: &mut Connection, table: &str, keep: &HashSet<Digest>) -> rusqlite::Result<()> {
    let all = rows::names(connection, &format!("SELECT DISTINCT key FROM {table}"))?;
    let gone: Vec<Digest> = all.into_iter().filter(|name| !keep.contains(name)).collect();
    let sql = match table {
        // Another process may have written a trace of it meanwhile.
        "memo" => {
            "DELETE FROM memo WHERE key = ? AND NOT EXISTS (SELECT 1 FROM trace WHERE trace.key = memo.key)"
        }
        "trace" => "DELETE FROM trace WHERE key = ?",
        _ => "DELETE FROM root WHERE key = ?",
    };
    for chunk in gone.chunks(CHUNK) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for name in chunk {
            transaction.prepare_cached(sql)?.execute([name.as_bytes()])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Deletes the blobs that no trace names. What another process wrote meanwhile is looked at before each transaction
/// deletes anything, so that no trace is left without its blobs.
fn sweep_blobs(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut used = HashSet::new();
    let mut seen = None;
    let all = rows::names(connection, "SELECT digest FROM blob")?;
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Changes whenever another connection has committed.
        let version: i64 = transaction.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if seen.replace(version) != Some(version) {
            used = named_blobs(&transaction)?;
        }
        let mut gone = 0;
        while gone < CHUNK
            && let Some((name, further)) = rest.split_first()
        {
            rest = further;
            if !used.contains(name) {
                gone += 1;
                transaction
                    .prepare_cached("DELETE FROM blob WHERE digest = ?")?
                    .execute([name.as_bytes()])?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Every blob that a trace names.
fn named_blobs(connection: &Connection) -> rusqlite::Result<HashSet<Digest>> {
    let mut used = HashSet::new();
    for column in ["outcome", "body", "deep"] {
        used.extend(rows::names(
            connection,
            &format!("SELECT {column} FROM trace WHERE {column} IS NOT NULL"),
        )?);
    }
    Ok(used)
}
