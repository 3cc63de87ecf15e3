//! Scratch folders that plugins find again: one for a package, its configuration and a target, in the cache.
//!
//! A process works on a copy of its own, which takes the folder's place once it has ended; so two checks at a time do not
//! disturb each other, and who ends last is who is remembered. Nobody waits: who finds the folder being replaced or read begins
//! with an empty one, or is not remembered. To lose it is no harm, since nothing may rest on it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use probity_sandbox::{Child, KeepError, copy_folder, open_folder};
use tokio::task::JoinHandle;

use crate::allowance::Allowance;
use crate::used::note_use;
use crate::{Places, Sink};

/// Below the cache.
const FOLDER: &str = "kept";

/// A folder that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    parent: PathBuf,
    name: String,
    bytes: u64,
    files: u64,
}

impl Kept {
    /// The one that a plugin with this allowance finds again, if it does.
    pub(crate) fn of(allowance: &Allowance, places: &Places) -> Option<Kept> {
        let name = allowance.keeps.clone()?;
        let parent = |place: &Path| {
            let parent = place.join(FOLDER);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&parent)?;
            Ok::<_, io::Error>(parent)
        };
        // Without a place it is not kept.
        let parent = places.make(parent).ok()?;
        Some(Kept { parent, name, bytes: allowance.scratch_size, files: allowance.scratch_files })
    }

    fn place(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    /// The right to look at the folder or to replace it, which nobody waits for.
    fn lock(&self) -> io::Result<File> {
        let path = self.parent.join(format!("{}.lock", self.name));
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
    }

    /// Puts what is kept into an empty scratch folder; nothing where that cannot be had whole.
    pub(crate) fn put_into(&self, scratch: &Path) {
        if self.try_put_into(scratch).is_err() {
            // It may hold a part of it.
            let _ =
                fs::remove_dir_all(scratch).and_then(|()| fs::DirBuilder::new().mode(0o700).create(scratch));
        }
    }

    fn try_put_into(&self, scratch: &Path) -> Result<(), KeepError> {
        let failed = |source| KeepError::Io { path: self.place(), source };
        let lock = self.lock().map_err(failed)?;
        lock.try_lock_shared().map_err(|error| failed(error.into()))?;
        let kept = match open_folder(&self.place()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            kept => kept.map_err(failed)?,
        };
        note_use(&self.place());
        let scratch = open_folder(scratch).map_err(failed)?;
        copy_folder(kept.as_fd(), scratch.as_fd(), self.bytes, self.files).map(drop)
    }

    /// Keeps what lies in a scratch folder that nobody writes to any more, in place of what was kept before.
    fn keep(&self, left: BorrowedFd<'_>) -> Result<(), KeepError> {
        let failed = |source| KeepError::Io { path: self.place(), source };
        let new = |prefix| tempfile::Builder::new().prefix(prefix).tempdir_in(&self.parent).map_err(failed);
        let fresh = new("new-")?;
        let to = open_folder(fresh.path()).map_err(failed)?;
        copy_folder(left, to.as_fd(), self.bytes, self.files)?;
        let lock = self.lock().map_err(failed)?;
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let (place, aside) = (self.place(), new("old-")?);
        match fs::rename(&place, aside.path().join("replaced")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::rename(fresh.path(), &place).map_err(failed)
    }
}

/// Keeps what a process leaves, once.
#[derive(Clone)]
pub(crate) struct Keeping {
    kept: Arc<Mutex<Option<Kept>>>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    sink: Arc<dyn Sink>,
    plugin: Arc<str>,
}

impl Keeping {
    pub(crate) fn new(kept: Option<Kept>, sink: &Arc<dyn Sink>, plugin: &Arc<str>) -> Keeping {
        let (kept, sink, plugin) = (Arc::new(Mutex::new(kept)), Arc::clone(sink), Arc::clone(plugin));
        Keeping { kept, task: Arc::default(), sink, plugin }
    }

    /// To be called when the process has ended, and not of itself in a way that leaves a doubt; inside a tokio runtime.
    /// Returns at once. `scratch` is what the folder goes with, which has to outlast the copy.
    pub(crate) fn begin<T: Send + 'static>(&self, child: &Child, scratch: T) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(kept), Some(left)) = (kept, child.left()) else { return };
        let (left, this) = (left.try_clone_to_owned(), self.clone());
        let task = tokio::task::spawn_blocking(move || {
            let failed = |source| KeepError::Io { path: kept.place(), source };
            this.tell(left.map_err(failed).and_then(|left| kept.keep(left.as_fd())));
            drop(scratch);
        });
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Waits until what was begun is done.
    pub(crate) async fn finished(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // What panics in there keeps nothing.
            let _ = task.await;
        }
    }

    fn tell(&self, kept: Result<(), KeepError>) {
        let Err(error) = kept else { return };
        let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
        let told = format!("left a scratch folder that is not kept: {error}{}", cause.unwrap_or_default());
        self.sink.denied(&self.plugin, &crate::plain::plain(&told, 500));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache: &Path) -> Kept {
        let parent = cache.join(FOLDER);
        fs::create_dir_all(&parent).unwrap();
        Kept { parent, name: "a".repeat(32), bytes: 1 << 16, files: 10 }
    }

    /// What a process finds that begins now.
    fn found(kept: &Kept) -> Vec<(String, String)> {
        let scratch = tempfile::tempdir().unwrap();
        kept.put_into(scratch.path());
        let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
        let entries = fs::read_dir(scratch.path()).unwrap().map(Result::unwrap);
        let mut found: Vec<_> =
            entries.map(|entry| (name(&entry), fs::read_to_string(entry.path()).unwrap())).collect();
        found.sort();
        found
    }

    fn leave(kept: &Kept, files: &[(&str, &str)]) -> Result<(), KeepError> {
        let scratch = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(scratch.path().join(name), text).unwrap();
        }
        kept.keep(open_folder(scratch.path()).unwrap().as_fd())
    }

    #[test]
    fn who_ends_last_is_remembered_whole() {
        let cache = tempfile::tempdir().unwrap();
        let kept = kept(cache.path());
        assert_eq!(found(&kept), []);
        leave(&kept, &[("a", "1"), ("b", "2")]).unwrap();
        leave(&kept, &[("b", "3")]).unwrap();
        assert_eq!(found(&kept), [("b".to_owned(), "3".to_owned())]);
        assert!(matches!(leave(&kept, &[("a", &"x".repeat((1 << 16) + 1))]), Err(KeepError::TooMuch { .. })));
        assert_eq!(found(&kept), [("b".to_owned(), "3".to_owned())], "too much is not kept");
        let left = fs::read_dir(cache.path().join(FOLDER)).unwrap().count();
        assert_eq!(left, 2, "the folder and its lock");
    }

    #[test]
    fn nobody_waits_for_who_is_at_it() {
        let cache = tempfile::tempdir().unwrap();
        let kept = kept(cache.path());
        leave(&kept, &[("a", "1")]).unwrap();
        let other = kept.lock().unwrap();
        other.lock().unwrap();
        assert_eq!(found(&kept), []);
        leave(&kept, &[("a", "2")]).unwrap();
        other.unlock().unwrap();
        assert_eq!(found(&kept), [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_somebody_planted_in_its_place_is_not_followed() {
        let cache = tempfile::tempdir().unwrap();
        let kept = kept(cache.path());
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), kept.place()).unwrap();
        assert_eq!(found(&kept), []);
        leave(&kept, &[("a", "1")]).unwrap();
        assert_eq!(found(&kept), [("a".to_owned(), "1".to_owned())]);
        assert!(elsewhere.path().join("secret").exists());
    }
}
