//! The other commands, and the forms of the report.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use probity_tests::{Lab, Run};

#[test]
fn every_command_has_help_and_an_unknown_one_is_refused() {
    let lab = Lab::new();
    let help = lab.probity(["--help"]).expect(0);
    for command in ["check", "init", "trust", "explain", "why", "plugin", "schema", "cache", "doctor"] {
        assert!(help.stdout.contains(command), "{}", help.stdout);
        lab.probity([command, "--help"]).expect(0);
    }
    lab.probity(["chekc"]).expect(2);
}

#[test]
fn completions_and_the_man_page_come_from_the_command_line() {
    let lab = Lab::new();
    assert!(lab.probity(["completions", "bash"]).expect(0).stdout.contains("probity"));
    assert!(lab.probity(["man"]).expect(0).stdout.contains(".TH"));
}

#[test]
fn sarif_has_a_location_for_every_result_and_rules_for_the_analyses() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository.write("tool", b"\x7fELF\x02\x01\x01\0\0\0\0\0").commit("a binary");
    let run = lab.check(repository.path(), &["--format", "sarif"]).expect(1);
    let sarif = run.json();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let places: Vec<_> = results
        .iter()
        .filter(|result| result["ruleId"] == "binary")
        .map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["probity.kdl", "tool"], "the verdict, pinned to the policy, and the file");
    for result in results {
        assert!(
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(),
            "{result:#}"
        );
        assert!(result["partialFingerprints"].is_object(), "{result:#}");
    }
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["name"], "probity");
}

#[test]
fn sarif_tells_what_could_not_be_judged_and_that_it_decided_the_outcome() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let policy = lab.file(
        "policy.kdl",
        "analyze {\n  investigate policy=\"score > 0.5\"\n  investigate-if-fail \"churn\"\n  analysis \"churn\"\n  \
         analysis \"binary\"\n}\n",
    );
    let arguments = ["--format", "sarif", "--policy", policy.to_str().unwrap()];
    let sarif = lab.check(repository.path(), &arguments).expect(1).json();
    let run = &sarif["runs"][0];
    let told = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!((told.as_array().unwrap().len(), &told[0]["associatedRule"]["id"]), (1, &"churn".into()));
    assert_eq!(run["properties"]["outcome"], "investigate");
    assert_eq!(run["properties"]["reasons"][0]["kind"], "must-pass");
    let results = run["results"].as_array().unwrap();
    assert_eq!(
        (results.len(), &results[0]["ruleId"], &results[0]["level"]),
        (1, &"churn".into(), &"error".into())
    );
    let text = results[0]["message"]["text"].as_str().unwrap();
    assert!(
        text.starts_with("churn could not be judged: ") && text.ends_with("; the policy demands a pass"),
        "{text}"
    );
}

#[test]
fn the_report_follows_its_schema_s_version_and_holds_no_path_of_the_machine() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let run = lab.check(repository.path(), &["--format", "json"]);
    assert_eq!(run.json()["schema_version"], 1);
    assert!(!run.stdout.contains(lab.path("").to_str().unwrap()), "{}", run.stdout);
    let schema = lab.probity(["schema", "report"]).expect(0).json();
    assert!(schema["properties"]["schema_version"].is_object(), "{schema:#}");
}

#[test]
fn the_cache_tells_its_size_and_is_cleared() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    lab.check(repository.path(), &[]);
    let info = lab.probity(["cache", "info"]).expect(0);
    assert!(info.stdout.contains(lab.path("cache").to_str().unwrap()), "{}", info.stdout);
    lab.probity(["cache", "clear"]).expect(0);
    assert!(lab.check(repository.path(), &[]).stat("plugin_processes") > 0);
}

#[test]
fn doctor_names_every_guarantee_with_what_provides_it() {
    let lab = Lab::new();
    let run = lab.probity(["doctor"]).expect(0);
    assert!(run.stdout.contains("Landlock") && run.stdout.contains("seccomp"), "{}", run.stdout);
    assert!(run.stdout.contains("no network") && run.stdout.contains("namespaces"), "{}", run.stdout);
}

#[test]
fn explain_tells_the_formula_of_an_analysis_and_the_arithmetic_of_the_score() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(3);
    let target = repository.path().to_str().unwrap();
    let churn = lab.probity(["explain", "churn", target]).expect(0);
    assert!(
        churn.stdout.contains("1000000") || churn.stdout.contains("10^6") || churn.stdout.contains("1e6"),
        "{}",
        churn.stdout
    );
    let score = lab.probity(["explain", "score", target, "--now", "2026-06-01"]).expect(0);
    assert!(score.stdout.contains("activity"), "{}", score.stdout);
    let wrong = lab.probity(["explain", "chrun", target]).expect(2);
    assert!(wrong.stderr.contains("churn"), "{}", wrong.stderr);
}

#[test]
fn what_decides_whatever_the_score_is_explained_with_it() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.write("data", b"\0\x01\x02").commit("data");
    let policy = "analyze { investigate policy=\"score > 0.9\"; investigate-if-fail \"binary\"; analysis \"activity\"; \
                  analysis \"binary\" weight=0 policy=\"value <= 0\" }\n";
    let policy = lab.file("policy.kdl", policy);
    let arguments =
        ["explain", "score", repository.path().to_str().unwrap(), "--policy", policy.to_str().unwrap()];
    let page = lab.probity(arguments).expect(0).stdout;
    assert!(page.contains("  binary                 0.00%  fail\n"), "{page}");
    assert!(page.ends_with("whatever the score: binary must pass, and did not\n"), "{page}");
}

#[test]
fn a_report_says_how_much_of_what_failed_it_does_not_list() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    for n in 0..25 {
        repository.write(format!("{n}.rs"), "fn a() {} // \u{202e}\n");
    }
    repository.commit("turned");
    let policy = "analyze { investigate policy=\"score > 0.5\"; analysis \"hidden\" plugin=\"content\" query=\"hidden_text\" }\n";
    let policy = lab.file("policy.kdl", policy);
    let page = lab.check(repository.path(), &["--policy", policy.to_str().unwrap()]).expect(1).stdout;
    assert!(page.contains("25 entries") && page.contains("\n  hidden: 5 more are not listed\n"), "{page}");
}

#[test]
fn plugins_are_listed_and_described() {
    let lab = Lab::new();
    let list = lab.probity(["plugin", "list"]).expect(0);
    let names = [
        "activity",
        "affiliation",
        "anomalies",
        "archive",
        "binary",
        "churn",
        "content",
        "dependencies",
        "entropy",
        "fuzz",
        "git",
        "github",
        "identity",
        "installs",
        "lineage",
        "linguist",
        "maintainers",
        "newcomers",
        "posture",
        "review",
        "typo",
        "workflows",
    ];
    for name in names {
        assert!(list.stdout.contains(name), "{}", list.stdout);
    }
    let described = lab.probity(["plugin", "describe", "git"]).expect(0);
    assert!(
        described.stdout.contains("history") && described.stdout.contains("changes"),
        "{}",
        described.stdout
    );
}

#[test]
fn a_day_that_is_none_is_refused() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let run = lab.check(repository.path(), &["--now", "yesterday"]).expect(2);
    assert!(run.stderr.contains("yesterday") && run.stderr.contains("YYYY-MM-DD"), "{}", run.stderr);
}

/// The line on standard error that names commands.
fn next(run: &Run) -> &str {
    assert!(!run.stdout.contains("next:"), "the report does not depend on where it was made: {}", run.stdout);
    run.stderr.lines().find(|line| line.starts_with("next: ")).unwrap()
}

#[test]
fn what_a_report_names_next_is_about_the_same_target_and_policy() {
    let lab = Lab::new();
    let mut repository = lab.repository("my repo");
    repository.history(3);
    let policy = "analyze { investigate policy=\"score > 0.5\"; analysis \"mine\" plugin=\"activity\"; }\n";
    let policy = lab.file("policies/it's.kdl", policy);
    let arguments = ["--policy", policy.to_str().unwrap(), "--rev", "main"];
    let run = lab.check(repository.path(), &arguments).expect(0);
    let named = next(&run);
    let expected = format!(
        "next: `probity explain mine '{}' --policy '{}' --rev='main' --now '2026-06-01'` for what a line means",
        repository.path().display(),
        policy.display().to_string().replace('\'', r"'\''"),
    );
    assert_eq!(named, expected);
    let command = named.split('`').nth(1).unwrap().strip_prefix("probity ").unwrap();
    let copied = lab.wrapped(&["sh", "-c", &format!("\"$0\" {command}")]).output().unwrap();
    let copied = Run::of(copied).expect(0);
    assert!(copied.stdout.starts_with("mine: probity/core/activity/activity\n"), "{}", copied.stdout);

    let run = lab.check(repository.path(), &[]);
    let (target, named) = (repository.path().display(), next(&run));
    let (explain, init) = named.split_once(" for what a line means, ").unwrap();
    assert!(explain.ends_with(&format!(" '{target}' --now '2026-06-01'`")), "{named}");
    assert_eq!(init, format!("`probity init '{target}'` for a policy of your own"));
    let mut here = lab.command();
    let run = Run::of(here.arg("check").current_dir(repository.path()).output().unwrap());
    let named = next(&run);
    assert!(named.ends_with("` for what a line means, `probity init` for a policy of your own"), "{named}");
    assert!(!named.contains('\''), "{named}");
}
