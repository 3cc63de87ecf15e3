//! What each commit of a segment changed with respect to its first parent.
//!
//! In three steps: which files changed ([`touched`]), how the two blobs of each change differ ([`pair`]), and the
//! answer put together. A pair of blobs that occurs in several commits, as where a merge repeats what its branch did,
//! is compared once; the pairs of one path follow one another, so that a blob is mostly read and hashed once though
//! it is the new side of one change and the old side of the next.

mod answer;
mod lines;
mod own;
mod pair;
mod patch;
mod touched;

pub use own::own_files;
pub use pair::PairFacts;

use crate::commits::tree_and_parents;
use crate::error::GitError;
use crate::ids;
use crate::objects::{Bounded, Readers, Repository, in_order};
use crate::shapes::{Changes, Segment};
use gix::ObjectId;
use gix::hashtable::{HashMap, HashSet};
use pair::{Comparison, Pair, Reading};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};
use touched::Touched;

/// How many commits one thread takes at a time.
const COMMIT_BATCH: usize = 16;
/// How many pairs of blobs one thread takes at a time.
const PAIR_BATCH: usize = 32;
/// Bytes of facts about pairs that are kept from one segment to the next.
const KNOWN_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of lists of touched files that are kept for whoever asks for the same commits in another way.
const LISTED_BYTES: usize = 8 * 1024 * 1024;

/// What other segments, and other queries, may ask for again: facts about pairs of blobs, and which files commits touched. It follows from
/// the content alone.
#[derive(Debug)]
pub struct KnownPairs {
    pairs: Mutex<Bounded<Pair, Arc<PairFacts>>>,
    /// By commit, with respect to its first parent.
    touched: Mutex<Bounded<ObjectId, Arc<[Touched]>>>,
}

impl Default for KnownPairs {
    fn default() -> Self {
        Self { pairs: Mutex::new(Bounded::new(KNOWN_BYTES)), touched: Mutex::new(Bounded::new(LISTED_BYTES)) }
    }
}

impl KnownPairs {
    /// The files that the commit `id` touched; `list` tells them if they are not known.
    fn touched(
        &self,
        id: ObjectId,
        list: impl FnOnce() -> Result<Vec<Touched>, GitError>,
    ) -> Result<Arc<[Touched]>, GitError> {
        let known = || self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&id) {
            return Ok(known);
        }
        let listed: Arc<[Touched]> = list()?.into();
        let bytes = listed.iter().map(|touched| size_of::<Touched>() + touched.path.len()).sum();
        known().put(id, Arc::clone(&listed), bytes);
        Ok(listed)
    }
}

/// A commit and the files it touched.
struct Step {
    id: ObjectId,
    tree: ObjectId,
    parents: Vec<ObjectId>,
    /// `None` if the first parent is beyond the shallow boundary.
    touched: Option<Arc<[Touched]>>,
}

/// Answers the query `changes`.
pub fn changes(repository: &Repository, known: &KnownPairs, key: &Segment) -> Result<Changes, GitError> {
    compared(repository, known, key, Reading::Git)
}

/// Answers the query `hipcheck_changes`.
pub fn hipcheck_changes(repository: &Repository, key: &Segment) -> Result<Changes, GitError> {
    compared(repository, &KnownPairs::default(), key, Reading::Hipcheck)
}

fn compared(
    repository: &Repository,
    known: &KnownPairs,
    key: &Segment,
    reading: Reading,
) -> Result<Changes, GitError> {
    let commits = ids::parse_all(&key.commits)?;
    let cut = ids::parse_all(&key.cut)?;
    let format = ids::format(commits.iter().chain(&cut))?;
    repository.run(format, |readers| {
        let steps = steps(readers, known, &commits, &cut.into_iter().collect())?;
        let facts = facts(readers, known, &steps, reading)?;
        Ok(answer::changes(&steps, &facts))
    })
}

fn steps(
    readers: &Readers<'_>,
    known: &KnownPairs,
    commits: &[ObjectId],
    cut: &HashSet<ObjectId>,
) -> Result<Vec<Step>, GitError> {
    let headers = commits.par_chunks(COMMIT_BATCH).map(|batch| {
        readers.with(|reader| batch.iter().map(|id| Ok((*id, tree_and_parents(reader, *id)?))).collect())
    });
    let headers: Vec<(ObjectId, (ObjectId, Vec<ObjectId>))> = in_order(headers)?;
    // Most first parents are in the same segment: their commits need no second reading.
    let trees: HashMap<ObjectId, ObjectId> = headers.iter().map(|(id, (tree, _))| (*id, *tree)).collect();
    let steps = headers.par_chunks(COMMIT_BATCH).map(|batch| {
        let step = |(id, (tree, parents)): &(ObjectId, (ObjectId, Vec<ObjectId>))| {
            let step = |touched| Step { id: *id, tree: *tree, parents: parents.clone(), touched };
            if !parents.is_empty() && cut.contains(id) {
                return Ok(step(None));
            }
            let touched = known.touched(*id, || {
                let old = match parents.first() {
                    Some(parent) => Some(match trees.get(parent) {
                        Some(tree) => *tree,
                        None => readers.with(|reader| tree_and_parents(reader, *parent))?.0,
                    }),
                    None => None,
                };
                readers.with(|reader| touched::touched(reader, old, *tree))
            })?;
            Ok(step(Some(touched)))
        };
        batch.iter().map(step).collect()
    });
    in_order(steps)
}

/// The facts of every pair in `steps`.
fn facts(
    readers: &Readers<'_>,
    known: &KnownPairs,
    steps: &[Step],
    reading: Reading,
) -> Result<std::collections::HashMap<Pair, Arc<PairFacts>>, GitError> {
    let mut by_path: Vec<&Touched> =
        steps.iter().filter_map(|step| step.touched.as_deref()).flatten().collect();
    // Stable, so that the changes of one path stay in the order of the commits.
    by_path.sort_by(|a, b| a.path.cmp(&b.path));
    let mut facts = std::collections::HashMap::with_capacity(by_path.len());
    let mut wanted = Vec::new();
    {
        let mut known = known.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = std::collections::HashSet::with_capacity(by_path.len());
        for touched in by_path {
            if seen.insert(touched.pair) {
                match known.get(&touched.pair) {
                    Some(found) => drop(facts.insert(touched.pair, found)),
                    None => wanted.push(touched.pair),
                }
            }
        }
    }
    let computed = wanted.par_chunks(PAIR_BATCH).map_init(
        || Comparison::new(reading),
        |comparison, batch| {
            readers.with(|reader| {
                batch.iter().map(|pair| Ok(Arc::new(comparison.facts(reader, pair)?))).collect()
            })
        },
    );
    let computed: Vec<Arc<PairFacts>> = in_order(computed)?;
    let mut known = known.pairs.lock().unwrap_or_else(PoisonError::into_inner);
    for (pair, computed) in wanted.into_iter().zip(computed) {
        known.put(pair, Arc::clone(&computed), computed.bytes());
        facts.insert(pair, computed);
    }
    Ok(facts)
}
