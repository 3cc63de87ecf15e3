//! Why a package cannot be used.

use std::io;
use std::path::PathBuf;

use crate::{ManifestErrors, PluginId, Sha256, TreeError};

/// Why a directory was not taken as the package of a plugin.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum PackageError {
    /// The directory holds what a package may not hold, or could not be read.
    #[error("{} cannot be used as a plugin package", dir.display())]
    Tree {
        /// The package's directory.
        dir: PathBuf,
        /// What is wrong with it.
        #[source]
        source: TreeError,
    },
    /// The content of the directory is not the one that the policy names.
    #[error(
        "plugin {id} in {} is not the one that the policy names: expected sha256 {expected}, found {found}",
        dir.display()
    )]
    #[diagnostic(help("if the change is meant, write the found sha256 into the policy"))]
    WrongHash {
        /// The plugin that was asked for.
        id: PluginId,
        /// The package's directory.
        dir: PathBuf,
        /// What the policy says.
        expected: Sha256,
        /// What lies on disk.
        found: Sha256,
    },
    /// There is no `plugin.kdl` at the top of the directory.
    #[error("{} holds no {}, so it is no plugin package", dir.display(), crate::manifest::FILE)]
    NoManifest {
        /// The package's directory.
        dir: PathBuf,
    },
    /// The manifest could not be read again after the directory was walked.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The manifest says something that it may not say.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] ManifestErrors),
    /// The manifest is that of another plugin.
    #[error("the package in {} is {found}, but the policy calls it {expected}", dir.display())]
    WrongId {
        /// The package's directory.
        dir: PathBuf,
        /// What the policy says.
        expected: PluginId,
        /// What the manifest says.
        found: PluginId,
    },
    /// The entry that the manifest names is not in the package.
    #[error("the entry {entry:?} of plugin {id} is not among the files of {}", dir.display())]
    NoEntry {
        /// The plugin.
        id: PluginId,
        /// The package's directory.
        dir: PathBuf,
        /// The path that the manifest names.
        entry: String,
    },
    /// The entry is to be executed, and may not be.
    #[error("the native entry {entry:?} of plugin {id} is not marked executable")]
    #[diagnostic(help("chmod +x, then write the new sha256 into the policy"))]
    NotExecutable {
        /// The plugin.
        id: PluginId,
        /// The path that the manifest names.
        entry: String,
    },
}
