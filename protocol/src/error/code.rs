//! The error codes of the protocol. `-32000` to `-32010` are left to the JSON-RPC library.

/// The line is not JSON.
pub const PARSE: i32 = -32700;
/// No valid request, or one that may not be made now; also a batch, and a missing or closed parent.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The params do not have the method's shape.
pub const INVALID_PARAMS: i32 = -32602;
/// The handler failed in a way of its own, such as a panic.
pub const INTERNAL: i32 = -32603;
/// A query that this query asked failed. Data: `chain`, and `kind` and `retryable` of the innermost.
pub const UPSTREAM: i32 = -32011;
/// No version of the protocol in common. Data: `supported`.
pub const UNSUPPORTED_PROTOCOL: i32 = -32012;
/// The other side lacks a capability that is needed.
pub const CAPABILITY_MISSING: i32 = -32013;
/// The plugin has no such query. Data: `known`.
pub const NO_SUCH_QUERY: i32 = -32014;
/// The key does not match the query's schema. Data: `path`.
pub const KEY_MISMATCH: i32 = -32015;
/// The configuration is refused. Data: `path`, `expected`.
pub const BAD_CONFIGURATION: i32 = -32016;
/// The result does not match the query's schema (made by the host).
pub const RESULT_MISMATCH: i32 = -32017;
/// A query before the configuration.
pub const NOT_CONFIGURED: i32 = -32018;
/// The query asks, through others, for itself. Data: `cycle`.
pub const CYCLE: i32 = -32019;
/// The plugin's own error. Data: `kind`, `retryable`, `trace`.
pub const PLUGIN: i32 = -32020;
/// There is no such plugin.
pub const NO_SUCH_PLUGIN: i32 = -32021;
/// Not allowed to this plugin.
pub const DENIED: i32 = -32022;
/// The input cannot be had.
pub const INPUT_UNAVAILABLE: i32 = -32023;
/// A blob's bytes are not those that its digest names.
pub const BLOB_MISMATCH: i32 = -32024;
/// The plugin's process ended (made by the host). Data: `status`, `stderrTail`.
pub const PLUGIN_ENDED: i32 = -32025;
/// No answer in time (made by the host).
pub const DEADLINE: i32 = -32026;
/// Too many requests are open.
pub const TOO_BUSY: i32 = -32027;
/// A message would be longer than the other side reads.
pub const TOO_BIG: i32 = -32028;
/// The request was cancelled.
pub const CANCELLED: i32 = -32800;
/// The inputs changed; the request is no longer of interest.
pub const SUPERSEDED: i32 = -32801;

/// Every code with its name and what it means, in the order of the generated documents.
pub const ALL: &[(i32, &str)] = &[
    (PARSE, "not JSON"),
    (INVALID_REQUEST, "invalid request"),
    (METHOD_NOT_FOUND, "no such method"),
    (INVALID_PARAMS, "invalid params"),
    (INTERNAL, "internal error"),
    (UPSTREAM, "a query that this query asked failed"),
    (UNSUPPORTED_PROTOCOL, "no protocol version in common"),
    (CAPABILITY_MISSING, "capability missing"),
    (NO_SUCH_QUERY, "no such query"),
    (KEY_MISMATCH, "the key does not match its schema"),
    (BAD_CONFIGURATION, "bad configuration"),
    (RESULT_MISMATCH, "the result does not match its schema"),
    (NOT_CONFIGURED, "not configured"),
    (CYCLE, "the query asks for itself"),
    (PLUGIN, "the plugin's own error"),
    (NO_SUCH_PLUGIN, "no such plugin"),
    (DENIED, "denied"),
    (INPUT_UNAVAILABLE, "input unavailable"),
    (BLOB_MISMATCH, "blob mismatch"),
    (PLUGIN_ENDED, "the plugin ended"),
    (DEADLINE, "no answer in time"),
    (TOO_BUSY, "too busy"),
    (TOO_BIG, "message too big"),
    (CANCELLED, "cancelled"),
    (SUPERSEDED, "superseded"),
];
