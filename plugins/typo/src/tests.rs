//! `typo` as the host asks it, over manifests that are made up.

use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

fn ask(config: &str, files: Value) -> Result<Answer<Value>> {
    let engine = TestEngine::new(serde_json::from_str::<Config>(config).unwrap()).on(
        "dependencies/manifests",
        move |key: Value| {
            assert_eq!(key, json!({ "tree": "t1" }));
            Ok(json!({ "files": files, "left_out": 0 }))
        },
    );
    engine.ask(&plugin(), "typo", target())
}

fn target() -> Target {
    Target { commit: "c1".into(), tree: "t1".into(), shallow: vec!["c1".into()] }
}

fn manifest(path: &str, ecosystem: &str, names: &[&str]) -> Value {
    let direct: Vec<Value> = (1..)
        .zip(names)
        .map(|(line, name)| json!({ "name": name, "kind": "normal", "line": line }))
        .collect();
    json!({ "path": path, "ecosystem": ecosystem, "format": "some", "direct": direct })
}

#[test]
fn each_dependency_is_judged_with_the_list_of_its_ecosystem() {
    let files = json!([
        manifest("Cargo.toml", "cargo", &["serde", "serdejson", "crossenv"]),
        manifest("package.json", "npm", &["crossenv", "react"]),
    ]);
    let answer = ask("{}", files.clone()).unwrap();
    assert_eq!(answer.value(), &json!([false, true, false, true, false]));
    let expected = [
        Concern::new("serdejson is easily mistaken for serde_json: it differs in separators or scope alone")
            .path("Cargo.toml")
            .line(2),
        Concern::new("crossenv is easily mistaken for cross-env: it differs in separators or scope alone")
            .path("package.json")
            .line(1),
    ];
    assert_eq!(answer.concern_list(), expected);
    let answer = ask(r#"{"allowed": ["CrossEnv", "serdejson"]}"#, files).unwrap();
    assert_eq!(answer.value(), &json!([false, false, false, false, false]));
}

#[test]
fn what_comes_from_elsewhere_or_belongs_to_others_is_left_out() {
    let from_git = json!({ "path": "package.json", "ecosystem": "npm", "format": "package-json",
                           "direct": [{ "name": "crossenv", "kind": "normal", "source": "git:x" }] });
    let files = json!([from_git, manifest("a/node_modules/x/package.json", "npm", &["crossenv"])]);
    assert_eq!(ask("{}", files).unwrap().value(), &json!([]));
}

#[test]
fn it_abstains_where_no_manifest_can_be_judged() {
    let reason = |files: Value| {
        let error = ask("{}", files).unwrap_err();
        assert!(error.is_abstention(), "{error:?}");
        error.message().to_owned()
    };
    assert!(reason(json!([])).contains("no manifests"));
    assert!(reason(json!([manifest("go.mod", "go", &["example.org/x"])])).contains("those of go"));
    let broken =
        json!({ "path": "p/package.json", "ecosystem": "npm", "format": "package-json", "problem": "odd" });
    assert_eq!(reason(json!([broken])), "p/package.json cannot be read: odd");
    assert_eq!(
        reason(json!([manifest("a/package.json", "npm", &["react"]), broken])),
        "p/package.json cannot be read: odd"
    );
    let broken = json!({ "path": "tests/package.json", "ecosystem": "npm", "format": "package-json", "problem": "odd" });
    assert_eq!(reason(json!([broken])), "no manifest can be read; the first is tests/package.json: odd");
    let lock = json!({ "path": "Cargo.lock", "ecosystem": "cargo", "format": "cargo-lock" });
    assert!(reason(json!([lock])).contains("no manifests of"));
}

#[test]
fn a_made_up_manifest_that_cannot_be_read_beside_others_is_pointed_out() {
    let path = "x/test-data/package.json";
    let broken = json!({ "path": path, "ecosystem": "npm", "format": "package-json", "problem": "odd" });
    let answer = ask("{}", json!([manifest("a/package.json", "npm", &["react"]), broken])).unwrap();
    assert_eq!(answer.value(), &json!([false]));
    let expected = Concern::new("not judged, since it cannot be read: odd").path(path);
    assert_eq!(answer.concern_list(), [expected]);
}

#[test]
fn with_compat_the_value_is_that_of_hipcheck() {
    let engine = TestEngine::new(serde_json::from_str::<Config>(r#"{"compat": "hipcheck"}"#).unwrap())
        .on("dependencies/hipcheck_npm", |_: Value| {
            Ok(json!({ "language": "JavaScript", "deps": ["lodash", "chakl", "reacct", "crossenv", "chalkz", "chakl"] }))
        });
    let answer = engine.ask(&plugin(), "typo", target()).unwrap();
    // A missing hyphen is the omission of a letter; a z at the end is beyond the range that Hipcheck goes through.
    assert_eq!(answer.value(), &json!([false, true, true, true, false, true]));
    let messages: Vec<&str> = answer.concern_list().iter().map(|concern| concern.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "chakl could be a slip for chalk",
            "crossenv could be a slip for cross-env",
            "reacct could be a slip for react"
        ]
    );
}

#[test]
fn its_policy_counts() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some("count(value.filter(b, b)) <= 0"));
}
#[test]
fn other_plugins_may_ask_about_names() {
    let ask = |ecosystem: &str, names: &[&str]| {
        let key = json!({ "ecosystem": ecosystem, "names": names });
        TestEngine::new(Config::default()).ask(&plugin(), "mistakable", key)
    };
    let told = ask("actions", &["action/checkout", "actions/checkout", "acme/x"]).unwrap();
    let slip = json!({ "popular": "actions/checkout", "how": "it differs by a slip of the keyboard" });
    assert_eq!(told.value(), &json!([slip, null, null]));
    assert!(ask("cobol", &["x"]).is_err());
}
