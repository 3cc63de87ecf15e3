//! How a project takes in changes. Without a way that leaves traces, their absence says nothing.

use std::collections::BTreeMap;

use crate::mainline::{Change, Way};

/// Fewer changes say nothing about a project's way of working.
pub(crate) const FEWEST_CHANGES: usize = 10;
/// Of so many changes one must show a trace for the project to have a way that leaves some.
const ONE_IN: usize = 4;

/// The most usual of the ways that leave traces; `None` if too few changes show any.
pub(crate) fn flow(changes: &[Change<'_>]) -> Option<Way> {
    let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.way.is_reviewed()) {
        *ways.entry(change.way).or_default() += 1;
    }
    let traced: usize = ways.values().sum();
    if traced == 0 || traced.saturating_mul(ONE_IN) < changes.len() {
        return None;
    }
    // Of equals the first in the order of the ways.
    let most = ways.values().copied().max()?;
    ways.into_iter().find(|(_, count)| *count == most).map(|(way, _)| way)
}

/// The way in words.
pub(crate) fn described(way: Way) -> &'static str {
    match way {
        Way::Merged => "somebody else merges a change",
        Way::Trailer => "a change names who looked at it, or where",
        Way::Request => "a forge brings in a pull request",
        Way::Applied => "somebody else commits a change",
        Way::OwnMerge | Way::Direct => "nobody else is seen",
    }
}
