//! `identity` as the host asks it, over histories that are made up.

use probity_sdk::prelude::*;
use probity_sdk::testing::{HistoryLab, MadeUp, TestEngine};
use serde_json::{Value, json};

use crate::{Config, plugin};

/// Commits by their author and committer, in segments, oldest first; all but the last are a part. Commits are called c0, c1 and so on.
fn ask(segments: &[&[(&str, &str)]], truncated: bool) -> (Result<Answer<Value>>, Vec<String>) {
    let mut number = 0..;
    let mut named = |who: &(&str, &str)| commit(number.next().unwrap_or_default(), who);
    let segments = segments.iter().map(|segment| segment.iter().map(&mut named).collect()).collect();
    let history = MadeUp { segments, truncated };
    let lab = HistoryLab::new("identity", plugin, TestEngine::new(Config::default()), "git/commits", history);
    let answer = lab.ask();
    (answer, lab.above.asked().into_iter().map(|(query, _)| query).collect())
}

fn commit(number: usize, (author, committer): &(&str, &str)) -> Value {
    let person =
        |name: &str| json!({ "name": name, "email": format!("{}@example.org", name.to_lowercase()) });
    json!({
        "id": format!("c{number}"), "parents": [],
        "author": person(author), "authored": 0, "committer": person(committer), "committed": 1,
    })
}

#[test]
fn each_commit_is_judged_newest_first() {
    let (answer, asked) = ask(&[&[("Ada", "Ada"), ("Ada", "Bob")], &[("Cyd", "Bob"), ("Bob", "Bob")]], false);
    assert_eq!(answer.unwrap().value(), &json!([true, false, false, true]));
    assert_eq!(asked, ["git/history", "identity/part", "identity/segment"]);
}

#[test]
fn name_and_address_must_both_be_the_same() {
    // The addresses are the same in lower case, the names are not.
    let (answer, _) = ask(&[&[("Ada", "ADA"), ("Ada", "Ada")]], false);
    assert_eq!(answer.unwrap().value(), &json!([true, false]));
}

#[test]
fn those_who_commit_most_of_their_own_are_named_first_over_all_segments() {
    let (answer, _) = ask(&[&[("Bob", "Bob"), ("Ada", "Ada")], &[("Ada", "Ada"), ("Ada", "Bob")]], false);
    let expected = [
        Concern::new("Ada <ada@example.org> is author and committer of 2 of 4 commits").commit("c2"),
        Concern::new("Bob <bob@example.org> is author and committer of 1 of 4 commits").commit("c0"),
    ];
    assert_eq!(answer.unwrap().concern_list(), expected);
}

#[test]
fn at_most_twenty_people_are_named() {
    let names: Vec<String> = (0..30).map(|n| format!("P{n}")).collect();
    let commits: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let (answer, _) = ask(&[&commits], false);
    assert_eq!(answer.unwrap().concern_list().len(), 20);
}

#[test]
fn it_abstains_where_a_share_would_say_nothing() {
    let (answer, asked) = ask(&[&[("Ada", "Ada"), ("Ada", "Bob")]], true);
    let error = answer.unwrap_err();
    assert!(error.is_abstention() && error.message().contains("shallow clone"), "{error:?}");
    assert_eq!(asked, ["git/history"]);

    let error = ask(&[&[("Ada", "Ada")]], false).0.unwrap_err();
    assert!(error.is_abstention() && error.message().contains("one commit"), "{error:?}");
}

#[test]
fn it_describes_its_policy() {
    let policy = "divz(count(value.filter(b, b)), count(value)) <= 0.2";
    assert_eq!(plugin().describe().default_policy.as_deref(), Some(policy));
}
