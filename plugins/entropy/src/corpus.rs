//! The graphemes of a whole history, and each commit's entropy relative to it.
//!
//! Histories are long, so graphemes are numbered and commits kept as pairs of numbers: eight bytes for each
//! distinct grapheme of a commit. All sums run in a fixed order, so that equal histories give equal bits.

use std::collections::HashMap;

use crate::histogram::Histogram;

/// The commits of a history, added from the oldest to the newest.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    /// Each grapheme's number, in the order in which they were met.
    numbers: HashMap<Box<str>, u32>,
    commits: Vec<CommitText>,
    unknown: u64,
}

#[derive(Debug)]
struct CommitText {
    id: Box<str>,
    /// Number of the grapheme, and how often it occurs.
    counts: Box<[(u32, u32)]>,
}

/// A commit and its entropy in bits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entropy {
    pub(crate) commit: Box<str>,
    pub(crate) bits: f64,
}

impl Corpus {
    /// Adds the segment that follows those added before.
    pub(crate) fn add(&mut self, segment: Histogram) -> Result<(), CorpusError> {
        let mut numbers = Vec::with_capacity(segment.graphemes.len());
        for grapheme in segment.graphemes {
            let next = u32::try_from(self.numbers.len()).map_err(|_| CorpusError::TooManyGraphemes)?;
            numbers.push(*self.numbers.entry(grapheme.into_boxed_str()).or_insert(next));
        }
        for commit in segment.commits {
            let number = |(place, count): (u32, u32)| {
                let number = numbers.get(place as usize).copied();
                number.map(|number| (number, count)).ok_or(CorpusError::NoSuchGrapheme { place })
            };
            let counts = commit.counts.into_iter().map(number).collect::<Result<_, _>>()?;
            self.commits.push(CommitText { id: commit.id.into_boxed_str(), counts });
        }
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

    /// The entropy of each commit, the highest first and among equals the newest first:
    /// the sum over its graphemes of `p * log2(p / b)`, where `p` is the grapheme's share of the commit's text and
    /// `b` the mean of that share over the commits in which the grapheme occurs. Zero for a commit without text.
    pub(crate) fn into_entropies(mut self) -> Vec<Entropy> {
        let baseline = self.baseline();
        let ranks = self.ranks();
        let mut entropies: Vec<Entropy> = Vec::with_capacity(self.commits.len());
        for mut commit in self.commits.drain(..).rev() {
            commit.counts.sort_unstable_by_key(|(number, _)| ranks[*number as usize]);
            let bits = relative_entropy(&commit, &baseline);
            entropies.push(Entropy { commit: commit.id, bits });
        }
        entropies.sort_by(|a, b| b.bits.total_cmp(&a.bits));
        entropies
    }

    /// For each grapheme the mean of its share over the commits in which it occurs; summed from the oldest on.
    fn baseline(&self) -> Vec<f64> {
        let mut shares = vec![(0.0, 0_u32); self.numbers.len()];
        for commit in &self.commits {
            for (number, share) in commit.shares() {
                let (sum, commits) = &mut shares[number as usize];
                *sum += share;
                *commits += 1;
            }
        }
        shares.into_iter().map(|(sum, commits)| sum / f64::from(commits)).collect()
    }

    /// For each grapheme its place in the order of bytes, which does not depend on the order of the history.
    fn ranks(&mut self) -> Vec<u32> {
        let mut graphemes: Vec<(Box<str>, u32)> = self.numbers.drain().collect();
        graphemes.sort_unstable();
        let mut ranks = vec![0; graphemes.len()];
        for (rank, (_, number)) in (0..).zip(graphemes) {
            ranks[number as usize] = rank;
        }
        ranks
    }
}

impl CommitText {
    /// Each grapheme's number and its share of the commit's text.
    fn shares(&self) -> impl Iterator<Item = (u32, f64)> {
        let total: u64 = self.counts.iter().map(|(_, count)| u64::from(*count)).sum();
        self.counts.iter().map(move |(number, count)| (*number, f64::from(*count) / total as f64))
    }
}

fn relative_entropy(commit: &CommitText, baseline: &[f64]) -> f64 {
    commit.shares().map(|(number, share)| share * libm::log2(share / baseline[number as usize])).sum()
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
    /// More than 2^32 distinct graphemes.
    #[error("the history has more distinct graphemes than can be numbered")]
    TooManyGraphemes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(json: &str) -> Histogram {
        serde_json::from_str(json).unwrap()
    }

    fn entropies(segments: &[&str]) -> Vec<Entropy> {
        let mut corpus = Corpus::default();
        for json in segments {
            corpus.add(segment(json)).unwrap();
        }
        corpus.into_entropies()
    }

    #[test]
    fn entropy_compares_a_commit_with_the_mean_of_those_that_use_the_same_graphemes() {
        // c1 is "aab": p(a) = 2/3, p(b) = 1/3. c2 is "b": p(b) = 1. So b(a) = 2/3 and b(b) = (1/3 + 1) / 2 = 2/3.
        // E(c1) = 2/3 log2(1) + 1/3 log2(1/2) = -1/3; E(c2) = log2(3/2).
        let found = entropies(&[
            r#"{"graphemes":["a","b"],"commits":[{"id":"c1","counts":[[0,2],[1,1]]},{"id":"c2","counts":[[1,1]]}],"unknown":0}"#,
        ]);
        assert_eq!(&*found[0].commit, "c2");
        assert!((found[0].bits - 0.584_962_500_721_156_2).abs() < 1e-15, "{found:?}");
        assert_eq!(&*found[1].commit, "c1");
        assert!((found[1].bits + 1.0 / 3.0).abs() < 1e-15, "{found:?}");
    }

    #[test]
    fn how_a_history_is_cut_into_segments_does_not_matter() {
        let whole =
            entropies(&[r#"{"graphemes":["a","b","c"],"commits":[{"id":"c1","counts":[[0,7],[2,1]]},
                {"id":"c2","counts":[[1,1],[2,3]]},{"id":"c3","counts":[[0,1],[1,5]]}],"unknown":0}"#]);
        let cut = entropies(&[
            r#"{"graphemes":["a","c"],"commits":[{"id":"c1","counts":[[0,7],[1,1]]}],"unknown":0}"#,
            r#"{"graphemes":["a","b","c"],"commits":[{"id":"c2","counts":[[1,1],[2,3]]},
                {"id":"c3","counts":[[0,1],[1,5]]}],"unknown":0}"#,
        ]);
        assert_eq!(whole, cut);
    }

    #[test]
    fn a_commit_without_text_has_no_entropy_and_equals_are_newest_first() {
        let found = entropies(&[
            r#"{"graphemes":[],"commits":[{"id":"c1","counts":[]},{"id":"c2","counts":[]}],"unknown":2}"#,
        ]);
        let expected = ["c2", "c1"].map(|id| Entropy { commit: id.into(), bits: 0.0 });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_count_of_an_unlisted_grapheme_is_an_error() {
        let wrong = segment(r#"{"graphemes":["a"],"commits":[{"id":"c1","counts":[[1,1]]}],"unknown":0}"#);
        assert_eq!(Corpus::default().add(wrong), Err(CorpusError::NoSuchGrapheme { place: 1 }));
    }
}
