//! The configuration of `review`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::prelude::*;

/// How many changes may come in unreviewed, and which are looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The share of changes, 0 to 1, that may be unreviewed. Default: 0.05.
    pub percent_threshold: f64,
    /// How many of the newest changes are judged: how a project worked long ago says little of today. 0 is all. Default: 500.
    pub newest: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { percent_threshold: 0.05, newest: 500 }
    }
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        format!("divz(count(value.filter(b, !b)), count(value)) <= {:?}", self.percent_threshold)
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !(0.0..=1.0).contains(&self.percent_threshold) {
            return Err(invalid("/percent-threshold", "a share between 0 and 1"));
        }
        Ok(())
    }

    /// How many changes are judged at most.
    pub(crate) fn most(&self) -> usize {
        if self.newest == 0 { usize::MAX } else { usize::try_from(self.newest).unwrap_or(usize::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_follows_the_threshold_and_nonsense_is_refused() {
        assert_eq!(Config::default().policy(), "divz(count(value.filter(b, !b)), count(value)) <= 0.05");
        assert!(Config { percent_threshold: 5.0, ..Config::default() }.validate().is_err());
        assert!(Config { percent_threshold: f64::NAN, ..Config::default() }.validate().is_err());
        assert!(serde_json::from_str::<Config>(r#"{"newest": -1}"#).is_err());
        assert_eq!(Config { newest: 0, ..Config::default() }.most(), usize::MAX);
    }
}
