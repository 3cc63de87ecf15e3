//! Threads that help with batches: created when there is work for them, gone when there is none for a while.
//!
//! Helping is optional. Whoever submits a batch works through it too, so nothing waits for a thread to come
//! free, and a thread never takes up foreign work while it waits: a stack belongs to one chain of questions.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// So many plugin calls can be waited for at once, beside those that the callers' own threads wait for.
pub(crate) const MAX_THREADS: usize = 32;
/// The stack of a thread of the engine, bytes. It is mapped when it is touched. See `nest` for what has to
/// fit.
pub(crate) const STACK: usize = 4 << 20;
/// An idle thread ends after this time.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The helping threads of one session.
#[derive(Default)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Pool {
    /// Hands over a job. It may be run late or, once the pool is closed, never.
    pub(crate) fn submit(&self, job: Job) {
        let mut state = self.shared.state.lock();
        if state.closed {
            return;
        }
        state.jobs.push_back(job);
        if state.idle < state.jobs.len() && state.threads < MAX_THREADS {
            state.threads += 1;
            drop(state);
            self.spawn();
        } else {
            drop(state);
            self.shared.work.notify_one();
        }
    }

    /// Drops the jobs that nobody has begun and lets the threads end.
    pub(crate) fn close(&self) {
        let jobs = {
            let mut state = self.shared.state.lock();
            state.closed = true;
            std::mem::take(&mut state.jobs)
        };
        self.shared.work.notify_all();
        drop(jobs);
    }

    fn spawn(&self) {
        let shared = Arc::clone(&self.shared);
        let started =
            thread::Builder::new().name("engine".into()).stack_size(STACK).spawn(move || shared.work_off());
        if let Err(error) = started {
            tracing::debug!(%error, "cannot start a thread; the others do its work");
            let mut state = self.shared.state.lock();
            state.threads -= 1;
            // Nobody would take them, and each holds what a new revision waits for.
            let orphans = if state.threads == 0 { std::mem::take(&mut state.jobs) } else { VecDeque::new() };
            drop(state);
            drop(orphans);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn work_off(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.state.lock();
                continue;
            }
            state.idle += 1;
            let timed_out = !state.closed && self.work.wait_for(&mut state, IDLE).timed_out();
            state.idle -= 1;
            if state.jobs.is_empty() && (timed_out || state.closed) {
                state.threads -= 1;
                return;
            }
        }
    }
}
