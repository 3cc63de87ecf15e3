//! What a person should know about a snapshot though it is no error.

use std::fmt;
use std::path::PathBuf;

use gix::bstr::BString;

/// How many paths a list of paths names; the others are only counted.
const NAMED: usize = 20;

/// Paths of the working tree: the first few in byte order, and how many there are in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// At most twenty, sorted, relative to the working tree's root.
    pub first: Vec<BString>,
    /// How many there are in all.
    pub count: usize,
}

impl Paths {
    /// The list of `all` paths; none gives `None`.
    pub(super) fn of(mut all: Vec<BString>) -> Option<Paths> {
        all.sort();
        all.dedup();
        let count = all.len();
        all.truncate(NAMED);
        (count > 0).then_some(Paths { first: all, count })
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.first.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{path}")?;
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// One thing to know about a snapshot. The order of variants is the order of a snapshot's notes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Replace references exist and are ignored: an id stands for its own content.
    ReplaceRefs,
    /// A grafts file exists and is ignored: a commit's parents are those that it names.
    Grafts,
    /// The clone is partial: what is missing stays missing, nothing is fetched.
    PartialClone,
    /// Objects are also read from this directory, outside the repository; plugins may read it.
    Alternate(PathBuf),
    /// An alternate that does not exist; its objects are missing.
    MissingAlternate(PathBuf),
    /// The working tree's files are stored by a program that is not run; their content as it lies there counts.
    FilterNotApplied(Paths),
    /// Files that are too big to be hashed.
    NotHashed(Paths),
    /// Files or folders that cannot be read.
    Unreadable(Paths),
    /// Files that changed while they were read.
    Unstable(Paths),
    /// Sockets, pipes and devices, which git cannot store.
    Special(Paths),
    /// Repositories inside the working tree that are no submodules; not entered.
    NestedRepository(Paths),
    /// Names that git refuses to store, such as `.GIT`.
    InvalidName(Paths),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::ReplaceRefs => f.write_str("replace references are ignored"),
            Note::Grafts => f.write_str("the grafts file is ignored"),
            Note::PartialClone => f.write_str("the clone is partial; missing objects are not fetched"),
            Note::Alternate(path) => write!(f, "objects are also read from {}", path.display()),
            Note::MissingAlternate(path) => write!(f, "the alternate {} does not exist", path.display()),
            Note::FilterNotApplied(paths) => write!(f, "filters are not applied to {paths}"),
            Note::NotHashed(paths) => write!(f, "too big to be hashed: {paths}"),
            Note::Unreadable(paths) => write!(f, "unreadable: {paths}"),
            Note::Unstable(paths) => write!(f, "changed while being read: {paths}"),
            Note::Special(paths) => write!(f, "neither file nor link: {paths}"),
            Note::NestedRepository(paths) => write!(f, "repositories inside the working tree: {paths}"),
            Note::InvalidName(paths) => write!(f, "names that git refuses: {paths}"),
        }
    }
}

/// Why a snapshot does not show all of the working tree. What is judged by it is not to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Whose content is unknown. A tracked file among them counts with the content that the index names.
    pub unknown: Paths,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the content of {} is unknown", self.unknown)
    }
}
