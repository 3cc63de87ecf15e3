//! How much the sandbox guarantees, in one word.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much the sandbox guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Level {
    /// There is no filter of system calls, or nothing that decides on files: nothing is ever started.
    None,
    /// A required guarantee is missing: nothing is started, unless the person says so.
    Weak,
    /// All required guarantees hold. Names and sizes of files and the existence of processes can still be seen, and
    /// the disk that is used and the number of threads are not firmly bounded.
    Standard,
    /// All guarantees hold.
    Full,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::None => "none",
            Level::Weak => "weak",
            Level::Standard => "standard",
            Level::Full => "full",
        })
    }
}
