//! The configuration of `installs`, and the policy.

use probity_sdk::prelude::*;

/// There is nothing to configure: what is tolerated is for the policy to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {}

impl Config {
    /// What is only to be noted does not fail. The rest does.
    pub(crate) fn policy(&self) -> String {
        r#"value.all(f, f.severity == "low")"#.to_owned()
    }
}
