//! `binary` as the host asks it, over trees that are made up.

mod hostile;
mod world;

use probity_sdk::prelude::*;
use serde_json::json;

use crate::plugin;
use world::{Node, World};

/// A tree of these files.
fn tree(files: &[(&str, Node)]) -> Node {
    let mut root = Node::folder();
    for (path, node) in files {
        root.put(path, node.clone());
    }
    root
}

const TEXT: Node = Node::Text(0);

#[test]
fn opaque_files_are_counted_and_listed_in_hidden_folders_too() {
    let world = World::of(tree(&[
        (".github/tool", Node::binary(None)),
        ("README.md", TEXT),
        ("lib/a.so", Node::binary(Some("elf"))),
        ("logo.png", Node::binary(Some("png"))),
        ("manual.pdf", Node::binary(Some("pdf"))),
        ("run.exe", TEXT),
        ("tests/good.xz", Node::binary(Some("xz"))),
        ("vendor/x.jar", Node::binary(Some("zip"))),
    ]));
    assert_eq!(world.ask("binary").value(), &json!(3));
    assert_eq!(world.ask("files").value(), &json!([".github/tool", "lib/a.so", "vendor/x.jar"]));
}

#[test]
fn concerns_name_files_the_gravest_reason_first() {
    let world = World::of(tree(&[
        ("a", Node::binary(None)),
        ("b.jar", Node::binary(Some("zip"))),
        ("c.dat", Node::binary(Some("pe"))),
    ]));
    let expected = [
        Concern::new("its first bytes are those of a program, library or package (pe)").path("c.dat"),
        Concern::new("binary, and .jar files run (Java archive)").path("b.jar"),
        Concern::new("binary, and without an extension that says what it is").path("a"),
    ];
    assert_eq!(world.ask("binary").concern_list(), expected);
}

#[test]
fn at_most_twenty_files_are_named_and_all_are_counted_and_listed() {
    let mut root = Node::folder();
    for number in 0..30 {
        root.put(&format!("{}/bin/{number:02}.so", number % 3), Node::Binary(number, None));
    }
    let world = World::of(root);
    let answer = world.ask("binary");
    assert_eq!(answer.value(), &json!(30));
    assert_eq!(answer.concern_list().len(), 20);
    assert_eq!(world.ask("files").value().as_array().map(Vec::len), Some(30));
}

#[test]
fn equal_files_are_looked_at_once_and_counted_each() {
    let so = Node::binary(None);
    let world = World::of(tree(&[("a.so", so.clone()), ("b.so", so.clone()), ("c.png", so.clone())]));
    assert_eq!(world.ask("binary").value(), &json!(2));
    let contents: Vec<_> = world.ran().into_iter().filter(|(query, _)| query == "git/contents").collect();
    assert_eq!(contents, [("git/contents".to_owned(), json!({ "blobs": [so.id()] }))]);
}

#[test]
fn links_and_submodules_are_not_read() {
    let so = Node::binary(Some("elf"));
    let world = World::of(tree(&[("a.so", so.clone()), ("link", Node::Link), ("module", Node::Submodule)]));
    assert_eq!(world.ask("binary").value(), &json!(1));
    assert_eq!(world.ran()[2].1, json!({ "blobs": [so.id()] }));
}

const TIMES: [&str; 3] = ["binary/folder", "git/folder", "git/contents"];

#[test]
fn a_change_asks_for_the_folders_on_its_path_alone() {
    let mut root = Node::folder();
    for folder in ["a", "a/b", "a/b/c", "d", "d/e"] {
        for file in 0..8 {
            root.put(&format!("{folder}/{file}"), Node::Text(file));
        }
    }
    let mut world = World::of(root.clone());
    world.ask("binary");
    assert_eq!(world.times("binary/folder"), 6);
    root.put("a/b/9", Node::binary(None));
    world.change(root.clone());
    assert_eq!(world.ask("binary").value(), &json!(1));
    // The root, a, a/b; of these a/b alone has other files.
    assert_eq!(TIMES.map(|query| world.times(query)), [3, 3, 1], "{:?}", world.ran());
    root.put("d/e/9", Node::Text(9));
    world.change(root);
    assert_eq!(world.ask("files").value(), &json!(["a/b/9"]));
    assert_eq!(TIMES.map(|query| world.times(query)), [3, 3, 1], "{:?}", world.ran());
}

#[test]
fn a_folder_that_lies_at_two_places_is_looked_at_once_and_its_files_are_named_at_both() {
    let mut twice = Node::folder();
    for file in 0..12 {
        twice.put(&format!("{file:02}.so"), Node::Binary(file, None));
    }
    let mut root = Node::folder();
    root.put("x/one", twice.clone());
    root.put("x/two", twice.clone());
    let world = World::of(root);
    let answer = world.ask("binary");
    assert_eq!(answer.value(), &json!(24));
    let place = |n: usize| answer.concern_list()[n].to_owned();
    let why = "binary, and .so files run (ELF)";
    assert_eq!(place(11), Concern::new(why).path("x/one/11.so"));
    assert_eq!(place(12), Concern::new(why).path("x/two/00.so"));
    let tree = json!(world.write(&twice));
    let ran = world.ran();
    let looked = ran.iter().filter(|(query, key)| query == "binary/folder" && key["tree"] == tree);
    assert_eq!(looked.count(), 1);
    let files = world.ask("files");
    assert_eq!(files.value().as_array().map(Vec::len), Some(24));
}

#[test]
fn a_missing_object_is_no_answer() {
    let world = World::of(tree(&[("a/b/a.so", Node::binary(None))]));
    world.lose(&Node::binary(None).id());
    let error = world.try_ask("binary").unwrap_err();
    assert!(error.is_retryable() && !error.is_abstention(), "{error:?}");
}

#[test]
fn it_describes_its_policy() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some("value <= 0"));
}
