//! The official plugins over a real repository in one process: what one asks another is asked of its code, so that whole answers can be held
//! against others. Reports show no more than the length of a long list.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use probity_sdk::plugin::Configuration;
use probity_sdk::testing::TestEngine;
use probity_sdk::{Plugin, Result, failed};
use serde_json::{Value, json};

/// A repository and what was asked about it.
#[derive(Debug, Clone)]
pub(crate) struct World {
    git_dir: PathBuf,
    day: String,
    target: Value,
    known: Arc<Mutex<HashMap<(String, String), Value>>>,
}

impl World {
    /// The repository with this git directory, at a commit and its tree, on a day.
    pub(crate) fn new(git_dir: &Path, commit: &str, tree: &str, day: &str) -> World {
        let target = json!({ "commit": commit, "tree": tree, "shallow": [] });
        World { git_dir: git_dir.to_owned(), day: day.to_owned(), target, known: Arc::default() }
    }

    /// The answer of an analysis with this configuration.
    pub(crate) fn analysis(&self, name: &str, config: &Value) -> Result<Value> {
        self.answer(name, name, self.target.clone(), config)
    }

    fn asked(&self, query: &str, of: &str, key: Value) -> Result<Value> {
        let (plugin, name) = query.split_once('/').unwrap_or((of, query));
        let known = (format!("{plugin}/{name}"), key.to_string());
        if let Some(answer) = self.known.lock().expect("nobody panics").get(&known) {
            return Ok(answer.clone());
        }
        let answer = self.answer(plugin, name, key, &json!({}))?;
        self.known.lock().expect("nobody panics").insert(known, answer.clone());
        Ok(answer)
    }

    fn answer(&self, plugin: &str, query: &str, key: Value, config: &Value) -> Result<Value> {
        match plugin {
            "activity" => self.ask(plugin, probity_plugin_activity::plugin(), query, key, config),
            "affiliation" => self.ask(plugin, probity_plugin_affiliation::plugin(), query, key, config),
            "binary" => self.ask(plugin, probity_plugin_binary::plugin(), query, key, config),
            "churn" => self.ask(plugin, probity_plugin_churn::plugin(), query, key, config),
            "entropy" => self.ask(plugin, probity_plugin_entropy::plugin(), query, key, config),
            "git" => self.ask(plugin, probity_plugin_git::plugin(), query, key, config),
            "identity" => self.ask(plugin, probity_plugin_identity::plugin(), query, key, config),
            "linguist" => self.ask(plugin, probity_plugin_linguist::plugin(), query, key, config),
            other => Err(failed(format!("no plugin {other}"))),
        }
    }

    fn ask<C: Configuration>(
        &self,
        name: &str,
        plugin: Plugin<C>,
        query: &str,
        key: Value,
        config: &Value,
    ) -> Result<Value> {
        let config: C = serde_json::from_value(config.clone())?;
        let mut engine =
            TestEngine::new(config).git_dir(&self.git_dir).input("time", "day", self.day.as_str());
        for uses in plugin.describe().queries.into_iter().flat_map(|query| query.uses) {
            let (world, of, asked) = (self.clone(), name.to_owned(), uses.clone());
            engine = engine.on(&uses, move |key: Value| world.asked(&asked, &of, key));
        }
        Ok(engine.ask(&plugin, query, key)?.into_parts().0)
    }
}

/// The numbers of all metrics with `compat`, in the form in which `hipcheck.py` prints them.
pub(crate) fn numbers(world: &World) -> Result<Value> {
    let of = |name: &str| world.analysis(name, &json!({ "compat": "hipcheck" }));
    let flags = |value: Value| {
        let yes = value.as_array().into_iter().flatten().filter(|flag| **flag == json!(true)).count();
        let all = value.as_array().map_or(0, Vec::len);
        json!([yes, all - yes])
    };
    let sorted = |answer: Result<Value>| match answer {
        Ok(value) => {
            let mut scores: Vec<f64> =
                value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            scores.sort_by(f64::total_cmp);
            Ok(json!(scores))
        }
        Err(error) if error.is_abstention() => Ok(Value::Null),
        Err(error) => Err(error),
    };
    Ok(json!({
        "activity": of("activity")?["seconds"],
        "affiliation": flags(of("affiliation")?),
        "binary": of("binary")?,
        "churn": sorted(of("churn"))?,
        "entropy": sorted(of("entropy"))?,
        "identity": flags(of("identity")?),
    }))
}
