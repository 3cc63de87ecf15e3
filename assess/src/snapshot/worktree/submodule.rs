//! The commit that a submodule is at, read from its files; its configuration is not looked at.

use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::super::head::{self, Head};
use super::super::layout;

/// The commit that the submodule at `path` below `root` is at; `None` if it is not checked out, or if that
/// cannot be told. Its id must be of the same format as the one that is `indexed`.
pub(super) fn head(root: &Path, path: &BStr, indexed: ObjectId) -> Option<ObjectId> {
    let layout = layout::of_worktree(&root.join(path.to_path().ok()?)).ok()??;
    let packed = head::packed_refs(&layout, indexed.kind()).ok()?;
    match head::resolve(&layout, indexed.kind(), packed.as_ref()).ok()? {
        Head::At(id) => Some(id),
        Head::Unborn(_) => None,
    }
}
