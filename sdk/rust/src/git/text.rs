//! Text out of a repository: what blobs hold, and what commit messages say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Key of `git/text`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextKey {
    /// The blob.
    pub blob: String,
}

/// Value of `git/text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// The blob's size in bytes.
    pub size: u64,
    /// What it holds. Absent if it is no UTF-8, has a NUL byte or is longer than 8 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Value of `git/messages`, in the key's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// One entry for each commit of the segment.
    pub commits: Vec<Message>,
}

/// What the message of a commit begins and ends with; what is not UTF-8 is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The commit.
    pub id: String,
    /// The first paragraph as one line, at most 256 characters of it.
    pub subject: String,
    /// The last two paragraphs after the subject, one line under the other: where trailers stand. At most 4096 characters, the last ones.
    pub end: String,
}

/// Key of `git/lines`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinesKey {
    /// The blobs, sorted.
    pub blobs: Vec<String>,
    /// What is looked for, byte for byte; a line with any of these is told.
    pub words: Vec<String>,
}

/// Value of `git/lines`: the blobs in which a word occurs, in the key's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lines {
    /// Blobs of more than 32 MiB are not looked into.
    pub blobs: Vec<BlobLines>,
}

/// Lines of one blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobLines {
    /// The blob.
    pub id: String,
    /// The first 16 lines with a word.
    pub lines: Vec<Line>,
}

/// A line of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Counted from 1.
    pub line: u64,
    /// Its first 200 characters; what is not UTF-8 is replaced.
    pub text: String,
}
