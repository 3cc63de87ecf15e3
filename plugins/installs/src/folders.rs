//! Which files there are to look at, folder by folder, so that one more commit asks anew only for the folders on the path to what it
//! changed; and what lies at a path.

use std::collections::HashMap;

use probity_sdk::git::{FileKind, Folder, FolderKey, TreeFile, path};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::kind;

/// No honest tree has more files of these kinds; one that names itself many times over may.
const MOST_FILES: usize = 20_000;

/// A file that may have to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Candidate {
    /// From the folder on; quoted as git does where it is not UTF-8.
    pub(crate) path: String,
    /// Its blob.
    pub(crate) id: String,
}

/// The files below a folder that may have to be looked at, sorted by the bytes of their paths. Symbolic links are not followed.
pub(crate) fn candidates(engine: &Engine<Config>, key: &FolderKey) -> Result<Vec<Candidate>> {
    let Folder { files, folders } = Folder::read(engine, &key.tree, key.depth)?;
    let mut found: Vec<Candidate> = Vec::new();
    for file in files {
        if is_regular(&file) && kind::kind(&file.path, false).is_some() {
            found.push(Candidate { path: file.path, id: file.id });
        }
    }
    let below: HashMap<&str, Vec<Candidate>> = key.inner_answers(engine, "installs/folder", &folders)?;
    for folder in &folders {
        let of_folder = below.get(folder.id.as_str()).into_iter().flatten();
        let placed = of_folder
            .map(|file| Candidate { path: path::joined(&folder.path, &file.path), id: file.id.clone() });
        found.extend(placed.filter(|file| kind::kind(&file.path, false).is_some()));
        if found.len() > MOST_FILES {
            return Err(failed(format!("the tree unfolds into more than {MOST_FILES} build programs")));
        }
    }
    found.sort_by_cached_key(|file| path::bytes(&file.path).into_owned());
    Ok(found)
}

fn is_regular(file: &TreeFile) -> bool {
    matches!(file.kind, FileKind::File | FileKind::Executable)
}

/// Finds files of a tree by their paths. Each folder is asked for once.
pub(crate) struct Finder<'a> {
    engine: &'a Engine<Config>,
    root: String,
    known: HashMap<String, Folder>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(engine: &'a Engine<Config>, target: &Target) -> Self {
        Self { engine, root: target.tree.clone(), known: HashMap::new() }
    }

    /// The blob of the regular file at a path.
    pub(crate) fn blob(&mut self, file: &str) -> Result<Option<String>> {
        let (mut tree, mut rest) = (self.root.clone(), file);
        for depth in 0.. {
            let folder = self.folder(&tree, depth)?;
            if let Some(found) = folder.files.iter().find(|found| found.path == rest) {
                return Ok(Some(found.id.clone()).filter(|_| is_regular(found)));
            }
            let Some((name, below)) = rest.split_once('/') else { break };
            let Some(inner) = folder.folders.iter().find(|inner| inner.path == name) else { break };
            (tree, rest) = (inner.id.clone(), below);
        }
        Ok(None)
    }

    fn folder(&mut self, tree: &str, depth: u64) -> Result<&Folder> {
        if !self.known.contains_key(tree) {
            let folder = Folder::read(self.engine, tree, depth)?;
            self.known.insert(tree.to_owned(), folder);
        }
        self.known.get(tree).ok_or_else(|| failed("a folder was not kept"))
    }
}
