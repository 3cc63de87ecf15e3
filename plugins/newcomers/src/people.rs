//! Who was first seen when, over all of a history: the light part of the fold.

use std::collections::{BTreeMap, HashMap};

use probity_sdk::git::{Commit, Person};
use probity_sdk::people::folded;
use probity_sdk::prelude::*;

use crate::dates::{AROUND, Arrivals, middle};

/// So many commits at the beginning say when a history begins, and so many at its end what the time is.
const FIRST: usize = 3;
const LAST: usize = 9;

/// Authors of consecutive commits. Value of `segment` and of `part`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct People {
    /// How many commits there are.
    pub(crate) commits: u64,
    /// Sorted by name and e-mail.
    people: Vec<Known>,
    /// The committers' dates of the first three commits.
    begin: Vec<i64>,
    /// Those of the last thirty-one.
    end: Vec<i64>,
    /// What comes later came in no earlier than that; absent where there are too few commits to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<i64>,
    /// When the last of them came in, by the dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<i64>,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Known {
    #[serde(flatten)]
    person: Person,
    /// When the first commit came in.
    first: i64,
}

/// People in the making, from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    told: People,
    first: BTreeMap<Person, i64>,
    arrivals: Arrivals,
}

impl Gathering {
    /// Adds one commit to a segment.
    pub(crate) fn add(&mut self, commit: Commit) {
        let at = self.arrivals.next(commit.committed);
        self.told.commits += 1;
        self.told.latest = self.told.latest.max(Some(at));
        self.told.floor = self.arrivals.floor();
        self.told.note_dates([commit.committed]);
        let first = self.first.entry(commit.author).or_insert(at);
        *first = at.min(*first);
    }

    /// Adds a segment or part that comes after all others.
    pub(crate) fn append(&mut self, later: People) {
        let floor = self.told.floor;
        let at = |date: i64| floor.map_or(date, |floor| date.max(floor));
        for Known { person, first } in later.people {
            let known = self.first.entry(person).or_insert(at(first));
            *known = at(first).min(*known);
        }
        self.told.commits = self.told.commits.saturating_add(later.commits);
        self.told.latest = self.told.latest.max(later.latest.map(at));
        self.told.floor = floor.max(later.floor);
        let room = FIRST.saturating_sub(self.told.begin.len());
        self.told.begin.extend(later.begin.into_iter().take(room));
        self.told.end.extend(later.end);
        self.told.keep_last();
        // Short segments are too short by themselves to tell.
        if self.told.end.len() == AROUND {
            self.told.floor = self.told.floor.max(middle(self.told.end.iter().copied()));
        }
    }

    /// What a further commit came in after, so far.
    pub(crate) fn floor(&self) -> Option<i64> {
        self.told.floor
    }

    pub(crate) fn finish(mut self) -> People {
        self.told.people = self.first.into_iter().map(|(person, first)| Known { person, first }).collect();
        self.told
    }
}

impl People {
    fn note_dates(&mut self, dates: impl IntoIterator<Item = i64>) {
        for date in dates {
            if self.begin.len() < FIRST {
                self.begin.push(date);
            }
            self.end.push(date);
        }
        self.keep_last();
    }

    fn keep_last(&mut self) {
        let beyond = self.end.len().saturating_sub(AROUND);
        self.end.drain(..beyond);
    }

    /// What the time was when the last of these commits were made.
    pub(crate) fn now(&self) -> i64 {
        middle(self.end.iter().rev().take(LAST).copied()).unwrap_or_default()
    }

    /// When these commits began.
    pub(crate) fn begin(&self) -> i64 {
        middle(self.begin.iter().copied()).unwrap_or_default()
    }
}

/// Since when people have been around, by address and by name.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    by_email: HashMap<String, i64>,
    by_name: HashMap<String, i64>,
}

impl Standing {
    pub(crate) fn of(people: &People) -> Self {
        let mut standing = Self::default();
        for Known { person, first } in &people.people {
            let (name, email) = (folded(&person.name), folded(&person.email));
            for (map, word) in [(&mut standing.by_name, name), (&mut standing.by_email, email)] {
                // What is left empty joins nobody.
                if !word.is_empty() {
                    let known = map.entry(word).or_insert(*first);
                    *known = (*known).min(*first);
                }
            }
        }
        standing
    }

    /// How many different addresses there are.
    pub(crate) fn people(&self) -> usize {
        self.by_email.len()
    }

    /// When the first commit of this author came in, under this address or this name.
    pub(crate) fn first(&self, person: &Person) -> Option<i64> {
        let by_email = self.by_email.get(&folded(&person.email));
        let by_name = self.by_name.get(&folded(&person.name));
        by_email.into_iter().chain(by_name).min().copied()
    }
}
