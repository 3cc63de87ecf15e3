//! What manifests and settings say of the places that packages come from.

use std::collections::BTreeSet;

use probity_sdk::dependencies::{Direct, Manifest, Registry};
use probity_sdk::findings::{Finding, Severity, shortened};

use super::Few;
use crate::address::{address, is_fixed};
use crate::rules::{MOVING_SOURCE, PLAIN_HTTP, REPLACED_MODULE, SECOND_INDEX, UNCHECKED_HOST};

/// Formats whose tools ask all indexes for every name.
const ASK_ALL: [&str; 2] = ["requirements", "gemfile"];

/// The names that lock files pin.
pub(crate) fn pinned(files: &[Manifest]) -> BTreeSet<&str> {
    // A Gemfile.lock names the commit on a line of its own.
    let fixes = |source: &str| is_fixed(source) || source.starts_with("git+");
    let locked = files.iter().flat_map(|file| &file.locked);
    let fixed =
        locked.filter(|locked| locked.integrity.is_some() || locked.source.as_deref().is_some_and(fixes));
    fixed.map(|locked| locked.name.as_str()).collect()
}

/// The names that manifests themselves take from elsewhere.
pub(crate) fn asked(files: &[Manifest]) -> BTreeSet<&str> {
    let direct = files.iter().flat_map(|file| &file.direct);
    direct.filter(|direct| direct.source.is_some()).map(|direct| direct.name.as_str()).collect()
}

pub(crate) fn registries(file: &Manifest, found: &mut Few) {
    for registry in &file.registries {
        let Registry { role, address: text, line, .. } = registry;
        let mut add = |rule: &str, severity: Severity, message: String| {
            let mut finding = Finding::new(rule, severity, message);
            finding.line = *line;
            found.add(finding);
        };
        let shown = shortened(text);
        if role == "trusted" {
            let whom = if text.is_empty() { "no server has" } else { &shown };
            let end = if text.is_empty() { "to prove who it is" } else { "need not prove who it is" };
            add(UNCHECKED_HOST, Severity::Medium, format!("{whom} {end}"));
            continue;
        }
        let Some(address) = address(text) else { continue };
        if address.scheme == "http" {
            let severity = if address.is_local() { Severity::Low } else { Severity::Medium };
            add(PLAIN_HTTP, severity, format!("packages are taken from {shown}"));
        }
        let indexed = matches!(file.ecosystem.as_str(), "pypi" | "rubygems");
        if role == "more" && indexed {
            let severity =
                if ASK_ALL.contains(&file.format.as_str()) { Severity::Medium } else { Severity::Low };
            add(SECOND_INDEX, severity, format!("{shown} is asked beside another index"));
        }
    }
}

pub(crate) fn dependencies(file: &Manifest, pinned: &BTreeSet<&str>, found: &mut Few) {
    for direct in &file.direct {
        let Some((kind, text)) = direct.source.as_deref().and_then(|source| source.split_once(':')) else {
            continue;
        };
        let mut add = |rule: &str, severity: Severity, message: String| {
            let mut finding = Finding::new(rule, severity, message).package(direct.name.as_str());
            finding.line = direct.line;
            found.add(finding);
        };
        let Direct { name, .. } = direct;
        let shown = shortened(text);
        if file.ecosystem == "go" {
            if kind == "url" {
                add(REPLACED_MODULE, Severity::Low, format!("{name} is {shown}"));
            }
            continue;
        }
        if address(text).is_some_and(|address| address.is_plain()) {
            add(PLAIN_HTTP, Severity::Medium, format!("{name} is taken from {shown}"));
        }
        if matches!(kind, "git" | "url") && !is_fixed(text) {
            let is_pinned = pinned.contains(name.as_str());
            let severity = if is_pinned { Severity::Low } else { Severity::Medium };
            let lock = if is_pinned { ", which the lock file pins" } else { ", and nothing pins it" };
            add(MOVING_SOURCE, severity, format!("{name} is taken from {shown}{lock}"));
        }
    }
}
