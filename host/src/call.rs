//! One call of a plugin, on the thread of the engine that wants the answer.
//!
//! The thread sleeps until the plugin has answered or asks something, in slices, so that it notices soon when the
//! answer is no longer wanted. What the plugin asks is answered on this same thread: only so does the engine know
//! whose question it is.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use probity_engine::{Ask, Failure, FailureKind, Outcome, Reply, Request};
use probity_protocol::error::object;
use probity_protocol::method::{Meta, PluginApiClient as _, PluginQuery, name};
use probity_protocol::peer::{Canceller, ResponseLine};
use probity_protocol::{CallError, Fault};
use serde_json::value::RawValue;
use tokio::task::JoinHandle;

use crate::allowance::{Allowance, late};
use crate::context::Context;
use crate::description::{Configuration, Query, Shapes};
use crate::from_wire;
use crate::gate::{SLICE, Turn};
use crate::grants::Grants;
use crate::meter::Account;
use crate::plugin::Running;
use crate::routes::{Asked, Event, Open};
use crate::serve::Serving;
use crate::waiting::apart;

/// Longer messages, bytes, are held against their schemas apart from the thread that waits for the answer.
const LARGE: usize = 256 << 10;

/// A call of one query in a running plugin.
pub(crate) struct Call<'a> {
    pub(crate) context: &'a Context,
    pub(crate) plugin: &'a Arc<str>,
    /// What a person lets the plugin see.
    pub(crate) grants: &'a Grants,
    pub(crate) running: &'a Arc<Running>,
    pub(crate) request: &'a Request,
    /// How often it was asked before in vain.
    pub(crate) attempt: u32,
}

/// What the plugin said of the query.
struct Told<'a> {
    query: &'a Query,
    shapes: &'a Arc<Shapes>,
    configuration: &'a Configuration,
}

/// What a thread that waits learns.
enum Step {
    Asked(Vec<Asked>),
    Over(Result<Reply, Arc<Fault>>),
}

impl Call<'_> {
    /// Asks, and serves what the plugin asks meanwhile.
    ///
    /// # Errors
    /// The process ended before it had answered.
    pub(crate) fn run(&self, ask: &mut dyn Ask) -> Result<Reply, Arc<Fault>> {
        let ready = &self.running.ready;
        let query = match ready.description.query(&self.request.query) {
            Ok(query) => query,
            Err(refusal) => return Ok(Ok(Outcome::Refused(refusal))),
        };
        let configuration = match &ready.configuration {
            Ok(configuration) => configuration,
            Err(refusal) => return Ok(Ok(Outcome::Refused(refusal.clone()))),
        };
        if !self.compiled(query, ask) {
            return Ok(Err(self.cancelled()));
        }
        let shapes = match query.shapes() {
            Ok(shapes) => shapes,
            Err(reason) => return Ok(Err(from_wire::protocol(self.plugin, reason))),
        };
        match self.check(shapes, ask) {
            Some(Ok(())) => {}
            Some(Err(reply)) => return Ok(reply),
            None => return Ok(Err(self.cancelled())),
        }
        if query.volatile {
            ask.ages(0);
        }
        match self.running.gate.enter(&|| ask.cancelled()) {
            Some(turn) => self.exchange(&Told { query, shapes, configuration }, &turn, ask),
            None => Ok(Err(self.cancelled())),
        }
    }

    /// Compiles the schemas of `query`, where that takes a while apart from this thread; whether somebody still waits for it.
    fn compiled(&self, query: &Query, ask: &dyn Ask) -> bool {
        if query.is_ready() {
            return true;
        }
        let (running, name) = (Arc::clone(self.running), Arc::clone(&self.request.query));
        let compile =
            move || running.ready.description.query(&name).is_ok_and(|query| query.shapes().is_ok());
        apart(&self.running.runtime, &|| ask.cancelled(), compile).is_some()
    }

    /// Holds the key against the plugin's schema; the inner error is the reply to a wrong one. `None`: cancelled.
    fn check(&self, shapes: &Arc<Shapes>, ask: &dyn Ask) -> Option<Result<(), Reply>> {
        let key = self.request.key.clone();
        let checked = self.reading(shapes, ask, key.as_str().len(), move |shapes| {
            shapes.key.check(key.as_str()).map_err(|mismatch| {
                from_wire::refusal(&object::key_mismatch(&mismatch.path, &mismatch.reason))
            })
        })?;
        Some(checked.map_err(|refusal| Ok(Outcome::Refused(refusal))))
    }

    /// Does something with a schema. Where `size` bytes are many, apart from the thread that must notice
    /// when the answer is no longer wanted; `None` then.
    fn reading<T: Send + 'static>(
        &self,
        shapes: &Arc<Shapes>,
        ask: &dyn Ask,
        size: usize,
        read: impl FnOnce(&Shapes) -> T + Send + 'static,
    ) -> Option<T> {
        if size <= LARGE {
            return Some(read(shapes));
        }
        let shapes = Arc::clone(shapes);
        apart(&self.running.runtime, &|| ask.cancelled(), move || read(&shapes))
    }

    /// Reads an answer. What is no fact leaves a doubt about the process.
    fn read(&self, shapes: &Arc<Shapes>, line: Result<ResponseLine, CallError>, ask: &mut dyn Ask) -> Step {
        let (plugin, size) = (Arc::clone(self.plugin), line.as_ref().map_or(0, ResponseLine::size));
        let read = self.reading(shapes, ask, size, move |shapes| {
            let mut lasts = None;
            (from_wire::reply(&plugin, &shapes.output, line, &mut lasts), lasts)
        });
        let Some((reply, lasts)) = read else { return Step::Over(Ok(Err(self.cancelled()))) };
        if let Some(seconds) = lasts {
            ask.ages(seconds);
        }
        if matches!(reply, Ok(Err(_))) {
            self.running.doubt();
        }
        Step::Over(reply)
    }

    fn exchange(&self, told: &Told<'_>, turn: &Turn<'_>, ask: &mut dyn Ask) -> Result<Reply, Arc<Fault>> {
        let connection = &self.running.connection;
        let token = self.context.count_call().to_string();
        self.context.options().sink.calling(&self.request.plugin, &self.request.query);
        let call = match self.message(&token).and_then(|message| connection.peer.call(name::QUERY, &message))
        {
            Ok(call) => call,
            Err(error) => return Ok(Err(from_wire::protocol(self.plugin, &error.to_string()))),
        };
        let canceller = call.canceller();
        let (events, waiting) = mpsc::channel();
        let open = Open::new(events.clone(), token, Arc::clone(&self.request.query));
        let _route = connection.routes.open(call.id(), open);
        // Dropping the task cancels the call in the plugin and does not wait for what it says to that.
        let task = Task(self.running.runtime.spawn(async move {
            let line = call.line().await;
            // Nobody waits any more: the call was given up in this moment.
            let _ = events.send(Event::Done(line));
        }));
        let ready = &self.running.ready;
        let mut left = self.limit();
        let account = self.running.meter.open();
        loop {
            match self.wait(told.shapes, &waiting, &mut left, &account, ask) {
                Step::Over(end) => {
                    if ask.cancelled() {
                        self.let_go(task, &canceller);
                    }
                    return end;
                }
                Step::Asked(batch) => turn.yielded(|| {
                    let names = self.context.names();
                    let (uses, inputs) = (told.query.uses(told.configuration), ready.description.inputs());
                    let (plugin, grants) = (self.plugin, self.grants);
                    let sink = &*self.context.options().sink;
                    Serving { plugin, names, uses, inputs, grants, sink }.serve(batch, ask);
                }),
            }
        }
    }

    /// Cancels the call and gives the plugin a moment to answer that; one that goes on is killed, so that what nobody
    /// wants does not hold up what is wanted next.
    fn let_go(&self, mut task: Task, canceller: &Canceller) {
        if task.0.is_finished() {
            return;
        }
        canceller.cancel();
        let (running, limit) = (Arc::clone(self.running), self.context.limits().letting_go);
        let leaving = running.leaving.enter();
        self.running.runtime.spawn(async move {
            if tokio::time::timeout(limit, &mut task.0).await.is_err() {
                running.doubt();
                let ms = limit.as_millis();
                running.connection.dismiss(&format!(
                    "killed by the host: it did not answer within {ms} ms to a call that was cancelled"
                ));
            }
            drop(leaving);
        });
    }

    /// No time limit is told: the plugin's clock would count what the host's does not.
    fn message(&self, token: &str) -> Result<PluginQuery, CallError> {
        let key = RawValue::from_string(self.request.key.as_str().to_owned())
            .map_err(|error| CallError::Parameters(error.to_string()))?;
        let meta = Meta { token: Some(token.to_owned()), ..Meta::default() };
        Ok(PluginQuery { query: self.request.query.to_string(), key, attempt: self.attempt, meta })
    }

    /// Waits for the next thing to do. `left` is the time that the plugin may still compute.
    fn wait(
        &self,
        shapes: &Arc<Shapes>,
        waiting: &Receiver<Event>,
        left: &mut Duration,
        account: &Account<'_>,
        ask: &mut dyn Ask,
    ) -> Step {
        loop {
            // Looked at each time: a plugin that never stops asking must not outrun its limits.
            if ask.cancelled() {
                return Step::Over(Ok(Err(self.cancelled())));
            }
            if left.is_zero() {
                self.running.doubt();
                self.see_whether_it_lives();
                return Step::Over(Ok(Err(self.timed_out())));
            }
            if let Some(allowance) = self.overspending(account) {
                return Step::Over(Ok(Err(self.overspent(allowance))));
            }
            let began = Instant::now();
            let event = waiting.recv_timeout(SLICE.min(*left));
            *left = left.saturating_sub(began.elapsed());
            match event {
                Ok(Event::Done(line)) => return self.read(shapes, line, ask),
                Ok(Event::Asked(first)) => {
                    let mut batch = vec![first];
                    while let Ok(event) = waiting.try_recv() {
                        match event {
                            Event::Asked(next) => batch.push(next),
                            // Who answers does not wait for what it asked.
                            Event::Done(line) => return self.read(shapes, line, ask),
                        }
                    }
                    return Step::Asked(batch);
                }
                // The sender for nested questions lives as long as this call.
                Err(RecvTimeoutError::Disconnected) => return Step::Over(Ok(Err(self.cancelled()))),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// A plugin that missed a deadline but answers a ping goes on with its other calls; one that does not is killed,
    /// so that they need not wait for their own deadlines.
    fn see_whether_it_lives(&self) {
        let limit = self.context.limits().ping;
        let running = Arc::clone(self.running);
        self.running.runtime.spawn(async move {
            if running.connection.peer.with_deadline(limit).ping().await.is_err() {
                let ms = limit.as_millis();
                running.connection.kill(&format!(
                    "killed by the host: after a missed deadline it answered no ping within {ms} ms"
                ));
            }
        });
    }

    fn cancelled(&self) -> Failure {
        Failure::new(FailureKind::Cancelled, format!("{} was cancelled", self.what()))
    }

    /// How long the plugin may compute this call.
    fn limit(&self) -> Duration {
        let own = self.grants.allowance.as_ref().and_then(|allowance| allowance.wall);
        own.unwrap_or(self.context.limits().call)
    }

    /// What the plugin is allowed, if it has used more of the processor.
    fn overspending(&self, account: &Account<'_>) -> Option<&Allowance> {
        let allowance = self.grants.allowance.as_deref()?;
        let charged = account.charged(|| self.running.connection.used());
        (charged > allowance.cpu).then_some(allowance)
    }

    /// Ends the process: it would go on to use what it may not.
    fn overspent(&self, allowance: &Allowance) -> Failure {
        self.running.doubt();
        let why = allowance.overspent();
        self.running.connection.kill(&format!("killed by the host: {why}"));
        Failure::new(FailureKind::TimedOut, format!("{} was given up: {why}", self.what()))
    }

    fn timed_out(&self) -> Failure {
        let ms = self.limit().as_millis();
        let raised = late(self.grants.allowance.as_deref());
        Failure::new(FailureKind::TimedOut, format!("{} did not answer within {ms} ms{raised}", self.what()))
    }

    fn what(&self) -> String {
        format!("query {} of plugin {}", self.request.query, self.plugin)
    }
}

struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
