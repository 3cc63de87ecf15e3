//! Running the executor, and recording what it asks.

use std::sync::Arc;

use salsa::Id;

use crate::batch::serve;
use crate::db::Db;
use crate::deep::DeepBuilder;
use crate::give::{Given, Need};
use crate::settle::Found;
use crate::trace::{Body, Step};
use crate::{Ask, Digest, Failure, FailureKind, Leaf, Reply, Request, codec};

/// An answer beyond this size, bytes, takes so long to be digested and written that a new revision does not wait for it.
const LARGE: usize = 4 << 20;

/// Computes `request`. Everything that it asks is part of what is found.
pub(crate) fn execute(
    db: &dyn Db,
    id: Id,
    request: &Request,
    own: Vec<(Leaf, Digest)>,
) -> Result<Found, Failure> {
    let session = db.session();
    session.counters.executing(request);
    session.log.begins(id);
    let mut deep = DeepBuilder::default();
    own.iter().for_each(|(leaf, digest)| deep.add_leaf(leaf, *digest));
    let mut asker = Asker { db, id, steps: Vec::new(), deep, tainted: false, imported: false };
    let outcome = session.world.execute(request, &mut asker)?;
    if session.ending() && outcome.size() > LARGE {
        return Err(Failure::new(
            FailureKind::Cancelled,
            "the revision ended before the answer was taken in",
        ));
    }
    let Asker { steps, deep, tainted, imported, .. } = asker;
    Ok(Found {
        outcome: codec::outcome_digest(&outcome),
        text: Some(outcome),
        body: Body { own, steps },
        deep,
        tainted,
        imported,
    })
}

/// What a running plugin talks to.
struct Asker<'a> {
    db: &'a dyn Db,
    id: Id,
    steps: Vec<Step>,
    deep: DeepBuilder,
    tainted: bool,
    imported: bool,
}

impl Asker<'_> {
    fn record(&mut self, given: &[Given]) {
        let mut members = Vec::with_capacity(given.len());
        for given in given {
            match &given.fact {
                Ok(fact) => {
                    members.push((fact.key, fact.digest));
                    self.deep.add_set(fact.deep.as_deref());
                    self.tainted |= fact.tainted;
                    self.imported |= fact.imported;
                }
                Err(_) => self.tainted = true,
            }
        }
        self.steps.push(Step::Queries(members));
    }
}

impl Ask for Asker<'_> {
    fn answers(&mut self, requests: Vec<Request>) -> Vec<Reply> {
        if requests.is_empty() {
            return Vec::new();
        }
        if self.cancelled() {
            self.tainted = true;
            let cancelled = || Failure::new(FailureKind::Cancelled, "the revision ended while the query ran");
            return requests.iter().map(|_| Err(cancelled())).collect();
        }
        let given = serve(self.db, self.id, requests, Need::Text);
        self.record(&given);
        given.into_iter().map(Given::into_reply).collect()
    }

    fn input(&mut self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        if self.cancelled() {
            self.tainted = true;
            return Err(Failure::new(FailureKind::Cancelled, "the revision ended while the query ran"));
        }
        let leaf = Leaf::Input { kind: kind.into(), id: id.into() };
        match self.db.session().world.see(&leaf) {
            Ok(seen) => {
                self.deep.add_leaf(&leaf, seen.digest);
                self.steps.push(Step::Input(leaf, seen.digest));
                Ok(seen.value)
            }
            Err(failure) => {
                self.tainted = true;
                Err(failure)
            }
        }
    }

    fn ages(&mut self, seconds: u64) {
        let (leaf, digest) = self.db.session().world.expiry(seconds);
        self.deep.add_leaf(&leaf, digest);
        self.steps.push(Step::Input(leaf, digest));
    }

    fn unrecorded(&mut self) {
        self.tainted = true;
    }

    fn cancelled(&self) -> bool {
        self.db.session().ending()
    }
}
