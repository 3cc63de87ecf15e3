//! From a directory and an expected digest to a package that may be started.

use std::path::{Path, PathBuf};

use semver::Version;

use crate::tree::TreeLimits;
use crate::{EntryKind, Manifest, PackageError, PluginId, Sha256, Tree, manifest};

/// A package that lies in a directory of this machine, and what it is expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSource {
    /// The package's directory.
    pub dir: PathBuf,
    /// The digest of its tree (see [`tree_hash`](crate::tree_hash)).
    pub sha256: Sha256,
}

/// A package whose content is the expected one.
#[derive(Debug, Clone)]
pub struct Package {
    /// Who it is; the same as asked for.
    pub id: PluginId,
    /// Its own version.
    pub version: Version,
    /// All that its manifest says.
    pub manifest: Manifest,
    /// Where it lies. It may change after it was looked at: whoever copies or runs a file compares with [`tree`](Self::tree).
    pub dir: PathBuf,
    /// The digest of the tree.
    pub hash: Sha256,
    /// Every file with its digest.
    pub tree: Tree,
}

impl PathSource {
    /// Reads the package and checks that it is the plugin `id` with the expected content.
    ///
    /// # Errors
    /// [`PackageError`]; a wrong digest is found before the manifest is looked at.
    pub fn load(&self, id: &PluginId) -> Result<Package, PackageError> {
        let dir = self.dir.clone();
        let tree = Tree::read(&dir, &TreeLimits::default())
            .map_err(|source| PackageError::Tree { dir: dir.clone(), source })?;
        let hash = tree.hash();
        if hash != self.sha256 {
            return Err(PackageError::WrongHash { id: id.clone(), dir, expected: self.sha256, found: hash });
        }
        let manifest = read_manifest(&dir, &tree)?;
        if manifest.id != *id {
            return Err(PackageError::WrongId { dir, expected: id.clone(), found: manifest.id });
        }
        check_entry(&dir, &tree, &manifest)?;
        Ok(Package { id: id.clone(), version: manifest.version.clone(), manifest, dir, hash, tree })
    }
}

fn read_manifest(dir: &Path, tree: &Tree) -> Result<Manifest, PackageError> {
    let path = dir.join(manifest::FILE);
    let listed = tree.file(manifest::FILE).ok_or_else(|| PackageError::NoManifest { dir: dir.to_owned() })?;
    let name = path.display().to_string();
    if listed.size > manifest::MAX_BYTES {
        return Err(manifest::too_big(&name, listed.size).into());
    }
    let text =
        std::fs::read(&path).map_err(|source| PackageError::Unreadable { path: path.clone(), source })?;
    if Sha256::of(&text) != listed.sha256 {
        let source = crate::TreeError::Changed { path: manifest::FILE.to_owned() };
        return Err(PackageError::Tree { dir: dir.to_owned(), source });
    }
    Ok(Manifest::parse(&name, &String::from_utf8_lossy(&text))?)
}

fn check_entry(dir: &Path, tree: &Tree, manifest: &Manifest) -> Result<(), PackageError> {
    let entry = manifest.entry.path.clone();
    let id = manifest.id.clone();
    match tree.file(&entry) {
        None => Err(PackageError::NoEntry { id, dir: dir.to_owned(), entry }),
        Some(file) if manifest.entry.kind == EntryKind::Native && !file.executable => {
            Err(PackageError::NotExecutable { id, entry })
        }
        Some(_) => Ok(()),
    }
}
