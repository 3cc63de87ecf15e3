//! An engine for a plugin's unit tests: its answers are closures, in memory, and what was asked can be looked at.

mod history;
mod listing;
mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use probity_protocol::error::{ErrorObject, code, object};
use probity_protocol::method::{EngineQuery, EngineQueryMany, InputParams, Meta, name};
use probity_protocol::peer::ResponseLine;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub use history::{HistoryLab, MadeUp};
pub use listing::level;
pub use rules::assert_rules;

use crate::answer::Answer;
use crate::engine::{Backend, Engine, Shared};
use crate::error::Result;
use crate::plugin::{Configuration, Plugin};

/// Why a query does not judge.
///
/// # Panics
/// If it does, or fails otherwise.
pub fn abstention<V: fmt::Debug>(answer: Result<V>) -> String {
    match answer {
        Err(error) if error.is_abstention() => error.message().to_owned(),
        other => panic!("it does not abstain: {other:?}"),
    }
}

/// An engine whose answers are given by closures. Use it wherever an [`Engine`] is wanted.
///
/// Keys and values go through JSON, as they do between processes.
pub struct TestEngine<C> {
    engine: Engine<C>,
    mock: Arc<Mock>,
}

type Reply = dyn Fn(&RawValue) -> Result<Value> + Send + Sync;

#[derive(Default)]
struct Mock {
    meta: Meta,
    table: Mutex<Table>,
    git_dir: std::sync::OnceLock<PathBuf>,
}

#[derive(Default)]
struct Table {
    readable: BTreeMap<String, PathBuf>,
    programs: BTreeMap<String, PathBuf>,
    replies: BTreeMap<String, Arc<Reply>>,
    inputs: BTreeMap<String, Value>,
    denied: BTreeMap<String, String>,
    asked: Vec<(String, Value)>,
    messages: usize,
}

impl<C> TestEngine<C> {
    /// An engine that knows no query yet.
    pub fn new(config: C) -> TestEngine<C> {
        let mock = Arc::new(Mock::default());
        let engine = Engine::new(mock.clone(), Arc::new(config), Arc::<Shared>::default());
        TestEngine { engine, mock }
    }

    /// Answers `query`, by the name under which the plugin asks for it.
    #[must_use]
    pub fn on<K, V>(
        self,
        query: &str,
        answer: impl Fn(K) -> Result<V> + Send + Sync + 'static,
    ) -> TestEngine<C>
    where
        K: DeserializeOwned,
        V: Serialize,
    {
        let reply =
            move |key: &RawValue| Ok(serde_json::to_value(answer(serde_json::from_str(key.get())?)?)?);
        self.mock.table().replies.insert(query.to_owned(), Arc::new(reply));
        self
    }

    /// Gives an input its value.
    #[must_use]
    pub fn input(self, kind: &str, id: &str, value: impl Into<Value>) -> TestEngine<C> {
        self.mock.table().inputs.insert(format!("{kind}/{id}"), value.into());
        self
    }

    /// Denies an input, as the host does if nobody granted it.
    #[must_use]
    pub fn denied_input(self, kind: &str, id: &str, message: &str) -> TestEngine<C> {
        self.mock.table().denied.insert(format!("{kind}/{id}"), message.to_owned());
        self
    }

    /// Grants a git directory. The first one stays.
    #[must_use]
    pub fn git_dir(self, path: impl Into<PathBuf>) -> TestEngine<C> {
        self.mock.git_dir.get_or_init(|| path.into());
        self
    }

    /// Grants a file or folder for reading.
    #[must_use]
    pub fn readable(self, name: &str, path: impl Into<PathBuf>) -> TestEngine<C> {
        self.mock.table().readable.insert(name.to_owned(), path.into());
        self
    }

    /// Grants the start of a program.
    #[must_use]
    pub fn program(self, name: &str, path: impl Into<PathBuf>) -> TestEngine<C> {
        self.mock.table().programs.insert(name.to_owned(), path.into());
        self
    }

    /// What was asked so far, with the keys, in order.
    pub fn asked(&self) -> Vec<(String, Value)> {
        self.mock.table().asked.clone()
    }

    /// How many messages the asking took: a batch is one.
    pub fn messages(&self) -> usize {
        self.mock.table().messages
    }

    /// Asks `plugin` itself, by the name of its query and with a key as it would come from the host.
    ///
    /// # Errors
    /// The query's own; also when there is no such query, or the key has another shape.
    pub fn ask(&self, plugin: &Plugin<C>, query: &str, key: impl Serialize) -> Result<Answer<Value>>
    where
        C: Configuration,
    {
        let key = serde_json::value::to_raw_value(&key)?;
        match plugin.find(query) {
            Some(query) => query.value(&self.engine, &key),
            None => Err(crate::Error::from_object(&object::no_such_query(query, &plugin.query_names()))),
        }
    }
}

impl<C> Deref for TestEngine<C> {
    type Target = Engine<C>;

    fn deref(&self) -> &Engine<C> {
        &self.engine
    }
}

impl<C> fmt::Debug for TestEngine<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.mock.table();
        f.debug_struct("TestEngine").field("queries", &table.replies.keys()).finish_non_exhaustive()
    }
}

impl Mock {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, plugin: Option<&str>, query: &str, key: &RawValue) -> Result<Value, ErrorObject> {
        let full = plugin.map_or_else(|| query.to_owned(), |plugin| format!("{plugin}/{query}"));
        let reply = {
            let mut table = self.table();
            let seen = serde_json::from_str(key.get()).unwrap_or(Value::Null);
            table.asked.push((full.clone(), seen));
            table.replies.get(&full).cloned()
        };
        let Some(reply) = reply else {
            return Err(object::plain(code::NO_SUCH_QUERY, format!("the test has no answer for {full:?}")));
        };
        // As from a host: the failure of another query, with that one's kind.
        reply(key).map_err(|error| {
            let told = error.to_object();
            object::upstream(error.message(), &probity_protocol::error::Detail::of(&told))
        })
    }

    fn serve(&self, method: &str, params: &str) -> Result<Value, ErrorObject> {
        let wrong = |error: serde_json::Error| object::invalid_params(error.to_string());
        match method {
            name::ENGINE_QUERY => {
                let ask: EngineQuery = serde_json::from_str(params).map_err(wrong)?;
                self.one(ask.plugin.as_deref(), &ask.query, &ask.key).map(|value| json!({ "value": value }))
            }
            name::ENGINE_QUERY_MANY => {
                let ask: EngineQueryMany = serde_json::from_str(params).map_err(wrong)?;
                let answers =
                    ask.keys.iter().map(|key| match self.one(ask.plugin.as_deref(), &ask.query, key) {
                        Ok(value) => json!({ "value": value }),
                        Err(error) => json!({ "error": error }),
                    });
                Ok(json!({ "results": answers.collect::<Vec<_>>() }))
            }
            name::ENGINE_INPUT => {
                let ask: InputParams = serde_json::from_str(params).map_err(wrong)?;
                let input = format!("{}/{}", ask.kind, ask.id);
                let table = self.table();
                if let Some(message) = table.denied.get(&input) {
                    return Err(object::plain(code::DENIED, message.clone()));
                }
                match table.inputs.get(&input) {
                    Some(value) => Ok(json!({ "value": value, "digest": "" })),
                    None => Err(object::plain(
                        code::INPUT_UNAVAILABLE,
                        format!("the test has no input {input:?}"),
                    )),
                }
            }
            other => Err(object::method_not_found(other)),
        }
    }
}

impl Backend for Mock {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn call(&self, method: &'static str, params: String) -> Result<ResponseLine> {
        self.table().messages += 1;
        let line = match self.serve(method, &params) {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": 1, "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": 1, "error": error }),
        };
        Ok(ResponseLine::from_line(line.to_string()))
    }

    fn notify(&self, _method: &'static str, _params: String) {}

    fn serves_many(&self) -> bool {
        true
    }

    fn git_dir(&self) -> Option<&Path> {
        self.git_dir.get().map(PathBuf::as_path)
    }

    fn readable(&self, name: &str) -> Option<PathBuf> {
        self.table().readable.get(name).cloned()
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        self.table().programs.get(name).cloned()
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn time_left(&self) -> Option<Duration> {
        None
    }

    fn progress_token(&self) -> Option<String> {
        None
    }
}
