//! What a session knows of a settled request.

use std::sync::{Arc, OnceLock};

use crate::deep::DeepSet;
use crate::trace::LogicalKey;
use crate::{Digest, Failure, Outcome};

/// The result of settling one request in one revision, as Salsa holds it.
#[derive(Debug)]
pub(crate) struct Memo {
    pub(crate) key: LogicalKey,
    pub(crate) origin: Origin,
    pub(crate) state: Result<Settled, Failure>,
    /// The result of computing it once more, in case the value could not be read from the store again.
    pub(crate) again: OnceLock<Arc<Memo>>,
}

/// How a memo came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The executor was run, or could not be.
    Execution,
    /// The store's deep set held.
    Store,
    /// The store's groups held.
    Verification,
}

/// A settled outcome. The text itself may be elsewhere.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) digest: Digest,
    pub(crate) deep: Option<Arc<DeepSet>>,
    /// It saw a failure below: not stored, and neither is any caller.
    pub(crate) tainted: bool,
    /// It rests on an imported trace, and so does every caller.
    pub(crate) imported: bool,
    /// The outcome, if it is small, or nowhere else. A large one lies on the shelf or in the store.
    pub(crate) held: OnceLock<Outcome>,
}

impl Memo {
    pub(crate) fn new(key: LogicalKey, origin: Origin, state: Result<Settled, Failure>) -> Arc<Memo> {
        Arc::new(Memo { key, origin, state, again: OnceLock::new() })
    }
}

impl Settled {
    /// A fact whose text is found by its digest.
    pub(crate) fn stored(digest: Digest, deep: Option<Arc<DeepSet>>) -> Settled {
        Settled { digest, deep, tainted: false, imported: false, held: OnceLock::new() }
    }
}
