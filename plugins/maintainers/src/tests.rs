//! `maintainers` as the host asks it, over histories that are made up.

use probity_sdk::prelude::*;
use probity_sdk::testing::{HistoryLab, MadeUp, TestEngine, abstention};
use serde_json::{Value, json};

use crate::plugin;

/// So many commits by one author, the first on this day since 1970, the others every so many days after. `+` at the end of a name makes merges of them.
type Series<'a> = (&'a str, i64, i64, usize);

fn commits(series: &[Series<'_>]) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, day, every, count) in series {
        for n in 0..*count {
            all.push(commit(all.len(), name, day + every * i64::try_from(n).unwrap()));
        }
    }
    all
}

fn commit(number: usize, name: &str, day: i64) -> Value {
    let parents: &[&str] = if name.ends_with('+') { &["a", "b"] } else { &["a"] };
    let name = name.trim_end_matches('+');
    json!({ "id": format!("c{number}"), "parents": parents, "author": person(name), "authored": 0,
            "committer": person("Zoe"), "committed": day * 86_400 + 40_000 })
}

fn person(name: &str) -> Value {
    json!({ "name": name, "email": format!("{}@example.org", name.to_lowercase()) })
}

fn lab_of(segments: Vec<Vec<Value>>) -> HistoryLab<Empty> {
    let history = MadeUp::new(segments);
    HistoryLab::new("maintainers", plugin, TestEngine::new(Empty {}), "git/commits", history)
}

fn lab(series: &[Series<'_>]) -> HistoryLab<Empty> {
    lab_of(vec![commits(series)])
}

/// With what `review` tells: so many changes by this person, and how many of them are reviewed.
fn with_reviews(
    mut lab: HistoryLab<Empty>,
    name: &'static str,
    all: usize,
    reviewed: usize,
) -> HistoryLab<Empty> {
    lab.above = lab.above.on("review/changes_by", move |_: Value| {
        let change =
            |n: usize| json!({ "commit": format!("m{n}"), "by": [person(name)], "reviewed": n < reviewed });
        Ok(json!((0..all).map(change).collect::<Vec<_>>()))
    });
    lab
}

/// Ada leads from day 10000 on; Mal comes on day 12000 and makes 14 of the 20 commits of the last year.
const TAKEN_OVER: [Series<'static>; 4] =
    [("Ada", 10_000, 10, 100), ("Bob", 11_000, 10, 20), ("Ada", 12_000, 1, 6), ("Mal", 12_010, 10, 14)];

fn severity(lab: &HistoryLab<Empty>) -> String {
    let answer = lab.ask_for("takeover").unwrap();
    let found = answer.value().as_array().unwrap();
    found.iter().map(|finding| finding["severity"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_newcomer_who_took_over_is_named_with_the_figures() {
    let answer = with_reviews(lab(&TAKEN_OVER), "Mal", 14, 2).ask_for("takeover").unwrap();
    // The tip is of day 12140. The last year has Ada's 6 and Mal's 14 commits; of the 120 before, Ada made 100.
    let message = "Mal <mal@example.org> made 70 % of the 20 commits of the last twelve months, 130 days after the first one; \
                   Ada <ada@example.org>, who made 83 % of all before, made 30 %; 2 of 14 changes of Mal show another's hand";
    assert_eq!(
        answer.value(),
        &json!([{ "severity": "high", "rule": "takeover", "commit": "c126", "message": message }])
    );
    let concern = Concern::new(format!("takeover (high): {message}")).rule("takeover").commit("c126");
    assert_eq!(answer.concern_list(), [concern]);
}

#[test]
fn reviews_of_the_newcomers_own_changes_decide_how_bad_it_is() {
    for (all, reviewed, expected) in [
        (9, 0, "medium"),
        (10, 1, "high"),
        (10, 2, "medium"),
        (10, 4, "medium"),
        (10, 5, "low"),
        (0, 0, "medium"),
    ] {
        assert_eq!(
            severity(&with_reviews(lab(&TAKEN_OVER), "Mal", all, reviewed)),
            expected,
            "{reviewed}/{all}"
        );
    }
    // The reviews of others say nothing about Mal.
    assert_eq!(severity(&with_reviews(lab(&TAKEN_OVER), "Ada", 100, 100)), "medium");
    let mut unknown = lab(&TAKEN_OVER);
    unknown.above = unknown.above.on("review/changes_by", |_: Value| Err::<Value, _>(abstain("shallow")));
    assert_eq!(severity(&unknown), "medium");
}

#[test]
fn nobody_is_suspected_at_the_limits() {
    let old = ("Ada", 10_000, 10, 100);
    for (what, series) in [
        ("nearly half", vec![old, ("Ada", 12_000, 1, 4), ("Bob", 12_005, 1, 7), ("Mal", 12_010, 10, 10)]),
        (
            "the leader still does more than two fifths",
            vec![old, ("Ada", 12_000, 1, 9), ("Mal", 12_010, 10, 11)],
        ),
        ("three years", vec![old, ("Mal", 11_000, 1, 1), ("Mal", 12_081, 1, 15)]),
        ("the founder comes back", vec![old, ("Ada", 12_010, 10, 20)]),
        ("a machine", vec![old, ("Ada", 12_000, 1, 10), ("renovate[bot]", 12_010, 1, 90)]),
        ("merges", vec![old, ("Ada", 12_000, 1, 10), ("Mal+", 12_010, 1, 90)]),
    ] {
        let lab = lab(&series);
        assert_eq!(severity(&lab), "", "{what}");
        assert_eq!(lab.above.asked().len(), 2, "{what}: reviews are asked for only if need be");
    }
    let half = lab(&[old, ("Ada", 12_000, 1, 8), ("Bob", 12_005, 1, 2), ("Mal", 12_010, 10, 10)]);
    assert_eq!(severity(&with_reviews(half, "Mal", 0, 0)), "medium");
    let day_short = lab(&[old, ("Mal", 11_001, 1, 1), ("Mal", 12_081, 1, 15)]);
    assert_eq!(severity(&with_reviews(day_short, "Mal", 0, 0)), "medium");
}

#[test]
fn an_old_date_makes_nobody_an_old_hand_and_a_date_to_come_nobody_a_newcomer() {
    let mut forged = TAKEN_OVER.to_vec();
    forged.insert(3, ("Mal", 9_000, 0, 1));
    assert_eq!(severity(&with_reviews(lab(&forged), "Mal", 0, 0)), "medium");

    // Bob once had a clock that was years ahead. Ada came right after that, 1279 days before the tip of day 11779.
    let future = [
        ("Bob", 10_000, 10, 50),
        ("Bob", 20_000, 0, 1),
        ("Ada", 10_500, 1, 1),
        ("Bob", 10_510, 10, 20),
        ("Ada", 11_700, 1, 80),
    ];
    assert_eq!(severity(&lab(&future)), "");
}

#[test]
fn one_person_under_several_names_is_one() {
    let by = |number, name: &str, email: &str, day: i64| {
        json!({ "id": format!("c{number}"), "parents": ["a"], "author": { "name": name, "email": email }, "authored": 0,
                "committer": person("Zoe"), "committed": day * 86_400 })
    };
    let old = (0..50).map(|n| by(n, "Ada", "ada@old.example", 10_000 + 20 * i64::from(n)));
    let new = (50..70).map(|n| by(n, "ada", "al@new.example", 11_900 + i64::from(n)));
    let newer = (70..99).map(|n| by(n, "A. Lovelace", "al@new.example", 11_900 + i64::from(n)));
    let lab = lab_of(vec![old.chain(new).chain(newer).collect()]);
    assert_eq!(severity(&lab), "");
    assert_eq!(lab.ask_for("absence_factor").unwrap().value(), &json!(1));
}

#[test]
fn a_person_is_called_as_most_commits_do() {
    let mut all = commits(&TAKEN_OVER);
    all[126]["author"]["name"] = json!("m4l");
    let answer = with_reviews(lab_of(vec![all]), "Mal", 0, 0).ask_for("takeover").unwrap();
    let finding = &answer.value()[0];
    assert!(finding["message"].as_str().unwrap().starts_with("Mal <mal@example.org> made 70 %"), "{finding}");
    assert_eq!(finding["commit"], json!("c126"));
}

#[test]
fn segments_and_parts_make_no_difference() {
    let all = commits(&TAKEN_OVER);
    let whole = with_reviews(lab_of(vec![all.clone()]), "Mal", 14, 2);
    for cut in [1, 60, 100, 125, 126, 139] {
        let parted = with_reviews(lab_of(vec![all[..cut].to_vec(), all[cut..].to_vec()]), "Mal", 14, 2);
        for query in ["takeover", "absence_factor", "recent", "addresses"] {
            assert_eq!(parted.ask_for(query).unwrap(), whole.ask_for(query).unwrap(), "{query} {cut}");
        }
    }
}

#[test]
fn the_absence_factor_is_the_fewest_who_made_half() {
    let factor = |series: &[Series<'_>]| lab(series).ask_for("absence_factor").unwrap().into_parts().0;
    // Before the last year Bob made most; that does not count.
    let old = ("Bob", 10_000, 0, 500);
    assert_eq!(factor(&[old, ("Ada", 12_000, 0, 5), ("Cyd", 12_000, 0, 3), ("Dan", 12_000, 0, 2)]), json!(1));
    assert_eq!(factor(&[old, ("Ada", 12_000, 0, 4), ("Cyd", 12_000, 0, 3), ("Dan", 12_000, 0, 2)]), json!(2));
    assert_eq!(
        factor(&[("Ada", 0, 0, 1), ("Bob", 0, 0, 1), ("Cyd", 0, 0, 1), ("Dan", 0, 0, 1), ("Eve", 0, 0, 1)]),
        json!(3)
    );
    let bots = lab(&[old, ("release-bot", 12_000, 0, 4)]).ask_for("absence_factor").unwrap_err();
    assert!(bots.is_abstention(), "{bots:?}");
}

#[test]
fn commits_of_the_last_ninety_days_are_counted() {
    let recent = |series: &[Series<'_>]| lab(series).ask_for("recent").unwrap().into_parts().0;
    // The tip is of day 12100: from day 12011 on, 12011 to 12019 and the tip.
    assert_eq!(recent(&[("Ada", 12_000, 1, 20), ("Bob", 12_100, 0, 1)]), json!(10));
    assert_eq!(recent(&[("Ada", 12_000, 1, 20), ("renovate[bot]", 12_100, 0, 1)]), json!(9));
    assert_eq!(recent(&[("Ada", 12_000, 1, 20), ("Bob", 12_109, 0, 1)]), json!(1));
}

#[test]
fn addresses_of_the_last_year_are_looked_at() {
    let by = |number: usize, name: &str, email: &str, day: i64| {
        json!({ "id": format!("c{number}"), "parents": ["a"], "author": { "name": name, "email": email }, "authored": 0,
                "committer": person("Zoe"), "committed": day * 86_400 })
    };
    let mut all: Vec<Value> = (0..50).map(|n| by(n, "Ada L", "ada@old.example", 10_000)).collect();
    all.extend((50..99).map(|n| by(n, "Bob", "bob@old.example", 10_000)));
    all.push(by(100, "Old", "old@mailinator.com", 10_000));
    all.push(by(101, "Ada L", "ada@other.example", 10_000));
    let late = [
        ("ada l", "ada@new.example"),
        ("Ada L", "ADA@old.example"),
        ("Ada L", "ada@other.example"),
        ("Ada L", "1+ada@users.noreply.github.com"),
        ("Bob", "bob@new.example"),
        ("Mal", "mal@x.MAILINATOR.com"),
        ("Dan", "dan@notmailinator.com"),
        ("Eve", "yopmail.com"),
    ];
    all.extend((200..).zip(late).map(|(number, (name, email))| by(number, name, email, 11_000)));
    let answer = lab_of(vec![all]).ask_for("addresses").unwrap();
    let messages: Vec<&str> = answer.concern_list().iter().map(|concern| concern.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "disposable-address (medium): Mal <mal@x.MAILINATOR.com> writes under an address that anybody has for minutes",
            "new-address (low): ada l <ada@new.example> is new; 50 commits before the last twelve months are of the same \
             name, as <ada@old.example>",
        ]
    );
    assert_eq!(
        (&answer.value()[0]["commit"], &answer.value()[1]["commit"]),
        (&json!("c205"), &json!("c200"))
    );
}

#[test]
fn it_abstains_where_nothing_can_be_said() {
    let reason = |series: &[Series<'_>]| abstention(lab(series).ask_for("takeover"));
    assert!(reason(&[("Ada", 11_000, 10, 109)]).contains("shorter than three years"));
    assert!(reason(&[("Ada", 10_000, 10, 100), ("Mal", 12_000, 1, 9)]).contains("people made 9 commits"));
    assert!(reason(&[("renovate[bot]", 10_000, 10, 100)]).contains("no commits by people"));

    let engine = TestEngine::new(Empty {}).on("git/history", |_: Value| {
        Ok(json!({ "commits": 1, "truncated": true, "parts": [], "segments": [] }))
    });
    for query in ["takeover", "absence_factor", "recent", "addresses"] {
        let target = Target { commit: "c".into(), tree: "t".into(), shallow: vec!["c".into()] };
        let error = engine.ask(&plugin(), query, target).unwrap_err();
        assert!(error.is_abstention() && error.message().contains("shallow"), "{error:?}");
    }
}

#[test]
fn it_describes_its_policy() {
    assert_eq!(plugin().describe().default_policy.as_deref(), Some(r#"value.all(f, f.severity == "low")"#));
}
