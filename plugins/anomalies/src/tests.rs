//! `anomalies` as the host asks it, over histories that are made up.

use std::sync::Arc;

use probity_sdk::git::Segment;
use probity_sdk::prelude::*;
use probity_sdk::testing::{MadeUp, TestEngine};
use serde_json::{Value, json};

use crate::{Config, plugin};

const HOUR: i64 = 3600;

/// Commits as lines `id parent,… author authored committed zone signature`, times in hours, oldest first; a dash is nothing. An empty line ends a
/// segment; all segments but the last are a part.
fn engine(config: Config, text: &str) -> TestEngine<Config> {
    let segments: Vec<Vec<Row>> =
        text.trim().split("\n\n").map(|segment| segment.lines().map(Row::of).collect()).collect();
    let ids = |rows: &Vec<Row>| rows.iter().map(|row| json!({ "id": row.id })).collect();
    let (told, part) = MadeUp::new(segments.iter().map(ids).collect()).told();
    let rows = Arc::new(segments.concat());
    let of = |what: fn(&Row) -> Value| {
        let rows = rows.clone();
        move |key: Segment| {
            let of = |id: &String| rows.iter().find(|row| row.id == *id).map(what);
            Ok(json!({ "commits": key.commits.iter().map(of).collect::<Vec<_>>() }))
        }
    };
    TestEngine::new(config)
        .on("git/history", move |_: Value| Ok(told.clone()))
        .on("git/part", move |_: Value| Ok(part.clone()))
        .on("git/commits", of(Row::commit))
        .on("git/headers", of(Row::header))
}

#[derive(Clone)]
struct Row {
    id: String,
    parents: Vec<String>,
    author: String,
    authored: i64,
    committed: i64,
    zone: i32,
    signature: Option<String>,
}

impl Row {
    fn of(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let some = |word: &str| (word != "-").then(|| word.to_owned());
        Self {
            id: words[0].into(),
            parents: words[1].split(',').filter_map(some).collect(),
            author: words[2].into(),
            authored: words[3].parse::<i64>().unwrap() * HOUR,
            committed: words[4].parse::<i64>().unwrap() * HOUR,
            zone: words.get(5).map_or(0, |zone| zone.parse().unwrap()),
            signature: words.get(6).copied().and_then(some),
        }
    }

    fn commit(&self) -> Value {
        let person = |name: &str| json!({ "name": name, "email": format!("{name}@example.org") });
        let (author, by_forge) = match self.author.strip_suffix("@forge") {
            Some(author) => (author, true),
            None => (self.author.as_str(), false),
        };
        let committer = if by_forge {
            json!({ "name": "GitHub", "email": "noreply@github.com" })
        } else {
            person(author)
        };
        json!({ "id": self.id, "parents": self.parents, "author": person(author), "authored": self.authored,
                "committer": committer, "committed": self.committed })
    }

    fn header(&self) -> Value {
        let mut header = json!({ "id": self.id, "authored": self.zone, "committed": 0 });
        if let Some(signature) = &self.signature {
            header["signature"] = json!(signature);
        }
        header
    }
}

fn ask(engine: &TestEngine<Config>, query: &str) -> Result<Answer<Value>> {
    let target = Target { commit: "tip".into(), tree: "tree".into(), shallow: vec![] };
    engine.ask(&plugin(), query, target)
}

/// Rule, severity and commit of each finding.
fn found(text: &str) -> Vec<String> {
    found_among(1000, text)
}

fn found_among(newest: u32, text: &str) -> Vec<String> {
    let answer = ask(&engine(Config { newest }, text), "dates").unwrap();
    let told = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
    let findings = answer.value().as_array().unwrap().iter();
    findings.map(|of| ["rule", "severity", "commit"].map(|name| told(of, name)).join(" ")).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn usual_work_leaves_nothing_behind() {
    // In order; a patch that was mailed days ago; a rebased series; a branch of long ago, merged; a clock a few hours behind.
    let usual = "a - ada 0 0\n\
                 b a bob 24 300\n\
                 c b ada 301 400\nd c ada 302 400\ne d ada 303 400\nf e ada 304 400\ng f ada 305 400\n\
                 s1 a cyd 50 50\ns2 s1 cyd 60 60\n\
                 m g,s2 ada 500 500\n\
                 h m bob 480 480";
    assert_eq!(found(usual), NONE);
}

#[test]
fn what_was_written_after_it_was_made_is_told_by_how_much() {
    let rows = "a - ada 0 0\nb a ada 11 10\nc b ada 13 11\nd c ada 36 12\ne d ada 38 13\nf e ada 14 14";
    assert_eq!(
        found(rows),
        ["author-after-commit medium e", "author-after-commit low c", "author-after-commit low d"]
    );
    let answer = ask(&engine(Config::default(), rows), "dates").unwrap();
    let expected = [
        Concern::new("author-after-commit (medium): was written 25 hours after it was made"),
        Concern::new("author-after-commit (low): was written 2 hours after it was made"),
        Concern::new("author-after-commit (low): was written 24 hours after it was made"),
    ];
    let told: Vec<&str> = answer.concern_list().iter().map(|concern| concern.message.as_str()).collect();
    assert_eq!(told, expected.map(|concern| concern.message));
}

#[test]
fn who_builds_upon_what_was_made_later_is_told_and_on_the_main_line_is_worse() {
    // b is 24 hours older than a and c 25 hours older than b; s is old on a branch; m is older than what it merges, which is no matter.
    let rows = "a - ada 500 500\nb a ada 476 476\nc b ada 451 451\n\
                s c cyd 300 300\nt s cyd 900 900\nm c,t ada 600 600";
    assert_eq!(found(rows), ["backdated medium c", "backdated low s"]);
}

#[test]
fn five_commits_in_a_row_of_one_second_are_told_once() {
    let rows = |count: usize, author: &str| -> String {
        let row = |n: usize| format!("c{n} c{} {author} -7 {n}\n", n.saturating_sub(1));
        (0..count).map(|n| row(n).replace("c0 c0", "c0 -")).collect::<String>().trim().to_owned()
    };
    assert_eq!(found(&rows(4, "ada")), NONE);
    let six = rows(6, "ada");
    assert_eq!(found(&six), ["same-second low c5"]);
    // Two people, by turns.
    let by_turns = six.replace("c2 c1 ada", "c2 c1 bob");
    assert_eq!(found(&by_turns), NONE);
}

#[test]
fn more_than_two_time_zones_of_one_person_are_told() {
    let rows = |zones: &[i32], author: &str| -> String {
        // A day apart.
        let row = |(n, zone): (usize, &i32)| {
            let (parent, at) = (n.saturating_sub(1), n * 24);
            format!("c{n} c{parent} {author} {at} {at} {zone}\n")
        };
        let rows = (0..).zip(zones.iter().cycle().take(12)).map(row);
        rows.collect::<String>().replace("c0 c0", "c0 -").trim().to_owned()
    };
    assert_eq!(found(&rows(&[60, -480, 330], "ada")), ["many-offsets low c10"]);
    // At home in winter and summer, on a server, on one journey.
    assert_eq!(found(&rows(&[60, 120, 0, -480], "ada")), NONE);
    assert_eq!(found(&rows(&[60, -480, 330], "ada@forge")), NONE);
    assert_eq!(found(&rows(&[60, -480, 330], "renovate[bot]")), NONE);
    let nine: Vec<String> = rows(&[60, -480, 330], "ada").lines().take(9).map(str::to_owned).collect();
    assert_eq!(found(&nine.join("\n")), NONE);
    let answer = ask(&engine(Config::default(), &rows(&[60, 60, -480, 330], "ada")), "dates").unwrap();
    let message =
        "ada wrote 12 commits in the time zones -0800 (3), +0100 (6), +0530 (3); this is of the rarest";
    assert_eq!(answer.value()[0]["message"], json!(message));
}

#[test]
fn who_writes_in_two_places_at_once_is_told() {
    // Three hours between +0500 and +0800: 3 hours later is in time, 2 is not. Time zones of servers are passed over, and so is the order of commits.
    assert_eq!(found("a - ada 0 0 300\nb a ada 3 3 480\nc b ada 4 4 360"), NONE);
    assert_eq!(
        found("a - ada 0 0 300\nb a ada 1 1 0\nc b ada 2 2 480\nd c ada 9 9 -480"),
        ["two-places low c", "two-places low d"]
    );
    assert_eq!(found("a - ada 0 0 300\nb a bob 1 1 480\nc b ada@forge 1 1 480\nd c ada 9 9 360"), NONE);
    let rows = "b - ada 2 20 480\na b ada 0 20 300";
    assert_eq!(found(rows), ["two-places low b"]);
    let answer = ask(&engine(Config::default(), rows), "dates").unwrap();
    let message = "ada wrote this in the time zone +0800, 120 minutes after a in +0500";
    assert_eq!(answer.value()[0]["message"], json!(message));
}

#[test]
fn only_so_many_of_the_newest_commits_are_looked_at_in_parts_or_not() {
    let rows = "a - ada 500 500\nb a ada 400 400\n\nc b ada 300 300\nd c ada 200 200\n\ne d ada 100 100";
    let all = ["backdated medium b", "backdated medium c", "backdated medium d", "backdated medium e"];
    assert_eq!(found(rows), all);
    assert_eq!(found(&rows.replace("\n\n", "\n")), all);
    for (newest, expected) in [(2, &all[3..]), (3, &all[2..]), (4, &all[1..]), (5, &all[..])] {
        assert_eq!(found_among(newest, rows), expected, "{newest}");
    }
}

#[test]
fn signatures_are_counted_by_kind_among_the_newest_200() {
    let old: String = (0..300).map(|n| format!("o{n} - ada 0 0 0 openpgp\n")).collect();
    let new: String = (0..190).map(|n| format!("n{n} - ada 0 0 0 -\n")).collect();
    let rows = format!("{old}\n{new}s1 - ada 0 0 0 ssh\nx1 - ada 0 0 0 x509\nw1 - ada 0 0 0 other");
    let answer = ask(&engine(Config::default(), &rows), "signatures").unwrap();
    // 200 = 3 + 190 + 7 of the old ones.
    let kinds = json!({ "openpgp": 7, "ssh": 1, "x509": 1, "other": 1 });
    assert_eq!(answer.value(), &json!({ "signed": 10, "commits": 200, "kinds": kinds }));
    let newest: Vec<Concern> =
        (185..190).rev().map(|n| Concern::new("bears no signature").commit(format!("n{n}"))).collect();
    assert_eq!(answer.concern_list(), newest);

    let none = ask(&engine(Config::default(), "a - ada 0 0"), "signatures").unwrap();
    assert_eq!((&none.value()["signed"], &none.value()["commits"]), (&json!(0), &json!(1)));
    assert!(none.concern_list().is_empty());
}

#[test]
fn times_beyond_all_calendars_are_no_trouble() {
    let times = Arc::new([("a", i64::MIN, i64::MAX), ("b", i64::MAX, i64::MIN)]);
    let engine = engine(Config::default(), "a - ada 0 0\nb a ada 0 0").on("git/commits", move |_: Value| {
        let ada = json!({ "name": "Ada", "email": "ada@example.org" });
        let commit = |(id, authored, committed): &(&str, i64, i64)| {
            let parents: &[&str] = if *id == "a" { &[] } else { &["a"] };
            json!({ "id": id, "parents": parents, "author": ada, "authored": authored, "committer": ada, "committed": committed })
        };
        Ok(json!({ "commits": times.iter().map(commit).collect::<Vec<_>>() }))
    });
    assert_eq!(ask(&engine, "dates").unwrap().value().as_array().unwrap().len(), 2);
}

#[test]
fn it_abstains_where_nothing_can_be_compared() {
    let error = ask(&engine(Config::default(), "a - ada 0 0"), "dates").unwrap_err();
    assert!(error.is_abstention() && error.message().contains("one commit"), "{error:?}");
    let shallow = TestEngine::new(Config::default()).on("git/history", |_: Value| {
        Ok(json!({ "commits": 1, "truncated": true, "parts": [], "segments": [] }))
    });
    for query in ["dates", "signatures"] {
        let error = ask(&shallow, query).unwrap_err();
        assert!(error.is_abstention() && error.message().contains("shallow"), "{error:?}");
    }
}

#[test]
fn it_describes_its_policy() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some(r#"value.all(f, f.severity == "low")"#));
}
