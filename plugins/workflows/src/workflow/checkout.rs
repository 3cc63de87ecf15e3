//! Strangers' commits in workflows that have the repository's token and secrets.

use probity_sdk::findings::{Severity, shortened};

use super::{Job, Step, Workflow, condition};
use crate::expression::expressions;
use crate::finding::FileReport;
use crate::rules::{PRIVILEGED_TRIGGER, SPOOFABLE_ACTOR, UNTRUSTED_CHECKOUT};
use crate::yaml::Node;

/// Events that bring a stranger's commit along, or name one.
const EVENTS: [&str; 3] = ["pull_request_target", "workflow_run", "issue_comment"];
/// Conditions under which the commit is none of a stranger's.
const OWN: [&str; 10] = [
    "head.repo.full_name==github.repository",
    // One repository by its name: whichever it is, the branch is in the hands of those who may write there.
    "head.repo.full_name=='",
    "github.repository==github.event.pull_request.head.repo.full_name",
    "head.repo.fork==false",
    "!github.event.pull_request.head.repo.fork",
    "head_repository.full_name==github.repository",
    "head_repository.fork==false",
    "workflow_run.event=='push'",
    "workflow_run.event=='schedule'",
    "workflow_run.event!='pull_request'",
];
/// Commands that bring commits.
const FETCHES: [&str; 6] = ["git fetch", "git pull", "git checkout", "git clone", "git switch", "git merge"];
/// Conditions under which somebody of the project has looked at something, perhaps at the commit before.
const APPROVED: [&str; 3] = [".labels", "event.label", "author_association"];

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    triggers(workflow, report);
    if !workflow.triggers.any(&EVENTS) {
        return;
    }
    for job in &workflow.jobs {
        if is_own(&[condition(job.node)]) {
            continue;
        }
        spoofable(job.node, report);
        for (at, step) in job.steps.iter().enumerate() {
            spoofable(step.node, report);
            if let Some((line, what)) = strange(step) {
                let guards = [condition(job.node), condition(step.node)];
                if let Some(mut severity) = severity(&guards, executed(job, at, step)) {
                    if severity == Severity::Medium && only_labelled(workflow) {
                        // The commit is the one that somebody gave a label to.
                        severity = Severity::Low;
                    }
                    let events: Vec<&str> =
                        EVENTS.into_iter().filter(|event| workflow.triggers.has(event)).collect();
                    let message = format!(
                        "the job {:?} checks out a stranger's commit ({}) and runs on {} with the repository's token and secrets",
                        shortened(job.name),
                        shortened(&what),
                        events.join(", ")
                    );
                    report.find(UNTRUSTED_CHECKOUT, severity, line, message);
                }
            }
        }
    }
}

fn triggers(workflow: &Workflow<'_>, report: &mut FileReport) {
    for event in ["pull_request_target", "workflow_run"] {
        if workflow.triggers.has(event) {
            let on = workflow.root.get("on").or_else(|| workflow.root.get("true"));
            let line = on.map_or(1, |on| on.get(event).map_or(on.line, |node| node.line));
            let message =
                format!("{event} gives a workflow that strangers set off the repository's token and secrets");
            report.find(PRIVILEGED_TRIGGER, Severity::Low, line, message);
        }
    }
}

fn spoofable(node: &Node, report: &mut FileReport) {
    let condition = condition(node);
    let own = is_own(std::slice::from_ref(&condition));
    if !own && condition.contains("github.actor=='") && condition.contains("[bot]'") {
        let line = node.get("if").map_or(node.line, |node| node.line);
        let message = "github.actor is whoever did the last thing, not who wrote the pull request";
        report.find(SPOOFABLE_ACTOR, Severity::Medium, line, message);
    }
}

/// The line and the words by which a step fetches a stranger's commit.
fn strange(step: &Step<'_>) -> Option<(u32, String)> {
    if step.uses_action("actions/checkout") {
        let given = ["ref", "repository"].into_iter().filter_map(|name| step.with(name));
        return given
            .filter_map(|node| Some((node.line, node.text()?)))
            .find(|(_, text)| names_stranger(text))
            .map(|(line, text)| (line, text.to_owned()));
    }
    let run = step.run?;
    let fetches = |line: &&str| {
        line.contains("gh pr checkout")
            || FETCHES.iter().any(|command| line.contains(command))
                && (line.contains("refs/pull/") || line.contains("pull/$") || names_stranger(line))
    };
    let (at, line) = run.text()?.lines().enumerate().find(|(_, line)| fetches(line))?;
    Some((run.line_of(at), line.trim().to_owned()))
}

/// Whether a text names what a stranger pushed.
fn names_stranger(text: &str) -> bool {
    let placed = expressions(text);
    let strange = |path: &str| {
        path == "github.head_ref"
            || path == "github.event.pull_request.merge_commit_sha"
            || ["github.event.pull_request.head.", "github.event.workflow_run.head_", "github.event.workflow_run.pull_requests."]
                .iter()
                .any(|start| path.starts_with(start))
            // What an earlier step found out of the event.
            || (path.starts_with("steps.") || path.starts_with("needs."))
                && path.rsplit('.').next().is_some_and(|name| name.contains("head"))
    };
    let numbered = |path: &str| {
        ["github.event.number", "github.event.pull_request.number", "github.event.issue.number"]
            .contains(&path)
    };
    placed.iter().any(|placed| {
        placed
            .references()
            .iter()
            .any(|found| strange(&found.path) || (text.contains("refs/pull/") && numbered(&found.path)))
    })
}

/// How bad it is under these conditions.
fn severity(conditions: &[String], executed: bool) -> Option<Severity> {
    let approved = conditions.iter().any(|text| APPROVED.iter().any(|word| text.contains(word)));
    if is_own(conditions) || conditions.iter().any(|text| of_other_events(text)) {
        return None;
    }
    Some(if approved || !executed { Severity::Medium } else { Severity::High })
}

/// Whether these conditions keep out what strangers pushed.
pub(super) fn is_own(conditions: &[String]) -> bool {
    conditions.iter().any(|text| OWN.iter().any(|own| text.contains(own)))
}

/// Whether a pull request sets the workflow off when it is given a label, and at no other time.
fn only_labelled(workflow: &Workflow<'_>) -> bool {
    let types = workflow.root.get("on").and_then(|on| on.get("pull_request_target")?.get("types"));
    types.is_some_and(|types| types.members().all(|kind| kind.text() == Some("labeled")))
        && !workflow.triggers.any(&["workflow_run", "issue_comment"])
}

/// Whether a condition holds only for events that bring no stranger's commit into a privileged run.
fn of_other_events(condition: &str) -> bool {
    let named: Vec<&str> =
        condition.split("github.event_name=='").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    !named.is_empty() && named.iter().all(|event| !EVENTS.contains(event))
}

/// Whether the job goes on to run something in the folder that the step fills.
fn executed(job: &Job<'_>, at: usize, step: &Step<'_>) -> bool {
    let folder = step.with_text("path").map(|path| path.trim_start_matches("./").trim_end_matches('/'));
    let folder = folder.filter(|path| !path.is_empty() && *path != ".");
    let there = |text: &str| folder.is_none_or(|folder| text.contains(folder));
    let after = job.steps.get(at + 1..).unwrap_or_default();
    let own_rest = step.run.is_some();
    own_rest
        || after.iter().any(|step| {
            let local = step.uses.is_some_and(|uses| uses.starts_with("./") && there(uses));
            let run = step.run.and_then(Node::text).is_some_and(there);
            let inside = step.node.get("working-directory").and_then(Node::text);
            local || run || (step.run.is_some() && inside.is_some_and(there))
        })
}
