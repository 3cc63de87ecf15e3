//! Why a question about a repository could not be answered.

use gix::ObjectId;
use gix::objs::Kind;
use std::path::PathBuf;

/// One cause a caller could treat differently; see [`GitError::is_transient`] for the division that matters most.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No object database holds the object.
    #[error("object {id} is not there (missing, or promised by a partial clone)")]
    Missing { id: ObjectId },
    /// The object database could not produce the object's bytes. Its own words name paths of this machine, which have no place
    /// in a report.
    #[error("object {id} cannot be read: what is stored under its id is damaged, or may not be opened")]
    Unreadable { id: ObjectId },
    /// The bytes stored under the id are other bytes.
    #[error("object {id} is corrupt: its bytes are those of {actual}")]
    Mismatch { id: ObjectId, actual: ObjectId },
    /// The bytes have the right name, but bear the marks of a forged SHA-1 collision.
    #[error("object {id} is refused: {reason}")]
    Collision { id: ObjectId, reason: String },
    /// The object is too large to be read in full, hence to be verified.
    #[error("object {id} is larger than {limit} bytes")]
    TooLarge { id: ObjectId, limit: u64 },
    /// The object exists and is something else than the question supposes.
    #[error("object {id} is a {actual}, not a {expected}")]
    WrongKind { id: ObjectId, actual: Kind, expected: Kind },
    /// The verified bytes do not have the form of their kind.
    #[error("{kind} {id} is malformed: {reason}")]
    Malformed { id: ObjectId, kind: Kind, reason: String },
    /// A tree unfolds into more paths, or deeper ones, than any real one.
    #[error("tree {id} unfolds into more than {limit} {what}")]
    Unbounded { id: ObjectId, limit: usize, what: &'static str },
    /// A key holds text that names no object.
    #[error("{text:?} is not an object id")]
    BadId { text: String },
    /// A key mixes the ids of SHA-1 and SHA-256 repositories.
    #[error("object ids of different formats in one key")]
    MixedFormats,
    /// The object directory could not be opened.
    #[error("cannot open the object directory")]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Nobody waits for the answer any more.
    #[error("nobody waits for the answer any more")]
    Unwanted,
    /// The threads that read objects could not be started.
    #[error("cannot start reader threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

impl GitError {
    /// Whether the cause lies in what this clone happens to hold, so that another clone, or this one later,
    /// may well answer. Such an answer must never be remembered; all others are facts about the key.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Missing { .. }
            | Self::Unreadable { .. }
            | Self::Mismatch { .. }
            | Self::Collision { .. }
            | Self::TooLarge { .. }
            | Self::Open { .. }
            | Self::Unwanted
            | Self::Threads(_) => true,
            Self::WrongKind { .. }
            | Self::Malformed { .. }
            | Self::Unbounded { .. }
            | Self::BadId { .. }
            | Self::MixedFormats => false,
        }
    }
}
