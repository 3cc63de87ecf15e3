//! Trees that nobody made in good faith, and random ones held against a list of all their files.

use std::collections::BTreeMap;

use probity_sdk::git::path;
use probity_sdk::prelude::*;
use proptest::prelude::*;
use serde_json::json;

use super::world::{Entry, Kind, Node, World};
use crate::Config;
use crate::formats::{Formats, Opaque};

/// The answer as it follows from a list of all files: their number, the concerns, and the paths.
fn by_list(root: &Node, config: &Config) -> (u64, Vec<Concern>, Vec<String>) {
    let formats = Formats::new(config);
    let mut found: Vec<(String, Opaque)> = Vec::new();
    for (file, node) in root.files() {
        let file = path::text(&file).into_owned();
        if let Node::Binary(_, magic) = node
            && let Some(why) = formats.opaque(&file, *magic)
        {
            found.push((file, why));
        }
    }
    let paths = found.iter().map(|(file, _)| file.clone()).collect();
    let count = found.len() as u64;
    found.sort_by_key(|(_, why)| why.rank());
    let concern = |(file, why): (String, Opaque)| Concern::new(why.to_string()).path(file);
    (count, found.into_iter().take(20).map(concern).collect(), paths)
}

#[track_caller]
fn assert_as_by_list(world: &World, root: &Node, config: &Config) {
    let (count, concerns, paths) = by_list(root, config);
    let answer = world.ask("binary");
    assert_eq!(answer.value(), &json!(count));
    assert_eq!(answer.concern_list(), concerns);
    assert_eq!(world.ask("files").value(), &json!(paths));
}

fn node() -> impl Strategy<Value = Node> {
    let file = prop_oneof![
        3 => (0..40_u64).prop_map(Node::Text),
        5 => (0..40_u64, prop_oneof![Just(None), Just(Some("elf")), Just(Some("png")), Just(Some("zip"))])
            .prop_map(|(number, magic)| Node::Binary(number, magic)),
        1 => Just(Node::Link),
        1 => Just(Node::Submodule),
    ];
    file.prop_recursive(8, 200, 12, |inner| {
        prop::collection::btree_map(name(), inner, 0..12).prop_map(Node::Folder)
    })
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let names: [&[u8]; 14] = [
        b"a",
        b"b",
        b"a.b",
        b"a-b",
        b"x.exe",
        b"X.EXE",
        b"y.dat",
        b"z.so",
        b".c",
        b"\"q",
        b"\xff",
        b"\xfe.so",
        b"d.x",
        "ü.bin".as_bytes(),
    ];
    prop::sample::select(names.map(<[u8]>::to_vec).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn folder_by_folder_the_answer_is_that_of_the_whole_list(
        top in prop::collection::vec(prop::collection::btree_map(name(), node(), 0..10), 1..4),
    ) {
        let config = Config {
            extra_extensions: probity_sdk::config::Names(vec!["dat".into()]),
            excluded_extensions: probity_sdk::config::Names(vec!["so".into()]),
            ..Config::default()
        };
        // One repository for all, which remembers the earlier trees as it would earlier commits.
        let mut world = World::default();
        for root in top {
            let root = Node::Folder(root);
            world.change(root.clone());
            assert_as_by_list(&world, &root, &Config::default());
            assert_as_by_list(&world.clone().configured(config.clone()), &root, &config);
        }
    }
}

#[test]
fn folders_without_files_are_nothing() {
    let mut root = Node::folder();
    for number in 0..20 {
        root.put(&format!("{number}/empty"), Node::folder());
    }
    assert_as_by_list(&World::of(root.clone()), &root, &Config::default());
    assert_as_by_list(&World::of(Node::folder()), &Node::folder(), &Config::default());
}

/// A folder that holds these folders.
fn holding(world: &World, folders: &[(&str, &str)]) -> String {
    let entry =
        |(name, id): &(&str, &str)| Entry { name: (*name).into(), id: (*id).into(), kind: Kind::Folder };
    world.write_tree(folders.iter().map(entry).collect())
}

/// A folder with more binary files than any summary names.
fn many() -> Node {
    let file = |number: u64| (format!("{number:03}").into_bytes(), Node::Binary(number, None));
    Node::Folder((0..50).map(file).collect::<BTreeMap<_, _>>())
}

#[test]
fn folders_in_folders_in_folders_are_not_followed_one_question_within_the_other() {
    let mut world = World::default();
    let mut tree = world.write(&many());
    for _ in 0..2000 {
        tree = holding(&world, &[("d", &tree)]);
    }
    world.change_to(tree.clone());
    assert_eq!(world.ask("binary").value(), &json!(50));
    assert_eq!(world.times("git/tree"), 1);
    assert!(world.times("binary/folder") < 100);
    let files = world.ask("files");
    let first = format!("{}000", "d/".repeat(2000));
    assert_eq!((files.value().as_array().map(Vec::len), &files.value()[0]), (Some(50), &json!(first)));
    for _ in 0..8000 {
        tree = holding(&world, &[("d", &tree)]);
    }
    world.change_to(tree);
    let error = world.try_ask("binary").unwrap_err();
    assert!(error.message().contains("unfolds into more than 2048 levels"), "{error:?}");
    assert!(!error.is_retryable());
}

#[test]
fn a_tree_that_holds_itself_many_times_over_is_refused_and_one_that_holds_nothing_is_not() {
    let mut world = World::default();
    for (leaf, expected) in [(many(), None), (Node::folder(), Some(json!(0)))] {
        let mut tree = world.write(&leaf);
        for _ in 0..40 {
            tree = holding(&world, &[("a", &tree), ("b", &tree), ("c", &tree)]);
        }
        world.change_to(tree);
        match (world.try_ask("binary"), expected) {
            (Ok(answer), Some(expected)) => assert_eq!(answer.value(), &expected),
            (Err(error), None) => {
                assert!(error.message().contains("unfolds into more than 4000000 files"), "{error:?}");
                assert!(!error.is_retryable());
            }
            (answer, expected) => panic!("{answer:?} instead of {expected:?}"),
        }
    }
}
