//! One call to the other side: sent when awaited, cancelled when dropped, failed when its time is over.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::Wire;
use crate::error::{CallError, ErrorObject, object};
use crate::message;
use crate::method::{QueryResult, name};

/// A call that has its id and is not sent yet, so that the id can be noted before the other side knows it.
pub struct Call {
    wire: Arc<Wire>,
    id: u64,
    frame: Vec<u8>,
    deadline: Option<Duration>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn new(wire: Arc<Wire>, id: u64, frame: Vec<u8>, deadline: Option<Duration>) -> Call {
        Call { wire, id, frame, deadline }
    }

    /// The id under which the other side will know the call; its nested requests name it as their parent.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The means to cancel the call and go on waiting for what the other side says to that.
    pub fn canceller(&self) -> Canceller {
        Canceller { wire: Arc::clone(&self.wire), id: self.id }
    }

    /// How many bytes will be sent.
    pub fn size(&self) -> usize {
        self.frame.len()
    }

    /// Sends the call and waits for its answer, a `plugin/query`'s or `engine/query`'s, with the value left as text.
    ///
    /// Dropping the future tells the other side that the answer is no longer of interest.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn answer(self) -> Result<QueryResult<Box<RawValue>>, CallError> {
        self.result().await
    }

    /// Sends the call and waits for its answer, whatever its shape.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn result<R: DeserializeOwned>(self) -> Result<R, CallError> {
        self.line().await?.result()
    }

    /// Sends the call and waits for its answer, unread, so that it can be read on another thread.
    ///
    /// # Errors
    /// All of [`CallError`] but an error answer and a malformed one, which show when the line is read.
    pub async fn line(self) -> Result<ResponseLine, CallError> {
        match self.deadline {
            None => self.send().await,
            Some(deadline) => match tokio::time::timeout(deadline, self.send()).await {
                Ok(answer) => answer,
                Err(_) => Err(CallError::Deadline(deadline)),
            },
        }
    }

    async fn send(self) -> Result<ResponseLine, CallError> {
        let (answer, waiting) = oneshot::channel();
        let entered = match self.wire.calls().as_mut() {
            Some(calls) => {
                calls.insert(self.id, answer);
                true
            }
            None => false,
        };
        if !entered {
            return Err(CallError::Ended(self.wire.certificate().await));
        }
        let mut open = OpenCall { wire: &self.wire, id: self.id, sent: false };
        self.wire.send(self.frame).await?;
        open.sent = true;
        match waiting.await {
            Ok(line) => Ok(ResponseLine(line)),
            Err(_) => Err(CallError::Ended(self.wire.certificate().await)),
        }
    }
}

/// Takes a call out of the table however it ends; if the other side still works on it, it is told to stop.
struct OpenCall<'a> {
    wire: &'a Wire,
    id: u64,
    sent: bool,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let unanswered = self.wire.calls().as_mut().is_some_and(|calls| calls.remove(&self.id).is_some());
        if unanswered && self.sent {
            send_cancel(self.wire, self.id);
        }
    }
}

fn send_cancel(wire: &Wire, id: u64) {
    let mut frame = message::call_head(None, name::CANCEL, 32);
    frame.extend_from_slice(format!(r#","params":{{"id":{id}}}}}"#).as_bytes());
    wire.out.send_small(frame);
}

/// Cancels one call without giving up its answer.
#[derive(Clone)]
pub struct Canceller {
    wire: Arc<Wire>,
    id: u64,
}

impl Canceller {
    /// Tells the other side that the answer is no longer of interest. It must be given all the same, and whoever waits
    /// for the call learns of it. Nothing is said about a call that has been answered.
    pub fn cancel(&self) {
        if self.wire.calls().as_ref().is_some_and(|calls| calls.contains_key(&self.id)) {
            send_cancel(&self.wire, self.id);
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The line of an answer, not read beyond its head.
#[derive(Clone, Debug)]
pub struct ResponseLine(Vec<u8>);

impl ResponseLine {
    /// An answer as it would come from the other side, for tests without one.
    pub fn from_line(line: impl Into<Vec<u8>>) -> ResponseLine {
        ResponseLine(line.into())
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Reads the answer, in one pass.
    ///
    /// # Errors
    /// The other side answered with an error, or its answer is malformed.
    pub fn result<'a, R: Deserialize<'a>>(&'a self) -> Result<R, CallError> {
        let read: Body<R> = serde_json::from_slice(&self.0).map_err(|error| malformed(&error))?;
        match (read.error, read.result) {
            (Some(error), _) => Err(CallError::Answered(error)),
            (None, Some(result)) => Ok(result),
            (None, None) => Err(CallError::Malformed("neither result nor error".into())),
        }
    }
}

fn malformed(error: &serde_json::Error) -> CallError {
    CallError::Malformed(error.to_string())
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
struct Body<R> {
    #[serde(default = "none", deserialize_with = "some")]
    result: Option<R>,
    #[serde(default, deserialize_with = "object::lenient")]
    error: Option<ErrorObject>,
}

fn none<R>() -> Option<R> {
    None
}

/// A result that is `null` is there all the same.
fn some<'de, R: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<R>, D::Error> {
    R::deserialize(deserializer).map(Some)
}
