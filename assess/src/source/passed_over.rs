//! A policy that lies in the working tree and is not the one that is used, since another state is checked. Whoever has just written it would
//! not notice.

use std::path::PathBuf;

use crate::files;
use crate::policy::MAX_BYTES;
use crate::snapshot::Target;

use super::FILE;

/// A policy in the working tree that was not considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Where it lies.
    pub file: PathBuf,
    /// Why it was not considered.
    pub why: Passed,
}

/// Why a policy in the working tree was not considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The last commit has none.
    New {
        /// Whether it will be used as soon as it is committed.
        trusted: bool,
    },
    /// The last commit has another one, which is trusted and used.
    Changed,
    /// The working tree is checked without it, since git ignores it.
    Ignored,
}

/// Looks for a policy in the working tree beside `own`, the one of the state that is checked. What cannot be read is not told of: a
/// person who means it has it in order.
pub(super) fn look(
    target: &Target,
    own: Option<&[u8]>,
    is_worktree: bool,
    trusted: bool,
) -> Option<PassedOver> {
    let file = target.worktree()?.join(FILE);
    let found = files::read_straight(&file, MAX_BYTES).ok().flatten()?;
    let why = match (own, is_worktree) {
        (None, true) => Passed::Ignored,
        (None, false) => Passed::New { trusted },
        (Some(own), false) if trusted && !is_same(own, &found) => Passed::Changed,
        (Some(_), _) => return None,
    };
    Some(PassedOver { file, why })
}

/// Whether two texts are the same but for the ends of their lines, which git may change on the way.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let plain = |text: &[u8]| text.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    one == other || plain(one) == plain(other)
}
