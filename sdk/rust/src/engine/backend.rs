//! Where an engine's questions go: to the host, or to a test's closures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use probity_protocol::method::Meta;
use probity_protocol::peer::ResponseLine;

use crate::error::Result;

/// One query's way to the engine.
pub(crate) trait Backend: Send + Sync {
    /// What travels with each request: above all, which of the host's requests it serves.
    fn meta(&self) -> &Meta;
    /// Asks, with params that are JSON text, and waits. An answer that is an error shows when the line is read.
    fn call(&self, method: &'static str, params: String) -> Result<ResponseLine>;
    /// Tells, with params that are JSON text.
    fn notify(&self, method: &'static str, params: String);
    /// Whether `engine/queryMany` is served.
    fn serves_many(&self) -> bool;
    /// The git directory that the host has granted.
    fn git_dir(&self) -> Option<&Path>;
    /// Where something lies that the host has granted for reading.
    fn readable(&self, name: &str) -> Option<PathBuf>;
    /// Where a program lies that may be started.
    fn program(&self, name: &str) -> Option<PathBuf>;
    /// Whether nobody waits any more.
    fn is_cancelled(&self) -> bool;
    /// How long the host will still wait.
    fn time_left(&self) -> Option<Duration>;
    /// The token to report progress with, if the host wants to hear of it and has not just done so.
    fn progress_token(&self) -> Option<String>;
}
