//! Deep sets: all leaves that an outcome rests on, itself and through everything below it.
//!
//! When every leaf of the set has the same digest now, the outcome holds and nothing below needs to be looked
//! at. Thousands of memos share one set, so a set is a record of its own and is checked once per revision.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::{Digest, Leaf};

/// A set larger than this is not kept: checking it would cost more than checking the groups.
const MAX_LEAVES: usize = 4096;

/// A set of leaves with their digests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeepSet {
    pub(crate) digest: Digest,
    /// The encoded leaves, whose digest it is.
    pub(crate) bytes: Box<[u8]>,
    /// In order of the leaves.
    pub(crate) leaves: Box<[(Leaf, Digest)]>,
}

impl DeepSet {
    fn new(leaves: Vec<(Leaf, Digest)>) -> DeepSet {
        let bytes = postcard::to_allocvec(&leaves).expect("digests and texts always serialize");
        DeepSet { digest: Digest::of(&bytes), bytes: bytes.into(), leaves: leaves.into() }
    }

    /// `None` for bytes that are no deep set. Their digest was checked by the store.
    pub(crate) fn decode(digest: Digest, bytes: Vec<u8>) -> Option<DeepSet> {
        let leaves: Vec<(Leaf, Digest)> = postcard::from_bytes(&bytes).ok()?;
        Some(DeepSet { digest, bytes: bytes.into(), leaves: leaves.into() })
    }

    /// Whether a leaf among these is something that not everybody may know.
    pub(crate) fn is_private(&self) -> bool {
        self.leaves.iter().any(|(leaf, _)| leaf.is_private())
    }
}

/// Gathers the deep set of an outcome from its own leaves and the sets of what it asked for.
#[derive(Debug, Default)]
pub(crate) struct DeepBuilder {
    leaves: BTreeMap<Leaf, Digest>,
    /// Sets merged already; most members of a batch have the same one.
    merged: HashSet<Digest>,
    too_large: bool,
}

impl DeepBuilder {
    pub(crate) fn add_leaf(&mut self, leaf: &Leaf, digest: Digest) {
        if !self.too_large {
            self.leaves.insert(leaf.clone(), digest);
            self.too_large = self.leaves.len() > MAX_LEAVES;
        }
    }

    /// Adds the set of a dependency. `None` stands for one that is too large.
    pub(crate) fn add_set(&mut self, set: Option<&DeepSet>) {
        match set {
            None => self.too_large = true,
            Some(set) if self.merged.insert(set.digest) => {
                set.leaves.iter().for_each(|(leaf, digest)| self.add_leaf(leaf, *digest));
            }
            Some(_) => {}
        }
    }

    fn finish(self) -> Option<DeepSet> {
        (!self.too_large).then(|| DeepSet::new(self.leaves.into_iter().collect()))
    }
}

/// The deep sets that this revision and the one before have seen, and whether they hold in this revision.
#[derive(Debug, Default)]
pub(crate) struct Deeps {
    known: Mutex<HashMap<Digest, Known>>,
}

#[derive(Debug)]
struct Known {
    set: Arc<DeepSet>,
    /// What was found when it was looked at in this revision: that it holds, or the place of the first leaf that does not.
    found: Option<Result<(), usize>>,
}

impl Deeps {
    /// The set of an outcome that was computed or verified just now, so it holds; unless it ages: another outcome may rest
    /// on a set of the same moment and be older than it may be.
    pub(crate) fn finish(&self, builder: DeepBuilder) -> Option<Arc<DeepSet>> {
        let set = Arc::new(builder.finish()?);
        let mut known = self.known.lock();
        let entry = known.entry(set.digest).or_insert_with(|| Known { set, found: None });
        if !entry.set.leaves.iter().any(|(leaf, _)| matches!(leaf, Leaf::Expiry { .. })) {
            entry.found = Some(Ok(()));
        }
        Some(Arc::clone(&entry.set))
    }

    /// The set of that digest, if all its leaves hold now. `load` reads it, `holds_now` looks at one leaf;
    /// both are called without a lock held, since they may be slow.
    pub(crate) fn holding(
        &self,
        digest: Digest,
        load: impl FnOnce() -> Option<DeepSet>,
        holds_now: impl Fn(&Leaf, Digest) -> bool,
    ) -> Option<Arc<DeepSet>> {
        let known = self.known.lock().get(&digest).map(|known| (Arc::clone(&known.set), known.found));
        let set = match known {
            Some((set, Some(found))) => return found.ok().map(|()| set),
            Some((set, None)) => set,
            None => Arc::new(load()?),
        };
        let found = match set.leaves.iter().position(|(leaf, then)| !holds_now(leaf, *then)) {
            None => Ok(()),
            Some(place) => Err(place),
        };
        let mut known = self.known.lock();
        let entry = known.entry(digest).or_insert_with(|| Known { set, found: None });
        entry.found = Some(found);
        found.ok().map(|()| Arc::clone(&entry.set))
    }

    /// Whether what has the set of that digest rests on something that not everybody may know, or may do so.
    pub(crate) fn is_private(&self, digest: Option<Digest>) -> bool {
        let known = self.known.lock();
        digest.and_then(|digest| known.get(&digest)).is_none_or(|known| known.set.is_private())
    }

    /// The leaf for which the set of that digest was found not to hold, and its digest then.
    pub(crate) fn broken(&self, digest: Digest) -> Option<(Leaf, Digest)> {
        let known = self.known.lock();
        let known = known.get(&digest)?;
        known.set.leaves.get(known.found?.err()?).cloned()
    }

    /// Forgets what holds, at the beginning of a revision, and the sets that nobody looked at in the one before.
    pub(crate) fn next_revision(&self) {
        self.known.lock().retain(|_, known| known.found.take().is_some());
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.known.lock().len()
    }
}
