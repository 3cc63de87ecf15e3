//! The writer: one thread that puts facts into the store, many in one transaction.
//!
//! It is started by the first fact. What waits is bounded by its size: an engine that computes faster than
//! the disk takes it is held up rather than let grow.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::deep::DeepSet;
use crate::shelf::{SMALL, Shelf};
use crate::store::MemoStore;
use crate::trace::{LogicalKey, Trace};
use crate::{Outcome, Request, StoreError};

/// So much may wait, bytes.
const WAITING: usize = 16 << 20;
/// One transaction takes at most so many facts, and so many bytes.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 8 << 20;
/// How long the writer waits for more before it writes a few, so that transactions are worth their cost.
const GATHER: Duration = Duration::from_millis(10);

/// A fact on its way into the store.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: LogicalKey,
    pub(crate) request: Request,
    pub(crate) trace: Trace,
    pub(crate) body: Vec<u8>,
    pub(crate) deep: Option<Arc<DeepSet>>,
    /// Absent when the store has it already.
    pub(crate) outcome: Option<Outcome>,
}

impl Record {
    fn size(&self) -> usize {
        self.body.len() + self.outcome.as_ref().map_or(0, Outcome::size)
    }
}

/// The way into the store.
pub(crate) struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn MemoStore>,
    shelf: Arc<Shelf>,
    state: Mutex<State>,
    /// There is something to write, or no more will come.
    work: Condvar,
    /// Something was written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Record>,
    waiting_bytes: usize,
    /// Facts taken up so far, and facts dealt with so far.
    pushed: u64,
    settled: u64,
    /// So many callers wait for the queue to be empty.
    flushing: usize,
    closed: bool,
    thread: Option<JoinHandle<()>>,
    /// The first error since the last flush.
    error: Option<StoreError>,
}

impl Writer {
    pub(crate) fn new(store: Arc<dyn MemoStore>, shelf: Arc<Shelf>) -> Writer {
        let state = Mutex::default();
        Writer {
            shared: Arc::new(Shared { store, shelf, state, work: Condvar::new(), written: Condvar::new() }),
        }
    }

    /// Takes up a fact. Returns the outcome if its memo should hold it; a large one is pinned to the shelf
    /// instead, until it is written.
    pub(crate) fn push(&self, record: Record) -> Option<Outcome> {
        let held = record.outcome.clone().filter(|outcome| outcome.size() <= SMALL);
        if let (None, Some(outcome)) = (&held, &record.outcome) {
            self.shared.shelf.pin(record.trace.outcome, outcome.clone());
        }
        let mut state = self.shared.state.lock();
        while state.waiting_bytes > WAITING {
            self.shared.written.wait(&mut state);
        }
        state.waiting_bytes += record.size();
        state.waiting.push_back(record);
        state.pushed += 1;
        if state.thread.is_none() && !state.closed {
            state.thread = self.start();
        }
        if state.thread.is_none() {
            self.shared.write_some(&mut state);
        }
        self.shared.work.notify_one();
        held
    }

    /// Waits until all that was taken up so far is committed, and reports the first error since the last
    /// time.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.wait();
        self.shared.state.lock().error.take().map_or(Ok(()), Err)
    }

    /// Waits until all that was taken up so far is dealt with.
    pub(crate) fn wait(&self) {
        let mut state = self.shared.state.lock();
        let target = state.pushed;
        state.flushing += 1;
        self.shared.work.notify_one();
        while state.settled < target {
            self.shared.written.wait(&mut state);
        }
        state.flushing -= 1;
    }

    /// Writes what is left and ends the thread. Says whether anything was written at all.
    pub(crate) fn close(&self) -> bool {
        self.wait();
        let (thread, pushed) = {
            let mut state = self.shared.state.lock();
            state.closed = true;
            (state.thread.take(), state.pushed)
        };
        self.shared.work.notify_one();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::warn!("the memo store's writer panicked");
        }
        pushed > 0
    }

    /// `None` if the system gives no thread; then the callers write themselves.
    fn start(&self) -> Option<JoinHandle<()>> {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("memo-writer".into()).spawn(move || shared.write_all()).ok()
    }
}

impl Shared {
    fn write_all(&self) {
        let mut state = self.state.lock();
        loop {
            while state.waiting.is_empty() && !state.closed {
                self.work.wait(&mut state);
            }
            if state.waiting.is_empty() {
                return;
            }
            self.gather(&mut state);
            self.write_some(&mut state);
        }
    }

    /// Waits for more, unless there is enough or somebody waits for it.
    fn gather(&self, state: &mut MutexGuard<'_, State>) {
        let until = Instant::now() + GATHER;
        let enough = |state: &State| {
            state.flushing > 0
                || state.closed
                || state.waiting.len() >= BATCH
                || state.waiting_bytes >= BATCH_BYTES
        };
        while !enough(state) && !self.work.wait_until(state, until).timed_out() {}
    }

    /// Writes one transaction, without the lock.
    fn write_some(&self, state: &mut MutexGuard<'_, State>) {
        let mut batch: Vec<Record> = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH
            && bytes < BATCH_BYTES
            && let Some(record) = state.waiting.pop_front()
        {
            bytes += record.size();
            batch.push(record);
        }
        let result = MutexGuard::unlocked(state, || {
            let attempt = catch_unwind(AssertUnwindSafe(|| self.store.write(&batch)));
            let result = attempt.unwrap_or(Err(StoreError::Panicked));
            if result.is_ok() {
                self.shelf.unpin(batch.iter().map(|record| record.trace.outcome));
            }
            result
        });
        state.waiting_bytes -= bytes;
        state.settled += batch.len() as u64;
        if let Err(error) = result {
            tracing::debug!(%error, "facts are not remembered");
            state.error.get_or_insert(error);
        }
        self.written.notify_all();
    }
}
