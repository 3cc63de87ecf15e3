//! A store from another machine: what is taken up, what it is used for, and what a forged file can do.

use std::io::Cursor;
use std::path::Path;

use probity_engine::store::{self, TransferError, Transferred};
use probity_engine::{Digest, Stats};
use sha2::{Digest as _, Sha256};

use crate::lab::{Lab, World, store_of, value};

/// `an/sum` and `an/count` ask the same two items; `an/day` asks for the day, and `an/secret` for a variable, by which it asks
/// for an item.
fn lab() -> Lab {
    let lab = World::default()
        .query("git/item", |call| value(format!("\"{}\"", call.number("n").to_string().repeat(2000))))
        .query("an/sum", |call| {
            let items = call.values(&["git/item {\"n\":1}", "git/item {\"n\":2}"]);
            value(items.into_iter().map(|item| item.unwrap().len()).sum::<usize>().to_string())
        })
        .query("an/count", |call| {
            call.values(&["git/item {\"n\":1}", "git/item {\"n\":2}"])
                .into_iter()
                .for_each(|item| drop(item.unwrap()));
            value("2")
        })
        .query("an/day", |call| value(call.day()?))
        .query("an/secret", |call| {
            let token = call.ask.input("env", "TOKEN")?;
            call.value(&format!("git/item {{\"n\":{token}}}"))?;
            value(format!("it is {token}"))
        })
        .lab();
    lab.set_day("\"2026-11-21\"");
    lab
}

fn folder(lab: &Lab) -> std::path::PathBuf {
    store_of(lab.folder.path())
}

fn exported(lab: &Lab) -> Vec<u8> {
    lab.engine.flush().unwrap();
    let mut file = Vec::new();
    store::export(&folder(lab), &mut file).unwrap();
    file
}

fn import(file: &[u8], folder: &Path) -> Result<Transferred, TransferError> {
    store::import(folder, Cursor::new(file))
}

/// The file of a store that remembers `an/sum`.
fn file_of_sum() -> Vec<u8> {
    let mut other = lab();
    other.ask("an/sum");
    exported(&other)
}

fn imported(lab: &Lab) -> Vec<String> {
    lab.engine.imported().iter().map(|request| format!("{}/{}", request.plugin, request.query)).collect()
}

#[test]
fn what_was_imported_is_used_only_if_it_is_trusted_and_then_it_is_named() {
    let mut lab = lab();
    let taken = import(&file_of_sum(), &folder(&lab)).unwrap();
    assert_eq!((taken.memos, taken.traces, taken.roots, taken.incomplete), (3, 3, 1, 0));
    lab.restart();
    lab.engine.trust_imported();
    assert_eq!(lab.ask("an/sum"), "4004");
    assert_eq!(lab.stats(), Stats { store_hits: 1, ..Stats::default() });
    assert_eq!(imported(&lab), ["an/sum"]);

    lab.restart();
    assert_eq!(lab.ask("an/sum"), "4004");
    assert_eq!(
        lab.executed(),
        "an/sum, git/item {\"n\":1}, git/item {\"n\":2}",
        "nothing of it without that"
    );
    assert!(imported(&lab).is_empty());

    lab.restart();
    lab.engine.trust_imported();
    assert_eq!(lab.ask("an/sum"), "4004");
    assert!(imported(&lab).is_empty(), "what this machine has computed goes first");
    lab.engine.flush().unwrap();
    assert_eq!(
        store::info(&folder(&lab)).unwrap().imported,
        0,
        "and takes the place of the same from elsewhere"
    );
    assert!(store::verify(&folder(&lab), false).unwrap().is_sound());
}

#[test]
fn what_was_computed_from_an_imported_answer_is_marked_as_that_is() {
    let mut lab = lab();
    import(&file_of_sum(), &folder(&lab)).unwrap();
    lab.restart();
    lab.engine.trust_imported();
    assert_eq!(lab.ask_all(&["an/count", "an/day"])[0], "2");
    assert_eq!(lab.stats().executed, 2);
    assert_eq!(imported(&lab), ["an/count"], "the day came from here");

    lab.restart();
    assert_eq!(lab.ask("an/count"), "2");
    assert_eq!(lab.executed(), "an/count, git/item {\"n\":1}, git/item {\"n\":2}");
}

#[test]
fn a_trace_that_was_verified_by_imported_answers_is_marked_though_the_old_one_was_not() {
    let mut lab = lab();
    lab.ask("an/sum");
    let mut other = self::lab();
    other.upgrade("git");
    other.ask("an/sum");
    import(&exported(&other), &folder(&lab)).unwrap();
    // Here, too, the items' plugin is upgraded now; only the other machine says that its answers are the same.
    lab.upgrade("git");
    lab.restart();
    lab.engine.trust_imported();
    assert_eq!(lab.ask("an/sum"), "4004");
    assert_eq!((lab.stats().executed, imported(&lab).len()), (0, 1));
    lab.restart();
    assert_eq!(lab.ask("an/sum"), "4004");
    assert_eq!(lab.executed(), "git/item {\"n\":1}, git/item {\"n\":2}", "an/sum itself was computed here");
}

#[test]
fn what_rests_on_a_variable_stays_here_with_all_by_which_that_could_be_found_out() {
    let mut other = lab();
    other.set_input("env", "TOKEN", "471147114711");
    other.ask_all(&["an/sum", "an/secret"]);
    other.engine.flush().unwrap();
    let mut file = Vec::new();
    let exported = store::export(&folder(&other), &mut file).unwrap();
    assert_eq!((exported.memos, exported.traces, exported.roots, exported.private), (3, 3, 1, 1));
    let holds = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
    assert!(holds(b"{\"n\":1}"));
    assert!(!holds(b"471147114711") && !holds(Digest::of(b"471147114711").as_bytes()));
    let mut lab = lab();
    import(&file, &folder(&lab)).unwrap();
    lab.restart();
    lab.engine.trust_imported();
    lab.ask("an/sum");
    assert_eq!(lab.stats().executed, 0);
    assert!(store::verify(&folder(&lab), false).unwrap().is_sound());
}

#[test]
fn an_imported_root_is_as_old_as_it_was_there_and_never_of_tomorrow() {
    let day_of = |folder: &Path, set: Option<i64>| -> i64 {
        let connection = rusqlite::Connection::open(folder.join("memos.sqlite")).unwrap();
        if let Some(day) = set {
            connection.execute("UPDATE root SET day = ?", [day]).unwrap();
        }
        connection.query_row("SELECT day FROM root", [], |row| row.get(0)).unwrap()
    };
    let mut other = lab();
    other.ask("an/sum");
    other.engine.flush().unwrap();
    let today = day_of(&folder(&other), None);
    for (there, here) in [(today - 400, today - 400), (today, today), (today + 400, today)] {
        day_of(&folder(&other), Some(there));
        let store = tempfile::tempdir().unwrap();
        import(&exported(&other), store.path()).unwrap();
        assert_eq!(day_of(store.path(), None), here);
    }
}

#[test]
fn neither_kind_crowds_out_the_other() {
    let mut lab = lab();
    for version in 1..=4 {
        lab.set_version("an", version);
        lab.restart();
        lab.ask("an/sum");
    }
    let mut other = self::lab();
    for version in 5..=8 {
        other.set_version("an", version);
        other.restart();
        other.ask("an/sum");
    }
    import(&exported(&other), &folder(&lab)).unwrap();
    for (version, trusted, executed) in
        [(1, false, 0), (4, false, 0), (5, true, 0), (8, true, 0), (8, false, 1)]
    {
        lab.set_version("an", version);
        lab.restart();
        if trusted {
            lab.engine.trust_imported();
        }
        lab.ask("an/sum");
        assert_eq!(lab.stats().executed, executed, "version {version}, trusted {trusted}");
    }
}

#[test]
fn a_file_that_is_cut_short_or_changed_anywhere_changes_nothing() {
    let file = file_of_sum();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    for end in 0..file.len() {
        let error = import(&file[..end], &store).unwrap_err();
        let expected = if end < 22 { "no exported store" } else { "ends in the middle of record" };
        assert!(error.to_string().contains(expected), "cut at {end}: {error}");
    }
    for at in 0..file.len() {
        let mut forged = file.clone();
        forged[at] ^= 1 << (at % 8);
        assert!(import(&forged, &store).is_err(), "a bit of byte {at}");
    }
    assert!(!store.exists(), "nothing was taken up");
    import(&file, &store).unwrap();
    assert!(store::verify(&store, false).unwrap().is_sound());
    assert_eq!(import(&file, &store).unwrap(), Transferred::default(), "it is all there");
}

/// A file whose records are forged and whose digest at the end is right.
fn forged(records: &[(u8, Vec<u8>)], counts: [u64; 4]) -> Vec<u8> {
    let mut file = b"probity memos\n\x02\0\0\0\x02\0\0\0".to_vec();
    let end = (b'E', counts.map(u64::to_le_bytes).concat());
    for (tag, bytes) in records.iter().chain([&end]) {
        file.push(*tag);
        file.extend((bytes.len() as u64).to_le_bytes());
        file.extend(bytes);
    }
    let digest = Sha256::digest(&file);
    file.extend(digest);
    file
}

fn named(name: &[u8; 32], rest: &[u8]) -> Vec<u8> {
    [name, rest].concat()
}

#[test]
fn each_forged_record_is_refused_with_its_number_and_what_is_wrong() {
    let bomb = zstd::bulk::compress(&vec![0; (256 << 20) + 1], 1).unwrap();
    let cases: [(Vec<u8>, &str); 10] = [
        (forged(&[(b'B', named(&[7; 32], b"\0bytes"))], [1, 0, 0, 0]), "record 1 does not have the digest"),
        (forged(&[(b'B', named(&[7; 32], b"\x01no zstd"))], [1, 0, 0, 0]), "record 1 does not unpack"),
        (
            forged(&[(b'B', named(&[7; 32], &[b"\x01", bomb.as_slice()].concat()))], [1, 0, 0, 0]),
            "more than a record may hold",
        ),
        (forged(&[(b'B', named(&[7; 32], b"\x02bytes"))], [1, 0, 0, 0]), "record 1 does not unpack"),
        (forged(&[(b'M', named(&[7; 32], b"\0no request"))], [0, 1, 0, 0]), "record 1 is not the question"),
        (forged(&[(b'T', vec![7; 96])], [0, 0, 1, 0]), "record 1 is shorter"),
        (forged(&[(b'T', [&[7; 96][..], b"\x01", &[7; 31]].concat())], [0, 0, 1, 0]), "record 1 is shorter"),
        (forged(&[(b'R', vec![7; 36]), (b'X', vec![7; 32])], [0, 0, 0, 1]), "record 2 is of no known kind"),
        (forged(&[(b'R', vec![7; 36])], [0, 0, 0, 2]), "record 2 counts other records"),
        ([forged(&[], [0; 4]), b"more".to_vec()].concat(), "record 1 is followed by something"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (file, wrong) in cases {
        let error = import(&file, folder.path()).unwrap_err().to_string();
        assert!(error.contains(wrong), "{error}, not {wrong}");
    }
    for length in [u64::MAX, 1 << 40, (256 << 20) + 1] {
        let mut file = b"probity memos\n\x02\0\0\0\x02\0\0\0B".to_vec();
        file.extend(length.to_le_bytes());
        file.extend([7; 100]);
        assert!(import(&file, folder.path()).unwrap_err().to_string().contains("record 1 is longer"));
    }
    let newer = b"probity memos\n\x03\0\0\0\x02\0\0\0";
    assert!(matches!(import(newer, folder.path()), Err(TransferError::Version { format: 3, engine: 2 })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_trace_whose_parts_are_missing_or_of_another_kind_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = lab();
    other.ask("an/day");
    let file = exported(&other);
    import(&file, folder.path()).unwrap();
    let key = store_key(folder.path());
    let nothing = Digest::of(b"no body at all, nor a set of leaves");
    let blob = (b'B', named(nothing.as_bytes(), b"\0no body at all, nor a set of leaves"));
    let of = |outcome: [u8; 32], body: [u8; 32]| (b'T', [&key[..], &outcome, &body, b"\0"].concat());
    let traces = [of([7; 32], [7; 32]), of(*nothing.as_bytes(), *nothing.as_bytes()), (b'R', vec![7; 36])];
    let taken = import(&forged(&[&[blob][..], &traces].concat(), [1, 0, 2, 1]), folder.path()).unwrap();
    assert_eq!((taken.traces, taken.incomplete, taken.roots), (0, 2, 0));
    assert!(store::verify(folder.path(), false).unwrap().is_sound());
}

/// The key of the only question in a store.
fn store_key(folder: &Path) -> [u8; 32] {
    let connection = rusqlite::Connection::open(folder.join("memos.sqlite")).unwrap();
    connection.query_row("SELECT key FROM memo", [], |row| row.get(0)).unwrap()
}

#[test]
fn damage_is_not_exported_and_a_store_that_cannot_be_read_is_told() {
    let mut other = lab();
    other.ask("an/sum");
    other.engine.flush().unwrap();
    let flip = "UPDATE blob SET bytes = x'00', compressed = 0 WHERE digest = (SELECT outcome FROM trace ORDER BY key LIMIT 1)";
    rusqlite::Connection::open(other.file()).unwrap().execute_batch(flip).unwrap();
    let mut file = Vec::new();
    let counts = store::export(&folder(&other), &mut file).unwrap();
    assert_eq!(counts.memos, 3);
    let lab = lab();
    let taken = import(&file, &folder(&lab)).unwrap();
    assert_eq!((taken.blobs, taken.traces + taken.incomplete), (counts.blobs, counts.traces));
    let nowhere = tempfile::tempdir().unwrap();
    std::fs::write(nowhere.path().join("memos.sqlite"), "no database".repeat(100)).unwrap();
    assert!(matches!(store::export(nowhere.path(), Vec::new()), Err(TransferError::Store(_))));
    assert!(matches!(import(&file, nowhere.path()), Err(TransferError::Store(_))));
}
