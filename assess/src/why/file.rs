//! The file in the cache that holds what the last check of a target noted: a line of JSON for the check, and one for each question.
//!
//! The notes of a first check are megabytes, of which the next check needs little: what was asked, and what of it failed. That
//! stands in the first line, and the others are for who asks why.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use probity_host::used::note_use;

use super::{Cause, Check, Entry, How, Record};
use crate::files;
use crate::snapshot::{Target, short_digest};

/// Raised with every change of the layout.
const LAYOUT: u32 = 3;
/// Nothing longer is read, bytes. What an engine tells of at most is far below.
const MAX_BYTES: u64 = 64 << 20;

/// Where the notes of the last check of `target` lie: a file for each worktree.
pub fn file(cache: &Path, target: &Target) -> PathBuf {
    let name = short_digest(target.git_dir().as_os_str().as_encoded_bytes());
    cache.join("why").join(format!("{name}.json"))
}

/// Why it cannot be told why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhyError {
    /// There are no notes.
    #[error("no check of this repository is noted")]
    Absent,
    /// The notes cannot be read.
    #[error("cannot read the notes of the last check, {}", file.display())]
    Unreadable {
        /// Where they are.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The notes are none.
    #[error("the notes of the last check, {}, are damaged: {reason}", file.display())]
    Damaged {
        /// Where they are.
        file: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// Another version of the program wrote them.
    #[error("the notes of the last check, {}, are of another version of Probity", file.display())]
    Version {
        /// Where they are.
        file: PathBuf,
    },
}

/// The first line.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    #[serde(flatten)]
    version: Version,
    check: Check,
    analyses: Vec<(String, usize)>,
    /// The beginnings of the questions' names, one for each line that follows.
    asked: Vec<String>,
    /// Which of them the next check may have to be told of.
    unsettled: Vec<(usize, Unsettled)>,
}

/// What every version of the first line has.
#[derive(serde::Serialize, serde::Deserialize)]
struct Version {
    schema_version: u32,
}

/// What is not remembered, although the plugin was asked.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum Unsettled {
    /// It failed, with this message.
    Failed(String),
    /// Something below it failed.
    SawFailure,
}

impl Unsettled {
    fn of(how: &How) -> Option<Unsettled> {
        match how {
            How::Failed { message, .. } => Some(Unsettled::Failed(message.clone())),
            How::Run { remembered: false, .. } => Some(Unsettled::SawFailure),
            _ => None,
        }
    }
}

/// So much of a name tells it apart, bytes.
const NAME: usize = 16;

fn beginning(name: &str) -> &str {
    name.get(..NAME).unwrap_or(name)
}

impl Record {
    /// The notes in `file`.
    ///
    /// # Errors
    /// One of [`WhyError`] per cause.
    pub fn read(file: &Path) -> Result<Record, WhyError> {
        let bytes = files::read(file, MAX_BYTES)
            .map_err(|source| WhyError::Unreadable { file: file.to_owned(), source })?
            .ok_or(WhyError::Absent)?;
        let damaged = |reason: String| WhyError::Damaged { file: file.to_owned(), reason };
        let broken = |error: serde_json::Error| damaged(error.to_string());
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let head = lines.next().unwrap_or_default();
        let version: Version = serde_json::from_slice(head).map_err(broken)?;
        if version.schema_version != LAYOUT {
            return Err(WhyError::Version { file: file.to_owned() });
        }
        let head: Head = serde_json::from_slice(head).map_err(broken)?;
        let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_slice).collect();
        let entries = entries.map_err(broken)?;
        if entries.len() != head.asked.len() {
            return Err(damaged("questions are missing".to_owned()));
        }
        let record = Record { check: head.check, analyses: head.analyses, entries };
        match record.is_sound() {
            true => Ok(record),
            false => Err(damaged("a question is named that is not in it".to_owned())),
        }
    }

    /// Replaces the notes in `file` as a whole, so that who reads them meanwhile gets the old ones or these. What the old
    /// ones know of failures completes these first.
    ///
    /// # Errors
    /// What the system says; the old notes, which would be wrong now, are gone then if that can be done at all.
    pub fn keep(&mut self, file: &Path) -> io::Result<()> {
        if self.entries.iter().any(|entry| entry.how.cause().is_some())
            && let Some(before) = Head::read(file)
        {
            self.complete(&before);
        }
        let written = self.write(file);
        if written.is_err() {
            // To be told of an earlier check would mislead.
            let _ = std::fs::remove_file(file);
        }
        written
    }

    fn write(&self, file: &Path) -> io::Result<()> {
        let bytes = self.lines()?;
        // As after a check that found all remembered, twice in a row.
        if std::fs::metadata(file).is_ok_and(|before| before.len() == bytes.len() as u64)
            && files::read(file, MAX_BYTES).is_ok_and(|before| before.as_ref() == Some(&bytes))
        {
            note_use(file);
            return Ok(());
        }
        files::keep(file, &bytes)
    }

    fn lines(&self) -> io::Result<Vec<u8>> {
        let unsettled = |(at, entry): (usize, &Entry)| Some((at, Unsettled::of(&entry.how)?));
        let head = Head {
            version: Version { schema_version: LAYOUT },
            check: self.check.clone(),
            analyses: self.analyses.clone(),
            asked: self.entries.iter().map(|entry| beginning(&entry.name).to_owned()).collect(),
            unsettled: self.entries.iter().enumerate().filter_map(unsettled).collect(),
        };
        let mut bytes = serde_json::to_vec(&head)?;
        for entry in &self.entries {
            bytes.push(b'\n');
            serde_json::to_writer(&mut bytes, entry)?;
        }
        Ok(bytes)
    }

    /// Mends the causes by what the check before noted: what failed was never put into the store, so the engine cannot
    /// know of it.
    fn complete(&mut self, before: &Head) {
        let asked: HashSet<&str> = before.asked.iter().map(String::as_str).collect();
        let name = |at: &usize| before.asked.get(*at).map(String::as_str);
        let unsettled = before.unsettled.iter().filter_map(|(at, how)| Some((name(at)?, how)));
        let unsettled: HashMap<&str, &Unsettled> = unsettled.collect();
        for Entry { name, how, .. } in &mut self.entries {
            let Some(cause) = how.cause_mut().filter(|cause| **cause != Cause::Forced) else {
                continue;
            };
            match unsettled.get(beginning(name)) {
                Some(Unsettled::Failed(message)) => *cause = Cause::FailedBefore { message: message.clone() },
                Some(Unsettled::SawFailure) => *cause = Cause::SawFailureBefore,
                None if *cause == Cause::First && asked.contains(beginning(name)) => {
                    *cause = Cause::Forgotten
                }
                None => {}
            }
        }
    }

    /// Whether every place that is named is there.
    fn is_sound(&self) -> bool {
        let within = |place: &usize| *place < self.entries.len();
        let members = self.entries.iter().flat_map(|entry| &entry.asked).flat_map(|asked| &asked.members);
        self.analyses.iter().all(|(_, place)| within(place)) && members.into_iter().all(within)
    }
}

impl Head {
    /// That of notes which may be there, and are of this layout.
    fn read(file: &Path) -> Option<Head> {
        let line = files::read_line(file, MAX_BYTES).ok()??;
        let head: Head = serde_json::from_slice(&line).ok()?;
        (head.version.schema_version == LAYOUT).then_some(head)
    }
}

impl How {
    /// Why the plugin was asked, if it was.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            How::Run { cause, .. } => Some(cause),
            How::Failed { cause, .. } => cause.as_ref(),
            How::Reused | How::Verified { .. } => None,
        }
    }

    fn cause_mut(&mut self) -> Option<&mut Cause> {
        match self {
            How::Run { cause, .. } => Some(cause),
            How::Failed { cause, .. } => cause.as_mut(),
            How::Reused | How::Verified { .. } => None,
        }
    }
}
