//! Everything that can go wrong on the wire: a connection's end, a call's failure, and every error code of the protocol.
//!
//! A [`Fault`] ends a connection and with it all open calls. A [`CallError`] is what one caller gets. An
//! [`ErrorObject`] is what travels; the functions of [`object`] build each kind with the members that its code promises.

pub mod code;
pub mod object;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use object::{Detail, ErrorKind, Upstream};

/// The `error` member of an answer: code, message, data.
pub type ErrorObject = jsonrpsee::types::ErrorObjectOwned;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The other side closed its end between two messages.
    #[error("the peer closed its output")]
    Eof,
    /// The other side closed its end in the middle of a message.
    #[error("the peer closed its output in the middle of a message ({bytes} bytes without a newline)")]
    PartialMessage { bytes: usize },
    /// Reading failed.
    #[error("cannot read from the peer")]
    Read(#[source] io::Error),
    /// Writing failed and the other side did not end within the grace that it was given.
    #[error("cannot write to the peer")]
    Write(#[source] io::Error),
    /// A line is no JSON-RPC message. `snippet` is how it begins, escaped.
    #[error(
        "the peer wrote what is no message to the protocol's channel ({reason}): \"{snippet}\"; print to stderr instead"
    )]
    NotAMessage { snippet: String, reason: String },
    /// A line is not UTF-8.
    #[error("the peer wrote invalid UTF-8 at byte {at} of a message: \"{snippet}\"")]
    InvalidUtf8 { at: usize, snippet: String },
    /// A message is longer than the limit; it was not read to its end.
    #[error("the peer sent a message of more than {max} bytes")]
    Oversize { seen: usize, max: usize },
    /// The other side keeps asking and does not read the answers.
    #[error("the peer sends requests but reads no answers")]
    Flood,
    /// This side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The process at the other end is gone: made by whoever started it, from the fault that was seen first.
    #[error("the process ended ({status}; {cause}){}", tail(stderr_tail))]
    Ended { status: String, stderr_tail: String, cause: Box<Fault> },
}

fn tail(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; its last words: {stderr}") }
}

impl Fault {
    /// A line that is no message, told apart by whether it is UTF-8 at all.
    pub(crate) fn garbage(line: &[u8], reason: &dyn std::fmt::Display) -> Fault {
        match std::str::from_utf8(line) {
            Err(error) => Fault::InvalidUtf8 { at: error.valid_up_to(), snippet: snippet(line) },
            Ok(_) => Fault::NotAMessage { snippet: snippet(line), reason: reason.to_string() },
        }
    }
}

/// The beginning of a line for a person to read: escaped, so that it cannot command a terminal.
pub(crate) fn snippet(line: &[u8]) -> String {
    const SHOWN: usize = 160;
    let shown = &line[..line.len().min(SHOWN)];
    let text = String::from_utf8_lossy(shown).escape_debug().to_string();
    if line.len() > SHOWN { text + "…" } else { text }
}

/// Why one call has no result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The other side answered with an error.
    #[error("{}", .0.message())]
    Answered(ErrorObject),
    /// The connection ended; every open call gets the same fault.
    #[error("{0}")]
    Ended(Arc<Fault>),
    /// No answer within the call's time.
    #[error("no answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// There is an answer, but it cannot be read.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
    /// The call's own parameters could not be written as JSON.
    #[error("the parameters cannot be written: {0}")]
    Parameters(String),
}

impl From<jsonrpsee::core::client::Error> for CallError {
    fn from(error: jsonrpsee::core::client::Error) -> Self {
        use jsonrpsee::core::client::Error;
        match error {
            Error::Call(object) => CallError::Answered(object),
            Error::ParseError(error) => CallError::Malformed(error.to_string()),
            Error::Transport(source) => match source.downcast::<CallError>() {
                Ok(error) => *error,
                Err(other) => CallError::Malformed(other.to_string()),
            },
            other => CallError::Malformed(other.to_string()),
        }
    }
}

impl From<CallError> for jsonrpsee::core::client::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Answered(object) => Self::Call(object),
            other => Self::Transport(Box::new(other)),
        }
    }
}
