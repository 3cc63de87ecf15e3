//! An engine's way to the host, for one query.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use probity_protocol::Peer;
use probity_protocol::method::Meta;
use probity_protocol::peer::ResponseLine;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::workers::Workers;
use crate::engine::Backend;
use crate::error::{Error, Result, failed};

/// At most 20 reports of progress a second.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// What one query's engine needs of the session.
pub(crate) struct Wire {
    pub(crate) peer: Peer,
    pub(crate) runtime: Handle,
    pub(crate) workers: Workers,
    /// What travels with the query's own requests.
    pub(crate) meta: Meta,
    /// Turns true when nobody waits for the query any more.
    pub(crate) cancelled: watch::Receiver<bool>,
    pub(crate) git_dir: Option<PathBuf>,
    pub(crate) readable: Arc<BTreeMap<String, String>>,
    pub(crate) programs: Arc<BTreeMap<String, String>>,
    pub(crate) serves_many: bool,
    /// The longest message that the host reads, in bytes.
    pub(crate) max_message: usize,
    pub(crate) until: Option<Instant>,
    pub(crate) progress: Option<Progress>,
}

/// How progress of this query is reported.
pub(crate) struct Progress {
    token: String,
    last: Mutex<Option<Instant>>,
}

impl Progress {
    pub(crate) fn new(token: String) -> Progress {
        Progress { token, last: Mutex::new(None) }
    }
}

impl Wire {
    /// Runs `work` on the session's runtime, until it is done or nobody waits any more.
    fn wait<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut cancelled = self.cancelled.clone();
        self.workers.while_waiting(|| {
            self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = cancelled.wait_for(|cancelled| *cancelled) => Err(Error::cancelled()),
                    done = work => done,
                }
            })
        })
    }
}

impl Backend for Wire {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn call(&self, method: &'static str, params: String) -> Result<ResponseLine> {
        let call = self.peer.call_text(method, &params);
        drop(params);
        if call.size() > self.max_message {
            let (bytes, max) = (call.size(), self.max_message);
            return Err(failed(format!(
                "a question of {bytes} bytes is too long, the host reads {max} at most"
            )));
        }
        self.wait(async { call.line().await.map_err(Error::from_call) })
    }

    fn notify(&self, method: &'static str, params: String) {
        // A connection that has ended has nobody to tell.
        let _ = self.wait(async { self.peer.notify_text(method, &params).await.map_err(Error::from_call) });
    }

    fn serves_many(&self) -> bool {
        self.serves_many
    }

    fn git_dir(&self) -> Option<&Path> {
        self.git_dir.as_deref()
    }

    fn readable(&self, name: &str) -> Option<PathBuf> {
        self.readable.get(name).map(PathBuf::from)
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        self.programs.get(name).map(PathBuf::from)
    }

    fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn progress_token(&self) -> Option<String> {
        let progress = self.progress.as_ref()?;
        let now = Instant::now();
        let mut last = progress.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_some_and(|last| now.duration_since(last) < PROGRESS_INTERVAL) {
            return None;
        }
        *last = Some(now);
        Some(progress.token.clone())
    }
}
