//! What is remembered of one repository, as a text: two lines that tell all but the tags, then a line for each tag, which is compared with
//! those of now as it is and read only where they differ. The first line holds the digest of the second one, which holds that of the rest.

use std::collections::BTreeMap;

use probity_engine::Digest;
use serde::{Deserialize, Serialize};

use crate::snapshot::Target;
use crate::trust::mark;

/// What the file begins with. Raised with every change of what follows.
const BEGINNING: &str = "probity state 1 ";
/// So much of what happened is remembered, the newest.
const MOST_EVENTS: usize = 1000;
/// So many tags and branches that are gone are remembered.
const MOST_GONE: usize = 10_000;

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

    /// What such a file tells; the error says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Ledger, String> {
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
