//! Whether a branch went on from where it was: whether one commit is among the ancestors of another one.
//!
//! Both histories are walked together, the newest commits first, and what the old commit reaches is walked no further than needed. The order
//! is that of dates, which whoever makes commits may choose: they decide how long the walk is, never what it finds.

use std::collections::{BinaryHeap, HashMap};

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter};

use super::error::SnapshotError;
use super::objects::Handle;

/// A history with more commits to walk is given up.
const MOST_COMMITS: usize = 1_000_000;

/// Tags of tags are followed so far.
const MOST_TAGS: usize = 10;

/// Reached from the old commit.
const OLD: u8 = 1;
/// Reached from the new commit.
const NEW: u8 = 2;

/// What became of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descent {
    /// The new commit has the old one among its ancestors.
    Follows,
    /// It has not.
    Rewritten,
    /// It cannot be told, for this reason.
    Unknown(&'static str),
}

/// What is known of a commit that was reached.
struct Reached {
    by: u8,
    waits: bool,
    /// Why what lies below it is not known.
    gap: Option<&'static str>,
    date: i64,
    parents: Vec<ObjectId>,
}

/// The walk as it stands.
struct Walk<'a> {
    objects: &'a Handle,
    /// Commits whose parents a shallow clone lacks, sorted.
    shallow: &'a [ObjectId],
    reached: HashMap<ObjectId, Reached>,
    waiting: BinaryHeap<(i64, ObjectId)>,
    /// How many of those that wait may still lead to the old commit.
    leading: usize,
    /// How many commits of the new history have something unknown below, in which the old commit may lie: it does not below what
    /// the old commit itself reaches.
    gaps: usize,
}

/// Whether `new` follows `old`. `complete`: no object may be missing on purpose.
pub(super) fn descent(
    objects: &Handle,
    shallow: &[ObjectId],
    complete: bool,
    (old, new): (ObjectId, ObjectId),
) -> Descent {
    if old == new {
        return Descent::Follows;
    }
    let (reached, waiting) = (HashMap::new(), BinaryHeap::new());
    let mut walk = Walk { objects, shallow, reached, waiting, leading: 0, gaps: 0 };
    if walk.reach(new, NEW).is_err() {
        return Descent::Unknown("the commit that it is at cannot be read");
    }
    match walk.reach(old, OLD) {
        Ok(()) => {}
        // A clone has all ancestors of what it has, unless it was cut.
        Err(SnapshotError::Missing { .. }) if complete && shallow.is_empty() => return Descent::Rewritten,
        Err(_) => return Descent::Unknown("the commit that it was at cannot be read"),
    }
    walk.find(old)
}

/// The commit that an object stands for, be it a tag of a tag.
pub(super) fn peeled(objects: &Handle, id: ObjectId) -> Option<ObjectId> {
    let mut id = id;
    for _ in 0..MOST_TAGS {
        match objects.read(&id, Kind::Tag, "tag") {
            Ok(bytes) => id = TagRefIter::from_bytes(&bytes, id.kind()).target_id().ok()?,
            Err(_) => return objects.read(&id, Kind::Commit, "commit").is_ok().then_some(id),
        }
    }
    None
}

impl Walk<'_> {
    fn find(mut self, old: ObjectId) -> Descent {
        while self.leading + self.gaps > 0
            && let Some((_, id)) = self.waiting.pop()
        {
            if self.reached.len() > MOST_COMMITS {
                return Descent::Unknown("its history is too long to be walked");
            }
            let Some(commit) = self.reached.get_mut(&id) else { continue };
            commit.waits = false;
            let by = commit.by;
            self.leading -= usize::from(by == NEW);
            let is_cut = self.shallow.binary_search(&id).is_ok();
            let parents = if is_cut { Vec::new() } else { commit.parents.clone() };
            let mut gap = is_cut.then_some("the history of this clone is cut off (shallow)");
            for parent in parents {
                if self.reach(parent, by).is_err() {
                    gap = Some("a commit of its history cannot be read");
                }
            }
            self.note(&id, gap);
            if self.reached.get(&old).is_some_and(|old| old.by & NEW != 0) {
                return Descent::Follows;
            }
        }
        let open = self.reached.values().filter(|commit| commit.by == NEW).filter_map(|commit| commit.gap);
        if self.gaps == 0 {
            Descent::Rewritten
        } else {
            Descent::Unknown(open.min().unwrap_or("it is not known"))
        }
    }

    /// Notes what is not known below a commit.
    fn note(&mut self, id: &ObjectId, gap: Option<&'static str>) {
        let Some(commit) = self.reached.get_mut(id).filter(|commit| commit.gap.is_none()) else { return };
        commit.gap = gap;
        self.gaps += usize::from(gap.is_some() && commit.by == NEW);
    }

    /// Notes that a commit is reached by those of `by`, and lets it wait if that is news.
    fn reach(&mut self, id: ObjectId, by: u8) -> Result<(), SnapshotError> {
        if !self.reached.contains_key(&id) {
            let bytes = self.objects.read(&id, Kind::Commit, "commit")?;
            let commit = || CommitRefIter::from_bytes(&bytes, id.kind());
            let date = commit().committer().map_or(0, |committer| committer.seconds());
            let parents = commit().parent_ids().collect();
            self.reached.insert(id, Reached { by: 0, waits: false, gap: None, date, parents });
        }
        let Some(commit) = self.reached.get_mut(&id) else { return Ok(()) };
        let (before, after) = (commit.by, commit.by | by);
        if before == after {
            return Ok(());
        }
        commit.by = after;
        self.gaps -= usize::from(commit.gap.is_some() && before == NEW);
        if commit.waits {
            self.leading -= usize::from(before == NEW && after != NEW);
        } else {
            commit.waits = true;
            self.leading += usize::from(after == NEW);
            self.waiting.push((commit.date, id));
        }
        Ok(())
    }
}
