//! Why a target cannot be opened, or a snapshot of it cannot be taken.
//!
//! One variant per cause that a caller could treat differently. Whatever a variant shows of the target is
//! the target's own text: the printer escapes it.

use std::io;
use std::path::PathBuf;

/// Why a path cannot be opened as a target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing exists at the path.
    #[error("no such path: {}", path.display())]
    NoSuchPath {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file or folder that has to be read for opening cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither the path nor a folder above it is a git repository.
    #[error("{} is not in a git repository", path.display())]
    NotARepository {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file of the repository does not say what it must.
    #[error("{what} of the repository is damaged: {}: {reason}", path.display())]
    Damaged {
        /// Which part, such as "HEAD".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository holds no commit, hence nothing to assess.
    #[error("the repository at {} has no commit yet", path.display())]
    Empty {
        /// The git directory.
        path: PathBuf,
    },
    /// The repository is stored in a way that Probity cannot read.
    #[error("the repository at {} uses {feature}, which is not supported", path.display())]
    Unsupported {
        /// The git directory.
        path: PathBuf,
        /// What it uses, such as "reftable references".
        feature: String,
    },
    /// An object directory, or an alternate, is something else. Plugins are granted object directories, so
    /// a folder that merely claims to be one is refused instead of being shown to them.
    #[error("{} is not an object directory, though {} names it as one ({reason})", path.display(), named_by.display())]
    NotAnObjectDirectory {
        /// The folder that was refused.
        path: PathBuf,
        /// What named it.
        named_by: PathBuf,
        /// What tells it apart.
        reason: String,
    },
}

impl OpenError {
    /// What the person could do about it, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            OpenError::NotARepository { .. } => {
                Some("name a folder of a git repository, or create one with `git init`")
            }
            OpenError::Empty { .. } => Some("commit something first"),
            OpenError::Damaged { what: "HEAD", .. } => {
                Some("repair it with `git symbolic-ref HEAD refs/heads/BRANCH`")
            }
            OpenError::NotAnObjectDirectory { .. } => {
                Some("correct objects/info/alternates, or make a full copy with `git repack -a -d`")
            }
            OpenError::Unsupported { .. } => {
                Some("clone it in another format, such as `git clone --ref-format=files`")
            }
            _ => None,
        }
    }
}

/// Why no snapshot could be taken of an opened target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// `HEAD` names a branch that has no commit, while other references exist.
    #[error("HEAD names {name}, which does not exist")]
    Unborn {
        /// The full name of the missing branch.
        name: String,
    },
    /// A revision given by the person names no commit.
    #[error("revision {revision:?} {reason}")]
    Revision {
        /// What was given.
        revision: String,
        /// Why it names no commit.
        reason: RevisionFault,
    },
    /// The target has no working tree.
    #[error("{} has no working tree", git_dir.display())]
    NoWorktree {
        /// The git directory.
        git_dir: PathBuf,
    },
    /// An object is not there: a clone that is partial, shallow or damaged. Never fetched.
    #[error("{what} {id} is missing from the object database")]
    Missing {
        /// What the object is, such as "commit".
        what: &'static str,
        /// Its id, in hexadecimal.
        id: String,
    },
    /// An object does not hold what its id promises, or cannot be decoded.
    #[error("{what} {id} is corrupt: {reason}")]
    Corrupt {
        /// What the object is, such as "commit".
        what: &'static str,
        /// Its id, in hexadecimal.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The object database as a whole cannot be read.
    #[error("cannot read the object database at {}", path.display())]
    Objects {
        /// The objects directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The index, which lists the tracked files, cannot be read.
    #[error("cannot read the index at {}: {reason}", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The working tree's own folder cannot be read.
    #[error("cannot read the working tree at {}", path.display())]
    Worktree {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Probity's own cache folder cannot be written.
    #[error("cannot write to the cache at {}", path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody wants the snapshot any more.
    #[error("the snapshot was given up")]
    Cancelled,
    /// A file of the snapshot that has to be read is larger than is sensible.
    #[error("{name} of the snapshot has {size} bytes, more than {limit}")]
    TooBig {
        /// The file's name.
        name: &'static str,
        /// Its size, in bytes.
        size: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// What should be a file of the snapshot is something else, a symbolic link perhaps.
    #[error("{name} of the snapshot is no file but a {what}")]
    NoFile {
        /// What should be a file.
        name: &'static str,
        /// What it is.
        what: &'static str,
    },
}

impl SnapshotError {
    /// What the person could do about it, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            SnapshotError::Unborn { .. } => {
                Some("check out a branch that has commits, or name a revision with --rev")
            }
            SnapshotError::Revision { reason, .. } => Some(reason.hint()),
            SnapshotError::NoWorktree { .. } => {
                Some("check a commit instead: leave --worktree out, or name a revision with --rev")
            }
            SnapshotError::Missing { .. } => {
                Some("fetch it with git: Probity never does; `git fetch --refetch` completes a partial clone")
            }
            SnapshotError::Corrupt { .. } => {
                Some("`git fsck` tells what is damaged; clone the repository afresh")
            }
            SnapshotError::Index { .. } => Some("`git reset` writes the index anew and keeps the files"),
            SnapshotError::Cache { .. } => {
                Some("name a folder that you may write to in the environment variable PROBITY_CACHE_DIR")
            }
            SnapshotError::TooBig { .. } => Some("name a smaller policy with --policy"),
            SnapshotError::NoFile { .. } => {
                Some("find out who changed it; `--policy FILE` names the policy to use meanwhile")
            }
            SnapshotError::Objects { .. } | SnapshotError::Worktree { .. } | SnapshotError::Cancelled => None,
        }
    }
}

/// Why a revision names no commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionFault {
    /// No branch, tag, reference or object answers to it.
    #[error("was not found")]
    NotFound,
    /// More than one object begins with the abbreviated id.
    #[error("is ambiguous: several objects begin with it")]
    Ambiguous,
    /// It names something that is not a commit.
    #[error("names a {kind}, not a commit")]
    NotACommit {
        /// What it names: "tree" or "blob".
        kind: String,
    },
    /// It is a range, or cannot be read as a revision at all.
    #[error("cannot be resolved: {reason}")]
    Unresolvable {
        /// What is wrong.
        reason: String,
    },
}

impl RevisionFault {
    /// What the person could do about it.
    fn hint(&self) -> &'static str {
        match self {
            RevisionFault::NotFound => {
                "`git branch --all` and `git tag` list what there is; fetch it with git if it is elsewhere"
            }
            RevisionFault::Ambiguous => "write more digits of the id, or the full name of the reference",
            RevisionFault::NotACommit { .. } | RevisionFault::Unresolvable { .. } => {
                "name one commit, such as main, v1.2, HEAD~3 or an id"
            }
        }
    }
}
