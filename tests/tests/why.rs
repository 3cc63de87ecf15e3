//! `probity why`, and checks that are told to remember less.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use probity_tests::{Lab, Repository, Run};

/// The tree below the headline.
#[track_caller]
fn tree(lab: &Lab, analysis: &str, target: &Path, further: &[&str]) -> String {
    let arguments = ["why", analysis, target.to_str().unwrap()];
    let run = lab.probity(arguments.iter().chain(further)).expect(0);
    run.stdout.split_once("\n\n").unwrap().1.to_owned()
}

fn history(lab: &Lab, commits: u64) -> Repository {
    let mut repository = lab.repository("repo");
    repository.history(commits);
    repository
}

/// The lines that tell of something that ran, without what is in keys.
fn ran(tree: &str) -> Vec<String> {
    let tells = tree.lines().filter(|line| line.contains(": run: "));
    tells
        .map(|line| {
            let (named, told) = line.trim_start().split_once(": run: ").unwrap();
            format!("{}: {told}", named.split(' ').next().unwrap())
        })
        .collect()
}

#[test]
fn a_first_check_asked_everything_for_the_first_time_and_the_next_one_reused_it() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    lab.check(repository.path(), &[]);
    let first = tree(&lab, "churn", repository.path(), &["--all"]);
    assert!(ran(&first).contains(&"git/history: asked for the first time".into()), "{first}");
    assert!(first.starts_with("churn/churn {\"commit\":\""), "{first}");
    lab.check(repository.path(), &[]);
    let second = tree(&lab, "churn", repository.path(), &[]);
    assert_eq!(second.lines().count(), 1, "{second}");
    assert!(second.trim_end().ends_with(": reused"), "{second}");
}

#[test]
fn one_more_commit_shows_what_it_made_run_and_folds_the_rest() {
    let lab = Lab::new();
    let mut repository = history(&lab, 150);
    lab.check(repository.path(), &[]);
    repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    lab.check(repository.path(), &[]);
    let churn = tree(&lab, "churn", repository.path(), &[]);
    assert!(churn.contains("churn/segment"), "{churn}");
    assert!(churn.contains(" reused, 1 run\n"), "{churn}");
}

#[test]
fn the_next_day_is_named_with_the_day_before() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    lab.check(repository.path(), &["--now", "2026-06-30"]);
    lab.check(repository.path(), &["--now", "2026-07-02"]);
    let activity = tree(&lab, "activity", repository.path(), &[]);
    assert_eq!(
        ran(&activity),
        ["activity/activity: input time/day changed: \"2026-06-30\" → \"2026-07-02\""],
        "{activity}"
    );
    assert!(tree(&lab, "churn", repository.path(), &[]).contains(": reused"));
}

#[test]
fn another_configuration_is_named_by_its_digests() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    let plugin = Plugin::copy(&lab, "sample", |source| source);
    plugin.check(&lab, &repository, "limit 30", &[]).expect(0);
    plugin.check(&lab, &repository, "limit 31", &[]).expect(0);
    let name = tree(&lab, "x", repository.path(), &["--all"]);
    let told = ran(&name);
    assert_eq!(told.len(), 1, "{name}");
    let (what, digests) = told[0].rsplit_once(": ").unwrap();
    assert!(what.contains("the configuration of plugin acme/tools/sample"), "{name}");
    let (then, now) = digests.split_once(" → ").unwrap();
    assert!(then.len() == 64 && now.len() == 64 && then != now, "{name}");
    assert!(name.contains("git/commit") && name.contains(": reused"), "{name}");
}

#[test]
fn an_upgraded_plugin_is_named_with_its_digests() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    let plugin = Plugin::copy(&lab, "sample", |source| source);
    plugin.check(&lab, &repository, "limit 40", &[]).expect(0);
    let plugin = Plugin::copy(&lab, "sample", |source| source + "# upgraded\n");
    plugin.check(&lab, &repository, "limit 40", &[]).expect(0);
    let name = tree(&lab, "x", repository.path(), &[]);
    assert!(name.contains("run: the program of plugin acme/tools/sample#x changed: "), "{name}");
}

#[test]
fn a_crash_is_told_and_why_it_is_tried_again() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    let plugin = Plugin::copy(&lab, "hostile", |source| source);
    plugin.check(&lab, &repository, "deed \"crash\"", &[]).expect(10);
    let crashed = tree(&lab, "x", repository.path(), &[]);
    assert!(crashed.contains(": failed: ") && crashed.contains("SIGABRT"), "{crashed}");
    plugin.check(&lab, &repository, "deed \"crash\"", &[]).expect(10);
    let again = tree(&lab, "x", repository.path(), &[]);
    assert!(again.contains("(run: an earlier attempt failed: "), "{again}");
}

#[test]
fn an_unknown_analysis_or_a_target_that_was_never_checked_is_told_with_what_to_do() {
    let lab = Lab::new();
    let repository = history(&lab, 2);
    let target = repository.path().to_str().unwrap();
    let unchecked = lab.probity(["why", "churn", target]).expect(2);
    assert!(unchecked.stderr.contains("run `probity check` first"), "{}", unchecked.stderr);
    lab.check(repository.path(), &["--no-cache"]);
    lab.probity(["why", "churn", target]).expect(2);
    lab.check(repository.path(), &[]);
    let unknown = lab.probity(["why", "chrun", target]).expect(2);
    assert!(
        unknown.stderr.contains("\"chrun\"") && unknown.stderr.contains("entropy, churn"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn damaged_and_hostile_notes_are_refused_or_tamed() {
    let lab = Lab::new();
    let repository = history(&lab, 2);
    let target = repository.path().to_str().unwrap();
    lab.check(repository.path(), &[]);
    let notes = std::fs::read_dir(lab.path("cache/why")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&notes).unwrap();
    let hostile = text
        .replace("{\\\"commit\\\":", "\\u001b[31m\\u202e{\\\"commit\\\":")
        .replace("\"query\":\"history\"", "\"query\":\"\\u001b]0;x\\u0007\"");
    assert_ne!(hostile, text);
    std::fs::write(&notes, hostile).unwrap();
    for form in [["--all", "--format=text"], ["--all", "--format=json"]] {
        let shown = lab.probity(["why", "churn", target].iter().chain(&form)).expect(0).stdout;
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
        assert!(shown.contains("1b"), "{shown}");
    }
    std::fs::write(&notes, &text[..text.len() / 2]).unwrap();
    let damaged = lab.probity(["why", "churn", target]).expect(2);
    assert!(
        damaged.stderr.contains("damaged") && damaged.stderr.contains("probity check"),
        "{}",
        damaged.stderr
    );
    std::fs::write(&notes, text.replace("\"schema_version\":3", "\"schema_version\":9")).unwrap();
    let other = lab.probity(["why", "churn", target]).expect(2);
    assert!(other.stderr.contains("another version"), "{}", other.stderr);
    lab.check(repository.path(), &[]);
    lab.probity(["why", "churn", target]).expect(0);
}

#[test]
fn the_data_follow_their_schema_s_version_and_places_lead_somewhere() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    lab.check(repository.path(), &[]);
    let why = lab
        .probity(["why", "churn", repository.path().to_str().unwrap(), "--format", "json"])
        .expect(0)
        .json();
    assert_eq!((why["schema_version"].as_u64(), why["analysis"].as_str()), (Some(2), Some("churn")));
    let entries = why["entries"].as_array().unwrap();
    assert_eq!((&entries[0]["query"], &entries[0]["how"]), (&"churn".into(), &"run".into()));
    assert_eq!(entries[0]["cause"]["kind"], "first");
    for entry in entries {
        for asked in entry["asked"].as_array().into_iter().flatten() {
            for member in asked["members"].as_array().unwrap() {
                assert!(member.as_u64().unwrap() < entries.len() as u64, "{entry:#}");
            }
        }
    }
    let schema = lab.probity(["schema", "why"]).expect(0).json();
    assert!(schema["properties"]["entries"].is_object(), "{schema:#}");
}

#[test]
fn each_worktree_has_a_last_check_of_its_own() {
    let lab = Lab::new();
    let repository = history(&lab, 3);
    let other = lab.path("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", other.to_str().unwrap(), "HEAD~1"]);
    lab.check(repository.path(), &[]);
    lab.probity(["why", "churn", other.to_str().unwrap()]).expect(2);
    lab.check(&other, &[]);
    assert_ne!(tree(&lab, "churn", repository.path(), &[]), tree(&lab, "churn", &other, &[]));
}

#[test]
fn a_check_without_cache_reads_and_leaves_no_answer_and_says_the_same() {
    let lab = Lab::new();
    let repository = history(&lab, 5);
    let fresh = lab.check(repository.path(), &["--no-cache", "--format", "json"]);
    assert!(!lab.path("cache/store").exists() && !lab.path("cache/why").exists());
    let kept = lab.check(repository.path(), &["--format", "json"]).expect(fresh.status);
    assert_eq!(kept.stat("executed"), fresh.stat("executed"), "nothing was left by the one before");
    let again = lab.check(repository.path(), &["--no-cache", "--format", "json"]).expect(fresh.status);
    assert_eq!(again.stat("executed"), fresh.stat("executed"), "nothing was read of the one before");
    assert_eq!((&kept.stdout, &again.stdout), (&fresh.stdout, &fresh.stdout));
    lab.check(repository.path(), &["--no-cache", "--refresh", "git"]).expect(2);
}

/// The plugins of the queries that ran, from the notes.
fn executed(lab: &Lab, target: &Path) -> Vec<String> {
    let mut queries = std::collections::BTreeSet::new();
    for analysis in ["activity", "affiliation", "binary", "churn", "entropy", "identity"] {
        let arguments = ["why", analysis, target.to_str().unwrap(), "--format", "json"];
        let run = lab.probity(arguments);
        if run.status != 0 {
            continue;
        }
        for entry in run.json()["entries"].as_array().unwrap() {
            if entry["how"] == "run" {
                let plugin = entry["plugin"].as_str().unwrap().rsplit('/').next().unwrap();
                queries.insert(format!("{plugin}/{}", entry["query"].as_str().unwrap()));
            }
        }
    }
    queries.into_iter().collect()
}

#[test]
fn a_refreshed_plugin_runs_and_who_asked_it_does_not_since_it_answers_as_before() {
    let lab = Lab::new();
    let repository = history(&lab, 5);
    let first = lab.check(repository.path(), &["--format", "json"]);
    let churn = lab.check(repository.path(), &["--format", "json", "--refresh", "churn"]);
    assert_eq!(executed(&lab, repository.path()), ["churn/churn", "churn/segment"]);
    let told = tree(&lab, "churn", repository.path(), &[]);
    assert!(told.contains("churn/churn") && told.contains("run: forced by --refresh"), "{told}");
    let git = lab.check(repository.path(), &["--format", "json", "--refresh", "git"]);
    let ran = executed(&lab, repository.path());
    assert!(!ran.is_empty() && ran.iter().all(|query| query.starts_with("git/")), "{ran:?}");
    assert!(ran.contains(&"git/history".into()) && ran.contains(&"git/changes".into()), "{ran:?}");
    let told = tree(&lab, "churn", repository.path(), &[]);
    assert!(told.contains("verified: all that it asked answered as before"), "{told}");
    assert_eq!((&churn.stdout, &git.stdout), (&first.stdout, &first.stdout));
    assert_eq!(lab.check(repository.path(), &[]).stat("executed"), 0);
}

#[test]
fn a_plugin_to_refresh_that_is_none_is_refused_with_those_there_are() {
    let lab = Lab::new();
    let repository = history(&lab, 1);
    let run = lab.check(repository.path(), &["--refresh", "chrun"]).expect(2);
    assert!(
        run.stderr.contains("probity/core/chrun") && run.stderr.contains("probity/core/churn"),
        "{}",
        run.stderr
    );
    lab.check(repository.path(), &["--refresh", "../x"]).expect(2);
}

/// A plugin in Python of this crate, copied into the lab so that it can be another one.
struct Plugin {
    name: &'static str,
    folder: PathBuf,
}

impl Plugin {
    fn copy(lab: &Lab, name: &'static str, change: impl FnOnce(String) -> String) -> Plugin {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name);
        let source = std::fs::read_to_string(from.join(format!("{name}.py"))).unwrap();
        lab.file(&format!("{name}/{name}.py"), change(source));
        lab.file(&format!("{name}/plugin.kdl"), std::fs::read(from.join("plugin.kdl")).unwrap());
        Plugin { name, folder: lab.path(name) }
    }

    /// Checks with this plugin as the only analysis, `x`.
    fn check(&self, lab: &Lab, repository: &Repository, config: &str, further: &[&str]) -> Run {
        let hash = lab.hash(&self.folder);
        let policy = format!(
            "plugins {{\n  plugin \"acme/tools/{name}\" path={:?} sha256={:?}\n}}\n\
             analyze {{\n  investigate policy=\"score > 0.5\"\n  \
             analysis \"x\" plugin=\"acme/tools/{name}\" policy=\"value >= 0\" {{ {config}; }}\n}}\n",
            self.folder.display().to_string(),
            hash,
            name = self.name,
        );
        let file = lab.file("policy.kdl", policy);
        lab.check(repository.path(), &[&["--policy", file.to_str().unwrap()], further].concat())
    }
}
