//! Batches: the members of one group, answered side by side.
//!
//! The asking thread works through its batch itself. As soon as a member is not simply remembered, threads of
//! the pool are called to help, all taking the next member from one cursor. So a batch of remembered answers
//! needs no thread, and a batch can never starve.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::{Condvar, Mutex};
use salsa::Id;
use salsa::plumbing::AsId;

use crate::db::{Db, Question};
use crate::give::{Given, Need, give};
use crate::pool::MAX_THREADS;
use crate::{Failure, FailureKind, Reply, Request};

/// A batch with more members left than this is shared out even if all seem to be remembered.
const ALONE: usize = 256;

/// Is told each reply of a batch of roots with its place, as soon as it is known.
pub(crate) type Each = Arc<dyn Fn(usize, Reply) + Send + Sync>;

/// The members of a batch and what came of them.
pub(crate) struct Batch {
    members: Vec<Id>,
    need: Need,
    each: Option<Each>,
    cursor: AtomicUsize,
    done: Mutex<Done>,
    all_done: Condvar,
}

struct Done {
    given: Vec<Option<Given>>,
    left: usize,
}

/// Answers `requests`, in their order. `parent` is the question that asks them.
pub(crate) fn serve(db: &dyn Db, parent: Id, requests: Vec<Request>, need: Need) -> Vec<Given> {
    let ids: Vec<Id> = requests.into_iter().map(|request| Question::new(db, request).as_id()).collect();
    db.session().log.asks(parent, &ids);
    let (_edges, refused) = db.session().waits.take(parent, &ids);
    let allowed = ids.iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(id, _)| *id);
    let given = work(db, allowed.collect(), need, None);
    if given.iter().any(Given::is_cycle) {
        db.session().waits.decide(parent, &ids);
    }
    let mut given = given.into_iter();
    let lost = || Given::failed(Failure::new(FailureKind::Crashed, "the engine lost an answer"));
    refused
        .into_iter()
        .map(|refused| refused.map_or_else(|| given.next().unwrap_or_else(lost), Given::failed))
        .collect()
}

/// Answers roots with their texts, and tells `each` of them as it comes.
pub(crate) fn serve_roots(db: &dyn Db, requests: Vec<Request>, each: Option<Each>) -> Vec<Given> {
    let ids: Vec<Id> = requests.into_iter().map(|request| Question::new(db, request).as_id()).collect();
    work(db, ids, Need::Text, each)
}

fn work(db: &dyn Db, members: Vec<Id>, need: Need, each: Option<Each>) -> Vec<Given> {
    if let ([member], None) = (members.as_slice(), &each) {
        return vec![give(db, *member, need)];
    }
    let left = members.len();
    let done = Done { given: members.iter().map(|_| None).collect(), left };
    let batch = Arc::new(Batch {
        members,
        need,
        each,
        cursor: AtomicUsize::new(0),
        done: Mutex::new(done),
        all_done: Condvar::new(),
    });
    batch.lead(db);
    batch.take()
}

impl Batch {
    /// Works through the batch on the asking thread, until no member is left to begin.
    fn lead(self: &Arc<Batch>, db: &dyn Db) {
        let outer = db.alone().replace(None);
        let mut alone = true;
        while let Some(index) = self.next() {
            if alone && (self.members.len() - index > ALONE || self.is_live(db, index)) {
                self.call_help(db);
                alone = false;
            }
            if alone {
                db.alone().replace(Some(Arc::clone(self)));
            }
            self.settle(db, index);
            if alone {
                alone = db.alone().replace(None).is_some();
            }
        }
        db.alone().replace(outer);
    }

    /// Works through the batch on a helping thread.
    fn help(&self, db: &dyn Db) {
        while let Some(index) = self.next() {
            self.settle(db, index);
        }
    }

    /// Calls for as many threads as there are members that nobody has begun.
    pub(crate) fn call_help(self: &Arc<Batch>, db: &dyn Db) {
        let left = self.members.len().saturating_sub(self.cursor.load(Relaxed));
        for _ in 0..left.min(MAX_THREADS) {
            let (db, batch) = (db.fork(), Arc::clone(self));
            db.session().clone().pool.submit(Box::new(move || batch.help(&db)));
        }
    }

    fn next(&self) -> Option<usize> {
        let index = self.cursor.fetch_add(1, Relaxed);
        (index < self.members.len()).then_some(index)
    }

    /// Whether the member is being settled by somebody else, so that this thread would have to wait.
    fn is_live(&self, db: &dyn Db, index: usize) -> bool {
        db.session().waits.is_live(self.members[index])
    }

    fn settle(&self, db: &dyn Db, index: usize) {
        let given = give(db, self.members[index], self.need);
        if let Some(each) = &self.each {
            // Whoever listens must not keep those waiting who asked.
            let _ = catch_unwind(AssertUnwindSafe(|| each(index, given.reply())));
        }
        let mut done = self.done.lock();
        done.given[index] = Some(given);
        done.left -= 1;
        if done.left == 0 {
            self.all_done.notify_all();
        }
    }

    /// Waits for the members that helpers have begun.
    fn take(&self) -> Vec<Given> {
        let mut done = self.done.lock();
        while done.left > 0 {
            self.all_done.wait(&mut done);
        }
        done.given.iter_mut().filter_map(Option::take).collect()
    }
}
