//! Copies what a child left in its scratch folder, for the next one to find.
//!
//! Whatever lies there is hostile. Only regular files and directories are copied, opened below the folder by a way without
//! links and without waiting for anybody, as plain files of the user's own; how much is bounded.

use crate::linux::scratch::{Held, WITHIN, directory_in};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, mkdirat, openat, openat2, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is not copied in one piece.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// It is more than may be kept.
    #[error("it holds more than {bytes} bytes or {files} files")]
    TooMuch {
        /// The most bytes.
        bytes: u64,
        /// The most files and directories.
        files: u64,
    },
    /// Something could not be read or written.
    #[error("cannot copy {}", path.display())]
    Io {
        /// Where, below the folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Copies the regular files and directories below `from` to the empty directory `to`: at most so many bytes, each file
/// counted as whole pages of memory, and so many files and directories. Links, pipes, sockets and devices are left out. Returns how many were left out.
///
/// # Errors
/// [`KeepError`]; then `to` holds a part of it.
pub fn copy_folder(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    bytes: u64,
    files: u64,
) -> Result<u64, KeepError> {
    let mut copy = Copy { from, to, most: Held { bytes, files }, held: Held { bytes: 0, files: 1 }, left: 0 };
    let mut todo = vec![PathBuf::from(".")];
    while let Some(path) = todo.pop() {
        copy.folder(&path, &mut todo)?;
    }
    Ok(copy.left)
}

/// Opens a folder to be copied from or to.
///
/// # Errors
/// What the system says.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(rustix::fs::CWD, path, crate::linux::scratch::DIRECTORY, Mode::empty())?)
}

struct Copy<'a> {
    from: BorrowedFd<'a>,
    to: BorrowedFd<'a>,
    most: Held,
    held: Held,
    left: u64,
}

impl Copy<'_> {
    fn folder(&mut self, path: &Path, todo: &mut Vec<PathBuf>) -> Result<(), KeepError> {
        let failed = |error: Errno| KeepError::Io { path: path.to_owned(), source: error.into() };
        let from = directory_in(self.from, path).map_err(failed)?;
        let to = directory_in(self.to, path).map_err(failed)?;
        for entry in Dir::read_from(&from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let inner = path.join(OsStr::from_bytes(name.to_bytes()));
            let failed = |error: io::Error| KeepError::Io { path: inner.clone(), source: error };
            let found =
                statat(&from, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error.into()))?;
            match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => {
                    self.count(0, 1)?;
                    mkdirat(&to, name, Mode::RWXU).map_err(|error| failed(error.into()))?;
                    todo.push(inner);
                }
                FileType::RegularFile => {
                    self.count(0, 1)?;
                    match source(from.as_fd(), Path::new(OsStr::from_bytes(name.to_bytes())))
                        .map_err(failed)?
                    {
                        Some(file) => self.file(file, to.as_fd(), &inner)?,
                        None => self.left += 1,
                    }
                }
                _ => self.left += 1,
            }
        }
        Ok(())
    }

    fn file(&mut self, mut from: File, to: BorrowedFd<'_>, inner: &Path) -> Result<(), KeepError> {
        let failed = |error: io::Error| KeepError::Io { path: inner.to_owned(), source: error };
        let size = from.metadata().map_err(failed)?.len();
        if whole_pages(size) > self.most.bytes.saturating_sub(self.held.bytes) {
            return self.count(whole_pages(size), 0);
        }
        let name = inner.file_name().unwrap_or_default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let to = openat(to, name, flags, Mode::RUSR | Mode::WUSR).map_err(|error| failed(error.into()))?;
        // One byte more than there may be is enough to know.
        let room = self.most.bytes.saturating_sub(self.held.bytes).saturating_add(1);
        let copied = io::copy(&mut from.by_ref().take(room), &mut File::from(to)).map_err(failed)?;
        self.count(whole_pages(copied), 0)
    }

    fn count(&mut self, bytes: u64, files: u64) -> Result<(), KeepError> {
        self.held.bytes = self.held.bytes.saturating_add(bytes);
        self.held.files = self.held.files.saturating_add(files);
        match self.held.is_above(self.most) {
            true => Err(KeepError::TooMuch { bytes: self.most.bytes, files: self.most.files }),
            false => Ok(()),
        }
    }
}

/// What so many bytes take in a file system in memory.
fn whole_pages(bytes: u64) -> u64 {
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(u64::MAX);
    bytes.div_ceil(page).saturating_mul(page)
}

/// A regular file, to be read; `None` if it is something else by now.
fn source(folder: BorrowedFd<'_>, name: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat2(folder, name, flags, Mode::empty(), WITHIN) {
        Ok(file) => file,
        Err(Errno::LOOP | Errno::NXIO | Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let is_file = FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::RegularFile;
    Ok(is_file.then(|| File::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn copy(from: &Path, bytes: u64, files: u64) -> (tempfile::TempDir, Result<u64, KeepError>) {
        let to = tempfile::tempdir().unwrap();
        let (source, target) = (open_folder(from).unwrap(), open_folder(to.path()).unwrap());
        let copied = copy_folder(source.as_fd(), target.as_fd(), bytes, files);
        (to, copied)
    }

    #[test]
    fn files_and_folders_are_copied_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), "deep").unwrap();
        fs::write(at("set"), "mode").unwrap();
        fs::set_permissions(at("set"), std::os::unix::fs::PermissionsExt::from_mode(0o4777)).unwrap();
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "treasure").unwrap();
        std::os::unix::fs::symlink(secret.path(), at("link")).unwrap();
        std::os::unix::fs::symlink("/etc", at("folder")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();

        let (to, left) = copy(folder.path(), 1 << 20, 100);
        assert_eq!(left.unwrap(), 4);
        assert_eq!(fs::read_to_string(to.path().join("a/b/c")).unwrap(), "deep");
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(to.path().join("set")).unwrap());
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 2);
    }

    #[test]
    fn more_than_may_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "12345").unwrap();
        fs::hard_link(folder.path().join("a"), folder.path().join("b")).unwrap();
        let two = 2 * whole_pages(1);
        assert_eq!(copy(folder.path(), two, 3).1.unwrap(), 0);
        assert!(matches!(copy(folder.path(), two - 1, 3).1, Err(KeepError::TooMuch { .. })));
        assert!(matches!(copy(folder.path(), two, 2).1, Err(KeepError::TooMuch { .. })));
        // A hole counts for what a copy of it would take.
        fs::File::create(folder.path().join("a")).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(copy(folder.path(), 1 << 20, 9).1, Err(KeepError::TooMuch { .. })));
    }
}
