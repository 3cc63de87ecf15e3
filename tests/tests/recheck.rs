//! What is never done twice: told by `--stats`, and once from outside, by counting the programs that are started.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use probity_tests::{Lab, Run};

#[test]
fn an_unchanged_repository_is_checked_again_without_starting_a_process() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(12);
    let first = lab.check(repository.path(), &["--format", "json"]);
    assert!(first.stat("plugin_processes") > 0);
    let second = lab.check(repository.path(), &["--format", "json"]).expect(first.status);
    assert_eq!(second.stat("plugin_processes"), 0);
    assert_eq!(second.stat("plugin_calls"), 0);
    assert_eq!(second.stat("executed"), 0);
    assert_eq!(second.stdout, first.stdout);
}

#[test]
fn from_outside_too_no_program_is_started_by_the_second_check() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let started = || {
        let trace = lab.path("trace");
        let output = lab
            .wrapped(&["strace", "-f", "-qq", "-e", "trace=execve,execveat", "-o", trace.to_str().unwrap()])
            .args(["check", repository.path().to_str().unwrap(), "--now", "2026-06-01"])
            .output()
            .unwrap();
        let run = Run::of(output);
        assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
        std::fs::read_to_string(trace).unwrap().lines().filter(|line| line.contains("exec")).count()
    };
    assert!(started() > 1, "the first check starts the plugins");
    assert_eq!(started(), 1, "the second one starts nothing but itself");
}

#[test]
fn one_more_commit_runs_its_segment_and_the_roots_alone() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(150);
    lab.check_six(repository.path(), &[]);
    repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    let warm = lab.check_six(repository.path(), &[]);
    let roots = 6; // activity, affiliation, binary, churn, entropy, identity: the commit is another one
    let tip = 2; // git/commit, git/history
    let segment = 5; // git/commits, and the `segment` of affiliation, churn, entropy, identity
    let changes = 1; // git/changes of the segment's last block: the earlier blocks are remembered
    let folders = 3; // binary/folder and git/folder of the one folder, git/contents of its one group of blobs
    assert_eq!(warm.stat("executed"), roots + tip + segment + changes + folders);
    let again = lab.check_six(repository.path(), &[]);
    assert_eq!(again.stat("executed"), 0);
}

#[test]
fn an_edited_threshold_calls_no_plugin_and_changes_the_verdict() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let policy = |days: u64| {
        let text = format!(
            "analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"value.days <= {days}\"\n}}\n"
        );
        lab.file("policy.kdl", text)
    };
    let file = policy(400);
    let arguments = ["--policy", file.to_str().unwrap()];
    lab.check(repository.path(), &arguments).expect(0);
    policy(10);
    let edited = lab.check(repository.path(), &arguments).expect(1);
    assert_eq!(edited.stat("plugin_calls"), 0);
    assert_eq!(edited.stat("plugin_processes"), 0);
}

#[test]
fn another_clone_elsewhere_uses_the_same_answers_and_gives_the_same_bytes() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(5);
    let first = lab.check(repository.path(), &["--format", "json"]);
    let clone = probity_tests::Repository::clone_of(&repository, lab.path("elsewhere/clone"), &[]);
    let second = lab.check(clone.path(), &["--format", "json"]).expect(first.status);
    assert_eq!(second.stat("plugin_processes"), 0);
    assert_eq!(second.stdout, first.stdout);
}

#[test]
fn a_run_that_remembers_nothing_gives_the_same_bytes() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(20);
    let first = lab.check(repository.path(), &["--format", "json"]);
    lab.probity(["cache", "clear"]).expect(0);
    let second = lab.check(repository.path(), &["--format", "json"]).expect(first.status);
    assert!(second.stat("plugin_processes") > 0);
    assert_eq!(second.stdout, first.stdout);
}

#[test]
fn the_next_day_runs_what_asked_for_the_day_and_no_more() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(5);
    lab.check(repository.path(), &["--now", "2026-06-01"]);
    let next = lab.check(repository.path(), &["--now", "2026-06-02"]);
    assert_eq!(next.stat("executed"), 1, "activity alone");
}
