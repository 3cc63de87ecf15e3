//! Writing a store into a file for another machine.

use std::io::Write;
use std::path::Path;

use rusqlite::{Connection, Row, TransactionBehavior};

use super::admin::ready;
use super::parts::Parts;
use super::rows::{self, digest, packed};
use super::schema::{database_error, file_in};
use super::transfer::{Item, TransferError, Transferred, Writer, fits};
use crate::codec;
use crate::trace::LogicalKey;

/// Writes all that the store in `folder` remembers, as it is at this moment. What is damaged is left out. Other processes may
/// use the store meanwhile. Where there is no store, nothing is remembered.
///
/// # Errors
/// Where the store cannot be read, or the file not written.
pub fn export(folder: &Path, to: impl Write) -> Result<Transferred, TransferError> {
    let path = file_in(folder);
    let mut writer = Writer::new(to)?;
    if path.exists() {
        let mut connection = ready(&path)?;
        let failed = |error: rusqlite::Error| database_error(&path, &error);
        let state = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
        each(&state, &path, "SELECT digest, compressed, bytes FROM blob", blob, &mut writer)?;
        each(&state, &path, "SELECT key, compressed, request FROM memo", memo, &mut writer)?;
        let sql = "SELECT outcome, body, deep, seal, imported, key FROM trace ORDER BY key, seq";
        each(&state, &path, sql, trace, &mut writer)?;
        each(&state, &path, "SELECT key FROM root ORDER BY key", root, &mut writer)?;
    }
    Ok(writer.finish()?)
}

type ItemOf = fn(&Connection, &Row<'_>, &mut Parts) -> rusqlite::Result<Option<Item>>;

/// Writes the sound rows of one table.
fn each(
    connection: &Connection,
    path: &Path,
    sql: &str,
    item: ItemOf,
    writer: &mut Writer<impl Write>,
) -> Result<(), TransferError> {
    let failed = |error: rusqlite::Error| database_error(path, &error);
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut parts = Parts::default();
    while let Some(row) = rows.next().map_err(failed)? {
        if let Some(item) = item(connection, row, &mut parts).map_err(failed)? {
            writer.write(&item)?;
        }
    }
    Ok(())
}

fn blob(_: &Connection, row: &Row<'_>, _: &mut Parts) -> rusqlite::Result<Option<Item>> {
    let sound = packed(row)?.filter(|(name, packed)| fits(packed) && codec::is_blob(packed, name));
    Ok(sound.map(|(name, packed)| Item::Blob(name, packed)))
}

fn memo(_: &Connection, row: &Row<'_>, _: &mut Parts) -> rusqlite::Result<Option<Item>> {
    Ok(packed(row)?.and_then(|(name, packed)| {
        let key = LogicalKey(name);
        (fits(&packed) && codec::is_request(&packed, &key)).then_some(Item::Memo(key, packed))
    }))
}

fn trace(connection: &Connection, row: &Row<'_>, parts: &mut Parts) -> rusqlite::Result<Option<Item>> {
    let Some(key) = digest(row.get_ref(5)?).map(LogicalKey) else { return Ok(None) };
    let Some(trace) = rows::sealed(row, &key)? else { return Ok(None) };
    let whole = rows::has_memo(connection, &key)? && parts.of(connection, &trace)?.is_ok();
    Ok(whole.then_some(Item::Trace(key, trace)))
}

fn root(connection: &Connection, row: &Row<'_>, _: &mut Parts) -> rusqlite::Result<Option<Item>> {
    let Some(key) = digest(row.get_ref(0)?).map(LogicalKey) else { return Ok(None) };
    Ok(rows::has_memo(connection, &key)?.then_some(Item::Root(key)))
}
