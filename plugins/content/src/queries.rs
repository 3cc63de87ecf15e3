//! The questions that `content` answers: four lists of findings, and what these are put together from.

use probity_sdk::findings::{self, Finding};
use probity_sdk::git::FolderKey;
use probity_sdk::prelude::*;
use probity_sdk_objects as objects;

use crate::blobs::{self, BlobKey};
use crate::config::Config;
use crate::folders::{self, Summary};
use crate::rules::RULES;

/// Source files with characters that a person does not see, or takes for others: the worst first.
#[query(default, uses("content/folder"))]
pub(crate) fn hidden_text(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, "hidden_text")
}

/// Files that run by their content, whatever their names: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn executables(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, "executables")
}

/// Source files that are made not to be read: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn obfuscation(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, "obfuscation")
}

/// Files with tokens or private keys: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn secrets(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, "secrets")
}

/// What is found below a folder, at most 200 places of each rule.
#[query(uses("git/folder", "git/tree", "linguist/source_extensions", "content/blob", "content/folder"))]
pub(crate) fn folder(engine: &Engine<Config>, key: FolderKey) -> Result<Summary> {
    folders::summary(engine, &key)
}

/// What is found in one blob.
#[query(cost = "reads the blob")]
pub(crate) fn blob(engine: &Engine<Config>, key: BlobKey) -> Result<Vec<Finding>> {
    let repository = objects::repository(engine)?;
    let content = objects::told(repository.blob(&key.blob))?;
    Ok(blobs::findings(&content, key.source))
}

fn answer(engine: &Engine<Config>, target: &Target, query: &str) -> Result<Answer<Vec<Finding>>> {
    let summary: Summary = engine.query("content/folder", &FolderKey::root(target))?;
    if summary.files == 0 {
        return Err(abstain("there are no files"));
    }
    let told = |of: &Finding| findings::rule(RULES, &of.rule).is_some_and(|rule| rule.query == query);
    Ok(findings::answer(summary.findings.into_iter().filter(told).collect()))
}
