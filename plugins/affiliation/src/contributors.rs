//! Who contributed: the authors and committers of a history, one for each e-mail address.

use std::collections::BTreeMap;

use probity_sdk::prelude::*;

/// A person, known by an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Contributor {
    /// Trimmed, in lower case.
    pub(crate) email: String,
    /// As in the newest of the commits.
    pub(crate) name: String,
    /// How many commits this person wrote, committed, or both.
    pub(crate) commits: u64,
    /// The newest of them.
    pub(crate) newest: String,
}

/// Contributors by address, built up from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Contributors(BTreeMap<String, Contributor>);

impl Contributors {
    /// Counts commits that are newer than all before. `contributor.email` is folded.
    pub(crate) fn add(&mut self, contributor: Contributor) {
        match self.0.get_mut(&contributor.email) {
            Some(known) => {
                let commits = known.commits.saturating_add(contributor.commits);
                *known = Contributor { commits, ..contributor };
            }
            None => {
                self.0.insert(contributor.email.clone(), contributor);
            }
        }
    }

    /// Sorted by address.
    pub(crate) fn into_sorted(self) -> Vec<Contributor> {
        self.0.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use probity_sdk::people::folded;

    use super::*;

    fn contributor(email: &str, name: &str, commits: u64, newest: &str) -> Contributor {
        Contributor { email: folded(email), name: name.into(), commits, newest: newest.into() }
    }

    #[test]
    fn one_address_is_one_contributor_under_the_newest_name() {
        let mut contributors = Contributors::default();
        contributors.add(contributor("Bob@Example.org", "bob", 1, "c1"));
        contributors.add(contributor("ada@example.org", "Ada", 2, "c2"));
        contributors.add(contributor(" bob@example.org ", "Bob B.", 3, "c3"));
        assert_eq!(
            contributors.into_sorted(),
            [
                contributor("ada@example.org", "Ada", 2, "c2"),
                contributor("bob@example.org", "Bob B.", 4, "c3")
            ]
        );
    }
}
