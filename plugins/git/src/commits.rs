//! What commit objects say: parents, people, times.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Reader, Repository};
use crate::segments;
use crate::shapes::{Commit, CommitKey, Commits, Person, Segment};
use gix::ObjectId;
use gix::actor::SignatureRef;
use gix::bstr::ByteSlice;
use gix::hashtable::HashSet;
use gix::objs::commit::ref_iter::Token;
use gix::objs::{CommitRefIter, Kind};

/// Answers the query `commits`.
pub fn commits(repository: &Repository, key: &Segment) -> Result<Commits, GitError> {
    let commits = segments::each(repository, key, one)?;
    Ok(Commits { commits })
}

/// Answers the query `commit`.
pub fn commit(repository: &Repository, key: &CommitKey) -> Result<Commit, GitError> {
    let id = ids::parse(&key.commit)?;
    repository.run(id.kind(), |readers| readers.with(|reader| one(reader, id)))
}

/// The tree that a commit records, and its parents.
pub(crate) fn tree_and_parents(reader: &Reader, id: ObjectId) -> Result<(ObjectId, Vec<ObjectId>), GitError> {
    let data = reader.commit(&id)?;
    let mut tree = None;
    let mut parents = Vec::new();
    for token in CommitRefIter::from_bytes(&data, reader.format()) {
        match token.map_err(|error| malformed(id, error.to_string()))? {
            Token::Tree { id } => tree = Some(id),
            Token::Parent { id } => parents.push(id),
            _ => break,
        }
    }
    let tree = tree.ok_or_else(|| malformed(id, "it names no tree".to_owned()))?;
    Ok((tree, parents))
}

/// The parents that a commit shows behind the shallow boundary, and whether that hides some.
pub(crate) fn visible_parents(
    reader: &Reader,
    id: ObjectId,
    shallow: &HashSet<ObjectId>,
) -> Result<(Vec<ObjectId>, bool), GitError> {
    let (_, parents) = tree_and_parents(reader, id)?;
    let cut = !parents.is_empty() && shallow.contains(&id);
    Ok((if cut { Vec::new() } else { parents }, cut))
}

fn one(reader: &Reader, id: ObjectId) -> Result<Commit, GitError> {
    let data = reader.commit(&id)?;
    let mut parents = Vec::new();
    let mut author = None;
    for token in CommitRefIter::from_bytes(&data, reader.format()) {
        match token.map_err(|error| malformed(id, error.to_string()))? {
            Token::Parent { id } => parents.push(id.to_string()),
            Token::Author { signature } => author = Some(signature),
            Token::Committer { signature } => {
                let author = author.ok_or_else(|| malformed(id, "it names no author".to_owned()))?;
                return Ok(Commit {
                    id: id.to_string(),
                    parents,
                    author: person(&author),
                    authored: author.seconds(),
                    committer: person(&signature),
                    committed: signature.seconds(),
                });
            }
            _ => {}
        }
    }
    Err(malformed(id, "it names no committer".to_owned()))
}

fn person(signature: &SignatureRef<'_>) -> Person {
    let actor = signature.actor().trim();
    Person { name: actor.name.to_str_lossy().into_owned(), email: actor.email.to_str_lossy().into_owned() }
}

fn malformed(id: ObjectId, reason: String) -> GitError {
    GitError::Malformed { id, kind: Kind::Commit, reason }
}
