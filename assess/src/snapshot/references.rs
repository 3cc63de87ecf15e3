//! The references that a target is judged by beyond its commit: its tags, and the branches of others that its own branch follows.
//!
//! A local branch is left alone, since to amend and to rebase one's own work is no attack. In a bare repository, which nobody works
//! in, the branch of `HEAD` is one of others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::refs::packed;

use super::error::OpenError;
use super::head;
use super::target::Target;

/// With more tags than these, none are told.
pub(crate) const MOST_TAGS: usize = 100_000;
/// Folders of tags are searched at most this deep.
const MAX_DEPTH: usize = 32;
/// Branches that are taken for the main one where a remote does not say which that is.
const MAIN: [&[u8]; 3] = [b"main", b"master", b"trunk"];

/// What the references of a target are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct References {
    /// By name, without `refs/tags/`; what each names, peeled or not. `None` where there are too many.
    pub(crate) tags: Option<Vec<(BString, ObjectId)>>,
    /// By full name.
    pub(crate) branches: BTreeMap<BString, Branch>,
}

/// A branch of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) tip: ObjectId,
    /// Whether it is what its repository shows first.
    pub(crate) is_main: bool,
    /// Stands for the address that it comes from; empty if that is not known.
    pub(crate) address: String,
}

impl References {
    /// Reads them. What is no valid reference is passed over.
    pub(crate) fn read(target: &Target) -> Result<References, OpenError> {
        // Loose ones first: git packs a reference before it removes the loose one.
        let mut tags = Vec::new();
        let root = target.layout.common_dir.join("refs/tags");
        let room = collect(target, &root, &BString::default(), MAX_DEPTH, &mut tags);
        let packed = head::packed_refs(&target.layout, target.config.hash)?;
        let tags = room.then(|| with_packed(tags, packed.as_ref())).flatten();
        let reader = Reader { target, packed: packed.as_ref() };
        Ok(References { tags, branches: reader.branches() })
    }
}

/// Adds the loose tags in a folder; `false` once they are too many.
fn collect(
    target: &Target,
    folder: &Path,
    prefix: &BString,
    depth: usize,
    tags: &mut Vec<(BString, ObjectId)>,
) -> bool {
    // A link would lead out of the repository.
    if !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) {
        return true;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let mut name = prefix.clone();
        name.push_str(entry.file_name().as_encoded_bytes());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => {
                name.push(b'/');
                if !collect(target, &entry.path(), &name, depth - 1, tags) {
                    return false;
                }
            }
            Ok(kind) if kind.is_file() => {
                let full = [b"refs/tags/", name.as_bytes()].concat();
                let is_valid = gix::validate::reference::name(full.as_bstr()).is_ok();
                let id = is_valid.then(|| loose(target, &entry.path())).flatten();
                tags.extend(id.map(|id| (name, id)));
            }
            _ => {}
        }
        if tags.len() > MOST_TAGS {
            return false;
        }
    }
    true
}

/// All tags by name; a loose one goes before the packed one of its name. `None`: too many.
fn with_packed(
    mut tags: Vec<(BString, ObjectId)>,
    packed: Option<&packed::Buffer>,
) -> Option<Vec<(BString, ObjectId)>> {
    let found = packed.and_then(|buffer| buffer.iter_prefixed("refs/tags/".into()).ok());
    for reference in found.into_iter().flatten().flatten() {
        if let Some(name) = reference.name.as_bstr().strip_prefix(b"refs/tags/") {
            tags.push((name.into(), reference.target()));
        }
        if tags.len() > 2 * MOST_TAGS {
            return None;
        }
    }
    // Stable, so that of two the loose one stays.
    tags.sort_by(|a, b| a.0.cmp(&b.0));
    tags.dedup_by(|later, first| later.0 == first.0);
    (tags.len() <= MOST_TAGS).then_some(tags)
}

/// The id in the file of a loose reference.
fn loose(target: &Target, path: &Path) -> Option<ObjectId> {
    let content = head::read_loose(path).ok()??;
    ObjectId::from_hex(content.trim_end()).ok().filter(|id| id.kind() == target.config.hash)
}

struct Reader<'a> {
    target: &'a Target,
    packed: Option<&'a packed::Buffer>,
}

impl Reader<'_> {
    fn branches(&self) -> BTreeMap<BString, Branch> {
        let mut branches = BTreeMap::new();
        let (layout, config) = (&self.target.layout, &self.target.config);
        let own = self.symbolic(&layout.git_dir.join("HEAD"), b"refs/heads/");
        if config.bare && layout.git_dir == layout.common_dir {
            let full = own.map(|own| BString::from([b"refs/heads/", own.as_bytes()].concat()));
            let found = full.and_then(|full| Some((self.id(full.as_bstr())?, full)));
            let address = config.tracking.address(b"origin");
            branches.extend(found.map(|(tip, full)| (full, Branch { tip, is_main: true, address })));
            return branches;
        }
        for remote in &config.tracking.remotes {
            let below = [b"refs/remotes/", remote.name.as_bytes(), b"/"].concat();
            let at = |name: &[u8]| BString::from([&below, name].concat());
            let shown = at(b"HEAD");
            let valid = gix::validate::reference::name(shown.as_bstr()).is_ok();
            let shown =
                valid.then(|| shown.to_path().ok().map(|path| layout.common_dir.join(path))).flatten();
            let main = shown.and_then(|path| self.symbolic(&path, &below));
            let mut wanted: Vec<BString> = main.iter().chain(&own).cloned().collect();
            let followed = config.tracking.upstreams.iter().filter(|one| {
                one.remote == remote.name && own.as_ref().is_some_and(|own| one.branch == *own)
            });
            wanted.extend(followed.map(|one| one.merge.clone()));
            for name in wanted {
                let is_main = match &main {
                    Some(main) => name == *main,
                    None => MAIN.contains(&name.as_bytes()),
                };
                let (full, address) = (at(&name), remote.address.clone());
                let found = self.id(full.as_bstr());
                branches.extend(found.map(|tip| (full, Branch { tip, is_main, address })));
            }
        }
        branches
    }

    /// What a symbolic reference names below `prefix`.
    fn symbolic(&self, path: &Path, prefix: &[u8]) -> Option<BString> {
        let content = head::head_content(path).ok()??;
        let name = content.trim_end().strip_prefix(b"ref:")?.trim();
        gix::validate::reference::name(name.as_bstr()).ok()?;
        Some(name.strip_prefix(prefix)?.into())
    }

    fn id(&self, name: &BStr) -> Option<ObjectId> {
        gix::validate::reference::name(name).ok()?;
        let path = head::path_of(&self.target.layout, name)?;
        let packed = || Some(self.packed?.try_find(name).ok()??.target());
        loose(self.target, &path).or_else(packed)
    }
}
