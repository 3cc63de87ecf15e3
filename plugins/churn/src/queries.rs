//! The questions that `churn` answers: about one segment, about a part, and about a whole history.

use probity_sdk::git::{HistoryKey, Segment};
use probity_sdk::history;
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;
use probity_sdk::statistics::{robust_scores, z_scores};

use crate::changes::{Changes, CommitChanges};
use crate::config::Config;
use crate::scores;
use crate::sizes::{Size, Sizes};

/// How many blocks of a segment are asked for at once.
const WINDOW: usize = 8;
/// How many commits are pointed out at most.
pub(crate) const MOST_CONCERNS: usize = 20;
/// The queries by which the history is asked for, in Probity's words and in Hipcheck's.
const OWN: history::Names<'_> = history::Names { part: "churn/part", segment: "churn/segment" };
const HIPCHECK: history::Names<'_> =
    history::Names { part: "churn/hipcheck_part", segment: "churn/hipcheck_segment" };
/// With fewer commits there is nothing to compare.
const FEWEST_COMMITS: usize = 2;

/// How many source files and lines each commit of a segment changes.
#[query(uses("git/changes", "linguist/source_extensions"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<Sizes>> {
    sizes(engine, &key, "git/changes", "linguist/source_extensions")
}

/// The same as Hipcheck sees it, for comparison.
#[query(uses("git/hipcheck_changes", "linguist/hipcheck_extensions"))]
pub(crate) fn hipcheck_segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<Sizes>> {
    sizes(engine, &key, "git/hipcheck_changes", "linguist/hipcheck_extensions")
}

fn sizes(engine: &Engine<Config>, key: &Segment, of: &str, source: &str) -> Result<Answer<Sizes>> {
    let source: SourceFiles = engine.query(source, &Empty {})?;
    let (mut sizes, mut unknown) = (Vec::new(), 0);
    for changes in engine.query_windowed::<Changes, _>(of, &key.blocks(), WINDOW) {
        for commit in changes?.commits {
            if commit.unknown {
                unknown += 1;
            } else if let Some(size) = size(&commit, &source) {
                sizes.push((commit.id, size));
            }
        }
    }
    Ok(Answer::new(Sizes::of(sizes, unknown)))
}

/// The source that a commit changes, if any.
fn size(commit: &CommitChanges, source: &SourceFiles) -> Option<Size> {
    let mut size = Size { files: 0, lines: 0 };
    for file in commit.files.iter().filter(|file| source.contains(&file.path)) {
        size.files += 1;
        size.lines = size.lines.saturating_add(file.additions).saturating_add(file.deletions);
    }
    (size.files > 0).then_some(size)
}

/// How many source files and lines each commit of a part changes.
#[query(uses("git/part", "churn/segment"))]
pub(crate) fn part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<Sizes>> {
    let mut all = Sizes::default();
    history::each_of_part(engine, "churn", &key, |sizes: Sizes| Ok(all.append(sizes)?))?;
    Ok(Answer::new(all))
}

/// The same as Hipcheck sees it, for comparison.
#[query(uses("git/part", "churn/hipcheck_segment"))]
pub(crate) fn hipcheck_part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<Sizes>> {
    let mut all = Sizes::default();
    history::each_of_part_by(engine, HIPCHECK.segment, &key, |sizes: Sizes| Ok(all.append(sizes)?))?;
    Ok(Answer::new(all))
}

/// How unusual the size of each commit is: z-scores of churn over all commits that change source, newest first.
#[query(
    default,
    uses("git/history", "churn/part", "churn/segment", "churn/hipcheck_part", "churn/hipcheck_segment")
)]
pub(crate) fn churn(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<f64>>> {
    let names = if engine.config().compat.is_some() { HIPCHECK } else { OWN };
    let all = measured(engine, &target, &names)?;
    let sizes: Vec<Size> = all.newest_first().collect();
    let Some(scores) = z_scores(&scores::churn(&sizes)) else {
        return Err(abstain(
            "all commits that change source files are of the same size, so none can stand out",
        ));
    };
    let concerns = concerns(&all, &scores, engine.config().churn_freq, "standard deviations above the mean");
    Ok(Answer::new(scores).concerns(concerns))
}

/// How unusual the size of each commit is by a measure that few giants do not bend: robust z-scores of the logarithm of churn, newest first.
#[query(uses("git/history", "churn/part", "churn/segment"))]
pub(crate) fn outliers(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<f64>>> {
    let all = measured(engine, &target, &OWN)?;
    let logarithms: Vec<f64> = all.newest_first().map(scores::logarithm).collect();
    let Some(scores) = robust_scores(&logarithms) else {
        return Err(abstain("more than half of the commits are of the same size, so none can stand out"));
    };
    let concerns = concerns(&all, &scores, engine.config().outlier, "deviations above the median");
    Ok(Answer::new(scores).concerns(concerns))
}

/// The sizes of all commits, if there are any to compare.
fn measured(engine: &Engine<Config>, target: &Target, names: &history::Names<'_>) -> Result<Sizes> {
    let so = "no commit can be compared with all others";
    let history = history::complete(engine, &target.history(), so)?;
    let mut all = Sizes::default();
    history::each_by(engine, names, &history, |sizes: Sizes| Ok(all.append(sizes)?))?;
    if all.len() < FEWEST_COMMITS {
        let count = all.len();
        return Err(abstain(format!("too few commits change source files to be compared: {count}")));
    }
    Ok(all)
}

/// The commits above the threshold, the highest first, and a word on those that were left out.
fn concerns(all: &Sizes, scores: &[f64], threshold: f64, unit: &str) -> Vec<Concern> {
    let room = if all.unknown == 0 { MOST_CONCERNS } else { MOST_CONCERNS - 1 };
    let largest = all.largest().map(|(commit, place, size)| (commit, size, scores[all.len() - 1 - place]));
    let mut concerns: Vec<Concern> = largest
        .filter(|(_, _, score)| *score > threshold)
        .take(room)
        .map(|(commit, Size { files, lines }, score)| {
            let message = format!("changes {lines} lines in {files} source files, {score:.2} {unit}");
            Concern::new(message).commit(commit)
        })
        .collect();
    if all.unknown > 0 {
        let unknown = all.unknown;
        concerns.push(Concern::new(format!("commits left out, since their parents are missing: {unknown}")));
    }
    concerns
}
