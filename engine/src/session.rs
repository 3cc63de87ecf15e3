//! What all handles of one engine share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::deep::{DeepSet, Deeps};
use crate::lasting::Lasting;
use crate::log::Log;
use crate::pool::Pool;
use crate::refresh::Refresh;
use crate::shelf::Shelf;
use crate::stats::Counters;
use crate::store::MemoStore;
use crate::trace::{LogicalKey, Trace};
use crate::waits::Waits;
use crate::world::World;
use crate::writer::Writer;
use parking_lot::Mutex;

use crate::{Executor, Request, StoreError};

/// One engine's state beside the Salsa database.
pub(crate) struct Session {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn MemoStore>,
    pub(crate) writer: Writer,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) deeps: Deeps,
    pub(crate) waits: Waits,
    pub(crate) pool: Pool,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    pub(crate) refresh: Refresh,
    /// What the engine's user asked since the last flush.
    roots: Mutex<BTreeSet<LogicalKey>>,
    /// What came from another machine is used too, and marked.
    pub(crate) trusts_imported: AtomicBool,
    /// The roots of this revision that rest on what came from another machine.
    pub(crate) imported_roots: Mutex<BTreeSet<Request>>,
    /// The roots of this revision with the kinds of inputs that each rests on; without one where they are too many to be listed.
    pub(crate) input_roots: Mutex<BTreeSet<(Option<Arc<str>>, Request)>>,
    /// For how long what was asked in this revision holds.
    pub(crate) lasting: Mutex<Lasting>,
    ending: Arc<AtomicBool>,
}

impl Session {
    pub(crate) fn new(store: Arc<dyn MemoStore>, executor: Arc<dyn Executor>) -> Session {
        let (shelf, ending) = (Arc::new(Shelf::default()), Arc::new(AtomicBool::new(false)));
        Session {
            world: World::new(executor, Arc::clone(&ending)),
            writer: Writer::new(Arc::clone(&store), Arc::clone(&shelf)),
            store,
            shelf,
            deeps: Deeps::default(),
            waits: Waits::default(),
            pool: Pool::default(),
            counters: Counters::default(),
            log: Log::default(),
            refresh: Refresh::default(),
            roots: Mutex::default(),
            trusts_imported: AtomicBool::new(false),
            imported_roots: Mutex::default(),
            input_roots: Mutex::default(),
            lasting: Mutex::default(),
            ending,
        }
    }

    /// Whether the revision is about to end, so that nothing more should be begun in it.
    pub(crate) fn ending(&self) -> bool {
        self.ending.load(Relaxed)
    }

    /// Says that the revision ends. Salsa's own flag cannot be read without unwinding.
    pub(crate) fn end_revision(&self) {
        self.ending.store(true, Relaxed);
    }

    /// Forgets what held in the last revision.
    pub(crate) fn begin_revision(&self) {
        self.world.next_revision();
        self.deeps.next_revision();
        self.waits.next_revision();
        self.counters.next_revision();
        self.log.next_revision();
        self.refresh.next_revision();
        self.imported_roots.lock().clear();
        self.input_roots.lock().clear();
        *self.lasting.lock() = Lasting::default();
        self.ending.store(false, Relaxed);
    }

    /// Waits until all facts so far are in the store, where the next revision looks for them.
    pub(crate) fn settle_writes(&self) {
        self.writer.wait();
        self.store.revision_ended();
        self.store.rest();
    }

    /// Waits as well, and reports the first error since the last time.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let roots: Vec<LogicalKey> = std::mem::take(&mut *self.roots.lock()).into_iter().collect();
        let flushed = self.writer.flush();
        self.store.touch(&roots);
        flushed
    }

    /// Notes which questions the engine's user asked.
    pub(crate) fn asked(&self, roots: impl Iterator<Item = LogicalKey>) {
        self.roots.lock().extend(roots);
    }

    /// Writes what is left and lets go of threads and files. There is nothing left to do for who calls it again.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        self.end_revision();
        self.pool.close();
        let flushed = self.flush();
        if self.writer.close() {
            self.store.collect();
        }
        self.store.close();
        flushed
    }

    /// What is remembered of `key` and may be used: what this machine computed first.
    pub(crate) fn traces(&self, key: &LogicalKey) -> Vec<Trace> {
        let mut traces = self.store.traces(key);
        match self.trusts_imported.load(Relaxed) {
            true => traces.sort_by_key(|trace| trace.imported),
            false => traces.retain(|trace| !trace.imported),
        }
        traces
    }

    /// The deep set of `trace`, if all its leaves hold now and nothing below it is refreshed.
    pub(crate) fn holding(&self, trace: &Trace) -> Option<Arc<DeepSet>> {
        let digest = trace.deep?;
        let load = || DeepSet::decode(digest, self.store.blob(&digest)?);
        let set = self.deeps.holding(digest, load, |leaf, then| self.world.holds(leaf, then))?;
        (!self.refresh.touches(&set)).then_some(set)
    }
}
