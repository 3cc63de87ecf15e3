//! Documents for authors in other languages, generated from the types of [`method`](crate::method): the JSON Schemas of
//! all messages, and two OpenRPC documents, since OpenRPC has no word for who serves a method.
//!
//! They are committed below `schema/` and a test compares them with what the code says.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::error::{Detail, code};
use crate::handshake::SUPPORTED;
use crate::method::{
    CancelParams, ConfigureParams, ConfigureResult, DescribeResult, Empty, EngineQuery, EngineQueryMany,
    InitializeParams, InitializeResult, InputParams, InputResult, LogParams, ManyResult, PluginQuery,
    ProgressParams, QueryResult, name,
};

/// All documents: file name and text.
pub fn documents() -> Vec<(String, String)> {
    let openrpc = |served_by| text(&openrpc(served_by));
    vec![
        ("messages.schema.json".to_owned(), text(&messages())),
        ("openrpc-host.json".to_owned(), openrpc(Side::Host)),
        ("openrpc-plugin.json".to_owned(), openrpc(Side::Plugin)),
    ]
}

fn text(document: &Value) -> String {
    format!("{document:#}\n")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Host,
    Plugin,
}

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// One method: who serves it, what it takes, what it gives (a notification gives nothing), which errors it knows
/// beyond those that every method has.
struct Method {
    name: &'static str,
    served_by: &'static [Side],
    summary: &'static str,
    params: MakeSchema,
    result: Option<MakeSchema>,
    errors: &'static [i32],
}

const fn method(
    name: &'static str,
    served_by: &'static [Side],
    summary: &'static str,
    params: MakeSchema,
    result: Option<MakeSchema>,
    errors: &'static [i32],
) -> Method {
    Method { name, served_by, summary, params, result, errors }
}

const PLUGIN: &[Side] = &[Side::Plugin];
const HOST: &[Side] = &[Side::Host];
const BOTH: &[Side] = &[Side::Host, Side::Plugin];

/// Errors that any request may get.
const COMMON: &[i32] =
    &[code::PARSE, code::INVALID_REQUEST, code::METHOD_NOT_FOUND, code::INVALID_PARAMS, code::INTERNAL];
/// Errors of `plugin/query`.
const ANSWERING: &[i32] = &[
    code::NO_SUCH_QUERY,
    code::KEY_MISMATCH,
    code::NOT_CONFIGURED,
    code::PLUGIN,
    code::TOO_BUSY,
    code::TOO_BIG,
    code::CANCELLED,
];
/// Errors of `engine/query` and of the items of `engine/queryMany`.
const ASKING: &[i32] = &[
    code::UPSTREAM,
    code::NO_SUCH_QUERY,
    code::KEY_MISMATCH,
    code::CYCLE,
    code::NO_SUCH_PLUGIN,
    code::DENIED,
    code::TOO_BUSY,
    code::CANCELLED,
    code::SUPERSEDED,
];

/// Every method of the protocol.
const METHODS: &[Method] = &[
    method(
        name::INITIALIZE,
        PLUGIN,
        "First and once: both sides say who they are and what they can.",
        InitializeParams::json_schema,
        Some(InitializeResult::json_schema),
        &[code::UNSUPPORTED_PROTOCOL, code::CAPABILITY_MISSING],
    ),
    method(
        name::DESCRIBE,
        PLUGIN,
        "What the plugin offers. Pure: asked before or after it is configured.",
        Empty::json_schema,
        Some(DescribeResult::json_schema),
        &[],
    ),
    method(
        name::CONFIGURE,
        PLUGIN,
        "Once, before the first query.",
        ConfigureParams::json_schema,
        Some(ConfigureResult::json_schema),
        &[code::BAD_CONFIGURATION],
    ),
    method(
        name::QUERY,
        PLUGIN,
        "One question.",
        PluginQuery::json_schema,
        Some(<QueryResult>::json_schema),
        ANSWERING,
    ),
    method(
        name::PING,
        PLUGIN,
        "Answered by who is alive.",
        Empty::json_schema,
        Some(Empty::json_schema),
        &[],
    ),
    method(
        name::SHUTDOWN,
        PLUGIN,
        "Answered once all open work has ended; the host then closes the plugin's input.",
        Empty::json_schema,
        Some(Empty::json_schema),
        &[],
    ),
    method(name::EXIT, PLUGIN, "End at once.", Empty::json_schema, None, &[]),
    method(
        name::ENGINE_QUERY,
        HOST,
        "One question to a plugin, on behalf of an open request of the host.",
        EngineQuery::json_schema,
        Some(<QueryResult>::json_schema),
        ASKING,
    ),
    method(
        name::ENGINE_QUERY_MANY,
        HOST,
        "The same question for many keys; each is remembered on its own.",
        EngineQueryMany::json_schema,
        Some(<ManyResult>::json_schema),
        ASKING,
    ),
    method(
        name::ENGINE_INPUT,
        HOST,
        "Something outside git; the answer that is being made depends on it from then on.",
        InputParams::json_schema,
        Some(<InputResult>::json_schema),
        &[code::DENIED, code::INPUT_UNAVAILABLE],
    ),
    method(name::LOG, HOST, "A line for the log.", LogParams::json_schema, None, &[]),
    method(name::PROGRESS, HOST, "How far a request is.", ProgressParams::json_schema, None, &[]),
    method(
        name::CANCEL,
        BOTH,
        "The request is no longer of interest; it is still answered.",
        CancelParams::json_schema,
        None,
        &[],
    ),
];

/// The schemas of all params and results, by method.
fn messages() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut methods = Map::new();
    for method in METHODS {
        let mut shapes = Map::new();
        shapes.insert("params".into(), (method.params)(&mut generator).to_value());
        if let Some(result) = method.result {
            shapes.insert("result".into(), result(&mut generator).to_value());
        }
        methods.insert(method.name.into(), json!({ "type": "object", "properties": shapes }));
    }
    let detail = generator.subschema_for::<Detail>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of the Probity plugin protocol",
        "description": "The params and the result of each method, below its name. Unknown members are ignored.",
        "properties": methods,
        "x-error-data": detail,
        "x-error-codes": code::ALL.iter().map(|(code, meaning)| json!({ "code": code, "message": meaning })).collect::<Vec<_>>(),
        "$defs": sorted(generator.take_definitions(true)),
    })
}

/// The methods that one side serves.
fn openrpc(served_by: Side) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let methods: Vec<_> = METHODS
        .iter()
        .filter(|method| method.served_by.contains(&served_by))
        .map(|method| describe(method, &mut generator))
        .collect();
    let title = match served_by {
        Side::Host => "Probity plugin protocol: what the host serves",
        Side::Plugin => "Probity plugin protocol: what a plugin serves",
    };
    json!({
        "openrpc": "1.3.2",
        "info": { "title": title, "version": SUPPORTED.max.to_string() },
        "methods": methods,
        "components": { "schemas": sorted(generator.take_definitions(true)) },
    })
}

fn describe(method: &Method, generator: &mut SchemaGenerator) -> Value {
    let params = (method.params)(generator);
    let mut described = json!({
        "name": method.name,
        "summary": method.summary,
        "paramStructure": "by-name",
        "params": descriptors(&params),
    });
    if let Some(result) = method.result {
        described["result"] = json!({ "name": "result", "schema": result(generator) });
        let errors =
            COMMON.iter().chain(method.errors).map(|code| json!({ "code": code, "message": meaning(*code) }));
        described["errors"] = errors.collect();
    }
    described
}

fn meaning(code: i32) -> &'static str {
    code::ALL.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}

/// The members of a params object, as OpenRPC lists them.
fn descriptors(params: &Schema) -> Vec<Value> {
    let required = params.get("required").and_then(Value::as_array);
    let properties = params.get("properties").and_then(Value::as_object);
    let describe = |(name, schema): (&String, &Value)| {
        let required = required.is_some_and(|required| required.iter().any(|known| known == name));
        json!({ "name": name, "required": required, "schema": schema })
    };
    properties.into_iter().flatten().map(describe).collect()
}

fn sorted(definitions: Map<String, Value>) -> Map<String, Value> {
    let mut definitions: Vec<_> = definitions.into_iter().collect();
    definitions.sort_by(|(one, _), (other, _)| one.cmp(other));
    definitions.into_iter().collect()
}
