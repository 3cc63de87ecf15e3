//! The graphemes of a whole history, and each commit's entropy relative to it.
//!
//! Histories are long, so graphemes are numbered and commits kept as pairs of numbers: eight bytes for each
//! distinct grapheme of a commit. All sums run in a fixed order, so that equal histories give equal bits.

use std::collections::HashMap;

use crate::counts::{Count, Counts};
use crate::histogram::{CommitHistogram, Histogram, Information, ranked, shares};

/// The commits of a history, added from the oldest to the newest.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    /// Each grapheme's number, in the order in which they were met.
    numbers: HashMap<Box<str>, u32>,
    /// For each grapheme the sum of its shares over the commits in which it occurs, and their number; summed from the oldest on.
    sums: Vec<(f64, u32)>,
    /// For each segment or part the numbers of its graphemes.
    segments: Vec<Vec<u32>>,
    commits: Vec<CommitText>,
    unknown: u64,
}

/// A commit. Its counts stay as they are written, which is a third of what they would be as numbers, and are read twice.
#[derive(Debug)]
struct CommitText {
    id: String,
    /// The segment or part it belongs to.
    segment: usize,
    counts: Counts,
    information: Information,
}

/// A commit and its entropy in bits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entropy {
    pub(crate) commit: String,
    pub(crate) bits: f64,
}

impl Corpus {
    /// Adds the segment or part that follows those added before.
    pub(crate) fn add(&mut self, segment: Histogram) -> Result<(), CorpusError> {
        let mut numbers = Vec::with_capacity(segment.graphemes.len());
        for grapheme in segment.graphemes {
            let next = u32::try_from(self.numbers.len()).map_err(|_| CorpusError::TooManyGraphemes)?;
            numbers.push(*self.numbers.entry(grapheme.into_boxed_str()).or_insert(next));
        }
        self.sums.resize(self.numbers.len(), (0.0, 0));
        let (mut reading, segment_at) = (Reading::default(), self.segments.len());
        for CommitHistogram { id, counts, information } in segment.commits {
            for (number, share) in shares(reading.numbered(&counts, &numbers)?) {
                let (sum, commits) = &mut self.sums[number as usize];
                *sum += share;
                *commits += 1;
            }
            self.commits.push(CommitText { id, segment: segment_at, counts, information });
        }
        self.segments.push(numbers);
        self.unknown = self.unknown.saturating_add(segment.unknown);
        Ok(())
    }

    /// Commits that were left out, since their changes are not known.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    pub(crate) fn len(&self) -> usize {
        self.commits.len()
    }

    /// All of it in one histogram.
    pub(crate) fn into_histogram(self) -> Result<Histogram, CorpusError> {
        let (graphemes, ranks) = ranked(self.numbers);
        let mut reading = Reading::default();
        let mut renumbered = |CommitText { id, segment, counts, information }| {
            let counts = reading.numbered(&counts, &self.segments[segment])?;
            counts.iter_mut().for_each(|(number, _)| *number = ranks[*number as usize]);
            Ok(CommitHistogram { id, counts: Counts::of(counts), information })
        };
        Ok(Histogram {
            graphemes: graphemes.into_iter().map(String::from).collect(),
            commits: self.commits.into_iter().map(&mut renumbered).collect::<Result<_, _>>()?,
            unknown: self.unknown,
        })
    }

    /// The entropy of each commit, the highest first and among equals the newest first:
    /// the sum over its graphemes of `p * log2(p / b)`, where `p` is the grapheme's share of the commit's text and
    /// `b` the mean of that share over the commits in which the grapheme occurs. Zero for a commit without text.
    pub(crate) fn into_entropies(self) -> Result<Vec<Entropy>, CorpusError> {
        let mean = |(sum, commits): (f64, u32)| libm::log2(sum / f64::from(commits));
        let baseline: Vec<f64> = self.sums.into_iter().map(mean).collect();
        let mut reading = Reading::default();
        let mut entropy = |CommitText { id, segment, counts, information }| {
            let counts = reading.numbered(&counts, &self.segments[segment])?;
            let expected: f64 = shares(counts).map(|(number, share)| share * baseline[number as usize]).sum();
            Ok(Entropy { commit: id, bits: information.bits() - expected })
        };
        let entropies = self.commits.into_iter().rev().map(&mut entropy);
        let mut entropies = entropies.collect::<Result<Vec<Entropy>, CorpusError>>()?;
        entropies.sort_by(|a, b| b.bits.total_cmp(&a.bits));
        Ok(entropies)
    }
}

/// Room for the counts of one commit.
#[derive(Default)]
struct Reading {
    bytes: Vec<u8>,
    counts: Vec<Count>,
}

impl Reading {
    /// The counts of a commit, by the numbers of its segment's graphemes.
    fn numbered(&mut self, counts: &Counts, numbers: &[u32]) -> Result<&mut [Count], CorpusError> {
        self.counts.clear();
        let mut unlisted = None;
        let read = counts.each(&mut self.bytes, |(place, count)| match numbers.get(place as usize) {
            Some(number) => self.counts.push((*number, count)),
            None => unlisted = Some(place),
        });
        read.ok_or(CorpusError::Unreadable)?;
        match unlisted {
            Some(place) => Err(CorpusError::NoSuchGrapheme { place }),
            None => Ok(&mut self.counts),
        }
    }
}

/// Why a segment's graphemes could not be added.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum CorpusError {
    /// A count refers to a grapheme that its segment does not list.
    #[error("a segment counts grapheme {place}, which it does not list")]
    NoSuchGrapheme {
        /// The place referred to.
        place: u32,
    },
    /// The counts of a commit are not written as counts are.
    #[error("a segment has counts that no commit has")]
    Unreadable,
    /// More than 2^32 distinct graphemes.
    #[error("the history has more distinct graphemes than can be numbered")]
    TooManyGraphemes,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment whose commits count these of these graphemes.
    fn segment(graphemes: &[&str], commits: &[(&str, &[(u32, u32)])]) -> Histogram {
        let commit = |(id, counts): &(&str, &[(u32, u32)])| {
            let information = Information::of(counts);
            CommitHistogram { id: (*id).to_owned(), counts: Counts::of(counts), information }
        };
        Histogram {
            graphemes: graphemes.iter().map(|grapheme| (*grapheme).to_owned()).collect(),
            commits: commits.iter().map(commit).collect(),
            unknown: 0,
        }
    }

    fn corpus(segments: Vec<Histogram>) -> Corpus {
        let mut corpus = Corpus::default();
        segments.into_iter().for_each(|segment| corpus.add(segment).unwrap());
        corpus
    }

    #[test]
    fn entropy_compares_a_commit_with_the_mean_of_those_that_use_the_same_graphemes() {
        // c1 is "aab": p(a) = 2/3, p(b) = 1/3. c2 is "b": p(b) = 1. So b(a) = 2/3 and b(b) = (1/3 + 1) / 2 = 2/3.
        // E(c1) = 2/3 log2(1) + 1/3 log2(1/2) = -1/3; E(c2) = log2(3/2).
        let whole = segment(&["a", "b"], &[("c1", &[(0, 2), (1, 1)]), ("c2", &[(1, 1)])]);
        let found = corpus(vec![whole]).into_entropies().unwrap();
        assert_eq!(found[0].commit, "c2");
        assert!((found[0].bits - 0.584_962_500_721_156_2).abs() < 1e-15, "{found:?}");
        assert_eq!(found[1].commit, "c1");
        assert!((found[1].bits + 1.0 / 3.0).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn how_a_history_is_cut_into_parts_and_segments_does_not_matter() {
        let abc = &["a", "b", "c"];
        let (c1, c2, c3): (&[_], &[_], &[_]) = (&[(0, 7), (2, 1)], &[(1, 1), (2, 3)], &[(0, 1), (1, 5)]);
        let whole = || segment(abc, &[("c1", c1), ("c2", c2), ("c3", c3)]);
        let cut = || {
            vec![segment(&["a", "c"], &[("c1", &[(0, 7), (1, 1)])]), segment(abc, &[("c2", c2), ("c3", c3)])]
        };
        assert_eq!(corpus(vec![whole()]).into_entropies(), corpus(cut()).into_entropies());
        assert_eq!(corpus(cut()).into_histogram(), Ok(whole()));
        let part = corpus(vec![segment(&["b"], &[("c0", &[(0, 1)])]), whole()]).into_histogram().unwrap();
        assert_eq!(part.graphemes, abc);
        assert_eq!(part.commits[1..], whole().commits);
    }

    #[test]
    fn a_commit_without_text_has_no_entropy_and_equals_are_newest_first() {
        let found = corpus(vec![segment(&[], &[("c1", &[]), ("c2", &[])])]).into_entropies().unwrap();
        let expected = ["c2", "c1"].map(|id| Entropy { commit: id.into(), bits: 0.0 });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_count_of_an_unlisted_grapheme_is_an_error() {
        let wrong = segment(&["a"], &[("c1", &[(1, 1)])]);
        assert_eq!(Corpus::default().add(wrong), Err(CorpusError::NoSuchGrapheme { place: 1 }));
    }
}
