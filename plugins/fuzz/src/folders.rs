//! Marks of fuzzing folder by folder, so that one more commit asks anew only for the folders on the path to what it changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use probity_sdk::git::{FileKind, Folder, Lines, LinesKey, SubFolder, path};
use probity_sdk::prelude::*;

use crate::marks::{Fuzzer, WORDS, is_candidate, mark};

/// How many folders are asked for at once.
const WINDOW: usize = 32;
/// In how many blobs one question looks.
const BLOBS: usize = 128;
/// How many marks of a sort are named at most.
const MOST_NAMED: usize = 20;
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
    /// A path that means the same as the one at which it lies: few, so that a tree that lies at many places is asked about a few times.
    pub(crate) place: String,
}

impl FolderKey {
    /// The folder that is the whole tree of a target.
    pub(crate) fn root(tree: String) -> Self {
        Self { tree, depth: 0, place: String::new() }
    }

    fn below(&self, folder: &SubFolder) -> Self {
        let place = meaning(&path::joined(&self.place, &folder.path));
        Self { tree: folder.id.clone(), depth: self.depth.saturating_add(1), place: place.to_owned() }
    }
}

/// All that matters of where a folder lies.
fn meaning(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    match path {
        ".github" => ".github",
        ".github/workflows" => ".github/workflows",
        _ if path.split('/').any(|folder| folder == ".clusterfuzzlite") => ".clusterfuzzlite",
        _ if lower.contains("fuzz") => "fuzz",
        _ => "elsewhere",
    }
}

/// Value of `folder`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Marks {
    /// How many files there are.
    pub(crate) files: u64,
    /// How many marks there are.
    pub(crate) count: u64,
    /// The first of each sort, by sort and path.
    pub(crate) first: Vec<Mark>,
}

/// A line that says that something is fuzzed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Mark {
    pub(crate) fuzzer: Fuzzer,
    /// From the folder in question.
    pub(crate) path: String,
    pub(crate) line: u64,
}

/// The marks below a folder.
pub(crate) fn marks(engine: &Engine, key: &FolderKey) -> Result<Marks> {
    let Folder { files, folders } = Folder::read(engine, &key.tree, key.depth)?;
    let mut marks = Marks { files: files.len() as u64, ..Marks::default() };
    let mut candidates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let regular = matches!(file.kind, FileKind::File | FileKind::Executable);
        if regular && is_candidate(&path::joined(&key.place, &file.path)) {
            candidates.entry(file.id).or_default().push(file.path);
        }
    }
    marks.add_files(engine, key, &candidates)?;
    // The same folder may lie at several places.
    let keys: BTreeSet<FolderKey> = folders.iter().map(|folder| key.below(folder)).collect();
    let keys: Vec<FolderKey> = keys.into_iter().collect();
    let mut known: BTreeMap<&FolderKey, Marks> = BTreeMap::new();
    for (key, answer) in keys.iter().zip(engine.query_windowed("fuzz/folder", &keys, WINDOW)) {
        known.insert(key, answer?);
    }
    for folder in &folders {
        if let Some(inner) = known.get(&key.below(folder)) {
            marks.add_folder(&folder.path, inner)?;
        }
    }
    marks.cut();
    Ok(marks)
}

impl Marks {
    /// Adds the marks in files, by blob and paths.
    fn add_files(
        &mut self,
        engine: &Engine,
        key: &FolderKey,
        candidates: &BTreeMap<String, Vec<String>>,
    ) -> Result<()> {
        let blobs: Vec<String> = candidates.keys().cloned().collect();
        let words = WORDS.map(str::to_owned).to_vec();
        let keys: Vec<LinesKey> = blobs
            .chunks(BLOBS)
            .map(|blobs| LinesKey { blobs: blobs.to_vec(), words: words.clone() })
            .collect();
        for answer in engine.query_windowed::<Lines, _>("git/lines", &keys, WINDOW) {
            for blob in answer?.blobs {
                for file in candidates.get(&blob.id).into_iter().flatten() {
                    let whole = path::joined(&key.place, file);
                    let found =
                        blob.lines.iter().filter_map(|line| Some((mark(&whole, &line.text)?, line.line)));
                    let found = found.map(|(fuzzer, line)| Mark { fuzzer, path: file.clone(), line });
                    let before = self.first.len();
                    self.first.extend(found);
                    self.count = self.count.saturating_add((self.first.len() - before) as u64);
                }
            }
        }
        Ok(())
    }

    fn add_folder(&mut self, name: &str, inner: &Marks) -> Result<()> {
        self.files = self.files.saturating_add(inner.files);
        if self.files > MOST_FILES {
            return Err(failed(format!("the tree unfolds into more than {MOST_FILES} files")));
        }
        self.count = self.count.saturating_add(inner.count);
        let within = |mark: &Mark| Mark { path: path::joined(name, &mark.path), ..mark.clone() };
        self.first.extend(inner.first.iter().map(within));
        // As long as the list is short it is cut once.
        if self.first.len() > 100 * MOST_NAMED {
            self.cut();
        }
        Ok(())
    }

    fn cut(&mut self) {
        self.first.sort();
        let mut named: HashMap<Fuzzer, usize> = HashMap::new();
        self.first.retain(|mark| {
            let count = named.entry(mark.fuzzer).or_default();
            *count += 1;
            *count <= MOST_NAMED
        });
    }
}
