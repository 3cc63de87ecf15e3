//! What the host's tests share: an engine that remembers nothing, and a world with one day in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use probity_engine::{
    Answer, Ask, Digest, Executor as _, Failure, FailureKind, Key, Outcome, Reply, Request,
};
use probity_host::{
    CallLimits, GitGrant, Grants, Host, HostOptions, Launch, Log, PluginSpec, Program, Progress, Sink,
    Sources,
};

/// Puts every question straight to the host.
pub(crate) struct Asker<'a> {
    pub(crate) host: &'a Host,
    pub(crate) cancelled: &'a AtomicBool,
    /// For how long the answers hold, as far as they said so.
    pub(crate) ages: Vec<u64>,
    pub(crate) unrecorded: bool,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(host: &'a Host, cancelled: &'a AtomicBool) -> Asker<'a> {
        Asker { host, cancelled, ages: Vec::new(), unrecorded: false }
    }
}

impl Ask for Asker<'_> {
    fn answers(&mut self, requests: Vec<Request>) -> Vec<Reply> {
        let (host, cancelled) = (self.host, self.cancelled);
        requests.iter().map(|request| host.execute(request, &mut Asker::new(host, cancelled))).collect()
    }

    fn input(&mut self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        self.host.input(kind, id)
    }

    fn ages(&mut self, seconds: u64) {
        self.ages.push(seconds);
    }

    fn unrecorded(&mut self) {
        self.unrecorded = true;
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Asks one question as the engine would.
pub(crate) fn ask(host: &Host, plugin: &str, query: &str, key: &str) -> Reply {
    let request = Request::new(plugin, query, Key::parse(key).expect("the test's key is one"));
    host.execute(&request, &mut Asker::new(host, &AtomicBool::new(false)))
}

/// The value of an answer.
#[track_caller]
pub(crate) fn value(reply: Reply) -> String {
    match reply {
        Ok(Outcome::Answered(Answer { value, .. })) => value.to_string(),
        other => panic!("no answer: {other:?}"),
    }
}

/// Code and message of a refusal.
#[track_caller]
pub(crate) fn refusal(reply: Reply) -> (i32, String) {
    match reply {
        Ok(Outcome::Refused(refusal)) => (refusal.code, refusal.message),
        other => panic!("no refusal: {other:?}"),
    }
}

/// Kind and message of a failure.
#[track_caller]
pub(crate) fn failure(reply: Reply) -> (FailureKind, String) {
    match reply {
        Err(failure) => (failure.kind, failure.message),
        other => panic!("no failure: {other:?}"),
    }
}

/// No target, and one day.
pub(crate) struct World;

impl Sources for World {
    fn git(&self) -> Result<Option<GitGrant>, Failure> {
        Ok(None)
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        match (kind, id) {
            ("time", "day") => Ok(r#""2026-11-21""#.into()),
            _ => Err(Failure::new(FailureKind::Unavailable, format!("there is no input {kind}/{id}"))),
        }
    }
}

/// A plugin without configuration, started by its bare name.
pub(crate) fn builtin(name: &str) -> PluginSpec {
    PluginSpec {
        instance: format!("probity/core/{name}").into(),
        artifact: Digest::of(name.as_bytes()),
        program: Program::Builtin { name: name.to_owned() },
        config: "{}".into(),
        grants: Grants::default(),
    }
}

/// Limits that no test should reach by accident, and no person should have to wait for.
pub(crate) fn limits() -> CallLimits {
    CallLimits { grace: Duration::from_millis(200), ..CallLimits::default() }
}

/// Hears everything, a line for each.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<String>>);

impl Heard {
    /// What was heard since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn hear(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Sink for Heard {
    fn log(&self, plugin: &str, log: Log) {
        self.hear(format!("{plugin} {:?} {}", log.level, log.message));
    }

    fn progress(&self, plugin: &str, progress: Progress) {
        let Progress { query, done, total, .. } = progress;
        self.hear(format!("{plugin} {query} {done:?} of {total:?}"));
    }

    fn ended(&self, plugin: &str, certificate: &str) {
        self.hear(format!("{plugin} {certificate}"));
    }

    fn denied(&self, plugin: &str, violation: &str) {
        self.hear(format!("{plugin} {violation}"));
    }
}

/// A host of `plugins` whose logs somebody hears.
pub(crate) fn host_with_sink(
    plugins: Vec<PluginSpec>,
    launch: Arc<dyn Launch>,
    limits: CallLimits,
    sink: Arc<dyn Sink>,
) -> Arc<Host> {
    let sources = Arc::new(World);
    Host::new(HostOptions { plugins, sources, launch, limits, sink, version: "1.0.0".to_owned() })
}
