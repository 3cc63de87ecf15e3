//! What a plugin wanted and was denied, for people to read.

use std::fmt;
use std::sync::Arc;

/// What became known of the system calls that a child's filter has denied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A call that has not been told of yet.
    Denied {
        /// The call, with those arguments that are told by their numbers alone: `socket(AF_INET, SOCK_STREAM)`.
        call: String,
        /// Why it is denied, e.g. `plugins have no network`.
        reason: &'static str,
    },
    /// After as many kinds as are told of for one child, these calls were of yet other kinds. Comes last, when the child has
    /// ended or is no longer listened to.
    More {
        /// How many calls.
        calls: u64,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Denied { call, reason } => write!(f, "wanted {call}: denied, {reason}"),
            Violation::More { calls } => {
                write!(f, "wanted more that was denied: {calls} calls of other kinds")
            }
        }
    }
}

/// Hears of violations, on a thread that serves nothing else: the child waits a moment for it, and no more if it took
/// longer once. It should not block nevertheless, since what has been started for a child ends only when all has been told.
pub type Observer = Arc<dyn Fn(Violation) + Send + Sync>;
