//! Reaches the files of a working tree by directory handles, so that no symbolic link is ever followed:
//! neither one that lies there, nor one that is put there while we look.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use gix::bstr::{BStr, ByteSlice};
use rustix::fs::{AtFlags, Mode, OFlags, Stat, openat, statat};

/// Directories and files lie at most this deep; git itself has a limit by the length of paths.
pub(super) const MAX_DEPTH: usize = 256;

#[cfg(any(target_os = "linux", target_os = "android"))]
const TRAVERSE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const TRAVERSE: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A working tree's root and a chain of directories below it that are open.
#[derive(Debug)]
pub(super) struct Beneath {
    root: OwnedFd,
    chain: Vec<(Vec<u8>, OwnedFd)>,
}

impl Beneath {
    /// Opens the root; links in the path to it are followed, it is the person's own.
    pub(super) fn open(root: &Path) -> io::Result<Beneath> {
        let flags = TRAVERSE.difference(OFlags::NOFOLLOW);
        Ok(Beneath { root: rustix::fs::open(root, flags, Mode::empty())?, chain: Vec::new() })
    }

    /// Another one of the same root, for another thread.
    pub(super) fn another(&self) -> io::Result<Beneath> {
        Ok(Beneath { root: self.root.try_clone()?, chain: Vec::new() })
    }

    /// The directory that holds `path`, and the name in it. Neighbours share what is open.
    pub(super) fn parent_of<'a>(&mut self, path: &'a BStr) -> io::Result<(BorrowedFd<'_>, &'a [u8])> {
        let (dir, name) = split(path);
        Ok((self.dir(dir)?, name))
    }

    /// The directory `dir`, relative to the root; empty for the root itself.
    pub(super) fn dir(&mut self, dir: &[u8]) -> io::Result<BorrowedFd<'_>> {
        let mut depth = 0;
        for name in dir.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            if self.chain.get(depth).is_none_or(|(open, _)| open != name) {
                self.chain.truncate(depth);
                let next = openat(self.top(), name, TRAVERSE, Mode::empty())?;
                self.chain.push((name.to_owned(), next));
            }
            depth += 1;
        }
        self.chain.truncate(depth);
        Ok(self.top())
    }

    fn top(&self) -> BorrowedFd<'_> {
        self.chain.last().map_or(self.root.as_fd(), |(_, dir)| dir.as_fd())
    }
}

/// A path's directory, without a slash at the end, and its name.
pub(super) fn split(path: &BStr) -> (&[u8], &[u8]) {
    match path.rfind_byte(b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

/// What lies at a name in a directory; a link is itself.
pub(super) fn look(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<Stat> {
    Ok(statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Opens a file for reading; fails for a link, and never waits for the other end of a pipe.
pub(super) fn open_file(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<std::fs::File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(openat(dir, name, flags, Mode::empty())?.into())
}

/// Opens a directory for listing; fails for a link.
pub(super) fn open_dir(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(dir, name, flags, Mode::empty())?)
}

/// A regular file of at most `limit` bytes in a directory; `None` if there is no such regular file.
pub(super) fn read_small(dir: BorrowedFd<'_>, name: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    let file = match open_file(dir, name) {
        Ok(file) => file,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(Some(bytes)),
    }
}

/// Whether the error says that a path does not lead to anything in the working tree: nothing is there, or a
/// file or link lies where a directory was expected.
pub(super) fn is_gone(error: &io::Error) -> bool {
    let gone = [rustix::io::Errno::NOENT, rustix::io::Errno::NOTDIR, rustix::io::Errno::LOOP];
    gone.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
