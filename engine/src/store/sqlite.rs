//! The store on disk: SQLite with a write-ahead log, which several processes may use at the same time.
//!
//! Readers are few and lazily opened: a run that finds everything opens one. As long as this store has written nothing, each reads in one
//! transaction until [`MemoStore::rest`]. There is one writer. A committed
//! transaction survives the end of the process, however it ends; after a power cut the latest ones may be
//! missing, which costs their recomputation.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, TransactionBehavior};

use super::collect;
use super::damage::{self, FileId};
use super::link::Link;
use super::rows;
use super::schema::{self, database_error};
use super::{MemoStore, StoreError, StoreWarning};
use crate::trace::{LogicalKey, Trace};
use crate::writer::Record;
use crate::{Digest, Request, codec};

/// Reading is short, so few connections serve many threads.
const READERS: usize = 4;

/// The memos in one file.
pub(crate) struct SqliteStore {
    file: PathBuf,
    readers: [Mutex<Option<Link>>; READERS],
    turn: AtomicUsize,
    writer: Mutex<Option<Link>>,
    /// Whether it was written: from then on no reader stays in a transaction, which would see less, and keep the log growing.
    written: AtomicBool,
    current: Mutex<Current>,
    /// What was read and did not match its digest.
    broken: Mutex<HashSet<Digest>>,
}

struct Current {
    /// Grows with each new beginning.
    generation: u64,
    id: Option<FileId>,
    gone: bool,
    warnings: Vec<StoreWarning>,
}

impl SqliteStore {
    /// Opens the store in `folder`; one that cannot be used is set aside.
    pub(crate) fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
        let file = schema::file_in(folder);
        let (connection, warning) = damage::open_or_replace(&file)?;
        if connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(true) {
            return Err(StoreError::Database { path: file, reason: "the file is read-only".into() });
        }
        let current = Current {
            generation: 0,
            id: FileId::of(&file),
            gone: false,
            warnings: warning.into_iter().collect(),
        };
        let store = SqliteStore {
            file,
            readers: Default::default(),
            turn: AtomicUsize::new(0),
            writer: Mutex::new(None),
            written: AtomicBool::new(false),
            current: Mutex::new(current),
            broken: Mutex::default(),
        };
        *store.readers[0].lock() = Some(Link::new(connection, 0));
        Ok(store)
    }

    /// Reads by `read`. What cannot be read is not there.
    fn read<T>(&self, read: impl Fn(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let mut reader = self.reader();
        let result = self.connected(&mut reader, "").and_then(|link| {
            let generation = link.generation;
            let read = match self.written.load(SeqCst) {
                false => link.reading().and_then(&read),
                true => link.rest().and_then(|connection| read(connection)),
            };
            read.map_err(|error| (generation, error))
        });
        if result.is_err() {
            *reader = None;
        }
        drop(reader);
        result.map_err(|(generation, error)| self.note(generation, &error)).ok()
    }

    /// The first reader that is free; if none is, one after the other.
    fn reader(&self) -> MutexGuard<'_, Option<Link>> {
        let free = self.readers.iter().find_map(Mutex::try_lock);
        free.unwrap_or_else(|| self.readers[self.turn.fetch_add(1, Relaxed) % READERS].lock())
    }

    /// The connection in `slot`, or a new one that begins with `pragmas`.
    fn connected<'a>(
        &self,
        slot: &'a mut Option<Link>,
        pragmas: &str,
    ) -> Result<&'a mut Link, (u64, rusqlite::Error)> {
        let (generation, gone) = {
            let current = self.current.lock();
            (current.generation, current.gone)
        };
        if gone {
            *slot = None;
            return Err((generation, rusqlite::Error::InvalidQuery));
        }
        let link = match slot.take().filter(|link| link.generation == generation) {
            Some(link) => link,
            None => {
                let failed = |error| (generation, error);
                let connection = schema::connect(&self.file).map_err(failed)?;
                connection.execute_batch(pragmas).map_err(failed)?;
                Link::new(connection, generation)
            }
        };
        Ok(slot.insert(link))
    }

    /// Ends the transactions of the readers that nobody uses in this moment.
    fn rest_readers(&self) {
        for reader in &self.readers {
            let Some(mut reader) = reader.try_lock() else { continue };
            if reader.as_mut().is_some_and(|link| link.rest().is_err()) {
                *reader = None;
            }
        }
    }

    /// Looks at an error: if the file is at fault, it is set aside and a new one begun, once.
    fn note(&self, generation: u64, error: &rusqlite::Error) {
        tracing::debug!(%error, file = %self.file.display(), "cannot use the memo store");
        let mut current = self.current.lock();
        if !schema::is_damage(error) || current.generation != generation || current.gone {
            return;
        }
        let reason = format!("is damaged ({error})");
        current.generation += 1;
        match damage::replace(&self.file, current.id, reason) {
            Ok((_, warning)) => {
                current.id = FileId::of(&self.file);
                current.warnings.extend(warning);
            }
            Err(error) => {
                current.gone = true;
                let reason = super::admin::with_causes(&error);
                current.warnings.push(StoreWarning::InMemory { path: self.file.clone(), reason });
            }
        }
    }

    /// Does what may also be left undone, on the connection that reads: a run that finds everything has no
    /// other.
    fn maintain(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<()>) {
        let mut reader = self.reader();
        let result = self.connected(&mut reader, "").and_then(|link| {
            let generation = link.generation;
            link.rest().and_then(work).map_err(|error| (generation, error))
        });
        if result.is_err() {
            *reader = None;
        }
        drop(reader);
        if let Err((generation, error)) = result {
            self.note(generation, &error);
        }
    }

    /// What was read, if it is what its name says; otherwise the name is noted.
    fn checked<T>(&self, name: Digest, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.broken.lock().insert(name);
        }
        found
    }

    fn transact(&self, link: &mut Link, records: &[Record]) -> rusqlite::Result<()> {
        let broken: Vec<Digest> = self.broken.lock().iter().copied().collect();
        let transaction = link.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for digest in &broken {
            rows::remove_broken(&transaction, digest)?;
        }
        let mut put = HashSet::new();
        for record in records {
            rows::write(&transaction, record, &mut put)?;
        }
        transaction.commit()?;
        self.broken.lock().retain(|digest| !broken.contains(digest));
        Ok(())
    }

    /// One attempt at a transaction; says whether another may succeed.
    fn try_write(&self, records: &[Record]) -> Result<(), (StoreError, bool)> {
        self.written.store(true, SeqCst);
        self.rest_readers();
        let mut writer = self.writer.lock();
        let result = self.connected(&mut writer, schema::WRITING).and_then(|link| {
            let generation = link.generation;
            self.transact(link, records).map_err(|error| (generation, error))
        });
        self.rest_readers();
        result.map_err(|(generation, error)| {
            *writer = None;
            self.note(generation, &error);
            let gone = self.current.lock().gone;
            let failed = database_error(&self.file, &error);
            (
                if gone { StoreError::Gone { path: self.file.clone() } } else { failed },
                schema::is_damage(&error) && !gone,
            )
        })
    }
}

impl MemoStore for SqliteStore {
    fn traces(&self, key: &LogicalKey) -> Vec<Trace> {
        self.read(|connection| rows::traces(connection, key)).unwrap_or_default()
    }

    fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        let packed = self.read(|connection| rows::blob(connection, digest))??;
        self.checked(*digest, codec::unpack_blob(packed, digest))
    }

    fn request(&self, key: &LogicalKey) -> Option<Request> {
        let packed = self.read(|connection| rows::request(connection, key))??;
        self.checked(key.0, codec::unpack_request(packed, key))
    }

    fn write(&self, records: &[Record]) -> Result<(), StoreError> {
        match self.try_write(records) {
            Err((_, true)) => self.try_write(records).map_err(|(error, _)| error),
            result => result.map_err(|(error, _)| error),
        }
    }

    fn touch(&self, roots: &[LogicalKey]) {
        self.rest_readers();
        self.maintain(|connection| collect::touch(connection, roots));
    }

    fn rest(&self) {
        self.rest_readers();
    }

    fn collect(&self) {
        self.maintain(|connection| collect::within(connection, collect::LIMIT));
    }

    fn warnings(&self) -> Vec<StoreWarning> {
        std::mem::take(&mut self.current.lock().warnings)
    }

    fn close(&self) {
        self.current.lock().gone = true;
        for reader in &self.readers {
            *reader.lock() = None;
        }
        *self.writer.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Key, Outcome};

    /// A fact whose text of some kilobytes does not compress to nothing.
    fn record(n: u64) -> Record {
        let value: String = (0..200).map(|i| Digest::of(format!("{n} {i}").as_bytes()).to_string()).collect();
        let outcome = Outcome::Answered(Answer { value: value.into(), concerns: "[]".into() });
        let key = Key::parse(&format!("{{\"n\":{n}}}")).expect("a key");
        let request = Request::new("git", "item", key);
        let body = crate::trace::Body { own: Vec::new(), steps: Vec::new() }.encode();
        let trace = Trace {
            outcome: codec::outcome_digest(&outcome),
            body: Digest::of(&body),
            deep: None,
            imported: false,
        };
        let key = LogicalKey::of(&request);
        Record { key, request, trace, body, deep: None, outcome: Some(outcome) }
    }

    fn holds(store: &SqliteStore, record: &Record) -> bool {
        store.traces(&record.key) == [record.trace] && store.blob(&record.trace.outcome).is_some()
    }

    #[test]
    fn who_reads_nothing_for_a_while_lets_others_empty_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let writing = SqliteStore::open(folder.path()).unwrap();
        let records = [record(1), record(2)];
        writing.write(&records[..1]).unwrap();
        let reading = SqliteStore::open(folder.path()).unwrap();
        let other = Connection::open(schema::file_in(folder.path())).unwrap();
        other.busy_timeout(std::time::Duration::ZERO).unwrap();
        let busy =
            || -> i64 { other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap() };
        assert!(holds(&reading, &records[0]));
        assert_eq!(busy(), 1, "it reads on in one transaction");
        reading.rest();
        assert_eq!(busy(), 0);

        // Who has written reads what it wrote, and stays in no transaction.
        writing.write(&records[1..]).unwrap();
        assert!(holds(&writing, &records[0]) && holds(&writing, &records[1]) && holds(&reading, &records[1]));
        reading.rest();
        assert_eq!(busy(), 0);
    }

    #[test]
    fn a_full_disk_keeps_what_was_written_refuses_the_rest_whole_and_takes_more_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).unwrap();
        let records: Vec<Record> = (0..40).map(record).collect();
        store.write(&records[..10]).unwrap();
        let limit = |pages: &str| {
            let mut writer = store.writer.lock();
            let Ok(link) = store.connected(&mut writer, "") else { panic!("there is a writer") };
            link.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        };
        limit("1"); // Which stands for as many as there are.
        let error = store.write(&records[10..]).unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        assert!(records[..10].iter().all(|record| holds(&store, record)));
        assert!(records[10..].iter().all(|record| store.traces(&record.key).is_empty()));
        assert!(store.warnings().is_empty(), "a full disk is no damage");
        store.write(&records[10..]).unwrap();
        assert!(records.iter().all(|record| holds(&store, record)));
        assert_eq!(super::super::verify(folder.path(), false).unwrap().damaged, 0);
    }
}
