//! Keys and values of the queries, as they stand in JSON.

use probity_sdk::dependencies::Format;
use probity_sdk::prelude::*;

use crate::ecosystem::Ecosystem;

/// Key of `file`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileKey {
    pub(crate) blob: String,
    pub(crate) format: Format,
}

/// A manifest or lock file and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) blob: String,
    pub(crate) format: Format,
}

/// Value of `folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Listing {
    /// The first ones by the bytes of their paths.
    pub(crate) files: Vec<Found>,
    /// How many more there are.
    pub(crate) left_out: u64,
}

/// What one file says. Value of `file`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Said {
    /// The package's own name, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What it asks for, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) direct: Vec<Direct>,
    /// What it pins, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) locked: Vec<Locked>,
    /// What could not be known without running something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<Note>,
    /// Where packages are to be taken from, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) registries: Vec<Registry>,
    /// The commands that it names, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scripts: Vec<Script>,
    /// Whether the package is said to be published nowhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) private: bool,
    /// Why the file could not be read; then nothing else is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// Names in the form of the lock file that npm wrote before its version 7, at all depths and as often as they stand there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) nested: Vec<String>,
}

/// A dependency that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Direct {
    /// As the ecosystem's registry knows it; `group:artifact` for Maven.
    pub(crate) name: String,
    /// Which versions will do, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requirement: Option<String>,
    pub(crate) kind: Kind,
    /// Whether it can be done without.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) optional: bool,
    /// Where it comes from, if not from the registry: `git`, `path`, `url` or `workspace`, a colon, and what is written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The name under which the project uses it, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// At run time.
    Normal,
    /// To develop or test.
    Dev,
    /// To build.
    Build,
    /// By whoever uses the package, who has to bring it.
    Peer,
    /// By another dependency.
    Indirect,
    /// Named so that others may refer to it: a workspace, a version catalogue, managed dependencies.
    Shared,
}

/// A package of which a lock file names the exact version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Locked {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Where it was taken from, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The hash that its content must have, as written; the first, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) integrity: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dev: bool,
}

/// A place that packages are taken from, or what is asked of such places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Registry {
    pub(crate) role: Role,
    /// As written; empty where all places are meant.
    pub(crate) address: String,
    /// The scope, or the name by which dependencies refer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
}

/// What a place is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// For all packages, in place of the ecosystem's registry.
    Default,
    /// For the packages that name it, or of one scope.
    Named,
    /// For any package, beside others.
    More,
    /// It need not prove who it is: no encryption, or a certificate that is not checked.
    Trusted,
}

/// A command that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Script {
    /// When it is run, in the ecosystem's word: `postinstall`.
    pub(crate) name: String,
    pub(crate) command: String,
    pub(crate) line: u64,
}

/// Something that is not known, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Note {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
}

/// A file and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) ecosystem: Ecosystem,
    pub(crate) format: Format,
    #[serde(flatten)]
    pub(crate) said: Said,
}

/// Value of `manifests`, and of the queries of each ecosystem: files in the order of their paths' bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Manifests {
    pub(crate) files: Vec<Manifest>,
    /// How many more files there are that were not read.
    pub(crate) left_out: u64,
}

/// Value of `hipcheck_npm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct HipcheckNpm {
    /// Always `JavaScript`.
    pub(crate) language: String,
    /// Names at all depths, as often as they stand there.
    pub(crate) deps: Vec<String>,
}

impl Direct {
    pub(crate) fn new(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        Self { name, requirement: None, kind, optional: false, source: None, alias: None, line: None }
    }

    pub(crate) fn requirement(self, requirement: Option<&str>) -> Self {
        let requirement = requirement.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Self { requirement, ..self }
    }

    /// `kind` is `git`, `path`, `url` or `workspace`.
    pub(crate) fn source(self, kind: &str, what: &str) -> Self {
        Self { source: Some(format!("{kind}:{what}")), ..self }
    }

    pub(crate) fn line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl Said {
    pub(crate) fn problem(reason: impl Into<String>) -> Self {
        Self { problem: Some(reason.into()), ..Self::default() }
    }

    pub(crate) fn registry(&mut self, role: Role, address: impl Into<String>, name: Option<&str>, line: u64) {
        let name = name.map(str::to_owned);
        self.registries.push(Registry { role, address: address.into(), name, line: Some(line) });
    }

    pub(crate) fn note(&mut self, line: u64, message: impl Into<String>) {
        self.notes.push(Note { line: Some(line), message: message.into() });
    }
}
