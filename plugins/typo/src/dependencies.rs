//! Which answers of `dependencies` say what the project itself asks for.

use probity_sdk::dependencies::Manifest;
use serde::Deserialize;

/// The answer of `dependencies/hipcheck_npm`.
#[derive(Debug, Deserialize)]
pub(crate) struct HipcheckNpm {
    pub(crate) deps: Vec<String>,
}

/// Folders with these words in their names hold manifests that are made up, some of them broken on purpose.
const MADE_UP: [&str; 6] = ["test", "fixture", "example", "sample", "mock", "snapshot"];

/// Whether it lies where manifests are made up.
pub(crate) fn is_made_up(manifest: &Manifest) -> bool {
    let folders = manifest.path.rsplit_once('/').map_or("", |(folders, _)| folders).to_lowercase();
    MADE_UP.iter().any(|word| folders.contains(word))
}

/// Whether it says what the project asks for: a lock file only repeats it.
pub(crate) fn is_manifest(manifest: &Manifest) -> bool {
    !manifest.format.ends_with("lock") && manifest.format != "go-sum"
}
