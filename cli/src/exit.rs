//! Exit statuses: the contract with scripts.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for a check: pass.
    Success,
    /// Look at it: the policy says so, a record is damaged, or an answer differs.
    Investigate,
    /// Wrong use, an unreadable target or a bad policy.
    Usage,
    /// Every analysis abstained.
    NothingJudged,
    /// An analysis erred, or the program's own surroundings failed it.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Investigate => 1,
            Exit::Usage => 2,
            Exit::NothingJudged => 3,
            Exit::Failed => 10,
        })
    }
}
