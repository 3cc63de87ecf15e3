//! What the scripts of a workflow fetch and run.

use probity_sdk::findings::{Severity, shortened};

use super::{Job, Step, Workflow};
use crate::finding::FileReport;
use crate::rules::{FETCH_AND_RUN, UNPINNED_INSTALL};
use crate::shell::{self, Sort};
use crate::yaml::Node;

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    for job in &workflow.jobs {
        for step in job.steps.iter().filter(|step| is_shell(job, step)) {
            if let Some(run) = step.run {
                let place = |line| run.line_of(line);
                script(run.text().unwrap_or_default(), job.privileged(), &place, report);
            }
        }
    }
}

/// Adds what a script fetches and runs where there are secrets, or are none.
pub(crate) fn script(text: &str, privileged: bool, place: &dyn Fn(usize) -> u32, report: &mut FileReport) {
    for act in shell::acts(&without_expressions(text)) {
        let what = shortened(&act.what);
        let (rule, severity, message) = match act.sort {
            Sort::Run => (
                FETCH_AND_RUN,
                severity(&act.what, privileged),
                format!("what {what} sends is run, whatever it is"),
            ),
            Sort::Install => (
                UNPINNED_INSTALL,
                severity("", privileged),
                format!("{what} is installed, whatever it is now"),
            ),
        };
        report.find(rule, severity, place(act.line), message);
    }
}

fn severity(address: &str, privileged: bool) -> Severity {
    match (shell::is_plain(address), privileged) {
        (true, _) => Severity::High,
        (false, true) => Severity::Medium,
        (false, false) => Severity::Low,
    }
}

fn is_shell(job: &Job<'_>, step: &Step<'_>) -> bool {
    let by_default = || job.node.get("defaults")?.get("run")?.get("shell");
    let shell = step.node.get("shell").or_else(by_default).and_then(Node::text).unwrap_or("bash");
    ["bash", "sh", "zsh", "pwsh", "powershell", "cmd"].iter().any(|known| shell.starts_with(known))
}

/// The text with a variable in place of each `${{ }}`, whose signs are none of the shell's.
fn without_expressions(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${{") {
        plain.push_str(&rest[..at]);
        let Some(length) = rest[at..].find("}}") else { break };
        let expression = &rest[at..at + length + 2];
        plain.push_str("${GIVEN}");
        plain.extend(expression.chars().filter(|c| *c == '\n'));
        rest = &rest[at + length + 2..];
    }
    plain.push_str(rest);
    plain
}
