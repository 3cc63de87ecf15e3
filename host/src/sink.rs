//! Who hears what plugins say beside their answers. The surfaces implement it; the host only makes the text fit to
//! be shown.

use std::sync::Arc;

use probity_protocol::method::{LogParams, ProgressParams};

pub use probity_protocol::method::LogLevel;

use crate::plain::plain;

/// The longest message that is passed on, in bytes.
const MAX_MESSAGE: usize = 2 << 10;

/// A line of a plugin's log, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How important the plugin says it is.
    pub level: LogLevel,
    /// The text.
    pub message: String,
}

/// How far a plugin is with a call, as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The query that it works on.
    pub query: Arc<str>,
    /// How much is done.
    pub done: Option<u64>,
    /// Of how much.
    pub total: Option<u64>,
    /// What is being done, without control characters.
    pub message: Option<String>,
}

/// What came of something that a plugin asked the host for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    /// It was asked on; the answer may be an error all the same.
    Given,
    /// The plugin did not say beforehand that it would ask for it.
    Undeclared,
    /// Nobody granted it.
    Ungranted,
    /// There is none.
    Unavailable,
}

/// Hears of calls, logs and progress. Called from the host's own threads, so it must not block.
pub trait Sink: Send + Sync + 'static {
    /// The plugin instance is asked a query. Most need not hear of it.
    fn calling(&self, plugin: &str, query: &str) {
        let _ = (plugin, query);
    }
    /// The plugin instance wrote a line to its log.
    fn log(&self, plugin: &str, log: Log);
    /// The plugin instance tells how far it is.
    fn progress(&self, plugin: &str, progress: Progress);
    /// A process of the plugin instance ended that should not have, or could not be started. `certificate` is the whole
    /// story, without control characters. It may name paths and processes of this machine, which no answer and no
    /// failure does: those are the same on each run.
    fn ended(&self, plugin: &str, certificate: &str);
    /// A process of the plugin instance wanted what the sandbox denies: `wanted socket(AF_INET, SOCK_STREAM): denied, …`, without
    /// control characters. It may name processes of this machine. The plugin goes on meanwhile, with an error.
    fn denied(&self, plugin: &str, violation: &str) {
        let _ = (plugin, violation);
    }
    /// The plugin instance asked for an input, in its own words.
    fn asked_input(&self, plugin: &str, kind: &str, id: &str, answered: Answered) {
        let _ = (plugin, kind, id, answered);
    }
    /// The plugin instance asked this query of a plugin for so many keys.
    fn asked_query(&self, plugin: &str, asked: &str, query: &str, keys: usize, answered: Answered) {
        let _ = (plugin, asked, query, keys, answered);
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Sink for Silent {
    fn log(&self, _: &str, _: Log) {}
    fn progress(&self, _: &str, _: Progress) {}
    fn ended(&self, _: &str, _: &str) {}
}

impl Log {
    pub(crate) fn new(params: LogParams) -> Log {
        Log { level: params.level, message: plain(&params.message, MAX_MESSAGE) }
    }
}

impl Progress {
    pub(crate) fn new(query: Arc<str>, params: ProgressParams) -> Progress {
        Progress {
            query,
            done: params.done,
            total: params.total,
            message: params.message.map(|text| plain(&text, MAX_MESSAGE)),
        }
    }
}
