//! The way from what a plugin asks to the thread that waits for the call which the question serves.
//!
//! How many questions wait is bounded here, and a cancelled one leaves nothing but its place behind until the thread
//! gets to it: a plugin may ask faster than its questions are put.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use parking_lot::Mutex;
use probity_engine::Answer;
use probity_protocol::error::{ErrorObject, object};
use probity_protocol::peer::ResponseLine;
use probity_protocol::{CallError, Id};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many questions of one call may wait for its thread, those that the plugin has cancelled included. As many as
/// it may have open at all, so only who cancels what it asks meets this limit.
const MAX_WAITING: usize = 16 << 10;

/// What happens to a call that a thread waits for.
#[derive(Debug)]
pub(crate) enum Event {
    /// The plugin asks something meanwhile.
    Asked(Asked),
    /// The call is over.
    Done(Result<ResponseLine, CallError>),
}

/// A question of a plugin, to be answered by the thread that waits for the call it belongs to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Slot,
    pub(crate) answer: oneshot::Sender<Said>,
    /// Its place among those that wait.
    _place: OwnedSemaphorePermit,
}

/// Holds a question until it is put or cancelled: the keys of one that nobody wants do not wait with it.
#[derive(Debug, Clone)]
pub(crate) struct Slot(Arc<Mutex<Option<Question>>>);

impl Slot {
    fn new(question: Question) -> Slot {
        Slot(Arc::new(Mutex::new(Some(question))))
    }

    /// The question, unless it was cancelled.
    pub(crate) fn take(&self) -> Option<Question> {
        self.0.lock().take()
    }
}

/// Waits for what is said. Dropped when the plugin cancels the question.
pub(crate) struct Waiting {
    question: Slot,
    pub(crate) said: oneshot::Receiver<Said>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.question.take();
    }
}

impl Asked {
    pub(crate) fn new(question: Question, place: OwnedSemaphorePermit) -> (Asked, Waiting) {
        let (question, (answer, said)) = (Slot::new(question), oneshot::channel());
        (Asked { question: question.clone(), answer, _place: place }, Waiting { question, said })
    }
}

/// `None` as plugin is the asker itself.
#[derive(Debug)]
pub(crate) enum Question {
    One { plugin: Option<String>, query: String, key: Box<RawValue> },
    Many { plugin: Option<String>, query: String, keys: Vec<Box<RawValue>>, fail_fast: bool },
    Input { kind: String, id: String },
}

/// What is said to a question.
#[derive(Debug)]
pub(crate) enum Said {
    One(Answer),
    Many(Vec<Result<Answer, ErrorObject>>),
    Input { value: Arc<str>, digest: String },
    Error(ErrorObject),
}

/// The threads that wait, by the id of the call.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<HashMap<u64, Open>>);

/// A call that a thread waits for.
#[derive(Debug)]
pub(crate) struct Open {
    events: Sender<Event>,
    /// The places for questions that wait for the thread.
    places: Arc<Semaphore>,
    /// What the plugin's reports of progress carry.
    token: String,
    query: Arc<str>,
}

impl Open {
    pub(crate) fn new(events: Sender<Event>, token: String, query: Arc<str>) -> Open {
        Open { events, places: Arc::new(Semaphore::new(MAX_WAITING)), token, query }
    }
}

/// Takes the route away when the call is over, however it ends.
pub(crate) struct Route<'a> {
    routes: &'a Routes,
    call: u64,
}

impl Routes {
    pub(crate) fn open(&self, call: u64, open: Open) -> Route<'_> {
        self.0.lock().insert(call, open);
        Route { routes: self, call }
    }

    /// Whether no call is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// Sends a question to the thread of the call that it serves.
    pub(crate) fn put(&self, call: u64, question: Question) -> Result<Waiting, ErrorObject> {
        let route = self.0.lock().get(&call).map(|open| (open.events.clone(), Arc::clone(&open.places)));
        // A parent that is open on the wire but has no route is no query, or was just given up.
        let absent = || object::invalid_request(format!("request {} is no open query", Id::from(call)));
        let (events, places) = route.ok_or_else(absent)?;
        let busy =
            |_| object::too_busy("too many questions of this query wait, also counting cancelled ones");
        let (asked, waiting) = Asked::new(question, places.try_acquire_owned().map_err(busy)?);
        events.send(Event::Asked(asked)).map_err(|_| absent())?;
        Ok(waiting)
    }

    /// The query that reports with this token are about.
    pub(crate) fn reported(&self, token: &str) -> Option<Arc<str>> {
        self.0.lock().values().find(|open| open.token == token).map(|open| Arc::clone(&open.query))
    }
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        self.routes.0.lock().remove(&self.call);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn question() -> Question {
        Question::Input { kind: "time".to_owned(), id: "day".to_owned() }
    }

    /// The routes to one call with this many places, and what its thread hears.
    fn call(places: usize) -> (Routes, mpsc::Receiver<Event>) {
        let (events, heard) = mpsc::channel();
        let open = Open::new(events, "1".to_owned(), "q".into());
        let routes = Routes::default();
        routes.0.lock().insert(1, Open { places: Arc::new(Semaphore::new(places)), ..open });
        (routes, heard)
    }

    fn asked(heard: &mpsc::Receiver<Event>) -> Asked {
        match heard.try_recv() {
            Ok(Event::Asked(asked)) => asked,
            other => panic!("no question: {other:?}"),
        }
    }

    #[test]
    fn questions_that_are_cancelled_at_once_do_not_pile_up() {
        let (routes, heard) = call(2);
        for _ in 0..2 {
            drop(routes.put(1, question()).map_err(|error| error.to_string()).expect("there is a place"));
        }
        let Err(error) = routes.put(1, question()) else { panic!("there is no place") };
        assert_eq!(error.code(), -32027);
        drop(asked(&heard));
        assert!(routes.put(1, question()).is_ok(), "the thread has made room");
    }

    #[test]
    fn a_cancelled_question_is_dropped_before_the_thread_looks_at_it() {
        let (routes, heard) = call(2);
        drop(routes.put(1, question()));
        let kept = routes.put(1, question());
        assert!(asked(&heard).question.take().is_none());
        assert!(asked(&heard).question.take().is_some());
        drop(kept);
    }

    #[test]
    fn a_call_that_nobody_waits_for_takes_no_questions() {
        let (routes, heard) = call(2);
        drop(heard);
        for call in [1, 2] {
            let Err(error) = routes.put(call, question()) else { panic!("nobody waits for {call}") };
            assert_eq!(error.message(), format!("request {call} is no open query"));
        }
    }
}
