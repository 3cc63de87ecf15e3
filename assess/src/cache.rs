//! The cache folder beside the memo store: what of a target's working tree became git objects, copies of plugin packages,
//! notes on what ran and why, and what checks that were killed left behind. All of it can be made again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use probity_host::used::age;

use crate::files;

/// What no check has used for so long goes.
pub const UNUSED: Duration = Duration::from_secs(30 * DAY);
/// What a check makes for itself can be nobody's any more at this age.
const STALE: Duration = Duration::from_secs(DAY);
const DAY: u64 = 24 * 3600;

/// Folders that are used again and again, one for each target or package.
const KEPT: [&str; 3] = ["targets", "packages", "kept"];
/// What scratch folders that plugins find again may take together, bytes.
const ROOM: u64 = 16 << 30;
/// Notes on the last check of each target.
const NOTES: &str = "why";
/// Remembered answers.
const STORE: &str = "store";
/// Nobody will ask for notes of this age any more.
const FORGOTTEN: Duration = Duration::from_secs(90 * DAY);
/// Answers of servers, each for an hour.
const FETCHED: &str = crate::fetched::FOLDER;
/// What stands in interpreters, a file for each.
const INTERPRETERS: &str = "interpreters";
/// What is remembered of repositories, if it lies here: no part of what can be made again, and spared when that goes.
pub const STATE: &str = "state";
/// Folders of single checks, which remove them at their end.
const OF_CHECKS: [&str; 2] = ["sessions", "scratch"];

/// Some folders or files of the cache together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// How many.
    pub count: u64,
    /// What their files hold, bytes.
    pub bytes: u64,
}

/// What lies in the cache beside the memo store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    /// Objects of working trees, a folder for each target.
    pub targets: Part,
    /// Copies of plugin packages.
    pub packages: Part,
    /// Scratch folders that plugins find again.
    pub kept: Part,
    /// What the last check of each target ran, and why; what stands in interpreters.
    pub notes: Part,
    /// What servers answered.
    pub fetched: Part,
    /// What belongs to single checks.
    pub temporary: Part,
}

/// A folder could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("cannot remove {}", path.display())]
pub struct RemoveError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Where Probity itself writes, as a working tree or a repository with this root has to see it: the whole cache, or, where
/// that holds the repository too, what Probity makes in it.
pub(crate) fn own(cache: &Path, root: &Path) -> Vec<PathBuf> {
    let cache = match cache.canonicalize().or_else(|_| std::path::absolute(cache)) {
        Ok(cache) => cache,
        Err(_) => return Vec::new(),
    };
    match root.starts_with(&cache) {
        true => KEPT
            .iter()
            .chain(&OF_CHECKS)
            .chain(&[NOTES, FETCHED, INTERPRETERS, STORE, STATE])
            .map(|name| cache.join(name))
            .collect(),
        false => vec![cache],
    }
}

/// Looks at everything beside the store. What cannot be looked at counts as nothing.
pub fn contents(cache: &Path) -> Contents {
    let of = |name: &str| measured(&below(cache, name));
    let (sessions, scratch) = (of("sessions"), of("scratch"));
    let temporary = sessions.and(scratch);
    let (targets, packages) = (of("targets"), of("packages"));
    let (unfinished, kept): (Vec<_>, Vec<_>) =
        below(cache, "kept").into_iter().filter(|path| !is_lock(path)).partition(|path| is_unfinished(path));
    let (kept, temporary) = (measured(&kept), temporary.and(measured(&unfinished)));
    let notes = of(NOTES).and(of(INTERPRETERS));
    Contents { targets, packages, kept, notes, fetched: of(FETCHED), temporary }
}

/// Removes what no check has used for `unused`, what killed checks left behind, and of scratch folders that are kept those used longest ago
/// where all together take too much. Returns what went.
///
/// # Errors
/// [`RemoveError`] for the first folder that stays; the others go all the same.
pub fn prune(cache: &Path, unused: Duration) -> Result<Part, RemoveError> {
    let old = KEPT
        .iter()
        .chain([&INTERPRETERS])
        .flat_map(|name| below(cache, name))
        .filter(|folder| is_older(folder, unused));
    let notes = below(cache, NOTES).into_iter().filter(|note| is_older(note, FORGOTTEN));
    let fetched = below(cache, FETCHED).into_iter().filter(|answer| is_older(answer, crate::fetched::FRESH));
    let mut all: Vec<PathBuf> = old.chain(notes).chain(fetched).chain(left_behind(cache)).collect();
    all.extend(beyond_room(cache));
    all.sort();
    all.dedup();
    remove(all)
}

/// Removes everything beside the store, but not what a running check may have made for itself. One that uses a target's folder
/// at this moment ends with an error rather than with a wrong report.
///
/// # Errors
/// As [`prune`].
pub fn clear(cache: &Path) -> Result<Part, RemoveError> {
    let kept = KEPT.iter().chain([&NOTES, &FETCHED, &INTERPRETERS]).flat_map(|name| below(cache, name));
    remove(kept.chain(left_behind(cache)).collect())
}

impl Part {
    fn and(self, other: Part) -> Part {
        Part { count: self.count + other.count, bytes: self.bytes + other.bytes }
    }
}

fn left_behind(cache: &Path) -> impl Iterator<Item = PathBuf> {
    let unfinished = below(cache, "kept").into_iter().filter(|path| is_unfinished(path));
    let of_checks = OF_CHECKS.iter().flat_map(|name| below(cache, name));
    of_checks.chain(unfinished).filter(|folder| is_older(folder, STALE))
}

/// Scratch folders that are kept, from the one that was used last on, for as long as they have room together; the others.
fn beyond_room(cache: &Path) -> Vec<PathBuf> {
    let kept = below(cache, "kept").into_iter().filter(|path| !is_lock(path) && !is_unfinished(path));
    let mut all: Vec<_> = kept.map(|path| (age(&path).unwrap_or(Duration::MAX), path)).collect();
    all.sort();
    let mut bytes: u64 = 0;
    all.retain(|(_, path)| {
        bytes = bytes.saturating_add(size(path));
        bytes > ROOM
    });
    all.into_iter().map(|(_, path)| path).collect()
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock")
}

/// What a check makes before it takes its place, and what it puts aside for that.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("new-") || name.starts_with("old-")
}

fn is_older(folder: &Path, than: Duration) -> bool {
    age(folder).is_ok_and(|age| age > than)
}

/// What Probity made in a folder of the cache; nothing if there is none. The cache may be a folder with other things in it, and a
/// link in place of the folder leads to what is somebody else's: all that goes by another name than we give stays.
fn below(cache: &Path, name: &str) -> Vec<PathBuf> {
    let folder = cache.join(name);
    if !fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir()) {
        return Vec::new();
    }
    let made = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|entry| is_made(name, entry));
    fs::read_dir(folder).into_iter().flatten().flatten().filter(made).map(|entry| entry.path()).collect()
}

/// Whether an entry of the folder `kind` is called as Probity calls what it makes there.
fn is_made(kind: &str, entry: &str) -> bool {
    let is_digest = |name: &str| {
        matches!(name.len(), 32 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match kind {
        "targets" => is_digest(entry),
        "kept" => {
            is_digest(entry.strip_suffix(".lock").unwrap_or(entry))
                || entry.starts_with("new-")
                || entry.starts_with("old-")
        }
        "packages" => is_digest(entry) || entry.starts_with("new-") || entry.starts_with("old-"),
        FETCHED | INTERPRETERS | NOTES => {
            entry.strip_suffix(".json").is_some_and(is_digest) || entry.starts_with(files::FRESH)
        }
        "sessions" => entry.starts_with("session-"),
        "scratch" => entry.starts_with("process-"),
        _ => false,
    }
}

fn measured(folders: &[PathBuf]) -> Part {
    folders.iter().fold(Part::default(), |sum, folder| sum.and(Part { count: 1, bytes: size(folder) }))
}

/// The sizes of all files in a folder. Links are not followed.
fn size(path: &Path) -> u64 {
    let mut bytes = 0;
    let mut todo = vec![path.to_owned()];
    while let Some(path) = todo.pop() {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                todo.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            }
            Ok(found) => bytes += found.len(),
            Err(_) => {}
        }
    }
    bytes
}

fn remove(folders: Vec<PathBuf>) -> Result<Part, RemoveError> {
    let (mut gone, mut failed) = (Part::default(), None);
    for path in folders {
        let part = measured(std::slice::from_ref(&path));
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Ok(()) => gone = gone.and(part),
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => drop(failed.get_or_insert(RemoveError { path, source })),
        }
    }
    failed.map_or(Ok(gone), Err)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use probity_host::used::note_use;

    use super::*;

    const DIGEST: &str = "0123456789abcdef0123456789abcdef";

    fn named(kind: &str) -> String {
        match kind {
            "sessions" => "session-x".to_owned(),
            "scratch" => "process-x".to_owned(),
            _ => DIGEST.to_owned(),
        }
    }

    /// A cache with one folder of each kind, of ten bytes, last used `days` ago.
    fn cache(days: u64) -> tempfile::TempDir {
        let cache = tempfile::tempdir().unwrap();
        let then = SystemTime::now() - Duration::from_secs(days * DAY + 60);
        for kind in KEPT.iter().chain(&OF_CHECKS) {
            let folder = cache.path().join(kind).join(named(kind));
            fs::create_dir_all(folder.join("inner")).unwrap();
            fs::write(folder.join("inner/file"), "ten bytes.").unwrap();
            File::open(&folder).unwrap().set_modified(then).unwrap();
        }
        cache
    }

    #[test]
    fn what_is_unused_goes_and_what_is_used_stays() {
        let part = Part { count: 1, bytes: 10 };
        let full = Contents {
            targets: part,
            packages: part,
            kept: part,
            temporary: part.and(part),
            ..Contents::default()
        };
        let cases = [
            (0, Part::default(), full),
            (2, part.and(part), Contents { temporary: Part::default(), ..full }),
            (31, Part { count: 5, bytes: 50 }, Contents::default()),
        ];
        for (days, gone, left) in cases {
            let cache = cache(days);
            assert_eq!(contents(cache.path()), full);
            assert_eq!(prune(cache.path(), UNUSED).unwrap(), gone, "after {days} days");
            assert_eq!(contents(cache.path()), left, "after {days} days");
        }
    }

    #[test]
    fn what_checks_that_were_killed_left_of_kept_folders_goes_after_a_day() {
        let cache = cache(2);
        let made = ["new-x", "old-x", "new-young"].map(|name| cache.path().join("kept").join(name));
        let long_ago = SystemTime::now() - Duration::from_secs(2 * DAY);
        for folder in &made {
            fs::create_dir(folder).unwrap();
            if !folder.ends_with("new-young") {
                File::open(folder).unwrap().set_modified(long_ago).unwrap();
            }
        }
        fs::write(cache.path().join("kept").join(format!("{DIGEST}.lock")), "").unwrap();
        let found = contents(cache.path());
        assert_eq!((found.kept.count, found.temporary.count), (1, 5), "a lock is no folder");
        prune(cache.path(), UNUSED).unwrap();
        assert_eq!(made.map(|folder| folder.exists()), [false, false, true]);
        assert_eq!(contents(cache.path()).kept.count, 1);
    }

    #[test]
    fn of_kept_folders_that_take_too_much_the_oldest_go() {
        let cache = tempfile::tempdir().unwrap();
        let folders = ["a", "b", "c"].map(|letter| cache.path().join("kept").join(letter.repeat(32)));
        for (days, folder) in (1..).zip(&folders) {
            fs::create_dir_all(folder).unwrap();
            File::create(folder.join("file")).unwrap().set_len(ROOM / 2).unwrap();
            let then = SystemTime::now() - Duration::from_secs(days * DAY);
            File::open(folder).unwrap().set_modified(then).unwrap();
        }
        assert_eq!(prune(cache.path(), UNUSED).unwrap(), Part { count: 1, bytes: ROOM / 2 });
        assert_eq!(folders.map(|folder| folder.exists()), [true, true, false]);
    }

    #[test]
    fn use_is_noted() {
        let cache = cache(31);
        note_use(&cache.path().join("targets").join(DIGEST));
        prune(cache.path(), UNUSED).unwrap();
        assert_eq!(contents(cache.path()).targets.count, 1);
        assert_eq!(contents(cache.path()).packages.count, 0);
    }

    #[test]
    fn what_others_made_in_the_folder_stays_and_no_link_leads_out_of_it() {
        let cache = tempfile::tempdir().unwrap();
        let then = SystemTime::now() - Duration::from_secs(99 * DAY);
        let old = |path: PathBuf| {
            fs::create_dir_all(&path).unwrap();
            File::open(&path).unwrap().set_modified(then).unwrap();
            path
        };
        let kept = ["packages/app", "targets/debug", "why/notes", "sessions/monday", "scratch/draft"]
            .map(|name| old(cache.path().join("in").join(name)));
        let elsewhere = old(cache.path().join("elsewhere/process-x"));
        fs::create_dir(cache.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(cache.path().join("elsewhere"), cache.path().join("linked/scratch"))
            .unwrap();
        for cache in [cache.path().join("in"), cache.path().join("linked")] {
            assert_eq!(prune(&cache, UNUSED).unwrap(), Part::default());
            assert_eq!(clear(&cache).unwrap(), Part::default());
        }
        assert!(kept.iter().chain([&elsewhere]).all(|path| path.is_dir()));
    }

    #[test]
    fn notes_that_nobody_will_ask_for_go() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join(NOTES)).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(91 * DAY);
        let note = |name: &str, is_old: bool| {
            let file = cache.path().join(NOTES).join(name);
            fs::write(&file, "noted").unwrap();
            if is_old {
                File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
            }
            file
        };
        let [old, young] = ["a", "b"].map(|letter| format!("{}.json", letter.repeat(32)));
        let (old, young) = (note(&old, true), note(&young, false));
        let foreign = note("of-somebody-else.json", true);
        assert_eq!(prune(cache.path(), UNUSED).unwrap(), Part { count: 1, bytes: 5 });
        assert!(!old.exists() && young.exists() && foreign.exists());
    }

    #[test]
    fn clearing_leaves_what_a_running_check_may_use() {
        let cache = cache(0);
        fs::create_dir(cache.path().join(NOTES)).unwrap();
        fs::write(cache.path().join(NOTES).join(format!("{DIGEST}.json")), "{}").unwrap();
        assert_eq!(contents(cache.path()).notes, Part { count: 1, bytes: 2 });
        assert_eq!(clear(cache.path()).unwrap().count, 4);
        assert_eq!(contents(cache.path()).temporary.count, 2);
        assert_eq!(clear(&cache.path().join("none")).unwrap(), Part::default());
    }
}
