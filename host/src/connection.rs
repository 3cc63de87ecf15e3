//! A running process and the wire to it: the calls that are open in it, and the certificate of its death.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use probity_protocol::{Fault, Limits, Peer};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::allowance::{Allowance, lacked_memory};
use crate::inbound::Inbound;
use crate::launch::{Launched, Process};
use crate::routes::Routes;
use crate::sink::Sink;
use crate::stderr::{Tail, drain};

/// How long a process that closed its output may take to end before it is killed.
const LAST_BREATH: Duration = Duration::from_millis(500);
/// How long the rest of its stderr may take to arrive after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The wire to one process. Dropping it kills the process.
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    pub(crate) routes: Arc<Routes>,
    life: Arc<Life>,
}

/// What is known about the process, shared with the task that writes its certificate.
struct Life {
    process: Box<dyn Process>,
    ended: AtomicBool,
    /// Why the host killed it.
    killed: Mutex<Option<String>>,
    /// Nobody need hear of its end: nothing went wrong.
    dismissed: AtomicBool,
}

impl Connection {
    /// Begins to talk to a process. Inside a tokio runtime.
    pub(crate) fn new(
        launched: Launched,
        plugin: Arc<str>,
        message_bytes: usize,
        sink: Arc<dyn Sink>,
        allowance: Option<Arc<Allowance>>,
    ) -> Connection {
        let Launched { stdin, stdout, stderr, process, .. } = launched;
        let tail = Tail::default();
        let drained = tokio::spawn(drain(stderr, tail.clone()));
        let life = Arc::new(Life {
            process,
            ended: AtomicBool::new(false),
            killed: Mutex::new(None),
            dismissed: AtomicBool::new(false),
        });
        let routes = Arc::new(Routes::default());
        let inbound = Inbound::new(routes.clone(), plugin.clone(), sink.clone());
        let limits =
            Limits { max_message: message_bytes, max_inbound_bytes: 2 * message_bytes, ..Limits::default() };
        let dying = life.clone();
        let on_end = move |fault| -> Pin<Box<dyn Future<Output = Fault> + Send>> {
            Box::pin(async move {
                let certificate = dying.certificate(fault, drained, &tail).await;
                let closed =
                    matches!(&certificate, Fault::Ended { cause, .. } if matches!(**cause, Fault::Closed));
                if !closed && !dying.dismissed.load(Ordering::Relaxed) {
                    let memory = allowance.filter(|_| lacked_memory(&tail.text()));
                    let memory = memory.map(|allowance| format!("\n{}", allowance.memory_told()));
                    sink.ended(&plugin, &format!("{certificate}{}", memory.unwrap_or_default()));
                }
                certificate
            })
        };
        let peer = Peer::start(stdout, stdin, limits, |_| inbound, on_end);
        Connection { peer, routes, life }
    }

    /// Whether the process can take no more calls.
    pub(crate) fn has_ended(&self) -> bool {
        self.life.ended.load(Ordering::Acquire)
    }

    /// The processor time that the process has used so far, where that can be told.
    pub(crate) fn used(&self) -> Option<Duration> {
        self.life.process.used()
    }

    /// Kills the process; `why` is what the certificate says.
    pub(crate) fn kill(&self, why: &str) {
        self.life.killed.lock().get_or_insert_with(|| why.to_owned());
        self.life.process.kill();
    }

    /// Kills the process, which is needed no more.
    pub(crate) fn dismiss(&self, why: &str) {
        self.life.dismissed.store(true, Ordering::Relaxed);
        self.kill(why);
    }

    /// Kills the process, which is needed no more, while no call is open in it.
    pub(crate) fn dismiss_idle(&self, why: &str) {
        self.life.dismissed.store(true, Ordering::Relaxed);
        self.life.killed.lock().get_or_insert_with(|| why.to_owned());
        self.life.process.end_idle();
    }

    /// Waits until what the process has left is kept, once it has ended.
    pub(crate) async fn kept(&self) {
        self.life.process.kept().await;
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        self.life.process.terminate();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.has_ended() {
            // Whoever lets go of it needs no certificate.
            self.life.dismissed.store(true, Ordering::Relaxed);
        }
        self.life.process.kill();
    }
}

impl Life {
    /// Finds out how the process ended: every open call fails with what this returns.
    async fn certificate(&self, fault: Fault, drained: JoinHandle<()>, tail: &Tail) -> Fault {
        self.ended.store(true, Ordering::Release);
        let by_itself = crate::error::is_crash(&fault);
        if !by_itself {
            self.process.kill();
        }
        let status = match timeout(LAST_BREATH, self.process.ended()).await {
            Ok(status) if by_itself => status,
            Ok(_) => "killed by the host".to_owned(),
            Err(_) => {
                self.process.kill();
                self.process.ended().await;
                "killed by the host, since it went on without its output".to_owned()
            }
        };
        // A process of its own that still holds the pipe must not hold the certificate.
        let _ = timeout(LAST_WORDS, drained).await;
        let status = self.killed.lock().take().unwrap_or(status);
        Fault::Ended { status, stderr_tail: tail.text(), cause: Box::new(fault) }
    }
}
