//! The wait-for graph: who waits for whose answer, and which requests turned out to ask for themselves.
//!
//! Salsa sees cycles only among the threads that it blocks itself. A query that asks through another thread
//! escapes it and would hang for ever. So every edge is taken here *before* asking, and what would close a
//! ring is refused.
//!
//! Who is part of a ring must not depend on which thread was faster. A member that was found stays in the
//! graph with its edges until the revision ends, so that who asks it later is found as well. And who is told
//! that a ring is below it waits until nothing that the ring asks for is running, since that may ask for it
//! yet.

use parking_lot::{Condvar, Mutex};
use salsa::Id;

use crate::rings::Graph;
use crate::{Failure, Request};

/// The graph of one session.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    graph: Mutex<Graph>,
    /// Something ended, or a ring was found.
    changed: Condvar,
}

impl Waits {
    /// Says that `id` is being settled, until the guard is dropped.
    pub(crate) fn enter(&self, id: Id, request: &Request) -> Live<'_> {
        let mut graph = self.graph.lock();
        graph.running.insert(id);
        graph.names.insert(id, request.clone());
        Live { waits: self, id }
    }

    /// Whether `id` is being settled by somebody.
    pub(crate) fn is_live(&self, id: Id) -> bool {
        self.graph.lock().running.contains(&id)
    }

    /// Takes the edges from `parent` to `children` until the guard is dropped; for a child whose edge would
    /// close a ring, its failure instead.
    pub(crate) fn take(&self, parent: Id, children: &[Id]) -> (Edges<'_>, Vec<Option<Failure>>) {
        let mut graph = self.graph.lock();
        let refused: Vec<_> = children.iter().map(|&child| graph.ask(parent, child)).collect();
        if refused.iter().any(Option::is_some) {
            self.changed.notify_all();
        }
        (Edges { waits: self, parent }, refused)
    }

    /// Waits until it is decided whether `parent` belongs to the rings among `children`. What it waits for
    /// does not wait for `parent`: that would have been found to be a ring.
    pub(crate) fn decide(&self, parent: Id, children: &[Id]) {
        let mut graph = self.graph.lock();
        while graph.undecided(parent, children) {
            self.changed.wait(&mut graph);
        }
    }

    /// Forgets rings, at the beginning of a revision. Nothing runs then.
    pub(crate) fn next_revision(&self) {
        *self.graph.lock() = Graph::default();
    }

    /// The cycle that `id` is part of, if one was found.
    pub(crate) fn cycle(&self, id: Id) -> Option<Failure> {
        self.graph.lock().rings.get(&id).map(|ring| ring.failure())
    }
}

/// A request that is being settled.
#[derive(Debug)]
pub(crate) struct Live<'a> {
    waits: &'a Waits,
    id: Id,
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        let mut graph = self.waits.graph.lock();
        graph.running.remove(&self.id);
        if !graph.rings.contains_key(&self.id) {
            graph.names.remove(&self.id);
        }
        if !graph.rings.is_empty() {
            self.waits.changed.notify_all();
        }
    }
}

/// The edges of one batch. A request asks one batch at a time.
#[derive(Debug)]
pub(crate) struct Edges<'a> {
    waits: &'a Waits,
    parent: Id,
}

impl Drop for Edges<'_> {
    fn drop(&mut self) {
        let mut graph = self.waits.graph.lock();
        if !graph.rings.contains_key(&self.parent) {
            graph.edges.remove(&self.parent);
        }
    }
}
