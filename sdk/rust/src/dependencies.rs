//! The shapes of what the plugin `dependencies` gives, as far as other plugins read it: what manifests and lock files say.
//!
//! Every member but a path or a name may be absent: the plugin leaves out what a file does not say.

mod format;

use serde::{Deserialize, Serialize};

pub use format::Format;

/// Folders that hold copies of other projects.
pub const FOREIGN: [&str; 5] = ["node_modules", "vendor", "third_party", "third-party", "bower_components"];
/// Folders with these words in their names hold manifests that are made up, some of them broken on purpose.
const MADE_UP: [&str; 6] = ["test", "fixture", "example", "sample", "mock", "snapshot"];

/// Key of `dependencies/file`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ManifestKey {
    /// The blob.
    pub blob: String,
    /// What it is by its name.
    pub format: Format,
}

/// Value of `dependencies/folder`.
#[derive(Debug, Deserialize)]
pub struct Listing {
    /// In the order of their paths.
    pub files: Vec<Listed>,
}

/// Where a manifest, lock file or settings lie.
#[derive(Debug, Deserialize)]
pub struct Listed {
    /// From the folder in question; quoted as git does where it is not UTF-8.
    pub path: String,
    /// What it is by its name, such as `package-json`.
    pub format: String,
}

/// Value of `dependencies/manifests`, and of the queries for each ecosystem.
#[derive(Debug, Default, Deserialize)]
pub struct Manifests {
    /// In the order of their paths.
    pub files: Vec<Manifest>,
    /// How many more were not read.
    pub left_out: u64,
}

/// A manifest, lock file or settings. As the value of `dependencies/file` it has no path, ecosystem and format.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Where it lies; quoted as git does where it is not UTF-8.
    pub path: String,
    /// `npm`, `cargo`, `pypi`, `go`, `maven`, `rubygems` or `composer`.
    pub ecosystem: String,
    /// What it is by its name, such as `package-json`.
    pub format: String,
    /// The package's own name.
    pub name: Option<String>,
    /// What it asks for.
    pub direct: Vec<Direct>,
    /// What it pins.
    pub locked: Vec<Locked>,
    /// Where packages are to be taken from.
    pub registries: Vec<Registry>,
    /// The commands that it names.
    pub scripts: Vec<Script>,
    /// Whether the package is said to be published nowhere.
    pub private: bool,
    /// Why it could not be read; then nothing else is told.
    pub problem: Option<String>,
}

impl Manifest {
    /// Whether it is a copy of another project's.
    pub fn is_foreign(&self) -> bool {
        is_foreign(&self.path)
    }

    /// Whether it lies where manifests are made up.
    pub fn is_made_up(&self) -> bool {
        is_made_up(&self.path)
    }
}

/// Whether a path leads into a folder that holds copies of other projects.
pub fn is_foreign(path: &str) -> bool {
    path.split('/').any(|folder| FOREIGN.contains(&folder))
}

/// Whether a path leads into a folder that holds what is made up, such as tests and examples.
pub fn is_made_up(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).to_lowercase();
    MADE_UP.iter().any(|word| folders.contains(word))
}

/// A dependency that a manifest asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Direct {
    /// As the ecosystem's registry knows it.
    pub name: String,
    /// Which versions will do, as written.
    pub requirement: Option<String>,
    /// `normal`, `dev`, `build`, `peer`, `indirect` or `shared`.
    pub kind: String,
    /// Where it comes from, if not from the registry: `git`, `path`, `url` or `workspace`, a colon, and what is written there.
    pub source: Option<String>,
    /// From 1.
    pub line: Option<u32>,
}

/// A package of which a lock file names the exact version.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Locked {
    /// As the ecosystem's registry knows it.
    pub name: String,
    /// Where it was taken from, as written.
    pub source: Option<String>,
    /// The hash that its content must have, as written.
    pub integrity: Option<String>,
}

/// A place that packages are taken from, or what is asked of such places.
#[derive(Debug, Clone, Deserialize)]
pub struct Registry {
    /// `default`, `named`, `more` or `trusted`.
    pub role: String,
    /// As written; empty where all places are meant.
    pub address: String,
    /// The scope, or the name by which dependencies refer to it.
    #[serde(default)]
    pub name: Option<String>,
    /// From 1.
    #[serde(default)]
    pub line: Option<u32>,
}

/// A command that a manifest names.
#[derive(Debug, Clone, Deserialize)]
pub struct Script {
    /// When it is run, in the ecosystem's word: `postinstall`.
    pub name: String,
    /// As written.
    pub command: String,
    /// From 1.
    pub line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_what_is_foreign_and_what_is_made_up() {
        assert!(is_foreign("a/vendor/package.json") && !is_foreign("a/vendored/package.json"));
        assert!(is_made_up("a/TestData/package.json") && !is_made_up("a/test.json"));
    }
}
