//! The level of the sandbox, as a person sees it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the ban is for the product")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use probity_tests::{Lab, Repository, Run};

/// A user who owns nothing on this machine.
const ORDINARY: u32 = 54_321;

fn repository(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository
}

/// The level that `doctor` promises.
fn promised(run: &Run) -> String {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix("sandbox"));
    line.unwrap_or_else(|| panic!("{}", run.stdout)).trim().to_owned()
}

/// The level of each plugin that ran.
fn levels(run: &Run) -> BTreeMap<String, String> {
    let line = run.stderr.lines().find(|line| line.starts_with('{')).unwrap();
    let stats: serde_json::Value = serde_json::from_str(line).unwrap();
    serde_json::from_value(stats["levels"].clone()).unwrap()
}

/// Each plugin ran at the level that was promised, and the person is told unless that is the best.
#[track_caller]
fn keeps_the_promise(promised: &str, run: &Run) {
    let levels = levels(run);
    assert!(levels.len() > 3, "{levels:?}");
    assert!(levels.values().all(|level| level == promised), "{promised}: {levels:?}");
    let told =
        run.stderr.contains(&format!("the sandbox of every plugin was {promised}, without namespaces: "));
    assert_eq!(told, promised != "full", "{}", run.stderr);
}

#[test]
fn every_plugin_runs_at_the_level_that_doctor_promises() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let doctor = lab.probity(["doctor"]).expect(0);
    for line in doctor.stdout.lines().filter(|line| line.starts_with("  ")) {
        assert!(line.starts_with("  yes ") || promised(&doctor) != "full", "{line}");
    }
    keeps_the_promise(&promised(&doctor), &lab.check(repository.path(), &[]));
}

#[test]
fn an_ordinary_user_gets_what_doctor_promises() {
    let lab = Lab::new();
    let repository = repository(&lab);
    // Root can be anybody; anybody else is an ordinary user already.
    let root = fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0);
    // What was built may lie where others cannot look.
    let program = lab.path("probity");
    fs::copy(lab.command().get_program(), &program).unwrap();
    if root {
        give_away(&lab.path(""));
    }
    let run = |arguments: &[&str]| {
        let model = lab.command();
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(lab.path("")).env_clear();
        command.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if root {
            command.uid(ORDINARY).gid(ORDINARY);
        }
        Run::of(command.output().unwrap())
    };
    let doctor = run(&["doctor"]).expect(0);
    let target = repository.path().display().to_string();
    keeps_the_promise(&promised(&doctor), &run(&["check", &target, "--stats", "--now", "2026-06-01"]));
}

fn give_away(path: &Path) {
    std::os::unix::fs::lchown(path, Some(ORDINARY), Some(ORDINARY)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

#[test]
fn allowing_a_weak_sandbox_changes_nothing_where_none_is_weak() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let first = lab.check(repository.path(), &[]);
    let allowing = lab.check(repository.path(), &["--allow-weak-sandbox"]);
    assert_eq!((allowing.status, allowing.stat("plugin_processes")), (first.status, 0));
    assert_eq!(allowing.stdout, first.stdout);
}

#[test]
fn a_plugin_runs_at_the_level_that_it_demands_or_not_at_all() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let full = promised(&lab.probity(["doctor"])) == "full";
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/sample");
    let manifest = fs::read_to_string(sample.join("plugin.kdl")).unwrap();
    lab.file("sample/sample.py", fs::read(sample.join("sample.py")).unwrap());
    let demands = |level: &str| {
        let file = lab.file("sample/plugin.kdl", format!("{manifest}\nsandbox min-level={level:?}\n"));
        let folder = file.parent().unwrap().to_owned();
        let hash = lab.probity(["plugin".as_ref(), "hash".as_ref(), folder.as_os_str()]);
        let policy = format!(
            "plugins {{\n  plugin \"acme/tools/sample\" path={:?} sha256={:?}\n}}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"name\" plugin=\"acme/tools/sample\"\n}}\n",
            folder.display().to_string(),
            hash.stdout.trim()
        );
        let file = lab.file("policy.kdl", policy);
        lab.check(repository.path(), &["--policy", file.to_str().unwrap()])
    };
    let run = demands("full");
    assert_eq!(run.status, if full { 0 } else { 10 }, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout.contains("hidden processes"), !full, "{}", run.stdout);
    let run = demands("standard");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let run = demands("weak");
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("min-level"), "{}", run.stderr);
}
