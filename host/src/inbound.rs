//! What a plugin asks of the host. Nothing is answered here: each request is routed, by the host's own request that
//! it serves, to the thread that waits for that one.

use std::collections::HashMap;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use parking_lot::Mutex;
use probity_engine::Answer;
use probity_protocol::error::{ErrorObject, object};
use probity_protocol::method::{
    EngineQuery, EngineQueryMany, InputParams, InputResult, ProgressParams, name,
};
use probity_protocol::peer::{Handler, Notification, Request, Response, ResponseLine, Ticket};
use probity_protocol::{CallError, Id};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::sink::{Log, Progress, Sink};

/// The most bytes of answers in one message to a plugin: longer ones are not read at the other end.
const MAX_ANSWERS: usize = 256 << 20;

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
    pub(crate) question: Question,
    pub(crate) answer: oneshot::Sender<Said>,
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
    pub(crate) events: Sender<Event>,
    /// What the plugin's reports of progress carry.
    pub(crate) token: String,
    pub(crate) query: Arc<str>,
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

    fn to(&self, call: u64) -> Option<Sender<Event>> {
        self.0.lock().get(&call).map(|open| open.events.clone())
    }

    /// The query that reports with this token are about.
    fn reported(&self, token: &str) -> Option<Arc<str>> {
        self.0.lock().values().find(|open| open.token == token).map(|open| Arc::clone(&open.query))
    }
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        self.routes.0.lock().remove(&self.call);
    }
}

/// Takes what the plugin sends.
pub(crate) struct Inbound {
    routes: Arc<Routes>,
    plugin: Arc<str>,
    sink: Arc<dyn Sink>,
}

impl Inbound {
    pub(crate) fn new(routes: Arc<Routes>, plugin: Arc<str>, sink: Arc<dyn Sink>) -> Inbound {
        Inbound { routes, plugin, sink }
    }
}

type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Handler for Inbound {
    fn request(&self, request: Request) -> Answering {
        match request.method() {
            name::ENGINE_QUERY => self.ask(request, |EngineQuery { plugin, query, key, .. }| Question::One {
                plugin,
                query,
                key,
            }),
            name::ENGINE_QUERY_MANY => {
                self.ask(request, |EngineQueryMany { plugin, query, keys, fail_fast, .. }| Question::Many {
                    plugin,
                    query,
                    keys,
                    fail_fast,
                })
            }
            name::ENGINE_INPUT => {
                self.ask(request, |InputParams { kind, id, .. }| Question::Input { kind, id })
            }
            other => {
                let error = object::method_not_found(other);
                Box::pin(ready(request.fail(&error)))
            }
        }
    }

    fn notification(&self, notification: Notification) {
        match notification.method() {
            name::LOG => {
                if let Ok(params) = notification.read() {
                    self.sink.log(&self.plugin, Log::new(params));
                }
            }
            name::PROGRESS => {
                let Ok(params) = notification.read::<ProgressParams>() else { return };
                if let Some(query) = self.routes.reported(&params.token) {
                    self.sink.progress(&self.plugin, Progress::new(query, params));
                }
            }
            _ => tracing::debug!(plugin = &*self.plugin, "a notification that is not known"),
        }
    }
}

impl Inbound {
    fn ask<P>(&self, request: Request, question: impl FnOnce(P) -> Question) -> Answering
    where
        P: DeserializeOwned + probity_protocol::method::Inherit,
    {
        let (ticket, parent, params) = match request.read_nested::<P>() {
            Ok(read) => read,
            Err(refusal) => return Box::pin(ready(refusal)),
        };
        let (answer, said) = oneshot::channel();
        let asked = Event::Asked(Asked { question: question(params), answer });
        // A parent that is open on the wire but has no route is no query, or was just given up.
        let routed = self.routes.to(parent).is_some_and(|events| events.send(asked).is_ok());
        if !routed {
            let error = object::invalid_request(format!("request {} is no open query", Id::from(parent)));
            return Box::pin(ready(ticket.fail(&error)));
        }
        Box::pin(async move { respond(ticket, said.await.ok()) })
    }
}

fn respond(ticket: Ticket, said: Option<Said>) -> Response {
    match said {
        Some(Said::One(answer)) => ticket.answer(&answer.value, &answer.concerns),
        Some(Said::Many(answers)) => {
            // The same long answer may stand there for every key.
            let size: usize = answers.iter().flatten().map(|one| one.value.len() + one.concerns.len()).sum();
            if size > MAX_ANSWERS {
                return ticket.fail(&object::too_big(size, MAX_ANSWERS));
            }
            let texts = answers.iter().map(|one| match one {
                Ok(answer) => Ok((&*answer.value, &*answer.concerns)),
                Err(error) => Err(error.clone()),
            });
            ticket.answers(texts)
        }
        Some(Said::Input { value, digest }) => match serde_json::from_str::<&RawValue>(&value) {
            Ok(value) => ticket.result(&InputResult { value, digest }),
            Err(error) => ticket.fail(&object::internal(format!("the input is no JSON: {error}"))),
        },
        Some(Said::Error(error)) => ticket.fail(&error),
        // The thread that would have answered is gone, and with it the wish for an answer.
        None => ticket.fail(&object::cancelled()),
    }
}
