//! All files of a tree.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Reader, Repository};
use crate::paths;
use crate::shapes::{FileKind, Tree, TreeFile, TreeKey};
use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};

/// No honest tree holds more files than this; one that names itself many times over would never end.
const MAX_FILES: usize = 4_000_000;
/// No honest path is deeper than this.
const MAX_DEPTH: usize = 2048;

/// Answers the query `tree`.
pub fn tree(repository: &Repository, key: &TreeKey) -> Result<Tree, GitError> {
    let id = ids::parse(&key.tree)?;
    let mut files = repository.run(id.kind(), |readers| readers.with(|reader| files(reader, id)))?;
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let file = |found: Found| TreeFile {
        path: paths::text(&found.path).into_owned(),
        id: found.id.to_string(),
        kind: found.kind,
    };
    Ok(Tree { files: files.into_iter().map(file).collect() })
}

struct Found {
    path: Vec<u8>,
    id: ObjectId,
    kind: FileKind,
}

fn files(reader: &Reader, root: ObjectId) -> Result<Vec<Found>, GitError> {
    let mut found = Vec::new();
    let mut waiting = vec![(Vec::new(), 0, root)];
    while let Some((folder, depth, id)) = waiting.pop() {
        let data = reader.tree(&id)?;
        for entry in TreeRefIter::from_bytes(&data, reader.format()) {
            let entry = entry.map_err(|error| GitError::Malformed {
                id,
                kind: Kind::Tree,
                reason: error.to_string(),
            })?;
            let mut path = folder.clone();
            path.extend_from_slice(entry.filename);
            match file_kind(entry.mode.kind()) {
                Some(kind) => found.push(Found { path, id: entry.oid.to_owned(), kind }),
                None => {
                    path.push(b'/');
                    waiting.push((path, depth + 1, entry.oid.to_owned()));
                }
            }
        }
        if depth > MAX_DEPTH {
            return Err(GitError::Unbounded { id: root, limit: MAX_DEPTH, what: "levels" });
        }
        if found.len() + waiting.len() > MAX_FILES {
            return Err(GitError::Unbounded { id: root, limit: MAX_FILES, what: "files" });
        }
    }
    Ok(found)
}

fn file_kind(kind: EntryKind) -> Option<FileKind> {
    match kind {
        EntryKind::Tree => None,
        EntryKind::Blob => Some(FileKind::File),
        EntryKind::BlobExecutable => Some(FileKind::Executable),
        EntryKind::Link => Some(FileKind::Symlink),
        EntryKind::Commit => Some(FileKind::Submodule),
    }
}
