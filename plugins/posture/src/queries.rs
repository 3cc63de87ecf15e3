//! The questions that `posture` answers: which papers and settings a project lacks, and where its submodules come from.

use probity_sdk::dependencies::Listing;
use probity_sdk::findings::{self, Finding};
use probity_sdk::git::FolderKey;
use probity_sdk::prelude::*;

use crate::places::Places;
use crate::{locks, owners, papers, submodules, updates};

/// Files and settings of a well-kept project that are not there. All are low: they say how a project is run, not that anything is wrong.
#[query(default, uses("git/folder", "git/text", "dependencies/folder"))]
pub(crate) fn posture(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    let places = Places::read(engine, &target)?;
    let manifests: Listing = engine.query("dependencies/folder", &FolderKey::root(&target))?;
    let mut found = locks::unlocked(&manifests);
    found.extend(papers::security(engine, &places)?);
    found.extend(papers::licence(engine, &places)?);
    found.extend(owners::owners(engine, &places)?);
    found.extend(updates::updates(engine, &places, &manifests)?);
    Ok(findings::answer(found))
}

/// Submodules whose addresses are not to be trusted: the worst first.
#[query(uses("git/folder", "git/text"))]
pub(crate) fn submodules(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    submodules::submodules(engine, &target).map(findings::answer)
}
