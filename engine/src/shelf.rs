//! Large outcomes in memory: only as long as they are needed.
//!
//! A memo keeps a small outcome itself. A large one is held here until the store has it; then it may go, and
//! is read again when it is asked for again. A few recent ones stay, and while any caller still holds one,
//! all share it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::{Answer, Digest, Outcome};

/// Outcomes up to this size are small and live in the memo, bytes.
pub(crate) const SMALL: usize = 64 << 10;
/// How much of the large ones is kept although nobody holds it, bytes.
const RECENT: usize = 8 << 20;

/// The large outcomes of a session.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Not in the store yet, and perhaps never: they must stay.
    pinned: HashMap<Digest, Outcome>,
    /// The latest at the back.
    recent: VecDeque<(Digest, Outcome)>,
    recent_bytes: usize,
    /// What callers may still hold. A weak reference keeps the whole allocation of a text, so dead ones are
    /// swept out at every access.
    shared: HashMap<Digest, (Weak<str>, Weak<str>)>,
}

impl Shelf {
    /// Keeps `outcome` until [`Shelf::unpin`].
    pub(crate) fn pin(&self, digest: Digest, outcome: Outcome) {
        let mut inner = self.inner.lock();
        inner.put(digest, &outcome);
        inner.pinned.insert(digest, outcome);
    }

    /// The store has these now.
    pub(crate) fn unpin(&self, digests: impl Iterator<Item = Digest>) {
        let mut inner = self.inner.lock();
        for digest in digests {
            inner.pinned.remove(&digest);
        }
    }

    /// Keeps `outcome`, which the store has, for a while. Returns the copy that others hold, if there is one.
    pub(crate) fn put(&self, digest: Digest, outcome: Outcome) -> Outcome {
        let mut inner = self.inner.lock();
        let outcome = inner.get(digest).unwrap_or(outcome);
        inner.put(digest, &outcome);
        outcome
    }

    pub(crate) fn get(&self, digest: Digest) -> Option<Outcome> {
        self.inner.lock().get(digest)
    }
}

impl Inner {
    fn get(&mut self, digest: Digest) -> Option<Outcome> {
        self.shared.retain(|_, (value, _)| value.strong_count() > 0);
        if let Some((value, concerns)) = self.shared.get(&digest)
            && let (Some(value), Some(concerns)) = (value.upgrade(), concerns.upgrade())
        {
            return Some(Outcome::Answered(Answer { value, concerns }));
        }
        self.pinned.get(&digest).cloned()
    }

    fn put(&mut self, digest: Digest, outcome: &Outcome) {
        if let Outcome::Answered(answer) = outcome {
            self.shared.insert(digest, (Arc::downgrade(&answer.value), Arc::downgrade(&answer.concerns)));
        }
        if self.recent.iter().any(|(other, _)| *other == digest) {
            return;
        }
        self.recent_bytes += outcome.size();
        self.recent.push_back((digest, outcome.clone()));
        while self.recent_bytes > RECENT
            && let Some((_, old)) = self.recent.pop_front()
        {
            self.recent_bytes -= old.size();
        }
        self.shared.retain(|_, (value, _)| value.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(fill: &str) -> (Digest, Outcome) {
        let value: Arc<str> = fill.repeat(3 << 20).into();
        (Digest::of(value.as_bytes()), Outcome::Answered(Answer { value, concerns: "[]".into() }))
    }

    #[test]
    fn what_the_store_has_goes_and_what_it_has_not_stays() {
        let shelf = Shelf::default();
        let (first, outcome) = large("a");
        shelf.pin(first, outcome);
        let others: Vec<Digest> = ["b", "c", "d"]
            .map(large)
            .map(|(digest, outcome)| {
                shelf.put(digest, outcome);
                digest
            })
            .into();
        assert!(shelf.get(first).is_some(), "pinned");
        assert!(shelf.get(others[0]).is_none() && shelf.get(others[2]).is_some());
        shelf.unpin([first].into_iter());
        assert!(shelf.get(first).is_none());
    }

    #[test]
    fn all_who_hold_an_outcome_hold_the_same_text() {
        let shelf = Shelf::default();
        let (digest, outcome) = large("a");
        let first = shelf.put(digest, outcome);
        ["b", "c", "d"].map(large).into_iter().for_each(|(digest, outcome)| drop(shelf.put(digest, outcome)));
        let second = shelf.put(digest, large("a").1);
        match (first, second) {
            (Outcome::Answered(first), Outcome::Answered(second)) => {
                assert!(Arc::ptr_eq(&first.value, &second.value))
            }
            other => panic!("{other:?}"),
        }
    }
}
