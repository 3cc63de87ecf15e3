//! The questions that `entropy` answers: about one segment, about a part, and about a whole history.

use probity_sdk::git::{HistoryKey, Segment};
use probity_sdk::history;
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;
use probity_sdk::statistics::z_scores;

use crate::config::Config;
use crate::corpus::{Corpus, Entropy};
use crate::histogram::{Changes, Counting, Histogram};

/// How many blocks of a segment are asked for at once: their counts, and no others, are in memory as JSON.
const WINDOW: usize = 8;
/// How many commits are pointed out at most.
const MOST_CONCERNS: usize = 20;
/// Standard deviations above the mean from which a commit is worth a look, whatever the policy allows.
const NOTABLE: f64 = 3.0;
/// The queries by which the history is asked for, in Probity's words and in Hipcheck's.
const OWN: history::Names<'_> = history::Names { part: "entropy/part", segment: "entropy/segment" };
const HIPCHECK: history::Names<'_> =
    history::Names { part: "entropy/hipcheck_part", segment: "entropy/hipcheck_segment" };
/// With fewer commits there is nothing to compare.
const FEWEST_COMMITS: usize = 2;

/// How often each grapheme occurs in the source lines that the commits of a segment add or remove.
#[query(uses("git/changes", "linguist/source_extensions"))]
pub(crate) fn segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<Histogram>> {
    histogram(engine, &key, "git/changes", "linguist/source_extensions")
}

/// The same as Hipcheck sees it, for comparison: the characters of whole patches.
#[query(uses("git/hipcheck_changes", "linguist/hipcheck_extensions"))]
pub(crate) fn hipcheck_segment(engine: &Engine<Config>, key: Segment) -> Result<Answer<Histogram>> {
    histogram(engine, &key, "git/hipcheck_changes", "linguist/hipcheck_extensions")
}

fn histogram(engine: &Engine<Config>, key: &Segment, of: &str, source: &str) -> Result<Answer<Histogram>> {
    let source: SourceFiles = engine.query(source, &Empty {})?;
    let mut counting = Counting::default();
    for changes in engine.query_windowed::<Changes, _>(of, &key.blocks(), WINDOW) {
        counting.add(changes?, &source)?;
    }
    Ok(Answer::new(counting.finish()))
}

/// How often each grapheme occurs in the source lines that the commits of a part add or remove.
#[query(uses("git/part", "entropy/segment"))]
pub(crate) fn part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<Histogram>> {
    let mut corpus = Corpus::default();
    history::each_of_part(engine, "entropy", &key, |text| Ok(corpus.add(text)?))?;
    Ok(Answer::new(corpus.into_histogram()?))
}

/// The same as Hipcheck sees it, for comparison.
#[query(uses("git/part", "entropy/hipcheck_segment"))]
pub(crate) fn hipcheck_part(engine: &Engine<Config>, key: HistoryKey) -> Result<Answer<Histogram>> {
    let mut corpus = Corpus::default();
    history::each_of_part_by(engine, HIPCHECK.segment, &key, |text| Ok(corpus.add(text)?))?;
    Ok(Answer::new(corpus.into_histogram()?))
}

/// How unusual the text of each commit is: z-scores of entropy over all commits that change source, highest first.
#[query(
    default,
    uses(
        "git/history",
        "entropy/part",
        "entropy/segment",
        "entropy/hipcheck_part",
        "entropy/hipcheck_segment"
    )
)]
pub(crate) fn entropy(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<f64>>> {
    let so = "no commit can be compared with all others";
    let history = history::complete(engine, &target.history(), so)?;
    let mut corpus = Corpus::default();
    let names = if engine.config().compat.is_some() { HIPCHECK } else { OWN };
    history::each_by(engine, &names, &history, |text| Ok(corpus.add(text)?))?;
    if corpus.len() < FEWEST_COMMITS {
        let count = corpus.len();
        return Err(abstain(format!("too few commits change source files to be compared: {count}")));
    }
    let unknown = corpus.unknown();
    let entropies = corpus.into_entropies()?;
    let bits: Vec<f64> = entropies.iter().map(|commit| commit.bits).collect();
    let Some(scores) = z_scores(&bits) else {
        return Err(abstain(
            "all commits that change source files have the same entropy, so none can stand out",
        ));
    };
    let concerns = concerns(&entropies, &scores, unknown, engine.config());
    Ok(Answer::new(scores).concerns(concerns))
}

/// The commits above the threshold (or notable all the same, for a policy may set a lower one), the highest first, and a word on those that were left out.
fn concerns(entropies: &[Entropy], scores: &[f64], unknown: u64, config: &Config) -> Vec<Concern> {
    let room = if unknown == 0 { MOST_CONCERNS } else { MOST_CONCERNS - 1 };
    let limit = config.entropy_threshold.min(NOTABLE);
    let outstanding = entropies.iter().zip(scores).filter(|(_, score)| **score > limit);
    let mut concerns: Vec<Concern> = outstanding
        .take(room)
        .map(|(Entropy { commit, bits }, score)| {
            let message = format!(
                "adds or removes unusual text: {bits:.2} bits, {score:.2} standard deviations above the mean"
            );
            Concern::new(message).commit(commit)
        })
        .collect();
    if unknown > 0 {
        concerns.push(Concern::new(format!("commits left out, since their parents are missing: {unknown}")));
    }
    concerns
}
