//! Trees folder by folder: what is found below a folder rests on what is found in those in it, so that one more commit asks anew only for
//! the folders on the path to what it changed, and reads no blob again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use probity_sdk::findings::Finding;
use probity_sdk::git::{FileKind, Folder, FolderKey, path};
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;

use crate::blobs::BlobKey;
use crate::config::Config;
use crate::places;
use crate::rules::RULES;

/// How many blobs are asked for at once.
const WINDOW: usize = 64;
/// So many findings of one rule are told of a folder.
const MOST_OF_A_RULE: usize = 200;
/// No honest tree holds more files; one that names itself many times over may.
const MOST_FILES: u64 = 4_000_000;

/// What is known of the files below a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Summary {
    /// How many regular files there are.
    pub(crate) files: u64,
    /// The worst first.
    pub(crate) findings: Vec<Finding>,
}

/// What is known of a folder's files.
pub(crate) fn summary(engine: &Engine<Config>, key: &FolderKey) -> Result<Summary> {
    let Folder { mut files, folders } = Folder::read(engine, &key.tree, key.depth)?;
    files.retain(|file| matches!(file.kind, FileKind::File | FileKind::Executable));
    let sources: SourceFiles = engine.query("linguist/source_extensions", &Empty {})?;
    let key_of = |id: &str, path: &str| BlobKey { blob: id.to_owned(), source: sources.contains(path) };
    let keys: BTreeSet<BlobKey> = files.iter().map(|file| key_of(&file.id, &file.path)).collect();
    let keys: Vec<BlobKey> = keys.into_iter().collect();
    let mut found: HashMap<&BlobKey, Vec<Finding>> = HashMap::new();
    for (key, findings) in keys.iter().zip(engine.query_windowed("content/blob", &keys, WINDOW)) {
        found.insert(key, findings?);
    }
    let mut summary = Summary { files: files.len() as u64, findings: Vec::new() };
    for file in &files {
        let of_file = found.get(&key_of(&file.id, &file.path)).into_iter().flatten();
        let placed = of_file.map(|finding| finding.clone().path(&file.path));
        summary.findings.extend(placed.filter_map(places::judged));
    }
    let known: HashMap<&str, Summary> = key.inner_answers(engine, "content/folder", &folders)?;
    for folder in &folders {
        if let Some(below) = known.get(folder.id.as_str()) {
            summary.add_folder(&folder.path, below)?;
        }
    }
    summary.findings = bounded(summary.findings);
    Ok(summary)
}

impl Summary {
    fn add_folder(&mut self, name: &str, below: &Summary) -> Result<()> {
        self.files = self.files.saturating_add(below.files);
        if self.files > MOST_FILES {
            return Err(failed(format!("the tree unfolds into more than {MOST_FILES} files")));
        }
        let placed = below.findings.iter().map(|finding| {
            let path = finding.path.as_deref().unwrap_or_default();
            finding.clone().path(path::joined(name, path))
        });
        self.findings.extend(placed.filter_map(places::judged));
        // Before they are many: the same folder may lie here a million times.
        if self.findings.len() > 2 * RULES.len() * MOST_OF_A_RULE {
            self.findings = bounded(std::mem::take(&mut self.findings));
        }
        Ok(())
    }
}

/// The first findings of each rule. They are judged by then: what is at home where it is displaces nothing.
fn bounded(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    findings.retain(|of| {
        let count = counts.entry(of.rule.clone()).or_default();
        *count += 1;
        *count <= MOST_OF_A_RULE
    });
    findings
}
