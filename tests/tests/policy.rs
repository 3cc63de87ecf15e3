//! The policy file as a person meets it: mistakes, trust, the built-in one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use probity_tests::{Lab, Repository};

fn repository(lab: &Lab) -> Repository {
    let mut repository = lab.repository("repo");
    repository.history(3);
    repository
}

#[test]
fn five_mistakes_are_told_at_once_each_with_its_line_and_a_hint() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let file = lab.file(
        "policy.kdl",
        r#"plugins {
    plugin "chrun"
}
analyze {
    investigate policy="score > 0.5"
    investigate-if-fail "binray"
    analysis "churn" wieght=3
    analysis "activity" policy="value.dayz <= 3"
    analysis "binary" policy="value"
}
"#,
    );
    let run = lab.check(repository.path(), &["--policy", file.to_str().unwrap()]).expect(2);
    for (line, says, hint) in [
        (2, "chrun", "did you mean `churn`?"),
        (6, "binray", "did you mean `binary`?"),
        (7, "wieght", "did you mean `weight`?"),
        (8, "dayz", "did you mean `days`?"),
        (9, "bool", "must say true (pass) or false"),
    ] {
        let line = format!("policy.kdl:{line}:");
        for part in [says, hint, &line] {
            assert!(run.stderr.contains(part), "{part} is not in:\n{}", run.stderr);
        }
    }
    assert_eq!(run.stdout, "");
}

#[test]
fn a_policy_in_the_target_is_used_only_where_it_is_trusted() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    // A policy that nothing can fail.
    let lax = "analyze {\n  investigate policy=\"score > 2.0\"\n  analysis \"activity\" policy=\"true\"\n}\n";
    repository.write("probity.kdl", lax).commit("a policy");
    let untrusted = lab.check(repository.path(), &[]);
    assert!(untrusted.stderr.contains("probity trust"), "{}", untrusted.stderr);
    assert!(untrusted.stdout.contains("built-in"), "{}", untrusted.stdout);
    lab.probity(["trust".as_ref(), repository.path().as_os_str()]).expect(0);
    let trusted = lab.check(repository.path(), &[]).expect(0);
    assert!(!trusted.stdout.contains("built-in"), "{}", trusted.stdout);
    // Trust is for this repository, not for a clone of it.
    let clone = Repository::clone_of(&repository, lab.path("clone"), &[]);
    assert!(lab.check(clone.path(), &[]).stdout.contains("built-in"));
    // Nor for what takes its place.
    std::fs::rename(repository.path(), lab.path("moved")).unwrap();
    std::fs::rename(clone.path(), repository.path()).unwrap();
    assert!(lab.check(repository.path(), &[]).stdout.contains("built-in"));
    std::fs::remove_dir_all(repository.path()).unwrap();
    let revoked =
        lab.probity(["trust".as_ref(), "--revoke".as_ref(), repository.path().as_os_str()]).expect(0);
    assert!(revoked.stdout.ends_with(" is no longer trusted.\n"), "{}", revoked.stdout);
    assert_eq!(lab.probity(["trust", "--list"]).expect(0).stdout, "");
}

#[test]
fn a_policy_in_the_working_tree_that_is_not_committed_is_told_of() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    let policy = |limit: &str| {
        format!(
            "analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"{limit}\"\n}}\n"
        )
    };
    let path = repository.path().to_owned();
    let told = |further: &[&str]| -> String {
        let stderr = lab.check(&path, further).stderr;
        let lines = stderr.lines().filter(|line| line.contains("probity.kdl") && !line.starts_with("next: "));
        lines.collect::<Vec<_>>().join("\n").replace(&lab.path("").display().to_string(), "LAB/")
    };
    assert_eq!(told(&[]), "");
    repository.write("probity.kdl", policy("true"));
    assert_eq!(
        told(&[]),
        "note: the working tree has a probity.kdl, which is not used, since it is neither committed nor trusted\n\
         hint: if it is yours, name it: --policy 'LAB/repo/probity.kdl'; or run `probity trust`, and commit it or check with --worktree"
    );
    assert_eq!(told(&["--policy", "repo/probity.kdl"]), "");
    lab.probity(["trust".as_ref(), path.as_os_str()]).expect(0);
    let how = "hint: commit it, check with --worktree, or name it: --policy 'LAB/repo/probity.kdl'";
    let new = "note: the working tree has a probity.kdl, which is not used, since it is not committed";
    assert_eq!(told(&[]), format!("{new}\n{how}"));
    assert_eq!(told(&["--worktree"]), "");

    repository.commit("a policy");
    assert_eq!(told(&[]), "");
    repository.write("probity.kdl", policy("true").replace('\n', "\r\n"));
    assert_eq!(told(&[]), "", "the ends of lines are git's matter");
    repository.write("probity.kdl", policy("value.days < 9"));
    let changed =
        "note: the probity.kdl of the working tree is not used, but the committed one, which differs";
    assert_eq!(told(&[]), format!("{changed}\n{how}"));
    assert_eq!(told(&["--rev", "HEAD~1"]), format!("{changed}\n{how}"));
    assert_eq!(told(&["--worktree"]), "");

    repository.git(["rm", "--quiet", "--cached", "probity.kdl"]);
    repository.write(".gitignore", "probity.kdl\n");
    repository.git(["add", ".gitignore"]);
    repository.commit_staged("no policy");
    assert_eq!(
        told(&["--worktree"]),
        "note: the working tree has a probity.kdl, which is not used, since git ignores it\n\
         hint: name it: --policy 'LAB/repo/probity.kdl'"
    );
}

#[test]
fn a_trusted_policy_that_becomes_a_link_does_not_silently_give_way_to_the_built_in_one() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    let strict = "analyze {\n  investigate policy=\"score > 0.0\"\n  analysis \"activity\"\n}\n";
    repository.write("probity.kdl", strict).commit("a policy");
    lab.probity(["trust".as_ref(), repository.path().as_os_str()]).expect(0);
    repository.git(["mv", "probity.kdl", "elsewhere.kdl"]);
    std::os::unix::fs::symlink("elsewhere.kdl", repository.path().join("probity.kdl")).unwrap();
    repository.commit("a link");
    let run = lab.check(repository.path(), &[]).expect(2);
    assert!(
        run.stderr.contains("probity.kdl of the snapshot is no file but a symbolic link"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("find out who changed it"), "{}", run.stderr);
    // Where nobody trusts it, it is one more policy of a stranger.
    let clone = Repository::clone_of(&repository, lab.path("clone"), &[]);
    assert!(lab.check(clone.path(), &[]).stdout.contains("built-in"));
}

#[test]
fn a_revision_is_judged_by_the_policy_of_head_and_not_by_its_own() {
    let lab = Lab::new();
    let mut repository = repository(&lab);
    let policy = |limit: &str| {
        format!(
            "analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" policy=\"{limit}\"\n}}\n"
        )
    };
    repository.write("probity.kdl", policy("value.days <= 3")).commit("a policy");
    repository.git(["checkout", "--quiet", "-b", "theirs"]);
    repository.write("probity.kdl", policy("true")).commit("a policy that nothing can fail");
    repository.git(["checkout", "--quiet", "main"]);
    lab.probity(["trust".as_ref(), repository.path().as_os_str()]).expect(0);
    let head = lab.check(repository.path(), &["--format", "json"]).expect(1).json();
    let theirs = lab.check(repository.path(), &["--rev", "theirs", "--format", "json"]).expect(1).json();
    assert_ne!(theirs["target"]["commit"], head["target"]["commit"]);
    assert_eq!(theirs["policy"], head["policy"]);
    assert_eq!(theirs["policy"]["source"], "trusted");
}

#[test]
fn a_wrong_configuration_of_a_plugin_that_no_analysis_uses_is_told() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let file = lab.file(
        "policy.kdl",
        r#"plugins {
    plugin "churn" { config { churn-frequency 3.0; } }
}
analyze {
    investigate policy="score > 0.5"
    analysis "activity"
}
"#,
    );
    let run = lab.check(repository.path(), &["--policy", file.to_str().unwrap()]).expect(2);
    assert!(run.stderr.contains("policy.kdl:2:") && run.stderr.contains("churn-frequency"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn escape_codes_of_a_policy_do_not_reach_the_terminal() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let raw = "red\u{1b}[31m\u{202e}der";
    let escaped = r"red\u{1b}[31m\u{202e}der";
    for name in [raw, escaped] {
        let text = format!("analyze {{\n  investigate policy=\"score > 0.5\"\n  analysis \"{name}\"\n}}\n");
        let file = lab.file("policy.kdl", text);
        for color in ["never", "always"] {
            let arguments = ["--policy", file.to_str().unwrap(), "--color", color];
            let run = lab.check(repository.path(), &arguments).expect(2);
            let is_obeyed = |c: char| matches!(c, '\u{1b}' | '\u{202e}');
            assert!(!run.stderr.contains(is_obeyed), "{}", run.stderr.escape_debug());
            assert!(run.stderr.contains("policy.kdl:3:"), "{}", run.stderr.escape_debug());
        }
    }
}

#[test]
fn init_writes_a_policy_that_is_valid_and_never_overwrites_one() {
    let lab = Lab::new();
    let repository = repository(&lab);
    lab.probity(["init".as_ref(), repository.path().as_os_str()]).expect(0);
    let file = repository.path().join("probity.kdl");
    let policy = std::fs::read_to_string(&file).unwrap();
    assert!(policy.contains("//"), "it is commented");
    let run = lab.check(repository.path(), &["--policy", file.to_str().unwrap()]);
    assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
    let second = lab.probity(["init".as_ref(), repository.path().as_os_str()]).expect(2);
    assert!(second.stderr.contains("--force"), "{}", second.stderr);
}

#[test]
fn a_policy_that_cannot_be_read_is_named() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let run = lab.check(repository.path(), &["--policy", "nowhere.kdl"]).expect(2);
    assert!(run.stderr.contains("nowhere.kdl"), "{}", run.stderr);
}

#[test]
fn the_policy_digest_tells_thresholds_and_configuration_apart_but_not_comments() {
    let lab = Lab::new();
    let repository = repository(&lab);
    let digest = |text: &str| {
        let file = lab.file("policy.kdl", text);
        let run = lab.check(repository.path(), &["--policy", file.to_str().unwrap(), "--format", "json"]);
        run.json()["policy"]["digest"].as_str().unwrap().to_owned()
    };
    let plain = digest("analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\"\n}\n");
    let commented =
        digest("// why\nanalyze {\n    investigate policy=\"score > 0.5\"\n    analysis \"activity\"\n}\n");
    let configured =
        digest("analyze {\n  investigate policy=\"score > 0.5\"\n  analysis \"activity\" { weeks 3; }\n}\n");
    let threshold = digest("analyze {\n  investigate policy=\"score > 0.4\"\n  analysis \"activity\"\n}\n");
    assert_eq!(plain, commented);
    assert_ne!(plain, configured);
    assert_ne!(plain, threshold);
}

#[test]
fn init_trusts_no_policy_that_somebody_else_has_committed() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    let lenient = "analyze { investigate policy=\"score > 0.99\"; analysis \"activity\" policy=\"true\"; }\n";
    repository.write("probity.kdl", lenient).write("sub/file", "");
    repository.commit("a policy");
    let path = repository.path().to_owned();
    let sub = path.join("sub");
    let forced = lab.probity(["init".as_ref(), "--force".as_ref(), path.as_os_str()]).expect(0);
    assert!(forced.stdout.contains("last commit has another probity.kdl"), "{}", forced.stdout);
    let below = lab.probity(["init".as_ref(), sub.as_os_str()]).expect(0);
    assert!(below.stdout.contains("does not lie at the root"), "{}", below.stdout);
    let run = lab.check(&path, &["--format", "json"]);
    assert_eq!(run.json()["policy"]["source"], "built-in", "{}", run.stdout);
}

#[test]
fn a_data_plugin_may_be_an_analysis_though_it_asks_itself() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(2);
    let policy = lab.file(
        "policy.kdl",
        "analyze { investigate policy=\"score > 0.5\"; \
         analysis \"g\" plugin=\"git\" query=\"tree\" policy=\"size(value.files) > 0\"; }\n",
    );
    // Its key is not that of an analysis; that is told, in place of a plugin that nobody lacks.
    let run = lab.check(repository.path(), &["--policy", policy.to_str().unwrap()]);
    assert!(!run.stderr.contains("no plugin here answers"), "{}", run.stderr);
    assert_eq!(run.status, 10, "{}", run.stderr);
}
