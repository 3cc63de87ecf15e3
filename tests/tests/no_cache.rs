//! A check where the cache cannot be written: the same report, and one warning.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use probity_tests::{Lab, Repository, Run};

/// A changed working tree, so that a check has objects to keep, and a policy with a stranger's plugin, of which it keeps a copy.
fn world(lab: &Lab) -> (Repository, PathBuf) {
    let mut repository = lab.repository("repo");
    repository.history(6);
    repository.write("src/new.rs", "fn new() {}\n");
    let plugin = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("plugins/sample");
    for name in ["plugin.kdl", "sample.py"] {
        lab.file(&format!("sample/{name}"), fs::read(plugin.join(name)).unwrap());
    }
    let hash = lab.hash(&lab.path("sample"));
    let text = format!(
        "plugins {{\n  plugin \"acme/tools/sample\" path=\"sample\" sha256={:?}\n}}\n\
         analyze {{\n  investigate policy=\"score > 0.5\"\n  \
         analysis \"name\" plugin=\"acme/tools/sample\"\n  analysis \"churn\"\n}}\n",
        hash
    );
    let policy = lab.file("policy.kdl", text);
    (repository, policy)
}

/// A check whose cache is `cache`, with temporary folders below the lab's own.
fn check(lab: &Lab, before: &[&str], cache: &str, repository: &Repository, policy: &PathBuf) -> Run {
    fs::create_dir_all(lab.path("tmp")).unwrap();
    let mut command = lab.wrapped(before);
    command.arg("check").arg(repository.path()).arg("--policy").arg(policy);
    command.args(["--worktree", "--format", "json", "--now", "2026-06-01", "--stats"]);
    command.env("PROBITY_CACHE_DIR", cache).env("TMPDIR", lab.path("tmp"));
    Run::of(command.output().unwrap())
}

fn one_warning(run: &Run) -> &str {
    let warnings: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("warning:")).collect();
    assert_eq!(warnings.len(), 1, "{}", run.stderr);
    warnings[0]
}

#[test]
fn where_no_cache_can_be_made_the_report_is_the_same_and_one_warning_says_so() {
    let lab = Lab::new();
    let (repository, policy) = world(&lab);
    let usual = check(&lab, &[], lab.path("cache").to_str().unwrap(), &repository, &policy);
    assert!(matches!(usual.status, 0 | 1) && !usual.stderr.contains("warning"), "{}", usual.stderr);
    lab.file("file", "");
    let below_a_file = lab.path("file/below");
    for cache in [below_a_file.to_str().unwrap(), "/proc/none/cache", "/proc"] {
        let run = check(&lab, &[], cache, &repository, &policy).expect(usual.status);
        assert_eq!(run.stdout, usual.stdout, "{cache}");
        let warning = one_warning(&run);
        assert!(warning.contains(cache) && warning.contains("nothing will be remembered"), "{warning}");
        assert_eq!(
            fs::read_dir(lab.path("tmp")).unwrap().count(),
            0,
            "{cache}: the temporary folder is gone"
        );
    }
}

#[test]
fn a_cache_that_is_read_only_is_not_written_and_one_warning_says_so() {
    let lab = Lab::new();
    let (repository, policy) = world(&lab);
    let cache = lab.path("cache");
    let usual = check(&lab, &[], cache.to_str().unwrap(), &repository, &policy);
    // Modes do not stop root: for it the folder is mounted read-only, in a namespace of the check's own.
    let script = "mount --bind \"$PROBITY_CACHE_DIR\" \"$PROBITY_CACHE_DIR\" && \
                  mount -o remount,ro,bind \"$PROBITY_CACHE_DIR\" && exec \"$@\"";
    let mounted = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh"];
    let before: &[&str] = if rustix::process::geteuid().is_root() { &mounted } else { &[] };
    let mode = |mode: u32| {
        for folder in ["", "store", "targets", "packages", "sessions", "scratch"] {
            fs::set_permissions(cache.join(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    mode(0o555);
    let run = check(&lab, before, cache.to_str().unwrap(), &repository, &policy);
    mode(0o755);
    assert_eq!(run.stdout, usual.stdout, "{}", run.stderr);
    assert!(one_warning(&run).contains("nothing will be remembered"), "{}", run.stderr);
    assert_eq!(fs::read_dir(lab.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_in_the_middle_costs_what_was_to_be_remembered_and_one_warning() {
    let lab = Lab::new();
    let (repository, _) = world(&lab);
    // Starting an interpreter needs a file in memory, which the limit below would hold down too.
    let text =
        "analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"churn\"\n  analysis \"entropy\"\n}\n";
    let policy = lab.file("built-in.kdl", text);
    let usual = check(&lab, &[], lab.path("usual").to_str().unwrap(), &repository, &policy);
    let cache = lab.path("cache");
    // No file may grow beyond so many blocks of 512 bytes: the log of the store does not get far.
    for blocks in [24, 64, 128] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let limited = ["sh", "-c", &script, "sh"];
        let run = check(&lab, &limited, cache.to_str().unwrap(), &repository, &policy);
        assert_eq!(run.stdout, usual.stdout, "{blocks}: {}", run.stderr);
        one_warning(&run);
    }
    let after = check(&lab, &[], cache.to_str().unwrap(), &repository, &policy);
    assert!(!after.stderr.contains("warning:"), "{}", after.stderr);
    assert_eq!(after.stdout, usual.stdout);
    let verify = lab.probity(["cache", "verify"]).expect(0);
    assert!(verify.stdout.ends_with(" records, 0 damaged\n"), "{}", verify.stdout);
}
