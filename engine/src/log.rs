//! The log of a revision: how each question was settled, and who asked whom.
//!
//! What was simply found in the store is not noted at all, so an unchanged run notes nothing: a question that
//! somebody asked and that has no note was reused. The log is bounded; what it has no place for is missing from
//! the account, which says so. `account` makes of it what people are told.

use std::collections::HashMap;

use parking_lot::Mutex;
use salsa::Id;

use crate::account::{Cause, Change};
use crate::trace::LogicalKey;
use crate::{Digest, Failure};

/// So many questions are noted.
const MAX_NOTES: usize = 100_000;
/// So many times it is noted that one question asked another.
const MAX_EDGES: usize = 500_000;

/// Why a question was not reused, while questions still go by their ids.
pub(crate) type Why = Cause<Id>;

/// How a question was settled, if it was not simply found.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// All its dependencies answered as before. The leaf for which they were asked, where it is known.
    Verified(Option<Change>),
    /// The executor was run; `kept` unless it saw a failure.
    Ran { why: Why, kept: bool },
    /// There is no fact. Without a reason the executor was not run.
    Failed { why: Option<Why>, failure: Failure },
}

/// The log of the present revision.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pages: Mutex<Pages>,
}

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) notes: HashMap<Id, Note>,
    /// What a question asked, in order.
    pub(crate) asked: HashMap<Id, Vec<Id>>,
    edges: usize,
    /// Something found no place.
    pub(crate) overflown: bool,
}

impl Log {
    /// The question was settled, and not by a look into the store alone.
    pub(crate) fn settled(&self, id: Id, note: Note) {
        let mut pages = self.pages.lock();
        if pages.notes.len() < MAX_NOTES || pages.notes.contains_key(&id) {
            pages.notes.insert(id, note);
        } else {
            pages.overflown = true;
        }
    }

    /// What the question asked so far led nowhere: another trace is tried, or the executor.
    pub(crate) fn begins(&self, id: Id) {
        let mut pages = self.pages.lock();
        if let Some(asked) = pages.asked.remove(&id) {
            pages.edges -= asked.len();
        }
    }

    /// `parent` asks `children`.
    pub(crate) fn asks(&self, parent: Id, children: &[Id]) {
        let mut pages = self.pages.lock();
        let room = children.len().min(MAX_EDGES.saturating_sub(pages.edges));
        pages.overflown |= room < children.len();
        pages.edges += room;
        pages.asked.entry(parent).or_default().extend_from_slice(&children[..room]);
    }

    /// Looks into it.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Pages) -> T) -> T {
        look(&self.pages.lock())
    }

    /// Begins anew.
    pub(crate) fn next_revision(&self) {
        *self.pages.lock() = Pages::default();
    }
}

impl Why {
    /// A dependency that has another answer than the trace says, or none.
    pub(crate) fn dependency(
        id: Id,
        key: LogicalKey,
        then: Digest,
        now: Option<Digest>,
        is_private: bool,
    ) -> Why {
        let private = is_private && now.is_some();
        let (then, now) = if is_private { (None, None) } else { (Some(then), now) };
        Cause::Dependency { request: id, name: key.0, then, now, private }
    }
}
