//! Puts the answer of `changes` together.

use super::Step;
use super::pair::{Pair, PairFacts};
use crate::graphemes::Counts;
use crate::paths;
use crate::shapes::{Changes, CommitChanges, FileChange, GraphemeCounts};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) fn changes(steps: &[Step], facts: &HashMap<Pair, Arc<PairFacts>>) -> Changes {
    Changes { commits: steps.iter().map(|step| commit(step, facts)).collect() }
}

fn commit(step: &Step, facts: &HashMap<Pair, Arc<PairFacts>>) -> CommitChanges {
    let touched = step.touched.as_deref().unwrap_or_default();
    let mut files = Vec::with_capacity(touched.len());
    let mut graphemes: BTreeMap<Option<Cow<'_, str>>, Counts> = BTreeMap::new();
    for touched in touched {
        let facts = &facts[&touched.pair];
        files.push(FileChange {
            path: paths::text(&touched.path).into_owned(),
            additions: facts.additions,
            deletions: facts.deletions,
            binary: facts.binary,
        });
        if !facts.graphemes.is_empty() {
            graphemes.entry(paths::extension(&touched.path)).or_default().add(&facts.graphemes);
        }
    }
    let counts = |(extension, counts): (Option<Cow<'_, str>>, Counts)| GraphemeCounts {
        extension: extension.map(Cow::into_owned),
        counts,
    };
    CommitChanges {
        id: step.id.to_string(),
        parents: u32::try_from(step.parents.len()).unwrap_or(u32::MAX),
        files,
        graphemes: graphemes.into_iter().map(counts).collect(),
        unknown: step.touched.is_none(),
    }
}
