//! Finds out what lies at a path of the working tree, and what is known of it already. New content is read and
//! stored in `reading`.

use std::io;
use std::os::fd::BorrowedFd;

use gix::ObjectId;
use gix::bstr::BStr;
use gix::filter::plumbing::{Pipeline, eol, pipeline};
use gix::objs::tree::EntryKind;
use rustix::fs::{FileType, readlinkat};

use super::super::config::Config;
use super::super::error::SnapshotError;
use super::super::objects::Handle;
use super::super::taking::Taking;
use super::attributes::Attributes;
use super::beneath::{self, Beneath};
use super::index::Tracked;
use super::reading::Attempt;
use super::stat_cache::{Row, Stat, StatCache};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;

/// What lies at a path.
#[derive(Debug)]
pub(super) enum Finding {
    /// A file or link whose content is in the object database now.
    Stored(Row),
    /// A buffer that counts in place of the file on disk; its content is in the object database now.
    Buffered(Row),
    /// A directory where a submodule is expected.
    Submodule,
    /// Nothing, or a directory.
    Gone,
    /// A socket, pipe or device.
    Special,
    /// It cannot be read.
    Unreadable,
    /// It is larger than what is stored.
    TooBig,
    /// It changed again and again while it was read.
    Unstable,
}

/// What all threads share.
pub(super) struct Shared<'a> {
    pub(super) config: &'a Config,
    pub(super) attributes: &'a Attributes,
    pub(super) cache: &'a StatCache,
    pub(super) taking: &'a Taking,
}

/// One thread's means to look at files.
pub(super) struct Examiner<'a> {
    beneath: Beneath,
    reader: Reader<'a>,
}

/// One thread's means to read and store files.
pub(super) struct Reader<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) objects: Handle,
    pub(super) pipeline: Pipeline,
    /// Whether any file is converted at all.
    pub(super) converts: bool,
}

/// A file or link as it was seen on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) path: &'a BStr,
    pub(super) stat: Stat,
    pub(super) kind: EntryKind,
    /// What the index says of it.
    pub(super) tracked: Option<&'a Tracked>,
}

impl<'a> Examiner<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, beneath: Beneath, objects: Handle) -> Examiner<'a> {
        let options = pipeline::Options {
            drivers: Vec::new(),
            eol_config: shared.config.line_endings,
            crlf_roundtrip_check: pipeline::CrlfRoundTripCheck::Skip,
            encodings_with_roundtrip_check: Vec::new(),
        };
        let pipeline = Pipeline::new(Default::default(), shared.config.hash, options);
        let converts =
            shared.attributes.any || shared.config.line_endings.auto_crlf != eol::AutoCrlf::Disabled;
        Examiner {
            beneath,
            reader: Reader { shared, objects: objects.without_refresh(), pipeline, converts },
        }
    }

    /// Looks at `path`, which the index may list as `tracked`.
    ///
    /// # Errors
    ///
    /// Only if our own object directory cannot be written.
    pub(super) fn examine(
        &mut self,
        path: &BStr,
        tracked: Option<&Tracked>,
    ) -> Result<Finding, SnapshotError> {
        match self.beneath.parent_of(path) {
            Ok((dir, name)) => match self.reader.shared.taking.buffers.get(path) {
                Some(bytes) => self.reader.buffered(dir, name, &Named { path, tracked }, bytes),
                None => self.reader.at(dir, name, path, tracked),
            },
            Err(error) => Ok(unreachable(&error)),
        }
    }
}

/// A file by its name alone.
struct Named<'a> {
    path: &'a BStr,
    tracked: Option<&'a Tracked>,
}

impl Reader<'_> {
    /// A buffer in place of the regular file that is or will be at this name.
    fn buffered(
        &mut self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        of: &Named<'_>,
        bytes: &[u8],
    ) -> Result<Finding, SnapshotError> {
        let Named { path, tracked } = *of;
        let stat = match beneath::look(dir, name) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile => {
                return self.at(dir, name, path, tracked);
            }
            Ok(found) => Stat::of(&found),
            Err(error) if beneath::is_gone(&error) => Stat::default(),
            Err(error) => return Ok(unreachable(&error)),
        };
        let kind = self.kind(&stat, tracked);
        self.take_buffer(bytes, &Seen { path, stat, kind, tracked })
    }

    fn at(
        &mut self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        path: &BStr,
        tracked: Option<&Tracked>,
    ) -> Result<Finding, SnapshotError> {
        let found = match beneath::look(dir, name) {
            Ok(found) => found,
            Err(error) => return Ok(unreachable(&error)),
        };
        let stat = Stat::of(&found);
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory if tracked.is_some_and(|file| file.kind == EntryKind::Commit) => {
                Ok(Finding::Submodule)
            }
            FileType::Directory => Ok(Finding::Gone),
            FileType::Symlink => match readlinkat(dir, name, Vec::new()) {
                Ok(target) => {
                    let seen = Seen { path, stat, kind: EntryKind::Link, tracked };
                    self.store(target.as_bytes(), &seen, false)
                }
                Err(error) => Ok(unreachable(&error.into())),
            },
            FileType::RegularFile => self.regular(dir, name, path, stat, tracked),
            _ => Ok(Finding::Special),
        }
    }

    fn regular(
        &mut self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        path: &BStr,
        mut stat: Stat,
        tracked: Option<&Tracked>,
    ) -> Result<Finding, SnapshotError> {
        for _ in 0..ATTEMPTS {
            let seen = Seen { path, stat, kind: self.kind(&stat, tracked), tracked };
            if let Some(row) = self.remembered(&seen) {
                return Ok(Finding::Stored(row));
            }
            let file = match beneath::open_file(dir, name) {
                Ok(file) => file,
                Err(error) => return Ok(unreachable(&error)),
            };
            match self.read(file, &seen)? {
                Attempt::Done(finding) => return Ok(finding),
                Attempt::Changed(newer) => stat = newer,
            }
        }
        Ok(Finding::Unstable)
    }

    /// What the stat cache knows, if the content is still there.
    fn remembered(&self, seen: &Seen<'_>) -> Option<Row> {
        let indexed = self.indexed(seen);
        let row = self.shared.cache.get(seen.path, &seen.stat, &indexed)?;
        let is_there = row.kind == seen.kind && (row.id == indexed || self.objects.contains(&row.id));
        is_there.then_some(*row)
    }

    /// Stores the content of what was seen. `unfiltered` if a filter was to be applied and was not.
    pub(super) fn store(
        &self,
        bytes: &[u8],
        seen: &Seen<'_>,
        unfiltered: bool,
    ) -> Result<Finding, SnapshotError> {
        let id = self.objects.write(gix::objs::Kind::Blob, bytes)?;
        let indexed = self.indexed(seen);
        Ok(Finding::Stored(Row { stat: seen.stat, indexed, id, kind: seen.kind, unfiltered }))
    }

    /// The kind of a regular file on disk; where the file system cannot tell, the index can.
    fn kind(&self, stat: &Stat, tracked: Option<&Tracked>) -> EntryKind {
        let config = self.shared.config;
        match tracked.map(|file| file.kind) {
            Some(EntryKind::Link) if !config.symlinks => EntryKind::Link,
            Some(EntryKind::BlobExecutable) if !config.file_mode => EntryKind::BlobExecutable,
            _ if config.file_mode && stat.is_executable() => EntryKind::BlobExecutable,
            _ => EntryKind::Blob,
        }
    }

    /// The id that the index has for it, or a null id.
    fn indexed(&self, seen: &Seen<'_>) -> ObjectId {
        seen.tracked.map_or_else(|| ObjectId::null(self.shared.config.hash), |file| file.id)
    }
}

fn unreachable(error: &io::Error) -> Finding {
    match beneath::is_gone(error) {
        true => Finding::Gone,
        false => Finding::Unreadable,
    }
}
