//! Builds git's trees from a sorted list of files, bottom up, in one pass.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::EntryKind;

/// One entry of the working tree's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: BString,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

/// Builds the trees of `entries`, which must be sorted by path and free of duplicates, and gives each to
/// `write`, which returns its id. A file at whose path there is a directory too is left out and put into
/// `dropped`: only a race or a doctored index brings that about.
pub(super) fn build<E>(
    entries: &[Entry],
    write: &mut dyn FnMut(&[u8]) -> Result<ObjectId, E>,
    dropped: &mut Vec<BString>,
) -> Result<ObjectId, E> {
    level(entries, 0, write, dropped)
}

/// Builds the tree of entries that share the first `prefix` bytes of their paths.
fn level<E>(
    entries: &[Entry],
    prefix: usize,
    write: &mut dyn FnMut(&[u8]) -> Result<ObjectId, E>,
    dropped: &mut Vec<BString>,
) -> Result<ObjectId, E> {
    let directories: HashSet<&[u8]> = entries.iter().filter_map(|entry| directory(entry, prefix)).collect();
    let mut bytes = Vec::with_capacity(entries.len().min(1024) * 48);
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let Some(name) = directory(first, prefix) else {
            rest = &rest[1..];
            let name = &first.path[prefix..];
            match directories.contains(name.as_bytes()) {
                true => dropped.push(first.path.clone()),
                false => push(&mut bytes, first.kind, name, &first.id),
            }
            continue;
        };
        // Sorted by whole path, all that lies in a directory stands together, and where git wants it: a
        // directory sorts as if its name ended with a slash.
        let below = rest.partition_point(|entry| directory(entry, prefix) == Some(name));
        let (inside, after) = rest.split_at(below);
        let id = level(inside, prefix + name.len() + 1, write, dropped)?;
        push(&mut bytes, EntryKind::Tree, name, &id);
        rest = after;
    }
    write(&bytes)
}

/// The name of the directory that an entry lies in, below the prefix; `None` if it lies there itself.
fn directory(entry: &Entry, prefix: usize) -> Option<&[u8]> {
    let rest = &entry.path[prefix..];
    rest.find_byte(b'/').map(|slash| &rest[..slash])
}

fn push(bytes: &mut Vec<u8>, kind: EntryKind, name: &[u8], id: &ObjectId) {
    bytes.extend_from_slice(kind.as_octal_str());
    bytes.push(b' ');
    bytes.extend_from_slice(name);
    bytes.push(0);
    bytes.extend_from_slice(id.as_slice());
}
