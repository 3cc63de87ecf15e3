//! What can be opened, and what is said of the rest.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;

use super::super::{Note, OpenError, SnapshotError, What, open};
use super::lab::{Lab, state_of};

/// What opening a path says.
fn refusal(path: &Path) -> OpenError {
    open(path).map(|target| format!("opened {}", target.identity().display())).unwrap_err()
}

#[test]
fn a_repository_is_found_from_any_path_inside() {
    let lab = Lab::holding(&[("a/b/file", "text")]);
    for inside in ["", "a", "a/b", "a/b/file", ".git"] {
        let target = open(&lab.repo(inside)).unwrap();
        assert_eq!(target.identity(), lab.repo(".git"), "from {inside:?}");
        assert_eq!(target.worktree(), Some(lab.path("repo").as_path()), "from {inside:?}");
    }
}

#[test]
fn what_is_no_repository_is_told_apart_from_what_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, OpenError::NotARepository { .. }), "{error}");
    assert_eq!(error.to_string(), format!("{} is not in a git repository", dir.path().display()));
    assert!(error.hint().unwrap().contains("git init"));
    let error = refusal(&dir.path().join("nowhere"));
    assert!(matches!(error, OpenError::NoSuchPath { .. }), "{error}");
}

#[test]
fn a_repository_without_commits_is_empty() {
    let lab = Lab::new();
    let error = refusal(&lab.repo(""));
    assert!(matches!(error, OpenError::Empty { .. }), "{error}");
}

#[test]
fn an_unborn_head_beside_other_branches_can_be_opened_but_not_taken() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["symbolic-ref", "HEAD", "refs/heads/elsewhere"]);
    let error = lab.try_snapshot(What::Head).unwrap_err();
    assert!(matches!(error, SnapshotError::Unborn { .. }), "{error}");
    assert_eq!(error.to_string(), "HEAD names refs/heads/elsewhere, which does not exist");
    let snapshot = lab.try_snapshot(What::Rev("main".into())).unwrap();
    assert_eq!(snapshot.commit, lab.git(&["rev-parse", "main"]));
}

#[test]
fn a_damaged_head_is_named() {
    let lab = Lab::holding(&[("file", "text")]);
    let head = lab.repo(".git/HEAD");
    for damage in ["", "no id", "ref: refs/heads/../../../etc/passwd", "ref: outside", "abc"] {
        fs::write(&head, damage).unwrap();
        let error = refusal(&lab.repo(""));
        assert!(matches!(error, OpenError::Damaged { what: "HEAD", .. }), "{damage:?}: {error}");
    }
    fs::remove_file(&head).unwrap();
    assert!(matches!(refusal(&lab.repo("")), OpenError::Damaged { what: "HEAD", .. }));
    fs::write(&head, "ref: refs/heads/a").unwrap();
    fs::write(lab.repo(".git/refs/heads/a"), "ref: refs/heads/a").unwrap();
    assert!(refusal(&lab.repo("")).to_string().contains("without end"));
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hold_us_up() {
    for name in ["HEAD", "config", "shallow", "packed-refs", "objects/info/alternates", "refs/heads/main"] {
        let lab = Lab::holding(&[("file", "text")]);
        let path = lab.repo(".git").join(name);
        let _ = fs::remove_file(&path);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let error = refusal(&lab.repo(""));
        assert!(matches!(error, OpenError::Unreadable { .. } | OpenError::Damaged { .. }), "{name}: {error}");
    }
}

#[test]
fn formats_that_cannot_be_read_are_refused() {
    let lab = Lab::with(&["--ref-format=reftable"]);
    lab.commit(&[("file", "text")]);
    assert!(refusal(&lab.repo("")).to_string().contains("reftable"));
    for (key, value) in [
        ("extensions.objectFormat", "sha512"),
        ("extensions.somethingNew", "true"),
        ("core.repositoryFormatVersion", "2"),
    ] {
        let lab = Lab::holding(&[("file", "text")]);
        lab.git(&["config", "core.repositoryFormatVersion", "1"]);
        lab.git(&["config", key, value]);
        let error = refusal(&lab.repo(""));
        assert!(matches!(error, OpenError::Unsupported { .. }), "{key}: {error}");
    }
}

#[test]
fn bare_repositories_have_no_working_tree() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let target = open(&lab.path("bare.git")).unwrap();
    assert!(target.worktree().is_none());
    let head = target.snapshot(&What::Head, &lab.path("cache")).unwrap();
    assert_eq!(head.commit, lab.head().commit);
    let error = target.snapshot(&What::Worktree, &lab.path("cache")).unwrap_err();
    assert!(matches!(error, SnapshotError::NoWorktree { .. }), "{error}");
}

#[test]
fn a_linked_worktree_has_its_own_head_and_the_shared_identity() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
    fs::write(lab.path("side/file"), "other").unwrap();
    lab.git_in(&lab.path("side"), &["commit", "-q", "-a", "-m", "on the side"]);
    let target = open(&lab.path("side")).unwrap();
    assert_eq!(target.identity(), lab.repo(".git"));
    let head = target.snapshot(&What::Head, &lab.path("cache")).unwrap();
    assert_eq!(head.commit, lab.git(&["rev-parse", "side"]));
    fs::write(lab.path("side/file"), "changed").unwrap();
    let worktree = target.snapshot(&What::Worktree, &lab.path("cache")).unwrap();
    assert_eq!(worktree.tree, lab.tree_by_git_in(&lab.path("side")));
    assert!(worktree.dirty);
    assert!(!lab.worktree().dirty);
}

#[test]
fn a_git_file_that_leads_nowhere_is_damaged() {
    let lab = Lab::holding(&[("file", "text")]);
    fs::create_dir(lab.repo("inner")).unwrap();
    for content in ["gitdir: /nowhere", "gitdir:", "something else"] {
        fs::write(lab.repo("inner/.git"), content).unwrap();
        let error = refusal(&lab.repo("inner"));
        assert!(matches!(error, OpenError::Damaged { what: "the .git file", .. }), "{error}");
    }
}

#[test]
fn alternates_are_followed_granted_and_named() {
    let lab = Lab::holding(&[("first", "1")]);
    lab.git(&["clone", "-q", "--shared", ".", "../middle"]);
    // Only a quoted line can name a path with a line break.
    fs::rename(lab.path("middle"), lab.path("mid\ndle")).unwrap();
    let middle = lab.path("mid\ndle");
    fs::write(middle.join("second"), "2").unwrap();
    lab.git_in(&middle, &["add", "-A"]);
    lab.git_in(&middle, &["commit", "-q", "-m", "second"]);
    let tip = lab.git_in(&middle, &["rev-parse", "HEAD"]);
    let last = lab.path("last");
    lab.git(&["init", "-q", "-b", "main", "../last"]);
    fs::write(
        last.join(".git/objects/info/alternates"),
        "# a comment\n\"../../../mid\\ndle/.git/objects\"\n",
    )
    .unwrap();
    fs::write(last.join(".git/refs/heads/main"), &tip).unwrap();

    let target = open(&last).unwrap();
    let roots = [last.join(".git/objects"), middle.join(".git/objects"), lab.repo(".git/objects")];
    assert_eq!(
        target.dirs.all().collect::<Vec<_>>(),
        roots.iter().map(|dir| dir.as_path()).collect::<Vec<_>>()
    );
    let snapshot = target.snapshot(&What::Head, &lab.path("cache")).unwrap();
    assert_eq!(snapshot.commit, tip);
    assert_eq!(snapshot.notes, [Note::Alternate(roots[1].clone()), Note::Alternate(roots[2].clone())]);
    let grant = snapshot.git_dir(&lab.path("shim")).unwrap();
    assert!(roots.iter().all(|root| grant.read.contains(root)));
    let git_dir = format!("--git-dir={}", grant.git_dir.display());
    assert_eq!(lab.git(&[&git_dir, "rev-list", "--count", "HEAD"]), "2");
    assert_eq!(
        gix::open(&grant.git_dir).unwrap().head_commit().unwrap().ancestors().all().unwrap().count(),
        2
    );
}

#[test]
fn a_missing_alternate_is_told_and_does_no_harm_else() {
    let lab = Lab::holding(&[("file", "text")]);
    fs::write(lab.repo(".git/objects/info/alternates"), "/nowhere/objects\n").unwrap();
    let snapshot = lab.head();
    assert_eq!(snapshot.notes, [Note::MissingAlternate("/nowhere/objects".into())]);
    assert_eq!(lab.list(&snapshot), ["file"]);
}

#[test]
fn a_folder_is_not_granted_because_it_is_called_an_alternate() {
    let lab = Lab::holding(&[("file", "text")]);
    fs::create_dir(lab.path("private")).unwrap();
    fs::write(lab.path("private/letter"), "dear").unwrap();
    let list = lab.repo(".git/objects/info/alternates");
    fs::write(&list, format!("{}\n", lab.path("private").display())).unwrap();
    let error = refusal(&lab.repo(""));
    assert!(matches!(error, OpenError::NotAnObjectDirectory { .. }), "{error}");
    assert!(error.to_string().contains("letter"), "{error}");
    fs::write(&list, format!("{}\n", lab.path("private/letter").display())).unwrap();
    assert!(matches!(refusal(&lab.repo("")), OpenError::NotAnObjectDirectory { .. }));
    // Nor is it because the repository's own object directory is a link to it.
    fs::remove_dir_all(lab.repo(".git/objects")).unwrap();
    symlink(lab.path("private"), lab.repo(".git/objects")).unwrap();
    assert!(matches!(refusal(&lab.repo("")), OpenError::NotAnObjectDirectory { .. }));
}

#[test]
fn alternates_that_name_one_another_end() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["clone", "-q", ".", "../other"]);
    let list = |objects: &Path| format!("{}\n", objects.display());
    fs::write(lab.repo(".git/objects/info/alternates"), list(&lab.path("other/.git/objects"))).unwrap();
    fs::write(lab.path("other/.git/objects/info/alternates"), list(&lab.repo(".git/objects"))).unwrap();
    assert_eq!(lab.open().dirs.all().count(), 2);
}

#[test]
fn somebody_elses_repository_can_be_assessed() {
    let lab = Lab::holding(&[("file", "text")]);
    let commit = lab.git(&["rev-parse", "HEAD"]);
    lab.write("file", "changed");
    if rustix::process::geteuid().is_root() {
        for path in [lab.repo(""), lab.repo(".git"), lab.repo(".git/config"), lab.repo(".git/HEAD")] {
            chown(path, Some(12345), Some(12345)).unwrap();
        }
    }
    assert_eq!(lab.head().commit, commit);
    assert!(lab.worktree().dirty);
}

#[test]
fn opening_and_taking_snapshots_writes_nothing_to_the_target() {
    let lab = Lab::holding(&[("a", "1"), ("b/c", "2")]);
    lab.git(&["tag", "-a", "-m", "a tag", "v1"]);
    lab.write("a", "changed");
    lab.write("new", "untracked");
    let before = state_of(&lab.repo(""));
    for what in [What::Head, What::Rev("v1".into()), What::Worktree, What::Worktree] {
        let snapshot = lab.try_snapshot(what).unwrap();
        snapshot.git_dir(&lab.path("shim")).unwrap();
        lab.open().policy_in(&snapshot).unwrap();
    }
    assert_eq!(state_of(&lab.repo("")), before);
}
