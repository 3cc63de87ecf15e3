//! The questions that `newcomers` answers: four lists of findings, what they all go by, and what that is put together from.

use probity_sdk::findings::{self, Finding};
use probity_sdk::git::{Candidate, Commits, FolderKey, History, HistoryKey, Messages, Segment, Touched};
use probity_sdk::history;
use probity_sdk::prelude::*;
use probity_sdk_objects as objects;

use crate::blob::{self, BlobKey, Group, Look, Unreadable};
use crate::dates::DAY;
use crate::newcomers::{Grounds, Newcomers, WINDOW};
use crate::paths::may_build;
use crate::people::{self, People};
use crate::recent::{self, Misshapen, Recent};
use crate::uses::{self, Use, UsesKey};
use crate::{automation, binaries, build_files, dependencies};

/// How many segments or blocks are asked for at once.
const AT_ONCE: usize = 16;
/// A part tells a little more than the last twelve months before its end: the history's newest commits may be dated earlier than its own.
const SLACK: i64 = 35 * DAY;

/// Files among the tests that nobody can read, put there by newcomers: the worst first.
#[query(default, uses("newcomers/changes", "newcomers/unreadable", "newcomers/folder", "newcomers/uses"))]
pub(crate) fn binaries(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    let told = of_newcomers(engine, &target)?;
    binaries::findings(engine, &target, &told).map(findings::answer)
}

/// Build inputs that newcomers told git to ignore, and their changes of the build: the worst first.
#[query(uses("newcomers/changes", "git/text"))]
pub(crate) fn build_files(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    let told = of_newcomers(engine, &target)?;
    build_files::findings(engine, &told).map(findings::answer)
}

/// Dependencies that somebody added in their first thirty days: the worst first.
#[query(uses("newcomers/changes", "dependencies/file"))]
pub(crate) fn dependencies(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    let told = of_newcomers(engine, &target)?;
    dependencies::findings(engine, &told).map(findings::answer)
}

/// Workflows that somebody added in their first seven days: the worst first.
#[query(uses("newcomers/changes"))]
pub(crate) fn automation(engine: &Engine, target: Target) -> Result<Answer<Vec<Finding>>> {
    let told = of_newcomers(engine, &target)?;
    Ok(findings::answer(automation::findings(&told)))
}

fn of_newcomers(engine: &Engine, target: &Target) -> Result<Newcomers> {
    engine.query("newcomers/changes", &target.history())
}

/// What newcomers changed in the last twelve months.
#[query(uses(
    "git/history",
    "newcomers/part",
    "newcomers/segment",
    "newcomers/recent_part",
    "newcomers/recent"
))]
pub(crate) fn changes(engine: &Engine, key: HistoryKey) -> Result<Answer<Newcomers>> {
    let so = "nobody's first commit is known";
    let history = history::complete(engine, &key, so)?;
    let mut people = people::Gathering::default();
    let mut reach = Vec::new();
    history::each(engine, "newcomers", &history, |told: People| {
        reach.push(Reach { latest: told.latest, floor: people.floor() });
        people.append(told);
        Ok(())
    })?;
    let grounds = Grounds::of(&people.finish())?;
    let mut gathering = recent::Gathering::default();
    let (of_parts, of_segments) = reach.split_at(history.parts.len());
    let since = grounds.since;
    gather(engine, "newcomers/recent_part", &history.parts, of_parts, since, &mut gathering)?;
    gather(engine, "newcomers/recent", &history.segments, of_segments, since, &mut gathering)?;
    Ok(Answer::new(grounds.newcomers(&gathering.finish())))
}

/// From when to when the commits of a part or segment came in.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// The last of them, by their own dates.
    latest: Option<i64>,
    /// What all of them came in after.
    floor: Option<i64>,
}

/// Adds what a query says of those parts or segments that reach beyond `since`.
fn gather<K: Serialize + Clone>(
    engine: &Engine,
    query: &str,
    keys: &[K],
    reach: &[Reach],
    since: i64,
    into: &mut recent::Gathering,
) -> Result<()> {
    let beyond = keys.iter().zip(reach).filter(|(_, reach)| reach.latest.max(reach.floor) >= Some(since));
    let (keys, reach): (Vec<K>, Vec<Reach>) = beyond.map(|(key, reach)| (key.clone(), *reach)).unzip();
    for (reach, told) in reach.into_iter().zip(engine.query_windowed::<Recent, _>(query, &keys, AT_ONCE)) {
        into.append(told?, reach.floor)?;
    }
    Ok(())
}

/// Who the authors of a segment are, and when each was first seen.
#[query(uses("git/commits"))]
pub(crate) fn segment(engine: &Engine, key: Segment) -> Result<Answer<People>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let mut gathering = people::Gathering::default();
    commits.commits.into_iter().for_each(|commit| gathering.add(commit));
    Ok(Answer::new(gathering.finish()))
}

/// The same for a part of the history.
#[query(uses("git/part", "newcomers/segment"))]
pub(crate) fn part(engine: &Engine, key: HistoryKey) -> Result<Answer<People>> {
    let mut gathering = people::Gathering::default();
    history::each_of_part(engine, "newcomers", &key, |people: People| {
        gathering.append(people);
        Ok(())
    })?;
    Ok(Answer::new(gathering.finish()))
}

/// Which files of interest the commits of a segment changed.
#[query(uses("git/commits", "git/messages", "git/touched"))]
pub(crate) fn recent(engine: &Engine, key: Segment) -> Result<Answer<Recent>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let messages: Messages = engine.query("git/messages", &key)?;
    let mut touched = Vec::with_capacity(key.commits.len());
    for block in engine.query_windowed::<Touched, _>("git/touched", &key.blocks(), AT_ONCE) {
        touched.extend(block?.commits);
    }
    if commits.commits.len() != messages.commits.len() || commits.commits.len() != touched.len() {
        return Err(Misshapen::Commits.into());
    }
    let mut gathering = recent::Gathering::default();
    for ((commit, message), touched) in commits.commits.into_iter().zip(&messages.commits).zip(touched) {
        gathering.add(commit, message, touched)?;
    }
    Ok(Answer::new(gathering.finish()))
}

/// The same for those segments of a part that reach into the twelve months before its end. Nothing is asked about what older commits changed.
#[query(uses("git/part", "newcomers/segment", "newcomers/recent"))]
pub(crate) fn recent_part(engine: &Engine, key: HistoryKey) -> Result<Answer<Recent>> {
    let history: History = engine.query("git/part", &key)?;
    let mut people = people::Gathering::default();
    let mut reach = Vec::new();
    for told in engine.query_windowed::<People, _>("newcomers/segment", &history.segments, AT_ONCE) {
        let told = told?;
        reach.push(Reach { latest: told.latest, floor: people.floor() });
        people.append(told);
    }
    let since = people.finish().now().saturating_sub(WINDOW + SLACK);
    let mut gathering = recent::Gathering::default();
    gather(engine, "newcomers/recent", &history.segments, &reach, since, &mut gathering)?;
    Ok(Answer::new(gathering.finish()))
}

/// Which of some blobs are no text.
#[query(uses("newcomers/blob"))]
pub(crate) fn unreadable(engine: &Engine, key: Group) -> Result<Vec<Unreadable>> {
    let keys = key.keys();
    let looks = engine.query_windowed::<Look, _>("newcomers/blob", &keys, AT_ONCE);
    key.unreadable(looks)
}

/// What the content of a blob is to somebody who would read it.
#[query(cost = "reads the blob")]
pub(crate) fn blob(engine: &Engine, key: BlobKey) -> Result<Look> {
    let repository = objects::repository(engine)?;
    objects::told(repository.blob(&key.blob)).map(|content| blob::look(&content))
}

/// The files below a folder by which something may be built.
#[query(uses("git/folder", "git/tree", "newcomers/folder"))]
pub(crate) fn folder(engine: &Engine, key: FolderKey) -> Result<Vec<Candidate>> {
    let may_matter = |file: &Candidate| !file.link && may_build(&file.path);
    key.candidates(engine, "newcomers/folder", "files by which it is built", may_matter)
}

/// Where a file by which something is built speaks of other files.
#[query(cost = "reads the file")]
pub(crate) fn uses(engine: &Engine, key: UsesKey<'static>) -> Result<Vec<Use>> {
    let repository = objects::repository(engine)?;
    let content = objects::told(repository.blob(&key.blob))?;
    uses::in_blob(&content, &key.paths, &|| engine.wanted())
}
