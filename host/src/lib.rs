//! Plugin processes: what the engine does not remember is asked of a plugin here.
//!
//! [`Host`] implements the engine's `Executor`. The life of one question: `plugin.rs` starts the process if none runs
//! (`launch.rs`, `handshake.rs`), `call.rs` puts the question and waits on the engine's own thread, `serve.rs`
//! answers what the plugin asks meanwhile, `from_wire.rs` decides whether what came back is a fact. `connection.rs`
//! holds the wire and writes the certificate when a process dies.
//!
//! The host does not decide what to ask, and believes nothing that a plugin says: every key and every fresh answer is
//! held against the plugin's own schemas, every text is stripped before a person sees it, every wait has an end.

mod allowance;
mod call;
mod connection;
mod context;
mod description;
mod error;
mod from_wire;
mod gate;
mod grants;
mod handshake;
mod host;
mod inbound;
mod kept;
mod launch;
mod leaving;
mod meter;
mod names;
mod node;
mod options;
mod package;
mod places;
mod plain;
mod plugin;
mod programs;
mod python;
mod routes;
mod sandboxed;
mod schema;
mod serve;
mod shim;
mod sink;
mod stderr;
mod to_wire;
mod trace;
mod trusted;
pub mod used;
mod waiting;

pub use allowance::Allowance;
pub use context::HostStats;
pub use error::StartError;
pub use grants::{Grants, HTTP_WITH_TOKEN};
pub use host::Host;
pub use launch::{Launch, Launched, Process};
pub use names::{bare_name, full_id};
pub use node::{Node, NodeError};
pub use options::{CallLimits, GitGrant, HostOptions, PluginSpec, Program, Sources, plugin_of};
pub use package::{CopyError, PackageFile, PackageKind, PackageProgram};
pub use places::Places;
pub use probity_sandbox::{Level, Manner, Outcome};
pub use python::{Interpreter, PythonError};
pub use sandboxed::Sandboxed;
pub use sink::{Answered, Log, LogLevel, Progress, Silent, Sink};
pub use trace::{Named, Trace, Traced, Whose};
