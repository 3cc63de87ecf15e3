//! The configuration of `lineage`.

use probity_sdk::Invalid;
use probity_sdk::prelude::*;

/// For how long things are told, and what is compared with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// For so many days after it was seen, a rewritten branch or a moved tag is told. Default: 90.
    pub days: u32,
    /// With so many releases before it the newest one is compared. Default: 5.
    pub previous: usize,
    /// So many of the newest releases are compared, each with those before it. Default: 1.
    pub releases: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { days: 90, previous: 5, releases: 1 }
    }
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !(1..=36_500).contains(&self.days) {
            return Err(invalid("/days", "from one day to a hundred years"));
        }
        if !(crate::releases::FEWEST..=1000).contains(&self.previous) {
            return Err(invalid("/previous", "from 3 to 1000 releases"));
        }
        if !(1..=1000).contains(&self.releases) {
            return Err(invalid("/releases", "from 1 to 1000 releases"));
        }
        Ok(())
    }
}
