//! What is told of each commit of a segment, on all threads.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Reader, Repository, in_order};
use crate::shapes::Segment;
use gix::ObjectId;
use rayon::prelude::*;

/// How many commits one thread takes at a time.
const BATCH: usize = 128;

/// What `one` says of each commit, in the order of the key.
pub(crate) fn each<T: Send>(
    repository: &Repository,
    key: &Segment,
    one: impl Fn(&Reader, ObjectId) -> Result<T, GitError> + Send + Sync,
) -> Result<Vec<T>, GitError> {
    let ids = ids::parse_all(&key.commits)?;
    repository.run(ids::format(&ids)?, |readers| {
        let batches = ids
            .par_chunks(BATCH)
            .map(|batch| readers.with(|reader| batch.iter().map(|id| one(reader, *id)).collect()));
        in_order(batches)
    })
}
