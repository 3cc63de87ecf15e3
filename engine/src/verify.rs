//! Whether a trace's groups still hold: same leaves of its own, and every dependency the same outcome.
//!
//! Groups are taken in the order in which they were asked, and the first difference ends it. So only
//! questions are asked here that the executor would ask as well: up to there it has seen nothing new. The
//! members of a group are answered in parallel, each by whatever way is cheapest for it.

use salsa::Id;

use crate::batch::serve;
use crate::db::Db;
use crate::deep::DeepBuilder;
use crate::give::Need;
use crate::settle::Found;
use crate::trace::{Body, LogicalKey, Step, Trace};
use crate::{Digest, Leaf};

/// The first of `traces` whose groups hold. `own` are the leaves of the question itself, now.
pub(crate) fn verify(db: &dyn Db, id: Id, traces: &[Trace], own: &[(Leaf, Digest)]) -> Option<Found> {
    traces.iter().find_map(|trace| {
        let body = Body::decode(&db.session().store.blob(&trace.body)?)?;
        if body.own != own {
            return None;
        }
        let mut deep = DeepBuilder::default();
        own.iter().for_each(|(leaf, digest)| deep.add_leaf(leaf, *digest));
        let holds = body.steps.iter().all(|step| step_holds(db, id, step, &mut deep));
        holds.then(|| Found { outcome: trace.outcome, text: None, body, deep, tainted: false })
    })
}

fn step_holds(db: &dyn Db, id: Id, step: &Step, deep: &mut DeepBuilder) -> bool {
    match step {
        Step::Input(leaf, then) => {
            deep.add_leaf(leaf, *then);
            db.session().world.holds(leaf, *then)
        }
        Step::Queries(members) => group_holds(db, id, members, deep),
    }
}

fn group_holds(db: &dyn Db, id: Id, members: &[(LogicalKey, Digest)], deep: &mut DeepBuilder) -> bool {
    let store = &db.session().store;
    let Some(requests) = members.iter().map(|(key, _)| store.request(key)).collect() else { return false };
    let given = serve(db, Some(id), requests, Need::Digest);
    given.iter().zip(members).all(|(given, (_, then))| match &given.fact {
        Ok(fact) if fact.digest == *then && !fact.tainted => {
            deep.add_set(fact.deep.as_deref());
            true
        }
        _ => false,
    })
}
