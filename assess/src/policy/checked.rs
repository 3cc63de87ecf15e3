//! Checks a policy against what its plugins say of themselves, and makes of it what is run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::SourceSpan;
use serde_json::Value;

use crate::description::Schema;
use crate::expression::{Expression, Type, suggest};
use crate::score;

use super::digest;
use super::model::{Analysis, Branch, Expr, Policy, Spanned};
use super::nodes::Reader;
use super::problem::{Cause, PolicyErrors};
use super::suppressing;
use super::suppression::Suppression;

/// What the instances say of themselves, by the instance's name. Holds every instance of [`Policy::instances`] and
/// may hold the plugins that these ask; those count for the digest alone.
pub type Facts = BTreeMap<Arc<str>, Result<PluginFacts, PluginTrouble>>;

/// What `describe` and `configure` said of one instance.
#[derive(Debug, Clone, Default)]
pub struct PluginFacts {
    /// The JSON Schema of the answer, by the query's name.
    pub queries: BTreeMap<String, Schema>,
    /// The query that is asked where an analysis names none.
    pub default_query: Option<String>,
    /// The expression that judges where an analysis has none, under this configuration.
    pub default_policy: Option<String>,
    /// The configuration with its defaults filled in, a JSON object.
    pub effective_config: Value,
    /// What of the machine it may see, such as `env "LANG"`, sorted.
    pub permissions: Vec<String>,
    /// The rules that its findings name, each with the query that tells them; none if the plugin does not say.
    pub rules: BTreeMap<String, String>,
}

/// Why an instance could not be asked, or refused its configuration.
#[derive(Debug, Clone)]
pub struct PluginTrouble {
    /// Follows the plugin's name in messages, as in `refused its configuration: weeks is negative`.
    pub message: String,
    pub hint: Option<String>,
    /// The member of the configuration that is at fault, where that is known.
    pub member: Option<String>,
}

/// A policy that can be run.
#[derive(Debug, Clone)]
pub struct CheckedPolicy {
    /// SHA-256 in hexadecimal: of what the policy says and of every plugin's id and effective configuration. Comments,
    /// blanks and the names of files do not matter.
    pub digest: String,
    /// Over `score`, a double from 0 to 1.
    pub investigate: Expression,
    /// In the order of the file.
    pub analyses: Vec<CheckedAnalysis>,
    pub tree: Vec<Part>,
    /// What takes findings out before they are judged, in the order of the file.
    pub suppressions: Vec<CheckedSuppression>,
}

/// A suppression that something can be taken out by.
#[derive(Debug, Clone)]
pub struct CheckedSuppression {
    pub said: Suppression,
    /// The places in [`CheckedPolicy::analyses`] of those that may have such findings.
    pub reach: Vec<usize>,
    /// The query that tells the rule's findings, if the plugin says so and no analysis asks it.
    pub unasked: Option<String>,
}

/// The tree of a checked policy.
#[derive(Debug, Clone)]
pub enum Part {
    Category {
        name: String,
        weight: f64,
        share: f64,
        children: Vec<Part>,
    },
    /// The place of an analysis in [`CheckedPolicy::analyses`].
    Analysis(usize),
}

/// An analysis that can be run.
#[derive(Debug, Clone)]
pub struct CheckedAnalysis {
    pub name: String,
    /// In full: `publisher/namespace/name`.
    pub plugin: String,
    pub instance: Arc<str>,
    pub query: String,
    /// Over `value`, which has the type of the query's answer.
    pub expression: Expression,
    pub origin: Origin,
    pub weight: f64,
    /// The part of the score that it decides, from 0 to 1: the product of the relative weights along its path.
    pub share: f64,
    /// Whether anything but a pass leads to an investigation.
    pub must_pass: bool,
    /// Whether a failure leads to an investigation, but not an abstention.
    pub must_not_fail: bool,
    /// The line that set its limit, for findings that have no place in the target: bytes of the policy.
    pub span: SourceSpan,
}

/// Where an analysis' expression comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Policy,
    Plugin,
}

impl Policy {
    /// Checks every analysis against its plugin: that the query exists, that there is a policy and that it fits the
    /// answer.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn check(&self, facts: &Facts) -> Result<CheckedPolicy, PolicyErrors> {
        let mut reader = Reader::default();
        let investigate = compile(&mut reader, &self.investigate, "score", &Type::Double);
        let mut check = Check {
            policy: self,
            facts,
            shares: score::shares(&self.tree),
            troubled: BTreeSet::new(),
            analyses: Vec::new(),
            place: 0,
        };
        let tree = check.branches(&mut reader, &self.tree, 1.0);
        check.declared(&mut reader);
        let suppressions = suppressing::check(&mut reader, self, &check.analyses, facts);
        PolicyErrors::unless_empty(&self.source, reader.problems)?;
        let Some(investigate) = investigate else {
            return Err(PolicyErrors::new(&self.source, Vec::new(), None));
        };
        let digest = digest::of(self, &check.analyses, facts);
        Ok(CheckedPolicy { digest, investigate, analyses: check.analyses, tree, suppressions })
    }
}

struct Check<'a> {
    policy: &'a Policy,
    facts: &'a Facts,
    shares: Vec<f64>,
    /// Instances whose trouble was told already.
    troubled: BTreeSet<Arc<str>>,
    analyses: Vec<CheckedAnalysis>,
    /// How many analyses were met, those with problems included.
    place: usize,
}

impl Check<'_> {
    fn branches(&mut self, reader: &mut Reader, branches: &[Branch], share: f64) -> Vec<Part> {
        let total = score::total_weight(branches);
        let mut parts = Vec::new();
        for branch in branches {
            match branch {
                Branch::Category(category) => {
                    let share = score::part_of(share, category.weight, total);
                    let name = category.name.value.clone();
                    let children = self.branches(reader, &category.children, share);
                    parts.push(Part::Category { name, weight: category.weight, share, children });
                }
                Branch::Analysis(analysis) => {
                    let share = self.shares[self.place];
                    self.place += 1;
                    if let Some(checked) = self.analysis(reader, analysis, share) {
                        parts.push(Part::Analysis(self.analyses.len()));
                        self.analyses.push(checked);
                    }
                }
            }
        }
        parts
    }

    fn analysis(&mut self, reader: &mut Reader, analysis: &Analysis, share: f64) -> Option<CheckedAnalysis> {
        let facts = self.facts_of(reader, analysis)?;
        let query = query(reader, analysis, facts)?;
        let ty = facts.queries.get(&query).map_or(Type::Any, |output| Type::from_schema(&output.read()));
        let (expression, origin) = match (&analysis.policy, &facts.default_policy) {
            (Some(expr), _) => (compile(reader, expr, "value", &ty), Origin::Policy),
            (None, Some(text)) => (default_policy(reader, analysis, text, &ty), Origin::Plugin),
            (None, None) => {
                let (name, plugin) = (analysis.name.value.clone(), analysis.plugin.value.clone());
                let hint = format!("write one: policy=\"…\" over `value`, which is {ty}");
                let cause = Cause::NoPolicy { analysis: name, plugin };
                reader.problem_with_hint(cause, analysis.name.span, "nothing judges its answer", hint);
                return None;
            }
        };
        let named = |names: &[Spanned<String>]| names.iter().any(|name| name.value == analysis.name.value);
        Some(CheckedAnalysis {
            name: analysis.name.value.clone(),
            plugin: analysis.plugin.value.clone(),
            instance: analysis.instance.clone(),
            query,
            expression: expression?,
            origin,
            weight: analysis.weight,
            share,
            must_pass: named(&self.policy.investigate_if_fail),
            must_not_fail: named(&self.policy.investigate_if_found),
            span: analysis.policy.as_ref().map_or(analysis.name.span, |expr| expr.span),
        })
    }

    /// The facts of the analysis' instance. A trouble is told once, at what is at fault.
    fn facts_of(&mut self, reader: &mut Reader, analysis: &Analysis) -> Option<&PluginFacts> {
        let plugin = analysis.plugin.value.clone();
        let found = self.facts.get(&analysis.instance);
        if let Some(Ok(facts)) = found {
            return Some(facts);
        }
        if self.troubled.insert(analysis.instance.clone()) {
            let Some(Err(trouble)) = found else {
                reader.problem(Cause::NotAsked { plugin }, analysis.name.span, "asked for here");
                return None;
            };
            let declared = self.policy.plugin(&plugin);
            let member = trouble.member.as_deref().and_then(|member| {
                let declared = declared.and_then(|declared| declared.config.spans.get(member));
                analysis.config.spans.get(member).or(declared)
            });
            told(reader, plugin, trouble, member.copied().unwrap_or(analysis.name.span), "asked for here");
        }
        None
    }

    /// The troubles of declared plugins that no analysis uses itself: other plugins may ask them.
    fn declared(&mut self, reader: &mut Reader) {
        for declaration in &self.policy.plugins {
            let id = &declaration.id;
            let Some(Err(trouble)) = self.facts.get(id.value.as_str()) else { continue };
            let member = trouble.member.as_deref().and_then(|member| declaration.config.spans.get(member));
            let span = member.copied().unwrap_or(id.span);
            // An analysis with a configuration of its own may have told it of this very line.
            let is_told = reader.problems.iter().any(|problem| problem.span == span);
            if self.troubled.insert(id.value.as_str().into()) && !is_told {
                told(reader, id.value.clone(), trouble, span, "declared here");
            }
        }
    }
}

fn told(reader: &mut Reader, plugin: String, trouble: &PluginTrouble, span: SourceSpan, label: &str) {
    let cause = Cause::Plugin { plugin, message: trouble.message.clone() };
    let (label, hint) = (label.to_owned(), trouble.hint.clone());
    reader.problems.push(super::Problem { cause, span, label, hint });
}

/// The query that the analysis asks.
fn query(reader: &mut Reader, analysis: &Analysis, facts: &PluginFacts) -> Option<String> {
    let known: Vec<&str> = facts.queries.keys().map(String::as_str).collect();
    let plugin = analysis.plugin.value.clone();
    match (&analysis.query, &facts.default_query) {
        (Some(query), _) if facts.queries.contains_key(&query.value) => Some(query.value.clone()),
        (Some(query), _) => {
            let hint = suggest::hint(&query.value, &known);
            let cause = Cause::UnknownQuery { plugin, query: query.value.clone() };
            reader.problem_with_hint(cause, query.span, "no such query", hint);
            None
        }
        (None, Some(default)) => Some(default.clone()),
        (None, None) => {
            let hint = format!("name one with query=\"…\"; known here: {}", known.join(", "));
            reader.problem_with_hint(Cause::NoDefaultQuery { plugin }, analysis.name.span, "here", hint);
            None
        }
    }
}

fn compile(reader: &mut Reader, expr: &Expr, variable: &str, ty: &Type) -> Option<Expression> {
    match expr.reading.compile(variable, ty) {
        Ok(expression) => Some(expression),
        Err(error) => {
            reader.expression_problems(expr, error);
            None
        }
    }
}

/// The plugin's own policy. If it is wrong the plugin is, but the person can help it by writing one.
fn default_policy(reader: &mut Reader, analysis: &Analysis, text: &str, ty: &Type) -> Option<Expression> {
    Expression::compile(text, "value", ty)
        .map_err(|error| {
            let message = format!("brings a default policy that is not accepted: {error}");
            let cause = Cause::Plugin { plugin: analysis.plugin.value.clone(), message };
            let hint = format!("its policy is: {text}; write another one with policy=\"…\"");
            reader.problem_with_hint(cause, analysis.name.span, "used here", hint);
        })
        .ok()
}
