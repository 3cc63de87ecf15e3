//! Git objects for plugins that look at content themselves: each is hashed and compared with its id before anybody sees it.
//!
//! A plugin that only wants to know what lies where asks the plugin `git`. One that reads text reads it here: text would cross two pipes
//! and be remembered, although its name says all. Start with [`repository()`], or with [`Repository::open`] outside of a query.

mod cache;
pub mod error;
mod gate;
pub mod ids;
mod reader;
mod repository;

pub use cache::Bounded;
pub use error::GitError;
pub use reader::{Blob, HUGE_BYTES, MAX_BYTES, Reader};
pub use repository::{Readers, Repository, Unwanted, in_order};

use probity_sdk::{Engine, Result, failed, unavailable};

/// The repository that the host has granted, opened once for all queries of the process. Its work ends when nobody waits for the
/// answer any more.
///
/// # Errors
/// The host has granted none, or it cannot be opened.
pub fn repository<C>(engine: &Engine<C>) -> Result<Repository> {
    let shared = engine.shared(|| told(Repository::open(engine.git_dir()?)))?;
    Ok(shared.unless(engine.cancellation()))
}

/// The result of reading as that of a query: what this clone lacks is no fact about the key; everything else is.
///
/// # Errors
/// That of the reading.
pub fn told<T>(result: std::result::Result<T, GitError>) -> Result<T> {
    result.map_err(|error| {
        let message = error.to_string();
        if error.is_transient() { unavailable(message) } else { failed(message) }
    })
}
