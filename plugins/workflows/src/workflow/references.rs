//! Actions, reusable workflows and images by names that may come to mean something else.

use super::{Job, Workflow};
use crate::finding::FileReport;
use crate::rules::{UNPINNED_IMAGE, UNPINNED_USES};
use crate::yaml::Node;

pub(super) fn check(workflow: &Workflow<'_>, report: &mut FileReport) {
    for job in &workflow.jobs {
        let steps = job.steps.iter().filter_map(|step| step.node.get("uses"));
        for uses in job.node.get("uses").into_iter().chain(steps) {
            used(job, uses, report);
        }
        images(job, report);
    }
}

/// The image of an action that is one.
pub(super) fn check_image(action: &Workflow<'_>, report: &mut FileReport) {
    let runs = action.root.get("runs");
    if let Some(node) = runs.and_then(|runs| runs.get("image"))
        && let Some(image) = node.text().and_then(|text| text.strip_prefix("docker://"))
    {
        report.refer(UNPINNED_IMAGE, image, is_digest(image), false, node.line);
    }
}

fn used(job: &Job<'_>, node: &Node, report: &mut FileReport) {
    let Some(uses) = node.text().filter(|uses| !uses.starts_with("./") && !uses.contains("${{")) else {
        return;
    };
    if let Some(image) = uses.strip_prefix("docker://") {
        report.refer(UNPINNED_IMAGE, image, is_digest(image), job.privileged(), node.line);
    } else {
        let pinned = uses.rsplit_once('@').is_some_and(|(_, version)| is_commit(version));
        report.refer(UNPINNED_USES, uses, pinned, job.privileged(), node.line);
    }
}

fn images(job: &Job<'_>, report: &mut FileReport) {
    let container = job.node.get("container");
    let services = job.node.get("services").into_iter().flat_map(Node::entries).map(|(_, service)| service);
    for place in container.into_iter().chain(services) {
        let Some(node) = place.get("image").or(Some(place)).filter(|node| node.text().is_some()) else {
            continue;
        };
        let image = node.text().unwrap_or_default();
        if !image.is_empty() && !image.contains("${{") {
            report.refer(UNPINNED_IMAGE, image, is_digest(image), job.privileged(), node.line);
        }
    }
}

/// Whether a version is the whole id of a commit.
pub(crate) fn is_commit(version: &str) -> bool {
    matches!(version.len(), 40 | 64) && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether an image is named by its digest.
pub(crate) fn is_digest(image: &str) -> bool {
    image.rsplit_once("@sha256:").is_some_and(|(_, digest)| is_commit(digest))
}
