//! The paths that a traced child named, for people to read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most paths that are kept of each manner. What comes after them is counted.
const KEPT: usize = 4096;
/// The most bytes of the paths that are kept of each manner.
const BYTES: usize = 1 << 20;

/// What a path was named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// To read a file.
    Read,
    /// To list a directory.
    List,
    /// To make, change, rename or remove something.
    Write,
    /// To execute a program.
    Execute,
    /// To see whether something is there, its size or times, or where a link leads.
    Look,
}

/// What came of it, as far as the sandbox decides. Told from what was granted and what lies there at that moment: the kernel
/// decides later, and the child may have changed the path meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is granted.
    Allowed,
    /// It is there, or could be made, and was not granted.
    Denied,
    /// Nothing lies there, whether granted or not.
    Absent,
    /// The host cannot follow it to where it leads: it goes through a link of the process's own, such as `/proc/self/root`,
    /// through too many links, or to another machine. It may lead anywhere.
    Unknown,
}

/// A path that was named, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt {
    /// As the child named it, made absolute.
    pub path: PathBuf,
    /// What for.
    pub manner: Manner,
    /// What came of it.
    pub outcome: Outcome,
    /// Where it leads once links are followed; the path itself where nothing lies.
    pub leads_to: PathBuf,
    /// How often.
    pub times: u64,
}

/// What became known of a traced child's paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempted {
    /// Sorted by path and manner.
    pub attempts: Vec<Attempt>,
    /// How many calls named yet other paths, after as many as are kept.
    pub more: u64,
    /// How many calls named what is no path: memory that is not there, or more bytes than a path can have.
    pub unreadable: u64,
    /// How many calls there were whose paths the system did not let the host see.
    pub unseen: u64,
}

/// Where the paths of traced children are written down, a bounded number of them.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// By path, manner and outcome: where it leads, and how often.
    seen: BTreeMap<(OsString, Manner, Outcome), (PathBuf, u64)>,
    room: BTreeMap<Manner, Room>,
    more: u64,
    unreadable: u64,
    unseen: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Room {
    paths: usize,
    bytes: usize,
}

impl Attempts {
    /// What is known so far.
    #[must_use]
    pub fn told(&self) -> Attempted {
        let kept = self.kept();
        let attempt = |((path, manner, outcome), (leads_to, times)): (
            &(OsString, Manner, Outcome),
            &(PathBuf, u64),
        )| Attempt {
            path: path.into(),
            manner: *manner,
            outcome: *outcome,
            leads_to: leads_to.clone(),
            times: *times,
        };
        Attempted {
            attempts: kept.seen.iter().map(attempt).collect(),
            more: kept.more,
            unreadable: kept.unreadable,
            unseen: kept.unseen,
        }
    }

    /// Notes a path, if it is known already or there is room for it; otherwise it is counted. What it takes is taken of the
    /// manner that is noted, whatever the path was named for: nobody can know both before the path was followed.
    pub(crate) fn note(&self, path: &Path, manner: Manner, outcome: Outcome, leads_to: PathBuf) {
        let mut kept = self.kept();
        let key = (path.as_os_str().to_owned(), manner, outcome);
        if let Some((_, times)) = kept.seen.get_mut(&key) {
            *times += 1;
            return;
        }
        let room = kept.room.entry(manner).or_default();
        if room.paths >= KEPT || room.bytes >= BYTES {
            kept.more += 1;
            return;
        }
        room.paths += 1;
        room.bytes += key.0.len() + leads_to.as_os_str().len();
        kept.seen.insert(key, (leads_to, 1));
    }

    pub(crate) fn unreadable(&self) {
        self.kept().unreadable += 1;
    }

    pub(crate) fn unseen(&self) {
        self.kept().unseen += 1;
    }

    /// Numbers and finished entries: whoever panicked while writing left nothing half done.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Manner::Read => "read",
            Manner::List => "list",
            Manner::Write => "write",
            Manner::Execute => "execute",
            Manner::Look => "look",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Allowed => "allowed",
            Outcome::Denied => "denied",
            Outcome::Absent => "not there",
            Outcome::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(attempts: &Attempts, path: &str, manner: Manner) {
        attempts.note(Path::new(path), manner, Outcome::Denied, path.into());
    }

    #[test]
    fn as_many_are_kept_as_there_is_room_for_and_the_rest_is_counted() {
        let attempts = Attempts::default();
        for number in 0..KEPT + 10 {
            note(&attempts, &format!("/{number}"), Manner::Look);
        }
        // Looking at many paths hides no reading.
        note(&attempts, "/secret", Manner::Read);
        note(&attempts, "/secret", Manner::Read);
        // Nor is what is kept another path, however many there are.
        note(&attempts, "/0", Manner::Look);
        let told = attempts.told();
        assert_eq!((told.attempts.len(), told.more), (KEPT + 1, 10));
        let secret = told.attempts.iter().find(|one| one.path == Path::new("/secret")).unwrap();
        assert_eq!((secret.times, secret.manner), (2, Manner::Read));

        let attempts = Attempts::default();
        let long = "x".repeat(4000);
        for number in 0..1000 {
            note(&attempts, &format!("/{number}/{long}"), Manner::Write);
        }
        let told = attempts.told();
        let bytes: usize = told.attempts.iter().map(|one| one.path.as_os_str().len()).sum();
        assert!(bytes < 2 * BYTES && told.attempts.len() as u64 + told.more == 1000, "{bytes}");
    }
}
