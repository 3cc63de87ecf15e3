//! The three questions that `review` answers: about one segment, about a part, and about a whole history.

use probity_sdk::git::{ChangeBy, Commits, HistoryKey, Messages, Segment};
use probity_sdk::history;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::facts::{Facts, Gathering, Misshapen};
use crate::flow::{FEWEST_CHANGES, described, flow};
use crate::mainline::{Change, Way, changes};

/// How many changes are pointed out at most, beside the word on how they were judged.
const MOST_CONCERNS: usize = 19;

/// What the commits of a segment say about reviews, and what is needed to walk the main line over them.
#[query(uses("git/commits", "git/messages"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<Facts>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let messages: Messages = engine.query("git/messages", &key)?;
    if commits.commits.len() != messages.commits.len() {
        return Err(Misshapen::Messages.into());
    }
    let mut gathering = Gathering::default();
    for (commit, message) in commits.commits.into_iter().zip(&messages.commits) {
        gathering.add(commit, message)?;
    }
    Ok(Answer::new(gathering.finish()))
}

/// The same for a part of the history.
#[query(uses("git/part", "review/segment"))]
pub(crate) fn part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<Facts>> {
    let mut gathering = Gathering::default();
    history::each_of_part(engine, "review", &key, |facts: Facts| Ok(gathering.append(facts)?))?;
    Ok(Answer::new(gathering.finish()))
}

/// Whether each change on the main line shows that somebody other than its author had a hand in it, newest first.
#[query(default, uses("git/history", "review/part", "review/segment"))]
pub(crate) fn review(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<bool>>> {
    let facts = facts(engine, &target)?;
    let changes = changes(&facts, engine.config().most());
    if changes.len() < FEWEST_CHANGES {
        let count = changes.len();
        return Err(abstain(format!(
            "too few changes by people on the main line to judge how they are reviewed: {count}"
        )));
    }
    let Some(way) = flow(&changes) else {
        let count = changes.len();
        return Err(abstain(format!(
            "of the newest {count} changes fewer than a quarter show anybody but their author: the project does not review, or does so where a clone \
             shows nothing of it"
        )));
    };
    let value = changes.iter().map(|change| change.way.is_reviewed()).collect();
    Ok(Answer::new(value).concerns(concerns(&changes, way)))
}

/// The newest changes on the main line, newest first: whose work each is, and whether it shows that somebody else had a hand in it. Nothing is concluded
/// from that: not how the project works, nor whether these are enough.
#[query(uses("git/history", "review/part", "review/segment"))]
pub(crate) fn changes_by(engine: &Engine<Config>, target: Target) -> Result<Vec<ChangeBy>> {
    let facts = facts(engine, &target)?;
    let told = |change: Change<'_>| ChangeBy {
        commit: change.commit.to_owned(),
        by: change.by.into_iter().cloned().collect(),
        reviewed: change.way.is_reviewed(),
    };
    Ok(changes(&facts, engine.config().most()).into_iter().map(told).collect())
}

/// What is kept of the commits of a whole history.
fn facts(engine: &Engine<Config>, target: &Target) -> Result<Facts> {
    let so = "what was merged cannot be told from what was not";
    let history = history::complete(engine, &target.history(), so)?;
    let mut gathering = Gathering::default();
    history::each(engine, "review", &history, |facts: Facts| Ok(gathering.append(facts)?))?;
    Ok(gathering.finish())
}

/// How the changes were judged, and the newest unreviewed ones.
fn concerns(changes: &[Change<'_>], way: Way) -> Vec<Concern> {
    let unreviewed = changes.iter().filter(|change| !change.way.is_reviewed());
    let named = unreviewed.take(MOST_CONCERNS).map(|change| {
        let message = match change.way {
            Way::OwnMerge => "was merged by its own author",
            _ => "came onto the main line without a trace of anybody but its author",
        };
        Concern::new(message).commit(change.commit)
    });
    let mut concerns: Vec<Concern> = named.collect();
    if !concerns.is_empty() {
        let count = changes.len();
        let message =
            format!("judged offline, by the commits of {count} changes; most often {}", described(way));
        concerns.push(Concern::new(message));
    }
    concerns
}
