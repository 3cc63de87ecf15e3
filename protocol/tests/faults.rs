//! What a peer does about another one that misbehaves: each fault has its name, and none makes it hang.

mod common;

use common::{Note, Refuse, answered, demo, ended, pair, raw};
use probity_protocol::{CallError, Fault, Garbage, Limits, Peer};
use serde_json::json;
use tokio::io::{duplex, split};
use tokio::sync::mpsc;

fn small() -> Limits {
    Limits { max_message: 1 << 20, ..Limits::default() }
}

#[tokio::test]
async fn a_line_that_is_no_message_ends_the_connection_and_is_shown() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.send("Traceback (most recent call last):\x1b[31m").await;
    assert_eq!(
        peer.ended().await.to_string(),
        "the peer wrote what is no message to the protocol's channel (expected value at line 1 column 1): \
         \"Traceback (most recent call last):\\u{1b}[31m\"; print to stderr instead"
    );
}

#[tokio::test]
async fn an_object_that_is_no_message_ends_the_connection() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.send(r#"{"jsonrpc":"2.0","id":1}"#).await;
    assert!(
        matches!(&*peer.ended().await, Fault::NotAMessage { reason, .. } if reason == "neither method, result nor error")
    );
}

#[tokio::test]
async fn garbage_can_be_answered_instead() {
    let limits = Limits { garbage: Garbage::Answer, ..Limits::default() };
    let (_peer, mut lines) = raw(limits, demo);
    lines.send("{]").await;
    let refusal = lines.receive().await;
    assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(null), &json!(-32700)));
    lines
        .send(r#"{"jsonrpc":"2.0","id":1,"method":"plugin/query","params":{"query":"echo","key":{}}}"#)
        .await;
    assert_eq!(lines.receive().await["result"]["value"], json!({}));
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_not_read_to_its_end() {
    let (peer, mut lines) = raw(small(), |_| Refuse);
    let feed = tokio::spawn(async move {
        // No line end ever comes: without the limit this would not end.
        let chunk = vec![b'x'; 64 << 10];
        while lines.offer(&chunk).await {}
    });
    match &*peer.ended().await {
        Fault::Oversize { seen, max } => {
            assert_eq!(*max, 1 << 20);
            assert!(*seen < 3 << 20, "{seen} bytes were held");
        }
        other => panic!("{other}"),
    }
    feed.abort();
}

#[tokio::test]
async fn a_long_line_is_too_long_even_if_it_came_at_once() {
    let limits = Limits { max_message: 10, ..Limits::default() };
    let (peer, mut lines) = raw(limits, |_| Refuse);
    lines.send("{\"id\":1,\"result\":1}").await;
    assert!(matches!(&*peer.ended().await, Fault::Oversize { seen: 19, max: 10 }));
}

#[tokio::test]
async fn half_a_message_is_told_from_a_clean_end() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"resu").await;
    lines.close().await;
    assert_eq!(
        peer.ended().await.to_string(),
        "the peer closed its output in the middle of a message (29 bytes without a newline)"
    );

    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.close().await;
    assert!(matches!(&*peer.ended().await, Fault::Eof));
}

#[tokio::test]
async fn invalid_utf8_in_a_result_fails_that_call_alone() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let call = tokio::spawn(peer.query("a", "{}", 0, None).answer());
    let id = lines.receive().await["id"].to_string();
    lines.send_bytes(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"value\":\"").as_bytes()).await;
    lines.send_bytes(b"\xff\xfe\"}}\n").await;
    assert!(matches!(call.await.unwrap(), Err(CallError::Malformed(_))));

    let call = tokio::spawn(peer.query("b", "{}", 0, None).answer());
    let id = lines.receive().await["id"].to_string();
    lines.send(&format!(r#"{{"id":{id},"result":{{"value":7}}}}"#)).await;
    assert_eq!(call.await.unwrap().unwrap().value.get(), "7");
}

#[tokio::test]
async fn invalid_utf8_before_a_message_can_be_routed_ends_the_connection() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.send_bytes(b"{\"id\":1,\"method\":\"a\xff\"}\n").await;
    assert!(matches!(&*peer.ended().await, Fault::InvalidUtf8 { at: 19, .. }));
}

#[tokio::test]
async fn answers_to_no_call_are_dropped() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    lines.send(r#"{"jsonrpc":"2.0","id":999999,"result":1}"#).await;
    lines.send(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#).await;
    lines.send(r#"{"jsonrpc":"2.0","id":"one","result":1}"#).await;
    let call = tokio::spawn(peer.query("a", "{}", 0, None).answer());
    let id = lines.receive().await["id"].to_string();
    let answer = format!(r#"{{"id":{id},"result":{{"value":1}}}}"#);
    lines.send(&answer).await;
    assert_eq!(call.await.unwrap().unwrap().value.get(), "1");
    // A second answer to the same call is late, and no fault either.
    lines.send(&answer).await;
    lines.close().await;
    assert!(matches!(&*peer.ended().await, Fault::Eof));
}

#[tokio::test]
async fn an_error_may_have_members_that_it_should_not_have() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let call = tokio::spawn(peer.query("a", "{}", 0, None).answer());
    let id = lines.receive().await["id"].to_string();
    lines
        .send(&format!(r#"{{"id":{id},"error":{{"code":-1,"message":"m","trace":"extra"}},"more":1}}"#))
        .await;
    let error = answered(call.await.unwrap());
    assert_eq!((error.code(), error.message()), (-1, "m"));
}

#[tokio::test]
async fn batches_are_refused() {
    let (_peer, mut lines) = raw(Limits::default(), demo);
    lines.send(r#"[{"jsonrpc":"2.0","id":1,"method":"plugin/ping"}]"#).await;
    let refusal = lines.receive().await;
    assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(null), &json!(-32600)));
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_request_only() {
    let (host, _plugin) = pair(|_| Refuse, demo);
    let (bad, good) = tokio::join!(
        host.query("panic", "{}", 0, None).answer(),
        host.query("echo", "[1]", 0, None).answer()
    );
    assert_eq!(answered(bad).code(), -32603);
    assert_eq!(good.unwrap().value.get(), "[1]");
}

#[tokio::test]
async fn all_open_calls_fail_with_the_same_certificate() {
    let (near, far) = duplex(64 << 10);
    let (reader, writer) = split(near);
    let on_end = |cause| -> futures_util::future::BoxFuture<'static, Fault> {
        let (status, stderr_tail) = ("signal 6".to_owned(), "corrupt pack".to_owned());
        Box::pin(async { Fault::Ended { status, stderr_tail, cause: Box::new(cause) } })
    };
    let host = Peer::start(reader, writer, Limits::default(), |_| Refuse, on_end);
    let calls: Vec<_> = (0..200).map(|_| tokio::spawn(host.query("hang", "{}", 0, None).answer())).collect();
    while host.open_calls() < calls.len() {
        tokio::task::yield_now().await;
    }
    drop(far);
    for call in calls {
        let story = ended(call.await.unwrap()).to_string();
        assert_eq!(
            story,
            "the process ended (signal 6; the peer closed its output); its last words: corrupt pack"
        );
    }
    // So does a call that comes later.
    assert!(matches!(&*ended(host.query("late", "{}", 0, None).answer().await), Fault::Ended { .. }));
    assert_eq!(host.open_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_for_good_is_given_up() {
    let (near, far) = duplex(1024);
    let (silent_writer, _keeps_the_reader_waiting) = duplex(1024);
    let (_, writer) = split(near);
    let peer =
        Peer::start(silent_writer, writer, Limits::default(), |_| Refuse, |fault| Box::pin(async { fault }));
    drop(far);
    assert!(matches!(&*ended(peer.query("a", "{}", 0, None).answer().await), Fault::Write(_)));
}

#[tokio::test]
async fn closing_lets_the_other_side_read_its_end() {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let (host, plugin) = pair(|_| Refuse, |_| Note(sender));
    host.notify("exit", &json!({})).await.unwrap();
    host.close();
    assert!(matches!(&*plugin.ended().await, Fault::Eof));
    assert_eq!(seen.recv().await.as_deref(), Some("exit"));
    plugin.close();
    assert!(matches!(&*host.ended().await, Fault::Closed));
}

#[tokio::test]
async fn lines_may_come_in_any_pieces() {
    let (_peer, mut lines) = raw(Limits::default(), demo);
    let ask = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"plugin/query","params":{{"query":"echo","key":{{}}}}}}"#
        )
    };
    for byte in format!("\r\n\n{}\r\n", ask("1")).as_bytes() {
        lines.send_bytes(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(lines.receive().await["id"], json!(1));
    lines.send_bytes(format!("{}\n{}\n", ask("18446744073709551616"), ask("\"two\"")).as_bytes()).await;
    let mut answers = [lines.receive_line().await, lines.receive_line().await];
    answers.sort();
    assert_eq!(
        answers,
        [
            "{\"jsonrpc\":\"2.0\",\"id\":\"two\",\"result\":{\"value\":{},\"concerns\":[]}}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551616,\"result\":{\"value\":{},\"concerns\":[]}}\n",
        ]
    );
}

#[tokio::test]
async fn what_is_long_goes_in_one_piece_and_in_order() {
    let (host, _plugin) = pair(|_| Refuse, demo);
    let keys: Vec<String> = [10, 40_000, 3, 70_000, 5, 1_000_000, 7]
        .iter()
        .map(|size| format!("\"{}\"", "k".repeat(*size)))
        .collect();
    let calls: Vec<_> =
        keys.iter().map(|key| tokio::spawn(host.query("echo", key, 0, None).answer())).collect();
    for (call, key) in calls.into_iter().zip(&keys) {
        assert_eq!(call.await.unwrap().unwrap().value.get(), key);
    }
}

#[tokio::test]
async fn a_line_end_in_json_that_is_passed_on_does_not_tear_the_message() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let _call = tokio::spawn(peer.query("a", "{\n  \"b\": 1\n}", 0, None).answer());
    assert_eq!(lines.receive().await["params"]["key"], json!({ "b": 1 }));
}
