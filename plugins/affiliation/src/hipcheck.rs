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
