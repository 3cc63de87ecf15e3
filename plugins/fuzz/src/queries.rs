//! The questions that `fuzz` answers: whether a repository holds marks of fuzzing, and which lie below a folder.

use std::collections::BTreeSet;

use probity_sdk::prelude::*;

use crate::folders::{self, FolderKey, Mark, Marks};

/// How many marks are pointed out at most.
const MOST_CONCERNS: usize = 20;

/// Whether the repository holds what is needed to fuzz it.
#[query(default, uses("fuzz/folder"))]
pub(crate) fn fuzz(engine: &Engine, target: Target) -> Result<Answer<bool>> {
    let marks: Marks = engine.query("fuzz/folder", &FolderKey::root(target.tree))?;
    if marks.files == 0 {
        return Err(abstain("the tree is empty"));
    }
    if marks.count == 0 {
        let message = "nothing in the repository is for fuzzing it; OSS-Fuzz may do so from outside, which cannot be seen offline";
        return Ok(Answer::new(false).concern(Concern::new(message)));
    }
    Ok(Answer::new(true).concerns(concerns(marks.first)))
}

/// The marks of fuzzing below a folder.
#[query(uses("git/folder", "git/tree", "git/lines", "fuzz/folder"))]
pub(crate) fn folder(engine: &Engine, key: FolderKey) -> Result<Answer<Marks>> {
    folders::marks(engine, &key).map(Answer::new)
}

/// One mark of each file, so that each file is named once.
fn concerns(marks: Vec<Mark>) -> impl Iterator<Item = Concern> {
    let mut seen = BTreeSet::new();
    let first = marks.into_iter().filter(move |mark| seen.insert(mark.path.clone()));
    first
        .take(MOST_CONCERNS)
        .map(|Mark { fuzzer, path, line }| Concern::new(fuzzer.described()).path(path).line(line))
}
