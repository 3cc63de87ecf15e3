//! What the other side sends: requests, which are answered exactly once, and notifications.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Wire;
use crate::error::{ErrorObject, code, object};
use crate::message::{self, Id};
use crate::method::Inherit;

/// Serves the other side's requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. The future runs in a task of its own and may wait as long as it likes; it is dropped when
    /// the request is cancelled (see [`cancel`](Handler::cancel)) or the connection ends. A panic becomes `-32603`.
    fn request(&self, request: Request) -> BoxFuture<'static, Response>;

    /// The other side no longer wants an answer. `true`: this side sees to it that the request is answered soon, and its
    /// future goes on; otherwise that is dropped, and the request answered with `-32800` at once. On the reader: must not wait.
    fn cancel(&self, id: &Id) -> bool {
        let _ = id;
        false
    }

    /// Takes one notification, on the reader and in the order of sending: must not wait.
    fn notification(&self, notification: Notification) {
        tracing::debug!(method = notification.method(), "a notification that is not served");
    }
}

/// A request, not read beyond its head.
pub struct Request {
    pub(super) id: Id,
    pub(super) method: String,
    pub(super) line: Vec<u8>,
    pub(super) wire: Arc<Wire>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("id", &self.id).field("method", &self.method).finish_non_exhaustive()
    }
}

impl Request {
    /// The method that is called.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The id under which the other side knows the request.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Reads the params, in one pass, and gives back the ticket to answer with.
    ///
    /// # Errors
    /// The answer that refuses the request: `-32602` for another shape, `-32700` for what is not JSON.
    pub fn read<P: DeserializeOwned>(self) -> Result<(Ticket, P), Response> {
        let params = params(&self.line);
        let ticket = Ticket { id: self.id };
        match params {
            Ok(params) => Ok((ticket, params)),
            Err(error) => Err(ticket.fail(&error)),
        }
    }

    /// As [`read`](Request::read), for a request that serves one of this side's own: also gives that one's id.
    ///
    /// # Errors
    /// The answer that refuses the request, also with `-32600` when the parent is missing or no longer open.
    pub fn read_nested<P: DeserializeOwned + Inherit>(self) -> Result<(Ticket, u64, P), Response> {
        let wire = self.wire.clone();
        let (ticket, params) = self.read::<P>()?;
        match open_parent(&wire, params.parent()) {
            Ok(parent) => Ok((ticket, parent, params)),
            Err(error) => Err(ticket.fail(&error)),
        }
    }

    /// Answers without a look at the params.
    pub fn fail(self, error: &ErrorObject) -> Response {
        Ticket { id: self.id }.fail(error)
    }
}

fn open_parent(wire: &Wire, parent: Option<&Id>) -> Result<u64, ErrorObject> {
    let Some(parent) = parent else {
        return Err(object::invalid_request("_meta.parent is missing: which request does this one serve?"));
    };
    match parent.as_u64().filter(|id| wire.is_open(*id)) {
        Some(id) => Ok(id),
        None => Err(object::invalid_request(format!("_meta.parent {parent} is no open request"))),
    }
}

/// The right, and the duty, to answer one request.
#[derive(Debug)]
#[must_use = "every request is answered"]
pub struct Ticket {
    id: Id,
}

impl Ticket {
    /// The id under which the other side knows the request.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Answers with `result`, written straight into the message.
    pub fn result<R: serde::Serialize + ?Sized>(self, result: &R) -> Response {
        let mut frame = message::result_head(&self.id, 256);
        if let Err(error) = serde_json::to_writer(&mut frame, result) {
            return self.fail(&object::internal(format!("the result cannot be written: {error}")));
        }
        frame.push(b'}');
        Response { frame }
    }

    /// Answers a query with JSON texts that are taken as they stand: `value`, and `concerns`, an array.
    pub fn answer(self, value: &str, concerns: &str) -> Response {
        let mut frame = message::result_head(&self.id, value.len() + concerns.len() + 32);
        push_answer(&mut frame, value, concerns);
        frame.push(b'}');
        Response { frame }
    }

    /// Answers `engine/queryMany`: for each key, in order, value and concerns as in [`answer`](Ticket::answer), or an
    /// error.
    pub fn answers<'a>(
        self,
        answers: impl IntoIterator<Item = Result<(&'a str, &'a str), ErrorObject>>,
    ) -> Response {
        let answers: Vec<_> = answers.into_iter().collect();
        let texts = answers
            .iter()
            .map(|answer| answer.as_ref().map_or(256, |(value, concerns)| value.len() + concerns.len()));
        // Grown bit by bit, a long message would be copied several times.
        let mut frame = message::result_head(&self.id, texts.map(|text| text + 32).sum());
        frame.extend_from_slice(br#"{"results":["#);
        for (index, answer) in answers.into_iter().enumerate() {
            if index > 0 {
                frame.push(b',');
            }
            match answer {
                Ok((value, concerns)) => push_answer(&mut frame, value, concerns),
                Err(error) => {
                    frame.extend_from_slice(br#"{"error":"#);
                    serde_json::to_writer(&mut frame, &error)
                        .expect("an error object is JSON and a vector takes all bytes");
                    frame.push(b'}');
                }
            }
        }
        frame.extend_from_slice(b"]}}");
        Response { frame }
    }

    /// Answers with an error.
    pub fn fail(self, error: &ErrorObject) -> Response {
        Response { frame: message::error_frame(Some(&self.id), error) }
    }
}

fn push_answer(frame: &mut Vec<u8>, value: &str, concerns: &str) {
    frame.extend_from_slice(br#"{"value":"#);
    frame.extend_from_slice(value.as_bytes());
    frame.extend_from_slice(br#","concerns":"#);
    frame.extend_from_slice(concerns.as_bytes());
    frame.push(b'}');
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Response {
    pub(super) frame: Vec<u8>,
}

impl Response {
    /// The answer to `request` that refuses it, when its [`Ticket`] is no longer at hand.
    pub fn error(request: &Id, error: &ErrorObject) -> Response {
        Response { frame: message::error_frame(Some(request), error) }
    }

    /// How many bytes will be sent.
    pub fn size(&self) -> usize {
        self.frame.len()
    }
}

/// A message that wants no answer.
pub struct Notification {
    pub(super) method: String,
    pub(super) line: Vec<u8>,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Notification {
    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Reads the params.
    ///
    /// # Errors
    /// They do not have the shape of `P`.
    pub fn read<P: DeserializeOwned>(&self) -> Result<P, ErrorObject> {
        params(&self.line)
    }
}

#[derive(Deserialize)]
struct Envelope<P> {
    params: Option<P>,
}

fn params<P: DeserializeOwned>(line: &[u8]) -> Result<P, ErrorObject> {
    let envelope: Envelope<P> = serde_json::from_slice(line).map_err(|error| refusal(&error))?;
    match envelope.params {
        Some(params) => Ok(params),
        None => serde_json::from_str("{}").map_err(|error| refusal(&error)),
    }
}

fn refusal(error: &serde_json::Error) -> ErrorObject {
    match error.classify() {
        Category::Data => object::invalid_params(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => object::plain(code::PARSE, error.to_string()),
    }
}
