//! Packages of npm, cargo and Python.

use super::world::{World, packed};
use crate::Config;

#[test]
fn a_package_of_npm_is_seen_without_its_folder_and_what_it_runs_is_found() {
    let world = World::new(&[
        ("packages/a/package.json", r#"{"name": "a", "scripts": {"test": "x"}}"#),
        ("packages/a/index.js", "x\n"),
        ("packages/a/test.js", "x\n"),
        ("README.md", "x\n"),
    ]);
    let compared = |files: &[(&str, &str)]| {
        let folder = "packages/a".to_owned();
        world
            .compared_as(
                Config { file: Some("a-1.0.tgz".to_owned()), folder, ..Config::default() },
                &packed(files),
            )
            .unwrap()
    };
    let manifest = ("package/package.json", r#"{"name": "a", "scripts": {"test": "x"}}"#);
    assert_eq!(compared(&[manifest, ("package/index.js", "x\n")]), ["low missing-file -"]);
    let found = compared(&[
        (
            "package/package.json",
            r#"{"name": "a", "scripts": {"test": "x", "preinstall": "node preinstall.js"}}"#,
        ),
        ("package/index.js", "x\n"),
        ("package/preinstall.js", "evil\n"),
        ("package/dist/package.json", r#"{"type": "commonjs"}"#),
        ("package/binding.gyp", "{}"),
    ]);
    let expected = [
        "high changed-file packages/a/package.json",
        "high extra-build-file packages/a/binding.gyp",
        "medium extra-file packages/a/preinstall.js",
        "low extra-file packages/a/dist/package.json",
        "low missing-file -",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_manifest_that_cargo_writes_is_noted_and_its_original_compared() {
    let world = World::new(&[("Cargo.toml", "[package]\n"), ("src/lib.rs", "\n"), ("Cargo.lock", "")]);
    let compared = |original: &str, further: &[(&str, &str)]| {
        let mut files = vec![
            ("a-1.0.0/.cargo_vcs_info.json", "{}"),
            ("a-1.0.0/Cargo.toml", "# written by cargo\n"),
            ("a-1.0.0/Cargo.toml.orig", original),
            ("a-1.0.0/Cargo.lock", ""),
            ("a-1.0.0/src/lib.rs", "\n"),
        ];
        files.extend(further);
        world.compared("a-1.0.0.crate", &packed(&files)).unwrap()
    };
    assert_eq!(compared("[package]\n", &[]), ["low changed-file Cargo.toml"]);
    let expected =
        ["high changed-file Cargo.toml", "high extra-build-file build.rs", "low changed-file Cargo.toml"];
    assert_eq!(compared("[package]\nbuild = true\n", &[("a-1.0.0/build.rs", "x")]), expected);
}

#[test]
fn what_setuptools_write_is_noted_and_nothing_beside_it() {
    let world = World::new(&[("setup.py", "setup()\n"), ("setup.cfg", "[x]\na = 1\n"), ("a.py", "\n")]);
    let compared = |config: &str| {
        let files = [
            ("a-1.0/PKG-INFO", "Name: a\n"),
            ("a-1.0/a.egg-info/SOURCES.txt", "a.py\n"),
            ("a-1.0/setup.py", "setup()\n"),
            ("a-1.0/setup.cfg", config),
            ("a-1.0/a.py", "\n"),
        ];
        world.compared("a-1.0.tar.gz", &packed(&files)).unwrap()
    };
    let metadata = ["low extra-file PKG-INFO", "low extra-file a.egg-info/SOURCES.txt"];
    let found = compared("[x]\na = 1\n\n[egg_info]\ntag_build = \ntag_date = 0\n\n");
    assert_eq!(found, [&["low changed-file setup.cfg"][..], &metadata].concat());
    let found = compared("[x]\na = 1\n[egg_info]\ntag_build = evil\n");
    assert_eq!(found, [&["high changed-file setup.cfg"][..], &metadata].concat());
}
