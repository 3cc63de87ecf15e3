//! The files of a tree: all of them, or a folder at a time.
//!
//! Who asks for a tree as a whole is told all of it again when one file changes. Who asks a folder at a time asks anew only for
//! the folders on the path to what changed; and since a small folder is told with all that is below it, there are not many.

use crate::error::GitError;
use crate::ids;
use crate::objects::{Reader, Repository};
use crate::paths;
use crate::shapes::{FileKind, Folder, SubFolder, Tree, TreeFile, TreeKey};
use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};

/// No honest tree holds more files, or more folders, than this; one that names itself many times over would never end.
const MAX_FILES: usize = 4_000_000;
/// No honest path is deeper than this.
const MAX_DEPTH: usize = 2048;
/// A folder with at most so many files and folders in it, on all levels together, is told as a whole.
const SMALL: usize = 256;

/// Answers the query `tree`.
pub fn tree(repository: &Repository, key: &TreeKey) -> Result<Tree, GitError> {
    let id = ids::parse(&key.tree)?;
    let found = repository.run(id.kind(), |readers| readers.with(|reader| files(reader, id)))?;
    Ok(Tree { files: sorted(found, told_file) })
}

/// Answers the query `folder`.
pub fn folder(repository: &Repository, key: &TreeKey) -> Result<Folder, GitError> {
    let id = ids::parse(&key.tree)?;
    let Level { files, folders } =
        repository.run(id.kind(), |readers| readers.with(|reader| within(reader, id)))?;
    let told_folder = |found: Found<()>| SubFolder {
        path: paths::text(&found.path).into_owned(),
        id: found.id.to_string(),
    };
    Ok(Folder { files: sorted(files, told_file), folders: sorted(folders, told_folder) })
}

/// A file or a folder, and its path from the tree in question.
struct Found<K> {
    path: Vec<u8>,
    id: ObjectId,
    kind: K,
}

/// Files, and folders that are still to be looked into.
#[derive(Default)]
struct Level {
    files: Vec<Found<FileKind>>,
    folders: Vec<Found<()>>,
}

fn sorted<K, T>(mut found: Vec<Found<K>>, told: impl Fn(Found<K>) -> T) -> Vec<T> {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.into_iter().map(told).collect()
}

fn told_file(found: Found<FileKind>) -> TreeFile {
    TreeFile { path: paths::text(&found.path).into_owned(), id: found.id.to_string(), kind: found.kind }
}

fn files(reader: &Reader, root: ObjectId) -> Result<Vec<Found<FileKind>>, GitError> {
    let unbounded = |limit, what| Err(GitError::Unbounded { id: root, limit, what });
    let mut level = Level::default();
    level.add(reader, None, root)?;
    // How deep each of the folders lies that are still to be looked into.
    let mut depths = vec![1; level.folders.len()];
    let mut looked_into = 1;
    while let Some((folder, depth)) = level.folders.pop().zip(depths.pop()) {
        level.add(reader, Some(&folder.path), folder.id)?;
        depths.resize(level.folders.len(), depth + 1);
        looked_into += 1;
        if depth > MAX_DEPTH {
            return unbounded(MAX_DEPTH, "levels");
        }
        if level.files.len() + level.folders.len() > MAX_FILES {
            return unbounded(MAX_FILES, "files");
        }
        if looked_into > MAX_FILES {
            return unbounded(MAX_FILES, "folders");
        }
    }
    Ok(level.files)
}

/// The whole of a small folder, and one level of any other.
fn within(reader: &Reader, root: ObjectId) -> Result<Level, GitError> {
    let mut level = Level::default();
    level.add(reader, None, root)?;
    let own = (level.files.len(), level.folders.len());
    let small = |level: &Level| level.files.len() + level.folders.len() <= SMALL;
    let mut looked_into = 0;
    while small(&level)
        && let Some(folder) = level.folders.get(looked_into)
    {
        let (path, id) = (folder.path.clone(), folder.id);
        level.add(reader, Some(&path), id)?;
        looked_into += 1;
    }
    if small(&level) {
        level.folders.clear();
    } else {
        level.files.truncate(own.0);
        level.folders.truncate(own.1);
    }
    Ok(level)
}

impl Level {
    /// Adds what lies directly in a folder, which is at `path` unless it is the tree in question.
    fn add(&mut self, reader: &Reader, path: Option<&[u8]>, tree: ObjectId) -> Result<(), GitError> {
        let data = reader.tree(&tree)?;
        for entry in TreeRefIter::from_bytes(&data, reader.format()) {
            let malformed = |reason| GitError::Malformed { id: tree, kind: Kind::Tree, reason };
            let entry = entry.map_err(|error| malformed(error.to_string()))?;
            let path = match path {
                Some(folder) => [folder, b"/", entry.filename].concat(),
                None => entry.filename.to_vec(),
            };
            let id = entry.oid.to_owned();
            match file_kind(entry.mode.kind()) {
                Some(kind) => self.files.push(Found { path, id, kind }),
                None => self.folders.push(Found { path, id, kind: () }),
            }
        }
        Ok(())
    }
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
