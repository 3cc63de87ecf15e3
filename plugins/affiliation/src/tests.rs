//! `affiliation` as the host asks it, over histories that are made up.

use std::sync::Arc;

use probity_sdk::git::{Commit, Commits, HistoryKey, Person, Segment};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

/// Asks about commits by the addresses of their author and committer, in segments, oldest first; all but the last are a part. Commits are called
/// c0, c1 and so on, people by what stands before the `@`.
fn ask(config: &str, segments: &[&[(&str, &str)]], truncated: bool) -> Result<Answer<Value>> {
    let commits: Vec<Commit> = segments.concat().iter().enumerate().map(|(n, who)| commit(n, who)).collect();
    let mut ids = commits.iter().map(|commit| commit.id.clone());
    let segment =
        |part: &&[(&str, &str)]| Segment { commits: ids.by_ref().take(part.len()).collect(), cut: vec![] };
    let keys: Vec<Segment> = segments.iter().map(segment).collect();
    let (last, earlier) = keys.split_last().expect("there are commits");
    let parts: Vec<HistoryKey> = match earlier {
        [] => vec![],
        _ => vec![HistoryKey { commit: "checkpoint".into(), shallow: vec![] }],
    };
    let count = commits.len();
    let history = json!({ "commits": count, "truncated": truncated, "parts": parts, "segments": [last] });
    let earlier = json!({ "commits": count, "truncated": false, "parts": [], "segments": earlier });
    let below = Arc::new(TestEngine::new(Config::default()).on("git/commits", move |key: Segment| {
        let asked = |commit: &&Commit| key.commits.contains(&commit.id);
        Ok(Commits { commits: commits.iter().filter(asked).cloned().collect() })
    }));
    let segments = below.clone();
    let part = TestEngine::new(Config::default())
        .on("git/part", move |_: Value| Ok(earlier.clone()))
        .on("affiliation/segment", move |key: Segment| {
            Ok(below.ask(&plugin(), "segment", key)?.into_parts().0)
        });
    let above = TestEngine::new(serde_json::from_str(config).unwrap())
        .on("git/history", move |_: Value| Ok(history.clone()))
        .on("affiliation/part", move |key: Value| Ok(part.ask(&plugin(), "part", key)?.into_parts().0))
        .on("affiliation/segment", move |key: Segment| {
            Ok(segments.ask(&plugin(), "segment", key)?.into_parts().0)
        });
    let target = Target { commit: "tip".into(), tree: "tree".into(), shallow: vec![] };
    above.ask(&plugin(), "affiliation", target)
}

fn commit(number: usize, (author, committer): &(&str, &str)) -> Commit {
    let person = |email: &str| {
        let name = email.trim().split('@').next().unwrap_or_default();
        Person { name: name.to_owned(), email: email.to_owned() }
    };
    Commit {
        id: format!("c{number}"),
        parents: vec![],
        author: person(author),
        authored: 0,
        committer: person(committer),
        committed: 1,
    }
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
