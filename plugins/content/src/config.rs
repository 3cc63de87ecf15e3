//! The configuration of `content`.

use probity_sdk::prelude::*;

/// There is nothing to configure: what is tolerated is for the policy to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {}
