//! The digest of a policy: the same for policies that judge alike, another one as soon as a limit, a weight or a
//! plugin's configuration differs.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::expression::canonical;
use crate::settings::Day;

use super::checked::{CheckedAnalysis, Facts, Origin};
use super::json;
use super::model::{Branch, Policy, Spanned};
use super::suppression::{PathPattern, Suppression};

/// Another layout of what is digested gets another number, so that digests of two layouts never meet.
const LAYOUT: u32 = 2;

/// SHA-256 in hexadecimal over canonical JSON of all that decides a verdict or the score.
pub(super) fn of(policy: &Policy, analyses: &[CheckedAnalysis], facts: &Facts) -> String {
    let mut remaining = analyses.iter();
    let mut content = json!({
        "layout": LAYOUT,
        "investigate": canonical(&policy.investigate.text),
        "investigate-if-fail": sorted(&policy.investigate_if_fail),
        "tree": branches(&policy.tree, &mut remaining),
        "artifacts": artifacts(policy),
        "plugins": configurations(facts),
    });
    if let (Value::Object(members), false) = (&mut content, policy.investigate_if_found.is_empty()) {
        members.insert("investigate-if-found".to_owned(), json!(sorted(&policy.investigate_if_found)));
    }
    let grants = grants(facts);
    if let (Value::Object(members), false) = (&mut content, grants.is_empty()) {
        members.insert("grants".to_owned(), Value::Object(grants));
    }
    if let (Value::Object(members), false) = (&mut content, policy.suppressions.is_empty()) {
        members.insert("suppressions".to_owned(), suppressions(policy));
    }
    hex(&Sha256::digest(json::canonical(&content).as_bytes()))
}

fn sorted(names: &[Spanned<String>]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    names.sort_unstable();
    names
}

fn branches<'a>(branches_in: &[Branch], analyses: &mut impl Iterator<Item = &'a CheckedAnalysis>) -> Value {
    let mut out = Vec::new();
    for branch in branches_in {
        match branch {
            Branch::Category(category) => out.push(json!({
                "category": category.name.value,
                "weight": category.weight,
                "children": branches(&category.children, analyses),
            })),
            Branch::Analysis(analysis) => out.extend(analyses.next().map(|checked| {
                json!({
                    "analysis": analysis.name.value,
                    "instance": checked.instance.as_ref(),
                    "query": checked.query,
                    "policy": canonical(checked.expression.text()),
                    "default-policy": checked.origin == Origin::Plugin,
                    "weight": analysis.weight,
                })
            })),
        }
    }
    Value::Array(out)
}

/// The content of plugins that are no built-ins, by their ids.
fn artifacts(policy: &Policy) -> Value {
    let pairs = policy.plugins.iter().filter_map(|declaration| {
        let digest = declaration.sha256.as_ref()?;
        Some((declaration.id.value.clone(), Value::String(digest.value.clone())))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// What plugins may see of the machine, whoever granted it, by instance; most may see nothing.
fn grants(facts: &Facts) -> Map<String, Value> {
    let granted = facts.iter().filter_map(|(instance, facts)| {
        let permissions = &facts.as_ref().ok()?.permissions;
        (!permissions.is_empty()).then(|| (instance.to_string(), json!(permissions)))
    });
    granted.collect()
}

/// What takes findings out, and why: a report quotes the reason. The order of the lines decides nothing.
fn suppressions(policy: &Policy) -> Value {
    let line = |of: &Suppression| {
        json::canonical(&json!({
            "plugin": of.plugin,
            "rule": of.rule,
            "path": of.place.path.as_ref().map(PathPattern::as_str),
            "commit": of.place.commit,
            "package": of.place.package,
            "reason": of.reason,
            "until": of.until.as_ref().map(Day::as_str),
        }))
    };
    let lines: BTreeSet<String> = policy.suppressions.iter().map(line).collect();
    json!(lines)
}

fn configurations(facts: &Facts) -> Value {
    let pairs = facts.iter().filter_map(|(instance, facts)| {
        let facts = facts.as_ref().ok()?;
        Some((instance.to_string(), facts.effective_config.clone()))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
