//! The report as SARIF 2.1.0, in the shape that code scanning services accept: every result has a location, rules are the
//! analyses, fingerprints do not depend on lines or messages.

use std::path::{Component, Path};

use probity_assess::report::{
    AnalysisEntry, Finding, Location, Outcome, Report, Severity, SuppressionEntry, SuppressionState,
    VerdictKind,
};
use serde_json::{Value, json};

use crate::render::suppressions;

/// The file that a finding about the repository as a whole is pinned to.
const ANCHOR: &str = "probity.kdl";

/// The log of one run.
pub(crate) fn sarif(report: &Report) -> Value {
    let analyses = report.analyses();
    let findings = report.findings();
    let found = findings.iter().map(|finding| result(finding, &analyses));
    let results: Vec<Value> =
        found.chain(must_pass(&analyses)).chain(suppressed(&analyses, &report.suppressions)).collect();
    let mut notices = unjudged(&analyses);
    notices.extend(of_suppressions(&report.suppressions));
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "probity",
                "semanticVersion": report.tool.version,
                "rules": analyses.iter().map(|analysis| rule(analysis)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "probity/" },
            "invocations": [{
                "executionSuccessful": report.outcome != Outcome::Error,
                "toolExecutionNotifications": notices,
            }],
            "results": results,
            "properties": {
                "outcome": report.outcome,
                "reasons": report.reasons,
                "policyDigest": report.policy.digest,
                "commit": report.target.commit,
                "score": report.score.value,
            },
        }],
    });
    if !report.imported.is_empty() {
        // Analyses whose answers came from another machine, for which nobody vouches.
        log["runs"][0]["properties"]["imported"] = json!(report.imported);
    }
    if let Some(state) = &report.state {
        log["runs"][0]["properties"]["state"] = json!(state);
    }
    log
}

fn rule(analysis: &AnalysisEntry) -> Value {
    json!({
        "id": analysis.name,
        "name": analysis.name,
        "shortDescription": { "text": format!("{} of the repository", analysis.name) },
        "fullDescription": { "text": format!("The answer of {}/{} fails the policy {}", analysis.plugin, analysis.query, analysis.policy) },
        "help": { "text": format!("`probity explain {}` tells the formula and how to react.", analysis.name) },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["security", "supply-chain"], "precision": "medium" },
    })
}

/// What could not be judged, and why; a scanner's silence must not pass for a pass.
fn unjudged(analyses: &[&AnalysisEntry]) -> Vec<Value> {
    let told = |(index, analysis): (usize, &&AnalysisEntry)| {
        let level = match analysis.verdict {
            VerdictKind::Pass | VerdictKind::Fail => return None,
            VerdictKind::Abstain => "note",
            VerdictKind::Error => "error",
        };
        Some(json!({
            "level": level,
            "message": { "text": unjudged_message(analysis) },
            "associatedRule": { "id": analysis.name, "index": index },
        }))
    };
    analyses.iter().enumerate().filter_map(told).collect()
}

fn unjudged_message(analysis: &AnalysisEntry) -> String {
    format!(
        "{} could not be judged: {}",
        analysis.name,
        analysis.reason.as_deref().unwrap_or("no reason is told")
    )
}

/// The analyses that abstained where the policy demands a pass: they decide the outcome, so they are results too.
fn must_pass(analyses: &[&AnalysisEntry]) -> impl Iterator<Item = Value> {
    let abstained = |(_, analysis): &(usize, &&AnalysisEntry)| {
        analysis.must_pass && analysis.verdict == VerdictKind::Abstain
    };
    analyses.iter().enumerate().filter(abstained).map(|(index, analysis)| {
        json!({
            "ruleId": analysis.name,
            "ruleIndex": index,
            "level": "error",
            "message": { "text": format!("{}; the policy demands a pass", unjudged_message(analysis)) },
            "locations": [place(ANCHOR, 1)],
            "partialFingerprints": { "probity/v1": format!("{}/abstained", analysis.name) },
        })
    })
}

/// What the policy takes out, with its reasons: a scanner that had told it before closes it for these.
fn suppressed(analyses: &[&AnalysisEntry], suppressions: &[SuppressionEntry]) -> Vec<Value> {
    let of_analysis = |(index, analysis): (usize, &&AnalysisEntry)| {
        let told = analysis.suppressed.iter().map(|suppressed| {
            let concern = &suppressed.finding.concern;
            let by = suppressed.by.iter().filter_map(|place| suppressions.get(*place));
            let accepted = |by: &SuppressionEntry| json!({ "kind": "external", "status": "accepted", "justification": by.reason });
            json!({
                "ruleId": analysis.name,
                "ruleIndex": index,
                "level": "note",
                "message": { "text": message(&concern.message, concern.location.as_ref()) },
                "locations": [located(concern.location.as_ref())],
                "partialFingerprints": { "probity/v1": suppressed.finding.fingerprint },
                "suppressions": by.map(accepted).collect::<Vec<_>>(),
            })
        });
        told.collect::<Vec<_>>()
    };
    analyses.iter().enumerate().flat_map(of_analysis).collect()
}

/// Which lines of the policy suppress nothing, no more, or not everything.
fn of_suppressions(suppressions: &[SuppressionEntry]) -> impl Iterator<Item = Value> {
    let used = |entry: &&SuppressionEntry| entry.state != SuppressionState::Used;
    suppressions.iter().filter(used).map(|entry| {
        let level = if suppressions::is_warning(entry.state) { "warning" } else { "note" };
        json!({ "level": level, "message": { "text": suppressions::line(entry) } })
    })
}

fn result(finding: &Finding<'_>, analyses: &[&AnalysisEntry]) -> Value {
    json!({
        "ruleId": finding.rule,
        "ruleIndex": analyses.iter().position(|analysis| analysis.name == finding.rule),
        "level": match finding.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": { "text": message(&finding.message, finding.location) },
        "locations": [located(finding.location)],
        "partialFingerprints": { "probity/v1": finding.fingerprint },
    })
}

/// The words of a hint, with its commit, for which there is no place in a location.
fn message(message: &str, location: Option<&Location>) -> String {
    match location.and_then(|location| location.commit.as_deref()) {
        Some(commit) => format!("{message} (commit {commit})"),
        None => message.to_owned(),
    }
}

/// The file and line of a hint, or what stands in for them.
fn located(location: Option<&Location>) -> Value {
    let path = location.and_then(|location| location.path.as_deref()).filter(|path| is_inside(path));
    let line = location.and_then(|location| location.line).unwrap_or(1).max(1);
    place(path.unwrap_or(ANCHOR), line)
}

fn place(path: &str, line: u64) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(path), "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": line },
    } })
}

/// Whether a path, which a plugin told, leads to a file below the top of the tree.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// A path as the relative reference of a URI: what RFC 3986 does not leave alone is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_inside, uri};

    #[test]
    fn a_path_that_leaves_the_tree_is_not_pointed_at() {
        for outside in ["", "/etc/passwd", "../other", "a/../../b", ".."] {
            assert!(!is_inside(outside), "{outside}");
        }
        assert!(is_inside("src/a b.rs") && is_inside("..a/b"));
    }

    #[test]
    fn a_path_becomes_a_relative_reference() {
        assert_eq!(uri("src/a b#é.rs"), "src/a%20b%23%C3%A9.rs");
    }
}
