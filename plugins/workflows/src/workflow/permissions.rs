//! What a workflow's token may do, who gets the secrets, and whose machine it runs on.

use probity_sdk::findings::{Severity, shortened};

use super::{Job, Workflow};
use crate::finding::FileReport;
use crate::rules::{
    MISSING_PERMISSIONS, PUBLISHING_TOKEN, RELEASE_CACHE, SECRETS_INHERIT, SELF_HOSTED_RUNNER, WRITE_ALL,
};
use crate::shell;
use crate::yaml::Node;

/// Events that a stranger sets off.
const PUBLIC: [&str; 6] =
    ["pull_request", "pull_request_target", "issue_comment", "issues", "pull_request_review", "discussion"];

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    let top = workflow.root.get("permissions");
    let silent = workflow.jobs.iter().find(|job| job.node.get("permissions").is_none());
    if let (None, Some(job)) = (top, silent) {
        let message =
            format!("neither the workflow nor the job {:?} says what its token may do", shortened(job.name));
        report.find(MISSING_PERMISSIONS, Severity::Low, job.node.line, message);
    }
    let nodes = top.into_iter().chain(workflow.jobs.iter().filter_map(|job| job.node.get("permissions")));
    for node in nodes.filter(|node| node.text() == Some("write-all")) {
        report.find(
            WRITE_ALL,
            Severity::Medium,
            node.line,
            "the token may change everything in the repository",
        );
    }
    for job in &workflow.jobs {
        inherits(job, report);
        if workflow.triggers.any(&PUBLIC) {
            own_machine(job, report);
        }
        publishes_by_token(job, top, report);
        if releases(workflow, job) {
            restores_cache(job, report);
        }
    }
}

fn inherits(job: &Job<'_>, report: &mut FileReport) {
    let Some(node) = job.node.get("secrets").filter(|node| node.text() == Some("inherit")) else { return };
    let uses = job.node.get("uses").and_then(Node::text).unwrap_or_default();
    let severity = if uses.starts_with("./") { Severity::Low } else { Severity::Medium };
    report.find(
        SECRETS_INHERIT,
        severity,
        node.line,
        format!("all secrets are handed to {}", shortened(uses)),
    );
}

fn own_machine(job: &Job<'_>, report: &mut FileReport) {
    let Some(runs_on) = job.node.get("runs-on") else { return };
    let labels = runs_on.get("labels").unwrap_or(runs_on);
    if labels.members().any(|label| label.text() == Some("self-hosted")) {
        let message = format!(
            "a stranger's pull request may run the job {:?} on one's own machine",
            shortened(job.name)
        );
        report.find(SELF_HOSTED_RUNNER, Severity::Medium, runs_on.line, message);
    }
}

/// Whether the job makes what is published: it is set off by a release or a tag, or publishes.
fn releases(workflow: &Workflow<'_>, job: &Job<'_>) -> bool {
    const PUBLISHING: [&str; 5] = [
        "softprops/action-gh-release",
        "pypa/gh-action-pypi-publish",
        "goreleaser/goreleaser-action",
        "actions/create-release",
        "ncipollo/release-action",
    ];
    let push = workflow.root.get("on").and_then(|on| on.get("push"));
    let tags_only = push.is_some_and(|push| push.get("tags").is_some() && push.get("branches").is_none());
    let publishes = || job.steps.iter().any(|step| PUBLISHING.iter().any(|action| step.uses_action(action)));
    workflow.triggers.has("release") || tags_only || publishes()
}

fn restores_cache(job: &Job<'_>, report: &mut FileReport) {
    for step in &job.steps {
        let Some(uses) = step.uses else { continue };
        let name = uses.split('@').next().unwrap_or(uses).to_ascii_lowercase();
        let own = matches!(name.as_str(), "actions/cache" | "actions/cache/restore" | "swatinem/rust-cache");
        let asked = name.starts_with("actions/setup-")
            && step.with_text("cache").is_some_and(|cache| !cache.is_empty() && cache != "false");
        if own || asked {
            let message = format!(
                "the job {:?} releases, and {} restores a cache",
                shortened(job.name),
                shortened(uses)
            );
            report.find(RELEASE_CACHE, Severity::Low, step.node.line, message);
        }
    }
}

fn publishes_by_token(job: &Job<'_>, top: Option<&Node>, report: &mut FileReport) {
    const CALLS: [(&str, &str); 7] = [
        ("npm", "publish"),
        ("pnpm", "publish"),
        ("yarn", "publish"),
        ("cargo", "publish"),
        ("twine", "upload"),
        ("gem", "push"),
        ("poetry", "publish"),
    ];
    let identity =
        job.node.get("permissions").or(top).and_then(|all| all.get("id-token")).and_then(Node::text);
    if identity == Some("write") || !job.secrets {
        return;
    }
    for step in &job.steps {
        let password = step.uses_action("pypa/gh-action-pypi-publish") && step.with("password").is_some();
        let call = step.run.and_then(|run| Some(run.line_of(shell::first_call(run.text()?, &CALLS)?)));
        if let Some(line) = call.or(password.then_some(step.node.line)) {
            let message = format!("the job {:?} publishes with a token that lasts", shortened(job.name));
            report.find(PUBLISHING_TOKEN, Severity::Low, line, message);
        }
    }
}
