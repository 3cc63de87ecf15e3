//! The account of a revision: how what was asked came to be answered, and why what ran could not be reused. For
//! people; nothing is decided by it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use salsa::Id;
use salsa::plumbing::FromId;

use crate::db::{Db, Question};
use crate::log::{Note, Pages};
use crate::trace::LogicalKey;
use crate::{Digest, Failure, Leaf, Request};

/// So many questions an account tells of.
const MAX_ENTRIES: usize = 20_000;
/// So many members of a group are told of one by one.
const MAX_MEMBERS: usize = 64;

/// How the questions of a revision were settled. Who asked whom goes by places in `entries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The roots that were to be accounted for, in their order.
    pub roots: Vec<usize>,
    /// The questions, nearest to the roots first.
    pub entries: Vec<Entry>,
    /// Whether there were more questions than the engine's log or an account can hold.
    pub cut: bool,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked.
    pub request: Request,
    /// The question's name: the same wherever and whenever it is asked.
    pub name: Digest,
    /// How it was settled.
    pub how: How,
    /// What it asked; nothing if it was reused.
    pub groups: Vec<Group>,
}

/// How a question was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Taken from the store: no leaf below had changed, and nothing below was looked at.
    Reused,
    /// Taken from the store: a leaf below had changed (the first one found), but all that it had asked answered
    /// as before.
    Verified(Option<Change>),
    /// The executor was run.
    Ran {
        /// Why it was not reused.
        cause: Cause,
        /// Whether it is remembered: not if it saw a failure.
        kept: bool,
    },
    /// There is no answer.
    Failed {
        /// Why it was not reused; absent if the executor was not run either.
        cause: Option<Cause>,
        /// What happened.
        failure: Failure,
    },
}

/// Why a question was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause<Q = Request> {
    /// Nothing was remembered of it.
    First,
    /// It was to be run in any case: [`crate::Engine::refresh`].
    Forced,
    /// A leaf that it rests on itself is another than in its latest trace.
    Leaf(Box<Change>),
    /// Something that it had asked, according to its latest trace, answers otherwise now.
    Dependency {
        /// What it had asked.
        request: Q,
        /// The name of that question.
        name: Digest,
        /// The answer's digest in the trace; absent if the trace rests on something that not everybody may know.
        then: Option<Digest>,
        /// And now; absent if there is no answer, or one that saw a failure, or if it is private.
        now: Option<Digest>,
        /// There is an answer, but who knows a digest could find out by guessing what not everybody may know.
        private: bool,
    },
    /// It was remembered, but the store no longer gave what was needed.
    Lost,
}

/// A leaf that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub leaf: Leaf,
    /// Its digest in the trace; absent if the trace did not have the leaf, or if it is an input other than the time.
    pub then: Option<Digest>,
    /// Its digest now; absent if it cannot be told, if the question no longer rests on it, or as `then`.
    pub now: Option<Digest>,
    /// Its value now, if it is a time. Other inputs may hold what should not be spread.
    pub value: Option<Arc<str>>,
}

/// The questions of one query among those that a question asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The plugin instance.
    pub plugin: Arc<str>,
    /// The query.
    pub query: Arc<str>,
    /// How many of them were settled how.
    pub counts: Counts,
    /// Places of those that are told of one by one: at most 64, the most telling first.
    pub members: Vec<usize>,
}

/// How many questions were settled how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// [`How::Reused`].
    pub reused: usize,
    /// [`How::Verified`].
    pub verified: usize,
    /// [`How::Ran`].
    pub ran: usize,
    /// [`How::Failed`].
    pub failed: usize,
}

/// Accounts for `roots` by what the log holds. Breadth first, so that a limit cuts off what is far away.
pub(crate) fn account(db: &dyn Db, pages: &Pages, roots: &[Id]) -> Account {
    let mut teller =
        Teller { db, pages, places: HashMap::new(), todo: VecDeque::new(), cut: pages.overflown };
    let roots = roots.iter().filter_map(|id| teller.place(*id)).collect();
    let mut entries = Vec::new();
    while let Some(id) = teller.todo.pop_front() {
        let entry = teller.entry(id);
        entries.push(entry);
    }
    Account { roots, entries, cut: teller.cut }
}

struct Teller<'a> {
    db: &'a dyn Db,
    pages: &'a Pages,
    places: HashMap<Id, usize>,
    /// Those that have a place and no entry yet, in the order of their places.
    todo: VecDeque<Id>,
    cut: bool,
}

impl Teller<'_> {
    fn place(&mut self, id: Id) -> Option<usize> {
        if let Some(place) = self.places.get(&id) {
            return Some(*place);
        }
        let place = self.places.len();
        if place >= MAX_ENTRIES {
            self.cut = true;
            return None;
        }
        self.places.insert(id, place);
        self.todo.push_back(id);
        Some(place)
    }

    fn request(&self, id: Id) -> Request {
        Question::from_id(id).request(self.db).clone()
    }

    fn entry(&mut self, id: Id) -> Entry {
        let request = self.request(id);
        let name = LogicalKey::of(&request).0;
        Entry { request, name, how: self.how(id), groups: self.groups(id) }
    }

    fn how(&self, id: Id) -> How {
        match self.pages.notes.get(&id).cloned() {
            None => How::Reused,
            Some(Note::Verified(change)) => How::Verified(change),
            Some(Note::Ran { why, kept }) => How::Ran { cause: self.cause(why), kept },
            Some(Note::Failed { why, failure }) => {
                How::Failed { cause: why.map(|why| self.cause(why)), failure }
            }
        }
    }

    fn cause(&self, why: Cause<Id>) -> Cause {
        match why {
            Cause::First => Cause::First,
            Cause::Forced => Cause::Forced,
            Cause::Leaf(change) => Cause::Leaf(change),
            Cause::Lost => Cause::Lost,
            Cause::Dependency { request, name, then, now, private } => {
                Cause::Dependency { request: self.request(request), name, then, now, private }
            }
        }
    }

    /// What `id` asked, by query in the order of the first question; and the dependency for which it ran, which
    /// it may not have asked again.
    fn groups(&mut self, id: Id) -> Vec<Group> {
        let decisive = self.decisive(id);
        let asked = self.pages.asked.get(&id).into_iter().flatten().copied();
        let mut order: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let mut members: HashMap<(Arc<str>, Arc<str>), Vec<Id>> = HashMap::new();
        let mut seen = HashSet::new();
        for child in asked.chain(decisive).filter(|child| seen.insert(*child)) {
            let request = self.request(child);
            let query = (request.plugin, request.query);
            let group = members.entry(query.clone()).or_insert_with(|| {
                order.push(query);
                Vec::new()
            });
            group.push(child);
        }
        order
            .into_iter()
            .filter_map(|query| Some(self.group(members.remove(&query)?, query, decisive)))
            .collect()
    }

    fn group(
        &mut self,
        mut ids: Vec<Id>,
        (plugin, query): (Arc<str>, Arc<str>),
        decisive: Option<Id>,
    ) -> Group {
        let mut counts = Counts::default();
        for id in &ids {
            *match self.pages.notes.get(id) {
                None => &mut counts.reused,
                Some(Note::Verified(_)) => &mut counts.verified,
                Some(Note::Ran { .. }) => &mut counts.ran,
                Some(Note::Failed { .. }) => &mut counts.failed,
            } += 1;
        }
        ids.sort_by_key(|id| if Some(*id) == decisive { 0 } else { dullness(self.pages.notes.get(id)) });
        let members = ids.into_iter().take(MAX_MEMBERS).filter_map(|id| self.place(id)).collect();
        Group { plugin, query, counts, members }
    }

    /// The dependency for whose answer `id` was run.
    fn decisive(&self, id: Id) -> Option<Id> {
        match self.pages.notes.get(&id)? {
            Note::Ran { why: Cause::Dependency { request, .. }, .. }
            | Note::Failed { why: Some(Cause::Dependency { request, .. }), .. } => Some(*request),
            _ => None,
        }
    }
}

/// The less there is to tell, the greater.
fn dullness(note: Option<&Note>) -> u8 {
    match note {
        Some(Note::Failed { .. }) => 1,
        Some(Note::Ran { why: Cause::First, .. }) => 4,
        Some(Note::Ran { .. }) => 2,
        Some(Note::Verified(_)) => 3,
        None => 5,
    }
}
