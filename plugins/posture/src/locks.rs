//! Manifests and lock files, by the names that `dependencies` knows.

use std::collections::BTreeSet;

use probity_sdk::findings::{Finding, Severity};
use probity_sdk::git::{FolderKey, Target};
use probity_sdk::prelude::*;

use crate::rules::NO_LOCK_FILE;

/// What manifests of an ecosystem are called by `dependencies`, and their lock files.
const ECOSYSTEMS: [(&[&str], &[&str]); 5] = [
    (&["package-json"], &["package-lock", "yarn-lock", "pnpm-lock"]),
    (&["cargo-toml"], &["cargo-lock"]),
    (&["pyproject"], &["uv-lock", "poetry-lock", "requirements"]),
    (&["gemfile"], &["gemfile-lock"]),
    (&["composer-json"], &["composer-lock"]),
];

/// Value of `dependencies/folder`, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifests {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    path: String,
    format: String,
}

impl Manifests {
    pub(crate) fn read(engine: &Engine, target: &Target) -> Result<Self> {
        engine.query("dependencies/folder", &FolderKey::root(target))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The topmost manifest of each ecosystem of which there is no lock file at all.
    pub(crate) fn unlocked(&self) -> Vec<Finding> {
        let formats: BTreeSet<&str> = self.files.iter().map(|file| file.format.as_str()).collect();
        let unlocked =
            ECOSYSTEMS.iter().filter(|(_, locks)| !locks.iter().any(|lock| formats.contains(lock)));
        let topmost = |(manifests, _): &(&[&str], &[&str])| {
            let top = self
                .files
                .iter()
                .find(|file| manifests.contains(&file.format.as_str()) && !file.path.contains('/'))?;
            let message = "no lock file says which code is meant";
            Some(Finding::new(NO_LOCK_FILE, Severity::Low, message).path(&top.path))
        };
        unlocked.filter_map(topmost).collect()
    }
}
