//! Where things are kept that can be made again: the cache folder, or a private temporary one for what the cache does not
//! take, because it is read-only, full, somebody else's, or cannot be made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The cache folder and what stands in for it. The temporary folder is made when it is needed, and removed with this.
#[derive(Debug)]
pub struct Places {
    cache: PathBuf,
    temporary: PathBuf,
    made: OnceLock<Option<TempDir>>,
}

impl Places {
    /// `cache` is an absolute path; it need not exist. `temporary` is the folder for temporary folders.
    pub fn new(cache: PathBuf, temporary: PathBuf) -> Places {
        Places { cache, temporary, made: OnceLock::new() }
    }

    /// Only the cache folder: where it cannot be written, that is an error.
    pub fn only(cache: PathBuf) -> Places {
        Places { cache, temporary: PathBuf::new(), made: OnceLock::from(None) }
    }

    /// What `make` makes in the cache, or else in the temporary folder.
    ///
    /// # Errors
    /// What `make` says of the cache, if neither folder serves.
    pub fn make<T, E>(&self, make: impl Fn(&Path) -> Result<T, E>) -> Result<T, E> {
        self.make_unless(|_| false, make)
    }

    /// The same, unless the error is one that another folder would not mend.
    ///
    /// # Errors
    /// As [`Places::make`].
    pub fn make_unless<T, E>(
        &self,
        hopeless: impl Fn(&E) -> bool,
        make: impl Fn(&Path) -> Result<T, E>,
    ) -> Result<T, E> {
        let error = match make(&self.cache) {
            Err(error) if !hopeless(&error) => error,
            done => return done,
        };
        match self.temporary() {
            Some(folder) => make(folder).map_err(|_| error),
            None => Err(error),
        }
    }

    /// A folder of its own below the folder `name`.
    ///
    /// # Errors
    /// Where neither the cache nor the temporary folder can be written.
    pub fn folder(&self, name: &str, prefix: &str) -> io::Result<TempDir> {
        self.make(|place| {
            let parent = place.join(name);
            fs::create_dir_all(&parent)?;
            tempfile::Builder::new().prefix(prefix).tempdir_in(&parent)
        })
    }

    fn temporary(&self) -> Option<&Path> {
        let make = || tempfile::Builder::new().prefix("probity-").tempdir_in(&self.temporary).ok();
        self.made.get_or_init(make).as_ref().map(TempDir::path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_folder_is_made_when_the_cache_takes_nothing_and_goes_with_the_places() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let temporary = folder.path().join("temporary");
        fs::create_dir(&temporary).unwrap();
        let entries = || fs::read_dir(&temporary).unwrap().count();

        let places = Places::new(folder.path().join("cache"), temporary.clone());
        assert!(places.folder("scratch", "one-").unwrap().path().starts_with(folder.path().join("cache")));
        assert_eq!(entries(), 0);

        let places = Places::new(folder.path().join("file/cache"), temporary.clone());
        let (one, two) =
            (places.folder("scratch", "one-").unwrap(), places.folder("scratch", "two-").unwrap());
        assert!(one.path().starts_with(&temporary) && one.path().parent() == two.path().parent());
        assert_eq!(entries(), 1);
        drop(places);
        assert_eq!(entries(), 0);
    }

    #[test]
    fn where_nothing_can_be_written_the_error_is_about_the_cache() {
        let nowhere = || Places::new("/proc/none/cache".into(), "/proc/none/temporary".into());
        assert_eq!(nowhere().folder("scratch", "").unwrap_err().kind(), io::ErrorKind::NotFound);
        let told = nowhere().make(|place| Err::<(), _>(place.to_owned())).unwrap_err();
        assert_eq!(told, Path::new("/proc/none/cache"));
    }
}
