//! The graphemes of one segment's or part's commits, source files only, in a compact form: each grapheme is written once, the
//! commits refer to it by its place.
//!
//! This is what is remembered for each segment and for each part. A segment's raw changes are read one commit at a time and let go.

use std::collections::{BTreeMap, HashMap};

use probity_sdk::linguist::SourceFiles;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::counts::{Count, Counts};

/// The graphemes that the commits of a segment, or of a part, added or removed in source files.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Histogram {
    /// Each grapheme once, in the order of their bytes.
    pub(crate) graphemes: Vec<String>,
    /// The commits that change at least one source file, the oldest first.
    pub(crate) commits: Vec<CommitHistogram>,
    /// Commits left out, since their parents and so their changes are not known.
    pub(crate) unknown: u64,
}

/// How often each grapheme occurs in the lines that one commit added or removed.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CommitHistogram {
    pub(crate) id: String,
    /// Places in `graphemes`, and counts, as [`crate::counts`] writes them.
    pub(crate) counts: Counts,
    /// What of the commit's entropy does not depend on other commits.
    pub(crate) information: Information,
}

/// The sum over a text's graphemes of `p * log2(p)`, where `p` is the grapheme's share of the text. Kept and written as the bits of
/// the number, which come through JSON unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Information(u64);

impl Information {
    pub(crate) fn of(counts: &[Count]) -> Self {
        Self(shares(counts).map(|(_, share)| share * libm::log2(share)).sum::<f64>().to_bits())
    }

    pub(crate) fn bits(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Each grapheme, and its share of the text that is counted.
pub(crate) fn shares(counts: &[Count]) -> impl Iterator<Item = (u32, f64)> {
    let total: u64 = counts.iter().map(|(_, count)| u64::from(*count)).sum();
    counts.iter().map(move |(grapheme, count)| (*grapheme, f64::from(*count) / total as f64))
}

/// What `git/changes` answers, each commit still as text.
#[derive(Debug, Deserialize)]
pub(crate) struct Changes {
    pub(crate) commits: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct CommitChanges {
    id: String,
    files: Vec<ChangedFile>,
    graphemes: Vec<Graphemes>,
    #[serde(default)]
    unknown: bool,
}

#[derive(Deserialize)]
struct ChangedFile {
    path: String,
}

#[derive(Deserialize)]
struct Graphemes {
    extension: Option<String>,
    counts: BTreeMap<String, u64>,
}

/// A histogram in the making, from the oldest commit to the newest.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    /// Numbers of the graphemes, as they are met.
    places: HashMap<String, u32>,
    commits: Vec<Counted>,
    unknown: u64,
}

/// A commit whose graphemes are numbered as they were met.
#[derive(Debug)]
struct Counted {
    id: String,
    counts: Vec<Count>,
}

impl Counting {
    /// Reads the changes of further commits, one commit at a time.
    pub(crate) fn add(&mut self, changes: Changes, source: &SourceFiles) -> Result<(), HistogramError> {
        for raw in changes.commits {
            let commit: CommitChanges = serde_json::from_str(raw.get())?;
            if commit.unknown {
                self.unknown += 1;
            } else if commit.files.iter().any(|file| source.contains(&file.path)) {
                self.commits.push(counted(commit, source, &mut self.places)?);
            }
        }
        Ok(())
    }

    /// Puts the graphemes in order and renumbers the counts, which were numbered as the graphemes were met.
    pub(crate) fn finish(self) -> Histogram {
        let (graphemes, ranks) = ranked(self.places);
        let renumbered = |Counted { id, mut counts }| {
            counts.iter_mut().for_each(|(place, _)| *place = ranks[*place as usize]);
            // The sum runs in the order of the graphemes' bytes, as those over all commits do.
            counts.sort_unstable();
            CommitHistogram { id, information: Information::of(&counts), counts: Counts::of(&counts) }
        };
        let commits = self.commits.into_iter().map(renumbered).collect();
        Histogram { graphemes, commits, unknown: self.unknown }
    }
}

/// Graphemes in order, and the rank in it of each number that one was met under. The numbers are those from 0 on.
pub(crate) fn ranked<G: Ord>(met: impl IntoIterator<Item = (G, u32)>) -> (Vec<G>, Vec<u32>) {
    let mut met: Vec<(G, u32)> = met.into_iter().collect();
    met.sort_unstable();
    let mut ranks = vec![0; met.len()];
    for (rank, (_, number)) in (0..).zip(&met) {
        ranks[*number as usize] = rank;
    }
    (met.into_iter().map(|(grapheme, _)| grapheme).collect(), ranks)
}

/// The counts of one commit over all its source files. Graphemes get the next free place when they are first met.
fn counted(
    commit: CommitChanges,
    source: &SourceFiles,
    places: &mut HashMap<String, u32>,
) -> Result<Counted, HistogramError> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    let of_source = |graphemes: &Graphemes| source.contains_extension(graphemes.extension.as_deref());
    for graphemes in commit.graphemes.into_iter().filter(of_source) {
        for (grapheme, count) in graphemes.counts.into_iter().filter(|(_, count)| *count > 0) {
            let next = u32::try_from(places.len()).map_err(|_| HistogramError::TooLarge)?;
            let place = *places.entry(grapheme).or_insert(next);
            let sum = counts.entry(place).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    let narrow = |(place, count)| match u32::try_from(count) {
        Ok(count) => Ok((place, count)),
        Err(_) => Err(HistogramError::TooLarge),
    };
    let counts = counts.into_iter().map(narrow).collect::<Result<_, _>>()?;
    Ok(Counted { id: commit.id, counts })
}

/// Why the changes of a segment could not be counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistogramError {
    /// The changes do not have the shape that `git/changes` promises.
    #[error("the changes of a commit cannot be read")]
    Shape(#[from] serde_json::Error),
    /// More than 2^32 of one thing.
    #[error("a commit changes more than four thousand million graphemes")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceFiles {
        serde_json::from_str(r#"{"extensions":["rs","c"],"without_extension":true}"#).unwrap()
    }

    fn histogram(changes: &str) -> Result<Histogram, HistogramError> {
        let mut counting = Counting::default();
        counting.add(serde_json::from_str(changes).unwrap(), &source())?;
        Ok(counting.finish())
    }

    #[test]
    fn only_source_counts_and_extensions_are_added_up() {
        let built = histogram(
            r#"{"commits":[
                {"id":"c1","parents":0,"files":[{"path":"a.rs","additions":1,"deletions":0},{"path":"b.md"}],
                 "graphemes":[{"extension":"md","counts":{"z":9}},{"extension":"rs","counts":{"x":2,"a":1}},
                              {"extension":null,"counts":{"x":3}}]},
                {"id":"c2","parents":1,"files":[{"path":"b.md"}],"graphemes":[{"extension":"md","counts":{"q":1}}]},
                {"id":"c3","parents":1,"files":[{"path":"Makefile"}],"graphemes":[{"extension":null,"counts":{"é":1}}]}
            ]}"#,
        );
        let of = |counts: &[(u32, u32)]| Information::of(counts).0;
        let expected = format!(
            r#"{{"graphemes":["a","x","é"],"commits":[{{"id":"c1","counts":"AAEBBQ","information":{}}},{{"id":"c3","counts":"AgE","information":{}}}],"unknown":0}}"#,
            of(&[(0, 1), (1, 5)]),
            of(&[(2, 1)])
        );
        assert_eq!(serde_json::to_string(&built.unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_source_file_without_text_still_makes_its_commit_count() {
        let built =
            histogram(r#"{"commits":[{"id":"c1","files":[{"path":"empty.rs"}],"graphemes":[]}]}"#).unwrap();
        assert_eq!(
            built.commits,
            [CommitHistogram {
                id: "c1".into(),
                counts: Counts::default(),
                information: Information::of(&[])
            }]
        );
    }

    #[test]
    fn commits_whose_changes_are_unknown_are_left_out_and_counted() {
        let built =
            histogram(r#"{"commits":[{"id":"c1","files":[],"graphemes":[],"unknown":true}]}"#).unwrap();
        assert_eq!(built, Histogram { unknown: 1, ..Histogram::default() });
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let huge = r#"{"commits":[{"id":"c","files":[{"path":"a.rs"}],
            "graphemes":[{"extension":"rs","counts":{"a":4294967296}}]}]}"#;
        assert!(matches!(histogram(huge), Err(HistogramError::TooLarge)));
        assert!(matches!(histogram(r#"{"commits":[{"id":"c"}]}"#), Err(HistogramError::Shape(_))));
    }
}
