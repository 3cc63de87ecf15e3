//! From nothing to a plugin that can be asked.

use std::sync::Arc;
use std::time::Duration;

use probity_engine::{Executor as _, FailureKind, Leaf, Outcome};
use probity_host::{CallLimits, Host, HostStats, PluginSpec};
use serde_json::json;

use crate::common::{Heard, ask, builtin, failure, host_with_sink, limits, refusal, value};
use crate::peer::{Script, Scripted, host, query, script};

fn hosting(scripts: impl IntoIterator<Item = Script>) -> Arc<Host> {
    host(vec![builtin("p")], Scripted::new(scripts), limits())
}

#[test]
fn nothing_is_started_before_the_first_question() {
    let host = hosting([]);
    let artifact = Leaf::Artifact("probity/core/p".into());
    assert!(host.digest(&artifact).is_ok());
    assert_eq!(host.stats(), HostStats::default());
    host.shutdown();
}

#[test]
fn description_and_configuration_are_passed_on_as_they_were_sent() {
    let spec = PluginSpec { config: r#"{"weeks":3}"#.into(), ..builtin("p") };
    let host = host(
        vec![spec],
        Scripted::new([script(|mut wire| async move {
            wire.initialize("p").await;
            let describe = wire.wait_for("plugin/describe").await;
            let (head, tail) =
                (r#"{"jsonrpc":"2.0","id":"#, r#","result":{ "queries":[], "configSchema":{}}}"#);
            wire.raw(format!("{head}{}{tail}\n", describe["id"]).as_bytes()).await;
            let configure = wire.wait_for("plugin/configure").await;
            let effective = configure["params"]["config"].clone();
            wire.answer(&configure, json!({ "effectiveConfig": effective })).await;
            wire.listen().await
        })]),
        limits(),
    );
    assert_eq!(
        value(ask(&host, "probity/core/p", "$describe", "{}")),
        r#"{ "queries":[], "configSchema":{}}"#
    );
    assert_eq!(value(ask(&host, "probity/core/p", "$configure", "{}")), r#"{"effectiveConfig":{"weeks":3}}"#);
    assert_eq!(host.stats(), HostStats { plugin_processes: 1, plugin_calls: 0 });
}

#[test]
fn a_configuration_against_the_plugins_schema_is_refused_before_the_plugin_sees_it() {
    let (heard, methods) = std::sync::mpsc::channel();
    let plugin = script(move |mut wire| async move {
        wire.initialize("p").await;
        let describe = wire.wait_for("plugin/describe").await;
        let schema = json!({ "properties": { "weeks": {} }, "additionalProperties": false });
        wire.answer(&describe, json!({ "queries": [query("q")], "configSchema": schema })).await;
        while let Some(message) = wire.next().await {
            heard.send(message["method"].to_string()).expect("the test waits");
        }
        "exit status: 0".to_owned()
    });
    let spec = PluginSpec { config: r#"{"weeks":3,"a/b":"red"}"#.into(), ..builtin("p") };
    let host = host(vec![spec], Scripted::new([plugin]), limits());
    for question in ["$configure", "q"] {
        let Ok(Outcome::Refused(refusal)) = ask(&host, "probity/core/p", question, "{}") else {
            panic!("no refusal of {question}");
        };
        assert_eq!(refusal.code, -32016);
        let data: serde_json::Value = serde_json::from_str(&refusal.data.expect("a place")).unwrap();
        assert_eq!(data["path"], "/a~1b", "{}", refusal.message);
        assert!(!refusal.message.contains("red"), "{}", refusal.message);
    }
    assert!(value(ask(&host, "probity/core/p", "$describe", "{}")).contains("additionalProperties"));
    drop(host);
    assert_eq!(methods.iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_refused_configuration_is_a_fact_for_every_query_but_the_description() {
    let host = hosting([script(|mut wire| async move {
        wire.initialize("p").await;
        let describe = wire.wait_for("plugin/describe").await;
        wire.answer(&describe, json!({ "queries": [query("q")], "configSchema": {} })).await;
        let configure = wire.wait_for("plugin/configure").await;
        wire.refuse(&configure, json!({ "code": -32016, "message": "weeks is missing" })).await;
        wire.listen().await
    })]);
    for name in ["$configure", "q"] {
        let refused = refusal(ask(&host, "probity/core/p", name, "{}"));
        assert_eq!(refused, (-32016, "weeks is missing".to_owned()));
    }
    assert!(value(ask(&host, "probity/core/p", "$describe", "{}")).contains(r#""name":"q""#));
}

/// What the host says of a plugin that starts like this, also when it is asked again.
#[track_caller]
fn refused_start(play: Script) -> (FailureKind, String) {
    let limits = CallLimits { start: Duration::from_millis(100), ..limits() };
    let host = host(vec![builtin("p")], Scripted::new([play]), limits);
    let first = failure(ask(&host, "probity/core/p", "q", "{}"));
    assert_eq!(failure(ask(&host, "probity/core/p", "q", "{}")), first, "it is not started again");
    let (kind, message) = first;
    let told = message.strip_prefix("plugin probity/core/p could not be started: ");
    (kind, told.unwrap_or(&message).to_owned())
}

#[test]
fn a_plugin_that_never_introduces_itself_is_given_up() {
    let silent = script(|wire| wire.listen());
    let expected = "no answer to initialize, 100 ms after the start".to_owned();
    assert_eq!(refused_start(silent), (FailureKind::TimedOut, expected));
}

#[test]
fn a_plugin_that_hangs_in_describe_is_given_up() {
    let hanging = script(|mut wire| async move {
        wire.initialize("p").await;
        wire.listen().await
    });
    let expected = "no answer to plugin/describe, 100 ms after the start".to_owned();
    assert_eq!(refused_start(hanging), (FailureKind::TimedOut, expected));
}

#[test]
fn a_plugin_that_lies_about_its_protocol_or_name_is_refused() {
    let answering = |result: serde_json::Value| {
        refused_start(script(|mut wire| async move {
            let initialize = wire.wait_for("initialize").await;
            wire.answer(&initialize, result).await;
            wire.listen().await
        }))
    };
    let plugin = json!({ "publisher": "probity", "namespace": "core", "name": "p", "version": "1" });
    let future = answering(json!({ "protocol": 9, "plugin": plugin, "capabilities": {} }));
    let expected = "its answer to initialize is not acceptable: it chose protocol 9, and was offered 1 to 1";
    assert_eq!(future, (FailureKind::Protocol, expected.to_owned()));

    let other = json!({ "publisher": "acme", "namespace": "core", "name": "git", "version": "1" });
    let other = answering(json!({ "protocol": 1, "plugin": other, "capabilities": {} }));
    let expected = "its answer to initialize is not acceptable: it calls itself \"acme/core/git\"";
    assert_eq!(other, (FailureKind::Protocol, expected.to_owned()));

    let (kind, message) = answering(json!("hello"));
    assert_eq!(kind, FailureKind::Protocol);
    assert!(message.starts_with("its answer to initialize is not acceptable: "), "{message}");
}

#[test]
fn a_description_that_cannot_be_relied_on_is_refused() {
    let describing = |queries: serde_json::Value| {
        refused_start(script(|mut wire| async move {
            wire.initialize("p").await;
            let describe = wire.wait_for("plugin/describe").await;
            wire.answer(&describe, json!({ "queries": queries, "configSchema": {} })).await;
            wire.listen().await
        }))
    };
    let endless = json!([{ "name": "q", "doc": "", "key": true, "output": { "$ref": "#" } }]);
    let expected = "its answer to plugin/describe is not acceptable: the schema of the output of q: \
                    \"#\" refers to itself, and recursive schemas are not supported";
    assert_eq!(describing(endless), (FailureKind::Protocol, expected.to_owned()));
    let expected = "its answer to plugin/describe is not acceptable: it has two queries \"q\"";
    assert_eq!(describing(json!([query("q"), query("q")])), (FailureKind::Protocol, expected.to_owned()));
    let expected = "its answer to plugin/describe is not acceptable: \"$describe\" is no name for a query";
    assert_eq!(describing(json!([query("$describe")])), (FailureKind::Protocol, expected.to_owned()));
}

#[test]
fn a_query_whose_schema_is_none_is_not_asked_and_the_plugin_is_not_described_by_it() {
    let queries =
        json!([{ "name": "bad", "doc": "", "key": true, "output": { "type": "commit" } }, query("good")]);
    let describing = script(move |mut wire| async move {
        wire.greet("p", queries).await;
        let asked = wire.wait_for("plugin/query").await;
        assert_eq!(asked["params"]["query"], "good");
        wire.value(&asked, json!(1)).await;
        wire.listen().await
    });
    let host = host(vec![builtin("p")], Scripted::new([describing]), limits());
    for query in ["bad", "$describe"] {
        let (kind, message) = failure(ask(&host, "probity/core/p", query, "{}"));
        assert_eq!(kind, FailureKind::Protocol);
        let told = "plugin probity/core/p broke the protocol: the schema of the output of bad: it is no JSON Schema: ";
        assert!(message.starts_with(told), "{query}: {message}");
    }
    assert_eq!(value(ask(&host, "probity/core/p", "good", "{}")), "1");
}

#[test]
fn a_plugin_that_ends_at_once_is_started_three_times_and_then_no_more() {
    let ending = || {
        script(|mut wire| async move {
            wire.print_to_stderr("cannot find \u{1b}[31mmy files\u{1b}[0m\n").await;
            "exit status: 3".to_owned()
        })
    };
    let heard = Arc::new(Heard::default());
    let scripts = Scripted::new([ending(), ending(), ending()]);
    let host = host_with_sink(vec![builtin("p")], scripts, limits(), heard.clone());
    let expected = "plugin probity/core/p could not be started: the process ended (exit status: 3) while the host \
                    waited for the answer to initialize (started 3 times, not started again)";
    for _ in 0..2 {
        let told = failure(ask(&host, "probity/core/p", "q", "{}"));
        assert_eq!(told, (FailureKind::Crashed, expected.to_owned()));
    }
    assert_eq!(host.stats().plugin_processes, 3);
    let told = "probity/core/p the process ended (exit status: 3; the peer closed its output); its last words: cannot \
                find [31mmy files[0m";
    assert_eq!(heard.take(), [told; 3]);
}

#[test]
fn a_plugin_that_is_not_there_is_told_with_those_that_are() {
    let host = hosting([]);
    let expected = "there is no plugin \"acme/tools/x\"; there are probity/core/p".to_owned();
    assert_eq!(failure(ask(&host, "acme/tools/x", "q", "{}")), (FailureKind::Denied, expected.clone()));
    assert_eq!(host.digest(&Leaf::Artifact("acme/tools/x".into())).unwrap_err().message, expected);
}
