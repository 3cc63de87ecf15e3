//! Policies from the outside: text and facts in; data, digests or diagnostics out.

mod checking;
mod digest;
mod reading;
mod suppressing;

use std::collections::BTreeMap;
use std::fmt::Write;

use miette::Diagnostic;
use serde_json::{Value, json};

use super::{Facts, PluginFacts, Policy, PolicyErrors};

/// The problems of a policy as plain lines.
fn problems(text: &str) -> String {
    match Policy::parse("p.kdl", text) {
        Ok(_) => "no problem\n".to_owned(),
        Err(errors) => lines(&errors),
    }
}

/// One line for each problem, `name:line:column: message`, hints below.
fn lines(errors: &PolicyErrors) -> String {
    let text = errors.source_code().unwrap();
    let mut out = String::new();
    for problem in &errors.problems {
        let at = text.read_span(&problem.span, 0, 0).unwrap();
        let (name, line, column) = (errors.text.name(), at.line() + 1, at.column() + 1);
        writeln!(out, "{name}:{line}:{column}: {}", problem.cause).unwrap();
        if let Some(hint) = &problem.hint {
            writeln!(out, "  hint: {hint}").unwrap();
        }
    }
    out
}

fn parsed(text: &str) -> Policy {
    Policy::parse("p.kdl", text).unwrap_or_else(|errors| panic!("{}", lines(&errors)))
}

fn plain(result: Result<super::CheckedPolicy, PolicyErrors>) -> String {
    match result {
        Ok(_) => "no problem\n".to_owned(),
        Err(errors) => lines(&errors),
    }
}

/// The facts of a plugin with one query, of the plugin's own name.
fn plugin(name: &str, output: Value, default_policy: Option<&str>, config: Value) -> PluginFacts {
    PluginFacts {
        queries: BTreeMap::from([(name.to_owned(), output.into())]),
        default_query: Some(name.to_owned()),
        default_policy: default_policy.map(str::to_owned),
        effective_config: config,
        permissions: Vec::new(),
        rules: BTreeMap::new(),
    }
}

/// The facts of all built-in plugins that the built-in policy asks, for every instance of the policy.
fn built_in_facts(policy: &Policy) -> Facts {
    let days = json!({ "type": "object", "properties": { "days": { "type": "integer" } } });
    let (flags, integer) = (list_of("boolean"), json!({ "type": "integer" }));
    let mut facts = Facts::new();
    for (instance, of) in policy.instances() {
        let name = of.plugin.rsplit('/').next().unwrap();
        let (output, default_policy) = match name {
            "activity" => (days.clone(), Some("value.days <= 497")),
            "binary" => (integer.clone(), Some("value <= 0")),
            "fuzz" => (json!({ "type": "boolean" }), Some("value")),
            "identity" => (flags.clone(), Some("divz(count(value.filter(b, b)), count(value)) <= 0.2")),
            "affiliation" | "review" | "typo" => (flags.clone(), None),
            "posture" => (findings(), Some("count(value) <= 4")),
            _ => (list_of("number"), Some("divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02")),
        };
        let config = serde_json::from_str(&of.config).unwrap();
        let mut told = plugin(name, output, default_policy, config);
        let further = further_queries(name).into_iter();
        told.queries.extend(further.map(|(query, output)| (query, output.into())));
        facts.insert(instance, Ok(told));
    }
    facts
}

fn list_of(element: &str) -> Value {
    json!({ "type": "array", "items": { "type": element } })
}

fn findings() -> Value {
    json!({ "type": "array", "items": { "type": "object", "properties": { "severity": { "type": "string" } } } })
}

/// The queries that are not called like their plugin.
fn further_queries(name: &str) -> Vec<(String, Value)> {
    let finding: &[&str] = match name {
        "content" => &["hidden_text", "executables", "obfuscation", "secrets"],
        "workflows" => &["dangerous", "mutable", "fetch_and_run", "permissions"],
        "installs" => &["scripts", "sources", "names"],
        "newcomers" => &["binaries", "build_files", "dependencies", "automation"],
        "maintainers" => &["takeover", "addresses"],
        "anomalies" => &["dates"],
        "lineage" => &["rewritten", "moved_tags", "release_signers"],
        _ => &[],
    };
    let integer = json!({ "type": "integer" });
    let mut queries: Vec<(String, Value)> =
        finding.iter().map(|query| ((*query).to_owned(), findings())).collect();
    match name {
        "maintainers" => {
            queries.extend(["absence_factor", "recent"].map(|query| (query.to_owned(), integer.clone())))
        }
        "anomalies" => {
            let members = json!({ "signed": integer, "commits": integer });
            queries.push(("signatures".to_owned(), json!({ "type": "object", "properties": members })));
        }
        _ => {}
    }
    queries
}
