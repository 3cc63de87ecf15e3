//! Which references are seen, and whether one commit follows another one.

use std::fs;

use gix::ObjectId;

use super::super::{Descent, open};
use super::lab::Lab;

fn id(text: &str) -> ObjectId {
    ObjectId::from_hex(text.as_bytes()).unwrap()
}

/// Tags and branches as they are read, a line each.
fn seen(lab: &Lab, place: &str) -> Vec<String> {
    let target = open(&lab.path(place)).unwrap();
    let snapshot = target.snapshot(&super::super::What::Head, &lab.path("cache")).unwrap();
    let references = snapshot.references().unwrap();
    let tags = references.tags.unwrap().into_iter().map(|(name, id)| format!("{name} {id}"));
    let branches = references.branches.into_iter();
    let branches = branches.map(|(name, branch)| format!("{name} {} {}", branch.tip, branch.is_main));
    tags.chain(branches).collect()
}

#[test]
fn tags_are_seen_however_they_are_stored_and_of_two_the_loose_one() {
    let lab = Lab::new();
    let first = lab.commit(&[("a", "1")]);
    let second = lab.commit(&[("a", "2")]);
    lab.git(&["tag", "v1", &first]);
    lab.git(&["tag", "deep/er/v2", &first]);
    lab.git(&["tag", "-m", "x", "v3", &first]);
    lab.git(&["pack-refs", "--all"]);
    lab.git(&["tag", "-f", "v1", &second]);
    lab.git(&["tag", "v4", &second]);
    let object = lab.git(&["rev-parse", "refs/tags/v3"]);
    let expected = [
        format!("deep/er/v2 {first}"),
        format!("v1 {second}"),
        format!("v3 {object}"),
        format!("v4 {second}"),
    ];
    assert_eq!(seen(&lab, "repo"), expected);
    lab.git(&["pack-refs", "--all"]);
    assert_eq!(seen(&lab, "repo"), expected);
}

#[test]
fn what_is_no_tag_is_passed_over_and_no_link_is_followed() {
    let lab = Lab::holding(&[("a", "1")]);
    lab.git(&["tag", "v1"]);
    let tag = seen(&lab, "repo");
    fs::write(lab.repo(".git/refs/tags/broken"), "no id\n").unwrap();
    fs::write(lab.repo(".git/refs/tags/a..b"), lab.git(&["rev-parse", "HEAD"])).unwrap();
    fs::write(lab.repo(".git/refs/tags/symbolic"), "ref: refs/heads/main\n").unwrap();
    fs::create_dir(lab.path("elsewhere")).unwrap();
    fs::write(lab.path("elsewhere/v9"), lab.git(&["rev-parse", "HEAD"])).unwrap();
    std::os::unix::fs::symlink(lab.path("elsewhere"), lab.repo(".git/refs/tags/linked")).unwrap();
    std::os::unix::fs::symlink(lab.path("elsewhere/v9"), lab.repo(".git/refs/tags/v9")).unwrap();
    assert_eq!(seen(&lab, "repo"), tag);
}

#[test]
fn a_clone_is_judged_by_the_branches_of_others_and_a_bare_one_by_its_own() {
    let lab = Lab::new();
    let main = lab.commit(&[("a", "1")]);
    lab.git(&["checkout", "-q", "-b", "topic"]);
    let topic = lab.commit(&[("a", "2")]);
    assert!(seen(&lab, "repo").is_empty(), "one's own branches may be rewritten");
    lab.git(&["checkout", "-q", "main"]);
    lab.git_in(&lab.path(""), &["clone", "-q", "--bare", "repo", "bare"]);
    assert_eq!(seen(&lab, "bare"), [format!("refs/heads/main {main} true")]);
    lab.git_in(&lab.path(""), &["clone", "-q", "repo", "clone"]);
    let of_main = format!("refs/remotes/origin/main {main} true");
    assert_eq!(seen(&lab, "clone"), std::slice::from_ref(&of_main));
    lab.git_in(&lab.path("clone"), &["checkout", "-q", "-b", "mine", "origin/topic"]);
    let of_topic = format!("refs/remotes/origin/topic {topic} false");
    assert_eq!(seen(&lab, "clone"), [of_main.clone(), of_topic]);
    lab.git_in(&lab.path("clone"), &["checkout", "-q", "--detach"]);
    assert_eq!(seen(&lab, "clone"), [of_main]);
}

#[test]
fn who_follows_whom_is_told_of_all_shapes() {
    let lab = Lab::new();
    let root = lab.commit(&[("a", "1")]);
    let first = lab.commit(&[("a", "2")]);
    lab.git(&["checkout", "-q", "-b", "side", &root]);
    let side = lab.commit(&[("b", "1")]);
    lab.git(&["merge", "-q", "-m", "merge", &first]);
    let merge = lab.git(&["rev-parse", "HEAD"]);
    lab.git(&["checkout", "-q", "--orphan", "other"]);
    let other = lab.commit(&[("c", "1")]);
    let snapshot = lab.head();
    let descent = |old: &str, new: &str| snapshot.descent(id(old), id(new));
    for (old, new) in [(&root, &merge), (&first, &merge), (&side, &merge), (&root, &first), (&root, &root)] {
        assert_eq!(descent(old, new), Descent::Follows, "{old} {new}");
    }
    for (old, new) in [(&merge, &first), (&first, &side), (&merge, &other), (&other, &merge)] {
        assert_eq!(descent(old, new), Descent::Rewritten, "{old} {new}");
    }
    let nowhere = "1".repeat(40);
    assert_eq!(descent(&nowhere, &merge), Descent::Rewritten, "a whole clone has all ancestors");
    assert!(matches!(descent(&merge, &nowhere), Descent::Unknown(_)));
}

#[test]
fn dates_decide_nothing() {
    let lab = Lab::new();
    let dated = |date: &str| {
        lab.git_with(
            &lab.repo(""),
            &["commit", "-q", "--allow-empty", "-m", "x"],
            &[("GIT_COMMITTER_DATE", date.as_ref())],
        );
        lab.git(&["rev-parse", "HEAD"])
    };
    // The old commit says that it is much younger than those that follow it, and its parents older or younger still.
    let commits: Vec<String> =
        ["@2000000000 +0000", "@1 +0000", "@2000000001 +0000", "@5 +0000", "@4 +0000"].map(dated).into();
    let snapshot = lab.head();
    for (place, old) in commits.iter().enumerate() {
        for (other, new) in commits.iter().enumerate() {
            let expected = if place <= other { Descent::Follows } else { Descent::Rewritten };
            assert_eq!(snapshot.descent(id(old), id(new)), expected, "{place} {other}");
        }
    }
}

#[test]
fn a_shallow_clone_says_what_it_can() {
    let lab = Lab::new();
    let commits: Vec<String> = (0..5).map(|n| lab.commit(&[("a", &n.to_string())])).collect();
    let url = format!("file://{}", lab.repo("").display());
    lab.git_in(&lab.path(""), &["clone", "-q", "--depth", "3", &url, "shallow"]);
    lab.git_in(&lab.path("shallow"), &["checkout", "-q", "--orphan", "other"]);
    lab.git_in(&lab.path("shallow"), &["commit", "-q", "-m", "x"]);
    let other = lab.git_in(&lab.path("shallow"), &["rev-parse", "HEAD"]);
    let target = open(&lab.path("shallow")).unwrap();
    let snapshot = target.snapshot(&super::super::What::Head, &lab.path("cache")).unwrap();
    let descent = |old: &str, new: &str| snapshot.descent(id(old), id(new));
    assert_eq!(descent(&commits[2], &commits[4]), Descent::Follows);
    assert_eq!(descent(&commits[4], &commits[3]), Descent::Rewritten, "what is cut lies below both");
    assert_eq!(descent(&commits[4], &other), Descent::Rewritten, "its history is whole");
    for old in [&commits[0], &other] {
        assert!(matches!(descent(old, &commits[4]), Descent::Unknown(_)), "{old}");
    }
}
