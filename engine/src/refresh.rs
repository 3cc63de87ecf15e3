//! Plugins whose queries are run although they are remembered, because the engine's user wants to see them run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::RwLock;

use crate::Leaf;
use crate::deep::DeepSet;

/// The plugin instances that are refreshed in this revision.
#[derive(Debug, Default)]
pub(crate) struct Refresh {
    any: AtomicBool,
    instances: RwLock<BTreeSet<Arc<str>>>,
}

impl Refresh {
    /// From now on until the revision ends.
    pub(crate) fn add(&self, instances: impl IntoIterator<Item = Arc<str>>) {
        let mut known = self.instances.write();
        known.extend(instances);
        self.any.store(!known.is_empty(), Relaxed);
    }

    /// Whether the queries of this instance are run in any case.
    pub(crate) fn has(&self, instance: &str) -> bool {
        self.any.load(Relaxed) && self.instances.read().contains(instance)
    }

    /// Whether a query of such an instance lies below who has this deep set. Then that its leaves are the same
    /// says nothing, and its groups have to be asked.
    pub(crate) fn touches(&self, set: &DeepSet) -> bool {
        self.any.load(Relaxed)
            && set.leaves.iter().any(|(leaf, _)| match leaf {
                Leaf::Artifact(instance) => self.has(instance),
                Leaf::Config(_) | Leaf::Input { .. } | Leaf::Expiry { .. } => false,
            })
    }

    /// Once is enough: the next revision remembers.
    pub(crate) fn next_revision(&self) {
        self.instances.write().clear();
        self.any.store(false, Relaxed);
    }
}
