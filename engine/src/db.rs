//! The Salsa database of a session: interned questions and their memos.
//!
//! Salsa gives one flight per question and revision, memos within a revision, and revisions that wait for
//! what runs. It does not decide what is still valid in a new revision: it re-validates one dependency after
//! another, which would run plugins serially, and it walks every memo below a root. Traces do both better
//! (`verify`), so [`answer`] reports an untracked read, which makes Salsa ask it again, lazily, in each
//! revision.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use salsa::Storage;
use salsa::plumbing::AsId;

use crate::batch::Batch;
use crate::memo::Memo;
use crate::session::Session;
use crate::{Request, settle};

/// A question, interned.
#[salsa::interned]
pub(crate) struct Question<'db> {
    pub(crate) request: Request,
}

/// What the engine's functions need of the database.
#[salsa::db]
pub(crate) trait Db: salsa::Database {
    /// What all handles share.
    fn session(&self) -> &Arc<Session>;
    /// Another handle, for another thread. A new revision waits until it is dropped.
    fn fork(&self) -> Database;
    /// How many questions deep this handle is.
    fn depth(&self) -> &Cell<u32>;
    /// The batch that this handle works through alone so far, and that others shall help with as soon as a
    /// member turns out to be slow.
    fn alone(&self) -> &RefCell<Option<Arc<Batch>>>;
}

/// A handle on the database. One thread uses it.
#[salsa::db]
pub(crate) struct Database {
    storage: Storage<Self>,
    session: Arc<Session>,
    depth: Cell<u32>,
    alone: RefCell<Option<Arc<Batch>>>,
}

impl Database {
    pub(crate) fn new(session: Arc<Session>) -> Database {
        Database { storage: Storage::new(None), session, depth: Cell::new(0), alone: RefCell::default() }
    }
}

#[cfg(test)]
impl Database {
    /// How many questions it knows.
    pub(crate) fn questions(&self) -> usize {
        use salsa::plumbing::{SalsaStructInDb as _, ZalsaDatabase as _};
        Question::entries(self.zalsa()).count()
    }
}

#[salsa::db]
impl salsa::Database for Database {}

impl Clone for Database {
    fn clone(&self) -> Database {
        Database {
            storage: self.storage.clone(),
            session: Arc::clone(&self.session),
            depth: self.depth.clone(),
            alone: RefCell::default(),
        }
    }
}

#[salsa::db]
impl Db for Database {
    fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn fork(&self) -> Database {
        self.clone()
    }

    fn depth(&self) -> &Cell<u32> {
        &self.depth
    }

    fn alone(&self) -> &RefCell<Option<Arc<Batch>>> {
        &self.alone
    }
}

/// The memo of a question in this revision.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn answer<'db>(db: &'db dyn Db, question: Question<'db>) -> Arc<Memo> {
    db.report_untracked_read();
    settle::settle(db, question.as_id(), question.request(db))
}
