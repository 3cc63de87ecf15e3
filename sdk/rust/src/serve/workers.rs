//! The threads on which queries run.
//!
//! At most `limit` of them work; one that waits for the engine is not counted, and its place is free for another query
//! until its answer comes. So a plugin that asks itself, however deeply, never waits for its own threads, and a host
//! that asks a thousand things at once does not start a thousand threads.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Job = Box<dyn FnOnce() + Send>;

/// A pool that grows while its threads wait.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Pool>);

struct Pool {
    state: Mutex<State>,
    wake: Condvar,
    limit: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Threads that run a job and do not wait for the engine.
    active: usize,
    /// Threads without a job, including those that are being woken.
    idle: usize,
    /// Threads that have been started and have not looked at the queue yet.
    starting: usize,
}

impl Workers {
    pub(crate) fn new(limit: usize) -> Workers {
        Workers(Arc::new(Pool { state: Mutex::default(), wake: Condvar::new(), limit }))
    }

    /// Queues `job`. It is dropped without being run if no thread can be had.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.0.state();
        state.queue.push_back(Box::new(job));
        self.provide(&mut state);
    }

    /// Runs `wait` on a thread of the pool, whose place another job may take meanwhile.
    pub(crate) fn while_waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        {
            let mut state = self.0.state();
            state.active = state.active.saturating_sub(1);
            self.provide(&mut state);
        }
        let _back = Back(&self.0);
        wait()
    }

    /// Sees to it that as many threads look at the queue as may take from it.
    fn provide(&self, state: &mut State) {
        let wanted = state.queue.len().min(self.0.limit.saturating_sub(state.active));
        for _ in 0..wanted.min(state.idle) {
            self.0.wake.notify_one();
        }
        while wanted > state.idle + state.starting {
            if self.start_thread().is_ok() {
                state.starting += 1;
            } else {
                if state.active + state.idle + state.starting == 0 {
                    // No thread will ever look: whoever waits for these jobs learns so when they are dropped.
                    state.queue.clear();
                }
                return;
            }
        }
    }

    fn start_thread(&self) -> io::Result<()> {
        let pool = self.0.clone();
        std::thread::Builder::new().name("query".into()).spawn(move || pool.work()).map(drop)
    }
}

impl Pool {
    /// Jobs run without the lock, so a panic cannot leave the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.state();
        state.starting -= 1;
        loop {
            while state.active < self.limit
                && let Some(job) = state.queue.pop_front()
            {
                state.active += 1;
                drop(state);
                {
                    let _done = Done(self);
                    job();
                }
                state = self.state();
            }
            if state.idle >= self.limit {
                return;
            }
            state.idle += 1;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

/// A job has ended, be it by a panic.
struct Done<'a>(&'a Pool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.active = state.active.saturating_sub(1);
    }
}

/// A job goes on after it waited. There may be more of them than the limit for a while.
struct Back<'a>(&'a Pool);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.state().active += 1;
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.state();
        write!(
            f,
            "Workers {{ active: {}, idle: {}, queued: {} }}",
            state.active,
            state.idle,
            state.queue.len()
        )
    }
}
