//! What a plugin says of itself: read from the remembered answers to `$describe` and `$configure`.

mod schema;

use std::collections::BTreeSet;
use std::sync::Arc;

use probity_engine::Answer;
use probity_host::full_id;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use schema::Schema;

/// A plugin's description: the same for every configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// What it can be asked.
    pub queries: Vec<Query>,
    /// JSON Schema of its configuration.
    pub config_schema: Schema,
    /// Formula, source, and how to react: prose.
    #[serde(default)]
    pub explain: Option<String>,
    /// The rules whose findings its queries tell.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// A rule of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Unique in the plugin.
    pub id: String,
    /// The query that tells its findings.
    pub query: String,
    /// How bad it is, what it finds, why that matters and what to do: prose.
    pub text: String,
    /// An address where that is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// By what a policy can name a finding, so that it is suppressed.
pub const PLACES: [&str; 3] = ["path", "commit", "package"];

/// A query of a plugin.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    /// snake_case.
    pub name: String,
    /// What it answers.
    pub doc: String,
    /// JSON Schema of the key.
    pub key: Schema,
    /// JSON Schema of the value.
    pub output: Schema,
    /// The one that an analysis asks unless it names another.
    #[serde(default)]
    pub default: bool,
    /// Names of the queries that it may ask: `[publisher/namespace/]plugin/query`.
    #[serde(default)]
    pub uses: Vec<String>,
}

/// What a plugin is, in few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The first sentence about the query that is asked unless another one is named, or else about the first: the plugin's words.
    pub sentence: String,
    /// How many of its queries tell findings; none where it has no rules.
    pub queries: usize,
}

/// What a plugin made of its configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configured {
    /// The configuration with its defaults filled in.
    pub effective_config: Value,
    /// What it will ask under this configuration.
    #[serde(default)]
    pub uses: Vec<String>,
    /// The expression that judges its default query where the policy gives none.
    #[serde(default)]
    pub default_policy: Option<String>,
    /// What the person should know of the configuration.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl Description {
    /// Reads the answer to `$describe`.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    pub fn read(answer: &Answer) -> Result<Description, serde_json::Error> {
        serde_json::from_str(&answer.value)
    }

    /// The query of this name; without a name the default one, or the only one.
    pub fn query(&self, name: Option<&str>) -> Option<&Query> {
        match (name, &self.queries[..]) {
            (Some(name), queries) => queries.iter().find(|query| query.name == name),
            (None, [only]) => Some(only),
            (None, queries) => queries.iter().find(|query| query.default),
        }
    }

    /// Which of [`PLACES`] findings of its rules have: those that its explanation lists, as in `{severity, rule, path, message}`; all,
    /// if it lists none.
    pub fn places(&self) -> Vec<&'static str> {
        let listed = self.explain.as_deref().and_then(members);
        let has = |place: &&str| listed.is_none_or(|listed| listed.split(", ").any(|name| name == *place));
        PLACES.into_iter().filter(has).collect()
    }

    /// What the plugin is. Nothing if it says nothing about its queries.
    pub fn summary(&self) -> Option<Summary> {
        let doc = self.query(None).or(self.queries.first())?.doc.trim();
        let line = doc.lines().next()?;
        let sentence = line.split_once(". ").map_or(line, |(sentence, _)| sentence);
        let sentence = sentence.trim_end_matches('.').to_owned();
        let queries = self.rules.iter().map(|rule| &rule.query).collect::<BTreeSet<_>>().len();
        (!sentence.is_empty()).then_some(Summary { sentence, queries })
    }

    /// The names of all queries, for a hint.
    pub fn names(&self) -> Vec<&str> {
        self.queries.iter().map(|query| query.name.as_str()).collect()
    }
}

impl Configured {
    /// Reads the answer to `$configure`.
    ///
    /// # Errors
    /// What is wrong with the JSON.
    pub fn read(answer: &Answer) -> Result<Configured, serde_json::Error> {
        serde_json::from_str(&answer.value)
    }
}

/// What an explanation says that a finding consists of, behind severity and rule.
fn members(explain: &str) -> Option<&str> {
    let (_, behind) = explain.split_once("{severity, rule, ")?;
    behind.split_once('}').map(|(members, _)| members)
}

/// The id of the plugin in `[publisher/namespace/]plugin/query`, and the query.
pub(crate) fn split_use(name: &str) -> Option<(Arc<str>, &str)> {
    let (plugin, query) = name.rsplit_once('/')?;
    Some((full_id(plugin).into(), query))
}

#[cfg(test)]
mod tests {
    use super::{members, split_use};

    #[test]
    fn an_explanation_lists_what_a_finding_consists_of() {
        let explain = "Counts {a}. Each value is a list of findings {severity, rule, path, line}, and {x}.";
        assert_eq!(members(explain), Some("path, line"));
        assert_eq!(members("A list of {severity, rule}."), None);
    }

    #[test]
    fn a_use_without_publisher_names_a_built_in() {
        assert_eq!(split_use("git/history"), Some(("probity/core/git".into(), "history")));
        assert_eq!(split_use("acme/tools/x/q"), Some(("acme/tools/x".into(), "q")));
        assert_eq!(split_use("history"), None);
    }
}
