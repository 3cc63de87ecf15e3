//! What is remembered of a repository's branches and tags from one check to the next: forced pushes, moved tags, other signers; without
//! memory nothing is read or written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use probity_tests::{Lab, Repository, Run};
use serde_json::Value;

const POLICY: &str = "analyze {\n  investigate policy=\"score > 0.0\"\n  analysis \"lineage\"\n  \
                      analysis \"tags\" plugin=\"lineage\" query=\"moved_tags\"\n}\n";

/// A repository of others, and a clone of it that is checked.
struct Cloned {
    lab: Lab,
    others: Repository,
    own: Repository,
}

impl Cloned {
    fn new() -> Cloned {
        let lab = Lab::new();
        let mut others = lab.repository("others");
        others.history(3);
        for tag in ["v1.0.0", "v1.1.0", "v1.2.0", "nightly"] {
            others.git(["tag", tag]);
        }
        let own = Repository::clone_of(&others, lab.path("own"), &[]);
        lab.file("policy.kdl", POLICY);
        Cloned { lab, others, own }
    }

    fn fetch(&self) {
        self.own.git(["fetch", "--quiet", "--tags", "--force"]);
    }

    /// Forces another commit onto the branch of the others.
    fn amend(&self) {
        let person = ["-c", "user.name=Eve", "-c", "user.email=eve@example.org"];
        self.others.git(person.into_iter().chain(["commit", "--quiet", "--amend", "--message", "x"]));
    }

    fn check(&self, further: &[&str]) -> Run {
        let policy = self.lab.path("policy.kdl");
        let all = [&["--policy", policy.to_str().unwrap(), "--format", "json"], further].concat();
        self.lab.check(self.own.path(), &all)
    }

    fn state(&self) -> PathBuf {
        self.lab.path("cache/state")
    }
}

/// The verdict on an analysis, and what is pointed out.
fn verdict(run: &Run, name: &str) -> (String, String) {
    let report = run.json();
    let found =
        report["tree"].as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap().clone();
    let told: Vec<&str> = found["concerns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|concern| concern["message"].as_str())
        .collect();
    let told = if told.is_empty() {
        found["reason"].as_str().unwrap_or_default().to_owned()
    } else {
        told.join("\n")
    };
    (found["verdict"].as_str().unwrap().to_owned(), told)
}

#[test]
fn a_forced_push_and_a_moved_tag_are_found_until_a_person_takes_note() {
    let mut cloned = Cloned::new();
    let first = cloned.check(&[]).expect(3);
    for name in ["lineage", "tags"] {
        let (kind, told) = verdict(&first, name);
        assert_eq!(kind, "abstain");
        assert!(told.contains("nothing was remembered of this repository before"), "{told}");
    }
    assert_eq!(first.json()["state"]["since"], Value::Null);
    let second = cloned.check(&[]).expect(0);
    assert_eq!(second.json()["state"]["since"], "2026-06-01");
    // What goes on is no event, nor is what one does oneself.
    cloned.others.write("a", "1");
    cloned.others.commit("goes on");
    cloned.fetch();
    cloned.own.git(["checkout", "--quiet", "HEAD~1"]);
    cloned.check(&[]).expect(0);
    cloned.check(&["--rev", "HEAD~1"]).expect(0);
    cloned.own.git(["checkout", "--quiet", "main"]);
    fs::write(cloned.own.path().join("b"), "2").unwrap();
    cloned.check(&["--worktree"]).expect(0);

    cloned.others.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    cloned.others.write("a", "2");
    let new = cloned.others.commit("another history");
    cloned.others.git(["tag", "--force", "v1.0.0"]);
    cloned.others.git(["tag", "--force", "nightly"]);
    cloned.fetch();
    let found = cloned.check(&[]).expect(1);
    let (kind, told) = verdict(&found, "lineage");
    assert_eq!(kind, "fail");
    assert!(told.starts_with("rewritten-branch (high): refs/remotes/origin/main was at "), "{told}");
    assert!(found.stdout.contains(&new));
    let (kind, told) = verdict(&found, "tags");
    assert_eq!(kind, "fail");
    assert!(told.starts_with("moved-tag (high): v1.0.0 named ") && told.contains("(low): nightly"), "{told}");
    // From memory it is told again, and without any process.
    let again = cloned.check(&[]).expect(1);
    assert_eq!(again.stdout, found.stdout);
    assert_eq!(again.stat("plugin_processes"), 0);
    // It is not for ever.
    cloned.check(&["--now", "2026-08-30"]).expect(1);
    cloned.check(&["--now", "2026-08-31"]).expect(0);

    let own = cloned.own.path().to_str().unwrap().to_owned();
    let shown = cloned.lab.probity(["state", &own]).expect(0).stdout;
    assert!(shown.contains("refs/remotes/origin/main") && shown.contains("tag v1.0.0 was"), "{shown}");
    let noted = cloned.lab.probity(["state", "--accept", &own]).expect(0).stdout;
    assert!(noted.contains("these 3 events"), "{noted}");
    cloned.check(&[]).expect(0);
    cloned.lab.probity(["cache", "clear"]).expect(0);
    cloned.check(&[]).expect(0);
    cloned.lab.probity(["state", "--clear", &own]).expect(0);
    cloned.check(&[]).expect(3);
}

#[test]
fn without_state_nothing_is_read_or_written_and_reports_are_the_same_bytes() {
    let cloned = Cloned::new();
    let empty = cloned.check(&["--no-state"]).expect(3);
    assert!(!cloned.state().exists());
    assert_eq!(empty.json()["state"]["used"], false);
    assert!(verdict(&empty, "lineage").1.contains("--no-state"));
    cloned.check(&[]).expect(3);
    cloned.amend();
    cloned.fetch();
    cloned.check(&[]).expect(1);
    let files = || fs::read_dir(cloned.state()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let before: Vec<Vec<u8>> = files().collect();
    assert_eq!(cloned.check(&["--no-state"]).expect(3).stdout, empty.stdout);
    assert_eq!(cloned.check(&["--no-state", "--no-cache"]).expect(3).stdout, empty.stdout);
    assert_eq!(files().collect::<Vec<_>>(), before);
    // An analysis that asks for nothing of it says nothing of it.
    let policy = "analyze {\n  investigate policy=\"score > 0.0\"\n  analysis \"activity\"\n}\n";
    cloned.lab.file("policy.kdl", policy);
    assert!(cloned.check(&[]).json().get("state").is_none());
}

#[test]
fn what_is_damaged_is_told_put_aside_and_begun_anew() {
    let cloned = Cloned::new();
    cloned.check(&[]).expect(3);
    let is_ledger = |path: &PathBuf| path.extension().is_none() && !path.ends_with(".gitignore");
    let file =
        fs::read_dir(cloned.state()).unwrap().map(|file| file.unwrap().path()).find(is_ledger).unwrap();
    fs::write(&file, "{}").unwrap();
    let run = cloned.check(&[]).expect(3);
    assert!(run.stderr.contains("warning: what is remembered of the repository"), "{}", run.stderr);
    assert!(run.stderr.contains("begun anew"), "{}", run.stderr);
    assert_eq!(fs::read(file.with_extension("aside")).unwrap(), b"{}");
    cloned.check(&[]).expect(0);
}

#[test]
fn checks_at_once_agree() {
    let cloned = Cloned::new();
    cloned.check(&[]).expect(3);
    cloned.amend();
    cloned.fetch();
    let runs: Vec<Run> = std::thread::scope(|scope| {
        let checks: Vec<_> = (0..3).map(|_| scope.spawn(|| cloned.check(&[]))).collect();
        checks.into_iter().map(|check| check.join().unwrap()).collect()
    });
    let outputs: Vec<String> = runs.into_iter().map(|run| run.expect(1).stdout).collect();
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn the_branch_of_a_bare_repository_counts_and_a_shallow_clone_abstains() {
    let mut cloned = Cloned::new();
    cloned.check(&[]).expect(3);
    let bare = Repository::clone_of(&cloned.others, cloned.lab.path("bare"), &["--mirror"]);
    let shallow = Repository::clone_of(&cloned.others, cloned.lab.path("shallow"), &["--depth", "1"]);
    cloned.own = bare;
    cloned.check(&[]).expect(3);
    cloned.check(&[]).expect(0);
    cloned.others.write("a", "1");
    cloned.others.commit("goes on");
    cloned.own.git(["fetch", "--quiet"]);
    cloned.check(&[]).expect(0);
    cloned.amend();
    cloned.own.git(["fetch", "--quiet"]);
    assert!(verdict(&cloned.check(&[]).expect(1), "lineage").1.contains("refs/heads/main was at"));

    cloned.own = shallow;
    cloned.check(&[]).expect(3);
    cloned.own.git(["fetch", "--quiet", "--depth", "1"]);
    let (kind, told) = verdict(&cloned.check(&[]), "lineage");
    assert_eq!(kind, "abstain");
    assert!(told.contains("cannot be told"), "{told}");
}

/// A signature of OpenPGP by the key whose fingerprint is this byte twenty times. Nobody verifies it.
fn signature(key: u8) -> String {
    let mut body = vec![4, 0, 1, 8, 0, 23, 22, 33, 4];
    body.extend([key; 20]);
    body.extend([0, 0, 0, 0]);
    let mut packet = vec![0xc2, u8::try_from(body.len()).unwrap()];
    packet.extend(body);
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in packet.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| (bits << 8) | u32::from(*part.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = char::from(digits[(bits >> (18 - 6 * at)) as usize & 63]);
            text.push(if at <= part.len() { digit } else { '=' });
        }
    }
    format!("-----BEGIN PGP SIGNATURE-----\n\n{text}\n-----END PGP SIGNATURE-----\n")
}

#[test]
fn a_release_by_another_key_or_by_another_person_is_found_without_any_memory() {
    let lab = Lab::new();
    let mut repository = lab.repository("repo");
    repository.history(1);
    let commit = repository.git(["rev-parse", "HEAD"]);
    let policy = lab.file(
        "policy.kdl",
        "analyze {\n  investigate policy=\"score > 0.0\"\n  \
         analysis \"signers\" plugin=\"lineage\" query=\"release_signers\"\n}\n",
    );
    let release = |version: u32, tagger: &str, signature: &str| {
        let date = 1_767_225_600 + version * 86_400;
        let text = format!(
            "object {commit}\ntype commit\ntag v1.{version}.0\ntagger {tagger} <{tagger}@example.org> {date} +0000\n\nv1.{version}.0\n{signature}"
        );
        let file = lab.file("tag", text);
        let id = repository.git(["hash-object", "-t", "tag", "-w", file.to_str().unwrap()]);
        repository.git(["update-ref", &format!("refs/tags/v1.{version}.0"), &id]);
    };
    let check = || {
        lab.check(
            repository.path(),
            &["--policy", policy.to_str().unwrap(), "--format", "json", "--no-state"],
        )
    };
    assert_eq!(verdict(&check().expect(3), "signers").0, "abstain");
    (1..=6).for_each(|version| release(version, "lasse", &signature(0xaa)));
    let run = check().expect(0);
    assert!(run.json().get("state").is_none(), "tags need no memory");
    release(7, "jia", &signature(0xbb));
    let (_, told) = verdict(&check().expect(1), "signers");
    let expected = "new-signing-key (medium): v1.7.0 names the key BBBBBBBBBBBBBBBB, which none of the 5 releases before it names, \
                    and is tagged by jia <jia@example.org>, who tagged none of them";
    assert_eq!(told, expected);
    assert_eq!(check().stat("plugin_processes"), 0);
    release(7, "lasse", "");
    let (_, told) = verdict(&check().expect(1), "signers");
    assert_eq!(told, "unsigned-release (high): v1.7.0 is not signed, and the 5 releases before it are");
}
