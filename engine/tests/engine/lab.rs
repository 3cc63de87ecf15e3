//! A fake world to try the engine in: queries are closures, leaves are what the test says.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard};

use probity_engine::{
    Answer, Ask, Digest, Engine, Executor, Failure, FailureKind, Key, Leaf, Outcome, Refusal, Reply, Request,
    Stats, StoreLocation, StoreWarning,
};
use tempfile::TempDir;

/// What a query of the fake world does.
type Query = Arc<dyn Fn(&mut Call<'_>) -> Reply + Send + Sync>;

/// An engine in a fake world.
pub(crate) struct Lab {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) world: Arc<World>,
    pub(crate) engine: Engine,
    pub(crate) warnings: Vec<StoreWarning>,
    seen: usize,
}

/// The executor: queries by `plugin/query`, versions, inputs.
#[derive(Default)]
pub(crate) struct World {
    queries: HashMap<String, Query>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    artifacts: HashMap<String, u32>,
    configs: HashMap<String, u32>,
    inputs: HashMap<String, String>,
    unknown: Vec<Leaf>,
    looks: Vec<Leaf>,
    now: u64,
}

/// A running query.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) request: &'a Request,
    pub(crate) ask: &'a mut dyn Ask,
}

impl World {
    /// A query by the name `plugin/query`.
    pub(crate) fn query(
        mut self,
        name: &str,
        run: impl Fn(&mut Call<'_>) -> Reply + Send + Sync + 'static,
    ) -> World {
        self.queries.insert(name.into(), Arc::new(run));
        self
    }

    /// The world is ready; an engine with a store of its own begins.
    pub(crate) fn lab(self) -> Lab {
        let folder = tempfile::tempdir().unwrap();
        Lab::open(Arc::new(folder), Arc::new(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Lab {
    pub(crate) fn open(folder: Arc<TempDir>, world: Arc<World>) -> Lab {
        let (engine, warnings) = Engine::open(StoreLocation::Path(store_of(folder.path())), world.clone());
        Lab { folder, world, engine, warnings, seen: 0 }
    }

    /// Ends the engine and begins another on the same store.
    pub(crate) fn restart(&mut self) {
        let (memory, _) = Engine::open(StoreLocation::Memory, self.world.clone());
        self.engine = memory;
        *self = Lab::open(self.folder.clone(), self.world.clone());
    }

    /// Begins a new revision of this engine.
    pub(crate) fn next_revision(&mut self) {
        self.engine.next_revision();
        self.seen = 0;
    }

    /// The store's file.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        store_of(self.folder.path()).join("memos.sqlite")
    }

    /// Asks one root, `plugin/query` or `plugin/query {key}`.
    pub(crate) fn ask(&mut self, name: &str) -> String {
        self.ask_all(&[name]).remove(0)
    }

    pub(crate) fn ask_all(&mut self, names: &[&str]) -> Vec<String> {
        let requests: Vec<Request> = names.iter().map(|name| request(name)).collect();
        self.engine.answers(&requests).iter().map(shown).collect()
    }

    /// The names of the queries that ran since the last call or revision, sorted; with keys, unless they are
    /// empty.
    pub(crate) fn executed(&mut self) -> String {
        let all = self.engine.executed();
        let mut names: Vec<String> = all[self.seen..].iter().map(named).collect();
        self.seen = all.len();
        names.sort();
        names.join(", ")
    }

    pub(crate) fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// `plugin` is now another program.
    pub(crate) fn upgrade(&self, plugin: &str) {
        *self.world.state().artifacts.entry(plugin.into()).or_default() += 1;
    }

    pub(crate) fn downgrade(&self, plugin: &str) {
        *self.world.state().artifacts.entry(plugin.into()).or_default() -= 1;
    }

    /// `plugin` is now that version of itself.
    pub(crate) fn set_version(&self, plugin: &str, version: u32) {
        self.world.state().artifacts.insert(plugin.into(), version);
    }

    /// `plugin` is configured otherwise.
    pub(crate) fn configure(&self, plugin: &str, config: u32) {
        self.world.state().configs.insert(plugin.into(), config);
    }

    pub(crate) fn set_day(&self, day: &str) {
        self.world.state().inputs.insert("time day".into(), day.into());
    }

    pub(crate) fn set_input(&self, kind: &str, id: &str, value: &str) {
        self.world.state().inputs.insert(format!("{kind} {id}"), value.into());
    }

    /// The clock stands at this second from now on.
    pub(crate) fn set_clock(&self, now: u64) {
        self.world.state().now = now;
    }

    /// The digest of `leaf` cannot be told from now on.
    pub(crate) fn make_unknown(&self, leaf: Leaf) {
        self.world.state().unknown.push(leaf);
    }

    pub(crate) fn all_known(&self) {
        self.world.state().unknown.clear();
    }

    /// The leaves that the engine has looked at, in order.
    pub(crate) fn looks(&self) -> Vec<Leaf> {
        std::mem::take(&mut self.world.state().looks)
    }
}

/// The store lies in a folder that does not exist at first.
pub(crate) fn store_of(folder: &Path) -> std::path::PathBuf {
    folder.join("cache").join("probity")
}

impl Call<'_> {
    /// A member of the key, as an integer.
    pub(crate) fn number(&self, member: &str) -> i64 {
        let text = self.request.key.as_str();
        let start = text.find(&format!("\"{member}\":")).unwrap() + member.len() + 3;
        let digits = text[start..].split(|c: char| !c.is_ascii_digit()).next().unwrap();
        digits.parse().unwrap()
    }

    /// How often this query's plugin was upgraded.
    pub(crate) fn version(&self) -> u32 {
        self.world.state().artifacts.get(&*self.request.plugin).copied().unwrap_or_default()
    }

    /// The value of one nested answer, or the failure.
    pub(crate) fn value(&mut self, name: &str) -> Result<String, Failure> {
        self.values(&[name]).remove(0)
    }

    /// The values of one batch.
    pub(crate) fn values(&mut self, names: &[&str]) -> Vec<Result<String, Failure>> {
        let requests = names.iter().map(|name| request(name)).collect();
        self.ask.answers(requests).into_iter().map(|reply| reply.map(|outcome| text(&outcome))).collect()
    }

    pub(crate) fn day(&mut self) -> Result<String, Failure> {
        self.ask.input("time", "day").map(|day| day.to_string())
    }
}

impl Executor for World {
    fn leaves(&self, request: &Request) -> Vec<Leaf> {
        vec![Leaf::Artifact(request.plugin.clone()), Leaf::Config(request.plugin.clone())]
    }

    fn digest(&self, leaf: &Leaf) -> Result<Digest, Failure> {
        let mut state = self.state();
        state.looks.push(leaf.clone());
        if state.unknown.contains(leaf) {
            return Err(Failure::new(FailureKind::Unavailable, "unknown now"));
        }
        let number = match leaf {
            Leaf::Artifact(plugin) => state.artifacts.get(&**plugin),
            Leaf::Config(plugin) => state.configs.get(&**plugin),
            Leaf::Input { .. } | Leaf::Expiry { .. } => panic!("the engine digests these itself"),
        };
        Ok(Digest::of(format!("{leaf:?} {}", number.copied().unwrap_or_default()).as_bytes()))
    }

    fn execute(&self, request: &Request, ask: &mut dyn Ask) -> Reply {
        let name = format!("{}/{}", request.plugin, request.query);
        let query = self.queries.get(&name).unwrap_or_else(|| panic!("no query {name}")).clone();
        query(&mut Call { world: self, request, ask })
    }

    fn now(&self) -> u64 {
        self.state().now
    }

    fn is_slow(&self, kind: &str) -> bool {
        kind == "never"
    }

    fn input(&self, kind: &str, id: &str) -> Result<Arc<str>, Failure> {
        if kind == "never" {
            loop {
                std::thread::park();
            }
        }
        if kind == "number" {
            return Ok(id.into());
        }
        let mut state = self.state();
        state.looks.push(Leaf::Input { kind: kind.into(), id: id.into() });
        let value = state.inputs.get(&format!("{kind} {id}"));
        value
            .map(|value| value.as_str().into())
            .ok_or_else(|| Failure::new(FailureKind::Unavailable, "no such input"))
    }
}

/// `score` of `an` asks `parity` of `an`, which asks `head` of `git`; `idle` of `an` asks `head` and the day.
pub(crate) fn history() -> Lab {
    World::default()
        .query("git/head", |call| value(if call.version() < 2 { "7" } else { "9" }))
        .query("an/parity", |call| {
            let head: u32 = call.value("git/head")?.parse().unwrap();
            value((head % 2).to_string())
        })
        .query("an/score", |call| {
            let parity = call.value("an/parity")?;
            value(format!("score {parity}"))
        })
        .query("an/idle", |call| {
            let head = call.value("git/head")?;
            let day = call.day()?;
            value(format!("{head} idle on {day}"))
        })
        .lab()
}

/// `plugin/query` or `plugin/query {key}`.
pub(crate) fn request(name: &str) -> Request {
    let (name, key) = name.split_once(' ').unwrap_or((name, "{}"));
    let (plugin, query) = name.split_once('/').unwrap();
    Request::new(plugin, query, Key::parse(key).unwrap())
}

pub(crate) fn named(request: &Request) -> String {
    match request.key.as_str() {
        "{}" => format!("{}/{}", request.plugin, request.query),
        key => format!("{}/{} {key}", request.plugin, request.query),
    }
}

/// A value without concerns.
pub(crate) fn value(text: impl Into<String>) -> Reply {
    Ok(Outcome::Answered(Answer { value: text.into().into(), concerns: "[]".into() }))
}

/// An abstention.
pub(crate) fn refusal(reason: &str) -> Reply {
    let data = Some("{\"kind\":\"abstain\"}".into());
    Ok(Outcome::Refused(Refusal { code: -32020, message: reason.into(), data }))
}

pub(crate) fn unavailable(reason: &str) -> Reply {
    Err(Failure::new(FailureKind::Unavailable, reason))
}

fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => answer.value.to_string(),
        Outcome::Refused(refusal) => format!("refused: {}", refusal.message),
    }
}

pub(crate) fn shown(reply: &Reply) -> String {
    match reply {
        Ok(outcome) => text(outcome),
        Err(failure) => format!("{:?}: {}", failure.kind, failure.message),
    }
}
