//! Trees folder by folder: what is known of a folder rests on what is known of those in it, so that one more commit asks anew only
//! for the folders on the path to what it changed.

use std::collections::HashMap;

use probity_sdk::git::{
    BlobContent, Contents, ContentsKey, FileKind, Folder, FolderKey, SubFolder, TreeFile,
};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::groups;
use crate::summary::{Summary, Summing};

/// How many groups of blobs are asked for at once.
pub(crate) const WINDOW: usize = 32;

/// What is known of the files below a folder.
pub(crate) fn summary(engine: &Engine<Config>, key: &FolderKey) -> Result<Summary> {
    let level = Level::read(engine, key)?;
    let mut summing = Summing::default();
    for (file, content) in level.files() {
        summing.add_file(&file.path, content);
    }
    let summaries: HashMap<&str, Summary> = key.inner_answers(engine, "binary/folder", &level.folders)?;
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
        let Folder { mut files, folders } = Folder::read(engine, &key.tree, key.depth)?;
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
