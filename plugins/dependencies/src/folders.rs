//! Where manifests and lock files lie, folder by folder: one more commit asks anew only for the folders on the path to what it changed.

use std::collections::HashMap;

use probity_sdk::dependencies::Format;
use probity_sdk::git::{FileKind, Folder, FolderKey, TreeFile, path};
use probity_sdk::prelude::*;

use crate::shapes::{Found, Listing};

/// How many files are named at most.
pub(crate) const MOST_FILES: usize = 2000;

/// The files below a folder.
pub(crate) fn listing(engine: &Engine, key: &FolderKey) -> Result<Listing> {
    let Folder { files, folders } = Folder::read(engine, &key.tree, key.depth)?;
    let mut listing = Collecting::default();
    for TreeFile { path: file, id, kind } in files {
        let regular = matches!(kind, FileKind::File | FileKind::Executable);
        if let Some(format) = Format::of_path(&file).filter(|_| regular) {
            listing.files.push((path::bytes(&file).into_owned(), id, format));
        }
    }
    let listings: HashMap<&str, Listing> = key.inner_answers(engine, "dependencies/folder", &folders)?;
    for folder in &folders {
        if let Some(inner) = listings.get(folder.id.as_str()) {
            listing.add_folder(&folder.path, inner);
        }
    }
    Ok(listing.finish())
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
