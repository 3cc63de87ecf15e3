//! The configuration of `binary`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::config::{Compat, Names};
use probity_sdk::prelude::*;

/// Which binary files are opaque, and how many of them are tolerated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// How many opaque binary files are tolerated. Default: 0.
    pub binary_file_threshold: u64,
    /// Extensions beyond the built-in list whose binary files are opaque, such as `"foo"`; case does not matter.
    /// Default: none.
    pub extra_extensions: Names,
    /// Extensions whose binary files are tolerated. A file that is known to run by its first bytes counts
    /// nevertheless. Default: none.
    pub excluded_extensions: Names,
    /// `"hipcheck"` gives the numbers of Hipcheck, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        format!("value <= {}", self.binary_file_threshold)
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        self.extra_extensions.check_extensions("/extra-extensions")?;
        self.excluded_extensions.check_extensions("/excluded-extensions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_follows_the_threshold() {
        assert_eq!(Config::default().policy(), "value <= 0");
        let config: Config =
            serde_json::from_str(r#"{"binary-file-threshold": 2, "extra-extensions": ["a", "b"]}"#).unwrap();
        assert_eq!(config.policy(), "value <= 2");
        assert_eq!(config.extra_extensions, Names(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn negative_thresholds_unknown_keys_and_impossible_extensions_are_refused() {
        assert!(serde_json::from_str::<Config>(r#"{"binary-file-threshold": -1}"#).is_err());
        assert!(serde_json::from_str::<Config>(r#"{"binary-file": "x"}"#).is_err());
        let config = Config { extra_extensions: Names(vec!["tar.gz".into()]), ..Config::default() };
        assert!(config.validate().is_err());
    }
}
