//! Whether commits were made and committed by the same person, and who did so most often.

use std::collections::BTreeMap;

use probity_sdk::git::Person;
use probity_sdk::prelude::*;

/// Someone who committed their own changes. Two people are one if name and e-mail are the same, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OwnCommits {
    #[serde(flatten)]
    pub(crate) person: Person,
    /// How many commits have this person as author and as committer.
    pub(crate) commits: u64,
    /// The newest of them.
    pub(crate) newest: String,
}

/// Own commits by person, built up from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    people: BTreeMap<Person, (u64, String)>,
}

impl Tally {
    /// Counts commits that are newer than all before.
    pub(crate) fn add(&mut self, person: Person, commits: u64, newest: String) {
        let entry = self.people.entry(person).or_default();
        entry.0 = entry.0.saturating_add(commits);
        entry.1 = newest;
    }

    /// Sorted by person.
    pub(crate) fn into_people(self) -> Vec<OwnCommits> {
        let own = |(person, (commits, newest))| OwnCommits { person, commits, newest };
        self.people.into_iter().map(own).collect()
    }

    /// The people with most own commits, at most `limit`; equal counts in the order of names.
    pub(crate) fn into_foremost(self, limit: usize) -> Vec<OwnCommits> {
        let mut people = self.into_people();
        people.sort_by_key(|own| std::cmp::Reverse(own.commits));
        people.truncate(limit);
        people
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        Person { name: name.into(), email: format!("{name}@example.org") }
    }

    #[test]
    fn the_busiest_come_first_with_their_newest_commit() {
        let mut tally = Tally::default();
        tally.add(person("ada"), 1, "c1".into());
        tally.add(person("bob"), 3, "c2".into());
        tally.add(person("ada"), 1, "c3".into());
        tally.add(person("cyd"), 2, "c4".into());
        let foremost: Vec<_> = tally
            .into_foremost(3)
            .into_iter()
            .map(|own| format!("{} {} {}", own.person.name, own.commits, own.newest))
            .collect();
        assert_eq!(foremost, ["bob 3 c2", "ada 2 c3", "cyd 2 c4"]);
    }
}
