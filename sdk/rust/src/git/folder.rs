//! Trees a folder at a time: who asks for them so, asks anew only for the folders on the path to what changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TreeFile;

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
