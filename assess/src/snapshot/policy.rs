//! Reads the project's policy from a snapshot, never from the disk: what is judged and what it is judged by
//! are of one state.

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};

use crate::policy::MAX_BYTES;

use super::error::SnapshotError;
use super::objects::Handle;

/// The policy's name at the root of a repository.
const NAME: &str = "probity.kdl";

/// The bytes of the policy in `tree`, if it has one.
pub(super) fn read(objects: &Handle, tree: ObjectId) -> Result<Option<Vec<u8>>, SnapshotError> {
    let bytes = objects.read(&tree, Kind::Tree, "tree")?;
    let mut blob = None;
    for entry in TreeRefIter::from_bytes(&bytes, tree.kind()) {
        let entry = entry.map_err(|error| SnapshotError::Corrupt {
            what: "tree",
            id: tree.to_string(),
            reason: error.to_string(),
        })?;
        if entry.filename != NAME {
            continue;
        }
        let what = match entry.mode.kind() {
            EntryKind::Blob | EntryKind::BlobExecutable => {
                blob = Some(entry.oid.to_owned());
                continue;
            }
            EntryKind::Link => "symbolic link",
            EntryKind::Tree => "folder",
            EntryKind::Commit => "submodule",
        };
        return Err(SnapshotError::NoFile { name: NAME, what });
    }
    let Some(blob) = blob else { return Ok(None) };
    let policy = objects.read(&blob, Kind::Blob, "policy")?;
    match policy.len() as u64 {
        size if size > MAX_BYTES => Err(SnapshotError::TooBig { name: NAME, size, limit: MAX_BYTES }),
        _ => Ok(Some(policy)),
    }
}
