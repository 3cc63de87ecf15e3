//! Writing a store into a file for another machine.
//!
//! What rests on a variable or a file of this machine stays here, with its answer, the digests that would let them be
//! guessed, and whatever was asked by such answers alone: its key may hold what they had seen.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use rusqlite::{Connection, Row, TransactionBehavior};

use super::admin::ready;
use super::parts::Parts;
use super::rows::{self, digest, packed};
use super::schema::{database_error, file_in};
use super::transfer::{Item, TransferError, Transferred, Writer, fits};
use crate::Digest;
use crate::codec;
use crate::trace::{Body, LogicalKey};

/// Writes what the store in `folder` remembers of the questions that its user asked, as it is at this moment. What is damaged is
/// left out, and so is what rests on inputs other than the time. Other processes may use the store meanwhile. Where there is no
/// store, nothing is remembered.
///
/// # Errors
/// Where the store cannot be read, or the file not written.
pub fn export(folder: &Path, to: impl Write) -> Result<Transferred, TransferError> {
    let path = file_in(folder);
    let mut writer = Writer::new(to)?;
    let mut carried = Carried::default();
    if path.exists() {
        let mut connection = ready(&path)?;
        let failed = |error: rusqlite::Error| database_error(&path, &error);
        let state = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
        carried.gather(&state).map_err(failed)?;
        each(&state, &path, "SELECT digest, compressed, bytes FROM blob", &mut carried, blob, &mut writer)?;
        each(&state, &path, "SELECT key, compressed, request FROM memo", &mut carried, memo, &mut writer)?;
        let sql = "SELECT outcome, body, deep, seal, imported, key FROM trace ORDER BY key, seq";
        each(&state, &path, sql, &mut carried, trace, &mut writer)?;
        each(&state, &path, "SELECT key, day FROM root ORDER BY key", &mut carried, root, &mut writer)?;
    }
    Ok(Transferred { private: carried.private, ..writer.finish()? })
}

/// What goes into the file, by name.
#[derive(Default)]
struct Carried {
    /// Those that have an answer, or that a carried one rests on.
    questions: HashSet<Digest>,
    answered: HashSet<Digest>,
    blobs: HashSet<Digest>,
    parts: Parts,
    /// Traces that stay here.
    private: u64,
}

impl Carried {
    /// Goes from the roots through the traces that are carried.
    fn gather(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut todo = rows::names(connection, "SELECT key FROM root")?;
        let mut seen = HashSet::new();
        while let Some(key) = todo.pop() {
            if !seen.insert(key) {
                continue;
            }
            for trace in rows::traces(connection, &LogicalKey(key))? {
                if self.parts.of(connection, &trace)?.is_err() || self.parts.is_private(&trace) {
                    continue;
                }
                self.questions.insert(key);
                self.answered.insert(key);
                self.blobs.extend([Some(trace.outcome), trace.deep].into_iter().flatten());
                if self.blobs.insert(trace.body) {
                    let body = rows::blob(connection, &trace.body)?
                        .and_then(|packed| codec::unpack_blob(packed, &trace.body))
                        .and_then(|bytes| Body::decode(&bytes));
                    let asked: Vec<_> = body.iter().flat_map(Body::dependencies).map(|key| key.0).collect();
                    self.questions.extend(&asked);
                    todo.extend(asked);
                }
            }
        }
        Ok(())
    }
}

type ItemOf = fn(&Connection, &Row<'_>, &mut Carried) -> rusqlite::Result<Option<Item>>;

/// Writes the rows of one table that are sound and carried.
fn each(
    connection: &Connection,
    path: &Path,
    sql: &str,
    carried: &mut Carried,
    item: ItemOf,
    writer: &mut Writer<impl Write>,
) -> Result<(), TransferError> {
    let failed = |error: rusqlite::Error| database_error(path, &error);
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if let Some(item) = item(connection, row, carried).map_err(failed)? {
            writer.write(&item)?;
        }
    }
    Ok(())
}

fn blob(_: &Connection, row: &Row<'_>, carried: &mut Carried) -> rusqlite::Result<Option<Item>> {
    let found = packed(row)?.filter(|(name, _)| carried.blobs.contains(name));
    let sound = found.filter(|(name, packed)| fits(packed) && codec::is_blob(packed, name));
    Ok(sound.map(|(name, packed)| Item::Blob(name, packed)))
}

fn memo(_: &Connection, row: &Row<'_>, carried: &mut Carried) -> rusqlite::Result<Option<Item>> {
    let found = packed(row)?.filter(|(name, _)| carried.questions.contains(name));
    Ok(found.and_then(|(name, packed)| {
        let key = LogicalKey(name);
        (fits(&packed) && codec::is_request(&packed, &key)).then_some(Item::Memo(key, packed))
    }))
}

fn trace(connection: &Connection, row: &Row<'_>, carried: &mut Carried) -> rusqlite::Result<Option<Item>> {
    let Some(key) = digest(row.get_ref(5)?).map(LogicalKey) else { return Ok(None) };
    let Some(trace) = rows::sealed(row, &key)? else { return Ok(None) };
    if !rows::has_memo(connection, &key)? || carried.parts.of(connection, &trace)?.is_err() {
        return Ok(None);
    }
    if carried.parts.is_private(&trace) {
        carried.private += 1;
        return Ok(None);
    }
    Ok(carried.answered.contains(&key.0).then_some(Item::Trace(key, trace)))
}

fn root(connection: &Connection, row: &Row<'_>, carried: &mut Carried) -> rusqlite::Result<Option<Item>> {
    let key = digest(row.get_ref(0)?).filter(|key| carried.answered.contains(key)).map(LogicalKey);
    // A day that is none is damage.
    let day = row.get::<_, i64>(1).ok().and_then(|day| u32::try_from(day).ok());
    let Some((key, day)) = key.zip(day) else { return Ok(None) };
    Ok(rows::has_memo(connection, &key)?.then_some(Item::Root(key, day)))
}
