//! How a file's bytes are stored: line endings, encodings, `$Id$`, filters, and what is remembered of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::super::Note;
use super::lab::Lab;

/// Holds the working tree's tree, as it is known by what was remembered, against git's and against one for
/// which nothing was. Remembers all files for the next time.
fn agree(lab: &Lab, when: &str) {
    let snapshot = lab.remembered();
    assert_eq!(snapshot.commit, lab.fresh_worktree().commit, "as without a cache, {when}");
    touch(&lab.repo(""));
    assert_eq!(snapshot.tree, lab.tree_by_git(), "as git, {when}");
    lab.remembered();
}

/// Gives all files another time, so that git looks at their content and not at what its index says of them.
fn touch(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            touch(&entry.path());
        } else if kind.is_file() {
            let file = fs::File::options().append(true).open(entry.path()).unwrap();
            file.set_modified(file.metadata().unwrap().modified().unwrap() + Duration::from_secs(1)).unwrap();
        }
    }
}

#[test]
fn attributes_convert_as_git_does() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.write(
        ".gitattributes",
        "*.txt text\n*.auto text=auto\n*.crlf eol=crlf\n*.id ident\n*.utf16 working-tree-encoding=UTF-16LE\n\
         *.bin binary\n[attr]prose text\n*.prose prose\n",
    );
    lab.write("sub/.gitattributes", "*.txt -text\n");
    lab.write(".git/info/attributes", "*.info text\n");
    let text = "one\r\ntwo\r\n";
    for path in
        ["a.txt", "a.auto", "a.crlf", "a.bin", "a.prose", "a.info", "sub/a.txt", "sub/a.auto", "a.none"]
    {
        lab.write(path, text);
    }
    lab.write("zero.auto", "one\r\n\0two\r\n");
    lab.write("a.id", "$Id: 0123456789 $\n");
    lab.write("a.utf16", "h\0i\0\n\0");
    agree(&lab, "untracked");
    lab.git(&["add", "-A"]);
    lab.git(&["commit", "-q", "-m", "x"]);
    agree(&lab, "tracked");
    assert!(!lab.worktree().dirty);
    assert_eq!(lab.show(&lab.worktree(), "a.utf16"), "hi");
}

#[test]
fn settings_convert_as_git_does() {
    for (key, value) in [("core.autocrlf", "true"), ("core.autocrlf", "input"), ("core.eol", "crlf")] {
        let lab = Lab::holding(&[("crlf_in_index", "one\r\ntwo\r\n"), ("lf", "one\n")]);
        lab.git(&["config", key, value]);
        lab.write(".gitattributes", "*.txt text\n*.auto text=auto\n");
        for path in ["a.txt", "a.auto", "a.none"] {
            lab.write(path, "one\r\ntwo\n");
        }
        lab.write("crlf_in_index", "one\r\ntwo\r\nthree\r\n");
        agree(&lab, value);
    }
}

#[test]
fn file_modes_and_links_that_the_disk_cannot_show_are_the_indexs() {
    let lab = Lab::new();
    lab.write("program", "1");
    fs::set_permissions(lab.repo("program"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("program", lab.repo("link")).unwrap();
    lab.commit(&[("plain", "2")]);
    lab.git(&["config", "core.fileMode", "false"]);
    lab.git(&["config", "core.symlinks", "false"]);
    fs::set_permissions(lab.repo("program"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(lab.repo("plain"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(lab.repo("link")).unwrap();
    lab.write("link", "program");
    agree(&lab, "nothing changed");
    assert!(!lab.worktree().dirty);
    lab.write("new", "executable for nobody");
    fs::set_permissions(lab.repo("new"), fs::Permissions::from_mode(0o755)).unwrap();
    lab.write("link", "plain");
    agree(&lab, "changed");
}

#[test]
fn files_of_git_lfs_are_pointers() {
    let lab = Lab::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
                   oid sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nsize 3\n";
    lab.commit(&[(".gitattributes", "*.big filter=lfs diff=lfs merge=lfs -text\n"), ("a.big", pointer)]);
    assert!(!lab.worktree().dirty, "a pointer stays one");
    lab.write("a.big", "abc");
    assert!(!lab.worktree().dirty, "its content is as good");
    lab.write("a.big", "abcd");
    let snapshot = lab.worktree();
    assert!(snapshot.dirty && snapshot.notes.is_empty());
    assert_eq!(
        lab.show(&snapshot, "a.big"),
        "version https://git-lfs.github.com/spec/v1\n\
         oid sha256:88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589\nsize 4"
    );
    lab.write("a.big", "");
    assert_eq!(lab.show(&lab.worktree(), "a.big"), "");
    let huge = fs::File::create(lab.repo("huge.big")).unwrap();
    huge.set_len((64 << 20) + 1).unwrap();
    let snapshot = lab.worktree();
    assert!(lab.show(&snapshot, "huge.big").ends_with("\nsize 67108865"));
    assert!(snapshot.notes.is_empty() && snapshot.incomplete.is_none());
}

#[test]
fn other_filters_are_told_and_not_applied() {
    let lab = Lab::holding(&[(".gitattributes", "*.x filter=other\n"), ("a.x", "raw")]);
    for _ in 0..2 {
        let snapshot = lab.remembered();
        assert_eq!(lab.show(&snapshot, "a.x"), "raw");
        assert!(matches!(&snapshot.notes[..], [Note::FilterNotApplied(paths)] if paths.to_string() == "a.x"));
    }
}

#[test]
fn what_is_remembered_holds_for_the_same_attributes_and_settings_only() {
    let lab = Lab::holding(&[("a.txt", "one\r\n"), ("sub/b.txt", "one\r\n")]);
    lab.write("new.txt", "one\r\n");
    agree(&lab, "at first");
    lab.write("sub/.gitattributes", "*.txt text\n");
    agree(&lab, "with attributes in a folder");
    lab.write(".git/info/attributes", "*.txt text\n");
    agree(&lab, "with attributes of the repository");
    fs::remove_file(lab.repo(".git/info/attributes")).unwrap();
    fs::remove_file(lab.repo("sub/.gitattributes")).unwrap();
    agree(&lab, "without");
    lab.git(&["config", "core.autocrlf", "input"]);
    agree(&lab, "with a setting");
    lab.write(".gitignore", "new*\n");
    agree(&lab, "with a pattern");
    lab.write(".gitignore", "");
    agree(&lab, "without it");
}

#[test]
fn what_is_remembered_holds_for_the_same_index_entry_only() {
    let lab = Lab::holding(&[("a.auto", "one\r\n")]);
    lab.write(".gitattributes", "*.auto text=auto\n");
    agree(&lab, "the index holds carriage returns, so they stay");
    lab.git(&["add", "--renormalize", "."]);
    agree(&lab, "the index holds none, so they go");
}

#[test]
fn attributes_that_are_not_checked_out_hold_but_removed_ones_do_not() {
    let lab = Lab::holding(&[
        (".gitattributes", "*.txt text\n"),
        ("sub/.gitattributes", "*.txt -text\n"),
        ("a.txt", ""),
    ]);
    lab.git(&["sparse-checkout", "set", "--no-cone", "/a.txt", "/sub"]);
    assert!(!lab.repo(".gitattributes").exists());
    lab.write("a.txt", "one\r\n");
    agree(&lab, "not checked out");
    assert_eq!(lab.show(&lab.worktree(), "a.txt"), "one");
    lab.git(&["sparse-checkout", "disable"]);
    fs::remove_file(lab.repo(".gitattributes")).unwrap();
    fs::remove_file(lab.repo("sub/.gitattributes")).unwrap();
    agree(&lab, "removed");
}

#[test]
fn tracked_files_in_ignored_folders_have_their_attributes() {
    let lab = Lab::holding(&[("out/deep/a.txt", "one\r\n"), ("out/.gitattributes", "*.txt text\n")]);
    lab.write(".gitignore", "out\n");
    lab.write("out/deep/a.txt", "two\r\n");
    agree(&lab, "changed");
    assert_eq!(lab.show(&lab.worktree(), "out/deep/a.txt"), "two");
}

#[test]
fn edits_that_change_neither_size_nor_second_are_seen() {
    let lab = Lab::holding(&[("file", "00")]);
    for number in 0..60 {
        lab.write("file", format!("{number:02}"));
        let snapshot = lab.worktree();
        assert_eq!(lab.show(&snapshot, "file"), format!("{number:02}"));
    }
}

#[test]
fn content_that_is_remembered_but_lost_is_stored_again() {
    let lab = Lab::holding(&[("file", "1")]);
    lab.write("file", "2");
    let snapshot = lab.remembered();
    let targets = fs::read_dir(lab.path("cache/targets")).unwrap().next().unwrap().unwrap().path();
    fs::remove_dir_all(targets.join("objects")).unwrap();
    assert_eq!(lab.worktree().commit, snapshot.commit);
    assert_eq!(lab.show(&snapshot, "file"), "2");
}
