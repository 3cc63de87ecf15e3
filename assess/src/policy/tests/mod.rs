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
        queries: BTreeMap::from([(name.to_owned(), output)]),
        default_query: Some(name.to_owned()),
        default_policy: default_policy.map(str::to_owned),
        effective_config: config,
        permissions: Vec::new(),
        rules: BTreeMap::new(),
    }
}

/// The facts of all built-in plugins, for every instance of the policy.
fn built_in_facts(policy: &Policy) -> Facts {
    let doubles = json!({ "type": "array", "items": { "type": "number" } });
    let flags = json!({ "type": "array", "items": { "type": "boolean" } });
    let days = json!({ "type": "object", "properties": { "days": { "type": "integer" } } });
    let mut facts = Facts::new();
    for (instance, of) in policy.instances() {
        let name = of.plugin.rsplit('/').next().unwrap();
        let (output, default_policy) = match name {
            "activity" => (days.clone(), Some("value.days <= 497")),
            "binary" => (json!({ "type": "integer" }), Some("value <= 0")),
            "identity" => (flags.clone(), Some("divz(count(value.filter(b, b)), count(value)) <= 0.2")),
            "affiliation" => (flags.clone(), None),
            _ => (doubles.clone(), Some("divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02")),
        };
        let config = serde_json::from_str(&of.config).unwrap();
        facts.insert(instance, Ok(plugin(name, output, default_policy, config)));
    }
    facts
}
