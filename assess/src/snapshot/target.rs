//! An opened target: where a repository's parts lie and what is known of it before anything is read.

use std::fs;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use sha2::{Digest, Sha256};

use super::alternates::{self, ObjectDirs};
use super::config::{self, Config};
use super::error::{OpenError, SnapshotError};
use super::head::{self, Head};
use super::layout::{self, Layout};
use super::note::Note;
use crate::files;

/// The most that is read of the shallow boundary, in bytes.
const SHALLOW_LIMIT: u64 = 64 << 20;

/// A git repository that is to be assessed, opened without running or trusting anything that its
/// configuration names, and never written to.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) layout: Layout,
    pub(super) config: Config,
    pub(super) dirs: ObjectDirs,
    pub(super) shallow: Vec<ObjectId>,
    pub(super) head: Head,
    pub(super) notes: Vec<Note>,
}

/// Opens the repository that `path` lies in; a folder above it will do.
///
/// # Errors
///
/// One of [`OpenError`] per cause. A repository without any reference to a commit is [`OpenError::Empty`].
pub fn open(path: &Path) -> Result<Target, OpenError> {
    let mut layout = layout::discover(path)?;
    let config = config::read(&layout)?;
    if config.bare && layout.git_dir == layout.common_dir {
        layout.worktree = None;
    }
    let dirs = alternates::resolve(&layout.common_dir)?;
    let shallow = shallow(&layout, &config)?;
    let packed = head::packed_refs(&layout, config.hash)?;
    let head = head::resolve(&layout, config.hash, packed.as_ref())?;
    if matches!(head, Head::Unborn(_)) && !head::any_reference(&layout, packed.as_ref()) {
        return Err(OpenError::Empty { path: layout.git_dir });
    }
    let mut notes = Vec::new();
    if head::has_replacements(&layout, packed.as_ref()) {
        notes.push(Note::ReplaceRefs);
    }
    if fs::metadata(layout.common_dir.join("info/grafts")).is_ok_and(|grafts| grafts.len() > 0) {
        notes.push(Note::Grafts);
    }
    if config.partial {
        notes.push(Note::PartialClone);
    }
    notes.extend(dirs.alternates.iter().cloned().map(Note::Alternate));
    notes.extend(dirs.missing.iter().cloned().map(Note::MissingAlternate));
    Ok(Target { layout, config, dirs, shallow, head, notes })
}

impl Target {
    /// What the target is known by when a person trusts it: the canonical common git directory, which all
    /// worktrees of a repository share.
    pub fn identity(&self) -> PathBuf {
        self.layout.common_dir.clone()
    }

    /// The canonical git directory: of one worktree alone.
    pub fn git_dir(&self) -> &Path {
        &self.layout.git_dir
    }

    /// The root of the working tree, if there is one.
    pub fn worktree(&self) -> Option<&Path> {
        self.layout.worktree.as_deref()
    }

    /// The text that a `HEAD` of the same meaning holds.
    pub(super) fn head_text(&self) -> String {
        match &self.head {
            Head::At(id) => id.to_string(),
            Head::Unborn(name) => format!("ref: {}", name.to_str_lossy()),
        }
    }

    /// The commit that `HEAD` stands for.
    pub(super) fn head_commit(&self) -> Result<ObjectId, SnapshotError> {
        match &self.head {
            Head::At(id) => Ok(*id),
            Head::Unborn(name) => Err(SnapshotError::Unborn { name: name.to_string() }),
        }
    }

    /// The folder below `cache` that belongs to this target alone.
    pub(super) fn private_dir(&self, cache: &Path) -> PathBuf {
        cache.join("targets").join(short_digest(self.layout.common_dir.as_os_str().as_encoded_bytes()))
    }
}

/// A name for a folder or file that stands for some bytes: 32 hexadecimal digits.
pub(crate) fn short_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The commits whose parents are cut off, sorted.
fn shallow(layout: &Layout, config: &Config) -> Result<Vec<ObjectId>, OpenError> {
    let path = layout.common_dir.join("shallow");
    let bytes = files::read(&path, SHALLOW_LIMIT)
        .map_err(|source| OpenError::Unreadable { path: path.clone(), source })?
        .unwrap_or_default();
    let mut ids = Vec::new();
    for line in bytes.lines().map(|line| line.trim_end()).filter(|line| !line.is_empty()) {
        let id = ObjectId::from_hex(line).ok().filter(|id| id.kind() == config.hash);
        ids.push(id.ok_or_else(|| OpenError::Damaged {
            what: "the shallow boundary",
            path: path.clone(),
            reason: format!("{:?} is not an object id", line.as_bstr()),
        })?);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}
