//! One question of a batch: through Salsa to its memo, and from the memo to the text.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use salsa::Id;
use salsa::plumbing::{AsId, FromId};

use crate::db::{Db, Question, answer};
use crate::deep::DeepSet;
use crate::memo::{Memo, Settled};
use crate::shelf::SMALL;
use crate::trace::LogicalKey;
use crate::{Digest, Failure, FailureKind, Outcome, Reply, codec, nest, settle};

/// What of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Its digest only: nothing is read from the store.
    Digest,
    /// The text as well.
    Text,
}

/// What became of one question.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) fact: Result<Fact, Failure>,
    /// The text, where it was needed.
    pub(crate) outcome: Option<Outcome>,
}

/// What an asker's trace needs of an answer.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) key: LogicalKey,
    pub(crate) digest: Digest,
    pub(crate) deep: Option<Arc<DeepSet>>,
    pub(crate) tainted: bool,
    pub(crate) imported: bool,
}

impl Given {
    pub(crate) fn failed(failure: Failure) -> Given {
        Given { fact: Err(failure), outcome: None }
    }

    /// Whether it is a member of a ring, or passes on that one is below it.
    pub(crate) fn is_cycle(&self) -> bool {
        matches!(&self.fact, Err(failure) if failure.kind == FailureKind::Cycle)
    }

    /// The reply to who asked for the text.
    pub(crate) fn into_reply(self) -> Reply {
        self.fact.and_then(|_| self.outcome.ok_or_else(not_asked_for))
    }

    /// The same, for who is told beside the asker.
    pub(crate) fn reply(&self) -> Reply {
        match &self.fact {
            Ok(_) => self.outcome.clone().ok_or_else(not_asked_for),
            Err(failure) => Err(failure.clone()),
        }
    }
}

fn not_asked_for() -> Failure {
    Failure::new(FailureKind::Unavailable, "the answer's text was not asked for")
}

/// Answers one question on this thread, or on a fresh stack when this one is deep. Never unwinds.
pub(crate) fn give(db: &dyn Db, id: Id, need: Need) -> Given {
    nest::deeper(db, |db| {
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let question = Question::from_id(id);
            let memo = answer(db, question);
            db.session().counters.asked();
            with_text(db, question, &memo, need)
        }));
        attempt.unwrap_or_else(|payload| Given::failed(unwound(&*payload)))
    })
}

fn unwound(payload: &(dyn std::any::Any + Send)) -> Failure {
    match payload.downcast_ref::<salsa::Cancelled>() {
        Some(_) => Failure::new(FailureKind::Cancelled, "the revision ended while the question was asked"),
        None => Failure::new(FailureKind::Crashed, "the engine panicked"),
    }
}

/// The memo's text with it. If the store has lost the text meanwhile, it is computed again, once for all who
/// ask.
fn with_text(db: &dyn Db, question: Question<'_>, memo: &Memo, need: Need) -> Given {
    let settled = match &memo.state {
        Ok(settled) => settled,
        Err(failure) => return Given::failed(failure.clone()),
    };
    if need == Need::Digest {
        return Given { fact: Ok(fact(memo, settled)), outcome: None };
    }
    if let Some(outcome) = text(db, settled) {
        return Given { fact: Ok(fact(memo, settled)), outcome: Some(outcome) };
    }
    let again = memo.again.get_or_init(|| {
        db.session().counters.lost(memo.origin);
        settle::again(db, question.as_id(), question.request(db))
    });
    match &again.state {
        Ok(settled) => match text(db, settled) {
            Some(outcome) => Given { fact: Ok(fact(again, settled)), outcome: Some(outcome) },
            None => Given::failed(Failure::new(
                FailureKind::Unavailable,
                "the store loses answers as they are written",
            )),
        },
        Err(failure) => Given::failed(failure.clone()),
    }
}

fn fact(memo: &Memo, settled: &Settled) -> Fact {
    Fact {
        key: memo.key,
        digest: settled.digest,
        deep: settled.deep.clone(),
        tainted: settled.tainted,
        imported: settled.imported,
    }
}

/// The text from the memo, the shelf or the store. `None` if the store cannot give it, though it was there.
fn text(db: &dyn Db, settled: &Settled) -> Option<Outcome> {
    let session = db.session();
    if let Some(outcome) = settled.held.get() {
        return Some(outcome.clone());
    }
    if let Some(outcome) = session.shelf.get(settled.digest) {
        return Some(outcome);
    }
    let outcome = codec::decode_outcome(&session.store.blob(&settled.digest)?)?;
    if outcome.size() <= SMALL {
        return Some(settled.held.get_or_init(|| outcome).clone());
    }
    Some(session.shelf.put(settled.digest, outcome))
}
