//! The questions that `binary` answers: how many opaque files a tree has, which, and what is known of one folder.

use probity_sdk::git::{FolderKey, path};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::folders;
use crate::formats::{Formats, Opaque};
use crate::listing;
use crate::summary::{MOST_NAMED, Summary};

/// The number of opaque binary files: those that run, and those without an extension that says what they are.
#[query(default, uses("binary/folder"))]
pub(crate) fn binary(engine: &Engine<Config>, target: Target) -> Result<Answer<u64>> {
    let summary: Summary = engine.query("binary/folder", &FolderKey::root(&target))?;
    let formats = Formats::new(engine.config());
    let mut count = 0;
    let mut named = Vec::new();
    for sort in &summary.sorts {
        if let Some(why) = formats.of_sort(sort) {
            count += sort.count;
            named.extend(sort.first.iter().map(|file| (file.as_str(), why.clone())));
        }
    }
    Ok(Answer::new(count).concerns(concerns(named)))
}

/// The paths of the opaque binary files, sorted.
#[query(uses("binary/folder", "git/folder", "git/tree", "git/contents"))]
pub(crate) fn files(engine: &Engine<Config>, target: Target) -> Result<Answer<Vec<String>>> {
    let formats = Formats::new(engine.config());
    listing::opaque_paths(engine, &formats, FolderKey::root(&target)).map(Answer::new)
}

/// The binary files below a folder: how many of each format and extension, and the paths of the first.
#[query(uses("git/folder", "git/tree", "git/contents", "binary/folder"))]
pub(crate) fn folder(engine: &Engine<Config>, key: FolderKey) -> Result<Answer<Summary>> {
    folders::summary(engine, &key).map(Answer::new)
}

/// The files that run by their first bytes, then those that are named like such, then the rest; each by path.
fn concerns(mut named: Vec<(&str, Opaque)>) -> Vec<Concern> {
    named.sort_by_cached_key(|(file, why)| (why.rank(), path::bytes(file).into_owned()));
    named.into_iter().take(MOST_NAMED).map(|(file, why)| Concern::new(why.to_string()).path(file)).collect()
}
