//! The configuration of `workflows`.

use probity_sdk::config::Names;
use probity_sdk::prelude::*;

/// Who is trusted to move a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Owners whose actions are no third party's: that they are named by a tag is never more than `low`. Default: those of GitHub itself.
    pub trusted_owners: Names,
}

impl Default for Config {
    fn default() -> Self {
        Self { trusted_owners: Names(["actions", "github"].map(String::from).into()) }
    }
}

impl Config {
    /// Whether `owner/repository…` is of a trusted owner.
    pub(crate) fn trusts(&self, uses: &str) -> bool {
        let owner = uses.split('/').next().unwrap_or(uses);
        self.trusted_owners.0.iter().any(|trusted| trusted.eq_ignore_ascii_case(owner))
    }
}
