//! The plugins that read files: each blob once, and one more commit what it changed.

use probity_tests::Lab;

const POLICY: &str = r#"
analyze {
    investigate policy="score > 0.5"
    analysis "hidden" plugin="content" query="hidden_text"
    analysis "secrets" plugin="content" query="secrets"
    analysis "dangerous" plugin="workflows" query="dangerous"
    analysis "fetched" plugin="workflows" query="fetch_and_run"
}
"#;

const WORKFLOW: &str =
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{ run: make }]\n";

#[test]
fn no_blob_is_read_again_by_its_digest() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    for number in 0..400 {
        repository.write(format!("src/{}/f{number}.rs", number % 8), format!("fn f{number}() {{}}\n"));
    }
    repository.write(".github/workflows/ci.yml", WORKFLOW).write("run.sh", "make\n").commit("begin");
    let policy = lab.file("policy.kdl", POLICY);
    let policy = policy.to_str().expect("the lab's path is text");
    let path = repository.path().to_owned();
    let ran = || {
        let ran = lab.check(&path, &["--policy", policy]).expect(0).ran();
        ran.into_iter().filter(|query| !query.starts_with("git/")).collect::<Vec<String>>()
    };
    // 400 files of source, a workflow and a script; all analyses rest on the same answers.
    let first = ran();
    assert!(first.contains(&"content/blob*402".to_owned()), "{first:?}");
    assert!(first.contains(&"workflows/file*2".to_owned()), "{first:?}");
    assert_eq!(ran(), [""; 0]);

    repository.write("src/3/f3.rs", "fn f3() { changed(); }\n").commit("change one");
    let second = ran();
    assert!(second.contains(&"content/blob".to_owned()), "{second:?}");
    assert!(!second.iter().any(|query| query.starts_with("workflows/file")), "{second:?}");

    repository.git(["mv", "src/3/f11.rs", "src/4/moved.rs"]);
    repository.git(["mv", "run.sh", "start.sh"]);
    repository.commit("move two");
    let third = ran();
    assert!(!third.iter().any(|query| query.contains("/blob") || query.contains("/file")), "{third:?}");
    assert!(third.contains(&"content/folder*4".to_owned()), "{third:?}");
}
