//! Text of strangers, and secrets, in scripts.

use probity_sdk::findings::{Severity, shortened};

use super::checkout::is_own;
use super::contexts;
use super::variables::{Variable, variables};
use super::{Step, Workflow, condition};
use crate::expression::{Reference, expressions};
use crate::finding::FileReport;
use crate::rules::{INSECURE_COMMANDS, SECRETS_DUMP, TEMPLATE_INJECTION};
use crate::yaml::Node;

/// Inputs of actions that are scripts.
const SCRIPTS: [(&str, &str); 6] = [
    ("actions/github-script", "script"),
    ("appleboy/ssh-action", "script"),
    ("azure/cli", "inlineScript"),
    ("azure/powershell", "inlineScript"),
    ("jannekem/run-python-script-action", "script"),
    ("amadevus/pwsh-script", "script"),
];

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    for job in &workflow.jobs {
        for step in &job.steps {
            let script = Injected {
                workflow,
                variables: variables(workflow, job, step),
                // Who may write in the repository may run what they like anyway.
                own: is_own(&[condition(job.node), condition(step.node)]),
            };
            scripts(step).into_iter().for_each(|text| script.check(text, report));
        }
    }
    workflow.root.texts(&mut |node, text| dumped(node, text, report));
    insecure(workflow.root, report);
}

fn scripts<'a>(step: &Step<'a>) -> Vec<&'a Node> {
    let given = SCRIPTS.iter().filter(|(action, _)| step.uses_action(action));
    given.filter_map(|(_, input)| step.with(input)).chain(step.run).collect()
}

/// A step with scripts.
struct Injected<'a> {
    workflow: &'a Workflow<'a>,
    variables: Vec<Variable<'a>>,
    own: bool,
}

impl Injected<'_> {
    fn check(&self, script: &Node, report: &mut FileReport) {
        for placed in expressions(script.text().unwrap_or_default()) {
            let worst = placed.flowing().iter().filter_map(|found| self.severity(found)).min();
            if let Some(severity) = worst.map(|worst| if self.own { Severity::Low } else { worst }) {
                let expression = shortened(&placed.text);
                let message =
                    format!("the script holds the text of ${{{{ {expression} }}}}, which a stranger chooses");
                report.find(TEMPLATE_INJECTION, severity, script.line_of(placed.line), message);
            }
        }
    }

    fn severity(&self, reference: &Reference) -> Option<Severity> {
        let of = |found: &Reference| contexts::severity(found, &self.workflow.triggers);
        // A variable by its context is put in as a text too.
        let held = self.variables.iter().find(|variable| variable.is(reference));
        held.and_then(|variable| variable.holds.iter().filter_map(of).min()).or_else(|| of(reference))
    }
}

fn dumped(node: &Node, text: &str, report: &mut FileReport) {
    if !text.contains("${{") {
        return;
    }
    for placed in expressions(text) {
        if placed.references().iter().any(|found| found.whole && found.path == "secrets") {
            let message = format!("${{{{ {} }}}} hands on all secrets at once", shortened(&placed.text));
            report.find(SECRETS_DUMP, Severity::High, node.line_of(placed.line), message);
        }
    }
}

fn insecure(node: &Node, report: &mut FileReport) {
    for (name, value) in node.entries() {
        if name == "ACTIONS_ALLOW_UNSECURE_COMMANDS" && value.text() != Some("false") {
            let message = "what a step prints may set variables and the search path";
            report.find(INSECURE_COMMANDS, Severity::Medium, value.line, message);
        }
    }
    node.entries().for_each(|(_, value)| insecure(value, report));
    if let crate::yaml::Value::List(members) = &node.value {
        members.iter().for_each(|member| insecure(member, report));
    }
}
