//! `probity check --watch`: what it takes notice of, what it leaves alone, how it ends. Every wait is for a line of its.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Stream, Watched};
use serde_json::Value;

/// The report is read line by line, and the counts come on standard error.
fn watch(lab: &Lab, target: &Path, further: &[&str]) -> Watched {
    let mut command = lab.command();
    command.args(["check", "--watch", "--format", "json", "--stats", "--now", "2026-06-01"]);
    command.args(further).arg(target);
    Watched::start(command)
}

/// The next report, and the counts of its check.
#[track_caller]
fn report(watched: &mut Watched) -> (Value, Value) {
    let line = watched.line(Stream::Out);
    let stats = watched.wait_for(Stream::Err, "\"plugin_calls\"");
    (serde_json::from_str(&line).unwrap(), serde_json::from_str(&stats).unwrap())
}

fn commit_of(report: &Value) -> &str {
    report["target"]["commit"].as_str().unwrap()
}

/// The first report, after which every change is noticed.
#[track_caller]
fn begun(watched: &mut Watched) -> (Value, Value) {
    let first = report(watched);
    watched.wait_for(Stream::Err, "watching ");
    first
}

#[test]
fn a_commit_is_checked_and_what_did_not_change_is_not_asked_again() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(5);
    let mut watched = watch(&lab, repository.path(), &[]);
    let (first, _) = begun(&mut watched);
    assert_eq!(commit_of(&first), repository.git(["rev-parse", "HEAD"]));
    let tip = repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    let (second, stats) = report(&mut watched);
    assert_eq!(commit_of(&second), tip);
    assert_eq!(stats["plugin_processes"], 0, "the plugins that ran already are asked: {stats}");
    repository.git(["checkout", "--quiet", "HEAD~1"]);
    let (third, stats) = report(&mut watched);
    assert_eq!(third, first, "the same state gives the same report");
    assert_eq!(stats["plugin_calls"], 0, "{stats}");
}

#[test]
fn an_edited_policy_is_checked_without_a_call_and_one_with_an_error_does_not_end_the_watch() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let policy = |days: &str| {
        let text = "analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"value.days <= DAYS\"\n}\n";
        lab.file("policy.kdl", text.replace("DAYS", days))
    };
    let file = policy("400");
    let mut watched = watch(&lab, repository.path(), &["--policy", file.to_str().unwrap()]);
    let (first, _) = begun(&mut watched);
    assert_eq!(first["outcome"], "pass");
    policy("10");
    let (second, stats) = report(&mut watched);
    assert_eq!(second["outcome"], "investigate");
    assert_eq!((&stats["plugin_calls"], &stats["executed"]), (&Value::from(0), &Value::from(0)));
    policy("\"");
    watched.wait_for(Stream::Err, "policy.kdl");
    policy("400");
    let (mended, _) = report(&mut watched);
    assert_eq!(mended, first);
}

#[test]
fn what_is_granted_meanwhile_is_checked() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/asking");
    lab.file("plugin/asking.py", fs::read(plugin.join("asking.py")).unwrap());
    let manifest = fs::read_to_string(plugin.join("plugin.kdl")).unwrap();
    let (before, _) = manifest.split_once("permissions").unwrap();
    lab.file("plugin/plugin.kdl", format!("{before}permissions {{ env \"A\" why=\"a\"; }}\n"));
    let folder = lab.path("plugin");
    let policy = format!(
        "plugins {{ plugin \"acme/tools/asking\" path={:?} sha256={:?}; }}\nanalyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"x\" plugin=\"acme/tools/asking\" policy=\"true\"\n}}\n",
        folder.display().to_string(),
        lab.hash(&folder)
    );
    let policy = lab.file("policies/policy.kdl", policy);
    let policy = policy.to_str().unwrap();
    let mut watched = watch(&lab, repository.path(), &["--policy", policy]);
    watched.wait_for(Stream::Err, "env \"A\": nobody has granted it");
    watched.wait_for(Stream::Err, "watching ");
    lab.probity(["plugin", "grant", "acme/tools/asking", "--policy", policy, "--all"]).expect(0);
    assert_eq!(report(&mut watched).0["outcome"], "pass");
}

#[test]
fn a_repository_that_is_removed_or_moved_away_is_waited_for_and_checked_when_it_is_there_again() {
    let away = |lab: &Lab, how: &str| match how {
        "removed" => fs::remove_dir_all(lab.path("deep/er/repo")).unwrap(),
        "removed with the folders above" => fs::remove_dir_all(lab.path("deep")).unwrap(),
        _ => fs::rename(lab.path("deep/er"), lab.path("elsewhere")).unwrap(),
    };
    let commits: &[&str] = &[];
    for (how, further) in [
        ("removed", commits),
        ("removed", &["--worktree"]),
        ("removed with the folders above", commits),
        ("moved", commits),
    ] {
        let lab = Lab::new();
        let mut source = lab.repository("source");
        let commit = source.history(3).git(["rev-parse", "HEAD"]);
        let place = lab.path("deep/er/repo");
        let repository = Repository::clone_of(&source, place.clone(), &[]);
        let mut watched = watch(&lab, repository.path(), further);
        assert_eq!(commit_of(&begun(&mut watched).0), commit);
        away(&lab, how);
        watched.wait_for(Stream::Err, "waiting for a repository at ");
        let commit = source.write("src/new.rs", "fn new() {}\n").commit("one more");
        let mut again = Repository::clone_of(&source, place, &[]);
        wait_for_commit(&mut watched, &commit);
        let commit = again.write("src/newer.rs", "fn newer() {}\n").commit("and here");
        wait_for_commit(&mut watched, &commit);
    }
}

/// A clone is not there all at once: what is there of its files meanwhile is a working tree, too, and may be reported.
fn wait_for_commit(watched: &mut Watched, commit: &str) {
    while commit_of(&report(watched).0) != commit {}
}

#[test]
fn the_working_tree_is_watched_but_for_what_git_ignores() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository.write(".gitignore", "*.log\ntarget/\n").write("debug.log", "").write("target/a/b", "");
    repository.commit("ignore");
    let clean = repository.git(["rev-parse", "HEAD"]);
    let mut watched = watch(&lab, repository.path(), &["--worktree"]);
    let (first, _) = begun(&mut watched);
    assert_eq!(commit_of(&first), clean);
    // Were any of these a reason to check, a report of the clean commit would come before that of the change.
    repository.write("debug.log", "noise").write("other.log", "noise").write("target/a/b", "noise");
    repository.write("src/file0.rs", "fn changed() {}\n");
    let (dirty, _) = report(&mut watched);
    assert_eq!(dirty["target"]["dirty"], true);
    // A folder that is new is watched too, and those in it.
    repository.write("deep/er/new.rs", "fn new() {}\n");
    let (deeper, _) = report(&mut watched);
    assert_ne!(commit_of(&deeper), commit_of(&dirty));
    repository.write("deep/er/new.rs", "fn newer() {}\n");
    let (edited, _) = report(&mut watched);
    assert_ne!(commit_of(&edited), commit_of(&deeper));
    repository.git(["checkout", "--quiet", "--", "src"]);
    fs::remove_dir_all(repository.path().join("deep")).unwrap();
    // Possibly in two steps, as the two commands are.
    while commit_of(&report(&mut watched).0) != clean {}
}

#[test]
fn a_cache_that_is_cleared_meanwhile_costs_no_failed_check() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository.write("src/new.rs", "fn new() {}\n");
    let mut watched = watch(&lab, repository.path(), &["--worktree"]);
    let (first, _) = begun(&mut watched);
    assert_eq!((&first["outcome"], &first["target"]["dirty"]), (&"pass".into(), &true.into()));
    for number in 0..4 {
        lab.probity(["cache", "clear"]).expect(0);
        repository.write("src/new.rs", format!("fn new{number}() {{}}\n"));
        let (next, _) = report(&mut watched);
        assert_eq!(next["outcome"], "pass", "{next:#}");
    }
}

#[test]
fn a_cache_within_the_working_tree_or_around_it_is_no_reason_to_check_and_hides_none() {
    for place in ["repo/.cache", "repo", "."] {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        repository.history(3);
        let clean = repository.git(["rev-parse", "HEAD"]);
        let mut command = lab.command();
        command.env("PROBITY_CACHE_DIR", lab.path(place));
        command.args([
            "check",
            "--watch",
            "--worktree",
            "--format",
            "json",
            "--stats",
            "--now",
            "2026-06-01",
        ]);
        command.arg(repository.path());
        let mut watched = Watched::start(command);
        assert_eq!(commit_of(&begun(&mut watched).0), clean, "{place}");
        for number in 0..3 {
            repository.write("src/file0.rs", format!("fn changed{number}() {{}}\n"));
            let (changed, _) = report(&mut watched);
            assert_eq!(changed["target"]["dirty"], true, "{place}");
            repository.git(["checkout", "--quiet", "--", "src"]);
            // Were the cache part of the tree, this were another commit.
            assert_eq!(commit_of(&report(&mut watched).0), clean, "{place}");
        }
    }
}

#[test]
fn a_branch_switch_in_a_linked_worktree_is_one_check() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    repository.git(["checkout", "--quiet", "-b", "many"]);
    for number in 0..300 {
        repository.write(format!("many/{}/file{number}.rs", number % 20), format!("fn f{number}() {{}}\n"));
    }
    let many = repository.commit("many files");
    repository.git(["checkout", "--quiet", "main"]);
    let linked = lab.path("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap(), "main"]);
    let linked = Repository::at(linked);
    let mut watched = watch(&lab, linked.path(), &["--worktree"]);
    let (first, _) = begun(&mut watched);
    linked.git(["checkout", "--quiet", "--detach", "many"]);
    let (switched, _) = report(&mut watched);
    assert_eq!((commit_of(&switched), &switched["target"]["dirty"]), (many.as_str(), &Value::from(false)));
    linked.git(["checkout", "--quiet", "--detach", "main"]);
    let (back, _) = report(&mut watched);
    assert_eq!(back, first);
}

/// A policy with an analysis that never ends while the repository is at the tree `hang`.
fn slow_policy(lab: &Lab, hang: &str) -> String {
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/slow");
    let hash = lab.hash(&plugin);
    let text = format!(
        "plugins {{\n  plugin \"acme/tools/slow\" path={:?} sha256={:?}\n}}\nanalyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"slow\" plugin=\"acme/tools/slow\" policy=\"value == 7\" {{ hang {hang:?}; }}\n  \
         analysis \"activity\" policy=\"value.days <= 497\"\n}}\n",
        plugin.display().to_string(),
        hash,
    );
    lab.file("policy.kdl", text).to_str().unwrap().to_owned()
}

#[test]
fn a_change_ends_the_check_that_runs_and_what_is_remembered_is_told_before_what_is_slow() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let policy = slow_policy(&lab, &repository.git(["rev-parse", "HEAD^{tree}"]));
    let mut watched = watch(&lab, repository.path(), &["--policy", &policy, "--verbose"]);
    let (mut told, mut begun) = (false, false);
    while !(told && begun) {
        let line = watched.line(Stream::Err);
        told |= line == "activity: pass";
        begun |= line.ends_with("begins what takes for ever");
    }
    let tip = repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    let (report, _) = report(&mut watched);
    assert_eq!(commit_of(&report), tip);
    assert_eq!(report["outcome"], "pass");
}

#[test]
fn the_first_signal_ends_it_at_once_and_leaves_no_plugin() {
    for signal in ["INT", "TERM"] {
        let lab = Lab::new();
        let mut repository = lab.repository("repo");
        repository.history(3);
        let policy = slow_policy(&lab, &repository.git(["rev-parse", "HEAD^{tree}"]));
        let mut watched = watch(&lab, repository.path(), &["--policy", &policy]);
        watched.wait_for(Stream::Err, "begins what takes for ever");
        let plugins = watched.children();
        assert!(!plugins.is_empty());
        watched.signal(signal);
        let (status, rest) = watched.end();
        assert_eq!(status, 3, "nothing was judged:\n{rest}");
        let living = |process: &&PathBuf| {
            let stat = std::fs::read_to_string(process.join("status")).unwrap_or_default();
            // The dead may wait for being collected by whoever collects orphans.
            stat.lines().any(|line| line.starts_with("State:") && !line.contains('Z') && !line.contains('X'))
        };
        let left: Vec<&PathBuf> = plugins.iter().filter(living).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn the_status_is_that_of_the_last_check() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let mut watched = watch(&lab, repository.path(), &[]);
    begun(&mut watched);
    repository.write("tool", b"\x7fELF\x02\x01\x01\0\0\0\0\0").commit("a binary");
    let (second, _) = report(&mut watched);
    assert_eq!(second["outcome"], "investigate");
    watched.signal("INT");
    assert_eq!(watched.end().0, 1);
}

#[test]
fn a_person_reads_when_and_why_it_was_checked_again() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let mut command = lab.command();
    command.args(["check", "--watch", "--now", "2026-06-01", "repo"]);
    let mut watched = Watched::start(command);
    assert!(watched.line(Stream::Out).starts_with("PASS"));
    watched.wait_for(Stream::Err, "Ctrl-C ends");
    repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    let line = watched.wait_for(Stream::Out, "re-checked");
    assert!(
        line.starts_with("─ ") && line.contains("after a change of HEAD") && line.ends_with(" ms"),
        "{line}"
    );
    watched.wait_for(Stream::Out, "PASS");
}

#[test]
fn what_is_no_repository_is_not_watched() {
    let lab = Lab::new();
    lab.file("plain/file", "");
    let run = lab.probity(["check", "--watch", "plain"]).expect(2);
    assert!(run.stderr.contains("is not in a git repository"), "{}", run.stderr);
}
