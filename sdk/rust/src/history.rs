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
    mut take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    let query = format!("{plugin}/part");
    for answer in engine.query_windowed(&query, &history.parts, WINDOW) {
        take(answer?)?;
    }
    each_segment(engine, plugin, &history.segments, take)
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
    let part: History = engine.query("git/part", part)?;
    each_segment(engine, plugin, &part.segments, take)
}

fn each_segment<V: DeserializeOwned, C>(
    engine: &Engine<C>,
    plugin: &str,
    segments: &[Segment],
    mut take: impl FnMut(V) -> Result<()>,
) -> Result<()> {
    let query = format!("{plugin}/segment");
    for answer in engine.query_windowed(&query, segments, WINDOW) {
        take(answer?)?;
    }
    Ok(())
}
