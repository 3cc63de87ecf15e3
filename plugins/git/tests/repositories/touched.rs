//! Which files commits changed, by their blobs.

use crate::lab::Lab;
use probity_plugin_git::changes::{self, KnownPairs};
use probity_plugin_git::shapes::{CommitTouched, Segment};

/// What one commit touched: path, blobs before, blob after, each blob by its content.
fn touched(lab: &Lab, commit: &str) -> String {
    let told = told(lab, &KnownPairs::default(), &lab.id(commit), &[]);
    let content = |id: &String| lab.git(&["cat-file", "blob", id]);
    let rows = told.files.iter().map(|file| {
        let before: Vec<String> = file.before.iter().map(content).collect();
        let after = file.after.as_ref().map_or("-".to_owned(), content);
        format!("{} [{}] {after}", file.path, before.join(" "))
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn told(lab: &Lab, known: &KnownPairs, commit: &str, cut: &[&str]) -> CommitTouched {
    let cut = cut.iter().map(|id| (*id).to_owned()).collect();
    let key = Segment { commits: vec![commit.to_owned()], cut };
    changes::own_files(&lab.repository(), known, &key).expect("the objects are there").commits.remove(0)
}

#[test]
fn files_are_told_with_the_blobs_before_and_after() {
    let lab = Lab::new();
    lab.write("a/b", "1").write("gone", "2").commit("one");
    assert_eq!(touched(&lab, "HEAD"), "a/b [] 1\ngone [] 2");
    std::fs::remove_file(lab.path("gone")).unwrap();
    lab.write("a/b", "3").write("new", "2").commit("two");
    assert_eq!(touched(&lab, "HEAD"), "a/b [1] 3\ngone [2] -\nnew [] 2");
    lab.commit("empty");
    assert_eq!(touched(&lab, "HEAD"), "");
}

#[test]
fn of_a_merge_only_what_no_parent_has_is_told() {
    let lab = Lab::new();
    lab.write("both", "1\n2\n3\n4\n5").write("main", "1").commit("root");
    lab.git(&["switch", "--quiet", "--create", "side"]);
    lab.write("side", "side").write("both", "x\n2\n3\n4\n5").commit("side");
    lab.git(&["switch", "--quiet", "main"]);
    lab.write("main", "2").write("both", "1\n2\n3\n4\ny").commit("main");
    lab.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    lab.write("slipped-in", "evil").commit("merge");
    assert_eq!(touched(&lab, "HEAD"), "both [1\n2\n3\n4\ny x\n2\n3\n4\n5] x\n2\n3\n4\ny\nslipped-in [] evil");
}

#[test]
fn what_changes_has_listed_serves_again_and_a_cut_commit_tells_nothing() {
    let lab = Lab::new();
    lab.write("a", "1").commit("one");
    lab.write("a", "2").commit("two");
    let known = KnownPairs::default();
    let head = lab.id("HEAD");
    let key = Segment { commits: vec![head.clone()], cut: vec![] };
    changes::changes(&lab.repository(), &known, &key).unwrap();
    assert_eq!(told(&lab, &known, &head, &[]), told(&lab, &KnownPairs::default(), &head, &[]));
    let cut = told(&lab, &known, &head, &[&head]);
    assert!(cut.unknown && cut.files.is_empty());
}
