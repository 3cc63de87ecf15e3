//! What is odd about the dates of commits.

use std::collections::{HashMap, HashSet};

use probity_sdk::findings::{Finding, Severity, shortened};
use probity_sdk::git::{Commit, Header, Person};

use crate::rules::{AUTHOR_AFTER_COMMIT, BACKDATED, SAME_SECOND};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
/// So many commits of one second are more than somebody makes by hand.
const FEWEST_OF_A_SECOND: usize = 5;

/// A commit with all that its headers tell.
#[derive(Debug, Clone)]
pub(crate) struct Dated {
    pub(crate) commit: Commit,
    pub(crate) header: Header,
}

/// Commits that were written after they were made.
pub(crate) fn author_after_commit(commits: &[Dated]) -> Vec<Finding> {
    let ahead = |dated: &Dated| dated.commit.authored.saturating_sub(dated.commit.committed);
    let found = commits.iter().filter(|dated| ahead(dated) > HOUR);
    let finding = |dated: &Dated| {
        let severity = if ahead(dated) > DAY { Severity::Medium } else { Severity::Low };
        let message = format!("was written {} after it was made", span(ahead(dated)));
        Finding::new(AUTHOR_AFTER_COMMIT, severity, message).commit(&dated.commit.id)
    };
    found.map(finding).collect()
}

/// Commits that were made before the one that they build upon.
pub(crate) fn backdated(commits: &[Dated]) -> Vec<Finding> {
    let known: HashMap<&str, &Commit> =
        commits.iter().map(|dated| (dated.commit.id.as_str(), &dated.commit)).collect();
    let main_line = main_line(commits, &known);
    let finding = |dated: &Dated| {
        let commit = &dated.commit;
        let parent = known.get(commit.parents.first()?.as_str())?;
        let back = parent.committed.saturating_sub(commit.committed);
        let on_main_line = main_line.contains(commit.id.as_str());
        let severity = if on_main_line { Severity::Medium } else { Severity::Low };
        let message = format!("was made {} before the commit that it builds upon, {}", span(back), parent.id);
        (back > DAY).then(|| Finding::new(BACKDATED, severity, message).commit(&commit.id))
    };
    commits.iter().filter_map(finding).collect()
}

/// The chain of first parents from the newest commit on.
fn main_line<'a>(commits: &'a [Dated], known: &HashMap<&str, &'a Commit>) -> HashSet<&'a str> {
    let mut line = HashSet::new();
    let mut next = commits.last().map(|dated| &dated.commit);
    while let Some(commit) = next
        && line.insert(commit.id.as_str())
    {
        next = commit.parents.first().and_then(|parent| known.get(parent.as_str())).copied();
    }
    line
}

/// Runs of commits that one person wrote in one second.
pub(crate) fn same_second(commits: &[Dated]) -> Vec<Finding> {
    let written = |dated: &Dated| -> (Person, i64) { (dated.commit.author.clone(), dated.commit.authored) };
    let runs = commits.chunk_by(|a, b| written(a) == written(b));
    let finding = |run: &[Dated]| {
        let last = &run.last()?.commit;
        let name = shortened(&last.author.name);
        let message =
            format!("{name} wrote {} commits in a row in the same second; this is the last", run.len());
        Some(Finding::new(SAME_SECOND, Severity::Low, message).commit(&last.id))
    };
    runs.filter(|run| run.len() >= FEWEST_OF_A_SECOND).filter_map(finding).collect()
}

fn span(seconds: i64) -> String {
    if seconds < 2 * HOUR {
        format!("{} minutes", seconds / 60)
    } else if seconds < 2 * DAY {
        format!("{} hours", seconds / HOUR)
    } else {
        format!("{} days", seconds / DAY)
    }
}
