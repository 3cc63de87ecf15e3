//! The questions that `maintainers` answers: who took over, how few do half of the work, how much was done lately.

use probity_sdk::findings::{self, Finding};
use probity_sdk::git::{ChangeBy, Commits, HistoryKey, Segment};
use probity_sdk::history;
use probity_sdk::prelude::*;

use crate::addresses;
use crate::facts::{Facts, Gathering};
use crate::standing::{self, Standing};
use crate::takeover::{self, FEWEST_COMMITS, NEWCOMER};

/// For `recent`: as Scorecard counts.
const LATELY: i64 = 90;

/// Whose the commits of a segment are, and of which days.
#[query(uses("git/commits"))]
pub(crate) fn segment(engine: &Engine<Empty>, key: Segment) -> Result<Facts> {
    let commits: Commits = engine.query("git/commits", &key)?;
    let mut gathering = Gathering::default();
    commits.commits.into_iter().for_each(|commit| gathering.add(commit));
    Ok(gathering.finish())
}

/// The same for a part of the history.
#[query(uses("git/part", "maintainers/segment"))]
pub(crate) fn part(engine: &Engine<Empty>, key: HistoryKey) -> Result<Facts> {
    let mut gathering = Gathering::default();
    history::each_of_part(engine, "maintainers", &key, |facts: Facts| Ok(gathering.append(facts)?))?;
    Ok(gathering.finish())
}

/// Newcomers who do most of the work where the one who did most before does little.
#[query(default, uses("git/history", "maintainers/part", "maintainers/segment", "review/changes_by"))]
pub(crate) fn takeover(engine: &Engine<Empty>, target: Target) -> Result<Answer<Vec<Finding>>> {
    let standing = standing(engine, &target)?;
    if standing.tip.saturating_sub(standing.begun) < NEWCOMER {
        return Err(abstain("the history is shorter than three years, so that all are newcomers"));
    }
    if standing.recent < FEWEST_COMMITS {
        let count = standing.recent;
        return Err(abstain(format!(
            "in the twelve months before the newest commit people made {count} commits: too few to say who leads"
        )));
    }
    let suspects = takeover::suspects(&standing);
    if suspects.is_empty() {
        return Ok(findings::answer(Vec::new()));
    }
    let changes = changes(engine, &target)?;
    let finding = |suspect| takeover::finding(&standing, suspect, changes.as_deref());
    Ok(findings::answer(suspects.into_iter().map(finding).collect()))
}

/// The smallest number of people who made half of the commits of the last twelve months.
#[query(uses("git/history", "maintainers/part", "maintainers/segment"))]
pub(crate) fn absence_factor(engine: &Engine<Empty>, target: Target) -> Result<Answer<u64>> {
    let standing = standing(engine, &target)?;
    let mut shares: Vec<u64> = standing.people.iter().map(|share| share.recent).collect();
    shares.sort_unstable_by_key(|share| std::cmp::Reverse(*share));
    let (mut people, mut made) = (0_u64, 0_u128);
    for share in shares {
        if made * 2 >= u128::from(standing.recent) {
            break;
        }
        (people, made) = (people + 1, made + u128::from(share));
    }
    if people == 0 {
        return Err(abstain("people made no commit in the twelve months before the newest one"));
    }
    Ok(Answer::new(people))
}

/// How many commits people made in the 90 days before the newest commit.
#[query(uses("git/history", "maintainers/part", "maintainers/segment"))]
pub(crate) fn recent(engine: &Engine<Empty>, target: Target) -> Result<Answer<u64>> {
    let facts = facts(engine, &target)?;
    let count = standing::within(&facts, LATELY).ok_or_else(|| abstain("there are no commits"))?;
    Ok(Answer::new(count))
}

/// What is odd about the addresses under which commits of the last twelve months were made, the worst first.
#[query(uses("git/history", "maintainers/part", "maintainers/segment"))]
pub(crate) fn addresses(engine: &Engine<Empty>, target: Target) -> Result<Answer<Vec<Finding>>> {
    let found = addresses::findings(&facts(engine, &target)?);
    Ok(findings::answer(found.ok_or_else(|| abstain("there are no commits by people"))?))
}

fn standing(engine: &Engine<Empty>, target: &Target) -> Result<Standing> {
    Standing::of(facts(engine, target)?).ok_or_else(|| abstain("there are no commits by people"))
}

fn facts(engine: &Engine<Empty>, target: &Target) -> Result<Facts> {
    let so = "who did how much cannot be known";
    let history = history::complete(engine, &target.history(), so)?;
    let mut gathering = Gathering::default();
    history::each(engine, "maintainers", &history, |facts: Facts| Ok(gathering.append(facts)?))?;
    Ok(gathering.finish())
}

/// The newest changes and their reviews; `None` if these cannot be judged.
fn changes(engine: &Engine<Empty>, target: &Target) -> Result<Option<Vec<ChangeBy>>> {
    match engine.query("review/changes_by", target) {
        Ok(changes) => Ok(Some(changes)),
        Err(error) if error.is_abstention() => Ok(None),
        Err(error) => Err(error),
    }
}
