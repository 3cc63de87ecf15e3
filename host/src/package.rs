//! Packages as the host sees them: a list of files with digests, of which it makes its own verified copy.
//!
//! A plugin reads the copy, never the directory that a person edits: so the bytes that were compared are the bytes
//! that run, and the path that a script can see of itself is the same on each run.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use probity_engine::Digest;
use probity_sandbox::Level;
use sha2::Digest as _;

use crate::used::note_use;
use crate::{Interpreter, Node};

/// A package: what it holds and what of it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageProgram {
    /// Where it lies.
    pub dir: PathBuf,
    /// The digest over all its files, which names it.
    pub tree: [u8; 32],
    /// All its files, sorted by path.
    pub files: Vec<PackageFile>,
    /// The path of the file that is started, below `dir`.
    pub entry: String,
    /// How it is started.
    pub kind: PackageKind,
    /// The least level of the sandbox that it demands for its own part; [`Level::None`] where it demands none.
    pub least: Level,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The path below the package's directory: names with `/` between them, nothing that leads out.
    pub path: String,
    /// Whether it may be executed.
    pub executable: bool,
    /// Bytes.
    pub size: u64,
    /// Digest of the content.
    pub sha256: [u8; 32],
}

/// How a package is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageKind {
    /// The entry is a program.
    Native,
    /// The entry is a script for this interpreter.
    Python(Arc<Interpreter>),
    /// The entry is a script for this Node.js.
    Node(Arc<Node>),
}

/// Why there is no verified copy of a package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// A file could not be read or written.
    #[error("cannot copy {} of the package", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is no longer what it was when the package was looked at.
    #[error("{} of the package has changed since it was looked at", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The entry is not among the files.
    #[error("the package has no file {0:?}")]
    NoEntry(String),
}

impl PackageProgram {
    /// Names all that decides what the plugin answers: the package, and the interpreter that runs it.
    pub fn artifact(&self) -> Digest {
        let mut named = b"package\0".to_vec();
        named.extend_from_slice(&self.tree);
        match &self.kind {
            PackageKind::Native => {}
            PackageKind::Python(interpreter) => named.extend_from_slice(&interpreter.fingerprint),
            PackageKind::Node(node) => named.extend_from_slice(&node.fingerprint),
        }
        Digest::of(&named)
    }

    /// The digest of the file that is started.
    pub(crate) fn entry_sha256(&self) -> Result<[u8; 32], CopyError> {
        let entry = self.files.iter().find(|file| file.path == self.entry);
        entry.map(|file| file.sha256).ok_or_else(|| CopyError::NoEntry(self.entry.clone()))
    }

    /// A directory below `cache` with exactly the files of this package, each compared just now.
    pub(crate) fn copy(&self, cache: &Path) -> Result<PathBuf, CopyError> {
        let packages = cache.join("packages");
        fs::create_dir_all(&packages).map_err(failed(&packages))?;
        let place = packages.join(hex(&self.tree));
        if self.matches(&place) {
            note_use(&place);
            return Ok(place);
        }
        let fresh =
            tempfile::Builder::new().prefix("new-").tempdir_in(&packages).map_err(failed(&packages))?;
        for file in &self.files {
            self.copy_file(file, fresh.path())?;
        }
        self.put(fresh, &packages, place)
    }

    /// Puts a finished copy in its place. What lies there is damaged, or another process was faster.
    fn put(&self, fresh: tempfile::TempDir, packages: &Path, place: PathBuf) -> Result<PathBuf, CopyError> {
        if fs::rename(fresh.path(), &place).is_ok() {
            return Ok(place);
        }
        if self.matches(&place) {
            return Ok(place);
        }
        let aside = tempfile::Builder::new().prefix("old-").tempdir_in(packages).map_err(failed(packages))?;
        fs::rename(&place, aside.path().join("damaged")).map_err(failed(&place))?;
        fs::rename(fresh.path(), &place).map_err(failed(&place))?;
        Ok(place)
    }

    fn copy_file(&self, file: &PackageFile, to: &Path) -> Result<(), CopyError> {
        let (from, to) = (self.dir.join(&file.path), to.join(&file.path));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let mode = if file.executable { 0o555 } else { 0o444 };
        let mut copy =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(&to).map_err(failed(&to))?;
        let write = |bytes: &[u8]| copy.write_all(bytes);
        match digest(&from, file.size, write).map_err(failed(&from))? {
            Some(found) if found == file.sha256 => Ok(()),
            _ => Err(CopyError::Changed { path: from }),
        }
    }

    /// Whether `dir` holds the files of this package and no others.
    fn matches(&self, dir: &Path) -> bool {
        let mut expected: BTreeMap<PathBuf, &PackageFile> =
            self.files.iter().map(|file| (dir.join(&file.path), file)).collect();
        let mut waiting = vec![dir.to_owned()];
        while let Some(dir) = waiting.pop() {
            let Ok(entries) = fs::read_dir(dir) else { return false };
            for entry in entries {
                let Ok(entry) = entry else { return false };
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    waiting.push(path);
                } else if !expected.remove(&path).is_some_and(|file| is(&path, file)) {
                    return false;
                }
            }
        }
        expected.is_empty()
    }
}

fn is(path: &Path, file: &PackageFile) -> bool {
    digest(path, file.size, |_| Ok(())).is_ok_and(|found| found == Some(file.sha256))
}

/// The digest of a regular file of `size` bytes, each piece of which is handed to `each`; `None` for another size.
fn digest(
    path: &Path,
    size: u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Option<[u8; 32]>> {
    // Neither a link nor a pipe put there meanwhile leads elsewhere or blocks.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut hasher = sha2::Sha256::new();
    let copied = read_all(file, size, |bytes| {
        hasher.update(bytes);
        each(bytes)
    })?;
    Ok((copied == size).then(|| hasher.finalize().into()))
}

fn read_all(file: File, size: u64, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut seen = 0;
    // One byte more than expected is enough to see that it is another file.
    let mut source = file.take(size + 1);
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(seen),
            n => {
                seen += n as u64;
                each(&buffer[..n])?;
            }
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    move |source| CopyError::File { path, source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn package(dir: &Path) -> PackageProgram {
        fs::create_dir_all(dir.join("lib")).unwrap();
        let mut files = Vec::new();
        for (path, text, executable) in [("lib/idle.py", "print()\n", false), ("run", "#!\n", true)] {
            fs::write(dir.join(path), text).unwrap();
            let sha256 = sha2::Sha256::digest(text).into();
            files.push(PackageFile { path: path.into(), executable, size: text.len() as u64, sha256 });
        }
        let (tree, entry) = ([7; 32], "run".to_owned());
        PackageProgram {
            dir: dir.to_owned(),
            tree,
            files,
            entry,
            kind: PackageKind::Native,
            least: Level::None,
        }
    }

    #[test]
    fn a_copy_is_made_once_and_compared_each_time() {
        let (from, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let package = package(from.path());
        let copy = package.copy(cache.path()).unwrap();
        assert_eq!(fs::read_to_string(copy.join("lib/idle.py")).unwrap(), "print()\n");
        assert_eq!(fs::metadata(copy.join("run")).unwrap().permissions().mode() & 0o777, 0o555);
        // What is in the source now does not matter any more.
        fs::write(from.path().join("run"), "other").unwrap();
        assert_eq!(package.copy(cache.path()).unwrap(), copy);
    }

    #[test]
    fn a_damaged_copy_is_replaced() {
        let (from, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let package = package(from.path());
        let copy = package.copy(cache.path()).unwrap();
        fs::write(copy.join("more.py"), "").unwrap();
        assert_eq!(package.copy(cache.path()).unwrap(), copy);
        assert!(!copy.join("more.py").exists());
        fs::remove_file(copy.join("run")).unwrap();
        std::os::unix::fs::symlink("/bin/true", copy.join("run")).unwrap();
        package.copy(cache.path()).unwrap();
        assert!(fs::symlink_metadata(copy.join("run")).unwrap().is_file());
        let left: Vec<_> = fs::read_dir(cache.path().join("packages")).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing but the copy is left");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_copied() {
        let (from, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let package = package(from.path());
        fs::write(from.path().join("run"), "#?\n").unwrap();
        assert!(matches!(package.copy(cache.path()), Err(CopyError::Changed { .. })));
        fs::write(from.path().join("run"), "#!\n and more").unwrap();
        assert!(matches!(package.copy(cache.path()), Err(CopyError::Changed { .. })));
        assert_eq!(fs::read_dir(cache.path().join("packages")).unwrap().count(), 0);
    }
}
