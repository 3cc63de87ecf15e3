//! The wait-for graph: who waits for whose answer, and which requests turned out to ask for themselves.
//!
//! Salsa sees cycles only among the threads that it blocks itself. A query that asks through another thread escapes it
//! and would hang for ever. So every edge is taken here *before* asking, and what would close a ring is refused.
//!
//! A request that was found in a ring stays in the graph with its edges until the revision ends. Otherwise another
//! request of the same ring that asks a little later would find it settled, and whether it counts as part of the ring
//! would depend on the threads.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use salsa::Id;

use crate::{Failure, FailureKind, Request};

/// So many names of a ring are spelled out.
const NAMED: usize = 16;
/// So many links of a chain are kept.
pub(crate) const MAX_CHAIN: usize = 32;

/// The graph of one session.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    graph: Mutex<Graph>,
}

#[derive(Debug, Default)]
struct Graph {
    /// Who is being settled, rather than just read from the session or the store; and the members of rings.
    live: HashMap<Id, Request>,
    /// From each of these to those it asks.
    edges: HashMap<Id, Vec<Id>>,
    /// The least ring that a request is found to be part of.
    rings: HashMap<Id, Arc<Ring>>,
}

/// Requests each of which asks for the next, and the last for the first. Begins with the smallest, so that it is the
/// same whoever finds it. Ordered by length, then by names: of several rings through a request the least is named.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ring {
    length: usize,
    members: Vec<Request>,
}

impl Ring {
    fn new(mut members: Vec<Request>) -> Ring {
        let least = (0..members.len()).min_by_key(|&index| &members[index]).unwrap_or(0);
        members.rotate_left(least);
        Ring { length: members.len(), members }
    }

    fn failure(&self) -> Failure {
        let mut names: Vec<String> = self.members.iter().take(NAMED).map(Request::to_string).collect();
        if self.length > NAMED {
            names.push(format!("… ({} more)", self.length - NAMED));
        }
        names.extend(self.members.first().map(Request::to_string));
        Failure {
            kind: FailureKind::Cycle,
            message: format!("queries ask for one another in a circle: {}", names.join(" → ")),
            chain: self.members.iter().take(MAX_CHAIN).cloned().collect(),
        }
    }
}

impl Waits {
    /// Says that `id` is being settled, until the guard is dropped.
    pub(crate) fn enter(&self, id: Id, request: &Request) -> Live<'_> {
        self.graph.lock().live.insert(id, request.clone());
        Live { waits: self, id }
    }

    /// Whether `id` is being settled by somebody.
    pub(crate) fn is_live(&self, id: Id) -> bool {
        let graph = self.graph.lock();
        graph.live.contains_key(&id) && !graph.rings.contains_key(&id)
    }

    /// Takes the edges from `parent` to `children` until the guard is dropped; for a child whose edge would close a
    /// ring, its failure instead.
    pub(crate) fn take(&self, parent: Id, children: &[Id]) -> (Edges<'_>, Vec<Option<Failure>>) {
        let mut graph = self.graph.lock();
        let refused = children
            .iter()
            .map(|&child| {
                let path = graph.path(child, parent);
                graph.edges.entry(parent).or_default().push(child);
                path.map(|path| graph.close(path))
            })
            .collect();
        (Edges { waits: self, parent }, refused)
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

impl Graph {
    /// The requests from `from` to `to`, both included, along edges.
    fn path(&self, from: Id, to: Id) -> Option<Vec<Id>> {
        if from != to && !self.edges.contains_key(&from) {
            return None;
        }
        let mut seen = HashSet::from([from]);
        let mut stack = vec![from];
        let mut came_from: HashMap<Id, Id> = HashMap::new();
        while let Some(id) = stack.pop() {
            if id == to {
                let mut path = vec![id];
                while let Some(before) = path.last().and_then(|last| came_from.get(last)) {
                    path.push(*before);
                }
                path.reverse();
                return Some(path);
            }
            for &next in self.edges.get(&id).into_iter().flatten() {
                if seen.insert(next) {
                    came_from.insert(next, id);
                    stack.push(next);
                }
            }
        }
        None
    }

    /// Marks the members of a ring, each of which asks the next.
    fn close(&mut self, path: Vec<Id>) -> Failure {
        let ring = Arc::new(Ring::new(path.iter().filter_map(|id| self.live.get(id).cloned()).collect()));
        for id in path {
            let known = self.rings.entry(id).or_insert_with(|| Arc::clone(&ring));
            if ring < *known {
                *known = Arc::clone(&ring);
            }
        }
        ring.failure()
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
        if !graph.rings.contains_key(&self.id) {
            graph.live.remove(&self.id);
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
