//! What is read of the answers of `dependencies`.

use serde::Deserialize;

/// The answer of `dependencies/manifests`.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifests {
    pub(crate) files: Vec<Manifest>,
    pub(crate) left_out: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) ecosystem: String,
    pub(crate) format: String,
    #[serde(default)]
    pub(crate) direct: Vec<Direct>,
    #[serde(default)]
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Direct {
    pub(crate) name: String,
    /// Present if it does not come from the registry.
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) line: Option<u64>,
}

/// The answer of `dependencies/hipcheck_npm`.
#[derive(Debug, Deserialize)]
pub(crate) struct HipcheckNpm {
    pub(crate) deps: Vec<String>,
}

/// Manifests in these folders are those of other projects.
const FOREIGN: [&str; 5] = ["node_modules", "vendor", "third_party", "third-party", "bower_components"];

/// Folders with these words in their names hold manifests that are made up, some of them broken on purpose.
const MADE_UP: [&str; 6] = ["test", "fixture", "example", "sample", "mock", "snapshot"];

impl Manifest {
    /// Whether it lies where manifests are made up.
    pub(crate) fn is_made_up(&self) -> bool {
        let folders = self.path.rsplit_once('/').map_or("", |(folders, _)| folders).to_lowercase();
        MADE_UP.iter().any(|word| folders.contains(word))
    }

    pub(crate) fn is_foreign(&self) -> bool {
        self.path.split('/').any(|folder| FOREIGN.contains(&folder))
    }

    /// Whether it says what the project asks for: a lock file only repeats it.
    pub(crate) fn is_manifest(&self) -> bool {
        !self.format.ends_with("lock") && self.format != "go-sum"
    }
}
