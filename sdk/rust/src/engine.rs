//! What a query can ask while it works. Everything a plugin learns beyond its key comes through here or from git
//! objects, so that the host knows what an answer rests on.

mod backend;
mod shared;
mod windows;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use probity_protocol::method::name;
use probity_protocol::method::{
    InputResult, LogLevel, LogParams, MAX_KEYS, ManyItem, ManyResult, Meta, ProgressParams, QueryResult,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use backend::Backend;
pub(crate) use shared::Shared;
pub use windows::Answers;

use crate::error::{Error, Result, failed, unavailable};

/// The engine, as the query that is being answered sees it.
///
/// All calls block the thread of this query, and only that.
pub struct Engine<C = Empty> {
    backend: Arc<dyn Backend>,
    config: Arc<C>,
    shared: Arc<Shared>,
}

/// An object without members: the configuration of a plugin that has none, the key of a query that needs none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

#[derive(Serialize)]
struct Ask<'a, K: ?Sized> {
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    query: &'a str,
    key: &'a K,
    #[serde(rename = "_meta")]
    meta: &'a Meta,
}

#[derive(Serialize)]
struct AskMany<'a, K> {
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    query: &'a str,
    keys: &'a [K],
    #[serde(rename = "_meta")]
    meta: &'a Meta,
}

#[derive(Serialize)]
struct AskInput<'a> {
    kind: &'a str,
    id: &'a str,
    #[serde(rename = "_meta")]
    meta: &'a Meta,
}

impl<C> Engine<C> {
    pub(crate) fn new(backend: Arc<dyn Backend>, config: Arc<C>, shared: Arc<Shared>) -> Engine<C> {
        Engine { backend, config, shared }
    }

    /// The plugin's configuration.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// Asks one query: `[publisher/namespace/]plugin/query`, or only `query` for one of this plugin.
    ///
    /// `V` may be `Box<RawValue>` for a value that is passed on unread.
    ///
    /// # Errors
    /// The query's own, or the value is not a `V`.
    pub fn query<V: DeserializeOwned>(&self, query: &str, key: &(impl Serialize + ?Sized)) -> Result<V> {
        let (plugin, name) = split(query);
        let ask = Ask { plugin, query: name, key, meta: self.backend.meta() };
        let result: QueryResult<V> = self.call(name::ENGINE_QUERY, &ask, query)?;
        Ok(result.value)
    }

    /// Asks the same query for many keys at once, in one message, or one for each 65,536 of them; the answers are in
    /// the order of the keys.
    ///
    /// All answers are in memory at once: see [`query_windowed`](Engine::query_windowed) for many or large ones.
    ///
    /// # Errors
    /// The outer error is the whole request's, the inner ones are those of single keys.
    pub fn query_many<V: DeserializeOwned, K: Serialize>(
        &self,
        query: &str,
        keys: &[K],
    ) -> Result<Vec<Result<V>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if !self.backend.serves_many() {
            return Ok(keys.iter().map(|key| self.query(query, key)).collect());
        }
        let mut answers = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_KEYS) {
            answers.extend(self.ask_many(query, keys)?);
        }
        Ok(answers)
    }

    fn ask_many<V: DeserializeOwned, K: Serialize>(&self, query: &str, keys: &[K]) -> Result<Vec<Result<V>>> {
        let (plugin, name) = split(query);
        let ask = AskMany { plugin, query: name, keys, meta: self.backend.meta() };
        let many: ManyResult<V> = self.call(name::ENGINE_QUERY_MANY, &ask, query)?;
        if many.results.len() != keys.len() {
            return Err(failed(format!("{query}: {} answers for {} keys", many.results.len(), keys.len())));
        }
        Ok(many.results.into_iter().map(|item| outcome(item, query)).collect())
    }

    /// Asks the same query for many keys, `window` of them at a time: an iterator over the answers, in the order of
    /// the keys, that holds one window of answers in memory and asks for the next when that is used up.
    ///
    /// An error of a whole window is the iterator's last item.
    pub fn query_windowed<'a, V: DeserializeOwned, K: Serialize>(
        &'a self,
        query: &'a str,
        keys: &'a [K],
        window: usize,
    ) -> Answers<'a, C, K, V> {
        Answers::new(self, query, keys, window)
    }

    /// Something outside git: `("time", "day")` is today's date as a text; `month` and `year` are coarser; `("env", name)` is
    /// a variable as a text or null, `("file", path)` an object of `size`, `sha256` and `text` (`base64` if it is none), or null, and `("http", address)` what a server
    /// answers, an object of `status`, `headers`, `size`, `sha256` and `text`, where they are granted. The answer depends on it from then on.
    ///
    /// # Errors
    /// The host does not offer it, or the value is not a `V`.
    pub fn input<V: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<V> {
        let ask = AskInput { kind, id, meta: self.backend.meta() };
        let result: InputResult<V> = self.call(name::ENGINE_INPUT, &ask, id)?;
        Ok(result.value)
    }

    /// Absolute path of the git directory through which the target's objects can be read. It lies elsewhere on each
    /// machine: never let it into a value.
    ///
    /// # Errors
    /// The host has not granted one.
    pub fn git_dir(&self) -> Result<&Path> {
        self.backend.git_dir().ok_or_else(|| unavailable("the host has granted no git directory"))
    }

    /// Where a file or folder lies that the manifest asks for as `read NAME`. What is seen there is no input: answers of a
    /// plugin that has such a grant are not remembered.
    ///
    /// # Errors
    /// Nobody has granted it.
    pub fn readable(&self, name: &str) -> Result<PathBuf> {
        self.backend.readable(name).ok_or_else(|| unavailable(format!("reading {name:?} was not granted")))
    }

    /// The absolute path of a program that the manifest asks for as `exec NAME`, to be started with `std::process::Command`. What
    /// it sees is no input: answers of a plugin that has such a grant are not remembered. It is killed with the plugin.
    ///
    /// # Errors
    /// Nobody has granted it.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        self.backend.program(name).ok_or_else(|| unavailable(format!("starting {name:?} was not granted")))
    }

    /// What all queries of this process share, made by the first that asks: a cache of pure functions of content, an
    /// open repository. There is one for each type. Nothing that depends on earlier questions may be kept in it, and
    /// `make` must not ask the engine: another query that waits for the same value might be what it waits for.
    ///
    /// # Errors
    /// Those of `make`, which is tried again the next time.
    pub fn shared<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        self.shared.get(make)
    }

    /// Whether nobody waits for the answer any more. Calls to the engine fail then; long work of the query's own may
    /// look here now and then.
    pub fn is_cancelled(&self) -> bool {
        self.backend.is_cancelled()
    }

    /// The same question, for work that does not borrow the engine, such as that of other threads.
    pub fn cancellation(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let backend = Arc::clone(&self.backend);
        move || backend.is_cancelled()
    }

    /// An error as soon as nobody waits for the answer any more: for `?` in long loops. A query that was cancelled and has
    /// not ended within 50 ms is ended with its process.
    ///
    /// # Errors
    /// The query was cancelled.
    pub fn wanted(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }

    /// How long the host will still wait, where it said so.
    pub fn time_left(&self) -> Option<Duration> {
        self.backend.time_left()
    }

    /// A line for the host's log.
    pub fn log(&self, level: LogLevel, message: impl Into<String>) {
        let line = LogParams {
            level,
            message: message.into(),
            target: None,
            fields: None,
            request: self.backend.meta().parent.clone(),
        };
        self.notify(name::LOG, &line);
    }

    /// How far the query is, where the host asked to be told. At most 20 times a second are passed on.
    pub fn progress(&self, done: u64, total: u64) {
        if let Some(token) = self.backend.progress_token() {
            let progress = ProgressParams { token, done: Some(done), total: Some(total), message: None };
            self.notify(name::PROGRESS, &progress);
        }
    }

    fn call<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &impl Serialize,
        subject: &str,
    ) -> Result<R> {
        let params = serde_json::to_string(params).map_err(|error| Error::from(error).context(subject))?;
        let line = self.backend.call(method, params)?;
        line.result().map_err(|error| match error {
            probity_protocol::CallError::Malformed(reason) => failed(format!("{subject}: {reason}")),
            other => Error::from_call(other),
        })
    }

    fn notify(&self, method: &'static str, params: &impl Serialize) {
        if let Ok(params) = serde_json::to_string(params) {
            self.backend.notify(method, params);
        }
    }
}

fn split(query: &str) -> (Option<&str>, &str) {
    match query.rsplit_once('/') {
        Some((plugin, name)) => (Some(plugin), name),
        None => (None, query),
    }
}

fn outcome<V>(item: ManyItem<V>, query: &str) -> Result<V> {
    match (item.value, item.error) {
        (_, Some(error)) => Err(Error::from_object(&error)),
        (Some(value), None) => Ok(value),
        (None, None) => Err(failed(format!("{query}: an answer has neither value nor error"))),
    }
}

impl<C> fmt::Debug for Engine<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("meta", self.backend.meta()).finish_non_exhaustive()
    }
}
