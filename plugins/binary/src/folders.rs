//! Trees folder by folder: what is known of a folder rests on what is known of those in it, so that one more commit asks anew only
//! for the folders on the path to what it changed.

use std::collections::{BTreeSet, HashMap};

use probity_sdk::git::{
    BlobContent, Contents, ContentsKey, FileKind, Folder, SubFolder, Tree, TreeFile, TreeKey,
};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::groups;
use crate::summary::{Summary, Summing};

/// How many groups of blobs, or folders, are asked for at once.
pub(crate) const WINDOW: usize = 32;
/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;

/// Key of `folder`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderKey {
    /// The folder's tree.
    pub(crate) tree: String,
    /// In how many folders it lies.
    pub(crate) depth: u64,
}

impl FolderKey {
    /// The folder that is the whole tree of a target.
    pub(crate) fn root(target: &Target) -> Self {
        Self { tree: target.tree.clone(), depth: 0 }
    }

    pub(crate) fn below(&self, folder: &SubFolder) -> Self {
        Self { tree: folder.id.clone(), depth: self.depth.saturating_add(1) }
    }
}

/// What is known of the files below a folder.
pub(crate) fn summary(engine: &Engine<Config>, key: &FolderKey) -> Result<Summary> {
    let level = Level::read(engine, key)?;
    let mut summing = Summing::default();
    for (file, content) in level.files() {
        summing.add_file(&file.path, content);
    }
    // The same folder may lie at several places.
    let keys: BTreeSet<FolderKey> = level.folders.iter().map(|folder| key.below(folder)).collect();
    let keys: Vec<FolderKey> = keys.into_iter().collect();
    let mut summaries: HashMap<&str, Summary> = HashMap::new();
    for (key, summary) in keys.iter().zip(engine.query_windowed("binary/folder", &keys, WINDOW)) {
        summaries.insert(&key.tree, summary?);
    }
    for folder in &level.folders {
        if let Some(summary) = summaries.get(folder.id.as_str()) {
            summing.add_folder(&folder.path, summary)?;
        }
    }
    Ok(summing.finish())
}

/// One level of a tree, or all that is left of it.
pub(crate) struct Level {
    regular: Vec<TreeFile>,
    /// The binary ones among the blobs.
    binary: HashMap<String, BlobContent>,
    pub(crate) folders: Vec<SubFolder>,
}

impl Level {
    pub(crate) fn read(engine: &Engine<Config>, key: &FolderKey) -> Result<Self> {
        let tree = TreeKey { tree: key.tree.clone() };
        let Folder { mut files, folders } = if key.depth < DEEPEST {
            engine.query("git/folder", &tree)?
        } else {
            let Tree { files } = engine.query("git/tree", &tree)?;
            Folder { files, folders: Vec::new() }
        };
        files.retain(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
        let binary = binary_blobs(engine, &files)?;
        Ok(Self { regular: files, binary, folders })
    }

    /// The regular files; what they hold is told of the binary ones.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&TreeFile, Option<&BlobContent>)> {
        self.regular.iter().map(|file| (file, self.binary.get(&file.id)))
    }
}

/// The binary ones among the files' blobs.
fn binary_blobs(engine: &Engine<Config>, files: &[TreeFile]) -> Result<HashMap<String, BlobContent>> {
    let ids = files.iter().map(|file| file.id.clone()).collect();
    let keys: Vec<ContentsKey> =
        groups::groups(ids).into_iter().map(|ids| ContentsKey { blobs: ids }).collect();
    let mut binary = HashMap::new();
    for answer in engine.query_windowed::<Contents, _>("git/contents", &keys, WINDOW) {
        let contents = answer?.blobs.into_iter().filter(|content| content.binary);
        binary.extend(contents.map(|content| (content.id.clone(), content)));
    }
    Ok(binary)
}
