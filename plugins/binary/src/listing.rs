//! All opaque files of a tree by name, where a summary tells only how many there are.

use probity_sdk::git::{FolderKey, path};
use probity_sdk::prelude::*;

use crate::config::Config;
use crate::folders::{Level, WINDOW};
use crate::formats::Formats;
use crate::summary::{Sort, Summary, joined};

/// The paths of the opaque files below a folder, sorted by their bytes.
///
/// Only those folders are looked into of which the summary does not name all files.
pub(crate) fn opaque_paths(
    engine: &Engine<Config>,
    formats: &Formats,
    root: FolderKey,
) -> Result<Vec<String>> {
    let mut listing = Listing { engine, formats, found: Vec::new() };
    let mut waiting = vec![Place { path: None, key: root }];
    while !waiting.is_empty() {
        waiting = listing.add(waiting)?;
    }
    listing.found.sort();
    Ok(listing.found.iter().map(|file| path::text(file).into_owned()).collect())
}

/// A folder and where it lies.
struct Place {
    /// `None` for the folder that is the whole tree.
    path: Option<Vec<u8>>,
    key: FolderKey,
}

impl Place {
    fn of(&self, name: &str) -> Vec<u8> {
        match &self.path {
            Some(folder) => joined(folder, name),
            None => path::bytes(name).into_owned(),
        }
    }
}

struct Listing<'a> {
    engine: &'a Engine<Config>,
    formats: &'a Formats,
    found: Vec<Vec<u8>>,
}

impl Listing<'_> {
    /// Adds what is known of these folders, and gives back those in them of which more is to be known.
    fn add(&mut self, places: Vec<Place>) -> Result<Vec<Place>> {
        let keys: Vec<FolderKey> = places.iter().map(|place| place.key.clone()).collect();
        let mut further = Vec::new();
        for (place, summary) in places.iter().zip(self.engine.query_windowed("binary/folder", &keys, WINDOW))
        {
            let summary: Summary = summary?;
            let opaque: Vec<&Sort> =
                summary.sorts.iter().filter(|sort| self.formats.of_sort(sort).is_some()).collect();
            if opaque.iter().all(|sort| sort.is_complete()) {
                let names = opaque.iter().flat_map(|sort| &sort.first);
                self.found.extend(names.map(|name| place.of(name)));
            } else {
                further.extend(self.add_level(place)?);
            }
        }
        Ok(further)
    }

    /// Adds the files directly in a folder, and gives back the folders in it.
    fn add_level(&mut self, place: &Place) -> Result<Vec<Place>> {
        let level = Level::read(self.engine, &place.key)?;
        for (file, content) in level.files() {
            let Some(content) = content else { continue };
            let whole = place.of(&file.path);
            if self.formats.opaque(&path::text(&whole), content.magic.as_deref()).is_some() {
                self.found.push(whole);
            }
        }
        let below = level
            .folders
            .iter()
            .map(|folder| Place { path: Some(place.of(&folder.path)), key: place.key.inner(folder) });
        Ok(below.collect())
    }
}
