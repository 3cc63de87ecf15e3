//! `lineage` as the host asks it, with a past and tags that are made up.

use std::collections::BTreeMap;

use probity_sdk::findings::Finding;
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use probity_tests::Repository;
use serde_json::{Value, json};

use crate::tags::{Object, ObjectsKey};
use crate::{Config, plugin, signature};

fn target() -> Target {
    Target { commit: "c0ffee".into(), tree: "7ree".into(), shallow: vec![] }
}

fn past(since: Option<&str>, events: Value) -> Value {
    let branch = json!({ "name": "refs/remotes/origin/main", "main": true, "since": since });
    json!({ "since": since, "truncated": false, "branches": [branch], "events": events, "dropped": 0 })
}

fn engine(past: Value) -> TestEngine<Config> {
    let names = ["v1.0.0", "v1.1", "v1.1.1"].map(|name| json!({ "name": name, "id": "aa" }));
    TestEngine::new(Config::default()).input("state", "refs", past).input("time", "day", "2026-06-01").input(
        "refs",
        "tags",
        json!({ "of_revision": false, "tags": names }),
    )
}

/// Severity, rule and package of each finding, or the reason why there is none.
fn asked(engine: &TestEngine<Config>, query: &str) -> Result<Vec<String>, String> {
    let answer = engine.ask(&plugin(), query, target()).map_err(|error| {
        assert!(error.is_abstention(), "{error:?}");
        error.message().to_owned()
    })?;
    let found: Vec<Finding> = serde_json::from_value(answer.value().clone()).unwrap();
    let told = |of: Finding| format!("{} {} {}", of.severity, of.rule, of.package.unwrap_or_default());
    Ok(found.into_iter().map(told).collect())
}

#[test]
fn without_a_past_nothing_is_judged() {
    for (value, reason) in [(Value::Null, "--no-state"), (past(None, json!([])), "nothing was remembered")] {
        for query in ["rewritten", "moved_tags"] {
            let told = asked(&engine(value.clone()), query).unwrap_err();
            assert!(told.contains(reason), "{told}");
        }
    }
    let mut new_branch = past(Some("2026-05-01"), json!([]));
    new_branch["branches"][0]["since"] = Value::Null;
    assert!(asked(&engine(new_branch.clone()), "rewritten").unwrap_err().contains("of this branch"));
    assert!(asked(&engine(new_branch), "moved_tags").unwrap().is_empty());
    let mut no_branch = past(Some("2026-05-01"), json!([]));
    no_branch["branches"] = json!([]);
    assert!(asked(&engine(no_branch), "rewritten").unwrap_err().contains("follows none"));
    let mut cut = past(Some("2026-05-01"), json!([]));
    cut["branches"][0]["unknown"] = json!("the history of this clone is cut off (shallow)");
    assert!(asked(&engine(cut), "rewritten").unwrap_err().contains("shallow"));
    assert!(asked(&engine(past(Some("2026-05-01"), json!([]))), "rewritten").unwrap().is_empty());
}

#[test]
fn what_happened_is_told_for_ninety_days_the_worst_first() {
    let rewritten = |day: &str, branch: &str, main: bool| json!({ "kind": "rewritten", "day": day, "branch": branch, "main": main, "old": "aa", "new": "bb" });
    let events = json!([
        rewritten("2026-03-02", "old", true),
        rewritten("2026-03-03", "topic", false),
        rewritten("2026-05-31", "refs/remotes/origin/main", true),
    ]);
    let expected = ["high rewritten-branch refs/remotes/origin/main", "low rewritten-branch topic"];
    assert_eq!(asked(&engine(past(Some("2026-01-01"), events)), "rewritten").unwrap(), expected);
}

#[test]
fn a_tag_of_one_version_that_moved_is_worse_than_one_that_floats() {
    let moved = |tag: &str, same: Option<bool>| {
        let mut event =
            json!({ "kind": "moved-tag", "day": "2026-05-31", "tag": tag, "old": "aa", "new": "bb" });
        if let Some(same) = same {
            event["same_commit"] = json!(same);
        }
        event
    };
    let events = json!([
        moved("v1", Some(false)),
        moved("v1.1", Some(false)),
        moved("nightly", None),
        moved("v1.0.0", Some(true)),
        moved("v1.1.1", None),
        { "kind": "deleted-tag", "day": "2026-05-31", "tag": "v0.9.0", "old": "aa" },
    ]);
    let mut value = past(Some("2026-01-01"), events);
    value["dropped"] = json!(7);
    let expected = [
        "high moved-tag v1.1.1",
        "medium more-happened ",
        "medium moved-tag v1.0.0",
        "low deleted-tag v0.9.0",
        "low moved-floating-tag nightly",
        "low moved-floating-tag v1",
        "low moved-floating-tag v1.1",
    ];
    assert_eq!(asked(&engine(value), "moved_tags").unwrap(), expected);
}

/// Releases as lines `name date tagger key`, a dash for none; without tagger it is a mere name of a commit.
fn released(config: Config, of_revision: bool, lines: &str) -> TestEngine<Config> {
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    let mut tags = Vec::new();
    for (place, line) in lines.lines().map(str::trim).enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let id = format!("{place:040x}");
        let mut object = json!({ "annotated": words[2] != "-", "date": words[1].parse::<i64>().unwrap(), "commit": format!("c{place}") });
        if words[2] != "-" {
            object["tagger"] = json!({ "name": words[2], "email": format!("{}@example.org", words[2]) });
            object["name"] = json!(words.get(4).unwrap_or(&words[0]));
        }
        if words[3] != "-" {
            object["signature"] = json!({ "form": "openpgp", "key": words[3] });
        }
        tags.push(json!({ "name": words[0], "id": id }));
        objects.insert(id, object);
    }
    TestEngine::new(config)
        .input("refs", "tags", json!({ "of_revision": of_revision, "tags": tags }))
        .on("lineage/tags", move |key: ObjectsKey| {
            Ok(key.objects.iter().map(|id| objects[id].clone()).collect::<Vec<_>>())
        })
        .on("git/commit", |_: Value| {
            let person = json!({ "name": "Ada", "email": "ada@example.org" });
            Ok(json!({ "id": "c0ffee", "parents": [], "author": person, "authored": 3, "committer": person, "committed": 3 }))
        })
}

const FIVE: &str =
    "v1.0.0 1 lasse K1\nv1.1.0 2 lasse K1\nv1.2.0 3 lasse K1\nv1.3.0 4 lasse K2\nv1.4.0 5 lasse K1\n";

#[test]
fn the_newest_release_is_compared_with_those_before_it() {
    for (newest, expected) in [
        ("v1.5.0 6 lasse K1", &[][..]),
        ("v1.5.0 6 lasse K2", &[]),
        ("v1.5.0 6 jia K3", &["medium new-signing-key v1.5.0"]),
        ("v1.5.0 6 lasse K3", &["medium new-signing-key v1.5.0"]),
        // The same key, so whoever it is has not changed.
        ("v1.5.0 6 collin K1", &[]),
        ("v1.5.0 6 lasse -", &["high unsigned-release v1.5.0"]),
        ("v1.5.0 6 - -", &["high unsigned-release v1.5.0"]),
        ("v1.5.0 6 lasse K1 v1.4.0", &["medium misnamed-tag v1.5.0"]),
        // No release at all.
        ("nightly 6 jia K3", &[]),
    ] {
        let engine = released(Config::default(), false, &format!("{FIVE}{newest}"));
        assert_eq!(asked(&engine, "release_signers").unwrap(), expected, "{newest}");
    }
    let unsigned = FIVE.replace("K1", "-").replace("K2", "-");
    let engine = released(Config::default(), false, &format!("{unsigned}v1.5.0 6 jia -"));
    assert_eq!(asked(&engine, "release_signers").unwrap(), ["medium new-tagger v1.5.0"]);
}

#[test]
fn lines_of_releases_are_apart_and_few_releases_say_nothing() {
    let engine = released(Config::default(), false, &format!("{FIVE}other-1.0.0 6 jia K3"));
    assert!(asked(&engine, "release_signers").unwrap_err().contains("fewer than 3"));
    let config = Config { releases: 2, ..Config::default() };
    let engine = released(config, false, &format!("{FIVE}other-1.0.0 6 jia K3"));
    assert!(asked(&engine, "release_signers").unwrap().is_empty());
    let lightweight = "v1.0.0 1 - -\nv1.1.0 2 - -\nv1.2.0 3 - -\nv1.3.0 4 - -";
    let engine = released(Config::default(), false, lightweight);
    assert!(asked(&engine, "release_signers").unwrap_err().contains("who made it"));
}

#[test]
fn what_came_after_a_named_revision_does_not_concern_it() {
    let lines = format!("v0.9.0 0 lasse K1\n{FIVE}v1.5.0 6 jia K3");
    // The commit is of the time 3.
    let engine = released(Config::default(), true, &lines);
    assert!(asked(&engine, "release_signers").unwrap().is_empty());
    let whole = engine.ask(&plugin(), "signatures", target()).unwrap();
    assert_eq!(whole.value(), &json!({ "releases": 4, "annotated": 4, "signed": 4, "keys": ["K1"] }));
}

#[test]
fn ten_thousand_tags_are_asked_for_in_groups() {
    let lines: String = (0..3000).map(|n| format!("v1.{n}.0 {n} ada K1\n")).collect();
    let engine = released(Config::default(), false, &lines);
    assert!(asked(&engine, "release_signers").unwrap().is_empty());
    let groups = engine.asked().iter().filter(|(query, _)| query == "lineage/tags").count();
    assert!(groups <= 256, "{groups}");
}

#[test]
fn objects_are_read_from_a_repository() {
    let folder = probity_tests::Lab::new();
    let mut repository: Repository = folder.repository("repo");
    repository.history(1);
    let commit = repository.git(["rev-parse", "HEAD"]);
    let signed = signature::tests::signed("PGP", b"no packets");
    let text = format!(
        "object {commit}\ntype commit\ntag v1.0\ntagger Ada <ada@example.org> 1700000000 +0000\n\n{signed}"
    );
    let file = folder.file("tag", text);
    let tag = repository.git(["hash-object", "-t", "tag", "-w", file.to_str().unwrap()]);
    let tree = repository.git(["rev-parse", "HEAD^{tree}"]);
    let engine = TestEngine::new(Config::default()).git_dir(repository.path().join(".git"));
    let mut objects = vec![commit.clone(), tag, tree];
    objects.sort();
    let answer = engine.ask(&plugin(), "tags", json!({ "objects": objects })).unwrap();
    let found: Vec<Object> = serde_json::from_value(answer.value().clone()).unwrap();
    let found: BTreeMap<&String, &Object> = objects.iter().zip(&found).collect();
    assert_eq!(found[&commit].commit.as_deref(), Some(&*commit));
    assert!(!found[&commit].annotated && found[&commit].date > 0);
    let tagged = found.values().find(|object| object.annotated).unwrap();
    assert_eq!((tagged.date, tagged.commit.as_deref()), (1_700_000_000, Some(&*commit)));
    assert!(tagged.signature.as_ref().is_some_and(|signature| signature.key.is_none()));
    assert_eq!(found.values().filter(|object| object.commit.is_none()).count(), 1, "a tree is no release");
    let missing = json!({ "objects": ["0123456789012345678901234567890123456789"] });
    let error = engine.ask(&plugin(), "tags", missing).unwrap_err();
    assert!(!error.is_abstention());
}
