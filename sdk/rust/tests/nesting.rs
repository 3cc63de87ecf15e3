//! Queries that ask: one, many, themselves, in vain, and when nobody waits any more.

mod common;

use common::{connect, ready};
use probity_protocol::method::PluginApiClient;
use probity_sdk::prelude::*;
use probity_sdk::testing::TestEngine;
use serde_json::json;

/// Twice the number, asked of another plugin.
#[query(uses("demo/double"))]
fn twice(engine: &Engine, number: i64) -> Result<i64> {
    engine.query("demo/double", &number)
}

/// All numbers below, doubled, three at a time.
#[query]
fn doubled(engine: &Engine, numbers: u32) -> Result<Vec<i64>> {
    let keys: Vec<_> = (0..numbers).collect();
    engine.query_windowed("demo/double", &keys, 3).collect()
}

/// The depth, counted by asking oneself.
#[query]
fn depth(engine: &Engine, left: u32) -> Result<u32> {
    match left {
        0 => Ok(0),
        left => Ok(engine.query::<u32>("depth", &(left - 1))? + 1),
    }
}

/// Fails as what it asks fails.
#[query]
fn relay(engine: &Engine, query: String) -> Result<i64> {
    Ok(engine.query::<i64>(&query, &1)? + 1)
}

/// Which of the numbers can be had.
#[query]
fn each(engine: &Engine, queries: Vec<String>) -> Result<Vec<bool>> {
    queries.iter().map(|query| Ok(engine.query_many::<i64, _>(query, &[1])?[0].is_ok())).collect()
}

/// Today.
#[query]
fn today(engine: &Engine, _key: Empty) -> Result<String> {
    engine.input("time", "day")
}

fn plugin() -> Plugin {
    Plugin::new("acme/test/nest", "1.0.0")
        .query(twice)
        .query(doubled)
        .query(depth)
        .query(relay)
        .query(each)
        .query(today)
        .max_concurrent(1)
}

#[tokio::test]
async fn a_query_asks_through_the_host() {
    let mut lab = ready(plugin()).await;
    assert_eq!(lab.ask("twice", json!(21)).await.unwrap(), 42);
    assert_eq!(lab.seen.recv().await.unwrap(), "double 21");
    assert_eq!(lab.ask("today", json!({})).await.unwrap(), "2026-11-21");
}

#[tokio::test]
async fn many_keys_are_asked_a_window_at_a_time() {
    let mut lab = ready(plugin()).await;
    assert_eq!(lab.ask("doubled", json!(7)).await.unwrap(), json!([0, 2, 4, 6, 8, 10, 12]));
    for expected in ["double x3", "double x3", "double x1"] {
        assert_eq!(lab.seen.recv().await.unwrap(), expected);
    }
}

#[test]
fn a_window_is_asked_only_when_its_first_answer_is_wanted() {
    let engine = TestEngine::new(Empty {}).on("demo/double", |number: i64| match number {
        0..5 => Ok(number * 2),
        _ => Err(abstain("too large")),
    });
    let keys: Vec<i64> = (0..7).collect();
    let mut answers = engine.query_windowed::<i64, _>("demo/double", &keys, 3);
    assert_eq!(engine.messages(), 0);
    assert_eq!(answers.by_ref().take(3).map(Result::unwrap).collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!((engine.messages(), engine.asked().len()), (1, 3));
    let rest: Vec<_> = answers.map(|answer| answer.map_err(|error| error.is_abstention())).collect();
    assert_eq!(rest, [Ok(6), Ok(8), Err(true), Err(true)]);
    assert_eq!(engine.messages(), 3);
}

#[tokio::test]
async fn a_query_that_asks_itself_never_waits_for_its_own_threads() {
    let lab = ready(plugin()).await;
    assert_eq!(lab.ask("depth", json!(100)).await.unwrap(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_queries_may_be_asked_at_once() {
    let lab = ready(plugin()).await;
    let calls: Vec<_> =
        (0..1000).map(|_| tokio::spawn(lab.peer.query("depth", "2", 0, None).answer())).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().value.get(), "2");
    }
}

#[tokio::test]
async fn the_kind_of_a_failure_is_passed_on() {
    let lab = ready(plugin()).await;
    let cases = [
        ("demo/shallow", r#"{"kind":"abstain"}"#, "the history is cut off"),
        ("demo/missing", r#"{"kind":"unavailable","retryable":true}"#, "the blob is not here"),
        ("demo/crash", r#"{"kind":"error","retryable":true}"#, "the plugin ended (signal 6)"),
        ("other/query", r#"{"kind":"error"}"#, "no such plugin"),
    ];
    for (query, data, message) in cases {
        let error = lab.ask("relay", json!(query)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (-32020, message));
        assert_eq!(error.data().unwrap().get(), data);
    }
    let had = lab.ask("each", json!(["demo/double", "demo/shallow"])).await.unwrap();
    assert_eq!(had, json!([true, false]), "one of many may fail alone");
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_stops_asking() {
    let mut lab = ready(plugin()).await;
    let call = tokio::spawn(lab.peer.query("relay", "\"demo/hang\"", 0, None).answer());
    assert_eq!(lab.seen.recv().await.unwrap(), "hang 1");
    call.abort();
    // The only place is free again, and nothing is left open.
    assert_eq!(lab.ask("twice", json!(1)).await.unwrap(), 2);
    lab.peer.shutdown().await.unwrap();
}

#[tokio::test]
async fn shutdown_waits_for_what_is_open() {
    let mut lab = ready(plugin()).await;
    let call = tokio::spawn(lab.peer.query("relay", "\"demo/hang\"", 0, None).answer());
    assert_eq!(lab.seen.recv().await.unwrap(), "hang 1");
    let peer = lab.peer.clone();
    let shutdown = tokio::spawn(async move { peer.shutdown().await.unwrap() });
    lab.peer.ping().await.unwrap();
    assert!(!shutdown.is_finished());
    call.abort();
    shutdown.await.unwrap();
}

#[tokio::test]
async fn a_host_without_batches_is_asked_one_by_one() {
    let mut lab = connect(plugin());
    lab.initialize_without_batches().await;
    lab.configure(json!({})).await.unwrap();
    assert_eq!(lab.ask("doubled", json!(2)).await.unwrap(), json!([0, 2]));
    assert_eq!([lab.seen.recv().await.unwrap(), lab.seen.recv().await.unwrap()], ["double 0", "double 1"]);
}

#[test]
fn what_is_shared_is_made_once() {
    let engine = TestEngine::new(Empty {});
    let first = engine.shared(|| Ok(String::from("one"))).unwrap();
    let second = engine.shared(|| Ok(String::from("two"))).unwrap();
    assert_eq!((first.as_str(), second.as_str()), ("one", "one"));
    assert!(engine.shared::<Vec<u8>>(|| Err(unavailable("not yet"))).unwrap_err().is_retryable());
    assert_eq!(*engine.shared(|| Ok(vec![1_u8])).unwrap(), [1]);
}

#[test]
fn more_keys_than_one_message_may_hold_are_asked_in_several() {
    let engine = TestEngine::new(Empty {}).on("demo/double", |number: i64| Ok(number * 2));
    let keys: Vec<i64> = (0..65_537).collect();
    let answers = engine.query_many::<i64, _>("demo/double", &keys).unwrap();
    assert!(answers.into_iter().map(Result::unwrap).eq((0..65_537).map(|number| number * 2)));
    assert_eq!(engine.messages(), 2);
    engine.query_many::<i64, _>("demo/double", &keys[..65_536]).unwrap();
    assert_eq!(engine.messages(), 3);
}
