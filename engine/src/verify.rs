//! Whether a trace's groups still hold: same leaves of its own, and every dependency the same outcome.
//!
//! Groups are taken in the order in which they were asked, and the first difference ends it. So only
//! questions are asked here that the executor would ask as well: up to there it has seen nothing new. The
//! members of a group are answered in parallel, each by whatever way is cheapest for it.

use salsa::Id;
use salsa::plumbing::AsId;

use crate::account::{Cause, Change};
use crate::batch::serve;
use crate::db::{Db, Question};
use crate::deep::{DeepBuilder, DeepSet};
use crate::give::Need;
use crate::log::Why;
use crate::settle::Found;
use crate::trace::{Body, LogicalKey, Step, Trace};
use crate::{Digest, Leaf, Request};

/// The first of `traces` whose groups hold; or why the latest does not. `own` are the leaves of the question
/// itself, now.
pub(crate) fn verify(db: &dyn Db, id: Id, traces: &[Trace], own: &[(Leaf, Digest)]) -> Result<Found, Why> {
    let mut latest = None;
    for trace in traces {
        match held(db, id, trace, own) {
            Ok(found) => return Ok(found),
            Err(why) => drop(latest.get_or_insert(why)),
        }
    }
    Err(latest.unwrap_or(Cause::First))
}

fn held(db: &dyn Db, id: Id, trace: &Trace, own: &[(Leaf, Digest)]) -> Result<Found, Why> {
    db.session().log.begins(id);
    let body = db.session().store.blob(&trace.body).and_then(|bytes| Body::decode(&bytes));
    let body = body.ok_or(Cause::Lost)?;
    if body.own != own {
        return Err(Cause::Leaf(other_leaf(db, &body.own, own).into()));
    }
    let mut deep = DeepBuilder::default();
    own.iter().for_each(|(leaf, digest)| deep.add_leaf(leaf, *digest));
    let mut imported = trace.imported;
    let was = trace.deep;
    body.steps.iter().try_for_each(|step| step_holds(db, id, step, was, &mut deep, &mut imported))?;
    Ok(Found { outcome: trace.outcome, text: None, body, deep, tainted: false, imported })
}

/// The first difference between the leaves of a trace and those of now.
fn other_leaf(db: &dyn Db, then: &[(Leaf, Digest)], now: &[(Leaf, Digest)]) -> Change {
    let of = |leaves: &[(Leaf, Digest)], leaf: &Leaf| {
        leaves.iter().find(|(other, _)| other == leaf).map(|(_, digest)| *digest)
    };
    let changed = now.iter().find(|(leaf, digest)| of(then, leaf) != Some(*digest));
    let gone = || then.iter().find(|(leaf, _)| of(now, leaf).is_none());
    let (leaf, _) = changed.or_else(gone).expect("lists that differ have a difference");
    Change { now: of(now, leaf), ..db.session().world.change(leaf, of(then, leaf)) }
}

fn step_holds(
    db: &dyn Db,
    id: Id,
    step: &Step,
    was: Option<Digest>,
    deep: &mut DeepBuilder,
    imported: &mut bool,
) -> Result<(), Why> {
    match step {
        Step::Input(leaf, then) => {
            deep.add_leaf(leaf, *then);
            let world = &db.session().world;
            if world.holds(leaf, *then) {
                Ok(())
            } else {
                Err(Cause::Leaf(world.change(leaf, Some(*then)).into()))
            }
        }
        Step::Queries(members) => group_holds(db, id, members, was, deep, imported),
    }
}

/// `was` is the deep set that the asker had.
fn group_holds(
    db: &dyn Db,
    id: Id,
    members: &[(LogicalKey, Digest)],
    was: Option<Digest>,
    deep: &mut DeepBuilder,
    imported: &mut bool,
) -> Result<(), Why> {
    let store = &db.session().store;
    let requests: Option<Vec<Request>> = members.iter().map(|(key, _)| store.request(key)).collect();
    let requests = requests.ok_or(Cause::Lost)?;
    let given = serve(db, id, requests.clone(), Need::Digest);
    for ((given, request), (key, then)) in given.iter().zip(requests).zip(members) {
        match &given.fact {
            Ok(fact) if fact.digest == *then && !fact.tainted => {
                deep.add_set(fact.deep.as_deref());
                *imported |= fact.imported;
            }
            other => {
                let now = other.as_ref().ok().filter(|fact| !fact.tainted);
                let is_private = db.session().deeps.is_private(was)
                    || now.is_some_and(|fact| fact.deep.as_deref().is_none_or(DeepSet::is_private));
                let (id, now) = (Question::new(db, request).as_id(), now.map(|fact| fact.digest));
                return Err(Why::dependency(id, *key, *then, now, is_private));
            }
        }
    }
    Ok(())
}
