//! `plugin/describe`: what a plugin can be asked, in a form that can be kept without starting the plugin again.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// Result of `plugin/describe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DescribeResult {
    /// The queries, in the order in which the plugin names them.
    pub queries: Vec<QueryDescription>,
    /// JSON Schema of the configuration.
    pub config_schema: Schema,
    /// The policy expression under the configuration's defaults, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_policy: Option<String>,
    /// What the analysis means, its formula and where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
    /// The rules whose findings its queries tell, where they tell findings: lists of objects with the member `rule`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleDescription>,
    /// What the plugin needs beyond its own bytes and the target's objects.
    #[serde(default)]
    pub permissions: Permissions,
}

/// One rule of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleDescription {
    /// Its id, unique in the plugin: lower-case words joined by `-`.
    pub id: String,
    /// The query that tells its findings.
    pub query: String,
    /// How bad it is (`high`, `medium` or `low`, and in which case less), then what it finds, why that matters and what to do.
    pub text: String,
    /// An address where that is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One query of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryDescription {
    /// Its name, in snake_case.
    pub name: String,
    /// What it answers.
    pub doc: String,
    /// JSON Schema of its key: an object without floats.
    pub key: Schema,
    /// JSON Schema of its value.
    pub output: Schema,
    /// Whether it is the plugin's analysis, asked when a policy names the plugin alone. One at most is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Whether the same question may be answered differently another time: never remembered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// How much work one answer is, in the plugin's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// The queries that it may ask: `[publisher/namespace/]plugin/query`.
    #[serde(default)]
    pub uses: Vec<String>,
}

/// What a plugin needs beyond its own bytes, its scratch folder and the target's objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// The inputs that it may ask for: `kind` or `kind/id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
}
