//! `posture` as the host asks it, over trees that are made up.

use std::collections::BTreeMap;

use probity_sdk::git::{TextKey, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::plugin;

/// What a query says of a repository with these files, one finding a line. A file's blob is called as its path.
fn told(query: &str, files: &[(&str, &str)]) -> Result<Vec<String>> {
    let mut trees: BTreeMap<String, (Vec<Value>, BTreeMap<String, Value>)> = BTreeMap::new();
    trees.entry("root".to_owned()).or_default();
    for (path, _) in files {
        let mut parent = "root".to_owned();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            let id = format!("{parent}/{folder}");
            let below = &mut trees.entry(parent).or_default().1;
            below.insert(folder.to_owned(), json!({ "path": folder, "id": id }));
            parent = id;
        }
        let file = json!({ "path": name, "id": path, "kind": "file" });
        trees.entry(parent).or_default().0.push(file);
    }
    let texts: BTreeMap<String, String> =
        files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    let formats = [("package.json", "package-json"), ("package-lock.json", "package-lock")];
    let listed: Vec<Value> = formats
        .iter()
        .filter(|(name, _)| texts.contains_key(*name))
        .map(|(name, format)| json!({ "path": name, "blob": name, "format": format }))
        .collect();
    let engine = TestEngine::new(Empty {})
        .on("git/folder", move |key: TreeKey| {
            let (files, folders) = &trees[&key.tree];
            Ok(json!({ "files": files, "folders": folders.values().collect::<Vec<_>>() }))
        })
        .on("git/text", move |key: TextKey| {
            let text = &texts[&key.blob];
            Ok(json!({ "size": text.len(), "text": text }))
        })
        .on("dependencies/folder", move |_: Value| Ok(json!({ "files": listed, "leftOut": 0 })));
    let target = Target { commit: "c1".into(), tree: "root".into(), shallow: vec![] };
    let value: Value = engine.ask(&plugin(), query, target)?.into_parts().0;
    let line = |of: &Value| format!("{} {}", of["rule"], of["path"]).replace('"', "");
    Ok(value.as_array().unwrap().iter().map(line).collect())
}

#[test]
fn what_is_missing_is_told_and_what_is_there_is_not() {
    let bare = [("README.md", "hello"), ("package.json", "{}"), (".github/workflows/ci.yml", "on: push")];
    assert_eq!(
        told("posture", &bare).unwrap(),
        [
            "no-code-owners null",
            "no-licence null",
            "no-lock-file package.json",
            "no-security-policy null",
            "no-updates null",
        ]
    );
    let kept = [
        ("package.json", "{}"),
        ("package-lock.json", "{}"),
        (".github/workflows/ci.yml", "on: push"),
        (".github/SECURITY.md", "Write to security@example.org"),
        ("LICENSE-MIT", "MIT License"),
        ("docs/CODEOWNERS", "* @team"),
        (".github/dependabot.yml", "updates:\n  - cooldown:\n      default-days: 7\n"),
    ];
    assert_eq!(told("posture", &kept).unwrap(), [""; 0]);
}

#[test]
fn what_is_there_must_say_something() {
    let hollow = [
        ("SECURITY.md", "We take security seriously."),
        ("COPYING", "Ask me."),
        ("CODEOWNERS", "/src/ @team"),
        (".github/workflows/ci.yml", "on: push"),
        (".github/dependabot.yml", "updates: []"),
    ];
    assert_eq!(
        told("posture", &hollow).unwrap(),
        [
            "no-cooldown .github/dependabot.yml",
            "no-security-contact SECURITY.md",
            "unknown-licence COPYING",
            "unowned-automation CODEOWNERS",
        ]
    );
}

#[test]
fn submodules_are_judged_where_there_are_some() {
    let error = told("submodules", &[("a", "")]).unwrap_err();
    assert!(error.is_abstention(), "{error:?}");
    let plain = [(".gitmodules", "[submodule \"a\"]\n\turl = git://example.org/a\n")];
    assert_eq!(told("submodules", &plain).unwrap(), ["plain-submodule .gitmodules"]);
}

#[test]
fn an_empty_tree_is_not_judged() {
    assert!(told("posture", &[]).unwrap_err().is_abstention());
}
