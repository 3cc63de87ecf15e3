//! Trees a folder at a time: who asks for them so, asks anew only for the folders on the path to what changed.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{FileKind, Target, Tree, TreeFile, TreeKey, path};
use crate::engine::Engine;
use crate::error::{Result, failed};

/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;
/// How many folders are asked about at once.
const WINDOW: usize = 32;

/// No honest tree has more files of one sort that has to be looked at; one that names itself many times over may.
const MOST_CANDIDATES: usize = 20_000;

/// Value of `git/folder`: what lies in a folder, all of it if that is little.
///
/// A folder with few files and folders below it has `files` only: all of them. Of any other, `files` are those directly in it, and
/// `folders` name the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Folder {
    /// Sorted by the bytes of their paths, which begin in this folder.
    pub files: Vec<TreeFile>,
    /// The folders in this one whose files are not listed, sorted by the bytes of their names.
    pub folders: Vec<SubFolder>,
}

/// A folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubFolder {
    /// Its name; quoted as git does where it is not UTF-8.
    pub path: String,
    /// Its tree.
    pub id: String,
}

/// Key of `folder`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderKey {
    /// The folder's tree.
    pub tree: String,
    /// In how many folders it lies.
    pub depth: u64,
}

/// A file that may have to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// From the folder on; quoted as git does where it is not UTF-8.
    pub path: String,
    /// Its blob.
    pub id: String,
    /// Whether it is a symbolic link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link: bool,
}

impl FolderKey {
    /// The folder that is the whole tree of a target.
    pub fn root(target: &Target) -> FolderKey {
        FolderKey { tree: target.tree.clone(), depth: 0 }
    }

    /// A folder in this one.
    #[must_use]
    pub fn inner(&self, folder: &SubFolder) -> FolderKey {
        FolderKey { tree: folder.id.clone(), depth: self.depth.saturating_add(1) }
    }

    /// What `query` of the plugin that asks, whose key is a folder, says of each of these folders in this one, by their trees. A folder that
    /// lies at several places is asked about once.
    ///
    /// # Errors
    /// That of the first folder without an answer.
    pub fn inner_answers<'a, C, V: DeserializeOwned>(
        &self,
        engine: &Engine<C>,
        query: &str,
        folders: &'a [SubFolder],
    ) -> Result<HashMap<&'a str, V>> {
        let folders: BTreeSet<(&str, FolderKey)> =
            folders.iter().map(|folder| (folder.id.as_str(), self.inner(folder))).collect();
        let (trees, keys): (Vec<&str>, Vec<FolderKey>) = folders.into_iter().unzip();
        let answers = engine.query_windowed(query, &keys, WINDOW);
        trees.into_iter().zip(answers).map(|(tree, answer)| Ok((tree, answer?))).collect()
    }

    /// The files and links below this folder that `may_matter`, sorted by the bytes of their paths: the answer of `query`, a query of the
    /// plugin that asks, for this key. `may_matter` is asked of each path from every folder on the way, the whole path last, and whatever it
    /// says no to is left out; `what` it finds is the end of the message when there are too many.
    ///
    /// # Errors
    /// Those of the queries, and where the tree unfolds into more than 20,000 such files.
    pub fn candidates<C>(
        &self,
        engine: &Engine<C>,
        query: &str,
        what: &str,
        may_matter: impl Fn(&Candidate) -> bool,
    ) -> Result<Vec<Candidate>> {
        let Folder { files, folders } = Folder::read(engine, &self.tree, self.depth)?;
        let candidate = |TreeFile { path, id, kind }| match kind {
            FileKind::Submodule => None,
            _ => Some(Candidate { path, id, link: kind == FileKind::Symlink }),
        };
        let mut found: Vec<Candidate> =
            files.into_iter().filter_map(candidate).filter(|file| may_matter(file)).collect();
        let below: HashMap<&str, Vec<Candidate>> = self.inner_answers(engine, query, &folders)?;
        for folder in &folders {
            let inner = below.get(folder.id.as_str()).into_iter().flatten();
            let placed =
                inner.map(|file| Candidate { path: path::joined(&folder.path, &file.path), ..file.clone() });
            found.extend(placed.filter(|file| may_matter(file)));
            if found.len() > MOST_CANDIDATES {
                return Err(failed(format!("the tree unfolds into more than {MOST_CANDIDATES} {what}")));
            }
        }
        found.sort_by_cached_key(|file| path::bytes(&file.path).into_owned());
        Ok(found)
    }
}

impl Folder {
    /// What lies in the folder of this tree, which lies in `depth` others: by `git/folder`, and where that would be asked too deeply all
    /// that is left, by `git/tree`.
    ///
    /// # Errors
    /// Those of these queries.
    pub fn read<C>(engine: &Engine<C>, tree: &str, depth: u64) -> Result<Folder> {
        let key = TreeKey { tree: tree.to_owned() };
        if depth < DEEPEST {
            return engine.query("git/folder", &key);
        }
        let Tree { files } = engine.query("git/tree", &key)?;
        Ok(Folder { files, folders: Vec::new() })
    }
}
