//! The configuration of `anomalies`.

use probity_sdk::Invalid;
use probity_sdk::prelude::*;

/// Which commits are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// How many of the newest commits `dates` looks at, 2 to 20000: an odd date of long ago cannot be helped. Default: 1000.
    pub newest: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { newest: 1000 }
    }
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !(2..=20_000).contains(&self.newest) {
            return Err(invalid("/newest", "a number of commits from 2 to 20000"));
        }
        Ok(())
    }

    pub(crate) fn newest(&self) -> usize {
        usize::try_from(self.newest).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_of_nothing_or_too_much_is_refused() {
        for newest in [0, 1, 20_001] {
            assert!(Config { newest }.validate().is_err(), "{newest}");
        }
        assert_eq!(Config { newest: 2 }.validate(), Ok(()));
    }
}
