//! The two questions that `churn` answers: about one segment, and about a whole history.

use probity_sdk::git::{History, Segment};
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;
use probity_sdk::statistics::z_scores;

use crate::changes::{Changes, CommitChanges};
use crate::config::Config;
use crate::scores::{self, Size};

/// How many segments are asked for at once.
const WINDOW: usize = 16;
/// How many commits are pointed out at most.
const MOST_CONCERNS: usize = 20;
/// With fewer commits there is nothing to compare.
const FEWEST_COMMITS: usize = 2;

/// The sizes of a segment's commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SegmentSizes {
    /// One row for each commit that changes at least one source file, in the segment's order.
    pub(crate) commits: Vec<Row>,
    /// Commits left out, since their parents and so their changes are not known.
    pub(crate) unknown: u64,
}

/// A commit, the source files that it changes, and the lines that it adds or removes in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Row(pub(crate) String, pub(crate) u64, pub(crate) u64);

/// How many source files and lines each commit of a segment changes.
#[query(uses("git/changes", "linguist/source_extensions"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<SegmentSizes>> {
    let source: SourceFiles = engine.query("linguist/source_extensions", &Empty {})?;
    let changes: Changes = engine.query("git/changes", &key)?;
    let unknown = changes.commits.iter().filter(|commit| commit.unknown).count();
    let known = changes.commits.iter().filter(|commit| !commit.unknown);
    let commits = known.filter_map(|commit| row(commit, &source)).collect();
    Ok(Answer::new(SegmentSizes { commits, unknown: unknown as u64 }))
}

fn row(commit: &CommitChanges, source: &SourceFiles) -> Option<Row> {
    let mut files = 0;
    let mut lines: u64 = 0;
    for file in commit.files.iter().filter(|file| source.contains(&file.path)) {
        files += 1;
        lines = lines.saturating_add(file.additions).saturating_add(file.deletions);
    }
    (files > 0).then(|| Row(commit.id.clone(), files, lines))
}

/// How unusual the size of each commit is: z-scores of churn over all commits that change source, newest first.
#[query(default, uses("git/history", "churn/segment"))]
pub(crate) fn churn(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<f64>>> {
    let history: History = engine.query("git/history", &target.history())?;
    if history.truncated {
        return Err(abstain(
            "the history is incomplete (a shallow clone), so no commit can be compared with all others",
        ));
    }
    let SegmentSizes { commits, unknown } = rows(engine, &history.segments)?;
    if commits.len() < FEWEST_COMMITS {
        let count = commits.len();
        return Err(abstain(format!("too few commits change source files to be compared: {count}")));
    }
    let sizes: Vec<Size> = commits.iter().map(|&Row(_, files, lines)| Size { files, lines }).collect();
    let Some(scores) = z_scores(&scores::churn(&sizes)) else {
        return Err(abstain(
            "all commits that change source files are of the same size, so none can stand out",
        ));
    };
    let concerns = concerns(&commits, &scores, unknown, engine.config());
    Ok(Answer::new(scores).concerns(concerns))
}

/// The rows of all segments, newest first.
fn rows(engine: &Engine<Config>, segments: &[Segment]) -> Result<SegmentSizes> {
    let mut all = SegmentSizes { commits: Vec::new(), unknown: 0 };
    for sizes in engine.query_windowed::<SegmentSizes, _>("churn/segment", segments, WINDOW) {
        let sizes = sizes?;
        all.commits.extend(sizes.commits);
        all.unknown = all.unknown.saturating_add(sizes.unknown);
    }
    all.commits.reverse();
    Ok(all)
}

/// The commits above the threshold, the highest first, and a word on those that were left out.
fn concerns(commits: &[Row], scores: &[f64], unknown: u64, config: &Config) -> Vec<Concern> {
    let mut outstanding: Vec<(&Row, f64)> =
        commits.iter().zip(scores.iter().copied()).filter(|(_, score)| *score > config.churn_freq).collect();
    // The sort is stable: among equals the newest stays first.
    outstanding.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let room = if unknown == 0 { MOST_CONCERNS } else { MOST_CONCERNS - 1 };
    let mut concerns: Vec<Concern> = outstanding
        .into_iter()
        .take(room)
        .map(|(Row(commit, files, lines), score)| {
            let message = format!(
                "changes {lines} lines in {files} source files, {score:.2} standard deviations above the mean"
            );
            Concern::new(message).commit(commit)
        })
        .collect();
    if unknown > 0 {
        concerns.push(Concern::new(format!("commits left out, since their parents are missing: {unknown}")));
    }
    concerns
}
