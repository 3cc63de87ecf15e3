//! `activity` as the host asks it.

use probity_sdk::git::{CommitKey, Target};
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::{Value, json};

use crate::{Config, plugin};

/// What is asked today, about a commit written at `authored` and committed much later, in a clone that is shallow:
/// no history is needed.
fn ask(authored: i64, today: &str) -> Result<Answer<Value>> {
    let engine = TestEngine::new(Config::default()).input("time", "day", today).on(
        "git/commit",
        move |CommitKey { commit }: CommitKey| {
            let ada = json!({ "name": "Ada", "email": "ada@example.org" });
            Ok(json!({ "id": commit, "parents": [], "author": ada, "authored": authored,
                       "committer": ada, "committed": authored + 10_000_000 }))
        },
    );
    let answer = engine.ask(&plugin(), "activity", target());
    assert_eq!(engine.asked(), [("git/commit".to_owned(), json!({ "commit": "c1" }))]);
    answer
}

fn target() -> Target {
    Target { commit: "c1".into(), tree: "t1".into(), shallow: vec!["c1".into()] }
}

#[test]
fn idle_days_run_from_the_author_date_to_today_in_utc() {
    // 2024-02-28T23:59:59Z
    let answer = ask(1_709_164_799, "2024-03-01").unwrap();
    assert_eq!(answer.value(), &json!({ "days": 2, "commit": "c1", "authored": "2024-02-28" }));
    assert!(answer.concern_list().is_empty());
    assert_eq!(ask(1_709_164_800, "2024-02-29").unwrap().value()["days"], json!(0));
}

#[test]
fn a_commit_of_tomorrow_counts_as_today_and_is_pointed_out() {
    let answer = ask(1_709_251_200, "2024-02-29").unwrap();
    assert_eq!(answer.value()["days"], json!(0));
    let concern =
        Concern::new("the newest commit claims to be written on 2024-03-01, which is in the future");
    assert_eq!(answer.concern_list(), [concern.commit("c1")]);
}

#[test]
fn more_idle_weeks_than_tolerated_are_pointed_out() {
    assert!(ask(0, "1971-05-13").unwrap().concern_list().is_empty());
    let answer = ask(0, "1971-05-14").unwrap();
    assert_eq!(answer.value()["days"], json!(498));
    let concern = Concern::new("no commit since 1970-01-01, for 498 days").commit("c1");
    assert_eq!(answer.concern_list(), [concern]);
}

#[test]
fn a_date_that_no_calendar_has_cannot_be_judged() {
    for authored in [i64::MAX - 10_000_000, -100_000_000_000, 253_402_300_800] {
        let error = ask(authored, "2024-02-29").unwrap_err();
        assert!(error.is_abstention(), "{error:?}");
        assert!(error.message().contains(&authored.to_string()), "{error:?}");
    }
}

#[test]
fn with_compat_the_seconds_to_the_beginning_of_today_are_told() {
    let config = serde_json::from_str::<Config>(r#"{"compat": "hipcheck"}"#).unwrap();
    let engine = TestEngine::new(config).input("time", "day", "1970-01-03").on("git/commit", |_: Value| {
        let ada = json!({ "name": "Ada", "email": "ada@example.org" });
        Ok(json!({ "id": "c1", "parents": [], "author": ada, "authored": 200_000, "committer": ada, "committed": 1 }))
    });
    let answer = engine.ask(&plugin(), "activity", target()).unwrap();
    assert_eq!(
        answer.value(),
        &json!({ "days": 0, "commit": "c1", "authored": "1970-01-03", "seconds": -27_200 })
    );
}

#[test]
fn it_declares_what_it_asks_for_and_its_policy() {
    let describe = plugin().describe();
    assert_eq!(describe.permissions.inputs, ["time/day"]);
    assert_eq!(describe.queries[0].uses, ["git/commit"]);
    assert_eq!(describe.default_policy.as_deref(), Some("value.days <= 497"));
}
