//! Who asks for something: a package by its manifest, or a plugin that comes with the program.

use probity_registry::{Package, Permission};

use crate::settings::Builtin;

/// A plugin, and what it asks a person for.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Its id.
    pub id: String,
    /// Its own version; a built-in has the program's.
    pub version: String,
    /// The digest of the package's files; none for a built-in.
    pub sha256: Option<String>,
    /// What it asks for, sorted.
    pub permissions: Vec<Permission>,
}

impl Asker {
    /// A package.
    pub fn package(package: &Package) -> Asker {
        Asker {
            id: package.id.to_string(),
            version: package.version.to_string(),
            sha256: Some(package.hash.to_string()),
            permissions: package.manifest.permissions.clone(),
        }
    }

    /// A plugin that comes with the program.
    pub fn built_in(builtin: &Builtin) -> Asker {
        Asker {
            id: builtin.id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sha256: None,
            permissions: builtin.permissions.clone(),
        }
    }

    /// What a person's grant is bound to: the very package; of a built-in plugin the plugin, since who runs another version of the
    /// program trusts that one anyway, and what was granted has names.
    pub(super) fn key(&self) -> &str {
        self.sha256.as_deref().unwrap_or(&self.id)
    }
}
