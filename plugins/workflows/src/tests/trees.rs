//! The analyses as the host asks them, over trees and blobs of a repository that git made.

use std::sync::Arc;

use probity_sdk::git::{Folder, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::{TestEngine, level};
use probity_tests::{Lab, Repository};
use serde_json::{Value, json};

use crate::{Config, plugin};

const WORKFLOW: &str = "on: issues\npermissions: { contents: write }\njobs:\n  a:\n    steps:\n    - run: echo ${{ github.event.issue.title }}\n    - uses: acme/a@v1\n    - uses: actions/checkout@v4\n      with: { persist-credentials: false }\n";

fn engine(repository: &Repository, config: &Config) -> TestEngine<Config> {
    let path = repository.path().to_owned();
    let below = move || {
        let repository = Repository::at(path.clone());
        TestEngine::new(Config::default())
            .git_dir(path.join(".git"))
            .on("git/folder", move |key: TreeKey| Ok(level(&repository.git(["ls-tree", &key.tree]))))
    };
    let folder: Arc<dyn Fn(Value) -> Result<Value> + Send + Sync> = Arc::new({
        let below = below.clone();
        fn ask(below: &(dyn Fn() -> TestEngine<Config> + Send + Sync), key: Value) -> Result<Value> {
            let path_below = below;
            let nested = path_below();
            // A folder asks for those in it: one engine for each level.
            let level: Folder = nested.query("git/folder", &json!({ "tree": key["tree"] }))?;
            let mut known = Vec::new();
            for folder in &level.folders {
                let depth = key["depth"].as_u64().unwrap_or(0) + 1;
                known.push((folder.id.clone(), ask(below, json!({ "tree": folder.id, "depth": depth }))?));
            }
            let nested = path_below().on("workflows/folder", move |key: Value| {
                let of = known.iter().find(|(id, _)| json!(id) == key["tree"]);
                Ok(of.map(|(_, value)| value.clone()))
            });
            Ok(nested.ask(&plugin(), "folder", key)?.into_parts().0)
        }
        move |key| ask(&below, key)
    });
    let file = below.clone();
    let config = config.clone();
    TestEngine::new(config)
        .on("workflows/folder", move |key: Value| folder(key))
        .on("workflows/file", move |key: Value| Ok(file().ask(&plugin(), "file", key)?.into_parts().0))
}

fn target(repository: &Repository) -> Target {
    Target { commit: "tip".into(), tree: repository.git(["rev-parse", "HEAD^{tree}"]), shallow: vec![] }
}

#[test]
fn findings_name_their_files_and_the_worst_come_first() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository
        .write(".github/workflows/a.yml", WORKFLOW)
        .write(".github/workflows/deep/b.yml", WORKFLOW)
        .write("x/.github/workflows/c.yml", WORKFLOW)
        .write("Dockerfile", "FROM debian\n")
        .write("docs/same/Dockerfile", "FROM debian\n");
    std::os::unix::fs::symlink("a.yml", repository.path().join(".github/workflows/link.yml")).unwrap();
    repository.commit("all");
    let engine = engine(&repository, &Config::default());
    let ask = |query: &str| engine.ask(&plugin(), query, target(&repository)).unwrap();
    let dangerous = ask("dangerous");
    let injected = "the script holds the text of ${{ github.event.issue.title }}, which a stranger chooses";
    let linked = "a symbolic link: nothing is known of what it leads to";
    assert_eq!(
        dangerous.value(),
        &json!([
            { "severity": "high", "rule": "template-injection", "path": ".github/workflows/a.yml", "line": 6, "message": injected },
            { "severity": "medium", "rule": "unreadable", "path": ".github/workflows/link.yml", "line": 1, "message": linked },
        ])
    );
    let concern = Concern::new(format!("template-injection (high): {injected}")).rule("template-injection");
    assert_eq!(dangerous.concern_list()[0], concern.path(".github/workflows/a.yml").line(6));
    let mutable = ask("mutable").into_parts().0;
    let told = |of: &Value| format!("{} {} {}", of["severity"], of["path"], of["line"]).replace('"', "");
    assert_eq!(
        mutable.as_array().unwrap().iter().map(told).collect::<Vec<_>>(),
        [
            "medium .github/workflows/a.yml 7",
            "medium .github/workflows/link.yml 1",
            "low Dockerfile 1",
            "low docs/same/Dockerfile 1",
            "low .github/workflows/a.yml 8",
        ]
    );
    let references = ask("references").into_parts().0;
    assert_eq!(
        references[0],
        json!({ "path": ".github/workflows/a.yml", "pinned": false, "privileged": true,
        "line": 7, "rule": "unpinned-uses", "uses": "acme/a@v1" })
    );
    assert_eq!(references.as_array().unwrap().len(), 4);
    let files = engine.asked().into_iter().filter(|(query, _)| query == "workflows/file");
    assert!(files.clone().all(|(_, key)| key["blob"].as_str().is_some_and(|id| id.len() == 40)));
}

#[test]
fn whom_the_policy_trusts_is_a_matter_of_configuration() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write(".github/workflows/a.yml", WORKFLOW).commit("all");
    let config: Config = serde_json::from_str(r#"{"trusted-owners": "ACME"}"#).unwrap();
    let engine = engine(&repository, &config);
    let value = engine.ask(&plugin(), "mutable", target(&repository)).unwrap().into_parts().0;
    let severities: Vec<&str> =
        value.as_array().unwrap().iter().map(|of| of["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["medium", "low"], "checkout is a third party's then: {value}");
}

#[test]
fn where_there_is_nothing_to_look_at_nothing_is_judged() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write("src/main.rs", "fn main() {}\n").write("install.sh", "true\n").commit("all");
    let engine = engine(&repository, &Config::default());
    for query in ["dangerous", "mutable", "permissions", "references"] {
        let error = engine.ask(&plugin(), query, target(&repository)).unwrap_err();
        assert!(error.is_abstention(), "{query}: {error:?}");
    }
    assert_eq!(engine.ask(&plugin(), "fetch_and_run", target(&repository)).unwrap().value(), &json!([]));
}

#[test]
fn an_object_that_is_not_there_is_no_fact() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write(".github/workflows/a.yml", WORKFLOW).commit("all");
    let blob = repository.git(["rev-parse", "HEAD:.github/workflows/a.yml"]);
    std::fs::remove_file(repository.loose(&blob)).unwrap();
    let engine = engine(&repository, &Config::default());
    let error = engine.ask(&plugin(), "dangerous", target(&repository)).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn it_declares_what_it_asks_for_and_its_policy() {
    let describe = plugin().describe();
    assert_eq!(describe.default_policy.as_deref(), Some(r#"value.all(f, f.severity == "low")"#));
    let default: Vec<&str> =
        describe.queries.iter().filter(|of| of.default).map(|of| of.name.as_str()).collect();
    assert_eq!(default, ["dangerous"]);
    let injection = describe.rules.iter().find(|rule| rule.id == "template-injection").unwrap();
    assert_eq!(injection.query, "dangerous");
}
