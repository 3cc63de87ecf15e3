//! Trees folder by folder: what is found below a folder rests on what is found in those in it, so that one more commit asks anew only for
//! the folders on the path to what it changed, and reads no blob again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use probity_sdk::git::{FileKind, Folder, SubFolder, Tree, TreeKey, path};
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;

use crate::blobs::BlobKey;
use crate::config::Config;
use crate::finding::{Found, PlacedFound};
use crate::rules;

/// How many blobs, or folders, are asked for at once.
const WINDOW: usize = 64;
/// What lies in so many folders is looked at as a whole: questions must not be nested as deeply as somebody may nest folders.
const DEEPEST: u64 = 48;
/// So many findings of one rule are told of a folder.
const MOST_OF_A_RULE: usize = 200;
/// No honest tree holds more files; one that names itself many times over may.
const MOST_FILES: u64 = 4_000_000;

/// Key of `folder`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FolderKey {
    /// The folder's tree.
    pub(crate) tree: String,
    /// In how many folders it lies.
    pub(crate) depth: u64,
}

/// What is known of the files below a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Summary {
    /// How many regular files there are.
    pub(crate) files: u64,
    /// The worst first.
    pub(crate) findings: Vec<PlacedFound>,
}

/// What is known of a folder's files.
pub(crate) fn summary(engine: &Engine<Config>, key: &FolderKey) -> Result<Summary> {
    let tree = TreeKey { tree: key.tree.clone() };
    let Folder { mut files, folders } = if key.depth < DEEPEST {
        engine.query("git/folder", &tree)?
    } else {
        let Tree { files } = engine.query("git/tree", &tree)?;
        Folder { files, folders: Vec::new() }
    };
    files.retain(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
    let sources: SourceFiles = engine.query("linguist/source_extensions", &Empty {})?;
    let key_of = |id: &str, path: &str| BlobKey { blob: id.to_owned(), source: sources.contains(path) };
    let keys: BTreeSet<BlobKey> = files.iter().map(|file| key_of(&file.id, &file.path)).collect();
    let keys: Vec<BlobKey> = keys.into_iter().collect();
    let mut found: HashMap<&BlobKey, Vec<Found>> = HashMap::new();
    for (key, findings) in keys.iter().zip(engine.query_windowed("content/blob", &keys, WINDOW)) {
        found.insert(key, findings?);
    }
    let mut summary = Summary { files: files.len() as u64, findings: Vec::new() };
    for file in &files {
        let of_file = found.get(&key_of(&file.id, &file.path)).into_iter().flatten();
        summary
            .findings
            .extend(of_file.map(|found| PlacedFound { found: found.clone(), path: file.path.clone() }));
    }
    add_folders(engine, key, &folders, &mut summary)?;
    summary.findings = bounded(summary.findings);
    Ok(summary)
}

fn add_folders(
    engine: &Engine<Config>,
    key: &FolderKey,
    folders: &[SubFolder],
    summary: &mut Summary,
) -> Result<()> {
    // The same folder may lie at several places.
    let trees: BTreeSet<&str> = folders.iter().map(|folder| folder.id.as_str()).collect();
    let depth = key.depth.saturating_add(1);
    let keys: Vec<FolderKey> =
        trees.iter().map(|tree| FolderKey { tree: (*tree).to_owned(), depth }).collect();
    let mut known: HashMap<&str, Summary> = HashMap::new();
    for (tree, found) in trees.into_iter().zip(engine.query_windowed("content/folder", &keys, WINDOW)) {
        known.insert(tree, found?);
    }
    for folder in folders {
        let Some(below) = known.get(folder.id.as_str()) else { continue };
        summary.files = summary.files.saturating_add(below.files);
        if summary.files > MOST_FILES {
            return Err(failed(format!("the tree unfolds into more than {MOST_FILES} files")));
        }
        let placed = below.findings.iter().map(|placed| PlacedFound {
            path: joined(&folder.path, &placed.path),
            found: placed.found.clone(),
        });
        summary.findings.extend(placed);
        // Before they are many: the same folder may lie here a million times.
        if summary.findings.len() > 2 * rules::RULES.len() * MOST_OF_A_RULE {
            summary.findings = bounded(std::mem::take(&mut summary.findings));
        }
    }
    Ok(())
}

/// The first findings of each rule.
fn bounded(mut findings: Vec<PlacedFound>) -> Vec<PlacedFound> {
    findings
        .sort_by_cached_key(|of| (of.found.severity, path::bytes(&of.path).into_owned(), of.found.clone()));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    findings.retain(|of| {
        let count = counts.entry(of.found.rule.clone()).or_default();
        *count += 1;
        *count <= MOST_OF_A_RULE
    });
    findings
}

/// The path of a file whose path in `folder` is written as `file`.
fn joined(folder: &str, file: &str) -> String {
    let bytes = [&path::bytes(folder)[..], b"/", &path::bytes(file)[..]].concat();
    path::text(&bytes).into_owned()
}
