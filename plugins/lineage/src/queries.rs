//! The questions that `lineage` answers: two that go by what is remembered, one about releases, and what these rest on.

use probity_sdk::findings::{self, Finding};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::past::Past;
use crate::releases::{self, Signatures};
use crate::tags::{self, Object, ObjectsKey};

/// Branches of others, which the checked one follows, that were rewritten since a check before.
#[query(default)]
pub(crate) fn rewritten(engine: &Engine<Config>, _target: Target) -> Result<Answer<Vec<Finding>>> {
    Ok(findings::answer(Past::of(engine)?.rewritten(engine)?))
}

/// Tags that name something else than at a check before, or are gone.
#[query]
pub(crate) fn moved_tags(engine: &Engine<Config>, _target: Target) -> Result<Answer<Vec<Finding>>> {
    Ok(findings::answer(Past::of(engine)?.moved(engine)?))
}

/// Newest releases that are tagged or signed by somebody else than those before.
#[query(uses("git/commit", "lineage/tags"))]
pub(crate) fn release_signers(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    let releases = releases::releases(engine, &target)?;
    Ok(findings::answer(releases::findings(&releases, engine.config())?))
}

/// How many releases are annotated and signed, and which keys they name. Nothing is verified.
#[query(uses("git/commit", "lineage/tags"))]
pub(crate) fn signatures(engine: &Engine<Config>, target: Target) -> Result<Answer<Signatures>> {
    let releases = releases::releases(engine, &target)?;
    if releases.is_empty() {
        return Err(abstain("no tag names a version"));
    }
    Ok(Answer::new(releases::signatures(&releases)))
}

/// What the objects of tags say.
#[query(cost = "reads the objects")]
pub(crate) fn tags(engine: &Engine<Config>, key: ObjectsKey) -> Result<Vec<Object>> {
    tags::read(engine, &key)
}
