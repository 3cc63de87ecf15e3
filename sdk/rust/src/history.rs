//! How an analysis sees a whole history without going through all of it again at each commit.
//!
//! It has two further queries: `segment`, which reduces a run of commits ([`Segment`]) to what the analysis needs, and `part`, which
//! does the same for a part of a history (a [`HistoryKey`] of [`History::parts`]) by putting its segments together. Both give the
//! same shape of value. Then a history is a handful of parts and the few segments after them: [`each`] hands over their values, and
//! [`each_of_part`] those of one part's segments. All but the last segment are remembered.

use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::error::{Result, abstain};
use crate::git::{History, HistoryKey, Segment};

/// How many answers are in memory at once.
const WINDOW: usize = 16;

/// The history under this key, if all of it is there: `so` says what cannot be told otherwise, as the end of a sentence.
///
/// # Errors
/// Those of `git/history`; an abstention if the history is incomplete.
pub fn complete<C>(engine: &Engine<C>, key: &HistoryKey, so: &str) -> Result<History> {
    let history: History = engine.query("git/history", key)?;
    if history.truncated {
        return Err(abstain(format!("the history is incomplete (a shallow clone), so {so}")));
    }
    Ok(history)
}

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

/// The last segments of `history`, the oldest first: just so many that they hold `count` commits, or all if it has fewer. What is said of
/// them alone costs the same however long a history is.
///
/// # Errors
/// Those of `git/part`.
pub fn newest<C>(engine: &Engine<C>, history: &History, count: usize) -> Result<Vec<Segment>> {
    let mut newest = Vec::new();
    let mut missing = count;
    take_newest(&history.segments, &mut missing, &mut newest);
    for part in history.parts.iter().rev() {
        if missing == 0 {
            break;
        }
        let part: History = engine.query("git/part", part)?;
        take_newest(&part.segments, &mut missing, &mut newest);
    }
    newest.reverse();
    Ok(newest)
}

fn take_newest(segments: &[Segment], missing: &mut usize, newest: &mut Vec<Segment>) {
    for segment in segments.iter().rev() {
        if *missing == 0 {
            return;
        }
        *missing = missing.saturating_sub(segment.commits.len());
        newest.push(segment.clone());
    }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::Empty;
    use crate::testing::TestEngine;

    #[test]
    fn a_history_that_is_cut_off_is_not_judged() {
        let told = |truncated: bool| {
            let history = json!({ "commits": 1, "truncated": truncated, "parts": [], "segments": [] });
            let engine = TestEngine::new(Empty {}).on("git/history", move |_: Value| Ok(history.clone()));
            let key = HistoryKey { commit: "c".into(), shallow: vec![] };
            complete(&engine, &key, "nobody is known")
        };
        assert_eq!(told(false).unwrap().commits, 1);
        let error = told(true).unwrap_err();
        let reason = "the history is incomplete (a shallow clone), so nobody is known";
        assert_eq!((error.is_abstention(), error.message()), (true, reason));
    }

    #[test]
    fn the_newest_segments_are_as_many_as_hold_so_many_commits() {
        let engine = TestEngine::new(Empty {}).on("git/part", |key: HistoryKey| {
            let segments: Value = match key.commit.as_str() {
                "p1" => json!([{ "commits": ["a", "b"], "cut": [] }]),
                _ => json!([{ "commits": ["c"], "cut": [] }, { "commits": ["d", "e"], "cut": [] }]),
            };
            Ok(json!({ "commits": 3, "truncated": false, "parts": [], "segments": segments }))
        });
        let part = |name: &str| HistoryKey { commit: name.into(), shallow: vec![] };
        let segment = Segment { commits: vec!["f".into(), "g".into()], cut: vec![] };
        let history = History {
            commits: 7,
            truncated: false,
            parts: vec![part("p1"), part("p2")],
            segments: vec![segment],
        };
        let newest = |count| -> String {
            let segments = newest(&engine, &history, count).unwrap();
            segments.iter().map(|segment| segment.commits.concat()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            [0, 2, 3, 5, 6, 100].map(newest),
            ["", "fg", "de fg", "c de fg", "ab c de fg", "ab c de fg"]
        );
        assert_eq!(engine.asked().iter().filter(|(_, key)| key["commit"] == "p1").count(), 2);
    }
}
