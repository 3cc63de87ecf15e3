//! One plugin instance: started when it is first needed, started again when it crashed, given up when that does not
//! help.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex};
use probity_engine::{Answer, Ask, Failure, FailureKind, Outcome, Reply, Request};
use probity_protocol::Fault;
use probity_sandbox::Report;
use tokio::runtime::Handle;

use crate::call::Call;
use crate::connection::Connection;
use crate::context::{Context, Guaranteed};
use crate::error::{ended, is_crash};
use crate::from_wire::protocol;
use crate::gate::{Gate, SLICE};
use crate::handshake::{Ready, shake_hands};
use crate::leaving::Leaving;
use crate::meter::Meter;
use crate::plain::plain;
use crate::waiting::{apart, unless};
use crate::{GitGrant, PluginSpec, Program, StartError};

/// The query that the host answers with the plugin's description.
pub(crate) const DESCRIBE: &str = "$describe";
/// The query that the host answers with what the plugin said to its configuration.
pub(crate) const CONFIGURE: &str = "$configure";
/// The most bytes of the story of a start that failed.
const MAX_CERTIFICATE: usize = 4 << 10;

pub(crate) struct Plugin {
    pub(crate) spec: PluginSpec,
    state: Mutex<State>,
    changed: Condvar,
    guaranteed: Guaranteed,
}

/// A process that is ready to be asked.
pub(crate) struct Running {
    pub(crate) connection: Connection,
    pub(crate) ready: Ready,
    pub(crate) gate: Gate,
    /// What it uses of the processor, and for whom.
    pub(crate) meter: Meter,
    pub(crate) runtime: Handle,
    /// Calls that were cancelled and are not answered yet.
    pub(crate) leaving: Leaving,
    /// What it was shown when it was started.
    git: Option<GitGrant>,
    doubtful: AtomicBool,
}

impl Running {
    /// Notes that the process may have seen what is no fact, such as a missing object, and may go by it from now on: it
    /// does not outlast the revision.
    pub(crate) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits for it any more, and it has let go of all that it was asked.
    pub(crate) fn is_idle(&self) -> bool {
        let doubtful = self.doubtful.load(Ordering::Relaxed);
        !doubtful && self.connection.routes.is_idle() && self.leaving.is_over()
    }

    /// Whether a process that is started now for `spec` would be no better than this one.
    fn serves(&self, spec: &PluginSpec, git: Option<&GitGrant>) -> bool {
        let sees_the_same = match (&self.git, git) {
            (Some(then), Some(now)) => match &spec.program {
                // It goes by what keys name alone.
                Program::Builtin { .. } => then.git_dir == now.git_dir && then.read == now.read,
                Program::Package(_) => then == now,
            },
            (None, None) => true,
            _ => false,
        };
        sees_the_same && !self.doubtful.load(Ordering::Relaxed) && !self.connection.has_ended()
    }
}

struct State {
    stage: Stage,
    /// How often a process was started.
    starts: u32,
    /// How the last one ended.
    last: Option<Failure>,
}

enum Stage {
    Absent,
    /// One thread starts it, the others wait.
    Starting,
    Running(Arc<Running>),
    /// Not started again in this session.
    Broken(Failure),
}

type Unwanted<'a> = &'a dyn Fn() -> bool;

impl Plugin {
    pub(crate) fn new(spec: PluginSpec) -> Plugin {
        let state = State { stage: Stage::Absent, starts: 0, last: None };
        Plugin { spec, state: Mutex::new(state), changed: Condvar::new(), guaranteed: Guaranteed::new() }
    }

    /// What the sandbox guarantees, once a process was started.
    pub(crate) fn report(&self) -> Option<Report> {
        self.guaranteed.get().cloned()
    }

    /// Answers one request. When the process dies meanwhile, it is asked anew in another one.
    pub(crate) fn answer(&self, context: &Context, request: &Request, ask: &mut dyn Ask) -> Reply {
        let mut attempt = 0;
        loop {
            let running = self.running(context, &|| ask.cancelled())?;
            match &*request.query {
                DESCRIBE => return self.described(&running, &|| ask.cancelled()),
                CONFIGURE => return Ok(configured(&running.ready)),
                _ => {}
            }
            let (plugin, grants) = (&self.spec.instance, &self.spec.grants);
            let call = Call { context, plugin, grants, running: &running, request, attempt };
            match call.run(ask) {
                Ok(reply) => return self.noting(reply),
                Err(fault) => self.died(&fault)?,
            }
            attempt += 1;
        }
    }

    /// What it said of itself, unless that cannot be relied on.
    fn described(&self, running: &Arc<Running>, unwanted: Unwanted<'_>) -> Reply {
        let description = &running.ready.description;
        if !description.is_ready() {
            let held = Arc::clone(running);
            let sound = move || held.ready.description.sound().is_ok();
            apart(&running.runtime, unwanted, sound).ok_or_else(|| self.unwanted())?;
        }
        match description.sound() {
            Ok(()) => Ok(said(&description.raw)),
            Err(reason) => Err(protocol(&self.spec.instance, reason)),
        }
    }

    /// Notes that a call took too long or used too much, for which its process may be killed.
    fn noting(&self, reply: Reply) -> Reply {
        if let Err(failure) = &reply
            && failure.kind == FailureKind::TimedOut
        {
            self.state.lock().last = Some(failure.clone());
        }
        reply
    }

    /// Notes how a process ended; an error if the call should not be tried again.
    fn died(&self, fault: &Fault) -> Result<(), Failure> {
        let failure = ended(&self.spec.instance, fault);
        self.state.lock().last = Some(failure.clone());
        if is_crash(fault) { Ok(()) } else { Err(failure) }
    }

    /// The process, started if need be.
    fn running(&self, context: &Context, unwanted: Unwanted<'_>) -> Result<Arc<Running>, Failure> {
        let mut state = self.state.lock();
        loop {
            match &state.stage {
                Stage::Running(running) if !running.connection.has_ended() => return Ok(Arc::clone(running)),
                Stage::Running(_) => state.stage = Stage::Absent,
                Stage::Broken(failure) => return Err(failure.clone()),
                // Also after a start of our own that was given up.
                Stage::Absent | Stage::Starting if unwanted() => return Err(self.unwanted()),
                Stage::Starting => {
                    self.changed.wait_for(&mut state, SLICE);
                }
                Stage::Absent if state.starts > context.limits().restarts => {
                    let failure = self.given_up(&state);
                    state.stage = Stage::Broken(failure);
                }
                Stage::Absent => {
                    state.starts += 1;
                    state.stage = Stage::Starting;
                    drop(state);
                    self.start_noting(context, unwanted);
                    state = self.state.lock();
                }
            }
        }
    }

    /// Starts a process and notes what came of it, also when that panics: others wait for it.
    fn start_noting(&self, context: &Context, unwanted: Unwanted<'_>) {
        struct Noting<'a>(&'a Plugin, Option<Result<Arc<Running>, StartError>>);
        impl Drop for Noting<'_> {
            fn drop(&mut self) {
                self.0.note(self.1.take());
                self.0.changed.notify_all();
            }
        }
        let mut noting = Noting(self, None);
        let started = self.start(context, unwanted);
        if let Some(certificate) = started.as_ref().err().and_then(StartError::certificate) {
            context.options().sink.ended(&self.spec.instance, &plain(&certificate, MAX_CERTIFICATE));
        }
        noting.1 = Some(started);
    }

    fn note(&self, started: Option<Result<Arc<Running>, StartError>>) {
        let mut state = self.state.lock();
        // The host was shut down meanwhile; a process that was started ends with its handle.
        if !matches!(state.stage, Stage::Starting) {
            return;
        }
        state.stage = match started {
            Some(Ok(running)) => Stage::Running(running),
            None => Stage::Absent,
            Some(Err(StartError::Unwanted)) => {
                state.starts -= 1;
                Stage::Absent
            }
            Some(Err(error)) => {
                let failure = error.failure(&self.spec);
                state.last = Some(failure.clone());
                if error.is_crash() { Stage::Absent } else { Stage::Broken(failure) }
            }
        };
    }

    fn start(&self, context: &Context, unwanted: Unwanted<'_>) -> Result<Arc<Running>, StartError> {
        let options = context.options();
        let git = options.sources.git().map_err(StartError::Target)?;
        let runtime = context.runtime()?;
        let connection = self.connect(context, git.as_ref(), &runtime, unwanted)?;
        let talk = shake_hands(&connection.peer, &self.spec, git.as_ref(), &options.limits, &options.version);
        let ready = unless(&runtime, unwanted, talk).ok_or(StartError::Unwanted)??;
        let own = ready.concurrent.map_or(usize::MAX, |n| n as usize);
        let gate = Gate::new(own.min(options.limits.concurrent));
        let (leaving, doubtful) = (Leaving::default(), AtomicBool::new(false));
        let meter = Meter::new(connection.used());
        Ok(Arc::new(Running { connection, ready, gate, meter, runtime, leaving, git, doubtful }))
    }

    fn connect(
        &self,
        context: &Context,
        git: Option<&GitGrant>,
        runtime: &Handle,
        unwanted: Unwanted<'_>,
    ) -> Result<Connection, StartError> {
        let launched = context.launch(&self.spec, git, runtime, unwanted)?;
        let _inside = runtime.enter();
        if let Some(report) = &launched.report {
            self.guaranteed.get_or_init(|| report.clone());
        }
        let options = context.options();
        let plugin = Arc::clone(&self.spec.instance);
        let (sink, allowance) = (Arc::clone(&options.sink), self.spec.grants.allowance.clone());
        Ok(Connection::new(launched, plugin, options.limits.message_bytes, sink, allowance))
    }

    fn given_up(&self, state: &State) -> Failure {
        let kind = state.last.as_ref().map_or(FailureKind::Crashed, |last| last.kind);
        let last = state.last.as_ref().map_or("it panicked the host", |last| &last.message);
        let times = state.starts;
        Failure::new(kind, format!("{last} (started {times} times, not started again)"))
    }

    fn unwanted(&self) -> Failure {
        Failure::new(
            FailureKind::Cancelled,
            format!("the start of plugin {} was given up", self.spec.instance),
        )
    }

    /// Takes over a process of the plugin that came before, if it serves.
    pub(crate) fn inherit(&self, from: &Plugin, running: &Arc<Running>, git: Option<&GitGrant>) -> bool {
        if self.spec != from.spec || !running.serves(&self.spec, git) {
            return false;
        }
        if let Some(report) = from.report() {
            self.guaranteed.get_or_init(|| report);
        }
        self.state.lock().stage = Stage::Running(Arc::clone(running));
        true
    }

    /// Starts nothing any more; the process that runs, if one does.
    pub(crate) fn retire(&self) -> Option<Arc<Running>> {
        let failure = Failure::new(FailureKind::Cancelled, "the host was shut down");
        let mut state = self.state.lock();
        let stage = std::mem::replace(&mut state.stage, Stage::Broken(failure));
        self.changed.notify_all();
        match stage {
            Stage::Running(running) => Some(running),
            broken @ Stage::Broken(_) => {
                state.stage = broken;
                None
            }
            Stage::Absent | Stage::Starting => None,
        }
    }
}

fn said(raw: &Arc<str>) -> Outcome {
    Outcome::Answered(Answer { value: Arc::clone(raw), concerns: "[]".into() })
}

fn configured(ready: &Ready) -> Outcome {
    match &ready.configuration {
        Ok(configuration) => said(&configuration.raw),
        Err(refusal) => Outcome::Refused(refusal.clone()),
    }
}
