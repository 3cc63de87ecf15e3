//! Puts together what the files of a tree say.

use probity_sdk::dependencies::Format;
use probity_sdk::git::{FolderKey, TreeKey};
use probity_sdk::prelude::*;

use crate::ecosystem::Ecosystem;
use crate::folders::MOST_FILES;
use crate::shapes::{FileKey, Found, Listing, Manifest, Manifests};

/// How many files are asked for at once.
const WINDOW: usize = 32;

/// What the files of one ecosystem say.
pub(crate) fn of_ecosystem(
    engine: &Engine,
    key: &TreeKey,
    ecosystem: Ecosystem,
) -> Result<Answer<Manifests>> {
    read(engine, key, |format| Ecosystem::of(format) == ecosystem).map(with_concerns)
}

/// What the files of the wanted formats say, in the order of their paths.
pub(crate) fn read(engine: &Engine, key: &TreeKey, wanted: impl Fn(Format) -> bool) -> Result<Manifests> {
    let root = FolderKey { tree: key.tree.clone(), depth: 0 };
    let listing: Listing = engine.query("dependencies/folder", &root)?;
    let found: Vec<Found> = listing.files.into_iter().filter(|file| wanted(file.format)).collect();
    let keys: Vec<FileKey> =
        found.iter().map(|file| FileKey { blob: file.blob.clone(), format: file.format }).collect();
    let mut files = Vec::with_capacity(found.len());
    for (file, said) in found.into_iter().zip(engine.query_windowed("dependencies/file", &keys, WINDOW)) {
        let ecosystem = Ecosystem::of(file.format);
        files.push(Manifest { path: file.path, ecosystem, format: file.format, said: said? });
    }
    Ok(Manifests { files, left_out: listing.left_out })
}

/// Points out what was not read.
pub(crate) fn with_concerns(told: Manifests) -> Answer<Manifests> {
    let mut concerns = Vec::new();
    if told.left_out > 0 {
        let left_out = told.left_out;
        concerns.push(Concern::new(format!(
            "{left_out} more manifests and lock files were not read: no more than {MOST_FILES} are"
        )));
    }
    for file in &told.files {
        if let Some(problem) = &file.said.problem {
            concerns.push(Concern::new(format!("cannot be read: {problem}")).path(&file.path));
        }
    }
    Answer::new(told).concerns(concerns)
}
