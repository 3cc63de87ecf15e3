//! A made-up tree, and an engine over it that remembers answers and counts what was run for the last question.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use probity_sdk::git::{FileKind, Folder, SubFolder, Text, TextKey, TreeFile, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::plugin;

type Known = Arc<Mutex<BTreeMap<(String, String), Value>>>;

/// Files by their paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Lab {
    files: BTreeMap<String, String>,
    known: Known,
    ran: Arc<Mutex<Vec<String>>>,
}

pub(super) fn key(tree: &str) -> Value {
    json!({ "tree": tree })
}

fn id(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:040x}", hasher.finish())
}

impl Lab {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut lab = Self::default();
        files.iter().for_each(|(path, text)| lab.put(path, text));
        lab
    }

    pub(super) fn put(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    /// Asks about the whole tree, and counts anew what is run.
    pub(super) fn ask(&self, query: &str) -> Result<Answer<Value>> {
        self.ran.lock().unwrap().clear();
        self.engine(Arc::new(self.folders())).ask(&plugin(), query, key(&self.tree("")))
    }

    pub(super) fn times(&self, query: &str) -> usize {
        self.ran.lock().unwrap().iter().filter(|ran| *ran == query).count()
    }

    fn below(&self, folder: &str) -> Vec<(&str, &str)> {
        let files =
            self.files.iter().filter_map(|(path, text)| Some((path.strip_prefix(folder)?, text.as_str())));
        files.collect()
    }

    fn tree(&self, folder: &str) -> String {
        id(&self.below(folder))
    }

    /// Every folder by its tree, one level each.
    fn folders(&self) -> BTreeMap<String, Folder> {
        let mut names: BTreeSet<String> = BTreeSet::from([String::new()]);
        for path in self.files.keys() {
            names.extend(path.match_indices('/').map(|(at, _)| path[..=at].to_owned()));
        }
        let mut folders = BTreeMap::new();
        for name in &names {
            let mut folder = Folder { files: vec![], folders: vec![] };
            for (path, text) in self.below(name) {
                match path.split_once('/') {
                    None => {
                        folder.files.push(TreeFile { path: path.into(), id: id(&text), kind: FileKind::File })
                    }
                    Some((inner, _)) if folder.folders.last().is_none_or(|last| last.path != inner) => {
                        folder.folders.push(SubFolder {
                            path: inner.into(),
                            id: self.tree(&format!("{name}{inner}/")),
                        });
                    }
                    Some(_) => {}
                }
            }
            folders.insert(self.tree(name), folder);
        }
        folders
    }

    fn engine(&self, folders: Arc<BTreeMap<String, Folder>>) -> TestEngine<Empty> {
        let texts: BTreeMap<String, String> =
            self.files.values().map(|text| (id(&text.as_str()), text.clone())).collect();
        let (lab, lab2, lab3, lab4) = (self.clone(), self.clone(), self.clone(), self.clone());
        let (listed, again) = (folders.clone(), folders);
        TestEngine::new(Empty {})
            .on("git/folder", move |key: TreeKey| {
                lab.once("git/folder", &key, || {
                    listed.get(&key.tree).cloned().ok_or_else(|| unavailable("no tree"))
                })
            })
            .on("git/text", move |key: TextKey| {
                lab2.once("git/text", &key, || {
                    let text = texts.get(&key.blob).ok_or_else(|| unavailable("no blob"))?;
                    let readable = Some(text.clone()).filter(|text| !text.contains('\0'));
                    Ok(Text { size: text.len() as u64, text: readable })
                })
            })
            .on("dependencies/folder", move |key: Value| {
                let inner = || Ok(lab3.engine(again.clone()).ask(&plugin(), "folder", &key)?.into_parts().0);
                lab3.once("dependencies/folder", &key, inner)
            })
            .on("dependencies/file", move |key: Value| {
                let inner = || Ok(lab4.engine(Arc::default()).ask(&plugin(), "file", &key)?.into_parts().0);
                lab4.once("dependencies/file", &key, inner)
            })
    }

    fn once<V: Serialize>(
        &self,
        query: &str,
        key: &impl Serialize,
        answer: impl FnOnce() -> Result<V>,
    ) -> Result<Value> {
        let name = (query.to_owned(), serde_json::to_string(key)?);
        if let Some(known) = self.known.lock().unwrap().get(&name) {
            return Ok(known.clone());
        }
        self.ran.lock().unwrap().push(query.to_owned());
        let answer = serde_json::to_value(answer()?)?;
        self.known.lock().unwrap().insert(name, answer.clone());
        Ok(answer)
    }
}
