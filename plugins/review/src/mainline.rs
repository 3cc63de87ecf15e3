//! The changes on the main line: the chain of first parents from the newest commit on.

use std::collections::HashMap;

use probity_sdk::git::Person;
use probity_sdk::people::same;

use crate::evidence::Evidence;
use crate::facts::{Fact, Facts};

/// A change, and how it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    pub(crate) commit: &'a str,
    /// Whose work it is: that of its author, or of those whose branches it merges. Machines are left out.
    pub(crate) by: Vec<&'a Person>,
    pub(crate) way: Way,
}

/// How a change came onto the main line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Way {
    /// Merged by somebody else than its author.
    Merged,
    /// With a trailer that names who looked at it, or where.
    Trailer,
    /// As a pull request that a forge squashed or merged. Who pressed the button may be its author, and somebody else may have approved it.
    Request,
    /// Committed by somebody else than its author.
    Applied,
    /// Merged by its own author.
    OwnMerge,
    /// Without a trace of anybody else.
    Direct,
}

impl Way {
    pub(crate) fn is_reviewed(self) -> bool {
        !matches!(self, Self::OwnMerge | Self::Direct)
    }
}

/// The newest changes made by people, newest first, at most so many.
pub(crate) fn changes(facts: &Facts, most: usize) -> Vec<Change<'_>> {
    let places: HashMap<&str, usize> =
        facts.commits.iter().enumerate().map(|(place, fact)| (fact.id.as_str(), place)).collect();
    let mut changes = Vec::new();
    let mut next = facts.commits.len().checked_sub(1);
    while let Some(place) = next
        && changes.len() < most
    {
        let fact = &facts.commits[place];
        let merged =
            fact.merged.iter().filter_map(|id| places.get(id.as_str())).map(|place| &facts.commits[*place]);
        let merged: Vec<&Fact> = merged.collect();
        // What a machine merges counts by its author, and what a machine wrote does not count.
        let by_bot = if merged.is_empty() { fact.bot } else { merged.iter().all(|fact| fact.bot) };
        if !by_bot && !fact.root {
            let by = by(facts, fact, &merged);
            changes.push(Change { commit: &fact.id, by, way: way(facts, fact, &merged) });
        }
        // Parents come before their children, so that the walk ends.
        next = match &fact.first {
            _ if fact.root => None,
            Some(first) => places.get(first.as_str()).copied().filter(|first| *first < place),
            None => place.checked_sub(1),
        };
    }
    changes
}

fn by<'a>(facts: &'a Facts, fact: &Fact, merged: &[&Fact]) -> Vec<&'a Person> {
    let mut authors: Vec<usize> = if merged.is_empty() {
        vec![fact.author]
    } else {
        merged.iter().filter(|merged| !merged.bot).map(|merged| merged.author).collect()
    };
    authors.sort_unstable();
    authors.dedup();
    authors.into_iter().map(|author| &facts.people[author]).collect()
}

fn way(facts: &Facts, fact: &Fact, merged: &[&Fact]) -> Way {
    let by_another = |merged: &&Fact| !same(&facts.people[merged.author], &facts.people[fact.author]);
    match fact.evidence {
        Evidence::Trailer | Evidence::Place => Way::Trailer,
        _ if merged.iter().any(by_another) => Way::Merged,
        Evidence::Request => Way::Request,
        Evidence::Applied if merged.is_empty() => Way::Applied,
        Evidence::None if merged.is_empty() => Way::Direct,
        // Who merges their own work may still have had it looked at.
        Evidence::Applied | Evidence::None => match merged.iter().map(|merged| merged.evidence).min() {
            Some(Evidence::Trailer | Evidence::Place) => Way::Trailer,
            _ => Way::OwnMerge,
        },
    }
}
