//! An analysis over a history that a test makes up: what `git` would say of it, and what the analysis says of its own parts and
//! segments ([`crate::history`]).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{TestEngine, abstention};
use crate::answer::Answer;
use crate::error::Result;
use crate::git::{HistoryKey, Segment, Target};
use crate::plugin::{Configuration, Plugin};

/// A history as a test writes it down.
#[derive(Debug, Clone, Default)]
pub struct MadeUp {
    /// What `git/changes` or `git/commits` says of each commit, in segments, the oldest first: objects with an `id`. All segments
    /// but the last are a part. `"unknown": true` stands where the shallow boundary cuts off a commit's parents.
    pub segments: Vec<Vec<Value>>,
    /// Whether the history is cut off somewhere.
    pub truncated: bool,
}

/// An analysis and the engines that it asks.
#[derive(Debug)]
pub struct HistoryLab<C> {
    /// Answers what a segment asks.
    pub below: Arc<TestEngine<C>>,
    /// Answers what the analysis asks. Its own queries `segment` and `part` the plugin itself answers.
    pub above: TestEngine<C>,
    plugin: fn() -> Plugin<C>,
    analysis: &'static str,
}

impl MadeUp {
    /// A whole history.
    pub fn new(segments: Vec<Vec<Value>>) -> MadeUp {
        MadeUp { segments, truncated: false }
    }

    /// The key under which `git` and the analysis are asked for these commits.
    pub fn segment(commits: &[Value]) -> Segment {
        let id = |commit: &Value| commit["id"].as_str().unwrap_or_default().to_owned();
        let unknown = commits.iter().filter(|commit| commit["unknown"] == json!(true));
        Segment { commits: commits.iter().map(id).collect(), cut: unknown.map(id).collect() }
    }

    /// The name of the part that all segments but the last are.
    pub fn part() -> HistoryKey {
        HistoryKey { commit: "checkpoint".into(), shallow: vec![] }
    }

    /// The values of `git/history` and of `git/part`.
    pub fn told(&self) -> (Value, Value) {
        let keys: Vec<Segment> = self.segments.iter().map(|commits| MadeUp::segment(commits)).collect();
        let (last, earlier) = match keys.split_last() {
            Some((last, earlier)) => (vec![last], earlier),
            None => (vec![], &[][..]),
        };
        let count = self.segments.iter().map(Vec::len).sum::<usize>();
        let parts = if earlier.is_empty() { vec![] } else { vec![MadeUp::part()] };
        let part = json!({ "commits": count, "truncated": false, "parts": [], "segments": earlier });
        (json!({ "commits": count, "truncated": self.truncated, "parts": parts, "segments": last }), part)
    }
}

impl<C: Configuration + Clone> HistoryLab<C> {
    /// The query `analysis` of the plugin of that name, or others of the plugin by [`HistoryLab::ask_for`]. `below` answers what a segment asks, but for `facts`, the query of `git`
    /// by which it asks for the commits of `history`.
    pub fn new(
        analysis: &'static str,
        plugin: fn() -> Plugin<C>,
        below: TestEngine<C>,
        facts: &str,
        history: MadeUp,
    ) -> HistoryLab<C> {
        let (told, part) = history.told();
        let commits: Vec<Value> = history.segments.concat();
        let config = below.config().clone();
        let below = Arc::new(below.on(facts, move |key: Segment| {
            let of = |id: &String| commits.iter().find(|commit| commit["id"] == json!(id));
            Ok(json!({ "commits": key.commits.iter().map(of).collect::<Vec<_>>() }))
        }));
        let (segment, own_part) = (format!("{analysis}/segment"), format!("{analysis}/part"));
        let of_part = TestEngine::new(config.clone())
            .on("git/part", move |_: Value| Ok(part.clone()))
            .on(&segment, itself(&below, plugin, "segment"));
        let above = TestEngine::new(config)
            .on("git/history", move |_: Value| Ok(told.clone()))
            .on(&own_part, itself(&Arc::new(of_part), plugin, "part"))
            .on(&segment, itself(&below, plugin, "segment"));
        HistoryLab { below, above, plugin, analysis }
    }

    /// Asks the analysis about the history.
    ///
    /// # Errors
    /// The query's own.
    pub fn ask(&self) -> Result<Answer<Value>> {
        self.ask_for(self.analysis)
    }

    /// Asks another query of the plugin about the history.
    ///
    /// # Errors
    /// The query's own.
    pub fn ask_for(&self, query: &str) -> Result<Answer<Value>> {
        let target = Target { commit: "tip".into(), tree: "tree".into(), shallow: vec![] };
        self.above.ask(&(self.plugin)(), query, target)
    }

    /// Why the analysis does not judge the history.
    ///
    /// # Panics
    /// If it does, or fails otherwise.
    pub fn abstention(&self) -> String {
        abstention(self.ask())
    }
}

/// Answers with what the plugin itself says.
fn itself<C: Configuration>(
    engine: &Arc<TestEngine<C>>,
    plugin: fn() -> Plugin<C>,
    query: &'static str,
) -> impl Fn(Value) -> Result<Value> + Send + Sync + 'static {
    let engine = engine.clone();
    move |key| Ok(engine.ask(&plugin(), query, key)?.into_parts().0)
}
