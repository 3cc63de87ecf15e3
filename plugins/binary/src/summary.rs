//! The binary files below a folder in a few words, such that those of the folders in it can be put together.
//!
//! What is opaque is a matter of the configuration, but the same folders are asked about under all configurations. So the files are
//! told by what any configuration goes by: format, extension, and whether the file is hidden. Of each sort only the first files are named. That is enough for
//! the files that are pointed out: a file that is among the first twenty of all is among the first twenty of its sort.

use std::collections::BTreeMap;

use probity_sdk::git::{self, BlobContent, path};
use probity_sdk::prelude::*;

/// How many files of a sort are named at most.
pub(crate) const MOST_NAMED: usize = 20;
/// No honest tree holds more files; one that names itself many times over may.
const MAX_FILES: u64 = 4_000_000;

/// What is known of the files below a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Summary {
    /// How many regular files there are, binary or not.
    pub(crate) files: u64,
    /// The binary ones, sorted by format, extension and whether they are hidden.
    pub(crate) sorts: Vec<Sort>,
}

/// Binary files of one format and extension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sort {
    /// The format by their first bytes, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) magic: Option<String>,
    /// Their extension as it is written, unless they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extension: Option<String>,
    /// Whether their names, or those of folders that they lie in, begin with a dot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) hidden: bool,
    /// How many there are.
    pub(crate) count: u64,
    /// The paths of the first of them, by the bytes of these.
    pub(crate) first: Vec<String>,
}

impl Sort {
    /// Whether all files are named.
    pub(crate) fn is_complete(&self) -> bool {
        self.first.len() as u64 == self.count
    }
}

/// A summary in the making.
#[derive(Debug, Default)]
pub(crate) struct Summing {
    files: u64,
    sorts: BTreeMap<(Option<String>, Option<String>, bool), Members>,
}

#[derive(Debug, Default)]
struct Members {
    count: u64,
    /// Those that may be among the first, as bytes and in no order.
    paths: Vec<Vec<u8>>,
}

impl Summing {
    /// Adds a file; `content` is there if it is binary.
    pub(crate) fn add_file(&mut self, file: &str, content: Option<&BlobContent>) {
        self.files += 1;
        if let Some(content) = content {
            let sort = (content.magic.clone(), git::extension(file).map(str::to_owned), is_hidden(file));
            let members = self.sorts.entry(sort).or_default();
            members.count += 1;
            members.paths.push(path::bytes(file).into_owned());
        }
    }

    /// Adds what is known of the folder `name`.
    ///
    /// # Errors
    /// There are more files than any honest tree has.
    pub(crate) fn add_folder(&mut self, name: &str, folder: &Summary) -> Result<(), TooManyFiles> {
        self.files = self.files.saturating_add(folder.files);
        if self.files > MAX_FILES {
            return Err(TooManyFiles);
        }
        let in_hidden = is_hidden(name);
        let name = path::bytes(name);
        for sort in &folder.sorts {
            let hidden = sort.hidden || in_hidden;
            let members = self.sorts.entry((sort.magic.clone(), sort.extension.clone(), hidden)).or_default();
            members.count += sort.count;
            members.paths.extend(sort.first.iter().map(|file| joined(&name, file)));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Summary {
        let sort = |((magic, extension, hidden), Members { count, mut paths })| {
            paths.sort();
            paths.truncate(MOST_NAMED);
            let first = paths.iter().map(|file| path::text(file).into_owned()).collect();
            Sort { magic, extension, hidden, count, first }
        };
        Summary { files: self.files, sorts: self.sorts.into_iter().map(sort).collect() }
    }
}

/// Whether a part of a path begins with a dot. A part that is no UTF-8 does not, whatever its first byte.
pub(crate) fn is_hidden(file: &str) -> bool {
    let bytes = path::bytes(file);
    let mut parts = bytes.split(|byte| *byte == b'/');
    parts.any(|part| part.first() == Some(&b'.') && std::str::from_utf8(part).is_ok())
}

/// The path of a file whose path in `folder` is written as `file`.
pub(crate) fn joined(folder: &[u8], file: &str) -> Vec<u8> {
    [folder, b"/", &path::bytes(file)].concat()
}

/// A tree unfolds into more files than any honest one.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the tree unfolds into more than {MAX_FILES} files")]
pub(crate) struct TooManyFiles;
