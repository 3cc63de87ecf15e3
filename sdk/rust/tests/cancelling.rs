//! A query that is cancelled: it counts as open, and is not confirmed to be gone, until its thread has ended.

mod common;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use common::{ready, refused};
use probity_protocol::method::{PluginApiClient as _, name};
use probity_sdk::prelude::*;
use serde_json::{Value, json};

static BEGUN: AtomicU32 = AtomicU32::new(0);
static SEEN: AtomicBool = AtomicBool::new(false);
static MAY_END: AtomicBool = AtomicBool::new(false);

/// Goes on until the test lets it end, although it knows that nobody waits.
#[query]
fn stubborn(engine: &Engine, _key: Empty) -> Result<u32> {
    BEGUN.fetch_add(1, SeqCst);
    while !MAY_END.load(SeqCst) {
        SEEN.fetch_or(engine.wanted().is_err() && engine.cancellation()(), SeqCst);
        std::thread::yield_now();
    }
    Ok(7)
}

/// Lets other tasks run until `what` holds, and fails if there is an answer before.
async fn until(what: impl Fn() -> bool, answer: &mut (impl Future + Unpin)) {
    while !what() {
        tokio::select! {
            biased;
            _ = &mut *answer => panic!("it is answered before its thread has ended"),
            () = tokio::task::yield_now() => {}
        }
    }
}

#[tokio::test]
async fn a_cancelled_query_is_confirmed_when_its_thread_has_ended_and_one_that_waits_at_once() {
    let lab = ready(Plugin::<Empty>::new("acme/test/demo", "1.2.3").query(stubborn).max_concurrent(1)).await;
    let asked = || lab.peer.call(name::QUERY, &json!({ "query": "stubborn", "key": {} })).unwrap();
    let (first, second) = (asked(), asked());
    let (end_first, end_second) = (first.canceller(), second.canceller());
    let mut first = pin!(first.result::<Value>());
    until(|| BEGUN.load(SeqCst) > 0, &mut first).await;
    let mut second = tokio::spawn(second.result::<Value>());
    // The second one is sent when this thread waits for the first time, and has arrived before what is sent then.
    for _ in 0..2 {
        lab.peer.ping().await.unwrap();
    }
    end_second.cancel();
    assert_eq!(refused((&mut second).await.unwrap()).code(), -32800, "its turn never came");
    end_first.cancel();
    until(|| SEEN.load(SeqCst), &mut first).await;
    MAY_END.store(true, SeqCst);
    assert_eq!(refused(first.await).code(), -32800);
    assert_eq!(BEGUN.load(SeqCst), 1);
}
