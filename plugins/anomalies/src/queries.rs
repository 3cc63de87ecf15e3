//! The two questions that `anomalies` answers. Both look at the newest commits alone, so they cost the same however long a history is.

use probity_sdk::findings::{self, Finding};
use probity_sdk::git::{Commits, Header, Headers, Segment};
use probity_sdk::history;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::dates::{self, Dated};
use crate::offsets;
use crate::signatures::{self, Signatures};

/// Commits whose dates no usual work leaves behind, the worst first.
#[query(default, uses("git/history", "git/part", "git/commits", "git/headers"))]
pub(crate) fn dates(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<Finding>>> {
    let commits = commits(engine, &target, engine.config().newest())?;
    if commits.len() < 2 {
        return Err(abstain("there is one commit, whose dates nothing can be compared with"));
    }
    let found = [
        dates::author_after_commit(&commits),
        dates::backdated(&commits),
        dates::same_second(&commits),
        offsets::findings(&commits),
    ];
    Ok(findings::answer(found.concat()))
}

/// How many of the newest 200 commits bear a signature, and of which kind. That a signature is right is not looked at.
#[query(uses("git/history", "git/part", "git/headers"))]
pub(crate) fn signatures(engine: &Engine<Config>, target: Target) -> Result<Answer<Signatures>> {
    let segments = segments(engine, &target, signatures::NEWEST)?;
    let headers = newest(headers(engine, &segments)?, signatures::NEWEST);
    Ok(signatures::signatures(&headers))
}

fn segments(engine: &Engine<Config>, target: &Target, count: usize) -> Result<Vec<Segment>> {
    let so = "what comes before what cannot be known";
    let history = history::complete(engine, &target.history(), so)?;
    history::newest(engine, &history, count)
}

/// The newest commits, the oldest of them first.
fn commits(engine: &Engine<Config>, target: &Target, count: usize) -> Result<Vec<Dated>> {
    let segments = segments(engine, target, count)?;
    let mut commits = Vec::new();
    for answer in engine.query_many::<Commits, _>("git/commits", &segments)? {
        commits.extend(answer?.commits);
    }
    let headers = headers(engine, &segments)?;
    if commits.iter().map(|commit| &commit.id).ne(headers.iter().map(|header| &header.id)) {
        return Err(failed("commits and their headers do not belong together"));
    }
    let dated = commits.into_iter().zip(headers).map(|(commit, header)| Dated { commit, header });
    Ok(newest(dated.collect(), count))
}

fn headers(engine: &Engine<Config>, segments: &[Segment]) -> Result<Vec<Header>> {
    let mut headers = Vec::new();
    for answer in engine.query_many::<Headers, _>("git/headers", segments)? {
        headers.extend(answer?.commits);
    }
    Ok(headers)
}

/// The last so many.
fn newest<T>(mut all: Vec<T>, count: usize) -> Vec<T> {
    all.split_off(all.len().saturating_sub(count))
}
