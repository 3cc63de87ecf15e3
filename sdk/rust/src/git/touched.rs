//! Which files commits changed, by the blobs before and after.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Value of `git/touched`, for a [`Segment`](super::Segment); best asked for by its blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Touched {
    /// One entry for each commit of the segment, in its order.
    pub commits: Vec<CommitTouched>,
}

/// The files in which a commit differs from each of its parents: those of a merge are what it brings in itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitTouched {
    /// The commit.
    pub id: String,
    /// Regular and executable files, sorted by the bytes of their paths.
    pub files: Vec<TouchedFile>,
    /// Whether its parents are cut off, so that its changes cannot be known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// A file that was added, removed, or changed in content or mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedFile {
    /// Its path; quoted as git does where it is not UTF-8.
    pub path: String,
    /// Its blobs in the parents, in their order, each once; none where no parent has the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Its blob; absent if the commit removed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
