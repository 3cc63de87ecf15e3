//! What is asked, and what can be answered: requests, answers, refusals, failures.

use std::fmt;
use std::sync::Arc;

use crate::Key;

/// One question: a query of a plugin instance, with its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    /// The plugin instance: `publisher/namespace/name`, or `publisher/namespace/name#analysis`.
    pub plugin: Arc<str>,
    /// The query's name: snake_case, or a host's own such as `$describe`.
    pub query: Arc<str>,
    /// The argument.
    pub key: Key,
}

impl Request {
    /// The question `query(key)` to `plugin`.
    pub fn new(plugin: impl Into<Arc<str>>, query: impl Into<Arc<str>>, key: Key) -> Request {
        Request { plugin: plugin.into(), query: query.into(), key }
    }
}

impl fmt::Display for Request {
    /// `plugin/query key`, the key cut at 120 bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_str();
        let end = key.floor_char_boundary(120);
        write!(f, "{}/{} {}{}", self.plugin, self.query, &key[..end], if end < key.len() { "…" } else { "" })
    }
}

/// What a plugin answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The value: raw JSON on one line, as the plugin sent it.
    pub value: Arc<str>,
    /// The concerns: a raw JSON array on one line.
    pub concerns: Arc<str>,
}

/// A plugin's own error, or its abstention: a fact, remembered like an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The JSON-RPC error code.
    pub code: i32,
    /// The reason, for people.
    pub message: String,
    /// The error's `data`: raw JSON.
    pub data: Option<Arc<str>>,
}

/// A fact about a request, which may be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The plugin answered.
    Answered(Answer),
    /// The plugin said that there is no answer, and why.
    Refused(Refusal),
}

impl Outcome {
    /// The size of its texts in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Outcome::Answered(answer) => answer.value.len() + answer.concerns.len(),
            Outcome::Refused(refusal) => {
                refusal.message.len() + refusal.data.as_ref().map_or(0, |data| data.len())
            }
        }
    }
}

/// What is no fact: it is never stored, and neither is the answer of any caller that saw it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The cause's kind.
    pub kind: FailureKind,
    /// What happened, for people.
    pub message: String,
    /// The queries that the failure passed through, the one that failed first. The engine fills it in; an
    /// executor passes a failure on as it came, or makes one with an empty chain. At most 32 are kept.
    pub chain: Vec<Request>,
}

impl Failure {
    /// A failure that begins here.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), chain: Vec::new() }
    }
}

/// Why there is no fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin's process ended, or could not be started.
    Crashed,
    /// The deadline passed.
    TimedOut,
    /// The caller is no longer interested, or the revision ended.
    Cancelled,
    /// An object or input cannot be had at present.
    Unavailable,
    /// The policy or the sandbox forbids it.
    Denied,
    /// The plugin broke the protocol.
    Protocol,
    /// The query asks for itself, through others.
    Cycle,
    /// Queries are nested deeper than the engine follows.
    TooDeep,
}

/// An outcome, or the failure in its place.
pub type Reply = Result<Outcome, Failure>;
