//! One question and its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use probity_engine::{Answer, Executor as _, FailureKind, Key, Outcome, Request};
use probity_host::{CallLimits, Host};
use serde_json::{Value, json};

use crate::common::{Asker, Heard, ask, builtin, failure, host_with_sink, limits, refusal, value};
use crate::peer::{Scripted, Wire, host, query, script};
use crate::successors::package;

const P: &str = "probity/core/p";

/// A host of one plugin with one query `q`, each question to which is answered by `play`.
fn answering<F>(described: Value, play: impl Fn(Wire, Value) -> F + Send + 'static) -> Arc<Host>
where
    F: Future<Output = Wire> + Send,
{
    let plugin = script(move |mut wire| async move {
        wire.greet("p", json!([described])).await;
        loop {
            let Some(message) = wire.next().await else { return "exit status: 0".to_owned() };
            if message["method"] == "plugin/query" {
                wire = play(wire, message).await;
            }
        }
    });
    host(vec![builtin("p")], Scripted::new([plugin]), limits())
}

#[test]
fn a_value_keeps_its_bytes_and_concerns_lose_what_they_may_not_have() {
    let host = answering(query("q"), |mut wire, question| async move {
        assert_eq!(question["params"]["key"], json!({ "a": 1 }));
        let id = &question["id"];
        let result =
            r#"{"value": {"z":1.50, "a":[ ]},"concerns":[{"message":"look","x":1,"location":{"line":3}}]}"#;
        wire.raw(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n").as_bytes()).await;
        wire
    });
    let Ok(Outcome::Answered(Answer { value, concerns })) = ask(&host, P, "q", r#"{"a":1}"#) else {
        panic!("an answer");
    };
    assert_eq!(&*value, r#"{"z":1.50, "a":[ ]}"#);
    assert_eq!(&*concerns, r#"[{"message":"look","location":{"line":3}}]"#);
}

#[test]
fn keys_and_values_are_held_against_the_schemas() {
    let described = json!({
        "name": "q", "doc": "", "output": { "type": "integer" },
        "key": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
    });
    let host = answering(described, |mut wire, question| async move {
        let value = question["params"]["key"]["n"].clone();
        wire.value(&question, if value == 0 { json!("none") } else { value }).await;
        wire
    });
    assert_eq!(value(ask(&host, P, "q", r#"{"n":7}"#)), "7");
    let expected = r#"the key does not match its schema at "/n": value is not of type "integer""#;
    assert_eq!(refusal(ask(&host, P, "q", r#"{"n":"x"}"#)), (-32015, expected.to_owned()));
    let expected = "plugin probity/core/p broke the protocol: its answer does not match the schema that it \
                    declares: value is not of type \"integer\"";
    assert_eq!(failure(ask(&host, P, "q", r#"{"n":0}"#)), (FailureKind::Protocol, expected.to_owned()));
    assert_eq!(host.stats().plugin_calls, 2, "a wrong key is not sent");
}

#[test]
fn an_unknown_query_is_told_with_those_that_there_are() {
    let host = answering(query("q"), |wire, _| async { wire });
    let expected = "there is no query \"churn\"; there are q".to_owned();
    assert_eq!(refusal(ask(&host, P, "churn", "{}")), (-32014, expected));
}

#[test]
fn errors_are_facts_unless_they_may_go_away() {
    let host = answering(query("q"), |mut wire, question| async move {
        let error = question["params"]["key"]["error"].clone();
        wire.refuse(&question, error).await;
        wire
    });
    let error = |error: Value| ask(&host, P, "q", &json!({ "error": error }).to_string());
    let abstain = json!({ "code": -32020, "message": "it is shallow", "data": { "kind": "abstain" } });
    assert_eq!(refusal(error(abstain)), (-32020, "it is shallow".to_owned()));
    let plain = json!({ "code": -32020, "message": "no such tree" });
    assert_eq!(refusal(error(plain)), (-32020, "no such tree".to_owned()));
    let missing = json!({ "code": -32020, "message": "no object", "data": { "kind": "unavailable", "retryable": true } });
    let expected = (FailureKind::Unavailable, "plugin probity/core/p: no object".to_owned());
    assert_eq!(failure(error(missing)), expected);
    let nested = json!({ "code": -32011, "message": "no object", "data": { "retryable": true } });
    assert_eq!(failure(error(nested)), expected);
    let panic = json!({ "code": -32603, "message": "index out of bounds" });
    let expected =
        "plugin probity/core/p broke the protocol: it answered with error -32603: index out of bounds";
    assert_eq!(failure(error(panic)), (FailureKind::Protocol, expected.to_owned()));
}

#[test]
fn an_answer_that_does_not_last_says_so_to_the_engine() {
    let lasting = |described: Value, answer: Value| {
        let host = answering(described, move |mut wire, question| {
            let answer = answer.clone();
            async move {
                wire.answer(&question, answer).await;
                wire
            }
        });
        let (request, cancelled) = (Request::new(P, "q", Key::empty()), AtomicBool::new(false));
        let mut asker = Asker::new(&host, &cancelled);
        assert_eq!(value(host.execute(&request, &mut asker)), "1");
        asker.ages
    };
    assert_eq!(lasting(query("q"), json!({ "value": 1 })), [0_u64; 0]);
    assert_eq!(lasting(query("q"), json!({ "value": 1, "ttl": 60 })), [60]);
    let volatile = json!({ "name": "q", "doc": "", "key": true, "output": true, "volatile": true });
    assert_eq!(lasting(volatile, json!({ "value": 1 })), [0], "it holds for its revision only");
}

#[test]
fn many_calls_are_open_in_one_process_and_answered_in_any_order() {
    let plugin = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let first = wire.wait_for("plugin/query").await;
        let second = wire.wait_for("plugin/query").await;
        for question in [second, first] {
            let value = question["params"]["key"]["n"].clone();
            wire.value(&question, value).await;
        }
        wire.listen().await
    });
    let host = host(vec![builtin("p")], Scripted::new([plugin]), limits());
    std::thread::scope(|scope| {
        let host = &host;
        for n in ["1", "2"] {
            scope.spawn(move || assert_eq!(value(ask(host, P, "q", &format!("{{\"n\":{n}}}"))), n));
        }
    });
    assert_eq!(host.stats().plugin_processes, 1);
}

#[test]
fn no_more_calls_than_the_limit_are_open_at_once() {
    let plugin = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        // A second question could only come before the first answer if the limit did not hold: it would be read
        // as the answer to the ping that is sent here.
        for _ in 0..2 {
            let question = wire.wait_for("plugin/query").await;
            let answer = wire.ask(1, "engine/unknown", &question, json!({})).await;
            assert_eq!(answer["error"]["code"], -32601);
            wire.value(&question, json!(0)).await;
        }
        wire.listen().await
    });
    let limits = CallLimits { concurrent: 1, ..limits() };
    let host = host(vec![builtin("p")], Scripted::new([plugin]), limits);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(value(ask(&host, P, "q", "{}")), "0"));
        }
    });
}

#[test]
fn a_cancelled_call_is_cancelled_in_the_plugin_too() {
    let cancelled: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let (told, heard) = std::sync::mpsc::channel();
    let plugin = script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        cancelled.store(true, Ordering::Relaxed);
        let cancel = wire.wait_for("$/cancelRequest").await;
        told.send(cancel["params"]["id"] == question["id"]).expect("the test waits");
        wire.listen().await
    });
    let patient = CallLimits { letting_go: Duration::from_secs(3600), ..limits() };
    let host = host(vec![package()], Scripted::new([plugin]), patient);
    let request = Request::new(P, "q", Key::empty());
    let reply = host.execute(&request, &mut Asker::new(&host, cancelled));
    let expected = "query q of plugin probity/core/p was cancelled".to_owned();
    assert_eq!(failure(reply), (FailureKind::Cancelled, expected));
    assert!(heard.recv().expect("the plugin hears of it"));
}

#[test]
fn a_call_that_takes_too_long_fails_alone_if_the_plugin_lives() {
    let plugin = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let (mut late, mut pinged) = (None, false);
        while let Some(message) = wire.next().await {
            match (message["method"].as_str(), &late) {
                (Some("plugin/ping"), _) => {
                    wire.answer(&message, json!({})).await;
                    pinged = true;
                }
                (Some("plugin/query"), None) => late = Some(message),
                (Some("plugin/query"), Some(late)) if pinged => {
                    // Too late: nobody waits for it any more.
                    wire.value(late, json!("late")).await;
                    wire.value(&message, json!("next")).await;
                }
                _ => {}
            }
        }
        "exit status: 0".to_owned()
    });
    let limits = CallLimits { call: Duration::from_millis(100), ..limits() };
    let host = host(vec![builtin("p")], Scripted::new([plugin]), limits);
    let expected = "query q of plugin probity/core/p did not answer within 100 ms".to_owned();
    assert_eq!(failure(ask(&host, P, "q", "{}")), (FailureKind::TimedOut, expected.clone()));
    // On a busy machine the next ones may be late as well; what counts is that the same process answers again.
    let answered = (0..100).map(|_| ask(&host, P, "q", "{}")).find(|reply| match reply {
        Err(late) => {
            assert_eq!((late.kind, &late.message), (FailureKind::TimedOut, &expected));
            false
        }
        Ok(_) => true,
    });
    assert_eq!(value(answered.expect("it answers in time at last")), r#""next""#);
    assert_eq!(host.stats().plugin_processes, 1);
}

#[test]
fn logs_and_progress_reach_the_sink_without_escape_codes() {
    let plugin = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        let token = &question["params"]["_meta"]["token"];
        let notify =
            |method: &str, params: Value| json!({ "jsonrpc": "2.0", "method": method, "params": params });
        wire.send(notify("log", json!({ "level": "warn", "message": "\u{1b}]0;gone\u{7}odd" }))).await;
        wire.send(notify("progress", json!({ "token": token, "done": 1, "total": 2 }))).await;
        wire.send(notify("progress", json!({ "token": "made up", "done": 9 }))).await;
        wire.send(notify("unheard/of", json!([1]))).await;
        wire.value(&question, json!(0)).await;
        wire.listen().await
    });
    let heard = Arc::new(Heard::default());
    let host = host_with_sink(vec![builtin("p")], Scripted::new([plugin]), limits(), heard.clone());
    value(ask(&host, P, "q", "{}"));
    let expected = ["probity/core/p Warn ]0;goneodd", "probity/core/p q Some(1) of Some(2)"];
    assert_eq!(*heard.0.lock().unwrap(), expected);
}
