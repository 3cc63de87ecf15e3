//! The configuration of `churn`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::config::Compat;
use probity_sdk::prelude::*;

/// What counts as a commit of unusual size, and how many of them are tolerated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// A commit stands out if its z-score is above this number of standard deviations. Default: 3.
    pub churn_freq: f64,
    /// The share of commits, 0 to 1, that may stand out. Default: 0.02.
    pub commit_percentage: f64,
    /// For `outliers`: a commit is pointed out if its robust z-score is above this. Default: 5.
    pub outlier: f64,
    /// `"hipcheck"` gives the numbers of Hipcheck, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Default for Config {
    fn default() -> Self {
        Self { churn_freq: 3.0, commit_percentage: 0.02, outlier: 5.0, compat: None }
    }
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        let Self { churn_freq, commit_percentage, .. } = self;
        format!("divz(count(value.filter(z, z > {churn_freq:?})), count(value)) <= {commit_percentage:?}")
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !self.churn_freq.is_finite() {
            return Err(invalid("/churn-freq", "a finite number"));
        }
        if !self.outlier.is_finite() {
            return Err(invalid("/outlier", "a finite number"));
        }
        if !(0.0..=1.0).contains(&self.commit_percentage) {
            return Err(invalid("/commit-percentage", "a share between 0 and 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_follows_the_configuration() {
        assert_eq!(Config::default().policy(), "divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02");
        let config: Config = serde_json::from_str(r#"{"churn-freq": 5, "commit-percentage": 0}"#).unwrap();
        assert_eq!(config.policy(), "divz(count(value.filter(z, z > 5.0)), count(value)) <= 0.0");
    }

    #[test]
    fn numbers_out_of_range_and_unknown_keys_are_refused() {
        let share = Config { commit_percentage: 2.0, ..Config::default() };
        assert_eq!(share.validate(), Err(invalid("/commit-percentage", "a share between 0 and 1")));
        let infinite = Config { churn_freq: f64::INFINITY, ..Config::default() };
        assert_eq!(infinite.validate(), Err(invalid("/churn-freq", "a finite number")));
        assert_eq!(Config::default().validate(), Ok(()));
        assert!(serde_json::from_str::<Config>(r#"{"compat": "scorecard"}"#).is_err());
    }
}
