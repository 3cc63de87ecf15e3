//! The committed documents say what the code says. `UPDATE=1` rewrites them.

use std::fs;
use std::path::Path;

use probity_protocol::schema::documents;

#[test]
fn the_committed_documents_are_those_that_the_code_generates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    fs::create_dir_all(&folder).unwrap();
    let mut stale = Vec::new();
    for (name, text) in documents() {
        let file = folder.join(&name);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            fs::write(&file, &text).unwrap();
        }
        if fs::read_to_string(&file).ok().as_deref() != Some(text.as_str()) {
            stale.push(name);
        }
    }
    let mut committed: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    committed.sort();
    let generated: Vec<_> = documents().into_iter().map(|(name, _)| name).collect();
    assert_eq!(committed, generated, "files that nothing generates");
    assert!(stale.is_empty(), "{stale:?} are stale: run this test with UPDATE=1 and look at the difference");
}

#[test]
fn every_reference_in_a_document_leads_somewhere() {
    for (name, text) in documents() {
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(!references.is_empty(), "{name} refers to no shared type");
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{name}: {reference}");
        }
    }
}

fn collect(value: &serde_json::Value, references: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => references.push(reference.to_owned()),
                    _ => collect(member, references),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
