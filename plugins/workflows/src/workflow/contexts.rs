//! Contexts whose text a stranger chooses, and the events that bring them.

use probity_sdk::findings::Severity;

use super::{PRIVILEGED, Triggers};
use crate::expression::Reference;

/// A context that a stranger fills.
struct Untrusted {
    path: &'static str,
    events: &'static [&'static str],
    /// Whether it can have several lines.
    lines: bool,
}

const PULLS: &[&str] =
    &["pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"];
const ISSUES: &[&str] = &["issues", "issue_comment"];
const COMMENTS: &[&str] =
    &["issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"];
const DISCUSSIONS: &[&str] = &["discussion", "discussion_comment"];
const RUNS: &[&str] = &["workflow_run"];

const fn line(path: &'static str, events: &'static [&'static str]) -> Untrusted {
    Untrusted { path, events, lines: false }
}

const fn lines(path: &'static str, events: &'static [&'static str]) -> Untrusted {
    Untrusted { path, events, lines: true }
}

/// After the list of GitHub's Security Lab.
const UNTRUSTED: &[Untrusted] = &[
    line("github.head_ref", &["pull_request", "pull_request_target"]),
    line("github.event.issue.title", ISSUES),
    lines("github.event.issue.body", ISSUES),
    line("github.event.pull_request.title", PULLS),
    lines("github.event.pull_request.body", PULLS),
    line("github.event.pull_request.head.ref", PULLS),
    line("github.event.pull_request.head.label", PULLS),
    line("github.event.pull_request.head.repo.default_branch", PULLS),
    line("github.event.pull_request.head.repo.description", PULLS),
    line("github.event.pull_request.head.repo.homepage", PULLS),
    lines("github.event.comment.body", COMMENTS),
    lines("github.event.review.body", &["pull_request_review"]),
    line("github.event.discussion.title", DISCUSSIONS),
    lines("github.event.discussion.body", DISCUSSIONS),
    line("github.event.pages.*.page_name", &["gollum"]),
    lines("github.event.commits.*.message", &["push"]),
    line("github.event.commits.*.author.name", &["push"]),
    line("github.event.commits.*.author.email", &["push"]),
    lines("github.event.head_commit.message", &["push"]),
    line("github.event.head_commit.author.name", &["push"]),
    line("github.event.head_commit.author.email", &["push"]),
    line("github.event.head_commit.committer.name", &["push"]),
    line("github.event.head_commit.committer.email", &["push"]),
    line("github.event.workflow_run.head_branch", RUNS),
    line("github.event.workflow_run.display_title", RUNS),
    lines("github.event.workflow_run.head_commit.message", RUNS),
    line("github.event.workflow_run.head_commit.author.name", RUNS),
    line("github.event.workflow_run.head_commit.author.email", RUNS),
    line("github.event.workflow_run.head_repository.description", RUNS),
    line("github.event.workflow_run.pull_requests.*.head.ref", RUNS),
];

/// How bad it is that this context's text is taken for something else; `None` if no stranger chooses it here.
pub(super) fn severity(reference: &Reference, triggers: &Triggers) -> Option<Severity> {
    UNTRUSTED.iter().filter(|untrusted| untrusted.is(reference)).filter_map(|of| of.severity(triggers)).min()
}

/// The same for a place where a line break is what does harm.
pub(super) fn severity_of_lines(reference: &Reference, triggers: &Triggers) -> Option<Severity> {
    let several = UNTRUSTED.iter().filter(|untrusted| untrusted.lines && untrusted.is(reference));
    several.filter_map(|untrusted| untrusted.severity(triggers)).min()
}

impl Untrusted {
    fn is(&self, reference: &Reference) -> bool {
        let path = reference.path.as_str();
        let below = || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        self.path == path || (reference.whole && below())
    }

    fn severity(&self, triggers: &Triggers) -> Option<Severity> {
        let mut worst = triggers.is_called().then_some(Severity::Medium);
        for event in self.events.iter().filter(|event| triggers.has(event)) {
            let severity = match *event {
                // A stranger writes no commit that is pushed, but the message of one that is merged.
                "push" => Severity::Medium,
                _ if PRIVILEGED.contains(event) => Severity::High,
                _ => Severity::Low,
            };
            worst = Some(worst.map_or(severity, |worst| worst.min(severity)));
        }
        worst
    }
}
