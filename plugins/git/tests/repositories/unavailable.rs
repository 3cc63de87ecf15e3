//! Objects that lie or lack: no answer may rest on one.

use crate::lab::Lab;
use probity_plugin_git::changes::KnownPairs;
use probity_plugin_git::shapes::{CommitKey, ContentsKey, HistoryKey, LinesKey, Segment, TextKey, TreeKey};
use probity_plugin_git::{GitError, changes, commits, contents, ids, lines, messages, plugin, text, tree};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use std::path::PathBuf;

/// Two commits of two files, all objects loose.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("folder/a", "1\n").commit("one");
    lab.write("folder/a", "2\n").write("folder/b", "2\n2\n").commit("two");
    lab
}

fn loose(lab: &Lab, id: &str) -> PathBuf {
    lab.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))
}

/// Stores the bytes of `other` under the id of `name`.
fn doctor(lab: &Lab, name: &str, other: &str) {
    let (id, other) = (lab.id(name), lab.id(other));
    std::fs::remove_file(loose(lab, &id)).expect("the object is loose");
    std::fs::copy(loose(lab, &other), loose(lab, &id)).expect("both objects are loose");
}

#[test]
fn bytes_that_do_not_match_their_id_are_never_used() {
    for (name, other) in
        [("HEAD:folder/b", "HEAD~1:folder/a"), ("HEAD:folder", "HEAD~1:folder"), ("HEAD", "HEAD~1")]
    {
        let lab = lab();
        let tip = lab.id("HEAD");
        let id = ids::parse(&lab.id(name)).unwrap();
        doctor(&lab, name, other);
        let error = lab.changes_of(&tip).unwrap_err();
        assert!(matches!(&error, GitError::Mismatch { id: found, .. } if *found == id), "{name}: {error}");
        assert!(error.is_transient());
    }
}

#[test]
fn every_query_verifies() {
    let lab = lab();
    let [tip, root, blob] = ["HEAD", "HEAD^{tree}", "HEAD:folder/b"].map(|name| lab.id(name));
    doctor(&lab, &blob, "HEAD:folder/a");
    let error =
        contents::contents(&lab.repository(), &ContentsKey { blobs: vec![blob.clone()] }).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    let error = text::text(&lab.repository(), &TextKey { blob: blob.clone() }).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    let key = LinesKey { blobs: vec![blob], words: vec!["2".to_owned()] };
    let error = lines::lines(&lab.repository(), &key).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    doctor(&lab, &root, "HEAD~1^{tree}");
    let error = tree::tree(&lab.repository(), &TreeKey { tree: root }).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    doctor(&lab, &tip, "HEAD~1");
    let error = commits::commit(&lab.repository(), &CommitKey { commit: tip.clone() }).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    let segment = Segment { commits: vec![tip.clone()], cut: vec![] };
    let error = messages::messages(&lab.repository(), &segment).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    let error = changes::hipcheck_changes(&lab.repository(), &segment).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
    let error = lab.history(&tip).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }), "{error}");
}

#[test]
fn a_missing_object_makes_the_answer_unavailable() {
    for name in ["HEAD:folder/b", "HEAD:folder", "HEAD~1:folder/a", "HEAD~1"] {
        let lab = lab();
        let (tip, id) = (lab.id("HEAD"), ids::parse(&lab.id(name)).unwrap());
        std::fs::remove_file(loose(&lab, &id.to_string())).unwrap();
        let error = lab.changes_of(&tip).unwrap_err();
        assert!(matches!(&error, GitError::Missing { id: found } if *found == id), "{name}: {error}");
        assert!(error.is_transient());
    }
}

#[test]
fn garbage_in_place_of_an_object_makes_the_answer_unavailable() {
    let lab = lab();
    let tip = lab.id("HEAD");
    let file = loose(&lab, &lab.id("HEAD:folder/b"));
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "no zlib stream").unwrap();
    let error = lab.changes_of(&tip).unwrap_err();
    assert!(matches!(error, GitError::Unreadable { .. }), "{error}");
    assert!(error.is_transient());
}

#[test]
fn a_question_about_the_wrong_object_is_answered_for_good() {
    let lab = lab();
    for id in [lab.id("HEAD"), lab.id("HEAD:folder/a"), "HEAD".to_owned()] {
        let error = tree::tree(&lab.repository(), &TreeKey { tree: id }).unwrap_err();
        assert!(matches!(error, GitError::WrongKind { .. } | GitError::BadId { .. }), "{error}");
        assert!(!error.is_transient());
    }
}

#[test]
fn the_host_learns_which_failures_are_transient() {
    let lab = lab();
    let engine = TestEngine::new(Empty::default()).git_dir(lab.path(".git"));
    let key = HistoryKey { commit: lab.id("HEAD"), shallow: Vec::new() };
    let answer = engine.ask(&plugin(), "history", &key).unwrap();
    assert_eq!(answer.value()["commits"], 2);
    let changes = engine.ask(&plugin(), "changes", &answer.value()["segments"][0]).unwrap();
    assert_eq!(changes.value()["commits"][1]["files"][1]["path"], "folder/b");

    let error = engine.ask(&plugin(), "commit", CommitKey { commit: "1".repeat(40) }).unwrap_err();
    assert!(error.is_retryable() && error.kind() == ErrorKind::Unavailable, "{error:?}");
    let error = engine.ask(&plugin(), "commit", CommitKey { commit: "main".to_owned() }).unwrap_err();
    assert!(!error.is_retryable() && error.kind() == ErrorKind::Error, "{error:?}");
}

#[test]
fn a_segment_is_asked_for_in_blocks() {
    let lab = Lab::new();
    for round in 0..70 {
        lab.write("a", round.to_string()).commit("step");
    }
    let segment = lab.history(&lab.id("HEAD")).unwrap().segments.remove(0);
    let blocks = segment.blocks();
    assert!(blocks.len() > 1);
    let direct = serde_json::to_value(lab.changes(&segment).unwrap()).unwrap();
    let repository = lab.repository();
    let engine = TestEngine::new(Empty::default())
        .git_dir(lab.path(".git"))
        .on("changes", move |key: Segment| Ok(changes::changes(&repository, &KnownPairs::default(), &key)?));
    assert_eq!(engine.ask(&plugin(), "changes", &segment).unwrap().value(), &direct);
    let asked: Vec<Segment> =
        engine.asked().into_iter().map(|(_, key)| serde_json::from_value(key).unwrap()).collect();
    assert_eq!(asked, blocks);

    engine.ask(&plugin(), "changes", &blocks[0]).unwrap();
    assert_eq!(engine.asked().len(), blocks.len(), "a block is not divided further");
}

#[test]
fn every_query_is_described() {
    let described = plugin().describe();
    let names: Vec<&str> = described.queries.iter().map(|query| query.name.as_str()).collect();
    let history = ["history", "part", "commits", "commit", "changes", "hipcheck_changes", "touched"];
    let content = ["tree", "folder", "contents", "text", "lines", "messages", "headers"];
    assert_eq!(names, [&history[..], &content[..]].concat());
}

#[test]
fn of_several_objects_that_are_missing_the_first_of_the_question_is_told() {
    let lab = lab();
    let missing: Vec<String> = (1..=2000).map(|n| format!("{n:040x}")).collect();
    let segment = Segment { commits: missing.clone(), cut: vec![] };
    let first = ids::parse(&missing[0]).unwrap();
    // Several times, for what comes first in time is a matter of chance.
    for _ in 0..20 {
        let repository = lab.repository();
        let errors = [
            commits::commits(&repository, &segment).unwrap_err(),
            contents::contents(&repository, &ContentsKey { blobs: missing.clone() }).unwrap_err(),
            lab.changes(&segment).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(&error, GitError::Missing { id } if *id == first), "{error}");
        }
    }
}
