//! How an analysis sees a whole history without going through all of it again at each commit.
//!
//! It has two further queries: `segment`, which reduces a run of commits ([`Segment`]) to what the analysis needs, and `part`, which
//! does the same for a part of a history (a [`HistoryKey`] of [`History::parts`]) by putting its segments together. Both give the
//! same shape of value. Then a history is a handful of parts and the few segments after them: [`each`] hands over their values, and
//! [`each_of_part`] those of one part's segments. All but the last segment are remembered.

use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::error::Result;
use crate::git::{History, HistoryKey, Segment};

/// How many answers are in memory at once.
const WINDOW: usize = 16;

/// Hands over what the queries `part` and `segment` of `plugin` say of `history`, the oldest first.
///
/// # Errors
/// Those of the queries, and of `take`.
pub fn each<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    plugin: &str,
    history: &History,
    take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    each_by(
        engine,
        &Names { part: &format!("{plugin}/part"), segment: &format!("{plugin}/segment") },
        history,
        take,
    )
}

/// The full names of the two queries, where a plugin has more than one pair of them.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// That of a part.
    pub part: &'a str,
    /// That of a segment.
    pub segment: &'a str,
}

/// Hands over what two queries say of `history`, the oldest first.
///
/// # Errors
/// Those of the queries, and of `take`.
pub fn each_by<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    names: &Names<'_>,
    history: &History,
    mut take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    for answer in engine.query_windowed(names.part, &history.parts, WINDOW) {
        take(answer?)?;
    }
    each_segment(engine, names.segment, &history.segments, take)
}

/// Hands over what the query `segment` of `plugin` says of the segments that a part adds, the oldest first.
///
/// # Errors
/// Those of the queries, and of `take`.
pub fn each_of_part<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    plugin: &str,
    part: &HistoryKey,
    take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    each_of_part_by(engine, &format!("{plugin}/segment"), part, take)
}

/// Hands over what the query of the full name `segment` says of the segments that a part adds, the oldest first.
///
/// # Errors
/// Those of the queries, and of `take`.
pub fn each_of_part_by<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    segment: &str,
    part: &HistoryKey,
    take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    let part: History = engine.query("git/part", part)?;
    each_segment(engine, segment, &part.segments, take)
}

fn each_segment<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    query: &str,
    segments: &[Segment],
    mut take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    for answer in engine.query_windowed(query, segments, WINDOW) {
        take(answer?)?;
    }
    Ok(())
}
