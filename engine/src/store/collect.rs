//! Keeping the store within a limit: what the latest roots rest on stays, the rest goes.
//!
//! A remembered root touches nothing below it, so only roots carry the day of their last use; what is below
//! is found through their traces. Deleting takes small transactions, so that other processes are not held up.
//! One of them may write a trace whose blob goes at that moment: it will be missing, which is a miss.

use std::collections::HashSet;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::schema::{Opened, database_error, file_in, open};
use super::{StoreError, rows};
use crate::trace::{Body, LogicalKey};
use crate::{Digest, codec};

/// A store of this many bytes is large enough: about a hundred histories of 20,000 commits.
pub(super) const LIMIT: u64 = 2 << 30;
/// So many rows go in one transaction.
const CHUNK: usize = 500;

/// Brings the store in `folder` down to half of `limit` bytes if it holds more than `limit`, and returns how
/// many bytes that freed for what comes next. The file does not shrink.
pub fn collect(folder: &Path, limit: u64) -> Result<u64, StoreError> {
    let path = file_in(folder);
    if !path.exists() {
        return Ok(0);
    }
    match open(&path)? {
        Opened::Ready(mut connection) => {
            within(&mut connection, limit).map_err(|error| database_error(&path, &error))
        }
        Opened::Unknown(reason) => Err(StoreError::Unknown { path, reason }),
    }
}

/// See [`collect`].
pub(super) fn within(connection: &mut Connection, limit: u64) -> rusqlite::Result<u64> {
    let before = held(connection)?;
    if before <= limit {
        return Ok(0);
    }
    let marked = mark(connection, limit / 2)?;
    sweep(connection, "memo", "key", &marked.keys)?;
    sweep(connection, "trace", "key", &marked.keys)?;
    sweep(connection, "root", "key", &marked.keys)?;
    sweep(connection, "blob", "digest", &marked.blobs)?;
    Ok(before.saturating_sub(held(connection)?))
}

/// Notes that `roots` are used today, unless that is noted already. Writes nothing then.
pub(super) fn touch(connection: &mut Connection, roots: &[LogicalKey]) -> rusqlite::Result<()> {
    let today =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400) as i64;
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

#[derive(Default)]
struct Marked {
    keys: HashSet<Digest>,
    blobs: HashSet<Digest>,
}

/// What the latest roots rest on, until its blobs exceed `budget` bytes.
fn mark(connection: &Connection, budget: u64) -> rusqlite::Result<Marked> {
    let mut marked = Marked::default();
    let mut bytes = 0;
    for root in names(connection, "SELECT key FROM root ORDER BY day DESC, key")? {
        let mut todo = vec![root];
        while let Some(key) = todo.pop() {
            if bytes > budget {
                return Ok(marked);
            }
            if marked.keys.insert(key) {
                bytes += mark_one(connection, key, &mut marked.blobs, &mut todo)?;
            }
        }
    }
    Ok(marked)
}

/// Marks the blobs of one key and adds what it rests on to `todo`. Returns the size of what was not marked
/// before.
fn mark_one(
    connection: &Connection,
    key: Digest,
    blobs: &mut HashSet<Digest>,
    todo: &mut Vec<Digest>,
) -> rusqlite::Result<u64> {
    let mut bytes = 0;
    for trace in rows::traces(connection, &LogicalKey(key))? {
        for blob in [Some(trace.outcome), Some(trace.body), trace.deep].into_iter().flatten() {
            if blobs.insert(blob) {
                bytes += size(connection, &blob)?;
            }
        }
        let body =
            rows::blob(connection, &trace.body)?.and_then(|packed| codec::unpack_blob(packed, &trace.body));
        let body = body.and_then(|bytes| Body::decode(&bytes));
        todo.extend(body.iter().flat_map(Body::dependencies).map(|key| key.0));
    }
    Ok(bytes)
}

fn size(connection: &Connection, blob: &Digest) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT length(bytes) FROM blob WHERE digest = ?")?;
    let length =
        statement.query_row([blob.as_bytes()], |row| row.get(0).map(i64::unsigned_abs)).optional()?;
    Ok(length.unwrap_or(0))
}

/// Deletes the rows of `table` whose `column` is not in `keep`.
fn sweep(
    connection: &mut Connection,
    table: &str,
    column: &str,
    keep: &HashSet<Digest>,
) -> rusqlite::Result<()> {
    let all = names(connection, &format!("SELECT DISTINCT {column} FROM {table}"))?;
    let gone: Vec<Digest> = all.into_iter().filter(|name| !keep.contains(name)).collect();
    let sql = format!("DELETE FROM {table} WHERE {column} = ?");
    for chunk in gone.chunks(CHUNK) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for name in chunk {
            transaction.prepare_cached(&sql)?.execute([name.as_bytes()])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn names(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, [u8; 32]>(0).map(Digest::from_bytes))?;
    rows.collect()
}
