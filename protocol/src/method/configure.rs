//! `plugin/configure`: the configuration of a plugin's process, given once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Params of `plugin/configure`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigureParams {
    /// An object that matches the plugin's `configSchema`.
    #[schemars(with = "serde_json::Value")]
    pub config: Box<RawValue>,
}

/// Result of `plugin/configure`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigureResult {
    /// The configuration with all defaults filled in.
    #[schemars(with = "serde_json::Value")]
    pub effective_config: Box<RawValue>,
    /// The queries that the plugin will ask under this configuration, sorted.
    #[serde(default)]
    pub uses: Vec<String>,
    /// The policy expression under this configuration, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_policy: Option<String>,
    /// What a person should know about this configuration.
    #[serde(default)]
    pub warnings: Vec<String>,
}
