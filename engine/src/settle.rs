//! The life of one question: remembered, verified, or computed.
//!
//! 1. A trace whose deep set holds: its outcome, and nothing below is looked at.
//! 2. A trace whose groups hold, one after another: its outcome, and the trace anew with the deep set of now.
//! 3. The executor, whose questions become the groups of a new trace.
//!
//! Salsa calls [`settle`] at most once per question and revision.

use std::sync::Arc;

use salsa::Id;

use crate::db::Db;
use crate::deep::DeepBuilder;
use crate::execute::execute;
use crate::memo::{Memo, Origin, Settled};
use crate::rings::MAX_CHAIN;
use crate::trace::{Body, LogicalKey, Trace};
use crate::verify::verify;
use crate::writer::Record;
use crate::{Digest, Failure, FailureKind, Leaf, Outcome, Request};

/// A fact that was found or computed just now, before it is written down.
pub(crate) struct Found {
    pub(crate) outcome: Digest,
    /// The text, if it was computed rather than found.
    pub(crate) text: Option<Outcome>,
    pub(crate) body: Body,
    pub(crate) deep: DeepBuilder,
    pub(crate) tainted: bool,
}

/// Settles `request` by whatever way is cheapest.
pub(crate) fn settle(db: &dyn Db, id: Id, request: &Request) -> Arc<Memo> {
    let session = db.session();
    let key = LogicalKey::of(request);
    let traces = session.store.traces(&key);
    let remembered = traces
        .iter()
        .find_map(|trace| session.holding(trace).map(|deep| Settled::stored(trace.outcome, Some(deep))));
    let memo = match remembered {
        Some(settled) => Memo::new(key, Origin::Store, Ok(settled)),
        None => slowly(db, id, request, key, &traces),
    };
    session.counters.settled(memo.origin);
    memo
}

/// Computes `request` although it was found: the store has lost its text.
pub(crate) fn again(db: &dyn Db, id: Id, request: &Request) -> Arc<Memo> {
    slowly(db, id, request, LogicalKey::of(request), &[])
}

fn slowly(db: &dyn Db, id: Id, request: &Request, key: LogicalKey, traces: &[Trace]) -> Arc<Memo> {
    if let Some(batch) = db.alone().take() {
        batch.call_help(db);
    }
    let session = db.session();
    let _live = session.waits.enter(id, request);
    let own = match session.world.own_leaves(request) {
        Ok(own) => own,
        Err(failure) => return failed(db, id, key, request, failure),
    };
    if let Some(found) = verify(db, id, traces, &own) {
        let settled = write_down(db, key, request, found);
        return Memo::new(key, Origin::Verification, Ok(settled));
    }
    match compute(db, id, request, own) {
        Ok(found) => Memo::new(key, Origin::Execution, Ok(write_down(db, key, request, found))),
        Err(failure) => failed(db, id, key, request, failure),
    }
}

/// Runs the executor, unless the question is known to ask for itself or nobody wants it any more.
fn compute(db: &dyn Db, id: Id, request: &Request, own: Vec<(Leaf, Digest)>) -> Result<Found, Failure> {
    let session = db.session();
    if let Some(cycle) = session.waits.cycle(id) {
        return Err(cycle);
    }
    if session.ending() {
        return Err(Failure::new(FailureKind::Cancelled, "the revision ended before the query began"));
    }
    let found = execute(db, id, request, own)?;
    match session.waits.cycle(id) {
        Some(cycle) => Err(cycle),
        None => Ok(found),
    }
}

/// Every member of a ring fails alike; any other failure gets this question as one more link.
fn failed(db: &dyn Db, id: Id, key: LogicalKey, request: &Request, mut failure: Failure) -> Arc<Memo> {
    match db.session().waits.cycle(id) {
        Some(cycle) => failure = cycle,
        None if failure.chain.len() < MAX_CHAIN => failure.chain.push(request.clone()),
        None => {}
    }
    Memo::new(key, Origin::Execution, Err(failure))
}

/// Hands a fact to the writer, unless it is tainted, and says where its text is.
fn write_down(db: &dyn Db, key: LogicalKey, request: &Request, found: Found) -> Settled {
    let session = db.session();
    let mut settled = Settled::stored(found.outcome, session.deeps.finish(found.deep));
    settled.tainted = found.tainted;
    if settled.tainted {
        settled.held = found.text.map(Into::into).unwrap_or_default();
        return settled;
    }
    let body = found.body.encode();
    let record = Record {
        key,
        request: request.clone(),
        trace: Trace {
            outcome: found.outcome,
            body: Digest::of(&body),
            deep: settled.deep.as_ref().map(|deep| deep.digest),
        },
        body,
        deep: settled.deep.clone(),
        outcome: found.text,
    };
    settled.held = session.writer.push(record).map(Into::into).unwrap_or_default();
    settled
}
