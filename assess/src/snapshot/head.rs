//! Resolves `HEAD` from the repository's files: a detached id, or a branch that is stored loosely or packed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::hash::Kind;
use gix::refs::packed;

use super::error::OpenError;
use super::layout::Layout;
use crate::files;

/// The most that is read of a file that holds one reference, in bytes.
const REFERENCE_LIMIT: u64 = 16 << 10;

/// How many symbolic references are followed, as git does.
const MAX_HOPS: usize = 5;

/// Files of packed references beyond this size, in bytes, are mapped instead of copied.
const MAP_BEYOND: u64 = 64 << 10;

/// The branches of a folder are searched for any reference at most this deep.
const MAX_DEPTH: usize = 32;

/// What `HEAD` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// An object, hopefully a commit.
    At(ObjectId),
    /// A reference that does not exist.
    Unborn(BString),
}

/// The packed references of a repository, if there are any.
pub(super) fn packed_refs(layout: &Layout, hash: Kind) -> Result<Option<packed::Buffer>, OpenError> {
    let path = layout.common_dir.join("packed-refs");
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(malformed("packed-refs", &path, "it is not a regular file")),
        Err(error) if files::is_absent(&error) => return Ok(None),
        Err(source) => return Err(OpenError::Unreadable { path, source }),
    }
    let opened = packed::Buffer::open(path.clone(), MAP_BEYOND, hash);
    opened.map(Some).map_err(|error| malformed("packed-refs", &path, &error.to_string()))
}

/// Reads `HEAD` and follows it.
pub(super) fn resolve(
    layout: &Layout,
    hash: Kind,
    packed: Option<&packed::Buffer>,
) -> Result<Head, OpenError> {
    let head = layout.git_dir.join("HEAD");
    let Some(content) = head_content(&head)? else {
        return Err(malformed("HEAD", &head, "it does not exist"));
    };
    let mut path = head;
    let mut content = content;
    for _ in 0..=MAX_HOPS {
        let what = if path.ends_with("HEAD") { "HEAD" } else { "a reference" };
        let line = content.trim_end();
        let Some(name) = line.strip_prefix(b"ref:") else {
            let id = ObjectId::from_hex(line).ok().filter(|id| id.kind() == hash);
            return id
                .map(Head::At)
                .ok_or_else(|| malformed(what, &path, "it holds neither an id nor a reference"));
        };
        let name = name.trim().as_bstr();
        if !name.starts_with(b"refs/") || gix::validate::reference::name(name).is_err() {
            return Err(malformed(what, &path, "it names no valid reference"));
        }
        path = path_of(layout, name).ok_or_else(|| malformed(what, &path, "it names no valid reference"))?;
        match read_loose(&path)? {
            Some(loose) => content = loose,
            None => return Ok(from_packed(name, packed)),
        }
    }
    Err(malformed("HEAD", &path, "references name one another without end"))
}

/// Whether the repository has any reference at all.
pub(super) fn any_reference(layout: &Layout, packed: Option<&packed::Buffer>) -> bool {
    let is_packed =
        packed.and_then(|buffer| buffer.iter().ok()).is_some_and(|mut refs| refs.next().is_some());
    is_packed || holds_a_file(&layout.common_dir.join("refs"), MAX_DEPTH)
}

/// Whether replace references exist, loosely or packed.
pub(super) fn has_replacements(layout: &Layout, packed: Option<&packed::Buffer>) -> bool {
    let among_packed = packed
        .and_then(|buffer| buffer.iter_prefixed("refs/replace/".into()).ok())
        .is_some_and(|mut refs| refs.next().is_some());
    among_packed || holds_a_file(&layout.common_dir.join("refs/replace"), MAX_DEPTH)
}

fn holds_a_file(dir: &Path, depth: usize) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => depth > 0 && holds_a_file(&entry.path(), depth - 1),
        kind => kind.is_ok(),
    })
}

/// The text of `HEAD`; an ancient `HEAD` is a symbolic link whose target is the reference's name.
pub(super) fn head_content(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match fs::read_link(path) {
        Ok(target) if target.starts_with("refs") => {
            let mut content = b"ref: ".to_vec();
            content.extend_from_slice(target.as_os_str().as_encoded_bytes());
            Ok(Some(content))
        }
        _ => files::read(path, REFERENCE_LIMIT)
            .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source }),
    }
}

pub(super) fn read_loose(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match files::read(path, REFERENCE_LIMIT) {
        // A folder of other branches, left over where this one is packed or unborn.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
        other => other.map_err(|source| OpenError::Unreadable { path: path.to_owned(), source }),
    }
}

fn from_packed(name: &BStr, packed: Option<&packed::Buffer>) -> Head {
    let found = packed.and_then(|buffer| buffer.try_find(name).ok().flatten());
    found.map_or_else(|| Head::Unborn(name.to_owned()), |reference| Head::At(reference.target()))
}

/// The file of a loose reference. Some references belong to one worktree only.
pub(super) fn path_of(layout: &Layout, name: &BStr) -> Option<PathBuf> {
    let own =
        [&b"refs/bisect/"[..], b"refs/worktree/", b"refs/rewritten/"].iter().any(|own| name.starts_with(own));
    let base = if own { &layout.git_dir } else { &layout.common_dir };
    Some(base.join(name.to_path().ok()?))
}

fn malformed(what: &'static str, path: &Path, reason: &str) -> OpenError {
    OpenError::Damaged { what, path: path.to_owned(), reason: reason.to_owned() }
}
