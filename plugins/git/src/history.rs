//! The history of a commit in parts and segments that an append does not disturb.
//!
//! The commits are listed depth first, parents in recorded order, each after its parents, so the list of a first
//! parent is an exact prefix of its child's. What lies below a checkpoint of the main line ([`crate::mainline`]) is therefore a
//! matter of that checkpoint alone: a *part*, named by it. The rest is cut into *segments* where the commits' own ids say so, and a
//! part in its turn consists of the parts below it and of segments. Commits after the last such place are told in blocks
//! ([`Segment::blocks`]), so that what is known of most of them stays as well. A new commit changes the last block, or ends the segment,
//! and nothing else; what was asked about all others is remembered.

use crate::commits::visible_parents;
use crate::error::GitError;
use crate::ids;
use crate::mainline::{Mainline, Until};
use crate::objects::{Reader, Repository};
use crate::shapes::{History, HistoryKey, Segment};
use gix::ObjectId;
use gix::hash::Kind;
use gix::hashtable::HashSet;

/// No segment that an id ends is shorter than this; those that a checkpoint ends may be, and the blocks at the end.
const MIN_COMMITS: usize = 64;
/// No segment is longer than this.
const MAX_COMMITS: usize = 1024;
/// A segment of at least [`MIN_COMMITS`] ends after a commit whose id has the byte 0 here: after about 256 more.
const CUT_BYTE: usize = 11;

/// A commit in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    id: ObjectId,
    /// Whether it records parents that the shallow boundary hides.
    cut: bool,
    /// Whether a segment ends with it in any case.
    checkpoint: bool,
}

/// A history whose main line was read, and of which the rest may rest on what others know.
#[derive(Debug)]
pub struct Begun {
    mainline: Mainline,
    shallow: HashSet<ObjectId>,
    format: Kind,
    below: Option<HistoryKey>,
}

/// What is known of the parts below.
#[derive(Clone, Debug, Default)]
pub struct Below {
    /// The part that [`Begun::below`] names.
    pub part: Option<History>,
    /// Those below that one, if [`Begun::merges`].
    pub further: Vec<History>,
}

/// Begins the answer of the query `history`: the part below is the first that there is.
pub fn history(repository: &Repository, key: &HistoryKey) -> Result<Begun, GitError> {
    begin(repository, key, Until::Checkpoint)
}

/// Begins the answer of the query `part`.
pub fn part(repository: &Repository, key: &HistoryKey) -> Result<Begun, GitError> {
    begin(repository, key, Until::HigherCheckpoint)
}

fn begin(repository: &Repository, key: &HistoryKey, until: Until) -> Result<Begun, GitError> {
    let tip = ids::parse(&key.commit)?;
    let shallow = ids::parse_all(&key.shallow)?;
    let format = ids::format(std::iter::once(&tip).chain(&shallow))?;
    let shallow: HashSet<ObjectId> = shallow.into_iter().collect();
    let mainline = repository
        .run(format, |readers| readers.with(|reader| Mainline::read(reader, tip, &shallow, until)))?;
    let below =
        mainline.below.map(|commit| HistoryKey { commit: commit.to_string(), shallow: key.shallow.clone() });
    Ok(Begun { mainline, shallow, format, below })
}

impl Begun {
    /// The part on which it rests.
    pub fn below(&self) -> Option<&HistoryKey> {
        self.below.as_ref()
    }

    /// Whether other lines come in, so that all parts below must be known to tell what of them is new.
    pub fn merges(&self) -> bool {
        self.mainline.merges()
    }

    /// The answer, given what lies below.
    pub fn finish(self, repository: &Repository, below: Below) -> Result<History, GitError> {
        let Self { mainline, shallow, format, below: key } = self;
        let mut seen = HashSet::default();
        if mainline.merges() {
            for segment in below.part.iter().chain(&below.further).flat_map(|part| &part.segments) {
                seen.extend(ids::parse_all(&segment.commits)?);
            }
        }
        let list = repository
            .run(format, |readers| readers.with(|reader| list(reader, &mainline, &shallow, seen)))?;
        let (commits, truncated, mut parts) = match below.part {
            Some(part) => (part.commits, part.truncated, part.parts),
            None => (0, false, Vec::new()),
        };
        parts.extend(key);
        Ok(History {
            commits: commits + list.len() as u64,
            truncated: truncated || list.iter().any(|listed| listed.cut),
            parts,
            segments: segments(&list),
        })
    }
}

/// The answer where nothing is remembered of what lies below, for who looks at a history without an engine.
pub fn finished(repository: &Repository, begun: Begun) -> Result<History, GitError> {
    let known = |key: &HistoryKey| finished(repository, part(repository, key)?);
    let part = begun.below().map(known).transpose()?;
    let further = part.iter().flat_map(|part| &part.parts).map(known).collect::<Result<_, _>>()?;
    begun.finish(repository, Below { part, further })
}

/// The commits of the main line, each after what it merges and nothing before it has.
fn list(
    reader: &Reader,
    mainline: &Mainline,
    shallow: &HashSet<ObjectId>,
    mut seen: HashSet<ObjectId>,
) -> Result<Vec<Listed>, GitError> {
    let mut listed = Vec::new();
    for step in mainline.steps.iter().rev() {
        for merged in &step.merged {
            branch(reader, *merged, shallow, &mut seen, &mut listed)?;
        }
        seen.insert(step.id);
        listed.push(Listed { id: step.id, cut: step.cut, checkpoint: step.checkpoint });
    }
    Ok(listed)
}

/// A commit whose parents are being listed.
struct Frame {
    id: ObjectId,
    cut: bool,
    /// Where its parents, the next one last, begin in the shared stack.
    parents_from: usize,
}

/// Lists what `tip` reaches and is not seen yet.
fn branch(
    reader: &Reader,
    tip: ObjectId,
    shallow: &HashSet<ObjectId>,
    seen: &mut HashSet<ObjectId>,
    listed: &mut Vec<Listed>,
) -> Result<(), GitError> {
    if !seen.insert(tip) {
        return Ok(());
    }
    // Explicit stacks: a history is deeper than a thread's stack.
    let mut waiting: Vec<ObjectId> = Vec::new();
    let mut frames: Vec<Frame> = vec![enter(reader, tip, shallow, &mut waiting)?];
    while let Some(frame) = frames.last() {
        if waiting.len() == frame.parents_from {
            listed.push(Listed { id: frame.id, cut: frame.cut, checkpoint: false });
            frames.pop();
        } else if let Some(parent) = waiting.pop().filter(|parent| seen.insert(*parent)) {
            frames.push(enter(reader, parent, shallow, &mut waiting)?);
        }
    }
    Ok(())
}

fn enter(
    reader: &Reader,
    id: ObjectId,
    shallow: &HashSet<ObjectId>,
    waiting: &mut Vec<ObjectId>,
) -> Result<Frame, GitError> {
    let (parents, cut) = visible_parents(reader, id, shallow)?;
    let parents_from = waiting.len();
    waiting.extend(parents.into_iter().rev());
    Ok(Frame { id, cut, parents_from })
}

/// Whether a segment ends with `id`, which is its `length`th commit, though it be no checkpoint.
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
        if listed.checkpoint || ends(segment.commits.len(), &listed.id) {
            segments.push(std::mem::replace(&mut segment, empty()));
        }
    }
    segments.extend(segment.blocks());
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
            Listed { id: ObjectId::Sha1(bytes), cut: false, checkpoint: false }
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
        assert_eq!(sizes(&numbered(2500, &[])), [1024, 1024, 128, 128, 128, 68], "the end is in blocks");
    }

    #[test]
    fn a_further_commit_changes_only_the_last_block_or_ends_the_segment() {
        let all = numbered(700, &[90, 300, 500, 699]);
        let mut ended = Vec::new();
        for length in 1..all.len() {
            let (before, after) = (segments(&all[..length]), segments(&all[..=length]));
            let kept = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
            if kept + 1 < before.len() {
                let open: Vec<String> =
                    before[kept..].iter().flat_map(|segment| segment.commits.clone()).collect();
                assert_eq!((after.len(), &after[kept].commits[..open.len()]), (kept + 1, &open[..]));
                ended.push(length);
            }
        }
        assert_eq!(ended, [300, 500, 699]);
    }
}
