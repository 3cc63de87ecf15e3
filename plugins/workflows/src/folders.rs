//! Which files there are to look at, folder by folder, so that one more commit asks anew only for the folders on the path to what it
//! changed.

use std::collections::HashMap;

use probity_sdk::git::{FileKind, Folder, FolderKey, path};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::kind;

/// How many files are asked for at once.
pub(crate) const WINDOW: usize = 64;
/// No honest tree has more files of these kinds; one that names itself many times over may.
const MOST_FILES: usize = 20_000;

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
    let Folder { files, folders } = Folder::read(engine, &key.tree, key.depth)?;
    let mut found: Vec<Candidate> = Vec::new();
    for file in files {
        let link = file.kind == FileKind::Symlink;
        if file.kind != FileKind::Submodule && kind::may_matter(&file.path) {
            found.push(Candidate { path: file.path, id: file.id, link });
        }
    }
    let below: HashMap<&str, Vec<Candidate>> = key.inner_answers(engine, "workflows/folder", &folders)?;
    for folder in &folders {
        let of_folder = below.get(folder.id.as_str()).into_iter().flatten();
        let placed =
            of_folder.map(|file| Candidate { path: path::joined(&folder.path, &file.path), ..file.clone() });
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
