//! The sizes of many commits: a number or two for each, and the names of those that might stand out.
//!
//! A commit's churn grows with `files * lines^2`, whatever the other commits are. So the largest of a whole history are among the
//! largest of its parts, and no other commit needs a name.

use std::cmp::Reverse;

use probity_sdk::prelude::*;

use crate::queries::MOST_CONCERNS;

/// How much source one commit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Source files changed.
    pub(crate) files: u64,
    /// Lines added and removed in them.
    pub(crate) lines: u64,
}

/// The sizes of consecutive commits, the oldest first; those that change no source are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sizes {
    /// For each commit how many source files it changes.
    files: Vec<u64>,
    /// For each commit how many lines it adds and removes in them.
    lines: Vec<u64>,
    /// The largest commits and their places above, the largest first and among equals the newest.
    largest: Vec<(String, usize)>,
    /// Commits left out, since their parents and so their changes are not known.
    pub(crate) unknown: u64,
}

/// Sizes that do not belong together.
#[derive(Debug, thiserror::Error)]
#[error("the sizes of a segment do not have the shape that it promises")]
pub(crate) struct Misshapen;

impl Sizes {
    /// The sizes of these commits, the oldest first.
    pub(crate) fn of(commits: Vec<(String, Size)>, unknown: u64) -> Self {
        let mut sizes = Self { unknown, ..Self::default() };
        for (commit, size) in commits {
            sizes.largest.push((commit, sizes.len()));
            sizes.files.push(size.files);
            sizes.lines.push(size.lines);
        }
        sizes.select();
        sizes
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Adds commits that are newer than all others.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), Misshapen> {
        let (before, added) = (self.len(), later.len());
        if later.lines.len() != added || later.largest.iter().any(|(_, place)| *place >= added) {
            return Err(Misshapen);
        }
        self.files.extend(later.files);
        self.lines.extend(later.lines);
        self.largest.extend(later.largest.into_iter().map(|(commit, place)| (commit, before + place)));
        self.unknown = self.unknown.saturating_add(later.unknown);
        self.select();
        Ok(())
    }

    /// All sizes.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = Size> {
        (0..self.len()).rev().map(|place| self.at(place))
    }

    /// The largest commits, each with its place counted from the oldest.
    pub(crate) fn largest(&self) -> impl Iterator<Item = (&str, usize, Size)> {
        self.largest.iter().map(|(commit, place)| (commit.as_str(), *place, self.at(*place)))
    }

    fn at(&self, place: usize) -> Size {
        Size { files: self.files[place], lines: self.lines[place] }
    }

    /// Keeps the names of the largest alone.
    fn select(&mut self) {
        let mut largest = std::mem::take(&mut self.largest);
        largest.sort_by_cached_key(|(_, place)| (Reverse(self.at(*place).weight()), Reverse(*place)));
        largest.truncate(MOST_CONCERNS);
        self.largest = largest;
    }
}

impl Size {
    /// What churn grows with: `f * l^2`.
    pub(crate) fn weight(self) -> u128 {
        let (files, lines) = (u128::from(self.files), u128::from(self.lines));
        lines.saturating_mul(lines).saturating_mul(files)
    }
}
