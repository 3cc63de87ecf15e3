//! The leaves as they are in this revision: each is looked at once, lazily, by whoever needs it first.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::account::Change;
use crate::{Ask, Digest, Executor, Failure, FailureKind, Leaf, Reply, Request};

/// The digest of a leaf now, and its value if it is an input.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) digest: Digest,
    pub(crate) value: Arc<str>,
}

/// What the digest of an [`Leaf::Expiry`] is taken of within its time, and outside of it.
const YOUNG: &[u8] = b"young";
const AGED: &[u8] = b"aged";

/// How often who waits for a slow input looks whether it is still wanted.
const SLICE: Duration = Duration::from_millis(10);

type Slot = Arc<OnceLock<Result<Seen, Failure>>>;

/// The executor, its leaves remembered for a revision and its panics turned into failures.
pub(crate) struct World {
    executor: Arc<dyn Executor>,
    seen: Mutex<HashMap<Leaf, Slot>>,
    /// Nobody waits any more.
    ending: Arc<AtomicBool>,
}

impl World {
    pub(crate) fn new(executor: Arc<dyn Executor>, ending: Arc<AtomicBool>) -> World {
        World { executor, seen: Mutex::default(), ending }
    }

    /// What is known of `leaf` in this revision.
    pub(crate) fn see(&self, leaf: &Leaf) -> Result<Seen, Failure> {
        let slot = Arc::clone(self.seen.lock().entry(leaf.clone()).or_default());
        slot.get_or_init(|| self.look(leaf)).clone()
    }

    /// Whether `leaf` has that digest now. What cannot be seen does not hold.
    pub(crate) fn holds(&self, leaf: &Leaf, digest: Digest) -> bool {
        self.see(leaf).is_ok_and(|seen| seen.digest == digest)
    }

    /// What became of a leaf that does not hold.
    pub(crate) fn change(&self, leaf: &Leaf, then: Option<Digest>) -> Change {
        let seen = self.see(leaf).ok();
        if leaf.is_private() {
            return Change { leaf: leaf.clone(), then: None, now: None, value: None };
        }
        let is_time = matches!(leaf, Leaf::Input { .. });
        Change {
            leaf: leaf.clone(),
            then,
            now: seen.as_ref().map(|seen| seen.digest),
            value: seen.filter(|_| is_time).map(|seen| seen.value),
        }
    }

    /// The leaves that every answer to `request` rests on, in order, with their digests now.
    pub(crate) fn own_leaves(&self, request: &Request) -> Result<Vec<(Leaf, Digest)>, Failure> {
        let mut leaves = guarded("leaves", || Ok(self.executor.leaves(request)))?;
        leaves.sort();
        leaves.dedup();
        leaves.into_iter().map(|leaf| self.see(&leaf).map(|seen| (leaf, seen.digest))).collect()
    }

    /// Runs the executor.
    pub(crate) fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
        guarded("execute", || self.executor.execute(request, ask))
    }

    /// The leaf of an answer that holds for `seconds` from now, and its digest as long as it does.
    pub(crate) fn expiry(&self, seconds: u64) -> (Leaf, Digest) {
        let since = self.executor.now();
        (Leaf::Expiry { since, at: since.saturating_add(seconds) }, Digest::of(YOUNG))
    }

    /// Forgets every leaf, at the beginning of a revision.
    pub(crate) fn next_revision(&self) {
        self.seen.lock().clear();
    }

    /// An input that is asked for on a thread of its own, which is left alone when the revision ends.
    fn awaited(&self, kind: &Arc<str>, id: &Arc<str>) -> Result<Arc<str>, Failure> {
        let failed = |kind, message: &str| Err(Failure::new(kind, message));
        let (tell, told) = mpsc::sync_channel(1);
        let (executor, kind, id) = (Arc::clone(&self.executor), Arc::clone(kind), Arc::clone(id));
        let ask = move || drop(tell.send(guarded("input", || executor.input(&kind, &id))));
        if thread::Builder::new().name("input".into()).spawn(ask).is_err() {
            return failed(FailureKind::Unavailable, "the system gives no thread to wait for the input");
        }
        loop {
            match told.recv_timeout(SLICE) {
                Ok(value) => return value,
                Err(RecvTimeoutError::Timeout) if !self.ending.load(Relaxed) => {}
                Err(_) => {
                    return failed(FailureKind::Cancelled, "the revision ended before the input had come");
                }
            }
        }
    }

    fn look(&self, leaf: &Leaf) -> Result<Seen, Failure> {
        match leaf {
            Leaf::Input { kind, id } => {
                let value = match self.executor.is_slow(kind) {
                    true => self.awaited(kind, id)?,
                    false => guarded("input", || self.executor.input(kind, id))?,
                };
                Ok(Seen { digest: Digest::of(value.as_bytes()), value })
            }
            Leaf::Expiry { since, at } => {
                let now = guarded("now", || Ok(self.executor.now()))?;
                let state = if (*since..*at).contains(&now) { YOUNG } else { AGED };
                Ok(Seen { digest: Digest::of(state), value: "".into() })
            }
            Leaf::Artifact(_) | Leaf::Config(_) => {
                let digest = guarded("digest", || self.executor.digest(leaf))?;
                Ok(Seen { digest, value: "".into() })
            }
        }
    }
}

/// A panic of an executor must not take the engine's threads with it, nor those who wait for the answer.
fn guarded<T>(what: &str, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let reason = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        Err(Failure::new(FailureKind::Crashed, format!("the executor's {what} panicked: {reason}")))
    })
}
