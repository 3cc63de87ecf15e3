//! Calls both ways: many, nested, cancelled, late, on behalf of others, and more than can be held.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Refuse, Serve, answered, demo, ended, engine, pair, raw, serve};
use probity_protocol::error::object;
use probity_protocol::method::PluginQuery;
use probity_protocol::{CallError, Fault, Limits, Peer};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

#[tokio::test]
async fn a_query_may_nest_a_hundred_deep() {
    let (host, _plugin) = pair(engine, demo);
    let answer = host.query("nest", "100", 0, None).answer().await.unwrap();
    assert_eq!(answer.value.get(), "\"bottom\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_may_be_open_and_nest() {
    let (host, _plugin) = pair(engine, demo);
    let calls: Vec<_> = (0..1000)
        .map(|number| {
            let (query, key) =
                if number % 2 == 0 { ("nest", "3".to_owned()) } else { ("echo", number.to_string()) };
            tokio::spawn(host.query(query, &key, 0, None).answer())
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let expected = if number % 2 == 0 { "\"bottom\"".to_owned() } else { number.to_string() };
        assert_eq!(call.await.unwrap().unwrap().value.get(), expected);
    }
    assert_eq!(host.open_calls(), 0);
}

/// A plugin whose queries hang, and who tells when one has begun and when one was dropped.
fn hanging(begun: Arc<Notify>, dropped: Arc<Notify>) -> impl FnOnce(&Peer) -> Serve {
    struct Tell(Arc<Notify>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    move |_| {
        serve(move |_request| {
            let (begun, tell) = (begun.clone(), Tell(dropped.clone()));
            async move {
                let _tell = tell;
                begun.notify_one();
                std::future::pending().await
            }
        })
    }
}

#[tokio::test]
async fn dropping_a_call_drops_its_handler() {
    let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (host, plugin) = pair(|_| Refuse, hanging(begun.clone(), dropped.clone()));
    let call = tokio::spawn(host.query("hang", "{}", 0, None).answer());
    begun.notified().await;
    call.abort();
    dropped.notified().await;
    assert_eq!(host.open_calls(), 0);
    drop(plugin);
}

#[tokio::test]
async fn a_cancelled_request_is_still_answered() {
    let (_peer, mut lines) = raw(Limits::default(), demo);
    lines.send(r#"{"id":"x","method":"plugin/query","params":{"query":"hang","key":{}}}"#).await;
    lines.send(r#"{"method":"$/cancelRequest","params":{"id":"x"}}"#).await;
    assert_eq!(
        lines.receive().await,
        json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": -32800, "message": "the request was cancelled" } })
    );
    // Once more, and for a request that never was: nothing to do.
    lines.send(r#"{"method":"$/cancelRequest","params":{"id":"x"}}"#).await;
    lines.send(r#"{"method":"$/cancelRequest","params":{"id":77}}"#).await;
    lines.send(r#"{"id":2,"method":"plugin/query","params":{"query":"echo","key":{}}}"#).await;
    assert_eq!(lines.receive().await["id"], json!(2));
}

#[tokio::test]
async fn what_is_sent_is_what_the_protocol_says() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let call = peer.query("churn", r#"{"commit":"c0ffee"}"#, 2, Some(Duration::from_secs(5)));
    let id = call.id();
    let call = tokio::spawn(call.answer());
    assert_eq!(
        lines.receive_line().await,
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"plugin/query\",\"params\":{{\"query\":\"churn\",\
             \"key\":{{\"commit\":\"c0ffee\"}},\"attempt\":2,\"_meta\":{{\"timeoutMs\":5000}}}}}}\n"
        )
    );
    call.abort();
    assert_eq!(
        lines.receive_line().await,
        format!("{{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{{\"id\":{id}}}}}\n")
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_and_is_cancelled() {
    let (peer, mut lines) = raw(Limits::default(), |_| Refuse);
    let deadline = Duration::from_secs(600);
    let call = tokio::spawn(peer.query("hang", "{}", 0, Some(deadline)).answer());
    let id = lines.receive().await["id"].clone();
    assert!(matches!(call.await.unwrap(), Err(CallError::Deadline(after)) if after == deadline));
    assert_eq!(lines.receive().await["params"]["id"], id);
    // The connection is as good as before; a late answer changes nothing.
    lines.send(&format!(r#"{{"id":{id},"result":{{"value":1}}}}"#)).await;
    let call = tokio::spawn(peer.query("a", "{}", 0, Some(deadline)).answer());
    let id = lines.receive().await["id"].clone();
    lines.send(&format!(r#"{{"id":{id},"result":{{"value":2}}}}"#)).await;
    assert_eq!(call.await.unwrap().unwrap().value.get(), "2");
}

#[tokio::test]
async fn a_nested_request_names_an_open_parent() {
    let (peer, mut lines) = raw(Limits::default(), engine);
    let parent = tokio::spawn(peer.query("a", "{}", 0, None).answer());
    let open = lines.receive().await["id"].clone();
    let ask = |id: u32, meta: Value| {
        let params = json!({ "query": "b", "key": {}, "_meta": meta });
        json!({ "jsonrpc": "2.0", "id": id, "method": "engine/query", "params": params }).to_string()
    };

    lines.send(&ask(1, json!({}))).await;
    let refusal = lines.receive().await;
    assert_eq!(refusal["error"]["code"], json!(-32600));
    assert_eq!(
        refusal["error"]["message"],
        json!("_meta.parent is missing: which request does this one serve?")
    );
    lines.send(&ask(2, json!({ "parent": 4711 }))).await;
    assert_eq!(lines.receive().await["error"]["message"], json!("_meta.parent 4711 is no open request"));
    lines.send(&ask(3, json!({ "parent": open }))).await;
    assert_eq!(lines.receive().await["method"], json!("plugin/query"), "it is asked on");

    lines.send(&json!({ "id": open, "result": { "value": 1 } }).to_string()).await;
    parent.await.unwrap().unwrap();
    lines.send(&ask(4, json!({ "parent": open }))).await;
    assert_eq!(lines.receive().await["error"]["code"], json!(-32600), "the parent is closed now");
}

#[tokio::test]
async fn params_of_another_shape_are_refused() {
    let (_peer, mut lines) = raw(Limits::default(), demo);
    for (line, code) in [
        (r#"{"id":1,"method":"plugin/query","params":{"query":7,"key":{}}}"#, -32602),
        (r#"{"id":2,"method":"plugin/query"}"#, -32602),
        (r#"{"id":3,"method":"plugin/query","params":{"query":"echo","key":{]}}"#, -32700),
        (r#"{"params":{"query":"echo","key":{},"unknown":1},"method":"plugin/query","id":4}"#, 0),
    ] {
        lines.send(line).await;
        let answer = lines.receive().await;
        assert_eq!(answer["error"]["code"].as_i64().unwrap_or(0), code, "{line} -> {answer}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_stops_the_senders_and_not_the_memory() {
    let budget = 1 << 20;
    let limits = Limits { max_queued: budget, ..Limits::default() };
    let (peer, mut lines) = raw(limits, |_| Refuse);
    let key = format!("\"{}\"", "k".repeat(60_000));
    let calls: Vec<_> = (0..500)
        .map(|_| {
            let (peer, key) = (peer.clone(), key.clone());
            tokio::spawn(async move { peer.query("a", &key, 0, None).answer().await })
        })
        .collect();
    // The senders run whenever this task yields, until none of them can go on.
    let mut most = 0;
    for _ in 0..5_000 {
        tokio::task::yield_now().await;
        most = most.max(peer.queued());
    }
    assert!(most <= budget && most > budget / 2, "{most} bytes were queued");

    for _ in 0..calls.len() {
        let id = lines.receive().await["id"].clone();
        lines.send(&format!(r#"{{"id":{id},"result":{{"value":1}}}}"#)).await;
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(peer.queued(), 0);
}

#[tokio::test]
async fn what_is_larger_than_the_queue_goes_alone() {
    let limits = Limits { max_queued: 1000, ..Limits::default() };
    let (peer, mut lines) = raw(limits, |_| Refuse);
    let key = format!("\"{}\"", "k".repeat(200_000));
    let call = tokio::spawn(peer.query("a", &key, 0, None).answer());
    assert_eq!(lines.receive().await["params"]["key"].to_string(), key);
    call.abort();
}

#[tokio::test]
async fn too_many_requests_are_refused_and_the_rest_is_served() {
    let limits = Limits { max_inbound: 2, ..Limits::default() };
    let (_peer, mut lines) = raw(limits, demo);
    for id in 1..=3 {
        lines
            .send(&format!(r#"{{"id":{id},"method":"plugin/query","params":{{"query":"hang","key":{{}}}}}}"#))
            .await;
    }
    let refusal = lines.receive().await;
    assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(3), &json!(-32027)));
    lines.send(r#"{"id":2,"method":"plugin/query","params":{"query":"hang","key":{}}}"#).await;
    assert_eq!(lines.receive().await["error"]["message"], json!("the id 2 is in use"));
    lines.send(r#"{"method":"$/cancelRequest","params":{"id":1}}"#).await;
    assert_eq!(lines.receive().await["error"]["code"], json!(-32800));
    lines.send(r#"{"id":4,"method":"plugin/query","params":{"query":"echo","key":4}}"#).await;
    assert_eq!(lines.receive().await["result"]["value"], json!(4));
}

#[tokio::test]
async fn requests_are_bounded_by_their_bytes_too() {
    let limits = Limits { max_inbound_bytes: 1000, ..Limits::default() };
    let (_peer, mut lines) = raw(limits, demo);
    let long = "k".repeat(2000);
    for id in 1..=2 {
        let key =
            format!(r#"{{"id":{id},"method":"plugin/query","params":{{"query":"hang","key":"{long}"}}}}"#);
        lines.send(&key).await;
    }
    let refusal = lines.receive().await;
    assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(2), &json!(-32027)));
}

#[tokio::test]
async fn who_asks_for_ever_and_reads_nothing_is_cut_off() {
    // Refused, or served: either way the answers would pile up.
    for query in ["hang", "echo"] {
        let limits = Limits { max_queued: 10_000, max_inbound: 10, ..Limits::default() };
        let (peer, mut lines) = raw(limits, demo);
        let (stop, stopped) = oneshot::channel::<()>();
        let flood = tokio::spawn(async move {
            for id in 0.. {
                let params = json!({ "query": query, "key": {} });
                let line = json!({ "id": id, "method": "plugin/query", "params": params });
                if !lines.offer(format!("{line}\n").as_bytes()).await {
                    break;
                }
            }
            // The other end stays open until the verdict is in.
            let _ = stopped.await;
        });
        assert!(matches!(&*peer.ended().await, Fault::Flood), "{query}");
        assert!(matches!(&*ended(peer.query("a", "{}", 0, None).answer().await), Fault::Flood));
        let _ = stop.send(());
        flood.await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_comes_from_the_query_that_was_asked() {
    let plugin = |_: &Peer| {
        serve(|request| async {
            match request.read::<PluginQuery>() {
                Ok((ticket, asked)) => {
                    ticket.answers([Ok((asked.key.get(), "[]")), Err(object::abstain("too short"))])
                }
                Err(refusal) => refusal,
            }
        })
    };
    let (host, _plugin) = pair(|_| Refuse, plugin);
    let call = host.query("many", "null", 0, None);
    let many: probity_protocol::method::ManyResult = call.result().await.unwrap();
    assert_eq!(many.results[0].value.as_ref().unwrap().get(), "null", "null is a value");
    let error = many.results[1].error.as_ref().unwrap();
    assert_eq!(error.data().unwrap().get(), r#"{"kind":"abstain"}"#);
    let wrong = host.query("many", "null", 0, None).answer().await;
    assert!(matches!(wrong, Err(CallError::Malformed(reason)) if reason.contains("missing field `value`")));
    assert_eq!(answered(host.call("none", &json!({})).unwrap().answer().await).code(), -32602);
}
