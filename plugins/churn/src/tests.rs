//! `churn` as the host asks it, over histories that are made up.

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
    HistoryLab::new("churn", plugin, below, "git/changes", history)
}

/// A commit that changes these files: path, lines added, lines removed.
fn commit(id: &str, files: &[(&str, u64, u64)]) -> Value {
    let file = |(path, additions, deletions): &(&str, u64, u64)| json!({ "path": path, "additions": additions, "deletions": deletions });
    let files: Vec<Value> = files.iter().map(file).collect();
    json!({ "id": id, "parents": 1, "files": files, "graphemes": [{ "extension": "rs", "counts": { "e": 1 } }] })
}

#[test]
fn a_segment_is_reduced_to_the_source_that_its_commits_change() {
    let commits = vec![
        commit("c1", &[("a.rs", 3, 1), ("b.c", 5, 0), ("notes.md", 100, 100)]),
        commit("c2", &[("notes.md", 7, 7)]),
        commit("c3", &[("Makefile", 0, 0)]),
    ];
    let lab = lab(vec![commits.clone()]);
    let answer = lab.below.ask(&plugin(), "segment", MadeUp::segment(&commits)).unwrap();
    assert_eq!(
        answer.value(),
        &json!({ "files": [2, 1], "lines": [9, 0], "largest": [["c1", 0], ["c3", 1]], "unknown": 0 })
    );
    let asked: Vec<String> = lab.below.asked().into_iter().map(|(query, _)| query).collect();
    assert_eq!(asked, ["linguist/source_extensions", "git/changes"]);
}

#[test]
fn outliers_are_told_by_their_distance_from_the_median() {
    // f * l^2 is 1, 4, 9, 16 and 1000000.
    let lines = [("c1", 1), ("c2", 2), ("c3", 3), ("c4", 4), ("c5", 1000)];
    let lab = lab(vec![lines.iter().map(|(id, lines)| commit(id, &[("a.rs", *lines, 0)])).collect()]);
    let answer = lab.ask_for("outliers").unwrap();
    let scores: Vec<f64> =
        answer.value().as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect();
    // Logarithms 0.693 1.609 2.303 2.833 13.816: median 2.303, distances 1.609 0.693 0 0.531 11.513, their median 0.693.
    let expected = 11.512_926_464_969_727 / (1.4826 * std::f64::consts::LN_2);
    assert!((scores[0] - expected).abs() < 1e-9, "{scores:?}");
    let concern = Concern::new("changes 1000 lines in 1 source files, 11.20 deviations above the median");
    assert_eq!(answer.concern_list(), [concern.commit("c5")]);
}

#[test]
fn scores_are_newest_first_over_all_segments() {
    // f * l^2 is 2, 4, 1 and 5, and the factors in common do not matter: mean 3, variance (1 + 1 + 4 + 4) / 4 = 2.5.
    let lab = lab(vec![
        vec![
            commit("c1", &[("a.rs", 1, 0), ("b.rs", 0, 0)]),
            commit("c2", &[("README.md", 50, 0)]),
            commit("c3", &[("a.rs", 1, 1)]),
        ],
        vec![
            commit("c4", &[("a.rs", 1, 0), ("b.md", 9, 9)]),
            commit("c5", &[("a.rs", 0, 1), ("b.rs", 0, 0), ("c.rs", 0, 0), ("d.rs", 0, 0), ("e.rs", 0, 0)]),
        ],
    ]);
    let answer = lab.ask().unwrap();
    let scores: Vec<f64> =
        answer.value().as_array().unwrap().iter().map(|score| score.as_f64().unwrap()).collect();
    let expected = [2.0, -2.0, 1.0, -1.0].map(|distance: f64| distance / 2.5_f64.sqrt());
    assert_eq!(scores.len(), expected.len());
    assert!(
        scores.iter().zip(expected).all(|(score, expected)| (score - expected).abs() < 1e-12),
        "{scores:?}"
    );
}

#[test]
fn only_the_history_its_parts_and_the_segments_after_them_are_asked_for() {
    let lab = lab(vec![vec![commit("c1", &[("a.rs", 2, 0)])], vec![commit("c2", &[("a.rs", 3, 0)])]]);
    lab.ask().unwrap();
    assert_eq!(
        lab.above.asked(),
        [
            ("git/history".to_owned(), json!({ "commit": "tip", "shallow": [] })),
            ("churn/part".to_owned(), json!({ "commit": "checkpoint", "shallow": [] })),
            ("churn/segment".to_owned(), json!({ "commits": ["c2"], "cut": [] })),
        ]
    );
}

#[test]
fn commits_that_stand_out_are_named_the_worst_first() {
    let mut commits: Vec<Value> = (0..40).map(|n| commit(&format!("c{n}"), &[("a.rs", 1, 0)])).collect();
    commits.push(commit("large", &[("a.rs", 80, 10), ("b.rs", 9, 1)]));
    commits.push(commit("larger", &[("a.rs", 100, 20)]));
    let answer = lab(vec![commits]).ask().unwrap();
    let places: Vec<_> =
        answer.concern_list().iter().map(|concern| concern.location.clone().unwrap().commit).collect();
    assert_eq!(places, [Some("large".to_owned()), Some("larger".to_owned())]);
    let message = &answer.concern_list()[0].message;
    assert!(message.starts_with("changes 100 lines in 2 source files, "), "{message}");
}

#[test]
fn at_most_twenty_commits_are_named() {
    let mut commits: Vec<Value> = (0..1000).map(|n| commit(&format!("c{n}"), &[("a.rs", 1, 0)])).collect();
    commits.extend((0..25).map(|n| commit(&format!("large{n}"), &[("a.rs", 1000 + n, 0)])));
    let answer = lab(vec![commits]).ask().unwrap();
    assert_eq!(answer.concern_list().len(), 20);
    assert_eq!(answer.concern_list()[0].location.as_ref().unwrap().commit.as_deref(), Some("large24"));
}

#[test]
fn commits_whose_changes_are_unknown_are_left_out_and_mentioned() {
    let mut cut = commit("c0", &[]);
    cut["unknown"] = json!(true);
    let lab = lab(vec![vec![cut, commit("c1", &[("a.rs", 2, 0)]), commit("c2", &[("a.rs", 3, 0)])]]);
    let answer = lab.ask().unwrap();
    assert_eq!(answer.value().as_array().unwrap().len(), 2);
    let concern = Concern::new("commits left out, since their parents are missing: 1");
    assert_eq!(answer.concern_list(), [concern]);
}

#[test]
fn it_abstains_where_nothing_can_be_compared() {
    let commits = || vec![commit("c1", &[("a.rs", 2, 0)]), commit("c2", &[("a.rs", 3, 0)])];
    let shallow = over(MadeUp { segments: vec![commits()], truncated: true });
    assert!(shallow.abstention().contains("shallow clone"));
    assert_eq!(shallow.above.asked().len(), 1, "no segment is asked for");

    let one = lab(vec![vec![commit("c1", &[("a.rs", 2, 0)]), commit("c2", &[("b.md", 9, 0)])]]);
    assert_eq!(one.abstention(), "too few commits change source files to be compared: 1");
    assert_eq!(lab(vec![]).abstention(), "too few commits change source files to be compared: 0");

    let alike = lab(vec![vec![commit("c1", &[("a.rs", 2, 1)]), commit("c2", &[("b.rs", 0, 3)])]]);
    assert!(alike.abstention().contains("same size"));
}

#[test]
fn the_failure_of_a_segment_keeps_its_kind() {
    let lab = lab(vec![vec![commit("c1", &[("a.rs", 2, 0)])]]);
    let above = lab.above.on::<Value, Value>("churn/segment", |_| Err(unavailable("a blob is missing")));
    let target = Target { commit: "tip".into(), tree: "tree".into(), shallow: vec![] };
    let error = above.ask(&plugin(), "churn", target).unwrap_err();
    assert!(error.is_retryable() && !error.is_abstention(), "{error:?}");
}

#[test]
fn it_describes_its_policy_and_what_it_asks() {
    let describe = plugin().describe();
    let policy = "divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02";
    assert_eq!(describe.default_policy.as_deref(), Some(policy));
    let analysis = describe.queries.iter().find(|query| query.default).unwrap();
    assert_eq!(analysis.name, "churn");
    let with_compat = ["churn/hipcheck_part", "churn/hipcheck_segment"];
    assert_eq!(analysis.uses, [&["git/history", "churn/part", "churn/segment"][..], &with_compat].concat());
}
