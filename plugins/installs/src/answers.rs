//! What is read of the answers of other plugins.

use serde::Deserialize;

/// The answer of `dependencies/manifests`, and of its queries for each ecosystem.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Manifests {
    pub(crate) files: Vec<Manifest>,
    /// How many more were not read.
    #[serde(default)]
    pub(crate) left_out: u64,
}

/// A manifest, lock file or settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) ecosystem: String,
    pub(crate) format: String,
    pub(crate) name: Option<String>,
    pub(crate) direct: Vec<Direct>,
    pub(crate) locked: Vec<Locked>,
    pub(crate) registries: Vec<Registry>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) private: bool,
    pub(crate) problem: Option<String>,
}

/// A dependency that a manifest asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Direct {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) line: Option<u32>,
}

/// A package that a lock file pins.
#[derive(Debug, Deserialize)]
pub(crate) struct Locked {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) integrity: Option<String>,
}

/// A place that packages are taken from.
#[derive(Debug, Deserialize)]
pub(crate) struct Registry {
    pub(crate) role: String,
    pub(crate) address: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) line: Option<u32>,
}

/// A command that a manifest names.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) line: u32,
}

/// A reference of `workflows/references`.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) rule: String,
    pub(crate) uses: String,
}

/// One answer of `typo/mistakable`.
#[derive(Debug, Deserialize)]
pub(crate) struct Mistakable {
    pub(crate) popular: String,
    pub(crate) how: String,
}
