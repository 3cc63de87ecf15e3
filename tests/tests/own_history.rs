//! The project checks itself: a real history, which grows.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use probity_tests::{Lab, Repository};

#[test]
fn the_project_s_own_history_gets_a_verdict_and_numbers_that_agree_with_git() {
    let lab = Lab::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let first = lab.check(root, &["--format", "json"]);
    assert!(matches!(first.status, 0 | 1), "{}\n{}", first.stdout, first.stderr);
    let report = first.json();
    let repository = Repository::at(root.to_owned());
    assert_eq!(report["target"]["commit"], repository.git(["rev-parse", "HEAD"]));
    // Where the whole history is there, identity has one element for each commit that git lists.
    if repository.git(["rev-parse", "--is-shallow-repository"]) == "false" {
        let commits: u64 = repository.git(["rev-list", "--count", "HEAD"]).parse().unwrap();
        let text = report["tree"].to_string();
        let whole = format!("\"count\":{commits},");
        assert!(commits <= 10 || text.contains(&whole), "{whole} is not in {text}");
    }
    let second = lab.check(root, &["--format", "json"]).expect(first.status);
    assert_eq!(second.stat("plugin_processes"), 0);
    assert_eq!(second.stdout, first.stdout);
}

#[test]
fn nothing_in_the_project_leads_to_an_investigation_of_it() {
    let lab = Lab::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let run = lab.check(root, &["--format", "json"]);
    assert_eq!(run.json()["reasons"], serde_json::json!([]), "{}", run.stdout);
    run.expect(0);
}
