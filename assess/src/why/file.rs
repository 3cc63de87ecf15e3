//! The file in the cache that holds what the last check of a target noted.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use probity_host::used::note_use;

use super::{Cause, How, Record, SCHEMA_VERSION};
use crate::files;
use crate::snapshot::{Target, short_digest};

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

/// What is read of the notes of the check before to complete those of this one: those of a first check are long.
#[derive(serde::Deserialize)]
struct Before<'a> {
    schema_version: u32,
    #[serde(borrow)]
    entries: Vec<Earlier<'a>>,
}

/// An [`Entry`](super::Entry), as far as it matters to the next check.
#[derive(serde::Deserialize)]
struct Earlier<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    how: Settled,
    remembered: Option<bool>,
    message: Option<String>,
}

/// The tags of [`How`](super::How).
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Settled {
    Reused,
    Verified,
    Run,
    Failed,
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
        #[derive(serde::Deserialize)]
        struct Version {
            schema_version: u32,
        }
        let version: Version = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if version.schema_version != SCHEMA_VERSION {
            return Err(WhyError::Version { file: file.to_owned() });
        }
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
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
            && let Ok(Some(before)) = files::read(file, MAX_BYTES)
            && let Ok(before) = serde_json::from_slice::<Before<'_>>(&before)
            && before.schema_version == SCHEMA_VERSION
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
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        // As after a check that found all remembered, twice in a row.
        if files::read(file, MAX_BYTES).is_ok_and(|before| before.as_ref() == Some(&bytes)) {
            note_use(file);
            return Ok(());
        }
        files::keep(file, &bytes)
    }

    /// Mends the causes by what the check before noted: what failed was never put into the store, so the engine cannot
    /// know of it.
    fn complete(&mut self, before: &Before<'_>) {
        let known: HashMap<&str, &Earlier<'_>> =
            before.entries.iter().map(|entry| (&*entry.name, entry)).collect();
        for entry in &mut self.entries {
            let Some(cause) = entry.how.cause_mut().filter(|cause| **cause != Cause::Forced) else {
                continue;
            };
            match known.get(entry.name.as_str()) {
                Some(Earlier { how: Settled::Failed, message: Some(message), .. }) => {
                    *cause = Cause::FailedBefore { message: message.clone() }
                }
                Some(Earlier { how: Settled::Run, remembered: Some(false), .. }) => {
                    *cause = Cause::SawFailureBefore
                }
                Some(_) if *cause == Cause::First => *cause = Cause::Forgotten,
                _ => {}
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
