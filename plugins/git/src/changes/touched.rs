//! Which regular files differ between two trees.

use super::pair::Pair;
use crate::error::GitError;
use crate::objects::Reader;
use gix::bstr::{BStr, BString, ByteVec};
use gix::diff::tree::visit::{Action, Change};
use gix::diff::tree::{Error, State, Visit};
use gix::objs::tree::EntryMode;
use gix::objs::{Data, Find, Kind, TreeRefIter};
use gix::{ObjectId, oid};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

/// No honest commit touches more files than this; a tree that names itself many times over would never end.
const MAX_FILES: usize = 4_000_000;
/// No honest path is longer than this.
const MAX_PATH_BYTES: usize = 64 * 1024;

/// A file that was added, removed or changed in content or mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) path: BString,
    pub(super) pair: Pair,
}

/// Files that differ between the trees `old` (none: the empty tree) and `new`, sorted by path.
///
/// Symbolic links and submodules count as absent: one that takes the place of a file removes it.
pub(super) fn touched(
    reader: &Reader,
    old: Option<ObjectId>,
    new: ObjectId,
) -> Result<Vec<Touched>, GitError> {
    if old == Some(new) {
        return Ok(Vec::new());
    }
    let old: Arc<[u8]> = old.map_or_else(|| Ok(Arc::from([])), |old| reader.tree(&old))?;
    let data = reader.tree(&new)?;
    let [old, data] = [&old, &data].map(|data| TreeRefIter::from_bytes(data, reader.format()));
    let trees = Trees { reader, failure: RefCell::default() };
    let mut visitor = Visitor::default();
    if let Err(error) = gix::diff::tree(old, data, State::default(), &trees, &mut visitor) {
        return Err(trees.failure.into_inner().unwrap_or_else(|| cause(error, new)));
    }
    let mut touched = visitor.touched;
    touched.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(touched)
}

/// Why a tree diff failed where no tree was unreadable.
fn cause(error: Error, id: ObjectId) -> GitError {
    match error {
        Error::Cancelled => GitError::Unbounded { id, limit: MAX_FILES, what: "files" },
        Error::Failure(error) => GitError::Malformed { id, kind: Kind::Tree, reason: error.to_string() },
    }
}

/// Lets gix's tree diff read through the verifying reader, and remembers why that failed.
struct Trees<'a> {
    reader: &'a Reader,
    failure: RefCell<Option<GitError>>,
}

impl Find for Trees<'_> {
    fn try_find<'a>(&self, id: &oid, buffer: &'a mut Vec<u8>) -> gix::Result<Option<Data<'a>>> {
        match self.reader.tree(id) {
            Ok(data) => {
                buffer.clear();
                buffer.extend_from_slice(&data);
                Ok(Some(Data::new(buffer, Kind::Tree, self.reader.format())))
            }
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                Ok(None)
            }
        }
    }
}

#[derive(Default)]
struct Visitor {
    touched: Vec<Touched>,
    path: BString,
    queued: VecDeque<BString>,
}

impl Visitor {
    fn push(&mut self, name: &BStr) {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.push_str(name);
    }
}

impl Visit for Visitor {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.path = self.queued.pop_front().unwrap_or_default();
    }

    fn push_back_tracked_path_component(&mut self, component: &BStr) {
        self.push(component);
        self.queued.push_back(self.path.clone());
    }

    fn push_path_component(&mut self, component: &BStr) {
        self.push(component);
    }

    fn pop_path_component(&mut self) {
        let parent = memchr::memrchr(b'/', &self.path).unwrap_or(0);
        self.path.truncate(parent);
    }

    fn visit(&mut self, change: Change) -> Action {
        let (old, new) = match change {
            Change::Addition { entry_mode, oid, .. } => (None, blob(entry_mode, oid)),
            Change::Deletion { entry_mode, oid, .. } => (blob(entry_mode, oid), None),
            Change::Modification { previous_entry_mode, previous_oid, entry_mode, oid } => {
                let same = previous_oid == oid && previous_entry_mode.kind() == entry_mode.kind();
                if same {
                    (None, None)
                } else {
                    (blob(previous_entry_mode, previous_oid), blob(entry_mode, oid))
                }
            }
        };
        if self.touched.len() > MAX_FILES || self.path.len() > MAX_PATH_BYTES {
            return ControlFlow::Break(());
        }
        if old.is_some() || new.is_some() {
            self.touched.push(Touched { path: self.path.clone(), pair: Pair { old, new } });
        }
        ControlFlow::Continue(())
    }
}

fn blob(mode: EntryMode, id: ObjectId) -> Option<ObjectId> {
    mode.is_blob().then_some(id)
}
