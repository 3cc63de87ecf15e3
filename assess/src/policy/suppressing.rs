//! Checks the suppressions of a policy against its analyses and what the plugins say of their rules: a line that could
//! never take anything out is a slip.

use crate::expression::{Type, suggest};

use super::checked::{CheckedAnalysis, CheckedSuppression, Facts, PluginFacts};
use super::model::Policy;
use super::nodes::Reader;
use super::problem::Cause;
use super::suppression::Suppression;

/// The suppressions, each with the analyses that it can reach. One that can take out nothing is a problem. `analyses` are
/// those of the policy without problems.
pub(super) fn check(
    reader: &mut Reader,
    policy: &Policy,
    analyses: &[CheckedAnalysis],
    facts: &Facts,
) -> Vec<CheckedSuppression> {
    let mut checked = Vec::new();
    for said in &policy.suppressions {
        let of_plugin: Vec<(usize, &CheckedAnalysis, &PluginFacts)> = (analyses.iter().enumerate())
            .filter(|(_, analysis)| analysis.plugin == said.plugin)
            .filter_map(|(at, analysis)| Some((at, analysis, facts.get(&analysis.instance)?.as_ref().ok()?)))
            .collect();
        let [(_, _, first), ..] = of_plugin[..] else {
            // Where the plugin has a trouble of its own, that is told.
            if !policy.analyses().iter().any(|analysis| analysis.plugin.value == said.plugin) {
                let what = format!("no analysis of this policy asks plugin `{}`", said.plugin);
                told(reader, said, what, "nothing to suppress");
            }
            continue;
        };
        let asked: Vec<(usize, &str)> =
            of_plugin.iter().map(|(at, analysis, _)| (*at, analysis.query.as_str())).collect();
        checked.extend(reaching(reader, said, first, &asked));
    }
    checked
}

/// The suppression with what it can reach, as far as the plugin says. Nothing if that is nothing, which is told.
fn reaching(
    reader: &mut Reader,
    said: &Suppression,
    facts: &PluginFacts,
    asked: &[(usize, &str)],
) -> Option<CheckedSuppression> {
    let plugin = &said.plugin;
    let query = facts.rules.get(&said.rule);
    if query.is_none() && !facts.rules.is_empty() {
        let known: Vec<&str> = facts.rules.keys().map(String::as_str).collect();
        let cause = Cause::UnknownRule { plugin: plugin.clone(), rule: said.rule.clone() };
        reader.problem_with_hint(cause, said.span, "no such rule", suggest::hint(&said.rule, &known));
        return None;
    }
    let lists = |(_, query): &&(usize, &str)| {
        facts.queries.get(*query).is_none_or(|schema| may_be_findings(&Type::from_schema(&schema.read())))
    };
    let listing: Vec<(usize, &str)> = asked.iter().filter(lists).copied().collect();
    if listing.is_empty() {
        let what = format!("plugin `{plugin}` has no findings to suppress");
        told(reader, said, what, "its answer is no list of findings with rules");
        return None;
    }
    // A rule may speak in the answers to other queries too: what belongs to one of them is no slip.
    let of_rule = listing.iter().filter(|(_, asked)| query.is_none_or(|query| query == asked));
    let reach: Vec<usize> = of_rule.map(|(at, _)| *at).collect();
    let unasked = query.filter(|_| reach.is_empty()).cloned();
    Some(CheckedSuppression { said: said.clone(), reach, unasked })
}

fn told(reader: &mut Reader, said: &Suppression, what: String, label: &str) {
    let hint = "a suppression takes single findings of an analysis out: remove the line, or add the analysis";
    reader.problem_with_hint(Cause::NothingToSuppress { what }, said.span, label, hint);
}

/// Whether an answer of this type may be a list of objects that name rules.
fn may_be_findings(ty: &Type) -> bool {
    let names_a_rule = |element: &Type| match element.present() {
        Type::Any | Type::Map(_) => true,
        Type::Object(fields) => fields.open || fields.known.contains_key("rule"),
        _ => false,
    };
    match ty.present() {
        Type::Any => true,
        Type::List(element) => names_a_rule(element),
        _ => false,
    }
}
