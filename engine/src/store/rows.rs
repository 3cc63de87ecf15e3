//! The statements: rows in and out.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};

use super::TRACES_PER_KEY;
use crate::Digest;
use crate::codec::{self, Packed};
use crate::trace::{LogicalKey, Trace};
use crate::writer::Record;

pub(super) fn traces(connection: &Connection, key: &LogicalKey) -> rusqlite::Result<Vec<Trace>> {
    let sql = "SELECT outcome, body, deep, seal, imported FROM trace WHERE key = ? ORDER BY seq DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([key.0.as_bytes()], |row| sealed(row, key))?;
    rows.filter_map(Result::transpose).collect()
}

/// The trace in a row `outcome, body, deep, seal, imported, …`; `None` if it is not what its seal says.
pub(super) fn sealed(row: &Row<'_>, key: &LogicalKey) -> rusqlite::Result<Option<Trace>> {
    let deep = match row.get_ref(2)? {
        ValueRef::Null => Some(None),
        value => digest(value).map(Some),
    };
    let imported = match row.get_ref(4)? {
        ValueRef::Integer(0) => Some(false),
        ValueRef::Integer(1) => Some(true),
        _ => None,
    };
    let (Some(outcome), Some(body), Some(deep), Some(imported)) =
        (digest(row.get_ref(0)?), digest(row.get_ref(1)?), deep, imported)
    else {
        return Ok(None);
    };
    let trace = Trace { outcome, body, deep, imported };
    Ok((bytes(row.get_ref(3)?) == seal(key, &trace)).then_some(trace))
}

/// The bytes that are kept under `name`, still packed, and not checked.
pub(super) fn blob(connection: &Connection, name: &Digest) -> rusqlite::Result<Option<Packed>> {
    found(connection, "SELECT compressed, bytes FROM blob WHERE digest = ?", name)
}

/// The request that is kept under `key`, still packed, and not checked.
pub(super) fn request(connection: &Connection, key: &LogicalKey) -> rusqlite::Result<Option<Packed>> {
    found(connection, "SELECT compressed, request FROM memo WHERE key = ?", &key.0)
}

fn found(connection: &Connection, sql: &str, name: &Digest) -> rusqlite::Result<Option<Packed>> {
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row([name.as_bytes()], |row| {
        let compressed = matches!(row.get_ref(0)?, ValueRef::Integer(1));
        Ok(Packed { compressed, bytes: bytes(row.get_ref(1)?).to_vec() })
    });
    row.optional()
}

/// Puts a fact into the store, within the caller's transaction. `put` are the blobs that it is known to hold
/// already: the facts of a transaction share most bodies and deep sets.
pub(super) fn write(
    connection: &Connection,
    record: &Record,
    put: &mut HashSet<Digest>,
) -> rusqlite::Result<()> {
    if let Some(outcome) = &record.outcome {
        put_blob(connection, &record.trace.outcome, put, || codec::encode_outcome(outcome))?;
    }
    if let Some(deep) = &record.deep {
        put_blob(connection, &deep.digest, put, || deep.bytes.to_vec())?;
    }
    put_blob(connection, &record.trace.body, put, || record.body.clone())?;
    // What was found in the store may have been forgotten by another process meanwhile.
    if record.outcome.is_none() && !has_blob(connection, &record.trace.outcome)? {
        return Ok(());
    }
    put_memo(connection, &record.key, || codec::pack(codec::encode_request(&record.request)))?;
    put_trace(connection, &record.key, &record.trace).map(drop)
}

pub(super) fn has_blob(connection: &Connection, name: &Digest) -> rusqlite::Result<bool> {
    exists(connection, "SELECT 1 FROM blob WHERE digest = ?", name)
}

pub(super) fn has_memo(connection: &Connection, key: &LogicalKey) -> rusqlite::Result<bool> {
    exists(connection, "SELECT 1 FROM memo WHERE key = ?", &key.0)
}

/// Removes what does not match its name, so that it can be written again.
pub(super) fn remove_broken(connection: &Connection, name: &Digest) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM blob WHERE digest = ?")?.execute([name.as_bytes()])?;
    connection.prepare_cached("DELETE FROM memo WHERE key = ?")?.execute([name.as_bytes()])?;
    Ok(())
}

fn put_blob(
    connection: &Connection,
    name: &Digest,
    put: &mut HashSet<Digest>,
    plain: impl FnOnce() -> Vec<u8>,
) -> rusqlite::Result<()> {
    if !put.insert(*name) || has_blob(connection, name)? {
        return Ok(());
    }
    put_packed(connection, name, codec::pack(plain()))
}

/// Puts a blob that is not there yet.
pub(super) fn put_packed(connection: &Connection, name: &Digest, packed: Packed) -> rusqlite::Result<()> {
    let Packed { compressed, bytes } = packed;
    let sql = "INSERT INTO blob (digest, compressed, bytes) VALUES (?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![name.as_bytes(), compressed, bytes])?;
    Ok(())
}

/// Puts a question, unless it is there.
pub(super) fn put_memo(
    connection: &Connection,
    key: &LogicalKey,
    packed: impl FnOnce() -> Packed,
) -> rusqlite::Result<()> {
    if has_memo(connection, key)? {
        return Ok(());
    }
    let Packed { compressed, bytes } = packed();
    let sql = "INSERT INTO memo (key, compressed, request) VALUES (?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![key.0.as_bytes(), compressed, bytes])?;
    Ok(())
}

fn exists(connection: &Connection, sql: &str, name: &Digest) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([name.as_bytes()], |_| Ok(())).optional()?.is_some())
}

/// Puts `trace` first among those of its key, and forgets the oldest. What this machine has computed takes the place of
/// the same from elsewhere, never the other way round, and neither kind crowds out the other. Says whether it is new.
pub(super) fn put_trace(connection: &Connection, key: &LogicalKey, trace: &Trace) -> rusqlite::Result<bool> {
    let there = present(connection, key, trace)?;
    if trace.imported && there.iter().any(|row| row.same) {
        return Ok(false);
    }
    let older = there.iter().filter(|row| !row.same && row.imported == trace.imported);
    let gone = older.skip(TRACES_PER_KEY - 1).chain(there.iter().filter(|row| row.same));
    for row in gone {
        let sql = "DELETE FROM trace WHERE key = ? AND seq = ?";
        connection.prepare_cached(sql)?.execute(params![key.0.as_bytes(), row.seq])?;
    }
    let seq = there.first().map_or(1, |latest| latest.seq.saturating_add(1));
    let [name, outcome, body] = [&key.0, &trace.outcome, &trace.body].map(Digest::as_bytes);
    let (deep, imported) = (trace.deep.as_ref().map(Digest::as_bytes), trace.imported);
    let insert = "INSERT OR REPLACE INTO trace (key, seq, outcome, body, deep, imported, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    let sealed = seal(key, trace);
    connection.prepare_cached(insert)?.execute(params![name, seq, outcome, body, deep, imported, sealed])?;
    Ok(true)
}

/// A row that is there already, whatever its seal says.
struct Present {
    seq: i64,
    imported: bool,
    /// It says the same as the one to be put.
    same: bool,
}

/// The rows of a key, the latest first.
fn present(connection: &Connection, key: &LogicalKey, trace: &Trace) -> rusqlite::Result<Vec<Present>> {
    let sql = "SELECT outcome, body, deep, imported, seq FROM trace WHERE key = ? ORDER BY seq DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([key.0.as_bytes()], |row| {
        let same = digest(row.get_ref(0)?) == Some(trace.outcome)
            && digest(row.get_ref(1)?) == Some(trace.body)
            && digest(row.get_ref(2)?) == trace.deep;
        let imported = matches!(row.get_ref(3)?, ValueRef::Integer(1));
        Ok(Present { seq: row.get(4)?, imported, same })
    })?;
    rows.collect()
}

/// What a trace's row must carry: a flipped bit in it must not make one trace pass for another.
fn seal(key: &LogicalKey, trace: &Trace) -> [u8; 8] {
    let deep = trace.deep.as_ref().map_or(&[][..], |deep| deep.as_bytes());
    let imported = [u8::from(trace.imported)];
    let parts: [&[u8]; 5] =
        [key.0.as_bytes(), trace.outcome.as_bytes(), trace.body.as_bytes(), deep, &imported];
    let digest = Digest::of_parts(&parts);
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    [a, b, c, d, e, f, g, h]
}

/// The name and the bytes in a row `name, compressed, bytes, …`; `None` if it is no such row.
pub(super) fn packed(row: &Row<'_>) -> rusqlite::Result<Option<(Digest, Packed)>> {
    let compressed = match row.get_ref(1)? {
        ValueRef::Integer(0) => false,
        ValueRef::Integer(1) => true,
        _ => return Ok(None),
    };
    let bytes = bytes(row.get_ref(2)?).to_vec();
    Ok(digest(row.get_ref(0)?).map(|name| (name, Packed { compressed, bytes })))
}

/// A value of another type is as good as none: it will not match its digest.
pub(super) fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
        _ => &[],
    }
}

/// The digests in a column. What is none is damaged, and not told apart here.
pub(super) fn names(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get_ref(0).map(digest))?;
    rows.filter_map(Result::transpose).collect()
}

pub(super) fn digest(value: ValueRef<'_>) -> Option<Digest> {
    bytes(value).try_into().ok().map(Digest::from_bytes)
}
