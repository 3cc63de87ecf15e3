//! What is remembered of one repository, and its file: two lines that tell all but the tags, then a line for each tag, which is compared with
//! those of now as it is and read only where they differ. The first line holds the digest of the second one, which holds that of the rest.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use probity_engine::Digest;
use serde::{Deserialize, Serialize};

use super::StateError;
use crate::files;
use crate::snapshot::{Target, short_digest};
use crate::trust::mark;

/// What the file begins with. Raised with every change of what follows.
const BEGINNING: &str = "probity state 1 ";
/// No file is longer: 100,000 tags of the longest names.
const MAX_BYTES: u64 = 64 << 20;
/// So much of what happened is remembered, the newest.
const MOST_EVENTS: usize = 1000;
/// So many tags and branches that are gone are remembered.
const MOST_GONE: usize = 10_000;
/// How long who wants to write waits for others who do, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const SLICE: Duration = Duration::from_millis(10);

/// What is remembered of one repository. Days are those that checks took for today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Where it lies, for people.
    pub repository: String,
    /// What tells it from another one at the same place.
    pub(crate) mark: String,
    /// The day of the first check.
    pub since: String,
    /// The branches of others that the checked ones follow, by full name.
    pub branches: BTreeMap<String, SeenBranch>,
    /// Tags that were there and are not any more.
    pub gone: BTreeMap<String, String>,
    /// What happened, the oldest first.
    pub events: Vec<Event>,
    /// How much more happened, long ago.
    pub dropped: u64,
    /// The digest of the lines of the tags.
    #[serde(rename = "tags")]
    digest: String,
    /// A line for each tag, by name: its id, a blank, its name.
    #[serde(skip)]
    pub(crate) lines: Vec<u8>,
}

/// Where a branch was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBranch {
    /// The commit.
    pub tip: String,
    /// The day on which it was seen first.
    pub since: String,
    /// Stands for the address that it comes from.
    pub(crate) address: String,
}

/// What only memory can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Event {
    /// A branch is at a commit that does not follow the one that it was at.
    Rewritten {
        /// The day on which that was seen.
        day: String,
        /// Its full name.
        branch: String,
        /// Whether it is what its repository shows first.
        main: bool,
        /// The commit that it was at.
        old: String,
        /// The commit that it was at then.
        new: String,
    },
    /// A tag names another object.
    MovedTag {
        /// The day on which that was seen.
        day: String,
        /// Its name.
        tag: String,
        /// What it named.
        old: String,
        /// What it named then.
        new: String,
        /// Whether both stand for the same commit, as when a tag was signed anew; left out where that cannot be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        same_commit: Option<bool>,
    },
    /// A tag is gone.
    DeletedTag {
        /// The day on which that was seen.
        day: String,
        /// Its name.
        tag: String,
        /// What it named.
        old: String,
    },
}

impl Ledger {
    /// One that begins on `day`.
    pub(crate) fn begin(target: &Target, day: &str) -> Ledger {
        let place = target.identity();
        Ledger {
            mark: mark(&place).unwrap_or_default(),
            repository: place.display().to_string(),
            since: day.to_owned(),
            branches: BTreeMap::new(),
            gone: BTreeMap::new(),
            events: Vec::new(),
            dropped: 0,
            digest: String::new(),
            lines: Vec::new(),
        }
    }

    /// How many tags there are.
    pub fn tags(&self) -> usize {
        self.lines.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Whether the lines of the tags are those that were written.
    pub(crate) fn lines_are_sound(&self) -> bool {
        self.digest == Digest::of(&self.lines).to_string()
    }

    /// Leaves out the oldest of what is more than can be remembered.
    pub(crate) fn bound(&mut self, present: impl Fn(&str) -> bool) {
        let surplus = self.events.len().saturating_sub(MOST_EVENTS);
        self.events.drain(..surplus);
        self.dropped += surplus as u64;
        while self.gone.len() > MOST_GONE {
            self.gone.pop_first();
        }
        if self.branches.len() > MOST_GONE {
            self.branches.retain(|name, _| present(name));
        }
    }

    /// The file that holds it.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        self.digest = Digest::of(&self.lines).to_string();
        let all = serde_json::to_string(self).expect("texts and numbers are JSON");
        let mut bytes = format!("{BEGINNING}{}\n{all}\n", Digest::of(all.as_bytes())).into_bytes();
        bytes.extend_from_slice(&self.lines);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Ledger, String> {
        let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
        let (Some(first), Some(all), Some(lines)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("it is cut short".to_owned());
        };
        let digest = first
            .strip_prefix(BEGINNING.as_bytes())
            .ok_or("it is of another version of Probity, or something else")?;
        if digest != Digest::of(all).to_string().as_bytes() {
            return Err("its bytes do not match their digest".to_owned());
        }
        let ledger: Ledger = serde_json::from_slice(all).map_err(|error| error.to_string())?;
        Ok(Ledger { lines: lines.to_owned(), ..ledger })
    }
}

/// The file of one repository.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) file: PathBuf,
    mark: String,
}

impl Kept {
    /// The one of `target`, whichever of its working trees that is.
    pub(crate) fn of(folder: &Path, target: &Target) -> Kept {
        let place = target.identity();
        let name = short_digest(place.as_os_str().as_encoded_bytes());
        Kept { file: folder.join(name), mark: mark(&place).unwrap_or_default() }
    }

    /// What it holds; `None` if there is none.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, StateError> {
        let failed = |source| StateError::Read { file: self.file.clone(), source };
        files::read(&self.file, MAX_BYTES).map_err(failed)
    }

    /// What that tells of this very repository, and of none that was at its place before.
    pub(crate) fn parse(&self, bytes: Option<Vec<u8>>) -> Result<Option<Ledger>, StateError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let ledger = Ledger::parse(&bytes).map_err(|reason| self.damaged(reason))?;
        Ok((ledger.mark == self.mark).then_some(ledger))
    }

    pub(crate) fn damaged(&self, reason: impl Into<String>) -> StateError {
        StateError::Damaged { file: self.file.clone(), reason: reason.into() }
    }

    /// Where a damaged one is put, for whoever wants to look at it.
    pub(crate) fn aside(&self) -> PathBuf {
        self.file.with_extension("aside")
    }

    /// Puts `bytes` in the place of what was read, unless that is another one by now: then `false`. What is damaged is put aside.
    pub(crate) fn replace(
        &self,
        before: Option<&[u8]>,
        bytes: &[u8],
        damaged: bool,
    ) -> Result<bool, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        let _held = self.hold()?;
        if self.read()?.as_deref() != before {
            return Ok(false);
        }
        if damaged {
            fs::rename(&self.file, self.aside()).map_err(failed)?;
        }
        files::replace(&self.file, bytes).map_err(failed)?;
        Ok(true)
    }

    /// Changes what is remembered, if anything is; the default for nothing.
    pub(crate) fn change<T: Default>(&self, change: impl Fn(&mut Ledger) -> T) -> Result<T, StateError> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let before = self.read()?;
            let Some(mut ledger) = self.parse(before.clone())? else { return Ok(T::default()) };
            if !ledger.lines_are_sound() {
                return Err(self.damaged("the tags do not match their digest"));
            }
            let changed = change(&mut ledger);
            if self.replace(before.as_deref(), &ledger.bytes(), false)? {
                return Ok(changed);
            }
        }
        Err(StateError::Busy { file: self.file.clone() })
    }

    pub(crate) fn remove(&self) -> Result<bool, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        if !self.file.exists() && !self.aside().exists() {
            return Ok(false);
        }
        let _held = self.hold()?;
        for file in [&self.file, &self.aside()] {
            match fs::remove_file(file) {
                Err(error) if !files::is_absent(&error) => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(true)
    }

    /// Nobody else writes as long as this is held, which is for as long as a write takes.
    fn hold(&self) -> Result<File, StateError> {
        let failed = |source| StateError::Write { file: self.file.clone(), source };
        let folder = self.file.parent().unwrap_or(Path::new("."));
        prepare(folder).map_err(failed)?;
        let lock = self.file.with_extension("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(lock).map_err(failed)?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                    return Err(StateError::Busy { file: self.file.clone() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(SLICE),
            }
        }
    }
}

/// Makes the folder, for its owner alone. In a working tree it is no part of that.
fn prepare(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if !folder.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}
