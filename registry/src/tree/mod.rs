//! The files of a package and the digest over them.
//!
//! The digest is SHA-256 over one line for each file, sorted by path: `sha256  mode  path` and a newline, where
//! mode is `755` if the owner may execute the file and `644` otherwise, so that another umask makes no other
//! package. Directories count only by the files in them. Everything that a later copy could turn into something
//! else is refused: links, devices, set-id bits, names that some file system would take for the same.

mod hash;
mod walk;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

pub use hash::{Sha256, Sha256Error};

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// The path below the package's directory, with `/` between its parts.
    pub path: String,
    /// Whether the owner may execute it.
    pub executable: bool,
    /// Bytes.
    pub size: u64,
    /// Digest of the content.
    pub sha256: Sha256,
}

/// All files of a package, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    files: Vec<TreeFile>,
}

/// What a package may hold at most. All are generous for a plugin and small for a machine.
#[derive(Debug, Clone, Copy)]
pub struct TreeLimits {
    /// Files and directories together.
    pub entries: usize,
    /// Directories inside each other.
    pub depth: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
}

impl Default for TreeLimits {
    fn default() -> Self {
        TreeLimits { entries: 10_000, depth: 32, file_bytes: 256 << 20, total_bytes: 1 << 30 }
    }
}

/// Why a directory has no digest. Paths are those below the package's directory, escaped for a terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// Something could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Where.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Neither a regular file nor a directory.
    #[error("{path} is a {kind}, and a package holds only regular files and directories")]
    Kind {
        /// Where.
        path: String,
        /// `symbolic link`, `device`, …
        kind: &'static str,
    },
    /// A file with set-user-id, set-group-id or sticky bit.
    #[error("{path} has mode {mode:o}: set-user-id, set-group-id and sticky bits are not allowed")]
    Mode {
        /// Where.
        path: String,
        /// The permission bits.
        mode: u32,
    },
    /// A name that is no UTF-8, holds control characters, or is longer than 255 bytes.
    #[error("the name {path} is not plain UTF-8 text without control characters")]
    Name {
        /// Where.
        path: String,
    },
    /// Two names that differ only in case.
    #[error("{first} and {second} are the same name where case does not count")]
    SameName {
        /// The one that sorts first.
        first: String,
        /// The other.
        second: String,
    },
    /// More than a package may hold.
    #[error("{path}: more than {limit} {of}")]
    TooMuch {
        /// Where the limit was passed.
        path: String,
        /// The limit.
        limit: u64,
        /// What is counted.
        of: &'static str,
    },
    /// A file changed while it was read.
    #[error("{path} changed while it was read")]
    Changed {
        /// Where.
        path: String,
    },
}

impl Tree {
    /// Reads every file below `dir`.
    ///
    /// # Errors
    /// [`TreeError`] for the first thing, in order of paths, that a package may not hold.
    pub fn read(dir: &Path, limits: &TreeLimits) -> Result<Tree, TreeError> {
        walk::walk(dir, limits).map(|files| Tree { files })
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[TreeFile] {
        &self.files
    }

    /// The file of this path.
    pub fn file(&self, path: &str) -> Option<&TreeFile> {
        let at = self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }

    /// The digest that names this content.
    pub fn hash(&self) -> Sha256 {
        let mut lines = String::new();
        for file in &self.files {
            let mode = if file.executable { "755" } else { "644" };
            // Writing into a String cannot fail.
            let _ = writeln!(lines, "{}  {mode}  {}", file.sha256, file.path);
        }
        Sha256::of(lines.as_bytes())
    }
}

/// The digest of all that lies below `dir`, within the usual limits.
///
/// # Errors
/// As [`Tree::read`].
pub fn tree_hash(dir: &Path) -> Result<Sha256, TreeError> {
    Ok(Tree::read(dir, &TreeLimits::default())?.hash())
}
