//! The life of one question: remembered, verified, or computed.
//!
//! 1. A trace whose deep set holds: its outcome, and nothing below is looked at.
//! 2. A trace whose groups hold, one after another: its outcome, and the trace anew with the deep set of now.
//! 3. The executor, whose questions become the groups of a new trace.
//!
//! Salsa calls [`settle`] at most once per question and revision.

use std::sync::Arc;

use salsa::Id;

use crate::account::{Cause, Change};
use crate::db::Db;
use crate::deep::DeepBuilder;
use crate::execute::execute;
use crate::log::{Note, Why};
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
    pub(crate) imported: bool,
}

/// Settles `request` by whatever way is cheapest.
pub(crate) fn settle(db: &dyn Db, id: Id, request: &Request) -> Arc<Memo> {
    let session = db.session();
    let key = LogicalKey::of(request);
    if session.refresh.has(&request.plugin) {
        let memo = slowly(db, id, request, key, Err(Cause::Forced));
        session.counters.settled(memo.origin);
        return memo;
    }
    let traces = session.traces(&key);
    let remembered = traces.iter().find_map(|trace| {
        let deep = session.holding(trace)?;
        Some(Settled { imported: trace.imported, ..Settled::stored(trace.outcome, Some(deep)) })
    });
    let memo = match remembered {
        Some(settled) => Memo::new(key, Origin::Store, Ok(settled)),
        None => slowly(db, id, request, key, Ok(&traces)),
    };
    session.counters.settled(memo.origin);
    memo
}

/// Computes `request` although it was found: the store has lost its text.
pub(crate) fn again(db: &dyn Db, id: Id, request: &Request) -> Arc<Memo> {
    slowly(db, id, request, LogicalKey::of(request), Err(Cause::Lost))
}

/// By a trace's groups or the executor. Without `traces`, why they shall not be looked at.
fn slowly(
    db: &dyn Db,
    id: Id,
    request: &Request,
    key: LogicalKey,
    traces: Result<&[Trace], Why>,
) -> Arc<Memo> {
    if let Some(batch) = db.alone().take() {
        batch.call_help(db);
    }
    let session = db.session();
    let latest = traces.as_ref().ok().and_then(|traces| traces.first()?.deep);
    let _live = session.waits.enter(id, request);
    let own = match session.world.own_leaves(request) {
        Ok(own) => own,
        Err(failure) => return failed(db, id, key, request, None, failure),
    };
    let why = match traces.and_then(|traces| verify(db, id, traces, &own)) {
        Ok(found) => {
            let settled = write_down(db, key, request, found);
            session.log.settled(id, Note::Verified(asked_for(db, latest)));
            return Memo::new(key, Origin::Verification, Ok(settled));
        }
        Err(why) => why,
    };
    match compute(db, id, request, own) {
        Ok(found) => {
            session.log.settled(id, Note::Ran { why, kept: !found.tainted });
            Memo::new(key, Origin::Execution, Ok(write_down(db, key, request, found)))
        }
        Err(failure) => failed(db, id, key, request, Some(why), failure),
    }
}

/// The leaf for which a trace with this deep set was not simply taken.
fn asked_for(db: &dyn Db, deep: Option<Digest>) -> Option<Change> {
    let session = db.session();
    let (leaf, then) = session.deeps.broken(deep?)?;
    Some(session.world.change(&leaf, Some(then)))
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
fn failed(
    db: &dyn Db,
    id: Id,
    key: LogicalKey,
    request: &Request,
    why: Option<Why>,
    mut failure: Failure,
) -> Arc<Memo> {
    match db.session().waits.cycle(id) {
        Some(cycle) => failure = cycle,
        None if failure.chain.len() < MAX_CHAIN => failure.chain.push(request.clone()),
        None => {}
    }
    db.session().log.settled(id, Note::Failed { why, failure: failure.clone() });
    Memo::new(key, Origin::Execution, Err(failure))
}

/// Hands a fact to the writer, unless it is tainted, and says where its text is.
fn write_down(db: &dyn Db, key: LogicalKey, request: &Request, found: Found) -> Settled {
    let session = db.session();
    let mut settled = Settled::stored(found.outcome, session.deeps.finish(found.deep));
    settled.tainted = found.tainted;
    settled.imported = found.imported;
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
            imported: found.imported,
        },
        body,
        deep: settled.deep.clone(),
        outcome: found.text,
    };
    settled.held = session.writer.push(record).map(Into::into).unwrap_or_default();
    settled
}
