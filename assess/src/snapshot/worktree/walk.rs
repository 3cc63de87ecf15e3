//! Finds the untracked files of a working tree that are not ignored, as `git status -uall` would.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, BString, ByteSlice};
use gix::glob::pattern::Case;
use gix::ignore::search::Ignore;
use gix::objs::tree::EntryKind;
use rustix::fs::{Dir, FileType};

use super::super::objects::Handle;
use super::super::taking::Taking;
use super::beneath::{self, Beneath, MAX_DEPTH};
use super::index::{Index, is_valid};

/// The most that is read of one file of patterns or attributes, in bytes.
pub(super) const PATTERNS_LIMIT: u64 = 8 << 20;

const PATTERNS: &[u8] = b".gitignore";
const ATTRIBUTES: &[u8] = b".gitattributes";

/// What a walk through the working tree came upon. All paths are relative to the root.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files and links that are neither tracked nor ignored, sorted.
    pub(super) untracked: Vec<BString>,
    /// The directories that were listed; the root is the empty path.
    pub(super) listed: BTreeSet<BString>,
    /// Of these, the directories that hold attributes, and the text.
    pub(super) attributes: Vec<(BString, Vec<u8>)>,
    /// Untracked sockets, pipes and devices.
    pub(super) special: Vec<BString>,
    /// Untracked repositories; not entered.
    pub(super) nested: Vec<BString>,
    /// Untracked names that git would refuse.
    pub(super) invalid: Vec<BString>,
    /// What could not be read.
    pub(super) unreadable: Vec<BString>,
}

/// Walks through the working tree below `root`. The patterns of `excluded` hold everywhere and are the
/// least important. The directories `own` are passed over: Probity itself writes there.
pub(super) fn untracked(
    root: &mut Beneath,
    index: &Index,
    objects: &Handle,
    excluded: &[u8],
    own: &[BString],
    case: Case,
    taking: &Taking,
) -> io::Result<Found> {
    let mut search = gix::ignore::Search::default();
    search.add_patterns_buffer(excluded, PathBuf::new(), None, Ignore::default())?;
    let mut walk = Walk { index, objects, own, case, search, taking, found: Found::default() };
    let dir = beneath::open_dir(root.dir(b"")?, b".")?;
    walk.enter(dir.as_fd(), &mut BString::default(), 0)?;
    walk.found.untracked.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    index: &'a Index,
    objects: &'a Handle,
    own: &'a [BString],
    case: Case,
    search: gix::ignore::Search,
    taking: &'a Taking,
    found: Found,
}

impl Walk<'_> {
    /// Lists the directory whose path, with a slash at the end, is `path`; the root's is empty.
    fn enter(&mut self, dir: BorrowedFd<'_>, path: &mut BString, depth: usize) -> io::Result<()> {
        if self.taking.cancel.is_raised() {
            return Err(io::Error::other("nobody wants the snapshot any more"));
        }
        let mut names = list(dir)?;
        for buffer in self.taking.buffers.names_in(path.as_bstr()) {
            if let Err(at) = names.binary_search_by(|(name, _)| name.as_slice().cmp(buffer)) {
                names.insert(at, (buffer.to_owned(), FileType::RegularFile));
            }
        }
        let pushed = self.read_patterns(dir, path, &names);
        self.found.listed.insert(path.strip_suffix(b"/").unwrap_or(path).into());
        let length = path.len();
        for (name, kind) in &names {
            if name == b".git" {
                continue;
            }
            path.extend_from_slice(name);
            match kind {
                FileType::Directory => self.directory(dir, name, path, depth),
                FileType::RegularFile | FileType::Symlink => self.file(path, *kind),
                _ => self.special(path),
            }
            path.truncate(length);
        }
        if pushed {
            self.search.patterns.pop();
        }
        Ok(())
    }

    fn file(&mut self, path: &BString, kind: FileType) {
        if self.index.get(path.as_bstr()).is_some() || self.is_ignored(path.as_bstr(), false) {
            return;
        }
        let entry = if kind == FileType::Symlink { EntryKind::Link } else { EntryKind::Blob };
        match is_valid(path.as_bstr(), entry) {
            true => self.found.untracked.push(path.clone()),
            false => self.found.invalid.push(path.clone()),
        }
    }

    fn special(&mut self, path: &BString) {
        if self.index.get(path.as_bstr()).is_none() && !self.is_ignored(path.as_bstr(), false) {
            self.found.special.push(path.clone());
        }
    }

    fn directory(&mut self, parent: BorrowedFd<'_>, name: &[u8], path: &mut BString, depth: usize) {
        let is_submodule = self.index.get(path.as_bstr()).is_some_and(|file| file.kind == EntryKind::Commit);
        if is_submodule || self.own.contains(path) || self.is_ignored(path.as_bstr(), true) {
            return;
        }
        // One less than the limit of names in a path: the last is a file's.
        if depth + 1 >= MAX_DEPTH {
            self.found.unreadable.push(path.clone());
            return;
        }
        if !is_valid(path.as_bstr(), EntryKind::Blob) {
            self.found.invalid.push(path.clone());
            return;
        }
        let entered = beneath::open_dir(parent, name).and_then(|dir| {
            if beneath::look(dir.as_fd(), b".git").is_ok() && !self.index.any_below(path.as_bstr()) {
                self.found.nested.push(path.clone());
                return Ok(());
            }
            path.push(b'/');
            let entered = self.enter(dir.as_fd(), path, depth + 1);
            path.pop();
            entered
        });
        if let Err(error) = entered
            && !beneath::is_gone(&error)
        {
            self.found.unreadable.push(path.clone());
        }
    }

    /// Reads the patterns and attributes of a directory. Says whether patterns were put on the search.
    fn read_patterns(&mut self, dir: BorrowedFd<'_>, path: &BString, names: &[(Vec<u8>, FileType)]) -> bool {
        if let Some(text) = self.read_listed(dir, path, names, ATTRIBUTES) {
            let of = path.strip_suffix(b"/").unwrap_or(path);
            self.found.attributes.push((of.into(), text));
        }
        let text =
            self.read_listed(dir, path, names, PATTERNS).or_else(|| self.patterns_not_checked_out(path));
        let Some(text) = text else { return false };
        let Ok(source) = path.to_path() else { return false };
        self.search
            .add_patterns_buffer(&text, source.join(".gitignore"), Some(Path::new("")), Ignore::default())
            .is_ok()
    }

    fn read_listed(
        &mut self,
        dir: BorrowedFd<'_>,
        path: &BString,
        names: &[(Vec<u8>, FileType)],
        wanted: &[u8],
    ) -> Option<Vec<u8>> {
        let is_listed = names.iter().any(|(name, kind)| name == wanted && *kind == FileType::RegularFile);
        if !is_listed {
            return None;
        }
        beneath::read_small(dir, wanted, PATTERNS_LIMIT).unwrap_or_else(|_| {
            self.found.unreadable.push([path.as_slice(), wanted].concat().into());
            None
        })
    }

    /// Patterns that a sparse checkout leaves out hold nevertheless.
    fn patterns_not_checked_out(&self, path: &BString) -> Option<Vec<u8>> {
        let file: BString = [path.as_slice(), PATTERNS].concat().into();
        let tracked = self.index.get(file.as_bstr()).filter(|tracked| tracked.skipped)?;
        self.objects.read(&tracked.id, gix::objs::Kind::Blob, "blob").ok()
    }

    fn is_ignored(&self, path: &BStr, is_dir: bool) -> bool {
        let found = self.search.pattern_matching_relative_path(path, Some(is_dir), self.case);
        found.is_some_and(|found| !found.pattern.is_negative())
    }
}

/// The names in a directory with their kinds, sorted.
fn list(dir: BorrowedFd<'_>) -> io::Result<Vec<(Vec<u8>, FileType)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not tell while listing.
            FileType::Unknown => match beneath::look(dir, name) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(error) if beneath::is_gone(&error) => continue,
                Err(error) => return Err(error),
            },
            kind => kind,
        };
        names.push((name.to_owned(), kind));
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(names)
}
