//! Lock files, manifests and settings as `dependencies` tells them.

use probity_sdk::dependencies::Manifest;
use serde_json::{Value, json};

use super::told;
use crate::sources::of_ecosystem;

/// What is found in files of one ecosystem.
fn found(ecosystem: &str, files: Value) -> Vec<String> {
    let mut files: Vec<Manifest> = serde_json::from_value(files).unwrap();
    files.iter_mut().for_each(|file| ecosystem.clone_into(&mut file.ecosystem));
    let mut found = Vec::new();
    of_ecosystem(&files, &mut found);
    found.sort();
    told(&found)
}

fn from(name: &str, source: &str) -> Value {
    json!({ "name": name, "source": source, "integrity": "sha512-x" })
}

/// A lock file with this many packages of the usual host, and these.
fn lock(usual: usize, others: &[Value]) -> Value {
    let usual = (0..usual).map(|n| from(&format!("p{n}"), &format!("https://usual.example/p{n}.tgz")));
    let locked: Vec<Value> = usual.chain(others.iter().cloned()).collect();
    json!({ "path": "package-lock.json", "format": "package-lock", "locked": locked })
}

const OTHER: &str = "https://other.example/x.tgz";

#[test]
fn a_package_of_another_host_is_found_and_one_that_settings_name_is_not() {
    let of = |others: &[Value]| found("npm", json!([lock(20, others)]));
    assert_eq!(of(&[from("x", OTHER)]), ["other-host medium package-lock.json"]);
    assert_eq!(of(&[from("x", "https://203.0.113.7/x.tgz")]), ["other-host high package-lock.json"]);
    assert_eq!(of(&[from("@acme/x", OTHER)]), ["unpinned-scope medium package-lock.json"]);
    let archive = "https://git.example/o/r/tar.gz/0123456789abcdef0123456789abcdef01234567";
    assert_eq!(of(&[from("x", archive)]), ["other-host medium package-lock.json"]);
    let hashed = format!("{OTHER}#0123456789abcdef0123456789abcdef01234567");
    assert_eq!(of(&[from("x", &hashed)]), ["other-host medium package-lock.json"]);
    let asks = json!({ "path": "package.json", "format": "package-json", "direct": [{ "name": "x", "kind": "normal", "source": "git:o/r#0123456789abcdef0123456789abcdef01234567", "line": 4 }] });
    assert_eq!(found("npm", json!([asks, lock(20, &[from("x", archive)])])), [""; 0]);
    assert_eq!(of(&[]), [""; 0]);
    assert_eq!(of(&[json!({ "name": "local", "source": "file:../x" })]), [""; 0]);
    // Two names of one registry: lock files of Yarn have both.
    let mirror: Vec<Value> = (0..9).map(|n| from(&format!("{}/y{n}", ["@a", "b"][n % 2]), OTHER)).collect();
    assert_eq!(of(&mirror), ["other-host low package-lock.json"]);
    let scoped: Vec<Value> = (0..9).map(|n| from(&format!("@acme/y{n}"), OTHER)).collect();
    assert_eq!(of(&scoped).len(), 5);
    let many: Vec<Value> = (0..9).map(|n| from(&format!("y{n}"), OTHER)).collect();
    assert_eq!(of(&many), ["other-host low package-lock.json"]);

    let npmrc = |registry: Value| json!({ "path": ".npmrc", "format": "npmrc", "registries": [registry] });
    let named =
        npmrc(json!({ "role": "named", "address": "https://other.example/", "name": "@acme", "line": 1 }));
    assert_eq!(
        found(
            "npm",
            json!([
                npmrc(json!({ "role": "default", "address": "https://other.example", "line": 1 })),
                lock(20, &[from("x", OTHER)])
            ])
        ),
        [""; 0]
    );
    assert_eq!(found("npm", json!([named, lock(20, &[from("@acme/x", OTHER)])])), [""; 0]);
    let manifest = json!({ "path": "package.json", "format": "package-json", "direct": [{ "name": "x", "kind": "normal", "source": format!("url:{OTHER}"), "line": 4 }] });
    assert_eq!(
        found("npm", json!([manifest, lock(20, &[from("x", OTHER)])])),
        ["moving-source low package.json:4"]
    );
}

#[test]
fn what_can_be_changed_on_the_way_is_found() {
    assert_eq!(
        found(
            "npm",
            json!([lock(
                20,
                &[from("x", "http://usual.example/x.tgz"), from("y", "http://localhost:4873/y.tgz")]
            )])
        ),
        ["other-host medium package-lock.json", "plain-http medium package-lock.json"]
    );
    let of = |ecosystem: &str, role: &str, address: &str| {
        let registry = json!({ "role": role, "address": address, "line": 3 });
        found(ecosystem, json!([{ "path": "m", "format": "requirements", "registries": [registry] }]))
    };
    assert_eq!(of("maven", "more", "http://m.example/repo"), ["plain-http medium m:3"]);
    assert_eq!(of("maven", "more", "https://m.example/repo"), [""; 0]);
    assert_eq!(of("npm", "default", "http://localhost:4873"), ["plain-http low m:3"]);
    assert_eq!(of("pypi", "more", "https://index.example/simple"), ["second-index medium m:3"]);
    assert_eq!(of("pypi", "default", "https://index.example/simple"), [""; 0]);
    assert_eq!(of("pypi", "trusted", "index.example"), ["unchecked-host medium m:3"]);
    assert_eq!(of("composer", "trusted", ""), ["unchecked-host medium m:3"]);
}

#[test]
fn a_missing_hash_is_grave_where_others_have_one() {
    let bare = |name: &str| json!({ "name": name, "source": "https://usual.example/x.tgz" });
    assert_eq!(found("npm", json!([lock(20, &[bare("x")])])), ["no-integrity medium package-lock.json"]);
    let many: Vec<Value> = (0..20).map(|n| bare(&format!("x{n}"))).collect();
    assert_eq!(found("npm", json!([lock(20, &many)])), ["no-integrity low package-lock.json"]);
    assert_eq!(found("npm", json!([lock(0, &many)])), ["no-integrity low package-lock.json"]);
}

#[test]
fn a_branch_is_grave_unless_a_lock_file_pins_it() {
    let manifest = |source: &str| json!({ "path": "Cargo.toml", "format": "cargo-toml", "direct": [{ "name": "g", "kind": "normal", "source": source, "line": 2 }] });
    let of = |source: &str| found("cargo", json!([manifest(source)]));
    assert_eq!(of("git:https://git.example/g?branch=main"), ["moving-source medium Cargo.toml:2"]);
    assert_eq!(of("git:https://git.example/g?rev=0123abc"), [""; 0]);
    assert_eq!(of("git:git://git.example/g?rev=0123abc"), ["plain-http medium Cargo.toml:2"]);
    assert_eq!(of("path:../g"), [""; 0]);
    let locked = json!({ "name": "g", "source": "git+https://git.example/g?branch=main#0123456789abcdef0123456789abcdef01234567" });
    let lock = json!({ "path": "Cargo.lock", "format": "cargo-lock", "locked": [locked] });
    assert_eq!(
        found("cargo", json!([manifest("git:https://git.example/g?branch=main"), lock])),
        ["moving-source low Cargo.toml:2"]
    );
    let go = json!({ "path": "go.mod", "format": "go-mod", "direct": [
        { "name": "m", "kind": "normal", "source": "url:fork.example/m v1.0.1", "line": 5 },
        { "name": "n", "kind": "normal", "source": "path:../n", "line": 6 }] });
    assert_eq!(found("go", json!([go])), ["replaced-module low go.mod:5"]);
}

#[test]
fn tests_are_noted_and_files_that_cannot_be_read_are_told() {
    let mut files = json!([lock(20, &[from("x", OTHER)])]);
    files[0]["path"] = json!("tests/a/package-lock.json");
    assert_eq!(found("npm", files), ["other-host low tests/a/package-lock.json"]);
    let broken =
        |path: &str| json!([{ "path": path, "format": "package-lock", "problem": "it is malformed" }]);
    assert_eq!(found("npm", broken("package-lock.json")), ["unreadable-manifest medium package-lock.json"]);
    assert_eq!(
        found("npm", broken("fixtures/package-lock.json")),
        ["unreadable-manifest low fixtures/package-lock.json"]
    );
}

#[test]
fn few_places_of_a_rule_are_told_of_a_file() {
    let plain: Vec<Value> = (0..50).map(|n| from(&format!("x{n}"), "http://usual.example/x.tgz")).collect();
    assert_eq!(found("npm", json!([lock(900, &plain)])).len(), 5);
}
