//! Describes the policy file for people and editors: a JSON Schema of the data that a file holds, with the grammar
//! and the language of expressions as notes.

use serde_json::{Value, json};

use crate::expression;

use super::parse::BUILT_INS;

/// The description, a JSON Schema (2020-12) of the parsed policy, indented.
///
/// A node becomes a member of its name, a node that may stand several times an array in the file's order, a
/// property a member, and the node's first argument the member `name`.
pub fn schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Probity policy",
        "description": "The data of a policy file. The file is KDL 2: a node becomes a member of its name (an array where it may stand several times, in the order of the file), a property a member, the node's first argument the member `name`.",
        "$comment": grammar(),
        "type": "object",
        "properties": {
            "plugins": {
                "description": "Plugins to configure for all analyses, and plugins that are no built-ins.",
                "type": "object",
                "properties": { "plugin": { "type": "array", "items": { "$ref": "#/$defs/plugin" } } },
                "additionalProperties": false
            },
            "analyze": analyze(),
            "suppress": { "type": "array", "items": { "$ref": "#/$defs/suppress" } }
        },
        "required": ["analyze"],
        "additionalProperties": false,
        "$defs": definitions()
    });
    format!("{schema:#}\n")
}

fn analyze() -> Value {
    json!({
        "description": "What is analysed and when to investigate.",
        "type": "object",
        "properties": {
            "investigate": {
                "description": "The limit of the score.",
                "type": "object",
                "properties": { "policy": {
                    "description": "Expression over `score`, a double from 0 to 1: investigate if it is true.",
                    "type": "string", "default": "score > 0.5"
                } },
                "required": ["policy"],
                "additionalProperties": false
            },
            "investigate-if-fail": {
                "description": "Names of analyses that lead to an investigation if they fail, abstain or err.",
                "type": "array", "items": { "type": "string" }, "uniqueItems": true
            },
            "investigate-if-found": {
                "description": "Names of analyses that lead to an investigation if they fail or err; those that abstain do not.",
                "type": "array", "items": { "type": "string" }, "uniqueItems": true
            },
            "category": { "type": "array", "items": { "$ref": "#/$defs/category" } },
            "analysis": { "type": "array", "items": { "$ref": "#/$defs/analysis" } }
        },
        "required": ["investigate"],
        "additionalProperties": false
    })
}

fn definitions() -> Value {
    json!({
        "name": {
            "description": "Unique: an analysis in the whole policy, a category among its neighbours.",
            "type": "string", "pattern": "^[A-Za-z0-9_./-]{1,200}$"
        },
        "weight": {
            "description": "Counts relative to the neighbours. 0 informs without counting.",
            "type": "number", "minimum": 0, "maximum": 1e9, "default": 1
        },
        "plugin-name": {
            "description": format!(
                "publisher/namespace/name; a bare name is a built-in plugin: {}.", BUILT_INS.join(", ")
            ),
            "type": "string", "pattern": "^([a-z0-9-]+|[a-z0-9-]+/[a-z0-9-]+/[a-z0-9-]+)$"
        },
        "configuration": {
            "description": "Members are child nodes: one argument is a scalar, several are an array, children an object, children named `-` an array, nothing is true.",
            "type": "object"
        },
        "plugin": {
            "type": "object",
            "properties": {
                "name": { "$ref": "#/$defs/plugin-name" },
                "path": { "description": "Folder of a plugin that is no built-in.", "type": "string" },
                "sha256": { "description": "Tree hash of that folder.", "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" },
                "config": { "$ref": "#/$defs/configuration" },
                "grant": {
                    "description": "What of the machine a plugin that is no built-in may see, besides the target's objects.",
                    "type": "object",
                    "properties": {
                        "env": { "description": "Names of environment variables.", "type": "array", "items": { "type": "string" } },
                        "file": { "description": "Paths of files, relative ones from the policy's folder.", "type": "array", "items": { "type": "string" } },
                        "read": { "description": "Paths of files and folders that its process reads by itself; its answers are not remembered then.", "type": "array", "items": { "type": "string" } },
                        "net": { "description": "Servers whose answers it may see: a host and, if it is not 443, a port.", "type": "array", "items": { "type": "string" } },
                        "limit": { "description": "More of a resource than everybody gets, as `memory 2GiB`.", "type": "array", "items": { "type": "string" } },
                        "scratch": { "description": "`keep`: it finds its scratch folder again; its answers are not remembered then.", "type": "array", "items": { "type": "string" } }
                    },
                    "additionalProperties": false
                }
            },
            "required": ["name"],
            "additionalProperties": false
        },
        "suppress": {
            "description": "Takes findings of a rule out before they are judged: those at the place that is given, by all of its members.",
            "type": "object",
            "properties": {
                "name": { "description": "The rule: plugin/rule, or publisher/namespace/name/rule.", "type": "string" },
                "path": { "description": "A path from the top of the tree; `*`, `?` and `**` as in git.", "type": "string" },
                "commit": { "description": "The full id of a commit.", "type": "string", "pattern": "^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$" },
                "package": { "type": "string" },
                "reason": { "description": "Why they are of no concern.", "type": "string", "minLength": 1 },
                "until": { "description": "The last day on which it holds.", "type": "string", "format": "date" }
            },
            "required": ["name", "reason"],
            "anyOf": [{ "required": ["path"] }, { "required": ["commit"] }, { "required": ["package"] }],
            "additionalProperties": false
        },
        "category": {
            "type": "object",
            "properties": {
                "name": { "$ref": "#/$defs/name" },
                "weight": { "$ref": "#/$defs/weight" },
                "category": { "type": "array", "items": { "$ref": "#/$defs/category" } },
                "analysis": { "type": "array", "items": { "$ref": "#/$defs/analysis" } }
            },
            "required": ["name"],
            "additionalProperties": false
        },
        "analysis": {
            "description": "Members besides these are the plugin's configuration for this analysis.",
            "type": "object",
            "properties": {
                "name": { "$ref": "#/$defs/name" },
                "plugin": { "description": "The analysis' name if absent.", "$ref": "#/$defs/plugin-name" },
                "query": { "description": "The plugin's default query if absent.", "type": "string" },
                "policy": {
                    "description": "Expression over `value`, the plugin's answer: pass if it is true. The plugin's own policy if absent.",
                    "type": "string"
                },
                "weight": { "$ref": "#/$defs/weight" }
            },
            "required": ["name"]
        }
    })
}

/// The grammar of the file and the language of its expressions, as lines of text.
fn grammar() -> Value {
    let mut lines: Vec<String> = GRAMMAR.lines().map(str::to_owned).collect();
    lines.extend(expression::language().lines().map(str::to_owned));
    Value::String(lines.join("\n"))
}

const GRAMMAR: &str = r#"policy    = plugins? analyze suppress*
plugins   = `plugins {` plugin* `}`
plugin    = `plugin` NAME (`path=`STRING `sha256=`STRING)? (`{` config? grant? `}`)?
config    = `config {` CONFIGURATION* `}`
grant     = `grant {` (`env` NAME | `file` PATH | `read` PATH | `net` SERVER | `exec` PROGRAM | `limit` AMOUNT | `scratch keep` | `token` SERVER=VARIABLE)* `}`
analyze   = `analyze {` `investigate policy=`EXPRESSION (`investigate-if-fail` NAME+)? (`investigate-if-found` NAME+)? (category | analysis)+ `}`
category  = `category` NAME (`weight=`NUMBER)? `{` (category | analysis)+ `}`
analysis  = `analysis` NAME (`weight=`NUMBER)? (`plugin=`NAME)? (`query=`NAME)? (`policy=`EXPRESSION)? (`{` CONFIGURATION* `}`)?
suppress  = `suppress` RULE (`path=`PATTERN | `commit=`ID | `package=`NAME)+ `reason=`STRING (`until=`DAY)?
"#;
