//! The loop that reads the other side's lines and routes each, and what happens when it ends.

use std::collections::HashMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::Wire;
use super::request::{Handler, Notification, Request};
use crate::codec::{Garbage, Limits, LineReader, NotQueued};
use crate::error::{ErrorObject, Fault, code, object, snippet};
use crate::message::{self, Id, Peek};
use crate::method::{CancelParams, name};

/// How long the other side may go on after it stopped reading, so that its own end is what is told, not a broken pipe.
const WRITE_GRACE: Duration = Duration::from_millis(500);

/// Reads until the connection ends, then fails all open calls.
pub(super) async fn run<R: AsyncRead + Unpin, H: Handler>(
    source: R,
    writing: impl Future<Output = io::Result<()>> + Send + 'static,
    limits: Limits,
    wire: Arc<Wire>,
    handler: Arc<H>,
    on_end: impl FnOnce(Fault) -> BoxFuture<'static, Fault>,
    end: watch::Sender<Option<Arc<Fault>>>,
) {
    let mut writer = tokio::spawn(writing);
    let mut lines = LineReader::new(source, limits.max_message);
    let inbound = Arc::<Mutex<Inbound>>::default();
    let mut router = Router { wire: wire.clone(), handler, limits, inbound: inbound.clone(), strangers: 0 };
    let reading = async {
        loop {
            match lines.next().await {
                Ok(line) => {
                    if let Err(fault) = router.route(line) {
                        return fault;
                    }
                }
                Err(fault) => return fault,
            }
        }
    };
    tokio::pin!(reading);
    let fault = tokio::select! {
        biased;
        fault = &mut reading => fault,
        written = &mut writer => after_writing(written, reading).await,
    };
    lock(&inbound).drain();
    let fault = Arc::new(on_end(fault).await);
    writer.abort();
    end.send_replace(Some(fault));
    *wire.calls() = None;
}

/// The writer ended first: because this side closed it, or because the other side does not read any more.
async fn after_writing(
    written: Result<io::Result<()>, tokio::task::JoinError>,
    reading: impl Future<Output = Fault>,
) -> Fault {
    match written {
        Ok(Ok(())) => match reading.await {
            Fault::Eof => Fault::Closed,
            fault => fault,
        },
        Ok(Err(error)) => tokio::time::timeout(WRITE_GRACE, reading).await.unwrap_or(Fault::Write(error)),
        Err(error) => Fault::Write(io::Error::other(error)),
    }
}

/// The other side's open requests.
#[derive(Default)]
struct Inbound {
    open: HashMap<Id, Open>,
    bytes: usize,
}

/// One open request: how to stop it, its size in bytes, and whether its answer only waits for room.
struct Open {
    task: AbortHandle,
    size: usize,
    answered: bool,
}

impl Inbound {
    /// Whoever answers a request asks first: its handler or its cancellation, but not both.
    fn answer(&mut self, id: &Id) -> bool {
        self.open.get_mut(id).is_some_and(|open| !std::mem::replace(&mut open.answered, true))
    }

    fn remove(&mut self, id: &Id) -> Option<AbortHandle> {
        let open = self.open.remove(id)?;
        self.bytes -= open.size;
        Some(open.task)
    }

    fn drain(&mut self) {
        self.bytes = 0;
        for (_, open) in self.open.drain() {
            open.task.abort();
        }
    }
}

struct Router<H> {
    wire: Arc<Wire>,
    handler: Arc<H>,
    limits: Limits,
    inbound: Arc<Mutex<Inbound>>,
    strangers: u64,
}

impl<H: Handler> Router<H> {
    fn inbound(&self) -> MutexGuard<'_, Inbound> {
        lock(&self.inbound)
    }

    /// Sends one line where it belongs. An error ends the connection.
    fn route(&mut self, line: Vec<u8>) -> Result<(), Fault> {
        match message::peek(&line) {
            Ok(Peek::Response { id }) => {
                self.answered(id, line);
                Ok(())
            }
            Ok(Peek::Request { id, method }) => self.asked(id, method, line),
            Ok(Peek::Method(method)) => match serde_json::from_slice::<LateId>(&line) {
                Ok(LateId { id: Some(id) }) => self.asked(id, method, line),
                Ok(LateId { id: None }) => self.notified(method, line),
                Err(error) => self.garbage(&line, &error),
            },
            Ok(Peek::Batch) => {
                self.refuse(None, &object::invalid_request("batches are not part of this protocol"))
            }
            Ok(Peek::Neither) => self.garbage(&line, &"neither method, result nor error"),
            Err(error) => self.garbage(&line, &error),
        }
    }

    fn answered(&mut self, id: Option<u64>, line: Vec<u8>) {
        let waiting = id.and_then(|id| self.wire.calls().as_mut()?.remove(&id));
        match waiting {
            // Who asked may have gone in this moment; that is no fault of the answer.
            Some(waiting) => drop(waiting.send(line)),
            // A late answer to a call that was given up is as it should be.
            None if id.is_some_and(|id| self.wire.was_given(id)) => {}
            None => {
                self.strangers += 1;
                if self.strangers == 1 {
                    tracing::warn!(line = snippet(&line), "dropped an answer to no call of ours");
                }
            }
        }
    }

    fn asked(&mut self, id: Id, method: String, line: Vec<u8>) -> Result<(), Fault> {
        let size = line.len();
        let mut inbound = self.inbound();
        let refusal = if inbound.open.contains_key(&id) {
            Some(object::invalid_request(format!("the id {id} is in use")))
        } else if inbound.open.len() >= self.limits.max_inbound {
            Some(object::too_busy(format!("{} requests are open", inbound.open.len())))
        } else if !inbound.open.is_empty() && inbound.bytes + size > self.limits.max_inbound_bytes {
            Some(object::too_busy(format!("requests of {} bytes are open", inbound.bytes)))
        } else {
            None
        };
        if let Some(error) = refusal {
            drop(inbound);
            return self.refuse(Some(&id), &error);
        }
        let request = Request { id: id.clone(), method, line, wire: self.wire.clone() };
        // The lock is held until the task is entered, so that it cannot end before.
        let task = tokio::spawn(serve(self.handler.clone(), request, self.inbound.clone()));
        inbound.bytes += size;
        inbound.open.insert(id, Open { task: task.abort_handle(), size, answered: false });
        Ok(())
    }

    fn notified(&mut self, method: String, line: Vec<u8>) -> Result<(), Fault> {
        let notification = Notification { method, line };
        if notification.method() == name::CANCEL {
            let Ok(CancelParams { id }) = notification.read() else { return Ok(()) };
            return self.cancelled(&id);
        }
        let handler = &self.handler;
        if std::panic::catch_unwind(AssertUnwindSafe(|| handler.notification(notification))).is_err() {
            tracing::error!("the handler of a notification panicked");
        }
        Ok(())
    }

    fn cancelled(&mut self, id: &Id) -> Result<(), Fault> {
        let is_open = self.inbound().open.get(id).is_some_and(|open| !open.answered);
        if is_open && self.handler.cancel(id) {
            return Ok(());
        }
        let task = {
            let mut inbound = self.inbound();
            if inbound.answer(id) { inbound.remove(id) } else { None }
        };
        match task {
            Some(task) => {
                task.abort();
                self.refuse(Some(id), &object::cancelled())
            }
            // It never was, or its answer is on the way.
            None => Ok(()),
        }
    }

    fn garbage(&mut self, line: &[u8], reason: &dyn std::fmt::Display) -> Result<(), Fault> {
        match self.limits.garbage {
            Garbage::Fatal => Err(Fault::garbage(line, reason)),
            Garbage::Answer => self.refuse(None, &object::plain(code::PARSE, reason.to_string())),
        }
    }

    /// Answers at once. The reader never waits; who leaves it no room to answer in is cut off.
    fn refuse(&mut self, id: Option<&Id>, error: &ErrorObject) -> Result<(), Fault> {
        match self.wire.out.try_send(message::error_frame(id, error)) {
            Ok(()) | Err(NotQueued::Closed) => Ok(()),
            Err(NotQueued::Full) => Err(Fault::Flood),
        }
    }
}

fn lock(inbound: &Mutex<Inbound>) -> MutexGuard<'_, Inbound> {
    inbound.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The id of a request that wrote its method first.
#[derive(Deserialize)]
struct LateId {
    id: Option<Id>,
}

async fn serve<H: Handler>(handler: Arc<H>, request: Request, inbound: Arc<Mutex<Inbound>>) {
    let id = request.id.clone();
    let wire = request.wire.clone();
    let method = request.method.clone();
    let frame = match AssertUnwindSafe(async { handler.request(request).await }).catch_unwind().await {
        Ok(response) => response.frame,
        Err(_) => {
            message::error_frame(Some(&id), &object::internal(format!("the handler of {method} panicked")))
        }
    };
    if !lock(&inbound).answer(&id) {
        return;
    }
    // The request counts as open until its answer has room, so that who reads nothing cannot pile up answers; and no
    // longer, so that its id is free again before the other side can have the answer.
    let room = wire.out.reserve(&frame).await;
    lock(&inbound).remove(&id);
    if let Ok(room) = room {
        // The connection may end in this moment: then nobody waits.
        let _ = wire.out.send_reserved(frame, room);
    }
}
