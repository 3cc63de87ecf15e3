//! What an archive holds, by path: names are put in order as a program that unpacks it would, and what no tree could be the source of is
//! set apart. Links and folders are never followed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use probity_sdk::findings::shortened;
use probity_sdk_objects::GitError;
use probity_sdk_objects::ids::{self, Format};

use crate::read::{self, Member, ReadError, What};
use crate::roles::{is_binary, is_shell};

/// The longest path that any system unpacks, bytes.
const MAX_PATH: usize = 4096;
/// The most bytes of all paths together.
const MAX_PATHS: u64 = 64 << 20;
/// So many oddities are told; a policy needs but one.
const MOST_ODD: usize = 1000;

/// A file or a link of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which entry it is, for reading it again.
    pub(crate) entry: usize,
    /// The id that git would give to its content.
    pub(crate) id: String,
    pub(crate) is: Is,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Is {
    File { binary: bool, shell: bool },
    Link { to: String },
}

/// The content of an archive.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// By path, below the topmost folder.
    pub(crate) items: BTreeMap<Vec<u8>, Item>,
    /// What is made of no tree: a path, as far as there is one, and what is wrong.
    pub(crate) odd: Vec<(Vec<u8>, String)>,
    /// Files beside the folder that the rest lies in.
    pub(crate) beside: Vec<Vec<u8>>,
    /// The folder that all lies in, if it does.
    pub(crate) top: Option<Vec<u8>>,
    folders: BTreeSet<Vec<u8>>,
    path_bytes: u64,
}

impl Listing {
    /// Reads an archive once. `in_tree` tells whether the tree has a file at a path.
    pub(crate) fn of(
        bytes: &[u8],
        format: Format,
        unwanted: &dyn Fn() -> bool,
        in_tree: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Listing, ReadError> {
        let mut listing = Listing::default();
        let mut entry = 0;
        read::each(bytes, unwanted, &mut |member| {
            listing.add(entry, member, format)?;
            entry += 1;
            Ok(())
        })?;
        listing.written_through();
        listing.below_top(in_tree);
        Ok(listing)
    }

    fn add(&mut self, entry: usize, member: Member<'_>, format: Format) -> Result<(), ReadError> {
        self.path_bytes += member.name.len() as u64;
        if self.path_bytes > MAX_PATHS {
            return Err(ReadError::TooMuch { limit: MAX_PATHS, what: "bytes of names" });
        }
        let path = match path(member.name) {
            Ok(path) => path,
            Err(wrong) => {
                let name = shortened(&String::from_utf8_lossy(member.name));
                self.strange(b"", &format!("{wrong}: {name:?}"));
                return Ok(());
            }
        };
        let item = match member.what {
            What::Odd(wrong) => {
                self.strange(&path, &wrong);
                return Ok(());
            }
            What::Folder => {
                self.folders.insert(path);
                return Ok(());
            }
            What::File(bytes) => {
                let is = Is::File { binary: is_binary(bytes), shell: is_shell(bytes) };
                Item { entry, id: id(format, bytes)?, is }
            }
            What::Link(to) if to.len() > MAX_PATH => {
                self.strange(&path, "it is a link whose target is longer than any path");
                return Ok(());
            }
            What::Link(to) => {
                self.path_bytes += to.len() as u64;
                let is = Is::Link { to: String::from_utf8_lossy(to).into_owned() };
                Item { entry, id: id(format, to)?, is }
            }
        };
        if path.is_empty() {
            self.strange(b"", "a file without a name");
        } else if self.items.insert(path.clone(), item).is_some() {
            self.strange(&path, "there are two entries of this name");
        }
        Ok(())
    }

    fn strange(&mut self, path: &[u8], wrong: &str) {
        if self.odd.len() < MOST_ODD {
            self.odd.push((path.to_vec(), wrong.to_owned()));
        }
    }

    /// A file below a file or a link: what is unpacked depends on the order, and a link may lead anywhere.
    fn written_through(&mut self) {
        let through = |path: &&Vec<u8>| folders(path).any(|folder| self.items.contains_key(folder));
        let found: Vec<Vec<u8>> =
            self.items.keys().filter(through).chain(self.folders.iter().filter(through)).cloned().collect();
        let both: Vec<Vec<u8>> =
            self.folders.iter().filter(|path| self.items.contains_key(*path)).cloned().collect();
        for path in found {
            self.strange(&path, "it lies below a file or a link of the archive");
        }
        for path in both {
            self.strange(&path, "it is a folder and a file");
        }
    }

    /// Takes off the folder that most lies in, unless the tree has it.
    fn below_top(&mut self, in_tree: &dyn Fn(&[u8]) -> bool) {
        let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
        for top in self.items.keys().filter_map(|path| split(path)).map(|(top, _)| top) {
            *counts.entry(top).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let Some((top, count)) = most.map(|(top, count)| (top.to_vec(), count)) else { return };
        let inner =
            |path: &[u8]| split(path).filter(|(first, _)| *first == top).map(|(_, rest)| rest.to_vec());
        let within = self.items.keys().filter(|path| inner(path).is_some_and(|path| in_tree(&path))).count();
        let without = self.items.keys().filter(|path| in_tree(path)).count();
        if within < without || count * 2 <= self.items.len() {
            return;
        }
        for (path, item) in std::mem::take(&mut self.items) {
            match inner(&path) {
                Some(path) => drop(self.items.insert(path, item)),
                None => self.beside.push(path),
            }
        }
        for (path, _) in &mut self.odd {
            if let Some(below) = inner(path) {
                *path = below;
            }
        }
        self.top = Some(top);
    }

    /// The content of these entries, one after the other, as far as they are files.
    pub(crate) fn again(
        bytes: &[u8],
        wanted: &HashSet<usize>,
        unwanted: &dyn Fn() -> bool,
        look: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), ReadError> {
        let mut entry = 0;
        read::each(bytes, unwanted, &mut |member| {
            if let What::File(bytes) = member.what
                && wanted.contains(&entry)
            {
                look(entry, bytes);
            }
            entry += 1;
            Ok(())
        })
    }
}

fn id(format: Format, bytes: &[u8]) -> Result<String, ReadError> {
    ids::of_blob(format, bytes)
        .map(|id| id.to_string())
        .map_err(|error: GitError| ReadError::Damaged(error.to_string()))
}

fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = path.iter().position(|byte| *byte == b'/')?;
    Some((&path[..at], &path[at + 1..]))
}

/// What is wrong with a path that the tree does not have, although files of some trees are called so.
pub(crate) fn doubtful(path: &[u8]) -> Option<&'static str> {
    if path.contains(&b'\\') || path.get(1) == Some(&b':') {
        return Some("its name leads elsewhere on some systems");
    }
    path.iter().any(u8::is_ascii_control).then_some("its name holds control characters")
}

/// The folders that a path lies in, the topmost first.
pub(crate) fn folders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// A name as the path that is unpacked, without `.` and doubled slashes; or what is wrong with it.
fn path(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    if name.len() > MAX_PATH {
        return Err("its name is longer than any path");
    }
    if name.starts_with(b"/") {
        return Err("its name begins at the top of the machine");
    }
    if name.contains(&0) {
        return Err("its name goes on behind its end");
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("its name leads out of the folder"),
            part if part.eq_ignore_ascii_case(b".git") => return Err("it would be read by git as its own"),
            part => parts.push(part),
        }
    }
    Ok(parts.join(&b'/'))
}
