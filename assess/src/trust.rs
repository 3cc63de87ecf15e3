//! Which repositories' own policies may be used on this machine. A policy found in a target is a stranger's text until
//! the person has said otherwise, for that repository, here.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// The repositories that are trusted, kept in one file: a path a line, sorted.
#[derive(Debug)]
pub struct Trust {
    file: PathBuf,
    repositories: BTreeSet<String>,
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
        let repositories = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Trust { file: file.to_owned(), repositories })
    }

    /// True if the person has trusted this repository (its identity: the canonical path of its common git directory).
    pub fn holds(&self, repository: &Path) -> bool {
        repository.to_str().is_some_and(|path| self.repositories.contains(path))
    }

    /// The trusted repositories, sorted.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.repositories.iter().map(String::as_str)
    }

    /// Trusts a repository, or takes the trust back; returns whether that changed anything.
    ///
    /// # Errors
    /// [`TrustError::Path`] or [`TrustError::Write`]; the list on disk is then as it was.
    pub fn set(&mut self, repository: &Path, trusted: bool) -> Result<bool, TrustError> {
        let path = repository.to_str().filter(|path| !path.contains(['\n', '\r']));
        let path = path.ok_or_else(|| TrustError::Path { path: repository.to_owned() })?;
        let changed = match trusted {
            true => self.repositories.insert(path.to_owned()),
            false => self.repositories.remove(path),
        };
        if changed {
            let text: String = self.repositories.iter().map(|path| format!("{path}\n")).collect();
            files::replace(&self.file, text.as_bytes())
                .map_err(|source| TrustError::Write { file: self.file.clone(), source })?;
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_is_remembered_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/trusted");
        let mut trust = Trust::read(&file).unwrap();
        assert!(!trust.holds(Path::new("/a/.git")));
        assert!(trust.set(Path::new("/a/.git"), true).unwrap());
        assert!(!trust.set(Path::new("/a/.git"), true).unwrap());
        let mut again = Trust::read(&file).unwrap();
        assert!(again.holds(Path::new("/a/.git")));
        assert!(!again.holds(Path::new("/a")));
        assert!(again.set(Path::new("/a/.git"), false).unwrap());
        assert_eq!(Trust::read(&file).unwrap().list().count(), 0);
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
