//! The listed organisations, and whether an address belongs to one of those selected.

use std::collections::BTreeSet;

use crate::config::Config;

const LIST: &str = include_str!("../data/organisations.txt");

/// One line of the list.
struct Organisation {
    name: &'static str,
    country: &'static str,
    domains: &'static str,
}

/// The mail domains of the selected organisations, lower case.
#[derive(Debug)]
pub(crate) struct Domains(BTreeSet<String>);

impl Domains {
    /// The union of what the configuration names, or all listed domains if it names nothing.
    pub(crate) fn selected(config: &Config) -> Self {
        let Config { countries, orgs, hosts, .. } = config;
        let all = countries.0.is_empty() && orgs.0.is_empty() && hosts.0.is_empty();
        let named = |listed: &Organisation| {
            countries.0.iter().any(|name| same(listed.country, name))
                || orgs.0.iter().any(|name| same(listed.name, name))
        };
        let selected = organisations().filter(|listed| all || named(listed));
        let listed = selected.flat_map(|listed| listed.domains.split(' ')).map(str::to_owned);
        Self(listed.chain(hosts.0.iter().map(|host| host.to_lowercase())).collect())
    }

    /// Whether an address is of one of these domains or of a domain below one. What merely ends in the same letters
    /// (`someone@nothp.com`) is not.
    pub(crate) fn contain(&self, email: &str) -> bool {
        let Some((_, host)) = email.trim().rsplit_once('@') else { return false };
        let host = host.to_lowercase();
        let parents = host.match_indices('.').map(|(at, dot)| &host[at + dot.len()..]);
        std::iter::once(host.as_str()).chain(parents).any(|name| self.0.contains(name))
    }

    /// Whether an address ends in one of these domains as Hipcheck has them, at a boundary or not.
    pub(crate) fn end(&self, email: &str) -> bool {
        // Its list has another spelling of one domain.
        let ends =
            |domain: &String| email.ends_with(if domain == "percona.com" { "persona.com" } else { domain });
        self.0.iter().any(ends)
    }
}

fn organisations() -> impl Iterator<Item = Organisation> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split("; ");
        Some(Organisation { name: parts.next()?, country: parts.next()?, domains: parts.next()? })
    })
}

/// All countries of the list.
pub(crate) fn countries() -> String {
    let countries: BTreeSet<&str> = organisations().map(|listed| listed.country).collect();
    countries.into_iter().collect::<Vec<_>>().join(", ")
}

pub(crate) fn is_country(name: &str) -> bool {
    organisations().any(|listed| same(listed.country, name))
}

pub(crate) fn is_organisation(name: &str) -> bool {
    organisations().any(|listed| same(listed.name, name))
}

/// Whether this could be the domain of an address.
pub(crate) fn is_domain(host: &str) -> bool {
    let odd = |c: char| c == '@' || c == '/' || c.is_whitespace();
    host.split('.').all(|label| !label.is_empty()) && !host.contains(odd)
}

fn same(listed: &str, name: &str) -> bool {
    listed.to_lowercase() == name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use probity_sdk::config::Names;

    use super::*;

    fn names(list: &[&str]) -> Names {
        Names(list.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn an_address_belongs_to_a_domain_only_at_a_boundary() {
        let domains = Domains::selected(&Config { hosts: names(&["hp.com"]), ..Config::default() });
        for email in ["a@hp.com", "A@HP.Com", " a@hp.com ", "a@labs.hp.com", "odd@name@hp.com"] {
            assert!(domains.contain(email), "{email}");
        }
        for email in
            ["x@nothp.com", "hp.com", "x.hp.com", "hp.com@example.org", "a@hp.com.evil.net", "a@com", ""]
        {
            assert!(!domains.contain(email), "{email}");
        }
    }

    #[test]
    fn with_compat_an_address_need_only_end_in_a_domain() {
        let domains = Domains::selected(&Config { hosts: names(&["hp.com"]), ..Config::default() });
        assert!(domains.end("x@nothp.com") && domains.end("a@hp.com"));
        assert!(!domains.end("a@HP.com") && !domains.end("a@hp.com.org"));
        assert!(Domains::selected(&Config::default()).end("a@persona.com"));
    }

    #[test]
    fn countries_organisations_and_hosts_add_up() {
        let config = Config {
            countries: names(&["germany"]),
            orgs: names(&["Red Hat"]),
            hosts: names(&["Example.org"]),
            ..Config::default()
        };
        let domains = Domains::selected(&config);
        assert_eq!(
            domains.0.into_iter().collect::<Vec<_>>(),
            ["example.org", "redhat.com", "sap.com", "suse.com"]
        );
    }

    #[test]
    fn without_a_selection_all_listed_organisations_count() {
        let domains = Domains::selected(&Config::default());
        assert!(domains.0.len() > 50);
        assert!(domains.contain("someone@zte.com.cn") && domains.contain("x@digital.cabinet-office.gov.uk"));
        assert!(!domains.contain("someone@example.org"));
    }

    #[test]
    fn each_line_of_the_list_is_complete() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(organisations().count(), lines);
        let mut domains = organisations().flat_map(|listed| listed.domains.split(' '));
        assert!(domains.all(|name| is_domain(name) && name == name.to_lowercase()));
    }
}
