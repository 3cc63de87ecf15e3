//! `probity cache export` and `import`: answers of another machine are used if the person says so, and the report says so then.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use probity_tests::{Lab, Repository};
use serde_json::Value;

/// A repository, its report, and the file that the machine where it was checked exported.
fn exported() -> (Lab, Repository, String, String) {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(4);
    let report = lab.check_six(repository.path(), &["--format", "json"]).stdout;
    let file = lab.path("memos.export").to_str().unwrap().to_owned();
    let said = lab.probity(["cache", "export", &file]).expect(0).stdout;
    assert!(said.contains(" memos, ") && said.contains("exported to"), "{said}");
    (lab, repository, report, file)
}

#[test]
fn imported_answers_are_not_used_and_leave_the_report_as_it_is() {
    let (_lab, repository, report, file) = exported();
    let there = Lab::new();
    let alone = there.check_six(repository.path(), &["--format", "json"]).stat("executed");
    let here = Lab::new();
    let run = here.probity(["cache", "import", &file]).expect(0);
    assert!(run.stderr.contains("--trust-imported"), "{}", run.stderr);
    let checked = here.check_six(repository.path(), &["--format", "json"]);
    assert_eq!((checked.stdout.as_str(), checked.stat("executed")), (report.as_str(), alone));
    assert!(here.probity(["cache", "verify"]).expect(0).stdout.ends_with(" records, 0 damaged\n"));
}

#[test]
fn trusted_ones_are_used_and_every_form_of_the_report_names_the_analyses() {
    let (_lab, mut repository, report, file) = exported();
    let here = Lab::new();
    here.probity(["cache", "import", &file]).expect(0);
    let trusted = here.check_six(repository.path(), &["--format", "json", "--trust-imported"]);
    assert_eq!(trusted.stat("plugin_processes"), 0);
    let mut json = trusted.json();
    let imported = json.as_object_mut().unwrap().shift_remove("imported").unwrap();
    let names = ["activity", "affiliation", "binary", "churn", "entropy", "identity"];
    let mut found: Vec<&str> = imported.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, names);
    assert_eq!(json, serde_json::from_str::<Value>(&report).unwrap());
    let text = here.check_six(repository.path(), &["--trust-imported"]).stdout;
    assert!(text.contains("6 of 6 analyses rest on answers of another machine"), "{text}");
    let sarif = here.check_six(repository.path(), &["--format", "sarif", "--trust-imported"]).json();
    assert_eq!(sarif["runs"][0]["properties"]["imported"].as_array().unwrap().len(), 6);

    // What is computed here from imported answers stays what it is: without trust it is computed once more.
    repository.write("src/new.rs", "fn new() {}\n").commit("one more");
    let more = here.check_six(repository.path(), &["--format", "json", "--trust-imported"]);
    assert_eq!(more.json()["imported"].as_array().unwrap().len(), 6);
    let own = here.check_six(repository.path(), &["--format", "json"]);
    assert!(own.stat("executed") > more.stat("executed"), "{}", own.stderr);
    assert_eq!(own.stdout, Lab::new().check_six(repository.path(), &["--format", "json"]).stdout);
    let now = here.check_six(repository.path(), &["--format", "json", "--trust-imported"]);
    assert_eq!(
        (now.stat("executed"), now.stdout),
        (0, own.stdout),
        "what this machine has computed goes first"
    );
}

#[test]
fn a_file_that_cannot_be_taken_up_is_told_and_nothing_of_it_is_taken() {
    let (lab, _, _, file) = exported();
    let here = Lab::new();
    let bytes = fs::read(&file).unwrap();
    let cut = lab.file("cut", &bytes[..bytes.len() / 2]);
    let foreign = lab.file("foreign", "something else");
    for (file, why) in [
        (cut.to_str().unwrap(), "ends in the middle of record"),
        (foreign.to_str().unwrap(), "no exported store"),
        ("/dev/zero", "no regular file"),
        ("/none/such", "No such file"),
    ] {
        let run = here.probity(["cache", "import", file]).expect(2);
        assert!(run.stderr.contains(why) && run.stderr.contains(file), "{}", run.stderr);
        assert!(!here.path("cache").exists(), "{file}");
    }
    let run = lab.probity(["cache", "export", "/proc/none/file"]).expect(10);
    assert!(run.stderr.contains("cannot write /proc/none/file"), "{}", run.stderr);
}
