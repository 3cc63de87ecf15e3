//! Which commits a history holds, in which order, and what they say.

use crate::lab::Lab;
use probity_plugin_git::commits;
use probity_plugin_git::shapes::{CommitKey, Segment};

fn list(lab: &Lab, commit: &str) -> Vec<String> {
    let history = lab.history(&lab.id(commit)).expect("the history is complete");
    let list: Vec<String> = history.segments.into_iter().flat_map(|segment| segment.commits).collect();
    assert_eq!(list.len() as u64, history.last.commits);
    list
}

/// Branches that are merged into one another both ways, and an unrelated root.
fn branched() -> Lab {
    let lab = Lab::new();
    lab.write("a", "0").commit("root");
    lab.git(&["branch", "side"]);
    for round in 0..40 {
        lab.write("a", round.to_string()).commit("main");
        lab.git(&["switch", "--quiet", "side"]);
        lab.write("b", round.to_string()).commit("side");
        if round % 5 == 0 {
            lab.git(&["merge", "--quiet", "--no-ff", "-m", "to side", "main"]);
        }
        lab.git(&["switch", "--quiet", "main"]);
        if round % 3 == 0 {
            lab.git(&["merge", "--quiet", "--no-ff", "-m", "to main", "side"]);
        }
    }
    lab.git(&["switch", "--quiet", "--orphan", "other"]);
    lab.write("c", "c").commit("unrelated");
    lab.git(&["switch", "--quiet", "main"]);
    lab.git(&["merge", "--quiet", "--allow-unrelated-histories", "-m", "unrelated", "other"]);
    lab
}

#[test]
fn the_list_of_a_first_parent_begins_the_list_of_its_child() {
    let lab = branched();
    let whole = list(&lab, "HEAD");
    let mut ids = whole.clone();
    ids.sort();
    let mut expected: Vec<String> = lab.git(&["rev-list", "HEAD"]).lines().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(ids, expected);
    for commit in lab.git(&["rev-list", "--first-parent", "HEAD"]).lines() {
        let list = list(&lab, commit);
        assert_eq!(list[..], whole[..list.len()], "{commit}");
        assert_eq!(list.last().unwrap(), commit);
    }
}

/// As git lists them: what a commit reaches by first parents.
fn main_line(lab: &Lab, commit: &str) -> Vec<String> {
    lab.git(&["rev-list", "--first-parent", commit]).lines().map(str::to_owned).collect()
}

#[test]
fn a_long_history_has_parts_that_are_those_of_each_commit_above() {
    let lab = Lab::new();
    lab.import(3000);
    let tip = lab.history(&lab.id("HEAD")).unwrap();
    assert!(tip.parts.len() >= 2, "{:?}", tip.parts);
    assert_eq!(tip.commits, 3000);
    let mut listed: Vec<String> = tip.segments.iter().flat_map(|segment| segment.commits.clone()).collect();
    listed.reverse();
    assert_eq!(listed, main_line(&lab, "HEAD"));
    let last = &tip.parts.last().unwrap().commit;
    for commit in main_line(&lab, &format!("{last}..HEAD")) {
        let history = lab.history(&commit).unwrap();
        assert_eq!(history.parts, tip.parts);
        let shared = history.last.segments.len().saturating_sub(1);
        assert_eq!(history.last.segments[..shared], tip.last.segments[..shared]);
    }
    // A checkpoint's own history is all parts.
    let checkpoint = lab.history(last).unwrap();
    assert_eq!((&checkpoint.parts, checkpoint.last.segments.len()), (&tip.parts, 0));
    assert_eq!(checkpoint.segments[..], tip.segments[..checkpoint.segments.len()]);
}

#[test]
fn a_merge_above_a_checkpoint_brings_in_what_lies_below_it_only_once() {
    let lab = Lab::new();
    lab.import(400);
    lab.git(&["switch", "--quiet", "--create", "side", "HEAD~350"]);
    let side = lab.write("side", "1").commit("side");
    lab.git(&["switch", "--quiet", "main"]);
    lab.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    let history = lab.history(&lab.id("HEAD")).unwrap();
    assert!(!history.parts.is_empty());
    assert_eq!(history.commits, 402);
    assert_eq!(history.last.segments.last().unwrap().commits[..].last_chunk(), Some(&[side, lab.id("HEAD")]));
}

#[test]
fn parents_come_before_their_children() {
    let lab = branched();
    let list = list(&lab, "HEAD");
    let place = |id: &str| list.iter().position(|listed| listed == id).unwrap();
    for line in lab.git(&["rev-list", "--parents", "HEAD"]).lines() {
        let mut ids = line.split(' ').map(place);
        let commit = ids.next().unwrap();
        assert!(ids.all(|parent| parent < commit), "{line}");
    }
}

#[test]
fn a_shallow_clone_tells_what_it_cannot_know() {
    let (origin, clone) = (Lab::new(), Lab::new());
    for round in 0..5 {
        origin.write("a", round.to_string()).commit("step");
    }
    let url = format!("file://{}", origin.path("").display());
    clone.git(&["fetch", "--quiet", "--depth=2", &url, "main"]);
    let (tip, boundary) = (clone.id("FETCH_HEAD"), clone.id("FETCH_HEAD~1"));

    let history = clone.history(&tip).unwrap();
    assert!(history.truncated);
    let expected = Segment { commits: vec![boundary.clone(), tip.clone()], cut: vec![boundary] };
    assert_eq!(history.segments, [expected]);
    let changes = clone.changes(&history.segments[0]).unwrap().commits;
    assert!(changes[0].unknown && changes[0].files.is_empty() && changes[0].parents == 1);
    assert!(!changes[1].unknown && changes[1].files.len() == 1);

    let whole = origin.history(&tip).unwrap();
    assert!(!whole.truncated && whole.commits == 5);
}

#[test]
fn a_boundary_at_a_root_cuts_nothing() {
    let lab = Lab::new();
    let root = lab.write("a", "1").commit("root");
    std::fs::write(lab.path(".git/shallow"), format!("{root}\n")).unwrap();
    let history = lab.history(&root).unwrap();
    assert!(!history.truncated && history.segments[0].cut.is_empty());
}

#[test]
fn replacements_and_commit_graphs_of_the_repository_are_ignored() {
    let lab = Lab::new();
    for round in 0..5 {
        lab.write("a", round.to_string()).commit("step");
    }
    let honest = list(&lab, "HEAD");
    lab.git(&["commit-graph", "write", "--reachable"]);
    lab.git(&["replace", "--graft", "HEAD~2"]);
    assert_eq!(lab.git(&["rev-list", "--count", "HEAD"]), "3");
    assert_eq!(list(&lab, "HEAD"), honest);
    std::fs::remove_file(lab.path(".git/objects/info/commit-graph")).unwrap();
    lab.write(".git/objects/info/commit-graph", "no graph at all");
    assert_eq!(list(&lab, "HEAD"), honest);
}

#[test]
fn commits_tell_their_parents_people_and_times() {
    let lab = Lab::new();
    let root = lab.commit("root");
    let tip = lab.commit("tip");
    let key = Segment { commits: vec![root.clone(), tip.clone()], cut: Vec::new() };
    let commits = commits::commits(&lab.repository(), &key).unwrap();
    let expected = format!(
        "{{\"id\":\"{tip}\",\"parents\":[\"{root}\"],\
        \"author\":{{\"name\":\"Ada Äsop\",\"email\":\"ada@example.org\"}},\"authored\":1700000000,\
        \"committer\":{{\"name\":\"Bob\",\"email\":\"bob@example.org\"}},\"committed\":1700000060}}"
    );
    assert_eq!(serde_json::to_string(&commits.commits[1]).unwrap(), expected);
    let one = commits::commit(&lab.repository(), &CommitKey { commit: tip }).unwrap();
    assert_eq!(one, commits.commits[1]);
}

#[test]
fn odd_names_and_times_do_not_stop_a_history() {
    let lab = Lab::new();
    let tree = lab.git(&["write-tree"]);
    let text = [
        format!("tree {tree}\n").as_bytes(),
        b"author J\xe9r\xf4me  <je@example.org> 12345678901234567890 +0000\n",
        b"committer <> -5 +9999\n\nmessage\n",
    ]
    .concat();
    lab.write("commit", text);
    let id = lab.git(&["hash-object", "-t", "commit", "--literally", "-w", "commit"]);
    let commit = commits::commit(&lab.repository(), &CommitKey { commit: id.clone() }).unwrap();
    assert_eq!((commit.author.name.as_str(), commit.authored), ("J\u{fffd}r\u{fffd}me", 0));
    assert_eq!((commit.committer.name.as_str(), commit.committed), ("", -5));
    assert_eq!(list(&lab, &id), std::slice::from_ref(&id));
}
