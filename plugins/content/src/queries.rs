//! The questions that `content` answers: four lists of findings, and what these are put together from.

use probity_sdk::git::path;
use probity_sdk::prelude::*;
use probity_sdk_objects as objects;

use crate::blobs::{self, BlobKey};
use crate::config::Config;
use crate::finding::{Finding, Found, PlacedFound};
use crate::folders::{self, FolderKey, Summary};
use crate::places;
use crate::rules::{self, Group, Severity};

/// Source files with characters that a person does not see, or takes for others: the worst first.
#[query(default, uses("content/folder"))]
pub(crate) fn hidden_text(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::HiddenText)
}

/// Files that run by their content, whatever their names: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn executables(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Executables)
}

/// Source files that are made not to be read: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn obfuscation(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Obfuscation)
}

/// Files with tokens or private keys: the worst first.
#[query(uses("content/folder"))]
pub(crate) fn secrets(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    answer(engine, &target, Group::Secrets)
}

/// What is found below a folder, at most 200 places of each rule.
#[query(uses("git/folder", "git/tree", "linguist/source_extensions", "content/blob", "content/folder"))]
pub(crate) fn folder(engine: &Engine<Config>, key: FolderKey) -> Result<Summary> {
    folders::summary(engine, &key)
}

/// What is found in one blob.
#[query(cost = "reads the blob")]
pub(crate) fn blob(engine: &Engine<Config>, key: BlobKey) -> Result<Vec<Found>> {
    let repository = objects::repository(engine)?;
    let content = objects::told(repository.blob(&key.blob))?;
    Ok(blobs::findings(&content, key.source))
}

fn answer(engine: &Engine<Config>, target: &Target, group: Group) -> Result<Answer<Vec<Finding>>> {
    let root = FolderKey { tree: target.tree.clone(), depth: 0 };
    let summary: Summary = engine.query("content/folder", &root)?;
    if summary.files == 0 {
        return Err(abstain("there are no files"));
    }
    let of_group = |of: &PlacedFound| rules::rule(&of.found.rule).is_some_and(|rule| rule.group == group);
    let mut found: Vec<PlacedFound> =
        summary.findings.into_iter().filter_map(places::judged).filter(of_group).collect();
    found.sort_by_cached_key(|of| (of.found.severity, path::bytes(&of.path).into_owned(), of.found.clone()));
    let concerns: Vec<Concern> = found.iter().take(20).map(concern).collect();
    let finding = |PlacedFound { found, path }: PlacedFound| {
        let Found { severity, rule, line, .. } = found;
        Finding { severity, rule, path, line }
    };
    Ok(Answer::new(found.into_iter().map(finding).collect()).concerns(concerns))
}

fn concern(PlacedFound { found, path }: &PlacedFound) -> Concern {
    let Found { severity, rule, line, message } = found;
    let severity = match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    };
    let concern = Concern::new(format!("{rule} ({severity}): {message}")).path(path);
    if *line == 0 { concern } else { concern.line(u64::from(*line)) }
}
