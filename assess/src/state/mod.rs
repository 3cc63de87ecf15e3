//! What this machine remembers of repositories from one check to the next, for what only memory can tell: that a branch was rewritten, that
//! a tag names something else than it did.
//!
//! It is no cache, since nothing can make it again: a file for each repository ([`kept`], [`ledger`]), in a folder that `cache clear` leaves alone. It is
//! looked at when an analysis asks for it and not before ([`observe`]). A check that uses it says so in its report.

mod input;
mod kept;
mod ledger;
mod observe;

use std::path::{Path, PathBuf};

use crate::snapshot::Target;

pub use ledger::{Event, Ledger, SeenBranch};
pub(crate) use observe::{Observed, observed};

/// Whether what is remembered of the target may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateUse {
    /// Neither read nor written.
    Off,
    /// Read from this folder, and left as it is.
    Look(PathBuf),
    /// Read from this folder, and brought up to date.
    Keep(PathBuf),
}

impl StateUse {
    /// Where it lies, if it is used.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            StateUse::Off => None,
            StateUse::Look(folder) | StateUse::Keep(folder) => Some(folder),
        }
    }

    /// The same for a check that goes by it, unless the person wants it `off`.
    #[must_use]
    pub fn kept_unless(self, off: bool) -> StateUse {
        match self {
            StateUse::Look(folder) | StateUse::Keep(folder) if !off => StateUse::Keep(folder),
            _ => StateUse::Off,
        }
    }

    /// The same, without anything being written.
    #[must_use]
    pub(crate) fn looking(&self) -> StateUse {
        self.folder().map_or(StateUse::Off, |folder| StateUse::Look(folder.to_owned()))
    }
}

/// Why what is remembered cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read what is remembered of the repository, {}", file.display())]
    Read {
        /// Where it is.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("what is remembered of the repository, {}, cannot be used: {reason}", file.display())]
    Damaged {
        /// Where it is.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be replaced.
    #[error("cannot write what is to be remembered of the repository, {}", file.display())]
    Write {
        /// Where it is.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others write it all the time.
    #[error("other checks hold what is remembered of the repository, {}", file.display())]
    Busy {
        /// Where it is.
        file: PathBuf,
    },
}

/// The number of a file, and the second and its part in which it was written.
pub(crate) type Stamp = (u64, i64, i64);

/// What tells whether something else is remembered of a repository than before.
pub(crate) fn stamp(state: &StateUse, target: &Target) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(kept::Kept::of(state.folder()?, target).file).ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec()))
}

/// What is remembered of a repository; `None` if nothing is.
///
/// # Errors
/// What is there cannot be read.
pub fn remembered(folder: &Path, target: &Target) -> Result<Option<Ledger>, StateError> {
    let kept = kept::Kept::of(folder, target);
    kept.parse(kept.read()?)
}

/// Takes note that a person has seen what happened: it is not told any more. How much that was.
///
/// # Errors
/// What is there cannot be read or replaced.
pub fn accept(folder: &Path, target: &Target) -> Result<u64, StateError> {
    let kept = kept::Kept::of(folder, target);
    kept.change(|ledger| {
        let seen = ledger.dropped + ledger.events.len() as u64;
        (ledger.dropped, ledger.events) = (0, Vec::new());
        seen
    })
}

/// Forgets all of a repository; whether there was anything.
///
/// # Errors
/// The file cannot be removed.
pub fn clear(folder: &Path, target: &Target) -> Result<bool, StateError> {
    kept::Kept::of(folder, target).remove()
}
