//! A plugin as its host sees it: handshake, description, configuration, answers, refusals, and the ends.

mod common;

use common::{connect, ready};
use probity_protocol::Fault;
use probity_protocol::method::PluginApiClient;
use probity_sdk::prelude::*;
use serde_json::{Value, json};

/// How the test's plugin counts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Config {
    /// What each number is multiplied by.
    factor: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config { factor: 3 }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Number {
    number: u32,
}

/// The number, multiplied.
///
/// By the factor of the configuration.
#[query(default, uses("demo/double"), cost = "small")]
fn product(engine: &Engine<Config>, key: Number) -> Result<Answer<u32>> {
    let product = key.number * engine.config().factor;
    Ok(Answer::new(product).concern(Concern::new("look").commit("c0ffee").path("a.rs").line(7)))
}

/// How does it fail?
#[query(name = "fail", volatile)]
fn failure(_engine: &Engine<Config>, key: String) -> Result<u32> {
    match key.as_str() {
        "abstain" => Err(abstain("the history is cut off")),
        "unavailable" => Err(unavailable("the blob is not here")),
        "panic" => panic!("on purpose"),
        number => Ok(number.parse()?),
    }
}

/// As many letters as asked for.
#[query]
fn letters(_engine: &Engine<Config>, key: Number) -> Result<String> {
    Ok("x".repeat(key.number as usize))
}

/// Where the objects are, and what was granted for reading.
#[query]
fn place(engine: &Engine<Config>, _key: Empty) -> Result<String> {
    let denied = engine.readable("~/other").map_or_else(|error| error.to_string(), |_| "granted".to_owned());
    Ok(format!("{} {} ({denied})", engine.git_dir()?.display(), engine.readable("~/notes")?.display()))
}

fn plugin() -> Plugin<Config> {
    Plugin::new("acme/test/demo", "1.2.3")
        .query(product)
        .query(failure)
        .query(letters)
        .query(place)
        .default_policy(|config: &Config| Some(format!("value <= {}", config.factor)))
        .validate(|config| if config.factor > 0 { Ok(()) } else { Err(invalid("/factor", "1 or more")) })
        .explain("number times factor")
        .max_concurrent(4)
}

#[tokio::test]
async fn the_two_sides_introduce_themselves() {
    let lab = connect(plugin());
    let hello = lab.initialize(1 << 20).await;
    assert_eq!(
        serde_json::to_value(&hello).unwrap(),
        json!({
            "protocol": 1,
            "plugin": { "publisher": "acme", "namespace": "test", "name": "demo", "version": "1.2.3" },
            "capabilities": { "concurrent": true, "maxConcurrent": 4, "deterministic": true, "blobs": false },
        })
    );
    assert_eq!(lab.peer.ping().await.unwrap(), probity_protocol::method::Empty {});
}

#[tokio::test]
async fn a_plugin_says_what_it_offers() {
    let described = serde_json::to_value(plugin().describe()).unwrap();
    let first = &described["queries"][0];
    assert_eq!(first["name"], "product");
    assert_eq!(first["doc"], "The number, multiplied.\n\nBy the factor of the configuration.");
    assert_eq!(first["uses"], json!(["demo/double"]));
    assert_eq!((&first["default"], &first["cost"]), (&json!(true), &json!("small")));
    assert_eq!(first["key"]["properties"]["number"]["type"], "integer");
    assert_eq!(first["key"]["additionalProperties"], false);
    assert_eq!(first["output"]["type"], "integer");
    assert_eq!(
        (&described["queries"][1]["name"], &described["queries"][1]["volatile"]),
        (&json!("fail"), &json!(true))
    );
    assert_eq!(described["defaultPolicy"], "value <= 3");
    assert_eq!(described["explain"], "number times factor");
    assert_eq!(described["configSchema"]["properties"]["factor"]["default"], 3);

    let lab = connect(plugin());
    lab.initialize(1 << 20).await;
    assert_eq!(serde_json::to_value(lab.peer.describe().await.unwrap()).unwrap(), described);
}

#[tokio::test]
async fn the_configuration_is_completed_and_checked() {
    let lab = connect(plugin());
    lab.initialize(1 << 20).await;
    for (config, path) in [(json!({ "factor": "x" }), "/factor"), (json!({ "factor": 0 }), "/factor")] {
        let error = common::refused(lab.configure(config).await);
        assert_eq!(error.code(), -32016);
        let data: Value = serde_json::from_str(error.data().unwrap().get()).unwrap();
        assert_eq!(data["path"], path);
    }
    let error = lab.ask("product", json!({ "number": 1 })).await.unwrap_err();
    assert_eq!(error.code(), -32018, "no query before the configuration");

    let configured = lab.configure(json!({ "factor": 5 })).await.unwrap();
    assert_eq!(configured.effective_config.get(), r#"{"factor":5}"#);
    assert_eq!(configured.uses, ["demo/double"]);
    assert_eq!(configured.default_policy.as_deref(), Some("value <= 5"));
    assert_eq!(lab.ask("product", json!({ "number": 2 })).await.unwrap(), 10);
    assert_eq!(common::refused(lab.configure(json!({})).await).code(), -32600, "it comes once");
}

#[tokio::test]
async fn nothing_comes_before_initialize() {
    let lab = connect(plugin());
    assert_eq!(common::refused(lab.configure(json!({})).await).code(), -32600);
}

#[tokio::test]
async fn an_answer_carries_its_concerns() {
    let lab = ready(plugin()).await;
    let answer = lab.peer.query("product", r#"{"number":2}"#, 0, None).answer().await.unwrap();
    assert_eq!(answer.value.get(), "6");
    assert_eq!(
        serde_json::to_value(answer.concerns).unwrap(),
        json!([{ "message": "look", "location": { "commit": "c0ffee", "path": "a.rs", "line": 7 } }])
    );
    let told = lab.ask("place", json!({})).await.unwrap();
    assert_eq!(told, "/objects/git /home/a/notes (reading \"~/other\" was not granted)");
}

#[tokio::test]
async fn each_failure_has_its_own_form() {
    let lab = ready(plugin()).await;
    let cases = [
        ("abstain", -32020, r#"{"kind":"abstain"}"#, "the history is cut off"),
        ("unavailable", -32020, r#"{"kind":"unavailable","retryable":true}"#, "the blob is not here"),
        ("seven", -32020, r#"{"kind":"error"}"#, "invalid digit found in string"),
        ("panic", -32603, "", "fail panicked: on purpose"),
    ];
    for (key, code, data, message) in cases {
        let error = lab.ask("fail", json!(key)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (code, message));
        assert_eq!(error.data().map_or("", |data| data.get()), data);
    }
    assert_eq!(lab.ask("fail", json!("7")).await.unwrap(), 7, "and the plugin goes on");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let lab = ready(plugin()).await;
    let error = lab.ask("sum", json!({})).await.unwrap_err();
    assert_eq!(error.code(), -32014);
    assert_eq!(error.message(), r#"there is no query "sum"; there are product, fail, letters, place"#);
    let error = lab.ask("product", json!({ "number": -1 })).await.unwrap_err();
    assert_eq!((error.code(), error.data().unwrap().get()), (-32015, r#"{"path":"/number"}"#));
}

#[tokio::test]
async fn an_answer_that_the_host_would_not_read_is_not_sent() {
    let lab = connect(plugin());
    lab.initialize(1000).await;
    lab.configure(json!({})).await.unwrap();
    assert_eq!(lab.ask("letters", json!({ "number": 2000 })).await.unwrap_err().code(), -32028);
    assert_eq!(lab.ask("letters", json!({ "number": 2 })).await.unwrap(), "xx");
}

#[tokio::test]
async fn the_end_of_the_input_and_exit_end_the_session() {
    let lab = ready(plugin()).await;
    lab.peer.shutdown().await.unwrap();
    lab.peer.close();
    assert!(matches!(&*lab.served.await.unwrap(), Fault::Eof));

    let lab = ready(plugin()).await;
    lab.peer.notify("exit", &json!({})).await.unwrap();
    assert!(matches!(&*lab.served.await.unwrap(), Fault::Closed));
}
