//! `store::verify`: every kind of damage is found, and nothing else is called damage.

use std::fs;
use std::path::Path;

use probity_engine::store::{self, Verified};
use rusqlite::Connection;

use crate::lab::{Lab, World, store_of, value};

/// A store of one root over three items, closed.
fn stored() -> Lab {
    let mut lab = World::default()
        .query("git/item", |call| value(format!("\"{}\"", call.number("n").to_string().repeat(3000))))
        .query("an/sum", |call| {
            let texts = call.values(&["git/item {\"n\":1}", "git/item {\"n\":2}", "git/item {\"n\":3}"]);
            value(texts.into_iter().map(|text| text.unwrap().len()).sum::<usize>().to_string())
        })
        .lab();
    assert_eq!(lab.ask("an/sum"), "9006");
    lab.engine.flush().unwrap();
    lab
}

fn folder(lab: &Lab) -> std::path::PathBuf {
    store_of(lab.folder.path())
}

fn with_file(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

fn told(verified: &Verified) -> Vec<String> {
    let mut told: Vec<String> =
        verified.found.iter().map(|damage| format!("{} {}", damage.table, damage.wrong)).collect();
    told.sort();
    told.dedup();
    told
}

#[test]
fn a_sound_store_is_sound_even_while_it_is_in_use() {
    let lab = stored();
    let verified = store::verify(&folder(&lab), false).unwrap();
    // Four memos, four traces, one root; the outcomes, and two bodies and deep sets.
    assert_eq!((verified.records, verified.damaged), (4 + 4 + 1 + 4 + 2 + 2, 0));
    assert!(verified.is_sound() && verified.found.is_empty());
    assert_eq!(store::verify(&lab.folder.path().join("none"), true).unwrap(), Verified::default());
}

#[test]
fn each_kind_of_damage_is_found_removed_by_repair_alone_and_computed_again() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "UPDATE memo SET request = x'00' WHERE rowid = 1",
            &["memo its question is not the one that its name is taken from"],
        ),
        (
            "UPDATE blob SET bytes = zeroblob(9) WHERE digest = (SELECT min(outcome) FROM trace)",
            &["blob its bytes do not have the digest that it is named by"],
        ),
        (
            "UPDATE blob SET compressed = 7 WHERE rowid = 1",
            &["blob its bytes do not have the digest that it is named by"],
        ),
        (
            "UPDATE trace SET outcome = (SELECT max(outcome) FROM trace) WHERE key = (SELECT key FROM trace WHERE outcome <> (SELECT max(outcome) FROM trace) LIMIT 1)",
            &["trace it is not what its seal says"],
        ),
        (
            "UPDATE trace SET imported = 1 WHERE key = (SELECT min(key) FROM trace)",
            &["trace it is not what its seal says"],
        ),
        ("DELETE FROM memo WHERE rowid = 1", &["trace its question is missing"]),
        (
            "DELETE FROM blob WHERE digest = (SELECT min(outcome) FROM trace)",
            &["trace its outcome is missing"],
        ),
        ("UPDATE root SET day = -1", &["root it is no question with a day"]),
    ];
    for (sql, wrong) in cases {
        let mut lab = stored();
        let folder = folder(&lab);
        with_file(&lab.file(), sql);
        let verified = store::verify(&folder, false).unwrap();
        assert_eq!(
            (verified.damaged, told(&verified)),
            (1, wrong.iter().map(|text| (*text).to_owned()).collect()),
            "{sql}"
        );
        assert_eq!(store::verify(&folder, false).unwrap(), verified, "{sql}: nothing was changed");
        assert!(store::verify(&folder, true).unwrap().repaired);
        assert_eq!(store::verify(&folder, false).unwrap().damaged, 0, "{sql}: repaired");
        lab.restart();
        assert_eq!(
            (lab.ask("an/sum").as_str(), lab.ask("git/item {\"n\":1}").len()),
            ("9006", 3002),
            "{sql}"
        );
        lab.engine.flush().unwrap();
        assert_eq!(store::verify(&folder, false).unwrap().damaged, 0, "{sql}: in use again");
    }
}

#[test]
fn a_missing_body_or_deep_set_is_found() {
    for (column, wrong) in
        [("body", "trace what it rests on is missing"), ("deep", "trace its set of leaves is missing")]
    {
        let lab = stored();
        with_file(&lab.file(), &format!("DELETE FROM blob WHERE digest = (SELECT min({column}) FROM trace)"));
        assert_eq!(told(&store::verify(&folder(&lab), false).unwrap()), [wrong]);
    }
}

#[test]
fn a_file_that_is_no_store_is_told_and_set_aside_by_repair_alone() {
    let mut lab = stored();
    let (file, folder) = (lab.file(), folder(&lab));
    lab.restart();
    let (memory, _) = probity_engine::Engine::open(probity_engine::StoreLocation::Memory, lab.world.clone());
    lab.engine = memory;
    fs::write(&file, b"no database at all, and longer than its header is".repeat(40)).unwrap();
    let before = fs::read(&file).unwrap();
    let verified = store::verify(&folder, false).unwrap();
    assert!(verified.unusable.as_ref().unwrap().starts_with("is damaged"), "{verified:?}");
    assert!(!verified.is_sound() && !verified.repaired);
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(store::verify(&folder, true).unwrap().repaired);
    assert_eq!(store::verify(&folder, false).unwrap(), Verified::default());
    assert!(store::info(&folder).unwrap().aside_bytes > 0);
    assert!(store::forget_aside(&folder).unwrap() > 0);
    assert_eq!(store::info(&folder).unwrap().aside_bytes, 0);
}

#[test]
fn a_bit_flipped_anywhere_in_the_file_is_found_or_harmless() {
    let mut found = 0;
    for step in 0..40 {
        let mut lab = stored();
        let (file, folder) = (lab.file(), folder(&lab));
        let (memory, _) =
            probity_engine::Engine::open(probity_engine::StoreLocation::Memory, lab.world.clone());
        lab.engine = memory;
        let mut bytes = fs::read(&file).unwrap();
        let at = 100 + (bytes.len() - 101) * step / 39;
        bytes[at] ^= 1 << (step % 8);
        fs::write(&file, bytes).unwrap();
        let verified = store::verify(&folder, true).unwrap();
        found += usize::from(!verified.is_sound());
        let again = store::verify(&folder, false).unwrap();
        assert!(again.is_sound(), "step {step}: {again:?}");
        lab.restart();
        assert_eq!(lab.ask("an/sum"), "9006", "step {step}");
    }
    assert!(found > 0, "some flip hits what is in use");
}
