//! The questions that `workflows` answers: four lists of findings, the references behind one of them, and what these are put
//! together from.

use probity_sdk::findings::Finding;
use probity_sdk::git::{Candidate, FolderKey};
use probity_sdk::prelude::*;
use probity_sdk_objects as objects;

use crate::answers::{self, Placed, answer};
use crate::config::Config;
use crate::files::{self, FileKey};
use crate::finding::FileReport;
use crate::group::Group;
use crate::kind;

/// Workflows that hand the repository's token and secrets to strangers, or cannot be read: the worst first.
#[query(default, uses("workflows/folder", "workflows/file"))]
pub(crate) fn dangerous(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Dangerous)
}

/// Actions, images, includes and hooks that are named by what can come to mean something else: the worst first.
#[query(uses("workflows/folder", "workflows/file"))]
pub(crate) fn mutable(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Mutable)
}

/// Scripts that run what a server sends, without a look at its hash: the worst first.
#[query(uses("workflows/folder", "workflows/file"))]
pub(crate) fn fetch_and_run(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::FetchAndRun)
}

/// Workflows whose token may do more than it must, or whose secrets or machines reach too far: the worst first.
#[query(uses("workflows/folder", "workflows/file"))]
pub(crate) fn permissions(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Permissions)
}

/// All references to actions, images, includes and hooks, by file and line: for a policy that looks at the share of pinned ones.
#[query(uses("workflows/folder", "workflows/file"))]
pub(crate) fn references(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Placed>>> {
    answers::references(engine, &target).map(Answer::new)
}

/// The files below a folder that may have to be looked at.
#[query(uses("git/folder", "git/tree", "workflows/folder"))]
pub(crate) fn folder(engine: &Engine<Config>, key: FolderKey) -> Result<Vec<Candidate>> {
    key.candidates(engine, "workflows/folder", "scripts and workflows", |found| kind::may_matter(&found.path))
}

/// What is found in one file, whatever the configuration.
#[query(cost = "reads the file")]
pub(crate) fn file(engine: &Engine<Config>, key: FileKey) -> Result<FileReport> {
    let repository = objects::repository(engine)?;
    let blob = objects::told(repository.blob(&key.blob))?;
    Ok(files::report(&blob, key.kind))
}
