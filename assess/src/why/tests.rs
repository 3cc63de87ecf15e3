//! What is noted survives on disk, is completed by what was noted before, and is refused where it is damaged.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Asked, Cause, Check, Entry, How, Record, WhyError};

fn first() -> Cause {
    Cause::First
}

fn run(cause: Cause) -> How {
    How::Run { cause, remembered: true }
}

/// Notes of these questions; each asks those at the places beside it.
fn record(entries: &[(&str, How, &[usize])]) -> Record {
    let check = Check {
        version: "1".into(),
        commit: "c".into(),
        dirty: false,
        date: "2026-06-01".into(),
        policy: "p".into(),
        remembers: true,
        cut: false,
    };
    let entry = |(name, how, members): &(&str, How, &[usize])| Entry {
        name: (*name).into(),
        plugin: "probity/core/git".into(),
        query: "history".into(),
        key: "{}".into(),
        key_cut: false,
        how: how.clone(),
        asked: vec![Asked {
            plugin: "probity/core/git".into(),
            query: "history".into(),
            reused: 0,
            verified: 0,
            run: members.len(),
            failed: 0,
            members: members.to_vec(),
        }],
    };
    let entries = entries.iter().map(entry).collect();
    Record { check, analyses: vec![("churn".into(), 0)], entries }
}

fn place(folder: &Path) -> PathBuf {
    folder.join("why/notes.json")
}

/// Keeps `then`, and then `now`, and returns the causes that are noted in the end.
fn completed(then: Record, now: Record) -> Vec<Option<Cause>> {
    let folder = tempfile::tempdir().unwrap();
    let file = place(folder.path());
    for mut record in [then, now] {
        record.keep(&file).unwrap();
    }
    Record::read(&file).unwrap().entries.iter().map(|entry| entry.how.cause().cloned()).collect()
}

#[test]
fn what_failed_before_is_why_it_runs_now() {
    let failed = How::Failed { cause: None, message: "it crashed".into() };
    let saw = How::Run { cause: first(), remembered: false };
    let then = record(&[("root", saw, &[1]), ("below", failed, &[])]);
    let now =
        record(&[("root", run(first()), &[1, 2]), ("below", run(first()), &[]), ("new", run(first()), &[])]);
    let causes =
        [Cause::SawFailureBefore, Cause::FailedBefore { message: "it crashed".into() }, Cause::First];
    assert_eq!(completed(then, now), causes.map(Some));
}

#[test]
fn what_was_answered_before_and_is_unknown_now_was_forgotten_unless_it_was_forced() {
    let then = record(&[("root", How::Reused, &[]), ("below", run(first()), &[])]);
    let now = record(&[("root", run(first()), &[1]), ("below", run(Cause::Forced), &[])]);
    assert_eq!(completed(then, now), [Some(Cause::Forgotten), Some(Cause::Forced)]);
}

#[test]
fn the_part_of_an_analysis_holds_what_it_asked_and_nothing_else() {
    let mut all = record(&[
        ("other", How::Reused, &[]),
        ("root", run(first()), &[3]),
        ("stranger", How::Reused, &[]),
        ("below", run(first()), &[1]),
    ]);
    all.analyses = vec![("other".into(), 0), ("churn".into(), 1)];
    let part = all.part("churn").unwrap();
    let names: Vec<&str> = part.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["root", "below"]);
    assert_eq!(
        (&part.entries[0].asked[0].members[..], &part.entries[1].asked[0].members[..]),
        (&[1][..], &[0][..])
    );
    assert!(all.part("nothing").is_none());
}

#[test]
fn notes_that_are_none_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = place(folder.path());
    assert!(matches!(Record::read(&file), Err(WhyError::Absent)));
    record(&[("root", How::Reused, &[])]).keep(&file).unwrap();
    let sound = fs::read_to_string(&file).unwrap();
    let (head, _) = sound.split_once('\n').unwrap();
    for (text, damaged) in [
        (sound[..sound.len() / 2].to_owned(), true),
        (String::new(), true),
        ("{\"schema_version\":3}".to_owned(), true),
        (head.to_owned(), true),
        (sound.replace("[[\"churn\",0]]", "[[\"churn\",7]]"), true),
        (sound.replace("\"schema_version\":3", "\"schema_version\":4"), false),
    ] {
        fs::write(&file, &text).unwrap();
        match Record::read(&file) {
            Err(WhyError::Damaged { .. }) => assert!(damaged, "{text}"),
            Err(WhyError::Version { .. }) => assert!(!damaged, "{text}"),
            other => panic!("{other:?} for {text}"),
        }
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(matches!(Record::read(&file), Err(WhyError::Unreadable { .. })));
}

#[test]
fn notes_that_cannot_be_replaced_do_not_stay_to_mislead() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("why");
    fs::write(&file, "in the way of a folder").unwrap();
    assert!(record(&[("root", How::Reused, &[])]).keep(&file.join("notes.json")).is_err());
    let mut damaged = record(&[("root", run(first()), &[])]);
    let file = folder.path().join("notes.json");
    fs::write(&file, "damaged").unwrap();
    damaged.keep(&file).unwrap();
    assert_eq!(Record::read(&file).unwrap(), damaged, "damaged notes are replaced");
}

#[test]
fn notes_that_say_the_same_are_not_written_again() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.json");
    let place = |how: How| {
        record(&[("root", how, &[])]).keep(&file).unwrap();
        fs::metadata(&file).unwrap().ino()
    };
    let first = place(How::Reused);
    assert_eq!(place(How::Reused), first);
    assert_ne!(place(How::Verified { since: None }), first);
}
