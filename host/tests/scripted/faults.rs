//! Plugins that break the rules: each fault has its own words, and nothing hangs.

use std::sync::Arc;
use std::time::Duration;

use probity_engine::FailureKind;
use probity_host::{CallLimits, Host};
use serde_json::json;

use crate::common::{Heard, ask, builtin, failure, host_with_sink, limits, value};
use crate::peer::{Script, Scripted, Wire, host, query, script};

const P: &str = "probity/core/p";

fn hosting(scripts: impl IntoIterator<Item = Script>) -> Arc<Host> {
    let limits = CallLimits { message_bytes: 1 << 20, ..limits() };
    host(vec![builtin("p")], Scripted::new(scripts), limits)
}

/// A plugin that writes `bytes` in place of its first answer.
fn writing(bytes: Vec<u8>) -> Script {
    script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        wire.wait_for("plugin/query").await;
        wire.raw(&bytes).await;
        wire.listen().await
    })
}

/// A plugin that answers everything.
fn honest() -> Script {
    script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        loop {
            let Some(question) = wire.next().await else { return "exit status: 0".to_owned() };
            let attempt = question["params"]["attempt"].clone();
            wire.value(&question, attempt).await;
        }
    })
}

/// A plugin that ends during its first call.
fn crashing(status: &'static str) -> Script {
    script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        wire.wait_for("plugin/query").await;
        wire.print_to_stderr("reading corrupt pack 0xdead").await;
        status.to_owned()
    })
}

#[test]
fn what_is_no_message_ends_the_process_and_is_shown() {
    let host = hosting([writing(b"Traceback \x1b[31m(most recent call last):\n".to_vec()), honest()]);
    let expected = "plugin probity/core/p: the process ended (killed by the host; the peer wrote what is no message \
                    to the protocol's channel (expected value at line 1 column 1): \"Traceback \\u{1b}[31m(most \
                    recent call last):\"; print to stderr instead)";
    assert_eq!(failure(ask(&host, P, "q", "{}")), (FailureKind::Protocol, expected.to_owned()));
    // The next question gets another process.
    assert_eq!(value(ask(&host, P, "q", "{}")), "0");
}

#[test]
fn a_message_without_end_is_cut_off() {
    let host = hosting([writing(vec![b'x'; 3 << 20])]);
    let (kind, message) = failure(ask(&host, P, "q", "{}"));
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.contains("a message of more than 1048576 bytes"), "{message}");
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let host = hosting([writing(b"{\"a\":\"\xff\xfe\"}\n".to_vec())]);
    let (kind, message) = failure(ask(&host, P, "q", "{}"));
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.contains("invalid UTF-8 at byte 6 of a message"), "{message}");
}

#[test]
fn an_answer_that_is_none_fails_its_own_call_alone() {
    let host = hosting([script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        wire.answer(&question, json!({ "values": [] })).await;
        let question = wire.wait_for("plugin/query").await;
        wire.value(&question, json!("fine")).await;
        wire.listen().await
    })]);
    let (kind, message) = failure(ask(&host, P, "q", "{}"));
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.contains("missing field `value`"), "{message}");
    assert_eq!(value(ask(&host, P, "q", "{}")), r#""fine""#);
}

#[test]
fn answers_to_calls_that_nobody_made_change_nothing() {
    let host = hosting([script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        for id in [json!(99_999), json!("text"), json!(null), json!(1)] {
            wire.value(&json!({ "id": id }), json!("wrong")).await;
        }
        wire.value(&question, json!("right")).await;
        wire.listen().await
    })]);
    assert_eq!(value(ask(&host, P, "q", "{}")), r#""right""#);
}

#[test]
fn a_crash_is_told_with_status_and_last_words_after_it_was_tried_three_times() {
    let scripts =
        [crashing("signal: 6 (SIGABRT)"), crashing("signal: 6 (SIGABRT)"), crashing("exit status: 3")];
    let heard = Arc::new(Heard::default());
    let host = host_with_sink(vec![builtin("p")], Scripted::new(scripts), limits(), heard.clone());
    // The failure gets into reports, which are the same each time. What a process says of itself is not.
    let expected =
        "plugin probity/core/p: the process ended (exit status: 3) (started 3 times, not started again)";
    assert_eq!(failure(ask(&host, P, "q", "{}")), (FailureKind::Crashed, expected.to_owned()));
    let told = |status| {
        format!(
            "probity/core/p the process ended ({status}; the peer closed its output); its last words: reading \
             corrupt pack 0xdead"
        )
    };
    let abort = told("signal: 6 (SIGABRT)");
    assert_eq!(heard.take(), [abort.clone(), abort, told("exit status: 3")]);
    assert_eq!(host.stats().plugin_processes, 3);
}

#[test]
fn a_call_is_asked_anew_after_a_crash_and_says_so() {
    let host = hosting([crashing("exit status: 1"), honest()]);
    assert_eq!(value(ask(&host, P, "q", "{}")), "1", "the plugin sees which attempt it is");
}

#[test]
fn an_end_in_the_middle_of_a_message_is_told() {
    let torn = || {
        script(|mut wire| async move {
            wire.greet("p", json!([query("q")])).await;
            wire.wait_for("plugin/query").await;
            wire.raw(br#"{"jsonrpc":"2.0","id":4,"resu"#).await;
            "exit status: 0".to_owned()
        })
    };
    let heard = Arc::new(Heard::default());
    let host =
        host_with_sink(vec![builtin("p")], Scripted::new([torn(), torn(), torn()]), limits(), heard.clone());
    assert_eq!(failure(ask(&host, P, "q", "{}")).0, FailureKind::Crashed);
    let certificate = heard.take().concat();
    assert!(certificate.contains("in the middle of a message (29 bytes without a newline)"), "{certificate}");
}

#[test]
fn a_plugin_that_answers_no_ping_after_a_deadline_is_killed_and_started_again() {
    let deaf = script(|wire: Wire| async move {
        let mut wire = wire;
        wire.greet("p", json!([query("q")])).await;
        wire.listen().await
    });
    let limits = CallLimits { call: Duration::from_millis(50), ping: Duration::from_millis(50), ..limits() };
    let host = host(vec![builtin("p")], Scripted::new([deaf, honest()]), limits);
    assert_eq!(failure(ask(&host, P, "q", "{}")).0, FailureKind::TimedOut);
    // Whether it meets the old process or the new one, a later question is answered in the end.
    let answered = (0..100).find_map(|_| ask(&host, P, "q", "{}").ok());
    assert!(answered.is_some());
    assert_eq!(host.stats().plugin_processes, 2);
}

#[test]
fn a_plugin_that_floods_the_host_with_questions_and_reads_no_answers_is_cut_off() {
    let flooding = script(|mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        wire.wait_for("plugin/query").await;
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "x".repeat(10 << 10), "params": {} });
        for id in 0..5_000 {
            let mut question = question.clone();
            question["id"] = json!(id);
            wire.send(question).await;
        }
        wire.listen().await
    });
    let limits = CallLimits {
        call: Duration::from_millis(300),
        ping: Duration::from_millis(50),
        message_bytes: 1 << 20,
        ..limits()
    };
    let host = host(vec![builtin("p")], Scripted::new([flooding]), limits);
    let (kind, _) = failure(ask(&host, P, "q", "{}"));
    assert!(matches!(kind, FailureKind::Protocol | FailureKind::TimedOut), "{kind:?}");
}

#[test]
fn shutting_down_ends_what_runs_and_starts_nothing_more() {
    let host = hosting([honest()]);
    assert_eq!(value(ask(&host, P, "q", "{}")), "0");
    host.shutdown();
    let expected = (FailureKind::Cancelled, "the host was shut down".to_owned());
    assert_eq!(failure(ask(&host, P, "q", "{}")), expected);
}

#[test]
fn a_call_that_is_open_when_the_host_is_shut_down_may_end() {
    let (asked, started) = std::sync::mpsc::channel();
    let host = hosting([script(move |mut wire| async move {
        wire.greet("p", json!([query("q")])).await;
        let question = wire.wait_for("plugin/query").await;
        asked.send(()).expect("the test waits");
        let shutdown = wire.wait_for("shutdown").await;
        wire.value(&question, json!("just in time")).await;
        wire.answer(&shutdown, json!({})).await;
        wire.listen().await
    })]);
    std::thread::scope(|scope| {
        let open = scope.spawn(|| value(ask(&host, P, "q", "{}")));
        started.recv().expect("the plugin is asked");
        host.shutdown();
        assert_eq!(open.join().unwrap(), r#""just in time""#);
    });
}
