//! The three questions that `identity` answers: about one segment, about a part, and about a whole history.

use probity_sdk::git::{Commits, HistoryKey, Segment};
use probity_sdk::history;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::people::{OwnCommits, Tally};

/// How many people are pointed out at most.
const MOST_CONCERNS: usize = 20;
/// One commit says nothing about how a project takes in changes.
const FEWEST_COMMITS: usize = 2;

/// Who committed their own changes in a segment, or in a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SegmentIdentities {
    /// For each commit whether author and committer are the same, the oldest first.
    pub(crate) own: Vec<bool>,
    /// Those who committed their own changes, sorted by name.
    pub(crate) people: Vec<OwnCommits>,
}

/// Whether author and committer are the same person, for each commit of a segment.
#[query(uses("git/commits"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<SegmentIdentities>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let mut own = Vec::with_capacity(commits.commits.len());
    let mut tally = Tally::default();
    for commit in commits.commits {
        let same = commit.author == commit.committer;
        own.push(same);
        if same {
            tally.add(commit.author, 1, commit.id);
        }
    }
    Ok(Answer::new(SegmentIdentities { own, people: tally.into_people() }))
}

/// Whether author and committer are the same person, for each commit of a part.
#[query(uses("git/part", "identity/segment"))]
pub(crate) fn part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<SegmentIdentities>> {
    let mut all = Identities::default();
    history::each_of_part(engine, "identity", &key, |said| {
        all.append(said);
        Ok(())
    })?;
    let Identities { own, tally } = all;
    Ok(Answer::new(SegmentIdentities { own, people: tally.into_people() }))
}

/// What parts and segments say, put together from the oldest to the newest.
#[derive(Debug, Default)]
struct Identities {
    own: Vec<bool>,
    tally: Tally,
}

impl Identities {
    fn append(&mut self, later: SegmentIdentities) {
        self.own.extend(later.own);
        for OwnCommits { person, commits, newest } in later.people {
            self.tally.add(person, commits, newest);
        }
    }
}

/// Whether author and committer are the same person, for each commit, newest first.
#[query(default, uses("git/history", "identity/part", "identity/segment"))]
pub(crate) fn identity(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<bool>>> {
    let so = "the share of commits cannot be known";
    let history = history::complete(engine, &target.history(), so)?;
    let mut all = Identities::default();
    history::each(engine, "identity", &history, |said| {
        all.append(said);
        Ok(())
    })?;
    let Identities { mut own, tally } = all;
    if own.len() < FEWEST_COMMITS && engine.config().compat.is_none() {
        return Err(abstain("one commit says nothing about how the project takes in changes"));
    }
    own.reverse();
    let all = own.len();
    let concerns = tally.into_foremost(MOST_CONCERNS).into_iter().map(|own| concern(own, all));
    Ok(Answer::new(own).concerns(concerns))
}

fn concern(own: OwnCommits, all: usize) -> Concern {
    let OwnCommits { person, commits, newest } = own;
    let message =
        format!("{} <{}> is author and committer of {commits} of {all} commits", person.name, person.email);
    Concern::new(message).commit(newest)
}
