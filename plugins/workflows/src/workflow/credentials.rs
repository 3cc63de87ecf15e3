//! The token that checkout leaves behind.

use probity_sdk::findings::Severity;

use super::{Job, Workflow};
use crate::finding::FileReport;
use crate::rules::PERSISTED_CREDENTIALS;

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    for job in &workflow.jobs {
        for (at, step) in job.steps.iter().enumerate() {
            let dropped = step.with_text("persist-credentials").is_some_and(|value| value == "false");
            if !step.uses_action("actions/checkout") || dropped {
                continue;
            }
            let line = step.node.line;
            if uploads_all(job, at) {
                let message = "the token in .git/config is uploaded with the folder";
                report.find(PERSISTED_CREDENTIALS, Severity::Medium, line, message);
            } else if job.writes {
                let message = "each later step finds the token, which may write, in .git/config";
                report.find(PERSISTED_CREDENTIALS, Severity::Low, line, message);
            }
        }
    }
}

/// Whether a later step uploads the whole folder, hidden files included.
fn uploads_all(job: &Job<'_>, at: usize) -> bool {
    job.steps.get(at + 1..).unwrap_or_default().iter().any(|step| {
        let hidden = step.with_text("include-hidden-files") == Some("true") || is_before_hidden(step.uses);
        let all = step.with_text("path").is_some_and(|path| {
            path.lines().any(|line| matches!(line.trim(), "." | "./" | ".git" | "${{ github.workspace }}"))
        });
        step.uses_action("actions/upload-artifact") && all && hidden
    })
}

/// Versions before 4.4 uploaded hidden files unasked.
fn is_before_hidden(uses: Option<&str>) -> bool {
    let version = uses.and_then(|uses| uses.rsplit_once('@')).map_or("", |(_, version)| version);
    ["v1", "v2", "v3", "v4.0", "v4.1", "v4.2", "v4.3"]
        .iter()
        .any(|old| version.strip_prefix(old).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
