//! The graph of who asks whom, and the rings in it. Pure: `waits` locks it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use salsa::Id;

use crate::{Failure, FailureKind, Request};

/// So many names of a ring are spelled out.
const NAMED: usize = 16;
/// So many links of a chain are kept.
pub(crate) const MAX_CHAIN: usize = 32;

/// Who asks whom.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The names of those that are being settled, and of the members of rings.
    pub(crate) names: HashMap<Id, Request>,
    /// Those that are being settled, rather than just read from the session or the store.
    pub(crate) running: HashSet<Id>,
    /// From each of these to those it asks.
    pub(crate) edges: HashMap<Id, Vec<Id>>,
    /// The least ring that a request is found to be part of.
    pub(crate) rings: HashMap<Id, Arc<Ring>>,
}

/// Requests each of which asks for the next, and the last for the first. Begins with the smallest, so that it
/// is the same whoever finds it. Ordered by length, then by names: of several rings through a request the
/// least is named.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ring {
    length: usize,
    members: Vec<Request>,
}

impl Ring {
    fn new(mut members: Vec<Request>) -> Ring {
        let least = (0..members.len()).min_by_key(|&index| &members[index]).unwrap_or(0);
        members.rotate_left(least);
        Ring { length: members.len(), members }
    }

    pub(crate) fn failure(&self) -> Failure {
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

impl Graph {
    /// Adds the edge from `parent` to `child`. If it closes rings, all their members are marked, and the
    /// failure of `child` comes back.
    pub(crate) fn ask(&mut self, parent: Id, child: Id) -> Option<Failure> {
        self.edges.entry(parent).or_default().push(child);
        if child != parent && !self.edges.contains_key(&child) {
            return None;
        }
        let below = self.reached_from([child]);
        if !below.contains(&parent) {
            return None;
        }
        let members = self.leading_to(parent, &below);
        for &member in &members {
            if let Some(path) = self.shortest_ring(member, &members) {
                self.mark(member, path);
            }
        }
        self.rings.get(&child).map(|ring| ring.failure())
    }

    /// Whether a member of a ring among `children` still has something running below it that may ask for
    /// `parent`.
    pub(crate) fn undecided(&self, parent: Id, children: &[Id]) -> bool {
        !self.rings.contains_key(&parent)
            && self
                .reached_from(children.iter().copied().filter(|child| self.rings.contains_key(child)))
                .iter()
                .any(|id| *id != parent && self.running.contains(id))
    }

    /// `start` and all that it asks for, directly or not.
    fn reached_from(&self, start: impl IntoIterator<Item = Id>) -> HashSet<Id> {
        let mut todo: Vec<Id> = start.into_iter().collect();
        let mut reached: HashSet<Id> = todo.iter().copied().collect();
        while let Some(id) = todo.pop() {
            todo.extend(self.asked_by(id).filter(|next| reached.insert(*next)));
        }
        reached
    }

    /// Those among `within` that ask for `target`, directly or not, and `target`.
    fn leading_to(&self, target: Id, within: &HashSet<Id>) -> HashSet<Id> {
        let mut askers: HashMap<Id, Vec<Id>> = HashMap::new();
        for &id in within {
            self.asked_by(id).for_each(|next| askers.entry(next).or_default().push(id));
        }
        let mut found = HashSet::from([target]);
        let mut todo = vec![target];
        while let Some(id) = todo.pop() {
            todo.extend(askers.get(&id).into_iter().flatten().copied().filter(|asker| found.insert(*asker)));
        }
        found
    }

    /// The shortest way from `start` back to itself.
    fn shortest_ring(&self, start: Id, members: &HashSet<Id>) -> Option<Vec<Id>> {
        let mut came_from: HashMap<Id, Id> = HashMap::new();
        let mut todo = VecDeque::from([start]);
        while let Some(id) = todo.pop_front() {
            for next in self.asked_by(id).filter(|next| members.contains(next)) {
                if next == start {
                    let mut path = vec![id];
                    while let Some(before) = path.last().and_then(|last| came_from.get(last)) {
                        path.push(*before);
                    }
                    path.reverse();
                    return Some(path);
                }
                if let Entry::Vacant(unseen) = came_from.entry(next) {
                    unseen.insert(id);
                    todo.push_back(next);
                }
            }
        }
        None
    }

    fn mark(&mut self, member: Id, path: Vec<Id>) {
        let ring = Arc::new(Ring::new(path.iter().filter_map(|id| self.names.get(id).cloned()).collect()));
        let known = self.rings.entry(member).or_insert_with(|| Arc::clone(&ring));
        if ring < *known {
            *known = ring;
        }
    }

    fn asked_by(&self, id: Id) -> impl Iterator<Item = Id> {
        self.edges.get(&id).into_iter().flatten().copied()
    }
}
