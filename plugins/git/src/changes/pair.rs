//! How two blobs differ: lines added and removed, and the characters in them.

use super::lines::{Texts, line_count};
use super::patch::{Patch, patch};
use crate::error::GitError;
use crate::graphemes::{Counter, Tally};
use crate::objects::{Blob, Reader};
use gix::ObjectId;

/// As git: content with a NUL byte among so many first ones is no text.
const SNIFFED_BYTES: usize = 8000;

/// The content of a file before and after a change; `None` where there was no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) old: Option<ObjectId>,
    pub(super) new: Option<ObjectId>,
}

/// What is known of a pair. It follows from the two contents alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairFacts {
    pub(super) additions: u32,
    pub(super) deletions: u32,
    pub(super) binary: bool,
    pub(super) graphemes: Tally,
}

impl PairFacts {
    /// About how many bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.graphemes.bytes()
    }
}

/// Compares pairs, one after the other.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    counter: Counter,
    reading: Reading,
}

/// What of two blobs is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// The lines that were added and removed, as git tells them.
    #[default]
    Git,
    /// The whole patch, as Hipcheck reads it.
    Hipcheck,
}

impl Comparison {
    pub(super) fn new(reading: Reading) -> Self {
        Self { counter: Counter::default(), reading }
    }

    pub(super) fn facts(&mut self, reader: &Reader, pair: &Pair) -> Result<PairFacts, GitError> {
        let old = pair.old.map(|id| reader.blob(&id)).transpose()?;
        let new = match pair.new {
            id if id == pair.old => old.clone(),
            id => id.map(|id| reader.blob(&id)).transpose()?,
        };
        if self.reading == Reading::Hipcheck {
            return Ok(self.compare_patch(&old, &new));
        }
        match (text(&old), text(&new)) {
            (Some(_), Some(_)) if pair.old == pair.new => Ok(PairFacts::default()),
            (Some(old), Some(new)) => Ok(self.compare(old, new)),
            _ => Ok(PairFacts { binary: true, ..PairFacts::default() }),
        }
    }

    fn compare_patch(&mut self, old: &Option<Blob>, new: &Option<Blob>) -> PairFacts {
        let (Some(old), Some(new)) = (bytes(old), bytes(new)) else {
            return PairFacts { binary: true, ..PairFacts::default() };
        };
        let Patch { text, additions, deletions } = patch(old, new);
        self.counter.add(text.as_bytes());
        PairFacts { additions, deletions, binary: false, graphemes: self.counter.tally() }
    }

    fn compare(&mut self, old: &[u8], new: &[u8]) -> PairFacts {
        let texts = Texts::of(old, new);
        let (mut additions, mut deletions) = (0, 0);
        if texts.old.is_empty() || texts.new.is_empty() {
            self.counter.add(texts.old);
            self.counter.add(texts.new);
            (additions, deletions) = (line_count(texts.new), line_count(texts.old));
        } else {
            texts.hunks(|removed, added| {
                self.counter.add(removed.text);
                self.counter.add(added.text);
                additions += added.lines;
                deletions += removed.lines;
            });
        }
        PairFacts { additions, deletions, binary: false, graphemes: self.counter.tally() }
    }
}

/// The bytes of a side, whatever they are. Of a blob of more than 32 MiB nothing can be told.
fn bytes(side: &Option<Blob>) -> Option<&[u8]> {
    match side {
        None => Some(&[]),
        Some(Blob::Huge { .. }) => None,
        Some(Blob::Whole(data)) => Some(data),
    }
}

/// The text of a side; nothing if it is binary.
fn text(side: &Option<Blob>) -> Option<&[u8]> {
    match side {
        None => Some(&[]),
        Some(Blob::Huge { .. }) => None,
        Some(Blob::Whole(data)) => {
            let head = &data[..data.len().min(SNIFFED_BYTES)];
            memchr::memchr(0, head).is_none().then_some(data)
        }
    }
}
