//! Taking up a store from another machine.
//!
//! The file is read twice: first as a whole, so that one that is damaged, cut short or forged changes nothing; then record by
//! record, each held against its own name once more, into small transactions. What is taken up is marked, and no check uses it
//! unless it is told to: digests show that a record is whole, not that its answer is true.

use std::io::{Read, Seek};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};

use super::StoreError;
use super::collect::today;
use super::parts::Parts;
use super::rows;
use super::schema::{self, Opened, database_error, file_in};
use super::transfer::{Item, TransferError, Transferred, read};

/// One transaction takes at most so many records, and about so many bytes.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 8 << 20;

/// Adds what the file holds to the store in `folder`, which is made if there is none. What the store has already stays as it is.
///
/// # Errors
/// Where the file is not sound as a whole; then nothing was taken up. Where the store fails in the middle; then what was taken up
/// so far stays, sound and marked.
pub fn import(folder: &Path, mut from: impl Read + Seek) -> Result<Transferred, TransferError> {
    read(&mut from, |_| Ok(()))?;
    from.rewind()?;
    let path = file_in(folder);
    let connection = match schema::open(&path)? {
        Opened::Ready(connection) => connection,
        Opened::Unknown(reason) => return Err(StoreError::Unknown { path, reason }.into()),
    };
    let (batch, parts, taken) = (Vec::new(), Parts::default(), Transferred::default());
    let mut taker = Taker { connection, path: &path, batch, bytes: 0, parts, taken };
    read(from, |item| taker.take(item))?;
    taker.commit()?;
    Ok(taker.taken)
}

struct Taker<'a> {
    connection: Connection,
    path: &'a Path,
    batch: Vec<Item>,
    /// What the values and questions among them hold.
    bytes: usize,
    parts: Parts,
    /// What was new here.
    taken: Transferred,
}

impl Taker<'_> {
    /// Others wait for a transaction, so what traces name is decoded before one begins. For that it must be in the store.
    fn take(&mut self, item: Item) -> Result<(), TransferError> {
        if let Item::Trace(_, trace) = &item {
            if self.bytes > 0 {
                self.commit()?;
            }
            let looked = self.parts.of(&self.connection, trace);
            // What is missing, the transaction finds too.
            let _ = looked.map_err(|error| database_error(self.path, &error))?;
        }
        if let Item::Blob(_, packed) | Item::Memo(_, packed) = &item {
            self.bytes += packed.bytes.len();
        }
        self.batch.push(item);
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), TransferError> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        put(&mut self.connection, batch, &mut self.parts, &mut self.taken)
            .map_err(|error| database_error(self.path, &error))?;
        Ok(())
    }
}

fn put(
    connection: &mut Connection,
    batch: Vec<Item>,
    parts: &mut Parts,
    taken: &mut Transferred,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for item in batch {
        match item {
            Item::Blob(name, packed) if !rows::has_blob(&transaction, &name)? => {
                rows::put_packed(&transaction, &name, packed)?;
                taken.blobs += 1;
            }
            Item::Memo(key, packed) if !rows::has_memo(&transaction, &key)? => {
                rows::put_memo(&transaction, &key, || packed)?;
                taken.memos += 1;
            }
            Item::Trace(key, trace) => {
                if !rows::has_memo(&transaction, &key)? || parts.of(&transaction, &trace)?.is_err() {
                    taken.incomplete += 1;
                } else if rows::put_trace(&transaction, &key, &trace)? {
                    taken.traces += 1;
                }
            }
            // It is as old as it was there, but not of tomorrow, which would keep it longest.
            Item::Root(key, day) if rows::has_memo(&transaction, &key)? => {
                let sql = "INSERT OR IGNORE INTO root (key, day) VALUES (?, ?)";
                let day = i64::from(day).min(today());
                let new = transaction.prepare_cached(sql)?.execute(params![key.0.as_bytes(), day])?;
                taken.roots += new as u64;
            }
            Item::Blob(..) | Item::Memo(..) | Item::Root(..) => {}
        }
    }
    transaction.commit()
}
