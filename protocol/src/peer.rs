//! One end of a connection: calls go out, the other side's requests are handed to a [`Handler`].
//!
//! Three rules keep it from hanging. The reader never waits: not for the writer, not for a handler, not for room.
//! Senders wait for room, counted in bytes. When the connection ends, whoever made the peer may first find out why
//! (`on_end`); only then all open calls fail, all with the same [`Fault`].
//!
//! `call` holds what goes out, `request` what comes in, `reader` the loop between them, `typed` the bridge to the
//! JSON-RPC library's generated traits.

mod call;
mod reader;
mod request;
mod typed;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{oneshot, watch};

pub use call::{Call, Canceller, ResponseLine};
pub use request::{Handler, Notification, Request, Response, Ticket};
pub use typed::dispatch;

use crate::codec::{Limits, OutQueue};
use crate::error::{CallError, Fault};
use crate::message;
use crate::method::name;

/// One end of a connection. Clones are the same end; each may have a deadline of its own for typed calls.
#[derive(Clone)]
pub struct Peer {
    wire: Arc<Wire>,
    deadline: Option<Duration>,
}

/// What the parts of a peer share.
pub(crate) struct Wire {
    out: OutQueue,
    calls: Mutex<OpenCalls>,
    next: AtomicU64,
    ended: watch::Receiver<Option<Arc<Fault>>>,
}

/// The calls that wait for an answer, by id. `None` once the connection has ended.
type OpenCalls = Option<HashMap<u64, oneshot::Sender<Vec<u8>>>>;

impl Peer {
    /// Starts to read and write on the current tokio runtime.
    ///
    /// `handler` makes the handler of the other side's requests; it is given the peer, to call back with. `on_end` is
    /// given the fault that ended the connection and returns the one that all open calls fail with: the place to wait
    /// for a process's exit status.
    ///
    /// # Panics
    /// When there is no tokio runtime.
    pub fn start<R, W, H, E>(
        reader: R,
        writer: W,
        limits: Limits,
        handler: impl FnOnce(&Peer) -> H,
        on_end: E,
    ) -> Peer
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
        H: Handler,
        E: FnOnce(Fault) -> BoxFuture<'static, Fault> + Send + 'static,
    {
        let (end, ended) = watch::channel(None);
        let (out, writing) = OutQueue::new(writer, limits.max_queued);
        let wire = Wire { out, calls: Mutex::new(Some(HashMap::new())), next: AtomicU64::new(1), ended };
        let peer = Peer { wire: Arc::new(wire), deadline: None };
        let handler = Arc::new(handler(&peer));
        tokio::spawn(reader::run(reader, writing, limits, peer.wire.clone(), handler, on_end, end));
        peer
    }

    /// The same peer, whose typed calls fail after `deadline`.
    pub fn with_deadline(&self, deadline: Duration) -> Peer {
        Peer { wire: self.wire.clone(), deadline: Some(deadline) }
    }

    /// A call of `method`. Nothing is sent before the call is awaited.
    ///
    /// # Errors
    /// `params` cannot be written as JSON.
    pub fn call<P: Serialize + ?Sized>(&self, method: &str, params: &P) -> Result<Call, CallError> {
        let id = self.wire.next_id();
        let mut frame = message::call_head(Some(id), method, 128);
        frame.extend_from_slice(br#","params":"#);
        serde_json::to_writer(&mut frame, params)
            .map_err(|error| CallError::Parameters(error.to_string()))?;
        frame.push(b'}');
        Ok(Call::new(self.wire.clone(), id, frame, self.deadline))
    }

    /// A call of `method` whose params are JSON text already; they are sent as they stand.
    pub fn call_text(&self, method: &str, params: &str) -> Call {
        let id = self.wire.next_id();
        let mut frame = message::call_head(Some(id), method, params.len() + 16);
        frame.extend_from_slice(br#","params":"#);
        frame.extend_from_slice(params.as_bytes());
        frame.push(b'}');
        Call::new(self.wire.clone(), id, frame, self.deadline)
    }

    /// A call of `plugin/query`. `key` is JSON text and is sent as it stands; `attempt` counts from 0.
    ///
    /// The plugin is told the deadline and the call fails when it has passed.
    pub fn query(&self, query: &str, key: &str, attempt: u32, deadline: Option<Duration>) -> Call {
        let id = self.wire.next_id();
        let mut frame = message::call_head(Some(id), name::QUERY, key.len() + query.len() + 96);
        frame.extend_from_slice(br#","params":{"query":"#);
        serde_json::to_writer(&mut frame, query).expect("a string is JSON and a vector takes all bytes");
        frame.extend_from_slice(br#","key":"#);
        frame.extend_from_slice(key.as_bytes());
        frame.extend_from_slice(format!(r#","attempt":{attempt}"#).as_bytes());
        if let Some(deadline) = deadline {
            frame.extend_from_slice(
                format!(r#","_meta":{{"timeoutMs":{}}}"#, deadline.as_millis()).as_bytes(),
            );
        }
        frame.extend_from_slice(b"}}");
        Call::new(self.wire.clone(), id, frame, deadline)
    }

    /// Sends a notification. Waits for room in the queue.
    ///
    /// # Errors
    /// `params` cannot be written as JSON, or the connection has ended.
    pub async fn notify<P: Serialize + ?Sized>(&self, method: &str, params: &P) -> Result<(), CallError> {
        let mut frame = message::call_head(None, method, 128);
        frame.extend_from_slice(br#","params":"#);
        serde_json::to_writer(&mut frame, params)
            .map_err(|error| CallError::Parameters(error.to_string()))?;
        frame.push(b'}');
        self.wire.send(frame).await
    }

    /// Sends a notification whose params are JSON text already. Waits for room in the queue.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn notify_text(&self, method: &str, params: &str) -> Result<(), CallError> {
        let mut frame = message::call_head(None, method, params.len() + 16);
        frame.extend_from_slice(br#","params":"#);
        frame.extend_from_slice(params.as_bytes());
        frame.push(b'}');
        self.wire.send(frame).await
    }

    /// Writes what is queued, then closes this side's output: the other side reads an end of file.
    pub fn close(&self) {
        self.wire.out.close();
    }

    /// Waits until the connection has ended and says why.
    pub async fn ended(&self) -> Arc<Fault> {
        self.wire.certificate().await
    }

    /// How many bytes wait to be read by the other side.
    pub fn queued(&self) -> usize {
        self.wire.out.queued()
    }

    /// How many calls wait for an answer.
    pub fn open_calls(&self) -> usize {
        self.wire.calls().as_ref().map_or(0, HashMap::len)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("open_calls", &self.open_calls())
            .field("queued", &self.queued())
            .finish()
    }
}

impl Wire {
    fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether `id` was ever given to a call.
    fn was_given(&self, id: u64) -> bool {
        (1..self.next.load(Ordering::Relaxed)).contains(&id)
    }

    fn is_open(&self, id: u64) -> bool {
        self.calls().as_ref().is_some_and(|calls| calls.contains_key(&id))
    }

    /// The table is only ever locked for one look-up, so a panic cannot leave it half changed.
    fn calls(&self) -> std::sync::MutexGuard<'_, OpenCalls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, frame: Vec<u8>) -> Result<(), CallError> {
        match self.out.send(frame).await {
            Ok(()) => Ok(()),
            Err(_) => Err(CallError::Ended(self.certificate().await)),
        }
    }

    /// The fault that the connection ended with, once it is known.
    async fn certificate(&self) -> Arc<Fault> {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone().unwrap_or_else(|| Arc::new(Fault::Closed)),
            // The reader is gone without a word: its runtime was shut down.
            Err(_) => Arc::new(Fault::Closed),
        }
    }
}
