//! Who executes for a session that goes on while its checks come and go.

use std::sync::{Arc, PoisonError, RwLock};

use probity_engine::{Ask, Digest, Executor, Failure, Leaf, Reply, Request};
use probity_host::Host;

/// The executor of a session: the host of the present check.
pub(super) struct Relay(RwLock<Arc<Host>>);

impl Relay {
    pub(super) fn new(host: Arc<Host>) -> Relay {
        Relay(RwLock::new(host))
    }

    pub(super) fn host(&self) -> Arc<Host> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, host: Arc<Host>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = host;
    }
}

impl Executor for Relay {
    fn leaves(&self, request: &Request) -> Vec<Leaf> {
        self.host().leaves(request)
    }

    fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure> {
        self.host().digest(leaf)
    }

    fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
        self.host().execute(request, ask)
    }

    fn is_slow(&self, kind: &str) -> bool {
        self.host().is_slow(kind)
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        self.host().input(kind, id)
    }
}
