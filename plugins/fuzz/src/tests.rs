//! `fuzz` as the host asks it, over trees that are made up.

use std::collections::BTreeMap;

use probity_sdk::git::{LinesKey, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::plugin;

/// Each folder by its tree: files by name, with one line of their text each, and folders by name and tree.
type Trees = BTreeMap<&'static str, (Vec<(&'static str, &'static str)>, Vec<(&'static str, &'static str)>)>;

fn engine(trees: Trees) -> TestEngine<Empty> {
    let again = trees.clone();
    let texts: BTreeMap<String, &str> = trees
        .iter()
        .flat_map(|(tree, (files, _))| {
            files.iter().map(move |(name, line)| (format!("{tree}-{name}"), *line))
        })
        .collect();
    TestEngine::new(Empty {})
        .on("git/folder", move |key: TreeKey| {
            let (files, folders) = &trees[key.tree.as_str()];
            let files: Vec<Value> = files
                .iter()
                .map(
                    |(name, _)| json!({ "path": name, "id": format!("{}-{name}", key.tree), "kind": "file" }),
                )
                .collect();
            let folders: Vec<Value> =
                folders.iter().map(|(name, tree)| json!({ "path": name, "id": tree })).collect();
            Ok(json!({ "files": files, "folders": folders }))
        })
        .on("git/lines", move |key: LinesKey| {
            let hit = |id: &String| {
                let line = texts[id];
                key.words
                    .iter()
                    .any(|word| line.contains(word))
                    .then(|| json!({ "id": id, "lines": [{ "line": 7, "text": line }] }))
            };
            Ok(json!({ "blobs": key.blobs.iter().filter_map(hit).collect::<Vec<_>>() }))
        })
        .on("fuzz/folder", move |key: Value| {
            Ok(engine(again.clone()).ask(&plugin(), "folder", key)?.into_parts().0)
        })
}

fn ask(trees: Trees) -> Result<Answer<Value>> {
    let target = Target { commit: "c1".into(), tree: "root".into(), shallow: vec![] };
    engine(trees).ask(&plugin(), "fuzz", target)
}

#[test]
fn marks_are_found_in_all_folders_and_each_file_is_named_once() {
    let trees = Trees::from([
        (
            "root",
            (
                vec![("a_test.go", "func FuzzA(f *testing.F) {"), ("b.go", "func FuzzB(f *testing.F) {")],
                vec![("fuzz", "t1"), (".github/workflows", "t2")],
            ),
        ),
        ("t1", (vec![("Cargo.toml", "cargo-fuzz = true")], vec![])),
        ("t2", (vec![("x.yml", "- uses: google/clusterfuzzlite/actions/run_fuzzers@v1")], vec![])),
    ]);
    let answer = ask(trees).unwrap();
    assert_eq!(answer.value(), &json!(true));
    let expected = [
        Concern::new("belongs to ClusterFuzzLite").path(".github/workflows/x.yml").line(7),
        Concern::new("is a native fuzz test of Go").path("a_test.go").line(7),
        Concern::new("is a fuzz target of cargo-fuzz").path("fuzz/Cargo.toml").line(7),
    ];
    assert_eq!(answer.concern_list(), expected);
}

#[test]
fn a_tree_that_holds_itself_many_times_over_is_refused_and_its_empty_like_is_not() {
    let names: Vec<&'static str> =
        (0..45).map(|n| &*Box::leak(format!("t{n:02}").into_boxed_str())).collect();
    let nested = |leaf: Vec<(&'static str, &'static str)>| {
        let mut trees = Trees::from([(
            "root",
            (vec![("README", "x")], vec![("a", names[0]), ("fuzz", names[0]), ("c", names[0])]),
        )]);
        for pair in names.windows(2) {
            trees.insert(pair[0], (vec![], vec![("a", pair[1]), ("fuzz", pair[1]), ("c", pair[1])]));
        }
        trees.insert(names[44], (leaf, vec![]));
        trees
    };
    let error = ask(nested(vec![("x", "y")])).unwrap_err();
    assert!(error.message().contains("unfolds into more than"), "{error:?}");
    assert_eq!(ask(nested(vec![])).unwrap().value(), &json!(false));
}

#[test]
fn without_marks_the_answer_says_what_it_cannot_see() {
    let answer =
        ask(Trees::from([("root", (vec![("README.md", "we use oss-fuzz-base and cargo-fuzz")], vec![]))]))
            .unwrap();
    assert_eq!(answer.value(), &json!(false));
    assert!(answer.concern_list()[0].message.contains("offline"), "{:?}", answer.concern_list());
}

#[test]
fn an_empty_tree_cannot_be_judged() {
    assert!(ask(Trees::from([("root", (vec![], vec![]))])).unwrap_err().is_abstention());
}

#[test]
fn its_policy_wants_fuzzing() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some("value"));
}
