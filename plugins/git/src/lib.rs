//! The plugin `probity/core/git`: a repository's history, commits, changes, trees and file contents as data.
//!
//! It reads git objects alone, each verified against its id ([`objects`]), and runs no program. Every answer is a
//! function of content named in its key. Start at [`history`] for how a history is divided, at [`changes`] for what
//! commits did, and at [`shapes`] for keys and values as they stand in JSON.

pub mod changes;
pub mod commits;
pub mod contents;
pub mod graphemes;
pub mod headers;
pub mod history;
pub mod lines;
mod magic;
mod mainline;
pub mod messages;
pub mod paths;
mod queries;
mod segments;
pub mod shapes;
pub mod text;
pub mod tree;

use probity_sdk_objects::error;
pub use probity_sdk_objects::{self as objects, GitError, ids};
pub use queries::plugin;

/// Serves the plugin on standard input and output.
pub fn run() -> std::process::ExitCode {
    plugin().run()
}
