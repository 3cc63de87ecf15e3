//! `affiliation` as the host asks it, over histories that are made up.

use probity_sdk::prelude::*;
use probity_sdk::testing::{HistoryLab, MadeUp, TestEngine};
use serde_json::{Value, json};

use crate::plugin;

/// Asks about commits by the addresses of their author and committer, in segments, oldest first; all but the last are a part. Commits are called
/// c0, c1 and so on, people by what stands before the `@`.
fn ask(config: &str, segments: &[&[(&str, &str)]], truncated: bool) -> Result<Answer<Value>> {
    let mut number = 0..;
    let mut named = |who: &(&str, &str)| commit(number.next().unwrap_or_default(), who);
    let segments = segments.iter().map(|segment| segment.iter().map(&mut named).collect()).collect();
    let below = TestEngine::new(serde_json::from_str(config).unwrap());
    HistoryLab::new("affiliation", plugin, below, "git/commits", MadeUp { segments, truncated }).ask()
}

fn commit(number: usize, (author, committer): &(&str, &str)) -> Value {
    let person =
        |email: &str| json!({ "name": email.trim().split('@').next().unwrap_or_default(), "email": email });
    json!({
        "id": format!("c{number}"), "parents": [],
        "author": person(author), "authored": 0, "committer": person(committer), "committed": 1,
    })
}

#[test]
fn contributors_are_judged_once_in_the_order_of_their_addresses() {
    let segments: &[&[(&str, &str)]] = &[
        &[("zoe@home.net", "ada@redhat.com")],
        &[("Ada@RedHat.com ", "bob@nothp.com"), ("eve@x.hp.com", "eve@x.hp.com")],
    ];
    // ada@redhat.com, bob@nothp.com, eve@x.hp.com, zoe@home.net
    let answer = ask("{}", segments, false).unwrap();
    assert_eq!(answer.value(), &json!([false, true, false, true]));
    let answer = ask(r#"{"strategy": "affiliated"}"#, segments, false).unwrap();
    assert_eq!(answer.value(), &json!([true, false, true, false]));
    let answer = ask(r#"{"strategy": "affiliated", "orgs": "HP"}"#, segments, false).unwrap();
    assert_eq!(answer.value(), &json!([false, false, true, false]));
    assert_eq!(
        ask(r#"{"strategy": "all"}"#, segments, false).unwrap().value(),
        &json!([true, true, true, true])
    );
    let answer = ask(r#"{"strategy": "none"}"#, segments, false).unwrap();
    assert_eq!(answer.value(), &json!([false, false, false, false]));
    assert!(answer.concern_list().is_empty());
}

#[test]
fn counted_contributors_are_named_the_busiest_first() {
    let segments: &[&[(&str, &str)]] = &[
        &[("ada@home.net", "ada@home.net"), ("bob@home.net", "ada@home.net")],
        &[
            ("Bob@Home.net", "bob@home.net"),
            ("bob@home.net", "web@github.example"),
            ("x@ibm.com", "x@ibm.com"),
        ],
    ];
    let expected = [
        // Who wrote and committed a commit is counted once for it; the name is that of the newest commit.
        Concern::new("bob <bob@home.net> wrote or committed 3 commits").commit("c3"),
        Concern::new("ada <ada@home.net> wrote or committed 2 commits").commit("c1"),
        Concern::new("web <web@github.example> wrote or committed 1 commit").commit("c3"),
    ];
    assert_eq!(ask("{}", segments, false).unwrap().concern_list(), expected);
}

#[test]
fn at_most_twenty_contributors_are_named() {
    let emails: Vec<String> = (0..30).map(|n| format!("p{n}@home.net")).collect();
    let commits: Vec<(&str, &str)> = emails.iter().map(|email| (email.as_str(), email.as_str())).collect();
    let answer = ask("{}", &[&commits], false).unwrap();
    assert_eq!(answer.value().as_array().unwrap().len(), 30);
    assert_eq!(answer.concern_list().len(), 20);
}

#[test]
fn it_abstains_on_a_shallow_clone() {
    let error = ask("{}", &[&[("a@b.c", "a@b.c")]], true).unwrap_err();
    assert!(error.is_abstention() && error.message().contains("shallow clone"), "{error:?}");
}

#[test]
fn it_has_no_policy_of_its_own() {
    assert_eq!(plugin().describe().default_policy, None);
}
