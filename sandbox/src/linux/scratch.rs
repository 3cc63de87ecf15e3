//! What lies in a child's scratch folder, counted from outside where the kernel sets no bound.
//!
//! Everything there is hostile, and changes while it is looked at: nothing is opened but directories below the folder, by a way
//! without links, and what went out of sight meanwhile makes a look inconclusive.

use super::usage::{MANY, family, has_ended, tasks, unless_ended};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How to get at what lies below a folder without being led elsewhere.
pub(crate) const WITHIN: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// How directories are opened there.
pub(crate) const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The same, so that nobody sees by a time that it was just looked at.
const UNNOTICED: OFlags = DIRECTORY.union(OFlags::NOATIME);

/// The bytes of a block, as `stat` counts them.
const BLOCK: u64 = 512;

/// How many bytes of mappings are read in a look: those of as many as Linux lets a process have, and more than those of many
/// processes. Only long names make more of it.
const MAPPINGS: u64 = 32 << 20;

/// What a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Bytes on the disk.
    pub(crate) bytes: u64,
    /// Files and directories, the folder itself included.
    pub(crate) files: u64,
}

/// Why a look did not see everything.
#[derive(Debug)]
pub(crate) enum Blind {
    /// Something was moved or removed meanwhile.
    Moving,
    /// It was made so that it cannot be looked at, which nobody does by accident.
    Hidden,
    /// This process lacks something itself.
    Unable,
}

impl From<Errno> for Blind {
    fn from(error: Errno) -> Blind {
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::AGAIN | Errno::STALE => Blind::Moving,
            Errno::ACCESS | Errno::NAMETOOLONG => Blind::Hidden,
            _ => Blind::Unable,
        }
    }
}

impl Blind {
    /// Of what `/proc` says.
    fn of(_: io::Error) -> Blind {
        Blind::Unable
    }
}

/// Nothing, if the process has ended, or nobody may look into it: who is ending or becoming another program shows its files to root
/// alone.
fn visible<T>(found: io::Result<T>) -> Result<Option<T>, Blind> {
    match unless_ended(found) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        found => found.map_err(Blind::of),
    }
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

/// A look at a folder.
struct Look<'a> {
    scratch: &'a Scratch,
    most: Held,
    held: Held,
    seen: BTreeSet<u64>,
    todo: Vec<PathBuf>,
    /// Whether something went out of sight.
    moved: bool,
    /// How many bytes of mappings may yet be read.
    mappings: u64,
}

impl AsFd for Scratch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Scratch {
    pub(crate) fn open(path: &Path, unknown: u64) -> io::Result<Scratch> {
        let path = path.canonicalize()?;
        let folder = openat(CWD, &path, DIRECTORY, Mode::empty())?;
        Ok(Scratch { folder, path, unknown })
    }

    /// What it holds, files without a name that the process or one below it has open or mapped included. Stops counting above
    /// `most`.
    ///
    /// # Errors
    /// It may hold more than was seen.
    pub(crate) fn held(&self, process: u32, most: Held) -> Result<Held, Blind> {
        let held = Held { bytes: 0, files: 1 };
        let (seen, todo) = (BTreeSet::new(), vec![PathBuf::from(".")]);
        let mut look = Look { scratch: self, most, held, seen, todo, moved: false, mappings: MAPPINGS };
        look.named()?;
        for process in
            if look.held.is_above(most) { Vec::new() } else { family(process, MANY).map_err(Blind::of)? }
        {
            look.nameless(process)?;
        }
        // What was seen is there, whatever else is.
        if look.moved && !look.held.is_above(most) { Err(Blind::Moving) } else { Ok(look.held) }
    }

    /// Whether an open file was made in the folder.
    fn is_here(&self, open: &Path) -> bool {
        fs::read_link(open).is_ok_and(|path| path.starts_with(&self.path))
    }

    /// The inode of a removed file of the folder, if that is what a line of `maps` is about.
    fn mapped(&self, line: &[u8]) -> Option<u64> {
        let line = line.strip_suffix(b" (deleted)")?;
        let (fields, path) = line.split_at(line.iter().position(|byte| *byte == b'/')?);
        Path::new(OsStr::from_bytes(path)).starts_with(&self.path).then_some(())?;
        std::str::from_utf8(fields).ok()?.split_whitespace().nth(4)?.parse().ok()
    }
}

impl Look<'_> {
    fn named(&mut self) -> Result<(), Blind> {
        while let Some(path) = self.todo.pop() {
            match self.directory(&path) {
                Err(Blind::Moving) => self.moved = true,
                looked => looked?,
            }
            if self.held.is_above(self.most) {
                break;
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path) -> Result<(), Blind> {
        let folder = openat2(&self.scratch.folder, path, UNNOTICED, Mode::empty(), WITHIN)?;
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.held.files = self.held.files.saturating_add(1);
            let found = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(error) => match error.into() {
                    Blind::Moving => {
                        self.moved = true;
                        continue;
                    }
                    blind => return Err(blind),
                },
            };
            if self.seen.insert(found.st_ino) {
                let bytes = u64::try_from(found.st_blocks).unwrap_or(0) * BLOCK;
                self.held.bytes = self.held.bytes.saturating_add(bytes);
            }
            if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                self.todo.push(path.join(OsStr::from_bytes(name.to_bytes())));
            }
            if self.held.is_above(self.most) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Files that were removed live on as long as they are open or mapped. The threads of a process have both in common, which
    /// the filter sees to, so one that lives is enough; the first may have ended before the others.
    fn nameless(&mut self, process: u32) -> Result<(), Blind> {
        for task in tasks(process).map_err(Blind::of)? {
            let seen = self.open_in(&task)?;
            // What still has memory had its files before: a thread lets go of its memory first.
            if self.mapped_in(&task)? {
                self.moved |= !seen;
                return Ok(());
            }
        }
        self.moved |= !has_ended(process).map_err(Blind::of)?;
        Ok(())
    }

    /// Folders too: one that had many files stays large. Whether they could be seen.
    fn open_in(&mut self, task: &Path) -> Result<bool, Blind> {
        let Some(all) = visible(fs::read_dir(task.join("fd")))? else { return Ok(false) };
        for open in all {
            let Some(open) = visible(open)? else { return Ok(false) };
            // It was closed, or it is another descriptor by now.
            self.moved |= !self.open_at(&open.path())?;
        }
        self.open_at(&task.join("cwd"))?;
        Ok(true)
    }

    /// Whether there is such an open file.
    fn open_at(&mut self, open: &Path) -> Result<bool, Blind> {
        let Some(found) = visible(fs::metadata(open))? else { return Ok(false) };
        if found.nlink() == 0 && self.scratch.is_here(open) {
            self.add(found.ino(), found.blocks() * BLOCK);
        }
        Ok(true)
    }

    /// Whether there are mappings.
    fn mapped_in(&mut self, task: &Path) -> Result<bool, Blind> {
        let Some(maps) = visible(File::open(task.join("maps")))? else { return Ok(false) };
        let (mut maps, mut line, mut any) = (BufReader::new(maps.take(self.mappings)), Vec::new(), false);
        loop {
            match visible(maps.read_until(b'\n', &mut line))? {
                None | Some(0) => break,
                Some(_) => any = true,
            }
            let read = u64::try_from(line.len()).unwrap_or(u64::MAX);
            self.mappings = self.mappings.saturating_sub(read);
            if self.mappings == 0 {
                return Err(Blind::Hidden);
            }
            if let Some(inode) = self.scratch.mapped(line.trim_ascii_end()) {
                self.add(inode, self.scratch.unknown);
            }
            if self.held.is_above(self.most) {
                break;
            }
            line.clear();
        }
        Ok(any)
    }

    fn add(&mut self, inode: u64, bytes: u64) {
        if self.seen.insert(inode) {
            self.held.files = self.held.files.saturating_add(1);
            self.held.bytes = self.held.bytes.saturating_add(bytes);
        }
    }
}

/// Opens a directory for [`crate::kept`].
pub(crate) fn directory_in(folder: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat2(folder, path, DIRECTORY, Mode::empty(), WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUCH: Held = Held { bytes: u64::MAX, files: u64::MAX };

    fn held(scratch: &Scratch, most: Held) -> Held {
        scratch.held(std::process::id(), most).unwrap()
    }

    #[test]
    fn what_lies_in_a_folder_is_counted_and_no_link_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/c"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(at("a/b/c"), at("again")).unwrap();
        std::os::unix::fs::symlink("/", at("link")).unwrap();
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        let all = held(&scratch, MUCH);
        assert_eq!(all.files, 6);
        assert!((1 << 20..3 << 19).contains(&all.bytes), "{all:?}");
        let few = held(&scratch, Held { files: 3, ..MUCH });
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
        assert!(held(&scratch, MUCH).bytes >= 1 << 20);
        drop(open);
        assert!(held(&scratch, MUCH).bytes < 1 << 20);
    }

    #[test]
    fn a_mapped_file_of_which_nothing_is_known_counts_as_large() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        let base = folder.path().canonicalize().unwrap().into_os_string().into_encoded_bytes();
        let line = |path: &[u8]| [b"7f0-7f1 rw-s 00000000 fe:00 4711                 ", path].concat();
        assert_eq!(scratch.mapped(&line(&[&base, b"/x y (deleted)".as_slice()].concat())), Some(4711));
        assert_eq!(scratch.mapped(&line(&[&base, b"/\xff (deleted)".as_slice()].concat())), Some(4711));
        assert_eq!(scratch.mapped(&line(&[&base, b"/x".as_slice()].concat())), None);
        assert_eq!(scratch.mapped(&line(b"/usr/lib/x (deleted)")), None);
    }

    #[test]
    fn what_keeps_a_look_from_seeing_all_is_told_apart() {
        let blind = |error: Errno| Blind::from(error);
        assert!(matches!(blind(Errno::NOENT), Blind::Moving));
        assert!(matches!(blind(Errno::ACCESS), Blind::Hidden));
        for own in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO, Errno::NOSYS, Errno::PERM] {
            assert!(matches!(blind(own), Blind::Unable), "{own:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a".repeat(200));
        let scratch = Scratch::open(folder.path(), 1 << 20).unwrap();
        fs::create_dir(&deep).unwrap();
        // The folder is never found at its name.
        let mut look = Look {
            scratch: &scratch,
            most: MUCH,
            held: Held::default(),
            seen: BTreeSet::new(),
            todo: vec![PathBuf::from("./gone"), PathBuf::from(".")],
            moved: false,
            mappings: 0,
        };
        look.named().unwrap();
        assert!(look.moved && look.held.files == 1);
    }
}
