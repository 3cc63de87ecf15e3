//! What the person has granted to plugins on this machine: one file, each grant bound to the very package that asked. Another
//! version of the package, or another package that calls itself the same, has to be granted anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use probity_registry::{Package, Permission, PermissionKind};
use serde::{Deserialize, Serialize};

use crate::files;

/// More than any person grants.
const MAX_BYTES: u64 = 4 << 20;

/// The layout of the file.
const LAYOUT: u32 = 1;

/// Something that can be granted: `env LANG`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Thing {
    /// `env`, `file` or `read`.
    kind: String,
    /// A variable's name or a path, as the manifest and the plugin write it.
    pub what: String,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Grant {
    #[serde(flatten)]
    pub(crate) thing: Thing,
    /// Where the path led when it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leads_to: Option<PathBuf>,
}

/// All grants, by the digest of the package's files.
#[derive(Debug)]
pub struct Granted {
    file: PathBuf,
    packages: BTreeMap<String, Grantee>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Grantee {
    plugin: String,
    version: String,
    grants: Vec<Grant>,
}

#[derive(Serialize, Deserialize)]
struct Layout {
    layout: u32,
    packages: BTreeMap<String, Grantee>,
}

/// Why the grants could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantedError {
    /// The file is there but cannot be read; nothing counts as granted then, and no plugin is started.
    #[error("cannot read what was granted to plugins, {}: {reason}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file could not be replaced.
    #[error("cannot write what is granted to plugins, {}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Thing {
    pub(crate) fn new(kind: PermissionKind, what: &str) -> Thing {
        Thing { kind: kind.name().to_owned(), what: what.to_owned() }
    }

    pub(crate) fn is(&self, kind: PermissionKind, what: &str) -> bool {
        self.kind == kind.name() && self.what == what
    }

    pub(crate) fn is_covered_by(&self, asked: &Permission) -> bool {
        PermissionKind::named(&self.kind).is_some_and(|kind| asked.covers(kind, &self.what))
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.kind, self.what)
    }
}

impl Granted {
    /// Reads the file; one that is not there grants nothing.
    ///
    /// # Errors
    /// [`GrantedError::Read`]: it is there and cannot be read or is no such file.
    pub fn read(file: &Path) -> Result<Granted, GrantedError> {
        let unreadable = |reason: String| GrantedError::Read { file: file.to_owned(), reason };
        let bytes = files::read(file, MAX_BYTES).map_err(|error| unreadable(error.to_string()))?;
        let packages = match bytes {
            None => BTreeMap::new(),
            Some(bytes) => {
                let layout: Layout =
                    serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
                if layout.layout != LAYOUT {
                    return Err(unreadable("another version of Probity wrote it".to_owned()));
                }
                layout.packages
            }
        };
        Ok(Granted { file: file.to_owned(), packages })
    }

    /// What was granted to this package.
    pub(crate) fn of(&self, package: &Package) -> &[Grant] {
        self.packages.get(&package.hash.to_string()).map_or(&[], |grantee| &grantee.grants)
    }

    /// Grants these to the package, beside what it has; each with where its path leads.
    ///
    /// # Errors
    /// [`GrantedError::Write`]; what was granted is then as it was.
    pub fn grant(
        &mut self,
        package: &Package,
        things: &[(PermissionKind, String, Option<PathBuf>)],
    ) -> Result<(), GrantedError> {
        let grantee = self.packages.entry(package.hash.to_string()).or_insert_with(|| Grantee {
            plugin: package.id.to_string(),
            version: package.version.to_string(),
            grants: Vec::new(),
        });
        for (kind, what, leads_to) in things {
            let thing = Thing::new(*kind, what);
            grantee.grants.retain(|grant| grant.thing != thing);
            grantee.grants.push(Grant { thing, leads_to: leads_to.clone() });
        }
        grantee.grants.sort();
        self.write()
    }

    /// Takes back all that was granted to any package of this plugin; says how many grants that were.
    ///
    /// # Errors
    /// [`GrantedError::Write`]; what was granted is then as it was.
    pub fn revoke(&mut self, plugin: &str) -> Result<usize, GrantedError> {
        let before = self.count();
        self.packages.retain(|_, grantee| grantee.plugin != plugin);
        let gone = before - self.count();
        if gone > 0 {
            self.write()?;
        }
        Ok(gone)
    }

    fn count(&self) -> usize {
        self.packages.values().map(|grantee| grantee.grants.len()).sum()
    }

    /// Replaces the file as a whole, so that a crash leaves the old grants or the new ones.
    fn write(&self) -> Result<(), GrantedError> {
        let failed = |source| GrantedError::Write { file: self.file.clone(), source };
        let layout = Layout { layout: LAYOUT, packages: self.packages.clone() };
        let mut text = serde_json::to_vec_pretty(&layout).map_err(io::Error::other).map_err(failed)?;
        text.push(b'\n');
        let put = || {
            fs::create_dir_all(self.file.parent().unwrap_or(Path::new(".")))?;
            let fresh = self.file.with_extension(format!("new-{}", std::process::id()));
            let mut out =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            out.write_all(&text)?;
            out.sync_all()?;
            fs::rename(&fresh, &self.file)
        };
        put().map_err(failed)
    }
}
