//! Releases of a whole tree.

use probity_sdk::findings::Finding;
use probity_sdk::testing::TestEngine;
use serde_json::json;

use super::world::{World, gzip, packed};
use crate::queries::ComparedKey;
use crate::release::{ObjectKey, Peeled};
use crate::{Config, plugin};

#[test]
fn what_git_makes_of_a_tree_is_the_tree() {
    let mut world = World::new(&[
        ("Makefile.am", "SUBDIRS = src\n"),
        ("src/a.c", "int a;\n"),
        ("src/\u{fc}.c", "int u;\n"),
        ("odd\\name", "as systemd has them\n"),
        ("tests/left-out.c", "x\n"),
        ("version", "v $Format:%H$\n"),
        (".gitattributes", "/tests export-ignore\nversion export-subst\n*.bat eol=crlf\n"),
        ("run.bat", "echo\n"),
    ]);
    std::os::unix::fs::symlink("src/a.c", world.repository.path().join("link")).unwrap();
    world.repository.write(format!("{}/deep", "long".repeat(40)), "x\n").commit("a link and a long name");
    let low = ["low changed-file run.bat", "low changed-file version"];
    for name in ["x.tar.gz", "x.tar", "x.zip"] {
        assert_eq!(world.compared(name, &world.archive(name)).unwrap(), low, "{name}");
    }
}

#[test]
fn a_macro_file_that_only_the_archive_has_is_found_and_what_is_generated_is_noted() {
    let world = World::new(&[
        ("configure.ac", "AC_INIT\n"),
        ("m4/ax_check.m4", "# serial 1\nclean\n"),
        ("src/a.c", "int a;\n"),
        (".gitignore", "m4/build-to-host.m4\n"),
    ]);
    let archive = packed(&[
        ("x-1.0/configure.ac", "AC_INIT\n"),
        ("x-1.0/configure", "#!/bin/sh\n"),
        ("x-1.0/Makefile.in", "all:\n"),
        ("x-1.0/aclocal.m4", "x\n"),
        ("x-1.0/m4/ax_check.m4", "# serial 1\ngl_am=`grep -aErls x`\n"),
        ("x-1.0/m4/build-to-host.m4", "# build-to-host.m4 serial 30\n"),
        ("x-1.0/m4/own.m4", "x\n"),
        ("x-1.0/src/a.c", "int b;\n"),
        ("x-1.0/src/b.c", "int b;\n"),
        ("x-1.0/tests/good.xz", "\0\0"),
        ("x-1.0/tool", "#! /bin/sh\n"),
        ("x-1.0/INSTALL", "read\n"),
    ]);
    let expected = [
        "high changed-file m4/ax_check.m4",
        "high extra-build-file m4/own.m4",
        "high extra-build-file tool",
        "medium changed-file src/a.c",
        "medium extra-build-file m4/build-to-host.m4",
        "medium extra-file src/b.c",
        "medium extra-file tests/good.xz",
        "low extra-build-file Makefile.in",
        "low extra-build-file aclocal.m4",
        "low extra-build-file configure",
        "low extra-file INSTALL",
        "low missing-file .gitignore",
    ];
    assert_eq!(world.compared("x.tar.gz", &archive).unwrap(), expected);
    let config = Config { file: Some("x.tar.gz".to_owned()), ..Config::default() };
    let answer = world.answer(config, &archive).unwrap();
    let found: Vec<Finding> = serde_json::from_value(answer.value().clone()).unwrap();
    assert!(found.iter().any(|finding| finding.message.contains("serial \"30\"")), "{found:?}");
}

#[test]
fn nothing_is_generated_where_there_is_nothing_to_generate_it_from() {
    let world = World::new(&[("a.c", "x\n")]);
    let archive = packed(&[("x/a.c", "x\n"), ("x/configure", "#!/bin/sh\n")]);
    assert_eq!(world.compared("x.tar.gz", &archive).unwrap(), ["high extra-build-file configure"]);
}

#[test]
fn ends_of_lines_and_ids_that_git_puts_in_are_noted_only() {
    let world = World::new(&[
        ("build.sh", "a\nb\n"),
        ("id.py", "id = '$Format:%H$'\n"),
        ("evil.py", "id = '$Format:%H$'\n"),
        (".gitattributes", "*.py export-subst\n"),
    ]);
    let archive = packed(&[
        ("x/build.sh", "a\r\nb\r\n"),
        ("x/id.py", "id = '0123abcd'\n"),
        ("x/evil.py", "id = ''; import evil; ''\n"),
        ("x/.gitattributes", "*.py export-subst\n"),
    ]);
    let expected = ["medium changed-file evil.py", "low changed-file build.sh", "low changed-file id.py"];
    assert_eq!(world.compared("x.tar.gz", &archive).unwrap(), expected);
}

#[test]
fn a_folder_that_is_not_there_is_told_once_and_submodules_cannot_be_compared() {
    let mut world =
        World::new(&[("a", "a\n"), ("doc/a", "x\n"), ("doc/b/c", "x\n"), ("src/a", "x\n"), ("src/b", "y\n")]);
    let id = world.repository.git(["rev-parse", "HEAD"]);
    world.repository.git(["update-index", "--add", "--cacheinfo", &format!("160000,{id},lib")]);
    world.repository.commit_staged("a submodule");
    let archive =
        packed(&[("x/a", "a\n"), ("x/src/a", "x\n"), ("x/lib/configure.ac", "x\n"), ("x/lib/b", "x\n")]);
    let expected = ["medium extra-file lib", "low missing-file doc", "low missing-file src/b"];
    assert_eq!(world.compared("x.tar.gz", &archive).unwrap(), expected);
    let without =
        packed(&[("a", "a\n"), ("doc/a", "x\n"), ("doc/b/c", "x\n"), ("src/a", "x\n"), ("src/b", "y\n")]);
    assert_eq!(world.compared("x.tar.gz", &without).unwrap(), [""; 0], "no folder above all");
}

#[test]
fn what_cannot_be_read_is_no_pass() {
    let world = World::new(&[("a", "a\n")]);
    let told = |name: &str, bytes: &[u8]| world.compared(name, bytes).unwrap_err();
    assert_eq!(
        told("x.tar.xz", b"\xfd7zXZ\0\xff"),
        "\"x.tar.xz\": an archive packed by xz cannot be read here: unpack it with xz -dk, and name the .tar"
    );
    assert_eq!(told("x.tar.gz", b"x"), "\"x.tar.gz\": it is neither tar, gzip nor zip");
    assert_eq!(told("x.tar.gz", &gzip(b"")), "\"x.tar.gz\" holds no file");
    assert!(told("x.tar.gz", &gzip(b"x")).contains("it is damaged"));
    let whole = packed(&[("x/a", "a\n")]);
    assert!(told("x.tar.gz", &whole[..whole.len() / 2]).contains("it is damaged"));
    let config = Config { file: Some("x".to_owned()), folder: "none".to_owned(), ..Config::default() };
    assert_eq!(world.compared_as(config, &whole).unwrap_err(), "the tree has no folder \"none\"");
}

/// The reason of an abstention.
fn reason(engine: &TestEngine<Config>, query: &str, key: serde_json::Value) -> String {
    let error = engine.ask(&plugin(), query, key).unwrap_err();
    assert!(error.is_abstention(), "{error:?}");
    error.message().to_owned()
}

#[test]
fn without_an_archive_nothing_is_judged() {
    let target = json!({ "commit": "c0ffee", "tree": "7ree", "shallow": [] });
    let told = reason(&TestEngine::new(Config::default()), "differences", target);
    assert!(told.starts_with("no archive is named: write file"), "{told}");
    let config = || Config { file: Some("x".to_owned()), ..Config::default() };
    let key = || json!({ "tree": "7ree", "file": "x", "folder": "" });
    let denied =
        TestEngine::new(config()).denied_input("file", "x", "file \"x\" is not granted to this plugin");
    let told = reason(&denied, "compared", key());
    assert!(told.contains("not granted") && told.contains("grant { file \"x\" }"), "{told}");
    let absent = TestEngine::new(config()).input("file", "x", serde_json::Value::Null);
    assert_eq!(reason(&absent, "compared", key()), "there is no file \"x\"");
}

#[test]
fn a_tag_is_followed_to_its_tree() {
    let mut world = World::new(&[("a", "a\n")]);
    let (commit, tree) = (world.repository.git(["rev-parse", "HEAD"]), world.tree_id());
    let tagger = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "tag", "-a", "-m", "x"];
    for further in [&["v1"][..], &["v2", "v1"]] {
        world.repository.git([&tagger[..], further].concat());
    }
    let tag = world.repository.git(["rev-parse", "v2"]);
    world.repository.write("a", "b\n").commit("later");
    let target = json!({ "commit": "c0ffee", "tree": "7ree", "shallow": [] });
    let engine = |name: &str| {
        let config = Config { file: Some("x".to_owned()), tag: Some(name.to_owned()), ..Config::default() };
        let git_dir = world.repository.path().join(".git");
        let peeling = TestEngine::new(Config::default()).git_dir(git_dir);
        let tags = json!({ "of_revision": false, "tags": [{ "name": "v2", "id": tag }] });
        TestEngine::new(config)
            .input("refs", "tags", tags)
            .on("archive/peeled", move |key: ObjectKey| {
                let peeled = peeling.ask(&plugin(), "peeled", key)?.value().clone();
                Ok(serde_json::from_value::<Peeled>(peeled)?)
            })
            .on("archive/compared", |key: ComparedKey| {
                Ok(vec![Finding::new("archive-x", probity_sdk::findings::Severity::Low, key.tree)])
            })
    };
    for name in ["v2", "refs/tags/v2", &commit, &tree] {
        let answer = engine(name).ask(&plugin(), "differences", target.clone()).unwrap();
        assert_eq!(answer.value()[0]["message"], tree, "{name}");
    }
    assert_eq!(
        reason(&engine("v3"), "differences", target),
        "there is no tag \"v3\" in this repository; fetch it with git fetch --tags"
    );
}

#[test]
fn the_configuration_is_checked() {
    let refused = |config: &str| {
        let config: Config = serde_json::from_str(config).unwrap();
        config.validate().is_err()
    };
    for config in [
        r#"{"file": ""}"#,
        r#"{"tag": ""}"#,
        r#"{"folder": "/a"}"#,
        r#"{"folder": "a/../b"}"#,
        r#"{"folder": "a/"}"#,
    ] {
        assert!(refused(config), "{config}");
    }
    assert!(!refused(r#"{"file": "x", "tag": "v1", "kind": "crate", "folder": "a/b"}"#));
    assert!(serde_json::from_str::<Config>(r#"{"kind": "xz"}"#).is_err());
}
