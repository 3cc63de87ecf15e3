//! What a plugin asks of the host. Nothing is answered here: each request is routed, by the host's own request that
//! it serves, to the thread that waits for that one.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use probity_protocol::error::object;
use probity_protocol::method::{
    EngineQuery, EngineQueryMany, InputParams, InputResult, ProgressParams, name,
};
use probity_protocol::peer::{Handler, Notification, Request, Response, Ticket};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::routes::{Question, Routes, Said};
use crate::sink::{Log, Progress, Sink};

/// The most bytes of answers in one message to a plugin: longer ones are not read at the other end.
const MAX_ANSWERS: usize = 256 << 20;

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
        match self.routes.put(parent, question(params)) {
            Ok(mut waiting) => Box::pin(async move { respond(ticket, (&mut waiting.said).await.ok()) }),
            Err(error) => Box::pin(ready(ticket.fail(&error))),
        }
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
