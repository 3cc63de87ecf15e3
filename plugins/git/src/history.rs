//! The history of a commit as a list of segments that an append does not disturb.
//!
//! The commits are listed depth first, parents in recorded order, each after its parents, so the list of a first
//! parent is an exact prefix of its child's. The list is cut where the commits' own ids say so. A new commit hence
//! changes the last segment and no other, and what was asked about the others is remembered.

use crate::commits::tree_and_parents;
use crate::error::GitError;
use crate::ids;
use crate::objects::{Reader, Repository};
use crate::shapes::{History, HistoryKey, Segment};
use gix::ObjectId;
use gix::hashtable::HashSet;

/// No segment but the last is shorter than this.
const MIN_COMMITS: usize = 64;
/// No segment is longer than this.
const MAX_COMMITS: usize = 1024;
/// A segment of at least [`MIN_COMMITS`] ends after a commit whose id has the byte 0 here: after about 256 more.
const CUT_BYTE: usize = 11;

/// How many commits of a growing segment are asked for together.
const BLOCK_COMMITS: usize = 32;

/// A commit in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    id: ObjectId,
    /// Whether it records parents that the shallow boundary hides.
    cut: bool,
}

/// Answers the query `history`.
pub fn history(repository: &Repository, key: &HistoryKey) -> Result<History, GitError> {
    let tip = ids::parse(&key.commit)?;
    let shallow = ids::parse_all(&key.shallow)?;
    let format = ids::format(std::iter::once(&tip).chain(&shallow))?;
    let shallow: HashSet<ObjectId> = shallow.into_iter().collect();
    let list = repository.run(format, |readers| readers.with(|reader| list(reader, tip, &shallow)))?;
    Ok(History {
        commits: list.len() as u64,
        truncated: list.iter().any(|listed| listed.cut),
        segments: segments(&list),
    })
}

/// The parts in which the facts of a segment are best asked for: the segment itself, unless it is the last of its
/// history and longer than a block. That one grows with each commit; its blocks, but for the last, do not.
pub fn blocks(segment: &Segment) -> Result<Vec<Segment>, GitError> {
    let closed = match segment.commits.last() {
        Some(last) => ends(segment.commits.len(), &ids::parse(last)?),
        None => true,
    };
    if closed || segment.commits.len() <= BLOCK_COMMITS {
        return Ok(vec![segment.clone()]);
    }
    let cut: std::collections::HashSet<&String> = segment.cut.iter().collect();
    let block = |commits: &[String]| Segment {
        commits: commits.to_vec(),
        cut: commits.iter().filter(|commit| cut.contains(commit)).cloned().collect(),
    };
    Ok(segment.commits.chunks(BLOCK_COMMITS).map(block).collect())
}

/// A commit whose parents are being listed.
struct Frame {
    id: ObjectId,
    cut: bool,
    /// Where its parents, the next one last, begin in the shared stack.
    parents_from: usize,
}

fn list(reader: &Reader, tip: ObjectId, shallow: &HashSet<ObjectId>) -> Result<Vec<Listed>, GitError> {
    let mut listed = Vec::new();
    let mut seen = HashSet::default();
    // Explicit stacks: a history is deeper than a thread's stack.
    let mut waiting: Vec<ObjectId> = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    seen.insert(tip);
    frames.push(enter(reader, tip, shallow, &mut waiting)?);
    while let Some(frame) = frames.last() {
        if waiting.len() == frame.parents_from {
            listed.push(Listed { id: frame.id, cut: frame.cut });
            frames.pop();
        } else if let Some(parent) = waiting.pop().filter(|parent| seen.insert(*parent)) {
            frames.push(enter(reader, parent, shallow, &mut waiting)?);
        }
    }
    Ok(listed)
}

fn enter(
    reader: &Reader,
    id: ObjectId,
    shallow: &HashSet<ObjectId>,
    waiting: &mut Vec<ObjectId>,
) -> Result<Frame, GitError> {
    let (_, mut parents) = tree_and_parents(reader, id)?;
    let cut = !parents.is_empty() && shallow.contains(&id);
    if cut {
        parents.clear();
    }
    let parents_from = waiting.len();
    waiting.extend(parents.into_iter().rev());
    Ok(Frame { id, cut, parents_from })
}

/// Whether a segment ends with `id`, which is its `length`th commit.
fn ends(length: usize, id: &ObjectId) -> bool {
    length == MAX_COMMITS || (length >= MIN_COMMITS && id.as_bytes()[CUT_BYTE] == 0)
}

fn segments(list: &[Listed]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let empty = || Segment { commits: Vec::new(), cut: Vec::new() };
    let mut segment = empty();
    for listed in list {
        let id = listed.id.to_string();
        if listed.cut {
            segment.cut.push(id.clone());
        }
        segment.commits.push(id);
        if ends(segment.commits.len(), &listed.id) {
            segments.push(std::mem::replace(&mut segment, empty()));
        }
    }
    if !segment.commits.is_empty() {
        segments.push(segment);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` commits whose ids differ, none of which asks for a cut save those at the places `cuts`.
    fn numbered(count: usize, cuts: &[usize]) -> Vec<Listed> {
        let listed = |n: usize| {
            let mut bytes = [0xff; 20];
            bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
            bytes[CUT_BYTE] = u8::from(!cuts.contains(&n));
            Listed { id: ObjectId::Sha1(bytes), cut: false }
        };
        (0..count).map(listed).collect()
    }

    fn sizes(list: &[Listed]) -> Vec<usize> {
        segments(list).iter().map(|segment| segment.commits.len()).collect()
    }

    #[test]
    fn segments_end_where_an_id_says_so_but_never_too_early_or_too_late() {
        assert_eq!(sizes(&numbered(0, &[])), [0usize; 0]);
        assert_eq!(sizes(&numbered(3, &[0, 1, 2])), [3]);
        assert_eq!(sizes(&numbered(200, &[10, 62, 63, 64, 100, 130])), [64, 67, 69]);
        assert_eq!(sizes(&numbered(2500, &[])), [1024, 1024, 452]);
    }

    #[test]
    fn only_a_segment_that_still_grows_is_divided_and_only_its_last_block_changes() {
        let lengths = |segment: &Segment| -> Vec<usize> {
            blocks(segment).unwrap().iter().map(|block| block.commits.len()).collect()
        };
        let all = segments(&numbered(200, &[90]));
        assert_eq!(all.iter().map(lengths).collect::<Vec<_>>(), [vec![91], vec![32, 32, 32, 13]]);
        let mut grown = all[1].clone();
        grown.commits.push("f".repeat(40));
        grown.cut.push(grown.commits[40].clone());
        let (before, after) = (blocks(&all[1]).unwrap(), blocks(&grown).unwrap());
        assert_eq!((&before[0], &before[2]), (&after[0], &after[2]));
        assert_eq!(after[1].cut, [grown.commits[40].clone()]);
        assert_eq!(after[3].commits.len(), 14);
    }

    #[test]
    fn a_further_commit_changes_only_the_last_segment() {
        let all = numbered(700, &[90, 300, 500, 699]);
        for length in 1..all.len() {
            let (before, after) = (segments(&all[..length]), segments(&all[..=length]));
            assert_eq!(before[..before.len() - 1], after[..before.len() - 1], "{length} commits");
        }
    }
}
