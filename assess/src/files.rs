//! Replaces small files, and reads them without being held up by what lies there instead: a pipe that never answers, a device, a file
//! of many gigabytes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use tempfile::NamedTempFile;

/// What the name of a file begins with that is about to take the place of another one.
pub(crate) const FRESH: &str = ".new-";

/// The whole of a regular file of at most `limit` bytes; `None` if there is none. Symbolic links are followed.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    whole(open(path), limit)
}

/// The first line of such a file, without its end; of at most `limit` bytes.
pub(crate) fn read_line(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let Some((file, _)) = regular(open(path))? else { return Ok(None) };
    let mut line = Vec::new();
    BufReader::new(file.take(limit)).read_until(b'\n', &mut line)?;
    line.pop_if(|byte| *byte == b'\n');
    Ok(Some(line))
}

fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// A file and its length, if it is there and is a regular one.
fn regular(opened: io::Result<File>) -> io::Result<Option<(File, u64)>> {
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(Some((file, metadata.len())))
}

fn whole(opened: io::Result<File>, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let Some((file, length)) = regular(opened)? else { return Ok(None) };
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
    }
    Ok(Some(bytes))
}

/// Puts a file in the place of another one as a whole, so that a crash leaves the old one or the new one. Only its owner may read it.
/// Waits for the disk: a person's choice must not get lost.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = beside(path, bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    Ok(())
}

/// The same for what can be made again: does not wait for the disk.
pub(crate) fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    beside(path, bytes)?.persist(path)?;
    Ok(())
}

/// A file in the same folder that holds these bytes.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut fresh = tempfile::Builder::new().prefix(FRESH).tempfile_in(folder)?;
    fresh.write_all(bytes)?;
    Ok(fresh)
}

/// The whole of a regular file at a path without links, of at most `limit` bytes; `None` if there is none.
pub(crate) fn read_straight(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS);
    whole(opened.map(File::from).map_err(io::Error::from), limit)
}

/// Whether the error says that nothing lies at a path.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
