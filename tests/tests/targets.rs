//! Targets of every sort, odd and broken ones too: each gets a verdict or a clear message, and nothing hangs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use probity_tests::{Lab, Repository};
use serde_json::Value;

/// A policy that needs nothing of the history but the tip.
const ACTIVITY: &str = "analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"value.days <= 497\"\n}\n";

#[track_caller]
fn refused(lab: &Lab, target: &std::path::Path, says: &[&str]) {
    let run = lab.check(target, &[]).expect(2);
    for says in says {
        assert!(run.stderr.contains(says), "{says:?} is not in:\n{}", run.stderr);
    }
    assert_eq!(run.stdout, "");
}

#[test]
fn what_is_no_repository_is_refused_with_a_hint() {
    let lab = Lab::new();
    let folder = lab.path("plain");
    std::fs::create_dir_all(&folder).unwrap();
    refused(&lab, &folder, &["plain is not in a git repository", "hint:"]);
    refused(&lab, &lab.path("nowhere"), &["no such path", "nowhere"]);
}

#[test]
fn an_empty_repository_is_refused_since_it_has_no_commit() {
    let lab = Lab::new();
    let repository = lab.repository("empty");
    refused(&lab, repository.path(), &["no commit", "hint:"]);
}

#[test]
fn a_bare_repository_a_linked_worktree_a_detached_head_and_an_alternate_are_judged_alike() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(6);
    let report = lab.check(repository.path(), &["--format", "json"]);
    let bare = Repository::clone_of(&repository, lab.path("bare.git"), &["--bare"]);
    let shared = lab.path("shared");
    repository.git(["clone", "--quiet", "--shared", ".", shared.to_str().unwrap()]);
    let linked = lab.path("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    for target in [bare.path(), &shared, &linked] {
        // Without what is remembered, so that the plugins read the objects of this very target.
        lab.probity(["cache", "clear"]).expect(0);
        let run = lab.check(target, &["--format", "json"]).expect(report.status);
        assert!(run.stat("plugin_processes") > 0);
        assert_eq!(run.stdout, report.stdout, "{}", target.display());
    }
}

#[test]
fn an_alternate_alone_serves_a_fresh_store() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(4);
    let shared = lab.path("shared");
    repository.git(["clone", "--quiet", "--shared", ".", shared.to_str().unwrap()]);
    let run = lab.check(&shared, &["--format", "json"]);
    assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
}

#[test]
fn a_shallow_clone_makes_the_history_analyses_abstain() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(10);
    let shallow = Repository::clone_of(&repository, lab.path("shallow"), &["--depth", "3"]);
    let run = lab.check(shallow.path(), &["--format", "json"]);
    let report = run.json();
    let text = report.to_string();
    assert!(text.contains("shallow"), "{text}");
    assert_eq!(verdict(&report, "churn"), "abstain");
    assert_ne!(verdict(&report, "activity"), "abstain");
}

#[test]
fn only_abstentions_are_no_verdict() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(10);
    let shallow = Repository::clone_of(&repository, lab.path("shallow"), &["--depth", "3"]);
    let policy =
        lab.file("policy.kdl", "analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"churn\"\n}\n");
    lab.check(shallow.path(), &["--policy", policy.to_str().unwrap()]).expect(3);
}

#[test]
fn a_partial_clone_says_what_is_missing_and_remembers_nothing_of_it() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(8);
    repository.git(["config", "uploadpack.allowFilter", "true"]);
    let partial =
        Repository::clone_of(&repository, lab.path("partial"), &["--filter=blob:none", "--no-checkout"]);
    let run = lab.check(partial.path(), &["--format", "json"]).expect(10);
    assert!(run.stdout.contains("missing"), "{}", run.stdout);
    // The whole clone is judged rightly afterwards, with the same store.
    let whole = lab.check(repository.path(), &["--format", "json"]);
    assert!(matches!(whole.status, 0 | 1), "{}", whole.stderr);
    assert_eq!(verdict(&whole.json(), "churn"), "pass");
}

#[test]
fn a_history_of_one_commit_is_judged_where_it_can_be() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let run = lab.check(repository.path(), &["--format", "json"]);
    assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
    assert_eq!(verdict(&run.json(), "churn"), "abstain");
    assert_eq!(verdict(&run.json(), "activity"), "pass");
}

#[test]
fn names_that_are_not_utf8_are_shown_and_harm_nothing() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let name = OsStr::from_bytes(b"bad-\xff-name.so");
    std::fs::write(repository.path().join(name), b"\x7fELF\x02\x01\x01\0\0\0\0\0").unwrap();
    repository.commit("a name in no encoding");
    repository.commit_by(b"Bj\xf6rn \x1b[31m");
    let run = lab.check(repository.path(), &["--format", "json"]).expect(1);
    assert_eq!(verdict(&run.json(), "identity"), "pass");
    assert!(run.stdout.contains(r#"bad-\\377-name.so"#), "{}", run.stdout);
}

#[test]
fn a_blob_of_200_mb_is_neither_a_crash_nor_a_hang() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let file = std::fs::File::create(repository.path().join("large.bin")).unwrap();
    file.set_len(200 << 20).unwrap();
    repository.commit("a large file");
    let run = lab.check_six(repository.path(), &["--format", "json"]).expect(1);
    assert!(run.stdout.contains("large.bin"), "{}", run.stdout);
    assert_eq!(lab.check_six(repository.path(), &[]).stat("plugin_processes"), 0);
}

#[test]
fn a_doctored_object_never_reaches_an_honest_clone() {
    let lab = Lab::new();
    let mut repository = lab.repository("honest");
    repository.history(5);
    let doctored = Repository::clone_of(&repository, lab.path("doctored"), &[]);
    let blob = repository.git(["rev-parse", "HEAD:src/file0.rs"]);
    replace_content(&repository, &doctored, &blob);
    let run = lab.check(doctored.path(), &["--format", "json"]).expect(10);
    assert!(run.stdout.contains(&blob[..12]), "the object is named:\n{}", run.stdout);
    let honest = lab.check(repository.path(), &["--format", "json"]);
    assert!(matches!(honest.status, 0 | 1), "{}", honest.stderr);
    lab.probity(["cache", "clear"]).expect(0);
    let fresh = lab.check(repository.path(), &["--format", "json"]).expect(honest.status);
    assert_eq!(fresh.stdout, honest.stdout, "the store was not poisoned");
}

/// Gives the clone loose objects in place of its pack, and puts the bytes of another one where `blob` should lie.
fn replace_content(from: &Repository, doctored: &Repository, blob: &str) {
    let objects = doctored.path().join(".git/objects");
    std::fs::remove_dir_all(&objects).unwrap();
    copy(&from.path().join(".git/objects"), &objects);
    let other = from.git(["rev-parse", "HEAD:src/file1.rs"]);
    let target = doctored.loose(blob);
    std::fs::remove_file(&target).unwrap();
    std::fs::copy(from.loose(&other), target).unwrap();
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_object_of_garbage_is_told_and_forgotten() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(5);
    let blob = repository.git(["rev-parse", "HEAD:src/file0.rs"]);
    let (place, aside) = (repository.loose(&blob), lab.path("aside"));
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, b"\x07no zlib stream\xff").unwrap();
    let run = lab.check(repository.path(), &["--format", "json"]).expect(10);
    assert!(run.stdout.contains(&blob[..12]), "the object is named:\n{}", run.stdout);
    assert!(!run.stdout.contains(lab.path("").to_str().unwrap()), "{}", run.stdout);
    std::fs::rename(&aside, &place).unwrap();
    let whole = lab.check(repository.path(), &["--format", "json"]);
    assert!(matches!(whole.status, 0 | 1), "{}", whole.stdout);
    lab.probity(["cache", "clear"]).expect(0);
    let fresh = lab.check(repository.path(), &["--format", "json"]).expect(whole.status);
    assert_eq!(fresh.stdout, whole.stdout, "the store was not poisoned");
}

#[test]
fn a_missing_object_is_told_and_forgotten() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(5);
    let blob = repository.git(["rev-parse", "HEAD:src/file0.rs"]);
    let aside = lab.path("aside");
    std::fs::rename(repository.loose(&blob), &aside).unwrap();
    let run = lab.check(repository.path(), &["--format", "json"]).expect(10);
    assert!(run.stdout.contains(&blob[..12]), "the object is named:\n{}", run.stdout);
    std::fs::rename(&aside, repository.loose(&blob)).unwrap();
    let whole = lab.check(repository.path(), &["--format", "json"]);
    assert!(matches!(whole.status, 0 | 1), "{}", whole.stdout);
}

#[test]
fn a_tip_that_is_missing_is_refused() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    let tip = repository.git(["rev-parse", "HEAD"]);
    std::fs::remove_file(repository.loose(&tip)).unwrap();
    let policy = lab.file("policy.kdl", ACTIVITY);
    let run = lab.check(repository.path(), &["--policy", policy.to_str().unwrap()]).expect(2);
    assert!(run.stderr.contains(&tip[..12]), "{}", run.stderr);
}

#[test]
fn the_working_tree_is_checked_when_asked_and_left_as_it_is() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let clean = lab.check(repository.path(), &["--format", "json"]);
    let clean_tree = lab.check(repository.path(), &["--worktree", "--format", "json"]).expect(clean.status);
    assert_eq!(clean_tree.stdout, clean.stdout, "a clean working tree is the commit itself");
    repository.write("tool", b"\x7fELF\x02\x01\x01\0\0\0\0\0");
    let status = repository.git(["status", "--porcelain"]);
    let dirty = lab.check(repository.path(), &["--worktree", "--format", "json"]).expect(1);
    assert!(dirty.stdout.contains("\"tool\""), "{}", dirty.stdout);
    assert_eq!(repository.git(["status", "--porcelain"]), status);
    lab.check(repository.path(), &["--format", "json"]).expect(clean.status);
}

#[test]
fn what_is_not_committed_adds_nobody_to_the_contributors() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let contributors = |arguments: &[&str]| {
        let report = lab.check(repository.path(), arguments).json();
        (report["target"]["dirty"].clone(), analysis(&report, "affiliation")["value"].clone())
    };
    let (dirty, committed) = contributors(&["--format", "json"]);
    assert_eq!((dirty, committed.to_string().matches("true").count()), (false.into(), 2), "{committed}");
    std::fs::write(repository.path().join("src/new.rs"), "fn new() {}\n").unwrap();
    let (dirty, uncommitted) = contributors(&["--worktree", "--format", "json"]);
    assert_eq!((dirty, uncommitted), (true.into(), committed));
}

/// The verdict of the analysis of this name.
#[track_caller]
fn verdict(report: &Value, name: &str) -> String {
    analysis(report, name)["verdict"].as_str().expect("a verdict is a word").to_owned()
}

/// The analysis of this name, wherever in the tree it stands.
#[track_caller]
fn analysis<'a>(report: &'a Value, name: &str) -> &'a Value {
    fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
        match value {
            Value::Object(map) if value["name"] == name && map.contains_key("verdict") => Some(value),
            Value::Object(map) => map.values().find_map(|value| find(value, name)),
            Value::Array(list) => list.iter().find_map(|value| find(value, name)),
            _ => None,
        }
    }
    find(report, name).unwrap_or_else(|| panic!("no analysis {name} in {report:#}"))
}
