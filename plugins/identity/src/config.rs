//! The configuration of `identity`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::config::Compat;
use probity_sdk::prelude::*;

/// How many commits may be committed by their own authors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The share of commits, 0 to 1, whose author and committer may be the same person. Default: 0.2.
    pub percent_threshold: f64,
    /// `"hipcheck"` gives the numbers of Hipcheck, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Default for Config {
    fn default() -> Self {
        Self { percent_threshold: 0.2, compat: None }
    }
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        format!("divz(count(value.filter(b, b)), count(value)) <= {:?}", self.percent_threshold)
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !(0.0..=1.0).contains(&self.percent_threshold) {
            return Err(invalid("/percent-threshold", "a share between 0 and 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_follows_the_threshold() {
        assert_eq!(Config::default().policy(), "divz(count(value.filter(b, b)), count(value)) <= 0.2");
        let config: Config = serde_json::from_str(r#"{"percent-threshold": 1}"#).unwrap();
        assert_eq!(config.policy(), "divz(count(value.filter(b, b)), count(value)) <= 1.0");
    }

    #[test]
    fn a_share_beyond_one_and_unknown_keys_are_refused() {
        let refused = Err(invalid("/percent-threshold", "a share between 0 and 1"));
        assert_eq!(Config { percent_threshold: 20.0, compat: None }.validate(), refused);
        assert_eq!(Config { percent_threshold: f64::NAN, compat: None }.validate(), refused);
        assert!(serde_json::from_str::<Config>(r#"{"percent": 0.1}"#).is_err());
    }
}
