//! What is kept of the commits of a segment, of a part, of a history: whose they are and of which day.

use std::collections::BTreeMap;

use probity_sdk::git::{Commit, Person};
use probity_sdk::people::is_bot;
use probity_sdk::prelude::*;

const SECONDS_PER_DAY: i64 = 86_400;

/// Commits in post-order, the oldest first. Value of `segment` and of `part`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Facts {
    /// The authors, each once, in the order in which they are met. Machines are left out.
    pub(crate) people: Vec<Met>,
    pub(crate) runs: Vec<Run>,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Met {
    #[serde(flatten)]
    pub(crate) person: Person,
    /// The author's first commit.
    pub(crate) first: String,
}

/// Commits that follow each other, by the same author and of the same day: place in `people`, days since 1970 in UTC on which they were committed,
/// how many. Without a place they are merges, which add no work of their own, or those of machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Run(pub(crate) Option<usize>, pub(crate) i64, pub(crate) u64);

/// Facts in the making, from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    facts: Facts,
    places: BTreeMap<Person, usize>,
}

/// A run refers to an author that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the facts of a segment do not have the shape that they promise")]
pub(crate) struct Misshapen;

impl Gathering {
    pub(crate) fn add(&mut self, commit: Commit) {
        let day = commit.committed.div_euclid(SECONDS_PER_DAY);
        let own_work = commit.parents.len() < 2 && !is_bot(&commit.author);
        let by = own_work.then(|| self.place(Met { person: commit.author, first: commit.id }));
        self.run(Run(by, day, 1));
    }

    /// Adds commits that are newer than all others.
    pub(crate) fn append(&mut self, later: Facts) -> Result<(), Misshapen> {
        let places: Vec<usize> = later.people.into_iter().map(|met| self.place(met)).collect();
        for Run(by, day, commits) in later.runs {
            let by = match by {
                Some(by) => Some(*places.get(by).ok_or(Misshapen)?),
                None => None,
            };
            self.run(Run(by, day, commits));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Facts {
        self.facts
    }

    fn run(&mut self, run: Run) {
        match self.facts.runs.last_mut() {
            Some(last) if (last.0, last.1) == (run.0, run.1) => last.2 = last.2.saturating_add(run.2),
            _ => self.facts.runs.push(run),
        }
    }

    fn place(&mut self, met: Met) -> usize {
        let next = self.facts.people.len();
        let people = &mut self.facts.people;
        *self.places.entry(met.person.clone()).or_insert_with(|| {
            people.push(met);
            next
        })
    }
}
