//! Keys and values of the queries, as they stand in JSON. Object ids are lower-case hexadecimal text.
//!
//! All but the value of `changes` are the SDK's own types. That value is large: here it is kept as it was counted.
//! Its JSON is what the SDK's type of the same name reads.

use crate::graphemes::Counts;
use probity_sdk::RawValue;
pub use probity_sdk::git::{
    BlobContent, BlobLines, Commit, CommitKey, CommitTouched, Commits, Contents, ContentsKey, FileKind,
    Folder, Header, Headers, History, HistoryKey, Line, Lines, LinesKey, Message, Messages, Person, Segment,
    SignatureKind, SubFolder, Text, TextKey, Touched, TouchedFile, Tree, TreeFile, TreeKey,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Value of `changes`: one entry for each commit of the key, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Changes {
    pub commits: Vec<CommitChanges>,
}

/// Changes just counted, or taken over as they were remembered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(with = "Changes")]
pub enum AnyChanges {
    /// Just counted.
    Counted(Changes),
    /// Taken over.
    Known(Blocks),
}

/// Changes of commits, each as the text that was remembered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Blocks {
    /// In the order of the key.
    pub commits: Vec<Box<RawValue>>,
}

/// What a commit changed with respect to its first parent, or to nothing if it has none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CommitChanges {
    /// The commit.
    pub id: String,
    /// How many parents the commit records.
    pub parents: u32,
    /// Changed regular and executable files, sorted by path.
    pub files: Vec<FileChange>,
    /// Of which characters the added and removed lines are made, for each file extension with any, sorted.
    pub graphemes: Vec<GraphemeCounts>,
    /// True if the first parent is beyond the shallow boundary: the change cannot be known, and `files` is empty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// The change of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileChange {
    /// UTF-8 as it is; other names, and those that begin with `"`, in double quotes with C escapes.
    pub path: String,
    /// Lines added; 0 for a binary file.
    pub additions: u32,
    /// Lines removed; 0 for a binary file.
    pub deletions: u32,
    /// True if either side is binary: a NUL byte among the first 8000, or more than 32 MiB.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
}

/// Characters of the changed lines of all files with one extension.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraphemeCounts {
    /// What follows the last dot of the file name; null if there is none.
    pub extension: Option<String>,
    /// How often each grapheme cluster occurs, in normal form C, line ends left out.
    #[schemars(with = "std::collections::BTreeMap<String, u64>")]
    pub counts: Counts,
}
