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
    for (line, says) in [(2, "chrun"), (6, "binray"), (7, "wieght"), (8, "dayz"), (9, "bool")] {
        assert!(run.stderr.contains(says), "{says} is not in:\n{}", run.stderr);
        assert!(
            run.stderr.contains(&format!("policy.kdl:{line}:")),
            "line {line} is not in:\n{}",
            run.stderr
        );
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
    lab.probity(["trust".as_ref(), "--revoke".as_ref(), repository.path().as_os_str()]).expect(0);
    assert!(lab.check(repository.path(), &[]).stdout.contains("built-in"));
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
