//! `binary` as the host asks it, over trees that are made up.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_sdk::git::{BlobContent, Contents, ContentsKey, FileKind, Tree, TreeFile, TreeKey};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

/// What a file's content is.
#[derive(Clone, Copy)]
enum Is {
    Text,
    Binary(Option<&'static str>),
}

struct Lab {
    files: Vec<TreeFile>,
    contents: BTreeMap<String, Is>,
}

impl Lab {
    fn new(files: &[(&str, Is)]) -> Self {
        let mut lab = Self { files: Vec::new(), contents: BTreeMap::new() };
        for (number, (path, is)) in files.iter().enumerate() {
            lab.add(path, &format!("{number:02x}ff"), FileKind::File, *is);
        }
        lab
    }

    fn add(&mut self, path: &str, id: &str, kind: FileKind, is: Is) {
        self.files.push(TreeFile { path: path.into(), id: id.into(), kind });
        self.contents.insert(id.into(), is);
    }

    fn engine(&self) -> TestEngine<Config> {
        let tree = Tree { files: self.files.clone() };
        let contents = self.contents.clone();
        let below =
            Arc::new(TestEngine::new(Config::default()).on("git/contents", move |key: ContentsKey| {
                let content = |id: String| {
                    let (binary, magic) = match contents[&id] {
                        Is::Text => (false, None),
                        Is::Binary(magic) => (true, magic.map(str::to_owned)),
                    };
                    BlobContent { id, size: 1, binary, magic }
                };
                Ok(Contents { blobs: key.blobs.into_iter().map(content).collect() })
            }));
        TestEngine::new(Config::default())
            .on("git/tree", move |_: TreeKey| Ok(tree.clone()))
            .on("binary/blobs", move |key: ContentsKey| {
                Ok(below.ask(&plugin(), "blobs", key)?.into_parts().0)
            })
    }

    fn ask(&self, query: &str) -> Answer<Value> {
        self.engine().ask(&plugin(), query, target()).unwrap()
    }
}

fn target() -> Target {
    Target { commit: "tip".into(), tree: "tree".into(), shallow: vec!["cut".into()] }
}

#[test]
fn opaque_files_are_counted_and_listed_in_hidden_folders_too() {
    let lab = Lab::new(&[
        (".github/tool", Is::Binary(None)),
        ("README.md", Is::Text),
        ("lib/a.so", Is::Binary(Some("elf"))),
        ("logo.png", Is::Binary(Some("png"))),
        ("manual.pdf", Is::Binary(Some("pdf"))),
        ("run.exe", Is::Text),
        ("tests/good.xz", Is::Binary(Some("xz"))),
        ("vendor/x.jar", Is::Binary(Some("zip"))),
    ]);
    assert_eq!(lab.ask("binary").value(), &json!(3));
    assert_eq!(lab.ask("files").value(), &json!([".github/tool", "lib/a.so", "vendor/x.jar"]));
}

#[test]
fn concerns_name_files_the_gravest_reason_first() {
    let lab = Lab::new(&[
        ("a", Is::Binary(None)),
        ("b.jar", Is::Binary(Some("zip"))),
        ("c.dat", Is::Binary(Some("pe"))),
    ]);
    let expected = [
        Concern::new("its first bytes are those of a program, library or package (pe)").path("c.dat"),
        Concern::new("binary, and .jar files run (Java archive)").path("b.jar"),
        Concern::new("binary, and without an extension that says what it is").path("a"),
    ];
    assert_eq!(lab.ask("binary").concern_list(), expected);
}

#[test]
fn at_most_twenty_files_are_named() {
    let paths: Vec<String> = (0..30).map(|n| format!("bin/{n:02}.so")).collect();
    let files: Vec<(&str, Is)> = paths.iter().map(|path| (path.as_str(), Is::Binary(None))).collect();
    let answer = Lab::new(&files).ask("binary");
    assert_eq!(answer.value(), &json!(30));
    assert_eq!(answer.concern_list().len(), 20);
}

#[test]
fn equal_files_are_looked_at_once_and_counted_each() {
    let mut lab = Lab::new(&[]);
    lab.add("a.so", "11ff", FileKind::File, Is::Binary(None));
    lab.add("b.so", "11ff", FileKind::Executable, Is::Binary(None));
    lab.add("c.png", "11ff", FileKind::File, Is::Binary(None));
    let engine = lab.engine();
    assert_eq!(engine.ask(&plugin(), "binary", target()).unwrap().value(), &json!(2));
    assert_eq!(
        engine.asked(),
        [
            ("git/tree".to_owned(), json!({ "tree": "tree" })),
            ("binary/blobs".to_owned(), json!({ "blobs": ["11ff"] })),
        ]
    );
}

#[test]
fn links_and_submodules_are_not_read() {
    let mut lab = Lab::new(&[("a.so", Is::Binary(Some("elf")))]);
    lab.add("link", "22ff", FileKind::Symlink, Is::Binary(None));
    lab.add("module", "33ff", FileKind::Submodule, Is::Binary(None));
    let engine = lab.engine();
    assert_eq!(engine.ask(&plugin(), "binary", target()).unwrap().value(), &json!(1));
    assert_eq!(engine.asked()[1].1, json!({ "blobs": ["00ff"] }));
}

#[test]
fn groups_of_blobs_end_where_their_ids_say() {
    let mut lab = Lab::new(&[]);
    for id in ["aa01", "bb40", "cc02"] {
        lab.add(id, id, FileKind::File, Is::Text);
    }
    let engine = lab.engine();
    assert_eq!(engine.ask(&plugin(), "files", target()).unwrap().value(), &json!([]));
    let keys: Vec<Value> = engine.asked().into_iter().skip(1).map(|(_, key)| key).collect();
    assert_eq!(keys, [json!({ "blobs": ["aa01", "bb40"] }), json!({ "blobs": ["cc02"] })]);
}

#[test]
fn a_missing_object_is_no_answer() {
    let lab = Lab::new(&[("a.so", Is::Binary(None))]);
    let engine =
        lab.engine().on::<Value, Value>("binary/blobs", |_| Err(unavailable("blob 00ff is missing")));
    let error = engine.ask(&plugin(), "binary", target()).unwrap_err();
    assert!(error.is_retryable() && !error.is_abstention(), "{error:?}");
}

#[test]
fn it_describes_its_policy() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some("value <= 0"));
}
