//! How a snapshot is taken for somebody who looks on: an editor's unsaved buffers in place of files, an end before the
//! end, and a list of what was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gix::bstr::{BStr, BString, ByteSlice};

/// What is wanted of a snapshot beyond its state. The default is nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taking {
    /// Contents that count in place of those on disk; of a working tree alone.
    pub(crate) buffers: Buffers,
    /// Ends the taking early.
    pub(crate) cancel: Cancel,
    /// Whether to list what was looked at.
    pub(crate) survey: bool,
}

/// Contents by path, relative to the root of the working tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(BTreeMap<BString, Arc<[u8]>>);

impl Buffers {
    /// Puts a content in the place of a file, or takes it back. `path` is relative to the root of the working tree; one
    /// that leads elsewhere is no file of it, and says so by `false`.
    pub(crate) fn set(&mut self, path: &Path, bytes: Option<Arc<[u8]>>) -> bool {
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || path.as_os_str().is_empty() {
            return false;
        }
        let names: PathBuf = path.components().collect();
        let name = BString::from(names.as_os_str().as_bytes());
        match bytes {
            Some(bytes) => drop(self.0.insert(name, bytes)),
            None => drop(self.0.remove(&name)),
        }
        true
    }

    pub(super) fn get(&self, path: &BStr) -> Option<&Arc<[u8]>> {
        self.0.get(path)
    }

    /// The names of buffers that lie directly in a directory, which is given with a slash at the end; the root is empty.
    pub(super) fn names_in<'a>(&'a self, dir: &'a BStr) -> impl Iterator<Item = &'a [u8]> {
        let below = self.0.keys().filter_map(move |path| path.strip_prefix(dir.as_bytes()));
        below.filter(|name| !name.contains(&b'/'))
    }
}

/// Whether anybody still wants what is being made. Once not, never again: clones share that, [`Cancel::next`] begins
/// anew.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel {
    /// How many wait for the present one to be gone.
    waiting: Arc<AtomicUsize>,
    noticed: Arc<AtomicBool>,
}

impl Cancel {
    /// For the next thing to be made; who waits for this one waits for that one as well.
    pub(crate) fn next(&self) -> Cancel {
        Cancel { waiting: Arc::clone(&self.waiting), noticed: Arc::default() }
    }

    /// Cancels, until [`Cancel::lower`] is called as often.
    pub(crate) fn raise(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn lower(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn is_raised(&self) -> bool {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.noticed.store(true, Ordering::SeqCst);
        }
        self.noticed.load(Ordering::SeqCst)
    }
}

/// What of a working tree was looked at. All paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The directories that were listed, or that hold tracked files: those that are ignored are not among them.
    pub folders: BTreeSet<PathBuf>,
    /// The files of the snapshot, and those that the index lists though they are not on disk.
    pub files: BTreeSet<PathBuf>,
}

impl Survey {
    pub(super) fn of<'a>(
        root: &Path,
        listed: impl Iterator<Item = &'a BStr>,
        files: impl Iterator<Item = &'a BStr>,
    ) -> Survey {
        let place = |path: &BStr| match path.is_empty() {
            true => root.to_owned(),
            false => root.join(OsStr::from_bytes(path.as_bytes())),
        };
        let files: BTreeSet<PathBuf> = files.map(place).collect();
        let mut folders: BTreeSet<PathBuf> = listed.map(place).collect();
        folders.extend(files.iter().filter_map(|file| file.parent()).map(Path::to_owned));
        Survey { folders, files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_outside_the_working_tree_is_none() {
        let mut buffers = Buffers::default();
        for outside in ["", "../x", "/etc/passwd", "a/../../x", "."] {
            assert!(!buffers.set(Path::new(outside), Some(Arc::from(&b"x"[..]))), "{outside}");
        }
        assert!(buffers.set(Path::new("a//b/./c"), Some(Arc::from(&b"x"[..]))));
        assert_eq!(buffers.names_in("a/b/".into()).collect::<Vec<_>>(), [b"c"]);
        assert!(buffers.set(Path::new("a/b/c"), None));
        assert_eq!(buffers.names_in("a/b/".into()).count(), 0);
    }

    #[test]
    fn what_was_cancelled_stays_so_and_what_comes_next_is_not() {
        let first = Cancel::default();
        first.raise();
        assert!(first.is_raised() && first.next().is_raised());
        first.lower();
        assert!(first.is_raised());
        assert!(!first.next().is_raised());
    }
}
