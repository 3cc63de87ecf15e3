//! Which answers of `dependencies` say what the project itself asks for.

use probity_sdk::dependencies::Manifest;
use serde::Deserialize;

/// The answer of `dependencies/hipcheck_npm`.
#[derive(Debug, Deserialize)]
pub(crate) struct HipcheckNpm {
    pub(crate) deps: Vec<String>,
}

/// Whether it says what the project asks for: a lock file only repeats it.
pub(crate) fn is_manifest(manifest: &Manifest) -> bool {
    !manifest.format.ends_with("lock") && manifest.format != "go-sum"
}
