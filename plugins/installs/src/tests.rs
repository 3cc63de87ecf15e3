//! The analyses over manifests and trees that are made up.

mod scripts;
mod sources;

use probity_sdk::findings::Finding;
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

/// One finding a line: `rule severity path line`.
fn told(findings: &[Finding]) -> Vec<String> {
    let line = |of: &Finding| {
        let line = of.line.map_or(String::new(), |line| format!(":{line}"));
        format!("{} {} {}{line}", of.rule, of.severity, of.path.as_deref().unwrap_or_default())
    };
    findings.iter().map(line).collect()
}

#[test]
fn nothing_worse_than_low_passes() {
    let described = plugin().describe();
    assert_eq!(described.default_policy.as_deref(), Some(r#"value.all(f, f.severity == "low")"#));
}

#[test]
fn mistakable_actions_are_found_and_those_of_known_owners_are_not() {
    let uses = [
        "action/checkout@v4",
        "actions/chekout@v4",
        "dockre/thing@v1",
        "acme/checkout@v1",
        "docker://alpine",
        "./x",
    ];
    let references: Vec<Value> = (1..)
        .zip(uses)
        .map(|(line, uses)| json!({ "path": "w.yml", "line": line, "rule": "unpinned-uses", "uses": uses, "pinned": false, "privileged": false }))
        .collect();
    let engine = TestEngine::new(Config::default())
        .on("workflows/references", move |_: Target| Ok(references.clone()))
        .on("typo/mistakable", |key: Value| {
            let alike = |name: &Value| match name.as_str() {
                Some("action/checkout" | "actions/chekout") => {
                    json!({ "popular": "actions/checkout", "how": "it looks alike" })
                }
                Some("dockre") => json!({ "popular": "docker", "how": "it looks alike" }),
                _ => Value::Null,
            };
            Ok(key["names"].as_array().unwrap().iter().map(alike).collect::<Vec<_>>())
        });
    let target = Target { commit: "c".into(), tree: "t".into(), shallow: vec![] };
    let answer = crate::queries::names(&engine, target).unwrap();
    assert_eq!(told(answer.value()), ["lookalike-action high w.yml:1", "lookalike-action medium w.yml:3"]);
    assert_eq!(answer.value()[0].package.as_deref(), Some("action/checkout"));
    assert_eq!(
        answer.value()[0].message,
        "action/checkout is easily mistaken for actions/checkout: it looks alike"
    );
}
