//! The tracked files, as the target's index lists them.
//!
//! Only paths, ids, kinds and "not checked out" are taken. What the index claims about files on disk (their
//! times, "assume unchanged", "valid by a file system monitor") is the target's claim and is ignored.

use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::hash::Kind;
use gix::index::entry::{Flags, Mode};
use gix::objs::tree::EntryKind;
use gix::validate::path::component;

use super::super::error::SnapshotError;
use super::beneath::MAX_DEPTH;
use crate::files;

/// One file that the index lists.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub(super) path: BString,
    pub(super) id: ObjectId,
    pub(super) kind: EntryKind,
    /// Not checked out by intention (sparse checkout): absent from disk is no removal.
    pub(super) skipped: bool,
}

/// The tracked files, sorted by path, each once.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) files: Vec<Tracked>,
    /// Names that git would not have stored.
    pub(super) invalid: Vec<BString>,
}

impl Index {
    /// Reads the index of a git directory; a missing one lists nothing.
    pub(super) fn read(git_dir: &Path, hash: Kind) -> Result<Index, SnapshotError> {
        let path = git_dir.join("index");
        let failed = |reason: String| SnapshotError::Index { path: path.clone(), reason };
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(failed("it is not a regular file".to_owned())),
            Err(error) if files::is_absent(&error) => return Ok(Index::default()),
            Err(error) => return Err(failed(error.to_string())),
        }
        let file = gix::index::File::at(&path, hash, false, Default::default())
            .map_err(|error| failed(error.to_string()))?;
        Ok(Index::of(&file))
    }

    fn of(state: &gix::index::State) -> Index {
        let mut index = Index { files: Vec::with_capacity(state.entries().len()), invalid: Vec::new() };
        for entry in state.entries() {
            let path = entry.path(state);
            let path = path.strip_suffix(b"/").unwrap_or(path).as_bstr();
            let kind = match kind_of(entry.mode) {
                Some(kind) if is_valid(path, kind) => kind,
                _ => {
                    index.invalid.push(path.to_owned());
                    continue;
                }
            };
            let skipped = entry.flags.contains(Flags::SKIP_WORKTREE) || kind == EntryKind::Tree;
            let file = Tracked { path: path.to_owned(), id: entry.id, kind, skipped };
            match index.files.last_mut() {
                // A conflict lists one path in several stages; the second is "ours".
                Some(last) if last.path == file.path => {
                    if entry.stage_raw() == 2 {
                        *last = file;
                    }
                }
                _ => index.files.push(file),
            }
        }
        // The sparse directories' slashes are off, which may have changed the order.
        index.files.sort_by(|a, b| a.path.cmp(&b.path));
        index.files.dedup_by(|a, b| a.path == b.path);
        index
    }

    /// The tracked file at a path.
    pub(super) fn get(&self, path: &BStr) -> Option<&Tracked> {
        let found = self.files.binary_search_by(|file| file.path.as_bstr().cmp(path)).ok()?;
        Some(&self.files[found])
    }

    /// Whether any tracked file lies below a directory, given without a slash at the end.
    pub(super) fn any_below(&self, dir: &BStr) -> bool {
        let mut prefix = dir.to_owned();
        prefix.push(b'/');
        let first = self.files.partition_point(|file| file.path < prefix);
        self.files.get(first).is_some_and(|file| file.path.starts_with(&prefix))
    }
}

fn kind_of(mode: Mode) -> Option<EntryKind> {
    if mode == Mode::FILE {
        Some(EntryKind::Blob)
    } else if mode == Mode::FILE_EXECUTABLE {
        Some(EntryKind::BlobExecutable)
    } else if mode == Mode::SYMLINK {
        Some(EntryKind::Link)
    } else if mode == Mode::COMMIT {
        Some(EntryKind::Commit)
    } else if mode == Mode::DIR {
        Some(EntryKind::Tree)
    } else {
        None
    }
}

/// Whether git would store an entry of this name: no `..`, no `.git` in any disguise, not too deep.
pub(super) fn is_valid(path: &BStr, kind: EntryKind) -> bool {
    let mode = (kind == EntryKind::Link).then_some(component::Mode::Symlink);
    let options = component::Options { protect_windows: false, protect_hfs: false, protect_ntfs: true };
    let mut names = 0;
    path.split(|byte| *byte == b'/').all(|name| {
        names += 1;
        names <= MAX_DEPTH && gix::validate::path::component(name.as_bstr(), mode, options).is_ok()
    })
}
