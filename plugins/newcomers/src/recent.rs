//! Which files of interest the commits of a segment, or of the newest part of a longer run, changed; and whether anybody else is seen in them.

use std::collections::{BTreeMap, HashSet};

use probity_sdk::git::{Commit, CommitTouched, Message, Person, TouchedFile};
use probity_sdk::prelude::*;

use crate::dates::Arrivals;
use crate::hands;
use crate::paths::Interest;

/// Consecutive commits, the oldest first. Value of `recent` and of `recent_part`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Recent {
    /// The authors, each once, in the order in which they are met.
    pub(crate) people: Vec<Person>,
    pub(crate) commits: Vec<Change>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Change {
    pub(crate) id: String,
    /// When it came in.
    pub(crate) at: i64,
    /// Place in `people`.
    pub(crate) author: usize,
    /// Whether the commit itself shows another's hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) others: bool,
    /// The first parent, if it is not the commit before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<String>,
    /// It has no parents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) root: bool,
    /// The files of interest that it added or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<TouchedFile>,
}

/// Answers that do not belong together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misshapen {
    /// They are of different commits.
    #[error("commits, their messages and their files do not belong together")]
    Commits,
    /// A commit refers to an author that is not there.
    #[error("the changes of a segment do not have the shape that they promise")]
    People,
}

/// Changes in the making, from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    recent: Recent,
    places: BTreeMap<Person, usize>,
    arrivals: Arrivals,
}

impl Gathering {
    /// Adds one commit to a segment.
    pub(crate) fn add(
        &mut self,
        commit: Commit,
        message: &Message,
        touched: CommitTouched,
    ) -> Result<(), Misshapen> {
        if commit.id != message.id || commit.id != touched.id {
            return Err(Misshapen::Commits);
        }
        let at = self.arrivals.next(commit.committed);
        let others = hands::others(&commit, &message.subject);
        let before = self.recent.commits.last().map(|change| change.id.as_str());
        let mut parents = commit.parents.into_iter();
        let first = parents.next();
        let root = first.is_none();
        let first = first.filter(|first| before != Some(first));
        let author = self.place(commit.author);
        let files = of_interest(touched.files);
        self.recent.commits.push(Change { id: commit.id, at, author, others, first, root, files });
        Ok(())
    }

    /// Adds commits that are newer than all others and came in no earlier than `floor`.
    pub(crate) fn append(&mut self, later: Recent, floor: Option<i64>) -> Result<(), Misshapen> {
        let places: Vec<usize> = later.people.into_iter().map(|person| self.place(person)).collect();
        for change in later.commits {
            let author = *places.get(change.author).ok_or(Misshapen::People)?;
            let at = floor.map_or(change.at, |floor| change.at.max(floor));
            self.recent.commits.push(Change { author, at, ..change });
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Recent {
        self.recent
    }

    fn place(&mut self, person: Person) -> usize {
        let next = self.recent.people.len();
        let people = &mut self.recent.people;
        *self.places.entry(person).or_insert_with_key(|person| {
            people.push(person.clone());
            next
        })
    }
}

/// The files of interest that are there after the commit and were nowhere else before it.
fn of_interest(files: Vec<TouchedFile>) -> Vec<TouchedFile> {
    let removed: HashSet<String> =
        files.iter().filter(|file| file.after.is_none()).flat_map(|file| file.before.clone()).collect();
    let mut kept = Vec::new();
    for mut file in files {
        let interest = Interest::of(&file.path);
        let moved =
            file.before.is_empty() && file.after.as_ref().is_some_and(|after| removed.contains(after));
        if file.after.is_none() || moved || !interest.any() {
            continue;
        }
        if !interest.compares() {
            file.before.clear();
        }
        kept.push(file);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_moved_and_what_is_gone_is_of_no_interest() {
        let file = |path: &str, before: &[&str], after: Option<&str>| TouchedFile {
            path: path.into(),
            before: before.iter().map(|id| (*id).to_owned()).collect(),
            after: after.map(str::to_owned),
        };
        let kept = of_interest(vec![
            file("a.rs", &["1"], Some("2")),
            file("old/tests/x", &["3"], None),
            file("tests/x", &[], Some("3")),
            file("tests/y", &["4"], Some("5")),
            file(".gitignore", &["6"], Some("7")),
        ]);
        assert_eq!(kept, [file("tests/y", &[], Some("5")), file(".gitignore", &["6"], Some("7"))]);
    }
}
