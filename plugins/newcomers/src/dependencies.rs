//! Dependencies that somebody added in their first thirty days.

use std::collections::{BTreeMap, BTreeSet};

use probity_sdk::dependencies::{Direct, Format, Manifest, ManifestKey};
use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::TouchedFile;
use probity_sdk::prelude::*;

use crate::dates::DAY;
use crate::manifests::{is_open, names, own};
use crate::newcomers::{DEPENDENCY_DAYS, ManifestChange, Newcomer, Newcomers};
use crate::paths::Interest;
use crate::rules::NEWCOMER_DEPENDENCY;

/// How many manifests are asked for at once.
const AT_ONCE: usize = 32;

/// What versions of manifests say. The same content says something else under another name.
#[derive(Debug, Default)]
struct Known(BTreeMap<ManifestKey, Manifest>);

pub(crate) fn findings(engine: &Engine, told: &Newcomers) -> Result<Vec<Finding>> {
    let mut added: Vec<(&Newcomer, &TouchedFile)> = Vec::new();
    for change in told.changes.iter().filter(|change| change.days < DEPENDENCY_DAYS) {
        let manifests = change.files.iter().filter(|file| Interest::of(&file.path).manifest.is_some());
        added.extend(manifests.map(|file| (change, file)));
    }
    let mut known = Known::default();
    known.ask(engine, added.iter().map(|(_, file)| *file))?;
    let mut findings: Vec<(Finding, &Newcomer)> = Vec::new();
    for (change, file) in added {
        for (name, direct) in new(file, &known) {
            findings.push((finding(change, file, name, direct), change));
        }
    }
    raise_removed(engine, told, known, findings)
}

impl Known {
    /// Asks about those versions of these manifests that are not known.
    fn ask<'a>(&mut self, engine: &Engine, files: impl Iterator<Item = &'a TouchedFile>) -> Result<()> {
        let versions = |file: &'a TouchedFile| {
            file.before.iter().chain(&file.after).filter_map(|blob| key(&file.path, blob))
        };
        let mut keys: BTreeSet<ManifestKey> = files.flat_map(versions).collect();
        keys.retain(|key| !self.0.contains_key(key));
        let keys: Vec<ManifestKey> = keys.into_iter().collect();
        for (key, manifest) in keys.iter().zip(engine.query_windowed("dependencies/file", &keys, AT_ONCE)) {
            self.0.insert(key.clone(), manifest?);
        }
        Ok(())
    }

    /// What the content of a blob says as a version of this file.
    fn version(&self, file: &TouchedFile, blob: &str) -> Option<&Manifest> {
        self.0.get(&key(&file.path, blob)?)
    }
}

fn key(path: &str, blob: &str) -> Option<ManifestKey> {
    Format::of_path(path).map(|format| ManifestKey { blob: blob.to_owned(), format })
}

/// What a manifest asks for that it asked for in no parent. One that could not be read before asked for nothing.
fn new<'a>(file: &TouchedFile, known: &'a Known) -> BTreeMap<&'a str, &'a Direct> {
    let before: Vec<&Manifest> = file.before.iter().filter_map(|blob| known.version(file, blob)).collect();
    let after = file.after.as_ref().and_then(|blob| known.version(file, blob));
    let mut new = after.map(own).unwrap_or_default();
    new.retain(|name, _| !before.iter().any(|manifest| names(manifest, name)));
    new
}

fn finding(change: &Newcomer, file: &TouchedFile, name: &str, direct: &Direct) -> Finding {
    let mut severity = if change.alone { Severity::Medium } else { Severity::Low };
    let mut message = format!("{}: it depends on {} from then on", change.told(), shortened(name));
    if is_open(direct) {
        if change.alone {
            severity = Severity::High;
        }
        message.push_str(", of whatever version");
    }
    let finding = Finding::new(NEWCOMER_DEPENDENCY, severity, message);
    let finding = finding.path(&file.path).commit(&change.id).package(name);
    match direct.line.filter(|line| *line > 0) {
        Some(line) => finding.line(line),
        None => finding,
    }
}

/// Raises the findings of what was removed again soon: it had done what it was there for.
fn raise_removed(
    engine: &Engine,
    told: &Newcomers,
    mut known: Known,
    findings: Vec<(Finding, &Newcomer)>,
) -> Result<Vec<Finding>> {
    let paths: BTreeSet<&str> = findings.iter().filter_map(|(finding, _)| finding.path.as_deref()).collect();
    let changes: Vec<&ManifestChange> =
        told.manifests.iter().filter(|change| paths.contains(change.file.path.as_str())).collect();
    known.ask(engine, changes.iter().map(|change| &change.file))?;
    let mut raised_findings = Vec::with_capacity(findings.len());
    for (mut finding, by) in findings {
        let removed = changes.iter().find(|change| removes(change, &finding, by, &known));
        if let Some(removed) = removed {
            // Where others look, dependencies come and go; that is what looking is for.
            if by.alone {
                finding.severity = Severity::High;
            }
            let days = (removed.at.saturating_sub(by.at) / DAY).max(0);
            finding.message.push_str(&format!(", and {days} days later no longer"));
        }
        raised_findings.push(finding);
    }
    Ok(raised_findings)
}

/// Whether a change takes away, soon after, what was added.
fn removes(change: &ManifestChange, finding: &Finding, by: &Newcomer, known: &Known) -> bool {
    let (Some(path), Some(package)) = (&finding.path, &finding.package) else { return false };
    let soon = change.place > by.place && change.at.saturating_sub(by.at) <= DEPENDENCY_DAYS * DAY;
    let version = |blob: &String| known.version(&change.file, blob);
    let named = |blob: &String| version(blob).is_some_and(|manifest| names(manifest, package));
    // One that cannot be read may still ask for it.
    let unnamed = |manifest: &Manifest| manifest.problem.is_none() && !names(manifest, package);
    change.file.path == *path
        && soon
        && change.file.after.as_ref().and_then(version).is_some_and(unnamed)
        && !change.file.before.is_empty()
        && change.file.before.iter().all(named)
}
