//! `dependencies` as the host asks it, over trees that are made up.

mod lab;
mod locks;
mod manifests;

use probity_sdk::dependencies::Format;
use probity_sdk::testing::TestEngine;
use serde_json::json;

use lab::{Lab, key};

#[test]
fn files_are_found_in_all_folders_and_told_in_the_order_of_their_paths() {
    let lab = Lab::of(&[
        ("package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("web/package.json", r#"{"dependencies": {"b": "2"}}"#),
        ("deep/er/Cargo.toml", "[dependencies]\nc = '3'\n"),
        ("README.md", "none"),
    ]);
    let answer = lab.ask("manifests").unwrap();
    let paths: Vec<_> =
        answer.value()["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, [json!("deep/er/Cargo.toml"), json!("package.json"), json!("web/package.json")]);
    assert_eq!(answer.value()["files"][0]["direct"][0]["name"], json!("c"));
    let answer = lab.ask("npm").unwrap();
    assert_eq!(answer.value()["files"].as_array().unwrap().len(), 2);
    assert_eq!(answer.value()["left_out"], json!(0));
}

#[test]
fn one_file_that_cannot_be_read_stops_no_other_and_is_pointed_out() {
    let lab = Lab::of(&[
        ("a/package.json", "{"),
        ("b/package.json", r#"{"dependencies": {}, "dependencies": {"x": "1"}}"#),
        ("c/package.json", r#"{"dependencies": {"y": "1"}}"#),
        ("d/package.json", "\u{0}"),
    ]);
    let answer = lab.ask("manifests").unwrap();
    let problems: Vec<_> =
        answer.concern_list().iter().map(|concern| concern.location.clone().unwrap().path.unwrap()).collect();
    assert_eq!(problems, ["a/package.json", "b/package.json", "d/package.json"]);
    assert!(answer.concern_list()[1].message.contains("twice"), "{:?}", answer.concern_list());
    assert!(answer.concern_list()[2].message.contains("UTF-8"), "{:?}", answer.concern_list());
    assert_eq!(answer.value()["files"][2]["direct"][0]["name"], json!("y"));
}

#[test]
fn one_more_commit_asks_only_for_the_folders_on_the_path_and_for_new_content() {
    let files: Vec<(String, String)> = (0..40)
        .map(|n| (format!("p{n}/package.json"), format!(r#"{{"dependencies": {{"d{n}": "1"}}}}"#)))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut lab = Lab::of(&files);
    lab.ask("manifests").unwrap();
    assert_eq!(lab.times("git/text"), 40);
    lab.put("p7/package.json", "{}");
    lab.ask("manifests").unwrap();
    assert_eq!((lab.times("git/text"), lab.times("dependencies/file")), (1, 1));
    assert_eq!(lab.times("dependencies/folder"), 2);
    lab.put("p7/README.md", "x");
    lab.ask("manifests").unwrap();
    assert_eq!((lab.times("git/text"), lab.times("dependencies/file")), (0, 0));
}

#[test]
fn no_more_files_are_read_than_anybody_honest_has() {
    let files: Vec<(String, String)> =
        (0..2100).map(|n| (format!("p{n:04}/go.mod"), "module m\n".to_owned())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let lab = Lab::of(&files);
    let answer = lab.ask("go").unwrap();
    assert_eq!(answer.value()["files"].as_array().unwrap().len(), 2000);
    assert_eq!(answer.value()["left_out"], json!(100));
    assert!(answer.concern_list()[0].message.contains("100 more"), "{:?}", answer.concern_list());
}

#[test]
fn what_hipcheck_sees_is_the_old_form_of_the_topmost_lock_file() {
    let lock = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1", "dependencies": {"b": {}}}, "b": {}}}"#;
    let lab = Lab::of(&[("package.json", "{}"), ("package-lock.json", lock), ("x/package-lock.json", "{}")]);
    let expected = json!({ "language": "JavaScript", "deps": ["a", "b", "b"] });
    assert_eq!(lab.ask("hipcheck_npm").unwrap().value(), &expected);

    let third = r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}}}"#;
    let lab = Lab::of(&[("package.json", "{}"), ("package-lock.json", third)]);
    assert_eq!(lab.ask("hipcheck_npm").unwrap().value()["deps"], json!([]));

    for files in [&[("package.json", "{}")][..], &[("x/package.json", "{}")], &[]] {
        assert!(Lab::of(files).ask("hipcheck_npm").unwrap_err().is_abstention(), "{files:?}");
    }
}

#[test]
fn whatever_a_file_holds_it_is_answered() {
    let hostile = [
        "",
        "\u{feff}",
        "\0",
        "{",
        "[",
        "<",
        "<!DOCTYPE x",
        "a: &a [*a]",
        "- - - -",
        "\\",
        "'''",
        "\"",
        "(",
        "gem '",
        "require (",
        "dependencies {",
        "implementation(",
        "@@@",
        "a@",
        "/@/",
        "=",
        ":::",
        "\u{202e}",
        "{\"dependencies\":[]}",
        "{\"packages\":{\"\":1}}",
        "{\"packages\":1}",
        "[package]\n",
        "package = 1",
        "[[package]]\nname = 1",
        "${${${",
        "\r\r\n",
    ];
    for format in FORMATS {
        for text in hostile.into_iter().map(str::to_owned).chain(hostile.map(|text| text.repeat(3000))) {
            let told = crate::formats::said(format, &text);
            assert!(told.problem.as_ref().is_none_or(|problem| problem.len() < 2001), "{format:?}");
        }
    }
}

const FORMATS: [Format; 22] = [
    Format::Npmrc,
    Format::Yarnrc,
    Format::YarnrcYml,
    Format::PackageJson,
    Format::PackageLock,
    Format::YarnLock,
    Format::PnpmLock,
    Format::CargoToml,
    Format::CargoLock,
    Format::Requirements,
    Format::Pyproject,
    Format::UvLock,
    Format::PoetryLock,
    Format::GoMod,
    Format::GoSum,
    Format::Pom,
    Format::Gradle,
    Format::GradleCatalogue,
    Format::Gemfile,
    Format::GemfileLock,
    Format::ComposerJson,
    Format::ComposerLock,
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_stops_a_reader(text in r#"([a-z@/:.^~=<>"'{}\[\]()\-#$ \n\t,é]|gem |require|dependencies|\[package\]|- ){0,60}"#) {
        for format in FORMATS {
            crate::formats::said(format, &text);
        }
    }
}

#[test]
fn a_blob_that_this_clone_lacks_is_no_fact() {
    let engine = TestEngine::new(probity_sdk::Empty {}).on(
        "git/text",
        |_: serde_json::Value| -> probity_sdk::Result<serde_json::Value> {
            Err(probity_sdk::unavailable("the blob is missing"))
        },
    );
    let error = engine.ask(&crate::plugin(), "file", json!({ "blob": "b", "format": "go-mod" })).unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(key("t"), json!({ "tree": "t" }));
}
