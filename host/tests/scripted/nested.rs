//! What a plugin asks while it computes.

use std::sync::Arc;

use probity_engine::FailureKind;
use probity_host::{Grants, Host, PluginSpec};
use serde_json::{Value, json};

use crate::common::{ask, builtin, failure, limits, value};
use crate::peer::{Scripted, host, query, script};

/// A host of `asker`, whose query `q` puts the request in its key to the host and answers what the host said (the
/// params are JSON in a text, since keys hold no floats),
/// and of `git`, whose `tip` answers `{"tip": KEY.n}`, refuses 0, and lacks 9 at present.
fn asking() -> Arc<Host> {
    let asker = script(|mut wire| async move {
        let uses =
            json!({ "name": "q", "doc": "", "key": true, "output": true, "uses": ["git/tip", "git/none"] });
        wire.greet("asker", json!([uses, query("own")])).await;
        let mut next = 100;
        loop {
            let Some(question) = wire.next().await else { return "exit status: 0".to_owned() };
            if question["method"] != "plugin/query" {
                continue;
            }
            let key = question["params"]["key"].clone();
            if question["params"]["query"] == "own" {
                wire.value(&question, json!("own")).await;
                continue;
            }
            next += 1;
            let method = key["method"].as_str().expect("the test names a method").to_owned();
            wire.send(
                json!({ "jsonrpc": "2.0", "id": next, "method": method, "params": params(&key, &question) }),
            )
            .await;
            // Its own query, if it asks for that, comes before the answer.
            let said = loop {
                let message = wire.next().await.expect("the host answers");
                if message["params"]["query"] == "own" {
                    wire.value(&message, json!("own")).await;
                } else if message["id"] == next {
                    break message;
                }
            };
            let said = said.get("result").or(said.get("error")).cloned();
            wire.value(&question, said.expect("a result or an error")).await;
        }
    });
    let git = script(|mut wire| async move {
        wire.greet("git", json!([query("tip")])).await;
        loop {
            let Some(question) = wire.next().await else { return "exit status: 0".to_owned() };
            match question["params"]["key"]["n"].as_u64() {
                Some(0) => {
                    let abstain =
                        json!({ "code": -32020, "message": "no tip", "data": { "kind": "abstain" } });
                    wire.refuse(&question, abstain).await;
                }
                Some(9) => {
                    let data = json!({ "kind": "unavailable", "retryable": true });
                    wire.refuse(&question, json!({ "code": -32020, "message": "no pack", "data": data }))
                        .await;
                }
                n => wire.value(&question, json!({ "tip": n })).await,
            }
        }
    });
    host(vec![builtin("asker"), builtin("git")], Scripted::new([asker, git]), limits())
}

fn params(key: &Value, question: &Value) -> Value {
    let text = key["params"].as_str().expect("the test gives params");
    let mut params: Value = serde_json::from_str(text).expect("they are JSON");
    if key.get("orphan").is_none() {
        params["_meta"] = json!({ "parent": question["id"] });
    }
    params
}

/// What the host says to this request of the asker.
#[track_caller]
fn says(host: &Host, method: &str, params: Value) -> String {
    let key = json!({ "method": method, "params": params.to_string() }).to_string();
    value(ask(host, "probity/core/asker", "q", &key))
}

#[test]
fn a_question_to_another_plugin_is_answered_with_its_value_as_it_was_sent() {
    let host = asking();
    let said = says(&host, "engine/query", json!({ "plugin": "git", "query": "tip", "key": { "n": 5 } }));
    assert_eq!(said, r#"{"value":{"tip":5},"concerns":[]}"#);
    let full = json!({ "plugin": "probity/core/git", "query": "tip", "key": { "n": 6 } });
    assert_eq!(says(&host, "engine/query", full), r#"{"value":{"tip":6},"concerns":[]}"#);
    assert_eq!(host.stats().plugin_processes, 2);
}

#[test]
fn a_plugin_may_ask_itself_while_it_computes() {
    let said = says(&asking(), "engine/query", json!({ "query": "own", "key": {} }));
    assert_eq!(said, r#"{"value":"own","concerns":[]}"#);
}

#[test]
fn many_keys_are_answered_in_their_order_each_on_its_own() {
    let host = asking();
    let keys = json!([{ "n": 2 }, { "n": 0 }, { "n": 1.5 }, { "n": 1 }]);
    let said = says(&host, "engine/queryMany", json!({ "plugin": "git", "query": "tip", "keys": keys }));
    let said: Value = serde_json::from_str(&said).unwrap();
    let codes: Vec<String> = said["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| match one.get("error") {
            Some(error) => error["code"].to_string(),
            None => one["value"].to_string(),
        })
        .collect();
    assert_eq!(codes, [r#"{"tip":2}"#, "-32011", "-32015", r#"{"tip":1}"#]);

    let fail_fast =
        json!({ "plugin": "git", "query": "tip", "keys": [{ "n": 2 }, { "n": 0 }], "failFast": true });
    assert!(says(&host, "engine/queryMany", fail_fast).starts_with(r#"{"code":-32011,"message":"no tip""#));
}

#[test]
fn too_many_keys_in_one_question_are_refused() {
    let keys = vec![json!({}); 65_537];
    let said = says(&asking(), "engine/queryMany", json!({ "plugin": "git", "query": "tip", "keys": keys }));
    assert!(said.starts_with(r#"{"code":-32602,"message":"more than 65536 keys in one question"#), "{said}");
}

#[test]
fn a_refusal_of_the_asked_keeps_its_kind_and_names_the_way() {
    let said = says(&asking(), "engine/query", json!({ "plugin": "git", "query": "tip", "key": { "n": 0 } }));
    let expected = concat!(
        r#"{"code":-32011,"message":"no tip","data":{"kind":"abstain","chain":[{"plugin":"probity/core/git","#,
        r#""query":"tip","key":"{\"n\":0}","code":-32020,"message":"no tip"}]}}"#
    );
    assert_eq!(said, expected);
}

#[test]
fn what_is_missing_now_is_told_as_such() {
    let said = says(&asking(), "engine/query", json!({ "plugin": "git", "query": "tip", "key": { "n": 9 } }));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["code"], &said["data"]["kind"]), (&json!(-32011), &json!("unavailable")));
    assert_eq!(said["data"]["retryable"], true);
}

#[test]
fn questions_that_cannot_be_put_say_why() {
    let host = asking();
    let error = |params: Value| {
        let said: Value = serde_json::from_str(&says(&host, "engine/query", params)).unwrap();
        (said["code"].as_i64().unwrap(), said["message"].as_str().unwrap().to_owned())
    };
    let expected =
        "there is no plugin \"acme/x/y\"; there are probity/core/asker, probity/core/git".to_owned();
    assert_eq!(error(json!({ "plugin": "acme/x/y", "query": "tip", "key": {} })), (-32021, expected));
    let expected = "probity/core/git/tree is not among the queries that this query says it uses: \
                    probity/core/git/none, probity/core/git/tip";
    assert_eq!(error(json!({ "plugin": "git", "query": "tree", "key": {} })), (-32022, expected.to_owned()));
    let expected = "there is no query \"none\"; there are tip".to_owned();
    assert_eq!(error(json!({ "plugin": "git", "query": "none", "key": {} })), (-32014, expected));
    assert_eq!(error(json!({ "plugin": "git", "query": "tip", "key": { "n": 0.5 } })).0, -32015);
    assert_eq!(error(json!({ "plugin": "git", "query": "tip" })).0, -32602);
}

#[test]
fn a_question_has_to_say_which_request_it_serves() {
    let key = json!({ "method": "engine/query", "orphan": true, "params": r#"{"query":"own","key":{}}"# });
    let said = value(ask(&asking(), "probity/core/asker", "q", &key.to_string()));
    assert!(said.starts_with(r#"{"code":-32600,"message":"_meta.parent is missing"#), "{said}");
}

#[test]
fn the_day_may_be_asked_for_and_nothing_else() {
    let host = asking();
    let said = says(&host, "engine/input", json!({ "kind": "time", "id": "day" }));
    // printf '"2026-11-21"' | sha256sum
    let digest = probity_engine::Digest::of(br#""2026-11-21""#);
    assert_eq!(said, format!(r#"{{"value":"2026-11-21","digest":"{digest}"}}"#));
    let said = says(&host, "engine/input", json!({ "kind": "env", "id": "HOME" }));
    let expected = "env/HOME is not among the inputs that this plugin says it asks for: time/day";
    assert_eq!(said, format!(r#"{{"code":-32022,"message":"{expected}"}}"#));
}

#[test]
fn an_input_that_is_not_granted_or_not_there_is_told() {
    let asking = || {
        script(|mut wire| async move {
            wire.initialize("p").await;
            let describe = wire.wait_for("plugin/describe").await;
            let permissions = json!({ "inputs": ["env"] });
            let described =
                json!({ "queries": [query("q")], "configSchema": {}, "permissions": permissions });
            wire.answer(&describe, described).await;
            let configure = wire.wait_for("plugin/configure").await;
            wire.answer(&configure, json!({ "effectiveConfig": {} })).await;
            let question = wire.wait_for("plugin/query").await;
            let said = wire.ask(5, "engine/input", &question, json!({ "kind": "env", "id": "HOME" })).await;
            wire.value(&question, said["error"].clone()).await;
            wire.listen().await
        })
    };
    let said = |grants| {
        let plugins = vec![PluginSpec { grants, ..builtin("p") }];
        value(ask(&host(plugins, Scripted::new([asking()]), limits()), "probity/core/p", "q", "{}"))
    };
    let how = r#"`probity plugin grant` grants what its manifest asks for, or a policy: plugin \"probity/core/p\" … { grant { env \"HOME\"; } }"#;
    let expected = format!(r#"{{"code":-32022,"message":"env/HOME is not granted to this plugin; {how}"}}"#);
    assert_eq!(said(Grants::default()), expected);
    let expected = r#"{"code":-32023,"message":"input env/HOME cannot be had: there is no input env/HOME"}"#;
    assert_eq!(said(Grants { env: ["HOME".into()].into(), ..Grants::default() }), expected);
}

#[test]
fn an_analysis_of_its_own_asks_itself_and_the_shared_instances_of_others() {
    let plugin = script(|mut wire| async move {
        wire.greet("p", json!([query("q"), query("own")])).await;
        let question = wire.wait_for("plugin/query").await;
        let params = json!({ "query": "own", "key": {}, "_meta": { "parent": question["id"] } });
        wire.send(json!({ "jsonrpc": "2.0", "id": 7, "method": "engine/query", "params": params })).await;
        let own = wire.wait_for("plugin/query").await;
        assert_eq!(own["params"]["query"], "own");
        wire.value(&own, json!("mine")).await;
        let said = wire.next().await.expect("the host answers");
        wire.value(&question, said["result"]["value"].clone()).await;
        wire.listen().await
    });
    let spec = PluginSpec { instance: "probity/core/p#second".into(), ..builtin("p") };
    let host = host(vec![spec], Scripted::new([plugin]), limits());
    assert_eq!(value(ask(&host, "probity/core/p#second", "q", "{}")), r#""mine""#);
    assert_eq!(failure(ask(&host, "probity/core/p", "q", "{}")).0, FailureKind::Denied);
}
