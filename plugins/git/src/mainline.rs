//! The main line of a history (a commit, its first parent, that one's first parent, and so on), and the checkpoints on it.
//!
//! A checkpoint is a commit of the main line whose own id says so. What lies at and below one is the same for every commit above
//! it, so it is told once, and again to whoever asks. Checkpoints have levels, the higher the rarer: below a checkpoint the next
//! one that counts is of a higher level, so that a long history is a handful of parts, of which an append disturbs none.

use crate::commits::visible_parents;
use crate::error::GitError;
use crate::objects::Reader;
use gix::ObjectId;
use gix::hashtable::HashSet;

/// How many bits of a checkpoint's id are zero, for each level from 1 on.
const LEVELS: [u32; 5] = [7, 9, 11, 13, 15];
/// The bits counted, from the last one backwards, are those of these bytes of an id.
const LEVEL_BYTES: std::ops::Range<usize> = 12..16;
/// Among so many commits of the main line, a checkpoint and those before it, only the checkpoint's id has such bits. Otherwise
/// somebody who makes ids as they like could make a part of every commit.
const APART: usize = 32;
/// Two checkpoints of the highest level bound a part only if so many commits of the main line lie between them. Parts are asked
/// for one within the other, which must not go too deep.
const FAR_APART: usize = 16_384;

/// The upper end of a main line, down to the checkpoint below it.
#[derive(Debug)]
pub(crate) struct Mainline {
    /// From the tip downwards, without the checkpoint.
    pub(crate) steps: Vec<Step>,
    /// The checkpoint, unless the history ends before there is one.
    pub(crate) below: Option<ObjectId>,
}

/// A commit of the main line.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) id: ObjectId,
    /// Its parents but for the first.
    pub(crate) merged: Vec<ObjectId>,
    /// Whether it records parents that the shallow boundary hides.
    pub(crate) cut: bool,
    /// Whether it is a checkpoint, of whatever level.
    pub(crate) checkpoint: bool,
}

/// Where to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the first checkpoint, which may be the tip itself.
    Checkpoint,
    /// At the first checkpoint below the tip that is of a higher level than the tip.
    HigherCheckpoint,
}

impl Mainline {
    /// Reads the main line from `tip` on.
    pub(crate) fn read(
        reader: &Reader,
        tip: ObjectId,
        shallow: &HashSet<ObjectId>,
        until: Until,
    ) -> Result<Self, GitError> {
        let mut steps = Vec::new();
        let mut next = Some(tip);
        let mut judged = 0;
        while let Some(id) = next {
            let (step, parent) = step(reader, id, shallow)?;
            steps.push(step);
            next = parent;
            // What is known to be the last, or has all neighbours that it is judged by.
            let judgeable =
                if next.is_none() { steps.len() } else { (steps.len() + 1).saturating_sub(APART) };
            while judged < judgeable {
                let at = judged;
                judged += 1;
                let further = &steps[at + 1..steps.len().min(at + APART)];
                let checkpoint = level(&steps[at].id) > 0 && further.iter().all(|step| level(&step.id) == 0);
                steps[at].checkpoint = checkpoint;
                if checkpoint && until.ends(level(&tip), at, level(&steps[at].id)) {
                    let below = Some(steps[at].id);
                    steps.truncate(at);
                    return Ok(Self { steps, below });
                }
            }
        }
        Ok(Self { steps, below: None })
    }

    /// Whether other lines come in, so that what is known below must be told from what is new.
    pub(crate) fn merges(&self) -> bool {
        self.steps.iter().any(|step| !step.merged.is_empty())
    }
}

impl Until {
    /// Whether to stop at a checkpoint of this level, `at` steps below a tip.
    fn ends(self, tip: usize, at: usize, level: usize) -> bool {
        match self {
            Self::Checkpoint => true,
            Self::HigherCheckpoint if level == LEVELS.len() && tip == level => at >= FAR_APART,
            Self::HigherCheckpoint => at > 0 && level > tip,
        }
    }
}

/// A commit as a step of the main line, and its first parent.
fn step(
    reader: &Reader,
    id: ObjectId,
    shallow: &HashSet<ObjectId>,
) -> Result<(Step, Option<ObjectId>), GitError> {
    let (parents, cut) = visible_parents(reader, id, shallow)?;
    let mut parents = parents.into_iter();
    let first = parents.next();
    Ok((Step { id, merged: parents.collect(), cut, checkpoint: false }, first))
}

/// The level that an id gives its commit; 0 for most.
fn level(id: &ObjectId) -> usize {
    let bits = id.as_bytes()[LEVEL_BYTES].iter().rev();
    let mut zeros = 0;
    for byte in bits {
        zeros += byte.trailing_zeros().min(8);
        if *byte != 0 {
            break;
        }
    }
    LEVELS.iter().take_while(|bits| zeros >= **bits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: [u8; 4]) -> ObjectId {
        let mut bytes = [0xff; 20];
        bytes[LEVEL_BYTES].copy_from_slice(&last);
        ObjectId::Sha1(bytes)
    }

    #[test]
    fn the_more_of_its_bits_are_zero_the_higher_is_a_commit_s_level() {
        let levels = [
            ([0, 0, 0, 1], 0),
            ([0, 0, 0, 0x40], 0),
            ([0, 0, 0, 0x80], 1),
            ([0, 0, 1, 0], 1),
            ([0, 0, 2, 0], 2),
            ([0, 0, 0x20, 0], 4),
            ([0, 0, 0x80, 0], 5),
            ([0, 0, 0, 0], 5),
        ];
        for (bytes, expected) in levels {
            assert_eq!(level(&id(bytes)), expected, "{bytes:?}");
        }
    }

    #[test]
    fn below_a_checkpoint_only_a_higher_one_ends_a_part_and_the_highest_ones_are_far_apart() {
        let higher = |tip, at, level| Until::HigherCheckpoint.ends(tip, at, level);
        assert!(!higher(2, 0, 2) && !higher(2, 40, 1) && !higher(2, 40, 2) && higher(2, 40, 3));
        assert!(!higher(5, 0, 5) && !higher(5, FAR_APART - 1, 5) && higher(5, FAR_APART, 5));
        assert!(higher(4, 40, 5) && higher(0, 1, 1));
        assert!(Until::Checkpoint.ends(1, 0, 1));
    }
}
