//! The configuration of `github`, and what follows from it.

use probity_sdk::Invalid;
use probity_sdk::prelude::*;

/// The API of github.com.
pub(crate) const PUBLIC: &str = "https://api.github.com";

/// So many pull requests may be looked at: each is a question to the server, of which one check may put 1000.
const MOST_CHANGES: u64 = 500;
/// So many contributors: each is a question, too.
const MOST_CONTRIBUTORS: u64 = 100;
/// Longer than any name of an owner or repository, bytes.
const MOST_NAME: usize = 100;

/// Which repository is asked about, where, and how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The repository as the server calls it, `"owner/name"`. Without it, nothing is asked. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Where the API is: for an enterprise server `"https://HOST/api/v3"`. Default: `"https://api.github.com"`.
    pub base_url: String,
    /// How many of the newest merged pull requests `review` judges, 1 to 500. Default: 100.
    pub newest: u64,
    /// The share of them, 0 to 1, that may be without an approval. Default: 0.05.
    pub percent_threshold: f64,
    /// How many contributors `contributors` names, 1 to 100. Default: 30.
    pub contributors: u64,
}

impl Default for Config {
    fn default() -> Self {
        let (repository, base_url) = (None, PUBLIC.to_owned());
        Self { repository, base_url, newest: 100, percent_threshold: 0.05, contributors: 30 }
    }
}

impl Config {
    pub(crate) fn policy(&self) -> String {
        format!("divz(count(value.filter(b, !b)), count(value)) <= {:?}", self.percent_threshold)
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        if self.repository.as_deref().is_some_and(|name| !is_repository(name)) {
            return Err(invalid("/repository", "owner/name, as in \"rust-lang/rust\""));
        }
        if !is_base(&self.base_url) {
            return Err(invalid(
                "/base-url",
                "an address of https without ? and #, as in \"https://HOST/api/v3\"",
            ));
        }
        if !(0.0..=1.0).contains(&self.percent_threshold) {
            return Err(invalid("/percent-threshold", "a share between 0 and 1"));
        }
        for (name, number, most) in
            [("newest", self.newest, MOST_CHANGES), ("contributors", self.contributors, MOST_CONTRIBUTORS)]
        {
            if !(1..=most).contains(&number) {
                return Err(invalid(format!("/{name}"), format!("a number from 1 to {most}")));
            }
        }
        Ok(())
    }
}

fn is_repository(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (1..=MOST_NAME).contains(&name.len()) && name.chars().all(is_part) && !matches!(name, "." | "..")
    };
    text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name))
}

fn is_base(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\' | '"');
    !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: &str) -> Option<String> {
        let config: Config = serde_json::from_str(config).unwrap();
        config.validate().err().map(|error| format!("{error:?}"))
    }

    #[test]
    fn what_leads_elsewhere_in_the_api_is_no_repository() {
        for name in ["rust-lang/rust", "a/.github", "A_1/b.c"] {
            assert_eq!(refused(&format!("{{\"repository\": \"{name}\"}}")), None, "{name}");
        }
        for name in
            ["rust", "a/b/c", "a/..", "./b", "a/", "a/b?c", "a/b%2f", "a b/c", "https://github.com/a/b"]
        {
            let told = refused(&format!("{{\"repository\": \"{name}\"}}")).unwrap();
            assert!(told.contains("owner/name"), "{told}");
        }
    }

    #[test]
    fn the_servers_address_and_the_numbers_are_checked() {
        for url in ["https://git.example.org/api/v3", "https://git.example.org:8443/api/v3/"] {
            assert_eq!(refused(&format!("{{\"base-url\": \"{url}\"}}")), None, "{url}");
        }
        for url in [
            "http://a.b",
            "https://",
            "https:///x",
            "https://me@a.b",
            "https://a.b/?x=",
            "https://a.b/#",
            "a.b",
        ] {
            assert!(refused(&format!("{{\"base-url\": \"{url}\"}}")).is_some(), "{url}");
        }
        for wrong in ["newest\": 0", "newest\": 501", "contributors\": 101", "percent-threshold\": 5"] {
            assert!(refused(&format!("{{\"{wrong}}}")).is_some(), "{wrong}");
        }
        assert_eq!(Config::default().policy(), "divz(count(value.filter(b, !b)), count(value)) <= 0.05");
        assert!(serde_json::from_str::<Config>("{\"token\": \"x\"}").is_err(), "no token stands in a policy");
    }
}
