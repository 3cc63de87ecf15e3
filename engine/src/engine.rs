//! The engine's handle.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;
use salsa::plumbing::AsId;
use salsa::{Database as _, Durability};

use crate::account::{Account, account};
use crate::batch::{Each, serve_roots};
use crate::db::{Database, Question};
use crate::give::Given;
use crate::session::Session;
use crate::{Executor, Lasting, Leaf, Reply, Request, Stats, StoreError, StoreLocation, StoreWarning, store};

/// Answers requests, remembering. Clones share everything; when the last one is dropped, what is still to be
/// written is written.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    /// The handle from which those of callers are forked.
    db: Mutex<Database>,
    session: Arc<Session>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the store (or a memory in its place) and begins a session. Starts no thread and, where a store
    /// exists, changes nothing in it.
    pub fn open(location: StoreLocation, executor: Arc<dyn Executor>) -> (Engine, Vec<StoreWarning>) {
        let (store, warnings) = store::open(location);
        let session = Arc::new(Session::new(store, executor));
        let db = Mutex::new(Database::new(Arc::clone(&session)));
        (Engine { inner: Arc::new(Inner { db, session }) }, warnings)
    }

    /// Answers roots, side by side, in the order of `requests`. Blocks. Not to be called from within an
    /// executor: what runs asks through its [`crate::Ask`].
    pub fn answers(&self, requests: &[Request]) -> Vec<Reply> {
        self.answers_noting(requests, None)
    }

    /// As [`answers`](Self::answers), and hands each reply to `each` with its place among the requests as soon as it
    /// is known, from whichever thread knows it: what is remembered does not wait for what runs.
    pub fn answers_each(
        &self,
        requests: &[Request],
        each: impl Fn(usize, Reply) + Send + Sync + 'static,
    ) -> Vec<Reply> {
        self.answers_noting(requests, Some(Arc::new(each)))
    }

    fn answers_noting(&self, requests: &[Request], each: Option<Each>) -> Vec<Reply> {
        let db = self.inner.db.lock().clone();
        let given = serve_roots(&db, requests.to_vec(), each);
        let facts = given.iter().filter_map(|given| given.fact.as_ref().ok());
        self.inner.session.asked(facts.map(|fact| fact.key));
        self.note_imported(requests, &given);
        self.note_inputs(requests, &given);
        let mut lasting = self.inner.session.lasting.lock();
        given.iter().for_each(|given| lasting.add(given));
        drop(lasting);
        given.into_iter().map(Given::into_reply).collect()
    }

    /// Runs the queries of these plugin instances although they are remembered, from now on until the revision
    /// ends. Their callers run only if they answer otherwise. To be called before anything is asked.
    pub fn refresh(&self, instances: impl IntoIterator<Item = Arc<str>>) {
        self.inner.session.refresh.add(instances);
    }

    /// How these roots, asked in this revision, came to be answered.
    pub fn account(&self, roots: &[Request]) -> Account {
        let db = self.inner.db.lock().clone();
        let ids: Vec<_> = roots.iter().map(|root| Question::new(&db, root.clone()).as_id()).collect();
        self.inner.session.log.read(|pages| account(&db, pages, &ids))
    }

    /// Lets answers be used that came from another machine. Nobody vouches for them: what rests on them is marked
    /// as they are, and [`Engine::imported`] names it. To be called before the first question.
    pub fn trust_imported(&self) {
        self.inner.session.trusts_imported.store(true, Relaxed);
    }

    /// Which of the roots that were asked in this revision rest on answers of another machine.
    pub fn imported(&self) -> BTreeSet<Request> {
        self.inner.session.imported_roots.lock().clone()
    }

    /// For how long the answers to all that was asked in this revision hold. What rests on a failure that somebody went
    /// on without does not: asked anew, it may come out otherwise although nothing has changed.
    pub fn lasting(&self) -> Lasting {
        *self.inner.session.lasting.lock()
    }

    /// Which of the roots that were asked in this revision rest on an input of this kind, themselves or through anything below
    /// them. One that rests on more leaves than are listed may, and counts.
    pub fn resting_on(&self, kind: &str) -> BTreeSet<Request> {
        let inputs = self.inner.session.input_roots.lock();
        let of_kind = |found: &Option<Arc<str>>| found.as_deref().is_none_or(|found| found == kind);
        inputs.iter().filter(|(found, _)| of_kind(found)).map(|(_, root)| root.clone()).collect()
    }

    fn note_inputs(&self, requests: &[Request], given: &[Given]) {
        let mut inputs = self.inner.session.input_roots.lock();
        for (request, given) in requests.iter().zip(given) {
            let Ok(fact) = &given.fact else { continue };
            let Some(deep) = &fact.deep else {
                inputs.insert((None, request.clone()));
                continue;
            };
            for (leaf, _) in &deep.leaves {
                if let Leaf::Input { kind, .. } = leaf {
                    inputs.insert((Some(kind.clone()), request.clone()));
                }
            }
        }
    }

    fn note_imported(&self, requests: &[Request], given: &[Given]) {
        let rests = |given: &Given| given.fact.as_ref().is_ok_and(|fact| fact.imported);
        let roots = requests.iter().zip(given).filter(|(_, given)| rests(given));
        self.inner.session.imported_roots.lock().extend(roots.map(|(request, _)| request.clone()));
    }

    /// How requests were settled so far.
    pub fn stats(&self) -> Stats {
        self.inner.session.counters.stats()
    }

    /// Cancels what runs in this revision, without waiting for it, and begins nothing more in it: who asks for what is
    /// not known already gets a failure. From any thread; [`next_revision`](Self::next_revision) ends that.
    pub fn cancel(&self) {
        self.inner.session.end_revision();
    }

    /// Begins a new revision: leaves are looked at again, failures are tried again. What runs is cancelled
    /// ([`crate::Ask::cancelled`]) and waited for; who waits for it gets a failure.
    pub fn next_revision(&mut self) {
        let mut db = self.inner.db.lock();
        self.inner.session.end_revision();
        // Cancels and waits until nobody has a handle any more.
        db.synthetic_write(Durability::LOW);
        // A database forgets no question that it was asked, and no memo. What holds is in the store by the end of this.
        *db = Database::new(Arc::clone(&self.inner.session));
        self.inner.session.settle_writes();
        self.inner.session.begin_revision();
    }

    /// Waits until all that was remembered so far is committed: it survives the end of this process then,
    /// however it ends. Reports the first error since the last call; what could not be written is computed
    /// again some day.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.inner.session.flush()
    }

    /// Tells that nothing is asked for a while, so that others may tidy up the store.
    pub fn rest(&self) {
        self.inner.session.store.rest();
    }

    /// Ends the revision, waits as [`flush`](Self::flush) does, lets the store forget what is too much, and lets go of it and of
    /// threads. Nothing can be asked afterwards; how this revision was answered can still be told.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn close(&self) -> Result<(), StoreError> {
        self.inner.session.close()
    }

    /// What befell the store since it was opened, or since the last call.
    pub fn warnings(&self) -> Vec<StoreWarning> {
        self.inner.session.store.warnings()
    }

    /// The requests that the executor was run for in this revision, in the order in which they began.
    pub fn executed(&self) -> Vec<Request> {
        self.inner.session.counters.executed()
    }
}

#[cfg(test)]
impl Engine {
    /// How many questions and deep sets the session holds.
    fn held(&self) -> (usize, usize) {
        (self.inner.db.lock().questions(), self.inner.session.deeps.count())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.session.close() {
            tracing::warn!(%error, "not all answers will be remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Ask, Digest, Executor, Failure, Key, Leaf, Outcome};

    /// A root for each commit that asks for the commit itself, a number that is its input, and ten parts that never change.
    struct World;

    impl Executor for World {
        fn leaves(&self, request: &Request) -> Vec<Leaf> {
            vec![Leaf::Artifact(request.plugin.clone())]
        }

        fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure> {
            Ok(Digest::of(format!("{leaf:?}").as_bytes()))
        }

        fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
            if &*request.query == "root" {
                let number = request.key.as_str();
                ask.input("number", number)?;
                let commit = Request::new("p", "commit", Key::parse(number).expect("it is a key"));
                ask.answers((0..10).map(part).chain([commit]).collect())
                    .into_iter()
                    .collect::<Result<Vec<_>, _>>()?;
            }
            Ok(Outcome::Answered(Answer { value: request.key.as_str().into(), concerns: "[]".into() }))
        }

        fn input(&self, _: &str, id: &str) -> Result<Arc<str>, Failure> {
            Ok(id.into())
        }
    }

    fn asked(query: &str, number: u64) -> Request {
        Request::new("p", query, Key::parse(&format!("{{\"n\":{number}}}")).expect("it is a key"))
    }

    fn part(number: u64) -> Request {
        asked("part", number)
    }

    #[test]
    fn a_long_session_holds_what_one_revision_needs() {
        let folder = tempfile::tempdir().unwrap();
        let (mut engine, _) = Engine::open(StoreLocation::Path(folder.path().into()), Arc::new(World));
        let mut most = (0, 0);
        for number in 0..1000 {
            engine.next_revision();
            let roots: Vec<Request> = (0..3).map(|root| asked("root", number * 3 + root)).collect();
            assert!(engine.answers(&roots).iter().all(Result::is_ok));
            let ran = if number == 0 { 3 + 3 + 10 } else { 3 + 3 };
            assert_eq!(engine.executed().len(), ran, "what did not change is known");
            let held = engine.held();
            most = (most.0.max(held.0), most.1.max(held.1));
        }
        // 3 roots, 3 commits, 10 parts; a set for each root of this revision and the one before, and one for the rest.
        assert_eq!(most, (16, 7));
    }
}
