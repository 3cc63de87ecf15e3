//! What is read of the answer of `git/changes`: files and lines. The characters, which are most of it, are skipped.

use serde::Deserialize;

/// The answer of `git/changes`.
#[derive(Debug, Deserialize)]
pub(crate) struct Changes {
    /// In the segment's order.
    pub(crate) commits: Vec<CommitChanges>,
}

/// What one commit changes.
#[derive(Debug, Deserialize)]
pub(crate) struct CommitChanges {
    pub(crate) id: String,
    pub(crate) files: Vec<FileChange>,
    /// The parent is missing, so `files` says nothing.
    #[serde(default)]
    pub(crate) unknown: bool,
}

/// What one commit changes in one file.
#[derive(Debug, Deserialize)]
pub(crate) struct FileChange {
    pub(crate) path: String,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
}
