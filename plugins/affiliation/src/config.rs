//! The configuration of `affiliation`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::config::{Compat, Names};
use probity_sdk::prelude::*;

use crate::organisations;

/// Which contributors are to be counted, and how many of them are tolerated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Whom to count with regard to the selected organisations. Default: `independent`.
    pub strategy: Strategy,
    /// Selects all listed organisations of these countries, such as `"Germany"`. Default: none.
    pub countries: Names,
    /// Selects these listed organisations, such as `"Red Hat"`. Default: none.
    pub orgs: Names,
    /// Selects further mail domains, such as `"example.org"`. Default: none.
    /// Without `countries`, `orgs` and `hosts` all listed organisations are selected.
    pub hosts: Names,
    /// How many counted contributors are tolerated. Without it there is no policy by default: who may contribute is
    /// for the user to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_threshold: Option<u64>,
    /// `"hipcheck"` gives the numbers of Hipcheck, so that they can be compared. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compat: Option<Compat>,
}

impl Config {
    pub(crate) fn policy(&self) -> Option<String> {
        self.count_threshold.map(|count| format!("count(value.filter(b, b)) <= {count}"))
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if !self.countries.0.iter().all(|name| organisations::is_country(name)) {
            return Err(invalid(
                "/countries",
                format!("countries of the list: {}", organisations::countries()),
            ));
        }
        if !self.orgs.0.iter().all(|name| organisations::is_organisation(name)) {
            return Err(invalid(
                "/orgs",
                "names of listed organisations; give the domains of others with `hosts`",
            ));
        }
        if !self.hosts.0.iter().all(|host| organisations::is_domain(host)) {
            return Err(invalid("/hosts", "mail domains such as \"example.org\""));
        }
        Ok(())
    }
}

/// Whom to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Contributors without an address at a selected organisation.
    #[default]
    Independent,
    /// Contributors with an address at a selected organisation.
    Affiliated,
    /// Every contributor.
    All,
    /// No contributor.
    None,
}

impl Strategy {
    /// Whether to count a contributor.
    pub(crate) fn counts(self, affiliated: bool) -> bool {
        match self {
            Self::Independent => !affiliated,
            Self::Affiliated => affiliated,
            Self::All => true,
            Self::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_policy_only_with_a_threshold() {
        assert_eq!(Config::default().policy(), None);
        let config: Config = serde_json::from_str(r#"{"count-threshold": 3}"#).unwrap();
        assert_eq!(config.policy().unwrap(), "count(value.filter(b, b)) <= 3");
    }

    #[test]
    fn one_name_or_several_are_accepted() {
        let config: Config =
            serde_json::from_str(r#"{"strategy":"affiliated","countries":"China","orgs":["IBM","HP"]}"#)
                .unwrap();
        assert_eq!(config.strategy, Strategy::Affiliated);
        assert_eq!(config.countries, Names(vec!["China".into()]));
        assert_eq!(config.orgs.0.len(), 2);
        assert!(serde_json::from_str::<Config>(r#"{"strategy":"some"}"#).is_err());
        assert!(serde_json::from_str::<Config>(r#"{"orgs-file":"x"}"#).is_err());
    }

    #[test]
    fn names_that_select_nothing_are_refused() {
        let refused = |json: &str| serde_json::from_str::<Config>(json).unwrap().validate().unwrap_err();
        assert_eq!(
            refused(r#"{"countries": ["China", "Atlantis"]}"#),
            invalid(
                "/countries",
                "countries of the list: Canada, China, France, Germany, Japan, Switzerland, United Kingdom, \
                 United States"
            )
        );
        assert!(format!("{:?}", refused(r#"{"orgs": "Acme"}"#)).contains("/orgs"));
        for host in ["", "a@b.c", "a..b", ".com", "a b"] {
            let config = Config { hosts: Names(vec![host.into()]), ..Config::default() };
            assert!(config.validate().is_err(), "{host:?}");
        }
        let sound = r#"{"countries": "china", "orgs": "red hat", "hosts": ["example.org", "localhost"]}"#;
        assert_eq!(serde_json::from_str::<Config>(sound).unwrap().validate(), Ok(()));
    }

    #[test]
    fn each_strategy_counts_whom_it_names() {
        let counts = |strategy: Strategy| [true, false].map(|affiliated| strategy.counts(affiliated));
        assert_eq!(counts(Strategy::Independent), [false, true]);
        assert_eq!(counts(Strategy::Affiliated), [true, false]);
        assert_eq!(counts(Strategy::All), [true, true]);
        assert_eq!(counts(Strategy::None), [false, false]);
    }
}
