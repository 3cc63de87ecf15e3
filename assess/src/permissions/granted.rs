//! What the person has granted to plugins on this machine: one file, each grant bound to the very package that asked. Another
//! version of the package, or another package that calls itself the same, has to be granted anew.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Asker, PlaceError, Thing};
use crate::files;
use crate::trust::mark;

/// More than any person grants.
const MAX_BYTES: u64 = 4 << 20;

/// The layout of the file.
const LAYOUT: u32 = 1;

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Grant {
    #[serde(flatten)]
    pub(crate) thing: Thing,
    /// Where the path led when it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leads_to: Option<PathBuf>,
    /// What told the folder there from another one at the same place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<String>,
}

impl Grant {
    /// The grant of something that leads there now.
    pub(crate) fn now(thing: Thing, leads_to: Option<PathBuf>) -> Grant {
        // What stands for every target is bound to none.
        let leads_to = leads_to.filter(|_| !thing.is_of_target());
        let folder = leads_to.as_deref().and_then(folder);
        Grant { thing, leads_to, folder }
    }

    /// Where it leads, if that is what was granted: the same place, and no other folder there.
    pub(super) fn unmoved(&self, now: Option<PathBuf>) -> Result<Option<PathBuf>, PlaceError> {
        let Some(place) = now else { return Ok(None) };
        if self.thing.is_of_target() {
            return Ok(Some(place));
        }
        if self.leads_to.as_ref() != Some(&place) {
            return Err(PlaceError::Moved { then: self.leads_to.clone().unwrap_or_default(), now: place });
        }
        match folder(&place) {
            found if found == self.folder => Ok(Some(place)),
            // It was granted before folders were told apart.
            _ if self.folder.is_none() => Err(PlaceError::Unmarked { path: place }),
            _ => Err(PlaceError::Replaced { path: place }),
        }
    }
}

/// What tells a folder from others; `None` for a file, which is replaced whenever somebody saves it.
fn folder(place: &Path) -> Option<String> {
    if place.is_dir() { mark(place) } else { None }
}

/// All grants, by the digest of the package's files, or by the id of a built-in plugin.
#[derive(Debug)]
pub struct Granted {
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
    /// The file is there but cannot be read; nothing counts as granted then, and no plugin that asks for anything is started.
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
        Ok(Granted { packages })
    }

    /// How many packages something was granted to.
    pub fn count(&self) -> usize {
        self.packages.len()
    }

    /// What was granted to whoever asks.
    pub(crate) fn of(&self, asker: &Asker) -> &[Grant] {
        self.packages.get(asker.key()).map_or(&[], |grantee| &grantee.grants)
    }

    /// Grants these to whoever asks, beside what it has. A server's new token takes the place of the old one.
    ///
    /// # Errors
    /// [`GrantedError`]; what was granted is then as it was.
    pub(crate) fn grant(file: &Path, asker: &Asker, grants: Vec<Grant>) -> Result<(), GrantedError> {
        Granted::change(file, |packages| {
            let grantee = packages.entry(asker.key().to_owned()).or_insert_with(|| Grantee {
                plugin: asker.id.clone(),
                version: asker.version.clone(),
                grants: Vec::new(),
            });
            for grant in grants {
                grantee.grants.retain(|other| !takes_place(&grant.thing, &other.thing));
                grantee.grants.push(grant);
            }
            grantee.grants.sort();
        })
    }

    /// Takes back all that was granted to any package of this plugin; says how many grants that were.
    ///
    /// # Errors
    /// [`GrantedError`]; what was granted is then as it was.
    pub fn revoke(file: &Path, plugin: &str) -> Result<usize, GrantedError> {
        Granted::change(file, |packages| {
            let count = |packages: &BTreeMap<String, Grantee>| -> usize {
                packages.values().map(|grantee| grantee.grants.len()).sum()
            };
            let before = count(packages);
            packages.retain(|_, grantee| grantee.plugin != plugin);
            before - count(packages)
        })
    }

    /// Reads, changes and replaces the file, while nobody else does.
    fn change<T>(
        file: &Path,
        change: impl FnOnce(&mut BTreeMap<String, Grantee>) -> T,
    ) -> Result<T, GrantedError> {
        let failed = |source| GrantedError::Write { file: file.to_owned(), source };
        let _turn = turn(file).map_err(failed)?;
        let mut granted = Granted::read(file)?;
        let changed = change(&mut granted.packages);
        let layout = Layout { layout: LAYOUT, packages: granted.packages };
        let mut text = serde_json::to_vec_pretty(&layout).map_err(io::Error::other).map_err(failed)?;
        text.push(b'\n');
        files::replace(file, &text).map_err(failed)?;
        Ok(changed)
    }
}

/// Whether granting the one takes back the other.
fn takes_place(one: &Thing, other: &Thing) -> bool {
    one == other || one.token_server().is_some_and(|server| other.token_server() == Some(server))
}

/// The right to change the file, until this is dropped.
fn turn(file: &Path) -> io::Result<File> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let path = file.with_extension("lock");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    lock.lock()?;
    Ok(lock)
}
