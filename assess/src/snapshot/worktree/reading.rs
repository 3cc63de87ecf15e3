//! Reads a regular file and stores its content as git would, except that no program is ever run: filters are
//! left out, and large files of git-lfs are replaced by their pointers.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryKind;
use rustix::fs::{FileType, fstat};

use super::super::error::SnapshotError;
use super::super::taking::Cancel;
use super::content::{Finding, Reader, Seen};
use super::lfs;
use super::stat_cache::{Row, Stat};

/// Larger files are not stored, in bytes.
const SIZE_LIMIT: u64 = 64 << 20;

/// Reading a file came to an end, or is to be done again.
pub(super) enum Attempt {
    Done(Finding),
    Changed(Stat),
}

/// How the content is stored.
enum Conversion {
    /// As it is.
    None,
    To(Vec<u8>),
    /// As it is, though something else was wanted, such as an encoding that it does not have.
    Failed,
}

impl Reader<'_> {
    /// Reads `file`, which was opened after it was seen, and stores it if it held still meanwhile.
    pub(super) fn read(&mut self, mut file: File, seen: &Seen<'_>) -> Result<Attempt, SnapshotError> {
        match fstat(file.as_fd()) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile => {
                return Ok(Attempt::Done(Finding::Special));
            }
            Ok(found) if Stat::of(&found) != seen.stat => return Ok(Attempt::Changed(Stat::of(&found))),
            Ok(_) => {}
            Err(_) => return Ok(Attempt::Done(Finding::Unreadable)),
        }
        let filter = self.filter(seen);
        let is_lfs = filter.as_ref().is_some_and(|name| name == "lfs");
        if seen.stat.size > SIZE_LIMIT {
            return self.read_big(&mut file, seen, is_lfs);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(seen.stat.size).unwrap_or(0));
        let read = (&file).take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map(|count| count as u64);
        if let Some(attempt) = disturbed(&file, seen, read) {
            return Ok(attempt);
        }
        self.store_converted(&bytes, seen, filter.is_some(), is_lfs).map(Attempt::Done)
    }

    /// Stores a buffer as its file would be stored once the buffer is saved.
    pub(super) fn take_buffer(&mut self, bytes: &[u8], seen: &Seen<'_>) -> Result<Finding, SnapshotError> {
        if bytes.len() as u64 > SIZE_LIMIT {
            return Ok(Finding::TooBig);
        }
        let filter = self.filter(seen);
        let is_lfs = filter.as_ref().is_some_and(|name| name == "lfs");
        Ok(match self.store_converted(bytes, seen, filter.is_some(), is_lfs)? {
            Finding::Stored(row) => Finding::Buffered(row),
            other => other,
        })
    }

    fn filter(&self, seen: &Seen<'_>) -> Option<BString> {
        match seen.kind {
            EntryKind::Link => None,
            _ => self.shared.attributes.filter(seen.path),
        }
    }

    fn store_converted(
        &mut self,
        bytes: &[u8],
        seen: &Seen<'_>,
        is_filtered: bool,
        is_lfs: bool,
    ) -> Result<Finding, SnapshotError> {
        match self.convert(seen, bytes) {
            _ if is_lfs => self.store(&lfs::pointer_for(bytes), seen, false),
            Conversion::None => self.store(bytes, seen, is_filtered),
            Conversion::To(converted) => self.store(&converted, seen, is_filtered),
            Conversion::Failed => self.store(bytes, seen, true),
        }
    }

    /// Reads a file that is too big to be stored. It is unchanged, and then need not be stored, if its content
    /// has the id that the index names; of a large file of git-lfs only the pointer is stored.
    fn read_big(&self, file: &mut File, seen: &Seen<'_>, is_lfs: bool) -> Result<Attempt, SnapshotError> {
        if is_lfs {
            let mut pointer = lfs::Pointer::default();
            let read = each_piece(file, &self.shared.taking.cancel, |piece| pointer.add(piece));
            return match disturbed(file, seen, read) {
                Some(attempt) => Ok(attempt),
                None => self.store(&pointer.finish(), seen, false).map(Attempt::Done),
            };
        }
        let Some(tracked) = seen.tracked else { return Ok(Attempt::Done(Finding::TooBig)) };
        let mut hasher = gix::hash::hasher(self.shared.config.hash);
        hasher.update(&gix::objs::encode::loose_header(gix::objs::Kind::Blob, seen.stat.size));
        let read = each_piece(file, &self.shared.taking.cancel, |piece| hasher.update(piece));
        if let Some(attempt) = disturbed(file, seen, read) {
            return Ok(attempt);
        }
        let id = hasher.try_finalize().unwrap_or_else(|_| ObjectId::null(self.shared.config.hash));
        let row = Row { stat: seen.stat, indexed: tracked.id, id, kind: seen.kind, unfiltered: false };
        Ok(Attempt::Done(if id == tracked.id { Finding::Stored(row) } else { Finding::TooBig }))
    }

    /// Converts the content of a file as its attributes and the settings want it.
    fn convert(&mut self, seen: &Seen<'_>, bytes: &[u8]) -> Conversion {
        if !self.converts || seen.kind == EntryKind::Link {
            return Conversion::None;
        }
        let Ok(path) = seen.path.to_path() else { return Conversion::Failed };
        let (attributes, objects) = (self.shared.attributes, &self.objects);
        let mut indexed = |buffer: &mut Vec<u8>| {
            let tracked = seen.tracked.filter(|file| file.kind != EntryKind::Commit);
            let blob = tracked.and_then(|file| objects.read(&file.id, gix::objs::Kind::Blob, "blob").ok());
            Ok(blob.map(|bytes| *buffer = bytes))
        };
        let converted = self.pipeline.convert_to_git(
            bytes,
            path,
            &mut |path, outcome| attributes.at(path, outcome),
            &mut indexed,
        );
        match converted.as_ref().map(|outcome| outcome.as_bytes()) {
            Ok(Some(bytes)) => Conversion::To(bytes.to_vec()),
            Ok(None) => Conversion::None,
            Err(_) => Conversion::Failed,
        }
    }
}

/// Why what was `read` does not count: it failed, or the file is another one than it was before.
fn disturbed(file: &File, seen: &Seen<'_>, read: io::Result<u64>) -> Option<Attempt> {
    match (read, fstat(file.as_fd()).map(|found| Stat::of(&found))) {
        (Ok(count), Ok(after)) if after == seen.stat && count == after.size => None,
        (Ok(_), Ok(after)) => Some(Attempt::Changed(after)),
        _ => Some(Attempt::Done(Finding::Unreadable)),
    }
}

/// Hands the content of a file over piece by piece, and says how many bytes there were.
fn each_piece(file: &mut File, cancel: &Cancel, mut hand: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        if cancel.is_raised() {
            return Err(io::Error::other("nobody wants it any more"));
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => {
                hand(&buffer[..count]);
                total += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
