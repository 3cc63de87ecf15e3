//! What newcomers changed in the last twelve months, and whether anybody else is seen in it: the basis of all findings.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::findings::shortened;
use probity_sdk::git::{Person, TouchedFile};
use probity_sdk::people::same;
use probity_sdk::prelude::*;

use crate::dates::DAY;
use crate::paths::Interest;
use crate::people::{People, Standing};
use crate::recent::{Change, Recent};

/// What is looked at begins so long before the newest commits.
pub(crate) const WINDOW: i64 = 365 * DAY;
/// Who came in the first twelve months of a repository made it what it is.
const FOUNDING: i64 = 365 * DAY;
/// Nobody is a newcomer for longer.
const LONGEST_DAYS: i64 = 1096;
/// With less there is nobody to be new among.
const FEWEST_COMMITS: u64 = 10;
const FEWEST_PEOPLE: usize = 2;
/// For so many days somebody's new dependencies are looked at, and after as many days it no longer matters that one was removed.
pub(crate) const DEPENDENCY_DAYS: i64 = 30;

/// Value of `changes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Newcomers {
    /// What newcomers changed, the oldest first.
    pub(crate) changes: Vec<Newcomer>,
    /// All changes of manifests that somebody quite new changed, by whomever, the oldest first.
    pub(crate) manifests: Vec<ManifestChange>,
}

/// A commit by somebody who had not been around for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Newcomer {
    pub(crate) id: String,
    /// Its place among the commits that were looked at, which came in one after the other.
    pub(crate) place: usize,
    /// When it came in.
    pub(crate) at: i64,
    pub(crate) author: Person,
    /// How many days after the author's first commit.
    pub(crate) days: i64,
    /// Whether nobody but the author is seen in it.
    pub(crate) alone: bool,
    /// The files of interest.
    pub(crate) files: Vec<TouchedFile>,
}

impl Newcomer {
    /// Who it was, for how long they had been around, and whether anybody else is seen: the beginning of a message.
    pub(crate) fn told(&self) -> String {
        let (name, days) = (shortened(&self.author.name), self.days);
        let since = if days == 0 {
            "on the day of their first commit".to_owned()
        } else {
            format!("{days} days after their first commit")
        };
        let seen = if self.alone { "nobody else is seen in it" } else { "somebody else is seen in it" };
        format!("by {name}, {since}, {seen}")
    }
}

/// A change of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ManifestChange {
    /// The place of its commit.
    pub(crate) place: usize,
    /// When it came in.
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) file: TouchedFile,
}

/// Since when a repository's people are known.
#[derive(Debug)]
pub(crate) struct Grounds {
    standing: Standing,
    /// Who came later may be a newcomer.
    founded: i64,
    /// What came in earlier is not looked at.
    pub(crate) since: i64,
}

impl Grounds {
    /// The grounds on which somebody can be called new.
    ///
    /// # Errors
    /// Why nobody can: an abstention.
    pub(crate) fn of(people: &People) -> Result<Self> {
        let standing = Standing::of(people);
        let (count, authors) = (people.commits, standing.people());
        if count < FEWEST_COMMITS || authors < FEWEST_PEOPLE {
            return Err(abstain(format!(
                "there are too few commits or authors for anybody to be new: {count} commits by {authors}"
            )));
        }
        let founded = people.begin().saturating_add(FOUNDING);
        if people.now() <= founded {
            return Err(abstain("the repository is in its first twelve months, so everybody in it is new"));
        }
        Ok(Self { standing, founded, since: people.now().saturating_sub(WINDOW) })
    }

    /// What newcomers changed.
    pub(crate) fn newcomers(&self, recent: &Recent) -> Newcomers {
        let others = others(recent);
        let mut told = Newcomers::default();
        let mut paths: BTreeSet<&str> = BTreeSet::new();
        for (place, (change, others)) in recent.commits.iter().zip(others).enumerate() {
            let Some(days) = self.days(recent, change) else { continue };
            if days < DEPENDENCY_DAYS {
                paths.extend(change.files.iter().filter(|file| is_manifest(file)).map(|file| &*file.path));
            }
            told.changes.push(Newcomer {
                id: change.id.clone(),
                place,
                at: change.at,
                author: recent.people[change.author].clone(),
                days,
                alone: !others,
                files: change.files.clone(),
            });
        }
        for (place, change) in recent.commits.iter().enumerate() {
            let files = change.files.iter().filter(|file| paths.contains(file.path.as_str()));
            told.manifests.extend(files.map(|file| ManifestChange {
                place,
                at: change.at,
                file: file.clone(),
            }));
        }
        told
    }

    /// For how many days the author had been around, if the commit is to be looked at and that is not long.
    fn days(&self, recent: &Recent, change: &Change) -> Option<i64> {
        if change.files.is_empty() || change.at < self.since {
            return None;
        }
        let first = self.standing.first(recent.people.get(change.author)?)?;
        // A commit with an old date may come in after a newer one of its author, and count as a little older.
        let days = (change.at.saturating_sub(first) / DAY).max(0);
        (first > self.founded && days < LONGEST_DAYS).then_some(days)
    }
}

fn is_manifest(file: &TouchedFile) -> bool {
    Interest::of(&file.path).manifest.is_some()
}

/// For each commit whether anybody but its author is seen in it: by itself, or because somebody else, or a forge, brought it onto the main line.
fn others(recent: &Recent) -> Vec<bool> {
    let commits = &recent.commits;
    let on_main = main_line(commits);
    let mut brought_by = commits.len().saturating_sub(1);
    let mut others = vec![false; commits.len()];
    for (place, change) in commits.iter().enumerate().rev() {
        if on_main[place] {
            brought_by = place;
        }
        // A commit that came with a merge is listed between the merge and what was on the main line before it.
        let bringer = &commits[brought_by];
        let brought = brought_by != place && (bringer.others || !same_author(recent, bringer, change));
        others[place] = change.others || brought;
    }
    others
}

fn same_author(recent: &Recent, a: &Change, b: &Change) -> bool {
    match (recent.people.get(a.author), recent.people.get(b.author)) {
        (Some(a), Some(b)) => same(a, b),
        _ => true,
    }
}

/// Which commits are on the chain of first parents from the newest on. What lies before the first that is not known counts as on it.
fn main_line(commits: &[Change]) -> Vec<bool> {
    let places: HashMap<&str, usize> =
        commits.iter().enumerate().map(|(place, change)| (change.id.as_str(), place)).collect();
    let mut on_main = vec![false; commits.len()];
    let mut next = commits.len().checked_sub(1);
    let mut last = 0;
    while let Some(place) = next {
        on_main[place] = true;
        last = place;
        let change = &commits[place];
        // Parents come before their children, so that the walk ends.
        next = match &change.first {
            _ if change.root => None,
            Some(first) => places.get(first.as_str()).copied().filter(|first| *first < place),
            None => place.checked_sub(1),
        };
    }
    on_main[..last].fill(true);
    on_main
}
