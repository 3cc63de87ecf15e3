//! Pipelines of GitLab and hooks of pre-commit.

use crate::finding::FileReport;
use crate::rules::{UNPINNED_HOOK, UNPINNED_INCLUDE};
use crate::workflow::{is_commit, script};
use crate::yaml::Node;

/// What a pipeline of GitLab includes, and what its scripts fetch and run.
pub(crate) fn gitlab(root: &Node, report: &mut FileReport) {
    for include in root.get("include").into_iter().flat_map(Node::members) {
        included(include, report);
    }
    for (_, job) in root.entries() {
        for name in ["before_script", "script", "after_script"] {
            for line in job.get(name).into_iter().flat_map(Node::members) {
                let place = |further| line.line_of(further);
                script(line.text().unwrap_or_default(), false, &place, report);
            }
        }
    }
}

fn included(include: &Node, report: &mut FileReport) {
    let text = |name: &str| include.get(name).and_then(Node::text);
    let plain = include.text().filter(|text| text.contains("://"));
    if let Some(address) = text("remote").or(plain) {
        // Medium: there is no version that could be named.
        report.refer(UNPINNED_INCLUDE, address, text("integrity").is_some(), true, include.line);
    } else if let Some(project) = text("project") {
        let version = text("ref");
        let uses = format!("{project}@{}", version.unwrap_or("HEAD"));
        report.refer(UNPINNED_INCLUDE, &uses, version.is_some_and(is_commit), false, include.line);
    } else if let Some(component) = text("component") {
        let pinned = component.rsplit_once('@').is_some_and(|(_, version)| is_commit(version));
        report.refer(UNPINNED_INCLUDE, component, pinned, false, include.line);
    }
}

/// The hooks that run on developers' machines.
pub(crate) fn hooks(root: &Node, report: &mut FileReport) {
    for repository in root.get("repos").into_iter().flat_map(Node::members) {
        let Some(address) = repository.get("repo").and_then(Node::text) else { continue };
        if matches!(address, "local" | "meta" | "builtin") {
            continue;
        }
        let version = repository.get("rev");
        let named = version.and_then(Node::text).unwrap_or_default();
        let line = version.map_or(repository.line, |node| node.line);
        report.refer(UNPINNED_HOOK, &format!("{address}@{named}"), is_commit(named), false, line);
    }
}
