//! Builders for error objects, one per code that carries data, and the reading of what an error says about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::{ErrorObject, code};
use crate::handshake::VersionRange;

/// What sort of failure a plugin reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// The query cannot judge; the message says why. A fact, remembered like an answer.
    Abstain,
    /// Something that it needs is missing now. Never remembered.
    Unavailable,
    /// The query failed. Remembered, unless it is said to be retryable.
    Error,
    /// A kind that this version does not know.
    #[serde(other)]
    Other,
}

/// One step of the way from a query that failed to the one that is told of it, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upstream {
    /// The plugin that was asked.
    pub plugin: String,
    /// Its query.
    pub query: String,
    /// The key, shortened where it is long.
    pub key: String,
    /// The error's code.
    pub code: i32,
    /// The error's message.
    pub message: String,
}

/// What the `data` of an error may say about it; members that are absent or of another shape are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Detail {
    /// The sort of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ErrorKind>,
    /// Whether the same question may be answered at another time. Absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// The queries between the failure and the asker.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Upstream>,
    /// Where in the plugin it happened, for the plugin's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Detail {
    /// Reads the `data` of `error`.
    pub fn of(error: &ErrorObject) -> Detail {
        error.data().and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default()
    }
}

/// The `error` member of an answer, with whatever other members it may have.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct Wire {
    /// One of the protocol's codes.
    code: i32,
    /// What is wrong, for a person.
    message: String,
    /// More, by code.
    #[schemars(with = "Option<serde_json::Value>")]
    data: Option<Box<RawValue>>,
}

/// Reads an error object, ignoring members that it should not have (the library's own type would refuse them).
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorObject>, D::Error> {
    let wire = Option::<Wire>::deserialize(deserializer)?;
    Ok(wire.map(|wire| ErrorObject::owned(wire.code, wire.message, wire.data)))
}

/// An error without data.
pub fn plain(code: i32, message: impl Into<String>) -> ErrorObject {
    ErrorObject::owned(code, message, None::<()>)
}

/// `-32600`: the request is not valid, or not valid now.
pub fn invalid_request(message: impl Into<String>) -> ErrorObject {
    plain(code::INVALID_REQUEST, message)
}

/// `-32601`: there is no such method.
pub fn method_not_found(method: &str) -> ErrorObject {
    plain(code::METHOD_NOT_FOUND, format!("there is no method {method:?}"))
}

/// `-32602`: the params do not have the method's shape.
pub fn invalid_params(message: impl Into<String>) -> ErrorObject {
    plain(code::INVALID_PARAMS, message)
}

/// `-32603`: the handler itself failed.
pub fn internal(message: impl Into<String>) -> ErrorObject {
    plain(code::INTERNAL, message)
}

/// `-32011`: a query that was asked meanwhile failed; `detail` holds the chain and the innermost kind.
pub fn upstream(message: impl Into<String>, detail: &Detail) -> ErrorObject {
    ErrorObject::owned(code::UPSTREAM, message, Some(detail))
}

/// `-32012`: no version in common with `supported`.
pub fn unsupported_protocol(supported: VersionRange) -> ErrorObject {
    let message = format!("this side speaks protocol {} to {}", supported.min, supported.max);
    ErrorObject::owned(code::UNSUPPORTED_PROTOCOL, message, Some(json!({ "supported": supported })))
}

/// `-32014`: the plugin has no query `query`; `known` are those that it has.
pub fn no_such_query(query: &str, known: &[&str]) -> ErrorObject {
    let message = format!("there is no query {query:?}; there are {}", known.join(", "));
    ErrorObject::owned(code::NO_SUCH_QUERY, message, Some(json!({ "known": known })))
}

/// `-32015`: the key does not match at the JSON pointer `path`.
pub fn key_mismatch(path: &str, reason: impl std::fmt::Display) -> ErrorObject {
    let message = format!("the key does not match its schema at {path:?}: {reason}");
    ErrorObject::owned(code::KEY_MISMATCH, message, Some(json!({ "path": path })))
}

/// `-32016`: the configuration is refused at the JSON pointer `path`, where `expected` should stand.
pub fn bad_configuration(path: &str, expected: &str) -> ErrorObject {
    let message = format!("the configuration is refused at {path:?}: {expected}");
    ErrorObject::owned(code::BAD_CONFIGURATION, message, Some(json!({ "path": path, "expected": expected })))
}

/// `-32019`: the queries of `cycle` ask for one another.
pub fn cycle(cycle: &[String]) -> ErrorObject {
    let message = format!("these queries ask for one another: {}", cycle.join(", "));
    ErrorObject::owned(code::CYCLE, message, Some(json!({ "cycle": cycle })))
}

/// `-32020`: the plugin's own error.
pub fn plugin(message: impl Into<String>, detail: &Detail) -> ErrorObject {
    ErrorObject::owned(code::PLUGIN, message, Some(detail))
}

/// `-32020` of kind `abstain`: the query cannot judge, for `reason`.
pub fn abstain(reason: impl Into<String>) -> ErrorObject {
    plugin(reason, &Detail { kind: Some(ErrorKind::Abstain), ..Detail::default() })
}

/// `-32020` of kind `unavailable`: something is missing now, and the question may be asked again.
pub fn unavailable(reason: impl Into<String>) -> ErrorObject {
    let detail = Detail { kind: Some(ErrorKind::Unavailable), retryable: Some(true), ..Detail::default() };
    plugin(reason, &detail)
}

/// `-32025`: the plugin's process ended.
pub fn plugin_ended(status: &str, stderr_tail: &str) -> ErrorObject {
    let data = json!({ "status": status, "stderrTail": stderr_tail, "retryable": true });
    ErrorObject::owned(code::PLUGIN_ENDED, format!("the plugin ended ({status})"), Some(data))
}

/// `-32800`: the request was cancelled.
pub fn cancelled() -> ErrorObject {
    plain(code::CANCELLED, "the request was cancelled")
}

/// `-32027`: too many requests are open.
pub fn too_busy(message: impl Into<String>) -> ErrorObject {
    ErrorObject::owned(code::TOO_BUSY, message, Some(json!({ "retryable": true })))
}

/// `-32028`: an answer of `bytes` would exceed what the other side reads.
pub fn too_big(bytes: usize, max: usize) -> ErrorObject {
    plain(code::TOO_BIG, format!("the answer has {bytes} bytes, the peer reads {max} at most"))
}
