//! What a plugin tries while a check asks it: the files that it names, the calls that are denied, what it asks the host for.
//!
//! The plugin is asked what the check asks of it, without memory, so that it runs; its answers come about as ever, and nothing
//! of them is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use probity_engine::Request;
use probity_host::{Answered, Log, Progress, Sink, Trace, Traced, plugin_of};

use crate::check::{CheckError, Prepared};
use crate::permissions::Decided;
use crate::session::World;
use crate::settings::Settings;

/// The most kinds of each thing that are written down.
const KINDS: usize = 1000;

/// What a plugin tried.
#[derive(Debug)]
pub struct Tracing {
    /// The plugin.
    pub plugin: String,
    /// Its processes, and the files that they named.
    pub traced: Traced,
    /// What its processes wanted that no plugin may, in words, sorted: `wanted socket(AF_INET, SOCK_STREAM): denied, …`.
    pub denied: Vec<String>,
    /// The inputs that it asked for, sorted.
    pub inputs: Vec<AskedInput>,
    /// The queries that it asked, sorted.
    pub queries: Vec<AskedQuery>,
    /// Calls, inputs and queries of yet other kinds, after as many as are kept.
    pub more: u64,
    /// What its manifest asks for, and what came of it; nothing if it did not start.
    pub decided: Vec<Decided>,
    /// What it failed at: an analysis, or its start, and what happened.
    pub failures: Vec<Failed>,
}

/// An input that a plugin asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedInput {
    /// Its kind, in the plugin's words.
    pub kind: String,
    /// Which of them, in the plugin's words.
    pub id: String,
    /// What came of it.
    pub answered: Answered,
    /// How often.
    pub times: u64,
}

/// A query that a plugin asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedQuery {
    /// The plugin that was asked.
    pub plugin: String,
    /// Its query.
    pub query: String,
    /// What came of it.
    pub answered: Answered,
    /// For how many keys.
    pub keys: u64,
}

/// Something that a plugin could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The analysis; none if it was not asked anything yet.
    pub analysis: Option<String>,
    /// What happened.
    pub message: String,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The check itself does not come about.
    #[error(transparent)]
    Check(#[from] Box<CheckError>),
    /// The check asks the plugin nothing.
    #[error("the check asks {plugin} nothing")]
    NotAsked {
        /// The plugin.
        plugin: String,
    },
}

/// Checks the target of `settings` as far as the plugin `id` is asked, and writes down what it tries.
///
/// # Errors
/// Where the plugin is not started.
pub fn tracing(settings: &Settings, id: &str, sink: Arc<dyn Sink>) -> Result<Tracing, TraceError> {
    let forgetful = Settings { remembers: false, state: settings.state.looking(), ..settings.clone() };
    let recorder = Arc::new(Recorder { plugin: id.to_owned(), sink, heard: Mutex::default() });
    let trace = Arc::new(Trace::new(id));
    let world = World::tracing(&forgetful, trace.clone(), recorder.clone());
    let world = world.map_err(|error| Box::new(CheckError::Start(error)))?;
    let (decided, failures) = match Prepared::in_world(&forgetful, &world) {
        Ok(prepared) => {
            let decided = prepared.catalogue.get(id).map(|listed| listed.decided.clone());
            (decided.unwrap_or_default(), asked(prepared, id))
        }
        // It did not come so far as to be asked, which is what a person may want to know more about.
        Err(CheckError::Plugin(failure)) if plugin_of(&failure.plugin) == id => {
            (Vec::new(), vec![Failed { analysis: None, message: failure.to_string() }])
        }
        Err(error) => return Err(Box::new(error).into()),
    };
    let traced = trace.told();
    if traced.processes == 0 && failures.is_empty() {
        return Err(TraceError::NotAsked { plugin: id.to_owned() });
    }
    let Heard { denied, inputs, queries, more } = std::mem::take(&mut *recorder.heard.lock());
    let input = |((kind, id, answered), times)| AskedInput { kind, id, answered, times };
    let query = |((plugin, query, answered), keys)| AskedQuery { plugin, query, answered, keys };
    Ok(Tracing {
        plugin: id.to_owned(),
        traced,
        denied: denied.into_keys().collect(),
        inputs: inputs.into_iter().map(input).collect(),
        queries: queries.into_iter().map(query).collect(),
        more,
        decided,
        failures,
    })
}

/// Asks what the check asks the plugin; if no analysis is its own, all that it asks, since others may ask the plugin.
fn asked(prepared: Prepared, id: &str) -> Vec<Failed> {
    let own = |request: &Request| plugin_of(&request.plugin) == id;
    let none = !prepared.roots().iter().any(own);
    let failures = prepared.errors(&|request| none || own(request));
    prepared.end();
    let failed = |(analysis, message)| Failed { analysis: Some(analysis), message };
    failures.into_iter().map(failed).collect()
}

/// Writes down what one plugin asks for and is denied, and passes all else on.
struct Recorder {
    plugin: String,
    sink: Arc<dyn Sink>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    denied: BTreeMap<String, u64>,
    inputs: BTreeMap<(String, String, Answered), u64>,
    queries: BTreeMap<(String, String, Answered), u64>,
    /// What came after that and was of no kind that is kept.
    more: u64,
}

impl Recorder {
    fn hears_of(&self, plugin: &str) -> bool {
        plugin_of(plugin) == self.plugin
    }

    fn heard(&self, note: impl FnOnce(&mut Heard)) {
        note(&mut self.heard.lock());
    }
}

/// Counts one of a kind, or, where there are too many kinds already, among all that are not kept.
fn count<K: Ord>(kinds: &mut BTreeMap<K, u64>, more: &mut u64, kind: K, times: u64) {
    match kinds.len() < KINDS || kinds.contains_key(&kind) {
        true => *kinds.entry(kind).or_default() += times,
        false => *more += times,
    }
}

impl Sink for Recorder {
    fn calling(&self, plugin: &str, query: &str) {
        self.sink.calling(plugin, query);
    }

    fn log(&self, plugin: &str, log: Log) {
        self.sink.log(plugin, log);
    }

    fn progress(&self, plugin: &str, progress: Progress) {
        self.sink.progress(plugin, progress);
    }

    fn ended(&self, plugin: &str, certificate: &str) {
        self.sink.ended(plugin, certificate);
    }

    fn denied(&self, plugin: &str, violation: &str) {
        match self.hears_of(plugin) {
            true => self.heard(|heard| count(&mut heard.denied, &mut heard.more, violation.to_owned(), 1)),
            false => self.sink.denied(plugin, violation),
        }
    }

    fn asked_input(&self, plugin: &str, kind: &str, id: &str, answered: Answered) {
        if self.hears_of(plugin) {
            let asked = (shortened(kind), shortened(id), answered);
            self.heard(|heard| count(&mut heard.inputs, &mut heard.more, asked, 1));
        }
    }

    fn asked_query(&self, plugin: &str, asked: &str, query: &str, keys: usize, answered: Answered) {
        if self.hears_of(plugin) {
            let asked = (shortened(asked), shortened(query), answered);
            self.heard(|heard| count(&mut heard.queries, &mut heard.more, asked, keys as u64));
        }
    }
}

/// A plugin's words, which may be a book.
fn shortened(text: &str) -> String {
    // Longer than anything that a manifest could name, so that nothing shortened is ever proposed.
    const LONGEST: usize = 5000;
    match text.len() {
        ..=LONGEST => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(LONGEST)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_counted() {
        let (mut kinds, mut more) = (BTreeMap::new(), 0);
        for number in 0..KINDS + 5 {
            count(&mut kinds, &mut more, number, 2);
        }
        count(&mut kinds, &mut more, 0, 1);
        assert_eq!((kinds.len(), more, kinds[&0]), (KINDS, 10, 3));
    }
}
