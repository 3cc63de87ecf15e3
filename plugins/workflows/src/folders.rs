//! Which files there are to look at, folder by folder, so that one more commit asks anew only for the folders on the path to what it
//! changed.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::git::{FileKind, Folder, SubFolder, Tree, TreeKey, path};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::kind;

/// How many folders, or files, are asked for at once.
pub(crate) const WINDOW: usize = 64;
/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;
/// No honest tree has more files of these kinds; one that names itself many times over may.
const MOST_FILES: usize = 20_000;

/// Key of `folder`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderKey {
    /// The folder's tree.
    pub(crate) tree: String,
    /// In how many folders it lies.
    pub(crate) depth: u64,
}

/// A file that may have to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Candidate {
    /// From the folder on; quoted as git does where it is not UTF-8.
    pub(crate) path: String,
    /// Its blob.
    pub(crate) id: String,
    /// Whether it is a symbolic link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) link: bool,
}

/// The files below a folder that may have to be looked at, sorted by the bytes of their paths.
pub(crate) fn candidates(engine: &Engine<Config>, key: &FolderKey) -> Result<Vec<Candidate>> {
    let tree = TreeKey { tree: key.tree.clone() };
    let Folder { files, folders } = if key.depth < DEEPEST {
        engine.query("git/folder", &tree)?
    } else {
        let Tree { files } = engine.query("git/tree", &tree)?;
        Folder { files, folders: Vec::new() }
    };
    let mut found: Vec<Candidate> = Vec::new();
    for file in files {
        let link = file.kind == FileKind::Symlink;
        if file.kind != FileKind::Submodule && kind::may_matter(&file.path) {
            found.push(Candidate { path: file.path, id: file.id, link });
        }
    }
    let below = below(engine, key, &folders)?;
    for folder in &folders {
        let of_folder = below.get(folder.id.as_str()).into_iter().flatten();
        let placed =
            of_folder.map(|file| Candidate { path: joined(&folder.path, &file.path), ..file.clone() });
        found.extend(placed.filter(|file| kind::may_matter(&file.path)));
        if found.len() > MOST_FILES {
            return Err(failed(format!(
                "the tree unfolds into more than {MOST_FILES} scripts and workflows"
            )));
        }
    }
    found.sort_by_cached_key(|file| path::bytes(&file.path).into_owned());
    Ok(found)
}

/// What is in the folders, by their trees.
fn below<'a>(
    engine: &Engine<Config>,
    key: &FolderKey,
    folders: &'a [SubFolder],
) -> Result<HashMap<&'a str, Vec<Candidate>>> {
    // The same folder may lie at several places.
    let trees: BTreeSet<&str> = folders.iter().map(|folder| folder.id.as_str()).collect();
    let depth = key.depth.saturating_add(1);
    let keys: Vec<FolderKey> =
        trees.iter().map(|tree| FolderKey { tree: (*tree).to_owned(), depth }).collect();
    trees
        .into_iter()
        .zip(engine.query_windowed("workflows/folder", &keys, WINDOW))
        .map(|(tree, found)| Ok((tree, found?)))
        .collect()
}

/// The path of a file whose path in `folder` is written as `file`.
fn joined(folder: &str, file: &str) -> String {
    let bytes = [&path::bytes(folder)[..], b"/", &path::bytes(file)[..]].concat();
    path::text(&bytes).into_owned()
}
