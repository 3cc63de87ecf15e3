//! The configuration of `activity` and the policy that follows from it.

use probity_sdk::config::Compat;
use probity_sdk::prelude::*;

const DAYS_PER_WEEK: u32 = 7;
const SECONDS_PER_DAY: u64 = 86_400;

/// How long a repository may be idle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Weeks without a commit that are tolerated. Default: 71.
    pub weeks: u16,
    /// `"hipcheck"` gives the numbers of Hipcheck, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Default for Config {
    fn default() -> Self {
        Self { weeks: 71, compat: None }
    }
}

impl Config {
    /// Days without a commit that are tolerated.
    pub(crate) fn days(&self) -> u32 {
        u32::from(self.weeks) * DAYS_PER_WEEK
    }

    pub(crate) fn policy(&self) -> String {
        match self.compat {
            None => format!("value.days <= {}", self.days()),
            Some(Compat::Hipcheck) => {
                format!("value.seconds <= {}", u64::from(self.days()) * SECONDS_PER_DAY)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_counts_the_weeks_in_days() {
        assert_eq!(Config::default().policy(), "value.days <= 497");
        assert_eq!(Config { weeks: u16::MAX, compat: None }.policy(), "value.days <= 458745");
    }

    #[test]
    fn with_compat_it_counts_seconds() {
        let config: Config = serde_json::from_str(r#"{"weeks": 52, "compat": "hipcheck"}"#).unwrap();
        assert_eq!(config.policy(), "value.seconds <= 31449600");
    }

    #[test]
    fn weeks_out_of_range_and_unknown_keys_are_refused() {
        for wrong in [r#"{"weeks": -1}"#, r#"{"weeks": 65536}"#, r#"{"weeks": 1.5}"#, r#"{"days": 3}"#] {
            assert!(serde_json::from_str::<Config>(wrong).is_err(), "{wrong}");
        }
    }
}
