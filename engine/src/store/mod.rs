//! The memo store: what is remembered across runs.
//!
//! [`MemoStore`] is all that the engine knows of it. `sqlite` keeps it in a file, `memory` in this process. A
//! store may forget anything at any time: what cannot be read, or does not match its digest, is simply not
//! there.

mod admin;
mod collect;
mod damage;
mod export;
mod import;
mod info;
mod link;
mod memory;
mod parts;
mod rows;
mod schema;
mod sqlite;
mod transfer;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;

pub use admin::{clear, forget_aside};
pub use collect::{Collected, LIMIT, collect};
pub use export::export;
pub use import::import;
pub use info::{StoreInfo, StoreState, info, version_name};
pub use transfer::{TransferError, Transferred};
pub use verify::{Damage, Verified, verify};

use crate::trace::{LogicalKey, Trace};
use crate::writer::Record;
use crate::{Digest, Request};

/// So many traces of a key are kept, the latest: switching between branches or versions and back must hit.
const TRACES_PER_KEY: usize = 4;

/// Where memos are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A folder, made if it is missing (mode 0700), for a file `memos.sqlite` (mode 0600).
    Path(PathBuf),
    /// In this process's memory only.
    Memory,
}

/// Something about the store that the person should know; the engine works all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreWarning {
    /// The store cannot be opened: memos live in memory until the process ends.
    #[error("cannot use the memo store {path}, so nothing will be remembered: {reason}", path = path.display())]
    InMemory {
        /// The store's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The store was damaged or of another version; it was moved aside and a new one begun.
    #[error(
        "the memo store {path} {reason}; it was moved to {aside} and a new one begun",
        path = path.display(), aside = aside.display()
    )]
    SetAside {
        /// The store's file.
        path: PathBuf,
        /// Where the old one is now.
        aside: PathBuf,
        /// What is wrong with it, as in "the store …".
        reason: String,
    },
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file could not be read, made or removed.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database refused.
    #[error("memo store {path}: {reason}", path = path.display())]
    Database {
        /// The store's file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The file is no memo store of this version.
    #[error("memo store {path} {reason}", path = path.display())]
    Unknown {
        /// The store's file.
        path: PathBuf,
        /// What is wrong with it, as in "the store …".
        reason: String,
    },
    /// The store's own code panicked; what was to be written is lost.
    #[error("the memo store's writer panicked")]
    Panicked,
    /// The store is closed, or was lost and could not be begun anew.
    #[error("memo store {path} is gone", path = path.display())]
    Gone {
        /// The store's file.
        path: PathBuf,
    },
}

/// Where facts outlive the question. Reading never fails: it finds or it does not.
pub(crate) trait MemoStore: Send + Sync {
    /// What is remembered of `key`, the latest first.
    fn traces(&self, key: &LogicalKey) -> Vec<Trace>;
    /// The bytes of that digest, checked against it.
    fn blob(&self, digest: &Digest) -> Option<Vec<u8>>;
    /// The question of that name.
    fn request(&self, key: &LogicalKey) -> Option<Request>;
    /// Remembers facts, all or none. When it returns they survive the end of this process, however it ends.
    fn write(&self, records: &[Record]) -> Result<(), StoreError>;
    /// Notes that these are asked by the engine's user, which keeps what they rest on. At most once a day.
    fn touch(&self, roots: &[LogicalKey]);
    /// A revision has ended, and what it learnt is written. A good moment to forget what takes too much room in memory.
    fn revision_ended(&self) {}
    /// Nothing is read for a while.
    fn rest(&self) {}
    /// Forgets what has not been asked for longest, if the store has grown too large.
    fn collect(&self);
    /// What befell the store since the last call.
    fn warnings(&self) -> Vec<StoreWarning>;
    /// Lets go of files. Afterwards nothing is found and nothing can be written.
    fn close(&self);
}

/// Opens the store at `location`, or a memory in its place.
pub(crate) fn open(location: StoreLocation) -> (Arc<dyn MemoStore>, Vec<StoreWarning>) {
    let folder = match location {
        StoreLocation::Memory => return (Arc::new(memory::MemoryStore::default()), Vec::new()),
        StoreLocation::Path(folder) => folder,
    };
    match sqlite::SqliteStore::open(&folder) {
        Ok(store) => {
            let warnings = store.warnings();
            (Arc::new(store), warnings)
        }
        Err(error) => {
            let reason = admin::with_causes(&error);
            let warning = StoreWarning::InMemory { path: schema::file_in(&folder), reason };
            (Arc::new(memory::MemoryStore::default()), vec![warning])
        }
    }
}
