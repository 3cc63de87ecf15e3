//! Counts of how requests were settled.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::Request;
use crate::memo::Origin;

/// How the requests asked so far were settled, roots and nested ones alike. Exact once nothing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// The executor was run.
    pub executed: u64,
    /// A leaf below had changed, but every dependency still had the same value: taken from the store.
    pub verified: u64,
    /// No leaf below had changed: taken from the store, and nothing below was looked at.
    pub store_hits: u64,
    /// Settled before in this revision, or just then for another caller.
    pub session_hits: u64,
}

/// The counts as they grow, and the log of what was executed.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    asked: AtomicU64,
    settled: AtomicU64,
    verified: AtomicU64,
    store_hits: AtomicU64,
    executed: AtomicU64,
    /// Those of this revision: a long session must not hold on to every key it has seen.
    log: Mutex<Vec<Request>>,
}

impl Counters {
    /// A question got its memo, whoever made it.
    pub(crate) fn asked(&self) {
        self.asked.fetch_add(1, Relaxed);
    }

    /// A memo was made.
    pub(crate) fn settled(&self, origin: Origin) {
        self.settled.fetch_add(1, Relaxed);
        if let Some(count) = self.count(origin) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The store no longer gives what a memo was taken for: the memo does not count as taken from it.
    pub(crate) fn lost(&self, origin: Origin) {
        if let Some(count) = self.count(origin) {
            count.fetch_sub(1, Relaxed);
        }
    }

    /// The executor is about to be run.
    pub(crate) fn executing(&self, request: &Request) {
        self.executed.fetch_add(1, Relaxed);
        self.log.lock().push(request.clone());
    }

    pub(crate) fn executed(&self) -> Vec<Request> {
        self.log.lock().clone()
    }

    /// Begins the log anew.
    pub(crate) fn next_revision(&self) {
        self.log.lock().clear();
    }

    pub(crate) fn stats(&self) -> Stats {
        let settled = self.settled.load(Relaxed);
        Stats {
            executed: self.executed.load(Relaxed),
            verified: self.verified.load(Relaxed),
            store_hits: self.store_hits.load(Relaxed),
            session_hits: self.asked.load(Relaxed).saturating_sub(settled),
        }
    }

    fn count(&self, origin: Origin) -> Option<&AtomicU64> {
        match origin {
            Origin::Execution => None,
            Origin::Store => Some(&self.store_hits),
            Origin::Verification => Some(&self.verified),
        }
    }
}
