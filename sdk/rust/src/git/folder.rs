//! Trees a folder at a time: who asks for them so, asks anew only for the folders on the path to what changed.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Target, Tree, TreeFile, TreeKey};
use crate::engine::Engine;
use crate::error::Result;

/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;
/// How many folders are asked about at once.
const WINDOW: usize = 32;

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
