//! The questions that `binary` answers: how many opaque files a tree has, which, and which blobs are binary at all.

use std::collections::HashMap;

use probity_sdk::git::{BlobContent, Contents, ContentsKey, FileKind, Tree, TreeFile};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::formats::{Formats, Opaque};
use crate::groups;

/// How many groups of blobs are asked for at once.
const WINDOW: usize = 32;
/// How many files are pointed out at most.
const MOST_CONCERNS: usize = 20;

/// Those blobs of a group that are binary by their content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BinaryBlobs {
    /// Sorted by id.
    pub(crate) blobs: Vec<BinaryBlob>,
}

/// A blob that is binary by its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BinaryBlob {
    pub(crate) id: String,
    /// The format by its first bytes, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) magic: Option<String>,
}

/// The number of opaque binary files: those that run, and those without an extension that says what they are.
#[query(default, uses("git/tree", "binary/blobs"))]
pub(crate) fn binary(engine: &Engine<Config>, target: Target) -> Result<Answer<u64>> {
    let found = opaque_files(engine, &target)?;
    Ok(Answer::new(found.len() as u64).concerns(concerns(found)))
}

/// The paths of the opaque binary files, sorted.
#[query(uses("git/tree", "binary/blobs"))]
pub(crate) fn files(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<String>>> {
    let found = opaque_files(engine, &target)?;
    Ok(Answer::new(found.into_iter().map(|(path, _)| path).collect()))
}

/// Which blobs of a group are binary by their content.
#[query(uses("git/contents"))]
pub(crate) fn blobs(engine: &Engine<Config>, key: ContentsKey) -> Result<Answer<BinaryBlobs>> {
    let contents: Contents = engine.query("git/contents", &key)?;
    let found = contents.blobs.into_iter().filter(|content| content.binary);
    let kept = found.map(|BlobContent { id, magic, .. }| BinaryBlob { id, magic }).collect();
    Ok(Answer::new(BinaryBlobs { blobs: kept }))
}

/// The files that run by their first bytes, then those that are named like such, then the rest; each by path.
fn concerns(mut found: Vec<(String, Opaque)>) -> Vec<Concern> {
    found.sort_by_key(|(_, why)| why.rank());
    found
        .into_iter()
        .take(MOST_CONCERNS)
        .map(|(path, why)| Concern::new(why.to_string()).path(path))
        .collect()
}

/// The opaque files of the tree in its order, and why they are.
fn opaque_files(engine: &Engine<Config>, target: &Target) -> Result<Vec<(String, Opaque)>> {
    let tree: Tree = engine.query("git/tree", &target.tree())?;
    let is_file = |file: &TreeFile| matches!(file.kind, FileKind::File | FileKind::Executable);
    let regular: Vec<TreeFile> = tree.files.into_iter().filter(is_file).collect();
    let magics = binary_blobs(engine, &regular)?;
    let formats = Formats::new(engine.config());
    let opaque = |file: TreeFile| {
        let magic = magics.get(&file.id)?;
        let why = formats.opaque(&file.path, magic.as_deref())?;
        Some((file.path, why))
    };
    Ok(regular.into_iter().filter_map(opaque).collect())
}

/// The binary ones among the files' blobs, with their formats.
fn binary_blobs(engine: &Engine<Config>, regular: &[TreeFile]) -> Result<HashMap<String, Option<String>>> {
    let ids = regular.iter().map(|file| file.id.clone()).collect();
    let keys: Vec<ContentsKey> =
        groups::groups(ids).into_iter().map(|ids| ContentsKey { blobs: ids }).collect();
    let mut magics = HashMap::new();
    for answer in engine.query_windowed::<BinaryBlobs, _>("binary/blobs", &keys, WINDOW) {
        magics.extend(answer?.blobs.into_iter().map(|blob| (blob.id, blob.magic)));
    }
    Ok(magics)
}
