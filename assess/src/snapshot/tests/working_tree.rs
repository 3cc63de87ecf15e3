//! Snapshots of the working tree: which files belong to it. Trees are held against those that git makes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use gix::bstr::BString;

use super::super::{Note, Paths, Snapshot, What, open};
use super::lab::{Lab, name};

/// The working tree's snapshot; git makes the same tree of it, and so do a cache that remembers all files
/// and one that knows nothing.
fn agreed(lab: &Lab) -> Snapshot {
    let first = lab.remembered();
    let snapshot = lab.worktree();
    assert_eq!(
        (&snapshot.commit, &snapshot.notes),
        (&first.commit, &first.notes),
        "as when nothing was remembered"
    );
    assert_eq!(snapshot.tree, lab.tree_by_git(), "as git does");
    let fresh = lab.fresh_worktree();
    assert_eq!((&snapshot.commit, &snapshot.notes), (&fresh.commit, &fresh.notes), "as without a cache");
    snapshot
}

fn paths(names: &[&str]) -> Paths {
    Paths { first: names.iter().map(|name| BString::from(*name)).collect(), count: names.len() }
}

#[test]
fn a_clean_working_tree_is_the_head_commit_itself() {
    let lab = Lab::holding(&[("a", "1"), ("dir/b", "2")]);
    let snapshot = agreed(&lab);
    let head = lab.head();
    assert_eq!((&snapshot.commit, &snapshot.tree), (&head.commit, &head.tree));
    assert!(!snapshot.dirty && snapshot.incomplete.is_none() && snapshot.notes.is_empty());
}

#[test]
fn edits_of_every_sort_are_seen() {
    let lab = Lab::holding(&[
        ("edited", "1"),
        ("mode", "2"),
        ("removed", "3"),
        ("dir/removed", "4"),
        ("to_link", "5"),
        ("to_dir", "6"),
        ("was_dir/x", "7"),
        ("was_dir/y", "8"),
        ("link_dir/z", "9"),
        ("a.b", "1"),
        ("a/c", "2"),
        ("a0", "3"),
    ]);
    lab.write("edited", "changed");
    fs::set_permissions(lab.repo("mode"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(lab.repo("removed")).unwrap();
    fs::remove_dir_all(lab.repo("dir")).unwrap();
    fs::remove_file(lab.repo("to_link")).unwrap();
    symlink("edited", lab.repo("to_link")).unwrap();
    fs::remove_file(lab.repo("to_dir")).unwrap();
    lab.write("to_dir/inside", "new");
    fs::remove_dir_all(lab.repo("was_dir")).unwrap();
    lab.write("was_dir", "a file now");
    fs::remove_dir_all(lab.repo("link_dir")).unwrap();
    symlink("/etc", lab.repo("link_dir")).unwrap();
    lab.write("new/deep/file", "untracked");
    symlink("nowhere", lab.repo("dangling")).unwrap();
    lab.write("empty", "");
    let snapshot = agreed(&lab);
    assert!(snapshot.dirty && snapshot.incomplete.is_none());
    assert_eq!(
        lab.list(&snapshot),
        [
            "a.b",
            "a/c",
            "a0",
            "dangling",
            "edited",
            "empty",
            "link_dir",
            "mode",
            "new/deep/file",
            "to_dir/inside",
            "to_link",
            "was_dir"
        ]
    );
    assert_eq!(lab.show(&snapshot, "edited"), "changed");
    assert_eq!(lab.show(&snapshot, "link_dir"), "/etc");
}

#[test]
fn the_commit_depends_on_content_alone() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["clone", "-q", ".", "../clone"]);
    for dir in [lab.repo(""), lab.path("clone")] {
        fs::write(dir.join("file"), "changed").unwrap();
    }
    let ours = lab.worktree();
    let theirs =
        open(&lab.path("clone")).unwrap().snapshot(&What::Worktree, &lab.path("other cache")).unwrap();
    assert_eq!(ours.commit, theirs.commit);
    assert_eq!(lab.worktree().commit, ours.commit);
    let grant = ours.git_dir(&lab.path("shim")).unwrap();
    let git_dir = format!("--git-dir={}", grant.git_dir.display());
    assert_eq!(
        lab.git(&[&git_dir, "log", "-1", "--format=%an <%ae> %at %cn <%ce> %ct %P"]),
        format!("Ann <ann@example.org> 1700000000 Ann <ann@example.org> 1700000001 {}", lab.head().commit)
    );
    assert_eq!(lab.git(&[&git_dir, "fsck", "--full"]), "");
    lab.write("file", "text");
    assert_eq!(lab.worktree().commit, lab.head().commit);
}

#[test]
fn names_may_be_any_bytes() {
    let lab = Lab::holding(&[("file", "text")]);
    for bytes in [&b"caf\xe9"[..], b"line\nbreak", b"\x1b[31m", b"dir \xff/\xfe", b"\"quoted\"", b" "] {
        lab.write(name(bytes), "text");
    }
    agreed(&lab);
    lab.git(&["add", "-A"]);
    lab.write(name(b"caf\xe9"), "changed");
    assert!(agreed(&lab).dirty);
}

#[test]
fn ignored_files_are_left_out_unless_they_are_tracked() {
    let lab = Lab::holding(&[("kept.log", "1"), ("build/kept", "2"), ("src/lib", "3")]);
    lab.write(".gitignore", "*.log\n!important.log\n/build\nnode_modules/\n");
    lab.write("src/.gitignore", "generated*\n!generated_but_kept\n/only_here\n");
    lab.write(".git/info/exclude", "secret\n");
    for path in [
        "noise.log",
        "important.log",
        "src/noise.log",
        "build/out",
        "node_modules/x/y",
        "src/node_modules/z",
        "src/generated",
        "src/generated_but_kept",
        "src/only_here",
        "src/sub/only_here",
        "only_here",
        "secret",
    ] {
        lab.write(path, "text");
    }
    lab.write("kept.log", "changed");
    lab.write("build/kept", "changed");
    let snapshot = agreed(&lab);
    assert_eq!(
        lab.list(&snapshot),
        [
            ".gitignore",
            "build/kept",
            "important.log",
            "kept.log",
            "only_here",
            "src/.gitignore",
            "src/generated_but_kept",
            "src/lib",
            "src/sub/only_here"
        ]
    );
    assert_eq!(lab.show(&snapshot, "build/kept"), "changed");
    lab.write("src/.gitignore", "lib2\n");
    agreed(&lab);
}

#[test]
fn the_index_decides_what_is_tracked_and_nothing_else() {
    let lab = Lab::holding(&[("assumed", "1"), ("both", "2"), ("staged_only", "3")]);
    lab.git(&["update-index", "--assume-unchanged", "assumed"]);
    lab.write("assumed", "changed");
    lab.write("intended", "4");
    lab.git(&["add", "-N", "intended"]);
    lab.write("staged_only", "staged");
    lab.git(&["add", "staged_only"]);
    lab.write("staged_only", "3");
    let snapshot = lab.worktree();
    assert_eq!(lab.show(&snapshot, "assumed"), "changed");
    lab.git(&["update-index", "--no-assume-unchanged", "assumed"]);
    assert_eq!(snapshot.tree, lab.tree_by_git());
    lab.git(&["update-index", "--split-index"]);
    lab.write("another", "5");
    lab.git(&["add", "another"]);
    agreed(&lab);
}

#[test]
fn a_conflict_counts_as_it_lies_on_disk() {
    let lab = Lab::holding(&[("file", "base\n"), ("gone", "base\n")]);
    lab.git(&["checkout", "-q", "-b", "side"]);
    lab.commit(&[("file", "theirs\n"), ("gone", "theirs\n")]);
    lab.git(&["checkout", "-q", "main"]);
    lab.write("file", "ours\n");
    lab.git(&["rm", "-q", "gone"]);
    lab.commit(&[]);
    let error = std::panic::catch_unwind(|| lab.git(&["merge", "side"]));
    assert!(error.is_err(), "there is a conflict");
    let snapshot = agreed(&lab);
    assert!(lab.show(&snapshot, "file").contains("<<<<<<<"));
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_removed() {
    for sparse_index in ["--no-sparse-index", "--sparse-index"] {
        let lab = Lab::holding(&[("in/file", "1"), ("out/file", "2"), ("out/deep/file", "3"), ("top", "4")]);
        lab.git(&["sparse-checkout", "set", "--cone", sparse_index, "in"]);
        assert!(!lab.repo("out").exists());
        assert_eq!(lab.worktree().commit, lab.head().commit, "{sparse_index}");
        lab.write("in/file", "changed");
        let snapshot = lab.worktree();
        assert_eq!(lab.list(&snapshot), ["in/file", "out/deep/file", "out/file", "top"], "{sparse_index}");
        assert!(snapshot.dirty && snapshot.incomplete.is_none());
    }
    let lab = Lab::holding(&[("file", "1")]);
    lab.git(&["update-index", "--skip-worktree", "file"]);
    lab.write("file", "changed though it should not be here");
    assert!(lab.worktree().dirty);
}

#[test]
fn submodules_are_links_to_the_commit_that_they_are_at() {
    let library = Lab::holding(&[("lib", "1")]);
    let lab = Lab::holding(&[("file", "text")]);
    let url = library.repo("").display().to_string();
    lab.git(&["submodule", "--quiet", "add", &url, "libs/one"]);
    lab.commit(&[]);
    assert_eq!(agreed(&lab).commit, lab.head().commit);
    lab.write("libs/one/lib", "changes inside do not count");
    lab.write("libs/one/new", "nor do new files");
    assert_eq!(agreed(&lab).commit, lab.head().commit);
    let inner = lab.repo("libs/one");
    lab.git_in(&inner, &["commit", "-q", "-a", "-m", "moved"]);
    assert!(agreed(&lab).dirty, "at another commit");
    lab.git_in(&inner, &["checkout", "-q", "--detach", "HEAD~1"]);
    assert!(!agreed(&lab).dirty, "back at the first");
    lab.git(&["submodule", "--quiet", "deinit", "-f", "libs/one"]);
    assert!(!agreed(&lab).dirty, "not checked out");
    fs::remove_dir(&inner).unwrap();
    assert!(agreed(&lab).dirty, "removed");
    lab.write("libs/one", "a file instead");
    assert!(agreed(&lab).dirty, "replaced");
}

#[test]
fn a_repository_inside_is_listed_and_not_entered() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["init", "-q", "nested/repo"]);
    lab.write("nested/repo/file", "not ours");
    lab.write("nested/ours", "ours");
    let snapshot = lab.worktree();
    assert_eq!(lab.list(&snapshot), ["file", "nested/ours"]);
    assert_eq!(snapshot.notes, [Note::NestedRepository(paths(&["nested/repo"]))]);
    assert!(snapshot.incomplete.is_none());
}

#[test]
fn pipes_and_sockets_are_skipped_and_told() {
    let lab = Lab::holding(&[("file", "text"), ("was_file", "text")]);
    fs::remove_file(lab.repo("was_file")).unwrap();
    for name in ["pipe", "was_file"] {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, lab.repo(name), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(lab.repo("socket")).unwrap();
    let snapshot = lab.worktree();
    assert_eq!(lab.list(&snapshot), ["file"]);
    assert_eq!(snapshot.notes, [Note::Special(paths(&["pipe", "socket", "was_file"]))]);
}

#[test]
fn huge_files_are_told_and_never_stored() {
    let lab = Lab::holding(&[("file", "text")]);
    let huge = |name: &str, last: u8| {
        use std::os::unix::fs::FileExt;
        let file = fs::File::options().create(true).truncate(false).write(true).open(lab.repo(name)).unwrap();
        file.set_len((64 << 20) + 1).unwrap();
        file.write_at(&[last], 64 << 20).unwrap();
    };
    huge("tracked", 1);
    lab.commit(&[]);
    assert_eq!(lab.worktree().commit, lab.head().commit, "unchanged is found out nevertheless");
    huge("untracked", 1);
    let snapshot = lab.worktree();
    assert_eq!(snapshot.notes, [Note::NotHashed(paths(&["untracked"]))]);
    assert!(snapshot.incomplete.is_none() && !snapshot.dirty);
    huge("tracked", 2);
    let snapshot = lab.worktree();
    assert_eq!(snapshot.notes, [Note::NotHashed(paths(&["tracked", "untracked"]))]);
    assert_eq!(snapshot.incomplete.unwrap().to_string(), "the content of tracked is unknown");
}

#[test]
fn what_cannot_be_read_is_unknown_and_not_removed() {
    let lab = Lab::holding(&[("file", "text"), ("tracked", "1"), ("closed/inside", "2")]);
    lab.write("untracked", "3");
    lab.write("locked/inside", "4");
    for name in ["tracked", "untracked", "closed", "locked"] {
        fs::set_permissions(lab.repo(name), fs::Permissions::from_mode(0o0)).unwrap();
    }
    fs::create_dir(lab.path("cache")).unwrap();
    open_to_all(&lab);
    let snapshot = without_privileges(|| lab.worktree());
    for name in ["tracked", "untracked", "closed", "locked"] {
        fs::set_permissions(lab.repo(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(lab.list(&snapshot), ["closed/inside", "file", "tracked"]);
    let unknown = paths(&["closed", "closed/inside", "locked", "tracked", "untracked"]);
    assert_eq!(snapshot.notes, [Note::Unreadable(unknown.clone())]);
    assert_eq!(snapshot.incomplete.unwrap().unknown, unknown);
}

#[test]
fn files_that_are_remembered_are_not_read_again() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.write("changed", "more");
    // Whoever runs without privileges can look at these files, but not read them.
    for name in ["file", "changed"] {
        fs::set_permissions(lab.repo(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let first = lab.remembered();
    open_to_all(&lab);
    let second = without_privileges(|| lab.worktree());
    assert_eq!((second.commit, second.notes), (first.commit, vec![]));
}

/// Lets everybody get to the lab's repository, and write to its cache.
fn open_to_all(lab: &Lab) {
    fs::set_permissions(lab.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let mut paths = vec![lab.path("cache")];
    while let Some(path) = paths.pop() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

/// Runs `work` on a thread of its own that may not read everything, even if the test runs as root.
fn without_privileges<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .start_handler(|_| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
        })
        .build()
        .unwrap();
    pool.install(work)
}
