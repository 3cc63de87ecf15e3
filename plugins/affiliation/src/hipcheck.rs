//! Contributors as Hipcheck counts them, for comparison with its numbers.
//!
//! There is one for each address, case included. Of a committer it looks at the address of the commit's author, and of all commits the newest
//! decides whose that is. An address belongs to an organisation if it merely ends in one of its domains.

use std::collections::BTreeMap;

use probity_sdk::git::Commit;
use probity_sdk::prelude::*;

/// Someone who wrote or committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Enriched {
    /// The own address, trimmed.
    pub(crate) key: String,
    /// Who is looked at: the author of the newest commit.
    pub(crate) name: String,
    pub(crate) email: String,
    /// How many commits this address wrote, committed, or both.
    pub(crate) commits: u64,
    /// The newest of them, and when it was committed.
    pub(crate) newest: String,
    pub(crate) committed: i64,
}

/// Value of `hipcheck_segment` and `hipcheck_part`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SegmentEnriched {
    /// Sorted by address.
    pub(crate) contributors: Vec<Enriched>,
}

/// Contributors by address, built up from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct All(BTreeMap<String, Enriched>);

impl All {
    pub(crate) fn add_commit(&mut self, commit: &Commit) {
        let author = commit.author.email.trim();
        let committer = commit.committer.email.trim();
        self.add(enriched(commit, author));
        if committer != author {
            self.add(enriched(commit, committer));
        }
    }

    /// Adds what comes later in the history. Of commits at the same moment the later one is the newest.
    pub(crate) fn add(&mut self, contributor: Enriched) {
        let Some(known) = self.0.get_mut(&contributor.key) else {
            self.0.insert(contributor.key.clone(), contributor);
            return;
        };
        let commits = known.commits.saturating_add(contributor.commits);
        if contributor.committed >= known.committed {
            *known = contributor;
        }
        known.commits = commits;
    }

    pub(crate) fn into_sorted(self) -> Vec<Enriched> {
        self.0.into_values().collect()
    }
}

fn enriched(commit: &Commit, key: &str) -> Enriched {
    Enriched {
        key: key.to_owned(),
        name: commit.author.name.clone(),
        email: commit.author.email.clone(),
        commits: 1,
        newest: commit.id.clone(),
        committed: commit.committed,
    }
}

#[cfg(test)]
mod tests {
    use probity_sdk::git::Person;

    use super::*;

    fn commit(id: &str, author: &str, committer: &str, committed: i64) -> Commit {
        let person = |email: &str| Person { name: email.trim().to_owned(), email: email.to_owned() };
        Commit {
            id: id.to_owned(),
            parents: Vec::new(),
            author: person(author),
            authored: 0,
            committer: person(committer),
            committed,
        }
    }

    #[test]
    fn of_a_committer_the_author_of_the_newest_commit_is_looked_at() {
        let mut all = All::default();
        all.add_commit(&commit("c1", "x@nothp.com", " web@forge ", 5));
        all.add_commit(&commit("c2", "X@nothp.com", "web@forge", 9));
        // Later in the history, but committed before.
        all.add_commit(&commit("c3", "zoe@home.net", "web@forge", 7));
        all.add_commit(&commit("c4", "zoe@home.net", "zoe@home.net", 7));
        let told: Vec<_> =
            all.into_sorted().into_iter().map(|who| (who.key, who.email, who.commits, who.newest)).collect();
        let row = |key: &str, email: &str, commits: u64, newest: &str| {
            (key.into(), email.into(), commits, newest.into())
        };
        assert_eq!(
            told,
            [
                row("X@nothp.com", "X@nothp.com", 1, "c2"),
                row("web@forge", "X@nothp.com", 3, "c2"),
                row("x@nothp.com", "x@nothp.com", 1, "c1"),
                row("zoe@home.net", "zoe@home.net", 2, "c4"),
            ]
        );
    }
}
