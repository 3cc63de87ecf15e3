//! What a child uses of the machine, measured from outside: where the kernel sets no bound, the host looks itself.
//!
//! Everything in a scratch folder is hostile, and changes while it is looked at: nothing is opened but directories below the
//! folder, by a way without links.

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to get at what lies below a folder without being led elsewhere.
pub(crate) const WITHIN: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// How directories are opened there.
pub(crate) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The bytes of a block, as `stat` counts them.
const BLOCK: u64 = 512;

/// The ticks of a second in which the kernel tells processor time, on every architecture.
const TICKS: u64 = 100;

/// What a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Bytes on the disk.
    pub(crate) bytes: u64,
    /// Files and directories, the folder itself included.
    pub(crate) files: u64,
}

impl Held {
    pub(crate) fn is_above(self, most: Held) -> bool {
        self.bytes > most.bytes || self.files > most.files
    }
}

/// A scratch folder that a process writes to.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: OwnedFd,
    path: PathBuf,
    /// What a file counts for of which nothing is known but that it is there: the size that a file may have.
    unknown: u64,
}

impl Scratch {
    pub(crate) fn open(path: &Path, unknown: u64) -> io::Result<Scratch> {
        let path = path.canonicalize()?;
        let folder = openat(CWD, &path, DIRECTORY, Mode::empty())?;
        Ok(Scratch { folder, path, unknown })
    }

    /// What it holds, files without a name that the process or one below it has open or mapped included. Stops counting above `most`.
    pub(crate) fn held(&self, process: u32, most: Held) -> Held {
        let mut held = Held { bytes: 0, files: 1 };
        let mut seen = BTreeSet::new();
        self.count_named(&mut held, &mut seen, most);
        for process in if held.is_above(most) { Vec::new() } else { family(process) } {
            self.count_nameless(&mut held, &mut seen, process);
        }
        held
    }

    fn count_named(&self, held: &mut Held, seen: &mut BTreeSet<u64>, most: Held) {
        let mut todo = vec![PathBuf::from(".")];
        while let Some(path) = todo.pop() {
            match self.count_in(&path, held, seen, &mut todo, most) {
                Ok(()) => {}
                // It went away meanwhile, or is something else now.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::AGAIN) => {}
                // It was made so that it cannot be looked into, which nobody does by accident.
                Err(_) => held.files = u64::MAX,
            }
            if held.is_above(most) {
                return;
            }
        }
    }

    fn count_in(
        &self,
        path: &Path,
        held: &mut Held,
        seen: &mut BTreeSet<u64>,
        todo: &mut Vec<PathBuf>,
        most: Held,
    ) -> Result<(), Errno> {
        let folder = openat2(&self.folder, path, DIRECTORY, Mode::empty(), WITHIN)?;
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            held.files = held.files.saturating_add(1);
            let Ok(found) = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if seen.insert(found.st_ino) {
                held.bytes = held.bytes.saturating_add(u64::try_from(found.st_blocks).unwrap_or(0) * BLOCK);
            }
            if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                todo.push(path.join(OsStr::from_bytes(name.to_bytes())));
            }
            if held.is_above(most) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Files that were removed live on as long as they are open or mapped.
    fn count_nameless(&self, held: &mut Held, seen: &mut BTreeSet<u64>, process: u32) {
        for open in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let Ok(found) = fs::metadata(open.path()) else { continue };
            if found.is_file() && found.nlink() == 0 && self.is_here(&open.path()) && seen.insert(found.ino())
            {
                held.files = held.files.saturating_add(1);
                held.bytes = held.bytes.saturating_add(found.blocks() * BLOCK);
            }
        }
        let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
        for inode in maps.lines().filter_map(|line| self.mapped(line)) {
            if seen.insert(inode) {
                held.files = held.files.saturating_add(1);
                held.bytes = held.bytes.saturating_add(self.unknown);
            }
        }
    }

    /// Whether an open file was made in the folder.
    fn is_here(&self, open: &Path) -> bool {
        fs::read_link(open).is_ok_and(|path| path.starts_with(&self.path))
    }

    /// The inode of a removed file of the folder, if that is what a line of `maps` is about.
    fn mapped(&self, line: &str) -> Option<u64> {
        let (_, path) = line.strip_suffix(" (deleted)")?.split_once('/')?;
        Path::new("/").join(path).starts_with(&self.path).then_some(())?;
        line.split_whitespace().nth(4)?.parse().ok()
    }
}

/// The process and all below it: those that it has started, and those that were left to it.
pub(crate) fn family(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    let mut at = 0;
    while let Some(of) = all.get(at) {
        // It may have ended meanwhile.
        for task in fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        at += 1;
    }
    all
}

/// How many threads a process has.
pub(crate) fn threads(process: u32) -> io::Result<u64> {
    field(&statistics(process)?, 17)
}

/// The processor time that a process and those below it have used, also those that have ended and were waited for.
pub(crate) fn processor_time(process: u32) -> io::Result<Duration> {
    let mut ticks = own_ticks(process)?;
    for child in family(process).into_iter().skip(1) {
        // It may have ended in this moment, and is counted with its parent's the next time.
        ticks += own_ticks(child).unwrap_or(0);
    }
    Ok(Duration::from_millis(ticks.saturating_mul(1000 / TICKS)))
}

fn own_ticks(process: u32) -> io::Result<u64> {
    let statistics = statistics(process)?;
    // In user and kernel mode, and the same of children.
    (11..=14).map(|number| field(&statistics, number)).sum()
}

/// The fields of `/proc/PID/stat` from the state on: the name before it stands in brackets, and may hold anything.
fn statistics(process: u32) -> io::Result<String> {
    let text = fs::read(format!("/proc/{process}/stat"))?;
    let text = String::from_utf8_lossy(&text);
    text.rsplit_once(')').map(|(_, fields)| fields.to_owned()).ok_or_else(strange)
}

fn field(fields: &str, number: usize) -> io::Result<u64> {
    // What children have used is told as a signed number.
    fields.split_whitespace().nth(number).and_then(|field| field.parse().ok()).ok_or_else(strange)
}

fn strange() -> io::Error {
    io::Error::other("/proc/PID/stat cannot be understood")
}

/// Opens a directory for [`crate::kept`].
pub(crate) fn directory_in(folder: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat2(folder, path, DIRECTORY, Mode::empty(), WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUCH: Held = Held { bytes: u64::MAX, files: u64::MAX };

    #[test]
    fn what_lies_in_a_folder_is_counted_and_no_link_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(at("a/b/c"), at("again")).unwrap();
        std::os::unix::fs::symlink("/", at("link")).unwrap();
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        let held = scratch.held(std::process::id(), MUCH);
        assert_eq!(held.files, 6);
        assert!((1 << 20..3 << 19).contains(&held.bytes), "{held:?}");
        let few = scratch.held(std::process::id(), Held { files: 3, ..MUCH });
        assert_eq!(few.files, 4, "it stops as soon as it knows");
    }

    #[test]
    fn a_file_without_a_name_counts_as_long_as_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        let path = folder.path().join("removed");
        fs::write(&path, vec![1; 1 << 20]).unwrap();
        let open = fs::File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(scratch.held(std::process::id(), MUCH).bytes >= 1 << 20);
        drop(open);
        assert!(scratch.held(std::process::id(), MUCH).bytes < 1 << 20);
    }

    #[test]
    fn a_mapped_file_of_which_nothing_is_known_counts_as_large() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        let base = folder.path().canonicalize().unwrap().display().to_string();
        let line = |path: &str| format!("7f0-7f1 rw-s 00000000 fe:00 4711                 {path}");
        assert_eq!(scratch.mapped(&line(&format!("{base}/x y (deleted)"))), Some(4711));
        assert_eq!(scratch.mapped(&line(&format!("{base}/x"))), None);
        assert_eq!(scratch.mapped(&line("/usr/lib/x (deleted)")), None);
    }

    #[test]
    fn threads_and_processor_time_are_told() {
        let own = std::process::id();
        assert!(threads(own).unwrap() >= 1);
        let before = processor_time(own).unwrap();
        let mut sum = 0_u64;
        while processor_time(own).unwrap() == before {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        assert!(processor_time(u32::MAX).is_err());
    }
}
