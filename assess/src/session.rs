//! The engine and the host of one check, wired together. Plugins are started when an answer is missing, and end with the session.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_engine::{
    Account, Engine, Executor, Failure, Key, Reply, Request, Stats, StoreError, StoreLocation, StoreWarning,
};
use probity_host::{
    CallLimits, Host, HostOptions, Launch, Level, Places, PluginSpec, Sandboxed, Sink, StartError, Trace,
};

use crate::closing::Closing;
use crate::fetched::{self, Servers};
use crate::outside::Outside;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::sources::{CheckSources, SessionFolder};

/// What can be asked while it lives.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    host: Arc<Host>,
    /// What the person should know of the store.
    pub warnings: Vec<StoreWarning>,
    /// What the engine had done before.
    before: Stats,
    /// Whether engine and plugins go on afterwards.
    lasting: bool,
}

/// What the host of every check of a session is made of.
pub(crate) struct World {
    folder: Arc<SessionFolder>,
    launch: Arc<dyn Launch>,
    pub(crate) sink: Arc<dyn Sink>,
}

impl World {
    /// The processes are started in the sandbox, and everything is written to the places of `settings`.
    ///
    /// # Errors
    /// Where the program cannot open itself, which starting built-in plugins needs.
    pub(crate) fn new(settings: &Settings, sink: Arc<dyn Sink>) -> Result<World, StartError> {
        Ok(World::launching(settings.places.clone(), sandboxed(settings)?, sink))
    }

    /// The same, in which what one plugin tries is written down.
    ///
    /// # Errors
    /// As for [`World::new`].
    pub(crate) fn tracing(
        settings: &Settings,
        trace: Arc<Trace>,
        sink: Arc<dyn Sink>,
    ) -> Result<World, StartError> {
        let launch = sandboxed(settings)?.tracing(trace);
        Ok(World::launching(settings.places.clone(), launch, sink))
    }

    /// The same with another way to start processes, and another place.
    pub(crate) fn launching(places: Arc<Places>, launch: Sandboxed, sink: Arc<dyn Sink>) -> World {
        World { folder: Arc::new(SessionFolder::new(places)), launch: Arc::new(launch), sink }
    }

    /// For a check of `snapshot` with these plugins.
    pub(crate) fn options(
        &self,
        settings: &Settings,
        snapshot: Option<Arc<Snapshot>>,
        plugins: Vec<PluginSpec>,
    ) -> HostOptions {
        let folder = settings.remembers.then(|| settings.cache.join(fetched::FOLDER));
        let servers = Servers::new(settings.fetch.clone(), folder);
        let outside = Outside::new(&settings.day, &settings.environment, servers, &plugins);
        let sources = CheckSources::new(snapshot, self.folder.clone(), outside, settings.clone());
        HostOptions {
            plugins,
            sources: Arc::new(sources),
            launch: self.launch.clone(),
            limits: CallLimits { call: settings.timeout, ..CallLimits::default() },
            sink: self.sink.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

fn sandboxed(settings: &Settings) -> Result<Sandboxed, StartError> {
    let launch = Sandboxed::in_places(settings.places.clone())?;
    Ok(launch.allowing_weak(settings.allow_weak_sandbox))
}

/// Opens the store, or a memory in its place where nothing is to be remembered.
pub(crate) fn engine(
    settings: &Settings,
    remembers: bool,
    executor: Arc<dyn Executor>,
) -> (Engine, Vec<StoreWarning>) {
    let store = match remembers {
        true => StoreLocation::Path(settings.store.clone()),
        false => StoreLocation::Memory,
    };
    let (engine, warnings) = Engine::open(store, executor);
    if settings.trust_imported {
        engine.trust_imported();
    }
    (engine, warnings)
}

/// How much a session did, for `--stats`.
#[derive(Debug, Clone, Default)]
pub struct Effort {
    /// Processes that were started.
    pub plugin_processes: u64,
    /// Questions that were put to plugins.
    pub plugin_calls: u64,
    /// Queries that were run.
    pub executed: u64,
    /// Their names with their plugins', and how often each was run.
    pub ran: BTreeMap<String, u64>,
    /// Remembered answers whose dependencies were looked at again.
    pub verified: u64,
    /// Answers taken from the store.
    pub store_hits: u64,
    /// Answers taken from this session.
    pub session_hits: u64,
    /// The sandbox's level for each plugin that was started.
    pub levels: Vec<(Arc<str>, Level)>,
    /// Why one of them is not in namespaces of its own, if one is not.
    pub no_namespaces: Option<String>,
}

impl Session {
    /// Opens the store and lists the plugins; starts nothing. Without a snapshot, plugins can only be asked what they
    /// offer.
    ///
    /// # Errors
    /// Where the program cannot open itself, which starting built-in plugins needs.
    pub fn open(
        settings: &Settings,
        snapshot: Option<Arc<Snapshot>>,
        plugins: Vec<PluginSpec>,
        sink: Arc<dyn Sink>,
    ) -> Result<Session, StartError> {
        Ok(Session::in_world(&World::new(settings, sink)?, settings, snapshot, plugins))
    }

    /// The same with another way to start processes.
    pub(crate) fn in_world(
        world: &World,
        settings: &Settings,
        snapshot: Option<Arc<Snapshot>>,
        plugins: Vec<PluginSpec>,
    ) -> Session {
        // What is judged by a snapshot that does not show everything must not be remembered.
        let whole = snapshot.as_ref().is_none_or(|snapshot| snapshot.incomplete.is_none());
        let host = Host::new(world.options(settings, snapshot, plugins));
        let (engine, warnings) = engine(settings, whole && settings.remembers, host.clone());
        Session { engine, host, warnings, before: Stats::default(), lasting: false }
    }

    /// One check of an engine and a host that outlive it.
    pub(crate) fn lasting(engine: Engine, host: Arc<Host>, warnings: Vec<StoreWarning>) -> Session {
        let before = engine.stats();
        Session { engine, host, warnings, before, lasting: true }
    }

    /// The engine, to cancel what runs from elsewhere.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Answers requests side by side, in their order.
    pub fn answers(&self, requests: &[Request]) -> Vec<Reply> {
        self.engine.answers(requests)
    }

    /// What plugins were run for so far, in the order in which it began.
    pub(crate) fn executed(&self) -> Vec<Request> {
        self.engine.executed()
    }

    /// Has the queries of these instances run although they are remembered. To be called before anything is asked.
    pub(crate) fn refresh(&self, instances: Vec<Arc<str>>) {
        self.engine.refresh(instances);
    }

    /// How these requests, which were asked, came to be answered.
    pub(crate) fn account(&self, requests: &[Request]) -> Account {
        self.engine.account(requests)
    }

    /// As [`Session::answers`], and hands each reply to `each` as soon as it is known.
    pub(crate) fn answers_each(
        &self,
        requests: &[Request],
        each: impl Fn(usize, Reply) + Send + Sync + 'static,
    ) -> Vec<Reply> {
        self.engine.answers_each(requests, each)
    }

    /// Asks each of these instances the same query without a key, such as `$describe`.
    pub(crate) fn each(&self, instances: &[Arc<str>], query: &str) -> Vec<Reply> {
        let ask = |instance: &Arc<str>| Request::new(instance.clone(), query, Key::empty());
        self.answers(&instances.iter().map(ask).collect::<Vec<_>>())
    }

    /// Whether the answer to `request`, or what its plugin says of itself, rests on answers of another machine.
    pub(crate) fn is_imported(&self, request: &Request) -> bool {
        let of_itself = |root: &Request| root.plugin == request.plugin && root.query.starts_with('$');
        self.engine.imported().iter().any(|root| root == request || of_itself(root))
    }

    /// Whether the answer to `request`, which was asked, rests on an input of this kind.
    pub(crate) fn rests_on(&self, request: &Request, kind: &str) -> bool {
        self.engine.resting_on(kind).contains(request)
    }

    /// How much was done so far.
    pub fn effort(&self) -> Effort {
        let (engine, host) = (self.engine.stats(), self.host.stats());
        let reports = self.host.levels();
        Effort {
            plugin_processes: host.plugin_processes,
            plugin_calls: host.plugin_calls,
            executed: engine.executed - self.before.executed,
            ran: self.ran(),
            verified: engine.verified - self.before.verified,
            store_hits: engine.store_hits - self.before.store_hits,
            session_hits: engine.session_hits - self.before.session_hits,
            no_namespaces: reports.iter().find_map(|(_, report)| report.denied.clone()),
            levels: reports.into_iter().map(|(instance, report)| (instance, report.level)).collect(),
        }
    }

    fn ran(&self) -> BTreeMap<String, u64> {
        let mut ran = BTreeMap::new();
        for request in self.engine.executed() {
            *ran.entry(format!("{}/{}", request.plugin, request.query)).or_default() += 1;
        }
        ran
    }

    /// Begins to end the plugins and to keep what was learnt. Nothing can be asked afterwards, but in a session whose engine and
    /// plugins go on.
    pub(crate) fn end(&self) -> Closing {
        if self.lasting {
            return Closing::done(self.engine.flush());
        }
        Closing::begin(self.engine.clone(), Arc::clone(&self.host))
    }

    /// Ends the plugins, and waits until what was learnt is kept.
    ///
    /// # Errors
    /// Where something could not be kept; the answers are right all the same.
    pub fn close(self) -> Result<(), StoreError> {
        self.end().ended()
    }
}

/// The words for a failure that a person reads. The key of the query that failed first is left out: when a process dies,
/// which of its calls that was is a matter of chance.
pub(crate) fn told(failure: &Failure) -> String {
    match failure.chain.first() {
        Some(request) if failure.chain.len() > 1 => {
            format!("{} (in {}/{})", failure.message, request.plugin, request.query)
        }
        _ => failure.message.clone(),
    }
}
