//! The shapes of what the plugin `git` takes and gives: keys and values of `git/history`, `git/commits`, `git/changes`
//! and the rest. All object ids are hexadecimal.

mod folder;
mod headers;
pub mod path;
mod reviews;
mod text;
mod touched;

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use folder::{Candidate, Folder, FolderKey, SubFolder};
pub use headers::{Header, Headers, SignatureKind};
pub use reviews::ChangeBy;
pub use text::{BlobLines, Line, Lines, LinesKey, Message, Messages, Text, TextKey};
pub use touched::{CommitTouched, Touched, TouchedFile};

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

/// Key of `git/history`, and of `git/part`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryKey {
    /// The tip.
    pub commit: String,
    /// Where the history is cut off, sorted.
    pub shallow: Vec<String>,
}

/// Value of `git/history`, and of `git/part`: the commits of all `parts`, then those of `segments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// How many commits there are in all.
    pub commits: u64,
    /// Whether the history is cut off somewhere.
    pub truncated: bool,
    /// What no further commit disturbs, the oldest first: `git/part` tells of each the segments that it adds.
    pub parts: Vec<HistoryKey>,
    /// What comes after all parts, the oldest first. Further commits change the last one at most.
    pub segments: Vec<Segment>,
}

/// A run of commits of a history; key of `git/commits` and of `git/changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The commits in post-order, the oldest first.
    pub commits: Vec<String>,
    /// Those of them whose parents are cut off.
    pub cut: Vec<String>,
}

impl Segment {
    /// The same commits in blocks of at most 128, some 50 on average, that are best asked for one by one where facts about a commit
    /// are dear, as those of `git/changes` are. Blocks end where the commits' own ids say so. So a segment that grows keeps
    /// all blocks but the last, and commits that are listed in another order after a merge are mostly in blocks that are known.
    ///
    /// The blocks of a block are itself.
    pub fn blocks(&self) -> Vec<Segment> {
        let cut: HashSet<&str> = self.cut.iter().map(String::as_str).collect();
        let mut blocks = Vec::new();
        let mut block = Segment { commits: Vec::new(), cut: Vec::new() };
        for commit in &self.commits {
            if cut.contains(commit.as_str()) {
                block.cut.push(commit.clone());
            }
            block.commits.push(commit.clone());
            if ends_block(block.commits.len(), commit) {
                let next = Segment { commits: Vec::new(), cut: Vec::new() };
                blocks.push(std::mem::replace(&mut block, next));
            }
        }
        if !block.commits.is_empty() {
            blocks.push(block);
        }
        blocks
    }
}

/// No block but the last of a segment is shorter than this. Hardly ever decisive, for where it decides, a block depends on where the one
/// before it ended, and another list has other blocks up to the next end; but somebody may choose ids.
const SHORTEST_BLOCK: usize = 4;
/// No block is longer than this.
const LONGEST_BLOCK: usize = 128;
/// Where an id has two digits of which the number decides, and the numbers of which a multiple makes its commit the last of a block. The
/// latter two are what ends segments and makes checkpoints: where one of these was, a block ends in every list.
const BLOCK_DIGITS: [(usize, u32); 3] = [(16, 128), (22, 256), (30, 128)];

fn ends_block(length: usize, commit: &str) -> bool {
    let chosen = |(at, of): (usize, u32)| {
        let digits = commit.get(at..at + 2).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        digits.is_some_and(|number| number % of == 0)
    };
    length == LONGEST_BLOCK || (length >= SHORTEST_BLOCK && BLOCK_DIGITS.into_iter().any(chosen))
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

/// Key of `git/tree`, and of `git/folder`.
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

    /// So many commits, of which those at the places `ends` may end a block.
    fn segment(count: usize, ends: &[usize]) -> Segment {
        let commit =
            |n: usize| format!("{n:016x}{}{}", if ends.contains(&n) { "80" } else { "81" }, "f".repeat(22));
        Segment { commits: (0..count).map(commit).collect(), cut: vec![commit(0), commit(50)] }
    }

    #[test]
    fn blocks_end_where_an_id_says_so_but_never_too_early_or_too_late() {
        let lengths = |segment: Segment| -> Vec<usize> {
            segment.blocks().iter().map(|block| block.commits.len()).collect()
        };
        assert_eq!(lengths(segment(0, &[])), [0_usize; 0]);
        assert_eq!(lengths(segment(20, &[1, 2, 5, 6, 16])), [6, 11, 3]);
        assert_eq!(lengths(segment(150, &[])), [128, 22]);
        let words = Segment { commits: vec!["c1".into(), "c2".into()], cut: vec![] };
        assert_eq!(words.blocks(), [words]);
    }

    #[test]
    fn a_longer_segment_has_the_same_blocks_but_for_the_last_and_a_block_is_its_own() {
        let (short, long) = (segment(90, &[20, 60]).blocks(), segment(91, &[20, 60]).blocks());
        assert_eq!(short[..2], long[..2]);
        assert_eq!(long[0].cut, [segment(1, &[]).commits[0].clone()]);
        assert_eq!(long[1].cut.len(), 1);
        for block in long {
            assert_eq!(block.blocks(), [block]);
        }
    }

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
