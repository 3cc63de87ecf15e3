//! Plugin packages: what a directory must hold to be started as a plugin, and the digest that names its content.
//!
//! Nothing here starts a process or touches the network. Start reading at [`PathSource::load`]: it walks the
//! directory ([`tree`]), compares its digest with the expected one, and only then believes its manifest
//! ([`manifest`]).

mod error;
mod id;
pub mod manifest;
mod package;
mod resource;
pub mod tree;

pub use error::PackageError;
pub use id::{PluginId, PluginIdError};
pub use manifest::{
    Entry, EntryKind, Manifest, ManifestError, ManifestErrors, MinLevel, Permission, PermissionKind,
};
pub use package::{Package, PathSource};
pub use resource::{Amounts, Resource};
pub use tree::{Sha256, Tree, TreeError, TreeFile, tree_hash};
