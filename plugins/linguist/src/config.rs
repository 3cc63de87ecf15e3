//! The configuration of `linguist`, and what is a valid one.

use probity_sdk::Invalid;
use probity_sdk::config::Names;
use probity_sdk::prelude::*;

/// Which extensions count as source, beyond the built-in list of programming languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Extensions that count as source too, such as `"foo"`; case does not matter. Default: none.
    pub extra_extensions: Names,
    /// Extensions that do not count, though the built-in list or `extra-extensions` has them. Default: none.
    pub excluded_extensions: Names,
    /// Whether a file without any extension (`Makefile`, `LICENSE`, `.gitignore`) is source. Default: true.
    pub without_extension: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            extra_extensions: Names::default(),
            excluded_extensions: Names::default(),
            without_extension: true,
        }
    }
}

impl Config {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        self.extra_extensions.check_extensions("/extra-extensions")?;
        self.excluded_extensions.check_extensions("/excluded-extensions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_or_several_are_accepted_and_written_back_as_a_list() {
        let config: Config = serde_json::from_str(r#"{"extra-extensions": "foo"}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"extra-extensions":["foo"],"excluded-extensions":[],"without-extension":true}"#
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = serde_json::from_str::<Config>(r#"{"extentions": "foo"}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `extentions`"), "{error}");
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for wrong in ["", ".", "tar.gz", "a/b"] {
            let config = Config { extra_extensions: Names(vec![wrong.into()]), ..Config::default() };
            assert!(config.validate().is_err(), "{wrong:?}");
        }
        let config = Config { excluded_extensions: Names(vec![".rs".into()]), ..Config::default() };
        assert_eq!(config.validate(), Ok(()));
    }
}
