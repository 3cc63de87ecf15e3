//! The store's file: what befalls it costs a computation, never an answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use probity_engine::{Engine, Stats, StoreLocation, StoreWarning, store};
use rusqlite::Connection;

use crate::lab::{Lab, World, request, shown, store_of, value};

/// `an/sum` asks `git/item` 0 to 19, whose values are of some kilobytes, all different.
fn sum() -> Lab {
    let mut lab = World::default()
        .query("git/item", |call| {
            let n = call.number("n");
            value(format!("{{\"n\":{n},\"text\":\"{}\"}}", format!("{n} ").repeat(2000)))
        })
        .query("an/sum", |call| {
            let names: Vec<String> = (0..20).map(|n| format!("git/item {{\"n\":{n}}}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let texts: Result<Vec<String>, _> = call.values(&names).into_iter().collect();
            value(texts?.iter().map(String::len).sum::<usize>().to_string())
        })
        .lab();
    assert_eq!(lab.ask("an/sum"), SUM);
    lab
}

const SUM: &str = "100350";

/// Ends the engine, lets `change` at the file, and begins another.
fn between(lab: &mut Lab, change: impl FnOnce(&Path)) {
    let file = lab.file();
    let (memory, _) = Engine::open(StoreLocation::Memory, lab.world.clone());
    lab.engine = memory;
    change(&file);
    *lab = Lab::open(lab.folder.clone(), lab.world.clone());
}

fn set_aside(lab: &Lab) -> String {
    match lab.warnings.as_slice() {
        [StoreWarning::SetAside { path, aside, reason }] => {
            assert_eq!(*path, lab.file());
            assert!(aside.exists(), "the old store is kept");
            reason.clone()
        }
        other => panic!("expected one warning, not {other:?}"),
    }
}

fn with_file(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn folder_and_files_are_the_owner_s_alone() {
    let lab = sum();
    lab.engine.flush().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(lab.file().parent().unwrap()), 0o700);
    for entry in fs::read_dir(lab.file().parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn an_unchanged_run_changes_no_byte() {
    let mut lab = sum();
    let mut before = Vec::new();
    between(&mut lab, |file| before = fs::read(file).unwrap());
    assert_eq!(lab.ask("an/sum"), SUM);
    let mut after = Vec::new();
    between(&mut lab, |file| after = fs::read(file).unwrap());
    assert!(before == after);
}

#[test]
fn a_damaged_value_is_computed_again_and_mended() {
    let mut lab = sum();
    let flip = "UPDATE blob SET bytes = CAST(zeroblob(length(bytes)) AS BLOB) WHERE length(bytes) > 40 AND
        digest IN (SELECT outcome FROM trace)";
    between(&mut lab, |file| with_file(file, flip));
    assert_eq!(lab.ask("git/item {\"n\":3}").len(), 4000 + 17);
    assert_eq!(lab.executed(), "git/item {\"n\":3}");
    assert_eq!(lab.stats(), Stats { executed: 1, ..Stats::default() });
    lab.restart();
    assert_eq!(lab.ask("git/item {\"n\":3}").len(), 4000 + 17);
    assert_eq!(lab.executed(), "");
    assert!(lab.warnings.is_empty());
}

#[test]
fn a_value_under_another_s_name_is_no_value() {
    let mut lab = sum();
    let swap = "UPDATE blob SET (compressed, bytes) =
            (SELECT compressed, bytes FROM blob WHERE digest = (SELECT max(outcome) FROM trace))
        WHERE digest IN (SELECT outcome FROM trace)";
    between(&mut lab, |file| with_file(file, swap));
    for n in 0..20 {
        assert!(lab.ask(&format!("git/item {{\"n\":{n}}}")).starts_with(&format!("{{\"n\":{n},")));
    }
    assert!(lab.stats().executed >= 19);
}

#[test]
fn a_trace_that_names_another_outcome_is_no_trace() {
    let mut lab = sum();
    let swap = "UPDATE trace SET outcome = (SELECT max(outcome) FROM trace)";
    between(&mut lab, |file| with_file(file, swap));
    assert_eq!(lab.ask_all(&["an/sum", "git/item {\"n\":3}"])[0], SUM);
    assert!(lab.ask("git/item {\"n\":3}").starts_with("{\"n\":3,"));
    assert_eq!(lab.stats().executed, 20, "all but the one whose outcome it is");
}

#[test]
fn one_flipped_bit_anywhere_never_changes_an_answer() {
    for step in 0..60 {
        let mut lab = sum();
        between(&mut lab, |file| {
            let mut bytes = fs::read(file).unwrap();
            let at = (bytes.len() - 1) * step / 59;
            bytes[at] ^= 1 << (step % 8);
            fs::write(file, bytes).unwrap();
        });
        assert_eq!(lab.ask("an/sum"), SUM, "step {step}");
        assert_eq!(lab.ask("git/item {\"n\":3}").len(), 4000 + 17, "step {step}");
        lab.restart();
        assert_eq!(lab.ask("an/sum"), SUM, "step {step}, afterwards");
    }
}

#[test]
fn a_truncated_store_is_set_aside_and_a_new_one_begun() {
    for (part, of) in [(1, 100), (1, 3), (1, 2), (9, 10)] {
        let mut lab = sum();
        between(&mut lab, |file| {
            let length = fs::metadata(file).unwrap().len();
            fs::File::options().write(true).open(file).unwrap().set_len(length * part / of).unwrap();
        });
        assert_eq!(lab.ask("an/sum"), SUM);
        assert_eq!(lab.ask("git/item {\"n\":3}").len(), 4000 + 17);
        lab.engine.flush().unwrap();
        lab.restart();
        lab.executed();
        assert_eq!(lab.ask("an/sum"), SUM);
        assert_eq!(lab.executed(), "", "cut to {part}/{of}: the new store remembers");
    }
}

#[test]
fn a_file_that_is_no_database_is_set_aside_with_one_warning() {
    let mut lab = sum();
    between(&mut lab, |file| {
        fs::write(file, b"not a database, but long enough to be read as one".repeat(40)).unwrap()
    });
    assert!(set_aside(&lab).starts_with("is damaged"));
    assert_eq!(lab.ask("an/sum"), SUM);
    assert_eq!(lab.stats().executed, 21);
    lab.restart();
    assert_eq!((lab.warnings.len(), lab.ask("an/sum").as_str(), lab.stats().executed), (0, SUM, 0));
}

#[test]
fn stores_of_other_versions_and_programs_are_set_aside() {
    for (version, reason) in [
        ("0x50000301", "was written by a newer version of this program"),
        ("0x50000101", "was written by an older version of this program"),
        ("7", "is a database of another program"),
        ("0", "is a database of another program"),
    ] {
        let mut lab = sum();
        between(&mut lab, |file| with_file(file, &format!("PRAGMA user_version = {version}")));
        assert_eq!(set_aside(&lab), reason);
        assert_eq!(lab.ask("an/sum"), SUM);
        assert_eq!(lab.stats().executed, 21, "version {version}");
    }
}

#[test]
fn damage_found_in_the_middle_is_told_once_and_what_follows_is_remembered() {
    let mut lab = sum();
    between(&mut lab, |file| with_file(file, "DROP TABLE blob"));
    assert!(lab.warnings.is_empty());
    assert_eq!(lab.ask("an/sum"), SUM);
    lab.engine.flush().unwrap();
    assert!(matches!(lab.engine.warnings().as_slice(), [StoreWarning::SetAside { .. }]));
    assert!(lab.engine.warnings().is_empty());
    lab.restart();
    assert_eq!(lab.ask("an/sum"), SUM);
    assert_eq!(lab.executed(), "");
}

#[test]
fn where_no_store_can_be_made_memory_serves_with_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let places =
        [folder.path().join("file/below/a/file"), Path::new("/proc").into(), Path::new("/proc/none").into()];
    for place in places {
        let world = Arc::new(World::default().query("git/item", |_| value("1")));
        let (mut engine, warnings) = Engine::open(StoreLocation::Path(place.clone()), world);
        assert!(matches!(warnings.as_slice(), [StoreWarning::InMemory { .. }]), "{}", place.display());
        for _ in 0..3 {
            assert_eq!(shown(&engine.answers(&[request("git/item")])[0]), "1");
            engine.flush().unwrap();
            engine.next_revision();
        }
        assert_eq!(engine.stats(), Stats { executed: 1, store_hits: 2, ..Stats::default() });
    }
}

#[test]
fn a_store_is_counted_and_cleared_while_it_is_in_use() {
    let mut lab = sum();
    lab.engine.flush().unwrap();
    let folder = store_of(lab.folder.path());
    let info = store::info(&folder).unwrap();
    assert_eq!((info.memos, info.traces), (21, 21));
    // The outcomes, one body and one deep set of the items, and those of the sum.
    assert_eq!(info.blobs, 21 + 2 + 2);
    assert!(info.bytes > 0);
    store::clear(&folder).unwrap();
    assert_eq!(store::info(&folder).unwrap().memos, 0);
    assert_eq!(lab.ask("an/sum"), SUM, "the session remembers");
    lab.next_revision();
    assert_eq!(lab.ask("an/sum"), SUM);
    assert_eq!(lab.stats().executed, 42);
    lab.restart();
    assert_eq!(lab.ask("an/sum"), SUM);
    assert_eq!(lab.stats().executed, 0);
}

#[test]
fn a_large_value_that_the_store_lost_in_the_middle_is_computed_again_once() {
    let mut lab = World::default()
        .query("git/large", |call| value(format!("\"{}\"", call.number("n").to_string().repeat(3_000_000))))
        .query("an/length", |call| value(call.value("git/large {\"n\":0}")?.len().to_string()))
        .lab();
    let all: Vec<String> = (0..8).map(|n| format!("git/large {{\"n\":{n}}}")).collect();
    all.iter().for_each(|name| drop(lab.ask(name)));
    lab.engine.flush().unwrap();
    store::clear(&store_of(lab.folder.path())).unwrap();
    assert_eq!(lab.ask_all(&["an/length", "git/large {\"n\":0}"])[0], "3000002");
    assert_eq!(lab.ask("an/length"), "3000002");
    let names = lab.executed();
    assert_eq!(names.matches("{\"n\":0}").count(), 2, "{names}");
}

/// `an/large` rests on `git/large`, which takes a megabyte in the store.
fn two_roots() -> Lab {
    let mut lab = World::default()
        .query("git/large", |call| {
            let mut state = call.number("n") as u64 + 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b' ' + 3 + (state >> 58) as u8)
            };
            value((0..1_400_000).map(|_| next()).collect::<String>())
        })
        .query("an/large", |call| {
            let name = format!("git/large {{\"n\":{}}}", call.number("n"));
            value(call.value(&name)?.len().to_string())
        })
        .lab();
    lab.ask_all(&["an/large {\"n\":1}", "an/large {\"n\":2}"]);
    lab
}

#[test]
fn a_store_that_outgrows_its_limit_keeps_what_the_latest_roots_rest_on() {
    let mut lab = two_roots();
    let older = "UPDATE root SET day = day - 1 WHERE key = (SELECT min(key) FROM root)";
    between(&mut lab, |file| {
        with_file(file, older);
        let folder = file.parent().unwrap();
        assert_eq!(store::collect(folder, 100 << 20).unwrap().forgotten, 0, "it is small enough");
        let collected = store::collect(folder, 2 << 20).unwrap();
        assert_eq!(collected.forgotten, 2);
        assert!(collected.before > collected.after && collected.after <= 2 << 20, "{collected:?}");
        assert_eq!(store::verify(folder, false).unwrap().damaged, 0);
        let info = store::info(folder).unwrap();
        assert_eq!((info.memos, info.traces), (2, 2), "one root and what it rests on");
    });
    lab.upgrade("an");
    lab.restart();
    assert_eq!(lab.ask_all(&["an/large {\"n\":1}", "an/large {\"n\":2}"]), ["1400000"; 2]);
    assert_eq!(lab.executed().matches("git/large").count(), 1, "the older one's was forgotten");
}

#[test]
fn the_day_of_a_root_is_noted_once() {
    let mut lab = two_roots();
    let days = |file: &Path| -> Vec<i64> {
        let connection = Connection::open(file).unwrap();
        let mut statement = connection.prepare("SELECT day FROM root").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut first = Vec::new();
    between(&mut lab, |file| {
        first = days(file);
        with_file(file, "UPDATE root SET day = 1");
    });
    assert_eq!(first.len(), 2);
    lab.ask("an/large {\"n\":1}");
    between(&mut lab, |file| {
        let mut now = days(file);
        now.sort();
        assert!(now[0] == 1 && now[1] >= first[0]);
    });
}

#[test]
fn where_there_is_no_store_there_is_nothing_to_count_or_clear() {
    let folder = tempfile::tempdir().unwrap();
    let info = store::info(folder.path()).unwrap();
    assert_eq!((info.memos, info.traces, info.blobs, info.bytes), (0, 0, 0, 0));
    assert_eq!(store::clear(folder.path()).unwrap(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
