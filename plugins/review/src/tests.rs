//! `review` as the host asks it, over histories that are made up.

use probity_sdk::git::Segment;
use probity_sdk::prelude::*;
use probity_sdk::testing::{HistoryLab, MadeUp, TestEngine};
use serde_json::{Value, json};

use crate::{Config, plugin};

/// Commits as lines `id parents author committer subject`, oldest first, in post-order; a trailer may follow after a bar. A dash is no parent.
fn lab(segments: &[&str]) -> HistoryLab<Config> {
    let rows: Vec<Vec<Row>> = segments.iter().map(|text| text.lines().map(Row::of).collect()).collect();
    let commits = rows.iter().map(|rows| rows.iter().map(Row::commit).collect()).collect();
    let messages: Vec<Value> = rows.concat().iter().map(Row::message).collect();
    let below = TestEngine::new(Config::default()).on("git/messages", move |key: Segment| {
        let of = |id: &String| messages.iter().find(|message| message["id"] == json!(id)).cloned();
        Ok(json!({ "commits": key.commits.iter().map(of).collect::<Vec<_>>() }))
    });
    HistoryLab::new("review", plugin, below, "git/commits", MadeUp::new(commits))
}

#[derive(Clone)]
struct Row {
    id: String,
    parents: Vec<String>,
    author: String,
    committer: String,
    subject: String,
    end: String,
}

impl Row {
    fn of(line: &str) -> Self {
        let (line, end) = line.trim().split_once(" | ").unwrap_or((line.trim(), ""));
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let parents = words[1].split(',').filter(|parent| *parent != "-").map(str::to_owned).collect();
        let [author, committer] = [words[2], words[3]].map(str::to_owned);
        Self { id: words[0].into(), parents, author, committer, subject: words[4].into(), end: end.into() }
    }

    fn commit(&self) -> Value {
        let person = |name: &str| match name {
            "forge" => json!({ "name": "GitHub", "email": "noreply@github.com" }),
            name => json!({ "name": name, "email": format!("{name}@example.org") }),
        };
        json!({ "id": self.id, "parents": self.parents, "author": person(&self.author), "authored": 0,
                "committer": person(&self.committer), "committed": 1 })
    }

    fn message(&self) -> Value {
        json!({ "id": self.id, "subject": self.subject, "end": self.end })
    }
}

/// So many squashed pull requests after the commit `after`.
fn squashed(from: usize, count: usize, after: &str) -> String {
    let line = |n: usize| {
        let parent = if n == from { after.to_owned() } else { format!("s{}", n - 1) };
        format!("s{n} {parent} ada forge Add (#{n})")
    };
    (from..from + count).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_change_on_the_main_line_is_judged_newest_first() {
    let history = format!(
        "root - ada ada Begin\n{}\n\
         d1 s9 ada ada Straight in\n\
         a1 d1 ada bob Applied\n\
         t1 a1 ada ada With trailer | Reviewed-by: eve <eve@example.org>\n\
         x1 t1 cyd cyd On a branch\n\
         x2 x1 cyd cyd More\n\
         m1 t1,x2 ada forge Merge pull request #3\n\
         y1 m1 ada ada Own branch\n\
         m2 m1,y1 ada ada Merge branch 'y'\n\
         z1 m2 ada ada Own request\n\
         m3 m2,z1 ada forge Merge pull request #4\n\
         b1 m3 dependabot[bot] forge Bump (#5)",
        squashed(0, 10, "root")
    );
    let lab = lab(&[&history]);
    let answer = lab.ask().unwrap();
    // m3, m2, m1, t1, a1, d1, and the ten squashed ones; neither the bot, the branches nor the root.
    let expected = [&[true, false, true, true, true, false][..], &[true; 10]].concat();
    assert_eq!(answer.value(), &json!(expected));
    let expected = [
        Concern::new("was merged by its own author").commit("m2"),
        Concern::new("came onto the main line without a trace of anybody but its author").commit("d1"),
        Concern::new(
            "judged offline, by the commits of 16 changes; most often a forge brings in a pull request",
        ),
    ];
    assert_eq!(answer.concern_list(), expected);
}

#[test]
fn whose_work_a_change_is_is_told_beside_its_review() {
    let history = "root - ada ada Begin\n\
         x1 root cyd cyd On a branch\n\
         m1 root,x1 ada ada Merge branch 'x'\n\
         y1 m1 ada ada Own branch\n\
         m2 m1,y1 ada ada Merge branch 'y'\n\
         d1 m2 bob bob Straight in";
    let person = |name: &str| json!({ "name": name, "email": format!("{name}@example.org") });
    let change = |commit: &str, by: &str, reviewed: bool| json!({ "commit": commit, "by": [person(by)], "reviewed": reviewed });
    let expected = [change("d1", "bob", false), change("m2", "ada", false), change("m1", "cyd", true)];
    assert_eq!(lab(&[history]).ask_for("changes_by").unwrap().value(), &json!(expected));
}

#[test]
fn segments_and_parts_make_no_difference() {
    let all = format!(
        "root - ada ada Begin\n{}\nx1 s11 cyd cyd On a branch\nx2 x1 cyd cyd More\nm1 s11,x2 ada ada Merge",
        squashed(0, 12, "root")
    );
    let whole = lab(&[&all]).ask().unwrap();
    let lines: Vec<&str> = all.lines().collect();
    for cut in [1, 5, 13, 14, 15] {
        let (older, newer) = (lines[..cut].join("\n"), lines[cut..].join("\n"));
        let answer = lab(&[&older, &newer]).ask().unwrap();
        assert_eq!((answer.value(), answer.concern_list()), (whole.value(), whole.concern_list()), "{cut}");
    }
    assert_eq!(whole.value(), &json!(vec![true; 13]));
}

#[test]
fn where_no_way_leaves_traces_nothing_is_concluded() {
    let direct: String = (1..=20).map(|n| format!("c{n} c{} ada ada Fix\n", n - 1)).collect();
    let reason = lab(&[&format!("c0 - ada ada Begin\n{direct}")]).abstention();
    assert!(reason.contains("fewer than a quarter"), "{reason}");

    let few = format!("root - ada ada Begin\n{}", squashed(0, 9, "root"));
    assert!(lab(&[&few]).abstention().contains("too few changes"));
}

#[test]
fn only_the_newest_changes_are_judged() {
    let old: String = (1..=600).map(|n| format!("c{n} c{} ada ada Fix\n", n - 1)).collect();
    let history = format!("c0 - ada ada Begin\n{old}{}", squashed(0, 500, "c600"));
    assert_eq!(lab(&[&history]).ask().unwrap().value(), &json!(vec![true; 500]));
}

#[test]
fn it_abstains_on_a_shallow_clone() {
    let engine = TestEngine::new(Config::default()).on("git/history", |_: Value| {
        Ok(json!({ "commits": 1, "truncated": true, "parts": [], "segments": [] }))
    });
    let target = Target { commit: "c".into(), tree: "t".into(), shallow: vec!["c".into()] };
    let error = engine.ask(&plugin(), "review", target).unwrap_err();
    assert!(error.is_abstention() && error.message().contains("shallow"), "{error:?}");
}

#[test]
fn it_describes_its_policy() {
    let policy = "divz(count(value.filter(b, !b)), count(value)) <= 0.05";
    assert_eq!(plugin().describe().default_policy.as_deref(), Some(policy));
}
