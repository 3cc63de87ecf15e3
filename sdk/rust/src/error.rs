//! Why a query has no value: it abstains, something is missing now, or it failed.
//!
//! Any error of another library becomes a failure by `?`. The error of a query that was asked meanwhile keeps its kind:
//! who asks one that abstains, and does not handle that, abstains for the same reason.

use std::fmt;

use probity_protocol::error::{CallError, Detail, ErrorObject, code, object};
pub use probity_protocol::error::{ErrorKind, Upstream};

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a query has no value.
///
/// Like the error types of its sort this is no `std::error::Error` itself, so that all of those can become one by `?`.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    code: i32,
    detail: Detail,
}

/// The query cannot judge, for `reason`. That is a fact like an answer, and remembered like one.
pub fn abstain(reason: impl Into<String>) -> Error {
    Error::of_kind(ErrorKind::Abstain, reason)
}

/// Something that the query needs is missing now, such as an object of a partial clone. Never remembered.
pub fn unavailable(reason: impl Into<String>) -> Error {
    let mut error = Error::of_kind(ErrorKind::Unavailable, reason);
    error.detail.retryable = Some(true);
    error
}

/// The query failed, for `reason`, and will fail again for the same question.
pub fn failed(reason: impl Into<String>) -> Error {
    Error::of_kind(ErrorKind::Error, reason)
}

impl Error {
    fn of_kind(kind: ErrorKind, message: impl Into<String>) -> Error {
        let detail = Detail { kind: Some(kind), ..Detail::default() };
        Error { message: message.into(), code: code::PLUGIN, detail }
    }

    pub(crate) fn cancelled() -> Error {
        Error::from_object(&object::cancelled())
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.detail.kind.unwrap_or(ErrorKind::Error)
    }

    /// Whether the query abstains.
    pub fn is_abstention(&self) -> bool {
        self.kind() == ErrorKind::Abstain
    }

    /// Whether it is the host's that the plugin may not see what it asked for, since nobody granted it.
    pub fn is_denied(&self) -> bool {
        self.code == code::DENIED
    }

    /// Whether it is the host's that an input cannot be had at the moment, such as the answer of a server that does not answer.
    pub fn is_input_unavailable(&self) -> bool {
        self.code == code::INPUT_UNAVAILABLE
    }

    /// Whether the same question may be answered at another time.
    pub fn is_retryable(&self) -> bool {
        self.detail.retryable == Some(true)
    }

    /// What is wrong, for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error's code: that of the nested call where it comes from one, `-32020` otherwise.
    pub fn code(&self) -> i32 {
        self.code
    }

    /// The queries between this one and the failure, outermost first.
    pub fn chain(&self) -> &[Upstream] {
        &self.detail.chain
    }

    /// The same error, its message preceded by what was being done.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Error {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// The error of a call to the engine.
    pub(crate) fn from_call(error: CallError) -> Error {
        match error {
            CallError::Answered(object) => Error::from_object(&object),
            CallError::Ended(_) | CallError::Deadline(_) => unavailable(error.to_string()),
            other => failed(other.to_string()),
        }
    }

    pub(crate) fn from_object(object: &ErrorObject) -> Error {
        let mut detail = Detail::of(object);
        if detail.retryable.is_none() && is_transient(object.code()) {
            detail.retryable = Some(true);
        }
        Error { message: object.message().to_owned(), code: object.code(), detail }
    }

    pub(crate) fn to_object(&self) -> ErrorObject {
        if self.code == code::CANCELLED {
            return object::cancelled();
        }
        let detail = Detail { kind: Some(self.kind()), ..self.detail.clone() };
        object::plugin(self.message.clone(), &detail)
    }
}

/// Codes that say something about this moment, and nothing about the question.
fn is_transient(code: i32) -> bool {
    matches!(
        code,
        code::PLUGIN_ENDED
            | code::DEADLINE
            | code::TOO_BUSY
            | code::CANCELLED
            | code::SUPERSEDED
            | code::CYCLE
    )
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Error {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some errors repeat their source in their own text.
            if !message.contains(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        failed(message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}): {}", self.kind(), self.code, self.message)
    }
}

/// Why a configuration is refused: where, and what should stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub(crate) path: String,
    pub(crate) expected: String,
}

/// A configuration is refused: at the JSON pointer `path` something else is `expected`.
pub fn invalid(path: impl Into<String>, expected: impl Into<String>) -> Invalid {
    Invalid { path: path.into(), expected: expected.into() }
}
