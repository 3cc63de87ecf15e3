//! What is remembered of references from one check to the next, and what is made of that.

use std::fs;
use std::path::PathBuf;
use std::thread;

use serde_json::Value;

use super::super::{What, open};
use super::lab::Lab;
use crate::settings::Day;
use crate::state::{self, Observed, StateUse, accept, clear, remembered};

/// A repository `repo` and a clone of it that is checked.
struct Remembering {
    lab: Lab,
}

impl Remembering {
    fn new() -> Remembering {
        let lab = Lab::holding(&[("a", "1")]);
        lab.git(&["tag", "v1.0.0"]);
        lab.git(&["tag", "v1.1.0"]);
        lab.git_in(&lab.path(""), &["clone", "-q", "repo", "clone"]);
        Remembering { lab }
    }

    fn clone_git(&self, arguments: &[&str]) -> String {
        self.lab.git_in(&self.lab.path("clone"), arguments)
    }

    fn fetch(&self) {
        self.clone_git(&["fetch", "-q", "--tags", "--force", "--prune", "--prune-tags"]);
    }

    fn keep(&self) -> StateUse {
        StateUse::Keep(self.lab.path("state"))
    }

    fn observed(&self, state: &StateUse, day: &str) -> Observed {
        let target = open(&self.lab.path("clone")).unwrap();
        let snapshot = target.snapshot(&What::Head, &self.lab.path("cache")).unwrap();
        state::observed(&snapshot, false, state, &Day::parse(day).unwrap())
    }

    fn check(&self, day: &str) -> Value {
        let observed = self.observed(&self.keep(), day);
        assert_eq!(observed.warning, None);
        serde_json::from_str(&observed.state.unwrap()).unwrap()
    }

    /// The kinds of what is told.
    fn events(&self, day: &str) -> Vec<String> {
        let value = self.check(day);
        value["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap().into())
            .collect()
    }

    fn file(&self) -> PathBuf {
        let files = fs::read_dir(self.lab.path("state")).unwrap().map(|entry| entry.unwrap().path());
        files.into_iter().find(|file| file.extension().is_none() && !file.ends_with(".gitignore")).unwrap()
    }

    fn aside(&self) -> PathBuf {
        self.file().with_extension("aside")
    }
}

#[test]
fn the_first_check_remembers_and_an_unchanged_one_writes_nothing() {
    let remembering = Remembering::new();
    let first = remembering.check("2026-06-01");
    assert_eq!((&first["since"], &first["branches"][0]["since"]), (&Value::Null, &Value::Null));
    let bytes = fs::read(remembering.file()).unwrap();
    let second = remembering.check("2026-06-09");
    assert_eq!(
        (&second["since"], &second["branches"][0]["since"]),
        (&"2026-06-01".into(), &"2026-06-01".into())
    );
    assert_eq!(second, remembering.check("2026-06-10"));
    assert_eq!(fs::read(remembering.file()).unwrap(), bytes);
}

#[test]
fn a_branch_that_goes_on_is_no_event_and_one_that_was_rewritten_is_one_from_then_on() {
    let remembering = Remembering::new();
    let lab = &remembering.lab;
    remembering.check("2026-06-01");
    let old = lab.commit(&[("a", "2")]);
    remembering.fetch();
    assert!(remembering.events("2026-06-02").is_empty());
    // What one does to one's own branch is no event, nor what is checked out.
    remembering.clone_git(&["commit", "-q", "--amend", "--allow-empty", "-m", "own"]);
    remembering.clone_git(&["checkout", "-q", "--detach", "HEAD"]);
    assert!(remembering.events("2026-06-02").is_empty());
    lab.git(&["commit", "-q", "--amend", "-m", "another"]);
    let new = lab.git(&["rev-parse", "HEAD"]);
    remembering.fetch();
    let value = remembering.check("2026-06-03");
    let expected = serde_json::json!([{
        "kind": "rewritten", "day": "2026-06-03", "branch": "refs/remotes/origin/main", "main": true, "old": old, "new": new,
    }]);
    assert_eq!(value["events"], expected);
    assert_eq!(remembering.check("2026-07-03")["events"], expected);
    let target = open(&lab.path("clone")).unwrap();
    assert_eq!(accept(&lab.path("state"), &target).unwrap(), 1);
    assert!(remembering.events("2026-07-04").is_empty());
    assert_eq!(remembered(&lab.path("state"), &target).unwrap().unwrap().since, "2026-06-01");
}

#[test]
fn tags_that_move_or_go_are_events_and_one_that_comes_back_otherwise_has_moved() {
    let remembering = Remembering::new();
    let lab = &remembering.lab;
    remembering.check("2026-06-01");
    lab.git(&["tag", "-m", "signed anew", "-f", "v1.0.0", "v1.0.0"]);
    lab.git(&["tag", "new"]);
    lab.git(&["tag", "-d", "v1.1.0"]);
    remembering.fetch();
    let value = remembering.check("2026-06-02");
    assert_eq!(value["events"][0]["kind"], "moved-tag");
    assert_eq!(value["events"][0]["same_commit"], true);
    assert_eq!(
        (&value["events"][1]["kind"], &value["events"][1]["tag"]),
        (&"deleted-tag".into(), &"v1.1.0".into())
    );
    let other = lab.commit(&[("a", "2")]);
    lab.git(&["tag", "v1.1.0", &other]);
    remembering.fetch();
    let value = remembering.check("2026-06-03");
    let moved = &value["events"][2];
    assert_eq!(
        (&moved["tag"], &moved["new"], &moved["same_commit"]),
        (&"v1.1.0".into(), &other.into(), &false.into())
    );
    assert_eq!(value["events"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_damaged_is_put_aside_and_never_believed() {
    let remembering = Remembering::new();
    remembering.check("2026-06-01");
    let whole = fs::read(remembering.file()).unwrap();
    let flipped = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    let tags = whole.len() - 3;
    remembering.lab.git(&["tag", "another"]);
    remembering.fetch();
    let cut = whole[..100].to_vec();
    for damaged in [flipped(5), flipped(90), flipped(200), flipped(tags), cut, Vec::new(), b"\n\n\n".to_vec()]
    {
        fs::write(remembering.file(), &damaged).unwrap();
        let look = remembering.observed(&StateUse::Look(remembering.lab.path("state")), "2026-06-02");
        assert!(look.warning.unwrap().contains("cannot be used"));
        assert_eq!(look.since, None);
        let observed = remembering.observed(&remembering.keep(), "2026-06-02");
        assert!(observed.warning.unwrap().contains("put aside"));
        assert_eq!(observed.since, None);
        assert_eq!(fs::read(remembering.aside()).unwrap(), damaged);
        assert_eq!(remembering.check("2026-06-03")["since"], "2026-06-02");
    }
}

#[test]
fn without_leave_nothing_is_written() {
    let remembering = Remembering::new();
    let folder = remembering.lab.path("state");
    assert_eq!(&*remembering.observed(&StateUse::Off, "2026-06-01").state.unwrap(), "null");
    remembering.observed(&StateUse::Look(folder.clone()), "2026-06-01");
    assert!(!folder.exists());
    fs::write(&folder, "a file in its place").unwrap();
    let observed = remembering.observed(&remembering.keep(), "2026-06-01");
    assert!(observed.warning.unwrap().contains("cannot"), "and it is told");
    assert!(observed.since.is_none());
}

#[test]
fn another_repository_at_the_same_place_has_no_past_and_what_is_cleared_is_gone() {
    let remembering = Remembering::new();
    remembering.check("2026-06-01");
    let lab = &remembering.lab;
    fs::rename(lab.path("clone"), lab.path("old")).unwrap();
    lab.git_in(&lab.path(""), &["clone", "-q", "repo", "clone"]);
    assert_eq!(remembering.check("2026-06-02")["since"], Value::Null);
    let target = open(&lab.path("clone")).unwrap();
    assert!(clear(&lab.path("state"), &target).unwrap());
    assert!(!clear(&lab.path("state"), &target).unwrap());
    assert!(remembered(&lab.path("state"), &target).unwrap().is_none());
    assert_eq!(remembering.check("2026-06-03")["since"], Value::Null);
}

#[test]
fn a_branch_of_another_address_is_another_branch() {
    let remembering = Remembering::new();
    let lab = &remembering.lab;
    remembering.check("2026-06-01");
    lab.git_in(&lab.path(""), &["clone", "-q", "repo", "fork"]);
    lab.git_in(&lab.path("fork"), &["commit", "-q", "--amend", "--allow-empty", "-m", "fork"]);
    remembering.clone_git(&["remote", "set-url", "origin", &lab.path("fork").display().to_string()]);
    remembering.clone_git(&["fetch", "-q"]);
    let value = remembering.check("2026-06-02");
    assert!(value["events"].as_array().unwrap().is_empty());
    assert_eq!(value["branches"][0]["since"], Value::Null);
}

#[test]
fn checks_at_once_lose_nothing() {
    let remembering = Remembering::new();
    remembering.check("2026-06-01");
    remembering.lab.git(&["commit", "-q", "--amend", "-m", "another"]);
    remembering.lab.git(&["tag", "-f", "v1.0.0"]);
    remembering.fetch();
    let values: Vec<Value> = thread::scope(|scope| {
        let checks: Vec<_> = (0..8).map(|_| scope.spawn(|| remembering.check("2026-06-02"))).collect();
        checks.into_iter().map(|check| check.join().unwrap()).collect()
    });
    for value in values {
        assert_eq!(value["events"].as_array().unwrap().len(), 2, "{value}");
    }
    assert_eq!(remembering.events("2026-06-03"), ["rewritten", "moved-tag"]);
}
