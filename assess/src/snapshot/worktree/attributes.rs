//! The attributes that decide how a file's bytes are stored: line endings, encodings, `$Id$`, filters.
//!
//! They come from the working tree and `info/attributes`, read by ourselves; the person's and the
//! system's attribute files do not count, so that the same content gives the same ids everywhere.

use std::collections::BTreeMap;

use gix::attrs::search::{MetadataCollection, Outcome};
use gix::attrs::{Search, StateRef};
use gix::bstr::{BStr, BString, ByteSlice};
use gix::glob::pattern::Case;
use sha2::{Digest, Sha256};

use super::super::objects::Handle;
use super::beneath::{self, Beneath};
use super::index::Index;
use super::walk::{Found, PATTERNS_LIMIT};

/// Defined by git itself.
const BUILT_IN: &[u8] = b"[attr]binary -diff -merge -text";

/// All attributes of a working tree.
#[derive(Debug)]
pub(super) struct Attributes {
    search: Search,
    collection: MetadataCollection,
    case: Case,
    /// Hash of all texts and where they hold.
    pub(super) digest: [u8; 32],
    /// Whether there is any attribute at all.
    pub(super) any: bool,
}

impl Attributes {
    /// Gathers the attributes of all directories that hold a file to be stored. Those that cannot be read are
    /// added to `found.unreadable`.
    pub(super) fn gather(
        found: &mut Found,
        index: &Index,
        root: &mut Beneath,
        objects: &Handle,
        info: Option<Vec<u8>>,
        case: Case,
    ) -> Attributes {
        let mut texts: BTreeMap<BString, Vec<u8>> =
            std::mem::take(&mut found.attributes).into_iter().collect();
        read_unlisted(found, index, root, &mut texts);
        // What a sparse checkout leaves out holds nevertheless.
        for file in index.files.iter().filter(|file| file.skipped) {
            let (dir, name) = beneath::split(file.path.as_bstr());
            if name == b".gitattributes"
                && !texts.contains_key(dir.as_bstr())
                && let Ok(text) = objects.read(&file.id, gix::objs::Kind::Blob, "blob")
            {
                texts.insert(dir.into(), text);
            }
        }
        Attributes::of(&texts, info, case)
    }

    /// `texts` by directory: sorted, so that a directory's come after its parent's and override them.
    fn of(texts: &BTreeMap<BString, Vec<u8>>, info: Option<Vec<u8>>, case: Case) -> Attributes {
        let mut search = Search::default();
        let mut collection = MetadataCollection::default();
        let mut hasher = Sha256::new();
        let mut add = |dir: Option<&BString>, text: &[u8]| {
            hasher.update([u8::from(dir.is_some())]);
            for part in [dir.map_or(&b""[..], |dir| dir.as_slice()), text] {
                hasher.update((part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            let is_root = dir.is_none_or(|dir| dir.is_empty());
            let source = dir.and_then(|dir| dir.to_path().ok()).unwrap_or("".as_ref()).join(".gitattributes");
            let root = dir.map(|_| "".as_ref());
            // Only a path without a folder fails here, and this one always has a name.
            search.add_patterns_buffer(text, source, root, &mut collection, is_root).is_ok()
        };
        add(None, BUILT_IN);
        let mut any = false;
        for (dir, text) in texts {
            any |= add(Some(dir), text);
        }
        if let Some(text) = info {
            any |= add(None, &text);
        }
        Attributes { search, collection, case, digest: hasher.finalize().into(), any }
    }

    /// Fills in what holds for a path.
    pub(super) fn at(&self, path: &BStr, outcome: &mut Outcome) {
        outcome.initialize(&self.collection);
        self.search.pattern_matching_relative_path(path, self.case, Some(false), outcome);
    }

    /// The name of the filter that a path is stored through.
    pub(super) fn filter(&self, path: &BStr) -> Option<BString> {
        if !self.any {
            return None;
        }
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&self.collection, ["filter"]);
        self.search.pattern_matching_relative_path(path, self.case, Some(false), &mut outcome);
        let found = outcome.iter_selected().next()?;
        match found.assignment.state {
            StateRef::Value(name) => Some(name.as_bstr().to_owned()),
            _ => None,
        }
    }
}

/// Reads attributes of directories that the walk left out since they are ignored, but that hold tracked files.
fn read_unlisted(
    found: &mut Found,
    index: &Index,
    root: &mut Beneath,
    texts: &mut BTreeMap<BString, Vec<u8>>,
) {
    let mut last: Option<&[u8]> = None;
    for file in &index.files {
        let (dir, _) = beneath::split(file.path.as_bstr());
        if last.replace(dir) == Some(dir) {
            continue;
        }
        let ends = dir.find_iter(b"/").chain((!dir.is_empty()).then_some(dir.len()));
        let parents: Vec<&[u8]> = ends.map(|end| &dir[..end]).collect();
        for parent in parents {
            if !found.listed.insert(parent.into()) {
                continue;
            }
            let read =
                root.dir(parent).and_then(|dir| beneath::read_small(dir, b".gitattributes", PATTERNS_LIMIT));
            match read {
                Ok(Some(text)) => {
                    texts.insert(parent.into(), text);
                }
                Err(error) if !beneath::is_gone(&error) && !is_below_any(parent, &found.unreadable) => {
                    found.unreadable.push([parent, b"/.gitattributes"].concat().into());
                }
                _ => {}
            }
        }
    }
}

/// Whether a directory is one of `paths`, or lies below one.
fn is_below_any(dir: &[u8], paths: &[BString]) -> bool {
    paths
        .iter()
        .any(|path| dir.strip_prefix(path.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/'))
}
