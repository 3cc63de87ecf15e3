//! A made-up repository, and an engine over it that remembers answers and what was run for them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use probity_sdk::git::{
    BlobContent, Contents, ContentsKey, FileKind, Folder, SubFolder, Tree, TreeFile, TreeKey, path,
};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::Value;

use crate::{Config, plugin};

/// A folder with at most so many things in it, on all levels together, is told as a whole.
const SMALL: usize = 6;
/// As deep as the plugin `git` looks.
const DEEPEST: usize = 2048;

/// What lies in a folder under a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Text(u64),
    Binary(u64, Option<&'static str>),
    Link,
    Submodule,
    Folder(BTreeMap<Vec<u8>, Node>),
}

impl Node {
    pub(super) fn folder() -> Self {
        Self::Folder(BTreeMap::new())
    }

    pub(super) const fn binary(magic: Option<&'static str>) -> Self {
        Self::Binary(0, magic)
    }

    /// Puts a node at a path below this folder.
    pub(super) fn put(&mut self, path: &str, node: Node) {
        let Self::Folder(entries) = self else { panic!("{path} would lie in a file") };
        match path.split_once('/') {
            Some((name, rest)) => entries.entry(name.into()).or_insert_with(Self::folder).put(rest, node),
            None => drop(entries.insert(path.into(), node)),
        }
    }

    /// All below it that is no folder, by the bytes of the paths.
    pub(super) fn files(&self) -> BTreeMap<Vec<u8>, &Node> {
        let Self::Folder(entries) = self else { return BTreeMap::new() };
        let mut files = BTreeMap::new();
        for (name, node) in entries {
            match node {
                Self::Folder(_) => {
                    let below = node.files().into_iter();
                    files.extend(below.map(|(path, node)| ([name, &b"/"[..], &path].concat(), node)));
                }
                _ => drop(files.insert(name.clone(), node)),
            }
        }
        files
    }

    pub(super) fn id(&self) -> String {
        id(self)
    }
}

/// As many digits as an object's id has, the same for equals.
fn id(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:040x}", hasher.finish())
}

/// An entry of a tree: a file of some kind, or a folder.
#[derive(Debug, Clone, Hash)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) id: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Folder,
    File,
    Link,
    Submodule,
}

#[derive(Debug, Default)]
struct Objects {
    trees: BTreeMap<String, Vec<Entry>>,
    blobs: BTreeMap<String, (bool, Option<&'static str>)>,
}

/// The repository at one commit. Clones share all but that.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    root: String,
    objects: Arc<Mutex<Objects>>,
    known: Arc<Mutex<BTreeMap<(String, String), Value>>>,
    ran: Arc<Mutex<Vec<(String, Value)>>>,
    config: Config,
}

pub(super) fn target(world: &World) -> Target {
    Target { commit: "tip".into(), tree: world.root.clone(), shallow: vec!["cut".into()] }
}

impl World {
    pub(super) fn of(root: Node) -> Self {
        let mut world = Self::default();
        world.change(root);
        world
    }

    pub(super) fn configured(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Goes on to a commit with another tree.
    pub(super) fn change(&mut self, root: Node) {
        self.root = self.write(&root);
    }

    /// Goes on to a commit with a tree that was written.
    pub(super) fn change_to(&mut self, root: String) {
        self.root = root;
    }

    pub(super) fn write(&self, node: &Node) -> String {
        match node {
            Node::Folder(entries) => {
                let entry = |(name, node): (&Vec<u8>, &Node)| Entry {
                    name: name.clone(),
                    id: self.write(node),
                    kind: match node {
                        Node::Folder(_) => Kind::Folder,
                        Node::Link => Kind::Link,
                        Node::Submodule => Kind::Submodule,
                        Node::Text(_) | Node::Binary(..) => Kind::File,
                    },
                };
                self.write_tree(entries.iter().map(entry).collect())
            }
            Node::Binary(_, magic) => self.write_blob(node, true, *magic),
            _ => self.write_blob(node, false, None),
        }
    }

    pub(super) fn write_tree(&self, entries: Vec<Entry>) -> String {
        let id = id(&entries);
        self.objects.lock().unwrap().trees.insert(id.clone(), entries);
        id
    }

    fn write_blob(&self, node: &Node, binary: bool, magic: Option<&'static str>) -> String {
        self.objects.lock().unwrap().blobs.insert(node.id(), (binary, magic));
        node.id()
    }

    pub(super) fn lose(&self, blob: &str) {
        self.objects.lock().unwrap().blobs.remove(blob);
    }

    /// Asks a root, and notes anew what is run for it.
    pub(super) fn ask(&self, query: &str) -> Answer<Value> {
        self.try_ask(query).unwrap()
    }

    pub(super) fn try_ask(&self, query: &str) -> Result<Answer<Value>> {
        self.ran.lock().unwrap().clear();
        self.engine().ask(&plugin(), query, target(self))
    }

    /// What was run for the last root.
    pub(super) fn ran(&self) -> Vec<(String, Value)> {
        self.ran.lock().unwrap().clone()
    }

    /// How often each query was run for the last root.
    pub(super) fn times(&self, query: &str) -> usize {
        self.ran().iter().filter(|(ran, _)| ran == query).count()
    }

    fn engine(&self) -> TestEngine<Config> {
        let world = || self.clone();
        let (folder, tree, contents, summary) = (world(), world(), world(), world());
        TestEngine::new(self.config.clone())
            .on("git/folder", move |key: TreeKey| {
                folder.known("git/folder", key, |key| folder.folder(&key.tree))
            })
            .on("git/tree", move |key: TreeKey| tree.known("git/tree", key, |key| tree.tree(&key.tree)))
            .on("git/contents", move |key: ContentsKey| {
                contents.known("git/contents", key, |key| contents.contents(key))
            })
            .on("binary/folder", move |key: Value| {
                let configured = summary.clone().configured(Config::default());
                summary.known("binary/folder", key, |key| {
                    Ok(configured.engine().ask(&plugin(), "folder", key)?.into_parts().0)
                })
            })
    }

    /// The answer that is remembered, or a new one.
    fn known<K: Serialize, V: Serialize>(
        &self,
        query: &str,
        key: K,
        answer: impl Fn(&K) -> Result<V>,
    ) -> Result<Value> {
        let name = (query.to_owned(), serde_json::to_string(&key)?);
        if let Some(known) = self.known.lock().unwrap().get(&name) {
            return Ok(known.clone());
        }
        self.ran.lock().unwrap().push((query.to_owned(), serde_json::to_value(&key)?));
        let answer = serde_json::to_value(answer(&key)?)?;
        self.known.lock().unwrap().insert(name, answer.clone());
        Ok(answer)
    }

    fn folder(&self, tree: &str) -> Result<Folder> {
        let (mut files, mut folders) = self.level(&[], tree)?;
        let own = (files.len(), folders.len());
        let mut at = 0;
        while at < folders.len() && files.len() + folders.len() <= SMALL {
            let (path, id) = folders[at].clone();
            let (more_files, more_folders) = self.level(&[&path[..], b"/"].concat(), &id)?;
            files.extend(more_files);
            folders.extend(more_folders);
            at += 1;
        }
        let whole = at == folders.len();
        if !whole {
            files.truncate(own.0);
        }
        folders.truncate(if whole { 0 } else { own.1 });
        folders.sort();
        let folder = |(path, id): (Vec<u8>, String)| SubFolder { path: path::text(&path).into(), id };
        Ok(Folder { files: listed(files), folders: folders.into_iter().map(folder).collect() })
    }

    fn tree(&self, tree: &str) -> Result<Tree> {
        let mut all = Vec::new();
        let mut waiting = vec![(Vec::new(), tree.to_owned(), 0)];
        while let Some((path, id, depth)) = waiting.pop() {
            if depth > DEEPEST {
                return Err(failed(format!("tree {tree} unfolds into more than {DEEPEST} levels")));
            }
            let (files, folders) = self.level(&path, &id)?;
            all.extend(files);
            waiting.extend(folders.into_iter().map(|(path, id)| ([&path[..], b"/"].concat(), id, depth + 1)));
        }
        Ok(Tree { files: listed(all) })
    }

    /// The files of one level, and its folders.
    #[expect(clippy::type_complexity, reason = "told once")]
    fn level(&self, prefix: &[u8], tree: &str) -> Result<(Vec<(Vec<u8>, Entry)>, Vec<(Vec<u8>, String)>)> {
        let objects = self.objects.lock().unwrap();
        let entries =
            objects.trees.get(tree).ok_or_else(|| unavailable(format!("object {tree} is not there")))?;
        let mut level = (Vec::new(), Vec::new());
        for entry in entries {
            let path = [prefix, &entry.name].concat();
            match entry.kind {
                Kind::Folder => level.1.push((path, entry.id.clone())),
                _ => level.0.push((path, entry.clone())),
            }
        }
        Ok(level)
    }

    fn contents(&self, key: &ContentsKey) -> Result<Contents> {
        let objects = self.objects.lock().unwrap();
        let content = |id: &String| {
            let missing = || unavailable(format!("object {id} is not there"));
            let (binary, magic) = objects.blobs.get(id).ok_or_else(missing)?;
            Ok(BlobContent { id: id.clone(), size: 1, binary: *binary, magic: magic.map(str::to_owned) })
        };
        Ok(Contents { blobs: key.blobs.iter().map(content).collect::<Result<_>>()? })
    }
}

fn listed(mut files: Vec<(Vec<u8>, Entry)>) -> Vec<TreeFile> {
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let file = |(path, entry): (Vec<u8>, Entry)| TreeFile {
        path: path::text(&path).into(),
        id: entry.id,
        kind: match entry.kind {
            Kind::Link => FileKind::Symlink,
            Kind::Submodule => FileKind::Submodule,
            Kind::File | Kind::Folder => FileKind::File,
        },
    };
    files.into_iter().map(file).collect()
}
