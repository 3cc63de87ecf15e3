//! The shapes of what the plugin `git` takes and gives: keys and values of `git/history`, `git/commits`, `git/changes`
//! and the rest. All object ids are hexadecimal.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key of every built-in analysis: one state of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The commit that is looked at.
    pub commit: String,
    /// Its tree, or that of the working tree's state.
    pub tree: String,
    /// Where the history is cut off: commits whose parents are not there, sorted.
    pub shallow: Vec<String>,
}

impl Target {
    /// The key of `git/history`.
    pub fn history(&self) -> HistoryKey {
        HistoryKey { commit: self.commit.clone(), shallow: self.shallow.clone() }
    }

    /// The key of `git/tree`.
    pub fn tree(&self) -> TreeKey {
        TreeKey { tree: self.tree.clone() }
    }

    /// The key of `git/commit`, for the tip.
    pub fn commit(&self) -> CommitKey {
        CommitKey { commit: self.commit.clone() }
    }
}

/// Key of `git/history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryKey {
    /// The tip.
    pub commit: String,
    /// Where the history is cut off, sorted.
    pub shallow: Vec<String>,
}

/// Value of `git/history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// How many commits there are.
    pub commits: u64,
    /// Whether the history is cut off somewhere.
    pub truncated: bool,
    /// The commits in parts that an append does not disturb, the oldest first.
    pub segments: Vec<Segment>,
}

/// A part of a history; key of `git/commits` and of `git/changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The commits in post-order, the oldest first.
    pub commits: Vec<String>,
    /// Those of them whose parents are cut off.
    pub cut: Vec<String>,
}

/// Value of `git/commits`, in the key's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commits {
    /// The commits.
    pub commits: Vec<Commit>,
}

/// Key of `git/commit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitKey {
    /// The commit.
    pub commit: String,
}

/// Value of `git/commit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Its parents' ids, in the recorded order.
    pub parents: Vec<String>,
    /// Who wrote the change.
    pub author: Person,
    /// When, in seconds since 1970.
    pub authored: i64,
    /// Who made the commit.
    pub committer: Person,
    /// When, in seconds since 1970.
    pub committed: i64,
}

/// A person as a commit names one; what is not UTF-8 is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// Value of `git/changes`: each commit of the segment against its first parent, or the empty tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The commits in the key's order.
    pub commits: Vec<CommitChanges>,
}

/// What one commit changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitChanges {
    /// The commit.
    pub id: String,
    /// How many parents it has.
    pub parents: u64,
    /// The files that changed.
    pub files: Vec<FileChange>,
    /// The characters of the added and removed lines, by file extension.
    pub graphemes: Vec<Graphemes>,
    /// Whether its parents are cut off, so that its changes cannot be known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// What one commit changed in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// The file's path; quoted as git does where it is not UTF-8.
    pub path: String,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// Whether it is binary: its lines are not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
}

/// How often each grapheme cluster occurs in the changed lines of the files with one extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Graphemes {
    /// The extension; absent for files without one.
    pub extension: Option<String>,
    /// The clusters, normalised to NFC, and their counts.
    pub counts: BTreeMap<String, u64>,
}

/// Key of `git/tree`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeKey {
    /// The tree.
    pub tree: String,
}

/// Value of `git/tree`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tree {
    /// All files below it, sorted by the bytes of their paths.
    pub files: Vec<TreeFile>,
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TreeFile {
    /// Its path; quoted as git does where it is not UTF-8.
    pub path: String,
    /// The blob, or the commit of a submodule.
    pub id: String,
    /// What it is.
    pub kind: FileKind,
}

/// What a file of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A regular file that may be executed.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

/// Key of `git/contents`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentsKey {
    /// The blobs, sorted.
    pub blobs: Vec<String>,
}

/// Value of `git/contents`, in the key's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contents {
    /// What each blob is.
    pub blobs: Vec<BlobContent>,
}

/// What a blob's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobContent {
    /// The blob.
    pub id: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it is binary by its content.
    pub binary: bool,
    /// What it is, where its beginning says so: `elf`, `pdf`, `png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magic: Option<String>,
}

/// What follows the last dot of the file's name, in a path as `git` writes it: nothing for `Makefile` and `.gitignore`.
///
/// A path that is not UTF-8 is quoted and read through its quotes: the escapes within neither add nor hide a dot or a
/// slash, and stand in the extension as they are.
pub fn extension(path: &str) -> Option<&str> {
    let bare = path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path);
    Path::new(bare).extension().and_then(OsStr::to_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_is_the_last_part_of_the_file_name() {
        assert_eq!(extension("d.x/a.tar.gz"), Some("gz"));
        assert_eq!(extension("boot.S"), Some("S"));
        assert_eq!(extension("a."), Some(""));
        for path in ["Makefile", ".gitignore", "d.x/file", ""] {
            assert_eq!(extension(path), None, "{path}");
        }
    }

    #[test]
    fn a_quoted_path_is_read_through_its_quotes() {
        assert_eq!(extension(r#""caf\351.rs""#), Some("rs"));
        assert_eq!(extension(r#""a.rs\377""#), Some(r"rs\377"));
        assert_eq!(extension(r#""d.x/caf\351""#), None);
    }
}
