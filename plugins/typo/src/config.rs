//! The configuration of `typo`, and what follows from it.

use probity_sdk::config::{Compat, Names};
use probity_sdk::prelude::*;

/// Which names are tolerated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// How many dependencies with such names are tolerated. Default: 0.
    pub count_threshold: u64,
    /// Names that are known to be meant. Default: none.
    pub allowed: Names,
    /// Gives the numbers of another program, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        format!("count(value.filter(b, b)) <= {}", self.count_threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_follows_the_threshold_and_unknown_keys_are_refused() {
        assert_eq!(Config::default().policy(), "count(value.filter(b, b)) <= 0");
        let config: Config =
            serde_json::from_str(r#"{"count-threshold": 2, "compat": "hipcheck", "allowed": "x"}"#).unwrap();
        assert_eq!(
            (config.policy().as_str(), config.compat),
            ("count(value.filter(b, b)) <= 2", Some(Compat::Hipcheck))
        );
        assert!(serde_json::from_str::<Config>(r#"{"typo-file": "x"}"#).is_err());
        assert!(serde_json::from_str::<Config>(r#"{"compat": "scorecard"}"#).is_err());
    }
}
