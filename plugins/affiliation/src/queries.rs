//! The questions that `affiliation` answers: about one segment, about a part, and about a whole history.

use std::cmp::Reverse;

use probity_sdk::git::{Commits, History, HistoryKey, Segment};
use probity_sdk::history;
use probity_sdk::people::folded;
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::contributors::{Contributor, Contributors};
use crate::hipcheck::{All, Enriched, SegmentEnriched};
use crate::organisations::Domains;

/// How many contributors are pointed out at most.
const MOST_CONCERNS: usize = 20;

/// The queries by which the history is asked for in Hipcheck's words.
const HIPCHECK: history::Names<'_> =
    history::Names { part: "affiliation/hipcheck_part", segment: "affiliation/hipcheck_segment" };

/// Who contributed to a segment, or to a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SegmentContributors {
    /// Sorted by address.
    pub(crate) contributors: Vec<Contributor>,
}

/// The authors and committers of a segment's commits, one for each e-mail address.
#[query(uses("git/commits"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<SegmentContributors>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let mut contributors = Contributors::default();
    for commit in commits.commits {
        let author = folded(&commit.author.email);
        let committer = folded(&commit.committer.email);
        // Who both wrote and committed it is counted once, under the author's name.
        if committer != author {
            let name = commit.committer.name;
            contributors.add(Contributor { email: committer, name, commits: 1, newest: commit.id.clone() });
        }
        contributors.add(Contributor {
            email: author,
            name: commit.author.name,
            commits: 1,
            newest: commit.id,
        });
    }
    Ok(Answer::new(SegmentContributors { contributors: contributors.into_sorted() }))
}

/// The authors and committers of a part's commits, one for each e-mail address.
#[query(uses("git/part", "affiliation/segment"))]
pub(crate) fn part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<SegmentContributors>> {
    let mut all = Contributors::default();
    history::each_of_part(engine, "affiliation", &key, |said| {
        append(&mut all, said);
        Ok(())
    })?;
    Ok(Answer::new(SegmentContributors { contributors: all.into_sorted() }))
}

/// The same as Hipcheck sees it, for comparison.
#[query(uses("git/commits"))]
pub(crate) fn hipcheck_segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<SegmentEnriched>> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let mut all = All::default();
    commits.commits.iter().for_each(|commit| all.add_commit(commit));
    Ok(Answer::new(SegmentEnriched { contributors: all.into_sorted() }))
}

/// The same as Hipcheck sees it, for comparison.
#[query(uses("git/part", "affiliation/hipcheck_segment"))]
pub(crate) fn hipcheck_part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<SegmentEnriched>> {
    let mut all = All::default();
    history::each_of_part_by(engine, HIPCHECK.segment, &key, |said: SegmentEnriched| {
        said.contributors.into_iter().for_each(|contributor| all.add(contributor));
        Ok(())
    })?;
    Ok(Answer::new(SegmentEnriched { contributors: all.into_sorted() }))
}

/// Whether each contributor is to be counted, in the order of their e-mail addresses.
#[query(
    default,
    uses(
        "git/history",
        "affiliation/part",
        "affiliation/segment",
        "affiliation/hipcheck_part",
        "affiliation/hipcheck_segment"
    )
)]
pub(crate) fn affiliation(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<bool>>> {
    let so = "not all contributors can be known";
    let history = history::complete(engine, &target.history(), so)?;
    let domains = Domains::selected(engine.config());
    if engine.config().compat.is_some() {
        return as_hipcheck(engine, &history, &domains);
    }
    let mut all = Contributors::default();
    history::each(engine, "affiliation", &history, |said| {
        append(&mut all, said);
        Ok(())
    })?;
    let contributors = all.into_sorted();
    let strategy = engine.config().strategy;
    let counted = |contributor: &Contributor| strategy.counts(domains.contain(&contributor.email));
    let value: Vec<bool> = contributors.iter().map(counted).collect();
    let picked = contributors.into_iter().zip(&value).filter(|(_, counted)| **counted).map(|(who, _)| who);
    let concerns = concerns(picked.collect());
    Ok(Answer::new(value).concerns(concerns))
}

fn as_hipcheck(engine: &Engine<Config>, history: &History, domains: &Domains) -> Result<Answer<Vec<bool>>> {
    let mut all = All::default();
    history::each_by(engine, &HIPCHECK, history, |said: SegmentEnriched| {
        said.contributors.into_iter().for_each(|contributor| all.add(contributor));
        Ok(())
    })?;
    let contributors = all.into_sorted();
    let strategy = engine.config().strategy;
    let value: Vec<bool> = contributors.iter().map(|who| strategy.counts(domains.end(&who.email))).collect();
    let counted = contributors.into_iter().zip(&value).filter(|(_, counted)| **counted).map(|(who, _)| {
        let Enriched { name, email, commits, newest, .. } = who;
        Contributor { email, name, commits, newest }
    });
    let concerns = concerns(counted.collect());
    Ok(Answer::new(value).concerns(concerns))
}

fn append(all: &mut Contributors, later: SegmentContributors) {
    later.contributors.into_iter().for_each(|contributor| all.add(contributor));
}

/// The counted contributors, those with most commits first and among equals by address.
fn concerns(mut counted: Vec<Contributor>) -> Vec<Concern> {
    counted.sort_by_key(|contributor| Reverse(contributor.commits));
    let concern = |Contributor { name, email, commits, newest }| {
        let plural = if commits == 1 { "" } else { "s" };
        Concern::new(format!("{name} <{email}> wrote or committed {commits} commit{plural}")).commit(newest)
    };
    counted.into_iter().take(MOST_CONCERNS).map(concern).collect()
}
