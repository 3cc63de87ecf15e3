//! Text of strangers in the files that set variables and the search path of later steps.

use probity_sdk::findings::{Severity, shortened};

use super::variables::{Variable, flowing, variables};
use super::{Step, Workflow, contexts};
use crate::expression::Reference;
use crate::finding::FileReport;
use crate::rules::ENVIRONMENT_INJECTION;
use crate::yaml::Node;

/// So many lines are looked at before the end of a group of commands.
const GROUP: usize = 50;
/// So many lines of a script that write to these files are looked at.
const MOST: usize = 200;

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    for job in &workflow.jobs {
        let mut brought = false;
        for step in &job.steps {
            if let Some(run) = step.run {
                let writing = Writing { workflow, variables: variables(workflow, job, step), brought };
                writing.check(run, report);
            }
            brought = brought || brings_files(step);
        }
    }
}

/// Whether a step brings files that another workflow made.
fn brings_files(step: &Step<'_>) -> bool {
    ["actions/download-artifact", "dawidd6/action-download-artifact"]
        .iter()
        .any(|action| step.uses_action(action))
        || step.run.and_then(Node::text).is_some_and(|text| text.contains("gh run download"))
}

/// A script that may write to the files.
struct Writing<'a> {
    workflow: &'a Workflow<'a>,
    variables: Vec<Variable<'a>>,
    /// Whether an earlier step brought files that another workflow made.
    brought: bool,
}

impl Writing<'_> {
    fn check(&self, run: &Node, report: &mut FileReport) {
        let lines: Vec<&str> = run.text().unwrap_or_default().lines().collect();
        let written = lines.iter().enumerate().filter_map(|(at, line)| Some((at, *line, file(line)?)));
        for (at, line, name) in written.take(MOST) {
            // `} >> "$GITHUB_ENV"` writes what the lines above print.
            let first = if line.trim_start().starts_with('}') { at.saturating_sub(GROUP) } else { at };
            if let Some(severity) = self.severity(&lines[first..=at].join("\n"), name) {
                let message = format!("a stranger's text is written to {name}: {}", shortened(line));
                report.find(ENVIRONMENT_INJECTION, severity, run.line_of(at), message);
            }
        }
    }

    fn severity(&self, source: &str, name: &str) -> Option<Severity> {
        let file = source.contains("cat ") || source.contains("$(<");
        if file && self.brought && self.workflow.triggers.has("workflow_run") {
            return Some(Severity::High);
        }
        // A whole line is needed to name another variable; any text is a folder to search.
        let of = |found: &Reference| match name {
            "GITHUB_PATH" => contexts::severity(found, &self.workflow.triggers),
            _ => contexts::severity_of_lines(found, &self.workflow.triggers),
        };
        let used = self.variables.iter().filter(|variable| variable.is_in(source));
        let held = used.flat_map(|variable| &variable.holds).filter_map(of).min();
        flowing(source).iter().filter_map(of).chain(held).min()
    }
}

/// The file that a line writes to, if it is one of these.
fn file(line: &str) -> Option<&'static str> {
    let writes = line.contains('>') || line.contains("tee") || line.contains("Out-File");
    ["GITHUB_ENV", "GITHUB_PATH"].into_iter().find(|name| writes && line.contains(name))
}
