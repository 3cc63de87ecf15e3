//! What is kept of each commit: enough to walk the main line and to judge what is on it.

use std::collections::BTreeMap;

use probity_sdk::git::{Commit, Message, Person};
use probity_sdk::people::is_bot;
use probity_sdk::prelude::*;

use crate::evidence::{Evidence, evidence};

/// Commits in post-order, the oldest first. Value of `segment` and of `part`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Facts {
    /// The authors, each once, in the order in which they are met.
    pub(crate) people: Vec<Person>,
    pub(crate) commits: Vec<Fact>,
}

/// What is kept of one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Fact {
    pub(crate) id: String,
    /// Place in `people`.
    pub(crate) author: usize,
    #[serde(default = "none", skip_serializing_if = "is_none")]
    pub(crate) evidence: Evidence,
    /// The first parent, if it is not the commit before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<String>,
    /// The further parents, if it is a merge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) merged: Vec<String>,
    /// It has no parents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) root: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) bot: bool,
}

fn none() -> Evidence {
    Evidence::None
}

fn is_none(evidence: &Evidence) -> bool {
    *evidence == Evidence::None
}

/// Facts in the making, from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    facts: Facts,
    places: BTreeMap<Person, usize>,
}

/// Answers that do not belong together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misshapen {
    /// Commits and messages are not of the same commits.
    #[error("commits and their messages do not belong together")]
    Messages,
    /// A commit refers to an author that is not there.
    #[error("the facts of a segment do not have the shape that they promise")]
    People,
}

impl Gathering {
    pub(crate) fn add(&mut self, commit: Commit, message: &Message) -> Result<(), Misshapen> {
        if commit.id != message.id {
            return Err(Misshapen::Messages);
        }
        let evidence = evidence(&commit, message);
        let bot = is_bot(&commit.author);
        let before = self.facts.commits.last().map(|fact| fact.id.as_str());
        let mut parents = commit.parents.into_iter();
        let first = parents.next();
        let root = first.is_none();
        let first = first.filter(|first| before != Some(first));
        let author = self.place(commit.author);
        let merged = parents.collect();
        self.facts.commits.push(Fact { id: commit.id, author, evidence, first, merged, root, bot });
        Ok(())
    }

    /// Adds commits that are newer than all others.
    pub(crate) fn append(&mut self, later: Facts) -> Result<(), Misshapen> {
        let places: Vec<usize> = later.people.into_iter().map(|person| self.place(person)).collect();
        for fact in later.commits {
            let author = *places.get(fact.author).ok_or(Misshapen::People)?;
            self.facts.commits.push(Fact { author, ..fact });
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Facts {
        self.facts
    }

    fn place(&mut self, person: Person) -> usize {
        let next = self.facts.people.len();
        let people = &mut self.facts.people;
        *self.places.entry(person).or_insert_with_key(|person| {
            people.push(person.clone());
            next
        })
    }
}
