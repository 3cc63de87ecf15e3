//! Snapshots with wishes: unsaved buffers in place of files, an end before the end, a list of what was looked at.

use std::path::Path;
use std::sync::Arc;

use super::super::{Cancel, Snapshot, SnapshotError, Taking, What};
use super::lab::Lab;

fn take(lab: &Lab, taking: &Taking) -> Result<Snapshot, SnapshotError> {
    lab.open().snapshot_taking(&What::Worktree, &lab.path("cache"), taking)
}

/// A snapshot with these buffers.
fn with(lab: &Lab, buffers: &[(&str, &str)]) -> Snapshot {
    let mut taking = Taking::default();
    for (path, text) in buffers {
        assert!(taking.buffers.set(Path::new(path), Some(Arc::from(text.as_bytes()))));
    }
    take(lab, &taking).unwrap()
}

#[test]
fn a_buffer_counts_as_its_file_will_once_it_is_saved() {
    let lab = Lab::holding(&[(".gitattributes", "*.txt text eol=lf\n"), ("a.txt", "1\n"), ("dir/c", "3")]);
    let before = lab.remembered();
    let buffers = [("a.txt", "one\r\ntwo\r\n"), ("dir/c", "changed"), ("dir/new", "new"), ("new", "too")];
    let unsaved = with(&lab, &buffers);
    assert!(unsaved.dirty);
    assert_eq!(lab.show(&unsaved, "dir/c"), "changed");
    assert_eq!(
        lab.worktree().commit,
        before.commit,
        "what a buffer held is not taken for what the file holds"
    );
    for (path, text) in buffers {
        lab.write(path, text);
    }
    assert_eq!(lab.worktree().commit, unsaved.commit);
}

#[test]
fn a_buffer_that_says_what_the_file_says_changes_nothing() {
    let lab = Lab::holding(&[("a", "1")]);
    let snapshot = with(&lab, &[("a", "1")]);
    assert!(!snapshot.dirty);
}

#[test]
fn a_buffer_of_an_ignored_file_or_of_something_else_than_a_file_does_not_count() {
    let lab = Lab::holding(&[(".gitignore", "*.log\n/target/\n"), ("a", "1"), ("dir/b", "2")]);
    lab.write("target/out", "3");
    std::os::unix::fs::symlink("a", lab.repo("link")).unwrap();
    lab.git(&["add", "-A"]);
    lab.git(&["commit", "-q", "-m", "a link"]);
    let others = [("debug.log", "x"), ("target/out", "x"), ("target/new", "x"), ("dir", "x"), ("link", "x")];
    let snapshot = with(&lab, &others);
    assert!(!snapshot.dirty, "{:?}", lab.list(&snapshot));
}

#[test]
fn a_snapshot_that_nobody_wants_is_given_up() {
    let lab = Lab::holding(&[("a", "1")]);
    let cancel = Cancel::default();
    cancel.raise();
    assert!(take(&lab, &Taking { cancel: cancel.next(), ..Taking::default() }).is_err());
    cancel.lower();
    assert!(take(&lab, &Taking { cancel: cancel.next(), ..Taking::default() }).is_ok());
}

#[test]
fn the_list_of_what_was_looked_at_leaves_ignored_folders_out() {
    let lab = Lab::holding(&[(".gitignore", "*.log\n/target/\n"), ("dir/a", "1"), ("empty/x", "2")]);
    lab.write("target/deep/out", "3");
    lab.write("dir/debug.log", "4");
    lab.write("dir/new", "5");
    std::fs::remove_file(lab.repo("empty/x")).unwrap();
    let survey = take(&lab, &Taking { survey: true, ..Taking::default() }).unwrap().survey.unwrap();
    let root = lab.repo("").canonicalize().unwrap();
    let names = |paths: &std::collections::BTreeSet<std::path::PathBuf>| {
        let name = |path: &std::path::PathBuf| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        paths.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&survey.folders), ["", "dir", "empty"]);
    assert_eq!(names(&survey.files), [".gitignore", "dir/a", "dir/new", "empty/x"]);
    assert!(lab.worktree().survey.is_none(), "nobody asked");
}
