//! Manifests and lock files, by the names that `dependencies` knows.

use std::collections::BTreeSet;

use probity_sdk::dependencies::{Listed, Listing};
use probity_sdk::findings::{Finding, Severity};

use crate::rules::NO_LOCK_FILE;

/// What manifests of an ecosystem are called by `dependencies`, and their lock files.
const ECOSYSTEMS: [(&[&str], &[&str]); 5] = [
    (&["package-json"], &["package-lock", "yarn-lock", "pnpm-lock"]),
    (&["cargo-toml"], &["cargo-lock"]),
    (&["pyproject"], &["uv-lock", "poetry-lock", "requirements"]),
    (&["gemfile"], &["gemfile-lock"]),
    (&["composer-json"], &["composer-lock"]),
];

/// The topmost manifest of each ecosystem of which there is no lock file at all.
pub(crate) fn unlocked(listing: &Listing) -> Vec<Finding> {
    let formats: BTreeSet<&str> = listing.files.iter().map(|file| file.format.as_str()).collect();
    let unlocked = ECOSYSTEMS.iter().filter(|(_, locks)| !locks.iter().any(|lock| formats.contains(lock)));
    let topmost = |(manifests, _): &(&[&str], &[&str])| {
        let is_topmost =
            |file: &&Listed| manifests.contains(&file.format.as_str()) && !file.path.contains('/');
        let top = listing.files.iter().find(is_topmost)?;
        let message = "no lock file says which code is meant";
        Some(Finding::new(NO_LOCK_FILE, Severity::Low, message).path(&top.path))
    };
    unlocked.filter_map(topmost).collect()
}
