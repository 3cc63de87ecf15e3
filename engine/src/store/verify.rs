//! Reading every record of a store, to see whether it is what its name or its seal says.
//!
//! What a check meets it checks anyway; here all is looked at, once, in one state of the store. Reading takes one row
//! after the other, so a large store needs no more memory than a small one.

use std::fmt;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::StoreError;
use super::damage::{self, FileId};
use super::parts::Parts;
use super::rows::{self, digest, packed};
use super::schema::{self, Opened, database_error, file_in};
use crate::codec;
use crate::trace::LogicalKey;

/// So many kinds of damage are kept by name; the rest is counted.
const NAMED: usize = 20;

/// What reading a whole store came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verified {
    /// Records that were read: questions, traces, values, roots.
    pub records: u64,
    /// Those of them that are not what they should be.
    pub damaged: u64,
    /// The first of these, by table.
    pub found: Vec<Damage>,
    /// Why the file as a whole cannot be used, as in "the store …"; then nothing was read.
    pub unusable: Option<String>,
    /// Whether what was damaged is gone now.
    pub repaired: bool,
}

/// One damaged record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The table: `memo`, `trace`, `blob`, `root`, or `file` for damage between the records.
    pub table: &'static str,
    /// The record's name, in hexadecimal, or where in the file.
    pub name: String,
    /// What is wrong with it, as in "the record …".
    pub wrong: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.name, self.wrong)
    }
}

impl Verified {
    /// Whether all is as it should be.
    pub fn is_sound(&self) -> bool {
        self.damaged == 0 && self.unusable.is_none()
    }

    fn add(&mut self, table: &'static str, name: String, wrong: &'static str) {
        self.damaged += 1;
        if self.found.len() < NAMED {
            self.found.push(Damage { table, name, wrong });
        }
    }
}

/// Reads every record of the store in `folder`. With `repair`, what is damaged is removed, and a file that cannot be used is
/// set aside; without it nothing is changed. Where there is no store there are no records.
///
/// # Errors
/// Where the file cannot be opened, read or written at this moment.
pub fn verify(folder: &Path, repair: bool) -> Result<Verified, StoreError> {
    let file = file_in(folder);
    if !file.exists() {
        return Ok(Verified::default());
    }
    let id = FileId::of(&file);
    let read = match schema::open(&file)? {
        Opened::Unknown(reason) => Err(reason),
        Opened::Ready(mut connection) => match whole(&mut connection, repair) {
            Err(error) if schema::is_damage(&error) => Err(format!("is damaged ({error})")),
            read => Ok(read.map_err(|error| database_error(&file, &error))?),
        },
    };
    match read {
        Ok(verified) => Ok(verified),
        Err(reason) => {
            if repair {
                damage::replace(&file, id, reason.clone())?;
            }
            Ok(Verified { unusable: Some(reason), repaired: repair, ..Verified::default() })
        }
    }
}

/// Reads all within one transaction, so that what others write meanwhile is not seen by halves.
fn whole(connection: &mut Connection, repair: bool) -> rusqlite::Result<Verified> {
    let behavior = if repair { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
    let transaction = connection.transaction_with_behavior(behavior)?;
    let mut verified = Verified::default();
    pages(&transaction)?;
    let mut gone = Vec::new();
    for table in TABLES {
        table.read(&transaction, &mut verified, &mut gone)?;
    }
    if repair && verified.damaged > 0 {
        for (table, rowid) in &gone {
            table.remove(&transaction, rowid)?;
        }
        dangling(&transaction)?;
        verified.repaired = true;
    }
    transaction.commit()?;
    Ok(verified)
}

/// The file's own structure: what is wrong there makes all of it unusable.
fn pages(connection: &Connection) -> rusqlite::Result<()> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    match answer.as_str() {
        "ok" => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error { code: rusqlite::ErrorCode::DatabaseCorrupt, extended_code: 11 },
            Some(answer),
        )),
    }
}

/// One of the tables: how its rows are read, judged and removed.
struct Table {
    name: &'static str,
    sql: &'static str,
    judge: fn(&Connection, &Row<'_>, &mut Parts) -> rusqlite::Result<Result<(), &'static str>>,
    remove: &'static str,
}

const TABLES: &[Table] = &[
    Table {
        name: "memo",
        sql: "SELECT key, compressed, request, rowid FROM memo",
        judge: |_, row, _| Ok(memo(row)?.ok_or("its question is not the one that its name is taken from")),
        remove: "DELETE FROM memo WHERE rowid = ?2",
    },
    Table {
        name: "blob",
        sql: "SELECT digest, compressed, bytes, rowid FROM blob",
        judge: |_, row, _| Ok(blob(row)?.ok_or("its bytes do not have the digest that it is named by")),
        remove: "DELETE FROM blob WHERE rowid = ?2",
    },
    Table {
        name: "trace",
        sql: "SELECT outcome, body, deep, seal, imported, key, seq FROM trace",
        judge: trace,
        remove: "DELETE FROM trace WHERE key IS ?1 AND seq IS ?2",
    },
    Table {
        name: "root",
        sql: "SELECT key, day FROM root",
        judge: |_, row, _| Ok(root(row)?.ok_or("it is no question with a day")),
        remove: "DELETE FROM root WHERE key IS ?1 AND day IS ?2",
    },
];

/// A row's name, and what else tells it from others.
type Place = (rusqlite::types::Value, rusqlite::types::Value);

impl Table {
    fn read<'a>(
        &'a self,
        connection: &Connection,
        verified: &mut Verified,
        gone: &mut Vec<(&'a Table, Place)>,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(self.sql)?;
        let (columns, mut parts) = (statement.column_count(), Parts::default());
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            verified.records += 1;
            let Err(wrong) = (self.judge)(connection, row, &mut parts)? else { continue };
            let name = if self.name == "trace" { 5 } else { 0 };
            verified.add(self.name, hex(row.get_ref(name)?), wrong);
            gone.push((self, (row.get(name)?, row.get(columns - 1)?)));
        }
        Ok(())
    }

    fn remove(&self, connection: &Connection, (name, further): &Place) -> rusqlite::Result<()> {
        connection.prepare_cached(self.remove)?.execute(params![name, further]).map(drop)
    }
}

fn memo(row: &Row<'_>) -> rusqlite::Result<Option<()>> {
    Ok(packed(row)?.filter(|(name, packed)| codec::is_request(packed, &LogicalKey(*name))).map(drop))
}

fn blob(row: &Row<'_>) -> rusqlite::Result<Option<()>> {
    Ok(packed(row)?.filter(|(name, packed)| codec::is_blob(packed, name)).map(drop))
}

fn root(row: &Row<'_>) -> rusqlite::Result<Option<()>> {
    Ok((digest(row.get_ref(0)?).is_some() && matches!(row.get_ref(1)?, ValueRef::Integer(0..))).then_some(()))
}

fn trace(
    connection: &Connection,
    row: &Row<'_>,
    parts: &mut Parts,
) -> rusqlite::Result<Result<(), &'static str>> {
    let Some(key) = digest(row.get_ref(5)?).map(LogicalKey) else { return Ok(Err("it names no question")) };
    let Some(trace) = rows::sealed(row, &key)? else { return Ok(Err("it is not what its seal says")) };
    if !rows::has_memo(connection, &key)? {
        return Ok(Err("its question is missing"));
    }
    parts.of(connection, &trace)
}

/// Removes the traces of which a part was just removed.
fn dangling(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM trace WHERE key NOT IN (SELECT key FROM memo)
            OR outcome NOT IN (SELECT digest FROM blob) OR body NOT IN (SELECT digest FROM blob)
            OR deep IS NOT NULL AND deep NOT IN (SELECT digest FROM blob)",
    )
}

fn hex(value: ValueRef<'_>) -> String {
    match digest(value) {
        Some(digest) => digest.to_string(),
        None => rows::bytes(value).iter().take(32).map(|byte| format!("{byte:02x}")).collect(),
    }
}
