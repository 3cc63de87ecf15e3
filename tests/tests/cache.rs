//! `probity cache`: what a person reads of it, and what it removes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use probity_tests::Lab;

/// A lab in which a repository was checked once: its report, and the names of what the check was asked with.
fn checked() -> (Lab, probity_tests::Repository, String) {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let report = lab.check(repository.path(), &["--format", "json"]).stdout;
    (lab, repository, report)
}

#[test]
fn info_tells_where_how_many_and_how_large() {
    let (lab, mut repository, _) = checked();
    repository.write("src/new.rs", "fn new() {}\n");
    lab.check(repository.path(), &["--worktree"]);
    let info = lab.probity(["cache", "info"]).expect(0).stdout;
    let line = |name: &str| {
        let line = info.lines().find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in\n{info}")).split_once(name).unwrap().1.trim().to_owned()
    };
    assert_eq!(line("folder"), lab.path("cache").to_str().unwrap());
    assert!(line("store").contains("memos.sqlite: of this version"), "{info}");
    assert!(
        line("answers").contains(" memos, ") && line("asked").contains(" questions by checks, last on 20"),
        "{info}"
    );
    assert!(line("imported").starts_with("0 traces"), "{info}");
    assert!(
        line("working trees").ends_with(" of 1 repository") && !line("working trees").starts_with("0 bytes"),
        "{info}"
    );
    assert!(line("plugins").ends_with("0 bytes of 0 packages"), "{info}");
    assert!(line("size").ends_with("kB, of which") || line("size").ends_with("MB, of which"), "{info}");
}

#[test]
fn info_verify_gc_and_clear_of_an_empty_cache_make_nothing() {
    let lab = Lab::new();
    assert!(lab.probity(["cache", "info"]).expect(0).stdout.contains("none yet"));
    assert_eq!(lab.probity(["cache", "verify"]).expect(0).stdout, "0 records, 0 damaged\n");
    lab.probity(["cache", "gc"]).expect(0);
    lab.probity(["cache", "clear"]).expect(0);
    assert!(!lab.path("cache").exists());
}

#[test]
fn clear_removes_working_trees_too_and_the_next_check_gives_the_same_bytes() {
    let (lab, mut repository, report) = checked();
    repository.write("src/new.rs", "fn new() {}\n");
    let dirty = lab.check(repository.path(), &["--worktree", "--format", "json"]).stdout;
    lab.probity(["cache", "clear"]).expect(0);
    assert_eq!(fs::read_dir(lab.path("cache/targets")).unwrap().count(), 0);
    assert_eq!(lab.check(repository.path(), &["--worktree", "--format", "json"]).stdout, dirty);
    assert_eq!(lab.check(repository.path(), &["--format", "json"]).stdout, report);
}

#[test]
fn a_cache_within_the_working_tree_is_no_part_of_what_is_checked() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let check = |cache: &str| {
        let mut command = lab.command();
        command.env("PROBITY_CACHE_DIR", lab.path(cache)).args(["check", "--worktree", "--format", "json"]);
        let run = command.args(["--now", "2026-06-01"]).arg(repository.path()).output().unwrap();
        probity_tests::Run::of(run).expect(0).stdout
    };
    let elsewhere = check("cache");
    for cache in ["repo/.cache/probity", "repo"] {
        assert_eq!([check(cache), check(cache)], [&*elsewhere; 2], "{cache}");
        // For the next one this would be a stranger's file.
        let _ = fs::remove_dir_all(lab.path("repo/.cache"));
    }
}

#[test]
fn gc_keeps_within_the_size_that_is_given_and_what_is_left_is_sound() {
    let (lab, repository, report) = checked();
    let kept = lab.probity(["cache", "gc", "--max-size", "100MB"]).expect(0);
    assert!(kept.stdout.contains("0 memos forgotten"), "{}", kept.stdout);
    assert_eq!(lab.check(repository.path(), &[]).stat("executed"), 0);
    let collected = lab.probity(["cache", "gc", "--max-size", "60kB"]).expect(0);
    assert!(!collected.stdout.contains(" 0 memos forgotten"), "{}", collected.stdout);
    assert!(fs::metadata(lab.path("cache/store/memos.sqlite")).unwrap().len() <= 60_000);
    assert!(lab.probity(["cache", "verify"]).expect(0).stdout.ends_with(" records, 0 damaged\n"));
    assert_eq!(lab.check(repository.path(), &["--format", "json"]).stdout, report);
    lab.probity(["cache", "gc", "--max-size", "many"]).expect(2);
}

#[test]
fn a_damaged_record_is_found_changes_no_report_and_is_removed_by_repair() {
    let (lab, repository, report) = checked();
    let file = lab.path("cache/store/memos.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let name = b"$describe";
    // What the file no longer uses may hold a copy.
    let places: Vec<usize> =
        (0..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
    places.into_iter().for_each(|at| bytes[at] = b'%');
    fs::write(&file, bytes).unwrap();
    let found = lab.probity(["cache", "verify"]).expect(1).stdout;
    assert!(!found.contains(" 0 damaged\n") && found.contains("--repair"), "{found}");
    assert_eq!(lab.check(repository.path(), &["--format", "json"]).stdout, report);
    let repaired = lab.probity(["cache", "verify", "--repair"]).expect(1).stdout;
    assert!(repaired.contains("removed"), "{repaired}");
    assert!(lab.probity(["cache", "verify"]).expect(0).stdout.ends_with(" records, 0 damaged\n"));
    assert_eq!(lab.check(repository.path(), &["--format", "json"]).stdout, report);
}

#[test]
fn a_store_of_a_newer_version_is_named_kept_aside_and_begun_anew() {
    let (lab, repository, report) = checked();
    let file = lab.path("cache/store/memos.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[62] += 1; // In the middle of the version that the header holds.
    fs::write(&file, bytes).unwrap();
    let info = lab.probity(["cache", "info"]).expect(0).stdout;
    assert!(info.contains("was written by a newer version of this program"), "{info}");
    let verify = lab.probity(["cache", "verify"]).expect(1).stdout;
    assert!(verify.contains("newer version"), "{verify}");
    let run = lab.check(repository.path(), &["--format", "json"]);
    assert_eq!(run.stdout, report);
    assert_eq!(run.stderr.matches("warning:").count(), 1, "{}", run.stderr);
    assert!(lab.path("cache/store/memos.aside.sqlite").exists());
    let again = lab.check(repository.path(), &["--format", "json"]);
    assert_eq!((again.stdout, again.stderr.matches("warning:").count()), (report, 0));
    lab.probity(["cache", "gc"]).expect(0);
    assert!(!lab.path("cache/store/memos.aside.sqlite").exists());
}
