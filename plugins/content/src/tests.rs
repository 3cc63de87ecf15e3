//! The analyses as the host asks them, over a folder and blobs of a repository that git made.

use probity_sdk::git::{Target, TreeKey};
use probity_sdk::linguist::SourceFiles;
use probity_sdk::prelude::*;
use probity_sdk::testing::{TestEngine, level};
use probity_tests::{Lab, Repository};
use serde_json::{Value, json};

use crate::{Config, plugin};

/// An engine that answers from the repository, and the plugin's own queries by asking it again.
fn engine(repository: &Repository) -> TestEngine<Config> {
    let path = repository.path().to_owned();
    let (below, blobs) = (path.clone(), path.join(".git"));
    let listed = Repository::at(path);
    TestEngine::new(Config::default())
        .git_dir(blobs.clone())
        .on("git/folder", move |key: TreeKey| Ok(level(&listed.git(["ls-tree", &key.tree]))))
        .on("linguist/source_extensions", |_: Value| {
            Ok(SourceFiles {
                extensions: ["js", "rs"].map(String::from).into(),
                without_extension: true,
                case_sensitive: false,
            })
        })
        .on("content/folder", move |key: Value| {
            Ok(engine(&Repository::at(below.clone())).ask(&plugin(), "folder", key)?.into_parts().0)
        })
        .on("content/blob", move |key: Value| {
            let engine = TestEngine::new(Config::default()).git_dir(blobs.clone());
            Ok(engine.ask(&plugin(), "blob", key)?.into_parts().0)
        })
}

fn target(repository: &Repository) -> Target {
    Target { commit: "tip".into(), tree: repository.git(["rev-parse", "HEAD^{tree}"]), shallow: vec![] }
}

/// What a query says, one finding a line.
fn told(repository: &Repository, query: &str) -> Vec<String> {
    let value = engine(repository).ask(&plugin(), query, target(repository)).unwrap().into_parts().0;
    let line = |of: &Value| {
        format!("{} {} {} {}", of["severity"], of["rule"], of["path"], of["line"]).replace('"', "")
    };
    value.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn findings_are_judged_by_where_they_are() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n", "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMf".repeat(5));
    repository
        .write("a/b/c.js", "// \u{202e}\n")
        .write("notes.md", "\u{202e}\n")
        .write("src/icons.rs", "\u{e0b0}\n")
        .write("src/main.rs", "\u{e0b0}\n")
        .write("dist/app.js", "x".repeat(6000))
        .write("src/app.js", "x".repeat(6000))
        .write("bin/tool", b"\x7fELF\x02\x01\x01\0")
        .write("tests/holiday.jpg", b"\x7fELF\x02\x01\x01\0")
        .write("big.dat", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
        .write("tests/key.pem", &key)
        .write("key.pem", &key);
    std::os::unix::fs::symlink("bin/tool", repository.path().join("link")).unwrap();
    repository.commit("all");
    assert_eq!(
        told(&repository, "hidden_text"),
        ["high bidi-control a/b/c.js 1", "medium private-use src/main.rs 1"]
    );
    assert_eq!(told(&repository, "obfuscation"), ["low long-line src/app.js 1"]);
    assert_eq!(
        told(&repository, "executables"),
        [
            "high disguised-executable tests/holiday.jpg null",
            "medium executable bin/tool null",
            "low lfs-pointer big.dat null",
        ]
    );
    assert_eq!(
        told(&repository, "secrets"),
        ["medium private-key key.pem 1", "low private-key tests/key.pem 1"]
    );
    let answer = engine(&repository).ask(&plugin(), "hidden_text", target(&repository)).unwrap();
    let concern = Concern::new("bidi-control (high): U+202E turns the direction of the text");
    assert_eq!(answer.concern_list()[0], concern.rule("bidi-control").path("a/b/c.js").line(1));
}

#[test]
fn what_is_at_home_where_it_is_displaces_nothing() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n", "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMf".repeat(5));
    let program = b"\x7fELF\x02\x01\x01\0";
    for n in 0..250 {
        repository
            .write(format!("a/dist/{n}.js"), "x".repeat(6000))
            .write(format!("a/tests/{n}.pem"), &key)
            .write(format!("bin/{n}"), program);
    }
    repository
        .write("src/app.js", "x".repeat(6000))
        .write("src/key.pem", &key)
        .write("src/holiday.jpg", program)
        .commit("all");
    assert_eq!(told(&repository, "obfuscation"), ["low long-line src/app.js 1"]);
    let first = |query: &str| told(&repository, query).swap_remove(0);
    assert_eq!(first("secrets"), "medium private-key src/key.pem 1");
    assert_eq!(first("executables"), "high disguised-executable src/holiday.jpg null");
}

#[test]
fn each_blob_is_asked_for_once_in_a_folder_under_each_sort_of_name() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write("a.rs", "same").write("b.rs", "same").write("c.md", "same").commit("all");
    let engine = engine(&repository);
    let tree = target(&repository).tree;
    engine.ask(&plugin(), "folder", json!({ "tree": tree, "depth": 0 })).unwrap();
    let blobs = engine.asked().into_iter().filter(|(query, _)| query == "content/blob");
    let sources: Vec<Value> = blobs.map(|(_, key)| key["source"].clone()).collect();
    assert_eq!(sources, [json!(false), json!(true)]);
}

#[test]
fn large_files_are_told_and_not_read_and_an_empty_tree_is_not_judged() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.commit("empty");
    let error = engine(&repository).ask(&plugin(), "secrets", target(&repository)).unwrap_err();
    assert!(error.is_abstention(), "{error:?}");
    repository.write("a.rs", "x\n".repeat(5_000_000)).write("a.dat", vec![0; 9_000_000]).commit("large");
    assert_eq!(told(&repository, "hidden_text"), ["low not-read a.rs null"]);
}

#[test]
fn an_object_that_is_not_there_is_no_fact() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write("a.rs", "gone").commit("all");
    std::fs::remove_file(repository.loose(&repository.git(["rev-parse", "HEAD:a.rs"]))).unwrap();
    let error = engine(&repository).ask(&plugin(), "hidden_text", target(&repository)).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn nothing_worse_than_low_passes() {
    let described = plugin().describe();
    assert_eq!(described.default_policy.as_deref(), Some(r#"value.all(f, f.severity == "low")"#));
}
