//! `linguist` as the host asks it.

use probity_sdk::config::Names;
use probity_sdk::testing::TestEngine;
use serde_json::json;

use crate::{Config, plugin};

#[test]
fn a_path_is_judged_under_the_configuration() {
    let engine = TestEngine::new(Config { extra_extensions: Names(vec!["foo".into()]), ..Config::default() });
    let is_source =
        |path: &str| engine.ask(&plugin(), "is_source", json!({ "path": path })).unwrap().into_parts().0;
    assert_eq!(is_source("src/lib.rs"), json!(true));
    assert_eq!(is_source("a.foo"), json!(true));
    assert_eq!(is_source("README.md"), json!(false));
    assert!(engine.asked().is_empty());
}

#[test]
fn the_extensions_are_sorted_and_say_the_same_as_is_source() {
    let config = Config {
        extra_extensions: Names(vec!["ZZZ".into()]),
        excluded_extensions: Names(vec!["4dm".into()]),
        without_extension: false,
    };
    let engine = TestEngine::new(config);
    let value = engine.ask(&plugin(), "source_extensions", json!({})).unwrap().into_parts().0;
    let list: Vec<&str> =
        value["extensions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!((list[0], *list.last().unwrap()), ("4th", "zzz"));
    assert!(list.is_sorted_by(|a, b| a < b));
    assert_eq!(value["without_extension"], json!(false));
    for name in list {
        let path = json!({ "path": format!("file.{name}") });
        assert_eq!(engine.ask(&plugin(), "is_source", path).unwrap().value(), &json!(true), "{name}");
    }
}

#[test]
fn keys_of_another_shape_are_refused() {
    let engine = TestEngine::new(Config::default());
    assert!(engine.ask(&plugin(), "source_extensions", json!({ "path": "a.rs" })).is_err());
    assert!(engine.ask(&plugin(), "is_source", json!({})).is_err());
}

#[test]
fn it_is_no_analysis_and_has_no_policy() {
    let describe = plugin().describe();
    assert!(describe.queries.iter().all(|query| !query.default && query.uses.is_empty()));
    assert_eq!(describe.default_policy, None);
}
