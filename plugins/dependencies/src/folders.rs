//! Where manifests and lock files lie, folder by folder: one more commit asks anew only for the folders on the path to what it changed.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::git::{FileKind, Folder, SubFolder, Tree, TreeFile, TreeKey, path};
use probity_sdk::prelude::*;

use crate::format::Format;
use crate::shapes::{Found, Listing};

/// How many folders are asked for at once.
const WINDOW: usize = 32;
/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;
/// How many files are named at most.
pub(crate) const MOST_FILES: usize = 2000;

/// Key of `folder`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderKey {
    /// The folder's tree.
    pub(crate) tree: String,
    /// In how many folders it lies.
    pub(crate) depth: u64,
}

/// The files below a folder.
pub(crate) fn listing(engine: &Engine, key: &FolderKey) -> Result<Listing> {
    let Folder { files, folders } = level(engine, key)?;
    let mut listing = Collecting::default();
    for TreeFile { path: file, id, kind } in files {
        let regular = matches!(kind, FileKind::File | FileKind::Executable);
        if let Some(format) = Format::of_path(&file).filter(|_| regular) {
            listing.files.push((path::bytes(&file).into_owned(), id, format));
        }
    }
    let below =
        |folder: &SubFolder| FolderKey { tree: folder.id.clone(), depth: key.depth.saturating_add(1) };
    // The same folder may lie at several places.
    let keys: BTreeSet<FolderKey> = folders.iter().map(below).collect();
    let keys: Vec<FolderKey> = keys.into_iter().collect();
    let mut listings: HashMap<&str, Listing> = HashMap::new();
    for (key, answer) in keys.iter().zip(engine.query_windowed("dependencies/folder", &keys, WINDOW)) {
        listings.insert(&key.tree, answer?);
    }
    for folder in &folders {
        if let Some(inner) = listings.get(folder.id.as_str()) {
            listing.add_folder(&folder.path, inner);
        }
    }
    Ok(listing.finish())
}

fn level(engine: &Engine, key: &FolderKey) -> Result<Folder> {
    let tree = TreeKey { tree: key.tree.clone() };
    if key.depth < DEEPEST {
        return engine.query("git/folder", &tree);
    }
    let Tree { files } = engine.query("git/tree", &tree)?;
    Ok(Folder { files, folders: Vec::new() })
}

#[derive(Default)]
struct Collecting {
    files: Vec<(Vec<u8>, String, Format)>,
    left_out: u64,
}

impl Collecting {
    fn add_folder(&mut self, name: &str, inner: &Listing) {
        let name = path::bytes(name);
        let within = |file: &Found| {
            let path = [&name[..], b"/", &path::bytes(&file.path)].concat();
            (path, file.blob.clone(), file.format)
        };
        self.files.extend(inner.files.iter().map(within));
        self.left_out = self.left_out.saturating_add(inner.left_out);
        // A tree may hold itself many times over: no more than the first are ever kept.
        if self.files.len() > 2 * MOST_FILES {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.files.sort();
        let beyond = self.files.len().saturating_sub(MOST_FILES);
        self.left_out = self.left_out.saturating_add(beyond as u64);
        self.files.truncate(MOST_FILES);
    }

    fn finish(mut self) -> Listing {
        self.cut();
        let found = |(file, blob, format): (Vec<u8>, String, Format)| Found {
            path: path::text(&file).into_owned(),
            blob,
            format,
        };
        Listing { files: self.files.into_iter().map(found).collect(), left_out: self.left_out }
    }
}
