//! What lies at a path.

use std::collections::HashMap;

use probity_sdk::git::{FileKind, Folder, TreeFile};
use probity_sdk::prelude::*;

use crate::config::Config;

fn is_regular(file: &TreeFile) -> bool {
    matches!(file.kind, FileKind::File | FileKind::Executable)
}

/// Finds files of a tree by their paths. Each folder is asked for once.
pub(crate) struct Finder<'a> {
    engine: &'a Engine<Config>,
    root: String,
    known: HashMap<String, Folder>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(engine: &'a Engine<Config>, target: &Target) -> Self {
        Self { engine, root: target.tree.clone(), known: HashMap::new() }
    }

    /// The blob of the regular file at a path.
    pub(crate) fn blob(&mut self, file: &str) -> Result<Option<String>> {
        let (mut tree, mut rest) = (self.root.clone(), file);
        for depth in 0.. {
            let folder = self.folder(&tree, depth)?;
            if let Some(found) = folder.files.iter().find(|found| found.path == rest) {
                return Ok(Some(found.id.clone()).filter(|_| is_regular(found)));
            }
            let Some((name, below)) = rest.split_once('/') else { break };
            let Some(inner) = folder.folders.iter().find(|inner| inner.path == name) else { break };
            (tree, rest) = (inner.id.clone(), below);
        }
        Ok(None)
    }

    fn folder(&mut self, tree: &str, depth: u64) -> Result<&Folder> {
        if !self.known.contains_key(tree) {
            let folder = Folder::read(self.engine, tree, depth)?;
            self.known.insert(tree.to_owned(), folder);
        }
        self.known.get(tree).ok_or_else(|| failed("a folder was not kept"))
    }
}
