//! `entropy` as the host asks it, over histories that are made up.

use std::collections::BTreeMap;

use probity_sdk::prelude::*;
use probity_sdk::testing::{HistoryLab, MadeUp, TestEngine};
use serde_json::{Value, json};

use crate::{Config, plugin};

fn lab(segments: Vec<Vec<Value>>) -> HistoryLab<Config> {
    over(MadeUp::new(segments))
}

fn over(history: MadeUp) -> HistoryLab<Config> {
    let below = TestEngine::new(Config::default()).on("linguist/source_extensions", |_: Empty| {
        Ok(json!({ "extensions": ["c", "rs"], "without_extension": true }))
    });
    HistoryLab::new("entropy", plugin, below, "git/changes", history)
}

/// A commit that changes a file of this extension; the text that it adds or removes, one character a grapheme.
fn commit(id: &str, extension: &str, text: &str) -> Value {
    let mut counts: BTreeMap<char, u64> = BTreeMap::new();
    for char in text.chars() {
        *counts.entry(char).or_default() += 1;
    }
    let files = json!([{ "path": format!("src/file.{extension}"), "additions": 1, "deletions": 0 }]);
    json!({ "id": id, "parents": 1, "files": files, "graphemes": [{ "extension": extension, "counts": counts }] })
}

fn scores(answer: &Answer<Value>) -> Vec<f64> {
    answer.value().as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect()
}

#[test]
fn a_segment_is_reduced_to_the_source_text_that_its_commits_change() {
    let commits = vec![commit("c1", "rs", "abba"), commit("c2", "md", "zzz"), commit("c3", "c", "cab")];
    let lab = lab(vec![commits.clone()]);
    let answer = lab.below.ask(&plugin(), "segment", MadeUp::segment(&commits)).unwrap();
    let expected = json!({
        "graphemes": ["a", "b", "c"],
        "commits": [
            // A half of the text each: 2 * 1/2 * log2(1/2) = -1.
            { "id": "c1", "counts": "AAIBAg", "information": (-1.0_f64).to_bits() },
            { "id": "c3", "counts": "AAEBAQEB", "information": (3.0 * ((1.0 / 3.0) * libm::log2(1.0 / 3.0))).to_bits() },
        ],
        "unknown": 0,
    });
    assert_eq!(answer.value(), &expected);
    let asked: Vec<String> = lab.below.asked().into_iter().map(|(query, _)| query).collect();
    assert_eq!(asked, ["linguist/source_extensions", "git/changes"]);
}

#[test]
fn scores_descend_over_all_segments() {
    // With p and b as in the explanation: E(c1) = -1/3, E(c3) = log2(3/2). c4 shares no grapheme with another commit,
    // so each of its graphemes is as frequent as on average: E(c4) = 0.
    let lab = lab(vec![
        vec![commit("c1", "rs", "aab"), commit("c2", "md", "aaaaaa")],
        vec![commit("c3", "rs", "b"), commit("c4", "rs", "xyyz")],
    ]);
    let bits = [0.584_962_500_721_156_2, 0.0, -1.0 / 3.0];
    let mean = bits.iter().sum::<f64>() / 3.0;
    let deviation = (bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    let scores = scores(&lab.ask().unwrap());
    assert_eq!(scores.len(), bits.len());
    let close = |(score, bits): (&f64, f64)| (score - (bits - mean) / deviation).abs() < 1e-12;
    assert!(scores.iter().zip(bits).all(close), "{scores:?}");
}

#[test]
fn only_the_history_its_parts_and_the_segments_after_them_are_asked_for() {
    let lab = lab(vec![vec![commit("c1", "rs", "aab")], vec![commit("c2", "rs", "b")]]);
    lab.ask().unwrap();
    assert_eq!(
        lab.above.asked(),
        [
            ("git/history".to_owned(), json!({ "commit": "tip", "shallow": [] })),
            ("entropy/part".to_owned(), json!({ "commit": "checkpoint", "shallow": [] })),
            ("entropy/segment".to_owned(), json!({ "commits": ["c2"], "cut": [] })),
        ]
    );
}

#[test]
fn commits_that_stand_out_are_named_the_worst_first() {
    // Among many that use `a` and `b` alike, those that use `b` nearly alone stand out, the purer the more.
    let mut commits: Vec<Value> = (0..400).map(|n| commit(&format!("c{n}"), "rs", "aaaaaaaaab")).collect();
    commits.push(commit("unusual", "rs", "abbbbbbbbbbbbbbbbbbb"));
    commits.push(commit("most", "rs", "bbbb"));
    let answer = lab(vec![commits]).ask().unwrap();
    let places: Vec<_> =
        answer.concern_list().iter().map(|concern| concern.location.clone().unwrap().commit).collect();
    assert_eq!(places, [Some("most".to_owned()), Some("unusual".to_owned())]);
    let message = &answer.concern_list()[0].message;
    assert!(message.starts_with("adds or removes unusual text: "), "{message}");
    assert!(scores(&answer).is_sorted_by(|a, b| a >= b));
}

#[test]
fn at_most_twenty_commits_are_named() {
    let mut commits: Vec<Value> = (0..4000).map(|n| commit(&format!("c{n}"), "rs", "aaaaaaaaab")).collect();
    commits.extend((0..25).map(|n| commit(&format!("odd{n}"), "rs", "bbbb")));
    let answer = lab(vec![commits]).ask().unwrap();
    assert!(scores(&answer)[24] > 10.0);
    assert_eq!(answer.concern_list().len(), 20);
    assert_eq!(answer.concern_list()[0].location.as_ref().unwrap().commit.as_deref(), Some("odd24"));
}

#[test]
fn commits_whose_changes_are_unknown_are_left_out_and_mentioned() {
    let mut cut = commit("c0", "rs", "");
    cut["unknown"] = json!(true);
    let lab = lab(vec![vec![cut, commit("c1", "rs", "aab"), commit("c2", "rs", "b")]]);
    let answer = lab.ask().unwrap();
    assert_eq!(scores(&answer).len(), 2);
    let concern = Concern::new("commits left out, since their parents are missing: 1");
    assert_eq!(answer.concern_list(), [concern]);
}

#[test]
fn it_abstains_where_nothing_can_be_compared() {
    let shallow = over(MadeUp {
        segments: vec![vec![commit("c1", "rs", "aab"), commit("c2", "rs", "b")]],
        truncated: true,
    });
    assert!(shallow.abstention().contains("shallow clone"));
    assert_eq!(shallow.above.asked().len(), 1, "no segment is asked for");

    let one = lab(vec![vec![commit("c1", "rs", "aab"), commit("c2", "md", "b")]]);
    assert_eq!(one.abstention(), "too few commits change source files to be compared: 1");
    assert_eq!(lab(vec![]).abstention(), "too few commits change source files to be compared: 0");

    let alike =
        lab(vec![vec![commit("c1", "rs", "ab"), commit("c2", "rs", "ba"), commit("c3", "rs", "abab")]]);
    assert!(alike.abstention().contains("same entropy"));
}

#[test]
fn failures_keep_their_kind() {
    let lab = lab(vec![vec![commit("c1", "rs", "a")]]);
    let target = || Target { commit: "tip".into(), tree: "tree".into(), shallow: vec![] };
    let missing = lab.above.on::<Value, Value>("entropy/segment", |_| Err(unavailable("a blob is missing")));
    let error = missing.ask(&plugin(), "entropy", target()).unwrap_err();
    assert!(error.is_retryable() && !error.is_abstention(), "{error:?}");

    let wrong = json!({ "graphemes": [], "commits": [{ "id": "c1", "counts": "AAE", "information": 0 }], "unknown": 0 });
    let broken = missing.on("entropy/segment", move |_: Value| Ok(wrong.clone()));
    let error = broken.ask(&plugin(), "entropy", target()).unwrap_err();
    assert_eq!(error.message(), "a segment counts grapheme 0, which it does not list");
    assert!(!error.is_retryable() && !error.is_abstention(), "{error:?}");
}

#[test]
fn it_describes_its_policy_and_what_it_asks() {
    let describe = plugin().describe();
    let policy = "divz(count(value.filter(z, z > 10.0)), count(value)) <= 0.0";
    assert_eq!(describe.default_policy.as_deref(), Some(policy));
    let analysis = describe.queries.iter().find(|query| query.default).unwrap();
    assert_eq!(analysis.name, "entropy");
    let with_compat = ["entropy/hipcheck_part", "entropy/hipcheck_segment"];
    assert_eq!(
        analysis.uses,
        [&["git/history", "entropy/part", "entropy/segment"][..], &with_compat].concat()
    );
}
