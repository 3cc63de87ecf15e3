//! Programs that have been checked, for as long as the launcher lives: most are started again and again.

use crate::identity::Identity;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most bytes of all copies that are kept.
const COPIES_LIMIT: u64 = 256 << 20;
/// The most interpreters whose digests are kept.
const INTERPRETERS_LIMIT: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Checked(Mutex<Programs>);

#[derive(Debug, Default)]
struct Programs {
    /// Sealed copies by their digests. Nobody can change them, whatever becomes of the files that they were made of.
    copies: BTreeMap<[u8; 32], (Arc<File>, u64)>,
    /// Digests of interpreters, which run in place.
    interpreters: BTreeMap<Identity, [u8; 32]>,
}

impl Checked {
    /// The copy of this digest.
    pub(crate) fn copy(&self, sha256: &[u8; 32]) -> Option<Arc<File>> {
        self.programs().copies.get(sha256).map(|(copy, _)| Arc::clone(copy))
    }

    /// Keeps a sealed copy that has this digest and so many bytes.
    pub(crate) fn keep_copy(&self, sha256: [u8; 32], copy: Arc<File>, size: u64) {
        let copies = &mut self.programs().copies;
        let all: u64 = copies.values().map(|(_, size)| size).sum();
        if all.saturating_add(size) > COPIES_LIMIT {
            copies.clear();
        }
        copies.insert(sha256, (copy, size));
    }

    /// The digest of a file that is still the one that was read.
    pub(crate) fn digest(&self, identity: &Identity) -> Option<[u8; 32]> {
        self.programs().interpreters.get(identity).copied()
    }

    /// Keeps the digest of a file that has settled.
    pub(crate) fn keep_digest(&self, identity: Identity, sha256: [u8; 32]) {
        let interpreters = &mut self.programs().interpreters;
        if interpreters.len() >= INTERPRETERS_LIMIT {
            interpreters.clear();
        }
        interpreters.insert(identity, sha256);
    }

    fn programs(&self) -> MutexGuard<'_, Programs> {
        // Each change is a single step, so what somebody left who panicked is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_kept_until_they_take_too_much_memory() {
        let checked = Checked::default();
        let file = || Arc::new(tempfile::tempfile().unwrap());
        let has = |number: u8| checked.copy(&[number; 32]).is_some();
        checked.keep_copy([1; 32], file(), COPIES_LIMIT / 2);
        checked.keep_copy([2; 32], file(), COPIES_LIMIT / 2);
        assert_eq!((has(1), has(2), has(3)), (true, true, false));
        checked.keep_copy([3; 32], file(), 1);
        assert_eq!((has(1), has(2), has(3)), (false, false, true));
    }
}
