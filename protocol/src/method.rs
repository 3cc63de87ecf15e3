//! The methods of the protocol: their names, and the shape of what each takes and gives.
//!
//! Members that are unknown are ignored everywhere, and members are only ever added: both sides of a connection may be
//! of different ages. All names on the wire are camelCase.

mod api;
mod configure;
mod describe;
mod initialize;
mod notify;
mod query;

pub use api::{EngineApiClient, EngineApiServer, PluginApiClient, PluginApiServer};
pub use configure::{ConfigureParams, ConfigureResult};
pub use describe::{DescribeResult, Permissions, QueryDescription, RuleDescription};
pub use initialize::{
    HostCapabilities, InitializeParams, InitializeResult, Party, PluginCapabilities, PluginIdentity, Session,
};
pub use notify::{CancelParams, Empty, LogLevel, LogParams, ProgressParams};
pub use query::{
    Concern, EngineQuery, EngineQueryMany, Inherit, InputParams, InputResult, Location, MAX_KEYS, ManyItem,
    ManyResult, Meta, PluginQuery, QueryResult,
};

/// The names of the methods.
pub mod name {
    /// Host to plugin, first and once.
    pub const INITIALIZE: &str = "initialize";
    /// Host to plugin: what the plugin offers. Pure.
    pub const DESCRIBE: &str = "plugin/describe";
    /// Host to plugin, once, before the first query.
    pub const CONFIGURE: &str = "plugin/configure";
    /// Host to plugin: one question.
    pub const QUERY: &str = "plugin/query";
    /// Host to plugin: is anyone there.
    pub const PING: &str = "plugin/ping";
    /// Host to plugin: answer once all open work has ended.
    pub const SHUTDOWN: &str = "shutdown";
    /// Host to plugin, notification: end at once.
    pub const EXIT: &str = "exit";
    /// Plugin to host: one question to a plugin.
    pub const ENGINE_QUERY: &str = "engine/query";
    /// Plugin to host: the same question for many keys.
    pub const ENGINE_QUERY_MANY: &str = "engine/queryMany";
    /// Plugin to host: something outside git.
    pub const ENGINE_INPUT: &str = "engine/input";
    /// Plugin to host, notification: a line for the log.
    pub const LOG: &str = "log";
    /// Plugin to host, notification: how far a request is.
    pub const PROGRESS: &str = "progress";
    /// Both ways, notification: the sender has lost interest in its request.
    pub const CANCEL: &str = "$/cancelRequest";
}
