//! Which repositories' own policies may be used on this machine. A policy found in a target is a stranger's text until
//! the person has said otherwise, for that repository, here.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::files;

/// The repositories that are trusted, kept in one file: a line for each, sorted, of what tells its folder from another one at the
/// same place, a blank, and the path.
#[derive(Debug)]
pub struct Trust {
    file: PathBuf,
    repositories: BTreeMap<String, String>,
}

/// Why the list could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file is there but cannot be read; nothing is trusted then.
    #[error("cannot read the list of trusted repositories {}", file.display())]
    Read {
        /// The list.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be replaced.
    #[error("cannot write the list of trusted repositories {}", file.display())]
    Write {
        /// The list.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such folder any more.
    #[error("{} is gone", path.display())]
    Gone {
        /// The repository.
        path: PathBuf,
    },
    /// A path that a line of text cannot hold.
    #[error("the path {path:?} cannot be listed: it is not UTF-8 or holds a line break")]
    Path {
        /// The repository.
        path: PathBuf,
    },
}

impl Trust {
    /// Reads the list; a file that is not there is an empty list.
    ///
    /// # Errors
    /// [`TrustError::Read`] if the file exists and cannot be read.
    pub fn read(file: &Path) -> Result<Trust, TrustError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(TrustError::Read { file: file.to_owned(), source }),
        };
        let line = |line: &str| line.split_once(' ').map(|(mark, path)| (path.to_owned(), mark.to_owned()));
        Ok(Trust { file: file.to_owned(), repositories: text.lines().filter_map(line).collect() })
    }

    /// True if the person has trusted this repository (its identity: the canonical path of its common git directory), and no
    /// other one has taken its place since.
    pub fn holds(&self, repository: &Path) -> bool {
        let listed = repository.to_str().and_then(|path| self.repositories.get(path));
        listed.is_some_and(|listed| mark(repository).as_ref() == Some(listed))
    }

    /// The trusted repositories, sorted, those that are gone among them.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.repositories.keys().map(String::as_str)
    }

    /// Trusts a repository, or takes the trust back; returns whether that changed anything. Trust in one that is gone can be
    /// taken back too.
    ///
    /// # Errors
    /// [`TrustError::Path`], [`TrustError::Gone`] or [`TrustError::Write`]; the list on disk is then as it was.
    pub fn set(&mut self, repository: &Path, trusted: bool) -> Result<bool, TrustError> {
        let path = repository.to_str().filter(|path| !path.contains(['\n', '\r']));
        let path = path.ok_or_else(|| TrustError::Path { path: repository.to_owned() })?;
        let changed = match trusted {
            true => {
                let now = mark(repository).ok_or_else(|| TrustError::Gone { path: repository.to_owned() })?;
                self.repositories.insert(path.to_owned(), now.clone()) != Some(now)
            }
            false => self.repositories.remove(path).is_some(),
        };
        if changed {
            let text: String =
                self.repositories.iter().map(|(path, mark)| format!("{mark} {path}\n")).collect();
            files::replace(&self.file, text.as_bytes())
                .map_err(|source| TrustError::Write { file: self.file.clone(), source })?;
        }
        Ok(changed)
    }
}

/// What tells a folder from another one at the same place, without a blank: its number, and the time when it was made, where
/// the file system knows that. (Not the device, whose number may be another one after the machine was started anew.)
pub(crate) fn mark(folder: &Path) -> Option<String> {
    let found = fs::metadata(folder).ok()?;
    let made = found.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    Some(format!(
        "{}@{}",
        found.ino(),
        made.map_or_else(|| "unknown".to_owned(), |made| made.as_nanos().to_string())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_is_remembered_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/trusted");
        let repository = folder.path().join("a b/.git");
        fs::create_dir_all(&repository).unwrap();
        let mut trust = Trust::read(&file).unwrap();
        assert!(!trust.holds(&repository));
        assert!(trust.set(&repository, true).unwrap());
        assert!(!trust.set(&repository, true).unwrap());
        let mut again = Trust::read(&file).unwrap();
        assert!(again.holds(&repository));
        assert!(!again.holds(repository.parent().unwrap()));
        assert!(again.set(&repository, false).unwrap());
        assert_eq!(Trust::read(&file).unwrap().list().count(), 0);
    }

    #[test]
    fn what_takes_the_place_of_a_trusted_repository_is_not_trusted_and_the_old_trust_can_be_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trusted");
        let repository = folder.path().join(".git");
        fs::create_dir(&repository).unwrap();
        let mut trust = Trust::read(&file).unwrap();
        trust.set(&repository, true).unwrap();
        fs::rename(&repository, folder.path().join("moved")).unwrap();
        assert_eq!(
            trust.set(&folder.path().join("none"), true).unwrap_err().to_string().split(' ').next_back(),
            Some("gone")
        );
        fs::create_dir(&repository).unwrap();
        assert!(!Trust::read(&file).unwrap().holds(&repository));
        fs::remove_dir(&repository).unwrap();
        assert!(trust.set(&repository, false).unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap(), "");
    }

    #[test]
    fn a_path_that_would_forge_a_second_line_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut trust = Trust::read(&folder.path().join("trusted")).unwrap();
        let error = trust.set(Path::new("/a\n/b"), true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the path \"/a\\n/b\" cannot be listed: it is not UTF-8 or holds a line break"
        );
    }
}
