//! How a plugin's process comes to be: the seam between the host and the sandbox, so that tests can put a scripted
//! peer in its place.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use probity_sandbox::Report;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{GitGrant, PluginSpec, Sink, StartError};

/// Starts processes. Called inside a tokio runtime, from a thread that may block.
pub trait Launch: Send + Sync + 'static {
    /// Starts the program of `spec`, which may read what `git` grants. `sink` hears what it is denied.
    ///
    /// # Errors
    /// [`StartError`]; then nothing of the plugin has run.
    fn launch(
        &self,
        spec: &PluginSpec,
        git: Option<&GitGrant>,
        sink: &Arc<dyn Sink>,
    ) -> Result<Launched, StartError>;

    /// Whether a process may be started for which less is guaranteed than ought to be. What such a one answers is not
    /// what a confined one would, so that it is remembered apart.
    fn is_weak(&self) -> bool {
        false
    }
}

/// A process that has just been started.
pub struct Launched {
    /// What it reads its messages from.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// What it writes its messages to.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// What it writes for people.
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// The process itself.
    pub process: Box<dyn Process>,
    /// What the sandbox guarantees about it.
    pub report: Option<Report>,
}

impl std::fmt::Debug for Launched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Launched").field("report", &self.report).finish_non_exhaustive()
    }
}

/// A process that can be ended. Dropping it kills it.
pub trait Process: Send + Sync + 'static {
    /// Asks it to end (SIGTERM).
    fn terminate(&self);
    /// Kills it (SIGKILL), with all that belongs to it.
    fn kill(&self);
    /// Kills it while nobody waits for an answer of it: what it leaves is whole, as far as the host can tell.
    fn end_idle(&self) {
        self.kill();
    }
    /// The processor time that it has used so far, where that can be told.
    fn used(&self) -> Option<Duration> {
        None
    }
    /// Waits until it has ended and tells how: `exit status: 3`, `signal: 6 (SIGABRT)`.
    fn ended(&self) -> Pin<Box<dyn Future<Output = String> + Send>>;
    /// Waits until what it has left is kept, if that is to be done, once [`ended`](Self::ended) has told how it ended.
    fn kept(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}
