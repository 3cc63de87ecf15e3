//! Answers the query `touched`: the files in which commits differ from each of their parents.
//!
//! With respect to the first parent this is the same list that `changes` goes by, and is made once for both. A merge mostly repeats there
//! what its branch did; what it adds of its own is found by comparing it with its other parents too.

use super::touched::touched;
use super::{KnownPairs, Step, steps};
use crate::commits::tree_and_parents;
use crate::error::GitError;
use crate::objects::{Reader, Repository, in_order};
use crate::shapes::{CommitTouched, Segment, TouchedFile};
use crate::{ids, paths, shapes};
use gix::ObjectId;
use gix::bstr::BString;
use rayon::prelude::*;
use std::collections::HashMap;

/// How many commits one thread takes at a time.
const BATCH: usize = 16;
/// A merge is compared with no more of its parents. What it shares with further ones alone is told as its own.
const MOST_PARENTS: usize = 16;

/// A file that differs from each parent looked at so far.
struct Own<'a> {
    path: &'a BString,
    before: Vec<ObjectId>,
    after: Option<ObjectId>,
}

/// The files in which the commits of a segment differ from each of their parents.
pub fn own_files(
    repository: &Repository,
    known: &KnownPairs,
    key: &Segment,
) -> Result<shapes::Touched, GitError> {
    let commits = ids::parse_all(&key.commits)?;
    let cut = ids::parse_all(&key.cut)?;
    let format = ids::format(commits.iter().chain(&cut))?;
    repository.run(format, |readers| {
        let steps = steps(readers, known, &commits, &cut.into_iter().collect())?;
        let told = steps
            .par_chunks(BATCH)
            .map(|batch| readers.with(|reader| batch.iter().map(|step| of_step(reader, step)).collect()));
        Ok(shapes::Touched { commits: in_order(told)? })
    })
}

fn of_step(reader: &Reader, step: &Step) -> Result<CommitTouched, GitError> {
    let id = step.id.to_string();
    let Some(of_first) = &step.touched else {
        return Ok(CommitTouched { id, files: Vec::new(), unknown: true });
    };
    let mut files: Vec<Own<'_>> = of_first
        .iter()
        .map(|touched| Own {
            path: &touched.path,
            before: touched.pair.old.into_iter().collect(),
            after: touched.pair.new,
        })
        .collect();
    for parent in step.parents.iter().skip(1).take(MOST_PARENTS) {
        if files.is_empty() {
            break;
        }
        let (tree, _) = tree_and_parents(reader, *parent)?;
        let of_parent = touched(reader, Some(tree), step.tree)?;
        let of_parent: HashMap<&BString, Option<ObjectId>> =
            of_parent.iter().map(|touched| (&touched.path, touched.pair.old)).collect();
        files.retain_mut(|file| {
            let Some(old) = of_parent.get(file.path) else { return false };
            file.before.extend(old.filter(|old| !file.before.contains(old)));
            true
        });
    }
    Ok(CommitTouched { id, files: files.into_iter().map(told).collect(), unknown: false })
}

fn told(file: Own<'_>) -> TouchedFile {
    TouchedFile {
        path: paths::text(file.path).into_owned(),
        before: file.before.iter().map(ObjectId::to_string).collect(),
        after: file.after.map(|id| id.to_string()),
    }
}
