//! Targets that were made to harm: whatever their configuration names is not run, what it claims is not
//! believed, and nothing outside is read.

use std::fs::{self, FileTimes};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use gix::bstr::BString;
use gix::index::entry::{Flags, Mode, Stat};

use super::super::{Note, What, open};
use super::lab::{Lab, state_of};

/// A program that leaves a marker if it is ever run; the marker's path and the program's.
fn trap(lab: &Lab) -> (PathBuf, String) {
    let (marker, program) = (lab.path("marker"), lab.path("trap"));
    fs::write(&program, format!("#!/bin/sh\ntouch {}\ncat\n", marker.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (marker, program.display().to_string())
}

/// Takes every sort of snapshot.
fn take_all(path: &Path, cache: &Path) {
    let target = open(path).unwrap();
    for what in
        [What::Head, What::Rev("HEAD".into()), What::Rev("main".into()), What::Worktree, What::Worktree]
    {
        let snapshot = target.snapshot(&what, cache).unwrap();
        target.policy_in(&snapshot).unwrap();
        snapshot.git_dir(&cache.join("shim")).unwrap();
    }
}

#[test]
fn no_program_that_the_configuration_names_is_run() {
    let lab = Lab::holding(&[("a.x", "same size 1"), (".gitattributes", "*.x filter=evil diff=evil\n")]);
    let (marker, program) = trap(&lab);
    for key in [
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.evil.command",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.gitProxy",
        "credential.helper",
        "core.alternateRefsCommand",
        "uploadpack.packObjectsHook",
        "gpg.program",
        "alias.status",
    ] {
        lab.git(&["config", key, &program]);
    }
    lab.git(&["config", "filter.evil.required", "true"]);
    lab.git(&["config", "core.hooksPath", &lab.path("hooks").display().to_string()]);
    fs::create_dir(lab.path("hooks")).unwrap();
    for hook in
        ["post-index-change", "post-checkout", "pre-commit", "reference-transaction", "fsmonitor-watchman"]
    {
        fs::copy(&program, lab.path("hooks").join(hook)).unwrap();
    }
    let before = state_of(&lab.repo(".git"));
    lab.write("a.x", "same size 2");
    take_all(&lab.repo(""), &lab.path("cache"));
    assert!(!marker.exists(), "something was run");
    assert_eq!(state_of(&lab.repo(".git")), before);
    assert_eq!(lab.show(&lab.worktree(), "a.x"), "same size 2");
    lab.git(&["config", "--unset", "filter.evil.process"]);
    lab.git(&["status"]);
    assert!(marker.exists(), "the trap works: git itself runs it");
}

#[test]
fn no_program_that_a_submodule_names_is_run() {
    let library = Lab::holding(&[("a.x", "same size 1"), (".gitattributes", "*.x filter=evil\n")]);
    let lab = Lab::holding(&[("file", "text")]);
    lab.git(&["submodule", "--quiet", "add", &library.repo("").display().to_string(), "sub"]);
    lab.commit(&[]);
    let (marker, program) = trap(&lab);
    for key in ["filter.evil.clean", "core.fsmonitor"] {
        lab.git_in(&lab.repo("sub"), &["config", key, &program]);
    }
    lab.write("sub/a.x", "same size 2");
    take_all(&lab.repo(""), &lab.path("cache"));
    assert!(!marker.exists(), "something was run");
    lab.git(&["status"]);
    assert!(marker.exists(), "the trap works: git itself runs it");
}

#[test]
fn included_configuration_is_not_read() {
    let lab = Lab::holding(&[("file", "one\r\n")]);
    fs::write(lab.path("included"), "[core]\n\tautocrlf = input\n\tfileMode = false\n").unwrap();
    let included = lab.path("included").display().to_string();
    lab.git(&["config", "include.path", &included]);
    lab.git(&["config", &format!("includeIf.gitdir:{}.path", lab.repo("").display()), &included]);
    lab.write("file", "two\r\n");
    let snapshot = lab.worktree();
    let shim = snapshot.git_dir(&lab.path("shim")).unwrap().git_dir;
    let size = lab.git(&[
        &format!("--git-dir={}", shim.display()),
        "cat-file",
        "-s",
        &format!("{}:file", snapshot.tree),
    ]);
    assert_eq!(size, "5", "the carriage return is kept");
}

#[test]
fn a_working_tree_elsewhere_is_not_followed() {
    let lab = Lab::holding(&[("file", "text")]);
    fs::create_dir(lab.path("private")).unwrap();
    fs::write(lab.path("private/letter"), "dear").unwrap();
    lab.git(&["config", "core.worktree", &lab.path("private").display().to_string()]);
    assert_eq!(lab.open().worktree(), Some(lab.path("repo").as_path()));
    let snapshot = lab.worktree();
    assert!(!snapshot.dirty);
    assert_eq!(lab.list(&snapshot), ["file"]);
}

#[test]
fn changes_cannot_be_hidden_by_settings_and_flags() {
    let lab = Lab::holding(&[("file", "good"), ("assumed", "good"), ("valid", "good")]);
    for (key, value) in [
        ("core.trustCtime", "false"),
        ("core.checkStat", "minimal"),
        ("core.untrackedCache", "true"),
        ("core.ignoreStat", "true"),
        ("status.showUntrackedFiles", "no"),
        ("core.splitIndex", "false"),
    ] {
        lab.git(&["config", key, value]);
    }
    lab.remembered();
    lab.git(&["update-index", "--assume-unchanged", "assumed"]);
    for name in ["file", "assumed", "valid"] {
        let path = lab.repo(name);
        let metadata = fs::metadata(&path).unwrap();
        fs::write(&path, "evil").unwrap();
        let times = FileTimes::new()
            .set_modified(metadata.modified().unwrap())
            .set_accessed(metadata.accessed().unwrap());
        fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    }
    lab.write("untracked", "evil");
    let snapshot = lab.worktree();
    for name in ["file", "assumed", "valid", "untracked"] {
        assert_eq!(lab.show(&snapshot, name), "evil", "{name}");
    }
}

#[test]
fn links_and_pipes_in_place_of_patterns_and_attributes_are_not_followed() {
    let lab = Lab::holding(&[("file", "one\r\n"), ("sub/file", "text")]);
    fs::write(lab.path("outside"), "*\n* text\n").unwrap();
    symlink(lab.path("outside"), lab.repo(".gitignore")).unwrap();
    symlink(lab.path("outside"), lab.repo(".gitattributes")).unwrap();
    for name in ["sub/.gitignore", "sub/.gitattributes"] {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, lab.repo(name), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }
    lab.write("sub/file", "changed");
    lab.write("new", "text\r\n");
    let snapshot = lab.worktree();
    assert_eq!(lab.list(&snapshot), [".gitattributes", ".gitignore", "file", "new", "sub/file"]);
    assert_eq!(lab.show(&snapshot, ".gitignore"), lab.path("outside").display().to_string());
    assert!(
        matches!(&snapshot.notes[..], [Note::Special(paths)] if paths.count == 2),
        "{:?}",
        snapshot.notes
    );
}

#[test]
fn an_index_of_names_that_lead_elsewhere_is_not_followed() {
    let lab = Lab::holding(&[("file", "text")]);
    fs::write(lab.path("private"), "secret").unwrap();
    let blob = gix::ObjectId::from_hex(lab.git(&["rev-parse", "HEAD:file"]).as_bytes()).unwrap();
    let mut state = gix::index::State::new(gix::hash::Kind::Sha1);
    let names = [
        "../private",
        ".git/config",
        ".GIT/x",
        "a/../../private",
        "file",
        "/etc/passwd",
        "a//b",
        "git~1/x",
        ".",
    ];
    for name in names {
        state.dangerously_push_entry(Stat::default(), blob, Flags::empty(), Mode::FILE, name.into());
    }
    let deep = "d/".repeat(3000) + "x";
    state.dangerously_push_entry(Stat::default(), blob, Flags::empty(), Mode::FILE, deep.as_str().into());
    // A file where a directory is, both said not to be checked out.
    for name in ["both", "both/inside"] {
        state.dangerously_push_entry(
            Stat::default(),
            blob,
            Flags::SKIP_WORKTREE | Flags::EXTENDED,
            Mode::FILE,
            name.into(),
        );
    }
    state.sort_entries();
    let mut file = gix::index::File::from_state(state, lab.repo(".git/index"));
    file.write(gix::index::write::Options::default()).unwrap();
    let snapshot = lab.worktree();
    assert_eq!(lab.list(&snapshot), ["both/inside", "file"]);
    let invalid = snapshot.notes.iter().find_map(|note| match note {
        Note::InvalidName(paths) => Some(paths.count),
        _ => None,
    });
    assert_eq!(invalid, Some(names.len() - 1 + 1), "all but the honest one, and the deep one");
    assert_eq!(snapshot.incomplete.as_ref().unwrap().unknown.first, [BString::from("both")]);
    let git_dir = snapshot.git_dir(&lab.path("shim")).unwrap().git_dir;
    assert_eq!(lab.git(&[&format!("--git-dir={}", git_dir.display()), "fsck", "--full"]), "");
}

#[test]
fn names_that_pass_for_the_git_directory_are_left_out() {
    let lab = Lab::holding(&[("file", "text")]);
    lab.write(".GIT/config", "text");
    lab.write("sub/.Git", "text");
    let snapshot = lab.worktree();
    assert_eq!(lab.list(&snapshot), ["file"]);
    assert!(
        matches!(&snapshot.notes[..], [Note::InvalidName(paths)] if paths.to_string() == ".GIT, sub/.Git")
    );
}

#[test]
fn a_damaged_index_is_an_error_and_no_empty_working_tree() {
    let lab = Lab::holding(&[("file", "text")]);
    let index = lab.repo(".git/index");
    let mut bytes = fs::read(&index).unwrap();
    bytes[70] ^= 1;
    fs::write(&index, &bytes).unwrap();
    let error = lab.try_snapshot(What::Worktree).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the index at "), "{error}");
}

#[test]
fn folders_nested_without_end_are_told() {
    let lab = Lab::holding(&[("file", "text")]);
    let mut dir: rustix::fd::OwnedFd = fs::File::open(lab.repo("")).unwrap().into();
    for _ in 0..400 {
        rustix::fs::mkdirat(&dir, "d", rustix::fs::Mode::from_raw_mode(0o755)).unwrap();
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY;
        dir = rustix::fs::openat(&dir, "d", flags, rustix::fs::Mode::empty()).unwrap();
    }
    let snapshot = lab.worktree();
    assert!(snapshot.incomplete.is_some());
    assert_eq!(lab.list(&snapshot), ["file"]);
}
